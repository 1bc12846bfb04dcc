//! `bank.wrapped_key`: the bank's secrets, each sealed to one processor.

use crate::{Fault, store::row};
use message::{Thumbprint, Timestamp};
use sqlx::PgConnection;

row! {
    /// One secret, sealed to one processor.
    #[derive(Clone, Debug)]
    pub(crate) struct WrappedKey {
        /// `decryption` or `storage`.
        pub(crate) purpose: String,
        /// Which key it is.
        pub(crate) kid: String,
        /// Compact JWE.
        pub(crate) body: String,
    }
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    processor: Thumbprint,
    key: &WrappedKey,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.wrapped_key (processor, purpose, kid, body, at) VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT DO NOTHING",
    )
    .bind(processor.as_bytes())
    .bind(&key.purpose)
    .bind(&key.kid)
    .bind(&key.body)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

pub(crate) async fn of_processor(
    core: &mut PgConnection,
    processor: Thumbprint,
) -> Result<Vec<WrappedKey>, Fault> {
    Ok(sqlx::query_as(
        "SELECT purpose, kid, body FROM bank.wrapped_key WHERE processor = $1 ORDER BY at",
    )
    .bind(processor.as_bytes())
    .fetch_all(core)
    .await?)
}

/// Whether any of these keys is wrapped to a processor.
pub(crate) async fn are_there(
    core: &mut PgConnection,
    processor: Thumbprint,
    kids: &[String],
) -> Result<bool, Fault> {
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM bank.wrapped_key WHERE processor = $1 AND kid = ANY($2))",
    )
    .bind(processor.as_bytes())
    .bind(kids)
    .fetch_one(core)
    .await?)
}
