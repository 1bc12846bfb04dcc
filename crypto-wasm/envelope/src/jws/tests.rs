use super::*;
use crate::{
    RustCryptoRsa,
    testing::{changed, order, order_for, rng, signing_key},
};
use message::{order::PaymentOrder, receipt::Receipt};
use proptest::prelude::*;

fn header(json: &str) -> String {
    encoding::to_base64url(json.as_bytes())
}

#[test]
fn what_is_signed_is_verified_and_read() {
    for name in ["device_signing", "processor", "rsa2048", "rsa4096"] {
        let key = signing_key(name);
        let jws = sign(&RustCryptoRsa, &key, &order(), &mut rng()).unwrap();
        let read = Jws::parse(jws.as_str()).unwrap();
        assert_eq!(read, jws);
        assert_eq!(read.kid(), key.thumbprint());
        let verified = read.verify(&RustCryptoRsa, &key.verifying_key()).unwrap();
        assert_eq!(verified.signer(), key.thumbprint());
        assert_eq!(verified.digest(), jws.digest());
        assert_eq!(verified.payload::<PaymentOrder>().unwrap(), order());
        assert!(verified.payload::<Receipt>().is_err());
        assert!(jws.as_str().len() <= JWS_BYTES_MAX);
    }
}

#[test]
fn the_bytes_shown_are_the_bytes_signed() {
    let key = signing_key("device_signing");
    let input = prepare(key.thumbprint(), key.algorithm(), &order()).unwrap();
    let jws = input.sign(&RustCryptoRsa, &key, &mut rng()).unwrap();
    assert!(jws.as_str().as_bytes().starts_with(input.as_bytes()));
    assert_eq!(input.payload_json().as_bytes(), jws.unverified_payload());
    assert_eq!(input.len(), input.as_bytes().len());
    assert!(!input.is_empty());
    let other = signing_key("processor");
    assert_eq!(
        input.sign(&RustCryptoRsa, &other, &mut rng()),
        Err(EnvelopeError::Key)
    );
}

#[test]
fn another_key_and_every_changed_character_are_refused() {
    for name in ["processor", "rsa2048"] {
        let key = signing_key(name);
        let jws = sign(&RustCryptoRsa, &key, &order(), &mut rng()).unwrap();
        let other = signing_key("device_signing").verifying_key();
        assert_eq!(
            jws.verify(&RustCryptoRsa, &other),
            Err(EnvelopeError::Signature)
        );
        for at in 0..jws.as_str().len() {
            let text = changed(jws.as_str(), at);
            let refused = Jws::parse(&text).is_err_and(|_| true)
                || Jws::parse(&text)
                    .unwrap()
                    .verify(&RustCryptoRsa, &key.verifying_key())
                    .is_err();
            assert!(refused, "character {at}");
        }
    }
}

#[test]
fn only_the_exact_header_is_accepted() {
    let key = signing_key("processor");
    let jws = sign(&RustCryptoRsa, &key, &order(), &mut rng()).unwrap();
    let (_, rest) = jws.as_str().split_once('.').unwrap();
    let kid = key.thumbprint();
    let good = format!(r#"{{"typ":"pain.001","alg":"EdDSA","kid":"{kid}"}}"#);
    assert!(Jws::parse(&format!("{}.{rest}", header(&good))).is_ok());
    for bad in [
        format!(r#"{{"alg":"none","kid":"{kid}","typ":"pain.001"}}"#),
        format!(r#"{{"alg":"RS256","kid":"{kid}","typ":"pain.001"}}"#),
        format!(r#"{{"alg":"HS256","kid":"{kid}","typ":"pain.001"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"JWT"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"PAIN.001"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}"}}"#),
        r#"{"alg":"EdDSA","typ":"pain.001"}"#.to_owned(),
        r#"{"alg":"EdDSA","kid":"device","typ":"pain.001"}"#.to_owned(),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"pain.001","crit":["exp"]}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"pain.001","b64":false}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"pain.001","jwk":{{}}}}"#),
        format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{kid}","typ":"pain.001"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}=","typ":"pain.001"}}"#),
        format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"pain.001"}}{{}}"#),
        String::new(),
        "null".to_owned(),
    ] {
        let text = format!("{}.{rest}", header(&bad));
        assert_eq!(Jws::parse(&text), Err(Malformed("signed message")), "{bad}");
    }
}

#[test]
fn only_the_exact_form_is_accepted() {
    let key = signing_key("processor");
    let jws = sign(&RustCryptoRsa, &key, &order(), &mut rng()).unwrap();
    let text = jws.as_str();
    let parts: Vec<&str> = text.split('.').collect();
    for bad in [
        format!("{text}."),
        format!("{text}="),
        format!(" {text}"),
        format!("{text}\n"),
        format!(".{text}"),
        text.replacen('.', "=.", 1),
        format!("{}.{}", parts[0], parts[1]),
        format!("{}..{}", parts[0], parts[2].replace(['-', '_'], "+")),
        String::new(),
        "..".to_owned(),
        "a".repeat(JWS_BYTES_MAX + 1),
    ] {
        assert!(Jws::parse(&bad).is_err(), "{bad}");
    }
    // A detached or empty signature has the form of a JWS but verifies with nothing.
    let empty = format!("{}.{}.", parts[0], parts[1]);
    let jws = Jws::parse(&empty).unwrap();
    assert!(jws.verify(&RustCryptoRsa, &key.verifying_key()).is_err());
}

#[test]
fn a_payload_with_repeated_or_unknown_members_is_not_read() {
    let key = signing_key("processor");
    let kid = key.thumbprint();
    let json = serde_json::to_string(&order()).unwrap();
    for bad in [
        json.replacen("\"iat\"", "\"iat\":1,\"iat\"", 1),
        json.replacen("\"iat\"", "\"extra\":1,\"iat\"", 1),
        json.replacen("\"creditor_name\"", "\"extra\":1,\"creditor_name\"", 1),
        format!("{json} x"),
    ] {
        let head = format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"pain.001"}}"#);
        let input = format!("{}.{}", header(&head), header(&bad));
        let signature = key
            .sign_bytes(&RustCryptoRsa, input.as_bytes(), &mut rng())
            .unwrap();
        let text = format!("{input}.{}", encoding::to_base64url(&signature));
        let verified = Jws::parse(&text)
            .unwrap()
            .verify(&RustCryptoRsa, &key.verifying_key())
            .unwrap();
        assert!(verified.payload::<PaymentOrder>().is_err(), "{bad}");
    }
}

#[test]
fn a_payload_of_the_stated_size_always_fits() {
    let key = signing_key("rsa4096");
    let frame = serde_json::to_vec(&big(0)).unwrap().len();
    let fits = sign(
        &RustCryptoRsa,
        &key,
        &big(PAYLOAD_BYTES_MAX - frame),
        &mut rng(),
    )
    .unwrap();
    assert!(fits.as_str().len() <= JWS_BYTES_MAX);
    assert!(Jws::parse(fits.as_str()).is_ok());
    assert_eq!(
        sign(&RustCryptoRsa, &key, &big(JWS_BYTES_MAX), &mut rng()),
        Err(EnvelopeError::TooLarge)
    );
}

/// A payload with a member of any length, of the kind with the longest name.
fn big(length: usize) -> Payload<message::enrol::EnrolConfirm> {
    let Payload {
        iss,
        aud,
        jti,
        iat,
        exp,
        re,
        ..
    } = order();
    Payload {
        iss,
        aud,
        jti,
        iat,
        exp,
        re,
        body: message::enrol::EnrolConfirm {
            nonce: "n".repeat(length),
        },
    }
}

proptest! {
    #[test]
    fn parse_never_panics(text in ".*", dotted in "[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}\\.[A-Za-z0-9_-]{0,40}") {
        let _ = (Jws::parse(&text), Jws::parse(&dotted));
    }

    #[test]
    fn any_remittance_comes_back(text in "[\\PC&&[^\\s\u{200b}-\u{200f}\u{2028}-\u{202e}\u{2060}-\u{206f}\u{feff}]]{0,140}") {
        let key = signing_key("processor");
        let payload = order_for(&text);
        let jws = sign(&RustCryptoRsa, &key, &payload, &mut rng()).unwrap();
        let verified = Jws::parse(jws.as_str()).unwrap().verify(&RustCryptoRsa, &key.verifying_key()).unwrap();
        prop_assert_eq!(verified.payload::<PaymentOrder>().unwrap(), payload);
    }
}
