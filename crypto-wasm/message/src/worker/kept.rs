//! What the worker tells of a device and a draft, and what a page keeps of them at rest.

use crate::{Bic, Iban, MessageId, Thumbprint, Timestamp};
use serde::{Deserialize, Serialize};

/// Whose keys are open.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Profile {
    /// The device and its mailbox.
    pub device: Thumbprint,
    /// What the customer calls it.
    pub device_name: String,
    /// Whose it is.
    pub customer_name: String,
    /// The customer's number.
    pub customer_number: String,
    /// The bank.
    pub bank: Bic,
    /// Its name.
    pub bank_name: String,
    /// Five words of the signing key.
    pub words: Vec<String>,
    /// Enrolled at.
    pub enrolled_at: Timestamp,
    /// Its certificates end at.
    pub certificates_until: Timestamp,
}

/// A device at rest. PEMs as `openssl pkey` and `openssl x509` read them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredDevice {
    /// Version of this form, 1.
    pub version: u32,
    /// The device and its mailbox.
    pub device: Thumbprint,
    /// Shown when choosing who unlocks; empty until the bank has said it.
    pub customer_name: String,
    /// The customer's number; empty until the bank has said it.
    pub customer_number: String,
    /// What the customer calls it.
    pub device_name: String,
    /// The bank.
    pub bank: Bic,
    /// Its name.
    pub bank_name: String,
    /// Enrolled at.
    pub enrolled_at: Timestamp,
    /// Encrypted PKCS#8 PEM (PBES2, PBKDF2-SHA256 600,000, AES-256-CBC).
    pub signing_key: String,
    /// The same for the encryption key.
    pub encryption_key: String,
    /// Certificates, PEM: signing, encryption, enrolment CA, bank CA; empty until enrolled.
    pub certificates: Vec<String>,
    /// The authority's root, PEM: pinned.
    pub root: String,
    /// The highest key-set number seen.
    pub key_set: u64,
    /// For an enrolment under way: the request's JWS sealed to the device itself (compact JWE).
    pub request: Option<String>,
    /// Compact JWS of kind `manifest` by the device over SHA-256 of every other part.
    pub manifest: String,
}

/// An order saved before it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredOrder {
    /// Its id.
    pub payment: MessageId,
    /// The envelope as sent: resent as the same bytes.
    pub envelope: String,
    /// The same JWS sealed to the device's own encryption key: from it, it can be sealed again.
    pub kept: String,
    /// Signed at.
    pub at: Timestamp,
    /// An edge has stored it.
    pub accepted: bool,
}

/// What the check page shows, read from the bytes that are about to be signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// The order's id.
    pub payment: MessageId,
    /// From.
    pub debtor_account: Iban,
    /// To whom.
    pub creditor_name: String,
    /// To which account.
    pub creditor_account: Iban,
    /// How much.
    pub amount: crate::Amount,
    /// What for.
    pub remittance: String,
    /// Addressed to.
    pub bank: Bic,
    /// Made at.
    pub made_at: Timestamp,
    /// Void after.
    pub void_after: Timestamp,
    /// How many bytes will be signed (JWS header and payload, as base64url with the dot).
    pub bytes: u32,
    /// SHA-256 of those bytes, hexadecimal in groups of four.
    pub digest: Vec<String>,
    /// The payload as JSON, to show every field.
    pub json: String,
}
