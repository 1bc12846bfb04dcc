//! Sorts out candidates that have a small factor, which most have, before anything slow is done.

/// Small primes are tried up to here. Each further one costs every survivor a division and saves
/// fewer and fewer Miller-Rabin rounds; this is about where it stops to pay in a browser.
const LIMIT: u32 = 16_384;

/// Some small primes, and their product, which is divided by once for all of them.
struct Group {
    product: u32,
    primes: Vec<u32>,
}

/// Odd primes below [`LIMIT`], in groups whose products have at most 32 bits.
pub(super) struct Sieve(Vec<Group>);

impl Sieve {
    pub(super) fn new() -> Self {
        let mut groups: Vec<Group> = Vec::new();
        for prime in small_primes() {
            let fits = groups
                .last_mut()
                .and_then(|group| Some((group.product.checked_mul(prime)?, group)));
            if let Some((product, group)) = fits {
                group.product = product;
                group.primes.push(prime);
            } else {
                groups.push(Group {
                    product: prime,
                    primes: vec![prime],
                });
            }
        }
        Self(groups)
    }

    /// Whether no small prime divides it. The candidate, big-endian, is odd and larger than any of
    /// them, so one that has such a factor is no prime.
    pub(super) fn passes(&self, candidate: &[u8]) -> bool {
        let limbs = limbs(candidate);
        self.0.iter().all(|group| {
            let rest = remainder(&limbs, group.product);
            !group.primes.iter().any(|prime| rest.is_multiple_of(*prime))
        })
    }
}

/// 32 bits each, the highest first; the first one may be short.
fn limbs(candidate: &[u8]) -> Vec<u32> {
    let mut limbs: Vec<u32> = candidate
        .rchunks(4)
        .map(|bytes| {
            let one = |limb: u32, byte: &u8| (limb << 8) | u32::from(*byte);
            bytes.iter().fold(0, one)
        })
        .collect();
    limbs.reverse();
    limbs
}

fn remainder(limbs: &[u32], divisor: u32) -> u32 {
    let divisor = u64::from(divisor);
    let rest = limbs
        .iter()
        .fold(0, |rest, limb| ((rest << 32) | u64::from(*limb)) % divisor);
    // Less than a divisor of 32 bits.
    rest as u32
}

fn small_primes() -> Vec<u32> {
    let mut found: Vec<u32> = Vec::new();
    for number in (3..LIMIT).step_by(2) {
        let divisors = found.iter().take_while(|prime| **prime * **prime <= number);
        if !divisors.clone().any(|prime| number.is_multiple_of(*prime)) {
            found.push(number);
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_bigint::BoxedUint;
    use crypto_primes::{Flavor, is_prime};
    use proptest::prelude::*;

    fn number(bytes: &[u8]) -> BoxedUint {
        BoxedUint::from_be_slice_vartime(bytes)
    }

    #[test]
    fn the_small_primes_are_the_primes() {
        let primes = small_primes();
        assert_eq!(primes.len(), 1_899);
        for (place, prime) in primes.iter().enumerate() {
            assert!(is_prime(Flavor::Any, &BoxedUint::from(*prime)), "{place}");
        }
    }

    #[test]
    fn every_group_finds_each_of_its_primes() {
        let sieve = Sieve::new();
        let cofactor = (BoxedUint::one_with_precision(1536) << 1_400) + BoxedUint::one();
        for prime in small_primes() {
            let product = &cofactor * &BoxedUint::from(prime);
            assert!(!sieve.passes(&product.to_be_bytes()), "{prime}");
        }
    }

    proptest! {
        #[test]
        fn only_composites_are_sorted_out(mut bytes in prop::collection::vec(any::<u8>(), 5..40)) {
            bytes[0] |= 0xc0;
            if let Some(last) = bytes.last_mut() {
                *last |= 7;
            }
            let passes = Sieve::new().passes(&bytes);
            prop_assert!(passes || !is_prime(Flavor::Any, &number(&bytes)));
        }

        #[test]
        fn the_remainder_is_that_of_the_library(
            bytes in prop::collection::vec(any::<u8>(), 1..200),
            divisor in 1_u32..,
        ) {
            let wide = number(&bytes);
            let divisor_wide = crypto_bigint::NonZero::new(BoxedUint::from(divisor)).unwrap();
            let expected = wide.rem_vartime(&divisor_wide);
            let rest = remainder(&limbs(&bytes), divisor);
            prop_assert_eq!(BoxedUint::from(rest), expected);
        }
    }
}
