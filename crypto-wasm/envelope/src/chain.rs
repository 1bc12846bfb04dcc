//! Decides whether a certificate can be relied on: an exact path of roles up to the pinned root.
//!
//! Reading a certificate already demands the exact form of its role. For end entities rustls-webpki
//! then builds and checks the path (signatures, times, path lengths, name constraints), and this
//! module demands that the path has the expected roles and party. CAs themselves, which webpki does
//! not take as the end of a path, are checked link by link here.

use crate::{
    Certificate, EnvelopeError, LicenceTerms, Malformed, Party, Role, Rsa, RsaPublicKey,
    VerifyingKey, extension::key_id,
};
use message::{Bic, Thumbprint, Timestamp};
use rustls_pki_types::{
    AlgorithmIdentifier, CertificateDer, InvalidSignature, SignatureVerificationAlgorithm,
    UnixTime, alg_id,
};
use std::{fmt, time::Duration};
use x509_cert::der::Encode;

/// The most certificates that are looked at beside the leaf.
pub const INTERMEDIATES_MAX: usize = 8;

/// Why a certificate cannot be relied on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CertificateError {
    /// It is for something else.
    #[error("the certificate is for another role")]
    Role,
    /// It belongs to somebody else.
    #[error("the certificate belongs to somebody else")]
    Party,
    /// It, or one above it, is past its time.
    #[error("the certificate has expired")]
    Expired,
    /// It, or one above it, does not count yet.
    #[error("the certificate is not valid yet")]
    NotYetValid,
    /// A CA above it may not certify this name.
    #[error("the certificate's name is outside of what its issuer may certify")]
    Name,
    /// There are more CAs above it than allowed.
    #[error("the certificate's path is too long")]
    PathLength,
    /// No path of valid signatures and expected roles leads to the pinned root.
    #[error("the certificate does not lead to the pinned root")]
    Chain,
    /// It is not well formed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

/// The authority's root: pinned, never fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustAnchor(Certificate);

impl TrustAnchor {
    /// Pins a root.
    pub fn new(root: Certificate) -> Result<Self, CertificateError> {
        let own = root.subject_name() == root.issuer_name()
            && root.issuer_key_id() == key_id(&root.key_thumbprint());
        if root.role() == Role::Root && own {
            Ok(Self(root))
        } else {
            Err(CertificateError::Role)
        }
    }

    /// The root.
    pub fn certificate(&self) -> &Certificate {
        &self.0
    }
}

/// A certificate that can be relied on at the time it was checked. Revocation is for the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifiedCertificate(Certificate);

impl VerifiedCertificate {
    /// The id of the key that is certified.
    pub fn thumbprint(&self) -> Thumbprint {
        self.0.key_thumbprint()
    }

    /// The id of the key that is certified.
    pub fn key_thumbprint(&self) -> Thumbprint {
        self.0.key_thumbprint()
    }

    /// The device's or processor's id: the thumbprint of its signing key.
    pub fn holder(&self) -> Thumbprint {
        self.0.holder()
    }

    /// What it is for.
    pub fn role(&self) -> Role {
        self.0.role()
    }

    /// For whom.
    pub fn party(&self) -> &Party {
        self.0.party()
    }

    /// For which bank.
    pub fn bic(&self) -> Option<&Bic> {
        self.0.party().bic()
    }

    /// The licence's terms, of a bank CA.
    pub fn licence(&self) -> Option<&LicenceTerms> {
        self.0.licence()
    }

    /// The key that is certified, if it signs.
    pub fn verifying_key(&self) -> Option<&VerifyingKey> {
        self.0.verifying_key()
    }

    /// The key that is certified, if things are sealed to it.
    pub fn encryption_key(&self) -> Option<&RsaPublicKey> {
        self.0.encryption_key()
    }

    /// The certificate.
    pub fn certificate(&self) -> &Certificate {
        &self.0
    }
}

/// Checks a certificate up to the pinned root. `intermediates` may come in any order and hold
/// more than is needed. The path must be exactly that of the role: for a device, for example, its
/// enrolment CA, the bank CA of the same bank, the root.
pub fn verify_chain(
    rsa: &dyn Rsa,
    anchor: &TrustAnchor,
    leaf: &Certificate,
    intermediates: &[Certificate],
    role: Role,
    party: impl Into<Party>,
    now: Timestamp,
) -> Result<VerifiedCertificate, CertificateError> {
    if intermediates.len() > INTERMEDIATES_MAX {
        return Err(CertificateError::PathLength);
    }
    if leaf.role() != role {
        return Err(CertificateError::Role);
    }
    if *leaf.party() != party.into() {
        return Err(CertificateError::Party);
    }
    check_time(anchor.certificate(), now)?;
    let check = Check {
        rsa,
        anchor,
        intermediates,
        now,
    };
    match role {
        Role::TransportServer | Role::TransportClient => check.transport(leaf),
        _ if role.path_length().is_some() => check.authority(leaf),
        _ => check.end_entity(leaf),
    }?;
    Ok(VerifiedCertificate(leaf.clone()))
}

fn check_time(certificate: &Certificate, now: Timestamp) -> Result<(), CertificateError> {
    if now < certificate.not_before() {
        return Err(CertificateError::NotYetValid);
    }
    if now > certificate.not_after() {
        return Err(CertificateError::Expired);
    }
    Ok(())
}

struct Check<'a> {
    rsa: &'a dyn Rsa,
    anchor: &'a TrustAnchor,
    intermediates: &'a [Certificate],
    now: Timestamp,
}

impl Check<'_> {
    /// The CAs of a role and party among what was given, the root included.
    fn issuers(&self, role: Role, party: &Party) -> impl Iterator<Item = &Certificate> {
        let root = std::iter::once(self.anchor.certificate()).filter(move |_| role == Role::Root);
        let given = self.intermediates.iter().filter(move |certificate| {
            role != Role::Root && certificate.role() == role && certificate.party() == party
        });
        root.chain(given)
    }

    /// A CA: one link at a time, up to the root.
    fn authority(&self, certificate: &Certificate) -> Result<(), CertificateError> {
        if certificate.role() == Role::Root {
            return (certificate == self.anchor.certificate())
                .then_some(())
                .ok_or(CertificateError::Chain);
        }
        check_time(certificate, self.now)?;
        let party = certificate.party();
        let role = certificate.role().issuer(party);
        let role = role.ok_or(CertificateError::Chain)?;
        let mut error = CertificateError::Chain;
        for issuer in self.issuers(role, party) {
            if !self.issued(certificate, issuer)? {
                continue;
            }
            match self.authority(issuer) {
                Ok(()) => return Ok(()),
                Err(why) => error = why,
            }
        }
        Err(error)
    }

    /// Whether the issuer signed the certificate. Names, usages and path lengths need no further
    /// look: both certificates have the exact form of their roles, for the same party.
    fn issued(
        &self,
        certificate: &Certificate,
        issuer: &Certificate,
    ) -> Result<bool, CertificateError> {
        let key = issuer.verifying_key().ok_or(CertificateError::Chain)?;
        // A licence names the one key that may be the bank's transport CA.
        let licensed = issuer.licence().and_then(|terms| terms.transport_ca);
        if certificate.role() == Role::TransportCa
            && licensed.is_some_and(|named| named != certificate.key_thumbprint())
        {
            return Ok(false);
        }
        let named = certificate.issuer_name() == issuer.subject_name()
            && certificate.issuer_key_id() == key_id(&key.thumbprint());
        let x509 = certificate.x509();
        let tbs = x509.tbs_certificate().to_der();
        let tbs = tbs.map_err(|_| Malformed("certificate"))?;
        let signature = x509.signature().as_bytes().unwrap_or_default();
        Ok(named && key.verify_bytes(self.rsa, &tbs, signature))
    }

    /// A TLS certificate: its transport CA up to the root, then the certificate under that CA
    /// alone. Host names lie outside of the bank CA's name constraint, so one path cannot do it.
    fn transport(&self, leaf: &Certificate) -> Result<(), CertificateError> {
        let mut error = CertificateError::Chain;
        for ca in self.issuers(Role::TransportCa, leaf.party()) {
            match self.authority(ca).and_then(|()| self.path(leaf, ca, &[])) {
                Ok(_) => return Ok(()),
                Err(why) => error = why,
            }
        }
        Err(error)
    }

    /// A device's or processor's certificate.
    fn end_entity(&self, leaf: &Certificate) -> Result<(), CertificateError> {
        let party = leaf.party();
        let mut expected = Vec::new();
        let mut role = leaf.role();
        while let Some(issuer) = role.issuer(party).filter(|issuer| *issuer != Role::Root) {
            expected.push(issuer);
            role = issuer;
        }
        let path = self.path(leaf, self.anchor.certificate(), self.intermediates)?;
        let fits = path.len() == expected.len()
            && path
                .iter()
                .zip(&expected)
                .all(|(ca, role)| ca.role() == *role && ca.party() == party);
        fits.then_some(()).ok_or(CertificateError::Chain)
    }

    /// Lets webpki build and check a path; answers with the CAs between leaf and anchor.
    fn path(
        &self,
        leaf: &Certificate,
        anchor: &Certificate,
        intermediates: &[Certificate],
    ) -> Result<Vec<Certificate>, CertificateError> {
        let wrong = Malformed("certificate");
        let leaf = CertificateDer::from(leaf.der());
        let leaf = webpki::EndEntityCert::try_from(&leaf).map_err(|_| wrong)?;
        let anchor = CertificateDer::from(anchor.der());
        let anchors = [webpki::anchor_from_trusted_cert(&anchor).map_err(|_| wrong)?];
        let between: Vec<CertificateDer<'_>> = intermediates
            .iter()
            .map(|certificate| CertificateDer::from(certificate.der()))
            .collect();
        let seconds = u64::try_from(self.now).map_err(|_| CertificateError::NotYetValid)?;
        let algorithm = Pss(self.rsa);
        let path = leaf
            .verify_for_usage(
                &[&algorithm],
                &anchors,
                &between,
                UnixTime::since_unix_epoch(Duration::from_secs(seconds)),
                RolesAreCheckedByUs,
                None,
                None,
            )
            .map_err(|error| from_webpki(&error))?;
        path.intermediate_certificates()
            .map(|certificate| {
                Certificate::from_der(&certificate.der()).map_err(CertificateError::from)
            })
            .collect()
    }
}

fn from_webpki(error: &webpki::Error) -> CertificateError {
    use webpki::Error;
    match error {
        Error::CertExpired { .. } => CertificateError::Expired,
        Error::CertNotValidYet { .. } => CertificateError::NotYetValid,
        Error::NameConstraintViolation => CertificateError::Name,
        Error::PathLenConstraintViolated => CertificateError::PathLength,
        _ => CertificateError::Chain,
    }
}

/// Each certificate of a path has its own usage, which reading it has already demanded.
struct RolesAreCheckedByUs;

impl webpki::ExtendedKeyUsageValidator for RolesAreCheckedByUs {
    fn validate(&self, _usages: webpki::KeyPurposeIdIter<'_, '_>) -> Result<(), webpki::Error> {
        Ok(())
    }
}

/// RSASSA-PSS with SHA-256 over the [`Rsa`] trait, as webpki wants it.
struct Pss<'a>(&'a dyn Rsa);

impl fmt::Debug for Pss<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pss")
    }
}

impl SignatureVerificationAlgorithm for Pss<'_> {
    fn verify_signature(
        &self,
        public_key: &[u8],
        message: &[u8],
        signature: &[u8],
    ) -> Result<(), InvalidSignature> {
        let key = RsaPublicKey::from_pkcs1_der(public_key).map_err(|_| InvalidSignature)?;
        let holds = self.0.verify_pss_sha256(&key, message, signature);
        holds.then_some(()).ok_or(InvalidSignature)
    }

    fn public_key_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_ENCRYPTION
    }

    fn signature_alg_id(&self) -> AlgorithmIdentifier {
        alg_id::RSA_PSS_SHA256
    }
}

impl From<CertificateError> for EnvelopeError {
    fn from(error: CertificateError) -> Self {
        match error {
            CertificateError::Malformed(malformed) => EnvelopeError::Malformed(malformed),
            _ => EnvelopeError::Key,
        }
    }
}

#[cfg(test)]
mod tests;
