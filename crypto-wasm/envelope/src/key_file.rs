//! Private keys at rest: passphrase-encrypted PKCS#8 as PEM, which OpenSSL reads, too; and a whole
//! device as one file.

mod document;

use crate::{
    EnvelopeError, Malformed,
    import::{
        ImportError, pem,
        scheme::{Work, read_encrypted, seal},
    },
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

pub(crate) use document::is_ours;
pub use document::{read, write};

/// How often PBKDF2 hashes, when we encrypt.
pub const PBKDF2_ITERATIONS: u32 = 600_000;

/// The most iterations that are done to decrypt: beyond, a file could keep a browser busy for long.
pub const PBKDF2_ITERATIONS_MAX: u32 = 2_000_000;

/// The longest passphrase, in bytes of UTF-8.
pub const PASSPHRASE_BYTES_MAX: usize = 1024;

/// The largest PEM of an encrypted key that is looked at, in bytes.
pub const PEM_BYTES_MAX: usize = 8 * 1024;

/// The largest file that is looked at, in bytes.
pub const FILE_BYTES_MAX: usize = 64 * 1024;

/// The version of the file that is written, and the highest that is read.
pub const VERSION: u32 = 1;

const LABEL: &str = "ENCRYPTED PRIVATE KEY";

/// Encrypts a PKCS#8 DER with a passphrase: PBES2, PBKDF2-HMAC-SHA256 with 600,000 iterations and
/// a salt of 16 bytes, AES-256-CBC. The passphrase counts as typed, in UTF-8.
pub fn encrypt_pkcs8(
    der: &[u8],
    passphrase: &str,
    rng: &mut dyn CryptoRng,
) -> Result<String, EnvelopeError> {
    let sealed = encrypt_pkcs8_der(der, passphrase, rng)?;
    Ok(pem::write(LABEL, &sealed))
}

/// The same as DER.
pub(crate) fn encrypt_pkcs8_der(
    der: &[u8],
    passphrase: &str,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<u8>, EnvelopeError> {
    if passphrase.len() > PASSPHRASE_BYTES_MAX {
        return Err(EnvelopeError::TooLarge);
    }
    let mut salt = [0; 16];
    rng.fill_bytes(&mut salt);
    let mut iv = [0; 16];
    rng.fill_bytes(&mut iv);
    let sealed = seal(der, passphrase.as_bytes(), PBKDF2_ITERATIONS, &salt, &iv);
    sealed.ok_or(EnvelopeError::Primitive)
}

/// Decrypts what [`encrypt_pkcs8`] made. A wrong passphrase and a damaged file are both
/// [`EnvelopeError::Opening`]; what is no such file at all is [`EnvelopeError::Malformed`].
pub fn decrypt_pkcs8(pem: &str, passphrase: &str) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    let wrong = Malformed("encrypted private key");
    if pem.len() > PEM_BYTES_MAX || passphrase.len() > PASSPHRASE_BYTES_MAX {
        return Err(wrong.into());
    }
    let blocks = pem::blocks(pem).map_err(|_| wrong)?;
    let [block] = blocks.as_slice() else {
        return Err(wrong.into());
    };
    if block.label != LABEL {
        return Err(wrong.into());
    }
    let (scheme, data) = read_encrypted(&block.content).map_err(|_| wrong)?;
    if !scheme.is_ours() {
        return Err(wrong.into());
    }
    let work = &mut Work::new(PBKDF2_ITERATIONS_MAX.into());
    let plain = scheme
        .open_ours(passphrase.as_bytes(), data, work)
        .map_err(|error| match error {
            ImportError::WrongPassphrase => EnvelopeError::Opening,
            _ => wrong.into(),
        })?;
    // One decryption in about 256 with a wrong passphrase ends in a padding that looks right.
    pkcs8::PrivateKeyInfoRef::try_from(plain.as_slice()).map_err(|_| EnvelopeError::Opening)?;
    Ok(plain)
}

#[cfg(test)]
mod tests;
