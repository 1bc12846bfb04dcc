//! Why a file or a sheet cannot be used: what it is, and what to do.

use super::words::Said;
use message::Timestamp;

/// Heading and help, by the worker's code.
pub(super) fn of(code: &str, detail: &str) -> Said {
    let (head, text) = match code {
        "wrong-passphrase" => (
            "The passphrase does not open this file",
            "Check capital letters and the keyboard’s language, and type it again. It is the passphrase that was chosen when the file was saved.".to_owned(),
        ),
        "passphrase-needed" => (
            "This file needs its passphrase",
            "Enter the passphrase that was chosen when the file was saved.".to_owned(),
        ),
        "not-a-key-file" => (
            "This is not a key file",
            "Choose the file that “Save a key file” made, or a private key ending in .pem, .key, .p12 or .pfx.".to_owned(),
        ),
        "truncated" => (
            "This file is cut off: its end is missing",
            "Copy it again from where it was saved first, and remove a drive only after the copy is complete.".to_owned(),
        ),
        "public-key-only" => (
            "There is only a public key or a certificate in this file",
            "Choose the file with the private key. It is usually the one that asks for a passphrase.".to_owned(),
        ),
        "too-weak" => (
            "This key is too short",
            format!("It has {detail} bits, and 2048 are the least. Make a new RSA key of 3072 bits and use that."),
        ),
        "unsupported-key" => (
            "A key of this kind cannot be used here",
            "Use an RSA key of 2048 to 4096 bits. Elliptic-curve and DSA keys, and unusual exponents, are not taken.".to_owned(),
        ),
        "damaged" => (
            "This file, or the key in it, is damaged",
            "Use another copy of it. If there is none, recover with the sheet or ask the bank for a new slip.".to_owned(),
        ),
        "certificate-mismatch" => (
            "The certificate in this file belongs to another key",
            "Export key and certificate together once more, or choose a file that holds the key alone.".to_owned(),
        ),
        "other-bank" => (
            "This key file belongs to another bank",
            format!("It is for {detail}. Open it on that bank’s own page; a key is used at one bank only."),
        ),
        "other-bank-key" => (
            "The bank in this file has another key than this page",
            "Stop here and call your bank. Nothing has been sent.".to_owned(),
        ),
        "newer-version" => (
            "This file comes from a newer version of this program",
            format!("It has version {detail}. Reload this page to get the newest version, then choose the file again."),
        ),
        "manifest" => (
            "This file was changed after the device signed it",
            "Do not use it. Take another copy, and if you did not change it yourself, tell the bank.".to_owned(),
        ),
        "too-large" => (
            "This file is too large to be a key file",
            "Key files are smaller than 64 KB. Choose another file.".to_owned(),
        ),
        "old-encryption" => (
            "This file is encrypted in an old way that is not safe any more",
            "Convert it with OpenSSL first: openssl pkcs12 -legacy -in old.p12 -nodes | openssl pkcs12 -export -out new.p12".to_owned(),
        ),
        "unsupported-form" => (
            "A key in this form cannot be read here",
            "Save it as PKCS #8 or PKCS #12, for example with: openssl pkey -in key -aes256 -out key.pem".to_owned(),
        ),
        "too-much-work" => (
            "Opening this file would take too long",
            "It asks for far more work than is useful. Encrypt it again with OpenSSL’s own settings, and use that file.".to_owned(),
        ),
        "several-keys" => (
            "There are several keys in this file",
            "Save the one that you want into a file of its own, and choose that.".to_owned(),
        ),
        "another-file" => (
            "This is the file of another device",
            "Choose the file that has just been saved.".to_owned(),
        ),
        "unreadable" => (
            "The file could not be read",
            "See that the drive is still connected and that it is a file, not a folder. Then choose it again.".to_owned(),
        ),
        "revoked" => (
            "This device was revoked",
            "Nothing that it signs is accepted any more, and nothing was kept here. Ask the bank for a new slip, and destroy this file or sheet.".to_owned(),
        ),
        "replaced" => return replaced(detail.parse().ok()),
        "not-in-use" => (
            "The bank does not count these keys",
            "They were made to replace older ones, and that was not finished. Use the older file, and replace the keys once more.".to_owned(),
        ),
        "unknown-device" => (
            "The bank knows no device with these keys",
            "Check the bank, the generation and every word on the sheet. If all is as printed, ask the bank for a new slip.".to_owned(),
        ),
        "word-count" => (
            "Enter all 24 words",
            format!("There are {detail}. Each numbered line of the sheet is one word."),
        ),
        "unknown-word" => (
            "Some words are on no recovery sheet",
            format!("Check the spelling of {}.", listed(detail)),
        ),
        "word-checksum" => (
            "These words do not belong together",
            "A word differs from the sheet, or two are swapped. Compare them one by one.".to_owned(),
        ),
        _ => (
            "This cannot be used",
            "Choose another file, or ask the bank for a new slip.".to_owned(),
        ),
    };
    Said::new(head, text)
}

/// Newer keys are in the place of these.
fn replaced(at: Option<Timestamp>) -> Said {
    let when = at.map(|at| format!(" on {}", crate::ui::day::long(at)));
    let head = format!("These keys were replaced{}", when.unwrap_or_default());
    Said::new(
        &head,
        "Use the newer file or the newer sheet. The bank accepts nothing from these keys any more: destroy what holds them, and every copy of it.",
    )
}

/// `3 abandom,7 qwertz` as words to read.
fn listed(detail: &str) -> String {
    let words: Vec<String> = detail
        .split(',')
        .filter_map(|part| part.split_once(' '))
        .map(|(place, typed)| format!("word {place} (“{typed}”)"))
        .collect();
    words.join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_reason_has_words_of_its_own() {
        let codes = [
            "wrong-passphrase",
            "passphrase-needed",
            "not-a-key-file",
            "truncated",
            "public-key-only",
            "too-weak",
            "unsupported-key",
            "damaged",
            "certificate-mismatch",
            "other-bank",
            "other-bank-key",
            "newer-version",
            "manifest",
            "too-large",
            "old-encryption",
            "unsupported-form",
            "too-much-work",
            "several-keys",
            "another-file",
            "unreadable",
            "revoked",
            "replaced",
            "not-in-use",
            "unknown-device",
            "word-count",
            "unknown-word",
            "word-checksum",
        ];
        let heads: std::collections::BTreeSet<String> =
            codes.iter().map(|code| of(code, "1 a").head).collect();
        assert_eq!(heads.len(), codes.len());
        assert!(!heads.contains(&of("something else", "").head));
        assert!(
            of("unknown-word", "3 abandom,7 qwertz")
                .text
                .contains("word 7 (“qwertz”)")
        );
    }
}
