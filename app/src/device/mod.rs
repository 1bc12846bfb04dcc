//! What a page knows of this device: whether its keys are open, and what the bank has answered.
//!
//! Everything here lives in the page's memory only and is emptied on lock. Keys never come here: they
//! stay in the worker, to which `asking` speaks.

mod asked;
mod asking;
#[cfg(feature = "hydrate")]
mod at_rest;
pub(crate) mod clock;
mod devices;
pub(crate) mod download;
#[cfg(feature = "hydrate")]
pub(crate) mod events;
pub(crate) mod files;
#[cfg(feature = "hydrate")]
mod helper;
mod idle;
pub(crate) mod key_words;
pub(crate) mod keys;
mod once;
mod payment;
pub(crate) mod persist;
mod storage;
#[cfg(feature = "hydrate")]
mod tabs;
pub(crate) mod tries;
#[cfg(feature = "hydrate")]
pub(crate) mod webcrypto;
pub(crate) mod words;
#[cfg(feature = "hydrate")]
mod worker;

pub(crate) use asked::Asked;
pub(crate) use devices::{Barred, Happened, Powers, Stop, signs};
pub(crate) use payment::{KnownPayment, Standing};

use crate::ui::announcer::Toast;
use leptos::prelude::*;
use message::{
    Iban, MessageId, Thumbprint, Timestamp,
    enquiry::{AccountView, Overview, Statement},
    parameters::Terms,
    worker::{Draft, Profile, Step, StoredDevice, devices::ListedDevice},
};
use std::collections::BTreeMap;

/// Whether keys are open.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// The page is being hydrated: the same for everybody.
    Starting,
    /// No keys are open; there may be devices in storage.
    Locked,
    /// Keys are open in the worker.
    Unlocked(Box<Profile>),
}

/// One page of a statement: account index and cursor.
pub(crate) type PageOfStatement = (u32, Option<i64>);

/// What was typed on the way to a payment. Kept while the device is locked by idleness.
#[derive(Clone, Copy)]
pub(crate) struct PayForm {
    pub(crate) from: RwSignal<Option<Iban>>,
    pub(crate) name: RwSignal<String>,
    pub(crate) iban: RwSignal<String>,
    pub(crate) amount: RwSignal<String>,
    pub(crate) remittance: RwSignal<String>,
    /// What the worker made of it; while it is here, the check page shows.
    pub(crate) draft: RwSignal<Option<Draft>>,
    /// The draft that is signed and stored: whatever happens then (an error, a lock), it is not offered
    /// for signing again.
    signed: RwSignal<Option<MessageId>>,
}

impl PayForm {
    fn new() -> Self {
        Self {
            from: RwSignal::new(None),
            name: RwSignal::default(),
            iban: RwSignal::default(),
            amount: RwSignal::default(),
            remittance: RwSignal::default(),
            draft: RwSignal::new(None),
            signed: RwSignal::new(None),
        }
    }

    /// Whether this draft is signed and stored.
    pub(crate) fn is_signed(self, payment: MessageId) -> bool {
        self.signed.get_untracked() == Some(payment)
    }

    /// An order is stored, under a key that ends with its id.
    #[cfg(feature = "hydrate")]
    fn order_is_stored(self, key: &str) {
        let payment = self
            .draft
            .with_untracked(|draft| Some(draft.as_ref()?.payment));
        if payment.is_some_and(|payment| key.ends_with(&format!(".{payment}"))) {
            self.signed.set(payment);
        }
    }

    /// Empties it: the payment is signed, or given up.
    pub(crate) fn clear(self) {
        self.from.set(None);
        for field in [self.name, self.iban, self.amount, self.remittance] {
            field.set(String::new());
        }
        self.draft.set(None);
    }
}

/// The state of the page, one for each tab. A handle: copying it copies nothing.
#[derive(Clone, Copy)]
pub(crate) struct Device {
    pub(crate) stage: RwSignal<Stage>,
    /// The devices in this browser's storage.
    pub(crate) stored: RwSignal<Vec<StoredDevice>>,
    /// Devices whose enrolment was interrupted.
    pub(crate) enrolling: RwSignal<Vec<StoredDevice>>,
    /// The one of them that this tab is enrolling.
    pub(crate) enrols: RwSignal<Option<Thumbprint>>,
    /// Devices that wait for another one to approve them.
    pub(crate) joining: RwSignal<Vec<StoredDevice>>,
    /// The customer's devices, as the bank has them.
    pub(crate) devices: RwSignal<Option<Vec<ListedDevice>>>,
    /// What the bank has told of devices since the keys were opened.
    pub(crate) happened: RwSignal<Vec<Happened>>,
    /// The bank takes nothing from this device.
    pub(crate) barred: RwSignal<Option<Barred>>,
    /// What the bank shows of its keys does not fit what this device knows.
    pub(crate) stop: RwSignal<Option<Stop>>,
    /// How far the worker is with making or enrolling keys.
    pub(crate) progress: RwSignal<Option<(Step, u8)>>,
    /// Whether an edge answers.
    pub(crate) line_up: RwSignal<bool>,
    /// The worker could not be started, or storage takes nothing: in words.
    pub(crate) broken: RwSignal<Option<String>>,
    pub(crate) overview: RwSignal<Option<Overview>>,
    pub(crate) statements: RwSignal<BTreeMap<PageOfStatement, Statement>>,
    pub(crate) payments: RwSignal<BTreeMap<MessageId, KnownPayment>>,
    pub(crate) pay_form: PayForm,
    /// Keys that are carried, and how they can be brought back.
    pub(crate) keys: keys::CarriedKeys,
    /// Who unlocked last in this tab, by number: a form is kept for the same customer only.
    last_customer: RwSignal<Option<String>>,
    /// What has just happened, for the eye and for screen readers.
    pub(crate) said: RwSignal<Option<Toast>>,
    /// Counts what may have changed the accounts, so that open pages ask again.
    pub(crate) changes: RwSignal<u32>,
    /// When the keys are wiped if nothing happens; minutes are shown.
    pub(crate) locks_at: RwSignal<Option<Timestamp>>,
    /// The last minute before that.
    pub(crate) about_to_lock: RwSignal<bool>,
}

impl Device {
    pub(crate) fn new() -> Self {
        Self {
            stage: RwSignal::new(Stage::Starting),
            stored: RwSignal::default(),
            enrolling: RwSignal::default(),
            enrols: RwSignal::new(None),
            joining: RwSignal::default(),
            devices: RwSignal::new(None),
            happened: RwSignal::default(),
            barred: RwSignal::new(None),
            stop: RwSignal::new(None),
            progress: RwSignal::new(None),
            line_up: RwSignal::new(true),
            broken: RwSignal::new(None),
            overview: RwSignal::new(None),
            statements: RwSignal::default(),
            payments: RwSignal::default(),
            pay_form: PayForm::new(),
            keys: keys::CarriedKeys::new(),
            last_customer: RwSignal::new(None),
            said: RwSignal::new(None),
            changes: RwSignal::new(0),
            locks_at: RwSignal::new(None),
            about_to_lock: RwSignal::new(false),
        }
    }

    /// The one that [`crate::App`] provides.
    pub(crate) fn of_page() -> Self {
        use_context().unwrap_or_else(Self::new)
    }

    /// Whose keys are open.
    pub(crate) fn profile(self) -> Option<Profile> {
        match self.stage.get() {
            Stage::Unlocked(profile) => Some(*profile),
            _ => None,
        }
    }

    /// The same, outside of what is drawn.
    pub(crate) fn profile_now(self) -> Option<Profile> {
        untrack(|| self.profile())
    }

    /// Whether keys are open; changes only when that changes.
    pub(crate) fn is_unlocked(self) -> Memo<bool> {
        Memo::new(move |_| self.stage.with(|stage| matches!(stage, Stage::Unlocked(_))))
    }

    /// The customer's accounts, as far as they are known.
    pub(crate) fn accounts(self) -> Vec<AccountView> {
        self.overview.with(|overview| {
            overview
                .as_ref()
                .map(|overview| overview.accounts.clone())
                .unwrap_or_default()
        })
    }

    /// The bank's limits and fees, as far as they are known.
    pub(crate) fn terms(self) -> Option<Terms> {
        self.overview
            .with(|overview| overview.as_ref()?.terms.clone())
    }

    /// What the customer calls one of the own accounts.
    pub(crate) fn label_of(self, iban: &Iban) -> Option<String> {
        let accounts = self.accounts();
        let account = accounts.into_iter().find(|account| account.iban == *iban)?;
        Some(account.label.to_string())
    }

    /// Says what has just happened.
    pub(crate) fn say(self, words: String) {
        self.said.set(Some(Toast::new(words)));
    }

    /// Everything the bank has answered goes; what was typed into a form stays.
    fn forget_answers(self) {
        self.overview.set(None);
        self.devices.set(None);
        self.happened.set(Vec::new());
        self.barred.set(None);
        self.stop.set(None);
        self.statements.set(BTreeMap::new());
        self.payments.set(BTreeMap::new());
        self.progress.set(None);
        self.said.set(None);
        self.locks_at.set(None);
        self.about_to_lock.set(false);
    }
}
