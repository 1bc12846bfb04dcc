mod forms;
mod paths;

use super::*;
use crate::{
    Issuer, LicenceTerms, RustCryptoRsa, Subject, Validity,
    authority::{issue, issue_unchecked, make_root, transport_anchor},
    testing::{NOW, rng, rsa_key, signing_key},
};
use std::sync::LazyLock;

const YEAR: i64 = 365 * 24 * 60 * 60;

/// An authority, two banks with their CAs, and one of each kind of end entity at bank A.
struct World {
    anchor: TrustAnchor,
    root: Issuer,
    bank_a: Issuer,
    bank_b: Issuer,
    processor_ca: Issuer,
    enrolment_ca: Issuer,
    transport_ca: Issuer,
    processor: Certificate,
    unwrap: Certificate,
    signing: Certificate,
    encryption: Certificate,
    server: Certificate,
    client: Certificate,
}

fn bic(text: &str) -> Bic {
    Bic::parse(text).unwrap()
}

fn bank_a() -> Bic {
    bic("HALDDEFF")
}

fn bank_b() -> Bic {
    bic("BRISDEMM")
}

fn years(count: i64) -> Validity {
    Validity {
        not_before: NOW - YEAR,
        not_after: NOW + count * YEAR,
    }
}

fn subject(role: Role, party: impl Into<Party>, key: &str) -> Subject {
    Subject {
        role,
        party: party.into(),
        name: "Halden Bank".to_owned(),
        key_spki: signing_key(key).verifying_key().to_spki_der().unwrap(),
        holder: None,
        validity: years(2),
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    }
}

fn licensed(party: Bic, key: &str) -> Subject {
    Subject {
        licence: Some(LicenceTerms {
            number: "L-0001".to_owned(),
            iban_prefix: "DE37090502".to_owned(),
            settlement_cap_minor: 100_000_000,
            class: "retail".to_owned(),
            transport_ca: Some(signing_key("transport_ca").thumbprint()),
        }),
        ..subject(Role::BankCa, party, key)
    }
}

fn ca(issuer: &Issuer, request: &Subject, key: &str) -> Issuer {
    Issuer {
        certificate: issue(&RustCryptoRsa, issuer, request, &mut rng()).unwrap(),
        key: rsa_key(key),
    }
}

fn leaf(issuer: &Issuer, request: &Subject) -> Certificate {
    issue(&RustCryptoRsa, issuer, request, &mut rng()).unwrap()
}

fn root(key: &str) -> Issuer {
    let key = rsa_key(key);
    let certificate = make_root(
        &RustCryptoRsa,
        &key,
        "Licensing authority",
        years(10),
        &mut rng(),
    )
    .unwrap();
    Issuer { certificate, key }
}

static WORLD: LazyLock<World> = LazyLock::new(|| {
    let root = root("root");
    let bank_a_ca = ca(&root, &licensed(bank_a(), "bank_a_ca"), "bank_a_ca");
    let bank_b_ca = ca(&root, &licensed(bank_b(), "bank_b_ca"), "bank_b_ca");
    let under = |role, key| ca(&bank_a_ca, &subject(role, bank_a(), key), key);
    let processor_ca = under(Role::ProcessorCa, "processor_ca");
    let enrolment_ca = under(Role::EnrolmentCa, "enrolment_ca");
    let transport_ca = under(Role::TransportCa, "transport_ca");
    let processor_key = signing_key("processor").thumbprint();
    let device_key = signing_key("device_signing").thumbprint();
    World {
        anchor: TrustAnchor::new(root.certificate.clone()).unwrap(),
        processor: leaf(
            &processor_ca,
            &subject(Role::Processor, bank_a(), "processor"),
        ),
        unwrap: leaf(
            &processor_ca,
            &Subject {
                holder: Some(processor_key),
                ..subject(Role::ProcessorUnwrap, bank_a(), "bank_encryption")
            },
        ),
        signing: leaf(
            &enrolment_ca,
            &subject(Role::DeviceSigning, bank_a(), "device_signing"),
        ),
        encryption: leaf(
            &enrolment_ca,
            &Subject {
                holder: Some(device_key),
                ..subject(Role::DeviceEncryption, bank_a(), "device_encryption")
            },
        ),
        server: leaf(
            &transport_ca,
            &Subject {
                tls_names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
                ..subject(Role::TransportServer, bank_a(), "rsa2048")
            },
        ),
        client: leaf(
            &transport_ca,
            &Subject {
                common_name: Some("peer_brisdemm".to_owned()),
                ..subject(Role::TransportClient, bank_a(), "rsa2048")
            },
        ),
        root,
        bank_a: bank_a_ca,
        bank_b: bank_b_ca,
        processor_ca,
        enrolment_ca,
        transport_ca,
    }
});

impl World {
    /// Every CA that is not the root, of both banks.
    fn cas(&self) -> Vec<Certificate> {
        [
            &self.bank_b,
            &self.transport_ca,
            &self.enrolment_ca,
            &self.processor_ca,
            &self.bank_a,
        ]
        .map(|ca| ca.certificate.clone())
        .to_vec()
    }

    fn verify(
        &self,
        leaf: &Certificate,
        role: Role,
        now: Timestamp,
    ) -> Result<VerifiedCertificate, CertificateError> {
        let cas = self.cas();
        verify_chain(
            &RustCryptoRsa,
            &self.anchor,
            leaf,
            &cas,
            role,
            bank_a(),
            now,
        )
    }
}

#[test]
fn every_role_is_verified_up_to_the_root() {
    let world = &*WORLD;
    let device = signing_key("device_signing").thumbprint();
    for (certificate, role) in [
        (&world.bank_a.certificate, Role::BankCa),
        (&world.processor_ca.certificate, Role::ProcessorCa),
        (&world.enrolment_ca.certificate, Role::EnrolmentCa),
        (&world.transport_ca.certificate, Role::TransportCa),
        (&world.processor, Role::Processor),
        (&world.unwrap, Role::ProcessorUnwrap),
        (&world.signing, Role::DeviceSigning),
        (&world.encryption, Role::DeviceEncryption),
        (&world.server, Role::TransportServer),
        (&world.client, Role::TransportClient),
    ] {
        let verified = world.verify(certificate, role, NOW).unwrap();
        assert_eq!(verified.role(), role);
        assert_eq!(verified.bic(), Some(&bank_a()));
        assert_eq!(verified.certificate(), certificate);
        // Whatever the PEM and the DER say is the same certificate.
        let pem = Certificate::from_pem(&certificate.to_pem().unwrap()).unwrap();
        assert_eq!(&pem, certificate);
        for other in Role::ALL.into_iter().filter(|other| *other != role) {
            let refused = world.verify(certificate, other, NOW);
            assert_eq!(refused, Err(CertificateError::Role), "{role} as {other}");
        }
    }
    let licence = world
        .verify(&world.bank_a.certificate, Role::BankCa, NOW)
        .unwrap();
    assert_eq!(licence.licence().unwrap().iban_prefix, "DE37090502");
    assert_eq!(licence.certificate().common_name(), "Halden Bank");
    let encryption = world
        .verify(&world.encryption, Role::DeviceEncryption, NOW)
        .unwrap();
    assert_eq!(encryption.holder(), device);
    assert_eq!(
        encryption.key_thumbprint(),
        rsa_key("device_encryption").public().thumbprint()
    );
    assert!(encryption.verifying_key().is_none());
    assert!(encryption.encryption_key().is_some());
    assert_eq!(world.client.subject(), "CN=peer_brisdemm,O=HALDDEFF");
    assert_eq!(world.signing.common_name(), device.to_string());
    assert_eq!(world.server.tls_names(), ["localhost", "127.0.0.1"]);
}

#[test]
fn the_authority_has_its_own_cas_under_the_root() {
    let world = &*WORLD;
    let processors = ca(
        &world.root,
        &subject(Role::ProcessorCa, Party::Authority, "foreign_root"),
        "foreign_root",
    );
    let processor = leaf(
        &processors,
        &subject(Role::Processor, Party::Authority, "processor"),
    );
    let verified = verify_chain(
        &RustCryptoRsa,
        &world.anchor,
        &processor,
        std::slice::from_ref(&processors.certificate),
        Role::Processor,
        Party::Authority,
        NOW,
    )
    .unwrap();
    assert_eq!(verified.bic(), None);
    let refused = verify_chain(
        &RustCryptoRsa,
        &world.anchor,
        &processor,
        &[processors.certificate],
        Role::Processor,
        bank_a(),
        NOW,
    );
    assert_eq!(refused, Err(CertificateError::Party));
}

#[test]
fn time_counts_for_every_certificate_of_the_path() {
    let world = &*WORLD;
    let late = NOW + 3 * YEAR;
    for (certificate, role) in [
        (&world.signing, Role::DeviceSigning),
        (&world.bank_a.certificate, Role::BankCa),
        (&world.server, Role::TransportServer),
    ] {
        let edge = certificate.not_after();
        assert!(world.verify(certificate, role, edge).is_ok());
        assert_eq!(
            world.verify(certificate, role, late),
            Err(CertificateError::Expired)
        );
        assert_eq!(
            world.verify(certificate, role, NOW - 2 * YEAR),
            Err(CertificateError::NotYetValid)
        );
    }
    // A device outlives its CA: the CA's time counts.
    let long = leaf(
        &world.enrolment_ca,
        &Subject {
            validity: years(5),
            ..subject(Role::DeviceSigning, bank_a(), "device_signing")
        },
    );
    assert!(world.verify(&long, Role::DeviceSigning, NOW).is_ok());
    assert_eq!(
        world.verify(&long, Role::DeviceSigning, late),
        Err(CertificateError::Expired)
    );
    // So does the root's own.
    assert_eq!(
        world.verify(&long, Role::DeviceSigning, NOW + 11 * YEAR),
        Err(CertificateError::Expired)
    );
}

#[test]
fn another_bank_or_root_does_not_count() {
    let world = &*WORLD;
    let cas = world.cas();
    let as_b = verify_chain(
        &RustCryptoRsa,
        &world.anchor,
        &world.signing,
        &cas,
        Role::DeviceSigning,
        bank_b(),
        NOW,
    );
    assert_eq!(as_b, Err(CertificateError::Party));
    let foreign = TrustAnchor::new(root("foreign_root").certificate).unwrap();
    for (leaf, role) in [
        (&world.signing, Role::DeviceSigning),
        (&world.bank_a.certificate, Role::BankCa),
        (&world.enrolment_ca.certificate, Role::EnrolmentCa),
        (&world.client, Role::TransportClient),
    ] {
        let refused = verify_chain(&RustCryptoRsa, &foreign, leaf, &cas, role, bank_a(), NOW);
        assert_eq!(refused, Err(CertificateError::Chain), "{role}");
    }
    // Without its CAs a certificate leads nowhere.
    for (leaf, role) in [
        (&world.signing, Role::DeviceSigning),
        (&world.enrolment_ca.certificate, Role::EnrolmentCa),
        (&world.server, Role::TransportServer),
    ] {
        let refused = verify_chain(
            &RustCryptoRsa,
            &world.anchor,
            leaf,
            &[],
            role,
            bank_a(),
            NOW,
        );
        assert_eq!(refused, Err(CertificateError::Chain), "{role}");
    }
    assert_eq!(
        TrustAnchor::new(world.bank_a.certificate.clone()),
        Err(CertificateError::Role)
    );
}
