//! Keys that are carried: what pages ask of the worker about them.

use super::{Device, files::Chosen, storage, tries};
use leptos::prelude::*;
use message::worker::{
    Answer, Ask, Failure,
    keys::{Care, FileForm, FileKind, KeysAnswer, KeysAsk, Named, SealedSeed},
};

/// How the keys are carried. A handle.
#[derive(Clone, Copy)]
pub(crate) struct CarriedKeys {
    /// The open device is used once and kept nowhere.
    pub(crate) once: RwSignal<bool>,
    /// One-time use has just ended: the closing page is due.
    pub(crate) left: RwSignal<bool>,
    /// What was opened last has a passphrase of its own: it came in a key file of this program.
    pub(crate) sealed: RwSignal<bool>,
    /// Keys from a file or a sheet are open, and it is not decided yet what becomes of them.
    pub(crate) held: RwSignal<bool>,
    /// Signed orders of a device that is used once which no edge has taken, when that was last asked.
    pub(crate) unsent: RwSignal<usize>,
    /// Locking waits for a yes, since they would be lost.
    pub(crate) lock_waits: RwSignal<bool>,
    /// A foreign key is open and becomes the signing key of the next device that is enrolled.
    pub(crate) foreign: RwSignal<bool>,
    /// What was done so that the open device can be brought back.
    pub(crate) care: RwSignal<Care>,
    /// The open device's seed, until its sheet is written down.
    pub(crate) seed: RwSignal<Option<SealedSeed>>,
    /// Whether the browser has promised to keep what is stored; none before it was asked.
    pub(crate) persisted: RwSignal<Option<bool>>,
    /// A payment waits until the keys are in safety; its page is come back to.
    pub(crate) payment_waits: RwSignal<bool>,
}

/// What was opened.
#[derive(Clone)]
pub(crate) struct OpenedKeys {
    pub(crate) kind: Option<FileKind>,
    pub(crate) was_encrypted: bool,
    pub(crate) named: Option<Named>,
    pub(crate) words: Vec<String>,
}

/// What a file is.
#[derive(Clone)]
pub(crate) struct RecognisedFile {
    pub(crate) kind: FileKind,
    pub(crate) encrypted: bool,
    pub(crate) named: Option<Named>,
}

/// What stands on a sheet.
#[derive(Clone)]
pub(crate) struct SheetText {
    pub(crate) words: Vec<String>,
    pub(crate) bank: String,
    pub(crate) bank_words: Vec<String>,
    pub(crate) version: u32,
    pub(crate) generation: u32,
    pub(crate) places: Vec<u8>,
}

fn unexpected() -> Failure {
    Failure::Fault {
        why: "the worker answered something else".to_owned(),
    }
}

impl CarriedKeys {
    pub(super) fn new() -> Self {
        Self {
            once: RwSignal::new(false),
            left: RwSignal::new(false),
            sealed: RwSignal::new(true),
            held: RwSignal::new(false),
            unsent: RwSignal::new(0),
            lock_waits: RwSignal::new(false),
            foreign: RwSignal::new(false),
            care: RwSignal::default(),
            seed: RwSignal::new(None),
            persisted: RwSignal::new(None),
            payment_waits: RwSignal::new(false),
        }
    }

    /// The open device has no passphrase of its own: another tool's file is used once.
    pub(crate) fn are_bare(self) -> bool {
        self.once.get_untracked() && !self.sealed.get_untracked()
    }

    /// Reads what was done for the open device.
    pub(super) fn read_care(self, device: Device) {
        let Some(profile) = device.profile_now() else {
            return;
        };
        self.care.set(storage::care(profile.device));
        self.seed.set(storage::seed(profile.device));
    }
}

impl Device {
    async fn ask_keys(self, ask: KeysAsk) -> Result<KeysAnswer, Failure> {
        self.ask_keys_about(ask, None).await
    }

    async fn ask_keys_about(
        self,
        ask: KeysAsk,
        file: Option<Chosen>,
    ) -> Result<KeysAnswer, Failure> {
        match self.ask_about(Ask::Keys(ask), file).await? {
            Answer::Keys(answer) => Ok(answer),
            _ => Err(unexpected()),
        }
    }

    async fn do_keys(self, ask: KeysAsk) -> Result<(), Failure> {
        self.ask(Ask::Keys(ask)).await.map(|_| ())
    }

    /// What a file is.
    pub(crate) async fn recognise(self, file: Chosen) -> Result<RecognisedFile, Failure> {
        let found = self.ask_keys_about(KeysAsk::Recognise, Some(file));
        match found.await? {
            KeysAnswer::Recognised {
                kind,
                encrypted,
                named,
            } => Ok(RecognisedFile {
                kind,
                encrypted,
                named,
            }),
            _ => Err(unexpected()),
        }
    }

    async fn opened_keys(self, ask: KeysAsk, file: Option<Chosen>) -> Result<OpenedKeys, Failure> {
        match tries::attempt(tries::Of::Brought, self.ask_keys_about(ask, file)).await? {
            KeysAnswer::Opened {
                kind,
                was_encrypted,
                named,
                words,
            } => {
                // From now on they are wiped when nobody touches the page for long.
                self.keys.held.set(true);
                self.keys.sealed.set(kind == Some(FileKind::KeyFile));
                self.touched();
                Ok(OpenedKeys {
                    kind,
                    was_encrypted,
                    named,
                    words,
                })
            }
            _ => Err(unexpected()),
        }
    }

    /// Opens a file into the worker's memory.
    pub(crate) async fn open_file(
        self,
        file: Chosen,
        passphrase: String,
    ) -> Result<OpenedKeys, Failure> {
        self.opened_keys(KeysAsk::OpenFile { passphrase }, Some(file))
            .await
    }

    /// Makes the keys of a sheet again.
    pub(crate) async fn recover(
        self,
        words: String,
        generation: u32,
    ) -> Result<OpenedKeys, Failure> {
        self.opened_keys(KeysAsk::Recover { words, generation }, None)
            .await
    }

    /// What was opened stays in this browser.
    pub(crate) async fn keep_opened(
        self,
        passphrase: Option<String>,
        device_name: Option<String>,
    ) -> Result<(), Failure> {
        let ask = KeysAsk::Keep {
            passphrase,
            device_name,
            there: storage::devices(),
        };
        match self.ask(Ask::Keys(ask)).await? {
            Answer::Unlocked { profile } => {
                let orders = storage::orders(profile.device);
                self.opened(profile);
                if !orders.is_empty() {
                    // Without them nothing is lost: the next unlocking goes on.
                    let _ = self.do_keys(KeysAsk::ResumeOrders { orders }).await;
                }
                super::persist::ask(self);
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }

    /// What was opened is used and not kept.
    pub(crate) async fn use_opened_once(self) -> Result<(), Failure> {
        self.begin_once();
        match self.ask(Ask::Keys(KeysAsk::UseOnce)).await {
            Ok(Answer::Unlocked { profile }) => {
                self.opened(profile);
                Ok(())
            }
            Ok(_) => Err(unexpected()),
            Err(failure) => {
                self.drop_once();
                Err(failure)
            }
        }
    }

    /// Forgets what was opened.
    pub(crate) async fn discard_opened(self) {
        self.drop_held();
        let _ = self.do_keys(KeysAsk::Discard).await;
    }

    /// What was opened is a device now, or wiped: nothing is left that waits.
    pub(super) fn drop_held(self) {
        self.keys.held.set(false);
        self.keys.foreign.set(false);
        if self.profile_now().is_none() {
            self.locks_at.set(None);
            self.about_to_lock.set(false);
        }
    }

    /// One try at the passphrase of the open device.
    pub(super) async fn attempt<T>(
        self,
        trying: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        let device = self.profile_now().ok_or(Failure::Locked)?.device;
        tries::attempt(tries::Of::Device(device), trying).await
    }

    /// The open device as a file, saved as a download.
    pub(crate) async fn export(
        self,
        form: FileForm,
        passphrase: String,
        file_passphrase: Option<String>,
    ) -> Result<String, Failure> {
        let ask = KeysAsk::Export {
            form,
            passphrase,
            file_passphrase,
        };
        match self.attempt(self.ask_keys(ask)).await? {
            KeysAnswer::File {
                name,
                media_type,
                base64,
            } => {
                super::files::save(&name, &media_type, &base64);
                Ok(name)
            }
            _ => Err(unexpected()),
        }
    }

    /// The saved file opens, and its key signs.
    pub(crate) async fn read_back(self, file: Chosen) -> Result<(), Failure> {
        let ask = Ask::Keys(KeysAsk::ReadBack);
        self.ask_about(ask, Some(file)).await.map(|_| ())
    }

    /// The words to print.
    pub(crate) async fn sheet(self) -> Result<SheetText, Failure> {
        let Some(sealed) = self.keys.seed.get_untracked() else {
            return Err(unexpected());
        };
        match self.ask_keys(KeysAsk::Sheet { sealed }).await? {
            KeysAnswer::Sheet {
                words,
                bank,
                bank_words,
                version,
                generation,
                places,
            } => Ok(SheetText {
                words,
                bank: bank.to_string(),
                bank_words,
                version,
                generation,
                places,
            }),
            _ => Err(unexpected()),
        }
    }

    /// The places whose words do not fit.
    pub(crate) async fn confirm_sheet(self, words: Vec<(u8, String)>) -> Result<Vec<u8>, Failure> {
        let Some(sealed) = self.keys.seed.get_untracked() else {
            return Err(unexpected());
        };
        match self
            .ask_keys(KeysAsk::ConfirmSheet { sealed, words })
            .await?
        {
            KeysAnswer::SheetChecked { wrong } => Ok(wrong),
            _ => Err(unexpected()),
        }
    }

    /// No sheet is wanted.
    pub(crate) async fn decline_sheet(self) -> Result<(), Failure> {
        self.do_keys(KeysAsk::DeclineSheet).await
    }

    /// The word that is meant, when it is certain.
    pub(crate) async fn check_word(self, typed: String) -> Option<String> {
        match self.ask_keys(KeysAsk::CheckWord { typed }).await {
            Ok(KeysAnswer::Word { word }) => word,
            _ => None,
        }
    }

    /// Encrypts the open device anew.
    pub(crate) async fn change_passphrase(self, old: String, new: String) -> Result<(), Failure> {
        let ask = KeysAsk::ChangePassphrase { old, new };
        self.attempt(self.do_keys(ask)).await
    }

    /// Measures one thing in the worker: microseconds, one run each.
    pub(crate) async fn measure(
        self,
        what: message::worker::keys::Measured,
    ) -> Result<Vec<u32>, Failure> {
        match self.ask_keys(KeysAsk::Speed { what }).await? {
            KeysAnswer::Took { micros } => Ok(micros),
            _ => Err(unexpected()),
        }
    }

    /// Starts a second worker for the time in which keys are made.
    pub(crate) fn call_helper(self) {
        #[cfg(feature = "hydrate")]
        super::helper::start(self);
    }

    /// The keys are made.
    pub(crate) fn dismiss_helper(self) {
        #[cfg(feature = "hydrate")]
        super::helper::stop();
    }
}
