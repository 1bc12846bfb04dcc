//! A failure of a task: the sentence that is printed last, with the remedy.

use std::fmt;
use std::io;
use std::path::Path;

/// What went wrong and what to do, in words.
#[derive(Debug)]
pub struct Failure(String);

impl Failure {
    /// A failure with this sentence.
    pub fn new(sentence: impl Into<String>) -> Self {
        Self(sentence.into())
    }

    /// The file system refused something; a full disk is said as such.
    pub fn files(action: &str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let (action, path) = (action.to_owned(), path.display().to_string());
        move |error| match error.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self(format!(
                "The disk that holds {path} is full: make room and start again."
            )),
            _ => Self(format!("Could not {action} {path}: {error}.")),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
