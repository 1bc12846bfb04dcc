//! A bank's current encryption keys, numbered and signed by its CA.

use crate::{Bic, Body, Kind, Thumbprint, Timestamp, jwk::Jwk};
use serde::{Deserialize, Serialize};

/// The keys to seal to. The JWS is signed (`PS256`) by the bank CA's key; `iss` is the BIC, `aud`
/// is `countersign`. A reader refuses a number lower than the highest it has seen. Its `exp` may
/// be up to a year after `iat`: the frame's ordinary bound does not apply to key sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeySet {
    /// The bank.
    pub bank: Bic,
    /// Counts up from 1.
    pub number: u64,
    /// The key that senders use now.
    pub current: EncryptionKey,
    /// Keys that only open what was sealed before.
    pub old: Vec<EncryptionKey>,
    /// Processors that were removed: nothing they have signed counts any more, whatever its date,
    /// unless a current processor attests it ([`crate::receipt::ReceiptAttest`]). On a link, what
    /// stands before the first key set that names them counts as before.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub revoked: Vec<RevokedSigner>,
}

/// A processor that signs for the bank no more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RevokedSigner {
    /// The thumbprint of its signing key.
    pub signer: Thumbprint,
    /// When it was removed.
    pub since: Timestamp,
}

impl KeySet {
    /// Whether this processor was removed.
    pub fn revokes(&self, signer: &Thumbprint) -> bool {
        self.revoked.iter().any(|revoked| revoked.signer == *signer)
    }
}

/// One encryption key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EncryptionKey {
    /// Its thumbprint: the `kid` of envelopes sealed to it.
    pub kid: Thumbprint,
    /// The key.
    pub key: Jwk,
}

impl Body for KeySet {
    const KIND: Kind = Kind::KeySet;
}
