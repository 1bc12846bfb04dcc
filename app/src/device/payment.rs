//! What this page knows of one payment, and how the payment stands.

use message::{
    Amount, Iban, Timestamp,
    enquiry::{Payment, PaymentView},
    receipt::{Outcome, Receipt, Refusal},
    worker::Draft,
};

/// Gathered from the draft, the bank's answer and the receipt, whatever came.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct KnownPayment {
    /// What was checked before it was signed, in this tab.
    pub(crate) draft: Option<Draft>,
    /// Signed on this device at.
    pub(crate) signed_at: Option<Timestamp>,
    /// The bank's answer to the question how it stands.
    pub(crate) answer: Option<Payment>,
    /// The five words of the key that signed the receipt.
    pub(crate) signer_words: Option<Vec<String>>,
    /// A receipt that came by itself; its signature holds.
    pub(crate) receipt: Option<Receipt>,
}

/// How a payment stands.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Standing {
    /// Signed and saved here; the bank has not said that it has it.
    Saved,
    /// The bank has it.
    Received,
    /// Set aside; the other bank has been asked.
    OnItsWay,
    /// Booked.
    Paid {
        /// Decided at.
        at: Timestamp,
    },
    /// Refused.
    NotPaid {
        /// Decided at.
        at: Timestamp,
        /// Why.
        reason: Refusal,
    },
}

/// What was ordered, from whichever document says it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ordered {
    pub(crate) debtor_account: Iban,
    pub(crate) creditor_name: String,
    pub(crate) creditor_account: Iban,
    pub(crate) amount: Amount,
    pub(crate) remittance: String,
}

impl KnownPayment {
    /// Takes an answer of the bank.
    pub(crate) fn answered(&mut self, payment: Payment, signer_words: Option<Vec<String>>) {
        self.answer = Some(payment);
        if signer_words.is_some() {
            self.signer_words = signer_words;
        }
    }

    /// The bank's view of it.
    pub(crate) fn view(&self) -> Option<&PaymentView> {
        self.answer.as_ref().map(|answer| &answer.view)
    }

    /// What was ordered; absent right after a reload, until the bank has answered.
    pub(crate) fn ordered(&self) -> Option<Ordered> {
        let of_view = self.view().map(|view| Ordered {
            debtor_account: view.debtor_account.clone(),
            creditor_name: view.creditor_name.to_string(),
            creditor_account: view.creditor_account.clone(),
            amount: view.amount,
            remittance: view.remittance.to_string(),
        });
        let of_draft = || {
            self.draft.as_ref().map(|draft| Ordered {
                debtor_account: draft.debtor_account.clone(),
                creditor_name: draft.creditor_name.clone(),
                creditor_account: draft.creditor_account.clone(),
                amount: draft.amount,
                remittance: draft.remittance.clone(),
            })
        };
        let of_receipt = || {
            self.receipt.as_ref().map(|receipt| Ordered {
                debtor_account: receipt.debtor_account.clone(),
                creditor_name: receipt.creditor_name.to_string(),
                creditor_account: receipt.creditor_account.clone(),
                amount: receipt.amount,
                remittance: receipt.remittance.to_string(),
            })
        };
        of_view.or_else(of_draft).or_else(of_receipt)
    }

    /// How it stands, by the best document there is.
    pub(crate) fn standing(&self) -> Standing {
        let of_receipt = self
            .receipt
            .as_ref()
            .map(|receipt| (&receipt.outcome, receipt.at));
        let of_view = || {
            let view = self.view()?;
            Some((
                view.outcome.as_ref()?,
                view.decided_at.unwrap_or(view.received_at),
            ))
        };
        match (of_receipt.or_else(of_view), self.view()) {
            (Some((Outcome::Booked { .. }, at)), _) => Standing::Paid { at },
            (Some((Outcome::Refused { reason }, at)), _) => Standing::NotPaid {
                at,
                reason: *reason,
            },
            (None, Some(view)) if view.sent_at.is_some() => Standing::OnItsWay,
            (None, Some(_)) => Standing::Received,
            (None, None) => Standing::Saved,
        }
    }
}

impl KnownPayment {
    /// What it cost beside its amount.
    pub(crate) fn fee(&self) -> Option<Amount> {
        let of_receipt = self.receipt.as_ref().and_then(|receipt| receipt.fee);
        of_receipt.or_else(|| self.view()?.fee)
    }

    /// The limit that it is above.
    pub(crate) fn limit(&self) -> Option<Amount> {
        let of_receipt = self.receipt.as_ref().and_then(|receipt| receipt.limit);
        of_receipt.or_else(|| self.view()?.limit)
    }
}

impl Standing {
    /// Whether nothing more will happen.
    pub(crate) fn is_final(&self) -> bool {
        matches!(self, Standing::Paid { .. } | Standing::NotPaid { .. })
    }

    /// One or two words for a tag.
    pub(crate) fn word(&self) -> &'static str {
        match self {
            Standing::Saved => "Being sent",
            Standing::Received => "Received by the bank",
            Standing::OnItsWay => "On its way",
            Standing::Paid { .. } => "Paid",
            Standing::NotPaid { .. } => "Not paid",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use message::{Digest, MessageId, amount::Currency};

    fn view(sent_at: Option<i64>, outcome: Option<Outcome>) -> PaymentView {
        PaymentView {
            payment: MessageId::new([1; 16]),
            debtor_account: Iban::from_bban("DE", "370905020004100117").unwrap(),
            creditor_name: "Ann Lee".to_owned().try_into().unwrap(),
            creditor_account: Iban::from_bban("DE", "700205700004100117").unwrap(),
            amount: Amount::try_new(2_000, Currency::EUR).unwrap(),
            remittance: String::new().try_into().unwrap(),
            received_at: 100,
            sent_at,
            decided_at: outcome.is_some().then_some(200),
            creditor_bank: None,
            outcome,
            fee: None,
            limit: None,
        }
    }

    fn known(view: PaymentView) -> KnownPayment {
        let mut known = KnownPayment::default();
        known.answered(
            Payment {
                view,
                order: None,
                receipt: None,
                attestation: None,
            },
            None,
        );
        known
    }

    #[test]
    fn a_payment_goes_from_saved_to_paid() {
        assert_eq!(KnownPayment::default().standing(), Standing::Saved);
        assert_eq!(known(view(None, None)).standing(), Standing::Received);
        assert_eq!(known(view(Some(110), None)).standing(), Standing::OnItsWay);
        let paid = Outcome::Booked {
            posting: "7".to_owned(),
        };
        assert_eq!(
            known(view(Some(110), Some(paid))).standing(),
            Standing::Paid { at: 200 }
        );
    }

    #[test]
    fn a_receipt_that_came_by_itself_counts_at_once() {
        let mut known = known(view(Some(110), None));
        let ordered = known.ordered().unwrap();
        known.receipt = Some(Receipt {
            order: MessageId::new([1; 16]),
            order_digest: Digest::new([0; 32]),
            debtor_account: ordered.debtor_account,
            creditor_name: ordered.creditor_name.try_into().unwrap(),
            creditor_account: ordered.creditor_account,
            amount: ordered.amount,
            remittance: String::new().try_into().unwrap(),
            at: 300,
            outcome: Outcome::Refused {
                reason: Refusal::CreditorAccountUnknown,
            },
            parameters: 1,
            fee: None,
            limit: None,
            booking_day: None,
        });
        let reason = Refusal::CreditorAccountUnknown;
        assert_eq!(known.standing(), Standing::NotPaid { at: 300, reason });
        assert!(known.standing().is_final());
    }
}
