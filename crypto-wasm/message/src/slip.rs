//! The activation slip: what a new customer gets from the bank, on paper or in person.

use crate::ids::CROCKFORD;
use std::fmt;

/// A slip part that was mistyped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SlipError {
    /// The locator has 8 characters.
    #[error("Enter the 8 characters of the slip number, like K7QM-2P4X")]
    Locator,
    /// The secret has 16 characters.
    #[error("Enter the 16 characters of the slip code, like 4F7K-9QWE-2MNB-8XPA")]
    Secret,
}

fn read<const CHARS: usize, const BYTES: usize>(typed: &str) -> Option<[u8; BYTES]> {
    let packed: String = typed
        .chars()
        .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2013}' | '\u{2212}'))
        .map(|c| match c.to_ascii_uppercase() {
            // Crockford's rule: look-alikes are read as the digit they look like.
            'O' => '0',
            'I' | 'L' => '1',
            other => other,
        })
        .collect();
    if packed.len() != CHARS {
        return None;
    }
    CROCKFORD.decode(packed.as_bytes()).ok()?.try_into().ok()
}

fn groups(bytes: &[u8]) -> String {
    let text = CROCKFORD.encode(bytes);
    let parts: Vec<&str> = (0..text.len())
        .step_by(4)
        .filter_map(|at| text.get(at..at + 4))
        .collect();
    parts.join("-")
}

/// Finds the slip at the bank: 40 bits, not secret. Printed `K7QM-2P4X`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Locator(pub [u8; 5]);

/// Proves that the slip is in hand: 80 random bits. Printed `4F7K-9QWE-2MNB-8XPA`. Never logged.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(pub [u8; 10]);

impl Locator {
    /// Reads what was typed; blanks, hyphens and small letters are accepted.
    pub fn parse(typed: &str) -> Result<Self, SlipError> {
        read::<8, 5>(typed).map(Self).ok_or(SlipError::Locator)
    }
}

impl fmt::Display for Locator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&groups(&self.0))
    }
}

impl Secret {
    /// Reads what was typed; blanks, hyphens and small letters are accepted.
    pub fn parse(typed: &str) -> Result<Self, SlipError> {
        read::<16, 10>(typed).map(Self).ok_or(SlipError::Secret)
    }

    /// The printed form. Named so that it is not written anywhere by accident.
    pub fn reveal(&self) -> String {
        groups(&self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(..)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_printed_can_be_typed() {
        let secret = Secret([7; 10]);
        assert_eq!(secret.reveal().len(), 19);
        assert_eq!(
            Secret::parse(&secret.reveal().to_lowercase()).unwrap(),
            secret
        );
        let locator = Locator([0, 1, 2, 3, 255]);
        assert_eq!(Locator::parse(&format!(" {locator} ")).unwrap(), locator);
        assert_eq!(Locator::parse("K7QM-2P4").unwrap_err(), SlipError::Locator);
        assert_eq!(
            Locator::parse("oooo-iiil").unwrap(),
            Locator::parse("0000-1111").unwrap()
        );
        assert!(!format!("{secret:?}").contains(&secret.reveal()));
    }
}
