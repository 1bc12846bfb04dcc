//! `bank.customer_order`: payment orders as signed.

use crate::{Fault, store::At};
use message::{Digest, MessageId, Thumbprint, Timestamp, order::PaymentOrder};
use sqlx::PgConnection;
use std::collections::HashSet;

/// An order to be kept.
#[derive(Clone, Debug)]
pub(crate) struct OrderRow {
    pub(crate) message_id: MessageId,
    pub(crate) signer: Thumbprint,
    pub(crate) digest: Digest,
    pub(crate) jws: String,
    pub(crate) customer: i64,
    pub(crate) order: PaymentOrder,
}

/// Which of these ids name an order already, whoever signed it.
pub(crate) async fn taken(
    core: &mut PgConnection,
    ids: &[MessageId],
) -> Result<HashSet<MessageId>, Fault> {
    let ids: Vec<&[u8]> = ids.iter().map(|id| id.as_bytes().as_slice()).collect();
    let rows: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT message_id FROM bank.customer_order WHERE message_id = ANY($1)")
            .bind(ids)
            .fetch_all(core)
            .await?;
    let at = At("customer_order", "message_id");
    rows.iter().map(|id| at.message(id)).collect()
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[OrderRow],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let ids: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.message_id.as_bytes().as_slice())
        .collect();
    let signers: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.signer.as_bytes().as_slice())
        .collect();
    let digests: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.digest.as_bytes().as_slice())
        .collect();
    let jws: Vec<&str> = rows.iter().map(|r| r.jws.as_str()).collect();
    let customers: Vec<i64> = rows.iter().map(|r| r.customer).collect();
    let debtors: Vec<&str> = rows
        .iter()
        .map(|r| r.order.debtor_account.as_str())
        .collect();
    let names: Vec<&str> = rows
        .iter()
        .map(|r| r.order.creditor_name.as_str())
        .collect();
    let creditors: Vec<&str> = rows
        .iter()
        .map(|r| r.order.creditor_account.as_str())
        .collect();
    let amounts: Vec<i64> = rows
        .iter()
        .map(|r| r.order.instructed_amount.minor())
        .collect();
    let currencies: Vec<&str> = rows
        .iter()
        .map(|r| r.order.instructed_amount.currency().code())
        .collect();
    let remittances: Vec<&str> = rows.iter().map(|r| r.order.remittance.as_str()).collect();
    sqlx::query(
        "INSERT INTO bank.customer_order (message_id, signer, digest, jws, customer, debtor_iban,
             creditor_name, creditor_iban, amount, currency, remittance, at)
         SELECT *, $12 FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::text[], $5::bigint[],
             $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[], $11::text[])",
    )
    .bind(ids)
    .bind(signers)
    .bind(digests)
    .bind(jws)
    .bind(customers)
    .bind(debtors)
    .bind(names)
    .bind(creditors)
    .bind(amounts)
    .bind(currencies)
    .bind(remittances)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}
