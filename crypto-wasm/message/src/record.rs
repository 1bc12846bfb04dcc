//! The authority's register: who is a bank, as a dense chain of signed records.
//!
//! A record counts when two officers have signed it: one the record itself (`authority-record`), the
//! other that record's digest (`authority-cosign`). Each record names the digest of the entry before
//! it, and an online key that the root has certified signs the number and digest of the newest entry
//! again and again (`authority-head`): so every reader finds a record that was left out, put in, or
//! taken back.

use crate::{Bic, Body, Digest, Kind, Thumbprint, text::Label};
use serde::{Deserialize, Serialize};

/// Who records and heads are addressed to: everybody.
pub const AUDIENCE: &str = "countersign";

/// The issuer of heads; records name their officer's thumbprint.
pub const AUTHORITY: &str = "authority";

/// One record. `iss` is the thumbprint of the officer who signs it (`PS256`), `aud` is
/// `countersign`, `iat` says when it was made. `exp` equals `iat`: a record never runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityRecord {
    /// Counts up from 1 without a gap.
    pub number: u64,
    /// The digest of the entry before it; 32 zero bytes in the first.
    pub previous: Digest,
    /// What is recorded.
    pub act: AuthorityAct,
}

/// The second officer's signature (`PS256`), over the first. `iss` is the second officer's
/// thumbprint, `re` the digest of the record's JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityCosign {
    /// The record's number, so that a person who signs sees which it is.
    pub number: u64,
}

/// What a record says. Certificates are X.509 DER, base64 (standard alphabet, padded).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "act", rename_all = "kebab-case", deny_unknown_fields)]
pub enum AuthorityAct {
    /// The first record, and never another: who the first officers are (two at least, and two of
    /// them sign it), and which key signs heads.
    Founded {
        /// Certificates of the officers, issued by the root.
        officers: Vec<String>,
        /// Certificate of the head key, issued by the root.
        head: String,
    },
    /// One more officer.
    OfficerAdmitted {
        /// Issued by the root.
        certificate: String,
    },
    /// An officer signs nothing from now on. Two must remain.
    OfficerRemoved {
        /// The officer: the thumbprint of the key.
        officer: Thumbprint,
        /// Why, in a few words.
        reason: Label,
    },
    /// Another key signs heads from now on.
    HeadReplaced {
        /// Certificate of the head key, issued by the root.
        certificate: String,
    },
    /// A bank is admitted, or gets a new licence in the place of its old one.
    LicenceGranted {
        /// The bank CA's certificate, issued by the root. It names the bank and holds the terms.
        licence: String,
        /// When the bank's key is another than before: a `licence-succession` of the key before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        succession: Option<String>,
    },
    /// The bank sends and gets no new payment; answers in flight still count.
    LicenceSuspended {
        /// The bank.
        bank: Bic,
        /// Why, in words that customers may read.
        reason: Label,
    },
    /// A suspension ends.
    LicenceResumed {
        /// The bank.
        bank: Bic,
        /// Why.
        reason: Label,
    },
    /// The bank is no bank any more, for good.
    LicenceRevoked {
        /// The bank.
        bank: Bic,
        /// Why, in words that customers may read.
        reason: Label,
        /// For each other bank, the last item that still counts. Later items are void.
        last: Vec<LastItem>,
    },
    /// What becomes of a payment that a revocation left without an answer.
    SuspenseResolved {
        /// The bank that has the money in suspense.
        payer_bank: Bic,
        /// The bank that was revoked.
        payee_bank: Bic,
        /// The digest of the payment (`pacs.008`).
        payment: Digest,
        /// Whether the payee has it; otherwise it goes back to the payer.
        credited: bool,
        /// Why.
        reason: Label,
    },
}

/// The last item of a link's direction that counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LastItem {
    /// The other bank.
    pub peer: Bic,
    /// The epoch of what the revoked bank sent to it, and the last number in it.
    pub sent: (u32, u64),
    /// The same for what it got from there.
    pub received: (u32, u64),
}

/// A bank's CA names the key that takes its place. Signed (`PS256`) by the old bank CA; `iss` is the
/// BIC, `aud` is `countersign`. Whoever has only the old key's database cannot make it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceSuccession {
    /// The new bank CA's key.
    pub successor: Thumbprint,
}

/// The newest entry, as of `iat`. Signed (`EdDSA`) by the head key; `iss` is `authority`, `aud`
/// `countersign`. A reader refuses a lower number than it has seen, and another digest under a
/// number it knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityHead {
    /// The number of the newest entry; 0 while there is none.
    pub number: u64,
    /// Its digest; 32 zero bytes while there is none.
    pub digest: Digest,
}

impl Body for AuthorityRecord {
    const KIND: Kind = Kind::AuthorityRecord;
}
impl Body for AuthorityCosign {
    const KIND: Kind = Kind::AuthorityCosign;
}
impl Body for AuthorityHead {
    const KIND: Kind = Kind::AuthorityHead;
}
impl Body for LicenceSuccession {
    const KIND: Kind = Kind::LicenceSuccession;
}
