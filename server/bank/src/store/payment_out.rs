//! `bank.payment_out`: payments sent to other banks.

use crate::{
    Fault,
    store::{At, row},
};
use message::{Amount, Bic, Currency, Digest, MessageId, Thumbprint, Timestamp, day::Day};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet};

/// A payment that another bank is asked to credit.
#[derive(Clone, Debug)]
pub(crate) struct OutRow {
    pub(crate) payment: MessageId,
    /// Who signed the order.
    pub(crate) signer: Thumbprint,
    pub(crate) order_digest: Digest,
    pub(crate) customer: i64,
    pub(crate) peer: Bic,
    pub(crate) request_digest: Digest,
    /// The signed `pacs.008`.
    pub(crate) request: String,
    pub(crate) accept_until: Timestamp,
    /// The version of the parameters it was sent under; 0 for none.
    pub(crate) parameters: u64,
    /// When the two banks book it, if it is paid.
    pub(crate) booking_day: Option<Day>,
}

/// The same as read under its lock.
#[derive(Clone, Debug)]
pub(crate) struct OutState {
    pub(crate) row: OutRow,
    /// The signed order.
    pub(crate) order: String,
    /// Whether the other bank has answered, and that it accepted.
    pub(crate) accepted: Option<bool>,
}

row! {
    struct Row {
        payment: Vec<u8>,
        signer: Vec<u8>,
        order_digest: Vec<u8>,
        customer: i64,
        peer: String,
        request_digest: Vec<u8>,
        request: String,
        accept_until: i64,
        parameters: i64,
        booking_day: Option<i32>,
        status: String,
        jws: String,
    }
}

/// Payments with their orders; what follows says which.
macro_rules! payments {
    ($which:literal) => {
        concat!(
            "SELECT p.payment, p.signer, p.order_digest, p.customer, p.peer, p.request_digest, ",
            "p.request, p.accept_until, p.parameters, p.booking_day, p.status, o.jws ",
            "FROM bank.payment_out p JOIN bank.customer_order o ON o.message_id = p.payment ",
            $which
        )
    };
}

fn value(row: Row) -> Result<OutState, Fault> {
    let at = |column| At("payment_out", column);
    Ok(OutState {
        row: OutRow {
            payment: at("payment").message(&row.payment)?,
            signer: at("signer").thumbprint(&row.signer)?,
            order_digest: at("order_digest").digest(&row.order_digest)?,
            customer: row.customer,
            peer: at("peer").of(Bic::parse(&row.peer))?,
            request_digest: at("request_digest").digest(&row.request_digest)?,
            request: row.request,
            accept_until: row.accept_until,
            parameters: at("parameters").of(u64::try_from(row.parameters))?,
            booking_day: row
                .booking_day
                .and_then(|number| Day::from_number(number.into())),
        },
        order: row.jws,
        accepted: match row.status.as_str() {
            "sent" => None,
            status => Some(status == "accepted"),
        },
    })
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    rows: &[OutRow],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let payments: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.payment.as_bytes().as_slice())
        .collect();
    let signers: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.signer.as_bytes().as_slice())
        .collect();
    let orders: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.order_digest.as_bytes().as_slice())
        .collect();
    let customers: Vec<i64> = rows.iter().map(|r| r.customer).collect();
    let peers: Vec<&str> = rows.iter().map(|r| r.peer.as_str()).collect();
    let digests: Vec<&[u8]> = rows
        .iter()
        .map(|r| r.request_digest.as_bytes().as_slice())
        .collect();
    let requests: Vec<&str> = rows.iter().map(|r| r.request.as_str()).collect();
    let until: Vec<i64> = rows.iter().map(|r| r.accept_until).collect();
    let column = |column| At("payment_out", column);
    let versions = rows.iter().map(|r| i64::try_from(r.parameters));
    let versions: Vec<i64> = column("parameters").of(versions.collect::<Result<_, _>>())?;
    let days = rows.iter().map(|r| {
        let number = r.booking_day.map(Day::number);
        number.map(i32::try_from).transpose()
    });
    let days: Vec<Option<i32>> = column("booking_day").of(days.collect::<Result<_, _>>())?;
    sqlx::query(
        "INSERT INTO bank.payment_out (payment, signer, order_digest, customer, peer, request_digest,
             request, accept_until, parameters, booking_day, sent_at)
         SELECT *, $11 FROM unnest($1::bytea[], $2::bytea[], $3::bytea[], $4::bigint[], $5::text[],
             $6::bytea[], $7::text[], $8::bigint[], $9::bigint[], $10::integer[])",
    )
    .bind(payments)
    .bind(signers)
    .bind(orders)
    .bind(customers)
    .bind(peers)
    .bind(digests)
    .bind(requests)
    .bind(until)
    .bind(versions)
    .bind(days)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Reads and locks payments, in order.
pub(crate) async fn lock(
    core: &mut PgConnection,
    payments: &[MessageId],
) -> Result<Vec<OutState>, Fault> {
    let payments: Vec<&[u8]> = payments.iter().map(|p| p.as_bytes().as_slice()).collect();
    let rows: Vec<Row> = sqlx::query_as(payments!(
        "WHERE p.payment = ANY($1) ORDER BY p.payment FOR NO KEY UPDATE OF p"
    ))
    .bind(payments)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// The other bank's final answers.
pub(crate) async fn decide(
    core: &mut PgConnection,
    rows: &[(MessageId, bool, String)],
    at: Timestamp,
) -> Result<(), Fault> {
    if rows.is_empty() {
        return Ok(());
    }
    let payments: Vec<&[u8]> = rows.iter().map(|r| r.0.as_bytes().as_slice()).collect();
    let accepted: Vec<bool> = rows.iter().map(|r| r.1).collect();
    let answers: Vec<&str> = rows.iter().map(|r| r.2.as_str()).collect();
    sqlx::query(
        "UPDATE bank.payment_out p
         SET status = CASE WHEN a.accepted THEN 'accepted' ELSE 'rejected' END, answer = a.answer,
             decided_at = $4
         FROM unnest($1::bytea[], $2::boolean[], $3::text[]) AS a (payment, accepted, answer)
         WHERE p.payment = a.payment AND p.status = 'sent'",
    )
    .bind(payments)
    .bind(accepted)
    .bind(answers)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Payments whose deadline has passed in silence and that were not enquired about since, locked.
pub(crate) async fn lock_silent(
    core: &mut PgConnection,
    deadline_before: Timestamp,
    enquired_before: Timestamp,
) -> Result<Vec<OutState>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(payments!(
        "WHERE p.status = 'sent' AND p.suspense IS NULL AND p.accept_until < $1
           AND (p.enquired_at IS NULL OR p.enquired_at < $2)
         ORDER BY p.payment LIMIT 500 FOR NO KEY UPDATE OF p SKIP LOCKED"
    ))
    .bind(deadline_before)
    .bind(enquired_before)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

pub(crate) async fn mark_enquired(
    core: &mut PgConnection,
    payments: &[MessageId],
    at: Timestamp,
) -> Result<(), Fault> {
    let payments: Vec<&[u8]> = payments.iter().map(|p| p.as_bytes().as_slice()).collect();
    sqlx::query(
        "UPDATE bank.payment_out SET enquired_at = $2, enquiries = enquiries + 1
         WHERE payment = ANY($1)",
    )
    .bind(payments)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Unanswered payments to a bank of which no item counts, locked: each was sent after `counted`, an
/// epoch and a number in it.
pub(crate) async fn lock_after(
    core: &mut PgConnection,
    peer: &Bic,
    counted: (u32, u64),
) -> Result<Vec<OutState>, Fault> {
    let at = |column| At("link_item", column);
    let rows: Vec<Row> = sqlx::query_as(payments!(
        "WHERE p.status = 'sent' AND p.peer = $1 AND NOT EXISTS (
             SELECT FROM bank.link_item i WHERE i.payment = p.payment AND i.party = lower($1)
             AND (i.epoch, i.seq) <= ($2, $3))
         ORDER BY p.payment FOR NO KEY UPDATE OF p"
    ))
    .bind(peer.as_str())
    .bind(at("epoch").of(i32::try_from(counted.0))?)
    .bind(at("seq").of(i64::try_from(counted.1))?)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// Puts the unanswered payments to a bank in suspense, on the authority's word. Answers how many.
pub(crate) async fn suspend(core: &mut PgConnection, peer: &Bic, entry: u64) -> Result<u64, Fault> {
    let done = sqlx::query(
        "UPDATE bank.payment_out SET suspense = $2
         WHERE status = 'sent' AND peer = $1 AND suspense IS NULL",
    )
    .bind(peer.as_str())
    .bind(At("payment_out", "suspense").of(i64::try_from(entry))?)
    .execute(core)
    .await?;
    Ok(done.rows_affected())
}

/// The payment in suspense whose request has this digest, locked.
pub(crate) async fn lock_suspended(
    core: &mut PgConnection,
    request: &Digest,
) -> Result<Vec<OutState>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(payments!(
        "WHERE p.status = 'sent' AND p.suspense IS NOT NULL AND p.request_digest = $1
         FOR NO KEY UPDATE OF p"
    ))
    .bind(request.as_bytes())
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// What these customers have sent since a moment and got back, under limits: it is not paid.
pub(crate) async fn given_back(
    core: &mut PgConnection,
    customers: &BTreeSet<i64>,
    currency: Currency,
    since: Timestamp,
) -> Result<BTreeMap<i64, i64>, Fault> {
    let customers: Vec<i64> = customers.iter().copied().collect();
    let rows: Vec<(i64, i64)> = sqlx::query_as(
        "SELECT p.customer, o.amount
         FROM bank.payment_out p JOIN bank.customer_order o ON o.message_id = p.payment
         WHERE p.customer = ANY($1) AND p.status = 'rejected' AND p.sent_at >= $2
           AND p.parameters > 0 AND o.currency = $3",
    )
    .bind(customers)
    .bind(since)
    .bind(currency.code())
    .fetch_all(core)
    .await?;
    let mut sums = BTreeMap::new();
    for (customer, minor) in rows {
        let amount = At("customer_order", "amount").of(Amount::try_new(minor, currency))?;
        let sum: &mut i64 = sums.entry(customer).or_default();
        *sum = sum.saturating_add(amount.minor());
    }
    Ok(sums)
}
