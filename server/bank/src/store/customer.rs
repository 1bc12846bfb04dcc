//! `bank.customer`: the bank's customers.

use crate::{Fault, store::At};
use message::{Timestamp, text::Name};
use sqlx::PgConnection;
use std::collections::HashMap;

/// Opens a customer; answers the number.
pub(crate) async fn insert(
    core: &mut PgConnection,
    name: &Name,
    at: Timestamp,
) -> Result<i64, Fault> {
    Ok(sqlx::query_scalar(
        "INSERT INTO bank.customer (name, opened_at) VALUES ($1, $2) RETURNING number",
    )
    .bind(name.as_str())
    .bind(at)
    .fetch_one(core)
    .await?)
}

/// The names of these customers.
pub(crate) async fn names(
    core: &mut PgConnection,
    numbers: &[i64],
) -> Result<HashMap<i64, Name>, Fault> {
    let rows: Vec<(i64, String)> =
        sqlx::query_as("SELECT number, name FROM bank.customer WHERE number = ANY($1)")
            .bind(numbers)
            .fetch_all(core)
            .await?;
    rows.into_iter()
        .map(|(number, name)| Ok((number, At("customer", "name").of(Name::try_from(name))?)))
        .collect()
}
