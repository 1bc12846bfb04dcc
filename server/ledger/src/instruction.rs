//! What is to be done with accounts, and what comes of it.

use crate::AccountId;
use message::{Amount, receipt::Refusal};

/// One thing to do. Who may ask for it was settled before: the ledger judges money, not people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Instruction {
    /// Pay from one customer to another within the bank.
    Pay {
        /// From.
        debtor: AccountId,
        /// To.
        creditor: AccountId,
        /// How much.
        amount: Amount,
        /// What the bank takes for it.
        fee: Option<Fee>,
    },
    /// Set money aside for a payment to another bank.
    SetAside(Hold),
    /// The other bank has accepted: what was set aside goes to its mirror account.
    Book(Hold),
    /// The other bank has rejected: what was set aside is available again.
    Release(Hold),
    /// Credit a payment that another bank has sent.
    Credit {
        /// The other bank's mirror account.
        mirror: AccountId,
        /// The payee.
        creditor: AccountId,
        /// How much.
        amount: Amount,
    },
    /// Pay cash in from the vault.
    Deposit {
        /// The vault.
        vault: AccountId,
        /// Whose money it becomes.
        creditor: AccountId,
        /// How much.
        amount: Amount,
    },
}

/// What the bank takes from the payer for a payment, in the payment's currency.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fee {
    /// The bank's account for fees.
    pub income: AccountId,
    /// How much, in minor units; above zero.
    pub minor: i64,
}

/// Money set aside for a payment in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose money.
    pub debtor: AccountId,
    /// The mirror account of the bank it is meant for.
    pub mirror: AccountId,
    /// How much.
    pub amount: Amount,
    /// What the bank takes for it: set aside as well, and taken when it is booked.
    pub fee: Option<Fee>,
}

impl Hold {
    /// What is set aside of the payer's money: the amount and the fee.
    pub fn taken(&self) -> Option<i64> {
        with_fee(self.amount, self.fee)
    }

    /// The accounts that it touches when it ends.
    pub fn accounts(&self) -> impl Iterator<Item = AccountId> {
        let income = self.fee.map(|fee| fee.income);
        [self.debtor, self.mirror].into_iter().chain(income)
    }
}

/// What leaves the payer's account.
pub(crate) fn with_fee(amount: Amount, fee: Option<Fee>) -> Option<i64> {
    amount.minor().checked_add(fee.map_or(0, |fee| fee.minor))
}

/// One line on one account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The account.
    pub account: AccountId,
    /// Its number on the account, dense from 1.
    pub n: i64,
    /// Positive in, negative out, in minor units.
    pub amount: i64,
    /// The booked balance after it.
    pub balance_after: i64,
}

/// A balanced set of entries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Posting {
    /// How much moved.
    pub amount: Amount,
    /// Out of one account, into another.
    pub entries: [Entry; 2],
    /// The fee: out of the payer's account, into the bank's for fees.
    pub fee: Option<[Entry; 2]>,
}

impl Posting {
    /// What the bank took for it.
    pub fn fee_taken(&self) -> Option<Amount> {
        let [_, income] = self.fee?;
        Amount::try_new(income.amount, self.amount.currency()).ok()
    }

    /// Every entry, and whether it is about the fee.
    pub fn entries(&self) -> impl Iterator<Item = (Entry, bool)> {
        let paid = self.entries.into_iter().map(|entry| (entry, false));
        let fee = self.fee.into_iter().flatten().map(|entry| (entry, true));
        paid.chain(fee)
    }
}

/// What comes of an instruction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Booked.
    Posted(Posting),
    /// Set aside.
    SetAside(Hold),
    /// Available again.
    Released(Hold),
    /// Not done, and nothing changed.
    Refused(Refusal),
}
