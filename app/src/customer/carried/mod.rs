//! Keys that people carry: a file in, a file out, paper, and what to do before something is lost.

pub(crate) mod bring;
pub(crate) mod export;
pub(crate) mod left;
pub(crate) mod passphrase;
pub(crate) mod recover;
pub(crate) mod safety;
pub(crate) mod sheet;

use crate::device::words;
use message::worker::Failure;

/// The fewest characters of a passphrase; the worker asks for the same.
const CHARS_MIN: usize = 12;

/// How to mend a passphrase that is to be chosen.
fn too_short(passphrase: &str) -> Option<String> {
    (passphrase.chars().count() < CHARS_MIN)
        .then(|| format!("Choose a passphrase of {CHARS_MIN} characters or more"))
}

/// A failure in one line, as it stands at a field.
pub(crate) fn line(failure: &Failure) -> String {
    match failure {
        Failure::Field { words, .. } => words.clone(),
        other => words::line(other),
    }
}
