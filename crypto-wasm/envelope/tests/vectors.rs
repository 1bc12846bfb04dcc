//! The stored vectors over the crate `rsa`. Others (aws-lc-rs on servers) run the same file.

#[cfg(test)]
#[path = "vectors/check.rs"]
mod check;

#[test]
fn every_vector_holds() {
    check::all(&envelope::RustCryptoRsa);
}
