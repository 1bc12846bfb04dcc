//! A new processing server asks to be admitted.

use crate::{Body, Kind, jwk::Jwk, text::Label};
use serde::{Deserialize, Serialize};

/// The largest request file, in bytes.
pub const REQUEST_BYTES_MAX: usize = 8 * 1024;

/// The keys of a new processing server, which never leave it. Signed (`EdDSA`) by its signing key:
/// `iss` is that key's thumbprint, `aud` the BIC. Carried to the operator as a file, whose text is
/// this JWS; the operator compares the five words of the thumbprint.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProcessorRequest {
    /// What it is to be called: `processor-` and small letters, figures, hyphens.
    pub name: Label,
    /// Signs for the bank (Ed25519).
    pub signing_key: Jwk,
    /// The bank's keys are wrapped to it (RSA).
    pub unwrap_key: Jwk,
    /// Connects to the bank's nodes (RSA).
    pub transport_key: Jwk,
}

impl Body for ProcessorRequest {
    const KIND: Kind = Kind::ProcessorRequest;
}
