//! What operators do by the command line, at the core's local socket as its owner.
//!
//! - [`found`], [`add_processor`] a bank begins, and gets processors.
//! - [`open_customer`], [`new_slip`], [`close_account`] customers.
//! - [`revoke_device`], [`devices`] devices.
//! - [`end_sessions`] when somebody may know their keys.
//! - [`status`], [`audit`] how things stand, and whether the books are right.

mod customers;
mod devices;
mod found;
mod sessions;
mod watch;

pub use customers::{NewCustomer, PrintedSlip, close_account, new_slip, open_customer};
pub use devices::{ListedDevice, devices, revoke_device};
pub use found::{add_processor, found};
pub use sessions::end_sessions;
pub use watch::{Audit, LinkFigures, Status, audit, status};
