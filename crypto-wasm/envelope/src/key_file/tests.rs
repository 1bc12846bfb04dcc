use super::*;
use crate::{
    SigningKey,
    testing::{key_der, rng},
};
use pkcs8::{
    EncryptedPrivateKeyInfoOwned,
    der::{Decode, Encode, asn1::OctetString},
    pkcs5::{EncryptionScheme, pbes2},
};
use proptest::prelude::*;

#[test]
fn a_key_is_opened_with_its_passphrase_alone() {
    let der = key_der("rsa2048");
    let passphrase = "sechs Wörter für ein gutes Gefühl";
    let file = encrypt_pkcs8(&der, passphrase, &mut rng()).unwrap();
    assert!(file.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
    let opened = decrypt_pkcs8(&file, passphrase).unwrap();
    assert_eq!(opened.as_slice(), der);
    assert!(SigningKey::from_pkcs8_der(&opened).is_ok());
    for wrong in ["", "sechs Worter fur ein gutes Gefuhl", "x"] {
        assert_eq!(decrypt_pkcs8(&file, wrong), Err(EnvelopeError::Opening));
    }
    let again = encrypt_pkcs8(&der, passphrase, &mut rng()).unwrap();
    assert_ne!(again, file);
}

#[test]
fn the_library_reads_what_we_write() {
    let der = key_der("rsa2048");
    let sealed = encrypt_pkcs8_der(&der, "x", &mut rng()).unwrap();
    let info = EncryptedPrivateKeyInfoOwned::from_der(&sealed).unwrap();
    let EncryptionScheme::Pbes2(parameters) = &info.encryption_algorithm else {
        panic!("another scheme");
    };
    let kdf = parameters.kdf.pbkdf2().unwrap();
    assert_eq!(kdf.iteration_count, PBKDF2_ITERATIONS);
    assert_eq!(kdf.prf, pbes2::Pbkdf2Prf::HmacWithSha256);
    assert_eq!(info.to_der().unwrap(), sealed);
    let opened = parameters.decrypt("x", info.encrypted_data.as_bytes());
    assert_eq!(opened.unwrap(), der);
}

#[test]
fn other_files_are_no_key_files() {
    let plain = format!("{}/tests/keys/rsa2048.pem", env!("CARGO_MANIFEST_DIR"));
    let plain = std::fs::read_to_string(plain).unwrap();
    let long = "x".repeat(PEM_BYTES_MAX + 1);
    for text in ["", "x", plain.as_str(), long.as_str()] {
        let refused = decrypt_pkcs8(text, "x");
        assert!(matches!(refused, Err(EnvelopeError::Malformed(_))));
    }
    let passphrase = "x".repeat(PASSPHRASE_BYTES_MAX + 1);
    let refused = encrypt_pkcs8(&key_der("processor"), &passphrase, &mut rng());
    assert_eq!(refused, Err(EnvelopeError::TooLarge));
}

#[test]
fn a_file_cannot_ask_for_endless_work() {
    let parameters = pbes2::Parameters::generate_pbkdf2_sha256_aes256cbc(
        PBKDF2_ITERATIONS_MAX + 1,
        &[0; 16],
        [0; 16],
    )
    .unwrap();
    let info = EncryptedPrivateKeyInfoOwned {
        encryption_algorithm: EncryptionScheme::from(parameters),
        encrypted_data: OctetString::new(vec![0; 64]).unwrap(),
    };
    let der = info.to_der().unwrap();
    let file = pem::write(LABEL, &der);
    let refused = decrypt_pkcs8(&file, "x");
    assert!(matches!(refused, Err(EnvelopeError::Malformed(_))));
}

proptest! {
    #[test]
    fn reading_never_panics(text in ".*") {
        prop_assert!(decrypt_pkcs8(&text, "x").is_err());
    }
}
