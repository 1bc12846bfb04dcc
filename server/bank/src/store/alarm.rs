//! `bank.alarm`: what a peer, or the replication between us, did that must not happen.

use crate::Fault;
use message::Timestamp;
use sqlx::PgConnection;

/// An alarm, once per item and reason.
#[derive(Clone, Debug)]
pub(crate) struct Alarm {
    pub(crate) party: String,
    pub(crate) epoch: i32,
    pub(crate) seq: i64,
    pub(crate) what: &'static str,
    pub(crate) detail: String,
}

/// Records an alarm; says whether it is new.
pub(crate) async fn insert(
    core: &mut PgConnection,
    alarm: &Alarm,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "INSERT INTO bank.alarm (party, epoch, seq, what, detail, at) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT DO NOTHING",
    )
    .bind(&alarm.party)
    .bind(alarm.epoch)
    .bind(alarm.seq)
    .bind(alarm.what)
    .bind(&alarm.detail)
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn count(core: &mut PgConnection) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar("SELECT count(*) FROM bank.alarm")
        .fetch_one(core)
        .await?)
}
