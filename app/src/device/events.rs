//! What happens by itself: letters the worker has opened, words from other tabs, time passing.

use super::{Device, Happened, Stage, at_rest, clock, storage, tabs, words, worker};
use crate::{
    PageConfig,
    ui::{announcer::Toast, money},
};
use leptos::{ev, prelude::*, task::spawn_local};
use message::{
    Thumbprint,
    notice::Notice,
    receipt::{Outcome, Receipt},
    worker::{Ask, FromWorker, devices::ChangeOutcome, keys::stored as carried, stored},
};
use std::time::Duration;

/// Starts everything, once the page is hydrated.
pub(crate) fn begin(device: Device, config: PageConfig) {
    worker::configure(config);
    tabs::open(device);
    device.read_storage();
    device.stage.set(Stage::Locked);
    watch_hands(device);
    watch_page(device);
}

/// Any touch puts the lock off, but not more often than every few seconds.
fn watch_hands(device: Device) {
    let touched = move || {
        let locks_at = device.locks_at.get_untracked();
        let fresh = clock::now() + super::idle::IDLE_SECONDS - 5;
        if locks_at.is_some_and(|at| at < fresh) && !device.about_to_lock.get_untracked() {
            device.touched();
        }
    };
    // The listeners live as long as the page.
    let _ = window_event_listener(ev::pointerdown, move |_| touched());
    let _ = window_event_listener(ev::keydown, move |_| touched());
    set_interval(move || device.look_at_clock(), Duration::from_secs(1));
}

fn watch_page(device: Device) {
    let _ = window_event_listener(ev::visibilitychange, move |_| device.look_at_clock());
    let _ = window_event_listener(ev::pagehide, move |_| {
        // The page may be kept by the browser and shown again: then it is locked.
        tabs::stop();
        device.close_mailbox();
        worker::stop();
        at_rest::nothing();
        device.end_once();
        device.pay_form.clear();
        device.stage.set(Stage::Locked);
        device.forget_answers();
        device.drop_held();
    });
    let _ = window_event_listener(ev::storage, move |event| {
        let key = event.key().unwrap_or_default();
        if names_a_device(&key) {
            device.look_at_storage();
        }
        let Some(profile) = device.profile_now() else {
            return;
        };
        // Another tab has stored the open device anew, or has put new keys in its place.
        let own = format!("{}{}", stored::DEVICE, profile.device);
        if key == own || event.key().is_none() {
            at_rest::catch_up(device);
            return;
        }
        // Another tab has signed.
        if key.starts_with(stored::ORDER) {
            device.read_orders();
        }
        let session = format!("{}{}", stored::SESSION, profile.device);
        if let (true, Some(sealed)) = (key == session, event.new_value()) {
            spawn_local(async move {
                let _ = device.ask(Ask::Session { sealed }).await;
            });
        }
    });
}

/// Takes what the worker says unasked.
pub(super) fn take(device: Device, event: FromWorker) {
    match event {
        FromWorker::Ready | FromWorker::Answer { .. } => {}
        FromWorker::Progress { step, percent } => device.progress.set(Some((step, percent))),
        FromWorker::Store { store, key, value } => keep(device, store, &key, value.as_deref()),
        FromWorker::Receipt { receipt } => receipt_came(device, *receipt),
        FromWorker::Notice { notice } => notice_came(device, &notice),
        FromWorker::DeviceOrdered { outcome } => change_came(device, &outcome),
        FromWorker::NewMail => {
            if let Some(profile) = device.profile_now() {
                tabs::tell(tabs::Word::Mail(profile.device));
            }
        }
        FromWorker::Line { up } => device.line_up.set(up),
    }
}

/// Writes what the worker wants kept, and says so only when it is written.
fn keep(device: Device, store: u32, key: &str, value: Option<&str>) {
    let merged = value
        .filter(|_| key.starts_with(carried::CARE))
        .and_then(|value| storage::merged_care(key, value));
    let value = merged.as_deref().or(value);
    let at_rest = key.starts_with(stored::DEVICE) && !device.keys.once.get_untracked();
    if at_rest && value.is_some() && at_rest::is_behind(key) {
        // The worker stores it once more when it knows what another tab has stored.
        at_rest::catch_up(device);
        tell_kept(device, store, false);
        return;
    }
    // Two tabs read one mailbox; the higher number is the truth.
    let number = |text: Option<&str>| text.and_then(|text| text.parse::<i64>().ok()).unwrap_or(0);
    let behind =
        key.starts_with(stored::MAILBOX) && number(value) < number(storage::value(key).as_deref());
    if !behind && !storage::put(key, value) {
        let words = "This browser does not let the page keep anything (storage is full or not \
                     allowed). Nothing was sent. Make room, then try again.";
        device.broken.set(Some(words.to_owned()));
        tell_kept(device, store, false);
        return;
    }
    if let (true, Some(value)) = (at_rest, value) {
        at_rest::builds_on(key, value);
    }
    if key.starts_with(stored::ORDER) && value.is_some() {
        device.pay_form.order_is_stored(key);
    }
    if let (Some(id), true) = (key.strip_prefix(stored::ENROLLING), value.is_some()) {
        device.enrols.set(Thumbprint::parse(id).ok());
    }
    if names_a_device(key) {
        device.read_storage();
    }
    if key.starts_with(carried::CARE) || key.starts_with(carried::SEED) {
        device.keys.read_care(device);
    }
    tell_kept(device, store, true);
}

fn tell_kept(device: Device, store: u32, kept: bool) {
    spawn_local(async move {
        let _ = device.ask(Ask::Stored { store, kept }).await;
    });
}

fn names_a_device(key: &str) -> bool {
    let kinds = [
        stored::DEVICE,
        stored::ENROLLING,
        stored::JOINING,
        stored::ROTATING,
    ];
    kinds.iter().any(|kind| key.starts_with(kind))
}

/// A change that was saved without a line has been answered.
fn change_came(device: Device, outcome: &ChangeOutcome) {
    device.say(match &outcome.refused {
        None => "A change of your devices that was saved here is done.".to_owned(),
        Some(failure) => format!(
            "A change of your devices that was saved here is not done. {}",
            words::of(failure).text
        ),
    });
    device.changed();
}

fn receipt_came(device: Device, receipt: Receipt) {
    let sum = money::spoken(receipt.amount.balance());
    let name = &receipt.creditor_name;
    let words = match &receipt.outcome {
        Outcome::Booked { .. } => format!("Paid: {sum} to {name}"),
        Outcome::Refused { reason } => {
            format!(
                "Not paid: {sum} to {name}. {}",
                reason.words_with(receipt.limit)
            )
        }
    };
    // The payment's own page says it at its head, and announces it.
    let own_page = format!("/payments/{}", receipt.order);
    if window().location().pathname() != Ok(own_page) {
        device.say(words);
    }
    device.know(receipt.order, |known| known.receipt = Some(receipt));
    device.changed();
}

fn notice_came(device: Device, notice: &Notice) {
    match notice {
        Notice::MoneyIn {
            amount,
            debtor_name,
            ..
        } => device.say(format!(
            "You received {} from {debtor_name}",
            money::spoken(amount.balance())
        )),
        Notice::OnItsWay { .. } => {}
        // While the keys are being replaced here, the new ones are on their way in.
        Notice::KeysReplaced { at, .. } => {
            if device.profile_now().is_some() && !device.rotation_waits() {
                device.replaced(Some(*at));
            }
        }
        // These stand on the page of devices; the message stays until it is read.
        Notice::DeviceAdded { device_name, .. } => device.said.set(Some(Toast::staying(format!(
            "A new device: {device_name}. If that was not you, open Devices and revoke it."
        )))),
        Notice::DeviceChanged {
            device_name,
            change,
            ..
        } => device.said.set(Some(Toast::staying(format!(
            "{} If you did not want that, open Devices.",
            change.words(device_name)
        )))),
        Notice::SlipMade { .. } => device.said.set(Some(Toast::staying(
            "The bank has made a slip with which a device can be added. If you did not ask for it, \
             call your bank."
                .to_owned(),
        ))),
        Notice::DeviceRevoked { device_name, .. } => device.said.set(Some(Toast::staying(
            format!("{device_name} is revoked: nothing it signs is accepted any more."),
        ))),
    }
    if let Some(happened) = Happened::of(notice) {
        device.remember(happened);
    }
    device.changed();
}
