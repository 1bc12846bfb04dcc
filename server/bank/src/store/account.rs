//! `bank.account`: accounts with their sums.

use crate::{
    Fault,
    store::{At, row},
};
use ledger::{Account, AccountId, AccountKind, AccountStatus};
use message::{Currency, Iban, Timestamp, text::Label};
use sqlx::PgConnection;

/// An account with what is beside the ledger's view of it.
#[derive(Clone, Debug)]
pub(crate) struct AccountRow {
    pub(crate) account: Account,
    /// Of accounts of customers.
    pub(crate) iban: Option<Iban>,
    pub(crate) customer: Option<i64>,
    /// The number in the customer's own list.
    pub(crate) index: i32,
    pub(crate) label: Label,
}

row! {
    struct Row {
        id: i64,
        kind: String,
        customer: Option<i64>,
        index: Option<i32>,
        iban: Option<String>,
        label: String,
        currency: String,
        status: String,
        booked: i64,
        held: i64,
        awaited: i64,
        floor: Option<i64>,
        ceiling: Option<i64>,
        entries: i64,
    }
}

impl TryFrom<Row> for AccountRow {
    type Error = Fault;

    fn try_from(row: Row) -> Result<Self, Fault> {
        let at = |column| At("account", column);
        Ok(AccountRow {
            account: Account {
                id: AccountId(row.id),
                kind: AccountKind::parse(&row.kind).ok_or_else(|| at("kind").fault())?,
                currency: at("currency").currency(&row.currency)?,
                status: match row.status.as_str() {
                    "open" => AccountStatus::Open,
                    _ => AccountStatus::Closed,
                },
                booked: row.booked,
                held: row.held,
                awaited: row.awaited,
                floor: row.floor,
                ceiling: row.ceiling,
                n: row.entries,
            },
            iban: row
                .iban
                .map(|iban| at("iban").of(Iban::try_from(iban)))
                .transpose()?,
            customer: row.customer,
            index: row.index.unwrap_or_default(),
            label: at("label").of(Label::try_from(row.label))?,
        })
    }
}

/// Reads and locks accounts, by number: everybody locks in this order.
pub(crate) async fn lock(
    core: &mut PgConnection,
    ibans: &[&str],
    ids: &[AccountId],
) -> Result<Vec<AccountRow>, Fault> {
    let ids: Vec<i64> = ids.iter().map(|id| id.0).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, kind, customer, index, iban, label, currency, status, booked, held, awaited,
                floor, ceiling, entries
         FROM bank.account WHERE iban = ANY($1) OR id = ANY($2)
         ORDER BY id FOR NO KEY UPDATE",
    )
    .bind(ibans)
    .bind(ids)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// The accounts of these customers, in the order of their lists.
pub(crate) async fn of_customers(
    core: &mut PgConnection,
    customers: &[i64],
) -> Result<Vec<AccountRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT id, kind, customer, index, iban, label, currency, status, booked, held, awaited,
                floor, ceiling, entries
         FROM bank.account WHERE customer = ANY($1) ORDER BY customer, index",
    )
    .bind(customers)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(TryInto::try_into).collect()
}

/// Writes what a batch made of its accounts: one row change for each, however many entries it got.
pub(crate) async fn write<'a>(
    core: &mut PgConnection,
    changed: impl Iterator<Item = &'a Account>,
) -> Result<(), Fault> {
    let (mut id, mut booked, mut held, mut awaited, mut n) =
        (vec![], vec![], vec![], vec![], vec![]);
    for account in changed {
        id.push(account.id.0);
        booked.push(account.booked);
        held.push(account.held);
        awaited.push(account.awaited);
        n.push(account.n);
    }
    if id.is_empty() {
        return Ok(());
    }
    sqlx::query(
        "UPDATE bank.account a
         SET booked = new.booked, held = new.held, awaited = new.awaited, entries = new.entries
         FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
              AS new (id, booked, held, awaited, entries)
         WHERE a.id = new.id",
    )
    .bind(id)
    .bind(booked)
    .bind(held)
    .bind(awaited)
    .bind(n)
    .execute(core)
    .await?;
    Ok(())
}

/// What a new account of a customer is.
pub(crate) struct NewAccount<'a> {
    pub(crate) customer: i64,
    pub(crate) index: i32,
    pub(crate) iban: &'a Iban,
    pub(crate) label: &'a Label,
    pub(crate) currency: Currency,
}

/// Opens an account of a customer. It may not go below zero.
pub(crate) async fn insert_customer(
    core: &mut PgConnection,
    new: &NewAccount<'_>,
    at: Timestamp,
) -> Result<AccountId, Fault> {
    let id = sqlx::query_scalar(
        "INSERT INTO bank.account (kind, customer, index, iban, label, currency, floor, at)
         VALUES ('customer', $1, $2, $3, $4, $5, 0, $6) RETURNING id",
    )
    .bind(new.customer)
    .bind(new.index)
    .bind(new.iban.as_str())
    .bind(new.label.as_str())
    .bind(new.currency.code())
    .bind(at)
    .fetch_one(core)
    .await?;
    Ok(AccountId(id))
}

/// Opens the vault. Cash in it is negative, and there is never less than none.
pub(crate) async fn insert_vault(
    core: &mut PgConnection,
    currency: Currency,
    at: Timestamp,
) -> Result<AccountId, Fault> {
    let id = sqlx::query_scalar(
        "INSERT INTO bank.account (kind, label, currency, ceiling, at)
         VALUES ('vault', 'Vault', $1, 0, $2) RETURNING id",
    )
    .bind(currency.code())
    .bind(at)
    .fetch_one(core)
    .await?;
    Ok(AccountId(id))
}

/// Opens the account for fees.
pub(crate) async fn insert_fees(
    core: &mut PgConnection,
    currency: Currency,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.account (kind, label, currency, floor, at) VALUES ('fees', 'Fees', $1, 0, $2)",
    )
    .bind(currency.code())
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// The account that fees of a currency go to.
pub(crate) async fn fees(core: &mut PgConnection, currency: Currency) -> Result<AccountId, Fault> {
    let id: Option<i64> =
        sqlx::query_scalar("SELECT id FROM bank.account WHERE kind = 'fees' AND currency = $1")
            .bind(currency.code())
            .fetch_optional(core)
            .await?;
    id.map(AccountId)
        .ok_or_else(|| Fault::Setup(format!("the bank has no account for fees in {currency}")))
}

/// The vault of a currency.
pub(crate) async fn vault(core: &mut PgConnection, currency: Currency) -> Result<AccountId, Fault> {
    let id: Option<i64> =
        sqlx::query_scalar("SELECT id FROM bank.account WHERE kind = 'vault' AND currency = $1")
            .bind(currency.code())
            .fetch_optional(core)
            .await?;
    id.map(AccountId).ok_or_else(|| {
        Fault::Setup(format!(
            "the bank has no vault for {currency}: found it first"
        ))
    })
}

/// Closes an account. False when there is no such account.
pub(crate) async fn close(core: &mut PgConnection, iban: &Iban) -> Result<bool, Fault> {
    let done = sqlx::query("UPDATE bank.account SET status = 'closed' WHERE iban = $1")
        .bind(iban.as_str())
        .execute(core)
        .await?;
    Ok(done.rows_affected() == 1)
}
