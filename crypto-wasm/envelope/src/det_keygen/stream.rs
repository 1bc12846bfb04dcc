//! The numbered candidates: HMAC-DRBG with SHA-256, steps 1 to 13 of c2sp.org/det-keygen.

use super::is_length;
use crate::encoding::{hmac_sha256, keyed_sha256};
use hmac::Mac;
use zeroize::{Zeroize, Zeroizing};

/// Gives one candidate after the other. Its state and the last candidate are wiped when dropped.
pub(super) struct Stream {
    k: Zeroizing<[u8; 32]>,
    v: Zeroizing<[u8; 32]>,
    candidate: Zeroizing<Vec<u8>>,
    length: usize,
    number: u32,
}

impl Stream {
    /// `None` for a length that is not made here, or a seed that is too short.
    pub(super) fn new(seed: &[u8], bits: usize) -> Option<Self> {
        if !is_length(bits) || seed.len() < 16 {
            return None;
        }
        let bits_bytes = u16::try_from(bits).ok()?.to_be_bytes();
        let mut state = Self {
            k: Zeroizing::new([0; 32]),
            v: Zeroizing::new([1; 32]),
            // Whole blocks of the generator; what is over is not looked at.
            candidate: Zeroizing::new(vec![0; (bits / 16).next_multiple_of(32)]),
            length: bits / 16,
            number: 0,
        };
        for round in [0, 1] {
            let parts: [&[u8]; 5] = [
                state.v.as_slice(),
                &[round],
                seed,
                b"det RSA key gen",
                &bits_bytes,
            ];
            let k = hmac_sha256(&state.k, &parts);
            state.turn(k);
        }
        Some(state)
    }

    fn turn(&mut self, mut k: [u8; 32]) {
        *self.k = k;
        *self.v = hmac_sha256(&k, &[self.v.as_slice()]);
        k.zeroize();
    }

    /// The number of the candidate that comes next, from 0.
    pub(super) fn number(&self) -> u32 {
        self.number
    }

    /// The next candidate, big-endian.
    pub(super) fn next(&mut self) -> &[u8] {
        if self.number > 0 {
            let k = hmac_sha256(&self.k, &[self.v.as_slice(), &[0]]);
            self.turn(k);
        }
        self.number += 1;
        let keyed = keyed_sha256(&self.k);
        for block in self.candidate.chunks_mut(32) {
            let mut mac = keyed.clone();
            mac.update(self.v.as_slice());
            *self.v = mac.finalize().into_bytes().into();
            block.copy_from_slice(self.v.as_slice());
        }
        let candidate = self.candidate.get_mut(..self.length).unwrap_or_default();
        // The product of two numbers that begin with two ones has its full length; three ones at
        // the end make (t - 1) / 2 odd, and the candidate 7 modulo 8.
        if let Some(first) = candidate.first_mut() {
            *first |= 0b1100_0000;
        }
        if let Some(last) = candidate.last_mut() {
            *last |= 0b0000_0111;
        }
        candidate
    }

    /// The candidate of a number that is still to come.
    pub(super) fn at(&mut self, number: u32) -> &[u8] {
        while self.number < number {
            self.next();
        }
        self.next()
    }
}
