//! The authority's register as every reader keeps it: entries are taken one after the other, each is
//! checked by signature and chain, and what they say together is who is a bank.
//!
//! Whoever can write into a database can put rows there, leave rows out or bring old ones back. None
//! of that counts: an entry needs two officers whom the root has certified and an earlier entry has
//! admitted, the next number and the digest of the entry before it; and the head, signed again every
//! few seconds by a key of its own, says how far the register goes.

mod acts;
mod entry;
mod request;

pub use entry::{
    ENTRY_BYTES_MAX, Entry, Position, sign_cosign, sign_head, sign_record, sign_succession,
};

pub use request::{read_request, request};

use crate::{
    Certificate, CertificateError, EnvelopeError, Jws, LicenceTerms, Malformed, Party, Role, Rsa,
    TrustAnchor, VerifiedCertificate, verify_chain,
};
use data_encoding::BASE64;
use message::{
    Bic, Digest, Payload, Thumbprint, Timestamp,
    payload::CLOCK_SKEW_SECONDS_MAX,
    record::{
        AUDIENCE, AUTHORITY, AuthorityAct, AuthorityCosign, AuthorityHead, AuthorityRecord,
        LastItem,
    },
    text::Label,
};
use std::collections::BTreeMap;

/// The fewest officers: two sign, and neither can do without the other.
pub const OFFICERS_MIN: usize = 2;

/// Why an entry or a head is not taken. Nothing of it has any effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegisterError {
    /// Another number than the next one: a gap, or one taken back.
    #[error("the register has no entry {expected} here, but {found}")]
    Number {
        /// The next number.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// It does not follow the entry before it, or other bytes stand under a known number.
    #[error("the entry does not follow the one before it")]
    Chain,
    /// Signed by somebody who is no officer, or is none any more.
    #[error("the entry is not signed by an officer of the authority")]
    Officer,
    /// Both signatures are of one person.
    #[error("the entry is signed by one person twice")]
    OnePerson,
    /// A signature does not hold, or is for something else.
    #[error("a signature of the register does not hold")]
    Signature,
    /// Dated before the entry before it, or in the future.
    #[error("the entry's date does not fit")]
    Date,
    /// A certificate in it cannot be relied on.
    #[error("a certificate in the register: {0}")]
    Certificate(#[from] CertificateError),
    /// It says what cannot be said at this point.
    #[error("{0}")]
    Act(&'static str),
    /// It is not well formed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl From<EnvelopeError> for RegisterError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Malformed(malformed) => RegisterError::Malformed(malformed),
            _ => RegisterError::Signature,
        }
    }
}

/// Whether a bank may do business.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Status {
    /// It may.
    Active,
    /// No new payments to or from it; answers in flight still count.
    Suspended {
        /// Since when.
        since: Timestamp,
        /// Why, in words that customers may read.
        reason: Label,
    },
    /// Never again.
    Revoked {
        /// Since when.
        since: Timestamp,
        /// Why, in words that customers may read.
        reason: Label,
        /// For each other bank, the last items that count.
        last: Vec<LastItem>,
    },
}

/// What the register says of a bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its newest licence: the bank CA's certificate.
    pub licence: Certificate,
    /// The number of the entry that granted it.
    pub granted_in: u64,
    /// When that was.
    pub granted_at: Timestamp,
    /// Whether it may do business.
    pub status: Status,
    /// Certificates of bank CAs that were replaced: what they issued still leads to the root, but
    /// they sign nothing new.
    pub replaced: Vec<Certificate>,
}

impl Standing {
    /// The terms of the licence.
    pub fn terms(&self) -> Option<&LicenceTerms> {
        self.licence.licence()
    }

    /// Whether new payments to and from the bank are taken at this time.
    pub fn is_active(&self, now: Timestamp) -> bool {
        let valid = (self.licence.not_before()..=self.licence.not_after()).contains(&now);
        valid && self.status == Status::Active
    }
}

/// A verified head: where the authority says that its register stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Up to which entry.
    pub position: Position,
    /// When it was signed.
    pub at: Timestamp,
}

/// The register, as far as it was read.
#[derive(Clone, Debug)]
pub struct Register {
    anchor: TrustAnchor,
    position: Position,
    /// When the newest entry was made.
    newest_at: Timestamp,
    officers: BTreeMap<Thumbprint, Certificate>,
    head: Option<VerifiedCertificate>,
    banks: BTreeMap<Bic, Standing>,
    resolved: BTreeMap<Digest, bool>,
}

impl Register {
    /// An empty one under this root.
    pub fn new(anchor: TrustAnchor) -> Self {
        Self {
            anchor,
            position: Position::START,
            newest_at: Timestamp::MIN,
            officers: BTreeMap::new(),
            head: None,
            banks: BTreeMap::new(),
            resolved: BTreeMap::new(),
        }
    }

    /// The newest entry that was taken.
    pub fn position(&self) -> Position {
        self.position
    }

    /// What it says of a bank; `None` when no entry licenses it.
    pub fn bank(&self, bank: &Bic) -> Option<&Standing> {
        self.banks.get(bank)
    }

    /// Every bank that was ever licensed.
    pub fn banks(&self) -> impl Iterator<Item = (&Bic, &Standing)> {
        self.banks.iter()
    }

    /// Those who may sign records now.
    pub fn officers(&self) -> impl Iterator<Item = (&Thumbprint, &Certificate)> {
        self.officers.iter()
    }

    /// What the authority has decided of a payment in suspense: whether the payee has it.
    pub fn resolved(&self, payment: &Digest) -> Option<bool> {
        self.resolved.get(payment).copied()
    }

    /// Takes the next entry. One that is refused changes nothing.
    pub fn take(
        &mut self,
        rsa: &dyn Rsa,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<AuthorityAct, RegisterError> {
        let record = self.read(rsa, entry, now)?;
        let Payload { iat, body, .. } = record;
        self.apply(rsa, body.number, iat, &body.act)?;
        self.position = Position {
            number: body.number,
            digest: entry.digest(),
        };
        self.newest_at = iat;
        Ok(body.act)
    }

    /// Checks number, chain, date and both signatures.
    fn read(
        &self,
        rsa: &dyn Rsa,
        entry: &Entry,
        now: Timestamp,
    ) -> Result<Payload<AuthorityRecord>, RegisterError> {
        // Read before it is verified: the first record names those who sign it, and a number that
        // does not fit is worth saying whoever signed.
        let unread: Payload<AuthorityRecord> =
            serde_json::from_slice(entry.record.unverified_payload())
                .map_err(|_| Malformed("authority record"))?;
        let expected = self.position.number.saturating_add(1);
        if unread.body.number != expected {
            let found = unread.body.number;
            return Err(RegisterError::Number { expected, found });
        }
        if unread.body.previous != self.position.digest {
            return Err(RegisterError::Chain);
        }
        if unread.iat < self.newest_at || unread.iat > now.saturating_add(CLOCK_SKEW_SECONDS_MAX) {
            return Err(RegisterError::Date);
        }
        let officers = self.signers(rsa, &unread)?;
        let signer = |jws: &Jws| {
            let officer = officers.get(&jws.kid()).ok_or(RegisterError::Officer)?;
            // Whoever was certified for a time signs for no other.
            self.check(rsa, officer, Role::Officer, unread.iat)?;
            Ok::<_, RegisterError>(officer)
        };
        let (first, second) = (signer(&entry.record)?, signer(&entry.cosign)?);
        if is_one_person(first, second) {
            return Err(RegisterError::OnePerson);
        }
        let key = first.verifying_key().ok_or(RegisterError::Signature)?;
        let record = entry
            .record
            .verify(rsa, key)?
            .payload::<AuthorityRecord>()?;
        check_frame(&record, &entry.record.kid().to_string(), None)?;
        let key = second.verifying_key().ok_or(RegisterError::Signature)?;
        let cosign = entry
            .cosign
            .verify(rsa, key)?
            .payload::<AuthorityCosign>()?;
        let iss = entry.cosign.kid().to_string();
        check_frame(&cosign, &iss, Some(entry.record.digest()))?;
        if cosign.body.number != record.body.number || cosign.iat < record.iat {
            return Err(RegisterError::Signature);
        }
        Ok(record)
    }

    /// Who may sign this record: the officers, or for the first one those whom it names.
    fn signers(
        &self,
        rsa: &dyn Rsa,
        record: &Payload<AuthorityRecord>,
    ) -> Result<BTreeMap<Thumbprint, Certificate>, RegisterError> {
        match &record.body.act {
            AuthorityAct::Founded { officers, .. } if self.position.number == 0 => {
                self.founders(rsa, officers, record.iat)
            }
            _ => Ok(self.officers.clone()),
        }
    }

    /// Checks a head: signed by the certified head key, and dated. Whether it is older than one seen
    /// before is for the caller, who remembers it; that it says nothing else of what was read is
    /// checked here.
    pub fn check_head(
        &self,
        rsa: &dyn Rsa,
        jws: &Jws,
        now: Timestamp,
    ) -> Result<Head, RegisterError> {
        let key = self.head.as_ref().ok_or(RegisterError::Signature)?;
        let certificate = key.certificate().clone();
        let key = key.verifying_key().ok_or(RegisterError::Signature)?;
        let head = jws.verify(rsa, key)?.payload::<AuthorityHead>()?;
        check_frame(&head, AUTHORITY, None)?;
        if head.iat > now.saturating_add(CLOCK_SKEW_SECONDS_MAX) {
            return Err(RegisterError::Date);
        }
        self.check(rsa, &certificate, Role::AuthorityHead, head.iat)?;
        let position = Position {
            number: head.body.number,
            digest: head.body.digest,
        };
        if position.number == self.position.number && position != self.position {
            return Err(RegisterError::Chain);
        }
        Ok(Head {
            position,
            at: head.iat,
        })
    }

    fn check(
        &self,
        rsa: &dyn Rsa,
        certificate: &Certificate,
        role: Role,
        at: Timestamp,
    ) -> Result<VerifiedCertificate, RegisterError> {
        let party = match role {
            Role::BankCa => certificate.party().clone(),
            _ => Party::Authority,
        };
        let chain = verify_chain(rsa, &self.anchor, certificate, &[], role, party, at);
        Ok(chain?)
    }

    /// A certificate that a record carries.
    fn certified(
        &self,
        rsa: &dyn Rsa,
        base64: &str,
        role: Role,
        at: Timestamp,
    ) -> Result<VerifiedCertificate, RegisterError> {
        let der = BASE64.decode(base64.as_bytes());
        let certificate = Certificate::from_der(&der.map_err(|_| Malformed("certificate"))?)?;
        self.check(rsa, &certificate, role, at)
    }
}

/// Whoever has two keys is still one person. Names are compared as the root certified them.
pub(crate) fn is_one_person(one: &Certificate, other: &Certificate) -> bool {
    one.key_thumbprint() == other.key_thumbprint()
        || one.common_name().to_lowercase() == other.common_name().to_lowercase()
}

fn check_frame<B>(
    payload: &Payload<B>,
    iss: &str,
    re: Option<Digest>,
) -> Result<(), RegisterError> {
    let fits = payload.iss == iss
        && payload.aud == AUDIENCE
        && payload.re == re
        && payload.exp == payload.iat;
    fits.then_some(()).ok_or(RegisterError::Signature)
}

#[cfg(test)]
mod tests;
