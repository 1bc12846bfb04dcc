//! The roles that work behind the edge, and the acts of a bank's operator.

pub mod authority;
pub mod operator;
pub mod processor;
pub mod registrar;
