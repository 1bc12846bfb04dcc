//! aws-lc-rs passes the same stored vectors as the crate `rsa`.

#[cfg(test)]
#[path = "../../../crypto-wasm/envelope/tests/vectors/check.rs"]
mod check;

#[test]
fn every_vector_holds() {
    check::all(&relay::primitive::AwsLcRsa);
}
