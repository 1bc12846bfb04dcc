//! Chromium and other programs that only the distribution has.

use std::env;
use std::path::{Path, PathBuf};

use crate::Failure;
use crate::cargo::{answer, program, status};

/// Where distributions put Chromium or a browser that is one.
const PLACES: [&str; 4] = [
    "/usr/bin/chromium",
    "/usr/bin/chromium-browser",
    "/usr/bin/google-chrome",
    "/opt/google/chrome/chrome",
];

/// The Chromium that tests run: the one CHROMIUM names, or one that is installed.
pub fn chromium() -> Option<PathBuf> {
    let named = env::var_os("CHROMIUM").map(PathBuf::from);
    named
        .into_iter()
        .chain(PLACES.iter().map(PathBuf::from))
        .find(|path| path.exists())
}

/// Installs packages of the distribution when we may, and otherwise names the command.
pub fn install(packages: &[&str]) -> Result<(), Failure> {
    if packages.is_empty() {
        return Ok(());
    }
    let names = packages.join(" ");
    let command = format!("apt-get install -y --no-install-recommends {names}");
    let root = answer("id", &["-u"]).is_some_and(|id| id == "0");
    if !root || answer("apt-get", &["--version"]).is_none() {
        return Err(Failure::new(format!(
            "The tests need {names}. Run this and start again: sudo {command}"
        )));
    }
    let apt = |arguments: &[&str]| {
        let mut run = program("apt-get", Path::new("/"));
        run.args(arguments).env("DEBIAN_FRONTEND", "noninteractive");
        status(&mut run, &format!("apt-get {}", arguments.join(" ")))
    };
    apt(&["update", "-q"])?;
    apt(&[
        &["install", "-y", "-q", "--no-install-recommends"],
        packages,
    ]
    .concat())
}
