//! Signed and sealed messages: what must be accepted, and what must be refused.

use crate::{Counter, NOW, Result, rsa_key, signing_key};
use data_encoding::{BASE64, HEXLOWER};
use envelope::{Jws, RustCryptoRsa, SessionKey, seal_bytes, seal_to_key, seal_to_session, sign};
use message::{
    Amount, Currency, Iban, MessageId, Payload, SessionId,
    order::PaymentOrder,
    text::{Name, Remittance},
};
use serde_json::{Value, json};

fn order(iss: String) -> Result<Payload<PaymentOrder>> {
    Ok(Payload {
        iss,
        aud: "HALDDEFF".to_owned(),
        jti: MessageId::new([7; 16]),
        iat: NOW,
        exp: NOW + 900,
        re: None,
        body: PaymentOrder {
            debtor_account: Iban::from_bban("DE", "370905020004100117")?,
            creditor_name: Name::parse("Inês Carvalho")?,
            creditor_account: Iban::from_bban("DE", "700205700000000002")?,
            instructed_amount: Amount::try_new(12_345, Currency::EUR)?,
            remittance: Remittance::parse("Invoice 7")?,
        },
    })
}

fn signed_order(name: &str, rng: &mut Counter) -> Result<Jws> {
    let key = signing_key(name)?;
    let payload = order(key.thumbprint().to_string())?;
    Ok(sign(&RustCryptoRsa, &key, &payload, rng)?)
}

fn with_header(jws: &str, header: &str) -> String {
    let rest = jws.split_once('.').map_or("", |(_, rest)| rest);
    let header = data_encoding::BASE64URL_NOPAD.encode(header.as_bytes());
    format!("{header}.{rest}")
}

pub fn signed(rng: &mut Counter) -> Result<Value> {
    let mut accepted = Vec::new();
    for name in ["device_signing", "rsa2048", "rsa4096", "processor"] {
        let jws = signed_order(name, rng)?;
        accepted.push(json!({
            "key": name,
            "jwk": signing_key(name)?.verifying_key().to_jwk(),
            "jws": jws.as_str(),
            "typ": jws.kind(),
            "kid": jws.kid(),
            "digest": jws.digest(),
            "payload": String::from_utf8(jws.unverified_payload().to_vec())?,
        }));
    }
    let jws = signed_order("processor", rng)?;
    let (text, kid) = (jws.as_str(), jws.kid());
    let refused: Vec<Value> = [
        (
            "no algorithm",
            with_header(
                text,
                &format!(r#"{{"alg":"none","kid":"{kid}","typ":"pain.001"}}"#),
            ),
        ),
        (
            "an algorithm that is not accepted",
            with_header(
                text,
                &format!(r#"{{"alg":"RS256","kid":"{kid}","typ":"pain.001"}}"#),
            ),
        ),
        (
            "the algorithm of another key",
            with_header(
                text,
                &format!(r#"{{"alg":"PS256","kid":"{kid}","typ":"pain.001"}}"#),
            ),
        ),
        (
            "an unknown kind",
            with_header(
                text,
                &format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"JWT"}}"#),
            ),
        ),
        (
            "another kind than was signed",
            with_header(
                text,
                &format!(r#"{{"alg":"EdDSA","kid":"{kid}","typ":"receipt"}}"#),
            ),
        ),
        (
            "crit",
            with_header(
                text,
                &format!(r#"{{"alg":"EdDSA","crit":["exp"],"kid":"{kid}","typ":"pain.001"}}"#),
            ),
        ),
        (
            "a repeated member",
            with_header(
                text,
                &format!(r#"{{"alg":"EdDSA","alg":"EdDSA","kid":"{kid}","typ":"pain.001"}}"#),
            ),
        ),
        (
            "a key in the header",
            with_header(
                text,
                &format!(r#"{{"alg":"EdDSA","jwk":{{}},"kid":"{kid}","typ":"pain.001"}}"#),
            ),
        ),
        ("padding of base64url", format!("{text}=")),
        ("a blank in front", format!(" {text}")),
        ("a fourth part", format!("{text}.")),
        (
            "no signature",
            format!(
                "{}.",
                text.rsplit_once('.').map_or("", |(signed, _)| signed)
            ),
        ),
        ("nothing", String::new()),
    ]
    .into_iter()
    .map(|(why, jws)| json!({ "why": why, "jws": jws }))
    .collect();
    let jwk = signing_key("processor")?.verifying_key().to_jwk();
    Ok(json!({
        "accepted": accepted,
        "refused": { "jwk": jwk, "messages": refused },
    }))
}

pub fn sealed(rng: &mut Counter) -> Result<Value> {
    let jws = signed_order("device_signing", rng)?;
    let mut accepted = Vec::new();
    for name in ["bank_encryption", "rsa2048", "rsa4096"] {
        let key = rsa_key(name)?;
        let jwe = seal_to_key(&RustCryptoRsa, key.public(), &jws, rng)?;
        accepted.push(json!({
            "key": name,
            "pkcs8": BASE64.encode(&key.to_pkcs8_der()),
            "kid": key.public().thumbprint(),
            "jwe": jwe.as_str(),
            "id": HEXLOWER.encode(&jwe.id()),
            "jws": jws.as_str(),
        }));
    }
    let session = SessionId::new([9; 16]);
    let key = SessionKey::generate(rng);
    let jwe = seal_to_session(session, &key, &jws, rng)?;
    accepted.push(json!({
        "session": session,
        "session_key": key.to_base64url().as_str(),
        "jwe": jwe.as_str(),
        "id": HEXLOWER.encode(&jwe.id()),
        "jws": jws.as_str(),
    }));
    let recipient = rsa_key("rsa2048")?;
    let kid = recipient.public().thumbprint();
    let good = seal_to_key(&RustCryptoRsa, recipient.public(), &jws, rng)?;
    let text = good.as_str();
    let bare = seal_bytes(
        &RustCryptoRsa,
        recipient.public(),
        jws.as_str().as_bytes(),
        rng,
    )?;
    let other = seal_to_key(
        &RustCryptoRsa,
        rsa_key("device_encryption")?.public(),
        &jws,
        rng,
    )?;
    let refused: Vec<Value> = [
        (
            "another way to wrap the key",
            with_header(
                text,
                &format!(r#"{{"alg":"RSA1_5","enc":"A256GCM","kid":"{kid}"}}"#),
            ),
        ),
        (
            "another encryption",
            with_header(
                text,
                &format!(r#"{{"alg":"RSA-OAEP-256","enc":"A128GCM","kid":"{kid}"}}"#),
            ),
        ),
        (
            "compression",
            with_header(
                text,
                &format!(r#"{{"alg":"RSA-OAEP-256","enc":"A256GCM","kid":"{kid}","zip":"DEF"}}"#),
            ),
        ),
        (
            "crit",
            with_header(
                text,
                &format!(r#"{{"alg":"RSA-OAEP-256","crit":["x"],"enc":"A256GCM","kid":"{kid}"}}"#),
            ),
        ),
        (
            "the members in another order than was sealed",
            with_header(
                text,
                &format!(r#"{{"enc":"A256GCM","alg":"RSA-OAEP-256","kid":"{kid}"}}"#),
            ),
        ),
        ("a message that is not padded", bare.as_str().to_owned()),
        ("sealed to another key", other.as_str().to_owned()),
        ("padding of base64url", format!("{text}=")),
        (
            "four parts",
            text.rsplit_once('.')
                .map_or("", |(parts, _)| parts)
                .to_owned(),
        ),
        ("nothing", String::new()),
    ]
    .into_iter()
    .map(|(why, jwe)| json!({ "why": why, "jwe": jwe }))
    .collect();
    Ok(json!({
        "accepted": accepted,
        "refused": { "pkcs8": BASE64.encode(&recipient.to_pkcs8_der()), "messages": refused },
    }))
}
