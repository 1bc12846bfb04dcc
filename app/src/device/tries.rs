//! Wrong passphrases are counted in this browser, and each one more makes the next try wait longer.
//! It stops somebody at this screen; whoever copies the storage is stopped by the passphrase alone.

use super::{clock, storage, words};
use message::{
    Thumbprint, Timestamp,
    worker::{Failure, wire::from_json},
};
use serde::{Deserialize, Serialize};
use std::cell::Cell;

/// Local-storage key: `countersign.tries.DEVICE`.
pub(super) const TRIES: &str = "countersign.tries.";

/// The field of [`Failure::Field`] by which [`attempt`] speaks.
pub(crate) const FIELD: &str = "tries";

/// So many slips of the finger cost nothing.
const FREE: u32 = 3;

/// The longest wait, in seconds.
const WAIT_MAX: i64 = 300;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Tries {
    /// Wrong ones since the last right one.
    wrong: u32,
    /// When the last one was.
    at: Timestamp,
}

/// What is tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Of {
    /// A device that is stored here, or open.
    Device(Thumbprint),
    /// A file or a sheet that was brought. It is counted in memory alone: what is used once leaves
    /// nothing behind, not even that it was tried.
    Brought,
}

thread_local! {
    static BROUGHT: Cell<Tries> = Cell::default();
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

fn read(of: Of) -> Tries {
    let Of::Device(device) = of else {
        return BROUGHT.get();
    };
    let text = storage::value(&format!("{TRIES}{device}"));
    text.and_then(|text| from_json(&text).ok())
        .unwrap_or_default()
}

fn write(of: Of, tries: Option<Tries>) {
    let Of::Device(device) = of else {
        return BROUGHT.set(tries.unwrap_or_default());
    };
    let text = tries.and_then(|tries| serde_json::to_string(&tries).ok());
    storage::put(&format!("{TRIES}{device}"), text.as_deref());
}

/// Tries once, unless it is too early. What must be said of waiting comes as words for the field.
pub(crate) async fn attempt<T>(
    of: Of,
    trying: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    let seconds = seconds_left(read(of), clock::now());
    if seconds > 0 {
        let words = format!("Wait {seconds} seconds before the next try: several were wrong");
        return Err(said(words));
    }
    let outcome = trying.await;
    match &outcome {
        Ok(_) => write(of, None),
        Err(failure) if is_wrong(failure) => {
            let wrong = read(of).wrong.saturating_add(1);
            let at = clock::now();
            write(of, Some(Tries { wrong, at }));
            if wrong >= FREE {
                let line = words::line(failure);
                let words =
                    format!("{line} It was wrong {wrong} times: each further try waits longer.");
                return Err(said(words));
            }
        }
        Err(_) => {}
    }
    outcome
}

fn said(words: String) -> Failure {
    let field = FIELD.to_owned();
    Failure::Field { field, words }
}

/// Whether a failure says that what was typed is not the secret.
fn is_wrong(failure: &Failure) -> bool {
    match failure {
        Failure::WrongPassphrase => true,
        Failure::NotUsable { code, .. } => {
            ["wrong-passphrase", "word-checksum", "unknown-device"].contains(&code.as_str())
        }
        _ => false,
    }
}

/// A device got a new passphrase: what was tried before does not count.
pub(crate) fn forget(device: Thumbprint) {
    write(Of::Device(device), None);
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

    #[test]
    fn only_wrong_secrets_count() {
        let unusable = |code: &str| Failure::NotUsable {
            code: code.to_owned(),
            detail: String::new(),
        };
        assert!(is_wrong(&Failure::WrongPassphrase));
        assert!(is_wrong(&unusable("wrong-passphrase")));
        assert!(is_wrong(&unusable("word-checksum")));
        assert!(!is_wrong(&unusable("truncated")));
        assert!(!is_wrong(&Failure::NoLine));
    }
}
