//! The bank on real PostgreSQL: processors are stepped by hand, envelopes are real.

mod crashes;
mod device;
mod enrolment;
mod harness;
mod hostile;
mod interbank;
mod links;
mod payments;
mod roles;
mod sessions;
