//! The manifest of a stored device: what belongs together, signed by the device itself.

use crate::{Body, Digest, Kind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// SHA-256 of each part of a stored device, by the name of the part. `iss` and `aud` are the
/// device; the manifest counts as long as the device is stored, so `exp` is not looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// Name of a part, SHA-256 of its text in UTF-8. Every part but the manifest itself.
    pub parts: BTreeMap<String, Digest>,
}

impl Body for Manifest {
    const KIND: Kind = Kind::Manifest;
}
