//! Everything that strangers can send is read from mutated bytes: nothing may panic or overflow, and
//! what is accepted must be exactly what it was read from.
//!
//! A short run is part of the tests. A long one, with another start each time:
//!
//!     FUZZ_RUNS=2000000 FUZZ_SEED=$RANDOM cargo test -p envelope --test fuzz -- --nocapture
//!
//! The mutations are our own hundred lines, because coverage-guided fuzzers want a nightly compiler or a
//! C++ one: seeds are frozen real messages, JOSE parts are changed below their base64url, and whatever
//! is accepted becomes a seed, too.

#![expect(
    clippy::unwrap_used,
    reason = "the helpers of these tests may fail loudly, like the tests themselves"
)]

mod fuzz {
    pub mod mutate;
    pub mod seeds;
}

use envelope::{
    Certificate, Jwe, Jws, RustCryptoRsa,
    import::{import, recognise},
    key_file,
    register::{ENTRY_BYTES_MAX, Entry},
};
use fuzz::{
    mutate::{Mutator, Shape},
    seeds,
};
use message::{
    Bic, Payload,
    device::{DeviceOrder, JoinRequest},
    enrol::{EnrolConfirm, EnrolRequest},
    interbank::{CreditTransfer, StatusReport},
    key_set::KeySet,
    link::LinkAck,
    operator::OperatorRequest,
    order::PaymentOrder,
    parameters::Parameters,
    record::AuthorityRecord,
    session::SessionOpened,
};
use serde::{Serialize, de::DeserializeOwned};
use std::fmt::Debug;

/// How often each reader is tried in a short run.
const RUNS: u64 = 20_000;

fn setting(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).map_or(otherwise, |text| text.parse().unwrap())
}

/// Tries a reader, which says whether it accepted, and panics when it accepted something wrong.
fn fuzz(name: &str, shape: Shape, seeds: Vec<Vec<u8>>, read: impl Fn(&[u8]) -> bool) {
    let (runs, seed) = (setting("FUZZ_RUNS", RUNS), setting("FUZZ_SEED", 1));
    let good = seeds.iter().filter(|seed| read(seed)).count();
    assert!(good > 0, "{name}: not one of the seeds is accepted");
    let mut mutator = Mutator::new(seed, shape, seeds);
    let mut accepted = 0_u64;
    for _ in 0..runs {
        let input = mutator.next();
        if read(&input) {
            accepted += 1;
            mutator.keep(input);
        }
    }
    println!("fuzz {name}: {runs} executions, {accepted} accepted, FUZZ_SEED={seed}");
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

#[test]
fn certificates() {
    fuzz("certificate", Shape::Der, seeds::certificates(), |der| {
        let Ok(certificate) = Certificate::from_der(der) else {
            return false;
        };
        assert_eq!(certificate.der(), der);
        let pem = certificate.to_pem().unwrap();
        assert_eq!(Certificate::from_pem(&pem).unwrap(), certificate);
        true
    });
}

#[test]
fn signed_messages() {
    fuzz("signed", Shape::Jose, seeds::signed(), |bytes| {
        let Some(jws) = text(bytes).and_then(|text| Jws::parse(text).ok()) else {
            return false;
        };
        assert_eq!(jws.as_str().as_bytes(), bytes);
        true
    });
}

#[test]
fn sealed_messages() {
    fuzz("sealed", Shape::Jose, seeds::sealed(), |bytes| {
        let Some(jwe) = text(bytes).and_then(|text| Jwe::parse(text).ok()) else {
            return false;
        };
        assert_eq!(jwe.as_str().as_bytes(), bytes);
        true
    });
}

#[test]
fn register_entries() {
    fuzz("register entry", Shape::Jose, seeds::entries(), |bytes| {
        let Some(entry) = text(bytes).and_then(|text| Entry::parse(text).ok()) else {
            return false;
        };
        assert!(bytes.len() <= ENTRY_BYTES_MAX);
        assert_eq!(entry.to_text().as_bytes(), bytes);
        true
    });
}

#[test]
fn key_files() {
    let bank = Bic::parse("HALDDEFF").unwrap();
    fuzz("key file", Shape::Bytes, seeds::key_files(), |file| {
        let read = key_file::read(file);
        if let Ok(device) = &read {
            // What is written again says the same.
            let again = key_file::write(device).unwrap();
            assert_eq!(&key_file::read(again.as_bytes()).unwrap(), device);
        }
        let recognised = recognise(file);
        // Deriving a key from a passphrase is slow on purpose; what is open is read whole.
        if recognised.as_ref().is_ok_and(|it| !it.encrypted) {
            drop(import(&RustCryptoRsa, file, "", &bank));
        }
        recognised.is_ok() || read.is_ok()
    });
}

/// A payload that is accepted says the same when it is written and read again.
fn payload<B: Serialize + DeserializeOwned + PartialEq + Debug>(json: &[u8]) -> bool {
    let Ok(read) = serde_json::from_slice::<Payload<B>>(json) else {
        return false;
    };
    let again = serde_json::to_vec(&read).unwrap();
    assert_eq!(serde_json::from_slice::<Payload<B>>(&again).unwrap(), read);
    true
}

#[test]
fn requests_and_records() {
    fuzz("payload", Shape::Json, seeds::payloads(), |json| {
        // Each is read as everything that a stranger may say it is.
        [
            payload::<PaymentOrder>,
            payload::<EnrolRequest>,
            payload::<EnrolConfirm>,
            payload::<JoinRequest>,
            payload::<DeviceOrder>,
            payload::<SessionOpened>,
            payload::<CreditTransfer>,
            payload::<StatusReport>,
            payload::<LinkAck>,
            payload::<KeySet>,
            payload::<AuthorityRecord>,
            payload::<Parameters>,
            payload::<OperatorRequest>,
        ]
        .iter()
        .filter(|read| read(json))
        .count()
            > 0
    });
}
