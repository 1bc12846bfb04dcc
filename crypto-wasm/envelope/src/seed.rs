//! The seed from which every key of a device is made, so that a sheet of paper can bring them back.

use message::Bic;
use rand_core::CryptoRng;
use std::fmt;
use zeroize::Zeroizing;

use crate::encoding::hmac_sha256;

/// Separates this use of a seed, and this version of it, from every other.
const LABEL: &[u8] = b"countersign device key v1";

/// 256 random bits. Wiped when dropped; printed as 24 words by [`crate::recovery`].
#[derive(Clone, PartialEq, Eq)]
pub struct Seed(Zeroizing<[u8; 32]>);

/// What a key is for. Signing and encryption never share one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyUse {
    /// Signs; its thumbprint names the device.
    Signing,
    /// Opens what is sealed to the device.
    Encryption,
}

impl KeyUse {
    /// Both, the signing key first.
    pub const ALL: [KeyUse; 2] = [KeyUse::Signing, KeyUse::Encryption];

    /// The word that goes into the derivation.
    pub fn word(self) -> &'static str {
        match self {
            KeyUse::Signing => "signing",
            KeyUse::Encryption => "encryption",
        }
    }
}

/// What one key is made from, by [`crate::det_keygen`]. It tells nothing of the seed or of the
/// other key.
#[derive(Clone, PartialEq, Eq)]
pub struct KeySeed(Zeroizing<[u8; 32]>);

impl Seed {
    /// Draws a seed.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = Zeroizing::new([0; 32]);
        rng.fill_bytes(bytes.as_mut_slice());
        Self(bytes)
    }

    /// A seed that is known.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes: the secret itself.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// HKDF-SHA256 without salt. `info` is the label with the version, the bank, the use, and the
    /// generation as four bytes big-endian, with a zero byte between them. A device that changes
    /// its keys counts its generation up, from 1.
    pub fn key_seed(&self, bank: &Bic, usage: KeyUse, generation: u32) -> KeySeed {
        let info = [
            LABEL,
            bank.as_str().as_bytes(),
            usage.word().as_bytes(),
            &generation.to_be_bytes(),
        ]
        .join(&0);
        KeySeed(hkdf_sha256(self.0.as_slice(), &info))
    }
}

impl fmt::Debug for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Seed(..)")
    }
}

impl KeySeed {
    /// What another worker was given.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// The bytes, for another worker: whoever has them has the key.
    pub fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for KeySeed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeySeed(..)")
    }
}

/// RFC 5869 with SHA-256, no salt and 32 bytes of output: one block of the expansion.
fn hkdf_sha256(secret: &[u8], info: &[u8]) -> Zeroizing<[u8; 32]> {
    let extracted = Zeroizing::new(hmac_sha256(&[0; 32], &[secret]));
    Zeroizing::new(hmac_sha256(&extracted, &[info, &[1]]))
}

#[cfg(test)]
mod tests;
