//! `bank.inbox`: every message that has an effect, once.

use crate::{Fault, store::At};
use message::{Digest, Kind, MessageId, Thumbprint, Timestamp};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

/// What names a message for ever.
pub(crate) type Identity = (Thumbprint, MessageId);

/// A message to be taken once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InboxRow {
    pub(crate) identity: Identity,
    pub(crate) digest: Digest,
    pub(crate) kind: Kind,
}

/// Takes messages in; answers which of them were not there before. Waits for another processor that
/// is taking one of them at this moment, and then sees what that one has made of it. Keys are
/// written in order, so that two processors never wait for each other.
pub(crate) async fn take(
    core: &mut PgConnection,
    rows: &[InboxRow],
    source: &str,
    at: Timestamp,
) -> Result<HashSet<Identity>, Fault> {
    let mut rows: Vec<&InboxRow> = rows.iter().collect();
    rows.sort_by_key(|row| row.identity);
    let signers: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.identity.0.as_bytes().as_slice())
        .collect();
    let ids: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.identity.1.as_bytes().as_slice())
        .collect();
    let digests: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.digest.as_bytes().as_slice())
        .collect();
    let kinds: Vec<&str> = rows.iter().map(|r| r.kind.typ()).collect();
    let new: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "INSERT INTO bank.inbox (signer, message_id, digest, kind, source, at)
         SELECT signer, message_id, digest, kind, $5, $6
         FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::text[])
              AS new (signer, message_id, digest, kind)
         ON CONFLICT DO NOTHING RETURNING signer, message_id",
    )
    .bind(signers)
    .bind(ids)
    .bind(digests)
    .bind(kinds)
    .bind(source)
    .bind(at)
    .fetch_all(core)
    .await?;
    new.into_iter()
        .map(|(signer, id)| identity(&signer, &id))
        .collect()
}

/// The digests under which these messages were taken.
pub(crate) async fn digests(
    core: &mut PgConnection,
    identities: &[Identity],
) -> Result<HashMap<Identity, Digest>, Fault> {
    let signers: Vec<&[u8]> = identities
        .iter()
        .map(|i| i.0.as_bytes().as_slice())
        .collect();
    let ids: Vec<&[u8]> = identities
        .iter()
        .map(|i| i.1.as_bytes().as_slice())
        .collect();
    let rows: Vec<(Vec<u8>, Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT i.signer, i.message_id, i.digest FROM bank.inbox i
         JOIN unnest($1::bytea[], $2::bytea[]) AS asked (signer, message_id)
              USING (signer, message_id)",
    )
    .bind(signers)
    .bind(ids)
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(|(signer, id, digest)| {
            Ok((
                identity(&signer, &id)?,
                At("inbox", "digest").digest(&digest)?,
            ))
        })
        .collect()
}

fn identity(signer: &[u8], id: &[u8]) -> Result<Identity, Fault> {
    Ok((
        At("inbox", "signer").thumbprint(signer)?,
        At("inbox", "message_id").message(id)?,
    ))
}
