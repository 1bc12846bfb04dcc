//! Passphrases: from a file, or typed at a terminal that does not show them; never on the command line
//! and never in the environment, where other processes can read them.

use crate::cli::Failure;
use clap::Args;
use std::{
    fs,
    io::{BufRead as _, IsTerminal as _, Write as _},
    path::PathBuf,
    process::{Command, Stdio},
};
use zeroize::Zeroizing;

/// The fewest characters of a new passphrase.
pub const CHARS_MIN: usize = 12;

/// Where a passphrase comes from.
#[derive(Args, Clone)]
pub struct PassphraseFile {
    /// A file whose first line is the passphrase; without it you are asked.
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl PassphraseFile {
    /// Whether a person is asked.
    pub fn is_asked(&self) -> bool {
        self.passphrase_file.is_none()
    }

    /// Reads it, or asks for it with these words.
    pub fn read(&self, words: &str) -> Result<Zeroizing<String>, Failure> {
        let mut text = Zeroizing::new(String::new());
        match &self.passphrase_file {
            Some(file) => {
                let whole = Zeroizing::new(
                    fs::read_to_string(file)
                        .map_err(|error| format!("{} cannot be read: {error}", file.display()))?,
                );
                text.push_str(whole.lines().next().unwrap_or_default());
            }
            None => {
                eprint!("{words}");
                std::io::stderr().flush()?;
                let hidden = Hidden::start();
                std::io::stdin().lock().read_line(&mut text)?;
                drop(hidden);
            }
        }
        let typed = Zeroizing::new(text.trim_end_matches(['\r', '\n']).to_owned());
        if typed.is_empty() {
            return Err("there is no passphrase".into());
        }
        Ok(typed)
    }
}

/// The passphrase of a key, and of a new one.
impl PassphraseFile {
    /// From this file; without one, whoever runs the command is asked.
    pub fn at(file: Option<PathBuf>) -> Self {
        Self {
            passphrase_file: file,
        }
    }

    /// Of a key that is there.
    pub fn of_key(&self) -> Result<Zeroizing<String>, Failure> {
        self.read("Passphrase of your key: ")
    }

    /// Of a new key, typed twice by whoever is asked.
    pub fn new_one(&self) -> Result<Zeroizing<String>, Failure> {
        let first = self.read("A new passphrase for your key, 12 characters or more: ")?;
        if first.chars().count() < CHARS_MIN {
            return Err("use 12 characters or more for the passphrase".into());
        }
        if self.is_asked() && *self.read("The same once more: ")? != *first {
            return Err("the two passphrases differ".into());
        }
        Ok(first)
    }
}

/// While it lives, the terminal does not show what is typed.
struct Hidden(bool);

impl Hidden {
    fn start() -> Self {
        Self(std::io::stdin().is_terminal() && stty("-echo"))
    }
}

impl Drop for Hidden {
    fn drop(&mut self) {
        if self.0 {
            stty("echo");
            eprintln!();
        }
    }
}

fn stty(setting: &str) -> bool {
    let done = Command::new("stty")
        .arg(setting)
        .stdin(Stdio::inherit())
        .status();
    done.is_ok_and(|status| status.success())
}
