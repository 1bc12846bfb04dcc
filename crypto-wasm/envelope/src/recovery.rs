//! A seed as 24 words on paper, and back: BIP-39 with the English list.
//!
//! The list is that of BIP-39 (MIT licence): 2,048 words, of which the first four letters are
//! enough to know a word. The last word carries a checksum of eight bits; nothing else tells that
//! two words were swapped.

use crate::{Seed, encoding::sha256};
use std::fmt;
use zeroize::{Zeroize, Zeroizing};

/// One word a line, in alphabetical order.
static LIST: &str = include_str!("recovery/english.txt");

/// How many words a sheet has.
pub const WORDS: usize = 24;

/// Letters that are enough to tell every word of the list from every other.
const LETTERS_ENOUGH: usize = 4;

/// More words than this are not looked at: something else was pasted.
const TYPED_WORDS_MAX: usize = 48;

/// A typed word that is not in the list.
#[derive(Clone, PartialEq, Eq)]
pub struct UnknownWord {
    /// Which of the 24, from 1.
    pub place: usize,
    /// In small letters. Perhaps a word of the sheet with a slip in it: show it, keep it nowhere.
    pub typed: String,
}

impl fmt::Debug for UnknownWord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "UnknownWord(word {})", self.place)
    }
}

/// What is wrong with typed words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WordsError {
    /// There are more or fewer than 24.
    #[error("Enter all 24 words; there are {found}")]
    Count {
        /// How many there are.
        found: usize,
    },
    /// Some are not in the list.
    #[error("{} of the words cannot be on a recovery sheet", .0.len())]
    Unknown(Vec<UnknownWord>),
    /// Every word is in the list, but they do not belong together: a word is another one than on
    /// the sheet, or two are swapped.
    #[error("A word differs from the sheet, or two words are swapped")]
    Checksum,
}

impl WordsError {
    /// A stable name.
    pub fn code(&self) -> &'static str {
        match self {
            WordsError::Count { .. } => "word-count",
            WordsError::Unknown(_) => "unknown-word",
            WordsError::Checksum => "word-checksum",
        }
    }
}

/// The 24 words of a seed.
pub fn to_words(seed: &Seed) -> [&'static str; WORDS] {
    let mut bits = Bits::default();
    let checksum = sha256(&[seed.as_bytes()])[0];
    let mut bytes = seed.as_bytes().iter().copied().chain([checksum]);
    [(); WORDS].map(|()| {
        while bits.count < 11 {
            bits.push(bytes.next().unwrap_or_default().into(), 8);
        }
        word(bits.pop(11))
    })
}

/// Reads words as typed: any case, any blanks, numbers and dots before them as on the sheet, and
/// at least the first four letters of each.
pub fn from_words(typed: &str) -> Result<Seed, WordsError> {
    let words: Vec<&str> = typed
        .split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .take(TYPED_WORDS_MAX + 1)
        .collect();
    let mut bits = Bits::default();
    let mut bytes = Zeroizing::new(Vec::with_capacity(WORDS * 11 / 8));
    let mut unknown = Vec::new();
    for (place, typed) in words.iter().enumerate() {
        let Some(index) = index(typed) else {
            unknown.push(UnknownWord {
                place: place + 1,
                typed: typed.to_lowercase(),
            });
            continue;
        };
        bits.push(index, 11);
        while bits.count >= 8 {
            bytes.push(bits.pop(8) as u8);
        }
    }
    if words.len() != WORDS {
        return Err(WordsError::Count { found: words.len() });
    }
    if !unknown.is_empty() {
        return Err(WordsError::Unknown(unknown));
    }
    let (checksum, entropy) = bytes.split_last().ok_or(WordsError::Checksum)?;
    let entropy = <[u8; 32]>::try_from(entropy).map_err(|_| WordsError::Checksum)?;
    let seed = Seed::from_bytes(entropy);
    if sha256(&[seed.as_bytes()])[0] == *checksum {
        Ok(seed)
    } else {
        Err(WordsError::Checksum)
    }
}

/// The word of the list that is meant, as soon as it cannot be another one: the word itself, or at
/// least its first four letters with the rest as far as it is typed.
pub fn check_word(typed: &str) -> Option<&'static str> {
    index(typed).map(word)
}

fn word(index: u32) -> &'static str {
    let index = usize::try_from(index).unwrap_or_default();
    LIST.lines().nth(index).unwrap_or_default()
}

fn index(typed: &str) -> Option<u32> {
    let typed = Zeroizing::new(typed.to_lowercase());
    let place = |fits: &dyn Fn(&str) -> bool| LIST.lines().position(fits);
    let found = place(&|word| word == typed.as_str()).or_else(|| {
        let enough = typed.len() >= LETTERS_ENOUGH;
        enough.then(|| place(&|word| word.starts_with(typed.as_str())))?
    });
    found.and_then(|place| u32::try_from(place).ok())
}

/// A few bits on their way from words to bytes or back.
#[derive(Default)]
struct Bits {
    value: u32,
    count: u32,
}

impl Bits {
    fn push(&mut self, value: u32, count: u32) {
        self.value = (self.value << count) | value;
        self.count += count;
    }

    /// The first ones of them.
    fn pop(&mut self, count: u32) -> u32 {
        self.count -= count;
        let popped = self.value >> self.count;
        self.value &= (1 << self.count) - 1;
        popped
    }
}

impl Drop for Bits {
    fn drop(&mut self) {
        self.value.zeroize();
    }
}

#[cfg(test)]
mod tests;
