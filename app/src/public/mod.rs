//! The pages for everyone.

mod diagram;
pub(crate) mod help;
pub(crate) mod not_found;
pub(crate) mod speed;
pub(crate) mod start;
