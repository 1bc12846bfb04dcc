//! A place for the worker to run in: a clock that jumps, a page that remembers, the bank's edges.

use super::bank::Bank;
use crate::{
    Worker,
    host::{Chunks, Clock, Net, Page, Parts, Peer, Quick, Request, Response, Spawn, Unreachable},
    parts::Rare,
};
use futures::{
    StreamExt,
    channel::{mpsc, oneshot},
    executor::LocalSpawner,
    task::LocalSpawnExt,
};
use message::worker::{Answer, Failure, FromWorker};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    future::Future,
    rc::Rc,
};

pub(super) struct Place {
    pub(super) now_ms: Cell<i64>,
    timers: RefCell<Vec<(i64, oneshot::Sender<()>)>>,
    spawner: LocalSpawner,
    pub(super) posted: RefCell<Vec<FromWorker>>,
    pub(super) warned: RefCell<Vec<String>>,
    /// Local storage of the page.
    pub(super) storage: Rc<RefCell<BTreeMap<String, String>>>,
    pub(super) bank: Rc<RefCell<Bank>>,
    /// The other worker.
    pub(super) peer: RefCell<Option<std::rc::Weak<Worker<Host>>>>,
    /// Local storage takes nothing more.
    pub(super) full: Cell<bool>,
    /// Counts what reaches the outside: `Store` events and requests.
    pub(super) steps: Cell<u32>,
    /// From this step on nothing reaches the outside: the tab is dead.
    pub(super) dies_at: Cell<Option<u32>>,
}

/// The host handle that the worker owns.
#[derive(Clone)]
pub(super) struct Host(pub(super) Rc<Place>);

impl Place {
    pub(super) fn new(
        spawner: LocalSpawner,
        now_ms: i64,
        bank: Rc<RefCell<Bank>>,
        storage: Rc<RefCell<BTreeMap<String, String>>>,
    ) -> Rc<Self> {
        Rc::new(Self {
            now_ms: Cell::new(now_ms),
            timers: RefCell::default(),
            spawner,
            posted: RefCell::default(),
            warned: RefCell::default(),
            storage,
            bank,
            peer: RefCell::default(),
            full: Cell::default(),
            steps: Cell::default(),
            dies_at: Cell::default(),
        })
    }

    /// One more step to the outside; false where the tab is dead.
    fn step(&self) -> bool {
        let alive = !self.is_dead();
        self.steps.set(self.steps.get() + 1);
        alive
    }

    pub(super) fn is_dead(&self) -> bool {
        self.dies_at.get().is_some_and(|at| self.steps.get() >= at)
    }

    /// Jumps to the next moment that somebody waits for; false where nobody does.
    pub(super) fn jump(&self) -> bool {
        let mut timers = self.timers.borrow_mut();
        // A timer that was given up is no reason to jump.
        timers.retain(|(_, tell)| !tell.is_canceled());
        let Some(next) = timers.iter().map(|(at, _)| *at).min() else {
            return false;
        };
        self.now_ms.set(self.now_ms.get().max(next));
        let due = timers.extract_if(.., |(at, _)| *at <= next);
        for (_, tell) in due {
            let _ = tell.send(());
        }
        true
    }
}

impl Clock for Host {
    fn now_ms(&self) -> i64 {
        self.0.now_ms.get()
    }

    async fn sleep(&self, ms: u32) {
        let (tell, told) = oneshot::channel();
        let at = self.now_ms() + i64::from(ms);
        self.0.timers.borrow_mut().push((at, tell));
        let _ = told.await;
    }

    async fn pause(&self) {
        self.sleep(0).await;
    }

    fn now_us(&self) -> u64 {
        0
    }
}

impl Peer for Host {
    fn to_peer(&self, text: &str) {
        let peer = self.0.peer.borrow().clone();
        if let Some(peer) = peer.and_then(|it| it.upgrade()) {
            peer.take_peer(text.to_owned());
        }
    }
}

impl Quick for Host {}

impl Parts for Host {
    async fn answer_rare(worker: Rc<Worker<Self>>, rare: Rare) -> Result<Answer, Failure> {
        match rare {
            Rare::Coming(ask) => worker.answer_coming(*ask).await,
            Rare::Keys(text) => worker.answer_carried(&text).await,
            Rare::Devices(text) => worker.answer_listed(&text).await,
        }
    }
}

impl Page for Host {
    fn post(&self, message: &FromWorker) {
        let full = self.0.full.get();
        if let (FromWorker::Store { key, value, .. }, false) = (message, full) {
            if !self.0.step() {
                return;
            }
            let mut storage = self.0.storage.borrow_mut();
            match value {
                Some(value) => storage.insert(key.clone(), value.clone()),
                None => storage.remove(key),
            };
        }
        self.0.posted.borrow_mut().push(message.clone());
    }

    fn warn(&self, words: &str) {
        self.0.warned.borrow_mut().push(words.to_owned());
    }
}

impl Spawn for Host {
    fn spawn(&self, task: impl Future<Output = ()> + 'static) {
        self.0.spawner.spawn_local(task).unwrap();
    }
}

pub(super) struct Stream(mpsc::UnboundedReceiver<Vec<u8>>);

impl Chunks for Stream {
    async fn next(&mut self) -> Option<Vec<u8>> {
        self.0.next().await
    }
}

impl Net for Host {
    type Stream = Stream;

    async fn send(&self, request: Request) -> Result<Response, Unreachable> {
        if !self.0.step() {
            return std::future::pending().await;
        }
        let now = self.now_ms() / 1000;
        let stored = self.0.storage.borrow().clone();
        self.0.bank.borrow_mut().serve(&request, now, &stored)
    }

    async fn stream(&self, url: String) -> Result<Result<Stream, u16>, Unreachable> {
        let opened = self.0.bank.borrow_mut().subscribe(&url)?;
        Ok(opened.map(Stream))
    }
}
