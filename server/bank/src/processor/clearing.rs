//! What becomes of payments between banks: credited, concluded, enquired about.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    receipts::Ruling,
    work::Work,
};
use crate::{
    Fault,
    actor::Peer,
    books::Books,
    store::{
        payment_in::InRow,
        payment_out::{OutRow, OutState},
        peer::PeerRow,
        posting::{PostingKind, PostingRow},
    },
};
use envelope::Jws;
use ledger::{Decision, Hold, Instruction, Posting};
use message::{
    Amount, Digest, MessageId, Payload, Timestamp,
    interbank::{CreditTransfer, Status, StatusReport, StatusRequest},
    notice::Notice,
    order::PaymentOrder,
    receipt::Refusal,
    text::Name,
};
use std::collections::HashMap;

/// What is known of the payments that a batch is about.
pub(super) struct Known {
    /// Theirs: the digest of the request and our answer; empty while it is being written.
    pub(super) answered: HashMap<MessageId, (Digest, String)>,
    /// Ours.
    pub(super) sent: HashMap<MessageId, OutState>,
    pub(super) holds: HashMap<MessageId, Hold>,
    /// Names of our payers.
    pub(super) names: HashMap<i64, Name>,
}

impl Processor {
    /// Our final answer to another bank, given again whenever it is asked for.
    fn report(
        &self,
        peer: &PeerRow,
        payment: MessageId,
        request: (Digest, Option<String>),
        outcome: Result<i64, Refusal>,
        now: Timestamp,
    ) -> Draft {
        let (request_digest, request) = request;
        // Without the request only the enquiry's word for its digest is there: not confirmed.
        let seen = request.as_ref().map(|_| request_digest);
        let body = StatusReport {
            payment,
            debtor_agent: peer.bic.clone(),
            request_digest: seen,
            at: now,
            status: match outcome {
                Ok(posting) => Status::Accepted {
                    posting: posting.to_string(),
                },
                Err(reason) => Status::Rejected { reason },
            },
        };
        let payload = self.payload(peer.bic.to_string(), seen, body, now);
        let keep = Keep::In(Box::new(InRow {
            payment,
            request_digest,
            request,
            outcome,
            answer: String::new(),
        }));
        Draft::new(payload, keep, To::Peer(peer.bic.clone()))
    }
}

/// The payments of one batch. Each use case answers false for what contradicts what is known.
pub(super) struct Payments<'a> {
    pub(super) processor: &'a Processor,
    pub(super) known: Known,
    /// Why no new payments of other banks are taken.
    pub(super) shut: Option<Refusal>,
    pub(super) decided: Vec<(MessageId, bool, String)>,
}

impl Payments<'_> {
    /// A bank asks us to credit a payment.
    pub(super) fn credit(
        &mut self,
        peer: &Peer,
        payload: &Payload<CreditTransfer>,
        digest: Digest,
        jws: String,
        books: &mut Books,
        work: &mut Work,
    ) -> Result<bool, Fault> {
        let body = &payload.body;
        if let Some((known, answer)) = self.known.answered.get(&body.payment) {
            if *known == digest && !answer.is_empty() {
                let to = To::Peer(peer.row().bic.clone());
                work.drafts.push(Draft::again(Jws::parse(answer)?, to));
            }
            return Ok(*known == digest);
        }
        // From here on it is answered; the text of the answer is not needed again in this batch.
        self.known
            .answered
            .insert(body.payment, (digest, String::new()));
        let outcome = match self.judge(peer, body, books, work.now)? {
            Err(refusal) => Err(refusal),
            Ok(posting) => {
                let id = books.next_id()?;
                let row = PostingRow {
                    id,
                    kind: PostingKind::Incoming,
                    payment: Some(body.payment),
                    debtor_name: body.debtor_name.as_str().to_owned(),
                    debtor_iban: Some(body.debtor_account.as_str().to_owned()),
                    creditor_name: body.creditor_name.as_str().to_owned(),
                    creditor_iban: Some(body.creditor_account.as_str().to_owned()),
                    remittance: body.remittance.as_str().to_owned(),
                    amount: body.settlement_amount,
                };
                books.post(row, posting);
                let payee = books.by_iban(&body.creditor_account);
                if let Some(number) = payee.and_then(|row| row.customer) {
                    work.notices.push((number, None, money_in(body, work.now)));
                }
                Ok(id)
            }
        };
        let request = (digest, Some(jws));
        let report = self
            .processor
            .report(peer.row(), body.payment, request, outcome, work.now);
        work.drafts.push(report);
        Ok(true)
    }

    fn judge(
        &self,
        peer: &Peer,
        body: &CreditTransfer,
        books: &mut Books,
        now: Timestamp,
    ) -> Result<Result<Posting, Refusal>, Fault> {
        if now > body.accept_until {
            return Ok(Err(Refusal::DeadlinePassed));
        }
        if let Some(refusal) = self.shut.or(peer.row().shut) {
            return Ok(Err(refusal));
        }
        let Some(payee) = books.by_iban(&body.creditor_account) else {
            return Ok(Err(Refusal::CreditorAccountUnknown));
        };
        let instruction = Instruction::Credit {
            mirror: peer.row().mirror,
            creditor: payee.account.id,
            amount: body.settlement_amount,
        };
        match books.decide(&instruction)? {
            Decision::Posted(posting) => Ok(Ok(posting)),
            Decision::Refused(refusal) => Ok(Err(refusal)),
            Decision::SetAside(_) | Decision::Released(_) => Err(unasked()),
        }
    }

    /// A bank's final answer to a payment of ours.
    pub(super) fn conclude(
        &mut self,
        peer: &Peer,
        payload: &Payload<StatusReport>,
        jws: String,
        books: &mut Books,
        work: &mut Work,
    ) -> Result<bool, Fault> {
        let body = &payload.body;
        let accepted = matches!(body.status, Status::Accepted { .. });
        let Some(state) = self.known.sent.get(&body.payment) else {
            return Ok(false);
        };
        // A bank that never saw the request can only reject.
        let fits = match body.request_digest {
            Some(digest) => digest == state.row.request_digest,
            None => !accepted,
        };
        if !fits || state.row.peer != peer.row().bic {
            return Ok(false);
        }
        if let Some(before) = state.accepted {
            return Ok(before == accepted);
        }
        let outcome = match body.status {
            Status::Accepted { .. } => Ok(()),
            Status::Rejected { reason } => Err(reason),
        };
        self.finish(body.payment, outcome, jws, books, work)?;
        Ok(true)
    }

    /// Ends a payment of ours: it is booked, or what was set aside is available again. `evidence` is
    /// what was signed by whoever decided it.
    pub(super) fn finish(
        &mut self,
        payment: MessageId,
        outcome: Result<(), Refusal>,
        evidence: String,
        books: &mut Books,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let accepted = outcome.is_ok();
        let missing = |table| Fault::Row {
            table,
            column: "payment",
        };
        let state = self.known.sent.get_mut(&payment);
        let state = state.ok_or_else(|| missing("payment_out"))?;
        state.accepted = Some(accepted);
        let row = state.row.clone();
        let order = Jws::parse(&state.order)?;
        let order: Payload<PaymentOrder> = serde_json::from_slice(order.unverified_payload())
            .map_err(|_| envelope::Malformed("stored order"))?;
        let hold = self.known.holds.get(&payment);
        let hold = *hold.ok_or_else(|| missing("hold"))?;
        books.end_hold(payment, accepted);
        let outcome = match outcome {
            Ok(()) => Ok(self.book(&row, &order, hold, books)?),
            Err(reason) => match books.decide(&Instruction::Release(hold))? {
                Decision::Released(_) => Err(reason),
                _ => return Err(unasked()),
            },
        };
        self.decided.push((payment, accepted, evidence));
        let fee = hold.fee.filter(|_| accepted);
        let currency = hold.amount.currency();
        let ruling = Ruling {
            outcome,
            // What was promised when it was sent holds, whatever was laid down since.
            parameters: row.parameters,
            fee: fee.and_then(|fee| Amount::try_new(fee.minor, currency).ok()),
            limit: None,
            booking_day: row.booking_day.filter(|_| accepted),
        };
        let to = To::Customer(row.customer, row.signer);
        let receipt =
            self.processor
                .receipt(row.order_digest, row.signer, &order, ruling, to, work.now);
        work.drafts.push(receipt);
        Ok(())
    }

    fn book(
        &self,
        row: &OutRow,
        order: &Payload<PaymentOrder>,
        hold: Hold,
        books: &mut Books,
    ) -> Result<i64, Fault> {
        let Decision::Posted(posting) = books.decide(&Instruction::Book(hold))? else {
            return Err(unasked());
        };
        let debtor = self.known.names.get(&row.customer).ok_or(Fault::Row {
            table: "customer",
            column: "number",
        })?;
        let id = books.next_id()?;
        let described = PostingRow {
            id,
            kind: PostingKind::Outgoing,
            payment: Some(row.payment),
            debtor_name: debtor.as_str().to_owned(),
            debtor_iban: Some(order.body.debtor_account.as_str().to_owned()),
            creditor_name: order.body.creditor_name.as_str().to_owned(),
            creditor_iban: Some(order.body.creditor_account.as_str().to_owned()),
            remittance: order.body.remittance.as_str().to_owned(),
            amount: order.body.instructed_amount,
        };
        books.post(described, posting);
        Ok(id)
    }

    /// A bank asks what became of a payment. One that was never seen is rejected for ever.
    pub(super) fn enquired(
        &mut self,
        peer: &Peer,
        payload: &Payload<StatusRequest>,
        work: &mut Work,
    ) -> Result<bool, Fault> {
        let body = &payload.body;
        match self.known.answered.get(&body.payment) {
            Some((digest, _)) if *digest != body.request_digest => Ok(false),
            // Answered in this batch: the answer is on its way already.
            Some((_, answer)) if answer.is_empty() => Ok(true),
            Some((_, answer)) => {
                let to = To::Peer(peer.row().bic.clone());
                work.drafts.push(Draft::again(Jws::parse(answer)?, to));
                Ok(true)
            }
            None => {
                let answered = (body.request_digest, String::new());
                self.known.answered.insert(body.payment, answered);
                let request = (body.request_digest, None);
                let refused = Err(Refusal::DeadlinePassed);
                let report =
                    self.processor
                        .report(peer.row(), body.payment, request, refused, work.now);
                work.drafts.push(report);
                Ok(true)
            }
        }
    }
}

fn money_in(body: &CreditTransfer, at: Timestamp) -> Notice {
    Notice::MoneyIn {
        account: body.creditor_account.clone(),
        amount: body.settlement_amount,
        debtor_name: body.debtor_name.clone(),
        debtor_account: body.debtor_account.clone(),
        remittance: body.remittance.clone(),
        payment: body.payment,
        at,
    }
}

fn unasked() -> Fault {
    Fault::Setup("the ledger answered another question".to_owned())
}
