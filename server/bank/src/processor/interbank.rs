//! Payments between banks: the other bank's requests, answers and enquiries.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::{FRAME, Reason},
    link_batch::{deals, item_aside},
    work::Work,
};
use crate::{
    Fault,
    actor::Peer,
    books::Books,
    store::{
        alarm::Alarm,
        customer, hold,
        inbox::{self, InboxRow},
        payment_in::{self, InRow},
        payment_out::{self, OutState},
        peer::PeerRow,
        posting::{PostingKind, PostingRow},
    },
};
use envelope::{Jws, Verified};
use ledger::{AccountId, Decision, Hold, Instruction, Posting};
use message::{
    Body, Digest, Kind, MessageId, Payload, Timestamp,
    interbank::{CreditTransfer, Status, StatusReport, StatusRequest},
    notice::Notice,
    order::PaymentOrder,
    receipt::Refusal,
    text::Name,
};
use relay::link::LinkItem;
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

const UNEXPECTED: Reason = (
    "unexpected-kind",
    "A bank does not send messages of this kind.",
);
const CONTRADICTION: Reason = (
    "contradiction",
    "The message contradicts an earlier one of the same bank, or a payment of ours.",
);

/// What another bank says.
enum Heard {
    Request(Payload<CreditTransfer>, Digest, String),
    Report(Payload<StatusReport>, String),
    Enquiry(Payload<StatusRequest>),
}

impl Heard {
    fn payment(&self) -> MessageId {
        match self {
            Heard::Request(p, ..) => p.body.payment,
            Heard::Report(p, _) => p.body.payment,
            Heard::Enquiry(p) => p.body.payment,
        }
    }
}

/// What is known of the payments that a batch is about.
struct Known {
    answered: HashMap<MessageId, (Digest, String)>,
    sent: HashMap<MessageId, OutState>,
    holds: HashMap<MessageId, Hold>,
    names: HashMap<i64, Name>,
}

impl Processor {
    /// Decides what a bank says, in order. Answers the numbers of what cannot be read.
    pub(super) async fn hear(
        &self,
        core: &mut PgConnection,
        peer: &PeerRow,
        heard: Vec<(Peer, Verified, LinkItem)>,
        work: &mut Work,
    ) -> Result<Vec<u64>, Fault> {
        let (mut unreadable, mut read, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for (actor, verified, item) in heard {
            match self.read(&actor, &verified) {
                Ok((id, heard)) => {
                    rows.push(InboxRow {
                        identity: (verified.signer(), id),
                        digest: verified.digest(),
                        kind: verified.kind(),
                    });
                    read.push((actor, heard, item));
                }
                Err(reason) => {
                    unreadable.push(item.seq);
                    work.aside.push(item_aside(&item, reason));
                }
            }
        }
        // Sent again, an item is judged by what became of its payment: the inbox only records it.
        let mut seen = HashSet::new();
        rows.retain(|row| seen.insert(row.identity));
        inbox::take(core, &rows, &work.source, work.now).await?;
        let known = self.known(core, peer, &read).await?;
        let mut books = self.books_for(core, peer, &read, &known).await?;
        books.reserve(core, read.len()).await?;
        let mut payments = Payments {
            processor: self,
            known,
            decided: Vec::new(),
        };
        for (actor, heard, item) in read {
            let done = match heard {
                Heard::Request(payload, digest, jws) => {
                    payments.credit(&actor, &payload, digest, jws, &mut books, work)?
                }
                Heard::Report(payload, jws) => {
                    payments.conclude(&actor, &payload, jws, &mut books, work)?
                }
                Heard::Enquiry(payload) => payments.enquired(&actor, &payload, work)?,
            };
            if !done {
                work.aside.push(item_aside(&item, CONTRADICTION));
                work.alarms.push(Alarm {
                    party: work.source.clone(),
                    epoch: i32::try_from(item.epoch).unwrap_or(i32::MAX),
                    seq: i64::try_from(item.seq).unwrap_or(i64::MAX),
                    what: CONTRADICTION.0,
                    detail: CONTRADICTION.1.to_owned(),
                });
            }
        }
        payment_out::decide(core, &payments.decided, work.now).await?;
        books.write(core, work.now).await?;
        Ok(unreadable)
    }

    fn read(&self, actor: &Peer, verified: &Verified) -> Result<(MessageId, Heard), Reason> {
        let jws = verified.jws().as_str().to_owned();
        Ok(match verified.kind() {
            Kind::CreditTransfer => {
                let payload: Payload<CreditTransfer> = self.frame(verified)?;
                let body = &payload.body;
                let parties = body.debtor_agent == actor.row().bic
                    && body.creditor_agent == self.keyring.bank.bic
                    && body.debtor_account.has_prefix(&actor.row().iban_prefix);
                if !parties {
                    return Err(FRAME);
                }
                (payload.jti, Heard::Request(payload, verified.digest(), jws))
            }
            Kind::StatusReport => {
                let payload: Payload<StatusReport> = self.frame(verified)?;
                if payload.body.debtor_agent != self.keyring.bank.bic {
                    return Err(FRAME);
                }
                (payload.jti, Heard::Report(payload, jws))
            }
            Kind::StatusRequest => {
                let payload: Payload<StatusRequest> = self.frame(verified)?;
                (payload.jti, Heard::Enquiry(payload))
            }
            _ => return Err(UNEXPECTED),
        })
    }

    /// Issuer and audience. Whether its time has run out does not count between banks: requests name
    /// their deadline, and answers are final whenever they come.
    fn frame<B: Body>(&self, verified: &Verified) -> Result<Payload<B>, Reason> {
        let payload: Payload<B> = verified.payload().map_err(|_| FRAME)?;
        let signer = verified.signer().to_string();
        payload
            .check_frame(&signer, self.keyring.bank.bic.as_str())
            .map_err(|_| FRAME)?;
        Ok(payload)
    }

    async fn known(
        &self,
        core: &mut PgConnection,
        peer: &PeerRow,
        read: &[(Peer, Heard, LinkItem)],
    ) -> Result<Known, Fault> {
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for (_, heard, _) in read {
            match heard {
                Heard::Report(..) => ours.push(heard.payment()),
                _ => theirs.push(heard.payment()),
            }
        }
        let sent = payment_out::lock(core, &ours).await?;
        let customers: HashSet<i64> = sent.iter().map(|state| state.row.customer).collect();
        let customers: Vec<i64> = customers.into_iter().collect();
        Ok(Known {
            answered: payment_in::answered(core, peer.bic.as_str(), &theirs).await?,
            names: customer::names(core, &customers).await?,
            holds: hold::open(core, &ours).await?,
            sent: sent
                .into_iter()
                .map(|state| (state.row.payment, state))
                .collect(),
        })
    }

    async fn books_for(
        &self,
        core: &mut PgConnection,
        peer: &PeerRow,
        read: &[(Peer, Heard, LinkItem)],
        known: &Known,
    ) -> Result<Books, Fault> {
        let ibans: HashSet<&str> = read
            .iter()
            .filter_map(|(_, heard, _)| match heard {
                Heard::Request(payload, ..) => Some(payload.body.creditor_account.as_str()),
                _ => None,
            })
            .collect();
        let ibans: Vec<&str> = ibans.into_iter().collect();
        let mut ids: HashSet<AccountId> = HashSet::from([peer.mirror]);
        ids.extend(known.holds.values().flat_map(|h| [h.debtor, h.mirror]));
        let ids: Vec<AccountId> = ids.into_iter().collect();
        Books::lock(core, &ibans, &ids).await
    }

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
struct Payments<'a> {
    processor: &'a Processor,
    known: Known,
    decided: Vec<(MessageId, bool, String)>,
}

impl Payments<'_> {
    /// A bank asks us to credit a payment.
    fn credit(
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
        if !deals(peer.row()) {
            return Ok(Err(Refusal::PeerUnavailable));
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
    fn conclude(
        &mut self,
        peer: &Peer,
        payload: &Payload<StatusReport>,
        jws: String,
        books: &mut Books,
        work: &mut Work,
    ) -> Result<bool, Fault> {
        let body = &payload.body;
        let accepted = matches!(body.status, Status::Accepted { .. });
        let Some(state) = self.known.sent.get_mut(&body.payment) else {
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
        state.accepted = Some(accepted);
        let row = state.row.clone();
        let order = Jws::parse(&state.order)?;
        let order: Payload<PaymentOrder> = serde_json::from_slice(order.unverified_payload())
            .map_err(|_| envelope::Malformed("stored order"))?;
        let hold = *self.known.holds.get(&body.payment).ok_or(Fault::Row {
            table: "hold",
            column: "payment",
        })?;
        books.end_hold(body.payment, accepted);
        let outcome = match &body.status {
            Status::Accepted { .. } => Ok(self.book(&row, &order, hold, books)?),
            Status::Rejected { reason } => match books.decide(&Instruction::Release(hold))? {
                Decision::Released(_) => Err(*reason),
                _ => return Err(unasked()),
            },
        };
        self.decided.push((body.payment, accepted, jws));
        let to = To::Customer(row.customer);
        let receipt =
            self.processor
                .receipt(row.order_digest, row.signer, &order, outcome, to, work.now);
        work.drafts.push(receipt);
        Ok(true)
    }

    fn book(
        &self,
        row: &payment_out::OutRow,
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
    fn enquired(
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
