//! Customers, accounts and activation slips.

use crate::{
    Entropy, Fault,
    books::Books,
    store::{
        account::{self, NewAccount},
        customer,
        institution::{self, Institution},
        posting::{PostingKind, PostingRow},
        slip, to_tell,
    },
    time::random,
};
use envelope::{Certificate, enrol, words};
use ledger::{AccountId, Decision, Instruction};
use message::{
    Amount, Iban, Timestamp,
    notice::Notice,
    slip::{Locator, Secret},
    text::{Label, Name},
};
use sqlx::{Connection as _, PgConnection};

/// How long a slip can be used, in seconds.
const SLIP_SECONDS: i64 = 14 * 24 * 60 * 60;

/// An activation slip as it is printed. The secret exists nowhere else.
#[derive(Clone, Debug)]
pub struct PrintedSlip {
    /// Finds the slip.
    pub locator: Locator,
    /// Proves that it is in hand.
    pub secret: Secret,
    /// The five words of the bank: what the browser compares.
    pub words: [&'static str; 5],
    /// The last moment of use.
    pub valid_until: Timestamp,
}

/// A customer who was just opened.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// The customer's number.
    pub number: i64,
    /// The first account.
    pub account: Iban,
    /// For the first device.
    pub slip: PrintedSlip,
}

/// Opens a customer with one account and a slip. What is paid in comes from the vault.
///
/// # Errors
/// When the bank is not founded, or the licence's IBAN prefix makes no IBAN.
pub async fn open_customer(
    core: &mut PgConnection,
    entropy: &dyn Entropy,
    name: &Name,
    label: &Label,
    paid_in: Option<Amount>,
    now: Timestamp,
) -> Result<NewCustomer, Fault> {
    let mut tx = core.begin().await?;
    let bank = bank(&mut tx).await?;
    let number = customer::insert(&mut tx, name, now).await?;
    let iban = iban(&bank, number, 1)?;
    let new = NewAccount {
        customer: number,
        index: 1,
        iban: &iban,
        label,
        currency: bank.currency,
    };
    let id = account::insert_customer(&mut tx, &new, now).await?;
    if let Some(amount) = paid_in {
        deposit(&mut tx, &bank, id, &iban, name, amount, now).await?;
    }
    let slip = make_slip(&mut tx, entropy, &bank, number, now).await?;
    tx.commit().await?;
    Ok(NewCustomer {
        number,
        account: iban,
        slip,
    })
}

/// What a customer is called.
///
/// # Errors
/// When there is no such customer.
pub async fn customer_name(core: &mut PgConnection, customer: i64) -> Result<Name, Fault> {
    let name = customer::names(core, &[customer]).await?.remove(&customer);
    name.ok_or_else(|| Fault::Setup(format!("there is no customer {customer}")))
}

/// Another slip for a customer: for one more device, or when the first one is used up. The devices
/// that he has are told.
///
/// # Errors
/// When there is no such customer.
pub async fn new_slip(
    core: &mut PgConnection,
    entropy: &dyn Entropy,
    customer: i64,
    now: Timestamp,
) -> Result<PrintedSlip, Fault> {
    let mut tx = core.begin().await?;
    let bank = bank(&mut tx).await?;
    customer_name(&mut tx, customer).await?;
    let slip = make_slip(&mut tx, entropy, &bank, customer, now).await?;
    let notice = Notice::SlipMade {
        valid_until: slip.valid_until,
        at: now,
    };
    to_tell::notice(&mut tx, customer, None, &notice, now).await?;
    tx.commit().await?;
    Ok(slip)
}

/// Closes an account: it takes no new business, and keeps its entries.
///
/// # Errors
/// When there is no such account.
pub async fn close_account(core: &mut PgConnection, iban: &Iban) -> Result<(), Fault> {
    if account::close(core, iban).await? {
        Ok(())
    } else {
        Err(Fault::Setup(format!("there is no account {iban}")))
    }
}

async fn bank(core: &mut PgConnection) -> Result<Institution, Fault> {
    institution::read(core)
        .await?
        .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))
}

/// Country and bank code of the licence, then the customer's number and the account's in the list.
fn iban(bank: &Institution, customer: i64, index: i32) -> Result<Iban, Fault> {
    let (country, code) = bank.iban_prefix.split_at_checked(2).unwrap_or_default();
    Iban::from_bban(country, &format!("{code}{customer:07}{index:03}"))
        .map_err(|error| Fault::Setup(format!("the IBAN prefix makes no IBAN: {error}")))
}

async fn deposit(
    core: &mut PgConnection,
    bank: &Institution,
    to: AccountId,
    iban: &Iban,
    name: &Name,
    amount: Amount,
    now: Timestamp,
) -> Result<(), Fault> {
    let vault = account::vault(core, bank.currency).await?;
    let mut books = Books::lock(core, &[], &[vault, to]).await?;
    let instruction = Instruction::Deposit {
        vault,
        creditor: to,
        amount,
    };
    let posting = match books.decide(&instruction)? {
        Decision::Posted(posting) => posting,
        Decision::Refused(refusal) => return Err(Fault::Setup(refusal.words().to_owned())),
        Decision::SetAside(_) | Decision::Released(_) => {
            return Err(Fault::Setup(
                "the ledger answered another question".to_owned(),
            ));
        }
    };
    books.reserve(core, 1).await?;
    let row = PostingRow {
        id: books.next_id()?,
        kind: PostingKind::Deposit,
        payment: None,
        debtor_name: bank.name.as_str().to_owned(),
        debtor_iban: None,
        creditor_name: name.as_str().to_owned(),
        creditor_iban: Some(iban.as_str().to_owned()),
        remittance: "Opening deposit".to_owned(),
        amount,
    };
    books.post(row, posting);
    books.write(core, now).await
}

async fn make_slip(
    core: &mut PgConnection,
    entropy: &dyn Entropy,
    bank: &Institution,
    customer: i64,
    now: Timestamp,
) -> Result<PrintedSlip, Fault> {
    let (locator, secret) = (Locator(random(entropy)), Secret(random(entropy)));
    let valid_until = now.saturating_add(SLIP_SECONDS);
    let key = enrol::slip_key(&secret);
    slip::insert(core, &locator, key.as_bytes(), customer, valid_until, now).await?;
    let licence = Certificate::from_der(&bank.licence)?;
    Ok(PrintedSlip {
        locator,
        secret,
        words: words::five_words(&licence.key_thumbprint()),
        valid_until,
    })
}
