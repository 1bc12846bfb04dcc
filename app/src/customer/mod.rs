//! What a customer does. Every page here is the same HTML for everybody until the device is unlocked.

pub(crate) mod about_to_lock;
pub(crate) mod accounts;
pub(crate) mod carried;
pub(crate) mod devices;
pub(crate) mod enrol;
pub(crate) mod join;
pub(crate) mod pay;
pub(crate) mod payment;
pub(crate) mod payments;
mod private;
pub(crate) mod settings;
pub(crate) mod statement;
mod stopped;
pub(crate) mod unlock;
