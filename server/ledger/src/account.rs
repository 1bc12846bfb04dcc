//! Accounts as they are read from the core.

use message::Currency;

/// An account's number inside the bank (not its IBAN).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AccountId(pub i64);

/// What an account is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountKind {
    /// A customer's money.
    Customer,
    /// What we owe a peer bank (positive) or it owes us (negative).
    Mirror,
    /// The bank's cash, negative: what the bank has.
    Vault,
    /// What the bank has taken for payments, positive.
    Fees,
}

impl AccountKind {
    /// The word in the database.
    pub const fn word(self) -> &'static str {
        match self {
            AccountKind::Customer => "customer",
            AccountKind::Mirror => "mirror",
            AccountKind::Vault => "vault",
            AccountKind::Fees => "fees",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            AccountKind::Customer,
            AccountKind::Mirror,
            AccountKind::Vault,
            AccountKind::Fees,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}

/// Whether an account takes new business.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AccountStatus {
    /// It does.
    Open,
    /// It does not; what was set aside earlier is still booked or released.
    Closed,
}

/// An account as read under its lock, and as it stands after each decision of a [`crate::Batch`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its number.
    pub id: AccountId,
    /// What it is for.
    pub kind: AccountKind,
    /// The one currency it is kept in.
    pub currency: Currency,
    /// Whether it takes new business.
    pub status: AccountStatus,
    /// The sum of its entries.
    pub booked: i64,
    /// Set aside to go out: the sum of the open holds on it.
    pub held: i64,
    /// Set aside elsewhere to come in: the sum of the open holds towards it.
    pub awaited: i64,
    /// `booked - held` stays at or above this; none for no limit.
    pub floor: Option<i64>,
    /// `booked + awaited` stays at or below this; none for no limit.
    pub ceiling: Option<i64>,
    /// How many entries it has: the number of the newest one.
    pub n: i64,
}

impl Account {
    /// What can be spent or set aside, before the floor: booked less set aside.
    pub fn available(&self) -> Option<i64> {
        self.booked.checked_sub(self.held)
    }

    /// Whether so much may go out and the account stays at or above its floor.
    pub(crate) fn can_give(&self, minor: i64) -> bool {
        let left = self.available().and_then(|sum| sum.checked_sub(minor));
        match (left, self.floor) {
            (Some(left), Some(floor)) => left >= floor,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }

    /// Whether so much may come in and the account stays at or below its ceiling.
    pub(crate) fn can_take(&self, minor: i64) -> bool {
        let sum = self.booked.checked_add(self.awaited);
        match (sum.and_then(|sum| sum.checked_add(minor)), self.ceiling) {
            (Some(sum), Some(ceiling)) => sum <= ceiling,
            (Some(_), None) => true,
            (None, _) => false,
        }
    }
}
