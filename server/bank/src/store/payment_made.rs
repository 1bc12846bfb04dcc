//! `bank.payment_made`: payments as their payers see them (a view).

use crate::{
    Fault,
    store::{At, row},
};
use envelope::Jws;
use message::{
    Amount, Iban, MessageId, Payload,
    enquiry::PaymentView,
    receipt::{Outcome, Receipt, Refusal},
    text::{Name, Remittance},
};
use sqlx::PgConnection;
use std::collections::HashMap;

/// A payment with its documents.
#[derive(Clone, Debug)]
pub(crate) struct PaymentMade {
    pub(crate) view: PaymentView,
    pub(crate) order: String,
    pub(crate) receipt: Option<String>,
}

row! {
    struct Row {
        message_id: Vec<u8>,
        customer: i64,
        debtor_iban: String,
        creditor_name: String,
        creditor_iban: String,
        amount: i64,
        currency: String,
        remittance: String,
        received_at: i64,
        order_jws: String,
        sent_at: Option<i64>,
        creditor_bank: Option<String>,
        receipt_jws: Option<String>,
        decided_at: Option<i64>,
        code: Option<String>,
        posting: Option<i64>,
    }
}

fn value(row: Row) -> Result<(i64, PaymentMade), Fault> {
    let at = |column| At("payment_made", column);
    let currency = at("currency").currency(&row.currency)?;
    let refusal = |code: String| Refusal::parse(&code).ok_or_else(|| at("code").fault());
    let outcome = match (row.posting, row.code) {
        (Some(posting), _) => Some(Outcome::Booked {
            posting: posting.to_string(),
        }),
        (None, Some(code)) => Some(Outcome::Refused {
            reason: refusal(code)?,
        }),
        (None, None) => None,
    };
    let (mut fee, mut limit) = (None, None);
    if let Some(text) = &row.receipt_jws {
        let jws = at("receipt_jws").of(Jws::parse(text))?;
        // Signed by us, before it was written here.
        let receipt: Payload<Receipt> =
            at("receipt_jws").of(serde_json::from_slice(jws.unverified_payload()))?;
        (fee, limit) = (receipt.body.fee, receipt.body.limit);
    }
    let view = PaymentView {
        payment: at("message_id").message(&row.message_id)?,
        debtor_account: at("debtor_iban").of(Iban::try_from(row.debtor_iban))?,
        creditor_name: at("creditor_name").of(Name::try_from(row.creditor_name))?,
        creditor_account: at("creditor_iban").of(Iban::try_from(row.creditor_iban))?,
        amount: at("amount").of(Amount::try_new(row.amount, currency))?,
        remittance: at("remittance").of(Remittance::try_from(row.remittance))?,
        received_at: row.received_at,
        sent_at: row.sent_at,
        decided_at: row.decided_at,
        creditor_bank: row
            .creditor_bank
            .map(|name| at("creditor_bank").of(Name::try_from(name)))
            .transpose()?,
        outcome,
        fee,
        limit,
    };
    let made = PaymentMade {
        view,
        order: row.order_jws,
        receipt: row.receipt_jws,
    };
    Ok((row.customer, made))
}

/// One payment of a customer.
pub(crate) async fn by_id(
    core: &mut PgConnection,
    customer: i64,
    payment: MessageId,
) -> Result<Option<PaymentMade>, Fault> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT message_id, customer, debtor_iban, creditor_name, creditor_iban, amount, currency,
                remittance, received_at, order_jws, sent_at, creditor_bank, receipt_jws, decided_at,
                code, posting
         FROM bank.payment_made WHERE customer = $1 AND message_id = $2",
    )
    .bind(customer)
    .bind(payment.as_bytes())
    .fetch_optional(core)
    .await?;
    row.map(|row| Ok(value(row)?.1)).transpose()
}

/// What is on its way to other banks, by customer, newest first, at most 20 each.
pub(crate) async fn on_their_way(
    core: &mut PgConnection,
    customers: &[i64],
) -> Result<HashMap<i64, Vec<PaymentView>>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT m.* FROM unnest($1::bigint[]) AS c (number)
         CROSS JOIN LATERAL (
             SELECT payment FROM bank.payment_out
             WHERE customer = c.number AND status = 'sent' ORDER BY sent_at DESC LIMIT 20) p
         CROSS JOIN LATERAL (
             SELECT message_id, customer, debtor_iban, creditor_name, creditor_iban, amount, currency,
                    remittance, received_at, order_jws, sent_at, creditor_bank, receipt_jws,
                    decided_at, code, posting
             FROM bank.payment_made WHERE message_id = p.payment) m
         ORDER BY m.customer, m.sent_at DESC",
    )
    .bind(customers)
    .fetch_all(core)
    .await?;
    by_customer(rows)
}

/// What was refused, by customer, newest first, at most 20 each. What only reused the id of another
/// order is none of it.
pub(crate) async fn refused(
    core: &mut PgConnection,
    customers: &[i64],
) -> Result<HashMap<i64, Vec<PaymentView>>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT m.* FROM unnest($1::bigint[]) AS c (number)
         CROSS JOIN LATERAL (
             SELECT r.message_id, r.at FROM bank.device d
             CROSS JOIN LATERAL (
                 SELECT message_id, at FROM bank.receipt
                 WHERE signer = d.id AND code <> 'DU01' ORDER BY at DESC LIMIT 20) r
             WHERE d.customer = c.number ORDER BY r.at DESC LIMIT 20) p
         CROSS JOIN LATERAL (
             SELECT message_id, customer, debtor_iban, creditor_name, creditor_iban, amount, currency,
                    remittance, received_at, order_jws, sent_at, creditor_bank, receipt_jws,
                    decided_at, code, posting
             FROM bank.payment_made
             WHERE message_id = p.message_id AND customer = c.number) m
         ORDER BY m.customer, m.decided_at DESC",
    )
    .bind(customers)
    .fetch_all(core)
    .await?;
    by_customer(rows)
}

fn by_customer(rows: Vec<Row>) -> Result<HashMap<i64, Vec<PaymentView>>, Fault> {
    let mut views: HashMap<i64, Vec<PaymentView>> = HashMap::new();
    for row in rows {
        let (customer, made) = value(row)?;
        views.entry(customer).or_default().push(made.view);
    }
    Ok(views)
}
