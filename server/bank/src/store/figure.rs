//! `bank.figure` and `bank.audit_finding`: numbers over all tables (views).

use crate::Fault;
use sqlx::PgConnection;

/// How many there are of what.
pub(crate) async fn all(core: &mut PgConnection) -> Result<Vec<(String, i64)>, Fault> {
    Ok(sqlx::query_as("SELECT name, value FROM bank.figure")
        .fetch_all(core)
        .await?)
}

/// What is wrong with the books, and where.
pub(crate) async fn findings(core: &mut PgConnection) -> Result<Vec<(String, String)>, Fault> {
    Ok(
        sqlx::query_as("SELECT finding, subject FROM bank.audit_finding")
            .fetch_all(core)
            .await?,
    )
}
