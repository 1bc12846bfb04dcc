//! `bank.register_entry` and `bank.register_head`: the authority's register as it came here. Nothing
//! that is read here counts before its signatures were checked (`processor::register`).

use crate::{Fault, store::At};
use message::Timestamp;
use sqlx::PgConnection;

/// The most rows read at once.
const ROWS_MAX: i64 = 10_000;

/// What follows an entry, in order, and the head.
pub(crate) struct News {
    pub(crate) entries: Vec<(u64, String)>,
    pub(crate) head: Option<String>,
}

/// The entries after this number, and the head.
pub(crate) async fn news(core: &mut PgConnection, after: u64) -> Result<News, Fault> {
    let after = At("register_entry", "number").of(i64::try_from(after))?;
    // The head goes as number zero: one question on every batch is enough.
    let rows: Vec<(i64, String)> = sqlx::query_as(
        "(SELECT 0::bigint AS number, jws AS body FROM bank.register_head)
         UNION ALL
         (SELECT number, body FROM bank.register_entry WHERE number > $1
          ORDER BY number, digest LIMIT $2)
         ORDER BY 1",
    )
    .bind(after)
    .bind(ROWS_MAX)
    .fetch_all(core)
    .await?;
    let mut news = News {
        entries: Vec::new(),
        head: None,
    };
    for (number, body) in rows {
        match number {
            0 => news.head = Some(body),
            _ => news.entries.push((number.unsigned_abs(), body)),
        }
    }
    Ok(news)
}

/// Whether exactly this is here under the number.
pub(crate) async fn has(
    core: &mut PgConnection,
    number: u64,
    digest: &[u8; 32],
) -> Result<bool, Fault> {
    let number = At("register_entry", "number").of(i64::try_from(number))?;
    Ok(sqlx::query_scalar(
        "SELECT EXISTS (SELECT FROM bank.register_entry WHERE number = $1 AND digest = $2)",
    )
    .bind(number)
    .bind(digest)
    .fetch_one(core)
    .await?)
}

/// Stores an entry that was checked.
pub(crate) async fn insert(
    core: &mut PgConnection,
    number: u64,
    digest: &[u8; 32],
    body: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    let number = At("register_entry", "number").of(i64::try_from(number))?;
    sqlx::query(
        "INSERT INTO bank.register_entry (number, digest, body, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(number)
    .bind(digest)
    .bind(body)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Remembers a head that was checked, unless a newer one is here.
pub(crate) async fn set_head(
    core: &mut PgConnection,
    jws: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.register_head (jws, at) VALUES ($1, $2)
         ON CONFLICT (one) DO UPDATE SET jws = excluded.jws, at = excluded.at
         WHERE register_head.at <= excluded.at",
    )
    .bind(jws)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}
