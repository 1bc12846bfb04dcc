//! The roles that work behind the edge, and the acts of a bank's operators and of the authority.

pub mod authority;
pub mod licence;
pub mod operator;
pub mod processor;
pub mod registrar;
