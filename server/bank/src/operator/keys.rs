//! The bank's encryption key.

use crate::{
    Entropy, Fault,
    processor::keyring::wrap_decryption,
    store::{certificate, institution, key_set as sets, processor, to_tell, wrapped_key},
};
use envelope::{
    Certificate, Jws, Rsa, RsaPrivateKey, RsaPublicKey,
    key_set::{self, OLD_KEYS_MAX, REVOKED_MAX},
};
use message::{
    Payload, Thumbprint, Timestamp,
    key_set::{KeySet, RevokedSigner},
};
use sqlx::{Connection as _, PgConnection};

/// How long a key set counts, in seconds: a year.
const KEY_SET_SECONDS: i64 = 365 * 24 * 60 * 60;

/// Gives the bank a new encryption key: wrapped to every processor, and published in a key set with the
/// next number, signed by the bank CA. Running processors take it up by themselves; the old keys go on
/// opening what was sealed to them. Answers the number.
///
/// # Errors
/// When the CA key is not the one of the bank's licence, or somebody rotates at the same moment.
pub async fn rotate_key(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank_ca: &RsaPrivateKey,
    now: Timestamp,
) -> Result<u64, Fault> {
    let new = new_key(rsa, entropy)?;
    let mut tx = core.begin().await?;
    let number = next_key_set(&mut tx, rsa, entropy, bank_ca, &new, None, now).await?;
    tx.commit().await?;
    Ok(number)
}

/// An encryption key for the bank: made before the transaction that publishes it.
pub(super) fn new_key(rsa: &dyn Rsa, entropy: &dyn Entropy) -> Result<RsaPrivateKey, Fault> {
    Ok(rsa.generate(envelope::key::RSA_BITS, &mut *entropy.rng())?)
}

/// Publishes the next key set with this key, wrapped to every processor that counts now; `removed` is
/// from now on among those that sign no more.
pub(super) async fn next_key_set(
    tx: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank_ca: &RsaPrivateKey,
    new: &RsaPrivateKey,
    removed: Option<Thumbprint>,
    now: Timestamp,
) -> Result<u64, Fault> {
    let bank = institution::read(tx)
        .await?
        .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))?;
    let licence = Certificate::from_der(&bank.licence)?;
    if licence.key_thumbprint() != bank_ca.public().thumbprint() {
        let words = "this is not the key of the bank's CA: its licence names another";
        return Err(Fault::Setup(words.to_owned()));
    }
    let party = bank.bic.lower();
    let known = sets::newest(tx).await?.remove(&party);
    let (number, text) = known.ok_or_else(|| Fault::Setup("there is no key set".to_owned()))?;
    let before: Payload<KeySet> = serde_json::from_slice(Jws::parse(&text)?.unverified_payload())
        .map_err(|_| envelope::Malformed("stored key set"))?;
    let mut old = vec![before.body.current];
    old.extend(before.body.old);
    old.truncate(OLD_KEYS_MAX);
    let mut revoked = before.body.revoked;
    if let Some(signer) = removed {
        make_room(tx, &mut revoked, now).await?;
        revoked.push(RevokedSigner { signer, since: now });
    }
    let set = KeySet {
        bank: bank.bic,
        number: number + 1,
        current: key_set::entry(new.public()),
        old,
        revoked,
    };
    let until = now.saturating_add(KEY_SET_SECONDS);
    let mut rng = entropy.rng();
    let jws = key_set::sign(rsa, bank_ca, &set, now, until, &mut *rng)?;
    drop(rng);
    if !sets::insert(tx, &party, set.number, jws.as_str(), now).await? {
        return Err(Fault::Setup("somebody else rotates the key now".to_owned()));
    }
    for row in processor::active(tx).await? {
        let to = RsaPublicKey::from_spki_der(&row.unwrap_key)?;
        let mut rng = entropy.rng();
        let wrapped = wrap_decryption(rsa, &to, new, &mut *rng)?;
        drop(rng);
        wrapped_key::insert(tx, row.id, &wrapped, now).await?;
    }
    to_tell::key_set(tx, now).await?;
    Ok(set.number)
}

/// A list that is full loses the first of those whose certificates have all ended. Without need nobody
/// leaves it: who has left could be believed again with a date of long ago.
async fn make_room(
    core: &mut PgConnection,
    revoked: &mut Vec<RevokedSigner>,
    now: Timestamp,
) -> Result<(), Fault> {
    if revoked.len() < REVOKED_MAX {
        return Ok(());
    }
    let signers: Vec<Thumbprint> = revoked.iter().map(|revoked| revoked.signer).collect();
    let certified = certificate::of_subjects(core, &signers).await?;
    let ended = |signer: &Thumbprint| {
        let mut own = certified.iter().filter(|row| row.subject == *signer);
        own.all(|row| row.not_after < now)
    };
    let at = signers.iter().position(ended).ok_or_else(|| {
        Fault::Setup(format!(
            "{REVOKED_MAX} processors were removed whose certificates have not ended; wait until one's have"
        ))
    })?;
    revoked.remove(at);
    Ok(())
}
