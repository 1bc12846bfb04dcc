//! Orders that are signed and stored are brought to the bank, until the bank says that it has them
//! and what became of them.

use crate::{
    bank::Met,
    host::Host,
    state::{Outgoing, Worker, fault},
};
use envelope::{Jwe, Jws};
use message::{
    MessageId, SessionId,
    receipt::Refusal,
    worker::{Failure, StoredOrder},
};

/// Pauses after attempts that failed.
const BACKOFF_MS: [u32; 6] = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000];

/// Looks into the mailbox after an edge has stored the order.
const LOOK_MS: [u32; 12] = [
    150, 250, 400, 700, 1_000, 1_500, 2_000, 2_000, 3_000, 3_000, 3_000, 3_000,
];

/// How often the bank is asked about a payment that is on its way to another bank.
const ON_ITS_WAY_MS: u32 = 60_000;

/// What is to be done for an order.
enum Next {
    /// Bring it to an edge.
    Send(String),
    /// An edge has it; the bank has not said anything.
    Watch,
    /// The bank has it.
    Wait,
}

fn backoff(failures: usize) -> u32 {
    let last = BACKOFF_MS[BACKOFF_MS.len() - 1];
    BACKOFF_MS.get(failures).copied().unwrap_or(last)
}

impl<H: Host> Worker<H> {
    /// Takes over what an earlier page stored, and goes on with it.
    pub(crate) fn resume_orders(&self, orders: Vec<StoredOrder>) -> Result<(), Failure> {
        for stored in orders {
            let id = stored.payment;
            let Some((jws, _)) = self.kept_order(&stored)? else {
                self.host
                    .warn("a stored order does not belong to this device: left alone");
                continue;
            };
            let known = false;
            let outgoing = Outgoing { stored, jws, known };
            self.with_open(|open| open.orders.insert(id, outgoing))?;
            self.start_delivery(id);
        }
        Ok(())
    }

    /// Goes on until the order is final or the worker is locked.
    pub(crate) fn start_delivery(&self, id: MessageId) {
        let epoch = self.epoch();
        self.spawn(|me| async move { me.bring(id, epoch).await });
    }

    fn next_step(&self, id: MessageId, epoch: u64) -> Option<Next> {
        if !self.still(epoch) {
            return None;
        }
        self.with_open(|open| {
            let order = open.orders.get(&id)?;
            Some(match (order.stored.accepted, order.known) {
                (_, true) => Next::Wait,
                (true, false) => Next::Watch,
                (false, false) => Next::Send(order.stored.envelope.clone()),
            })
        })
        .ok()
        .flatten()
    }

    async fn bring(&self, id: MessageId, epoch: u64) {
        let mut failures = 0;
        while let Some(next) = self.next_step(id, epoch) {
            let outcome = match next {
                Next::Send(envelope) => match self.send_order(id, &envelope).await {
                    // An edge that does not take this envelope may take the order sealed anew.
                    Err(Failure::Fault { why }) => {
                        self.host.warn(&why);
                        self.seal_order_anew(id).await.and(Err(fault(why)))
                    }
                    other => other,
                },
                Next::Watch => {
                    self.watch(id, epoch).await;
                    match self.next_step(id, epoch) {
                        Some(Next::Watch) => self.enquire(id).await,
                        _ => Ok(()),
                    }
                }
                Next::Wait => {
                    self.host.sleep(ON_ITS_WAY_MS).await;
                    match self.next_step(id, epoch) {
                        Some(_) => self.enquire(id).await,
                        None => Ok(()),
                    }
                }
            };
            match outcome {
                Ok(()) => failures = 0,
                Err(Failure::Locked) => return,
                Err(_) => {
                    self.host.sleep(backoff(failures)).await;
                    failures += 1;
                }
            }
        }
    }

    /// Hands the order to an edge as it is stored, and notes that.
    pub(crate) async fn send_order(&self, id: MessageId, envelope: &str) -> Result<(), Failure> {
        self.post_envelope(envelope).await?;
        let accepted = self.with_open(|open| {
            let order = open.orders.get_mut(&id)?;
            order.stored.accepted = true;
            Some(order.stored.clone())
        })?;
        match accepted {
            Some(order) => self.store_order(&order),
            // The receipt was quicker.
            None => Ok(()),
        }
    }

    fn store_order(&self, order: &StoredOrder) -> Result<(), Failure> {
        let key = self.order_key(order.payment)?;
        let value = serde_json::to_string(order).map_err(fault)?;
        self.store(key, Some(value));
        Ok(())
    }

    /// Looks into the mailbox for the answer, unless the event stream does.
    async fn watch(&self, id: MessageId, epoch: u64) {
        for pause in LOOK_MS {
            self.host.sleep(pause).await;
            if !matches!(self.next_step(id, epoch), Some(Next::Watch)) {
                return;
            }
            if !self.with(|state| state.listening) {
                let _ = self.read_mail().await;
            }
        }
    }

    /// Asks the bank what became of the order. One that it never got is sealed again and sent.
    pub(crate) async fn enquire(&self, id: MessageId) -> Result<(), Failure> {
        let payment = match self.ask_payment(id).await {
            Ok(payment) => payment,
            Err(Failure::Refused { code, .. }) if code == Refusal::NotFound.code() => {
                return self.seal_order_anew(id).await;
            }
            Err(failure) => return Err(failure),
        };
        if let Some(text) = &payment.receipt {
            self.check_payment(&payment).await?;
            let jws = Jws::parse(text).map_err(fault)?;
            let receipt = self.check_receipt(&jws, None).await?;
            let re = Some(receipt.order_digest);
            self.take_receipt(receipt, re)?;
        }
        Ok(())
    }

    /// Seals the same signed bytes to the bank's key: for a session that has ended, or an envelope
    /// that was lost.
    async fn seal_order_anew(&self, id: MessageId) -> Result<(), Failure> {
        self.bank_ready().await?;
        let jws = self.with_open(|open| open.orders.get(&id).map(|order| order.jws.clone()))?;
        let Some(jws) = jws else {
            return Ok(());
        };
        let envelope = self.seal(&jws, false)?;
        let order = self.with_open(|open| {
            let order = open.orders.get_mut(&id)?;
            order.stored.envelope = envelope.as_str().to_owned();
            order.stored.accepted = false;
            Some(order.stored.clone())
        })?;
        order.map_or(Ok(()), |order| self.store_order(&order))
    }

    /// The bank does not know the session of an envelope: whatever was sent in it and is not answered
    /// is sealed again.
    pub(crate) fn seal_again(&self, session: SessionId) -> Result<(), Failure> {
        self.drop_session(session)?;
        // A processor may have been removed: whoever seals next looks at the bank's keys anew.
        self.with(|state| state.met.iter_mut().for_each(Met::doubt));
        for digest in self.pending_in(session) {
            self.spawn(|me| async move {
                let ready = me.bank_ready().await;
                if let Err(failure) = ready.and(me.send_anew(digest).await) {
                    me.host.warn(&format!("sealing again: {failure:?}"));
                }
            });
        }
        let orders: Vec<MessageId> = self.with_open(|open| {
            let sealed_in = |order: &Outgoing| {
                let envelope = Jwe::parse(&order.stored.envelope).ok();
                envelope.and_then(|jwe| crate::session::session_of(&jwe))
            };
            let orders = open.orders.iter();
            orders
                .filter(|(_, order)| !order.known && sealed_in(order) == Some(session))
                .map(|(id, _)| *id)
                .collect()
        })?;
        for id in orders {
            self.spawn(|me| async move {
                // The order's own task sends it next, at the latest when it asks; this is sooner.
                let sealed = me.seal_order_anew(id).await;
                let envelope = me.with_open(|open| {
                    let order = open.orders.get(&id)?;
                    Some(order.stored.envelope.clone())
                });
                if let (Ok(()), Ok(Some(envelope))) = (sealed, envelope) {
                    let _ = me.send_order(id, &envelope).await;
                }
            });
        }
        Ok(())
    }

    /// The bank has the order.
    pub(crate) fn order_known(&self, id: MessageId) -> Result<(), Failure> {
        self.with_open(|open| {
            if let Some(order) = open.orders.get_mut(&id) {
                order.known = true;
            }
        })
    }

    /// The order has its outcome: it need not be kept any more.
    pub(crate) fn order_final(&self, id: MessageId) -> Result<(), Failure> {
        if self.with_open(|open| open.orders.remove(&id))?.is_some() {
            let key = self.order_key(id)?;
            self.store(key, None);
        }
        Ok(())
    }
}
