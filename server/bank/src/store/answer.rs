//! `bank.answer`: answers to messages that have an effect and are no orders.

use crate::{Fault, store::At};
use message::{Digest, Timestamp};
use sqlx::PgConnection;
use std::collections::HashMap;

pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[(Digest, String)],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let digests: Vec<&[u8]> = rows.iter().map(|r| r.0.as_bytes().as_slice()).collect();
    let jws: Vec<&str> = rows.iter().map(|r| r.1.as_str()).collect();
    sqlx::query(
        "INSERT INTO bank.answer (digest, jws, at)
         SELECT *, $3 FROM unnest($1::bytea[], $2::text[]) ON CONFLICT DO NOTHING",
    )
    .bind(digests)
    .bind(jws)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The answers to these messages.
pub(crate) async fn to(
    core: &mut PgConnection,
    digests: &[Digest],
) -> Result<HashMap<Digest, String>, Fault> {
    let digests: Vec<&[u8]> = digests.iter().map(|d| d.as_bytes().as_slice()).collect();
    let rows: Vec<(Vec<u8>, String)> =
        sqlx::query_as("SELECT digest, jws FROM bank.answer WHERE digest = ANY($1)")
            .bind(digests)
            .fetch_all(core)
            .await?;
    rows.into_iter()
        .map(|(digest, jws)| Ok((At("answer", "digest").digest(&digest)?, jws)))
        .collect()
}
