//! Who acts. Actors are made only by verification, and are the first argument of each use case: code
//! that has one need not ask again who is there.

use crate::store::{device::Device, peer::PeerRow};
use envelope::Verified;
use message::{
    Thumbprint, Timestamp,
    device::{Rights, Standing},
    receipt::Refusal,
};

/// A customer, acting through a device that counts and whose signature was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Customer {
    number: i64,
    device: Thumbprint,
}

impl Customer {
    /// The customer behind a verified message, if its device counts at this moment.
    pub(crate) fn of(verified: &Verified, device: &Device) -> Result<Self, Refusal> {
        match device.standing {
            _ if verified.signer() != device.id => Err(Refusal::DeviceNotActive),
            Standing::Active => Ok(Self {
                number: device.customer,
                device: device.id,
            }),
            Standing::Suspended => Err(Refusal::DeviceSuspended),
            Standing::Replaced => Err(Refusal::DeviceReplaced),
            _ => Err(Refusal::DeviceNotActive),
        }
    }

    /// The same, if the device's certificates still hold.
    pub(crate) fn certified(
        verified: &Verified,
        device: &Device,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let customer = Self::of(verified, device)?;
        check_certificates(device, now)?;
        Ok(customer)
    }

    /// The same, if the device may sign orders as well.
    pub(crate) fn signing(
        verified: &Verified,
        device: &Device,
        now: Timestamp,
    ) -> Result<Self, Refusal> {
        let customer = Self::certified(verified, device, now)?;
        match device.rights {
            Rights::Sign => Ok(customer),
            Rights::View => Err(Refusal::DeviceMayOnlyView),
        }
    }

    /// The customer behind a payment order made at `iat`. What a device has ordered before another
    /// took its place still counts until its time runs out, as long as the one that has the place now
    /// (`heir`) might order it: whoever suspends that one, or lets it only view, means both.
    pub(crate) fn ordering(
        verified: &Verified,
        device: &Device,
        heir: Option<&Device>,
        (iat, now): (Timestamp, Timestamp),
    ) -> Result<Self, Refusal> {
        let before = device.replaced_at.is_some_and(|at| iat <= at);
        if verified.signer() != device.id || device.standing != Standing::Replaced || !before {
            return Self::signing(verified, device, now);
        }
        check_certificates(device, now)?;
        match heir.map(|heir| (heir.standing, heir.rights)) {
            Some((Standing::Active, Rights::Sign)) if device.rights == Rights::Sign => Ok(Self {
                number: device.customer,
                device: device.id,
            }),
            Some((Standing::Active, _)) => Err(Refusal::DeviceMayOnlyView),
            Some((Standing::Suspended, _)) => Err(Refusal::DeviceSuspended),
            _ => Err(Refusal::DeviceNotActive),
        }
    }

    /// The customer's number.
    pub fn number(&self) -> i64 {
        self.number
    }

    /// The device that signed.
    pub fn device(&self) -> Thumbprint {
        self.device
    }
}

/// A device signs nothing any more once one of its certificates has ended.
fn check_certificates(device: &Device, now: Timestamp) -> Result<(), Refusal> {
    match device.certificates_until {
        Some(until) if until < now => Err(Refusal::CertificatesEnded),
        _ => Ok(()),
    }
}

/// Another bank, acting through a processor that its CA has certified.
#[derive(Clone, Debug)]
pub(crate) struct Peer(PeerRow);

impl Peer {
    /// The bank behind a verified message: `certified` are the keys of its processors.
    pub(crate) fn of(
        verified: &Verified,
        peer: &PeerRow,
        certified: impl Fn(&Thumbprint) -> bool,
    ) -> Option<Self> {
        certified(&verified.signer()).then(|| Self(peer.clone()))
    }

    pub(crate) fn row(&self) -> &PeerRow {
        &self.0
    }
}
