//! The RSA operations as a trait: `rsa` in the browser, `aws-lc-rs` on servers. AES-GCM, SHA-256,
//! HMAC and Ed25519 are the same crates everywhere.

mod blinding;

use crate::{
    EnvelopeError, RsaPrivateKey, RsaPublicKey,
    key::{RSA_BITS_MAX, RSA_BITS_MIN},
};
use blinding::Blinding;
use rand_core::CryptoRng;
use rsa::pkcs8::DecodePrivateKey;
use rsa::{Oaep, Pss};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

/// RSASSA-PSS and RSAES-OAEP, both with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes.
pub trait Rsa: Send + Sync {
    /// Whether the signature over the message holds.
    fn verify_pss_sha256(&self, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool;

    /// Encrypts a content key.
    fn encrypt_oaep_sha256(
        &self,
        key: &RsaPublicKey,
        plaintext: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EnvelopeError>;

    /// Signs.
    fn sign_pss_sha256(
        &self,
        key: &RsaPrivateKey,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EnvelopeError>;

    /// Decrypts a content key. Every failure is [`EnvelopeError::Opening`].
    fn decrypt_oaep_sha256(
        &self,
        key: &RsaPrivateKey,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError>;

    /// Makes a key with the exponent 65537.
    fn generate(
        &self,
        bits: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<RsaPrivateKey, EnvelopeError>;
}

/// The trait over the crate `rsa`: for the browser and for tests. Servers use aws-lc-rs, because
/// strangers send them ciphertexts to decrypt (RUSTSEC-2023-0071).
#[derive(Clone, Copy, Debug, Default)]
pub struct RustCryptoRsa;

fn public(key: &RsaPublicKey) -> Result<std::sync::Arc<rsa::RsaPublicKey>, EnvelopeError> {
    key.backend(|key| {
        rsa::RsaPublicKey::new_with_size_limits(
            rsa::BoxedUint::from_be_slice_vartime(key.modulus()),
            rsa::BoxedUint::from_be_slice_vartime(key.exponent()),
            RSA_BITS_MIN..=RSA_BITS_MAX,
        )
        .map_err(|_| EnvelopeError::Key)
    })
}

fn private(key: &RsaPrivateKey) -> Result<std::sync::Arc<rsa::RsaPrivateKey>, EnvelopeError> {
    key.backend(|key| {
        rsa::RsaPrivateKey::from_pkcs8_der(&key.to_pkcs8_der()).map_err(|_| EnvelopeError::Key)
    })
}

impl Rsa for RustCryptoRsa {
    fn verify_pss_sha256(&self, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
        let Ok(key) = public(key) else {
            return false;
        };
        let hashed = Sha256::digest(message);
        key.verify(Pss::<Sha256>::new(), &hashed, signature).is_ok()
    }

    fn encrypt_oaep_sha256(
        &self,
        key: &RsaPublicKey,
        plaintext: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EnvelopeError> {
        public(key)?
            .encrypt(rng, Oaep::<Sha256>::new(), plaintext)
            .map_err(|_| EnvelopeError::Primitive)
    }

    fn sign_pss_sha256(
        &self,
        key: &RsaPrivateKey,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let hashed = Sha256::digest(message);
        private(key)?
            .sign_with_rng(rng, Pss::<Sha256>::new(), &hashed)
            .map_err(|_| EnvelopeError::Primitive)
    }

    fn decrypt_oaep_sha256(
        &self,
        key: &RsaPrivateKey,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let mut blinding = Blinding::new(key, ciphertext);
        private(key)
            .map_err(|_| EnvelopeError::Opening)?
            .decrypt_blinded(&mut blinding, Oaep::<Sha256>::new(), ciphertext)
            .map(Zeroizing::new)
            .map_err(|_| EnvelopeError::Opening)
    }

    fn generate(
        &self,
        bits: usize,
        rng: &mut dyn CryptoRng,
    ) -> Result<RsaPrivateKey, EnvelopeError> {
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) {
            return Err(EnvelopeError::Key);
        }
        // A browser makes keys from a seed (`det_keygen`), and holds no code for the other way.
        if cfg!(target_arch = "wasm32") {
            return Err(EnvelopeError::Primitive);
        }
        let key = rsa::RsaPrivateKey::new(rng, bits).map_err(|_| EnvelopeError::Primitive)?;
        RsaPrivateKey::from_parsed(&key)
    }
}
