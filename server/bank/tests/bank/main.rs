//! The bank on real PostgreSQL: processors are stepped by hand, envelopes are real.
#![cfg(test)]
#![expect(
    clippy::inconsistent_digit_grouping,
    reason = "100_00 is a hundred euros and no cents"
)]

mod authority;
mod copies;
mod crashes;
mod device;
mod devices;
mod enrolment;
mod harness;
mod hostile;
mod interbank;
mod joining;
mod keys;
mod licences;
mod links;
mod locks;
mod operators;
mod parameters;
mod payments;
mod peer_sessions;
mod processors;
mod replacing;
mod roles;
mod sessions;
