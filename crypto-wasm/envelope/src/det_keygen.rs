//! RSA keys from a seed, as c2sp.org/det-keygen has it, so that anybody's implementation makes the
//! same key from the same words.
//!
//! HMAC-DRBG makes one numbered stream of candidates, and the first two primes in it make the key
//! (seldom, one in some 30,000, the pair does not fit the exponent and the next two are taken). So
//! it does not matter who tests which candidate: each worker has a [`Share`] of the numbers, and
//! the [`KeyMaker`] decides as soon as nothing before the second prime is untested.

mod filter;
mod sieve;
mod stream;

use crate::{EnvelopeError, KeySeed, RsaPrivateKey, key};
use crypto_bigint::{BoxedUint, Gcd};
use crypto_primes::{Flavor, is_prime};
pub use filter::may_be_prime;
use serde::{Deserialize, Serialize};
use sieve::Sieve;
use std::{collections::BTreeSet, fmt};
use stream::Stream;

/// The public exponent of every key.
const EXPONENT: u32 = 65_537;

/// Candidates after which something must be wrong: a prime is expected every 710 at 4096 bits.
const CANDIDATES_MAX: u32 = 1 << 20;

/// How many candidates one worker tests between two looks at whether to go on: some ten
/// milliseconds, because most of them fall to a small factor.
const CANDIDATES_A_STEP: u32 = 16;

/// Which candidates a worker tests: those whose number leaves `worker` when divided by `workers`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// Which worker, from 0.
    pub worker: u32,
    /// How many there are.
    pub workers: u32,
}

impl Share {
    /// One worker tests all.
    pub const ALONE: Share = Share {
        worker: 0,
        workers: 1,
    };

    fn has(self, number: u32) -> bool {
        number % self.workers == self.worker
    }
}

/// What a worker has found since its last report. Numbers of candidates only: no secret.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// Which worker.
    pub worker: u32,
    /// Every candidate of its share with a lower number is tested.
    pub below: u32,
    /// Those that are prime.
    pub primes: Vec<u32>,
}

/// One worker's search.
pub struct PrimeSearch {
    stream: Stream,
    sieve: Sieve,
    share: Share,
}

impl PrimeSearch {
    /// Starts at the first candidate. `bits` is the modulus's length: a multiple of 16, of 2048 to
    /// 4096.
    pub fn new(seed: &KeySeed, bits: usize, share: Share) -> Result<Self, EnvelopeError> {
        Self::from_seed(seed.as_bytes(), bits, share)
    }

    fn from_seed(seed: &[u8], bits: usize, share: Share) -> Result<Self, EnvelopeError> {
        if share.worker >= share.workers {
            return Err(EnvelopeError::Key);
        }
        Ok(Self {
            stream: Stream::new(seed, bits).ok_or(EnvelopeError::Key)?,
            sieve: Sieve::new(),
            share,
        })
    }

    /// Tests so many candidates of the share, and says what is new. `may_be_prime` sorts out most of
    /// those without a small factor: it is [`may_be_prime`], or says the same sooner.
    pub fn run(&mut self, candidates: u32, may_be_prime: &mut dyn FnMut(&[u8]) -> bool) -> Report {
        let mut report = Report {
            worker: self.share.worker,
            below: 0,
            primes: Vec::new(),
        };
        let mut left = candidates;
        while left > 0 && self.stream.number() < CANDIDATES_MAX {
            let number = self.stream.number();
            let candidate = self.stream.next();
            if self.share.has(number) {
                left -= 1;
                let may = self.sieve.passes(candidate) && may_be_prime(candidate);
                if may && is_probably_prime(candidate) {
                    report.primes.push(number);
                }
            }
        }
        report.below = self.stream.number();
        report
    }
}

impl fmt::Debug for PrimeSearch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrimeSearch({:?}, ..)", self.share)
    }
}

/// The library's word on it: Miller-Rabin with base 2 and a Lucas test (Baillie-PSW).
fn is_probably_prime(candidate: &[u8]) -> bool {
    is_prime(Flavor::Any, &BoxedUint::from_be_slice_vartime(candidate))
}

/// Puts the workers' reports together and makes the key when it is decided.
pub struct KeyMaker {
    stream: Stream,
    bits: usize,
    below: Vec<u32>,
    primes: BTreeSet<u32>,
    percent: u8,
    key: Option<RsaPrivateKey>,
}

impl KeyMaker {
    /// For so many workers, all of the same seed and length.
    pub fn new(seed: &KeySeed, bits: usize, workers: u32) -> Result<Self, EnvelopeError> {
        Self::from_seed(seed.as_bytes(), bits, workers)
    }

    fn from_seed(seed: &[u8], bits: usize, workers: u32) -> Result<Self, EnvelopeError> {
        let workers = usize::try_from(workers).map_err(|_| EnvelopeError::Key)?;
        if !(1..=64).contains(&workers) {
            return Err(EnvelopeError::Key);
        }
        Ok(Self {
            stream: Stream::new(seed, bits).ok_or(EnvelopeError::Key)?,
            bits,
            below: vec![0; workers],
            primes: BTreeSet::new(),
            percent: 0,
            key: None,
        })
    }

    /// Takes a report. A worker's reports must come in their order.
    pub fn take(&mut self, report: &Report) {
        let place = usize::try_from(report.worker).unwrap_or(usize::MAX);
        if let Some(below) = self.below.get_mut(place) {
            *below = report.below.max(*below);
            self.primes.extend(&report.primes);
        }
    }

    /// Every candidate before this one is tested.
    fn settled(&self) -> u32 {
        self.below.iter().copied().min().unwrap_or_default()
    }

    /// How far it is, as far as luck can be told: never back, at most 99 before the key is there.
    pub fn percent(&mut self) -> u8 {
        let settled = self.settled();
        let (found, last) = self
            .primes
            .range(..settled)
            .fold((0_u32, 0), |(found, _), prime| (found + 1, *prime));
        // One odd number of this length in so many is prime: its natural logarithm, halved.
        let mean = u32::try_from(self.bits).unwrap_or_default() * 173 / 1000;
        let since = settled.saturating_sub(last);
        let half = 50 * since / (since + mean).max(1);
        let now = (50 * found.min(1) + half).min(99);
        self.percent = self.percent.max(u8::try_from(now).unwrap_or(99));
        if self.key.is_some() {
            100
        } else {
            self.percent
        }
    }

    /// The key, when no report can change it any more.
    pub fn key(&mut self) -> Result<Option<RsaPrivateKey>, EnvelopeError> {
        let settled = self.settled();
        while self.key.is_none() {
            let mut known = self.primes.range(self.stream.number()..settled).copied();
            let (Some(first), Some(second)) = (known.next(), known.next()) else {
                break;
            };
            let p = uint(self.stream.at(first));
            let q = uint(self.stream.at(second));
            if fits(&p, &q) {
                let key = rsa::RsaPrivateKey::from_p_q(p, q, BoxedUint::from(EXPONENT))
                    .map_err(|_| EnvelopeError::Primitive)?;
                self.key = Some(RsaPrivateKey::from_parsed(&key)?);
            }
        }
        if self.key.is_none() && settled >= CANDIDATES_MAX {
            return Err(EnvelopeError::Primitive);
        }
        Ok(self.key.clone())
    }
}

impl fmt::Debug for KeyMaker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "KeyMaker(tested below {}, ..)", self.settled())
    }
}

fn uint(candidate: &[u8]) -> BoxedUint {
    BoxedUint::from_be_slice_vartime(candidate)
}

/// Whether two primes make a key: the exponent must have an inverse, and the specification rejects
/// a greatest common divisor of p-1 and q-1 from 2^32 on.
fn fits(p: &BoxedUint, q: &BoxedUint) -> bool {
    let one = BoxedUint::one();
    let exponent = BoxedUint::from(EXPONENT);
    let (p1, q1) = (p - &one, q - &one);
    let prime_to_exponent = |number: &BoxedUint| number.gcd(&exponent) == one;
    p1.gcd(&q1).bits() <= 32 && prime_to_exponent(&p1) && prime_to_exponent(&q1)
}

/// Makes a key with one worker. `go_on` hears how far it is and says whether to go on; `None` if
/// it said no.
pub fn generate(
    seed: &KeySeed,
    bits: usize,
    go_on: &mut dyn FnMut(u8) -> bool,
) -> Result<Option<RsaPrivateKey>, EnvelopeError> {
    generate_from(seed.as_bytes(), bits, go_on)
}

fn generate_from(
    seed: &[u8],
    bits: usize,
    go_on: &mut dyn FnMut(u8) -> bool,
) -> Result<Option<RsaPrivateKey>, EnvelopeError> {
    let mut search = PrimeSearch::from_seed(seed, bits, Share::ALONE)?;
    let mut maker = KeyMaker::from_seed(seed, bits, 1)?;
    loop {
        maker.take(&search.run(CANDIDATES_A_STEP, &mut may_be_prime));
        let key = maker.key()?;
        if !go_on(maker.percent()) {
            return Ok(None);
        }
        if key.is_some() {
            return Ok(key);
        }
    }
}

/// Whether `bits` is a length that keys have here and in the specification.
fn is_length(bits: usize) -> bool {
    (key::RSA_BITS_MIN..=key::RSA_BITS_MAX).contains(&bits) && bits.is_multiple_of(16)
}

#[cfg(test)]
mod tests;
