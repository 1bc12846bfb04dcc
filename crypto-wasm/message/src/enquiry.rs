//! Reading is a message too: a device asks, a processor answers. Answers expire and are pruned.

use crate::{
    Amount, Balance, Body, Iban, Kind, MessageId, Timestamp,
    parameters::Terms,
    receipt::Outcome,
    text::{Label, Name, Remittance},
};
use serde::{Deserialize, Serialize};

/// The most entries on one page of a statement.
pub const ENTRIES_PER_PAGE_MAX: u32 = 50;

/// Asks for the customer's accounts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OverviewAsk {}

/// The customer's accounts as they stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Overview {
    /// Whose they are.
    pub customer_name: Name,
    /// The customer's number at the bank.
    pub customer_number: String,
    /// As of.
    pub at: Timestamp,
    /// In the order in which they were opened.
    pub accounts: Vec<AccountView>,
    /// Payments to other banks that are not answered yet, newest first, at most 20.
    pub on_their_way: Vec<PaymentView>,
    /// Orders that were refused, newest first, at most 20.
    #[serde(default)]
    pub refused: Vec<PaymentView>,
    /// The newest entries over all accounts, newest first, at most 10.
    pub recent: Vec<EntryView>,
    /// The limits and fees in force; absent when the bank has laid down none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub terms: Option<Terms>,
}

/// One account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountView {
    /// The account's number in the customer's own list, from 1: what addresses and links use.
    pub index: u32,
    /// Its IBAN.
    pub iban: Iban,
    /// What the customer calls it.
    pub label: Label,
    /// Booked.
    pub booked: Balance,
    /// Set aside for payments in flight.
    pub held: Balance,
    /// Booked less set aside.
    pub available: Balance,
    /// Whether it is closed.
    pub closed: bool,
}

/// One entry on one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EntryView {
    /// The account's IBAN.
    pub account: Iban,
    /// The entry's number on the account, dense from 1.
    pub n: i64,
    /// Booked at.
    pub at: Timestamp,
    /// Positive in, negative out.
    pub amount: Balance,
    /// The booked balance after it.
    pub balance_after: Balance,
    /// The other side's name.
    pub counterparty_name: Name,
    /// The other side's account, where it is a customer's.
    pub counterparty_account: Option<Iban>,
    /// What for.
    pub remittance: Remittance,
    /// The order that it belongs to, if the reader's own customer or a payer ordered it.
    pub payment: Option<MessageId>,
    /// Whether it is what the bank took for the payment.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub fee: bool,
}

/// Asks for entries of one account, newest first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementAsk {
    /// The account.
    pub account: Iban,
    /// Entries with a number below this; absent for the newest.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub before: Option<i64>,
    /// How many, at most [`ENTRIES_PER_PAGE_MAX`].
    pub limit: u32,
}

/// One page of entries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The account as it stands.
    pub account: AccountView,
    /// How many entries the account has in all.
    pub entries_total: i64,
    /// Newest first.
    pub entries: Vec<EntryView>,
    /// The cursor for older entries: pass it as `before`; absent on the last page.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub older: Option<i64>,
}

/// Asks for one payment of the customer by its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentAsk {
    /// The order's id.
    pub payment: MessageId,
}

/// One payment with its documents.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payment {
    /// What it is and how it stands.
    pub view: PaymentView,
    /// The signed order (compact JWS), for the payer only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub order: Option<String>,
    /// The signed receipt (compact JWS), for the payer only, once there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt: Option<String>,
    /// Where the processor that signed the receipt was removed since: a `receipt-attest` (compact
    /// JWS) of a current one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attestation: Option<String>,
}

/// A payment as a reader sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentView {
    /// The order's id.
    pub payment: MessageId,
    /// The payer's account.
    pub debtor_account: Iban,
    /// To whom.
    pub creditor_name: Name,
    /// To which account.
    pub creditor_account: Iban,
    /// How much.
    pub amount: Amount,
    /// What for.
    pub remittance: Remittance,
    /// The order was taken by the bank at.
    pub received_at: Timestamp,
    /// Sent on to the payee's bank at; absent within one bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_at: Option<Timestamp>,
    /// Decided at; absent while it is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub decided_at: Option<Timestamp>,
    /// The payee's bank, by name, for a payment between banks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub creditor_bank: Option<Name>,
    /// The verdict; absent while it is on its way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What it cost its payer beside the amount, as the receipt says; absent when nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Amount>,
    /// The limit that it is above, as the receipt says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Amount>,
}

impl Body for OverviewAsk {
    const KIND: Kind = Kind::OverviewAsk;
}
impl Body for Overview {
    const KIND: Kind = Kind::Overview;
}
impl Body for StatementAsk {
    const KIND: Kind = Kind::StatementAsk;
}
impl Body for Statement {
    const KIND: Kind = Kind::Statement;
}
impl Body for PaymentAsk {
    const KIND: Kind = Kind::PaymentAsk;
}
impl Body for Payment {
    const KIND: Kind = Kind::Payment;
}
