//! One entry of the register, and how it is made.

use crate::{EnvelopeError, Jws, Malformed, Rsa, SigningKey, encoding::sha256, jws};
use message::{
    Bic, Body, Digest, MessageId, Payload, Thumbprint, Timestamp,
    record::{
        AUDIENCE, AUTHORITY, AuthorityAct, AuthorityCosign, AuthorityHead, AuthorityRecord,
        LicenceSuccession,
    },
};
use rand_core::CryptoRng;

/// The longest entry as text, in bytes: both signatures with all that they can carry.
pub const ENTRY_BYTES_MAX: usize = 2 * jws::JWS_BYTES_MAX + 1;

/// What the digest of an entry begins with.
const CONTEXT: &[u8] = b"countersign register v1";

/// A record with both signatures, as it is stored and carried: the two compact JWS, each on a line.
#[derive(Clone, Debug)]
pub struct Entry {
    /// `authority-record`, by the first officer.
    pub record: Jws,
    /// `authority-cosign`, by the second.
    pub cosign: Jws,
}

impl Entry {
    /// Reads the two lines. Nothing is checked yet but their form.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        if text.len() > ENTRY_BYTES_MAX {
            return Err(Malformed("register entry"));
        }
        let (record, cosign) = text.split_once('\n').ok_or(Malformed("register entry"))?;
        Ok(Self {
            record: Jws::parse(record)?,
            cosign: Jws::parse(cosign)?,
        })
    }

    /// The two lines.
    pub fn to_text(&self) -> String {
        format!("{}\n{}", self.record.as_str(), self.cosign.as_str())
    }

    /// What the next record and the head name: SHA-256 over a context, the digest of the record's
    /// JWS and the digest of the cosigning one.
    pub fn digest(&self) -> Digest {
        let (record, cosign) = (self.record.digest(), self.cosign.digest());
        Digest::new(sha256(&[CONTEXT, record.as_bytes(), cosign.as_bytes()]))
    }
}

/// Where a register stands: the number of its newest entry and its digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// 0 while there is none.
    pub number: u64,
    /// Zeros while there is none.
    pub digest: Digest,
}

impl Position {
    /// Before the first entry.
    pub const START: Position = Position {
        number: 0,
        digest: Digest::new([0; 32]),
    };
}

/// The first officer signs a record that follows `position`.
pub fn sign_record(
    rsa: &dyn Rsa,
    officer: &SigningKey,
    position: Position,
    act: AuthorityAct,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let number = position.number.checked_add(1);
    let body = AuthorityRecord {
        number: number.ok_or(Malformed("register entry"))?,
        previous: position.digest,
        act,
    };
    sign(
        rsa,
        officer,
        officer.thumbprint().to_string(),
        None,
        body,
        now,
        rng,
    )
}

/// The second officer signs the first one's record.
pub fn sign_cosign(
    rsa: &dyn Rsa,
    officer: &SigningKey,
    record: &Jws,
    number: u64,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let (iss, re) = (officer.thumbprint().to_string(), Some(record.digest()));
    sign(rsa, officer, iss, re, AuthorityCosign { number }, now, rng)
}

/// The head key signs where the register stands.
pub fn sign_head(
    rsa: &dyn Rsa,
    head: &SigningKey,
    position: Position,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let Position { number, digest } = position;
    let body = AuthorityHead { number, digest };
    sign(rsa, head, AUTHORITY.to_owned(), None, body, now, rng)
}

/// A bank's CA names the key that takes its place.
pub fn sign_succession(
    rsa: &dyn Rsa,
    bank_ca: &SigningKey,
    bank: &Bic,
    successor: Thumbprint,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let body = LicenceSuccession { successor };
    sign(rsa, bank_ca, bank.to_string(), None, body, now, rng)
}

fn sign<B: Body>(
    rsa: &dyn Rsa,
    key: &SigningKey,
    iss: String,
    re: Option<Digest>,
    body: B,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let payload = Payload {
        iss,
        aud: AUDIENCE.to_owned(),
        jti: MessageId::new(id),
        iat: now,
        exp: now,
        re,
        body,
    };
    jws::sign(rsa, key, &payload, rng)
}
