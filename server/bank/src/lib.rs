//! The core of a bank: its tables, its processor, its registrar and its operators' use cases.
//!
//! - [`processor`] takes what customers and other banks have sent, decides, posts and answers.
//! - [`registrar`] certifies devices and processors.
//! - [`operator`] what the command line does: found a bank, open customers, revoke devices, status
//!   and audit.
//! - [`admission`] how a new processing server asks to be admitted.
//! - [`founding`] makes the keys and certificates that a bank begins with.
//! - [`ProcessorSecret`], [`RegistrarSecret`], [`StorageKey`] what is secret, and where it lies.
//! - [`Clock`], [`Entropy`] time and chance, as parameters.
//! - [`migrate`] the tables of the core: `migrations/` explains each.
//!
//! One file under `store` owns the SQL of each table. Money is decided in `ledger`, envelopes are
//! opened by `envelope`, and `relay` holds the sealed stores around the core.

mod actor;
pub mod admission;
mod books;
mod fault;
pub mod founding;
mod laid_down;
pub mod operator;
pub mod processor;
pub mod registrar;
mod secret;
mod store;
mod time;

pub use actor::Customer;
pub use fault::Fault;
pub use processor::{Processor, Wiring};
pub use secret::{ProcessorSecret, RegistrarSecret, StorageKey};
pub use time::{Clock, Entropy, SystemEntropy};

use sqlx::{ConnectOptions as _, Connection as _, postgres::PgConnectOptions};

const CORE: relay::migrate::Embedded = relay::migrations!("../migrations":
    "0001_roles",
    "0002_parties",
    "0003_customers",
    "0004_intake",
    "0005_ledger",
    "0006_interbank",
    "0007_links",
    "0008_reading",
    "0009_grants",
    "0010_peer_sessions",
    "0011_refused",
    "0012_unreadable",
    "0013_devices",
    "0014_session_use",
    "0015_questions",
    "0016_register",
    "0017_processors",
    "0018_parameters",
);

/// Brings the tables of a core up to date, as its superuser.
///
/// # Errors
/// When the database refuses, or its tables are those of a later version.
pub async fn migrate(superuser: &PgConnectOptions) -> Result<(), Fault> {
    let options = superuser.clone().disable_statement_logging();
    let mut connection = options.connect().await?;
    relay::migrate::migrator(CORE).run(&mut connection).await?;
    connection.close().await?;
    Ok(())
}
