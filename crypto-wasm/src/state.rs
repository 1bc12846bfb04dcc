//! What the worker holds while it runs. Everything secret is in [`Open`], which [`Worker::lock`]
//! drops: keys and session keys wipe themselves.
//!
//! The state is only reached through closures ([`Worker::with`], [`Worker::with_open`]), so that no
//! borrow of it can last over an await, and no key is held by a task that sleeps.

use crate::{
    bank::Met,
    carried::{Carried, Exported},
    host::Host,
    keys::Keys,
    mail::Reply,
    peer::Helper,
    session::Session,
    signer::Signer,
    turn::Turn,
};
use envelope::{Jws, RsaPrivateKey, RustCryptoRsa, Seed, SigningInput};
use futures_channel::oneshot;
pub(crate) use message::worker::wire::from_json;
use message::{
    Bic, Digest, Iban, MessageId, SessionId, Thumbprint, Timestamp,
    amount::Currency,
    api::Letter,
    enrol::Enrolled,
    worker::{Failure, FromWorker, StoredDevice, StoredOrder, devices::ChangeDraft},
};
use std::{
    cell::RefCell,
    collections::{BTreeMap, HashMap, HashSet},
    future::Future,
    rc::{Rc, Weak},
};
use zeroize::Zeroizing;

/// The worker: one for each tab.
pub struct Worker<H> {
    me: Weak<Self>,
    pub(crate) host: H,
    pub(crate) rsa: RustCryptoRsa,
    state: RefCell<State>,
    /// One reading of the mailbox at a time: letters are taken in order.
    pub(crate) mail_turn: Turn,
    /// One session is opened at a time.
    pub(crate) session_turn: Turn,
    /// The bank is met by one task at a time.
    pub(crate) bank_turn: Turn,
}

/// See [`Worker::with`].
#[derive(Default)]
pub(crate) struct State {
    pub(crate) edges: Vec<String>,
    /// Index of the edge that answered last.
    pub(crate) edge: usize,
    pub(crate) bank: Option<Bic>,
    pub(crate) line_up: Option<bool>,
    pub(crate) met: Option<Met>,
    /// The words from the slip fit this bank CA key.
    pub(crate) words_fit: Option<Thumbprint>,
    pub(crate) fresh: Option<Keys>,
    /// What the fresh keys were made from, and their generation: sealed and stored with the device.
    pub(crate) seed: Option<(Seed, u32)>,
    /// The file that goes along with an ask, or why it cannot be read.
    pub(crate) handed: Option<Result<Zeroizing<Vec<u8>>, &'static str>>,
    /// What was opened from a file or a sheet, until it is decided what becomes of it.
    pub(crate) carried: Option<Carried>,
    /// What was exported last, until it is read back.
    pub(crate) exported: Option<Exported>,
    /// The second worker.
    pub(crate) helper: Helper,
    /// A key that measurements are made with, and nothing else.
    pub(crate) measured: Option<RsaPrivateKey>,
    pub(crate) open: Option<Open>,
    /// Counts lockings: a task that was started before the last one ends.
    pub(crate) epoch: u64,
    pub(crate) draft: Option<Drafted>,
    /// A change of devices that the page shows, and its bytes.
    pub(crate) change_draft: Option<(ChangeDraft, SigningInput)>,
    /// This device waits for another one to approve it.
    pub(crate) joining: Option<crate::join::Waiting>,
    /// While keys are replaced: the others of the old and the new ones.
    pub(crate) aside: Option<Open>,
    /// New keys of a device that is kept in a file, between their certificates and their place.
    pub(crate) prepared: Option<crate::rotate_file::Prepared>,
    /// The new device that was looked up last: what can be approved.
    pub(crate) looked_up: Option<message::device::Join>,
    pub(crate) pending: HashMap<Digest, Pending>,
    pub(crate) signers: HashMap<Thumbprint, Signer>,
    stores: u32,
    pub(crate) storing: HashMap<u32, oneshot::Sender<bool>>,
    /// Told when the worker is locked, to end what waits without a limit.
    pub(crate) at_lock: Vec<oneshot::Sender<()>>,
    /// The epoch in which listening was started.
    pub(crate) listens: Option<u64>,
    /// Whether this worker holds a live event stream.
    pub(crate) listening: bool,
}

/// Keys that are open, and everything that belongs to them.
pub(crate) struct Open {
    pub(crate) keys: Keys,
    pub(crate) device: StoredDevice,
    /// Enrolled and confirmed.
    pub(crate) active: bool,
    /// The bank has said that it is active, before anybody waited for it.
    pub(crate) activated: bool,
    /// The mailbox is only searched for the bank's answer to the enrolment, of long ago; nothing in
    /// it is news.
    pub(crate) searching: bool,
    /// What that search found, with the digest of the letter.
    pub(crate) found: Option<(Box<Enrolled>, Digest)>,
    /// The bank has told these keys that newer ones have taken their place, and when.
    pub(crate) replaced_at: Option<Timestamp>,
    /// Kept nowhere: opened from a file for this time alone.
    pub(crate) once: bool,
    /// The bank has answered a join-request for good, before anybody waited for it.
    pub(crate) early: Option<Answered>,
    /// Oldest first; the last is used for sending.
    pub(crate) sessions: Vec<Session>,
    /// Number of the last letter read.
    pub(crate) after: i64,
    /// Edges' origins whose mailbox cookie this worker has.
    pub(crate) doors: HashSet<String>,
    /// Letters sealed in a session that another tab opened, until its keys come.
    pub(crate) unread: Vec<Letter>,
    /// Letters whose signer no edge has shown yet.
    pub(crate) late: BTreeMap<i64, crate::late::Late>,
    pub(crate) orders: HashMap<MessageId, Outgoing>,
    /// What removed processors have signed and the bank stands by.
    pub(crate) attested: HashSet<Digest>,
    /// The accounts' currencies, from the last overview.
    pub(crate) accounts: Vec<(Iban, Currency)>,
}

/// An order on its way to the bank.
pub(crate) struct Outgoing {
    pub(crate) stored: StoredOrder,
    pub(crate) jws: Jws,
    /// The bank has said that it has it.
    pub(crate) known: bool,
}

/// The bytes that the check page shows.
pub(crate) struct Drafted {
    pub(crate) payment: MessageId,
    pub(crate) input: SigningInput,
    pub(crate) void_after: Timestamp,
}

/// A message to the bank whose answer is awaited.
pub(crate) struct Pending {
    pub(crate) jws: Jws,
    /// The session it was sealed in.
    pub(crate) session: Option<SessionId>,
    pub(crate) answer: oneshot::Sender<Answered>,
}

/// An answer of the bank, its signature verified.
pub(crate) struct Answered {
    pub(crate) reply: Reply,
    /// The answer's own id, quoted as the reference.
    pub(crate) id: MessageId,
    /// Digest of the answer.
    pub(crate) digest: Digest,
}

impl<H: Host> Worker<H> {
    /// A worker that knows nothing yet.
    pub fn new(host: H) -> Rc<Self> {
        Rc::new_cyclic(|me| Self {
            me: me.clone(),
            host,
            rsa: RustCryptoRsa,
            state: RefCell::default(),
            mail_turn: Turn::default(),
            session_turn: Turn::default(),
            bank_turn: Turn::default(),
        })
    }

    /// Starts a task that has the worker to itself between its awaits.
    pub(crate) fn spawn<F: Future<Output = ()> + 'static>(&self, task: impl FnOnce(Rc<Self>) -> F) {
        if let Some(me) = self.me.upgrade() {
            self.host.spawn(task(me));
        }
    }

    /// Looks at or changes the state. The closure must not call the worker.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.borrow_mut())
    }

    /// The same with the open keys.
    pub(crate) fn with_open<T>(&self, act: impl FnOnce(&mut Open) -> T) -> Result<T, Failure> {
        self.with(|state| state.open.as_mut().map(act).ok_or(Failure::Locked))
    }

    /// The open keys of a device that the bank has activated.
    pub(crate) fn check_active(&self) -> Result<(), Failure> {
        match self.with_open(|open| open.active)? {
            true => Ok(()),
            false => Err(Failure::Locked),
        }
    }

    /// Seconds since 1970.
    pub(crate) fn now(&self) -> Timestamp {
        self.host.now_ms().div_euclid(1000)
    }

    /// Wipes every key and secret, ends every task that serves the device.
    pub(crate) fn lock(&self) {
        self.with(|state| {
            state.open = None;
            state.aside = None;
            state.prepared = None;
            state.fresh = None;
            state.seed = None;
            state.handed = None;
            state.carried = None;
            state.exported = None;
            state.measured = None;
            state.draft = None;
            state.change_draft = None;
            state.words_fit = None;
            state.joining = None;
            state.looked_up = None;
            state.listening = false;
            state.epoch += 1;
            state.pending.clear();
            state.storing.clear();
            state.at_lock.clear();
        });
    }

    /// Whether the keys that a task was started for are still open.
    pub(crate) fn still(&self, epoch: u64) -> bool {
        self.with(|state| state.epoch == epoch && state.open.is_some())
    }

    pub(crate) fn epoch(&self) -> u64 {
        self.with(|state| state.epoch)
    }

    pub(crate) fn post(&self, message: &FromWorker) {
        self.host.post(message);
    }

    /// Asks the page to store something and does not wait for it.
    pub(crate) fn store(&self, key: String, value: Option<String>) -> u32 {
        let store = self.with(|state| {
            state.stores = state.stores.wrapping_add(1);
            state.stores
        });
        self.post(&FromWorker::Store { store, key, value });
        store
    }

    /// Asks the page to store something and waits until it has.
    pub(crate) async fn store_now(&self, key: String, value: String) -> Result<(), Failure> {
        /// Local storage answers at once; a page that does not is gone.
        const LIMIT_MS: u32 = 10_000;
        let (tell, told) = oneshot::channel();
        let store = self.with(|state| {
            state.stores = state.stores.wrapping_add(1);
            state.storing.insert(state.stores, tell);
            state.stores
        });
        let value = Some(value);
        self.post(&FromWorker::Store { store, key, value });
        match crate::turn::within(&self.host, LIMIT_MS, told).await {
            Some(Ok(true)) => Ok(()),
            Some(Ok(false)) => Err(Failure::NotKept),
            Some(Err(_)) => Err(Failure::Locked),
            None => {
                self.with(|state| state.storing.remove(&store));
                Err(fault("the page did not store what it was given"))
            }
        }
    }

    /// The page has stored it, or cannot.
    pub(crate) fn stored(&self, store: u32, kept: bool) {
        if let Some(tell) = self.with(|state| state.storing.remove(&store)) {
            let _ = tell.send(kept);
        }
    }
}

/// Our mistake, in words without secrets.
pub(crate) fn fault(why: impl std::fmt::Display) -> Failure {
    Failure::Fault {
        why: why.to_string(),
    }
}

/// What the bank shows does not verify.
pub(crate) fn not_verified(why: impl std::fmt::Display) -> Failure {
    Failure::BankNotVerified {
        why: why.to_string(),
    }
}
