//! The reference of every figure: TPC-B-like transactions (as pgbench's default script runs them)
//! on the same instance, in the same run.

use sqlx::{PgPool, Row};
use std::time::{Duration, Instant};

/// Scale: branches. Ten tellers and a hundred thousand accounts each.
const SCALE: i64 = 10;
/// Concurrent clients.
const CLIENTS: usize = 8;

/// Fills the four tables.
pub(super) async fn prepare(pool: &PgPool) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(
        "CREATE SCHEMA tpcb;
         CREATE TABLE tpcb.branches (bid int PRIMARY KEY, bbalance int NOT NULL, filler char(88)) WITH (fillfactor = 100);
         CREATE TABLE tpcb.tellers (tid int PRIMARY KEY, bid int NOT NULL, tbalance int NOT NULL, filler char(84)) WITH (fillfactor = 100);
         CREATE TABLE tpcb.accounts (aid int PRIMARY KEY, bid int NOT NULL, abalance int NOT NULL, filler char(84)) WITH (fillfactor = 100);
         CREATE TABLE tpcb.history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22));",
    )
    .execute(pool)
    .await?;
    for statement in [
        "INSERT INTO tpcb.branches SELECT n, 0, '' FROM generate_series(1, $1) n",
        "INSERT INTO tpcb.tellers SELECT n, (n - 1) / 10 + 1, 0, '' FROM generate_series(1, $1 * 10) n",
        "INSERT INTO tpcb.accounts SELECT n, (n - 1) / 100000 + 1, 0, '' FROM generate_series(1, $1 * 100000) n",
    ] {
        sqlx::query(statement).bind(SCALE).execute(pool).await?;
    }
    // One by one: a vacuum runs in no transaction, not even that of two statements together.
    for statement in ["VACUUM ANALYZE tpcb.accounts", "CHECKPOINT"] {
        sqlx::raw_sql(statement).execute(pool).await?;
    }
    Ok(())
}

/// Runs the transactions for a time; returns how many were committed in a second.
pub(super) async fn run(pool: &PgPool, time: Duration) -> Result<f64, sqlx::Error> {
    let start = Instant::now();
    let mut clients = tokio::task::JoinSet::new();
    for client in 0..CLIENTS {
        let pool = pool.clone();
        clients.spawn(async move { one_client(pool, client as u64, start + time).await });
    }
    let mut committed = 0_u64;
    while let Some(done) = clients.join_next().await {
        committed += done.map_err(|error| sqlx::Error::Protocol(error.to_string()))??;
    }
    Ok(committed as f64 / start.elapsed().as_secs_f64())
}

async fn one_client(pool: PgPool, client: u64, end: Instant) -> Result<u64, sqlx::Error> {
    let mut connection = pool.acquire().await?;
    // A linear congruence is random enough to choose rows.
    let mut state = client.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut below = |limit: i64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        1 + ((state >> 33) as i64).rem_euclid(limit)
    };
    let mut committed = 0;
    while Instant::now() < end {
        let (aid, bid, tid) = (below(SCALE * 100_000), below(SCALE), below(SCALE * 10));
        let delta = below(10_000) - 5_000;
        sqlx::query("BEGIN").execute(&mut *connection).await?;
        sqlx::query("UPDATE tpcb.accounts SET abalance = abalance + $1 WHERE aid = $2")
            .bind(delta)
            .bind(aid)
            .execute(&mut *connection)
            .await?;
        let row = sqlx::query("SELECT abalance FROM tpcb.accounts WHERE aid = $1")
            .bind(aid)
            .fetch_one(&mut *connection)
            .await?;
        let _: i32 = row.try_get(0)?;
        sqlx::query("UPDATE tpcb.tellers SET tbalance = tbalance + $1 WHERE tid = $2")
            .bind(delta)
            .bind(tid)
            .execute(&mut *connection)
            .await?;
        sqlx::query("UPDATE tpcb.branches SET bbalance = bbalance + $1 WHERE bid = $2")
            .bind(delta)
            .bind(bid)
            .execute(&mut *connection)
            .await?;
        sqlx::query("INSERT INTO tpcb.history (tid, bid, aid, delta, mtime) VALUES ($1, $2, $3, $4, current_timestamp)")
            .bind(tid).bind(bid).bind(aid).bind(delta).execute(&mut *connection).await?;
        sqlx::query("COMMIT").execute(&mut *connection).await?;
        committed += 1;
    }
    Ok(committed)
}
