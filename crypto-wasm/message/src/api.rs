//! The edge's interface `/v1`, as JSON. Errors are RFC 9457 problem details.

use crate::{Bic, Body, Kind, Thumbprint, Timestamp, jwk::Jwk};
use serde::{Deserialize, Serialize};

/// The largest sealed envelope an edge takes, in bytes.
pub const ENVELOPE_BYTES_MAX: usize = 64 * 1024;

/// The most messages in one reading of a mailbox.
pub const MAIL_PER_READING_MAX: u32 = 200;

/// `GET /v1/bank`: what a device needs to know of the bank. Everything in it is checked by the
/// reader against the pinned root and the five words, whoever serves it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BankInfo {
    /// The bank.
    pub bank: Bic,
    /// Its name.
    pub name: String,
    /// The authority's root certificate, DER, base64 (standard alphabet, padded).
    pub root: String,
    /// The bank CA's certificate (the licence) and the CAs under it, likewise.
    pub certificates: Vec<String>,
    /// The newest key set, a compact JWS signed by the bank CA.
    pub key_set: String,
    /// The origins of the bank's edges.
    pub edges: Vec<String>,
    /// The edge's clock, so that a device can say when its own is wrong.
    pub now: Timestamp,
}

/// `POST /v1/envelopes` with a compact JWE as `application/jose`: 202 with this. "Stored", no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    /// SHA-256 of the envelope, hexadecimal: the reference in the edge's log.
    pub envelope: String,
}

/// `POST /v1/mailbox/challenge`: what the device signs next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Challenge {
    /// Random, base64url, good once and for 60 seconds.
    pub challenge: String,
}

/// `POST /v1/mailbox/open` with a compact JWS of this: 204 and a cookie that opens one mailbox.
/// `iss` is the device, `aud` the edge's origin, `exp` at most 60 seconds after `iat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailboxOpen {
    /// The edge's challenge.
    pub challenge: String,
    /// The device's signing key; its thumbprint must be `iss` and the signature's `kid`.
    pub key: Jwk,
}

impl Body for MailboxOpen {
    const KIND: Kind = Kind::MailboxOpen;
}

/// `GET /v1/mailbox?device=THUMBPRINT&after=N`: sealed messages in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// In order of `n`.
    pub messages: Vec<Letter>,
    /// Whether there are more after the last one.
    pub more: bool,
}

/// One sealed message in a mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// Its place in the mailbox, increasing; gaps are answers that have expired.
    pub n: i64,
    /// A compact JWE.
    pub envelope: String,
}

/// The events of `GET /v1/mailbox/events?device=THUMBPRINT` (server-sent events named `mail`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct MailEvent {
    /// Whose mailbox has something new.
    pub device: Thumbprint,
}

/// `GET /v1/certificates/THUMBPRINT`: the certificate of a signing key, with the CAs above it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CertificateChain {
    /// DER, base64, issuer after issued, without the root.
    pub certificates: Vec<String>,
}

/// RFC 9457 problem details, `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Problem {
    /// `about:blank` or a path under the bank's documentation that names the problem.
    #[serde(rename = "type")]
    pub kind: String,
    /// Short words, the same for each problem of this type.
    pub title: String,
    /// The HTTP status.
    pub status: u16,
    /// How to mend it.
    pub detail: String,
    /// Found in the edge's log.
    pub instance: String,
}
