//! `bank.payment_in`: payments received from other banks, each with its one answer.

use crate::{Fault, store::At};
use message::{Digest, MessageId, Timestamp, receipt::Refusal};
use sqlx::PgConnection;
use std::collections::HashMap;

/// A payment as answered.
#[derive(Clone, Debug)]
pub(crate) struct InRow {
    pub(crate) payment: MessageId,
    pub(crate) request_digest: Digest,
    /// The signed `pacs.008`; none when only a `pacs.028` was seen.
    pub(crate) request: Option<String>,
    /// Where it was credited, or why it was rejected.
    pub(crate) outcome: Result<i64, Refusal>,
    /// The signed `pacs.002`.
    pub(crate) answer: String,
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    peer: &str,
    rows: &[InRow],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let payments: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.payment.as_bytes().as_slice())
        .collect();
    let digests: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.request_digest.as_bytes().as_slice())
        .collect();
    let requests: Vec<Option<&str>> = rows.iter().map(|r| r.request.as_deref()).collect();
    let codes: Vec<Option<&str>> = rows
        .iter()
        .map(|r| r.outcome.err().map(Refusal::code))
        .collect();
    let postings: Vec<Option<i64>> = rows.iter().map(|r| r.outcome.ok()).collect();
    let answers: Vec<&str> = rows.iter().map(|r| r.answer.as_str()).collect();
    sqlx::query(
        "INSERT INTO bank.payment_in (peer, payment, request_digest, request, code, posting, answer, at)
         SELECT $7, *, $8 FROM unnest($1::bytea[], $2::bytea[], $3::text[], $4::text[], $5::bigint[],
             $6::text[])",
    )
    .bind(payments)
    .bind(digests)
    .bind(requests)
    .bind(codes)
    .bind(postings)
    .bind(answers)
    .bind(peer)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// What was answered already: the digest of the request, and the answer.
pub(crate) async fn answered(
    core: &mut PgConnection,
    peer: &str,
    payments: &[MessageId],
) -> Result<HashMap<MessageId, (Digest, String)>, Fault> {
    let payments: Vec<&[u8]> = payments.iter().map(|p| p.as_bytes().as_slice()).collect();
    let rows: Vec<(Vec<u8>, Vec<u8>, String)> = sqlx::query_as(
        "SELECT payment, request_digest, answer FROM bank.payment_in
         WHERE peer = $1 AND payment = ANY($2)",
    )
    .bind(peer)
    .bind(payments)
    .fetch_all(core)
    .await?;
    let at = |column| At("payment_in", column);
    rows.into_iter()
        .map(|(payment, digest, answer)| {
            let digest = at("request_digest").digest(&digest)?;
            Ok((at("payment").message(&payment)?, (digest, answer)))
        })
        .collect()
}
