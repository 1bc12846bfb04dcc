//! `bank.sealed_again`: items of ours that were sealed again, each at most once.

use crate::Fault;
use message::Timestamp;
use sqlx::PgConnection;

/// Records items; answers the numbers of those that were not sealed again before.
pub(crate) async fn insert(
    core: &mut PgConnection,
    party: &str,
    epoch: i32,
    seqs: &[i64],
    at: Timestamp,
) -> Result<Vec<i64>, Fault> {
    Ok(sqlx::query_scalar(
        "INSERT INTO bank.sealed_again (party, epoch, seq, at)
         SELECT $1, $2, seq, $4 FROM unnest($3::bigint[]) AS seq
         ON CONFLICT DO NOTHING RETURNING seq",
    )
    .bind(party)
    .bind(epoch)
    .bind(seqs)
    .bind(at)
    .fetch_all(core)
    .await?)
}
