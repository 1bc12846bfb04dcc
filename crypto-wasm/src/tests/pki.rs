//! The keys and certificates of the authority and one bank, made once for all tests.

use crate::host::rng;
use data_encoding::BASE64;
use envelope::{
    Certificate, Issuer, LicenceTerms, Role, Rsa, RsaPrivateKey, RustCryptoRsa, SigningKey,
    Subject, Validity, issue, key_set, make_root,
};
use message::{
    Bic, Thumbprint, Timestamp,
    key_set::{KeySet, RevokedSigner},
};
use std::sync::LazyLock;

/// When every test begins.
pub(super) const START: Timestamp = 1_790_000_000;
pub(super) const RSA: RustCryptoRsa = RustCryptoRsa;

const VALID: Validity = Validity {
    not_before: START - 1_000_000,
    not_after: START + 100_000_000,
};

pub(super) struct Pki {
    pub(super) bic: Bic,
    pub(super) root: Certificate,
    pub(super) bank_ca: Issuer,
    pub(super) processor_ca: Issuer,
    pub(super) enrolment_ca: Issuer,
    pub(super) processor: SigningKey,
    pub(super) processor_certificate: Certificate,
    /// Another processor of the bank.
    pub(super) second: SigningKey,
    pub(super) second_certificate: Certificate,
    pub(super) encryption: RsaPrivateKey,
}

pub(super) static HALDEN: LazyLock<Pki> = LazyLock::new(Pki::make);
/// Another authority with a bank of the same name: what an impostor could make.
pub(super) static IMPOSTOR: LazyLock<Pki> = LazyLock::new(Pki::make);

fn key() -> RsaPrivateKey {
    RSA.generate(2048, &mut rng()).unwrap()
}

fn subject(bic: &Bic, role: Role, spki: &[u8]) -> Subject {
    Subject {
        role,
        party: bic.into(),
        name: "Halden Bank".to_owned(),
        key_spki: spki.to_vec(),
        holder: None,
        validity: VALID,
        licence: (role == Role::BankCa).then(|| LicenceTerms {
            number: "1".to_owned(),
            iban_prefix: "DE37090502".to_owned(),
            settlement_cap_minor: 1_000_000,
            class: "retail".to_owned(),
            transport_ca: None,
        }),
        tls_names: Vec::new(),
        common_name: None,
    }
}

fn ca(issuer: &Issuer, bic: &Bic, role: Role) -> Issuer {
    let key = key();
    let subject = subject(bic, role, key.public().to_spki_der());
    let certificate = issue(&RSA, issuer, &subject, &mut rng()).unwrap();
    Issuer { certificate, key }
}

impl Pki {
    fn make() -> Self {
        let bic = Bic::parse("HALDDEFF").unwrap();
        let root_key = key();
        let root = make_root(&RSA, &root_key, "The Authority", VALID, &mut rng()).unwrap();
        let authority = Issuer {
            certificate: root.clone(),
            key: root_key,
        };
        let bank_ca = ca(&authority, &bic, Role::BankCa);
        let processor_ca = ca(&bank_ca, &bic, Role::ProcessorCa);
        let enrolment_ca = ca(&bank_ca, &bic, Role::EnrolmentCa);
        let make = || {
            let key = SigningKey::ed25519_generate(&mut rng()).unwrap();
            let spki = key.verifying_key().to_spki_der().unwrap();
            let subject = subject(&bic, Role::Processor, &spki);
            let certificate = issue(&RSA, &processor_ca, &subject, &mut rng());
            (key, certificate.unwrap())
        };
        let (processor, processor_certificate) = make();
        let (second, second_certificate) = make();
        Self {
            bic,
            root,
            bank_ca,
            enrolment_ca,
            processor,
            processor_certificate,
            second,
            second_certificate,
            processor_ca,
            encryption: key(),
        }
    }

    /// A device's certificate, as the registrar signs it.
    pub(super) fn certify(
        &self,
        role: Role,
        spki: &[u8],
        device: Thumbprint,
        validity: Validity,
    ) -> Certificate {
        let mut subject = subject(&self.bic, role, spki);
        subject.validity = validity;
        subject.holder = (role == Role::DeviceEncryption).then_some(device);
        issue(&RSA, &self.enrolment_ca, &subject, &mut rng()).unwrap()
    }

    /// A certificate of this authority for the other's processor.
    pub(super) fn impersonate(&self, other: &Self) -> Certificate {
        let spki = other.processor.verifying_key().to_spki_der().unwrap();
        let subject = subject(&self.bic, Role::Processor, &spki);
        issue(&RSA, &self.processor_ca, &subject, &mut rng()).unwrap()
    }

    /// The key set with a number.
    pub(super) fn key_set(&self, number: u64) -> String {
        self.key_set_without(number, &[])
    }

    /// The same after processors were removed.
    pub(super) fn key_set_without(&self, number: u64, removed: &[Thumbprint]) -> String {
        let revoked = |signer: &Thumbprint| RevokedSigner {
            signer: *signer,
            since: START,
        };
        let set = KeySet {
            bank: self.bic.clone(),
            number,
            current: key_set::entry(self.encryption.public()),
            old: Vec::new(),
            revoked: removed.iter().map(revoked).collect(),
        };
        let until = START + 10_000_000;
        let jws = key_set::sign(&RSA, &self.bank_ca.key, &set, START, until, &mut rng());
        jws.unwrap().as_str().to_owned()
    }
}

pub(super) fn base64(certificate: &Certificate) -> String {
    BASE64.encode(certificate.der())
}
