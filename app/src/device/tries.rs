//! Wrong passphrases are counted in this browser, and each one more makes the next try wait longer.
//! It stops somebody at this screen; whoever copies the storage is stopped by the passphrase alone.

use super::{clock, storage};
use message::{Thumbprint, Timestamp};
use serde::{Deserialize, Serialize};

/// Local-storage key: `countersign.tries.DEVICE`.
pub(super) const TRIES: &str = "countersign.tries.";

/// So many slips of the finger cost nothing.
pub(crate) const FREE: u32 = 3;

/// The longest wait, in seconds.
const WAIT_MAX: i64 = 300;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tries {
    /// Wrong ones since the last right one.
    wrong: u32,
    /// When the last one was.
    at: Timestamp,
}

/// How long the next try waits after so many wrong ones.
fn wait_after(wrong: u32) -> i64 {
    match wrong.checked_sub(FREE) {
        None | Some(0) => 0,
        Some(more) => 2_i64.saturating_pow(more).min(WAIT_MAX),
    }
}

fn seconds_left(tries: Tries, now: Timestamp) -> i64 {
    let wait = wait_after(tries.wrong);
    // A clock that was set back must not lock anybody out for longer.
    (tries.at + wait - now).clamp(0, wait)
}

fn read(device: Thumbprint) -> Tries {
    let text = storage::value(&format!("{TRIES}{device}"));
    text.and_then(|text| serde_json::from_str(&text).ok())
        .unwrap_or_default()
}

/// How many seconds the next try must wait.
pub(crate) fn wait(device: Thumbprint) -> i64 {
    seconds_left(read(device), clock::now())
}

/// A passphrase was wrong; how many that were since the last right one.
pub(crate) fn wrong(device: Thumbprint) -> u32 {
    let tries = Tries {
        wrong: read(device).wrong.saturating_add(1),
        at: clock::now(),
    };
    if let Ok(text) = serde_json::to_string(&tries) {
        storage::put(&format!("{TRIES}{device}"), Some(&text));
    }
    tries.wrong
}

/// The passphrase was right.
pub(crate) fn right(device: Thumbprint) {
    storage::put(&format!("{TRIES}{device}"), None);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_end() {
        assert_eq!([1, 3, 4, 5, 6].map(wait_after), [0, 0, 2, 4, 8]);
        assert_eq!(wait_after(60), WAIT_MAX);
        let tries = Tries { wrong: 5, at: 100 };
        assert_eq!(
            [100, 103, 104, 200].map(|now| seconds_left(tries, now)),
            [4, 1, 0, 0]
        );
        assert_eq!(seconds_left(tries, 10), 4);
    }
}
