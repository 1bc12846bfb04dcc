//! What is stored of the open device, as this tab's worker knows it. Another tab may store it anew: under
//! another passphrase, with later certificates. That is handed on to the worker before anything is stored
//! from here, so that no tab writes back what is over.

use super::{Device, Stage, storage};
use crate::ui::announcer::Toast;
use leptos::{prelude::*, task::spawn_local};
use message::worker::{Answer, Ask, Failure, stored, wire::from_json};
use std::cell::{Cell, RefCell};

const GONE: &str =
    "This tab is locked: the keys of this device were replaced or removed in another tab.";
const UNFIT: &str = "This tab is locked: what this browser keeps of this device was changed, and does not \
                     fit the keys that were open.";

thread_local! {
    /// The storage key, and the text under it that the worker builds on.
    static BASE: RefCell<Option<(String, String)>> = const { RefCell::new(None) };
    /// How often something is on its way to the worker.
    static COMING: Cell<u32> = const { Cell::new(0) };
}

/// The worker opens this text, or has stored it.
pub(super) fn builds_on(key: &str, text: &str) {
    BASE.set(Some((key.to_owned(), text.to_owned())));
}

/// No device is open.
pub(super) fn nothing() {
    BASE.set(None);
}

/// Whether another tab has stored this device and the worker does not build on that yet.
pub(super) fn is_behind(key: &str) -> bool {
    let base = BASE.with_borrow(|base| {
        let base = base.as_ref().filter(|(of, _)| of == key);
        base.map(|(_, text)| text.clone())
    });
    base.is_some() && (COMING.get() > 0 || storage::value(key) != base)
}

/// Hands on to the worker what another tab has stored. Where the device is gone, this tab locks.
pub(super) fn catch_up(device: Device) {
    let Some(profile) = device.profile_now() else {
        return;
    };
    if device.keys.once.get_untracked() {
        return;
    }
    let key = format!("{}{}", stored::DEVICE, profile.device);
    let Some(text) = storage::value(&key) else {
        lock(device, GONE);
        return;
    };
    let known = |base: &(String, String)| (&base.0, &base.1) == (&key, &text);
    if BASE.with_borrow(|base| base.as_ref().is_some_and(known)) {
        return;
    }
    builds_on(&key, &text);
    COMING.set(COMING.get() + 1);
    spawn_local(async move {
        let taken = match from_json(&text) {
            Ok(stored) => device.ask(Ask::Device { device: stored }).await,
            Err(_) => Err(Failure::StoredDeviceDamaged),
        };
        COMING.set(COMING.get() - 1);
        match (taken, device.profile_now()) {
            // Locked meanwhile, or opened again with what is stored.
            (Err(Failure::Locked), _) | (_, None) => {}
            (Ok(Answer::Unlocked { profile }), Some(before)) => {
                if before.device == profile.device && before != *profile {
                    device.stage.set(Stage::Unlocked(profile));
                }
            }
            _ => lock(device, UNFIT),
        }
    });
}

fn lock(device: Device, words: &str) {
    device.lock(false);
    device.said.set(Some(Toast::staying(words.to_owned())));
}
