//! `bank.join_request`, `bank.join_ask`, `bank.join_blocked`: new devices that wait for somebody who
//! knows them.

use crate::{Fault, store::At, store::row};
use message::{
    Digest, Thumbprint, Timestamp,
    device::{JOIN_ASKS_PER_HOUR_MAX, JOIN_SECONDS},
    text::Label,
};
use sqlx::PgConnection;

/// How many new devices may wait at a time. Strangers write here: the oldest go first.
pub(crate) const WAITING_MAX: i64 = 1_000;

/// A new device that waits.
#[derive(Clone, Debug)]
pub(crate) struct JoinRow {
    pub(crate) device: Thumbprint,
    pub(crate) encryption: Thumbprint,
    /// SubjectPublicKeyInfo.
    pub(crate) signing_key: Vec<u8>,
    /// SubjectPublicKeyInfo.
    pub(crate) encryption_key: Vec<u8>,
    pub(crate) name: Label,
    pub(crate) code: String,
    /// Digest of the join-request.
    pub(crate) request: Digest,
    pub(crate) asked_at: Timestamp,
}

row! {
    struct Row {
        device: Vec<u8>,
        encryption: Vec<u8>,
        signing_key: Vec<u8>,
        encryption_key: Vec<u8>,
        name: String,
        code: String,
        request: Vec<u8>,
        asked_at: i64,
    }
}

fn value(row: Row) -> Result<JoinRow, Fault> {
    let at = |column| At("join_request", column);
    Ok(JoinRow {
        device: at("device").thumbprint(&row.device)?,
        encryption: at("encryption").thumbprint(&row.encryption)?,
        signing_key: row.signing_key,
        encryption_key: row.encryption_key,
        name: at("name").of(Label::try_from(row.name))?,
        code: row.code,
        request: at("request").digest(&row.request)?,
        asked_at: row.asked_at,
    })
}

/// Keeps a new device for an hour. The same one again takes its own place.
pub(crate) async fn insert(core: &mut PgConnection, new: &JoinRow) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.join_request (device, encryption, signing_key, encryption_key, name, code,
         request, asked_at, valid_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
         ON CONFLICT (device) DO UPDATE SET encryption = excluded.encryption,
             encryption_key = excluded.encryption_key, name = excluded.name, code = excluded.code,
             request = excluded.request, asked_at = excluded.asked_at,
             valid_until = excluded.valid_until",
    )
    .bind(new.device.as_bytes())
    .bind(new.encryption.as_bytes())
    .bind(&new.signing_key)
    .bind(&new.encryption_key)
    .bind(new.name.as_str())
    .bind(&new.code)
    .bind(new.request.as_bytes())
    .bind(new.asked_at)
    .bind(new.asked_at.saturating_add(JOIN_SECONDS))
    .execute(core)
    .await?;
    Ok(())
}

/// Forgets new devices that have waited too long, and the oldest of too many; then the questions of
/// more than an hour ago. What another processor holds at this moment is left to it.
pub(crate) async fn prune(core: &mut PgConnection, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(
        "DELETE FROM bank.join_request WHERE device IN (
             SELECT device FROM bank.join_request WHERE valid_until < $1 OR device IN (
                 SELECT device FROM bank.join_request ORDER BY asked_at DESC, device OFFSET $2)
             FOR UPDATE SKIP LOCKED)",
    )
    .bind(now)
    .bind(WAITING_MAX)
    .execute(&mut *core)
    .await?;
    sqlx::query(
        "DELETE FROM bank.join_ask WHERE (device, question) IN (
             SELECT device, question FROM bank.join_ask WHERE at <= $1 FOR UPDATE SKIP LOCKED)",
    )
    .bind(now.saturating_sub(HOUR))
    .execute(core)
    .await?;
    Ok(())
}

const HOUR: i64 = 60 * 60;

/// The new device behind a code, as long as it waits: of two the one that came first.
pub(crate) async fn by_code(
    core: &mut PgConnection,
    code: &str,
    now: Timestamp,
) -> Result<Option<JoinRow>, Fault> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT * FROM bank.join_request WHERE code = $1 AND valid_until >= $2
         ORDER BY asked_at, device LIMIT 1",
    )
    .bind(code)
    .bind(now)
    .fetch_optional(core)
    .await?;
    row.map(value).transpose()
}

/// Takes a new device with these keys out, if it still waits.
pub(crate) async fn take(
    core: &mut PgConnection,
    device: Thumbprint,
    encryption: Thumbprint,
    now: Timestamp,
) -> Result<Option<JoinRow>, Fault> {
    let row: Option<Row> = sqlx::query_as(
        "DELETE FROM bank.join_request WHERE device = $1 AND encryption = $2 AND valid_until >= $3
         RETURNING *",
    )
    .bind(device.as_bytes())
    .bind(encryption.as_bytes())
    .bind(now)
    .fetch_optional(core)
    .await?;
    row.map(value).transpose()
}

/// Takes a new device out, whether it still waits or has waited too long; answers what it calls
/// itself.
pub(crate) async fn drop_waiting(
    core: &mut PgConnection,
    device: Thumbprint,
) -> Result<Option<Label>, Fault> {
    let name: Option<String> =
        sqlx::query_scalar("DELETE FROM bank.join_request WHERE device = $1 RETURNING name")
            .bind(device.as_bytes())
            .fetch_optional(core)
            .await?;
    name.map(|name| At("join_request", "name").of(Label::try_from(name)))
        .transpose()
}

/// Counts a question for a code. False when the device has asked too often within an hour. The same
/// question again counts once; the id that its sender gave it does not tell questions apart.
pub(crate) async fn count_ask(
    core: &mut PgConnection,
    device: Thumbprint,
    question: Digest,
    now: Timestamp,
) -> Result<bool, Fault> {
    let others: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM bank.join_ask WHERE device = $1 AND question <> $2 AND at > $3",
    )
    .bind(device.as_bytes())
    .bind(question.as_bytes())
    .bind(now.saturating_sub(HOUR))
    .fetch_one(&mut *core)
    .await?;
    if others >= JOIN_ASKS_PER_HOUR_MAX {
        return Ok(false);
    }
    sqlx::query(
        "INSERT INTO bank.join_ask (device, question, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(device.as_bytes())
    .bind(question.as_bytes())
    .bind(now)
    .execute(core)
    .await?;
    Ok(true)
}

/// Refuses a key for ever: its words were not the same on both screens.
pub(crate) async fn block(
    core: &mut PgConnection,
    device: Thumbprint,
    told_by: Thumbprint,
    now: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.join_blocked (device, told_by, at) VALUES ($1, $2, $3) ON CONFLICT DO NOTHING",
    )
    .bind(device.as_bytes())
    .bind(told_by.as_bytes())
    .bind(now)
    .execute(core)
    .await?;
    Ok(())
}

/// Whether a key is refused for ever.
pub(crate) async fn is_blocked(core: &mut PgConnection, device: Thumbprint) -> Result<bool, Fault> {
    Ok(
        sqlx::query_scalar("SELECT EXISTS (SELECT FROM bank.join_blocked WHERE device = $1)")
            .bind(device.as_bytes())
            .fetch_one(core)
            .await?,
    )
}
