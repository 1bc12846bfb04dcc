//! What a bank begins with: its keys, and the certificates that hang below its licence.

use crate::{Entropy, Fault, RegistrarSecret, StorageKey};
use envelope::{
    Certificate, Issuer, Jws, LicenceTerms, Role, Rsa, RsaPrivateKey, Subject, Validity, key_set,
};
use message::{Bic, Currency, Timestamp, key_set::KeySet, text::Name};

/// A year, in seconds.
const YEAR: i64 = 365 * 24 * 60 * 60;

/// Clocks differ: what is issued now counts from a little earlier.
const LEEWAY: i64 = 60 * 60;

/// Who the bank is and what its licence allows.
#[derive(Clone, Debug)]
pub struct BankTerms {
    /// The bank.
    pub bic: Bic,
    /// Its name.
    pub name: Name,
    /// Country and bank code of its IBANs, without check digits.
    pub iban_prefix: String,
    /// The currency of its accounts.
    pub currency: Currency,
    /// The most that it may owe any other bank, in minor units.
    pub settlement_cap: i64,
}

/// Everything secret that a new bank has. The CA key is then kept offline, the registrar's keys go to
/// the registrar, and the rest lives on only as wrapped to processors.
#[derive(Clone, Debug)]
pub struct BankSecrets {
    /// The key of the bank CA.
    pub bank_ca: RsaPrivateKey,
    /// The keys of the CAs below it.
    pub registrar: RegistrarSecret,
    /// What customers and other banks seal to.
    pub encryption: RsaPrivateKey,
    /// What session keys are stored under.
    pub storage: StorageKey,
}

impl BankSecrets {
    /// Makes new keys.
    ///
    /// # Errors
    /// When the primitive fails.
    pub fn make(rsa: &dyn Rsa, entropy: &dyn Entropy) -> Result<Self, Fault> {
        let registrar = RegistrarSecret::make(rsa, entropy)?;
        let mut rng = entropy.rng();
        Ok(Self {
            bank_ca: rsa.generate(envelope::key::RSA_BITS, &mut *rng)?,
            registrar,
            encryption: rsa.generate(envelope::key::RSA_BITS, &mut *rng)?,
            storage: StorageKey::make(entropy),
        })
    }
}

/// What the authority is asked to certify: pass it to `envelope::issue` with the root as issuer.
pub fn licence_request(
    terms: &BankTerms,
    secrets: &BankSecrets,
    number: &str,
    now: Timestamp,
) -> Subject {
    Subject {
        licence: Some(LicenceTerms {
            number: number.to_owned(),
            iban_prefix: terms.iban_prefix.clone(),
            settlement_cap_minor: terms.settlement_cap,
            class: "retail".to_owned(),
            transport_ca: Some(secrets.registrar.transport_ca.public().thumbprint()),
        }),
        ..subject(
            Role::BankCa,
            &terms.bic,
            terms.name.as_str(),
            &secrets.bank_ca,
            validity(now, 5 * YEAR),
        )
    }
}

/// The public side of a new bank.
#[derive(Clone, Debug)]
pub struct Founding {
    /// Who it is.
    pub terms: BankTerms,
    /// The authority's root, pinned.
    pub root: Certificate,
    /// The bank CA's certificate.
    pub licence: Certificate,
    /// Certifies processors.
    pub processor_ca: Certificate,
    /// Certifies devices.
    pub enrolment_ca: Certificate,
    /// Certifies both ends of TLS connections.
    pub transport_ca: Certificate,
    /// The first key set.
    pub key_set: Jws,
}

impl Founding {
    /// Makes the CAs below the licence and the first key set.
    ///
    /// # Errors
    /// When the licence is not for these keys.
    pub fn make(
        rsa: &dyn Rsa,
        entropy: &dyn Entropy,
        terms: BankTerms,
        root: Certificate,
        licence: Certificate,
        secrets: &BankSecrets,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let mut rng = entropy.rng();
        let issuer = Issuer {
            certificate: licence.clone(),
            key: secrets.bank_ca.clone(),
        };
        let mut ca = |role: Role, key: &RsaPrivateKey| {
            let name = format!("{} {}", terms.bic, role.word());
            let request = subject(role, &terms.bic, &name, key, validity(now, 4 * YEAR));
            envelope::issue(rsa, &issuer, &request, &mut *rng)
        };
        let processor_ca = ca(Role::ProcessorCa, &secrets.registrar.processor_ca)?;
        let enrolment_ca = ca(Role::EnrolmentCa, &secrets.registrar.enrolment_ca)?;
        let transport_ca = ca(Role::TransportCa, &secrets.registrar.transport_ca)?;
        let set = KeySet {
            bank: terms.bic.clone(),
            number: 1,
            current: key_set::entry(secrets.encryption.public()),
            old: Vec::new(),
            revoked: Vec::new(),
        };
        let key_set = key_set::sign(rsa, &secrets.bank_ca, &set, now, now + YEAR, &mut *rng)?;
        Ok(Self {
            terms,
            root,
            licence,
            processor_ca,
            enrolment_ca,
            transport_ca,
            key_set,
        })
    }
}

/// A window of validity that begins a little before now.
pub(crate) fn validity(now: Timestamp, seconds: i64) -> Validity {
    Validity {
        not_before: now.saturating_sub(LEEWAY),
        not_after: now.saturating_add(seconds),
    }
}

fn subject(role: Role, bic: &Bic, name: &str, key: &RsaPrivateKey, validity: Validity) -> Subject {
    Subject {
        role,
        party: bic.into(),
        name: name.to_owned(),
        key_spki: key.public().to_spki_der().to_vec(),
        holder: None,
        validity,
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    }
}
