//! Thumbprints, the proof of a slip, five words, a key file, a key set.

use crate::{Counter, NOW, Result, YEAR, key_der, rsa_key};
use envelope::{RustCryptoRsa, enrol, key_file, key_set, words};
use message::{
    Bic,
    key_set::KeySet,
    slip::{Locator, Secret},
};
use serde_json::{Value, json};

pub fn documents(rng: &mut Counter) -> Result<Value> {
    let (signing, encryption) = (rsa_key("device_signing")?, rsa_key("device_encryption")?);
    let (signing, encryption) = (
        signing.public().thumbprint(),
        encryption.public().thumbprint(),
    );
    let (secret, locator) = ("4F7K-9QWE-2MNB-8XPA", "K7QM-2P4X");
    let proof = enrol::proof(
        &Secret::parse(secret)?,
        &Locator::parse(locator)?,
        &signing,
        &encryption,
    );
    let bank = rsa_key("bank_a_ca")?;
    let set = KeySet {
        bank: Bic::parse("HALDDEFF")?,
        number: 2,
        current: key_set::entry(rsa_key("bank_encryption")?.public()),
        old: vec![key_set::entry(rsa_key("rsa2048")?.public())],
        revoked: Vec::new(),
    };
    let jws = key_set::sign(&RustCryptoRsa, &bank, &set, NOW, NOW + YEAR / 2, rng)?;
    let passphrase = "plum velvet orbit canyon";
    let file = key_file::encrypt_pkcs8(&key_der("processor")?, passphrase, rng)?;
    let bank = bank.public().thumbprint();
    // RFC 7638 section 3.1 and RFC 8037 appendix A.
    Ok(json!({
        "thumbprints": [
            {
                "jwk": {
                    "kty": "RSA",
                    "e": "AQAB",
                    "n": "0vx7agoebGcQSuuPiLJXZptN9nndrQmbXEps2aiAFbWhM78LhWx4cbbfAAtVT86zwu1RK7aPFFxuhDR1L6tSoc_BJECPebWKRXjBZCiFV4n3oknjhMstn64tZ_2W-5JsGY4Hc5n9yBXArwl93lqt7_RN5w6Cf0h4QyQ5v-65YGjQR0_FDW2QvzqY368QQMicAtaSqzs8KJZgnYb9c7d0zgdAZHzu6qMQvRL5hajrn1n91CbOpbISD08qNLyrdkt-bFTWhAI4vMQFh6WeZu0fM4lFd2NcRwr3XPksINHaQ-G_xBniIqbw0Ls1jF44-csFCur-kEgU8awapJzKnqDKgw",
                },
                "thumbprint": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs",
            },
            {
                "jwk": {
                    "kty": "OKP",
                    "crv": "Ed25519",
                    "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
                },
                "thumbprint": "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",
            },
        ],
        "slip": {
            "secret": secret,
            "locator": locator,
            "signing": signing,
            "encryption": encryption,
            "proof": proof,
        },
        "words": { "thumbprint": bank, "words": words::five_words(&bank) },
        "key_file": { "key": "processor", "passphrase": passphrase, "pem": file },
        "key_set": { "now": NOW, "jws": jws.as_str(), "number": set.number, "current": set.current.kid },
    }))
}
