//! Account numbers: IBAN, ISO 13616, with the check digits of ISO 7064 (MOD 97-10).

use serde::{Deserialize, Serialize};
use std::fmt;

/// Why an account number cannot be right, in words that say how to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum IbanError {
    /// Nothing was typed.
    #[error("Enter an IBAN")]
    Empty,
    /// A character that no IBAN has.
    #[error("Use only letters and figures in the IBAN")]
    Character,
    /// A country without IBANs.
    #[error("Check the first two letters of the IBAN: no such country")]
    Country,
    /// Too short or too long for its country.
    #[error("Check the IBAN: it has too few or too many characters for its country")]
    Length,
    /// The check digits do not fit.
    #[error("Check the IBAN: one or more characters are wrong")]
    Check,
}

/// An account number whose country, length and check digits are right. Without spaces.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Iban(String);

impl Iban {
    /// Reads an IBAN as typed or pasted: spaces and lower case are accepted.
    pub fn parse(typed: &str) -> Result<Self, IbanError> {
        let packed: String = typed
            .chars()
            .filter(|c| !c.is_whitespace())
            .map(|c| c.to_ascii_uppercase())
            .collect();
        if packed.is_empty() {
            return Err(IbanError::Empty);
        }
        if !packed
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        {
            return Err(IbanError::Character);
        }
        let country = packed.get(..2).ok_or(IbanError::Length)?;
        let length = LENGTHS
            .iter()
            .find(|(code, _)| *code == country)
            .ok_or(IbanError::Country)?
            .1;
        if packed.len() != length {
            return Err(IbanError::Length);
        }
        if !packed.bytes().skip(2).take(2).all(|b| b.is_ascii_digit()) || remainder(&packed) != 1 {
            return Err(IbanError::Check);
        }
        Ok(Self(packed))
    }

    /// Makes an IBAN from a country and the national number (BBAN) by computing the check digits.
    pub fn from_bban(country: &str, bban: &str) -> Result<Self, IbanError> {
        let open = format!("{country}00{bban}");
        if !open
            .bytes()
            .all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
        {
            return Err(IbanError::Character);
        }
        Self::parse(&format!("{country}{:02}{bban}", 98 - remainder(&open)))
    }

    /// Whether the number belongs to the bank with this prefix: country and bank code, as the
    /// licence states it (`DE37090502`), without the check digits.
    pub fn has_prefix(&self, prefix: &str) -> bool {
        match (prefix.get(..2), prefix.get(2..)) {
            (Some(country), Some(code)) => {
                !code.is_empty() && self.0.starts_with(country) && self.0[4..].starts_with(code)
            }
            _ => false,
        }
    }

    /// Without spaces, as machines write it.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// In groups of four, as people read it.
    pub fn grouped(&self) -> String {
        let groups: Vec<&str> = (0..self.0.len())
            .step_by(4)
            .filter_map(|at| self.0.get(at..(at + 4).min(self.0.len())))
            .collect();
        groups.join(" ")
    }
}

/// ISO 7064 over the rearranged number, letters counting 10 to 35.
fn remainder(packed: &str) -> u32 {
    let (head, tail) = packed.split_at(4);
    tail.bytes()
        .chain(head.bytes())
        .fold(0_u32, |sum, byte| match byte {
            b'0'..=b'9' => (sum * 10 + u32::from(byte - b'0')) % 97,
            _ => (sum * 100 + u32::from(byte.saturating_sub(b'A')) + 10) % 97,
        })
}

impl fmt::Display for Iban {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.grouped())
    }
}

impl TryFrom<String> for Iban {
    type Error = IbanError;

    fn try_from(text: String) -> Result<Self, IbanError> {
        let iban = Self::parse(&text)?;
        // On the wire one account has one spelling.
        if iban.0 == text {
            Ok(iban)
        } else {
            Err(IbanError::Character)
        }
    }
}

impl From<Iban> for String {
    fn from(iban: Iban) -> Self {
        iban.0
    }
}

/// Lengths by country, from the IBAN registry.
const LENGTHS: &[(&str, usize)] = &[
    ("AD", 24),
    ("AE", 23),
    ("AL", 28),
    ("AT", 20),
    ("AZ", 28),
    ("BA", 20),
    ("BE", 16),
    ("BG", 22),
    ("BH", 22),
    ("BR", 29),
    ("BY", 28),
    ("CH", 21),
    ("CR", 22),
    ("CY", 28),
    ("CZ", 24),
    ("DE", 22),
    ("DK", 18),
    ("DO", 28),
    ("EE", 20),
    ("EG", 29),
    ("ES", 24),
    ("FI", 18),
    ("FO", 18),
    ("FR", 27),
    ("GB", 22),
    ("GE", 22),
    ("GI", 23),
    ("GL", 18),
    ("GR", 27),
    ("GT", 28),
    ("HR", 21),
    ("HU", 28),
    ("IE", 22),
    ("IL", 23),
    ("IQ", 23),
    ("IS", 26),
    ("IT", 27),
    ("JO", 30),
    ("KW", 30),
    ("KZ", 20),
    ("LB", 28),
    ("LC", 32),
    ("LI", 21),
    ("LT", 20),
    ("LU", 20),
    ("LV", 21),
    ("LY", 25),
    ("MC", 27),
    ("MD", 24),
    ("ME", 22),
    ("MK", 19),
    ("MR", 27),
    ("MT", 31),
    ("MU", 30),
    ("NL", 18),
    ("NO", 15),
    ("PK", 24),
    ("PL", 28),
    ("PS", 29),
    ("PT", 25),
    ("QA", 29),
    ("RO", 24),
    ("RS", 22),
    ("SA", 24),
    ("SC", 31),
    ("SE", 24),
    ("SI", 19),
    ("SK", 24),
    ("SM", 27),
    ("ST", 25),
    ("SV", 28),
    ("TL", 23),
    ("TN", 24),
    ("TR", 26),
    ("UA", 29),
    ("VA", 22),
    ("VG", 24),
    ("XK", 20),
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_refuses() {
        let iban = Iban::parse("de50 3709 0502 0004 1001 17").unwrap();
        assert_eq!(iban.as_str(), "DE50370905020004100117");
        assert_eq!(iban.grouped(), "DE50 3709 0502 0004 1001 17");
        assert!(iban.has_prefix("DE37090502"));
        assert!(!iban.has_prefix("DE37090503") && !iban.has_prefix("DE") && !iban.has_prefix(""));
        assert_eq!(
            Iban::parse("NO93 8601 1117 947").unwrap().grouped(),
            "NO93 8601 1117 947"
        );
        for (typed, error) in [
            ("", IbanError::Empty),
            ("D", IbanError::Length),
            ("NO93 8601 1117 974", IbanError::Check),
            ("ZZ93 8601 1117 974", IbanError::Country),
            ("NO93 8601 1117", IbanError::Length),
            ("NO93-8601-1117-947", IbanError::Character),
            ("NOüü86011117947", IbanError::Character),
        ] {
            assert_eq!(Iban::parse(typed), Err(error), "{typed}");
        }
        assert!(serde_json::from_str::<Iban>("\"DE50 3709 0502 0004 1001 17\"").is_err());
    }

    proptest! {
        #[test]
        fn made_numbers_check_and_slips_are_found(bban in "[0-9]{18}", at in 0_usize..18, by in 1_u8..10) {
            let iban = Iban::from_bban("DE", &bban).unwrap();
            let mut bytes = iban.as_str().as_bytes().to_vec();
            bytes[4 + at] = b'0' + (bytes[4 + at] - b'0' + by) % 10;
            prop_assert_eq!(Iban::parse(std::str::from_utf8(&bytes).unwrap()), Err(IbanError::Check));
        }

        #[test]
        fn parse_never_panics(typed in ".*") {
            let _ = Iban::parse(&typed);
        }
    }
}
