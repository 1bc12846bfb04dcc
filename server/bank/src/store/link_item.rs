//! `bank.link_item`: what we have sent over links, as stored bytes.

use crate::{Fault, store::row};
use message::Timestamp;
use sqlx::PgConnection;

row! {
    /// An item of a link, as it is copied to the gateway.
    #[derive(Clone, Debug)]
    pub(crate) struct ItemRow {
        pub(crate) epoch: i32,
        pub(crate) seq: i64,
        pub(crate) prev: Vec<u8>,
        pub(crate) hash: Vec<u8>,
        pub(crate) kind: String,
        pub(crate) body: Vec<u8>,
        pub(crate) at: i64,
        pub(crate) payment: Option<Vec<u8>>,
    }
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    party: &str,
    rows: &[ItemRow],
) -> Result<(), Fault> {
    let epochs: Vec<i32> = rows.iter().map(|r| r.epoch).collect();
    let seqs: Vec<i64> = rows.iter().map(|r| r.seq).collect();
    let prevs: Vec<&[u8]> = rows.iter().map(|r| r.prev.as_slice()).collect();
    let hashes: Vec<&[u8]> = rows.iter().map(|r| r.hash.as_slice()).collect();
    let kinds: Vec<&str> = rows.iter().map(|r| r.kind.as_str()).collect();
    let bodies: Vec<&[u8]> = rows.iter().map(|r| r.body.as_slice()).collect();
    let ats: Vec<Timestamp> = rows.iter().map(|r| r.at).collect();
    let payments: Vec<Option<&[u8]>> = rows.iter().map(|r| r.payment.as_deref()).collect();
    sqlx::query(
        "INSERT INTO bank.link_item (party, epoch, seq, prev, hash, kind, body, at, payment)
         SELECT $8, * FROM unnest($1::integer[], $2::bigint[], $3::bytea[], $4::bytea[], $5::text[],
             $6::bytea[], $7::bigint[], $9::bytea[])",
    )
    .bind(epochs)
    .bind(seqs)
    .bind(prevs)
    .bind(hashes)
    .bind(kinds)
    .bind(bodies)
    .bind(ats)
    .bind(party)
    .bind(payments)
    .execute(core)
    .await?;
    Ok(())
}

/// The chain hash of one item.
pub(crate) async fn hash(
    core: &mut PgConnection,
    party: &str,
    epoch: i32,
    seq: i64,
) -> Result<Option<Vec<u8>>, Fault> {
    Ok(sqlx::query_scalar(
        "SELECT hash FROM bank.link_item WHERE party = $1 AND epoch = $2 AND seq = $3",
    )
    .bind(party)
    .bind(epoch)
    .bind(seq)
    .fetch_optional(core)
    .await?)
}

/// These items, in order.
pub(crate) async fn by_seq(
    core: &mut PgConnection,
    party: &str,
    keys: &[(i32, i64)],
) -> Result<Vec<ItemRow>, Fault> {
    let epochs: Vec<i32> = keys.iter().map(|k| k.0).collect();
    let seqs: Vec<i64> = keys.iter().map(|k| k.1).collect();
    Ok(sqlx::query_as(
        "SELECT epoch, seq, prev, hash, kind, body, at, payment FROM bank.link_item
         JOIN unnest($2::integer[], $3::bigint[]) AS k (epoch, seq) USING (epoch, seq)
         WHERE party = $1 ORDER BY epoch, seq",
    )
    .bind(party)
    .bind(epochs)
    .bind(seqs)
    .fetch_all(core)
    .await?)
}
