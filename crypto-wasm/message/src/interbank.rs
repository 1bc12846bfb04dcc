//! Between banks: hold, ask the other bank, final signed answer, then book or release.
//! ISO 20022 elements as JSON; the `typ` names the message.

use crate::{
    Amount, Bic, Body, Digest, Iban, Kind, MessageId, Timestamp,
    receipt::Refusal,
    text::{Name, Remittance},
};
use serde::{Deserialize, Serialize};

/// After this many seconds the payee's bank must reject a payment that it has not answered.
pub const ACCEPTANCE_SECONDS: i64 = 60 * 60;

/// `pacs.008`: the payer's bank has set the money aside and asks the payee's bank to credit it.
/// `iss` is the signing processor's key, `aud` the payee's bank.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CreditTransfer {
    /// The payer's order (`EndToEndId`), unique with the payer's bank.
    pub payment: MessageId,
    /// The payer's bank (`DbtrAgt`).
    pub debtor_agent: Bic,
    /// The payer (`Dbtr/Nm`).
    pub debtor_name: Name,
    /// The payer's account (`DbtrAcct`).
    pub debtor_account: Iban,
    /// The payee's bank (`CdtrAgt`).
    pub creditor_agent: Bic,
    /// The payee (`Cdtr/Nm`).
    pub creditor_name: Name,
    /// The payee's account (`CdtrAcct`).
    pub creditor_account: Iban,
    /// How much (`IntrBkSttlmAmt`).
    pub settlement_amount: Amount,
    /// What for (`RmtInf/Ustrd`).
    pub remittance: Remittance,
    /// The payee's bank accepts until then and rejects afterwards (`AccptncDtTm` and its limit).
    pub accept_until: Timestamp,
}

/// `pacs.002`: the payee's bank's final answer, stored in the transaction that credits. `re` is the
/// digest of the `pacs.008`; it is given again, unchanged, whenever it is asked for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusReport {
    /// The payment.
    pub payment: MessageId,
    /// The payer's bank.
    pub debtor_agent: Bic,
    /// The digest of the `pacs.008` answered; absent where a `pacs.028` asked for one never seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_digest: Option<Digest>,
    /// Decided at.
    pub at: Timestamp,
    /// The verdict (`TxSts`).
    pub status: Status,
}

/// `TxSts` of a `pacs.002`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "tx_sts", deny_unknown_fields)]
pub enum Status {
    /// Credited to the payee.
    #[serde(rename = "ACCC")]
    Accepted {
        /// The posting's number at the payee's bank.
        posting: String,
    },
    /// Not credited, and never will be.
    #[serde(rename = "RJCT")]
    Rejected {
        /// Why.
        reason: Refusal,
    },
}

/// `pacs.028`: the payer's bank asks what became of a payment whose deadline has passed. A bank that
/// never saw the `pacs.008` rejects it for ever.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatusRequest {
    /// The payment.
    pub payment: MessageId,
    /// The digest of the `pacs.008`.
    pub request_digest: Digest,
    /// Its deadline.
    pub accept_until: Timestamp,
}

impl Body for CreditTransfer {
    const KIND: Kind = Kind::CreditTransfer;
}
impl Body for StatusReport {
    const KIND: Kind = Kind::StatusReport;
}
impl Body for StatusRequest {
    const KIND: Kind = Kind::StatusRequest;
}
