//! Real messages to begin with, from the frozen vectors and fixtures.

use data_encoding::{BASE64, BASE64URL_NOPAD};
use message::{
    Amount, Bic, Currency, Digest, Iban, MessageId, Payload, Thumbprint,
    device::{DeviceChange, DeviceOrder},
    enrol::EnrolConfirm,
    interbank::CreditTransfer,
    link::LinkAck,
    parameters::{CurrencyParameters, ParameterValues, Parameters},
    record::{AuthorityAct, AuthorityRecord, LastItem},
    text::{Label, Name, Remittance},
};
use serde::Serialize;
use serde_json::Value;
use std::fs;

fn path(name: &str) -> String {
    format!("{}/tests/{name}", env!("CARGO_MANIFEST_DIR"))
}

fn vectors(name: &str) -> Value {
    serde_json::from_slice(&fs::read(path(&format!("vectors/{name}.json"))).unwrap()).unwrap()
}

/// Every text under this name, wherever it stands.
fn texts(value: &Value, name: &str, found: &mut Vec<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| texts(item, name, found)),
        Value::Object(members) => {
            for (key, value) in members {
                match value {
                    Value::String(text) if key == name => found.push(text.clone()),
                    value => texts(value, name, found),
                }
            }
        }
        _ => {}
    }
}

fn named(file: &str, name: &str) -> Vec<String> {
    let mut found = Vec::new();
    texts(&vectors(file), name, &mut found);
    found
}

fn bytes(texts: Vec<String>) -> Vec<Vec<u8>> {
    texts.into_iter().map(String::into_bytes).collect()
}

pub fn certificates() -> Vec<Vec<u8>> {
    let ders = named("certificates", "certificate");
    ders.iter()
        .map(|text| BASE64.decode(text.as_bytes()).unwrap())
        .collect()
}

pub fn signed() -> Vec<Vec<u8>> {
    let mut all = named("signed", "jws");
    all.extend(named("documents", "jws"));
    bytes(all)
}

pub fn sealed() -> Vec<Vec<u8>> {
    bytes(named("sealed", "jwe"))
}

/// Two signed messages on two lines: the form is all that is read here.
pub fn entries() -> Vec<Vec<u8>> {
    let signed = named("signed", "jws");
    let pairs = signed.windows(2).map(|pair| pair.join("\n"));
    bytes(pairs.collect())
}

pub fn key_files() -> Vec<Vec<u8>> {
    let mut files: Vec<_> = fs::read_dir(path("fixtures")).unwrap().collect();
    files.sort_by_key(|file| file.as_ref().unwrap().path());
    files
        .into_iter()
        .map(|file| fs::read(file.unwrap().path()).unwrap())
        .collect()
}

fn framed<B: Serialize>(body: B) -> Vec<u8> {
    let payload = Payload {
        iss: Thumbprint::new([3; 32]).to_string(),
        aud: "HALDDEFF".to_owned(),
        jti: MessageId::new([7; 16]),
        iat: 1_795_348_800,
        exp: 1_795_349_700,
        re: Some(Digest::new([5; 32])),
        body,
    };
    serde_json::to_vec(&payload).unwrap()
}

/// What the signed vectors say, and one of each kind that they do not have.
pub fn payloads() -> Vec<Vec<u8>> {
    let bic = |text| Bic::parse(text).unwrap();
    let iban = |bank: &str| Iban::from_bban("DE", bank).unwrap();
    let label = || Label::parse("Kitchen table").unwrap();
    let mut all = bytes(named("signed", "payload"));
    for jws in signed() {
        let parts = jws.split(|byte| *byte == b'.').nth(1).map(<[u8]>::to_vec);
        all.extend(parts.and_then(|part| BASE64URL_NOPAD.decode(&part).ok()));
    }
    all.push(framed(EnrolConfirm {
        nonce: "AAAAAAAAAAAAAAAAAAAAAA".to_owned(),
    }));
    all.push(framed(DeviceOrder {
        change: DeviceChange::Rename {
            device: Thumbprint::new([1; 32]),
            name: label(),
        },
    }));
    all.push(framed(CreditTransfer {
        payment: MessageId::new([7; 16]),
        debtor_agent: bic("HALDDEFF"),
        debtor_name: Name::parse("Ann Lee").unwrap(),
        debtor_account: iban("370905020000000001"),
        creditor_agent: bic("BRISDEMM"),
        creditor_name: Name::parse("Inês Carvalho").unwrap(),
        creditor_account: iban("700205700000000002"),
        settlement_amount: Amount::try_new(12_345, Currency::EUR).unwrap(),
        remittance: Remittance::parse("Invoice 7").unwrap(),
        accept_until: 1_795_349_700,
    }));
    all.push(framed(LinkAck {
        sender: "HALDDEFF".to_owned(),
        receiver: bic("BRISDEMM"),
        epoch: 1,
        seq: 7,
        hash: Digest::new([9; 32]).to_string(),
        unreadable: vec![3, 4],
    }));
    all.push(framed(AuthorityRecord {
        number: 4,
        previous: Digest::new([8; 32]),
        act: AuthorityAct::LicenceRevoked {
            bank: bic("HALDDEFF"),
            reason: label(),
            last: vec![LastItem {
                peer: bic("BRISDEMM"),
                sent: (1, 7),
                received: (1, 9),
            }],
        },
    }));
    all.push(framed(Parameters {
        number: 2,
        previous: Digest::new([8; 32]),
        values: ParameterValues {
            currencies: vec![CurrencyParameters {
                currency: Currency::EUR,
                payment_max: 500_000,
                day_max: 1_000_000,
                fee_inside: 0,
                fee_outside: 25,
                offline_single_max: 20_000,
                offline_total_max: 500_000,
            }],
            cut_off_minutes: 960,
        },
    }));
    all
}
