//! Strict base64url and SHA-256, in one place.

use crate::Malformed;
use data_encoding::BASE64URL_NOPAD;
use sha2::{Digest as _, Sha256};

/// Unpadded base64url, as JOSE writes it.
pub(crate) fn to_base64url(bytes: &[u8]) -> String {
    BASE64URL_NOPAD.encode(bytes)
}

/// Reads the one spelling that [`to_base64url`] writes: no padding, no blanks, no stray bits.
pub(crate) fn from_base64url(text: &str, what: &'static str) -> Result<Vec<u8>, Malformed> {
    BASE64URL_NOPAD
        .decode(text.as_bytes())
        .map_err(|_| Malformed(what))
}

/// SHA-256 of the parts, one after the other.
pub(crate) fn sha256(parts: &[&[u8]]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part);
    }
    hash.finalize().into()
}
