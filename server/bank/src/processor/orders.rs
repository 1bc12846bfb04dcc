//! Payment orders: where each goes, what the ledger says, and what is written and told of it.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    front_batch::Judged,
    intake::{Message, Said},
    limits::Limits,
    receipts::Ruling,
    work::{Peers, Work},
};
use crate::{
    Customer, Fault,
    books::Books,
    store::{
        customer,
        customer_order::{self, OrderRow},
        payment_out::OutRow,
        peer::PeerRow,
        posting::{PostingKind, PostingRow},
    },
};
use ledger::{Decision, Hold, Instruction, Posting};
use message::{
    Amount, MessageId, Payload, Timestamp,
    day::Day,
    interbank::{ACCEPTANCE_SECONDS, CreditTransfer},
    notice::Notice,
    order::PaymentOrder,
    receipt::Refusal,
    text::Name,
};
use sqlx::PgConnection;
use std::collections::{BTreeSet, HashSet};

/// An order whose signature holds, with the customer behind it.
struct Ordered<'a> {
    message: &'a Message,
    payload: &'a Payload<PaymentOrder>,
    /// Why not, when the device may not sign orders.
    customer: Result<Customer, Refusal>,
}

/// Where an order goes.
enum Route<'p> {
    Inside,
    To(&'p PeerRow),
}

/// What becomes of it.
enum Verdict<'p> {
    Booked(Posting),
    Sent(Hold, &'p PeerRow),
    /// With the limit that it is above.
    Refused(Refusal, Option<Amount>),
}

impl Processor {
    /// Decides the orders among these messages, in the order in which they came.
    /// `judged` says of each who is behind it, as of the moment it came.
    pub(super) async fn decide_orders(
        &self,
        core: &mut PgConnection,
        fresh: &[&Message],
        judged: &Judged,
        peers: &Peers,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let orders: Vec<Ordered<'_>> = fresh
            .iter()
            .filter_map(|message| match &message.said {
                Said::Order(payload) => Some(Ordered {
                    message,
                    payload,
                    customer: judged
                        .get(&message.verified.digest())
                        .copied()
                        .unwrap_or(Err(Refusal::DeviceNotActive)),
                }),
                _ => None,
            })
            .collect();
        if orders.is_empty() {
            return Ok(());
        }
        let routes = self.routes(core, &orders, peers, work.now).await?;
        let payers: BTreeSet<i64> = orders
            .iter()
            .zip(&routes)
            .filter_map(|(ordered, route)| route.as_ref().ok().and(ordered.customer.ok()))
            .map(|customer| customer.number())
            .collect();
        let version = work.parameters.as_ref();
        let mut limits = self.limits(core, version, &payers, work.now).await?;
        let mut books = self.books(core, &orders, &routes, &limits).await?;
        let mut verdicts = Vec::with_capacity(orders.len());
        for (ordered, route) in orders.iter().zip(&routes) {
            verdicts.push(decide(&mut books, ordered, route, &mut limits)?);
        }
        let day = limits.booking_day(work.now);
        self.record(core, (&orders, &verdicts), day, &mut books, work)
            .await?;
        limits.write(core).await?;
        books.write(core, work.now).await
    }

    /// Where each order goes, or why it goes nowhere.
    async fn routes<'p>(
        &self,
        core: &mut PgConnection,
        orders: &[Ordered<'_>],
        peers: &'p Peers,
        now: Timestamp,
    ) -> Result<Vec<Result<Route<'p>, Refusal>>, Fault> {
        let ids: Vec<MessageId> = orders.iter().map(|o| o.payload.jti).collect();
        let mut taken: HashSet<MessageId> = customer_order::taken(core, &ids).await?;
        let route = |ordered: &Ordered<'_>| {
            ordered.customer?;
            // Other banks know a payment by this id, so another device's order has it for itself.
            if !taken.insert(ordered.payload.jti) {
                return Err(Refusal::SameIdOtherContent);
            }
            if !ordered.message.said.in_time(now) {
                return Err(Refusal::Expired);
            }
            let creditor = &ordered.payload.body.creditor_account;
            if creditor.has_prefix(&self.keyring.bank.iban_prefix) {
                return Ok(Route::Inside);
            }
            let peer = peers.of_iban(creditor).ok_or(Refusal::BankUnknown)?;
            peers.reachable(peer).map(|()| Route::To(peer))
        };
        Ok(orders.iter().map(route).collect())
    }

    /// Locks the accounts that the orders touch.
    async fn books(
        &self,
        core: &mut PgConnection,
        orders: &[Ordered<'_>],
        routes: &[Result<Route<'_>, Refusal>],
        limits: &Limits,
    ) -> Result<Books, Fault> {
        let (mut ibans, mut ids) = (HashSet::new(), HashSet::new());
        for (ordered, route) in orders.iter().zip(routes) {
            let order = &ordered.payload.body;
            match route {
                Err(_) => continue,
                Ok(Route::Inside) => drop(ibans.insert(order.creditor_account.as_str())),
                Ok(Route::To(peer)) => drop(ids.insert(peer.mirror)),
            }
            ibans.insert(order.debtor_account.as_str());
        }
        let ibans: Vec<&str> = ibans.into_iter().collect();
        ids.extend(limits.income());
        let ids: Vec<_> = ids.into_iter().collect();
        Books::lock(core, &ibans, &ids).await
    }

    /// Gathers what is written and told of each order.
    async fn record(
        &self,
        core: &mut PgConnection,
        (orders, verdicts): (&[Ordered<'_>], &[Verdict<'_>]),
        day: Option<Day>,
        books: &mut Books,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let customers: HashSet<i64> = orders
            .iter()
            .filter_map(|o| Some(o.customer.ok()?.number()))
            .collect();
        let customers: Vec<i64> = customers.into_iter().collect();
        let names = customer::names(core, &customers).await?;
        let booked = verdicts.iter().filter(|v| matches!(v, Verdict::Booked(_)));
        books.reserve(core, booked.count()).await?;
        let mut rows = Vec::with_capacity(orders.len());
        for (ordered, verdict) in orders.iter().zip(verdicts) {
            let customer = match ordered.customer {
                Ok(customer) => customer,
                Err(refusal) => {
                    self.refuse_device(ordered, refusal, work);
                    continue;
                }
            };
            let name = names.get(&customer.number()).ok_or(Fault::Row {
                table: "customer",
                column: "number",
            })?;
            if !matches!(verdict, Verdict::Refused(Refusal::SameIdOtherContent, _)) {
                rows.push(OrderRow {
                    message_id: ordered.payload.jti,
                    signer: ordered.message.verified.signer(),
                    digest: ordered.message.verified.digest(),
                    jws: ordered.message.verified.jws().as_str().to_owned(),
                    customer: customer.number(),
                    order: ordered.payload.body.clone(),
                });
            }
            let mut ruling = Ruling::refused(Refusal::NotFound, work.version());
            match verdict {
                Verdict::Refused(refusal, limit) => {
                    ruling.outcome = Err(*refusal);
                    ruling.limit = *limit;
                }
                Verdict::Sent(hold, peer) => {
                    books.set_aside(ordered.payload.jti, *hold);
                    self.send(&customer, ordered, name, peer, day, work);
                    continue;
                }
                Verdict::Booked(posting) => {
                    ruling.outcome = Ok(self.book(ordered, name, *posting, books, work)?);
                    ruling.fee = posting.fee_taken();
                }
            };
            let verified = &ordered.message.verified;
            work.drafts.push(self.receipt(
                verified.digest(),
                verified.signer(),
                ordered.payload,
                ruling,
                To::Customer(customer.number(), verified.signer()),
                work.now,
            ));
        }
        customer_order::insert(core, &rows, work.now).await
    }

    /// Paid within the bank: the posting, and the payee is told.
    fn book(
        &self,
        ordered: &Ordered<'_>,
        debtor_name: &Name,
        posting: Posting,
        books: &mut Books,
        work: &mut Work,
    ) -> Result<i64, Fault> {
        let order = &ordered.payload.body;
        let id = books.next_id()?;
        let row = PostingRow {
            id,
            kind: PostingKind::Payment,
            payment: Some(ordered.payload.jti),
            debtor_name: debtor_name.as_str().to_owned(),
            debtor_iban: Some(order.debtor_account.as_str().to_owned()),
            creditor_name: order.creditor_name.as_str().to_owned(),
            creditor_iban: Some(order.creditor_account.as_str().to_owned()),
            remittance: order.remittance.as_str().to_owned(),
            amount: order.instructed_amount,
        };
        books.post(row, posting);
        let payee = books
            .by_iban(&order.creditor_account)
            .and_then(|row| row.customer);
        if let Some(payee) = payee {
            let notice = Notice::MoneyIn {
                account: order.creditor_account.clone(),
                amount: order.instructed_amount,
                debtor_name: debtor_name.clone(),
                debtor_account: order.debtor_account.clone(),
                remittance: order.remittance.clone(),
                payment: ordered.payload.jti,
                at: work.now,
            };
            work.notices.push((payee, None, notice));
        }
        Ok(id)
    }

    /// Set aside here, asked for there: the other bank's answer decides.
    fn send(
        &self,
        customer: &Customer,
        ordered: &Ordered<'_>,
        debtor_name: &Name,
        peer: &PeerRow,
        booking_day: Option<Day>,
        work: &mut Work,
    ) {
        let (order, payment) = (&ordered.payload.body, ordered.payload.jti);
        let accept_until = work.now.saturating_add(ACCEPTANCE_SECONDS);
        let body = CreditTransfer {
            payment,
            debtor_agent: self.keyring.bank.bic.clone(),
            debtor_name: debtor_name.clone(),
            debtor_account: order.debtor_account.clone(),
            creditor_agent: peer.bic.clone(),
            creditor_name: order.creditor_name.clone(),
            creditor_account: order.creditor_account.clone(),
            settlement_amount: order.instructed_amount,
            remittance: order.remittance.clone(),
            accept_until,
        };
        let verified = &ordered.message.verified;
        let keep = Keep::Out(Box::new(OutRow {
            payment,
            signer: verified.signer(),
            order_digest: verified.digest(),
            customer: customer.number(),
            peer: peer.bic.clone(),
            request_digest: verified.digest(),
            request: String::new(),
            accept_until,
            parameters: work.version(),
            booking_day,
        }));
        let payload = self.payload(peer.bic.to_string(), None, body, work.now);
        let to = To::Peer(peer.bic.clone());
        work.drafts.push(Draft::new(payload, keep, to));
        let notice = Notice::OnItsWay {
            payment,
            account: order.debtor_account.clone(),
            amount: order.instructed_amount,
            creditor_bank: peer.name.clone(),
            at: work.now,
        };
        work.notices.push((customer.number(), None, notice));
    }

    /// A device that may not sign orders: told so itself; what does not count at all is put aside.
    fn refuse_device(&self, ordered: &Ordered<'_>, refusal: Refusal, work: &mut Work) {
        let verified = &ordered.message.verified;
        work.drafts.push(self.receipt(
            verified.digest(),
            verified.signer(),
            ordered.payload,
            Ruling::refused(refusal, work.version()),
            To::Device(verified.signer()),
            work.now,
        ));
        let reason = (
            "device-not-active",
            "The order is signed by a device that is revoked or not active yet.",
        );
        if matches!(refusal, Refusal::DeviceNotActive | Refusal::DeviceReplaced) {
            work.aside
                .push(super::intake::aside(&ordered.message.envelope, reason));
        }
    }
}

/// Puts one order to the ledger.
fn decide<'p>(
    books: &mut Books,
    ordered: &Ordered<'_>,
    route: &Result<Route<'p>, Refusal>,
    limits: &mut Limits,
) -> Result<Verdict<'p>, Fault> {
    let refused = |refusal| Ok(Verdict::Refused(refusal, None));
    let (route, customer) = match (route, ordered.customer) {
        (Ok(route), Ok(customer)) => (route, customer),
        (Err(refusal), _) => return refused(*refusal),
        (Ok(_), Err(refusal)) => return refused(refusal),
    };
    let order = &ordered.payload.body;
    let amount = order.instructed_amount;
    let debtor = match books.by_iban(&order.debtor_account) {
        Some(row) if row.customer == Some(customer.number()) => row.account.id,
        _ => return refused(Refusal::DebtorAccountUnknown),
    };
    if let Err((refusal, limit)) = limits.check(customer.number(), amount) {
        return Ok(Verdict::Refused(refusal, limit));
    }
    let instruction = match route {
        Route::Inside => match books.by_iban(&order.creditor_account) {
            Some(row) => Instruction::Pay {
                debtor,
                creditor: row.account.id,
                amount,
                fee: limits.fee(false),
            },
            None => return refused(Refusal::CreditorAccountUnknown),
        },
        Route::To(peer) => Instruction::SetAside(Hold {
            debtor,
            mirror: peer.mirror,
            amount,
            fee: limits.fee(true),
        }),
    };
    let verdict = match (books.decide(&instruction)?, route) {
        (Decision::Posted(posting), _) => Verdict::Booked(posting),
        (Decision::SetAside(hold), Route::To(peer)) => Verdict::Sent(hold, peer),
        (Decision::Refused(refusal), _) => return refused(refusal),
        (Decision::SetAside(_) | Decision::Released(_), _) => {
            return Err(Fault::Setup(
                "the ledger answered another question".to_owned(),
            ));
        }
    };
    limits.count(customer.number(), amount);
    Ok(verdict)
}
