//! Private keys at rest: passphrase-encrypted PKCS#8 as PEM, which OpenSSL reads, too.

use crate::{EnvelopeError, Malformed};
use pkcs8::{
    EncryptedPrivateKeyInfoOwned, PrivateKeyInfoRef,
    der::{Decode, Encode, asn1::OctetString, pem},
    pkcs5::{EncryptionScheme, pbes2},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

/// How often PBKDF2 hashes, when we encrypt.
pub const PBKDF2_ITERATIONS: u32 = 600_000;

/// The most iterations that are done to decrypt: beyond, a file could keep a browser busy for long.
pub const PBKDF2_ITERATIONS_MAX: u32 = 2_000_000;

/// The longest passphrase, in bytes of UTF-8.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;

/// The largest PEM of an encrypted key that is looked at, in bytes.
pub const PEM_BYTES_MAX: usize = 8 * 1024;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Encrypts a PKCS#8 DER with a passphrase: PBES2, PBKDF2-HMAC-SHA256 with 600,000 iterations and
/// a salt of 16 bytes, AES-256-CBC. The passphrase counts as typed, in UTF-8.
pub fn encrypt_pkcs8(
    der: &[u8],
    passphrase: &str,
    rng: &mut dyn CryptoRng,
) -> Result<String, EnvelopeError> {
    if passphrase.len() > PASSPHRASE_BYTES_MAX {
        return Err(EnvelopeError::TooLarge);
    }
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let mut iv = [0; 16];
    rng.fill_bytes(&mut iv);
    let failed = |_| EnvelopeError::Primitive;
    let parameters =
        pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(PBKDF2_ITERATIONS, &salt, iv)
            .map_err(failed)?;
    let encrypted = parameters.encrypt(passphrase, der).map_err(failed)?;
    let wrong = Malformed("private key");
    let info = EncryptedPrivateKeyInfoOwned {
        encryption_algorithm: EncryptionScheme::from(parameters),
        encrypted_data: OctetString::new(encrypted).map_err(|_| wrong)?,
    };
    let der = info.to_der().map_err(|_| wrong)?;
    pem::encode_string(LABEL, pem::LineEnding::LF, &der).map_err(|_| wrong.into())
}

/// Decrypts what [`encrypt_pkcs8`] made. A wrong passphrase and a damaged file are both
/// [`EnvelopeError::Opening`]; what is no such file at all is [`EnvelopeError::Malformed`].
pub fn decrypt_pkcs8(pem: &str, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let wrong = Malformed("encrypted private key");
    if pem.len() > PEM_BYTES_MAX || passphrase.len() > PASSPHRASE_BYTES_MAX {
        return Err(wrong.into());
    }
    let (label, der) = pem::decode_vec(pem.trim().as_bytes()).map_err(|_| wrong)?;
    if label != LABEL {
        return Err(wrong.into());
    }
    let info = EncryptedPrivateKeyInfoOwned::from_der(&der).map_err(|_| wrong)?;
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        return Err(wrong.into());
    };
    let ours = matches!(
        parameters.encryption,
        pbes2::EncryptionScheme::Aes256Cbc { .. }
    ) && parameters.kdf.pbkdf2().is_some_and(|kdf| {
        kdf.prf == pbes2::Pbkdf2Prf::HmacWithSha256
            && (1..=PBKDF2_ITERATIONS_MAX).contains(&kdf.iteration_count)
    });
    if !ours {
        return Err(wrong.into());
    }
    let plain = parameters
        .decrypt(passphrase, info.encrypted_data.as_bytes())
        .map(Zeroizing::new)
        .map_err(|_| EnvelopeError::Opening)?;
    // One decryption in about 256 with a wrong passphrase ends in a padding that looks right.
    PrivateKeyInfoRef::try_from(plain.as_slice()).map_err(|_| EnvelopeError::Opening)?;
    Ok(plain)
}

#[cfg(test)]
mod tests;
