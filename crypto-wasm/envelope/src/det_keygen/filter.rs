//! A quick test that only sorts out: Euler's criterion for the base 2, some three times as fast as
//! the library's Miller-Rabin, which does much more than a single fixed base needs.
//!
//! A prime that is 7 modulo 8 has 2 as a square, so 2 to the power of (n - 1) / 2 is 1 modulo n.
//! What does not have that is composite; of what has, the library decides.
//!
//! Numbers are limbs of 28 bits, the lowest first, in 64: a whole column of products fits without a
//! carry. Montgomery's reduction with R of at least 16 n takes numbers below 4 n and gives numbers
//! below 2 n, so there is nothing to compare or subtract on the way.

const BITS: usize = 28;
const MASK: u64 = (1 << BITS) - 1;

/// The longest number, in limbs: a candidate of 2048 bits. A column then gets at most 37 products
/// below 2^57 (one for two that are alike) and 74 below 2^56, together below 2^64.
const LIMBS_MAX: usize = 74;

/// Whether the candidate may be prime. Big-endian, its two highest bits set, 7 modulo 8. It never
/// says no to a prime.
///
/// `prime-filter` says the same sooner where a processor's vectors can be used.
pub fn may_be_prime(candidate: &[u8]) -> bool {
    let bits = candidate.len() * 8;
    let length = (bits + 4).div_ceil(BITS);
    if length > LIMBS_MAX {
        return true;
    }
    let n = limbs(candidate, length);
    let inverse = negative_inverse(n[0]);
    let mut x = one(&n, bits);
    let mut columns = vec![0; 2 * length];
    // The exponent (n - 1) / 2 has the bits of n without the last one; the first one gives 2.
    double(&mut x);
    for place in (1..bits - 1).rev() {
        square(&x, &mut columns);
        reduce(&mut columns, &n, inverse, &mut x);
        let byte = candidate[candidate.len() - 1 - place / 8];
        if (byte >> (place % 8)) & 1 == 1 {
            double(&mut x);
        }
    }
    // Out of Montgomery's form: at most n, so 1 is 1.
    columns.fill(0);
    columns[..length].copy_from_slice(&x);
    reduce(&mut columns, &n, inverse, &mut x);
    x[0] == 1 && x[1..].iter().all(|limb| *limb == 0)
}

fn limbs(candidate: &[u8], length: usize) -> Vec<u64> {
    let mut limbs = vec![0; length];
    for (place, byte) in candidate.iter().rev().enumerate() {
        let (limb, shift) = (place * 8 / BITS, place * 8 % BITS);
        limbs[limb] |= (u64::from(*byte) << shift) & MASK;
        if shift + 8 > BITS {
            limbs[limb + 1] |= u64::from(*byte) >> (BITS - shift);
        }
    }
    limbs
}

/// -1/n modulo 2^28, by Newton's iteration: each step doubles the bits that are right.
fn negative_inverse(n: u64) -> u64 {
    let mut inverse = n;
    for _ in 0..4 {
        inverse = inverse.wrapping_mul(2_u64.wrapping_sub(n.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg() & MASK
}

/// R modulo n: 2^(bits - 1), which is below n, doubled until it is R.
fn one(n: &[u64], bits: usize) -> Vec<u64> {
    let mut x = vec![0; n.len()];
    x[(bits - 1) / BITS] = 1 << ((bits - 1) % BITS);
    for _ in bits - 1..n.len() * BITS {
        double(&mut x);
        let below = x.iter().rev().lt(n.iter().rev());
        if !below {
            let mut borrow = 0;
            for (limb, taken) in x.iter_mut().zip(n) {
                let rest = limb.wrapping_sub(*taken).wrapping_sub(borrow);
                *limb = rest & MASK;
                borrow = rest >> 63;
            }
        }
    }
    x
}

fn double(x: &mut [u64]) {
    let mut carry = 0;
    for limb in x {
        let doubled = (*limb << 1) | carry;
        *limb = doubled & MASK;
        carry = doubled >> BITS;
    }
}

/// The columns of the square: each product of two limbs stands there twice.
fn square(x: &[u64], columns: &mut [u64]) {
    columns.fill(0);
    let mut at = columns;
    let mut rest = x;
    while let Some((limb, higher)) = rest.split_first() {
        let Some((first, more)) = at.split_first_mut() else {
            return;
        };
        *first = first.wrapping_add(limb.wrapping_mul(*limb));
        let twice = *limb << 1;
        for (column, other) in more.iter_mut().zip(higher) {
            *column = column.wrapping_add(twice.wrapping_mul(*other));
        }
        // The next square stands two columns further on.
        at = more
            .split_first_mut()
            .map_or(&mut [], |(_, further)| further);
        rest = higher;
    }
}

/// Divides the columns by R modulo n.
fn reduce(columns: &mut [u64], n: &[u64], inverse: u64, x: &mut [u64]) {
    let mut carry = 0;
    for place in 0..n.len() {
        let low = columns[place].wrapping_add(carry);
        let factor = (low & MASK).wrapping_mul(inverse) & MASK;
        // This column becomes a multiple of 2^28, and what is above goes into the next.
        carry = low.wrapping_add(factor.wrapping_mul(n[0])) >> BITS;
        let above = &mut columns[place + 1..];
        for (column, limb) in above.iter_mut().zip(&n[1..]) {
            *column = column.wrapping_add(factor.wrapping_mul(*limb));
        }
    }
    for (limb, column) in x.iter_mut().zip(&columns[n.len()..]) {
        let whole = column.wrapping_add(carry);
        *limb = whole & MASK;
        carry = whole >> BITS;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crypto_bigint::{
        BoxedUint, Odd, Resize,
        modular::{BoxedMontyForm, BoxedMontyParams},
    };
    use crypto_primes::{Flavor, is_prime};
    use proptest::prelude::*;

    fn shaped(mut bytes: Vec<u8>) -> Vec<u8> {
        bytes[0] |= 0xc0;
        if let Some(last) = bytes.last_mut() {
            *last |= 7;
        }
        bytes
    }

    /// The same with the library's arithmetic.
    fn is_one(candidate: &[u8]) -> bool {
        let n = BoxedUint::from_be_slice_vartime(candidate);
        let exponent = n.clone() >> 1;
        let two = BoxedUint::from(2_u32).resize(n.bits_precision());
        let params = BoxedMontyParams::new(Odd::new(n).unwrap());
        let power = BoxedMontyForm::new(two, &params).pow(&exponent);
        power.retrieve() == BoxedUint::one()
    }

    #[test]
    fn every_length_and_extreme_value_agrees_with_the_library() {
        for length in [8, 16, 48, 64, 127, 128, 129, 191, 192, 193, 255, 256] {
            let ones = vec![0xff; length];
            let zeros = shaped(vec![0; length]);
            let mixed: Vec<u8> = (0..length).map(|place| (place * 37) as u8).collect();
            for candidate in [ones, zeros, shaped(mixed)] {
                assert_eq!(may_be_prime(&candidate), is_one(&candidate), "{length}");
            }
        }
        assert!(
            may_be_prime(&shaped(vec![1; 300])),
            "longer ones are not judged"
        );
    }

    #[test]
    fn every_small_prime_passes_and_the_rest_agrees() {
        for number in (0xc000_0007_u32..0xc000_4000).step_by(8) {
            let candidate = number.to_be_bytes();
            let passed = may_be_prime(&candidate);
            assert_eq!(passed, is_one(&candidate), "{number}");
            assert!(passed || !is_prime(Flavor::Any, &BoxedUint::from(number)));
        }
    }

    /// The same numbers are given to the form with vectors, where that runs.
    #[test]
    fn composites_that_look_like_primes_are_judged_as_the_library_does() {
        let text = include_str!("../../tests/vectors/candidates.json");
        let numbers: Vec<serde_json::Value> = serde_json::from_str(text).unwrap();
        assert!(numbers.len() >= 10);
        for entry in numbers {
            let number = entry["number"].as_str().unwrap().as_bytes();
            let candidate = data_encoding::HEXLOWER.decode(number).unwrap();
            assert_eq!(may_be_prime(&candidate), is_one(&candidate), "{entry}");
            assert_eq!(may_be_prime(&candidate), entry["passes"] == true, "{entry}");
            let n = BoxedUint::from_be_slice_vartime(&candidate);
            assert!(
                !is_prime(Flavor::Any, &n),
                "the library is not taken in: {entry}"
            );
        }
    }

    proptest! {
        #[test]
        fn it_agrees_with_the_library(bytes in prop::collection::vec(any::<u8>(), 4..257)) {
            let candidate = shaped(bytes);
            prop_assert_eq!(may_be_prime(&candidate), is_one(&candidate));
        }

        #[test]
        fn only_composites_are_sorted_out(number in 0x1800_0000_u32..0x2000_0000) {
            let number = number << 3 | 7;
            let prime = is_prime(Flavor::Any, &BoxedUint::from(number));
            prop_assert!(may_be_prime(&number.to_be_bytes()) || !prime);
        }
    }
}
