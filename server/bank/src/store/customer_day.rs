//! `bank.customer_day`: what customers have paid in a day, under limits.

use crate::Fault;
use message::{Currency, day::Day};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};

/// Which rows: one for each customer.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OfDay {
    pub(crate) currency: Currency,
    pub(crate) day: Day,
}

/// Reads and locks what these customers have paid, by customer: two processors never decide about one
/// customer at the same time.
pub(crate) async fn lock(
    core: &mut PgConnection,
    customers: &BTreeSet<i64>,
    of: OfDay,
) -> Result<BTreeMap<i64, i64>, Fault> {
    let mut paid = select(core, customers, of).await?;
    let new: Vec<i64> = customers
        .iter()
        .copied()
        .filter(|customer| !paid.contains_key(customer))
        .collect();
    if !new.is_empty() {
        sqlx::query(
            "INSERT INTO bank.customer_day (customer, currency, day)
             SELECT customer, $2, $3 FROM unnest($1::bigint[]) AS c (customer) ORDER BY customer
             ON CONFLICT DO NOTHING",
        )
        .bind(&new)
        .bind(of.currency.code())
        .bind(number(of)?)
        .execute(&mut *core)
        .await?;
        paid.extend(select(core, &new.into_iter().collect(), of).await?);
    }
    Ok(paid)
}

async fn select(
    core: &mut PgConnection,
    customers: &BTreeSet<i64>,
    of: OfDay,
) -> Result<BTreeMap<i64, i64>, Fault> {
    let customers: Vec<i64> = customers.iter().copied().collect();
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT customer, paid FROM bank.customer_day
         WHERE customer = ANY($1) AND currency = $2 AND day = $3
         ORDER BY customer FOR NO KEY UPDATE",
    )
    .bind(customers)
    .bind(of.currency.code())
    .bind(number(of)?)
    .fetch_all(core)
    .await?;
    Ok(rows.into_iter().collect())
}

/// Writes what they have paid by now.
pub(crate) async fn write(
    core: &mut PgConnection,
    paid: &BTreeMap<i64, i64>,
    of: OfDay,
) -> Result<(), Fault> {
    if paid.is_empty() {
        return Ok(());
    }
    let (customers, sums): (Vec<i64>, Vec<i64>) = paid.iter().unzip();
    sqlx::query(
        "UPDATE bank.customer_day d SET paid = new.paid
         FROM unnest($1::bigint[], $2::bigint[]) AS new (customer, paid)
         WHERE d.customer = new.customer AND d.currency = $3 AND d.day = $4",
    )
    .bind(customers)
    .bind(sums)
    .bind(of.currency.code())
    .bind(number(of)?)
    .execute(core)
    .await?;
    Ok(())
}

fn number(of: OfDay) -> Result<i32, Fault> {
    i32::try_from(of.day.number()).map_err(|_| Fault::Row {
        table: "customer_day",
        column: "day",
    })
}
