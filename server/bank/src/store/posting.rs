//! `bank.posting`: balanced sets of entries, with what a statement says about them.

use crate::Fault;
use message::{Amount, MessageId, Timestamp};
use sqlx::PgConnection;

/// What a posting is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PostingKind {
    /// Within the bank.
    Payment,
    /// To another bank.
    Outgoing,
    /// From another bank.
    Incoming,
    /// Cash paid in.
    Deposit,
}

impl PostingKind {
    const fn word(self) -> &'static str {
        match self {
            PostingKind::Payment => "payment",
            PostingKind::Outgoing => "outgoing",
            PostingKind::Incoming => "incoming",
            PostingKind::Deposit => "deposit",
        }
    }
}

/// A posting to be kept.
#[derive(Clone, Debug)]
pub(crate) struct PostingRow {
    pub(crate) id: i64,
    pub(crate) kind: PostingKind,
    pub(crate) payment: Option<MessageId>,
    pub(crate) debtor_name: String,
    pub(crate) debtor_iban: Option<String>,
    pub(crate) creditor_name: String,
    pub(crate) creditor_iban: Option<String>,
    pub(crate) remittance: String,
    pub(crate) amount: Amount,
}

/// Draws this many posting numbers. Those that are not used leave gaps.
pub(crate) async fn draw_ids(core: &mut PgConnection, count: usize) -> Result<Vec<i64>, Fault> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let count = i64::try_from(count).unwrap_or(i64::MAX);
    Ok(
        sqlx::query_scalar("SELECT nextval('bank.posting_id') FROM generate_series(1, $1)")
            .bind(count)
            .fetch_all(core)
            .await?,
    )
}

/// Writes postings, each with the fee that its entries take.
pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[(PostingRow, i64)],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let fees: Vec<i64> = rows.iter().map(|(_, fee)| *fee).collect();
    let rows: Vec<&PostingRow> = rows.iter().map(|(row, _)| row).collect();
    let ids: Vec<i64> = rows.iter().map(|r| r.id).collect();
    let kinds: Vec<&str> = rows.iter().map(|r| r.kind.word()).collect();
    let payments: Vec<Option<&[u8]>> = rows
        .iter()
        .map(|r| r.payment.as_ref().map(|id| id.as_bytes().as_slice()))
        .collect();
    let debtors: Vec<&str> = rows.iter().map(|r| r.debtor_name.as_str()).collect();
    let debtor_ibans: Vec<Option<&str>> = rows.iter().map(|r| r.debtor_iban.as_deref()).collect();
    let creditors: Vec<&str> = rows.iter().map(|r| r.creditor_name.as_str()).collect();
    let creditor_ibans: Vec<Option<&str>> =
        rows.iter().map(|r| r.creditor_iban.as_deref()).collect();
    let remittances: Vec<&str> = rows.iter().map(|r| r.remittance.as_str()).collect();
    let amounts: Vec<i64> = rows.iter().map(|r| r.amount.minor()).collect();
    let currencies: Vec<&str> = rows.iter().map(|r| r.amount.currency().code()).collect();
    sqlx::query(
        "INSERT INTO bank.posting (id, kind, payment, debtor_name, debtor_iban, creditor_name,
             creditor_iban, remittance, amount, currency, fee, at)
         SELECT *, $12 FROM unnest($1::bigint[], $2::text[], $3::bytea[], $4::text[], $5::text[],
             $6::text[], $7::text[], $8::text[], $9::bigint[], $10::text[],
             $11::bigint[])",
    )
    .bind(ids)
    .bind(kinds)
    .bind(payments)
    .bind(debtors)
    .bind(debtor_ibans)
    .bind(creditors)
    .bind(creditor_ibans)
    .bind(remittances)
    .bind(amounts)
    .bind(currencies)
    .bind(fees)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}
