//! RSA on servers: constant time, unlike the crate `rsa` (RUSTSEC-2023-0071), since strangers send
//! ciphertexts to decrypt.

use aws_lc_rs::encoding::AsDer as _;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{
    KeyPair, KeySize, OAEP_SHA256_MGF1SHA256, OaepPrivateDecryptingKey, OaepPublicEncryptingKey,
    PrivateDecryptingKey, PublicEncryptingKey,
};
use aws_lc_rs::signature::{ParsedPublicKey, RSA_PSS_2048_8192_SHA256, RSA_PSS_SHA256};
use envelope::{CryptoRng, EnvelopeError, Rsa, RsaPrivateKey, RsaPublicKey};
use std::sync::Arc;
use zeroize::Zeroizing;

#[cfg(test)]
mod tests;

/// [`Rsa`] over aws-lc-rs. Keys are parsed once and kept with the key. The library has a generator
/// of its own and leaves the one it is given alone.
#[derive(Clone, Copy, Debug, Default)]
pub struct AwsLcRsa;

/// A public key as the library wants it, for each of its two uses.
struct Public {
    verifying: ParsedPublicKey,
    encrypting: OaepPublicEncryptingKey,
}

/// A private key likewise.
struct Private {
    signing: KeyPair,
    decrypting: OaepPrivateDecryptingKey,
}

fn public(key: &RsaPublicKey) -> Result<Arc<Public>, EnvelopeError> {
    key.backend(|key| {
        let verifying = ParsedPublicKey::new(&RSA_PSS_2048_8192_SHA256, key.to_pkcs1_der())
            .map_err(|_| EnvelopeError::Key)?;
        let encrypting = PublicEncryptingKey::from_der(key.to_spki_der())
            .ok()
            .and_then(|key| OaepPublicEncryptingKey::new(key).ok())
            .ok_or(EnvelopeError::Key)?;
        Ok(Public {
            verifying,
            encrypting,
        })
    })
}

fn private(key: &RsaPrivateKey) -> Result<Arc<Private>, EnvelopeError> {
    key.backend(|key| {
        let der = key.to_pkcs8_der();
        let signing = KeyPair::from_pkcs8(&der).map_err(|_| EnvelopeError::Key)?;
        let decrypting = PrivateDecryptingKey::from_pkcs8(&der)
            .ok()
            .and_then(|key| OaepPrivateDecryptingKey::new(key).ok())
            .ok_or(EnvelopeError::Key)?;
        Ok(Private {
            signing,
            decrypting,
        })
    })
}

impl Rsa for AwsLcRsa {
    fn verify_pss_sha256(&self, key: &RsaPublicKey, message: &[u8], signature: &[u8]) -> bool {
        public(key).is_ok_and(|key| key.verifying.verify_sig(message, signature).is_ok())
    }

    fn encrypt_oaep_sha256(
        &self,
        key: &RsaPublicKey,
        plaintext: &[u8],
        _rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let key = public(key)?;
        let mut ciphertext = vec![0; key.encrypting.ciphertext_size()];
        let length = key
            .encrypting
            .encrypt(&OAEP_SHA256_MGF1SHA256, plaintext, &mut ciphertext, None)
            .map_err(|_| EnvelopeError::Primitive)?
            .len();
        ciphertext.truncate(length);
        Ok(ciphertext)
    }

    fn sign_pss_sha256(
        &self,
        key: &RsaPrivateKey,
        message: &[u8],
        _rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EnvelopeError> {
        let key = private(key)?;
        let mut signature = vec![0; key.signing.public_modulus_len()];
        key.signing
            .sign(
                &RSA_PSS_SHA256,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| EnvelopeError::Primitive)?;
        Ok(signature)
    }

    fn decrypt_oaep_sha256(
        &self,
        key: &RsaPrivateKey,
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let opening = |_| EnvelopeError::Opening;
        let key = private(key).map_err(opening)?;
        let mut plaintext = Zeroizing::new(vec![0; key.decrypting.min_output_size()]);
        let length = key
            .decrypting
            .decrypt(&OAEP_SHA256_MGF1SHA256, ciphertext, &mut plaintext, None)
            .map_err(|_| EnvelopeError::Opening)?
            .len();
        plaintext.truncate(length);
        Ok(plaintext)
    }

    fn generate(
        &self,
        bits: usize,
        _rng: &mut dyn CryptoRng,
    ) -> Result<RsaPrivateKey, EnvelopeError> {
        let size = match bits {
            2048 => KeySize::Rsa2048,
            3072 => KeySize::Rsa3072,
            4096 => KeySize::Rsa4096,
            _ => return Err(EnvelopeError::Key),
        };
        let key = PrivateDecryptingKey::generate(size).map_err(|_| EnvelopeError::Primitive)?;
        let der = key.as_der().map_err(|_| EnvelopeError::Primitive)?;
        Ok(RsaPrivateKey::from_pkcs8_der(der.as_ref())?)
    }
}
