//! `bank.unreadable`: items of other parties that could not be read.

use crate::Fault;
use message::Timestamp;
use sqlx::PgConnection;

/// As many as an acknowledgement names.
const NAMED_MAX: i64 = 100;

/// Records items that are put aside: their numbers and the ids of their bodies.
pub(crate) async fn insert(
    core: &mut PgConnection,
    party: &str,
    epoch: i32,
    items: &[(i64, [u8; 32])],
    at: Timestamp,
) -> Result<(), Fault> {
    if items.is_empty() {
        return Ok(());
    }
    let seqs: Vec<i64> = items.iter().map(|item| item.0).collect();
    let envelopes: Vec<&[u8]> = items.iter().map(|item| item.1.as_slice()).collect();
    sqlx::query(
        "INSERT INTO bank.unreadable (party, epoch, seq, envelope, at)
         SELECT $1, $2, seq, envelope, $5
         FROM unnest($3::bigint[], $4::bytea[]) AS new (seq, envelope) ON CONFLICT DO NOTHING",
    )
    .bind(party)
    .bind(epoch)
    .bind(seqs)
    .bind(envelopes)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The newest ones up to this item, in order.
pub(crate) async fn newest(
    core: &mut PgConnection,
    party: &str,
    epoch: i32,
    up_to: i64,
) -> Result<Vec<i64>, Fault> {
    Ok(sqlx::query_scalar(
        "SELECT seq FROM (
             SELECT seq FROM bank.unreadable
             WHERE party = $1 AND epoch = $2 AND seq <= $3 ORDER BY seq DESC LIMIT $4) newest
         ORDER BY seq",
    )
    .bind(party)
    .bind(epoch)
    .bind(up_to)
    .bind(NAMED_MAX)
    .fetch_all(core)
    .await?)
}
