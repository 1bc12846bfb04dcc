//! `bank.link`: the state of each link and direction. Outbound rows are locked last.

use crate::{
    Fault,
    store::{At, row},
};
use message::Timestamp;
use sqlx::PgConnection;

/// A direction of a link.
#[derive(Clone, Debug)]
pub(crate) struct LinkRow {
    pub(crate) party: String,
    pub(crate) epoch: i32,
    pub(crate) last_seq: i64,
    pub(crate) last_hash: [u8; 32],
    pub(crate) acked_seq: i64,
}

row! {
    struct Row {
        party: String,
        epoch: i32,
        last_seq: i64,
        last_hash: Vec<u8>,
        acked_seq: i64,
    }
}

fn value(row: Row) -> Result<LinkRow, Fault> {
    Ok(LinkRow {
        party: row.party,
        epoch: row.epoch,
        last_seq: row.last_seq,
        last_hash: At("link", "last_hash").of(row.last_hash.try_into())?,
        acked_seq: row.acked_seq,
    })
}

/// Makes a direction of a link that begins at this hash; one that is there already stays.
pub(crate) async fn insert(
    core: &mut PgConnection,
    party: &str,
    direction: &str,
    start: [u8; 32],
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.link (party, direction, last_hash) VALUES ($1, $2, $3)
         ON CONFLICT DO NOTHING",
    )
    .bind(party)
    .bind(direction)
    .bind(start)
    .execute(core)
    .await?;
    Ok(())
}

/// Locks the outbound rows of these links, in order.
pub(crate) async fn lock_out(
    core: &mut PgConnection,
    parties: &[&str],
) -> Result<Vec<LinkRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT party, epoch, last_seq, last_hash, acked_seq FROM bank.link
         WHERE direction = 'out' AND party = ANY($1) ORDER BY party FOR NO KEY UPDATE",
    )
    .bind(parties)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// Locks the inbound row of a link; none when there is none, or another processor has it.
pub(crate) async fn try_lock_in(
    core: &mut PgConnection,
    party: &str,
) -> Result<Option<LinkRow>, Fault> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT party, epoch, last_seq, last_hash, acked_seq FROM bank.link
         WHERE direction = 'in' AND party = $1 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(party)
    .fetch_optional(core)
    .await?;
    row.map(value).transpose()
}

/// Both directions of every link, for status: outbound and inbound rows by party.
pub(crate) async fn all(core: &mut PgConnection) -> Result<Vec<(String, LinkRow)>, Fault> {
    let rows: Vec<(String, String, i32, i64, Vec<u8>, i64)> = sqlx::query_as(
        "SELECT direction, party, epoch, last_seq, last_hash, acked_seq FROM bank.link
         ORDER BY party, direction",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(
            |(direction, party, epoch, last_seq, last_hash, acked_seq)| {
                let row = Row {
                    party,
                    epoch,
                    last_seq,
                    last_hash,
                    acked_seq,
                };
                Ok((direction, value(row)?))
            },
        )
        .collect()
}

/// The chain of this direction now ends here.
pub(crate) async fn advance(
    core: &mut PgConnection,
    direction: &str,
    row: &LinkRow,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE bank.link SET last_seq = $3, last_hash = $4 WHERE party = $1 AND direction = $2",
    )
    .bind(&row.party)
    .bind(direction)
    .bind(row.last_seq)
    .bind(row.last_hash)
    .execute(core)
    .await?;
    Ok(())
}

/// Confirmed up to here: by the other side (`out`), or by us to it (`in`). Never goes back.
pub(crate) async fn acknowledge(
    core: &mut PgConnection,
    party: &str,
    direction: &str,
    epoch: i32,
    seq: i64,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.link SET acked_seq = $4, acked_at = $5
         WHERE party = $1 AND direction = $2 AND epoch = $3 AND acked_seq < $4 AND last_seq >= $4",
    )
    .bind(party)
    .bind(direction)
    .bind(epoch)
    .bind(seq)
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}
