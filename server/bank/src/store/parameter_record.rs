//! `bank.parameter_record`: versions of the parameters and approvals of them, as signed.

use crate::Fault;
use message::Timestamp;
use sqlx::PgConnection;

/// Until the transaction ends, nobody else who keeps to the rules adds a row, here or to
/// `bank.operator_removal`: what was read before signing still stands when it is written.
pub(crate) async fn lock(core: &mut PgConnection) -> Result<(), Fault> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('bank.parameter_record', 0))")
        .execute(core)
        .await?;
    Ok(())
}

pub(crate) async fn insert(core: &mut PgConnection, jws: &str, at: Timestamp) -> Result<(), Fault> {
    sqlx::query("INSERT INTO bank.parameter_record (jws, at) VALUES ($1, $2)")
        .bind(jws)
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}

/// Every row with its number, in the order in which they were written.
pub(crate) async fn all(core: &mut PgConnection) -> Result<Vec<(i64, String)>, Fault> {
    Ok(
        sqlx::query_as("SELECT id, jws FROM bank.parameter_record ORDER BY id")
            .fetch_all(core)
            .await?,
    )
}

/// Changes when a row is added or, against all rules, taken away: how many there are, and the number
/// of the last.
pub(crate) async fn mark(core: &mut PgConnection) -> Result<(i64, i64), Fault> {
    Ok(
        sqlx::query_as("SELECT count(*), coalesce(max(id), 0) FROM bank.parameter_record")
            .fetch_one(core)
            .await?,
    )
}
