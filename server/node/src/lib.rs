//! PostgreSQL instances (nodes): embedded start and stop, TLS, who may come in.
//!
//! The instance is the boundary between parties, so Countersign runs many small ones. This crate
//! finds the embedded PostgreSQL programs, makes instances from one template, starts, stops and kills
//! them, and writes the files that say who is let in by client certificate. It knows nothing of
//! banks: which roles and tables a node holds is decided by its owner.
//!
//! - [`Programs`] where PostgreSQL is, and as whom it runs.
//! - [`Instance`] one node: [`Instance::prepare`], [`Instance::start`], [`Instance::stop`],
//!   [`Instance::kill`], [`Instance::superuser`], [`Instance::admit`].
//! - [`Tls`], [`TlsFiles`], [`Admission`] certificates and who they belong to.
//! - [`let_in`], [`turn_away`] one more or one less on the list of an instance that runs.
//! - [`Root`] a data folder that only one process at a time works in.
//! - [`testing`] instances for tests, gone when the test process is.

mod access;
mod address;
mod database;
mod fault;
mod guests;
mod instance;
mod process;
mod programs;
mod root;
mod settings;
mod template;
pub mod testing;

pub use access::{Admission, Tls, TlsFiles, owner_options, tls_options};
pub use database::{identifier, literal};
pub use fault::Fault;
pub use guests::{let_in, turn_away};
pub use instance::Instance;
pub use programs::Programs;
pub use root::Root;
pub use settings::Settings;
