//! X.509 certificates as values. Reading one is strict: it must have exactly the form that the
//! authority module gives to its role.

use crate::{
    LicenceTerms, Malformed, Party, Role, RsaPublicKey, VerifyingKey,
    extension::{Profile, key_id},
};
use message::{Thumbprint, Timestamp};
use std::{fmt, sync::Arc};
use x509_cert::{
    Certificate as X509,
    certificate::Version,
    der::{
        Decode, Encode, EncodePem,
        pem::{self, LineEnding, PemLabel},
    },
    name::Name,
};

/// The largest certificate that is looked at, in bytes of DER.
pub const CERTIFICATE_BYTES_MAX: usize = 4096;

/// The key in a certificate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectKey {
    /// Signs.
    Signing(VerifyingKey),
    /// Opens what is sealed to it.
    Encryption(RsaPublicKey),
}

impl SubjectKey {
    /// The key's id.
    pub fn thumbprint(&self) -> Thumbprint {
        match self {
            SubjectKey::Signing(key) => key.thumbprint(),
            SubjectKey::Encryption(key) => key.thumbprint(),
        }
    }
}

struct Parts {
    x509: X509,
    der: Vec<u8>,
    profile: Profile,
    key: SubjectKey,
}

/// A certificate whose form is right. Whether it can be relied on is what
/// [`crate::chain::verify_chain`] says. Cheap to clone.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

impl Certificate {
    /// Reads DER.
    pub fn from_der(der: &[u8]) -> Result<Self, Malformed> {
        let wrong = Malformed("certificate");
        if der.len() > CERTIFICATE_BYTES_MAX {
            return Err(wrong);
        }
        let x509 = X509::from_der(der).map_err(|_| wrong)?;
        Self::from_x509(x509, der)
    }

    /// Reads one PEM certificate.
    pub fn from_pem(text: &str) -> Result<Self, Malformed> {
        let wrong = Malformed("certificate");
        if text.len() > CERTIFICATE_BYTES_MAX * 2 {
            return Err(wrong);
        }
        let (label, der) = pem::decode_vec(text.trim().as_bytes()).map_err(|_| wrong)?;
        if label != X509::PEM_LABEL {
            return Err(wrong);
        }
        Self::from_der(&der)
    }

    pub(crate) fn from_x509(x509: X509, der: &[u8]) -> Result<Self, Malformed> {
        let wrong = Malformed("certificate");
        let tbs = x509.tbs_certificate();
        let pss = signature_algorithm()?;
        let plain = tbs.version() == Version::V3
            && *tbs.signature() == pss
            && *x509.signature_algorithm() == pss
            && tbs.issuer_unique_id().is_none()
            && tbs.subject_unique_id().is_none();
        // One certificate has one spelling: what is read is what would be written.
        if !plain || der.len() > CERTIFICATE_BYTES_MAX || x509.to_der().map_err(|_| wrong)? != der {
            return Err(wrong);
        }
        let profile = Profile::read(tbs.extensions().map_or(&[], Vec::as_slice))?;
        let spki = tbs.subject_public_key_info().to_der().map_err(|_| wrong)?;
        let key = read_key(profile.role, &spki)?;
        let thumbprint = key.thumbprint();
        let own = profile.role.names_holder() || profile.holder == thumbprint;
        if !own || profile.subject_key_id != key_id(&thumbprint) {
            return Err(wrong);
        }
        Ok(Self(Arc::new(Parts {
            x509,
            der: der.to_vec(),
            profile,
            key,
        })))
    }

    /// The DER.
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// The PEM, ending with a line feed.
    pub fn to_pem(&self) -> Result<String, Malformed> {
        let pem = self.0.x509.to_pem(LineEnding::LF);
        pem.map_err(|_| Malformed("certificate"))
    }

    /// The key that is certified.
    pub fn subject_key(&self) -> &SubjectKey {
        &self.0.key
    }

    /// The key that is certified, if it signs.
    pub fn verifying_key(&self) -> Option<&VerifyingKey> {
        match &self.0.key {
            SubjectKey::Signing(key) => Some(key),
            SubjectKey::Encryption(_) => None,
        }
    }

    /// The key that is certified, if things are sealed to it.
    pub fn encryption_key(&self) -> Option<&RsaPublicKey> {
        match &self.0.key {
            SubjectKey::Signing(_) => None,
            SubjectKey::Encryption(key) => Some(key),
        }
    }

    /// The id of the key that is certified.
    pub fn key_thumbprint(&self) -> Thumbprint {
        self.0.key.thumbprint()
    }

    /// Whose certificate it is: the id of the device's or processor's signing key. For every role
    /// but the two encryption roles it is the key's own.
    pub fn holder(&self) -> Thumbprint {
        self.0.profile.holder
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.0.profile.role
    }

    /// For whom.
    pub fn party(&self) -> &Party {
        &self.0.profile.party
    }

    /// The licence's terms, in a bank CA's certificate.
    pub fn licence(&self) -> Option<&LicenceTerms> {
        self.0.profile.licence.as_ref()
    }

    /// The host names and addresses of a TLS server.
    pub fn tls_names(&self) -> &[String] {
        &self.0.profile.tls_names
    }

    /// Valid from.
    pub fn not_before(&self) -> Timestamp {
        let validity = self.0.x509.tbs_certificate().validity();
        seconds(validity.not_before.to_unix_duration().as_secs())
    }

    /// Valid until, inclusive.
    pub fn not_after(&self) -> Timestamp {
        let validity = self.0.x509.tbs_certificate().validity();
        seconds(validity.not_after.to_unix_duration().as_secs())
    }

    /// The serial number, big-endian.
    pub fn serial(&self) -> &[u8] {
        self.0.x509.tbs_certificate().serial_number().as_bytes()
    }

    /// The subject's common name: a bank's name in its licence.
    pub fn common_name(&self) -> String {
        let name = self.0.x509.tbs_certificate().subject().common_name();
        let name = name.ok().flatten().map(|name| name.value().into_owned());
        name.unwrap_or_default()
    }

    /// The subject as RFC 4514 writes it, `CN=...,O=...`: what PostgreSQL compares.
    pub fn subject(&self) -> String {
        self.subject_name().to_string()
    }

    pub(crate) fn subject_name(&self) -> &Name {
        self.0.x509.tbs_certificate().subject()
    }

    pub(crate) fn issuer_name(&self) -> &Name {
        self.0.x509.tbs_certificate().issuer()
    }

    pub(crate) fn issuer_key_id(&self) -> [u8; 20] {
        self.0.profile.issuer_key_id
    }

    pub(crate) fn x509(&self) -> &X509 {
        &self.0.x509
    }
}

fn seconds(seconds: u64) -> Timestamp {
    Timestamp::try_from(seconds).unwrap_or(Timestamp::MAX)
}

/// RSASSA-PSS with SHA-256, MGF1 with SHA-256 and a salt of 32 bytes: the only one accepted.
pub(crate) fn signature_algorithm() -> Result<x509_cert::spki::AlgorithmIdentifierOwned, Malformed>
{
    rsa::pss::get_default_pss_signature_algo_id::<rsa::sha2::Sha256>()
        .map_err(|_| Malformed("certificate"))
}

/// Each role has its kind of key.
fn read_key(role: Role, spki: &[u8]) -> Result<SubjectKey, Malformed> {
    if role.names_holder() {
        return RsaPublicKey::from_spki_der(spki).map(SubjectKey::Encryption);
    }
    let key = VerifyingKey::from_spki_der(spki)?;
    let fits = match role {
        Role::Processor | Role::AuthorityHead => matches!(key, VerifyingKey::Ed25519(_)),
        Role::TransportServer | Role::TransportClient => true,
        _ => matches!(key, VerifyingKey::Rsa(_)),
    };
    fits.then_some(SubjectKey::Signing(key))
        .ok_or(Malformed("certificate"))
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (role, party) = (self.role(), self.party());
        write!(f, "Certificate({role} of {party}, {})", self.holder())
    }
}
