//! Joining two gateways, healing a link, ending it. Statements are generated from what is there
//! already, shown, then run by the superuser of each instance ([`run`]); an empty list means that
//! nothing is left to do.
//!
//! First join: [`publish`] at the sender's gateway, then [`subscribe`] at the receiver's; both ways
//! for a link. A lost slot: [`unsubscribe`] at the receiver's, [`unpublish`] and [`publish`] at the
//! sender's, [`subscribe`] at the receiver's. Slot and subscription are always made together: one
//! that outlives the other swallows rows.
//!
//! The subscription copies what is there when it begins. So nothing is lost that was written before
//! the slot, while it was lost, or before the subscription knew its tables; the guard drops what is
//! known already.

use super::Ends;
pub use super::health::{Health, health};
use crate::RelayError;
use node::{identifier, literal};
use sqlx::{AssertSqlSafe, PgConnection};

/// A statement of the provisioning. Each runs in a transaction of its own: PostgreSQL wants it so
/// for slots and subscriptions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    purpose: String,
    sql: String,
}

impl Statement {
    pub(crate) fn new(purpose: impl Into<String>, sql: impl Into<String>) -> Self {
        Self {
            purpose: purpose.into(),
            sql: sql.into(),
        }
    }

    /// What it is for, in words.
    #[must_use]
    pub fn purpose(&self) -> &str {
        &self.purpose
    }

    /// The statement.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }
}

/// Runs statements in order.
///
/// # Errors
/// The first that fails; ask for the list again and run what is left.
pub async fn run(superuser: &mut PgConnection, list: &[Statement]) -> Result<(), RelayError> {
    for statement in list {
        tracing::info!(purpose = statement.purpose, "provisioning");
        sqlx::raw_sql(AssertSqlSafe(statement.sql.clone()))
            .execute(&mut *superuser)
            .await?;
    }
    Ok(())
}

/// The publication of what we send: the same name at every gateway of ours.
pub(super) fn publication(ends: &Ends) -> String {
    format!("from_{}", ends.own().lower())
}

/// The slot that holds back what the other party has not fetched yet.
pub(super) fn slot(ends: &Ends) -> String {
    format!("to_{}", ends.peer().lower())
}

/// What is missing at this gateway so that the other party can fetch what we send.
///
/// # Errors
/// [`RelayError::Unavailable`] when the gateway cannot be reached.
pub async fn publish(
    superuser: &mut PgConnection,
    ends: &Ends,
) -> Result<Vec<Statement>, RelayError> {
    let (publication, slot, own) = (publication(ends), slot(ends), ends.own().lower());
    let published = exists(
        superuser,
        "SELECT EXISTS (SELECT FROM pg_publication WHERE pubname = $1)",
        &publication,
    );
    let published = published.await?;
    let held = "SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)";
    let held = exists(superuser, held, &slot).await?;
    let mut list = Vec::new();
    // The publication first: a slot that is older than it drops its rows silently.
    if !published {
        list.push(Statement::new(
            format!("publish what {own} sends, insertions and the columns of the protocol only"),
            format!(
                "CREATE PUBLICATION {} FOR TABLE \
                 link.from_{own} (epoch, seq, prev, hash, kind, body), \
                 link.ack_from_{own} (id, body) WITH (publish = 'insert')",
                identifier(&publication)
            ),
        ));
    }
    if !held {
        list.push(Statement::new(
            format!("hold back what {} has not fetched", ends.peer()),
            format!(
                "SELECT pg_create_logical_replication_slot({}, 'pgoutput')",
                literal(&slot)
            ),
        ));
    }
    Ok(list)
}

/// Takes the slot away, with those that an interrupted copy has left. The subscription at the other
/// end must be gone.
///
/// # Errors
/// [`RelayError::Unavailable`] when the gateway cannot be reached.
pub async fn unpublish(
    superuser: &mut PgConnection,
    ends: &Ends,
) -> Result<Vec<Statement>, RelayError> {
    let slots: Vec<String> = sqlx::query_scalar(
        "SELECT slot_name::text FROM pg_replication_slots \
         WHERE slot_name = $1 OR slot_name LIKE 'pg\\_%\\_sync\\_%' ORDER BY slot_name",
    )
    .bind(slot(ends))
    .fetch_all(superuser)
    .await?;
    let mut list = Vec::new();
    for slot in slots {
        let name = literal(&slot);
        list.push(Statement::new(
            format!("cut whoever reads slot {slot}"),
            format!(
                "SELECT pg_terminate_backend(active_pid, 5000) FROM pg_replication_slots \
                 WHERE slot_name = {name} AND active_pid IS NOT NULL"
            ),
        ));
        list.push(Statement::new(
            format!("drop slot {slot}"),
            format!(
                "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots \
                 WHERE slot_name = {name}"
            ),
        ));
    }
    Ok(list)
}

/// What is missing at this gateway so that it fetches what the other party sends. `conninfo` is how
/// its PostgreSQL reaches the other gateway (`node::TlsFiles::conninfo`).
///
/// # Errors
/// [`RelayError::Unavailable`] when the gateway cannot be reached.
pub async fn subscribe(
    superuser: &mut PgConnection,
    ends: &Ends,
    conninfo: &str,
) -> Result<Vec<Statement>, RelayError> {
    let there = ends.reversed();
    let plain = publication(&there);
    let (name, peer) = (identifier(&plain), ends.peer());
    let row: Option<(String, bool, String)> = sqlx::query_as(
        "SELECT pg_get_userbyid(subowner)::text, subenabled, subconninfo FROM pg_subscription \
         WHERE subname = $1 \
         AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())",
    )
    .bind(&plain)
    .fetch_optional(&mut *superuser)
    .await?;
    let mut list = Vec::new();
    if row.is_none() {
        list.push(Statement::new(
            format!("subscribe to {peer}, not started yet"),
            format!(
                "CREATE SUBSCRIPTION {name} CONNECTION {} PUBLICATION {name} WITH (\
                 create_slot = false, slot_name = {}, enabled = false, copy_data = true, \
                 password_required = false, run_as_owner = true, streaming = off, \
                 synchronous_commit = 'off')",
                literal(conninfo),
                identifier(&slot(&there)),
            ),
        ));
    }
    let (owner, enabled, before) = row.unwrap_or_default();
    if !before.is_empty() && before != conninfo {
        list.push(Statement::new(
            format!("{peer} is reached in another way"),
            format!("ALTER SUBSCRIPTION {name} CONNECTION {}", literal(conninfo)),
        ));
    }
    if owner != "subscriber" {
        let database: String = sqlx::query_scalar("SELECT current_database()::text")
            .fetch_one(superuser)
            .await?;
        let database = identifier(&database);
        // A subscription's new owner needs this right at that moment, and at no other.
        list.push(Statement::new(
            "lend its owner the right to have a subscription",
            format!("GRANT CREATE ON DATABASE {database} TO subscriber"),
        ));
        list.push(Statement::new(
            "hand it to a role that may insert what comes in and nothing else",
            format!("ALTER SUBSCRIPTION {name} OWNER TO subscriber"),
        ));
        list.push(Statement::new(
            "take the right back",
            format!("REVOKE CREATE ON DATABASE {database} FROM subscriber"),
        ));
    }
    if !enabled {
        list.push(Statement::new(
            "start it",
            format!("ALTER SUBSCRIPTION {name} ENABLE"),
        ));
    }
    Ok(list)
}

/// Ends the subscription at this gateway without asking the other party, whose slot stays until
/// [`unpublish`].
///
/// # Errors
/// [`RelayError::Unavailable`] when the gateway cannot be reached.
pub async fn unsubscribe(
    superuser: &mut PgConnection,
    ends: &Ends,
) -> Result<Vec<Statement>, RelayError> {
    let plain = publication(&ends.reversed());
    let name = identifier(&plain);
    let there = "SELECT EXISTS (SELECT FROM pg_subscription WHERE subname = $1 \
                 AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database()))";
    if !exists(superuser, there, &plain).await? {
        return Ok(Vec::new());
    }
    Ok(vec![
        Statement::new(
            "stop the subscription",
            format!("ALTER SUBSCRIPTION {name} DISABLE"),
        ),
        Statement::new(
            "let it forget the slot, which may be lost",
            format!("ALTER SUBSCRIPTION {name} SET (slot_name = NONE)"),
        ),
        Statement::new("drop it", format!("DROP SUBSCRIPTION {name}")),
    ])
}

pub(super) async fn exists(
    superuser: &mut PgConnection,
    question: &'static str,
    name: &str,
) -> Result<bool, RelayError> {
    Ok(sqlx::query_scalar(question)
        .bind(name)
        .fetch_one(superuser)
        .await?)
}
