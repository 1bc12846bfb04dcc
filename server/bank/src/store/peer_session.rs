//! `bank.peer_session`: symmetric keys shared with other banks, sealed under the storage key.

use crate::{Fault, store::At};
use message::{Bic, SessionId, Timestamp, session::SessionOpened};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashSet};

/// How long keys stay after their session was last sealed in, in seconds: links deliver late, and
/// what they deliver is opened all the same.
const KEPT_SECONDS: i64 = 7 * 24 * 60 * 60;

/// How long to wait for the answer to an opening before asking once more, in seconds.
const PATIENCE_SECONDS: i64 = 60 * 60;

/// A session as stored.
#[derive(Clone, Debug)]
pub(crate) struct PeerSession {
    pub(crate) id: SessionId,
    pub(crate) peer: Bic,
    /// Whether we have opened it.
    pub(crate) ours: bool,
    /// Sealed; none once they were wiped.
    pub(crate) keys: Option<Vec<u8>>,
    /// Whether what the other bank has sealed in it counts.
    pub(crate) counts: bool,
}

type Row = (Vec<u8>, String, bool, Option<Vec<u8>>, bool);

fn value((id, peer, ours, keys, counts): Row) -> Result<PeerSession, Fault> {
    Ok(PeerSession {
        id: At("peer_session", "id").session(&id)?,
        peer: At("peer_session", "peer").of(Bic::parse(&peer))?,
        ours,
        keys,
        counts,
    })
}

/// These sessions of one bank, whether or not they may still be used.
pub(crate) async fn by_ids(
    core: &mut PgConnection,
    peer: &Bic,
    ids: &[SessionId],
    now: Timestamp,
) -> Result<Vec<PeerSession>, Fault> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, peer, ours, keys,
                ended_at IS NULL AND received < used_max AND valid_until >= $3 AS counts
         FROM bank.peer_session WHERE id = ANY($1) AND peer = $2",
    )
    .bind(ids)
    .bind(peer.as_str())
    .bind(now.saturating_sub(KEPT_SECONDS))
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// The session to seal in, of each bank that has one: the newest that was answered, is neither over
/// nor ended, and is not almost used up (several processors may count at the same time).
pub(crate) async fn to_seal_in(
    core: &mut PgConnection,
    now: Timestamp,
) -> Result<Vec<PeerSession>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT s.* FROM bank.peer p CROSS JOIN LATERAL (
             SELECT id, peer, ours, keys, true AS counts FROM bank.peer_session
             WHERE peer = p.bic AND answered_at IS NOT NULL AND ended_at IS NULL
               AND keys IS NOT NULL AND valid_until >= $1 AND sent < used_max / 10 * 9
             ORDER BY opened_at DESC, id LIMIT 1) s",
    )
    .bind(now)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// The banks with which no session has to be opened: there is one with life enough left, or one was
/// opened a while ago and the answer is awaited.
pub(crate) async fn in_hand(
    core: &mut PgConnection,
    life: i64,
    now: Timestamp,
) -> Result<HashSet<String>, Fault> {
    let peers: Vec<String> = sqlx::query_scalar(
        "SELECT DISTINCT peer FROM bank.peer_session
         WHERE CASE WHEN answered_at IS NULL THEN opened_at > $3
                    ELSE ended_at IS NULL AND keys IS NOT NULL AND valid_until > $1 + $2
                         AND sent < used_max / 2 END",
    )
    .bind(now)
    .bind(life)
    .bind(now.saturating_sub(PATIENCE_SECONDS))
    .fetch_all(core)
    .await?;
    Ok(peers.into_iter().collect())
}

/// Whether this transaction may open a session with a bank: no other one is at it.
pub(crate) async fn try_lock_opening(core: &mut PgConnection, peer: &Bic) -> Result<bool, Fault> {
    let sql = "SELECT pg_try_advisory_xact_lock(hashtextextended('bank.peer_session ' || $1, 0))";
    Ok(sqlx::query_scalar(sql)
        .bind(peer.as_str())
        .fetch_one(core)
        .await?)
}

/// What a new session is.
pub(crate) struct NewPeerSession<'a> {
    pub(crate) id: SessionId,
    pub(crate) peer: &'a Bic,
    /// Whether we open it. If not, it may be used from now on.
    pub(crate) ours: bool,
    pub(crate) keys: &'a [u8],
    pub(crate) valid_until: Timestamp,
    pub(crate) used_max: i64,
}

/// Stores a session. False when the id is taken.
pub(crate) async fn insert(
    core: &mut PgConnection,
    new: &NewPeerSession<'_>,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "INSERT INTO bank.peer_session (id, peer, ours, keys, opened_at, answered_at, valid_until,
             used_max)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING",
    )
    .bind(new.id.as_bytes())
    .bind(new.peer.as_str())
    .bind(new.ours)
    .bind(new.keys)
    .bind(at)
    .bind((!new.ours).then_some(at))
    .bind(new.valid_until)
    .bind(new.used_max)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What a transaction has sealed and opened in a session.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Used {
    pub(crate) sent: i64,
    pub(crate) received: i64,
}

/// What becomes of sessions in a transaction.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    pub(crate) used: BTreeMap<SessionId, Used>,
    /// Openings of ours that a bank has answered. It may set narrower limits than ours.
    pub(crate) answered: Vec<(Bic, SessionOpened)>,
    /// Sessions with a bank that are over.
    pub(crate) ended: Vec<(Bic, SessionId)>,
}

/// Writes what becomes of sessions. Locks them in order, since two processors may be at the same ones.
pub(crate) async fn write(
    core: &mut PgConnection,
    changes: &Changes,
    at: Timestamp,
) -> Result<(), Fault> {
    let mut ids: BTreeSet<SessionId> = changes.used.keys().copied().collect();
    ids.extend(changes.answered.iter().map(|(_, opened)| opened.session));
    ids.extend(changes.ended.iter().map(|(_, id)| *id));
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    sqlx::query("SELECT FROM bank.peer_session WHERE id = ANY($1) ORDER BY id FOR NO KEY UPDATE")
        .bind(ids)
        .execute(&mut *core)
        .await?;
    if !changes.used.is_empty() {
        count(core, &changes.used).await?;
    }
    for (peer, opened) in &changes.answered {
        answered(core, peer, opened, at).await?;
    }
    for (peer, id) in &changes.ended {
        end(core, peer, *id, at).await?;
    }
    Ok(())
}

async fn count(core: &mut PgConnection, used: &BTreeMap<SessionId, Used>) -> Result<(), Fault> {
    let ids: Vec<&[u8]> = used.keys().map(|id| id.as_bytes().as_slice()).collect();
    let sent: Vec<i64> = used.values().map(|used| used.sent).collect();
    let received: Vec<i64> = used.values().map(|used| used.received).collect();
    sqlx::query(
        "UPDATE bank.peer_session s SET sent = s.sent + u.sent, received = s.received + u.received
         FROM unnest($1::bytea[], $2::bigint[], $3::bigint[]) AS u (id, sent, received)
         WHERE s.id = u.id",
    )
    .bind(ids)
    .bind(sent)
    .bind(received)
    .execute(core)
    .await?;
    Ok(())
}

async fn answered(
    core: &mut PgConnection,
    peer: &Bic,
    opened: &SessionOpened,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE bank.peer_session
         SET answered_at = $5, valid_until = least($3, $5 + valid_until - opened_at),
             used_max = least(used_max, $4)
         WHERE id = $1 AND peer = $2 AND ours AND answered_at IS NULL",
    )
    .bind(opened.session.as_bytes())
    .bind(peer.as_str())
    .bind(opened.until)
    .bind(opened.envelopes_max)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

async fn end(
    core: &mut PgConnection,
    peer: &Bic,
    id: SessionId,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE bank.peer_session SET ended_at = $3
         WHERE id = $1 AND peer = $2 AND ended_at IS NULL",
    )
    .bind(id.as_bytes())
    .bind(peer.as_str())
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The sessions with a bank that are not over.
pub(crate) async fn live(core: &mut PgConnection, peer: &Bic) -> Result<Vec<SessionId>, Fault> {
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT id FROM bank.peer_session WHERE peer = $1 AND ended_at IS NULL")
            .bind(peer.as_str())
            .fetch_all(core)
            .await?;
    let at = At("peer_session", "id");
    rows.iter().map(|id| at.session(id)).collect()
}

/// Ends every session with every bank.
pub(crate) async fn end_all(core: &mut PgConnection, at: Timestamp) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.peer_session SET ended_at = $1 WHERE ended_at IS NULL")
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}

/// Wipes the keys of sessions that are long over.
pub(crate) async fn wipe(core: &mut PgConnection, peer: &Bic, now: Timestamp) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE bank.peer_session SET keys = NULL
         WHERE peer = $1 AND keys IS NOT NULL AND valid_until < $2",
    )
    .bind(peer.as_str())
    .bind(now.saturating_sub(KEPT_SECONDS))
    .execute(core)
    .await?;
    Ok(())
}
