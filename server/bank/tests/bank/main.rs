//! The bank on real PostgreSQL: processors are stepped by hand, envelopes are real.

mod device;
mod harness;
mod payments;
