//! `bank.device`: customers' devices.

use crate::{
    Fault,
    store::{At, row},
};
use message::{Digest, Thumbprint, Timestamp, slip::Locator, text::Label};
use sqlx::PgConnection;

/// Where a device stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DeviceStatus {
    /// Its certificates are being made.
    Requested,
    /// Its certificates were sent; it has not confirmed yet.
    Enrolled,
    /// It may sign orders.
    Active,
    /// Nothing it signs counts any more.
    Revoked,
}

/// A device.
#[derive(Clone, Debug)]
pub(crate) struct Device {
    pub(crate) id: Thumbprint,
    pub(crate) customer: i64,
    pub(crate) name: Label,
    /// SubjectPublicKeyInfo.
    pub(crate) signing_key: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub(crate) encryption_key: Vec<u8>,
    pub(crate) slip: Locator,
    pub(crate) request: Digest,
    pub(crate) status: DeviceStatus,
    pub(crate) nonce: Option<Vec<u8>>,
    /// The signed `enrolled`.
    pub(crate) enrolled: Option<String>,
}

row! {
    struct Row {
        id: Vec<u8>,
        customer: i64,
        name: String,
        signing_key: Vec<u8>,
        encryption_key: Vec<u8>,
        slip: Vec<u8>,
        request: Vec<u8>,
        status: String,
        nonce: Option<Vec<u8>>,
        enrolled: Option<String>,
    }
}

impl TryFrom<Row> for Device {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        let at = |column| At("device", column);
        Ok(Device {
            id: at("id").thumbprint(&row.id)?,
            customer: row.customer,
            name: at("name").of(Label::try_from(row.name))?,
            signing_key: row.signing_key,
            encryption_key: row.encryption_key,
            slip: Locator(at("slip").of(row.slip.try_into())?),
            request: at("request").digest(&row.request)?,
            status: match row.status.as_str() {
                "requested" => DeviceStatus::Requested,
                "enrolled" => DeviceStatus::Enrolled,
                "active" => DeviceStatus::Active,
                "revoked" => DeviceStatus::Revoked,
                _ => return Err(at("status").fault()),
            },
            nonce: row.nonce,
            enrolled: row.enrolled,
        })
    }
}

/// These devices, whatever their status.
pub(crate) async fn by_ids(
    core: &mut PgConnection,
    ids: &[Thumbprint],
) -> Result<Vec<Device>, Fault> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, customer, name, signing_key, encryption_key, slip, request, status, nonce, enrolled
         FROM bank.device WHERE id = ANY($1)",
    )
    .bind(ids)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The active devices of these customers.
pub(crate) async fn active_of(
    core: &mut PgConnection,
    customers: &[i64],
) -> Result<Vec<Device>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, customer, name, signing_key, encryption_key, slip, request, status, nonce, enrolled
         FROM bank.device WHERE customer = ANY($1) AND status = 'active' ORDER BY customer, id",
    )
    .bind(customers)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Records a device whose certificates are asked for.
pub(crate) async fn insert(
    core: &mut PgConnection,
    device: &Device,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.device (id, customer, name, signing_key, encryption_key, slip, request,
         status, requested_at) VALUES ($1, $2, $3, $4, $5, $6, $7, 'requested', $8)",
    )
    .bind(device.id.as_bytes())
    .bind(device.customer)
    .bind(device.name.as_str())
    .bind(&device.signing_key)
    .bind(&device.encryption_key)
    .bind(device.slip.0)
    .bind(device.request.as_bytes())
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The certificates were made and are sent.
pub(crate) async fn mark_enrolled(
    core: &mut PgConnection,
    id: Thumbprint,
    nonce: &[u8],
    enrolled: &str,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device SET status = 'enrolled', nonce = $2, enrolled = $3
         WHERE id = $1 AND status = 'requested'",
    )
    .bind(id.as_bytes())
    .bind(nonce)
    .bind(enrolled)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The device has confirmed. False when it was not waiting for that.
pub(crate) async fn mark_active(
    core: &mut PgConnection,
    id: Thumbprint,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device SET status = 'active', active_at = $2 WHERE id = $1 AND status = 'enrolled'",
    )
    .bind(id.as_bytes())
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Nothing the device signs counts from now on. False when there is none, or it is revoked already.
pub(crate) async fn revoke(
    core: &mut PgConnection,
    id: Thumbprint,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device SET status = 'revoked', revoked_at = $2
         WHERE id = $1 AND status <> 'revoked'",
    )
    .bind(id.as_bytes())
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A line of a device list.
pub(crate) type Listed = (Vec<u8>, i64, String, String);

/// Every device, for operators: id, customer, name, status.
pub(crate) async fn list(core: &mut PgConnection) -> Result<Vec<Listed>, Fault> {
    Ok(sqlx::query_as(
        "SELECT id, customer, name, status FROM bank.device ORDER BY customer, requested_at",
    )
    .fetch_all(core)
    .await?)
}
