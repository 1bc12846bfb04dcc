//! `bank.fault`: references of our own faults; the details stand in the log.

use crate::Fault;
use message::Timestamp;
use sqlx::PgConnection;

pub(crate) async fn insert(
    core: &mut PgConnection,
    reference: &str,
    what: &str,
    source: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.fault (reference, what, source, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(reference)
    .bind(what)
    .bind(source)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

pub(crate) async fn count(core: &mut PgConnection) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM bank.fault")
        .fetch_one(core)
        .await?)
}
