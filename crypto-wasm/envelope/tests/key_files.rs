//! Every accepted form of a key file, frozen in `tests/fixtures` as the tools made it, and every
//! refusal with its own word.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "the helpers of these tests may fail loudly, like the tests themselves"
)]

use envelope::{
    RsaPrivateKey, RustCryptoRsa,
    import::{ImportError, Imported, Kind, import, recognise},
};
use message::Bic;
use pkcs8::der::pem;
use proptest::prelude::*;
use std::fs;

const PASSPHRASE: &str = "plum velvet orbit canyon";

fn fixture(name: &str) -> Vec<u8> {
    let path = format!("{}/tests/fixtures/{name}", env!("CARGO_MANIFEST_DIR"));
    fs::read(&path).unwrap_or_else(|_| panic!("{path}"))
}

fn bic() -> Bic {
    Bic::parse("HALDDEFF").unwrap()
}

fn open(file: &[u8], passphrase: &str) -> Result<Imported, ImportError> {
    import(&RustCryptoRsa, file, passphrase, &bic())
}

fn refused(file: &[u8], passphrase: &str) -> ImportError {
    open(file, passphrase).map(|_| ()).unwrap_err()
}

fn key(name: &str) -> RsaPrivateKey {
    let path = format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path).unwrap();
    RsaPrivateKey::from_pkcs8_der(&pem::decode_vec(text.as_bytes()).unwrap().1).unwrap()
}

/// Name, kind, encrypted, certificates. All but keytool's hold `tests/keys/rsa2048.pem`.
const ACCEPTED: &[(&str, Kind, bool, usize)] = &[
    ("pkcs8-aes256.pem", Kind::Pkcs8, true, 0),
    ("pkcs8-aes256.der", Kind::Pkcs8, true, 0),
    ("pkcs8-aes128-sha1.pem", Kind::Pkcs8, true, 0),
    ("pkcs8-aes192-sha512.pem", Kind::Pkcs8, true, 0),
    ("pkcs8-des3.pem", Kind::Pkcs8, true, 0),
    ("pkcs8-scrypt.pem", Kind::Pkcs8, true, 0),
    ("pkcs8-plain.pem", Kind::Pkcs8, false, 0),
    ("pkcs8-plain.der", Kind::Pkcs8, false, 0),
    ("bundle.pem", Kind::Pkcs8, true, 1),
    ("python.pem", Kind::Pkcs8, true, 0),
    ("forge.pem", Kind::Pkcs8, true, 0),
    ("pkcs1-plain.pem", Kind::LegacyPem, false, 0),
    ("pkcs1-plain.der", Kind::LegacyPem, false, 0),
    ("pkcs1-aes128.pem", Kind::LegacyPem, true, 0),
    ("pkcs1-aes192.pem", Kind::LegacyPem, true, 0),
    ("pkcs1-aes256.pem", Kind::LegacyPem, true, 0),
    ("pkcs1-des3.pem", Kind::LegacyPem, true, 0),
    ("python-legacy.pem", Kind::LegacyPem, true, 0),
    ("forge-legacy.pem", Kind::LegacyPem, true, 0),
    ("openssl3.p12", Kind::Pkcs12, true, 1),
    ("openssl3-sha1.p12", Kind::Pkcs12, true, 1),
    ("openssl3-sha512.p12", Kind::Pkcs12, true, 1),
    ("openssl3-nomac.p12", Kind::Pkcs12, true, 1),
    ("openssl3-plain.p12", Kind::Pkcs12, false, 1),
    ("python.p12", Kind::Pkcs12, true, 1),
    ("forge.p12", Kind::Pkcs12, true, 1),
    ("keytool.p12", Kind::Pkcs12, true, 1),
];

#[test]
fn every_accepted_form_stays_readable() {
    let expected = key("rsa2048").public().thumbprint();
    for (name, kind, encrypted, certificates) in ACCEPTED {
        let file = fixture(name);
        let seen = recognise(&file).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!((seen.kind, seen.encrypted), (*kind, *encrypted), "{name}");
        let read = open(&file, PASSPHRASE).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(
            (read.kind, read.was_encrypted),
            (*kind, *encrypted),
            "{name}"
        );
        assert_eq!(read.certificates.len(), *certificates, "{name}");
        assert!(read.encryption.is_none() && read.device.is_none());
        if *name != "keytool.p12" {
            assert_eq!(read.signing.public().thumbprint(), expected, "{name}");
        }
        if *encrypted {
            assert_eq!(refused(&file, ""), ImportError::PassphraseNeeded, "{name}");
            let wrong = refused(&file, "plum velvet orbit canyoN");
            assert_eq!(wrong, ImportError::WrongPassphrase, "{name}");
        } else {
            assert!(open(&file, "").is_ok(), "{name}");
        }
    }
}

#[test]
fn every_refusal_has_its_own_word() {
    let cases = [
        ("public.pem", "public-key-only"),
        ("public-pkcs1.pem", "public-key-only"),
        ("public.der", "public-key-only"),
        ("certificate.pem", "public-key-only"),
        ("certificate.der", "public-key-only"),
        ("ssh.pub", "public-key-only"),
        ("no-key.p12", "public-key-only"),
        ("ec.pem", "unsupported-key"),
        ("ec-sec1.pem", "unsupported-key"),
        ("too-large.pem", "unsupported-key"),
        ("exponent-3.pem", "unsupported-key"),
        ("weak.pem", "too-weak"),
        ("bundle-mismatch.pem", "certificate-mismatch"),
        ("several-keys.pem", "several-keys"),
        ("old-rc2.p12", "old-encryption"),
        ("old-3des.p12", "old-encryption"),
        ("old-pbes1.pem", "old-encryption"),
        ("camellia.pem", "unsupported-form"),
        ("openssh.pem", "unsupported-form"),
        ("too-many-rounds.pem", "too-much-work"),
    ];
    for (name, code) in cases {
        assert_eq!(refused(&fixture(name), PASSPHRASE).code(), code, "{name}");
    }
    let weak = refused(&fixture("weak.pem"), PASSPHRASE);
    assert_eq!(weak, ImportError::TooWeak { bits: 1024 });
    let texts: [&[u8]; 8] = [
        b"",
        b"007, James Bond",
        b"hello",
        b"\xff\xfe\x00",
        b"0",
        b"0\x03abc",
        b"{\"kty\":\"RSA\"}",
        b"-----BEGIN PGP PRIVATE KEY BLOCK-----\n-----END PGP PRIVATE KEY BLOCK-----\n",
    ];
    for text in texts {
        assert_eq!(
            refused(text, PASSPHRASE),
            ImportError::NotAKeyFile,
            "{text:?}"
        );
    }
    let large = vec![b'x'; 64 * 1024 + 1];
    assert_eq!(refused(&large, PASSPHRASE), ImportError::TooLarge);
    assert_eq!(
        refused(&[0x30, 0x80, 2, 1, 3], ""),
        ImportError::UnsupportedForm
    );
}

#[test]
fn old_encryption_is_told_before_a_passphrase_is_asked_for() {
    for name in ["old-rc2.p12", "old-3des.p12", "old-pbes1.pem"] {
        assert_eq!(recognise(&fixture(name)), Err(ImportError::OldEncryption));
    }
}

#[test]
fn a_file_that_is_cut_off_says_so() {
    for (name, _, _, _) in ACCEPTED {
        let file = fixture(name);
        for part in [3, 2] {
            let cut = &file[..file.len() - file.len() / part];
            let error = refused(cut, PASSPHRASE);
            assert_eq!(error, ImportError::Truncated, "{name}");
        }
    }
    let whole = fixture("pkcs8-aes256.pem");
    for less in 2..80 {
        let cut = &whole[..whole.len() - less];
        assert_eq!(refused(cut, PASSPHRASE), ImportError::Truncated, "{less}");
    }
}

#[test]
fn line_endings_blanks_and_text_around_do_no_harm() {
    let text = String::from_utf8(fixture("pkcs8-aes256.pem")).unwrap();
    let changed = [
        text.replace('\n', "\r\n"),
        format!("\u{feff}{text}"),
        format!("Bag Attributes\n    friendlyName: fixture\n{text}\nthe end"),
        text.replace('\n', "  \n"),
    ];
    for text in changed {
        assert!(open(text.as_bytes(), PASSPHRASE).is_ok(), "{text}");
    }
}

/// The fixture with some bytes of the DER inside exchanged.
fn patched(name: &str, from: &[u8], to: &[u8]) -> Vec<u8> {
    let text = fixture(name);
    let (_, mut der) = pem::decode_vec(&text).unwrap();
    let at = der
        .windows(from.len())
        .position(|part| part == from)
        .unwrap();
    der.splice(at..at + from.len(), to.iter().copied());
    der
}

#[test]
fn scrypt_cannot_ask_for_endless_work() {
    // N, r and p as `openssl pkcs8 -scrypt` writes them.
    let usual = [2, 2, 0x40, 0, 2, 1, 8, 2, 1, 1];
    let more_memory = [2, 2, 0x40, 0, 2, 1, 0x7f, 2, 1, 1];
    let more_time = [2, 2, 0x40, 0, 2, 1, 8, 2, 1, 0x7f];
    for to in [more_memory, more_time] {
        let file = patched("pkcs8-scrypt.pem", &usual, &to);
        assert_eq!(refused(&file, PASSPHRASE), ImportError::TooMuchWork);
    }
    let no_steps = [2, 2, 0, 0, 2, 1, 8, 2, 1, 1];
    let no_power = [2, 2, 0x40, 1, 2, 1, 8, 2, 1, 1];
    let no_block = [2, 2, 0x40, 0, 2, 1, 0, 2, 1, 1];
    for to in [no_steps, no_power, no_block] {
        let file = patched("pkcs8-scrypt.pem", &usual, &to);
        assert_eq!(refused(&file, PASSPHRASE), ImportError::DamagedKey);
    }
}

/// A cheap form of everything that is parsed: what is mutated is opened many times.
const MUTATED: &[&str] = &[
    "pkcs8-aes256.der",
    "pkcs8-plain.der",
    "pkcs1-plain.der",
    "openssl3.p12",
    "openssl3-plain.p12",
    "keytool.p12",
    "certificate.der",
    "pkcs1-des3.pem",
    "pkcs8-scrypt.pem",
    "bundle.pem",
    "countersign.key",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn changed_and_cut_files_never_panic(
        which in 0..MUTATED.len(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 0..4),
        cut in prop::option::weighted(0.2, any::<prop::sample::Index>()),
    ) {
        let mut file = fixture(MUTATED[which]);
        for (at, byte) in changes {
            let at = at.index(file.len());
            file[at] = byte;
        }
        if let Some(cut) = cut {
            file.truncate(cut.index(file.len()));
        }
        let _ = recognise(&file);
        let _ = open(&file, PASSPHRASE);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), tag in any::<bool>()) {
        let mut bytes = bytes;
        if tag && let Some(first) = bytes.first_mut() {
            *first = 0x30;
        }
        prop_assert!(open(&bytes, PASSPHRASE).is_err());
    }
}
