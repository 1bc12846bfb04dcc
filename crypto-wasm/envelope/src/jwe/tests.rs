use super::*;
use crate::{
    RustCryptoRsa, sign,
    testing::{changed, order, rng, rsa_key, signing_key},
};
use proptest::prelude::*;

fn jws() -> Jws {
    sign(
        &RustCryptoRsa,
        &signing_key("processor"),
        &order(),
        &mut rng(),
    )
    .unwrap()
}

fn session() -> SessionId {
    SessionId::new([9; 16])
}

#[test]
fn what_is_sealed_to_a_key_is_opened_with_it_alone() {
    for name in ["rsa2048", "device_encryption", "rsa4096"] {
        let key = rsa_key(name);
        let jwe = seal_to_key(&RustCryptoRsa, key.public(), &jws(), &mut rng()).unwrap();
        let read = Jwe::parse(jwe.as_str()).unwrap();
        assert_eq!(read, jwe);
        assert_eq!(read.recipient(), Recipient::Key(key.public().thumbprint()));
        let opened = read.open_with_key(&RustCryptoRsa, &key).unwrap();
        assert_eq!(opened.kind(), message::Kind::PaymentOrder);
        let other = rsa_key("bank_encryption");
        assert_eq!(
            read.open_with_key(&RustCryptoRsa, &other),
            Err(EnvelopeError::Opening)
        );
        let wrong = SessionKey::generate(&mut rng());
        assert_eq!(read.open_with_session(&wrong), Err(EnvelopeError::Opening));
    }
}

#[test]
fn a_session_opens_its_own_envelopes() {
    let key = SessionKey::generate(&mut rng());
    let sent = jws();
    let jwe = seal_to_session(session(), &key, &sent, &mut rng()).unwrap();
    let read = Jwe::parse(jwe.as_str()).unwrap();
    assert_eq!(read, jwe);
    assert_eq!(read.recipient(), Recipient::Session(session()));
    assert_eq!(read.open_with_session(&key).unwrap(), sent);
    let again = SessionKey::from_base64url(&key.to_base64url()).unwrap();
    assert_eq!(read.open_with_session(&again).unwrap(), sent);
    let other = SessionKey::generate(&mut rng());
    assert_eq!(read.open_with_session(&other), Err(EnvelopeError::Opening));
    assert!(!format!("{key:?}").contains(key.to_base64url().as_str()));
}

#[test]
fn every_changed_character_is_refused() {
    let key = SessionKey::generate(&mut rng());
    let jwe = seal_to_session(session(), &key, &jws(), &mut rng()).unwrap();
    for at in 0..jwe.as_str().len() {
        let opened = Jwe::parse(&changed(jwe.as_str(), at))
            .map_err(EnvelopeError::from)
            .and_then(|jwe| jwe.open_with_session(&key));
        assert!(opened.is_err(), "character {at}");
    }
    let key = rsa_key("rsa2048");
    let jwe = seal_to_key(&RustCryptoRsa, key.public(), &jws(), &mut rng()).unwrap();
    // Each place of the header and the wrapped key, and every fifth of the rest.
    let places = (0..520).chain((520..jwe.as_str().len()).step_by(5));
    for at in places {
        let opened = Jwe::parse(&changed(jwe.as_str(), at))
            .map_err(EnvelopeError::from)
            .and_then(|jwe| jwe.open_with_key(&RustCryptoRsa, &key));
        assert!(opened.is_err(), "character {at}");
    }
}

#[test]
fn contents_have_one_of_six_sizes() {
    let key = rsa_key("rsa2048");
    for (class, lengths) in [(1024, 900..950), (2048, 1030..1080)] {
        for length in lengths {
            let text = format!("{:width$}", "x", width = length);
            let content = SIZE_CLASSES.into_iter().find(|size| text.len() <= *size);
            assert_eq!(content, Some(class));
        }
    }
    let sent = jws();
    let jwe = seal_to_key(&RustCryptoRsa, key.public(), &sent, &mut rng()).unwrap();
    assert!(SIZE_CLASSES.contains(&jwe.ciphertext.len()));
    assert!(jwe.as_str().len() <= ENVELOPE_BYTES_MAX);
    // The same message without padding is refused.
    let bare = seal_bytes(
        &RustCryptoRsa,
        key.public(),
        sent.as_str().as_bytes(),
        &mut rng(),
    )
    .unwrap();
    assert_eq!(
        bare.open_with_key(&RustCryptoRsa, &key),
        Err(EnvelopeError::Opening)
    );
    // So is what is no message at all.
    let junk = seal_bytes(&RustCryptoRsa, key.public(), &[b' '; 1024], &mut rng()).unwrap();
    assert_eq!(
        junk.open_with_key(&RustCryptoRsa, &key),
        Err(EnvelopeError::Opening)
    );
}

#[test]
fn the_largest_message_fits_an_envelope() {
    let key = rsa_key("rsa4096");
    let largest = vec![b'x'; CONTENT_BYTES_MAX];
    let jwe = seal_bytes(&RustCryptoRsa, key.public(), &largest, &mut rng()).unwrap();
    assert!(jwe.as_str().len() <= ENVELOPE_BYTES_MAX);
    let read = Jwe::parse(jwe.as_str()).unwrap();
    let opened = open_bytes(&RustCryptoRsa, &key, &read).unwrap();
    assert_eq!(opened.as_slice(), largest);
    let too_large = vec![b'x'; CONTENT_BYTES_MAX + 1];
    assert_eq!(
        seal_bytes(&RustCryptoRsa, key.public(), &too_large, &mut rng()),
        Err(EnvelopeError::TooLarge)
    );
    assert!(Jwe::parse(&"a".repeat(ENVELOPE_BYTES_MAX + 1)).is_err());
}

#[test]
fn only_the_exact_header_is_accepted() {
    let key = rsa_key("rsa2048");
    let jwe = seal_to_key(&RustCryptoRsa, key.public(), &jws(), &mut rng()).unwrap();
    let (_, rest) = jwe.as_str().split_once('.').unwrap();
    let kid = key.public().thumbprint();
    let with = |json: &str| format!("{}.{rest}", encoding::to_base64url(json.as_bytes()));
    let good = format!(r#"{{"enc":"A256GCM","alg":"RSA-OAEP-256","kid":"{kid}"}}"#);
    assert!(Jwe::parse(&with(&good)).is_ok());
    for bad in [
        format!(r#"{{"alg":"RSA1_5","enc":"A256GCM","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RSA-OAEP","enc":"A256GCM","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"dir","enc":"A256GCM","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"A256GCMKW","enc":"A256GCM","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RSA-OAEP-256","enc":"A128GCM","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256CBC-HS512","kid":"{kid}"}}"#),
        format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{kid}","zip":"DEF"}}"#),
        format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{kid}","crit":[]}}"#),
        format!(
            r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{kid}","iv":"AAAAAAAAAAAAAAAA"}}"#
        ),
        format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{kid}","kid":"{kid}"}}"#),
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM"}"#.to_owned(),
        r#"{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"x"}"#.to_owned(),
        "[]".to_owned(),
    ] {
        assert!(Jwe::parse(&with(&bad)).is_err(), "{bad}");
    }
    for bad in [
        format!("{}.x", jwe.as_str()),
        format!("{}=", jwe.as_str()),
        jwe.as_str().replacen('.', "", 1),
        "....".to_owned(),
        String::new(),
    ] {
        assert!(Jwe::parse(&bad).is_err(), "{bad}");
    }
}

proptest! {
    #[test]
    fn parse_never_panics(text in ".*", dotted in "([A-Za-z0-9_-]{0,40}\\.){4}[A-Za-z0-9_-]{0,40}") {
        let _ = (Jwe::parse(&text), Jwe::parse(&dotted), SessionKey::from_base64url(&text));
    }

    #[test]
    fn any_bytes_come_back(content in proptest::collection::vec(any::<u8>(), 0..300)) {
        let key = rsa_key("rsa2048");
        let jwe = seal_bytes(&RustCryptoRsa, key.public(), &content, &mut rng()).unwrap();
        let jwe = Jwe::parse(jwe.as_str()).unwrap();
        let opened = open_bytes(&RustCryptoRsa, &key, &jwe).unwrap();
        prop_assert_eq!(opened.as_slice(), content);
    }
}
