//! What pages do with the device: unlock, ask, lock, forget.

use super::{Device, KnownPayment, PageOfStatement, Stage, files::Chosen, storage, tries};
use crate::ui::announcer::Toast;
use leptos::{prelude::*, task::spawn_local};
use message::{
    MessageId, Thumbprint,
    enquiry::Overview,
    worker::{Answer, Ask, Failure, Profile, StoredDevice, StoredOrder, devices::DeviceTask},
};

/// Entries on a page of a statement: what fits one envelope with long names.
const ENTRIES_PER_PAGE: u32 = 25;

/// New keys wait, and the bank could not be asked for them in time.
const NOT_REPLACED_YET: &str = "Your new keys are not in use yet: the bank does not answer now. The keys of before \
                                are open and work. It goes on when you unlock the next time.";

/// An answer of another kind than asked for.
pub(super) fn unexpected() -> Failure {
    Failure::Fault {
        why: "the worker answered something else".to_owned(),
    }
}

impl Device {
    /// Asks the worker and waits. On the server there is no worker and nobody asks.
    pub(crate) async fn ask(self, ask: Ask) -> Result<Answer, Failure> {
        self.ask_about(ask, None).await
    }

    /// The same about a file that was chosen, which goes along.
    pub(super) async fn ask_about(self, ask: Ask, file: Option<Chosen>) -> Result<Answer, Failure> {
        #[cfg(feature = "hydrate")]
        return match super::worker::ask(self, ask, file.map(Chosen::handle)).await {
            Answer::Failed { failure } => {
                self.take_note(&failure);
                Err(failure)
            }
            answer => Ok(answer),
        };
        #[cfg(not(feature = "hydrate"))]
        {
            drop((ask, file));
            Err(Failure::Locked)
        }
    }

    /// Reads the list of devices from storage again, and ends what an interrupted page has left.
    pub(crate) fn read_storage(self) {
        storage::end_rotations();
        self.look_at_storage();
    }

    /// The same without changing anything: another tab may be in the middle of its work.
    pub(super) fn look_at_storage(self) {
        self.stored.set(storage::devices());
        self.enrolling.set(storage::enrolling());
        self.joining.set(storage::joining());
    }

    /// Opens the keys of a stored device.
    pub(crate) async fn unlock(
        self,
        device: StoredDevice,
        passphrase: String,
    ) -> Result<(), Failure> {
        let id = device.device;
        // As it is stored now: another tab may have stored it since this page was drawn.
        let device = storage::device(id).unwrap_or(device);
        let of = tries::Of::Device(id);
        let session = storage::session(id);
        let mailbox_after = storage::mailbox_after(id);
        let orders = storage::orders(id);
        let ask = match storage::rotation(id) {
            // New keys wait for their place: the passphrase is here to go on with it.
            Some(rotation) => Ask::Devices(DeviceTask::ResumeReplace {
                device,
                rotation: Box::new(rotation),
                passphrase,
                session,
                mailbox_after,
                orders,
            }),
            None => Ask::Unlock {
                device,
                passphrase,
                session,
                mailbox_after,
                orders,
            },
        };
        match tries::attempt(of, self.ask(ask)).await {
            Ok(Answer::Unlocked { profile }) => {
                self.opened(profile);
                if self.rotation_waits() {
                    self.said
                        .set(Some(Toast::staying(NOT_REPLACED_YET.to_owned())));
                }
                Ok(())
            }
            outcome => {
                #[cfg(feature = "hydrate")]
                super::at_rest::nothing();
                outcome.and(Err(unexpected()))
            }
        }
    }

    /// Keys are open: this tab listens, counts idle minutes, and shows the private pages.
    pub(crate) fn opened(self, profile: Box<Profile>) {
        self.read_storage();
        // What somebody else typed is not for this customer's eyes.
        let before = self.last_customer.get_untracked();
        self.last_customer
            .set(Some(profile.customer_number.clone()));
        if before.is_some_and(|number| number != profile.customer_number) {
            self.pay_form.clear();
        }
        let id = profile.device;
        self.stage.set(Stage::Unlocked(profile));
        self.drop_held();
        self.keys.read_care(self);
        self.touched();
        self.read_orders();
        self.resume_changes(id);
        #[cfg(feature = "hydrate")]
        {
            super::tabs::listen(self, id);
            super::at_rest::catch_up(self);
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = id;
    }

    /// Wipes the keys. `everywhere`: the other tabs lock as well.
    pub(crate) fn lock(self, everywhere: bool) {
        #[cfg(feature = "hydrate")]
        {
            if let (true, Some(profile)) = (everywhere, self.profile_now()) {
                super::tabs::tell(super::tabs::Word::Lock(profile.device));
            }
            super::tabs::stop();
            self.close_mailbox();
            // The worker wipes its memory when it is told to, and is ended in any case.
            super::worker::restart(self);
            super::at_rest::nothing();
        }
        #[cfg(not(feature = "hydrate"))]
        let _ = everywhere;
        self.end_once();
        self.read_storage();
        self.stage.set(Stage::Locked);
        self.forget_answers();
        self.drop_held();
    }

    /// Ends the session of the mailbox at every edge: whoever finds the cookie opens nothing with it.
    /// It leaves by itself, even when the page is closed at this moment.
    #[cfg(feature = "hydrate")]
    pub(super) fn close_mailbox(self) {
        let Some(profile) = self.profile_now() else {
            return;
        };
        let navigator = window().navigator();
        for edge in super::worker::edges() {
            let address = format!("{edge}/v1/mailbox/close?device={}", profile.device);
            // An edge that is away has no session to end: the next one ends it.
            let _ = navigator.send_beacon(&address);
        }
    }

    /// Ends the worker in the middle of making keys and starts a new one.
    pub(crate) fn cancel_keys(self) {
        #[cfg(feature = "hydrate")]
        super::worker::restart(self);
        self.drop_held();
        self.progress.set(None);
    }

    /// Removes a device from this browser. Its keys are then nowhere.
    pub(crate) fn forget(self, device: Thumbprint) {
        storage::forget(device);
        #[cfg(feature = "hydrate")]
        super::tabs::tell(super::tabs::Word::Forgotten(device));
        self.forgotten(device);
    }

    /// A device is gone from storage, by this tab or another.
    pub(super) fn forgotten(self, device: Thumbprint) {
        let own = self
            .profile_now()
            .is_some_and(|profile| profile.device == device);
        if own {
            self.pay_form.clear();
            self.lock(false);
        }
        self.read_storage();
    }

    /// The orders of the open device that have no receipt yet.
    pub(crate) fn waiting_orders(self) -> Vec<StoredOrder> {
        self.profile_now()
            .map(|profile| storage::orders(profile.device))
            .unwrap_or_default()
    }

    /// Has the worker read the stored orders of the open device: what they say stands in no other place
    /// that outlives a reload.
    pub(crate) fn read_orders(self) {
        let unread: Vec<StoredOrder> = self.payments.with_untracked(|payments| {
            let orders = self.waiting_orders().into_iter();
            orders
                .filter(|order| {
                    let known = payments.get(&order.payment);
                    known.and_then(KnownPayment::ordered).is_none()
                })
                .collect()
        });
        for order in &unread {
            self.know(order.payment, |known| known.signed_at = Some(order.at));
        }
        spawn_local(async move {
            for order in unread {
                let id = order.payment;
                // An order that is not this device's stays a number.
                if let Ok(Answer::Draft { draft }) = self.ask(Ask::ReadOrder { order }).await {
                    self.know(id, |known| known.draft = Some(*draft));
                }
            }
        });
    }

    /// Changes what is known of a payment.
    pub(crate) fn know(self, payment: MessageId, change: impl FnOnce(&mut KnownPayment)) {
        self.payments
            .update(|payments| change(payments.entry(payment).or_default()));
    }

    /// Something may have changed: open pages ask again.
    pub(crate) fn changed(self) {
        self.changes
            .update(|changes| *changes = changes.wrapping_add(1));
    }

    /// Asks for the accounts.
    pub(crate) async fn load_overview(self) -> Result<Overview, Failure> {
        match self.ask(Ask::Overview).await? {
            Answer::Overview { overview } => {
                self.overview.set(Some((*overview).clone()));
                Ok(*overview)
            }
            _ => Err(unexpected()),
        }
    }

    /// Asks for one page of a statement. The account is found in the overview first.
    pub(crate) async fn load_statement(self, page: PageOfStatement) -> Result<(), Failure> {
        let (index, before) = page;
        let known = self.overview.get_untracked();
        let overview = match known {
            Some(overview) => overview,
            None => self.load_overview().await?,
        };
        let mut accounts = overview.accounts.into_iter();
        let Some(account) = accounts.find(|account| account.index == index) else {
            let refusal = message::receipt::Refusal::NotFound;
            return Err(Failure::Refused {
                code: refusal.code().to_owned(),
                words: refusal.words().to_owned(),
                reference: None,
            });
        };
        let ask = Ask::Statement {
            account: account.iban,
            before,
            limit: ENTRIES_PER_PAGE,
        };
        match self.ask(ask).await? {
            Answer::Statement { statement } => {
                self.statements.update(|pages| {
                    pages.insert(page, *statement);
                });
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }

    /// Asks how a payment stands.
    pub(crate) async fn load_payment(self, id: MessageId) -> Result<(), Failure> {
        match self.ask(Ask::Payment { payment: id }).await? {
            Answer::Payment {
                payment,
                receipt_signer_words,
            } => {
                self.know(id, |known| known.answered(*payment, receipt_signer_words));
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }

    /// Saves the receipt of a payment as a file.
    pub(crate) async fn save_receipt(self, payment: MessageId) -> Result<(), Failure> {
        match self.ask(Ask::ReceiptFile { payment }).await? {
            Answer::File {
                name,
                media_type,
                text,
            } => {
                super::download::save(&name, &media_type, &text);
                Ok(())
            }
            _ => Err(unexpected()),
        }
    }
}
