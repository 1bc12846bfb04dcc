//! Paths that must not count.

use super::*;

#[test]
fn a_ca_cannot_reach_beyond_its_role_and_bank() {
    let world = &*WORLD;
    // A device of bank B from bank A's enrolment CA.
    let request = subject(Role::DeviceSigning, bank_b(), "device_signing");
    assert_eq!(
        issue(&RustCryptoRsa, &world.enrolment_ca, &request, &mut rng()),
        Err(EnvelopeError::Key)
    );
    let forged =
        issue_unchecked(&RustCryptoRsa, &world.enrolment_ca, &request, &mut rng()).unwrap();
    let refused = verify_chain(
        &RustCryptoRsa,
        &world.anchor,
        &forged,
        &world.cas(),
        Role::DeviceSigning,
        bank_b(),
        NOW,
    );
    assert_eq!(refused, Err(CertificateError::Name));

    // A processor from the enrolment CA: the name constraint holds, and so would the path.
    let request = subject(Role::Processor, bank_a(), "processor");
    let forged =
        issue_unchecked(&RustCryptoRsa, &world.enrolment_ca, &request, &mut rng()).unwrap();
    assert_eq!(
        world.verify(&forged, Role::Processor, NOW),
        Err(CertificateError::Name)
    );

    // A device from the bank CA itself: no name forbids it, the path does.
    let request = subject(Role::DeviceSigning, bank_a(), "device_signing");
    let forged = issue_unchecked(&RustCryptoRsa, &world.bank_a, &request, &mut rng()).unwrap();
    assert_eq!(
        world.verify(&forged, Role::DeviceSigning, NOW),
        Err(CertificateError::Chain)
    );
    // And a device from the transport CA, which has no name constraint.
    let forged =
        issue_unchecked(&RustCryptoRsa, &world.transport_ca, &request, &mut rng()).unwrap();
    assert_eq!(
        world.verify(&forged, Role::DeviceSigning, NOW),
        Err(CertificateError::Chain)
    );
    // Bank B's CA makes an enrolment CA for bank A.
    let request = subject(Role::EnrolmentCa, bank_a(), "foreign_root");
    let forged = issue_unchecked(&RustCryptoRsa, &world.bank_b, &request, &mut rng()).unwrap();
    assert_eq!(
        world.verify(&forged, Role::EnrolmentCa, NOW),
        Err(CertificateError::Chain)
    );
}

#[test]
fn a_path_cannot_grow() {
    let world = &*WORLD;
    // An enrolment CA makes another CA below itself.
    let request = Subject {
        name: "Below".to_owned(),
        ..subject(Role::EnrolmentCa, bank_a(), "foreign_root")
    };
    let below = Issuer {
        certificate: issue_unchecked(&RustCryptoRsa, &world.enrolment_ca, &request, &mut rng())
            .unwrap(),
        key: rsa_key("foreign_root"),
    };
    assert_eq!(
        world.verify(&below.certificate, Role::EnrolmentCa, NOW),
        Err(CertificateError::Chain)
    );
    let device = leaf(
        &below,
        &subject(Role::DeviceSigning, bank_a(), "device_signing"),
    );
    let cas = [world.cas(), vec![below.certificate.clone()]].concat();
    let refused = verify_chain(
        &RustCryptoRsa,
        &world.anchor,
        &device,
        &cas,
        Role::DeviceSigning,
        bank_a(),
        NOW,
    );
    assert_eq!(refused, Err(CertificateError::PathLength));
    // A device's key makes a certificate.
    let device_as_ca = Issuer {
        certificate: world.signing.clone(),
        key: rsa_key("device_signing"),
    };
    let request = subject(Role::DeviceSigning, bank_a(), "rsa2048");
    let forged = issue_unchecked(&RustCryptoRsa, &device_as_ca, &request, &mut rng()).unwrap();
    let cas = [world.cas(), vec![world.signing.clone()]].concat();
    let refused = verify_chain(
        &RustCryptoRsa,
        &world.anchor,
        &forged,
        &cas,
        Role::DeviceSigning,
        bank_a(),
        NOW,
    );
    assert_eq!(refused, Err(CertificateError::Chain));
    let many = vec![world.bank_a.certificate.clone(); INTERMEDIATES_MAX + 1];
    let refused = verify_chain(
        &RustCryptoRsa,
        &world.anchor,
        &world.signing,
        &many,
        Role::DeviceSigning,
        bank_a(),
        NOW,
    );
    assert_eq!(refused, Err(CertificateError::PathLength));
}

#[test]
fn the_transport_anchor_is_the_transport_ca() {
    let world = &*WORLD;
    let twin = transport_anchor(&RustCryptoRsa, &world.transport_ca, &mut rng()).unwrap();
    let ca = &world.transport_ca.certificate;
    assert_eq!(twin.subject(), ca.subject());
    assert_eq!(twin.key_thumbprint(), ca.key_thumbprint());
    assert_eq!(twin.subject_name(), twin.issuer_name());
    assert!(transport_anchor(&RustCryptoRsa, &world.bank_a, &mut rng()).is_err());
    // It leads to no root: only TLS uses it.
    assert_eq!(
        world.verify(&twin, Role::TransportCa, NOW),
        Err(CertificateError::Chain)
    );
}

#[test]
fn no_key_but_the_licensed_one_is_a_banks_transport_ca() {
    let world = &*WORLD;
    let verify = |ca: &Issuer| {
        let cas = world.cas();
        let (role, ca) = (Role::TransportCa, &ca.certificate);
        verify_chain(&RustCryptoRsa, &world.anchor, ca, &cas, role, bank_a(), NOW)
    };
    assert!(verify(&world.transport_ca).is_ok());
    // The bank CA itself has certified another, which the authority has never seen.
    let request = subject(Role::TransportCa, bank_a(), "enrolment_ca");
    let other = ca(&world.bank_a, &request, "enrolment_ca");
    assert_eq!(verify(&other).err(), Some(CertificateError::Chain));
}
