//! Makes certificates: the authority's root, and everything below it.

use crate::{
    Certificate, EnvelopeError, LicenceTerms, Malformed, Party, Role, Rsa, RsaPrivateKey,
    SigningKey, SubjectKey, VerifyingKey,
    certificate::signature_algorithm,
    extension::{Profile, key_id},
};
use message::{Thumbprint, Timestamp};
use rand_core::CryptoRng;
use rsa::signature::Keypair;
use std::time::Duration;
use x509_cert::{
    TbsCertificate,
    builder::{Builder, CertificateBuilder, profile::BuilderProfile},
    der::{
        Decode, Document, Encode,
        asn1::{BitString, GeneralizedTime, SetOfVec, Utf8StringRef},
        oid::{ObjectIdentifier, db::rfc4519},
    },
    ext::Extension,
    name::{Name, RdnSequence, RelativeDistinguishedName},
    serial_number::SerialNumber,
    spki::{
        AlgorithmIdentifierOwned, DynSignatureAlgorithmIdentifier, EncodePublicKey,
        SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
    },
    time::Time,
};

/// The most characters of a common name (RFC 5280, `ub-common-name`).
const COMMON_NAME_CHARS_MAX: usize = 64;

/// From when until when a certificate counts, both inclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Validity {
    /// Valid from.
    pub not_before: Timestamp,
    /// Valid until.
    pub not_after: Timestamp,
}

/// A CA that can issue: its certificate and the key in it.
#[derive(Clone, Debug)]
pub struct Issuer {
    /// The CA's certificate.
    pub certificate: Certificate,
    /// The CA's key.
    pub key: RsaPrivateKey,
}

/// What is to be certified.
#[derive(Clone, Debug)]
pub struct Subject {
    /// What it is for.
    pub role: Role,
    /// For whom.
    pub party: Party,
    /// The common name: the bank's name for a licence. Devices get their thumbprint instead, so
    /// that no certificate says a customer's name.
    pub name: String,
    /// The key, DER `SubjectPublicKeyInfo`.
    pub key_spki: Vec<u8>,
    /// The signing key of the device or processor, for the two encryption roles; `None` elsewhere.
    pub holder: Option<Thumbprint>,
    /// From when until when.
    pub validity: Validity,
    /// The licence's terms, for a bank CA; `None` elsewhere.
    pub licence: Option<LicenceTerms>,
    /// Host names and addresses, for a TLS server; empty elsewhere.
    pub tls_names: Vec<String>,
    /// The role name that a TLS client logs in as; the subject is exactly `CN=<this>,O=<party>`.
    pub common_name: Option<String>,
}

/// Makes the authority's self-signed root.
pub fn make_root(
    rsa: &dyn Rsa,
    key: &RsaPrivateKey,
    name: &str,
    validity: Validity,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate, EnvelopeError> {
    let thumbprint = key.public().thumbprint();
    let profile = Profile {
        role: Role::Root,
        party: Party::Authority,
        holder: thumbprint,
        tls_names: Vec::new(),
        licence: None,
        subject_key_id: key_id(&thumbprint),
        issuer_key_id: key_id(&thumbprint),
    };
    let subject = subject_name(&profile, name)?;
    let names = Names {
        issuer: subject.clone(),
        subject,
        extensions: profile.write()?,
    };
    build(rsa, key, names, key.public().to_spki_der(), validity, rng)
}

/// Makes the self-signed twin of a transport CA: same name, same key. OpenSSL (so PostgreSQL, too)
/// accepts only a self-signed certificate as the one anchor of a connection.
pub fn transport_anchor(
    rsa: &dyn Rsa,
    issuer: &Issuer,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate, EnvelopeError> {
    let certificate = &issuer.certificate;
    if certificate.role() != Role::TransportCa {
        return Err(EnvelopeError::Key);
    }
    let thumbprint = issuer_key(issuer)?;
    let profile = Profile {
        role: Role::TransportCa,
        party: certificate.party().clone(),
        holder: thumbprint,
        tls_names: Vec::new(),
        licence: None,
        subject_key_id: key_id(&thumbprint),
        issuer_key_id: key_id(&thumbprint),
    };
    let names = Names {
        issuer: certificate.subject_name().clone(),
        subject: certificate.subject_name().clone(),
        extensions: profile.write()?,
    };
    let validity = Validity {
        not_before: certificate.not_before(),
        not_after: certificate.not_after(),
    };
    let spki = issuer.key.public().to_spki_der();
    build(rsa, &issuer.key, names, spki, validity, rng)
}

/// Issues a certificate. The issuer must be the CA that this role hangs under, of the same party;
/// only a TLS client may be of another, since a party certifies everybody whom its nodes let in.
pub fn issue(
    rsa: &dyn Rsa,
    issuer: &Issuer,
    request: &Subject,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate, EnvelopeError> {
    let ca = &issuer.certificate;
    let may = request.role.issuer(&request.party) == Some(ca.role())
        && (ca.party() == &request.party
            || ca.role() == Role::Root
            || request.role == Role::TransportClient);
    if !may {
        return Err(EnvelopeError::Key);
    }
    issue_unchecked(rsa, issuer, request, rng)
}

/// Issues whatever is asked. Apart from [`issue`] only tests call it, to make what must be refused.
pub(crate) fn issue_unchecked(
    rsa: &dyn Rsa,
    issuer: &Issuer,
    request: &Subject,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate, EnvelopeError> {
    let key = subject_key(request)?;
    let holder = match (request.role.names_holder(), request.holder) {
        (true, Some(holder)) => holder,
        (false, None) => key.thumbprint(),
        _ => return Err(Malformed("certificate request").into()),
    };
    let profile = Profile {
        role: request.role,
        party: request.party.clone(),
        holder,
        tls_names: request.tls_names.clone(),
        licence: request.licence.clone(),
        subject_key_id: key_id(&key.thumbprint()),
        issuer_key_id: key_id(&issuer_key(issuer)?),
    };
    let name = request.common_name.as_ref().unwrap_or(&request.name);
    let names = Names {
        issuer: issuer.certificate.subject_name().clone(),
        subject: subject_name(&profile, name)?,
        extensions: profile.write()?,
    };
    let (spki, validity) = (&request.key_spki, request.validity);
    build(rsa, &issuer.key, names, spki, validity, rng)
}

fn issuer_key(issuer: &Issuer) -> Result<Thumbprint, EnvelopeError> {
    let thumbprint = issuer.key.public().thumbprint();
    if issuer.certificate.key_thumbprint() == thumbprint {
        Ok(thumbprint)
    } else {
        Err(EnvelopeError::Key)
    }
}

fn subject_key(request: &Subject) -> Result<SubjectKey, Malformed> {
    let key = VerifyingKey::from_spki_der(&request.key_spki)?;
    Ok(SubjectKey::Signing(key))
}

/// `CN=<name>,OU=<role>,O=<party>`; for a TLS client without the role, because it is compared.
fn subject_name(profile: &Profile, name: &str) -> Result<Name, Malformed> {
    let wrong = Malformed("subject name");
    let device = matches!(profile.role, Role::DeviceSigning | Role::DeviceEncryption);
    let name = if device {
        profile.holder.to_string()
    } else {
        name.to_owned()
    };
    let length = name.chars().count();
    if !(1..=COMMON_NAME_CHARS_MAX).contains(&length) || name.chars().any(char::is_control) {
        return Err(wrong);
    }
    let mut parts = vec![attribute(
        rfc4519::ORGANIZATION_NAME,
        &profile.party.to_string(),
    )?];
    if profile.role != Role::TransportClient {
        let role = profile.role.word();
        parts.push(attribute(rfc4519::ORGANIZATIONAL_UNIT_NAME, role)?);
    }
    parts.push(attribute(rfc4519::COMMON_NAME, &name)?);
    let der = RdnSequence::from(parts).to_der().map_err(|_| wrong)?;
    Name::from_der(&der).map_err(|_| wrong)
}

fn attribute(oid: ObjectIdentifier, text: &str) -> Result<RelativeDistinguishedName, Malformed> {
    let wrong = Malformed("subject name");
    let value = Utf8StringRef::new(text).map_err(|_| wrong)?.into();
    let attribute = x509_cert::attr::AttributeTypeAndValue { oid, value };
    let set = SetOfVec::try_from(vec![attribute]).map_err(|_| wrong)?;
    Ok(RelativeDistinguishedName::from(set))
}

/// What stands in the certificate besides key, serial number and validity.
struct Names {
    issuer: Name,
    subject: Name,
    extensions: Vec<Extension>,
}

impl BuilderProfile for Names {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        _tbs: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

/// Tells the builder which algorithm signs; the signature itself is made by the [`Rsa`] trait.
struct Signer(Spki);

#[derive(Clone)]
struct Spki(Vec<u8>);

impl Keypair for Signer {
    type VerifyingKey = Spki;

    fn verifying_key(&self) -> Spki {
        self.0.clone()
    }
}

impl DynSignatureAlgorithmIdentifier for Signer {
    fn signature_algorithm_identifier(&self) -> x509_cert::spki::Result<AlgorithmIdentifierOwned> {
        signature_algorithm().map_err(|_| x509_cert::spki::Error::KeyMalformed)
    }
}

impl EncodePublicKey for Spki {
    fn to_public_key_der(&self) -> x509_cert::spki::Result<Document> {
        Ok(Document::try_from(self.0.as_slice())?)
    }
}

fn time(seconds: Timestamp) -> Result<Time, Malformed> {
    let seconds = u64::try_from(seconds).map_err(|_| Malformed("time"))?;
    // The builder turns it into UTCTime where RFC 5280 wants that (until 2049).
    GeneralizedTime::from_unix_duration(Duration::from_secs(seconds))
        .map(Time::GeneralTime)
        .map_err(|_| Malformed("time"))
}

fn build(
    rsa: &dyn Rsa,
    key: &RsaPrivateKey,
    names: Names,
    spki: &[u8],
    validity: Validity,
    rng: &mut dyn CryptoRng,
) -> Result<Certificate, EnvelopeError> {
    if validity.not_before > validity.not_after {
        return Err(Malformed("validity").into());
    }
    let mut serial = [0; 16];
    rng.fill_bytes(&mut serial);
    // Positive and of one length: the first bit is clear, the second is set.
    serial[0] = serial[0] & 0x3f | 0x40;
    let wrong = Malformed("certificate request");
    let window =
        x509_cert::time::Validity::new(time(validity.not_before)?, time(validity.not_after)?);
    let mut builder = CertificateBuilder::new(
        names,
        SerialNumber::new(&serial).map_err(|_| wrong)?,
        window,
        SubjectPublicKeyInfoOwned::from_der(spki).map_err(|_| wrong)?,
    )
    .map_err(|_| wrong)?;
    let signer = Signer(Spki(key.public().to_spki_der().to_vec()));
    let tbs = builder.finalize(&signer).map_err(|_| wrong)?;
    let signature = SigningKey::Rsa(key.clone()).sign_bytes(rsa, &tbs, rng)?;
    let signature = BitString::from_bytes(&signature).map_err(|_| wrong)?;
    let x509 = builder.assemble(signature, &signer).map_err(|_| wrong)?;
    let der = x509.to_der().map_err(|_| wrong)?;
    Ok(Certificate::from_x509(x509, &der)?)
}
