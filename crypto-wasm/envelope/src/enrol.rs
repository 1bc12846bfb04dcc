//! The proof of an activation slip: that the sender of a request holds the slip's secret, bound to
//! the two keys it asks certificates for.

use crate::encoding;
use hmac::{Hmac, KeyInit, Mac};
use message::{
    Thumbprint,
    slip::{Locator, Secret},
};
use sha2::Sha256;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// Domain separation of the slip's key.
const LABEL: &[u8] = b"countersign slip v1";

/// Domain separation of the code of a new device.
const JOIN_LABEL: &[u8] = b"countersign join v1";

/// The key that a slip's secret stands for: all that the bank keeps of the secret. Wiped when
/// dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SlipKey([u8; 32]);

impl SlipKey {
    /// Takes the 32 bytes that the bank has kept.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, to be kept sealed.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    fn mac(&self, locator: &Locator, signing: &Thumbprint, encryption: &Thumbprint) -> Mac256 {
        // HMAC itself fills a shorter key up to its block of 64 bytes with zeros.
        let mut block = Zeroizing::new([0; 64]);
        block[..32].copy_from_slice(&self.0);
        let mut mac = Mac256::new((&*block).into());
        mac.update(&locator.0);
        mac.update(&[0]);
        mac.update(signing.as_bytes());
        mac.update(encryption.as_bytes());
        mac
    }

    /// The `proof` of an `enrol-request` for these two keys.
    pub fn proof(
        &self,
        locator: &Locator,
        signing: &Thumbprint,
        encryption: &Thumbprint,
    ) -> String {
        let mac = self.mac(locator, signing, encryption).finalize();
        encoding::to_base64url(&mac.into_bytes())
    }

    /// Whether a proof fits, compared in constant time.
    pub fn check_proof(
        &self,
        locator: &Locator,
        signing: &Thumbprint,
        encryption: &Thumbprint,
        proof: &str,
    ) -> bool {
        let Ok(proof) = encoding::from_base64url(proof, "proof") else {
            return false;
        };
        let mac = self.mac(locator, signing, encryption);
        mac.verify_slice(&proof).is_ok()
    }
}

impl std::fmt::Debug for SlipKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SlipKey(..)")
    }
}

type Mac256 = Hmac<Sha256>;

/// What a new device shows so that another finds it: the first 40 bits of
/// `SHA-256("countersign join v1" || signing thumbprint || encryption thumbprint)` as 8 characters of
/// Crockford's base 32. Found by it, the device is known by the five words of its signing key alone.
pub fn join_code(signing: &Thumbprint, encryption: &Thumbprint) -> String {
    let hash = encoding::sha256(&[JOIN_LABEL, signing.as_bytes(), encryption.as_bytes()]);
    let [a, b, c, d, e, ..] = hash;
    Locator([a, b, c, d, e]).to_string().replace('-', "")
}

/// The key of a slip: `SHA-256("countersign slip v1" || secret bytes)`.
pub fn slip_key(secret: &Secret) -> SlipKey {
    SlipKey(encoding::sha256(&[LABEL, &secret.0]))
}

/// The `proof` of an `enrol-request`.
pub fn proof(
    secret: &Secret,
    locator: &Locator,
    signing: &Thumbprint,
    encryption: &Thumbprint,
) -> String {
    slip_key(secret).proof(locator, signing, encryption)
}

/// Whether the proof of an `enrol-request` fits the slip's key and the two keys.
pub fn check_proof(
    key: &SlipKey,
    locator: &Locator,
    signing: &Thumbprint,
    encryption: &Thumbprint,
    proof: &str,
) -> bool {
    key.check_proof(locator, signing, encryption, proof)
}

#[cfg(test)]
mod tests;
