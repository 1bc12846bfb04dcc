//! Certificates that must not be read, and requests that make none.

use super::*;

#[test]
fn every_changed_byte_is_refused() {
    let world = &*WORLD;
    let der = world.signing.der();
    let cas = world.cas();
    // The outer lengths, then every third byte: names, times, key, extensions, signature.
    for at in (0..24).chain((24..der.len()).step_by(3)) {
        let mut bad = der.to_vec();
        bad[at] ^= 0x01;
        let refused = Certificate::from_der(&bad)
            .map_err(CertificateError::from)
            .and_then(|bad| {
                verify_chain(
                    &RustCryptoRsa,
                    &world.anchor,
                    &bad,
                    &cas,
                    Role::DeviceSigning,
                    bank_a(),
                    NOW,
                )
            });
        assert!(refused.is_err(), "byte {at}");
    }
    let trailing = [der, &[0]].concat();
    assert!(Certificate::from_der(&trailing).is_err());
    assert!(Certificate::from_der(&[0; 5000]).is_err());
    assert!(Certificate::from_pem("-----BEGIN CERTIFICATE-----").is_err());
}

#[test]
fn requests_that_make_no_certificate() {
    let world = &*WORLD;
    let device = subject(Role::DeviceSigning, bank_a(), "device_signing");
    let bad = [
        (
            &world.enrolment_ca,
            Subject {
                holder: Some(signing_key("processor").thumbprint()),
                ..device.clone()
            },
        ),
        (
            &world.enrolment_ca,
            Subject {
                role: Role::DeviceEncryption,
                ..device.clone()
            },
        ),
        (
            &world.enrolment_ca,
            Subject {
                tls_names: vec!["localhost".to_owned()],
                ..device.clone()
            },
        ),
        (
            &world.enrolment_ca,
            Subject {
                validity: Validity {
                    not_before: NOW,
                    not_after: NOW - 1,
                },
                ..device.clone()
            },
        ),
        (
            &world.enrolment_ca,
            Subject {
                key_spki: vec![0; 20],
                ..device.clone()
            },
        ),
        (
            &world.enrolment_ca,
            Subject {
                licence: licensed(bank_a(), "rsa2048").licence,
                ..device.clone()
            },
        ),
        (&world.processor_ca, device.clone()),
        (
            &world.processor_ca,
            subject(Role::Processor, bank_a(), "rsa2048"),
        ),
        (
            &world.processor_ca,
            subject(Role::ProcessorUnwrap, bank_a(), "processor"),
        ),
        (&world.root, subject(Role::BankCa, bank_a(), "bank_a_ca")),
        (
            &world.root,
            Subject {
                name: String::new(),
                ..licensed(bank_a(), "bank_a_ca")
            },
        ),
        (
            &world.root,
            Subject {
                name: "x".repeat(65),
                ..licensed(bank_a(), "bank_a_ca")
            },
        ),
        (
            &world.transport_ca,
            subject(Role::TransportServer, bank_a(), "rsa2048"),
        ),
        (
            &world.transport_ca,
            Subject {
                tls_names: vec!["Local_Host".to_owned()],
                ..subject(Role::TransportServer, bank_a(), "rsa2048")
            },
        ),
        (
            &world.transport_ca,
            Subject {
                tls_names: vec!["x.halddeff.countersign.invalid".to_owned()],
                ..subject(Role::TransportServer, bank_a(), "rsa2048")
            },
        ),
    ];
    for (issuer, request) in bad {
        let made = issue(&RustCryptoRsa, issuer, &request, &mut rng());
        assert!(made.is_err(), "{request:?}");
    }
    let mismatched = Issuer {
        certificate: world.bank_a.certificate.clone(),
        key: rsa_key("bank_b_ca"),
    };
    let request = subject(Role::EnrolmentCa, bank_a(), "enrolment_ca");
    assert!(issue(&RustCryptoRsa, &mismatched, &request, &mut rng()).is_err());
}
