//! Payments between banks: the other bank's requests, answers and enquiries are read here, and judged
//! in `clearing`.

use super::{
    Processor,
    clearing::{Known, Payments},
    intake::{FRAME, Reason},
    link_aside::item_aside,
    link_open::Spoken,
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
        payment_in, payment_out,
        peer::PeerRow,
    },
};
use envelope::Verified;
use ledger::{AccountId, Hold};
use message::{
    Body, Digest, Kind, MessageId, Payload,
    interbank::{CreditTransfer, StatusReport, StatusRequest},
    receipt::Refusal,
};
use relay::link::LinkItem;
use sqlx::PgConnection;
use std::collections::HashSet;

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

impl Processor {
    /// Decides what a bank says, in order. Answers the numbers of what cannot be read.
    pub(super) async fn hear(
        &self,
        core: &mut PgConnection,
        peer: &PeerRow,
        shut: Option<Refusal>,
        spoken: Vec<Spoken>,
        work: &mut Work,
    ) -> Result<Vec<u64>, Fault> {
        let (mut unreadable, mut read, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for one in spoken {
            let (actor, verified, item) = (one.peer, one.verified, one.item);
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
            shut,
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
    pub(super) fn frame<B: Body>(&self, verified: &Verified) -> Result<Payload<B>, Reason> {
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
        ids.extend(known.holds.values().flat_map(Hold::accounts));
        let ids: Vec<AccountId> = ids.into_iter().collect();
        Books::lock(core, &ibans, &ids).await
    }
}
