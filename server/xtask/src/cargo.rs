//! Running cargo and other programs, their output shown as it comes.

use std::env;
use std::ffi::OsStr;
use std::io::ErrorKind;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Checkout, Failure};

/// Cargo tells its child about the package it runs. Build scripts that watch such variables would
/// otherwise run again whenever cargo is called from here and then by hand.
const OURS: [&str; 5] = [
    "CARGO_PKG_",
    "CARGO_MANIFEST_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "CARGO_PRIMARY_",
];

/// Cargo with these arguments, at the top of the checkout.
pub fn run(checkout: &Checkout, arguments: &[&str]) -> Result<(), Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut command = program(&cargo, checkout.root());
    command.args(arguments);
    status(&mut command, &format!("cargo {}", arguments.join(" ")))
}

/// A program in a folder, with our own variables taken out of its environment.
pub fn program(program: impl AsRef<OsStr>, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.current_dir(folder);
    for (name, _) in env::vars_os() {
        let text = name.to_string_lossy();
        if OURS.iter().any(|prefix| text.starts_with(prefix)) {
            command.env_remove(&name);
        }
    }
    command
}

/// Runs a command to its end; its own output says what went wrong.
pub fn status(command: &mut Command, name: &str) -> Result<(), Failure> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new(format!(
            "`{name}` did not succeed: see its output above."
        ))),
        Err(error) if error.kind() == ErrorKind::NotFound => Err(Failure::new(format!(
            "`{name}` could not be run: the program is missing."
        ))),
        Err(error) => Err(Failure::new(format!("`{name}` could not be run: {error}."))),
    }
}

/// What a command prints, when it succeeds.
pub fn answer(program: &str, arguments: &[&str]) -> Option<String> {
    let mut command = Command::new(program);
    let output = command.args(arguments).stdin(Stdio::null()).output().ok()?;
    let text = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    output.status.success().then_some(text)
}
