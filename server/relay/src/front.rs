//! What a processor does at a front: it takes what customers have sent, and publishes what is
//! sealed for them.
//!
//! The order that loses nothing: [`Front::claim`], decide and commit in the core, [`Front::publish`],
//! then [`Claim::done`]. A crash in between leaves the envelopes waiting; the core's inbox knows them
//! when they come again, and publishing the same once more changes nothing.

use crate::{RelayError, Wakeups, connect};
use message::{Thumbprint, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPool};

mod claim;
pub(crate) mod documents;
#[cfg(test)]
mod tests;

pub use claim::{Claim, InEnvelope};

/// A sealed message for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutEnvelope {
    /// SHA-256 of the text: `envelope::Jwe::id`.
    pub id: [u8; 32],
    /// The device.
    pub mailbox: Thumbprint,
    /// A compact JWE.
    pub body: String,
    /// When it may be removed; `None` for receipts and notices, which stay.
    pub expires_at: Option<Timestamp>,
}

/// How much waits at a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backlog {
    /// How many.
    pub count: u64,
    /// Since when the oldest does, in seconds.
    pub oldest_seconds: u64,
}

/// A front as a processor sees it (role `processor`).
#[derive(Clone, Debug)]
pub struct Front {
    pool: PgPool,
}

impl Front {
    /// A front at this address. Connects when it is first used.
    #[must_use]
    pub fn connect(options: PgConnectOptions, connections_max: u32) -> Self {
        Self::new(connect(options, connections_max))
    }

    /// A front behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Listens for envelopes that come in. Scan ([`Front::claim`]) once after this.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn listen(&self) -> Result<Wakeups, RelayError> {
        Wakeups::listen(&self.pool, &["intake"]).await
    }

    /// Takes up to `limit` waiting envelopes, oldest first, that no other processor holds. They are
    /// ours until the claim is finished or dropped.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn claim(&self, limit: u32) -> Result<Claim, RelayError> {
        Claim::take(&self.pool, limit).await
    }

    /// Puts sealed messages into mailboxes, in this order within each, all or none. What is there
    /// already is left alone. Answers how many were new.
    ///
    /// # Errors
    /// [`crate::Refused::Different`] when an id stands for another message.
    pub async fn publish(&self, envelopes: &[OutEnvelope]) -> Result<u64, RelayError> {
        // One id twice in a batch is the same message twice.
        let mut seen = std::collections::HashSet::with_capacity(envelopes.len());
        let fresh: Vec<&OutEnvelope> = envelopes
            .iter()
            .filter(|envelope| seen.insert(envelope.id))
            .collect();
        if fresh.is_empty() {
            return Ok(0);
        }
        let ids: Vec<&[u8]> = fresh
            .iter()
            .map(|envelope| envelope.id.as_slice())
            .collect();
        let mailboxes: Vec<String> = fresh.iter().map(|e| e.mailbox.to_string()).collect();
        let bodies: Vec<&str> = fresh
            .iter()
            .map(|envelope| envelope.body.as_str())
            .collect();
        let expiries: Vec<Option<i64>> = fresh.iter().map(|e| e.expires_at).collect();
        let count: i64 = sqlx::query_scalar("SELECT front.publish($1, $2, $3, $4)")
            .bind(ids)
            .bind(mailboxes)
            .bind(bodies)
            .bind(expiries)
            .fetch_one(&self.pool)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// Shuts a device out: no mailbox at any edge any more. For ever.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn revoke_device(&self, device: &Thumbprint) -> Result<(), RelayError> {
        sqlx::query("SELECT front.revoke_device($1)")
            .bind(device.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Removes expired answers, sessions and challenges, at most `limit` of each. Answers how many
    /// went of the kind that had most: as long as it is `limit`, there are more.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn prune(&self, limit: u32) -> Result<u64, RelayError> {
        let count: i64 = sqlx::query_scalar("SELECT front.prune($1)")
            .bind(i32::try_from(limit).unwrap_or(i32::MAX))
            .fetch_one(&self.pool)
            .await?;
        Ok(count.unsigned_abs())
    }

    /// What waits for a processor.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn backlog(&self) -> Result<Backlog, RelayError> {
        let (count, oldest): (i64, i64) = sqlx::query_as(
            "SELECT count(*), coalesce(extract(epoch FROM now() - min(at)), 0)::bigint \
             FROM front.waiting",
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Backlog {
            count: count.unsigned_abs(),
            oldest_seconds: oldest.max(0).unsigned_abs(),
        })
    }
}
