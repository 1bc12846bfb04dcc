//! Pure values and messages of Countersign: the same in the browser and in the bank.
//!
//! Every message is a JSON [`Payload`] that is signed (`typ` names its [`Kind`]) and sealed. This
//! crate says what is inside; the crate `envelope` says how it is signed and sealed.
//!
//! * values: [`amount`], [`iban`], [`bic`], [`ids`], [`slip`], [`day`]
//! * the frame of each message: [`kind`], [`payload`]
//! * device and bank: [`enrol`], [`device`], [`session`], [`order`], [`receipt`], [`enquiry`],
//!   [`notice`], [`revocation`]
//! * between banks and nodes: [`interbank`], [`jwk`], [`key_set`], [`link`],
//!   [`processor`]
//! * the authority's register: [`record`]
//! * what a bank lays down, and who: [`parameters`], [`operator`]
//! * the edge's interface: [`api`]
//! * page and worker: [`worker`], [`manifest`]
//!
//! No I/O, no clock, no randomness: times and random bytes are parameters.

pub mod amount;
pub mod api;
pub mod bic;
pub mod day;
pub mod device;
pub mod enquiry;
pub mod enrol;
pub mod iban;
pub mod ids;
pub mod interbank;
pub mod jwk;
pub mod key_set;
pub mod kind;
pub mod licence;
pub mod link;
pub mod manifest;
pub mod notice;
pub mod operator;
pub mod order;
pub mod parameters;
pub mod payload;
pub mod processor;
pub mod receipt;
pub mod record;
pub mod revocation;
pub mod session;
pub mod slip;
pub mod text;
pub mod worker;

pub use amount::{Amount, Balance, Currency};
pub use bic::Bic;
pub use iban::Iban;
pub use ids::{Digest, MessageId, SessionId, Thumbprint};
pub use kind::Kind;
pub use payload::{Body, Payload};

/// Seconds since 1970-01-01T00:00:00Z, as in RFC 7519 (`NumericDate`).
pub type Timestamp = i64;
