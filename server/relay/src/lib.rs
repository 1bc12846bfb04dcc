//! The sealed stores: fronts, gateways and links, their SQL, intake and mailboxes.
//!
//! Nothing in here opens an envelope. The front keeps customers' sealed messages, a gateway those of
//! one outside party, and a link joins two gateways by logical replication without trusting it.
//!
//! - [`front`] what a processor does at a front: claim, publish, documents, revocations.
//! - [`edge_store`] what an edge does there: store envelopes, hand out mailboxes.
//! - [`gateway`] what a processor does at a gateway: append, claim, acknowledge.
//! - [`link`] the link protocol: the chain of hashes, acknowledgements, provisioning and healing.
//! - [`migrate`] the tables of each kind of node, and [`holder`] who logs in there.
//! - [`primitive`] RSA on servers.
//!
//! Databases are PostgreSQL nodes (crate `node`). Roles may do what the functions here do, no more:
//! the tests try the rest.

pub mod edge_store;
mod error;
pub mod front;
pub mod gateway;
pub mod holder;
pub mod link;
pub mod migrate;
mod pool;
pub mod primitive;
#[cfg(test)]
mod testing;

pub use error::{Refused, RelayError};
pub use pool::{Wakeups, connect};
