//! Payment orders (ISO 20022 `pain.001`, one transaction each, as JSON).

use crate::{
    Amount, Body, Iban, Kind,
    text::{Name, Remittance},
};
use serde::{Deserialize, Serialize};

/// How long an order counts after it was signed, in seconds, unless its sender says less.
pub const ORDER_LIFETIME_SECONDS: i64 = 15 * 60;

/// A customer asks the bank to pay. The message id is also the ISO 20022 `EndToEndId`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PaymentOrder {
    /// From (`DbtrAcct`): an account of the customer.
    pub debtor_account: Iban,
    /// To whom (`Cdtr/Nm`).
    pub creditor_name: Name,
    /// To which account (`CdtrAcct`).
    pub creditor_account: Iban,
    /// How much (`InstdAmt`).
    pub instructed_amount: Amount,
    /// What for (`RmtInf/Ustrd`).
    pub remittance: Remittance,
}

impl Body for PaymentOrder {
    const KIND: Kind = Kind::PaymentOrder;
}
