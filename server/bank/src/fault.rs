//! Faults: what goes wrong on our side. Never shown to customers beyond a reference.

use envelope::{EnvelopeError, Malformed};
use ledger::Inconsistent;
use relay::RelayError;
use sqlx::error::DatabaseError;

/// What kept the bank from doing its work. A refusal of an order is not a fault.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The core cannot be reached, or gave up in the middle: whether it has committed is unknown, and
    /// doing the same again is safe.
    #[error("the core is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The core refuses what was to be written: a promise of the tables would be broken.
    #[error("the core refuses the statement: {0}")]
    Statement(#[source] sqlx::Error),
    /// A front or gateway did not do what it was asked.
    #[error(transparent)]
    Relay(#[from] RelayError),
    /// The books contradict themselves.
    #[error(transparent)]
    Ledger(#[from] Inconsistent),
    /// A key or envelope of ours cannot be used.
    #[error(transparent)]
    Envelope(#[from] EnvelopeError),
    /// A row that our own statements cannot have written.
    #[error("a row of bank.{table} is not what it should be: {column}")]
    Row {
        /// The table.
        table: &'static str,
        /// The column.
        column: &'static str,
    },
    /// The bank is not set up as it must be for this; the words say what is missing.
    #[error("{0}")]
    Setup(String),
    /// The certificates of this processor have ended while it was away, and new ones were asked for.
    #[error("this processor's certificates have ended: it waits for the registrar to renew them")]
    Lapsed,
    /// The tables could not be made or brought up to date.
    #[error("the tables of the core could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
    /// A task of ours ended before it had answered.
    #[error("a computation ended early: {0}")]
    Task(#[from] tokio::task::JoinError),
}

impl Fault {
    /// Whether the same may succeed later without anybody's doing.
    pub fn is_passing(&self) -> bool {
        match self {
            Fault::Unavailable(_) | Fault::Lapsed => true,
            Fault::Relay(error) => error.is_unavailable(),
            _ => false,
        }
    }
}

impl From<sqlx::Error> for Fault {
    fn from(error: sqlx::Error) -> Self {
        let Some(code) = error.as_database_error().and_then(DatabaseError::code) else {
            return match &error {
                sqlx::Error::ColumnDecode { .. }
                | sqlx::Error::Decode(_)
                | sqlx::Error::Encode(_)
                | sqlx::Error::ColumnNotFound(_)
                | sqlx::Error::RowNotFound => Fault::Statement(error),
                _ => Fault::Unavailable(error),
            };
        };
        // Connection, transaction rollback (serialisation, deadlock), resources, operator
        // intervention, locks not to be had, a read-only standby: all pass.
        let passing = ["08", "40", "53", "57", "55P03", "25006", "25P03"];
        if passing.iter().any(|class| code.starts_with(class)) {
            Fault::Unavailable(error)
        } else {
            Fault::Statement(error)
        }
    }
}

impl From<Malformed> for Fault {
    fn from(error: Malformed) -> Self {
        Fault::Envelope(error.into())
    }
}
