//! The worker against a bank in memory: real keys, certificates and envelopes, no network, and a
//! clock that jumps to whatever is waited for.

mod bank;
mod bringing;
mod carrying;
mod desk;
mod device_desk;
mod devices;
mod enrolment;
mod fixture;
mod host;
mod known;
mod late;
mod mailbox;
mod paying;
mod pki;
mod processor;
mod removed;
mod rotating;
mod tabs;
mod trust;
