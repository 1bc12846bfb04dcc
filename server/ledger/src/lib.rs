//! Double-entry bookkeeping as a pure function: accounts as read and instructions go in, postings,
//! holds and refusals come out. The database stores what is decided here and checks it again.
//!
//! Money is in integer minor units with checked arithmetic. The sign is the bank's liability: what
//! the bank owes is positive. A customer's balance is positive, cash in the vault is negative (it is
//! what the bank has), and a mirror account is positive while we owe the peer bank, negative while it
//! owes us. So the entries of every posting, and all balances of one currency, sum to zero.
//!
//! - [`Account`] an account as read, with its limits.
//! - [`Instruction`] what is to be done; [`Decision`] what comes of it.
//! - [`Batch`] decides many instructions in order, in memory, and says which accounts changed: each
//!   once, however hot it is.
//! - [`rebuild`] what the books must say, computed from entries and holds alone.
//!
//! Called by `bank`, which locks the accounts first. No I/O, no clock, no randomness.

mod account;
mod batch;
mod instruction;
mod rebuild;

pub use account::{Account, AccountId, AccountKind, AccountStatus};
pub use batch::{Batch, Inconsistent};
pub use instruction::{Decision, Entry, Fee, Hold, Instruction, Posting};
pub use rebuild::{Rebuilt, rebuild};
