//! The final answers to orders.

use super::{
    Processor,
    draft::{Draft, Keep, To},
};
use crate::store::receipt::ReceiptRow;
use message::{
    Digest, Payload, Thumbprint, Timestamp,
    order::PaymentOrder,
    receipt::{Outcome, Receipt, Refusal},
};

impl Processor {
    /// The final answer to an order.
    pub(super) fn receipt(
        &self,
        digest: Digest,
        signer: Thumbprint,
        payload: &Payload<PaymentOrder>,
        outcome: Result<i64, Refusal>,
        to: To,
        now: Timestamp,
    ) -> Draft {
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
        };
        let keep = Keep::Receipt(ReceiptRow {
            digest,
            signer,
            message_id: payload.jti,
            jws: String::new(),
            outcome,
        });
        let payload = self.payload(signer.to_string(), Some(digest), body, now);
        Draft::new(payload, keep, to)
    }
}
