//! `bank.processor`: our processors.

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp};
use sqlx::PgConnection;

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
