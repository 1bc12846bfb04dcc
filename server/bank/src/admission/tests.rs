use super::*;
use crate::SystemEntropy;
use envelope::{RustCryptoRsa, SigningKey};
use message::payload::CLOCK_SKEW_SECONDS_MAX;
use relay::primitive::AwsLcRsa;

const NOW: Timestamp = 1_800_000_000;

fn bank() -> Bic {
    Bic::parse("HALDDEFF").unwrap()
}

fn label(name: &str) -> Label {
    Label::parse(name).unwrap()
}

fn keys() -> (ProcessorSecret, RsaPublicKey) {
    let secret = ProcessorSecret::make(&AwsLcRsa, &SystemEntropy).unwrap();
    let transport = AwsLcRsa.generate(3072, &mut *SystemEntropy.rng()).unwrap();
    (secret, transport.public().clone())
}

#[test]
fn a_request_is_read_by_the_bank_it_is_for() {
    let (secret, transport) = keys();
    let name = label("processor-3");
    let with = (&secret, &transport);
    let jws = request(&AwsLcRsa, &SystemEntropy, &bank(), &name, with, NOW).unwrap();
    let text = format!("{}\n", jws.as_str());
    let asked = read(&AwsLcRsa, &bank(), &text, NOW + 60).unwrap();
    assert_eq!((asked.id(), &asked.name), (secret.id(), &name));
    assert_eq!(
        asked.unwrap.thumbprint(),
        secret.unwrap.public().thumbprint()
    );
    assert_eq!(asked.transport, transport);
    assert_eq!(asked.words(), five_words(&secret.id()));
    // Another bank, a day later, before its time, cut, altered, too long.
    let other = Bic::parse("BRISDEMM").unwrap();
    assert!(read(&AwsLcRsa, &other, &text, NOW).is_err());
    assert!(read(&AwsLcRsa, &bank(), &text, NOW + LIFETIME_SECONDS_MAX + 1).is_err());
    let early = NOW - CLOCK_SKEW_SECONDS_MAX - 1;
    assert!(read(&AwsLcRsa, &bank(), &text, early).is_err());
    assert!(read(&AwsLcRsa, &bank(), &text[..text.len() - 9], NOW).is_err());
    let long = text.clone() + &" ".repeat(REQUEST_BYTES_MAX);
    assert!(read(&AwsLcRsa, &bank(), &long, NOW).is_err());
    let (stranger, _) = keys();
    let forged = (&stranger, &transport);
    let other = request(&AwsLcRsa, &SystemEntropy, &bank(), &name, forged, NOW).unwrap();
    let parts: Vec<&str> = jws.as_str().split('.').collect();
    let others: Vec<&str> = other.as_str().split('.').collect();
    let mixed = [parts[0], parts[1], others[2]].join(".");
    assert!(read(&AwsLcRsa, &bank(), &mixed, NOW).is_err());
}

#[test]
fn one_key_has_one_use() {
    let (secret, _) = keys();
    let twice = (&secret, secret.unwrap.public());
    let name = label("processor-3");
    let jws = request(&AwsLcRsa, &SystemEntropy, &bank(), &name, twice, NOW).unwrap();
    assert!(read(&AwsLcRsa, &bank(), jws.as_str(), NOW).is_err());
    // Processors sign with Ed25519 and nothing else.
    let (secret, transport) = keys();
    let rsa = SigningKey::Rsa(secret.unwrap.clone());
    let other = ProcessorSecret {
        signing: rsa,
        unwrap: secret.unwrap.clone(),
    };
    let wrong = (&other, &transport);
    let jws = request(&RustCryptoRsa, &SystemEntropy, &bank(), &name, wrong, NOW).unwrap();
    assert!(read(&AwsLcRsa, &bank(), jws.as_str(), NOW).is_err());
}

#[test]
fn names_stand_for_roles_of_processors_alone() {
    for good in ["processor-1", "processor-berlin-2"] {
        assert!(is_name(good), "{good}");
    }
    for bad in [
        "edge-1",
        "registrar",
        "processor",
        "processor-",
        "processor-A",
        "processor-1_2",
        "processor-1;drop",
        "processor-12345678901234567890123456789012",
    ] {
        assert!(!is_name(bad), "{bad}");
    }
}
