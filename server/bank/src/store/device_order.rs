//! `bank.device_order`: orders about devices as signed.

use crate::Fault;
use envelope::Verified;
use message::{Timestamp, receipt::Refusal};
use sqlx::PgConnection;

/// Keeps an order, and why it was refused.
pub(crate) async fn insert(
    core: &mut PgConnection,
    verified: &Verified,
    customer: i64,
    refused: Option<Refusal>,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.device_order (digest, signer, customer, jws, code, at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(verified.digest().as_bytes())
    .bind(verified.signer().as_bytes())
    .bind(customer)
    .bind(verified.jws().as_str())
    .bind(refused.map(Refusal::code))
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}
