//! A customer's devices: listing them, changing them, adding one with another, replacing keys.
//!
//! A new device is added by an active one: `join-request` (new device) -> `joining` (bank);
//! the customer types the code at the other device: `join-ask` -> `join`, compares five words, and
//! signs a [`DeviceOrder`]. From there it goes on as an enrolment does: `enrolled` ->
//! `enrol-confirm` -> `activated`.
//!
//! A device replaces its keys in the same way: the new keys sign a `join-request`, the old ones a
//! [`DeviceChange::Replace`] that carries it.

use crate::{Body, Kind, Thumbprint, Timestamp, jwk::Jwk, text::Label};
use serde::{Deserialize, Serialize};

/// The most devices that a customer may have which are not revoked or replaced.
pub const DEVICES_MAX: usize = 20;

/// How long a `join-request` waits for a device that approves it, in seconds.
pub const JOIN_SECONDS: i64 = 60 * 60;

/// How many codes a device may look up in an hour.
pub const JOIN_ASKS_PER_HOUR_MAX: i64 = 20;

/// How a device came to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EnrolledBy {
    /// With a slip from the bank.
    Slip,
    /// Approved by another device of the customer.
    Device,
    /// With the initialisation letter, by the bank.
    Letter,
    /// It replaced the keys of another device.
    Rotation,
}

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Standing {
    /// Its certificates are being made.
    New,
    /// Its certificates were sent; it has not confirmed yet.
    Waiting,
    /// It counts.
    Active,
    /// It counts for nothing until another device or the bank resumes it.
    Suspended,
    /// Nothing it signs counts any more.
    Revoked,
    /// Another device has taken its place; what it ordered before still counts.
    Replaced,
}

impl Standing {
    /// The word on the wire and for operators.
    pub const fn word(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Waiting => "waiting",
            Self::Active => "active",
            Self::Suspended => "suspended",
            Self::Revoked => "revoked",
            Self::Replaced => "replaced",
        }
    }
}

/// What a device may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rights {
    /// It signs orders alone.
    Sign,
    /// It reads, and signs no orders.
    View,
}

/// Asks for the customer's devices.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DevicesAsk {}

/// The customer's devices: those that count first, then those that do not, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Devices {
    /// As of.
    pub at: Timestamp,
    /// At most 50.
    pub devices: Vec<DeviceView>,
}

/// One device.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceView {
    /// Its id: the thumbprint of its signing key. The five words are made from it.
    pub device: Thumbprint,
    /// What the customer calls it.
    pub name: Label,
    /// How it came to be.
    pub enrolled_by: EnrolledBy,
    /// Where it stands.
    pub standing: Standing,
    /// What it may do.
    pub rights: Rights,
    /// Its request came at.
    pub requested_at: Timestamp,
    /// Active from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub active_at: Option<Timestamp>,
    /// It last signed something the bank took at, to the hour.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub last_used_at: Option<Timestamp>,
    /// Revoked, suspended or replaced at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<Timestamp>,
    /// Its certificates end at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificates_until: Option<Timestamp>,
    /// The device whose keys it replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub predecessor: Option<Thumbprint>,
}

/// A customer's order about devices. Done in the order in which the bank commits; the answer is
/// `device-ordered` or `refused`, the same again whenever it is sent again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceOrder {
    /// What is to be done.
    pub change: DeviceChange,
}

/// What can be ordered about devices. Only a device that may sign orders any of it, except that
/// every device may rename, suspend, revoke and replace itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "kebab-case", deny_unknown_fields)]
pub enum DeviceChange {
    /// Calls it otherwise.
    Rename {
        /// Which.
        device: Thumbprint,
        /// The new name.
        name: Label,
    },
    /// Nothing it signs counts until it is resumed.
    Suspend {
        /// Which.
        device: Thumbprint,
    },
    /// A suspended device counts again. Never by itself.
    Resume {
        /// Which.
        device: Thumbprint,
    },
    /// Nothing it signs counts any more, for ever.
    Revoke {
        /// Which.
        device: Thumbprint,
        /// Why, in a few words.
        reason: Label,
    },
    /// Changes what it may do.
    Allow {
        /// Which.
        device: Thumbprint,
        /// From now on.
        rights: Rights,
    },
    /// The five words were the same on both screens: the new device is the customer's.
    Approve {
        /// The new device's signing key.
        device: Thumbprint,
        /// Its encryption key.
        encryption: Thumbprint,
        /// What it may do.
        rights: Rights,
    },
    /// The five words were not the same: the new device is refused for ever, and the bank is told.
    Mismatch {
        /// The new device's signing key.
        device: Thumbprint,
    },
    /// New keys take the place of the signer's own.
    Replace {
        /// The `join-request` signed by the new key (compact JWS).
        request: String,
    },
}

impl DeviceChange {
    /// The device that it is done to; a replacement names its own only inside of its request.
    pub fn device(&self) -> Option<Thumbprint> {
        match self {
            Self::Rename { device, .. }
            | Self::Suspend { device }
            | Self::Resume { device }
            | Self::Revoke { device, .. }
            | Self::Allow { device, .. }
            | Self::Approve { device, .. }
            | Self::Mismatch { device } => Some(*device),
            Self::Replace { .. } => None,
        }
    }
}

/// The change is made. `re` is the digest of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceOrdered {
    /// The device that was changed; for `replace` the new one.
    pub device: Thumbprint,
    /// Where it stands now.
    pub standing: Standing,
}

/// A new device without a slip shows its keys. Signed by the new signing key, RSA-sealed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinRequest {
    /// The key that signs orders.
    pub signing_key: Jwk,
    /// The key that opens what the bank seals.
    pub encryption_key: Jwk,
    /// What the customer calls the device.
    pub device_name: Label,
}

/// The bank keeps the request for a while. `re` is the digest of `join-request`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Joining {
    /// Kept until.
    pub until: Timestamp,
}

/// Asks for the new device behind a code. A code is the first 40 bits of
/// `SHA-256("countersign join v1" || signing thumbprint || encryption thumbprint)` (thumbprints as
/// raw bytes), as 8 characters of Crockford's base32.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct JoinAsk {
    /// The code without hyphen, capitals.
    pub code: String,
}

/// The new device behind a code: the asking device makes the code from both thumbprints itself,
/// and shows the five words of the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Join {
    /// The new device's signing key.
    pub device: Thumbprint,
    /// Its encryption key.
    pub encryption: Thumbprint,
    /// What it is to be called.
    pub device_name: Label,
    /// Asked at.
    pub at: Timestamp,
}

/// Asks for new certificates for the keys of the device that asks, before the old ones end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RenewAsk {}

/// New certificates for the same keys. `re` is the digest of `renew-ask`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Renewed {
    /// X.509 DER, base64 (standard alphabet, padded): certificate of the signing key.
    pub signing_certificate: String,
    /// The same for the encryption key.
    pub encryption_certificate: String,
    /// The enrolment CA and the bank CA (the licence), issuer after issued.
    pub chain: Vec<String>,
}

macro_rules! bodies {
    ($($body:ident),*) => { $(impl Body for $body { const KIND: Kind = Kind::$body; })* };
}

bodies!(
    DevicesAsk,
    Devices,
    DeviceOrder,
    DeviceOrdered,
    JoinRequest,
    Joining,
    JoinAsk,
    Join,
    RenewAsk,
    Renewed
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_on_the_wire() {
        let order = DeviceOrder {
            change: DeviceChange::Suspend {
                device: Thumbprint::new([7; 32]),
            },
        };
        let json = serde_json::to_string(&order).unwrap();
        assert_eq!(
            json,
            r#"{"change":{"do":"suspend","device":"BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc"}}"#
        );
        assert_eq!(serde_json::from_str::<DeviceOrder>(&json).unwrap(), order);
    }
}
