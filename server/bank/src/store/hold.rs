//! `bank.hold`: money set aside for payments in flight.

use crate::{Fault, store::At};
use ledger::{AccountId, Fee, Hold};
use message::{Amount, MessageId, Timestamp};
use sqlx::PgConnection;
use std::collections::HashMap;

pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[(MessageId, Hold)],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let payments: Vec<&[u8]> = rows.iter().map(|r| r.0.as_bytes().as_slice()).collect();
    let debtors: Vec<i64> = rows.iter().map(|r| r.1.debtor.0).collect();
    let mirrors: Vec<i64> = rows.iter().map(|r| r.1.mirror.0).collect();
    let amounts: Vec<i64> = rows.iter().map(|r| r.1.amount.minor()).collect();
    let currencies: Vec<&str> = rows.iter().map(|r| r.1.amount.currency().code()).collect();
    let fees: Vec<i64> = rows
        .iter()
        .map(|r| r.1.fee.map_or(0, |f| f.minor))
        .collect();
    let incomes: Vec<Option<i64>> = rows.iter().map(|r| r.1.fee.map(|f| f.income.0)).collect();
    sqlx::query(
        "INSERT INTO bank.hold (payment, debtor, mirror, amount, currency, fee, income, at)
         SELECT *, $8 FROM unnest($1::bytea[], $2::bigint[], $3::bigint[], $4::bigint[], $5::text[],
             $6::bigint[], $7::bigint[])",
    )
    .bind(payments)
    .bind(debtors)
    .bind(mirrors)
    .bind(amounts)
    .bind(currencies)
    .bind(fees)
    .bind(incomes)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The open holds of these payments. Their accounts' locks keep them as they are.
pub(crate) async fn open(
    core: &mut PgConnection,
    payments: &[MessageId],
) -> Result<HashMap<MessageId, Hold>, Fault> {
    let payments: Vec<&[u8]> = payments.iter().map(|p| p.as_bytes().as_slice()).collect();
    type Row = (Vec<u8>, i64, i64, i64, String, i64, Option<i64>);
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT payment, debtor, mirror, amount, currency, fee, income FROM bank.hold
         WHERE payment = ANY($1) AND status = 'open'",
    )
    .bind(payments)
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(
            |(payment, debtor, mirror, amount, currency, minor, income)| {
                let currency = At("hold", "currency").currency(&currency)?;
                let hold = Hold {
                    debtor: AccountId(debtor),
                    mirror: AccountId(mirror),
                    amount: At("hold", "amount").of(Amount::try_new(amount, currency))?,
                    fee: income.map(|income| Fee {
                        income: AccountId(income),
                        minor,
                    }),
                };
                Ok((At("hold", "payment").message(&payment)?, hold))
            },
        )
        .collect()
}

/// Ends holds: booked or released.
pub(crate) async fn end(
    core: &mut PgConnection,
    rows: &[(MessageId, bool)],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let payments: Vec<&[u8]> = rows.iter().map(|r| r.0.as_bytes().as_slice()).collect();
    let booked: Vec<bool> = rows.iter().map(|r| r.1).collect();
    sqlx::query(
        "UPDATE bank.hold h
         SET status = CASE WHEN ended.booked THEN 'booked' ELSE 'released' END, ended_at = $3
         FROM unnest($1::bytea[], $2::boolean[]) AS ended (payment, booked)
         WHERE h.payment = ended.payment",
    )
    .bind(payments)
    .bind(booked)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}
