//! Receipts: the bank's signed final answer to an order. One per order, whatever is retried.

use crate::{
    Amount, Body, Digest, Iban, Kind, MessageId, Timestamp,
    day::Day,
    text::{Name, Remittance},
};
use serde::{Deserialize, Serialize};

/// What became of an order, for ever. `re` of the payload is the order's digest as well.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Receipt {
    /// The id of the order.
    pub order: MessageId,
    /// SHA-256 of the signed order.
    pub order_digest: Digest,
    /// From, as ordered.
    pub debtor_account: Iban,
    /// To whom, as ordered.
    pub creditor_name: Name,
    /// To which account, as ordered.
    pub creditor_account: Iban,
    /// How much, as ordered.
    pub amount: Amount,
    /// What for, as ordered.
    pub remittance: Remittance,
    /// Decided at.
    pub at: Timestamp,
    /// The verdict.
    pub outcome: Outcome,
    /// The version of the bank's parameters it was decided under; 0 when the bank had none.
    #[serde(default, skip_serializing_if = "is_default")]
    pub parameters: u64,
    /// What the payment cost beside its amount; absent when nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee: Option<Amount>,
    /// The limit that the order is above, where that is why it is refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<Amount>,
    /// The day on which the two banks book it, where it was paid to another bank.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub booking_day: Option<Day>,
}

/// Whether there is nothing to say, as when a bank had no parameters yet.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// The verdict on an order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "status", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Outcome {
    /// Paid: booked here, and for another bank accepted there.
    Booked {
        /// The posting's number in the ledger of the bank that signs.
        posting: String,
    },
    /// Not paid. Nothing was taken, or what was set aside is available again.
    Refused {
        /// Why.
        reason: Refusal,
    },
}

macro_rules! refusals {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $words:literal;)*) => {
        /// Why something is refused: a code (ISO 20022 external status reason where one fits) and
        /// the words a customer reads.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Refusal { $($(#[$doc])* #[serde(rename = $code)] $name,)* }

        impl Refusal {
            /// Every refusal there is.
            pub const ALL: &'static [Refusal] = &[$(Refusal::$name,)*];

            /// The code on the wire and in the database.
            pub const fn code(self) -> &'static str {
                match self { $(Refusal::$name => $code,)* }
            }

            /// What it means, for the customer.
            pub const fn words(self) -> &'static str {
                match self { $(Refusal::$name => $words,)* }
            }

            /// Reads a code.
            pub fn parse(code: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|refusal| refusal.code() == code)
            }
        }
    };
}

refusals! {
    /// The available balance is too small.
    InsufficientFunds = "AM04", "There is not enough money available in the account.";
    /// The customer has no such account.
    DebtorAccountUnknown = "AC02", "The account to pay from is not one of yours.";
    /// The account to pay from is closed.
    DebtorAccountClosed = "AC04", "The account to pay from is closed.";
    /// No such account at the payee's bank.
    CreditorAccountUnknown = "AC03", "The payee's bank has no account with this IBAN. Check the IBAN with the payee.";
    /// The payee's account is closed.
    CreditorAccountClosed = "AC07", "The payee's account is closed. Ask the payee for another IBAN.";
    /// From and to are the same account.
    SameAccount = "AC01", "The account to pay from and the account to pay to are the same.";
    /// No licensed bank has this IBAN.
    BankUnknown = "RC01", "No licensed bank keeps an account with this IBAN. Check the IBAN with the payee.";
    /// The account has another currency.
    OtherCurrency = "AM03", "The account is kept in another currency.";
    /// The mirror account of the other bank is at its limit.
    SettlementCap = "AM13", "The two banks have reached the limit of what they owe each other today. Try again later or pay a smaller amount.";
    /// Above the bank's largest single payment.
    AmountTooLarge = "AM02", "The amount is above the largest single payment that the bank takes. Pay a smaller amount, or ask the bank.";
    /// Above what the bank takes from a customer in one day.
    DayLimit = "AM14", "With this payment you would pay more in one day than the bank allows. Pay a smaller amount, or pay tomorrow (the day ends at midnight UTC).";
    /// The order came after its time.
    Expired = "TM01", "The order reached the bank after its time had run out. Sign a new one.";
    /// The id was used before with other content.
    SameIdOtherContent = "DU01", "An order with the same number and other content was received before. Only the first one counts.";
    /// The payee's bank got the payment too late.
    DeadlinePassed = "AB05", "The payee's bank did not get the payment in time.";
    /// The payee's bank is not reachable under its licence.
    PeerUnavailable = "AB08", "The payee's bank takes no payments now.";
    /// The licence of one of the two banks is suspended, or has run out.
    LicenceSuspended = "AB0S", "The licensing authority lets one of the two banks make no new payments now. Payments within your bank go on.";
    /// The licence of one of the two banks was revoked.
    LicenceRevoked = "AB0R", "The licence of one of the two banks was revoked for good. Ask the payee for an account at another bank.";
    /// The bank has not heard from the licensing authority for too long.
    AuthorityUnheard = "AB0T", "Your bank has not heard from the licensing authority for a day, and makes no payments to other banks until it has. Payments within your bank go on.";
    /// The device may not sign orders (not active, revoked).
    DeviceNotActive = "DS0G", "This device may not sign orders. Use an active device or ask the bank.";
    /// The device is suspended.
    DeviceSuspended = "DS0S", "This device is suspended. Resume it with another of your devices, or ask the bank.";
    /// Other keys have taken the place of the device's.
    DeviceReplaced = "DS0N", "The keys of this device were replaced by newer ones, and these do not count any more. Use the newer keys.";
    /// The device's certificates have ended.
    CertificatesEnded = "DS0E", "The certificates of this device have ended, so the bank takes no orders from it. Renew them on the page of your accounts; if they ended long ago, ask the bank for a new slip.";
    /// The device may read and not sign.
    DeviceMayOnlyView = "DS0V", "This device may only look. Sign with a device that may sign, or let one change what this device may do.";
    /// The customer has no such device, or it does not stand where the change needs it.
    DeviceChangeRefused = "DC01", "This cannot be done with that device as it stands now. Look at the list of devices again.";
    /// The customer has as many devices as there may be.
    TooManyDevices = "DC02", "You have as many devices as the bank allows. Revoke one that you no longer use.";
    /// No new device waits under this code, or it has waited too long.
    JoinUnknown = "JN01", "No new device waits under this code. Check the code on the new device; a code counts for one hour.";
    /// Too many codes were asked for.
    JoinTooOften = "JN02", "Too many codes were tried from this device. Try again in an hour.";
    /// No such slip, wrong code, used up, or past its date. One answer for all of them.
    SlipRefused = "SL01", "The slip number and code do not fit, or the slip is used up or past its date. Check what you typed; after five wrong tries ask the bank for a new slip.";
    /// What was asked for does not exist for this customer.
    NotFound = "NF01", "The bank has nothing under this number for you.";
}

impl Refusal {
    /// What it means, with the limit that it is about.
    pub fn words_with(self, limit: Option<Amount>) -> String {
        match limit {
            Some(limit) => format!("{} The limit is {limit}.", self.words()),
            None => self.words().to_owned(),
        }
    }
}

impl Body for Receipt {
    const KIND: Kind = Kind::Receipt;
}

/// A receipt for another active device of the customer: `aud` is that device, so nobody can pass a
/// receipt of somebody else on to it. The receipt inside is the one that the ordering device got.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptCopy {
    /// The receipt, compact JWS.
    pub receipt: String,
}

impl Body for ReceiptCopy {
    const KIND: Kind = Kind::ReceiptCopy;
}

/// The bank stands by a receipt, or another message of its own, that a processor has signed which
/// was removed since: what such a processor signs counts for nothing by itself, whatever its date.
/// Sent ahead of the message to whoever holds it or asks for it. `aud` is that of the message, `re`
/// its digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ReceiptAttest {
    /// SHA-256 of the message's JWS.
    pub attested: Digest,
}

impl Body for ReceiptAttest {
    const KIND: Kind = Kind::ReceiptAttest;
}

/// The bank cannot answer a message that is no order. `re` is that message's digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Refused {
    /// Why.
    pub reason: Refusal,
}

impl Body for Refused {
    const KIND: Kind = Kind::Refused;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_read_back_and_stands_once() {
        for refusal in Refusal::ALL {
            assert_eq!(Refusal::parse(refusal.code()), Some(*refusal));
            let json = serde_json::to_string(refusal).unwrap();
            assert_eq!(json, format!("\"{}\"", refusal.code()));
        }
    }

    #[test]
    fn a_receipt_from_before_there_were_parameters_is_read() {
        let old = r#"{"order":"0G3R40R40M30E209185GR38E1W","order_digest":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","debtor_account":"DE50370905020004100117","creditor_name":"Bo","creditor_account":"DE50370905020004100117","amount":{"value":"1.00","currency":"EUR"},"remittance":"","at":1,"outcome":{"status":"refused","reason":"AM04"}}"#;
        let read: Receipt = serde_json::from_str(old).unwrap();
        assert_eq!((read.parameters, read.fee, read.limit), (0, None, None));
        assert_eq!(serde_json::to_string(&read).unwrap(), old);
        let limit = Amount::try_new(500_000, crate::Currency::EUR).unwrap();
        let words = Refusal::AmountTooLarge.words_with(Some(limit));
        assert!(words.ends_with("The limit is 5000.00 EUR."), "{words}");
    }

    #[test]
    fn an_outcome_on_the_wire() {
        let outcome = Outcome::Refused {
            reason: Refusal::InsufficientFunds,
        };
        let json = serde_json::to_string(&outcome).unwrap();
        assert_eq!(json, r#"{"status":"refused","reason":"AM04"}"#);
    }
}
