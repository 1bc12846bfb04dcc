//! Looking at a link, for `status` and for whoever has to heal it.

use super::Ends;
use super::provision::{exists, publication, slot};
use crate::RelayError;
use sqlx::PgConnection;

/// How a gateway's two directions are doing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Whether our publication is there.
    pub published: bool,
    /// The state of the other party's slot (`reserved`, `extended`, `unreserved`, `lost`); `None`
    /// when there is no slot.
    pub slot: Option<String>,
    /// Whether the other party is connected to it.
    pub fetched: bool,
    /// How much the other party has not fetched, in bytes of log.
    pub behind_bytes: i64,
    /// Whether our subscription is there and started.
    pub subscribed: bool,
    /// Whether its worker runs and all its tables are in step.
    pub fetching: bool,
    /// How often applying has failed.
    pub apply_errors: i64,
}

impl Health {
    /// Whether the slot is lost or was never there: heal the link.
    #[must_use]
    pub fn slot_is_lost(&self) -> bool {
        self.slot.as_deref().is_none_or(|state| state == "lost")
    }
}

/// Looks at both directions of a gateway, as its superuser.
///
/// # Errors
/// [`RelayError::Unavailable`] when the gateway cannot be reached.
pub async fn health(superuser: &mut PgConnection, ends: &Ends) -> Result<Health, RelayError> {
    let published = "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1)";
    let published = exists(superuser, published, &publication(ends)).await?;
    let slot: Option<(Option<String>, bool, i64)> = sqlx::query_as(
        "SELECT wal_status, active, \
         coalesce(pg_current_wal_lsn() - confirmed_flush_lsn, 0)::bigint \
         FROM pg_replication_slots WHERE slot_name = $1",
    )
    .bind(slot(ends))
    .fetch_optional(&mut *superuser)
    .await?;
    let subscription: Option<(bool, bool, i64)> = sqlx::query_as(
        "SELECT s.subenabled, \
           EXISTS (SELECT FROM pg_stat_subscription w WHERE w.subid = s.oid AND w.pid IS NOT NULL \
             AND w.worker_type = 'apply') \
           AND NOT EXISTS (SELECT FROM pg_subscription_rel r \
             WHERE r.srsubid = s.oid AND r.srsubstate <> 'r') \
           AND EXISTS (SELECT FROM pg_subscription_rel r WHERE r.srsubid = s.oid), \
           coalesce((SELECT apply_error_count + sync_error_count \
             FROM pg_stat_subscription_stats e WHERE e.subid = s.oid), 0) \
         FROM pg_subscription s WHERE s.subname = $1 \
         AND s.subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(publication(&ends.reversed()))
    .fetch_optional(superuser)
    .await?;
    let (slot, fetched, behind_bytes) = slot.map_or((None, false, 0), |(state, active, behind)| {
        (
            Some(state.unwrap_or_else(|| "lost".to_owned())),
            active,
            behind,
        )
    });
    let (subscribed, fetching, apply_errors) = subscription.unwrap_or_default();
    Ok(Health {
        published,
        slot,
        fetched,
        behind_bytes,
        subscribed,
        fetching,
        apply_errors,
    })
}
