//! Starting the demo that was just built.

use std::os::unix::process::CommandExt as _;

use crate::cargo::program;
use crate::{Checkout, Failure};

/// Becomes `server demo`: with nothing of ours in between, Ctrl-C reaches the server itself, and its
/// end is the end of the command.
pub fn run(checkout: &Checkout, arguments: &[String]) -> Result<(), Failure> {
    let server = checkout.target().join("debug/server");
    let error = program(&server, checkout.root())
        .arg("demo")
        .args(arguments)
        .exec();
    Err(Failure::files("run", &server)(error))
}
