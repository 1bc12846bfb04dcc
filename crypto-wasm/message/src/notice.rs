//! Notices: the bank tells each device of a customer what happened.

use crate::{
    Amount, Body, Iban, Kind, MessageId, Timestamp,
    text::{Label, Name, Remittance},
};
use serde::{Deserialize, Serialize};

/// Something happened. Notices are kept; they carry no answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Notice {
    /// Money came in and is booked.
    MoneyIn {
        /// The account that was credited.
        account: Iban,
        /// How much.
        amount: Amount,
        /// From whom.
        debtor_name: Name,
        /// From which account.
        debtor_account: Iban,
        /// What for.
        remittance: Remittance,
        /// The payer's order.
        payment: MessageId,
        /// Booked at.
        at: Timestamp,
    },
    /// An order was taken, the money is set aside, and the payee's bank has been asked.
    OnItsWay {
        /// The order.
        payment: MessageId,
        /// The account from which it is set aside.
        account: Iban,
        /// How much is set aside.
        amount: Amount,
        /// The payee's bank.
        creditor_bank: Name,
        /// Sent at.
        at: Timestamp,
    },
    /// Another device of the same customer was enrolled.
    DeviceAdded {
        /// What the customer calls it.
        device_name: Label,
        /// The five words of its signing key.
        words: Vec<String>,
        /// Active from.
        at: Timestamp,
    },
    /// Another device of the same customer was revoked.
    DeviceRevoked {
        /// What the customer calls it.
        device_name: Label,
        /// Nothing it signs counts from.
        at: Timestamp,
    },
}

impl Body for Notice {
    const KIND: Kind = Kind::Notice;
}
