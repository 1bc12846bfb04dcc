//! Bank identifier codes, ISO 9362.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A text that is no BIC.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("Enter a BIC of 8 or 11 letters and figures, like HALDDEFF")]
pub struct BicError;

/// A bank identifier of 8 or 11 characters. It names a bank everywhere: addressee, issuer, link.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bic(String);

impl Bic {
    /// Reads a BIC in capitals.
    pub fn parse(text: &str) -> Result<Self, BicError> {
        let letters = |range: std::ops::Range<usize>| {
            text.get(range)
                .is_some_and(|part| part.bytes().all(|b| b.is_ascii_uppercase()))
        };
        let all = text
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        if matches!(text.len(), 8 | 11) && all && letters(0..6) {
            Ok(Self(text.to_owned()))
        } else {
            Err(BicError)
        }
    }

    /// The code in capitals.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The code in small letters, as host names, roles and table names use it.
    pub fn lower(&self) -> String {
        self.0.to_ascii_lowercase()
    }
}

impl fmt::Display for Bic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl TryFrom<String> for Bic {
    type Error = BicError;

    fn try_from(text: String) -> Result<Self, BicError> {
        Self::parse(&text)
    }
}

impl From<Bic> for String {
    fn from(bic: Bic) -> Self {
        bic.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_or_eleven() {
        assert_eq!(Bic::parse("HALDDEFF").unwrap().lower(), "halddeff");
        assert!(Bic::parse("HALDDEFFXXX").is_ok());
        for text in ["", "halddeff", "HALDDEFFX", "HALD1EFF", "HALDDE'F"] {
            assert_eq!(Bic::parse(text), Err(BicError), "{text}");
        }
    }
}
