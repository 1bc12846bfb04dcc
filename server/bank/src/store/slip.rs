//! `bank.slip`: activation slips.

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp, slip::Locator};
use sqlx::PgConnection;

/// How often a slip may be tried.
pub(crate) const TRIES_MAX: i32 = 5;

/// A slip as locked.
pub(crate) struct SlipRow {
    pub(crate) key: [u8; 32],
    pub(crate) customer: i64,
    pub(crate) tries: i32,
    pub(crate) used_by: Option<Thumbprint>,
    pub(crate) valid_until: Timestamp,
}

type Row = (Vec<u8>, i64, i32, Option<Vec<u8>>, i64);

/// Locks these slips, in order, so that two processors never wait for each other.
pub(crate) async fn lock_all(core: &mut PgConnection, locators: &[Locator]) -> Result<(), Fault> {
    let locators: Vec<&[u8]> = locators.iter().map(|l| l.0.as_slice()).collect();
    sqlx::query("SELECT FROM bank.slip WHERE locator = ANY($1) ORDER BY locator FOR NO KEY UPDATE")
        .bind(locators)
        .execute(core)
        .await?;
    Ok(())
}

pub(crate) async fn lock(
    core: &mut PgConnection,
    locator: &Locator,
) -> Result<Option<SlipRow>, Fault> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT key, customer, tries, used_by, valid_until FROM bank.slip
         WHERE locator = $1 FOR NO KEY UPDATE",
    )
    .bind(locator.0)
    .fetch_optional(core)
    .await?;
    row.map(|(key, customer, tries, used_by, valid_until)| {
        Ok(SlipRow {
            key: At("slip", "key").of(key.try_into())?,
            customer,
            tries,
            used_by: used_by
                .map(|id| At("slip", "used_by").thumbprint(&id))
                .transpose()?,
            valid_until,
        })
    })
    .transpose()
}

/// Counts a wrong try.
pub(crate) async fn count_try(core: &mut PgConnection, locator: &Locator) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.slip SET tries = least(tries + 1, 5) WHERE locator = $1")
        .bind(locator.0)
        .execute(core)
        .await?;
    Ok(())
}

pub(crate) async fn mark_used(
    core: &mut PgConnection,
    locator: &Locator,
    device: Thumbprint,
) -> Result<(), Fault> {
    sqlx::query("UPDATE bank.slip SET used_by = $2 WHERE locator = $1")
        .bind(locator.0)
        .bind(device.as_bytes())
        .execute(core)
        .await?;
    Ok(())
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    locator: &Locator,
    key: &[u8; 32],
    customer: i64,
    valid_until: Timestamp,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.slip (locator, key, customer, valid_until, at) VALUES ($1, $2, $3, $4, $5)",
    )
    .bind(locator.0)
    .bind(key)
    .bind(customer)
    .bind(valid_until)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}
