//! What operators do by the command line, at the core's local socket as its owner.
//!
//! - [`found`], [`add_processor`] a bank begins, and gets processors.
//! - [`processors`], [`admit_processor`], [`remove_processor`], [`transport_ca`]
//!   processing servers.
//! - [`open_customer`], [`new_slip`], [`close_account`] customers.
//! - [`devices`], [`suspend_device`], [`resume_device`], [`revoke_device`], [`waiting_device`] and
//!   [`admit_device`] devices.
//! - [`rotate_key`] the bank's encryption key.
//! - [`operators`], [`admit_operator`], [`remove_operator`] who they are.
//! - [`parameters`](parameters()), [`propose_parameters`], [`approve_parameters`] limits and fees, laid down by two;
//!   [`begin_parameters`] the first of them.
//! - [`end_sessions`] when somebody may know their keys.
//! - [`status`], [`audit`] how things stand, and whether the books are right.

mod customers;
mod devices;
mod found;
mod keys;
mod operators;
mod parameters;
mod processors;
mod sessions;
mod trust;
mod watch;

pub use customers::{
    NewCustomer, PrintedSlip, close_account, customer_name, new_slip, open_customer,
};
pub use devices::{
    ListedDevice, WaitingDevice, admit_device, devices, resume_device, revoke_device,
    suspend_device, waiting_device,
};
pub use found::{add_processor, found};
pub use keys::rotate_key;
pub use operators::{ListedOperator, admit_operator, operators, remove_operator};
pub use parameters::{
    LaidDown, Proposal, approve_parameters, begin_parameters, parameters, propose_parameters,
};
pub use processors::{
    ListedProcessor, admit_processor, processors, remove_processor, transport_ca,
};
pub use sessions::end_sessions;
pub use trust::{OwnTerms, Trusted, own_terms, trust};
pub use watch::{Audit, LinkFigures, Status, audit, status};

use crate::{
    Fault,
    store::institution::{self as row, Institution},
};
use sqlx::PgConnection;

/// The bank that the core holds.
async fn institution(core: &mut PgConnection) -> Result<Institution, Fault> {
    let bank = row::read(core).await?;
    bank.ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))
}
