//! What can go wrong at a sealed store: try again later, refused for a reason, or a fault of ours.

use sqlx::error::DatabaseError;

/// The answer of a store that did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum RelayError {
    /// The node cannot be reached, or gave up in the middle: try again. What was asked may or may not
    /// have been done, and asking again does no harm.
    #[error("the node is not available: {0}")]
    Unavailable(#[source] sqlx::Error),
    /// The node will not do this, however often it is asked.
    #[error("{0}")]
    Refused(Refused),
    /// A stored row that our own statements cannot have written.
    #[error("a row of {table} is not what it should be: {what}")]
    Inconsistent {
        /// The table or view.
        table: &'static str,
        /// What is wrong with it.
        what: String,
    },
    /// A statement failed for another reason: a fault of ours.
    #[error("the statement failed: {0}")]
    Statement(#[source] sqlx::Error),
    /// The tables could not be made or brought up to date.
    #[error("the tables could not be brought up to date: {0}")]
    Migration(#[from] sqlx::migrate::MigrateError),
}

/// Why a store refuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// An envelope or item is empty, too large, or not what its table takes.
    #[error("the envelope is empty, too large or wrongly formed")]
    Malformed,
    /// An id or number stands for something else already.
    #[error("the id stands for another message already")]
    Different,
    /// The mailbox challenge is unknown, used up or too old.
    #[error("the challenge is unknown, used up or too old")]
    ChallengeUnknown,
    /// The mailbox session is unknown or over: sign a new challenge.
    #[error("the session is unknown or over")]
    SessionUnknown,
    /// The session opens another mailbox than this one.
    #[error("the session opens another mailbox")]
    OtherMailbox,
    /// The device is revoked.
    #[error("the device is revoked")]
    DeviceRevoked,
    /// An envelope, item, entry of a mailbox may not be changed.
    #[error("stored messages are never changed")]
    Immutable,
    /// The role may not do this.
    #[error("the role is not permitted to do this")]
    NotPermitted,
}

impl RelayError {
    /// Whether asking again later can help.
    #[must_use]
    pub fn is_unavailable(&self) -> bool {
        matches!(self, Self::Unavailable(_))
    }

    /// Why the store refused, when it did.
    #[must_use]
    pub fn refused(&self) -> Option<Refused> {
        match self {
            Self::Refused(refused) => Some(*refused),
            _ => None,
        }
    }
}

impl From<sqlx::Error> for RelayError {
    fn from(error: sqlx::Error) -> Self {
        match &error {
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed => Self::Unavailable(error),
            sqlx::Error::Database(answer) => match judge(answer.as_ref()) {
                Judgement::Refused(refused) => Self::Refused(refused),
                Judgement::Unavailable => Self::Unavailable(error),
                Judgement::Fault => Self::Statement(error),
            },
            _ => Self::Statement(error),
        }
    }
}

enum Judgement {
    Refused(Refused),
    Unavailable,
    Fault,
}

/// The one place where a code of the database becomes a reason. Codes that begin with CS are raised
/// by the functions of our migrations.
fn judge(answer: &dyn DatabaseError) -> Judgement {
    let code = answer.code().unwrap_or_default();
    let refused = match code.as_ref() {
        "CSE01" => Refused::Malformed,
        "CSD01" => Refused::Different,
        "CSM01" => Refused::ChallengeUnknown,
        "CSM02" => Refused::SessionUnknown,
        "CSM03" => Refused::OtherMailbox,
        "CSM04" => Refused::DeviceRevoked,
        "CSI01" => Refused::Immutable,
        "42501" => Refused::NotPermitted,
        // A deadlock, a serialisation failure, a lock that was not to be had, or a session that was
        // cut while it idled in a transaction.
        "40001" | "40P01" | "55P03" | "25P03" | "25006" => return Judgement::Unavailable,
        // Connection lost, resources short, shutting down or starting up.
        code if ["08", "53", "57"]
            .iter()
            .any(|class| code.starts_with(class)) =>
        {
            return Judgement::Unavailable;
        }
        _ => return Judgement::Fault,
    };
    Judgement::Refused(refused)
}
