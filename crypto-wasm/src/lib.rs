//! The worker that holds a device's keys: it signs, seals, opens, verifies, and talks to the edges.
//!
//! * [`Worker`] is the logic, for any [`host::Host`]: the tests run it against a bank in memory
//! * `bind` is the browser: `postMessage`, `fetch`, timers; it has no logic
//!
//! The page and the worker speak `message::worker`. Keys and session keys stay in this memory and
//! are wiped on `Lock`; what must outlive it goes to the page encrypted, as `Store` events.

mod ask;
mod bank;
#[cfg(target_arch = "wasm32")]
mod bind;
mod carried;
mod carry;
mod delivery;
mod device;
mod devices;
mod enquire;
mod enrol;
pub mod host;
mod join;
mod keys;
mod known;
mod late;
mod line;
mod listen;
mod mail;
mod making;
pub mod parts;
mod pay;
mod peer;
mod receipt_file;
mod removed;
mod rotate;
mod rotate_file;
mod session;
mod sheet;
mod signer;
mod speed;
mod state;
mod turn;

#[cfg(test)]
mod tests;

pub use state::Worker;
