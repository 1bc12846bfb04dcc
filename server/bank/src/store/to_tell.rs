//! `bank.to_tell`: what operators have done and processors are to tell.

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp, notice::Notice};
use sqlx::PgConnection;

/// Something to be told.
pub(crate) enum ToTell {
    /// To every active device of a customer but this one.
    Notice(i64, Option<Thumbprint>, Box<Notice>),
    /// To fronts and banks: the bank has a new key set.
    KeySet,
}

/// Has a processor send a notice to every active device of a customer but one.
pub(crate) async fn notice(
    core: &mut PgConnection,
    customer: i64,
    but_not: Option<Thumbprint>,
    notice: &Notice,
    at: Timestamp,
) -> Result<(), Fault> {
    let text = serde_json::to_string(notice)
        .map_err(|error| Fault::Setup(format!("a notice cannot be written: {error}")))?;
    sqlx::query("INSERT INTO bank.to_tell (customer, but_not, notice, at) VALUES ($1, $2, $3, $4)")
        .bind(customer)
        .bind(but_not.map(|id| *id.as_bytes()))
        .bind(text)
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}

/// Has a processor tell everybody of the bank's new key set.
pub(crate) async fn key_set(core: &mut PgConnection, at: Timestamp) -> Result<(), Fault> {
    sqlx::query("INSERT INTO bank.to_tell (at) VALUES ($1)")
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}

type Row = (i64, Option<i64>, Option<Vec<u8>>, Option<String>);

fn value((id, customer, but_not, notice): Row) -> Result<(i64, ToTell), Fault> {
    let at = |column| At("to_tell", column);
    let but_not = but_not
        .map(|id| at("but_not").thumbprint(&id))
        .transpose()?;
    Ok(match (customer, notice) {
        (Some(customer), Some(text)) => {
            let notice = at("notice").of(serde_json::from_str(&text))?;
            (id, ToTell::Notice(customer, but_not, notice))
        }
        _ => (id, ToTell::KeySet),
    })
}

/// What nobody has told yet, locked: another processor takes others.
pub(crate) async fn lock(core: &mut PgConnection) -> Result<Vec<(i64, ToTell)>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, customer, but_not, notice FROM bank.to_tell
         ORDER BY id LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// It is told.
pub(crate) async fn delete(core: &mut PgConnection, ids: &[i64]) -> Result<(), Fault> {
    sqlx::query("DELETE FROM bank.to_tell WHERE id = ANY($1)")
        .bind(ids)
        .execute(core)
        .await?;
    Ok(())
}
