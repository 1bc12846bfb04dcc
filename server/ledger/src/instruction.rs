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

/// Money set aside for a payment in flight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Hold {
    /// Whose money.
    pub debtor: AccountId,
    /// The mirror account of the bank it is meant for.
    pub mirror: AccountId,
    /// How much.
    pub amount: Amount,
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
