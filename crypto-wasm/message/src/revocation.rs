//! Revocations: signed records that a device counts no more.

use crate::{Body, Kind, Thumbprint, Timestamp, text::Label};
use serde::{Deserialize, Serialize};

/// The bank revokes a device. Signed (`PS256`) by the enrolment CA's key; `iss` and `aud` are the
/// BIC. Kept in the core for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DeviceRevocation {
    /// The device: the thumbprint of its signing key.
    pub device: Thumbprint,
    /// Why, in a few words.
    pub reason: Label,
    /// Nothing it signs counts from.
    pub at: Timestamp,
}

impl Body for DeviceRevocation {
    const KIND: Kind = Kind::DeviceRevocation;
}
