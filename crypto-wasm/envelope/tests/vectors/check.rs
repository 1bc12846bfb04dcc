//! Runs the stored vectors over any implementation of the RSA operations. A crate with another
//! implementation includes this file by its path, so that all pass the same vectors.

use data_encoding::{BASE64, HEXLOWER};
use envelope::{
    Certificate, EnvelopeError, Jwe, Jws, Role, Rsa, RsaPrivateKey, SessionKey, SigningKey,
    TrustAnchor, VerifiedCertificate, VerifyingKey, enrol, key_file, key_set, verify_chain, words,
};
use message::{
    Bic, Payload, SessionId, Thumbprint,
    jwk::Jwk,
    order::PaymentOrder,
    slip::{Locator, Secret},
};
use serde_json::Value;

fn read(json: &str) -> Value {
    serde_json::from_str(json).unwrap()
}

fn list<'a>(value: &'a Value, name: &str) -> &'a [Value] {
    let list = value[name].as_array().unwrap();
    assert!(!list.is_empty());
    list
}

fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap()
}

fn bytes(value: &Value, name: &str) -> Vec<u8> {
    BASE64.decode(text(value, name).as_bytes()).unwrap()
}

fn jwk(value: &Value) -> VerifyingKey {
    let jwk: Jwk = serde_json::from_value(value["jwk"].clone()).unwrap();
    VerifyingKey::from_jwk(&jwk).unwrap()
}

/// Everything.
pub fn all(rsa: &dyn Rsa) {
    signed(rsa);
    sealed(rsa);
    certificates(rsa);
    documents(rsa);
}

fn signed(rsa: &dyn Rsa) {
    let vectors = read(include_str!("signed.json"));
    for vector in list(&vectors, "accepted") {
        let jws = Jws::parse(text(vector, "jws")).unwrap();
        let verified = jws.verify(rsa, &jwk(vector)).unwrap();
        assert_eq!(verified.kind().typ(), text(vector, "typ"));
        assert_eq!(verified.signer().to_string(), text(vector, "kid"));
        assert_eq!(verified.digest().to_string(), text(vector, "digest"));
        let payload: Payload<PaymentOrder> = verified.payload().unwrap();
        let expected = serde_json::from_str(text(vector, "payload")).unwrap();
        assert_eq!(payload, expected);
    }
    let refused = &vectors["refused"];
    let key = jwk(refused);
    for vector in list(refused, "messages") {
        let verified = Jws::parse(text(vector, "jws"))
            .map_err(EnvelopeError::from)
            .and_then(|jws| jws.verify(rsa, &key));
        assert!(verified.is_err(), "{}", vector["why"]);
    }
}

fn sealed(rsa: &dyn Rsa) {
    let vectors = read(include_str!("sealed.json"));
    for vector in list(&vectors, "accepted") {
        let jwe = Jwe::parse(text(vector, "jwe")).unwrap();
        assert_eq!(HEXLOWER.encode(&jwe.id()), text(vector, "id"));
        let jws = if vector["session"].is_string() {
            let session = SessionId::parse(text(vector, "session")).unwrap();
            assert_eq!(jwe.recipient(), envelope::Recipient::Session(session));
            let key = SessionKey::from_base64url(text(vector, "session_key")).unwrap();
            jwe.open_with_session(&key).unwrap()
        } else {
            let kid = Thumbprint::parse(text(vector, "kid")).unwrap();
            assert_eq!(jwe.recipient(), envelope::Recipient::Key(kid));
            let key = RsaPrivateKey::from_pkcs8_der(&bytes(vector, "pkcs8")).unwrap();
            jwe.open_with_key(rsa, &key).unwrap()
        };
        assert_eq!(jws.as_str(), text(vector, "jws"));
    }
    let refused = &vectors["refused"];
    let key = RsaPrivateKey::from_pkcs8_der(&bytes(refused, "pkcs8")).unwrap();
    for vector in list(refused, "messages") {
        let opened = Jwe::parse(text(vector, "jwe"))
            .map_err(EnvelopeError::from)
            .and_then(|jwe| jwe.open_with_key(rsa, &key));
        assert!(opened.is_err(), "{}", vector["why"]);
    }
}

struct Chain {
    anchor: TrustAnchor,
    intermediates: Vec<Certificate>,
}

fn chain(vectors: &Value) -> Chain {
    let root = Certificate::from_der(&bytes(vectors, "root")).unwrap();
    let intermediates = list(vectors, "intermediates")
        .iter()
        .map(|der| BASE64.decode(der.as_str().unwrap().as_bytes()).unwrap())
        .map(|der| Certificate::from_der(&der).unwrap())
        .collect();
    Chain {
        anchor: TrustAnchor::new(root).unwrap(),
        intermediates,
    }
}

fn verify(
    rsa: &dyn Rsa,
    chain: &Chain,
    vector: &Value,
    now: i64,
) -> Result<VerifiedCertificate, envelope::CertificateError> {
    let certificate = Certificate::from_der(&bytes(vector, "certificate"))?;
    let role = Role::parse(text(vector, "role")).unwrap();
    let bic = Bic::parse(text(vector, "party")).unwrap();
    let (anchor, between) = (&chain.anchor, &chain.intermediates);
    verify_chain(rsa, anchor, &certificate, between, role, bic, now)
}

fn certificates(rsa: &dyn Rsa) {
    let vectors = read(include_str!("certificates.json"));
    let chain = chain(&vectors);
    let now = vectors["now"].as_i64().unwrap();
    for vector in list(&vectors, "accepted") {
        let verified = verify(rsa, &chain, vector, now).unwrap();
        assert_eq!(verified.holder().to_string(), text(vector, "holder"));
        assert_eq!(verified.key_thumbprint().to_string(), text(vector, "key"));
    }
    for vector in list(&vectors, "refused") {
        let at = vector["at"].as_i64().unwrap();
        let refused = verify(rsa, &chain, vector, at);
        assert!(refused.is_err(), "{}", vector["why"]);
    }
}

fn documents(rsa: &dyn Rsa) {
    let vectors = read(include_str!("documents.json"));
    for vector in list(&vectors, "thumbprints") {
        let thumbprint = jwk(vector).thumbprint();
        assert_eq!(thumbprint.to_string(), text(vector, "thumbprint"));
    }
    let slip = &vectors["slip"];
    let proof = enrol::proof(
        &Secret::parse(text(slip, "secret")).unwrap(),
        &Locator::parse(text(slip, "locator")).unwrap(),
        &Thumbprint::parse(text(slip, "signing")).unwrap(),
        &Thumbprint::parse(text(slip, "encryption")).unwrap(),
    );
    assert_eq!(proof, text(slip, "proof"));
    let five = &vectors["words"];
    let thumbprint = Thumbprint::parse(text(five, "thumbprint")).unwrap();
    let expected: Vec<&str> = list(five, "words")
        .iter()
        .filter_map(Value::as_str)
        .collect();
    assert_eq!(words::five_words(&thumbprint).to_vec(), expected);
    let file = &vectors["key_file"];
    let der = key_file::decrypt_pkcs8(text(file, "pem"), text(file, "passphrase")).unwrap();
    assert!(SigningKey::from_pkcs8_der(&der).is_ok());
    // The key set is signed by the bank CA of the certificate vectors.
    let certificates = read(include_str!("certificates.json"));
    let bank = &list(&certificates, "accepted")[0];
    let set = &vectors["key_set"];
    let now = set["now"].as_i64().unwrap();
    let bank = verify(rsa, &chain(&certificates), bank, now).unwrap();
    let jws = Jws::parse(text(set, "jws")).unwrap();
    let read = key_set::verify(rsa, &bank, &jws, now).unwrap();
    assert_eq!(Some(read.number), set["number"].as_u64());
    assert_eq!(read.current.kid.to_string(), text(set, "current"));
}
