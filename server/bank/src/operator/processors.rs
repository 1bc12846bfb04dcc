//! Processing servers come and go.

use super::{found::record, keys, sessions::end_sessions};
use crate::{
    Entropy, Fault,
    admission::Asked,
    store::{certificate, institution, processor},
};
use envelope::{Certificate, Role, Rsa, RsaPrivateKey};
use message::{Thumbprint, Timestamp, text::Label};
use sqlx::{Connection as _, PgConnection};

pub use crate::store::processor::ListedProcessor;

/// Every processor that the bank has or had.
///
/// # Errors
/// When the core cannot be read.
pub async fn processors(core: &mut PgConnection) -> Result<Vec<ListedProcessor>, Fault> {
    let bank = institution::read(core)
        .await?
        .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))?;
    processor::list(core, &bank.bic.lower()).await
}

/// The bank's transport CA.
///
/// # Errors
/// When the core holds none.
pub async fn transport_ca(core: &mut PgConnection) -> Result<Certificate, Fault> {
    let bank = institution::read(core).await?;
    let own = bank.map(|bank| bank.bic.lower()).unwrap_or_default();
    let cas = certificate::of_party(core, &own, Role::TransportCa.word()).await?;
    let ca = cas.first().ok_or_else(|| {
        Fault::Setup("the core holds no certificate of the transport CA".to_owned())
    })?;
    Ok(Certificate::from_der(&ca.der)?)
}

/// Admits the processor that has asked. The registrar certifies it, then a running processor hands it
/// the bank's keys. Asked again, a processor that is there already stays as it is.
///
/// # Errors
/// When the name or the key belongs to another, or to one that was removed.
pub async fn admit_processor(
    core: &mut PgConnection,
    asked: &Asked,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    for known in processors(&mut tx).await? {
        let (same_name, same_key) = (known.name == asked.name.as_str(), known.id == asked.id());
        if !same_name && !same_key {
            continue;
        }
        if known.removed.is_some() {
            let words =
                "a processor of this name or key was removed. Make new keys under a new name";
            return Err(Fault::Setup(words.to_owned()));
        }
        if same_name && same_key {
            return Ok(());
        }
        let words = "another processor has this name or this key. Choose a new name";
        return Err(Fault::Setup(words.to_owned()));
    }
    let name = asked.name.as_str();
    record(&mut tx, name, &asked.signing, &asked.unwrap, now).await?;
    processor::keep_request(&mut tx, asked.id(), asked.jws.as_str()).await?;
    tx.commit().await?;
    Ok(())
}

/// Removes a processor whose database access was cut before: the next key set names it and is wrapped
/// to the others only, and every session ends. One that was removed before only has the sessions ended
/// again. Answers the number of the new key set.
///
/// # Errors
/// When it is the last one, or the CA key is not the one of the bank's licence.
pub async fn remove_processor(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank_ca: &RsaPrivateKey,
    (id, reason): (Thumbprint, &Label),
    now: Timestamp,
) -> Result<Option<u64>, Fault> {
    let new = keys::new_key(rsa, entropy)?;
    let mut tx = core.begin().await?;
    let mut number = None;
    if processor::remove(&mut tx, id, reason.as_str(), now).await? {
        if processor::active(&mut tx).await?.is_empty() {
            let words = "this is the bank's last processor: admit another one first";
            return Err(Fault::Setup(words.to_owned()));
        }
        let removed = Some(id);
        let set = keys::next_key_set(&mut tx, rsa, entropy, bank_ca, &new, removed, now);
        number = Some(set.await?);
    }
    tx.commit().await?;
    end_sessions(core, now).await?;
    Ok(number)
}
