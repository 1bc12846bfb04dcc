//! The bank's encryption key.

use crate::{
    Entropy, Fault,
    processor::keyring::wrap_decryption,
    store::{institution, key_set as sets, processor, to_tell, wrapped_key},
};
use envelope::{
    Certificate, Jws, Rsa, RsaPrivateKey, RsaPublicKey,
    key_set::{self, OLD_KEYS_MAX},
};
use message::{Payload, Timestamp, key_set::KeySet};
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
    let mut rng = entropy.rng();
    let new = rsa.generate(envelope::key::RSA_BITS, &mut *rng)?;
    drop(rng);
    let mut tx = core.begin().await?;
    let bank = institution::read(&mut tx)
        .await?
        .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))?;
    let licence = Certificate::from_der(&bank.licence)?;
    if licence.key_thumbprint() != bank_ca.public().thumbprint() {
        let words = "this is not the key of the bank's CA: its licence names another";
        return Err(Fault::Setup(words.to_owned()));
    }
    let party = bank.bic.lower();
    let known = sets::newest(&mut tx).await?.remove(&party);
    let (number, text) = known.ok_or_else(|| Fault::Setup("there is no key set".to_owned()))?;
    let before: Payload<KeySet> = serde_json::from_slice(Jws::parse(&text)?.unverified_payload())
        .map_err(|_| envelope::Malformed("stored key set"))?;
    let mut old = vec![before.body.current];
    old.extend(before.body.old);
    old.truncate(OLD_KEYS_MAX);
    let set = KeySet {
        bank: bank.bic,
        number: number + 1,
        current: key_set::entry(new.public()),
        old,
    };
    let until = now.saturating_add(KEY_SET_SECONDS);
    let mut rng = entropy.rng();
    let jws = key_set::sign(rsa, bank_ca, &set, now, until, &mut *rng)?;
    drop(rng);
    if !sets::insert(&mut tx, &party, set.number, jws.as_str(), now).await? {
        return Err(Fault::Setup("somebody else rotates the key now".to_owned()));
    }
    for row in processor::active(&mut tx).await? {
        let to = RsaPublicKey::from_spki_der(&row.unwrap_key)?;
        let mut rng = entropy.rng();
        let wrapped = wrap_decryption(rsa, &to, &new, &mut *rng)?;
        drop(rng);
        wrapped_key::insert(&mut tx, row.id, &wrapped, now).await?;
    }
    to_tell::key_set(&mut tx, now).await?;
    tx.commit().await?;
    Ok(set.number)
}
