//! Everything that must be green, in the order in which it fails soonest.

use std::fs;
use std::path::PathBuf;

use crate::cargo::{program, status};
use crate::install::{self, WASM};
use crate::stage::Stages;
use crate::{Checkout, Failure, browser, cargo, site};

/// The stages by their names.
const STAGES: [(&str, Check); 9] = [
    ("install", install::for_tests),
    ("format", format),
    ("pure", pure),
    ("lint", lint),
    ("lint-browser", lint_browser),
    ("rust", rust),
    ("build", build),
    ("interop", interop),
    ("browser", browser_tests),
];

type Check = fn(&Checkout, &mut Stages) -> Result<(), Failure>;

/// Runs all stages, or those named; the first that fails ends it.
pub fn run(checkout: &Checkout, stages: &mut Stages, only: &[String]) -> Result<(), Failure> {
    let names: Vec<&str> = STAGES.iter().map(|(name, _)| *name).collect();
    if let Some(unknown) = only.iter().find(|name| !names.contains(&name.as_str())) {
        return Err(Failure::new(format!(
            "There is no stage '{unknown}'. There are: {}.",
            names.join(", ")
        )));
    }
    let chosen = |name: &str| only.is_empty() || only.iter().any(|one| one == name);
    let result = STAGES
        .iter()
        .filter(|(name, _)| chosen(name))
        .try_for_each(|(_, check)| check(checkout, stages));
    stages.summary();
    result
}

fn format(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    stages.run("format", || {
        cargo::run(checkout, &["fmt", "--all", "--check"])
    })
}

/// The crates without I/O compile where there is none: that is the proof. The profile is that of the
/// site, so that macros and build scripts are built once for both.
fn pure(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    let front = checkout.front().display().to_string();
    let packages = [
        "--package",
        "message",
        "--package",
        "envelope",
        "--package",
        "ledger",
    ];
    let fixed = [
        "check",
        "--lib",
        "--profile",
        "wasm",
        "--target",
        WASM,
        "--target-dir",
        &front,
    ];
    stages.run("pure", || {
        cargo::run(checkout, &[&fixed[..], &packages].concat())
    })
}

fn lint(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    let arguments = [
        "clippy",
        "--workspace",
        "--all-targets",
        "--",
        "-D",
        "warnings",
    ];
    stages.run("lint", || cargo::run(checkout, &arguments))
}

/// The browser's halves, which the native build does not see.
fn lint_browser(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    let front = checkout.front().display().to_string();
    let fixed = [
        "clippy",
        "--lib",
        "--profile",
        "wasm",
        "--target",
        WASM,
        "--target-dir",
        &front,
    ];
    let app = [
        "--package",
        "app",
        "--no-default-features",
        "--features",
        "hydrate",
    ];
    let crypto = ["--package", "crypto-wasm", "--package", "prime-filter"];
    let strict = ["--", "-D", "warnings"];
    stages.run("lint-browser", || {
        cargo::run(checkout, &[&fixed[..], &app, &strict].concat())?;
        cargo::run(checkout, &[&fixed[..], &crypto, &strict].concat())
    })
}

/// The tools are tested by themselves: together with the others they would be built a second time,
/// because the tests of the others switch on features of what they share.
const PRODUCT: [&str; 3] = ["--workspace", "--exclude", "xtask"];

fn rust(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    stages.run("rust", || {
        cargo::run(checkout, &["test", "--package", "xtask"])?;
        cargo::run(checkout, &[&["test"], &PRODUCT[..]].concat())
    })
}

/// The server comes out of the same build as its tests.
fn build(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    site::all(checkout, stages)?;
    let arguments = [&["build", "--all-targets"], &PRODUCT[..]].concat();
    stages.run("server", || cargo::run(checkout, &arguments))
}

/// The formats, read and made by libraries that are not ours.
fn interop(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    let folder = checkout.path("end2end/interop");
    let mut files: Vec<PathBuf> = fs::read_dir(&folder)
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    files.retain(|file| {
        file.to_str()
            .is_some_and(|name| name.ends_with(".test.js") || name.ends_with(".test.mjs"))
    });
    files.sort();
    if files.is_empty() {
        eprintln!("==> interop: there are no such tests");
        return Ok(());
    }
    stages.run("interop", || {
        let mut node = program("node", &checkout.path("end2end"));
        // The binary that is there: a build of its own would have other features.
        node.env("COUNTERSIGN_SERVER", checkout.path("target/debug/server"));
        status(node.arg("--test").args(&files), "node --test")
    })
}

fn browser_tests(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    stages.run("browser", || {
        let mut node = program("node", &checkout.path("end2end"));
        node.args(["node_modules/@playwright/test/cli.js", "test"]);
        if let Some(chromium) = browser::chromium() {
            node.env("CHROMIUM", chromium);
        }
        status(&mut node, "npx playwright test")
    })
}
