//! A device that is used once on a computer that is not its own: whatever the worker wants kept stays
//! in this memory, which ends with the tab.

use super::{Device, storage};
use leptos::prelude::*;
use std::{cell::RefCell, collections::BTreeMap};

thread_local! {
    static MEMORY: RefCell<Option<BTreeMap<String, String>>> = const { RefCell::new(None) };
}

/// What is in memory instead of local storage; none while no device is used once.
#[cfg(feature = "hydrate")]
pub(super) fn entries(prefix: &str) -> Option<Vec<(String, String)>> {
    use message::worker::stored;
    // The devices of this browser stay to be seen; they are not this one's.
    if prefix == stored::DEVICE || prefix == stored::ENROLLING {
        return None;
    }
    MEMORY.with_borrow(|memory| {
        let found = memory.as_ref()?.iter();
        let found = found.filter(|(key, _)| key.starts_with(prefix));
        Some(
            found
                .map(|(key, value)| (key.clone(), value.clone()))
                .collect(),
        )
    })
}

/// Keeps it in memory; false while no device is used once.
#[cfg(feature = "hydrate")]
pub(super) fn put(key: &str, value: Option<&str>) -> bool {
    MEMORY.with_borrow_mut(|memory| {
        let Some(memory) = memory else { return false };
        match value {
            Some(value) => memory.insert(key.to_owned(), value.to_owned()),
            None => memory.remove(key),
        };
        true
    })
}

impl Device {
    /// From now on nothing goes to local storage.
    pub(super) fn begin_once(self) {
        MEMORY.set(Some(BTreeMap::new()));
        self.keys.once.set(true);
        self.keys.left.set(false);
        self.keys.unsent.set(0);
    }

    /// Signed payments that no edge has taken yet, and signed changes of devices that the bank has not
    /// answered. While a device is used once they are in memory alone.
    fn unsent(self) -> usize {
        let orders = self.waiting_orders().into_iter();
        let orders = orders.filter(|order| !order.accepted).count();
        let own = self.profile_now().map(|profile| profile.device);
        orders + own.map_or(0, |device| storage::changes(device).len())
    }

    /// Locks, unless something would be lost that nobody has said yes to: then it is asked first.
    pub(crate) fn ask_to_lock(self) {
        let unsent = match self.keys.once.get_untracked() {
            true => self.unsent(),
            false => 0,
        };
        self.keys.unsent.set(unsent);
        match unsent {
            0 => self.lock(true),
            _ => self.keys.lock_waits.set(true),
        }
    }

    /// It is over: the memory is emptied, and the closing page is due.
    pub(crate) fn end_once(self) {
        if self.keys.once.get_untracked() {
            // What is lost now is said on the closing page. A second ending knows nothing of it.
            if !self.keys.left.get_untracked() && self.profile_now().is_some() {
                self.keys.unsent.set(self.unsent());
            }
            self.keys.lock_waits.set(false);
            // What is still drawn keeps its neutral title until the closing page is there.
            self.keys.left.set(true);
            self.pay_form.clear();
        }
        MEMORY.set(None);
    }

    /// It did not come to it, or the closing page is there.
    pub(crate) fn drop_once(self) {
        MEMORY.set(None);
        self.keys.once.set(false);
    }
}
