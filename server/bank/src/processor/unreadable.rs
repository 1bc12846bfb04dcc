//! The newest items of each link that could not be read, for the acknowledgements.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// As many as an acknowledgement names.
const ITEMS_MAX: usize = 100;

/// By party.
#[derive(Default)]
pub(super) struct Unreadable(Mutex<HashMap<String, Vec<u64>>>);

impl Unreadable {
    pub(super) fn remember(&self, party: &str, seqs: Vec<u64>) {
        if seqs.is_empty() {
            return;
        }
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known = all.entry(party.to_owned()).or_default();
        known.extend(seqs);
        known.sort_unstable();
        known.dedup();
        known.drain(..known.len().saturating_sub(ITEMS_MAX));
    }

    pub(super) fn of(&self, party: &str) -> Vec<u64> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.get(party).cloned().unwrap_or_default()
    }
}
