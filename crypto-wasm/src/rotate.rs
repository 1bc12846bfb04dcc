//! New keys for a device: made and stored beside the old ones, ordered by the old and requested by the
//! new, and in use only when the bank has confirmed them. Whatever is cut off goes on at the next
//! unlocking: until the bank has confirmed, the old keys work; from then on, the new ones.
//!
//! They come from a new seed, which waits for its recovery sheet from the moment they are stored.

use crate::{
    device::{AtRest, open_keys},
    enrol::LIMIT_MS,
    host::Host,
    join::Waiting,
    mail::Reply,
    making::FIRST_GENERATION,
    state::{Answered, Open, Worker, fault},
    turn::within,
};
use envelope::{EnvelopeError, Jwe, Jws, key_file::decrypt_pkcs8};
use message::{
    Thumbprint,
    device::{DeviceChange, DeviceOrder, DevicesAsk},
    notice::Notice,
    payload::LIFETIME_SECONDS_MAX,
    receipt::Refusal,
    text::Label,
    worker::{Answer, Failure, devices::StoredRotation, keys, stored},
};

/// Whoever unlocks waits so long at each step for keys that are to take their place; then those of before
/// open. The next unlocking goes on.
const PATIENCE_MS: u32 = 4_000;

/// New keys, and what both sign for them.
pub(crate) struct Replacement {
    pub(crate) old: Thumbprint,
    /// By the old keys.
    pub(crate) order: Jws,
    /// By the new ones.
    pub(crate) request: Jws,
    pub(crate) next: Open,
}

/// Where the new keys are stored until they count.
fn rotating_key(old: Thumbprint) -> String {
    format!("{}{old}", stored::ROTATING)
}

impl<H: Host> Worker<H> {
    /// Puts the keys just made in the place of those that are open.
    pub(crate) async fn replace(&self, passphrase: &str) -> Result<Answer, Failure> {
        self.check_active()?;
        if self.with_open(|open| open.once)? {
            return Err(fault("keys that are kept nowhere go into a file first"));
        }
        self.bank_ready().await?;
        self.check_passphrase(passphrase)?;
        self.check_orders_known()?;
        let Replacement {
            old,
            order,
            request,
            next,
        } = self.replacement(passphrase)?;
        let seed = self.with(|state| state.seed.take());
        let rotation = StoredRotation {
            device: next.device.clone(),
            order: self.keep_for_self(&order)?,
        };
        // Beside the keys from their first moment: without the old ones there is no other sheet.
        if let Some((seed, generation)) = &seed {
            let (key, value) = self.seed_at_rest(&next.keys, seed, *generation)?;
            self.store_now(key, value).await?;
        }
        let now = self.now();
        self.take_care_of(next.keys.device(), |care| care.replaced_at = Some(now))?;
        self.with(|state| state.aside = Some(next));
        let value = serde_json::to_string(&rotation).map_err(fault)?;
        self.store_now(rotating_key(old), value).await?;
        self.rotate(old, order, request, None).await
    }

    /// The keys just made as the device to be, and what both sign for it.
    pub(crate) fn replacement(&self, passphrase: &str) -> Result<Replacement, Failure> {
        let keys = self.with(|state| state.fresh.take());
        let keys = keys.ok_or_else(|| fault("no new keys were made"))?;
        let (old, name) =
            self.with_open(|open| (open.keys.device(), open.device.device_name.clone()))?;
        let name = Label::parse(&name).map_err(fault)?;
        let mut device = self.device_to_be(&keys, &name, passphrase)?;
        self.with_open(|open| {
            device.customer_name = open.device.customer_name.clone();
            device.customer_number = open.device.customer_number.clone();
        })?;
        let (device, request) = self.with_request(&keys, device)?;
        let body = DeviceOrder {
            change: DeviceChange::Replace {
                request: request.as_str().to_owned(),
            },
        };
        let bank = self.bank_name()?;
        let order = self.sign(body, &bank, LIFETIME_SECONDS_MAX, None)?;
        Ok(Replacement {
            old,
            order,
            request,
            next: Open::new(keys, device, false),
        })
    }

    /// Counts the keys of this device from the first ones: the bank knows which took whose place.
    pub(crate) async fn next_generation(&self) -> Result<u32, Failure> {
        let answered = self.ask_bank(DevicesAsk {}).await?;
        let Reply::Devices(devices) = answered.reply else {
            return Err(answered.reply.unexpected(answered.id));
        };
        let before = |id: Thumbprint| {
            let view = devices.devices.iter().find(|view| view.device == id)?;
            view.predecessor
        };
        let mut at = self.with_open(|open| open.keys.device())?;
        let mut generation = FIRST_GENERATION;
        // A list that goes round in a circle ends, too.
        for _ in 0..devices.devices.len() {
            let Some(older) = before(at) else { break };
            at = older;
            generation += 1;
        }
        Ok(generation + 1)
    }

    /// Opens the old keys and goes on. Where the bank cannot be asked now, the old keys stay open: they
    /// work as long as the new ones are not confirmed.
    pub(crate) async fn resume_replace(
        &self,
        at_rest: AtRest,
        rotation: StoredRotation,
        passphrase: &str,
    ) -> Result<Answer, Failure> {
        let old = at_rest.device.device;
        let unlocked = self.unlock(at_rest)?;
        let opened = open_keys(&self.rsa, &rotation.device, passphrase);
        let kept = opened.ok().and_then(|keys| {
            let order = self.kept_replacement(&rotation.order).ok()??;
            let (request, _) = self.kept_request(&keys, &rotation.device)?;
            Some((keys, order, request))
        });
        let Some((keys, order, request)) = kept else {
            self.host
                .warn("new keys that were stored do not open: given up");
            self.give_up(old, rotation.device.device);
            return Ok(unlocked);
        };
        let next = Open::new(keys, rotation.device, false);
        self.with(|state| state.aside = Some(next));
        match self.rotate(old, order, request, Some(PATIENCE_MS)).await {
            Err(Failure::Locked) => Err(Failure::Locked),
            Err(failure) => {
                self.host
                    .warn(&format!("new keys are not in use yet: {failure:?}"));
                self.unlocked()
            }
            done => done,
        }
    }

    /// The passphrase is the device's own: it must open what is stored now.
    pub(crate) fn check_passphrase(&self, passphrase: &str) -> Result<(), Failure> {
        let stored = self.with_open(|open| open.device.signing_key.clone())?;
        match decrypt_pkcs8(&stored, passphrase) {
            Ok(_) => Ok(()),
            Err(EnvelopeError::Opening) => Err(Failure::WrongPassphrase),
            Err(_) => Err(Failure::StoredDeviceDamaged),
        }
    }

    /// What the bank has is answered to the new device, too. What it does not have yet is brought there
    /// by the old keys first.
    pub(crate) fn check_orders_known(&self) -> Result<(), Failure> {
        let waiting = self.with_open(|open| open.orders.values().any(|order| !order.known))?;
        match waiting {
            false => Ok(()),
            true => Err(Failure::Field {
                field: "orders".to_owned(),
                words: "A payment that you have signed is still being sent. Replace the keys when \
                        the bank has it."
                    .to_owned(),
            }),
        }
    }

    fn kept_replacement(&self, kept: &str) -> Result<Option<Jws>, Failure> {
        self.with_open(|open| {
            let jwe = Jwe::parse(kept).ok()?;
            let jws = jwe.open_with_key(&self.rsa, &open.keys.encryption).ok()?;
            let key = open.keys.signing.verifying_key();
            let verified = jws.verify(&self.rsa, &key).ok()?;
            verified.payload::<DeviceOrder>().ok()?;
            Some(jws)
        })
    }

    /// Orders the replacement with the old keys, takes the certificates with the new ones, confirms,
    /// and removes the old device.
    async fn rotate(
        &self,
        old: Thumbprint,
        order: Jws,
        request: Jws,
        patience: Option<u32>,
    ) -> Result<Answer, Failure> {
        self.in_time(patience, self.order_replacement(old, order))
            .await?;
        self.swap()?;
        let outcome = self.take_place(old, request, patience).await;
        match outcome {
            Ok(answer) => {
                self.leave(old);
                Ok(answer)
            }
            Err(failure) => {
                // Locked meanwhile: nothing is open, and nothing is to be opened.
                self.swap()?;
                self.go_on_with_orders()?;
                Err(failure)
            }
        }
    }

    /// Gives up waiting when the time is over, where there is a limit. What is sent stays sent.
    pub(crate) async fn in_time<T>(
        &self,
        limit_ms: Option<u32>,
        work: impl Future<Output = Result<T, Failure>>,
    ) -> Result<T, Failure> {
        match limit_ms {
            None => work.await,
            Some(ms) => within(&self.host, ms, work)
                .await
                .unwrap_or(Err(Failure::NoAnswer)),
        }
    }

    /// Nothing stays of new keys that the bank has refused.
    fn give_up(&self, old: Thumbprint, new: Thumbprint) {
        for key in [keys::stored::SEED, keys::stored::CARE] {
            self.store(format!("{key}{new}"), None);
        }
        self.store(rotating_key(old), None);
    }

    pub(crate) async fn order_replacement(
        &self,
        old: Thumbprint,
        order: Jws,
    ) -> Result<(), Failure> {
        self.bank_ready().await?;
        let outcome = match self.ask_for_place(order).await {
            Ok(Answered {
                reply: Reply::DeviceOrdered(_),
                ..
            }) => return Ok(()),
            Ok(other) => other.reply.unexpected(other.id),
            Err(failure) => failure,
        };
        match outcome {
            // The new keys have taken the place of the old ones already.
            Failure::Refused { code, .. } if code == Refusal::DeviceReplaced.code() => Ok(()),
            refused @ Failure::Refused { .. } => {
                if let Some(aside) = self.with(|state| state.aside.take()) {
                    self.give_up(old, aside.keys.device());
                }
                Err(refused)
            }
            other => Err(other),
        }
    }

    /// The bank answers in the newest session, which must be one whose keys are here: those of the last
    /// one may have gone with the page that opened it.
    async fn ask_for_place(&self, order: Jws) -> Result<Answered, Failure> {
        self.session_ready().await?;
        self.exchange_within(order, true, LIMIT_MS).await
    }

    /// Opens the keys that lie aside, and lays the open ones aside.
    pub(crate) fn swap(&self) -> Result<(), Failure> {
        let (open, aside) = self.with(|state| (state.open.take(), state.aside.take()));
        let (Some(open), Some(aside)) = (open, aside) else {
            self.lock();
            return Err(Failure::Locked);
        };
        let seed = self.with(|state| state.seed.take());
        self.open_with(aside);
        self.with(|state| {
            state.aside = Some(open);
            state.seed = seed;
        });
        Ok(())
    }

    pub(crate) fn go_on_with_orders(&self) -> Result<(), Failure> {
        let ids: Vec<_> = self.with_open(|open| open.orders.keys().copied().collect())?;
        for id in ids {
            self.start_delivery(id);
        }
        Ok(())
    }

    /// Waits for the certificates of the new keys, which are open.
    pub(crate) async fn await_place(&self, request: Jws) -> Result<Answered, Failure> {
        self.bank_ready().await?;
        let until = self.now() + LIMIT_MS / 1_000;
        let waiting = Waiting::new(request.clone());
        self.with(|state| state.joining = Some(waiting));
        let answered = self.await_enrolled(request, until).await?;
        answered.ok_or(Failure::NoAnswer)
    }

    /// The new keys are open: their certificates come into their own mailbox.
    async fn take_place(
        &self,
        old: Thumbprint,
        request: Jws,
        patience: Option<u32>,
    ) -> Result<Answer, Failure> {
        let answered = self.in_time(patience, self.await_place(request)).await?;
        // What says that keys are being replaced goes last of all: until then a page that finds both
        // devices knows which one counts.
        let first = format!("{}{old}", stored::DEVICE);
        self.confirm(answered, first, patience).await
    }

    /// The new device is stored: nothing of the old one stays. What it has ordered is answered to the
    /// new one.
    pub(crate) fn leave(&self, old: Thumbprint) {
        let orders = self.with(|state| {
            let old = state.aside.take();
            old.map(|open| open.orders.into_keys().collect::<Vec<_>>())
        });
        for order in orders.unwrap_or_default() {
            self.store(format!("{}{old}.{order}", stored::ORDER), None);
        }
        let (seed, care) = (keys::stored::SEED, keys::stored::CARE);
        for key in [
            stored::SESSION,
            stored::MAILBOX,
            seed,
            care,
            stored::ROTATING,
        ] {
            self.store(format!("{key}{old}"), None);
        }
    }

    /// These keys do not count any more. The page is told, unless the mailbox is only searched.
    pub(crate) fn keys_replaced(&self, notice: Notice) -> Result<(), Failure> {
        let Notice::KeysReplaced { at, .. } = &notice else {
            return Ok(());
        };
        let searching = self.with_open(|open| {
            open.replaced_at = Some(*at);
            open.searching
        })?;
        match searching {
            true => Ok(()),
            false => self.take_notice(notice),
        }
    }

    /// While a mailbox was read, other keys may have been opened: its letters and its numbers are not
    /// theirs.
    pub(crate) fn check_open(&self, device: Thumbprint) -> Result<(), Failure> {
        match self.with_open(|open| open.keys.device())? == device {
            true => Ok(()),
            false => Err(Failure::Locked),
        }
    }
}
