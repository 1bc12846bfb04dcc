//! `bank.device`: customers' devices.

mod value;

pub(crate) use value::Device;

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp, device::Rights, text::Label};
use sqlx::PgConnection;
use value::{Row, enrolled_by_word, rights_word};

async fn read(
    core: &mut PgConnection,
    sql: &'static str,
    key: impl for<'q> sqlx::Encode<'q, sqlx::Postgres> + sqlx::Type<sqlx::Postgres> + Send,
) -> Result<Vec<Device>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(sql).bind(key).fetch_all(core).await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

fn keys(ids: &[Thumbprint]) -> Vec<Vec<u8>> {
    ids.iter().map(|id| id.as_bytes().to_vec()).collect()
}

/// These devices, however they stand.
pub(crate) async fn by_ids(
    core: &mut PgConnection,
    ids: &[Thumbprint],
) -> Result<Vec<Device>, Fault> {
    read(
        core,
        "SELECT * FROM bank.device WHERE id = ANY($1)",
        keys(ids),
    )
    .await
}

/// The active devices of these customers.
pub(crate) async fn active_of(
    core: &mut PgConnection,
    customers: &[i64],
) -> Result<Vec<Device>, Fault> {
    let sql = "SELECT * FROM bank.device
               WHERE customer = ANY($1) AND status = 'active' ORDER BY customer, id";
    read(core, sql, customers.to_vec()).await
}

/// The most devices of a customer that are read. Those that are not revoked or replaced are far fewer:
/// `DEVICES_MAX`, and one more for the place of each.
const READ_MAX: i64 = 100;

/// The devices of a customer: first those that are not revoked or replaced, then the newest of those
/// that are.
pub(crate) async fn of_customer(
    core: &mut PgConnection,
    customer: i64,
) -> Result<Vec<Device>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT * FROM bank.device WHERE customer = $1
         ORDER BY status IN ('revoked', 'replaced'), requested_at DESC, id LIMIT $2",
    )
    .bind(customer)
    .bind(READ_MAX)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// How many devices of a customer were asked for since then, however they stand.
pub(crate) async fn requested_since(
    core: &mut PgConnection,
    customer: i64,
    since: Timestamp,
) -> Result<i64, Fault> {
    let sql = "SELECT count(*) FROM bank.device WHERE customer = $1 AND requested_at > $2";
    let query = sqlx::query_scalar(sql).bind(customer).bind(since);
    Ok(query.fetch_one(core).await?)
}

/// How many devices there are in each standing.
pub(crate) async fn counts(core: &mut PgConnection) -> Result<Vec<(String, i64)>, Fault> {
    let sql = "SELECT status, count(*) FROM bank.device GROUP BY status ORDER BY status";
    Ok(sqlx::query_as(sql).fetch_all(core).await?)
}

/// The device that has the place of a replaced one now: the end of the line of those that took it,
/// however it stands. Those that still wait for the place do not have it.
pub(crate) async fn heir(core: &mut PgConnection, id: Thumbprint) -> Result<Option<Device>, Fault> {
    let sql = "WITH RECURSIVE line AS (
                   SELECT id, status FROM bank.device
                   WHERE predecessor = $1 AND status NOT IN ('revoked', 'requested', 'enrolled')
                   UNION SELECT d.id, d.status FROM bank.device d JOIN line ON d.predecessor = line.id
                   WHERE d.status NOT IN ('revoked', 'requested', 'enrolled'))
               SELECT d.* FROM bank.device d JOIN line USING (id) WHERE line.status <> 'replaced'";
    Ok(read(core, sql, id.as_bytes().to_vec()).await?.pop())
}

/// Locks every device of these customers: whoever changes one of them does this first, all at once,
/// and reads them afterwards.
pub(crate) async fn lock_of(core: &mut PgConnection, customers: &[i64]) -> Result<(), Fault> {
    sqlx::query("SELECT FROM bank.device WHERE customer = ANY($1) ORDER BY id FOR NO KEY UPDATE")
        .bind(customers)
        .execute(core)
        .await?;
    Ok(())
}

/// Records a device whose certificates are asked for.
pub(crate) async fn insert(core: &mut PgConnection, device: &Device) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.device (id, customer, name, signing_key, encryption_key, slip, request,
         status, rights, enrolled_by, predecessor, requested_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, 'requested', $8, $9, $10, $11)",
    )
    .bind(device.id.as_bytes())
    .bind(device.customer)
    .bind(device.name.as_str())
    .bind(&device.signing_key)
    .bind(&device.encryption_key)
    .bind(device.slip.map(|slip| slip.0))
    .bind(device.request.as_bytes())
    .bind(rights_word(device.rights))
    .bind(enrolled_by_word(device.enrolled_by))
    .bind(device.predecessor.map(|id| *id.as_bytes()))
    .bind(device.requested_at)
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
    until: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device SET status = 'enrolled', nonce = $2, enrolled = $3, certificates_until = $4
         WHERE id = $1 AND status = 'requested'",
    )
    .bind(id.as_bytes())
    .bind(nonce)
    .bind(enrolled)
    .bind(until)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// It has new certificates for its keys.
pub(crate) async fn mark_renewed(
    core: &mut PgConnection,
    id: Thumbprint,
    until: Timestamp,
) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.device SET certificates_until = $2 WHERE id = $1")
        .bind(id.as_bytes())
        .bind(until)
        .execute(core)
        .await?;
    Ok(())
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

/// Another device has its place from now on. False when it is not active.
pub(crate) async fn mark_replaced(
    core: &mut PgConnection,
    id: Thumbprint,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device SET status = 'replaced', replaced_at = $2 WHERE id = $1 AND status = 'active'",
    )
    .bind(id.as_bytes())
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The device has confirmed that it takes the place of its predecessor, with its name and rights.
/// False when it was not waiting for that.
pub(crate) async fn mark_in_place(
    core: &mut PgConnection,
    id: Thumbprint,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device d SET status = 'active', active_at = $2, name = old.name, rights = old.rights
         FROM bank.device old
         WHERE d.id = $1 AND d.status = 'enrolled' AND old.id = d.predecessor",
    )
    .bind(id.as_bytes())
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The devices that wait to take the place of this one are dropped: another request is newer.
pub(crate) async fn drop_successors(
    core: &mut PgConnection,
    id: Thumbprint,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE bank.device SET status = 'revoked', revoked_at = $2
         WHERE predecessor = $1 AND status IN ('requested', 'enrolled')",
    )
    .bind(id.as_bytes())
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Calls a device otherwise.
pub(crate) async fn rename(
    core: &mut PgConnection,
    id: Thumbprint,
    name: &Label,
) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.device SET name = $2 WHERE id = $1")
        .bind(id.as_bytes())
        .bind(name.as_str())
        .execute(core)
        .await?;
    Ok(())
}

/// Changes what a device may do.
pub(crate) async fn allow(
    core: &mut PgConnection,
    id: Thumbprint,
    rights: Rights,
) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.device SET rights = $2 WHERE id = $1")
        .bind(id.as_bytes())
        .bind(rights_word(rights))
        .execute(core)
        .await?;
    Ok(())
}

/// Nothing the device signs counts until it is resumed. False when it is not active.
pub(crate) async fn suspend(
    core: &mut PgConnection,
    id: Thumbprint,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device SET status = 'suspended', suspended_at = $2
         WHERE id = $1 AND status = 'active'",
    )
    .bind(id.as_bytes())
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A suspended device counts again. False when it is not suspended.
pub(crate) async fn resume(core: &mut PgConnection, id: Thumbprint) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.device SET status = 'active', suspended_at = NULL
         WHERE id = $1 AND status = 'suspended'",
    )
    .bind(id.as_bytes())
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Nothing the device signs counts from now on; with it go those whose place it has taken, since
/// their last orders might still come, and those that wait for its place. Answers all of them, none
/// when there is no such device or it is revoked already.
pub(crate) async fn revoke(
    core: &mut PgConnection,
    id: Thumbprint,
    at: Timestamp,
) -> Result<Vec<Thumbprint>, Fault> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "WITH RECURSIVE line AS (
             SELECT id, predecessor FROM bank.device WHERE id = $1 AND status <> 'revoked'
             UNION SELECT d.id, d.predecessor FROM bank.device d JOIN line ON line.predecessor = d.id
             WHERE d.status = 'replaced')
         UPDATE bank.device SET status = 'revoked', revoked_at = $2, suspended_at = NULL
         WHERE id IN (
             SELECT id FROM line
             UNION SELECT d.id FROM bank.device d JOIN line ON d.predecessor = line.id
             WHERE d.status IN ('requested', 'enrolled') AND d.status <> 'revoked')
         RETURNING id",
    )
    .bind(id.as_bytes())
    .bind(at)
    .fetch_all(core)
    .await?;
    let at = At("device", "id");
    rows.iter().map(|id| at.thumbprint(id)).collect()
}

/// Notes that these devices were used in this hour. A row that somebody else holds is left: it is
/// noted with the next message.
pub(crate) async fn mark_used(
    core: &mut PgConnection,
    ids: &[Thumbprint],
    hour: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "WITH due AS (SELECT id FROM bank.device
                      WHERE id = ANY($1) AND (last_used_at IS NULL OR last_used_at < $2)
                      FOR NO KEY UPDATE SKIP LOCKED)
         UPDATE bank.device d SET last_used_at = $2 FROM due WHERE d.id = due.id",
    )
    .bind(keys(ids))
    .bind(hour)
    .execute(core)
    .await?;
    Ok(())
}

/// Every device, for operators.
pub(crate) async fn list(
    core: &mut PgConnection,
    customer: Option<i64>,
) -> Result<Vec<Device>, Fault> {
    let sql = "SELECT * FROM bank.device
               WHERE $1::bigint IS NULL OR customer = $1 ORDER BY customer, requested_at, id";
    read(core, sql, customer).await
}
