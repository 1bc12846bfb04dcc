//! Notices: the bank tells each device of a customer what happened.

use crate::{
    Amount, Body, Iban, Kind, MessageId, Thumbprint, Timestamp,
    device::Rights,
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
        /// By which device of the customer; absent when the bank did it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Label>,
        /// Nothing it signs counts from.
        at: Timestamp,
    },
    /// The bank has printed a slip with which a device can be added.
    SlipMade {
        /// The last moment of its use.
        valid_until: Timestamp,
        /// Printed at.
        at: Timestamp,
    },
    /// To the old keys of a device: newer ones have taken their place, and these do not count any more.
    KeysReplaced {
        /// The device that has taken the place.
        device: Thumbprint,
        /// From.
        at: Timestamp,
    },
    /// Something about a device of the same customer was changed.
    DeviceChanged {
        /// The device.
        device: Thumbprint,
        /// What the customer calls it now.
        device_name: Label,
        /// What was changed.
        change: ChangeSeen,
        /// By which device of the customer; absent when the bank did it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<Label>,
        /// From.
        at: Timestamp,
    },
}

/// What was changed about a device, as the other devices are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeSeen {
    /// It has another name.
    Renamed,
    /// It is suspended.
    Suspended,
    /// It counts again.
    Resumed,
    /// It may sign orders from now on.
    MaySign,
    /// It may only read from now on.
    MayView,
    /// A new device was refused, because the five words were not the same.
    Mismatch,
    /// It has new keys.
    Replaced,
}

impl ChangeSeen {
    /// It may do this from now on.
    pub const fn of(rights: Rights) -> Self {
        match rights {
            Rights::Sign => Self::MaySign,
            Rights::View => Self::MayView,
        }
    }

    /// What happened to the device of this name, for the customer.
    pub fn words(self, device: &Label) -> String {
        match self {
            Self::Renamed => format!("One of your devices is called {device} now."),
            Self::Suspended => format!("Your device {device} is suspended."),
            Self::Resumed => format!("Your device {device} counts again."),
            Self::MaySign => format!("Your device {device} may sign payments now."),
            Self::MayView => format!("Your device {device} may only look now."),
            Self::Mismatch => format!(
                "A new device that calls itself {device} was refused, because its words were not \
                 the same."
            ),
            Self::Replaced => format!("Your device {device} has new keys."),
        }
    }
}

impl Body for Notice {
    const KIND: Kind = Kind::Notice;
}
