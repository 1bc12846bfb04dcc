//! Frozen keys and small messages for this crate's own tests.

use crate::{RsaPrivateKey, SigningKey};
use message::{
    Amount, Currency, Iban, MessageId, Payload,
    order::PaymentOrder,
    text::{Name, Remittance},
};
use pkcs8::der::pem;

/// 2026-11-22T12:00:00Z.
pub(crate) const NOW: i64 = 1_795_348_800;

pub(crate) fn rng() -> rand_core::UnwrapErr<getrandom::SysRng> {
    rand_core::UnwrapErr(getrandom::SysRng)
}

/// The DER of a key in `tests/keys`.
pub(crate) fn key_der(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let (label, der) = pem::decode_vec(text.as_bytes()).unwrap();
    assert_eq!(label, "PRIVATE KEY");
    der
}

pub(crate) fn rsa_key(name: &str) -> RsaPrivateKey {
    RsaPrivateKey::from_pkcs8_der(&key_der(name)).unwrap()
}

pub(crate) fn signing_key(name: &str) -> SigningKey {
    SigningKey::from_pkcs8_der(&key_der(name)).unwrap()
}

pub(crate) fn order() -> Payload<PaymentOrder> {
    order_for("Invoice 7")
}

pub(crate) fn order_for(remittance: &str) -> Payload<PaymentOrder> {
    Payload {
        iss: "device".to_owned(),
        aud: "HALDDEFF".to_owned(),
        jti: MessageId::new([7; 16]),
        iat: NOW,
        exp: NOW + 900,
        re: None,
        body: PaymentOrder {
            debtor_account: Iban::from_bban("DE", "370905020000000001").unwrap(),
            creditor_name: Name::parse("Inês Carvalho").unwrap(),
            creditor_account: Iban::from_bban("DE", "700205700000000002").unwrap(),
            instructed_amount: Amount::try_new(12_345, Currency::EUR).unwrap(),
            remittance: Remittance::parse(remittance).unwrap(),
        },
    }
}

/// The text with the character at a place changed to another one of the base64url alphabet.
pub(crate) fn changed(text: &str, at: usize) -> String {
    let mut bytes = text.as_bytes().to_vec();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    String::from_utf8(bytes).unwrap()
}
