//! The symmetric key of one direction of a session.

use crate::{Malformed, encoding};
use rand_core::CryptoRng;
use std::fmt;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

/// 32 random bytes that wrap the content keys of one direction. Wiped when dropped.
#[derive(Clone, PartialEq, Eq, Zeroize, ZeroizeOnDrop)]
pub struct SessionKey([u8; 32]);

impl SessionKey {
    /// Makes a key.
    pub fn generate(rng: &mut dyn CryptoRng) -> Self {
        let mut bytes = [0; 32];
        rng.fill_bytes(&mut bytes);
        Self(bytes)
    }

    /// Takes 32 bytes.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Reads the base64url form of a `session-open`.
    pub fn from_base64url(text: &str) -> Result<Self, Malformed> {
        let wrong = Malformed("session key");
        if text.len() != 43 {
            return Err(wrong);
        }
        let bytes = Zeroizing::new(encoding::from_base64url(text, "session key")?);
        bytes.as_slice().try_into().map(Self).map_err(|_| wrong)
    }

    /// The base64url form, in memory that is wiped. Only ever put into a sealed message.
    pub fn to_base64url(&self) -> Zeroizing<String> {
        Zeroizing::new(encoding::to_base64url(&self.0))
    }

    pub(crate) fn bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(..)")
    }
}
