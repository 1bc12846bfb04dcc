use super::*;
use crate::{
    Rsa, RustCryptoRsa, SigningKey, VerifyingKey,
    testing::{key_der, rng, rsa_key, signing_key},
};
use proptest::prelude::*;

/// RFC 7638 section 3.1.
const RFC_7638: &str = r#"{"kty":"RSA","n":"0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw","e":"AQAB"}"#;

/// RFC 8037 appendix A.3.
const RFC_8037: &str =
    r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#;

#[test]
fn thumbprints_are_those_of_the_standards() {
    for (jwk, thumbprint) in [
        (RFC_7638, "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"),
        (RFC_8037, "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
    ] {
        let jwk: Jwk = serde_json::from_str(jwk).unwrap();
        let key = VerifyingKey::from_jwk(&jwk).unwrap();
        assert_eq!(key.thumbprint().to_string(), thumbprint);
        assert_eq!(key.to_jwk(), jwk);
        let again = VerifyingKey::from_spki_der(&key.to_spki_der().unwrap()).unwrap();
        assert_eq!(again, key);
    }
}

#[test]
fn private_keys_come_back() {
    for name in ["rsa2048", "rsa4096", "processor", "device_signing"] {
        let key = signing_key(name);
        let der = key.to_pkcs8_der().unwrap();
        assert_eq!(der.as_slice(), key_der(name));
        let again = SigningKey::from_pkcs8_der(&der).unwrap();
        assert_eq!(again.thumbprint(), key.thumbprint());
        assert_eq!(again.verifying_key(), key.verifying_key());
        assert!(format!("{key:?}").len() < 100);
    }
    let made = SigningKey::ed25519_generate(&mut rng()).unwrap();
    let again = SigningKey::from_pkcs8_der(&made.to_pkcs8_der().unwrap()).unwrap();
    assert_eq!(again.thumbprint(), made.thumbprint());
}

#[test]
fn small_large_and_odd_keys_are_refused() {
    assert!(RsaPrivateKey::from_pkcs8_der(&key_der("rsa1024")).is_err());
    assert!(RustCryptoRsa.generate(1024, &mut rng()).is_err());
    assert!(RustCryptoRsa.generate(8192, &mut rng()).is_err());
    let Jwk::Rsa { e, n } = rsa_key("rsa2048").public().to_jwk() else {
        panic!("an RSA key")
    };
    let modulus = encoding::from_base64url(&n, "n").unwrap();
    let zero = encoding::to_base64url(&[&[0], modulus.as_slice()].concat());
    let even = encoding::to_base64url(&[&modulus[..255], &[0]].concat());
    let long = encoding::to_base64url(&[0xff; 1024]);
    let short = encoding::to_base64url(&modulus[..128]);
    for (e, n) in [
        ("Aw", n.as_str()),
        ("AAEAAQ", n.as_str()),
        ("", n.as_str()),
        (e.as_str(), zero.as_str()),
        (e.as_str(), even.as_str()),
        (e.as_str(), long.as_str()),
        (e.as_str(), short.as_str()),
        (e.as_str(), "n="),
        (e.as_str(), ""),
    ] {
        let jwk = Jwk::Rsa {
            e: e.to_owned(),
            n: n.to_owned(),
        };
        assert!(RsaPublicKey::from_jwk(&jwk).is_err(), "{jwk:?}");
    }
    let okp = |crv: &str, x: &[u8]| Jwk::Okp {
        crv: crv.to_owned(),
        x: encoding::to_base64url(x),
    };
    for jwk in [
        okp("X25519", &[9; 32]),
        okp("Ed25519", &[9; 31]),
        // The neutral point, of order one.
        okp("Ed25519", &[&[1_u8][..], &[0; 31]].concat()),
    ] {
        assert!(VerifyingKey::from_jwk(&jwk).is_err(), "{jwk:?}");
    }
}

#[test]
fn a_damaged_private_key_is_refused() {
    let der = key_der("rsa2048");
    let last = der.len() - 1;
    // Lengths, modulus, private exponent, both primes.
    for at in [0, 8, 40, 100, 300, 400, 600, 750] {
        let mut bad = der.clone();
        bad[at] ^= 0x01;
        assert!(RsaPrivateKey::from_pkcs8_der(&bad).is_err(), "byte {at}");
    }
    // What is derived from them is computed anew.
    for at in [1000, last] {
        let mut bad = der.clone();
        bad[at] ^= 0x01;
        let key = RsaPrivateKey::from_pkcs8_der(&bad).unwrap();
        assert_eq!(key.to_pkcs8_der().as_slice(), der);
    }
}

#[test]
fn a_key_is_made() {
    let key = RustCryptoRsa.generate(2048, &mut rng()).unwrap();
    assert_eq!(key.public().bits(), 2048);
    assert_eq!(key.public().size(), 256);
    let again = RsaPrivateKey::from_pkcs8_der(&key.to_pkcs8_der()).unwrap();
    assert_eq!(again.public(), key.public());
    let pkcs1 = RsaPublicKey::from_pkcs1_der(key.public().to_pkcs1_der()).unwrap();
    assert_eq!(&pkcs1, key.public());
}

#[test]
fn decryption_does_not_say_why_it_failed() {
    let key = rsa_key("rsa2048");
    let good = RustCryptoRsa
        .encrypt_oaep_sha256(key.public(), b"secret", &mut rng())
        .unwrap();
    let opened = RustCryptoRsa.decrypt_oaep_sha256(&key, &good).unwrap();
    assert_eq!(opened.as_slice(), b"secret");
    for bad in [
        vec![],
        vec![0; 255],
        vec![0; 256],
        vec![0xff; 256],
        vec![1; 257],
    ] {
        assert_eq!(
            RustCryptoRsa.decrypt_oaep_sha256(&key, &bad),
            Err(EnvelopeError::Opening)
        );
    }
}

proptest! {
    #[test]
    fn reading_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = RsaPublicKey::from_spki_der(&bytes);
        let _ = RsaPublicKey::from_pkcs1_der(&bytes);
        let _ = VerifyingKey::from_spki_der(&bytes);
        let _ = SigningKey::from_pkcs8_der(&bytes);
        let _ = crate::Certificate::from_der(&bytes);
    }
}
