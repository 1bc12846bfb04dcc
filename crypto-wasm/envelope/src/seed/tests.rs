use super::*;
use crate::testing::rng;
use std::collections::BTreeSet;

fn bic(text: &str) -> Bic {
    Bic::parse(text).unwrap()
}

#[test]
fn the_derivation_is_hkdf() {
    // RFC 5869, A.3: no salt, no info; the first 32 bytes.
    let expected = "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d";
    let derived = hkdf_sha256(&[0x0b; 22], &[]);
    assert_eq!(data_encoding::HEXLOWER.encode(derived.as_slice()), expected);
}

#[test]
fn every_part_of_the_info_counts() {
    let seed = Seed::from_bytes([7; 32]);
    let mut made = BTreeSet::new();
    for seed in [seed, Seed::from_bytes([8; 32])] {
        for bank in ["HALDDEFF", "HALDDEFFXXX", "BRISDEMM"] {
            for usage in KeyUse::ALL {
                for generation in [1, 2, 256] {
                    made.insert(*seed.key_seed(&bic(bank), usage, generation).as_bytes());
                }
            }
        }
    }
    assert_eq!(made.len(), 36);
}

#[test]
fn a_seed_is_random_and_does_not_show_itself() {
    let seed = Seed::generate(&mut rng());
    assert_ne!(seed, Seed::generate(&mut rng()));
    assert_eq!(format!("{seed:?}"), "Seed(..)");
    let key = seed.key_seed(&bic("HALDDEFF"), KeyUse::Signing, 1);
    assert_eq!(format!("{key:?}"), "KeySeed(..)");
    assert_eq!(KeySeed::from_bytes(*key.as_bytes()), key);
    assert_eq!(Seed::from_bytes(*seed.as_bytes()), seed);
}
