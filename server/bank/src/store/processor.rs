//! `bank.processor`: our processors.

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp};
use sqlx::PgConnection;
use std::collections::HashSet;

/// A processor by its keys.
#[derive(Clone, Debug)]
pub(crate) struct ProcessorRow {
    pub(crate) id: Thumbprint,
    pub(crate) name: String,
    /// SubjectPublicKeyInfo of the signing key.
    pub(crate) signing_key: Vec<u8>,
    /// SubjectPublicKeyInfo of the unwrapping key.
    pub(crate) unwrap_key: Vec<u8>,
}

type Row = (Vec<u8>, String, Vec<u8>, Vec<u8>);

fn value((id, name, signing_key, unwrap_key): Row) -> Result<ProcessorRow, Fault> {
    Ok(ProcessorRow {
        id: At("processor", "id").thumbprint(&id)?,
        name,
        signing_key,
        unwrap_key,
    })
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    row: &ProcessorRow,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.processor (id, name, signing_key, unwrap_key, status, at)
         VALUES ($1, $2, $3, $4, 'active', $5)",
    )
    .bind(row.id.as_bytes())
    .bind(&row.name)
    .bind(&row.signing_key)
    .bind(&row.unwrap_key)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The processors that count.
pub(crate) async fn active(core: &mut PgConnection) -> Result<Vec<ProcessorRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, name, signing_key, unwrap_key FROM bank.processor
         WHERE status = 'active' ORDER BY name",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// Those that count and have not been handed the bank's keys yet. A key that was rotated in may have
/// been wrapped to them already; the storage key never comes alone.
pub(crate) async fn without_keys(core: &mut PgConnection) -> Result<Vec<ProcessorRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, name, signing_key, unwrap_key FROM bank.processor p
         WHERE status = 'active'
           AND NOT EXISTS (SELECT FROM bank.wrapped_key w
                           WHERE w.processor = p.id AND w.purpose = 'storage')",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// Everybody who is or was one.
pub(crate) async fn ids(core: &mut PgConnection) -> Result<Vec<Thumbprint>, Fault> {
    let rows: Vec<Vec<u8>> = sqlx::query_scalar("SELECT id FROM bank.processor ORDER BY name")
        .fetch_all(core)
        .await?;
    let at = At("processor", "id");
    rows.iter().map(|id| at.thumbprint(id)).collect()
}

/// Those of these who were removed.
pub(crate) async fn removed_among(
    core: &mut PgConnection,
    ids: &[Thumbprint],
) -> Result<HashSet<Thumbprint>, Fault> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT id FROM bank.processor WHERE status = 'removed' AND id = ANY($1)",
    )
    .bind(ids)
    .fetch_all(core)
    .await?;
    let at = At("processor", "id");
    rows.iter().map(|id| at.thumbprint(id)).collect()
}

/// A processor as operators see it.
#[derive(Clone, Debug)]
pub struct ListedProcessor {
    /// The thumbprint of its signing key.
    pub id: Thumbprint,
    /// What it is called.
    pub name: String,
    /// Since when it is one of the bank's.
    pub since: Timestamp,
    /// When it was removed, and why.
    pub removed: Option<(Timestamp, String)>,
    /// The end of its newest certificate, once it has one.
    pub certificates_until: Option<Timestamp>,
    /// Whether the bank's keys are wrapped to it.
    pub has_keys: bool,
}

type ListedRow = (
    Vec<u8>,
    String,
    i64,
    Option<i64>,
    Option<String>,
    Option<i64>,
    bool,
);

/// Every processor there is or was, by name; `own` is the bank as a party.
pub(crate) async fn list(
    core: &mut PgConnection,
    own: &str,
) -> Result<Vec<ListedProcessor>, Fault> {
    let rows: Vec<ListedRow> = sqlx::query_as(
        "SELECT id, name, at, removed_at, reason,
                (SELECT max(c.not_after) FROM bank.certificate c
                 WHERE c.subject = p.id AND c.party = $1 AND c.role = 'processor'),
                EXISTS (SELECT FROM bank.wrapped_key w
                        WHERE w.processor = p.id AND w.purpose = 'storage')
         FROM bank.processor p ORDER BY name",
    )
    .bind(own)
    .fetch_all(core)
    .await?;
    let at = At("processor", "id");
    rows.into_iter()
        .map(|(id, name, since, removed_at, reason, until, has_keys)| {
            Ok(ListedProcessor {
                id: at.thumbprint(&id)?,
                name,
                since,
                removed: removed_at.map(|at| (at, reason.unwrap_or_default())),
                certificates_until: until,
                has_keys,
            })
        })
        .collect()
}

/// Keeps the request by which a processor was admitted.
pub(crate) async fn keep_request(
    core: &mut PgConnection,
    id: Thumbprint,
    request: &str,
) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.processor SET request = $2 WHERE id = $1")
        .bind(id.as_bytes())
        .bind(request)
        .execute(core)
        .await?;
    Ok(())
}

/// It signs for the bank no more. False when that was so already, or there is none.
pub(crate) async fn remove(
    core: &mut PgConnection,
    id: Thumbprint,
    reason: &str,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.processor SET status = 'removed', removed_at = $3, reason = $2
         WHERE id = $1 AND status = 'active'",
    )
    .bind(id.as_bytes())
    .bind(reason)
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}
