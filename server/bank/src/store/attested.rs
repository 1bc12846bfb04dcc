//! `bank.attested`: what other banks stand by although a processor had signed it that they have
//! removed since.

use crate::{Fault, store::At};
use message::{Digest, Timestamp};
use sqlx::PgConnection;
use std::collections::HashSet;

/// Keeps attestations, by the digest of the attested message; what is attested already stays.
pub(crate) async fn insert(
    core: &mut PgConnection,
    party: &str,
    rows: &[(Digest, String)],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let digests: Vec<&[u8]> = rows.iter().map(|row| row.0.as_bytes().as_slice()).collect();
    let jws: Vec<&str> = rows.iter().map(|row| row.1.as_str()).collect();
    sqlx::query(
        "INSERT INTO bank.attested (party, attested, jws, at)
         SELECT $1, *, $4 FROM unnest($2::bytea[], $3::text[]) ON CONFLICT DO NOTHING",
    )
    .bind(party)
    .bind(digests)
    .bind(jws)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Which of these messages a bank has attested.
pub(crate) async fn among(
    core: &mut PgConnection,
    party: &str,
    digests: &[Digest],
) -> Result<HashSet<Digest>, Fault> {
    if digests.is_empty() {
        return Ok(HashSet::new());
    }
    let digests: Vec<&[u8]> = digests.iter().map(|d| d.as_bytes().as_slice()).collect();
    let rows: Vec<Vec<u8>> = sqlx::query_scalar(
        "SELECT attested FROM bank.attested WHERE party = $1 AND attested = ANY($2)",
    )
    .bind(party)
    .bind(digests)
    .fetch_all(core)
    .await?;
    let at = At("attested", "attested");
    rows.iter().map(|digest| at.digest(digest)).collect()
}
