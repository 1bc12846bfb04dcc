//! A bank's numbered key set: signed by the bank CA, checked against its verified certificate.

use crate::{
    EnvelopeError, Jws, Malformed, Role, Rsa, RsaPrivateKey, RsaPublicKey, SigningKey,
    VerifiedCertificate,
};
use message::{
    MessageId, Payload, Timestamp,
    key_set::{EncryptionKey, KeySet},
    payload::CLOCK_SKEW_SECONDS_MAX,
};
use rand_core::CryptoRng;
use std::collections::BTreeSet;

/// Who a key set is addressed to: everybody.
pub const AUDIENCE: &str = "countersign";

/// The longest time that a key set may count, in seconds: a year and a day.
pub const KEY_SET_SECONDS_MAX: i64 = 366 * 24 * 60 * 60;

/// The most old keys of a key set.
pub const OLD_KEYS_MAX: usize = 16;

/// The most removed processors of a key set.
pub const REVOKED_MAX: usize = 64;

/// A key as it stands in a key set.
pub fn entry(key: &RsaPublicKey) -> EncryptionKey {
    EncryptionKey {
        kid: key.thumbprint(),
        key: key.to_jwk(),
    }
}

/// The key to seal to. Only ask a key set that [`verify`] has given.
pub fn current_key(set: &KeySet) -> Result<RsaPublicKey, Malformed> {
    read_key(&set.current)
}

/// Signs a key set with the bank CA's key.
pub fn sign(
    rsa: &dyn Rsa,
    bank_ca: &RsaPrivateKey,
    set: &KeySet,
    now: Timestamp,
    until: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    check(set)?;
    let mut id = [0; 16];
    rng.fill_bytes(&mut id);
    let payload = Payload {
        iss: set.bank.to_string(),
        aud: AUDIENCE.to_owned(),
        jti: MessageId::new(id),
        iat: now,
        exp: until,
        re: None,
        body: set.clone(),
    };
    if !(1..=KEY_SET_SECONDS_MAX).contains(&until.saturating_sub(now)) {
        return Err(Malformed("key set").into());
    }
    crate::jws::sign(rsa, &SigningKey::Rsa(bank_ca.clone()), &payload, rng)
}

/// Checks a key set: signed by this bank CA, for its bank, in its time, every key what its id says.
/// That the number is not lower than one seen before is for the caller, who remembers it.
pub fn verify(
    rsa: &dyn Rsa,
    bank_ca: &VerifiedCertificate,
    jws: &Jws,
    now: Timestamp,
) -> Result<KeySet, EnvelopeError> {
    let (Role::BankCa, Some(bic)) = (bank_ca.role(), bank_ca.bic()) else {
        return Err(EnvelopeError::Key);
    };
    let key = bank_ca.verifying_key().ok_or(EnvelopeError::Key)?;
    let payload = jws.verify(rsa, key)?.payload::<KeySet>()?;
    let life = payload.exp.saturating_sub(payload.iat);
    let fits = payload.iss == bic.as_str()
        && payload.aud == AUDIENCE
        && payload.re.is_none()
        && payload.body.bank == *bic
        && (1..=KEY_SET_SECONDS_MAX).contains(&life)
        && payload.iat <= now.saturating_add(CLOCK_SKEW_SECONDS_MAX)
        && payload.exp >= now;
    if !fits {
        return Err(Malformed("key set").into());
    }
    check(&payload.body)?;
    Ok(payload.body)
}

fn check(set: &KeySet) -> Result<(), Malformed> {
    let many = set.old.len() > OLD_KEYS_MAX || set.revoked.len() > REVOKED_MAX;
    if set.number == 0 || many {
        return Err(Malformed("key set"));
    }
    let revoked: BTreeSet<_> = set.revoked.iter().map(|revoked| revoked.signer).collect();
    if revoked.len() != set.revoked.len() {
        return Err(Malformed("key set"));
    }
    read_key(&set.current)?;
    for old in &set.old {
        read_key(old)?;
        if old.kid == set.current.kid {
            return Err(Malformed("key set"));
        }
    }
    Ok(())
}

fn read_key(entry: &EncryptionKey) -> Result<RsaPublicKey, Malformed> {
    let key = RsaPublicKey::from_jwk(&entry.key)?;
    if key.thumbprint() == entry.kid {
        Ok(key)
    } else {
        Err(Malformed("key set"))
    }
}

#[cfg(test)]
mod tests;
