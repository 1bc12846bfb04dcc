//! `bank.session`: symmetric keys shared with devices, sealed under the storage key.

use crate::{Fault, store::At};
use message::{SessionId, Thumbprint, Timestamp};
use sqlx::PgConnection;

/// A session as stored.
#[derive(Clone, Debug)]
pub(crate) struct SessionRow {
    pub(crate) id: SessionId,
    pub(crate) device: Thumbprint,
    /// Sealed.
    pub(crate) keys: Vec<u8>,
    /// Whether it may be used now.
    pub(crate) live: bool,
}

type Row = (Vec<u8>, Vec<u8>, Vec<u8>, bool);

fn value((id, device, keys, live): Row) -> Result<SessionRow, Fault> {
    Ok(SessionRow {
        id: At("session", "id").session(&id)?,
        device: At("session", "device").thumbprint(&device)?,
        keys,
        live,
    })
}

/// These sessions, ended ones too.
pub(crate) async fn by_ids(
    core: &mut PgConnection,
    ids: &[SessionId],
    now: Timestamp,
) -> Result<Vec<SessionRow>, Fault> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, device, keys, ended_at IS NULL AND valid_until >= $2 AND used < used_max
         FROM bank.session WHERE id = ANY($1)",
    )
    .bind(ids)
    .bind(now)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// How many sessions of a device are looked at: as many computers as one key file is used on at a time.
const SEATS_MAX: i64 = 8;

/// The live session of each device in which it spoke last: where it was opened, or used since.
pub(crate) async fn last_used_of(
    core: &mut PgConnection,
    devices: &[Thumbprint],
    now: Timestamp,
) -> Result<Vec<SessionRow>, Fault> {
    let devices: Vec<&[u8]> = devices.iter().map(|d| d.as_bytes().as_slice()).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT s.id, s.device, s.keys, true FROM unnest($1::bytea[]) AS d (id)
         CROSS JOIN LATERAL (
             SELECT * FROM (
                 SELECT id, device, keys, opened_at, used_at FROM bank.session
                 WHERE device = d.id AND ended_at IS NULL AND valid_until >= $2
                 ORDER BY opened_at DESC LIMIT $3) newest
             ORDER BY greatest(opened_at, used_at) DESC, used_at DESC NULLS LAST, opened_at DESC, id
             LIMIT 1) s",
    )
    .bind(devices)
    .bind(now)
    .bind(SEATS_MAX)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// What a new session is.
pub(crate) struct NewSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) device: Thumbprint,
    pub(crate) keys: &'a [u8],
    pub(crate) valid_until: Timestamp,
    pub(crate) used_max: i64,
}

/// Stores a session. False when the id is taken.
pub(crate) async fn insert(
    core: &mut PgConnection,
    new: &NewSession<'_>,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "INSERT INTO bank.session (id, device, keys, opened_at, valid_until, used_max)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING",
    )
    .bind(new.id.as_bytes())
    .bind(new.device.as_bytes())
    .bind(new.keys)
    .bind(at)
    .bind(new.valid_until)
    .bind(new.used_max)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// Counts envelopes that came in these sessions.
pub(crate) async fn count(
    core: &mut PgConnection,
    used: &[(SessionId, i64)],
    at: Timestamp,
) -> Result<(), Fault> {
    let ids: Vec<&[u8]> = used
        .iter()
        .map(|(id, _)| id.as_bytes().as_slice())
        .collect();
    let counts: Vec<i64> = used.iter().map(|(_, count)| *count).collect();
    // Locked in order: two processors may count the same sessions.
    sqlx::query(
        "WITH used AS (SELECT * FROM unnest($1::bytea[], $2::bigint[]) AS u (id, count)),
              locked AS (SELECT s.id FROM bank.session s JOIN used USING (id)
                         ORDER BY s.id FOR NO KEY UPDATE OF s)
         UPDATE bank.session s SET used = s.used + used.count, used_at = $3
         FROM used JOIN locked USING (id) WHERE s.id = used.id",
    )
    .bind(ids)
    .bind(counts)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Locks these sessions and the live ones of all devices of these customers, in order: whoever ends one
/// of them does this first.
pub(crate) async fn lock_with(
    core: &mut PgConnection,
    used: &[(SessionId, i64)],
    customers: &[i64],
) -> Result<(), Fault> {
    let ids: Vec<&[u8]> = used
        .iter()
        .map(|(id, _)| id.as_bytes().as_slice())
        .collect();
    sqlx::query(
        "WITH named AS (
             SELECT id FROM unnest($1::bytea[]) AS u (id)
             UNION SELECT s.id FROM bank.device d JOIN bank.session s ON s.device = d.id
             WHERE d.customer = ANY($2) AND s.ended_at IS NULL)
         SELECT FROM bank.session s JOIN named USING (id) ORDER BY s.id FOR NO KEY UPDATE OF s",
    )
    .bind(ids)
    .bind(customers)
    .execute(core)
    .await?;
    Ok(())
}

/// Ends every session of a device.
pub(crate) async fn end_of(
    core: &mut PgConnection,
    device: Thumbprint,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.session SET ended_at = $2 WHERE device = $1 AND ended_at IS NULL")
        .bind(device.as_bytes())
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}

/// Ends every session of every device.
pub(crate) async fn end_all(core: &mut PgConnection, at: Timestamp) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.session SET ended_at = $1 WHERE ended_at IS NULL")
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}
