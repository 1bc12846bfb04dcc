//! Strict base64url, SHA-256 and HMAC, in one place.

use crate::Malformed;
use data_encoding::BASE64URL_NOPAD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

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

/// HMAC with SHA-256 under a key of 32 bytes, ready for a message.
pub(crate) fn keyed_sha256(key: &[u8; 32]) -> Hmac<Sha256> {
    // HMAC fills a shorter key up with zero bytes itself; a whole block needs no second thought.
    let mut block = Zeroizing::new([0; 64]);
    for (to, from) in block.iter_mut().zip(key) {
        *to = *from;
    }
    Hmac::new(&(*block).into())
}

/// HMAC with SHA-256 over the parts, one after the other.
pub(crate) fn hmac_sha256(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = keyed_sha256(key);
    for part in parts {
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
