//! Five words of a thumbprint, for people to compare: about 64 bits.
//!
//! The list is the long word list of the Electronic Frontier Foundation for passphrases, 7,776
//! English words, published under CC BY 3.0 US
//! (<https://www.eff.org/deeplinks/2016/07/new-wordlists-random-passphrases>).

use message::Thumbprint;

/// One word a line, in alphabetical order.
static LIST: &str = include_str!("words/eff_large_wordlist.txt");

/// How many words the list has: six to the power of five.
pub const WORDS_IN_LIST: u128 = 7776;

fn word(index: u128) -> &'static str {
    let index = usize::try_from(index).unwrap_or_default();
    LIST.lines().nth(index).unwrap_or_default()
}

/// The five words of a thumbprint: its first 16 bytes as a big-endian number, divided by 7,776 five
/// times; each remainder, the first one first, counts from the start of the list.
pub fn five_words(thumbprint: &Thumbprint) -> [&'static str; 5] {
    let number = thumbprint.as_bytes()[..16]
        .iter()
        .fold(0_u128, |number, byte| (number << 8) | u128::from(*byte));
    let mut rest = number;
    [(); 5].map(|()| {
        let index = rest % WORDS_IN_LIST;
        rest /= WORDS_IN_LIST;
        word(index)
    })
}

/// What comparing typed words with a thumbprint says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// All five words are there, in order.
    pub fit: bool,
    /// Typed words that are not in the list, in small letters, in order: typing slips.
    pub unknown: Vec<String>,
}

/// Compares words as typed (any case, any blanks, commas) with those of a thumbprint. It does not
/// say which of them differ: they must come from the slip.
pub fn compare_words(typed: &str, thumbprint: &Thumbprint) -> Comparison {
    // Far more than five of the longest words; the rest of a pasted text is not looked at.
    const WORDS_MAX: usize = 16;
    let words: Vec<String> = typed
        .split(|c: char| c.is_whitespace() || c == ',')
        .filter(|word| !word.is_empty())
        .take(WORDS_MAX)
        .map(str::to_lowercase)
        .collect();
    let unknown = words
        .iter()
        .filter(|word| !LIST.lines().any(|listed| listed == word.as_str()))
        .cloned()
        .collect();
    Comparison {
        fit: words == five_words(thumbprint),
        unknown,
    }
}

#[cfg(test)]
mod tests;
