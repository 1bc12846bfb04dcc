//! Who acts. Actors are made only by verification, and are the first argument of each use case: code
//! that has one need not ask again who is there.

use crate::store::{
    device::{Device, DeviceStatus},
    peer::PeerRow,
};
use envelope::Verified;
use message::Thumbprint;

/// A customer, acting through an active device whose signature was verified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Customer {
    number: i64,
    device: Thumbprint,
}

impl Customer {
    /// The customer behind a verified message, if its device is active at this moment.
    pub(crate) fn of(verified: &Verified, device: &Device) -> Option<Self> {
        let may = verified.signer() == device.id && device.status == DeviceStatus::Active;
        may.then_some(Self {
            number: device.customer,
            device: device.id,
        })
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
