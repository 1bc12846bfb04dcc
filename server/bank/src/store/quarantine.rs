//! `bank.quarantine`: envelopes put aside with the reason.

use crate::Fault;
use message::Timestamp;
use sqlx::PgConnection;

/// An envelope to be put aside.
#[derive(Clone, Debug)]
pub(crate) struct QuarantineRow {
    /// SHA-256 of the body.
    pub(crate) envelope: [u8; 32],
    /// A word for machines.
    pub(crate) reason: &'static str,
    /// A sentence for people; nothing of the content.
    pub(crate) detail: String,
    pub(crate) body: String,
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[QuarantineRow],
    source: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let envelopes: Vec<&[u8]> = rows.iter().map(|r| r.envelope.as_slice()).collect();
    let reasons: Vec<&str> = rows.iter().map(|r| r.reason).collect();
    let details: Vec<&str> = rows.iter().map(|r| r.detail.as_str()).collect();
    let bodies: Vec<&str> = rows.iter().map(|r| r.body.as_str()).collect();
    sqlx::query(
        "INSERT INTO bank.quarantine (envelope, source, reason, detail, body, at)
         SELECT envelope, $5, reason, detail, body, $6
         FROM unnest($1::bytea[], $2::text[], $3::text[], $4::text[])
              AS new (envelope, reason, detail, body)
         ON CONFLICT DO NOTHING",
    )
    .bind(envelopes)
    .bind(reasons)
    .bind(details)
    .bind(bodies)
    .bind(source)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// How many were put aside for each reason.
pub(crate) async fn counts(core: &mut PgConnection) -> Result<Vec<(String, i64)>, Fault> {
    Ok(sqlx::query_as(
        "SELECT reason, count(*) FROM bank.quarantine GROUP BY reason ORDER BY reason",
    )
    .fetch_all(core)
    .await?)
}
