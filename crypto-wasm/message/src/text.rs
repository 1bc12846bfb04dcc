//! Words that people write into messages: names and references, with limits.

use serde::{Deserialize, Serialize};

/// Why a text cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// Nothing in it.
    #[error("is empty")]
    Empty,
    /// Longer than the limit.
    #[error("is too long")]
    TooLong,
    /// A control character, or one that reorders or hides text.
    #[error("has a character that cannot be shown")]
    Character,
}

/// A line of text that can be shown as it is: trimmed, no control or direction-changing characters.
fn check(text: &str, chars_max: usize) -> Result<(), TextError> {
    if text.chars().count() > chars_max {
        return Err(TextError::TooLong);
    }
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    if text.chars().any(hidden) || text.trim() != text {
        return Err(TextError::Character);
    }
    Ok(())
}

macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $max:literal, $may_be_empty:literal) => {
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The most characters it may have.
            pub const CHARS_MAX: usize = $max;

            /// Reads what was typed, without the blanks around it.
            pub fn parse(typed: &str) -> Result<Self, TextError> {
                Self::try_from(typed.trim().to_owned())
            }

            /// The text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = TextError;

            fn try_from(text: String) -> Result<Self, TextError> {
                if text.is_empty() && !$may_be_empty {
                    return Err(TextError::Empty);
                }
                check(&text, $max)?;
                Ok(Self(text))
            }
        }

        impl From<$name> for String {
            fn from(text: $name) -> Self {
                text.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text!(
    /// The name of a person, a firm or a bank (ISO 20022 `Nm`, 140 characters).
    Name, 140, false
);
text!(
    /// What a payment is for (ISO 20022 `RmtInf/Ustrd`, 140 characters); may be empty.
    Remittance, 140, true
);
text!(
    /// What a customer calls a device or an account.
    Label, 40, false
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_and_hidden_text_is_refused() {
        assert_eq!(
            Name::parse("  Þórdís Kolbrún  ").unwrap().as_str(),
            "Þórdís Kolbrún"
        );
        assert_eq!(Name::parse(" "), Err(TextError::Empty));
        assert_eq!(Remittance::parse("").unwrap().as_str(), "");
        assert_eq!(Name::parse(&"ü".repeat(141)), Err(TextError::TooLong));
        assert_eq!(Name::parse("a\u{202e}b"), Err(TextError::Character));
        assert_eq!(Name::parse("a\nb"), Err(TextError::Character));
        assert!(serde_json::from_str::<Name>("\" a\"").is_err());
    }
}
