//! Changes to bytes, so that little changes and much still looks right.

use data_encoding::BASE64URL_NOPAD;

/// What the bytes are, so that changes reach below the outermost form.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// Any.
    Bytes,
    /// ASN.1: lengths and tags are worth a change.
    Der,
    /// Text in JSON: numbers and quotes are.
    Json,
    /// Base64url parts between dots and line ends.
    Jose,
}

/// Seeds that are kept at once.
const SEEDS_MAX: usize = 512;
/// Longer inputs are cut.
const BYTES_MAX: usize = 70_000;

const BYTES: [u8; 14] = [
    0, 1, 0x20, 0x22, 0x2e, 0x2c, 0x30, 0x39, 0x5c, 0x7f, 0x80, 0x82, 0xfe, 0xff,
];
const WORDS: [&str; 10] = [
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551616",
    "1e308",
    "null",
    "{}",
    "[[[[]]]]",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "-0",
];

/// Makes one input after the other; the same seed makes the same ones.
pub struct Mutator {
    state: u64,
    shape: Shape,
    seeds: Vec<Vec<u8>>,
    fixed: usize,
}

impl Mutator {
    pub fn new(seed: u64, shape: Shape, seeds: Vec<Vec<u8>>) -> Self {
        Self {
            state: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            shape,
            fixed: seeds.len(),
            seeds,
        }
    }

    /// An accepted input is a seed from now on, in the place of an earlier one when there are many.
    pub fn keep(&mut self, input: Vec<u8>) {
        if self.seeds.len() < SEEDS_MAX {
            self.seeds.push(input);
        } else if self.fixed < SEEDS_MAX {
            let at = self.fixed + self.below(SEEDS_MAX - self.fixed);
            self.seeds[at] = input;
        }
    }

    pub fn next(&mut self) -> Vec<u8> {
        let at = self.below(self.seeds.len());
        let mut input = self.seeds[at].clone();
        for _ in 0..1 + self.below(4) {
            // Mostly below the base64url; sometimes the outer form itself.
            if self.shape == Shape::Jose && self.below(4) > 0 {
                input = self.inside(&input);
            } else {
                self.change(&mut input);
            }
        }
        input.truncate(BYTES_MAX);
        input
    }

    /// Xorshift: quick, and good enough to choose places.
    fn random(&mut self) -> u64 {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state
    }

    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.random() >> 11).unwrap() % limit.max(1)
    }

    /// Changes one part of a compact JWS or JWE below its base64url.
    fn inside(&mut self, text: &[u8]) -> Vec<u8> {
        let is_edge = |byte: &u8| matches!(byte, b'.' | b'\n');
        let parts: Vec<&[u8]> = text.split(is_edge).collect();
        let chosen = self.below(parts.len());
        let edges: Vec<u8> = text.iter().copied().filter(is_edge).collect();
        let mut changed = Vec::with_capacity(text.len());
        for (at, part) in parts.into_iter().enumerate() {
            match BASE64URL_NOPAD.decode(part) {
                Ok(mut bytes) if at == chosen => {
                    self.change(&mut bytes);
                    changed.extend(BASE64URL_NOPAD.encode(&bytes).into_bytes());
                }
                _ => changed.extend(part),
            }
            changed.extend(edges.get(at));
        }
        changed
    }

    fn change(&mut self, bytes: &mut Vec<u8>) {
        let at = self.below(bytes.len());
        let end = (at + 1 + self.below(16)).min(bytes.len());
        let byte = BYTES[self.below(BYTES.len())];
        match self.below(if self.shape == Shape::Bytes { 8 } else { 10 }) {
            _ if bytes.is_empty() => bytes.push(byte),
            0 => bytes[at] ^= 1 << self.below(8),
            1 => bytes[at] = byte,
            2 => bytes.insert(at, byte),
            3 => drop(bytes.drain(at..end)),
            4 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            5 => bytes.truncate(at),
            6 => {
                // From here on as another seed has it.
                let other = self.below(self.seeds.len());
                let other = self.seeds[other].clone();
                let from = self.below(other.len());
                bytes.truncate(at);
                bytes.extend_from_slice(other.get(from..).unwrap_or_default());
            }
            7 => bytes[at] = bytes[at].wrapping_add(1),
            _ => self.change_form(bytes, at),
        }
    }

    /// A length of DER, a value of JSON.
    fn change_form(&mut self, bytes: &mut Vec<u8>, at: usize) {
        match self.shape {
            Shape::Der => {
                let place = (at..bytes.len()).find(|at| matches!(bytes[*at], 0x30 | 0x31 | 0x82));
                if let Some(next) = place.and_then(|at| bytes.get_mut(at + 1)) {
                    *next = next.wrapping_add(1);
                }
            }
            _ => {
                let word = WORDS[self.below(WORDS.len())].as_bytes();
                let starts = |at: &usize| bytes[*at] == b':';
                if let Some(place) = (at..bytes.len()).find(starts) {
                    let ends = |at: &usize| matches!(bytes[*at], b',' | b'}' | b']');
                    let end = (place..bytes.len()).find(ends).unwrap_or(bytes.len());
                    bytes.splice(place + 1..end, word.iter().copied());
                }
            }
        }
    }
}
