//! `bank.outbox`: what has to be copied to a front or gateway after the commit.

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp};
use sqlx::PgConnection;

/// The target that is the front.
pub(crate) const FRONT: &str = "front";

/// A sealed message for a mailbox.
#[derive(Clone, Debug)]
pub(crate) struct LetterRow {
    pub(crate) envelope: [u8; 32],
    pub(crate) mailbox: Thumbprint,
    pub(crate) body: String,
    pub(crate) expires_at: Option<Timestamp>,
}

pub(crate) async fn insert_letters(
    core: &mut PgConnection,
    rows: &[LetterRow],
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let envelopes: Vec<&[u8]> = rows.iter().map(|r| r.envelope.as_slice()).collect();
    let mailboxes: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.mailbox.as_bytes().as_slice())
        .collect();
    let bodies: Vec<&str> = rows.iter().map(|r| r.body.as_str()).collect();
    let expire: Vec<Option<i64>> = rows.iter().map(|r| r.expires_at).collect();
    sqlx::query(
        "INSERT INTO bank.outbox (target, envelope, mailbox, body, expires_at)
         SELECT 'front', * FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::bigint[])",
    )
    .bind(envelopes)
    .bind(mailboxes)
    .bind(bodies)
    .bind(expire)
    .execute(core)
    .await?;
    Ok(())
}

/// Items of a link that have to be copied to its gateway.
pub(crate) async fn insert_items(
    core: &mut PgConnection,
    party: &str,
    epoch: i32,
    seqs: &[i64],
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.outbox (target, epoch, seq) SELECT $1, $2, seq FROM unnest($3::bigint[]) AS seq",
    )
    .bind(party)
    .bind(epoch)
    .bind(seqs)
    .execute(core)
    .await?;
    Ok(())
}

/// Puts every item of a link that was not confirmed back, for a gateway that may have lost it.
/// Answers how many.
pub(crate) async fn requeue(core: &mut PgConnection, party: &str) -> Result<u64, Fault> {
    let done = sqlx::query(
        "INSERT INTO bank.outbox (target, epoch, seq)
         SELECT i.party, i.epoch, i.seq FROM bank.link l
         JOIN bank.link_item i ON i.party = l.party AND i.epoch = l.epoch AND i.seq > l.acked_seq
         WHERE l.party = $1 AND l.direction = 'out'
           AND NOT EXISTS (SELECT FROM bank.outbox o
                           WHERE o.target = i.party AND o.epoch = i.epoch AND o.seq = i.seq)
         ORDER BY i.epoch, i.seq",
    )
    .bind(party)
    .execute(core)
    .await?;
    Ok(done.rows_affected())
}

type LetterColumns = (i64, Vec<u8>, Vec<u8>, String, Option<i64>);

/// The oldest letters, locked: another processor copies others.
pub(crate) async fn lock_letters(
    core: &mut PgConnection,
    limit: i64,
) -> Result<Vec<(i64, LetterRow)>, Fault> {
    let rows: Vec<LetterColumns> = sqlx::query_as(
        "SELECT id, envelope, mailbox, body, expires_at FROM bank.outbox
         WHERE target = 'front' ORDER BY id LIMIT $1 FOR UPDATE SKIP LOCKED",
    )
    .bind(limit)
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(|(id, envelope, mailbox, body, expires_at)| {
            let row = LetterRow {
                envelope: At("outbox", "envelope").of(envelope.try_into())?,
                mailbox: At("outbox", "mailbox").thumbprint(&mailbox)?,
                body,
                expires_at,
            };
            Ok((id, row))
        })
        .collect()
}

/// The oldest items for a gateway, in the order of the link. The caller copies alone: see
/// [`lock_copying`].
pub(crate) async fn items(
    core: &mut PgConnection,
    party: &str,
    limit: i64,
) -> Result<Vec<(i64, i32, i64)>, Fault> {
    Ok(sqlx::query_as(
        "SELECT id, epoch, seq FROM bank.outbox WHERE target = $1 ORDER BY epoch, seq, id LIMIT $2",
    )
    .bind(party)
    .bind(limit)
    .fetch_all(core)
    .await?)
}

/// Waits until nobody else copies to this gateway, and keeps others waiting until the transaction
/// ends: items must reach it in order.
pub(crate) async fn lock_copying(core: &mut PgConnection, party: &str) -> Result<(), Fault> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtextextended('bank.outbox ' || $1, 0))")
        .bind(party)
        .execute(core)
        .await?;
    Ok(())
}

/// Removes what was copied.
pub(crate) async fn delete(core: &mut PgConnection, ids: &[i64]) -> Result<(), Fault> {
    sqlx::query("DELETE FROM bank.outbox WHERE id = ANY($1)")
        .bind(ids)
        .execute(core)
        .await?;
    Ok(())
}

/// How much waits for each target.
pub(crate) async fn counts(core: &mut PgConnection) -> Result<Vec<(String, i64)>, Fault> {
    Ok(
        sqlx::query_as("SELECT target, count(*) FROM bank.outbox GROUP BY target ORDER BY target")
            .fetch_all(core)
            .await?,
    )
}
