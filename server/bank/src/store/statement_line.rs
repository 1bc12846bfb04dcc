//! `bank.statement_line`: entries as a statement shows them (a view).

use crate::{
    Fault,
    store::{At, row},
};
use message::{
    Amount, Balance, Iban, MessageId,
    enquiry::{EntryView, PaymentView},
    receipt::Outcome,
    text::{Name, Remittance},
};
use sqlx::PgConnection;
use std::collections::HashMap;

row! {
    struct Row {
        customer: i64,
        iban: String,
        n: i64,
        amount: i64,
        balance_after: i64,
        currency: String,
        payment: Option<Vec<u8>>,
        remittance: String,
        at: i64,
        counterparty_name: String,
        counterparty_iban: Option<String>,
        fee: bool,
    }
}

fn value(row: Row) -> Result<(i64, EntryView), Fault> {
    let at = |column| At("statement_line", column);
    let currency = at("currency").currency(&row.currency)?;
    let view = EntryView {
        account: at("iban").of(Iban::try_from(row.iban))?,
        n: row.n,
        at: row.at,
        amount: Balance::new(row.amount, currency),
        balance_after: Balance::new(row.balance_after, currency),
        counterparty_name: at("counterparty_name").of(Name::try_from(row.counterparty_name))?,
        counterparty_account: row
            .counterparty_iban
            .map(|iban| at("counterparty_iban").of(Iban::try_from(iban)))
            .transpose()?,
        remittance: at("remittance").of(Remittance::try_from(row.remittance))?,
        payment: row
            .payment
            .map(|id| at("payment").message(&id))
            .transpose()?,
        fee: row.fee,
    };
    Ok((row.customer, view))
}

/// Entries of one account below a number, newest first.
pub(crate) async fn page(
    core: &mut PgConnection,
    account: i64,
    before: i64,
    limit: i64,
) -> Result<Vec<EntryView>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT customer, iban, n, amount, balance_after, currency, payment, remittance, at,
                counterparty_name, counterparty_iban, fee
         FROM bank.statement_line WHERE account = $1 AND n < $2 ORDER BY n DESC LIMIT $3",
    )
    .bind(account)
    .bind(before)
    .bind(limit)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(|row| Ok(value(row)?.1)).collect()
}

/// The newest entries of these accounts, by customer, newest first.
pub(crate) async fn newest(
    core: &mut PgConnection,
    accounts: &[i64],
    limit: i64,
) -> Result<HashMap<i64, Vec<EntryView>>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT l.customer, l.iban, l.n, l.amount, l.balance_after, l.currency, l.payment,
                l.remittance, l.at, l.counterparty_name, l.counterparty_iban, l.fee
         FROM unnest($1::bigint[]) AS a (id)
         CROSS JOIN LATERAL (
             SELECT * FROM bank.statement_line WHERE account = a.id ORDER BY n DESC LIMIT $2) l
         ORDER BY l.customer, l.at DESC, l.posting DESC",
    )
    .bind(accounts)
    .bind(limit)
    .fetch_all(core)
    .await?;
    let mut newest: HashMap<i64, Vec<EntryView>> = HashMap::new();
    for row in rows {
        let (customer, view) = value(row)?;
        let lines = newest.entry(customer).or_default();
        if i64::try_from(lines.len()).is_ok_and(|n| n < limit) {
            lines.push(view);
        }
    }
    Ok(newest)
}

type Received = (i64, String, String, String, i64, String, String, i64);

/// A payment that a customer has received.
pub(crate) async fn received(
    core: &mut PgConnection,
    customer: i64,
    payment: MessageId,
) -> Result<Option<PaymentView>, Fault> {
    let row: Option<Received> = sqlx::query_as(
        "SELECT posting, debtor_iban, creditor_name, creditor_iban, amount, currency, remittance, at
         FROM bank.statement_line
         WHERE payment = $1 AND customer = $2 AND amount > 0 AND debtor_iban IS NOT NULL LIMIT 1",
    )
    .bind(payment.as_bytes())
    .bind(customer)
    .fetch_optional(core)
    .await?;
    let of = |column| At("statement_line", column);
    row.map(
        |(posting, debtor, name, creditor, amount, currency, remittance, at)| {
            let currency = of("currency").currency(&currency)?;
            Ok(PaymentView {
                payment,
                debtor_account: of("debtor_iban").of(Iban::try_from(debtor))?,
                creditor_name: of("creditor_name").of(Name::try_from(name))?,
                creditor_account: of("creditor_iban").of(Iban::try_from(creditor))?,
                amount: of("amount").of(Amount::try_new(amount, currency))?,
                remittance: of("remittance").of(Remittance::try_from(remittance))?,
                received_at: at,
                sent_at: None,
                decided_at: Some(at),
                creditor_bank: None,
                outcome: Some(Outcome::Booked {
                    posting: posting.to_string(),
                }),
                fee: None,
                limit: None,
            })
        },
    )
    .transpose()
}
