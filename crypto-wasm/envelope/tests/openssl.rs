//! OpenSSL accepts the certificates, refuses what it must, and reads them as we do. The `openssl`
//! command line is required.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "the helpers of these tests may fail loudly, like the tests themselves"
)]

use envelope::{
    Certificate, Issuer, LicenceTerms, Party, Role, RsaPrivateKey, RustCryptoRsa, SigningKey,
    Subject, Validity, issue, make_root, transport_anchor,
};
use message::Bic;
use pkcs8::der::pem;
use std::{fs, path::PathBuf, process::Command};

/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800;
const YEAR: i64 = 365 * 24 * 60 * 60;

fn rng() -> rand_core::UnwrapErr<getrandom::SysRng> {
    rand_core::UnwrapErr(getrandom::SysRng)
}

fn key_der(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    pem::decode_vec(text.as_bytes()).unwrap().1
}

fn rsa_key(name: &str) -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs8_der(&key_der(name)).unwrap()
}

fn subject(role: Role, key: &str) -> Subject {
    let key = SigningKey::from_pkcs8_der(&key_der(key)).unwrap();
    Subject {
        role,
        party: Party::from(Bic::parse("HALDDEFF").unwrap()),
        name: "Halden Bank, Köln".to_owned(),
        key_spki: key.verifying_key().to_spki_der().unwrap(),
        holder: None,
        validity: Validity {
            not_before: NOW - YEAR,
            not_after: NOW + YEAR,
        },
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    }
}

fn ca(issuer: &Issuer, request: &Subject, key: &str) -> Issuer {
    Issuer {
        certificate: make(issuer, request),
        key: rsa_key(key),
    }
}

fn make(issuer: &Issuer, request: &Subject) -> Certificate {
    issue(&RustCryptoRsa, issuer, request, &mut rng()).unwrap()
}

fn root(key: &str) -> Issuer {
    let key = rsa_key(key);
    let validity = Validity {
        not_before: NOW - YEAR,
        // Past 2049, where the encoding of time changes.
        not_after: NOW + 30 * YEAR,
    };
    let certificate = make_root(
        &RustCryptoRsa,
        &key,
        "Licensing authority",
        validity,
        &mut rng(),
    )
    .unwrap();
    Issuer { certificate, key }
}

fn bank_ca(root: &Issuer) -> Issuer {
    let request = Subject {
        licence: Some(LicenceTerms {
            number: "L-0001".to_owned(),
            iban_prefix: "DE37090502".to_owned(),
            settlement_cap_minor: 100_000_000,
            class: "retail".to_owned(),
            transport_ca: None,
        }),
        ..subject(Role::BankCa, "bank_a_ca")
    };
    ca(root, &request, "bank_a_ca")
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, certificates: &[&Certificate]) -> PathBuf {
        let path = self.0.path().join(name);
        let text: String = certificates
            .iter()
            .map(|certificate| certificate.to_pem().unwrap())
            .collect();
        fs::write(&path, text).unwrap();
        path
    }
}

fn openssl(arguments: &[&str]) -> (bool, String) {
    let ran = Command::new("openssl").args(arguments).output();
    let ran = ran.expect("these tests need the openssl command line");
    let text = [ran.stdout, ran.stderr].concat();
    (ran.status.success(), String::from_utf8_lossy(&text).into())
}

/// `openssl verify` with every strictness it has, at a given time.
fn verify(
    anchor: &Certificate,
    between: &[&Certificate],
    leaf: &Certificate,
    now: i64,
    more: &[&str],
) -> (bool, String) {
    let folder = Folder::new();
    let anchor = folder.file("anchor.pem", &[anchor]);
    let between = folder.file("between.pem", between);
    let leaf = folder.file("leaf.pem", &[leaf]);
    let (now, anchor, between) = (
        now.to_string(),
        anchor.display().to_string(),
        between.display().to_string(),
    );
    let leaf = leaf.display().to_string();
    let mut arguments = vec![
        "verify",
        "-x509_strict",
        "-check_ss_sig",
        "-no-CAstore",
        "-no-CApath",
    ];
    arguments.extend(["-attime", &now, "-CAfile", &anchor]);
    if fs::metadata(&between).unwrap().len() > 0 {
        arguments.extend(["-untrusted", &between]);
    }
    arguments.extend(more);
    arguments.push(&leaf);
    openssl(&arguments)
}

#[test]
fn openssl_verifies_every_chain() {
    let root = root("root");
    let bank = bank_ca(&root);
    let enrolment = ca(
        &bank,
        &subject(Role::EnrolmentCa, "enrolment_ca"),
        "enrolment_ca",
    );
    let processors = ca(
        &bank,
        &subject(Role::ProcessorCa, "processor_ca"),
        "processor_ca",
    );
    let device = make(&enrolment, &subject(Role::DeviceSigning, "device_signing"));
    let encryption = make(
        &enrolment,
        &Subject {
            holder: Some(device.holder()),
            ..subject(Role::DeviceEncryption, "device_encryption")
        },
    );
    let processor = make(&processors, &subject(Role::Processor, "processor"));
    for (between, leaf) in [
        (vec![], &root.certificate),
        (vec![], &bank.certificate),
        (vec![&bank.certificate], &enrolment.certificate),
        (vec![&enrolment.certificate, &bank.certificate], &device),
        (vec![&enrolment.certificate, &bank.certificate], &encryption),
        (vec![&processors.certificate, &bank.certificate], &processor),
    ] {
        let (ok, text) = verify(&root.certificate, &between, leaf, NOW, &[]);
        assert!(ok, "{leaf:?}: {text}");
    }
    let between = [&enrolment.certificate, &bank.certificate];
    let (ok, text) = verify(&root.certificate, &between, &device, NOW + 2 * YEAR, &[]);
    assert!(!ok && text.contains("expired"), "{text}");
    let (ok, _) = verify(&root.certificate, &between[..1], &device, NOW, &[]);
    assert!(!ok);
    let foreign = self::root("foreign_root");
    let (ok, _) = verify(&foreign.certificate, &between, &device, NOW, &[]);
    assert!(!ok);
}

#[test]
fn openssl_takes_the_transport_anchor_alone() {
    let root = root("root");
    let bank = bank_ca(&root);
    let transport = ca(
        &bank,
        &subject(Role::TransportCa, "transport_ca"),
        "transport_ca",
    );
    let anchor = transport_anchor(&RustCryptoRsa, &transport, &mut rng()).unwrap();
    let server = make(
        &transport,
        &Subject {
            tls_names: vec![
                "localhost".to_owned(),
                "127.0.0.1".to_owned(),
                "::1".to_owned(),
            ],
            ..subject(Role::TransportServer, "rsa2048")
        },
    );
    let client = make(
        &transport,
        &Subject {
            common_name: Some("peer_brisdemm".to_owned()),
            ..subject(Role::TransportClient, "rsa2048")
        },
    );
    for more in [
        ["-purpose", "sslserver", "-verify_hostname", "localhost"],
        ["-purpose", "sslserver", "-verify_ip", "127.0.0.1"],
        ["-purpose", "sslserver", "-verify_ip", "::1"],
    ] {
        let (ok, text) = verify(&anchor, &[], &server, NOW, &more);
        assert!(ok, "{text}");
    }
    let (ok, text) = verify(&anchor, &[], &client, NOW, &["-purpose", "sslclient"]);
    assert!(ok, "{text}");
    // Not the other way round, and not under another name.
    for (leaf, more) in [
        (&client, ["-purpose", "sslserver"].as_slice()),
        (&server, ["-purpose", "sslclient"].as_slice()),
        (&server, ["-verify_hostname", "example.com"].as_slice()),
    ] {
        let (ok, _) = verify(&anchor, &[], leaf, NOW, more);
        assert!(!ok, "{more:?}");
    }
    let folder = Folder::new();
    let file = folder.file("client.pem", &[&client]).display().to_string();
    let (_, text) = openssl(&[
        "x509", "-in", &file, "-noout", "-subject", "-nameopt", "RFC2253",
    ]);
    assert_eq!(text.trim(), format!("subject={}", client.subject()));
    assert_eq!(client.subject(), "CN=peer_brisdemm,O=HALDDEFF");
}

#[test]
fn openssl_reads_what_a_certificate_says() {
    let root = root("root");
    let bank = bank_ca(&root);
    let folder = Folder::new();
    let file = folder
        .file("bank.pem", &[&bank.certificate])
        .display()
        .to_string();
    let (ok, text) = openssl(&["x509", "-in", &file, "-noout", "-text"]);
    assert!(ok, "{text}");
    let name = format!(
        "DNS:{}.bank-ca.halddeff.countersign.invalid",
        bank.certificate.holder().dns_label()
    );
    for expected in [
        "CA:TRUE, pathlen:1",
        "Digital Signature, Certificate Sign, CRL Sign",
        "1.3.6.1.4.1.32473.1.2",
        "1.3.6.1.4.1.32473.2.1",
        "DNS:halddeff.countersign.invalid",
        "Salt Length: 0x20",
        &name,
    ] {
        assert!(text.contains(expected), "{expected} is not in {text}");
    }
}
