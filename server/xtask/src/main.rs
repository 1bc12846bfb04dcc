//! `cargo xtask`: everything that is done to this checkout, with one command each and no tools beyond
//! Rust, Node with npm and a C compiler.

mod browser;
mod cargo;
mod checkout;
mod checks;
mod compress;
mod demo;
mod failure;
mod install;
mod site;
mod split;
mod stage;
mod style;
mod wasm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use checkout::Checkout;
use failure::Failure;
use stage::Stages;

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Builds, runs and tests Countersign.")]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Install what is missing: the wasm target, the npm packages, the embedded PostgreSQL.
    Install,
    /// Install, then build the site and the server.
    Build,
    /// Install and build the site alone: pages' program code, worker, style, fonts.
    Wasm,
    /// Install, build, and start the demo: two banks on this machine. Ctrl-C ends it.
    Demo {
        /// Passed to `server demo`, for example --fresh.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Install what tests need and run everything.
    Test {
        /// Only these stages, separated by commas.
        #[arg(long, value_delimiter = ',')]
        only: Vec<String>,
    },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    match run(arguments.command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("\n{failure}");
            ExitCode::FAILURE
        }
    }
}

fn run(task: Task) -> Result<(), Failure> {
    let checkout = Checkout::locate()?;
    let mut stages = Stages::new();
    match task {
        Task::Install => install::all(&checkout, &mut stages),
        Task::Build => build(&checkout, &mut stages),
        Task::Wasm => {
            install::all(&checkout, &mut stages)?;
            site::all(&checkout, &mut stages)
        }
        Task::Demo { arguments } => {
            build(&checkout, &mut stages)?;
            demo::run(&checkout, &arguments)
        }
        Task::Test { only } => checks::run(&checkout, &mut stages, &only),
    }
}

fn build(checkout: &Checkout, stages: &mut Stages) -> Result<(), Failure> {
    install::all(checkout, stages)?;
    site::all(checkout, stages)?;
    stages.run("server", || {
        cargo::run(checkout, &["build", "--package", "server"])
    })
}
