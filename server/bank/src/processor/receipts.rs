//! The final answers to orders.

use super::{
    Processor,
    draft::{Draft, Keep, To},
};
use crate::store::receipt::ReceiptRow;
use message::{
    Amount, Digest, Payload, Thumbprint, Timestamp,
    day::Day,
    order::PaymentOrder,
    receipt::{Outcome, Receipt, Refusal},
};

/// What was decided of an order.
pub(super) struct Ruling {
    /// Where it was booked, or why it was refused.
    pub(super) outcome: Result<i64, Refusal>,
    /// The version of the parameters it was decided under; 0 for none.
    pub(super) parameters: u64,
    /// What it cost.
    pub(super) fee: Option<Amount>,
    /// The limit that it is above.
    pub(super) limit: Option<Amount>,
    /// When the two banks book it.
    pub(super) booking_day: Option<Day>,
}

impl Ruling {
    /// Refused, under this version.
    pub(super) fn refused(reason: Refusal, parameters: u64) -> Self {
        Self {
            outcome: Err(reason),
            parameters,
            fee: None,
            limit: None,
            booking_day: None,
        }
    }
}

impl Processor {
    /// The final answer to an order.
    pub(super) fn receipt(
        &self,
        digest: Digest,
        signer: Thumbprint,
        payload: &Payload<PaymentOrder>,
        ruling: Ruling,
        to: To,
        now: Timestamp,
    ) -> Draft {
        let outcome = ruling.outcome;
        if let Err(refusal) = outcome {
            tracing::info!(reference = %payload.jti, code = refusal.code(), "order refused");
        }
        let order = &payload.body;
        let body = Receipt {
            order: payload.jti,
            order_digest: digest,
            debtor_account: order.debtor_account.clone(),
            creditor_name: order.creditor_name.clone(),
            creditor_account: order.creditor_account.clone(),
            amount: order.instructed_amount,
            remittance: order.remittance.clone(),
            at: now,
            outcome: match outcome {
                Ok(posting) => Outcome::Booked {
                    posting: posting.to_string(),
                },
                Err(reason) => Outcome::Refused { reason },
            },
            parameters: ruling.parameters,
            fee: ruling.fee,
            limit: ruling.limit,
            booking_day: ruling.booking_day,
        };
        let keep = Keep::Receipt(ReceiptRow {
            digest,
            signer,
            message_id: payload.jti,
            jws: String::new(),
            outcome,
            parameters: ruling.parameters,
        });
        let payload = self.payload(signer.to_string(), Some(digest), body, now);
        Draft::new(payload, keep, to)
    }
}
