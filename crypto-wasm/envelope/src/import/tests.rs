use super::*;
use crate::{
    RustCryptoRsa,
    manifest::make_manifest,
    testing::{NOW, rng, rsa_key},
};
use std::sync::OnceLock;

const PASSPHRASE: &str = "plum velvet orbit canyon";

fn bic() -> Bic {
    Bic::parse("HALDDEFF").unwrap()
}

fn open(file: &str) -> Result<Imported, ImportError> {
    import(&RustCryptoRsa, file.as_bytes(), PASSPHRASE, &bic())
}

fn code(file: &str) -> &'static str {
    open(file).map(|_| ()).unwrap_err().code()
}

/// The frozen file: deriving its keys takes most of these tests' time, so once.
fn frozen() -> &'static str {
    static FILE: OnceLock<String> = OnceLock::new();
    FILE.get_or_init(|| {
        let folder = env!("CARGO_MANIFEST_DIR");
        std::fs::read_to_string(format!("{folder}/tests/fixtures/countersign.key")).unwrap()
    })
}

/// The device in the frozen file, changed and signed anew.
fn signed(change: impl FnOnce(&mut StoredDevice)) -> StoredDevice {
    let mut device = key_file::read(frozen().as_bytes()).unwrap();
    change(&mut device);
    let key = SigningKey::Rsa(rsa_key("device_signing"));
    let manifest = make_manifest(&RustCryptoRsa, &key, &device, NOW, &mut rng()).unwrap();
    device.manifest = manifest.as_str().to_owned();
    device
}

#[test]
fn a_device_comes_back_from_its_file() {
    let seen = recognise(frozen().as_bytes()).unwrap();
    assert_eq!((seen.kind, seen.encrypted), (Kind::KeyFile, true));
    let read = open(frozen()).unwrap();
    assert_eq!(read.device, seen.device);
    assert_eq!(read.signing.public(), rsa_key("device_signing").public());
    let encryption = rsa_key("device_encryption");
    assert_eq!(read.encryption.unwrap().public(), encryption.public());
    let device = read.device.unwrap();
    assert_eq!(device.customer_name, "Inês Carvalho");
    assert_eq!(device.device_name, "Thumb drive");
    assert_eq!(device.certificates.len(), 4);
    assert_eq!(key_file::write(&device).unwrap(), frozen());
    let windows = frozen().replace('\n', "\r\n");
    assert_eq!(key_file::read(windows.as_bytes()), Ok(*device));
}

#[test]
fn names_of_every_kind_come_back() {
    let mut device = signed(|_| {});
    for name in ["", "Ünïcode 家", "a: b", "Bank: X", "  two  blanks", "x:"] {
        device.device_name = name.to_owned();
        device.customer_name = name.to_owned();
        let file = key_file::write(&device).unwrap();
        assert_eq!(
            key_file::read(file.as_bytes()),
            Ok(device.clone()),
            "{name}"
        );
    }
    for name in ["two\nlines", "x\r", "trailing "] {
        device.device_name = name.to_owned();
        assert!(key_file::write(&device).is_err(), "{name:?}");
    }
}

#[test]
fn a_device_without_certificates_or_on_its_way_has_no_file() {
    let whole = signed(|_| {});
    let changes: [fn(&mut StoredDevice); 5] = [
        |device| device.request = Some("x".to_owned()),
        |device| device.certificates.truncate(1),
        |device| device.root.clear(),
        |device| device.signing_key = device.encryption_key.replace("ENCRYPTED ", ""),
        |device| device.version = 2,
    ];
    for change in changes {
        let mut device = whole.clone();
        change(&mut device);
        assert!(key_file::write(&device).is_err());
    }
}

#[test]
fn a_changed_file_does_not_fit_its_manifest() {
    let changes = [
        ("Device-Name: Thumb drive", "Device-Name: Another"),
        ("Bank-Name: Halden Bank", "Bank-Name: Another"),
        ("Customer-Name: Inês", "Customer-Name: Ines"),
        ("Customer-Number: 10001", "Customer-Number: 10002"),
        ("Enrolled-At: 1795348800", "Enrolled-At: 1795348801"),
        ("Key-Set: 3", "Key-Set: 2"),
    ];
    for (from, to) in changes {
        assert_eq!(code(&frozen().replace(from, to)), "manifest", "{to}");
    }
    let other = signed(|device| device.key_set = 4);
    let mut mixed = key_file::read(frozen().as_bytes()).unwrap();
    mixed.manifest = other.manifest;
    assert_eq!(code(&key_file::write(&mixed).unwrap()), "manifest");
    mixed.manifest = "x".to_owned();
    assert_eq!(code(&key_file::write(&mixed).unwrap()), "manifest");
}

#[test]
fn certificates_of_other_keys_are_noticed() {
    let swapped = signed(|device| device.certificates.swap(0, 1));
    let file = key_file::write(&swapped).unwrap();
    assert_eq!(code(&file), "certificate-mismatch");
    let keys = signed(|device| device.encryption_key = device.signing_key.clone());
    let file = key_file::write(&keys).unwrap();
    assert_eq!(code(&file), "certificate-mismatch");
}

#[test]
fn another_bank_and_a_newer_version_are_told_at_once() {
    let bank = Bic::parse("BRISDEMM").unwrap();
    let refused = import(&RustCryptoRsa, frozen().as_bytes(), "", &bank);
    let expected = ImportError::OtherBank { bank: bic() };
    assert_eq!(refused.map(|_| ()), Err(expected));
    let newer = frozen().replace("file, version 1", "file, version 2");
    let refused = recognise(newer.as_bytes());
    assert_eq!(refused, Err(ImportError::NewerVersion { version: 2 }));
    let newest = "Countersign key file, version 17\nwhatever it says";
    assert_eq!(code(newest), "newer-version");
}

#[test]
fn wrong_and_missing_passphrases_are_told_apart() {
    for (passphrase, expected) in [
        ("", ImportError::PassphraseNeeded),
        ("wrong", ImportError::WrongPassphrase),
        (
            &"x".repeat(PASSPHRASE_BYTES_MAX + 1),
            ImportError::WrongPassphrase,
        ),
    ] {
        let refused = import(&RustCryptoRsa, frozen().as_bytes(), passphrase, &bic());
        assert_eq!(refused.map(|_| ()), Err(expected));
    }
}

#[test]
fn a_file_of_ours_that_is_cut_says_so() {
    let file = frozen();
    for (at, _) in file.char_indices().filter(|(at, _)| at % 97 == 0) {
        let cut = file.get(..at).unwrap_or_default();
        if cut.starts_with("Countersign key file, version ") {
            assert_eq!(code(cut), "truncated", "{at}");
        }
    }
    let doubled = file.replace("Key-Set: 3", "Key-Set: 3\nKey-Set: 3");
    assert_eq!(code(&doubled), "damaged");
}

#[test]
fn our_pkcs12_comes_back_with_both_keys() {
    let read = open(frozen()).unwrap();
    let all: Vec<Certificate> = read
        .certificates
        .iter()
        .map(|der| Certificate::from_der(der).unwrap())
        .collect();
    let chain = |own: usize| [&all[own..=own], &all[2..]].concat();
    let encryption = read.encryption.unwrap();
    let file = crate::export::to_pkcs12(
        (&read.signing, &chain(0)),
        (&encryption, &chain(1)),
        PASSPHRASE,
        &mut rng(),
    )
    .unwrap();
    let again = import(&RustCryptoRsa, &file, PASSPHRASE, &bic()).unwrap();
    assert_eq!(again.kind, Kind::Pkcs12);
    assert!(again.was_encrypted);
    assert_eq!(again.signing.public(), read.signing.public());
    assert_eq!(again.encryption.unwrap().public(), encryption.public());
    assert_eq!(again.certificates.len(), 4);
    let other = Bic::parse("BRISDEMM").unwrap();
    let refused = import(&RustCryptoRsa, &file, PASSPHRASE, &other);
    let expected = ImportError::OtherBank { bank: bic() };
    assert_eq!(refused.map(|_| ()), Err(expected));
    let swapped = crate::export::to_pkcs12(
        (&read.signing, &chain(1)),
        (&encryption, &chain(0)),
        PASSPHRASE,
        &mut rng(),
    );
    assert!(swapped.is_err());
}

#[test]
fn every_code_is_its_own() {
    let bank = bic();
    let all = [
        ImportError::WrongPassphrase,
        ImportError::PassphraseNeeded,
        ImportError::NotAKeyFile,
        ImportError::Truncated,
        ImportError::PublicKeyOnly,
        ImportError::TooWeak { bits: 1024 },
        ImportError::UnsupportedKey,
        ImportError::DamagedKey,
        ImportError::CertificateMismatch,
        ImportError::OtherBank { bank },
        ImportError::NewerVersion { version: 2 },
        ImportError::Manifest,
        ImportError::TooLarge,
        ImportError::OldEncryption,
        ImportError::UnsupportedForm,
        ImportError::TooMuchWork,
        ImportError::SeveralKeys,
    ];
    let codes: std::collections::BTreeSet<&str> = all.iter().map(ImportError::code).collect();
    assert_eq!(codes.len(), all.len());
    let readme = include_str!("../../README.md");
    for code in codes {
        assert!(readme.contains(&format!("\n| `{code}` | ")), "{code}");
    }
}
