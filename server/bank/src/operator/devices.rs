//! Devices, and their revocation.

use crate::{
    Entropy, Fault,
    store::{At, device, institution, revocation, session},
    time::random,
};
use envelope::{Rsa, RsaPrivateKey, SigningKey};
use message::{
    MessageId, Payload, Thumbprint, Timestamp, payload::LIFETIME_SECONDS_MAX,
    revocation::DeviceRevocation, text::Label,
};
use sqlx::{Connection as _, PgConnection};

/// A device in a list.
#[derive(Clone, Debug)]
pub struct ListedDevice {
    /// Its id: the thumbprint of its signing key.
    pub id: Thumbprint,
    /// Whose it is.
    pub customer: i64,
    /// What the customer calls it.
    pub name: String,
    /// `requested`, `enrolled`, `active` or `revoked`.
    pub status: String,
}

/// Every device of the bank.
///
/// # Errors
/// When the core cannot be read.
pub async fn devices(core: &mut PgConnection) -> Result<Vec<ListedDevice>, Fault> {
    let rows = device::list(core).await?;
    rows.into_iter()
        .map(|(id, customer, name, status)| {
            Ok(ListedDevice {
                id: At("device", "id").thumbprint(&id)?,
                customer,
                name,
                status,
            })
        })
        .collect()
}

/// Revokes a device with a signed record: nothing it signs counts from now on. A running processor
/// shuts it out at the fronts and tells the customer's other devices.
///
/// # Errors
/// When there is no such device, or it is revoked already.
pub async fn revoke_device(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    enrolment_ca: &RsaPrivateKey,
    id: Thumbprint,
    reason: &Label,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    let bank = institution::read(&mut tx)
        .await?
        .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))?;
    if !device::revoke(&mut tx, id, now).await? {
        return Err(Fault::Setup(format!("there is no device {id} that counts")));
    }
    let payload = Payload {
        iss: bank.bic.to_string(),
        aud: bank.bic.to_string(),
        jti: MessageId::new(random(entropy)),
        iat: now,
        exp: now.saturating_add(LIFETIME_SECONDS_MAX),
        re: None,
        body: DeviceRevocation {
            device: id,
            reason: reason.clone(),
            at: now,
        },
    };
    let mut rng = entropy.rng();
    let key = SigningKey::Rsa(enrolment_ca.clone());
    let jws = envelope::sign(rsa, &key, &payload, &mut *rng)?;
    drop(rng);
    session::end_of(&mut tx, id, now).await?;
    revocation::insert(&mut tx, id, jws.as_str(), reason.as_str(), now).await?;
    tx.commit().await?;
    Ok(())
}
