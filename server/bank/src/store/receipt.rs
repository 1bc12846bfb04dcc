//! `bank.receipt`: the final answers to orders.

use crate::{Fault, store::At};
use message::{Digest, MessageId, Thumbprint, Timestamp, receipt::Refusal};
use sqlx::PgConnection;
use std::collections::HashMap;

/// A receipt to be kept.
#[derive(Clone, Debug)]
pub(crate) struct ReceiptRow {
    /// Of the order.
    pub(crate) digest: Digest,
    pub(crate) signer: Thumbprint,
    pub(crate) message_id: MessageId,
    pub(crate) jws: String,
    /// Where it was booked, or why it was refused.
    pub(crate) outcome: Result<i64, Refusal>,
    /// The version of the parameters it was decided under; 0 for none.
    pub(crate) parameters: u64,
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[ReceiptRow],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let digests: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.digest.as_bytes().as_slice())
        .collect();
    let signers: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.signer.as_bytes().as_slice())
        .collect();
    let ids: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.message_id.as_bytes().as_slice())
        .collect();
    let jws: Vec<&str> = rows.iter().map(|r| r.jws.as_str()).collect();
    let codes: Vec<Option<&str>> = rows
        .iter()
        .map(|r| r.outcome.err().map(Refusal::code))
        .collect();
    let postings: Vec<Option<i64>> = rows.iter().map(|r| r.outcome.ok()).collect();
    let versions = rows.iter().map(|r| i64::try_from(r.parameters));
    let versions: Vec<i64> = At("receipt", "parameters").of(versions.collect::<Result<_, _>>())?;
    sqlx::query(
        "INSERT INTO bank.receipt (digest, signer, message_id, jws, code, posting, parameters, at)
         SELECT *, $8 FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::text[], $5::text[],
             $6::bigint[], $7::bigint[])",
    )
    .bind(digests)
    .bind(signers)
    .bind(ids)
    .bind(jws)
    .bind(codes)
    .bind(postings)
    .bind(versions)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The receipts for these orders.
pub(crate) async fn of(
    core: &mut PgConnection,
    digests: &[Digest],
) -> Result<HashMap<Digest, String>, Fault> {
    let digests: Vec<&[u8]> = digests.iter().map(|d| d.as_bytes().as_slice()).collect();
    let rows: Vec<(Vec<u8>, String)> =
        sqlx::query_as("SELECT digest, jws FROM bank.receipt WHERE digest = ANY($1)")
            .bind(digests)
            .fetch_all(core)
            .await?;
    rows.into_iter()
        .map(|(digest, jws)| Ok((At("receipt", "digest").digest(&digest)?, jws)))
        .collect()
}
