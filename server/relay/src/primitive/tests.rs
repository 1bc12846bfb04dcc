//! Both implementations of RSA pass the same checks, alone and with each other.

use super::*;
use envelope::RustCryptoRsa;
use rand_core::UnwrapErr;
use std::sync::LazyLock;

/// A key as bytes: each reading of it has a slot of its own, so each implementation gets to keep its
/// parsed form.
static KEY: LazyLock<Zeroizing<Vec<u8>>> =
    LazyLock::new(|| AwsLcRsa.generate(2048, &mut rng()).unwrap().to_pkcs8_der());

const BOTH: [&dyn Rsa; 2] = [&AwsLcRsa, &RustCryptoRsa];

fn rng() -> UnwrapErr<getrandom::SysRng> {
    UnwrapErr(getrandom::SysRng)
}

fn key() -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs8_der(&KEY).unwrap()
}

#[test]
fn what_one_signs_the_other_verifies() {
    for signer in BOTH {
        let signature = signer.sign_pss_sha256(&key(), b"pay", &mut rng()).unwrap();
        for verifier in BOTH {
            let key = key();
            let holds = |message: &[u8], signature: &[u8]| {
                verifier.verify_pss_sha256(key.public(), message, signature)
            };
            assert!(holds(b"pay", &signature));
            assert!(!holds(b"pay more", &signature));
            let mut altered = signature.clone();
            altered[100] ^= 1;
            assert!(!holds(b"pay", &altered));
            assert!(!holds(b"pay", &signature[1..]));
            assert!(!holds(b"pay", b""));
        }
    }
}

#[test]
fn what_one_encrypts_the_other_decrypts() {
    for sealer in BOTH {
        let ciphertext = sealer
            .encrypt_oaep_sha256(key().public(), b"a content key", &mut rng())
            .unwrap();
        for opener in BOTH {
            let plaintext = opener.decrypt_oaep_sha256(&key(), &ciphertext).unwrap();
            assert_eq!(plaintext.as_slice(), b"a content key");
            let mut altered = ciphertext.clone();
            altered[7] ^= 1;
            for wrong in [&altered[..], &ciphertext[1..], b""] {
                let error = opener.decrypt_oaep_sha256(&key(), wrong).unwrap_err();
                assert_eq!(error, EnvelopeError::Opening);
            }
        }
    }
}

#[test]
fn a_plaintext_that_does_not_fit_is_refused() {
    for rsa in BOTH {
        assert!(
            rsa.encrypt_oaep_sha256(key().public(), &[7; 191], &mut rng())
                .is_err()
        );
        assert!(
            rsa.encrypt_oaep_sha256(key().public(), &[7; 190], &mut rng())
                .is_ok()
        );
    }
}

#[test]
fn keys_are_of_the_size_that_was_asked_for() {
    let key = AwsLcRsa.generate(3072, &mut rng()).unwrap();
    assert_eq!(key.public().bits(), 3072);
    for bits in [1024, 2047, 2049, 8192] {
        assert_eq!(
            AwsLcRsa.generate(bits, &mut rng()).unwrap_err(),
            EnvelopeError::Key
        );
    }
}

#[test]
fn a_parsed_key_is_kept() {
    let key = key();
    let first = public(key.public()).unwrap();
    assert!(Arc::ptr_eq(&first, &public(key.public()).unwrap()));
    let first = private(&key).unwrap();
    assert!(Arc::ptr_eq(&first, &private(&key.clone()).unwrap()));
}
