//! Certificates of every role, and when they do not count.

use crate::{Counter, NOW, Result, YEAR, rsa_key, signing_key};
use data_encoding::BASE64;
use envelope::{
    Certificate, Issuer, LicenceTerms, Party, Role, RustCryptoRsa, Subject, Validity, issue,
    make_root,
};
use message::Bic;
use serde_json::{Value, json};

fn subject(role: Role, party: &str, key: &str) -> Result<Subject> {
    let licence = LicenceTerms {
        number: "L-0001".to_owned(),
        iban_prefix: "DE37090502".to_owned(),
        settlement_cap_minor: 100_000_000,
        class: "retail".to_owned(),
        transport_ca: None,
    };
    Ok(Subject {
        role,
        party: Party::from(Bic::parse(party)?),
        name: "Halden Bank".to_owned(),
        key_spki: signing_key(key)?.verifying_key().to_spki_der()?,
        holder: None,
        validity: Validity {
            not_before: NOW - YEAR,
            not_after: NOW + YEAR,
        },
        licence: (role == Role::BankCa).then_some(licence),
        tls_names: Vec::new(),
        common_name: None,
    })
}

fn root(key: &str, rng: &mut Counter) -> Result<Issuer> {
    let key = rsa_key(key)?;
    let validity = Validity {
        not_before: NOW - YEAR,
        not_after: NOW + 10 * YEAR,
    };
    let certificate = make_root(&RustCryptoRsa, &key, "Licensing authority", validity, rng)?;
    Ok(Issuer { certificate, key })
}

pub fn certificates(rng: &mut Counter) -> Result<Value> {
    let root = root("root", rng)?;
    let foreign = self::root("foreign_root", rng)?;
    let make = |issuer: &Issuer, request: &Subject, rng: &mut Counter| -> Result<Certificate> {
        Ok(issue(&RustCryptoRsa, issuer, request, rng)?)
    };
    let ca = |issuer: &Issuer, role, key: &str, rng: &mut Counter| -> Result<Issuer> {
        let certificate = make(issuer, &subject(role, "HALDDEFF", key)?, rng)?;
        let key = rsa_key(key)?;
        Ok(Issuer { certificate, key })
    };
    let bank = ca(&root, Role::BankCa, "bank_a_ca", rng)?;
    let processors = ca(&bank, Role::ProcessorCa, "processor_ca", rng)?;
    let enrolment = ca(&bank, Role::EnrolmentCa, "enrolment_ca", rng)?;
    let device_subject = subject(Role::DeviceSigning, "HALDDEFF", "device_signing")?;
    let device = make(&enrolment, &device_subject, rng)?;
    let encryption = Subject {
        holder: Some(device.holder()),
        ..subject(Role::DeviceEncryption, "HALDDEFF", "device_encryption")?
    };
    let encryption = make(&enrolment, &encryption, rng)?;
    let processor = subject(Role::Processor, "HALDDEFF", "processor")?;
    let processor = make(&processors, &processor, rng)?;
    let accepted: Vec<Value> = [
        &bank.certificate,
        &processors.certificate,
        &enrolment.certificate,
        &processor,
        &device,
        &encryption,
    ]
    .map(|certificate| {
        json!({
            "certificate": BASE64.encode(certificate.der()),
            "role": certificate.role().word(),
            "party": certificate.party().to_string(),
            "holder": certificate.holder(),
            "key": certificate.key_thumbprint(),
        })
    })
    .into();
    let foreign_bank = ca(&foreign, Role::BankCa, "bank_b_ca", rng)?;
    let mut damaged = device.der().to_vec();
    if let Some(last) = damaged.last_mut() {
        *last ^= 1;
    }
    let at = |why: &str, der: &[u8], role: Role, party: &str, at: i64| {
        json!({
            "why": why,
            "certificate": BASE64.encode(der),
            "role": role.word(),
            "party": party,
            "at": at,
        })
    };
    let refused = [
        at(
            "another role",
            device.der(),
            Role::DeviceEncryption,
            "HALDDEFF",
            NOW,
        ),
        at(
            "another bank",
            device.der(),
            Role::DeviceSigning,
            "BRISDEMM",
            NOW,
        ),
        at(
            "expired",
            device.der(),
            Role::DeviceSigning,
            "HALDDEFF",
            NOW + 2 * YEAR,
        ),
        at(
            "not valid yet",
            device.der(),
            Role::DeviceSigning,
            "HALDDEFF",
            NOW - 2 * YEAR,
        ),
        at(
            "another root",
            foreign_bank.certificate.der(),
            Role::BankCa,
            "HALDDEFF",
            NOW,
        ),
        at(
            "a changed signature",
            &damaged,
            Role::DeviceSigning,
            "HALDDEFF",
            NOW,
        ),
        at(
            "a CA as a device",
            enrolment.certificate.der(),
            Role::DeviceSigning,
            "HALDDEFF",
            NOW,
        ),
    ];
    let intermediates =
        [&bank, &processors, &enrolment].map(|ca| BASE64.encode(ca.certificate.der()));
    Ok(json!({
        "now": NOW,
        "root": BASE64.encode(root.certificate.der()),
        "intermediates": intermediates,
        "accepted": accepted,
        "refused": refused,
    }))
}
