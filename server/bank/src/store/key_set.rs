//! `bank.key_set`: the numbered encryption keys of every bank, as signed by its CA.

use crate::{Fault, store::At};
use message::Timestamp;
use sqlx::PgConnection;
use std::collections::HashMap;

/// Stores a key set; a number that is there already stays. Says whether it is new.
pub(crate) async fn insert(
    core: &mut PgConnection,
    party: &str,
    number: u64,
    jws: &str,
    at: Timestamp,
) -> Result<bool, Fault> {
    let number = At("key_set", "number").of(i64::try_from(number))?;
    let done = sqlx::query(
        "INSERT INTO bank.key_set (party, number, jws, at) VALUES ($1, $2, $3, $4)
         ON CONFLICT DO NOTHING",
    )
    .bind(party)
    .bind(number)
    .bind(jws)
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// The key set that counts, by party: its number and JWS.
pub(crate) async fn newest(
    core: &mut PgConnection,
) -> Result<HashMap<String, (u64, String)>, Fault> {
    let rows: Vec<(String, i64, String)> = sqlx::query_as(
        "SELECT DISTINCT ON (party) party, number, jws FROM bank.key_set
         ORDER BY party, number DESC",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(|(party, number, jws)| {
            let number = At("key_set", "number").of(u64::try_from(number))?;
            Ok((party, (number, jws)))
        })
        .collect()
}
