//! What `openssl genrsa -aes256` wrote before version 3: PKCS #1 under a key hashed from the
//! passphrase with MD5.

use super::{ImportError, scheme::Cipher};
use data_encoding::HEXUPPER_PERMISSIVE;
use md5::{Digest as _, Md5};
use zeroize::Zeroizing;

/// Decrypts the content of a block with the header `DEK-Info: CIPHER,IV`.
pub(super) fn open(
    dek_info: &str,
    content: &[u8],
    passphrase: &[u8],
) -> Result<Zeroizing<Vec<u8>>, ImportError> {
    let (name, iv) = dek_info.split_once(',').ok_or(ImportError::DamagedKey)?;
    let cipher = match name {
        "AES-128-CBC" => Cipher::Aes128,
        "AES-192-CBC" => Cipher::Aes192,
        "AES-256-CBC" => Cipher::Aes256,
        "DES-EDE3-CBC" => Cipher::TripleDes,
        "DES-CBC" | "RC2-CBC" => return Err(ImportError::OldEncryption),
        _ => return Err(ImportError::UnsupportedForm),
    };
    let iv = HEXUPPER_PERMISSIVE
        .decode(iv.as_bytes())
        .map_err(|_| ImportError::DamagedKey)?;
    let salt = iv.get(..8).ok_or(ImportError::DamagedKey)?;
    let key = bytes_to_key(passphrase, salt);
    let key = key.get(..cipher.key_bytes()).unwrap_or_default();
    cipher.open(key, &iv, content)
}

/// OpenSSL's `EVP_BytesToKey` with MD5 and one round: each hash is over the one before it, the
/// passphrase and the salt.
fn bytes_to_key(passphrase: &[u8], salt: &[u8]) -> Zeroizing<Vec<u8>> {
    let mut key = Zeroizing::new(Vec::with_capacity(32));
    for start in [0, 16] {
        let mut hash = Md5::new();
        if start > 0 {
            hash.update(key.as_slice());
        }
        hash.update(passphrase);
        hash.update(salt);
        key.extend_from_slice(&hash.finalize());
    }
    key
}
