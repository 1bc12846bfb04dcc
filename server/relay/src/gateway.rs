//! What a processor does at a gateway: it appends what its core has committed for the other party,
//! and takes in what has come from there.
//!
//! Outgoing: commit in the core, then [`Gateway::append`] the stored items exactly as they are, as
//! often as needed. Incoming: [`Gateway::claim`], check with [`crate::link::chain::run`], commit in
//! the core, [`Gateway::append_ack`], then [`InClaim::done`].

use crate::front::Backlog;
use crate::link::LinkItem;
use crate::link::chain::{ChainHash, Position};
use crate::{Refused, RelayError, Wakeups, connect};
use sqlx::postgres::{PgConnectOptions, PgPool};

mod claim;
#[cfg(test)]
mod tests;

pub use claim::{InAck, InClaim};

/// A gateway as a processor sees it (role `processor`).
#[derive(Clone, Debug)]
pub struct Gateway {
    pool: PgPool,
}

/// Something that should never happen and did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// Its number at this gateway.
    pub n: i64,
    /// When, in seconds since 1970.
    pub at: i64,
    /// The table, or the program, that noticed it.
    pub source: String,
    /// What it is.
    pub reason: String,
    /// The epoch concerned.
    pub epoch: Option<i32>,
    /// The item concerned.
    pub seq: Option<i64>,
}

/// A row of a direction, as the database has it.
pub(crate) type ItemRow = (i32, i64, Vec<u8>, Vec<u8>, String, Vec<u8>);

impl Gateway {
    /// A gateway at this address. Connects when it is first used.
    #[must_use]
    pub fn connect(options: PgConnectOptions, connections_max: u32) -> Self {
        Self::new(connect(options, connections_max))
    }

    /// A gateway behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Listens for items and acknowledgements that come in. Scan ([`Gateway::claim`]) once after
    /// this.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn listen(&self) -> Result<Wakeups, RelayError> {
        Wakeups::listen(&self.pool, &["intake"]).await
    }

    /// Takes up to `limit` waiting items in the order of the sequence, and as many waiting
    /// acknowledgements. One processor at a time: `None` when another is at it, or nothing waits.
    /// Claim again until it is `None`, since items that come meanwhile wake nobody else.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn claim(&self, limit: u32) -> Result<Option<InClaim>, RelayError> {
        InClaim::take(&self.pool, limit).await
    }

    /// Appends items exactly as given, all or none. What is there already is left alone. Answers how
    /// many were new.
    ///
    /// # Errors
    /// [`Refused::Different`] when a number stands for another item, [`Refused::Malformed`] when a
    /// hash is wrong or a body too large.
    pub async fn append(&self, items: &[LinkItem]) -> Result<u64, RelayError> {
        if items.is_empty() {
            return Ok(0);
        }
        let malformed = |_| RelayError::Refused(Refused::Malformed);
        let epochs: Result<Vec<i32>, _> = items.iter().map(|i| i32::try_from(i.epoch)).collect();
        let seqs: Result<Vec<i64>, _> = items.iter().map(|i| i64::try_from(i.seq)).collect();
        let prevs: Vec<&[u8]> = items.iter().map(|i| i.prev.as_bytes().as_slice()).collect();
        let hashes: Vec<&[u8]> = items.iter().map(|i| i.hash.as_bytes().as_slice()).collect();
        let kinds: Vec<&str> = items.iter().map(|item| item.kind.as_str()).collect();
        let bodies: Vec<&[u8]> = items.iter().map(|item| item.body.as_slice()).collect();
        let count: i64 = sqlx::query_scalar("SELECT link.append($1, $2, $3, $4, $5, $6)")
            .bind(epochs.map_err(malformed)?)
            .bind(seqs.map_err(malformed)?)
            .bind(prevs)
            .bind(hashes)
            .bind(kinds)
            .bind(bodies)
            .fetch_one(&self.pool)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Appends an acknowledgement of everything up to this position, a compact JWS. Doing it again
    /// changes nothing, nor does one that confirms less than what is there.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn append_ack(&self, jws: &str, up_to: &Position) -> Result<(), RelayError> {
        sqlx::query("SELECT link.append_ack($1, $2, $3)")
            .bind(jws)
            .bind(i32::try_from(up_to.epoch).unwrap_or(i32::MAX))
            .bind(i64::try_from(up_to.seq).unwrap_or(i64::MAX))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Removes acknowledgements that a newer one has made useless, at most `limit` of each direction:
    /// of ours those that confirm less, of the other party's those that were taken before another.
    /// Answers how many went. The other end removes its own copies.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn prune_acks(&self, limit: u32) -> Result<u64, RelayError> {
        let count: i64 = sqlx::query_scalar("SELECT link.prune_acks($1)")
            .bind(i32::try_from(limit).unwrap_or(i32::MAX))
            .fetch_one(&self.pool)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Items of the outgoing direction after `after`, in order: what this gateway still has. A
    /// gateway that was lost and made anew has less than the core.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn outbound(
        &self,
        epoch: u32,
        after: u64,
        limit: u32,
    ) -> Result<Vec<LinkItem>, RelayError> {
        let rows: Vec<ItemRow> = sqlx::query_as(
            "SELECT epoch, seq, prev, hash, kind, body FROM link.outbound \
             WHERE epoch = $1 AND seq > $2 ORDER BY seq LIMIT $3",
        )
        .bind(i32::try_from(epoch).unwrap_or(i32::MAX))
        .bind(i64::try_from(after).unwrap_or(i64::MAX))
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        rows.into_iter()
            .map(|row| item("link.outbound", row))
            .collect()
    }

    /// Records what the chain or an acknowledgement has shown to be wrong. The same is written once.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn raise_alarm(
        &self,
        source: &str,
        reason: &str,
        epoch: u32,
        seq: u64,
    ) -> Result<(), RelayError> {
        sqlx::query("SELECT link.raise_alarm($1, $2, $3, $4, NULL)")
            .bind(source)
            .bind(reason)
            .bind(i32::try_from(epoch).unwrap_or(i32::MAX))
            .bind(i64::try_from(seq).unwrap_or(i64::MAX))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// The newest alarms.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, RelayError> {
        type Row = (i64, i64, String, String, Option<i32>, Option<i64>);
        let rows: Vec<Row> = sqlx::query_as(
            "SELECT n, extract(epoch FROM at)::bigint, source, reason, epoch, seq \
             FROM link.alarm ORDER BY n DESC LIMIT $1",
        )
        .bind(i64::from(limit))
        .fetch_all(&self.pool)
        .await?;
        let alarm = |(n, at, source, reason, epoch, seq)| Alarm {
            n,
            at,
            source,
            reason,
            epoch,
            seq,
        };
        Ok(rows.into_iter().map(alarm).collect())
    }

    /// What waits for a processor.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the gateway cannot be reached.
    pub async fn backlog(&self) -> Result<Backlog, RelayError> {
        let (count, oldest): (i64, i64) = sqlx::query_as(
            "SELECT count(*), coalesce(extract(epoch FROM now() - min(at)), 0)::bigint \
             FROM (SELECT at FROM link.waiting UNION ALL SELECT at FROM link.waiting_ack) w",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Backlog {
            count: count.unsigned_abs(),
            oldest_seconds: oldest.max(0).unsigned_abs(),
        })
    }
}

/// A row as an item. The guard let in nothing that does not fit.
pub(crate) fn item(table: &'static str, row: ItemRow) -> Result<LinkItem, RelayError> {
    let (epoch, seq, prev, hash, kind, body) = row;
    let wrong = || RelayError::Inconsistent {
        table,
        what: format!("item {epoch}.{seq}"),
    };
    Ok(LinkItem {
        epoch: u32::try_from(epoch).map_err(|_| wrong())?,
        seq: u64::try_from(seq).map_err(|_| wrong())?,
        prev: ChainHash::from_slice(&prev).ok_or_else(wrong)?,
        hash: ChainHash::from_slice(&hash).ok_or_else(wrong)?,
        kind,
        body,
    })
}
