//! Enrolment: a browser becomes a device of a customer.
//!
//! `enrol-request` (device, sealed to the bank) -> `enrolled` (bank, sealed to the device's
//! encryption key) -> `enrol-confirm` (device) -> `activated` (bank).

use crate::{
    Bic, Body, Kind,
    jwk::Jwk,
    text::{Label, Name},
};
use serde::{Deserialize, Serialize};

/// Asks for the two certificates of a new device. Signed by the new signing key, whose thumbprint
/// is `iss`. Doing it again with the same keys and slip gives the same answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolRequest {
    /// The slip's locator as printed.
    pub locator: String,
    /// `HMAC-SHA256(key, locator || 0x00 || signing thumbprint || encryption thumbprint)`, base64url;
    /// the key is `SHA-256("countersign slip v1" || secret bytes)`, thumbprints as raw 32 bytes,
    /// the locator as its 5 raw bytes.
    pub proof: String,
    /// The key that signs orders.
    pub signing_key: Jwk,
    /// The key that opens what the bank seals.
    pub encryption_key: Jwk,
    /// What the customer calls the device.
    pub device_name: Label,
}

/// The bank knows the slip: here are the certificates. The device answers with the nonce.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolled {
    /// Whose device it is.
    pub customer_name: Name,
    /// The customer's number at the bank.
    pub customer_number: String,
    /// X.509 DER, base64 (standard alphabet, padded): certificate of the signing key.
    pub signing_certificate: String,
    /// The same for the encryption key.
    pub encryption_certificate: String,
    /// The enrolment CA and the bank CA (the licence), issuer after issued.
    pub chain: Vec<String>,
    /// 16 random bytes, base64url.
    pub nonce: String,
}

/// The device has opened its certificates: it signs the nonce back. `re` is the `enrolled` digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EnrolConfirm {
    /// The nonce of `enrolled`.
    pub nonce: String,
}

/// The device is active from now on. `re` is the digest of `enrol-confirm`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Activated {
    /// The bank.
    pub bank: Bic,
}

impl Body for EnrolRequest {
    const KIND: Kind = Kind::EnrolRequest;
}
impl Body for Enrolled {
    const KIND: Kind = Kind::Enrolled;
}
impl Body for EnrolConfirm {
    const KIND: Kind = Kind::EnrolConfirm;
}
impl Body for Activated {
    const KIND: Kind = Kind::Activated;
}
