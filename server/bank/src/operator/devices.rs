//! Devices: listed, suspended, resumed, revoked, and admitted with the initialisation letter.

use crate::{
    Entropy, Fault,
    processor::{device_orders::revoke_line, enrolment, joining},
    store::{
        device::{self, Device},
        institution, join, session, to_tell,
    },
    time::random,
};
use envelope::{Rsa, RsaPrivateKey, SigningKey, words::five_words};
use message::{
    MessageId, Payload, Thumbprint, Timestamp,
    device::{DEVICES_MAX, EnrolledBy, Rights, Standing},
    notice::{ChangeSeen, Notice},
    payload::LIFETIME_SECONDS_MAX,
    revocation::DeviceRevocation,
    text::Label,
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
    pub name: Label,
    /// Where it stands.
    pub standing: Standing,
    /// What it may do.
    pub rights: Rights,
    /// How it came to be.
    pub enrolled_by: EnrolledBy,
    /// It last signed something, to the hour.
    pub last_used_at: Option<Timestamp>,
    /// Its certificates end.
    pub certificates_until: Option<Timestamp>,
}

/// A new device that waits to be admitted.
#[derive(Clone, Debug)]
pub struct WaitingDevice {
    /// The thumbprint of its signing key.
    pub id: Thumbprint,
    /// The thumbprint of its encryption key.
    pub encryption: Thumbprint,
    /// What it is to be called.
    pub name: Label,
    /// The five words of its signing key: compare them with the letter.
    pub words: [&'static str; 5],
}

/// Every device of the bank, or of one customer.
///
/// # Errors
/// When the core cannot be read.
pub async fn devices(
    core: &mut PgConnection,
    customer: Option<i64>,
) -> Result<Vec<ListedDevice>, Fault> {
    let rows = device::list(core, customer).await?;
    Ok(rows
        .into_iter()
        .map(|device| ListedDevice {
            id: device.id,
            customer: device.customer,
            name: device.name,
            standing: device.standing,
            rights: device.rights,
            enrolled_by: device.enrolled_by,
            last_used_at: device.last_used_at,
            certificates_until: device.certificates_until,
        })
        .collect())
}

/// The device of this id, with every device of its customer locked.
async fn locked(core: &mut PgConnection, id: Thumbprint) -> Result<Device, Fault> {
    let unknown = || Fault::Setup(format!("there is no device {id}"));
    let found = device::by_ids(core, &[id]).await?.pop();
    device::lock_of(core, &[found.ok_or_else(unknown)?.customer]).await?;
    let found = device::by_ids(core, &[id]).await?.pop();
    found.ok_or_else(unknown)
}

async fn tell(
    core: &mut PgConnection,
    device: &Device,
    change: ChangeSeen,
    now: Timestamp,
) -> Result<(), Fault> {
    let notice = Notice::DeviceChanged {
        device: device.id,
        device_name: device.name.clone(),
        change,
        by: None,
        at: now,
    };
    to_tell::notice(core, device.customer, None, &notice, now).await
}

/// Suspends a device: nothing it signs counts until it is resumed. The customer's others are told.
///
/// # Errors
/// When there is no such device, or it is not active.
pub async fn suspend_device(
    core: &mut PgConnection,
    id: Thumbprint,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    let device = locked(&mut tx, id).await?;
    if !device::suspend(&mut tx, id, now).await? {
        return Err(Fault::Setup(format!("the device {id} is not active")));
    }
    session::end_of(&mut tx, id, now).await?;
    tell(&mut tx, &device, ChangeSeen::Suspended, now).await?;
    Ok(tx.commit().await?)
}

/// A suspended device counts again. The customer's devices are told.
///
/// # Errors
/// When there is no such device, or it is not suspended.
pub async fn resume_device(
    core: &mut PgConnection,
    id: Thumbprint,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    let device = locked(&mut tx, id).await?;
    if !device::resume(&mut tx, id).await? {
        return Err(Fault::Setup(format!("the device {id} is not suspended")));
    }
    tell(&mut tx, &device, ChangeSeen::Resumed, now).await?;
    Ok(tx.commit().await?)
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
    locked(&mut tx, id).await?;
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
    if !revoke_line(&mut tx, id, jws.as_str(), reason, now).await? {
        return Err(Fault::Setup(format!("the device {id} is revoked already")));
    }
    Ok(tx.commit().await?)
}

/// The new device that waits under a code.
///
/// # Errors
/// When there is none, or the core cannot be read.
pub async fn waiting_device(
    core: &mut PgConnection,
    code: &str,
    now: Timestamp,
) -> Result<WaitingDevice, Fault> {
    let code = code.replace('-', "").to_ascii_uppercase();
    let found = join::by_code(core, &code, now).await?;
    let row = found.ok_or_else(|| {
        Fault::Setup("no new device waits under this code; a code counts for one hour".to_owned())
    })?;
    Ok(WaitingDevice {
        id: row.device,
        encryption: row.encryption,
        name: row.name,
        words: five_words(&row.device),
    })
}

/// Makes a new device a customer's, after its words were compared with the initialisation letter. It
/// is active when it has confirmed its certificates.
///
/// # Errors
/// When it does not wait any more, there is no such customer, or he has too many devices.
pub async fn admit_device(
    core: &mut PgConnection,
    customer: i64,
    waiting: &WaitingDevice,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    super::customer_name(&mut tx, customer).await?;
    device::lock_of(&mut tx, &[customer]).await?;
    let devices = device::of_customer(&mut tx, customer).await?;
    if enrolment::counting(&devices) >= DEVICES_MAX {
        let words = format!("customer {customer} has {DEVICES_MAX} devices; revoke one first");
        return Err(Fault::Setup(words));
    }
    let taken = join::take(&mut tx, waiting.id, waiting.encryption, now).await?;
    let row = taken.ok_or_else(|| Fault::Setup("the new device waits no more".to_owned()))?;
    let came = enrolment::Came::Letter;
    joining::admit(&mut tx, row, customer, Rights::Sign, came, now).await?;
    Ok(tx.commit().await?)
}
