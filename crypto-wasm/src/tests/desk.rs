//! The page's side of a test: asks, and drives the worker until it has answered.

use super::{
    bank::Bank,
    host::{Host, Place},
    pki::START,
};
use crate::Worker;
use futures::executor::LocalPool;
use message::{
    MessageId,
    worker::{Answer, Ask, Failure, FromWorker, StoredDevice, StoredOrder, stored, wire::Wire},
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

pub(super) const PASSPHRASE: &str = "correct horse battery";

pub(super) struct Desk {
    pool: LocalPool,
    pub(super) place: Rc<Place>,
    pub(super) worker: Rc<Worker<Host>>,
    next: u32,
    seen: usize,
    /// The page does not answer `Store` events.
    pub(super) deaf: bool,
}

impl Desk {
    pub(super) fn new(bank: Bank) -> Self {
        Self::beside(Rc::new(RefCell::new(bank)), Rc::default(), START * 1000)
    }

    pub(super) fn beside(
        bank: Rc<RefCell<Bank>>,
        storage: Rc<RefCell<BTreeMap<String, String>>>,
        now_ms: i64,
    ) -> Self {
        let pool = LocalPool::new();
        let place = Place::new(pool.spawner(), now_ms, bank, storage);
        let worker = Worker::new(Host(Rc::clone(&place)));
        worker.ready();
        let mut desk = Self {
            pool,
            place,
            worker,
            next: 0,
            seen: 0,
            deaf: false,
        };
        let (edges, bank) = {
            let bank = desk.bank();
            (bank.edges.clone(), bank.pki.bic.clone())
        };
        desk.ask(Ask::Configure {
            edges,
            bank,
            integrity: None,
        })
        .unwrap();
        desk
    }

    /// The same browser after a reload, or another tab of it: its storage, the same bank.
    pub(super) fn tab(&self) -> Self {
        Self::beside(
            Rc::clone(&self.place.bank),
            Rc::clone(&self.place.storage),
            self.place.now_ms.get(),
        )
    }

    pub(super) fn bank(&self) -> std::cell::RefMut<'_, Bank> {
        self.place.bank.borrow_mut()
    }

    /// Sends without waiting.
    pub(super) fn send(&mut self, ask: Ask) -> u32 {
        self.next += 1;
        let id = self.next;
        let message = Wire::ask(id, &ask).unwrap();
        self.worker.take(serde_json::to_string(&message).unwrap());
        id
    }

    /// Sends with a file that goes along, base64, and waits.
    pub(super) fn ask_with(&mut self, file: &str, ask: Ask) -> Result<Answer, Failure> {
        self.next += 1;
        let id = self.next;
        let message = serde_json::to_string(&Wire::ask(id, &ask).unwrap()).unwrap();
        let bytes = data_encoding::BASE64.decode(file.as_bytes()).unwrap();
        self.worker.take_with_file(message, Ok(bytes));
        self.wait_for(id)
    }

    /// Lets the worker run until it waits, and answers its `Store` events as a page does.
    pub(super) fn settle(&mut self) {
        loop {
            self.pool.run_until_stalled();
            let stores: Vec<u32> = self.place.posted.borrow()[self.seen..]
                .iter()
                .filter_map(|message| match message {
                    FromWorker::Store { store, .. } => Some(*store),
                    _ => None,
                })
                .collect();
            self.seen = self.place.posted.borrow().len();
            if stores.is_empty() || self.deaf {
                return;
            }
            for store in stores {
                let kept = !self.place.full.get();
                self.send(Ask::Stored { store, kept });
            }
        }
    }

    pub(super) fn answer_to(&self, wanted: u32) -> Option<Answer> {
        let posted = self.place.posted.borrow();
        posted.iter().find_map(|message| match message {
            FromWorker::Answer { id, answer } if *id == wanted => Some((**answer).clone()),
            _ => None,
        })
    }

    /// Lets the worker run until it waits, and then whoever waits for the next moment.
    pub(super) fn step(&mut self) {
        self.settle();
        self.place.jump();
    }

    /// Asks, and lets time pass until the answer is there.
    pub(super) fn ask(&mut self, ask: Ask) -> Result<Answer, Failure> {
        let id = self.send(ask);
        self.wait_for(id)
    }

    pub(super) fn wait_for(&mut self, id: u32) -> Result<Answer, Failure> {
        let limit = self.place.now_ms.get() + 300_000;
        loop {
            self.settle();
            match self.answer_to(id) {
                Some(Answer::Failed { failure }) => return Err(failure),
                Some(answer) => return Ok(answer),
                None => {}
            }
            assert!(self.place.now_ms.get() < limit, "no answer to ask {id}");
            assert!(self.place.jump(), "nothing will ever answer ask {id}");
        }
    }

    /// Lets time pass until the tab is dead, or the ask is answered.
    pub(super) fn run_until_dead(&mut self, id: u32) {
        loop {
            self.settle();
            let over = self.answer_to(id).is_some() || self.place.is_dead();
            if over || !self.place.jump() {
                return;
            }
        }
    }

    /// Lets so much time pass.
    pub(super) fn pass(&mut self, ms: i64) {
        let until = self.place.now_ms.get() + ms;
        self.settle();
        while self.place.now_ms.get() < until && self.place.jump() {
            self.settle();
        }
    }

    /// Everything said to the page so far that the closure picks.
    pub(super) fn events<T>(&self, pick: impl Fn(&FromWorker) -> Option<T>) -> Vec<T> {
        self.place.posted.borrow().iter().filter_map(pick).collect()
    }

    /// The orders whose receipts came.
    pub(super) fn receipts(&self) -> Vec<MessageId> {
        self.events(|message| match message {
            FromWorker::Receipt { receipt } => Some(receipt.order),
            _ => None,
        })
    }

    pub(super) fn lines(&self) -> Vec<bool> {
        self.events(|message| match message {
            FromWorker::Line { up } => Some(*up),
            _ => None,
        })
    }

    /// Values in storage whose key begins so.
    pub(super) fn stored(&self, prefix: &str) -> Vec<String> {
        let storage = self.place.storage.borrow();
        let found = storage.iter().filter(|(key, _)| key.starts_with(prefix));
        found.map(|(_, value)| value.clone()).collect()
    }

    pub(super) fn stored_device(&self) -> StoredDevice {
        serde_json::from_str(&self.stored(stored::DEVICE)[0]).unwrap()
    }

    pub(super) fn stored_orders(&self) -> Vec<StoredOrder> {
        let orders = self.stored(stored::ORDER);
        orders
            .iter()
            .map(|order| serde_json::from_str(order).unwrap())
            .collect()
    }

    /// Unlocks with what is in storage.
    pub(super) fn unlock(&mut self) -> Result<Answer, Failure> {
        let ask = self.unlock_ask(PASSPHRASE);
        self.ask(ask)
    }

    pub(super) fn unlock_ask(&self, passphrase: &str) -> Ask {
        Ask::Unlock {
            device: self.stored_device(),
            passphrase: passphrase.to_owned(),
            session: self.stored(stored::SESSION).into_iter().next(),
            mailbox_after: self.stored(stored::MAILBOX)[0].parse().unwrap(),
            orders: self.stored_orders(),
        }
    }
}
