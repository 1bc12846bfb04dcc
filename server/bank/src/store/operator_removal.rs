//! `bank.operator_removal`: operators whose signatures count no more, as signed by the bank CA.

use crate::Fault;
use message::Timestamp;
use sqlx::PgConnection;

pub(crate) async fn insert(core: &mut PgConnection, jws: &str, at: Timestamp) -> Result<(), Fault> {
    sqlx::query("INSERT INTO bank.operator_removal (jws, at) VALUES ($1, $2)")
        .bind(jws)
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}

/// Every row with its number.
pub(crate) async fn all(core: &mut PgConnection) -> Result<Vec<(i64, String)>, Fault> {
    Ok(
        sqlx::query_as("SELECT id, jws FROM bank.operator_removal ORDER BY id")
            .fetch_all(core)
            .await?,
    )
}
