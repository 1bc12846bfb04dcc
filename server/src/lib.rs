//! The Countersign binary: one program, roles by subcommand.
//!
//! * [`cli`]: the command line
//! * [`configuration`]: what a role needs to know, from a file
//! * [`boot`]: the clock, the random source, logs and shutdown: the only place that reads them
//! * [`edge`]: the device interface `/v1`
//! * [`web`]: pages and program code
//! * [`roles`]: processor, registrar, authority, and the operator's acts
//! * [`ceremony`]: makes the keys and certificates of a network
//! * [`passphrase`]: from a file or a terminal
//! * [`demo`]: a whole network on one machine
//! * [`device`]: a device without a browser, for measurements and tests
//! * [`bench`]: how fast, measured
//! * [`status`]: what an operator sees

// The pages' views are types nested as deep as their mark-up.
#![recursion_limit = "512"]

pub mod bench;
pub mod boot;
pub mod ceremony;
pub mod cli;
pub mod configuration;
pub mod demo;
pub mod device;
pub mod edge;
pub mod passphrase;
pub mod roles;
pub mod status;
pub mod web;
