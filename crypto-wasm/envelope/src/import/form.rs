//! Recognising a file by its bytes.

use super::{
    ImportError, Kind,
    pem::{self, Block},
    pkcs12::Pfx,
    scheme::read_encrypted,
};
use crate::{
    key_file::{self, FILE_BYTES_MAX},
    tlv::{BIT_STRING, Broken, INTEGER, Items, OCTET_STRING, OID, SEQUENCE},
};
use message::worker::StoredDevice;

/// The forms of a file, before anything is decrypted.
pub(super) enum Form<'a> {
    Device(Box<StoredDevice>),
    /// One key as PEM, with the certificates around it.
    Pem(Block<'a>, Vec<Vec<u8>>),
    Pkcs8(&'a [u8]),
    EncryptedPkcs8(&'a [u8]),
    Pkcs1(&'a [u8]),
    Pkcs12(Pfx<'a>),
}

impl Form<'_> {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Form::Device(_) => Kind::KeyFile,
            Form::Pem(block, _) if block.label == RSA_PRIVATE_KEY => Kind::LegacyPem,
            Form::Pkcs1(_) => Kind::LegacyPem,
            Form::Pem(..) | Form::Pkcs8(_) | Form::EncryptedPkcs8(_) => Kind::Pkcs8,
            Form::Pkcs12(_) => Kind::Pkcs12,
        }
    }

    pub(super) fn needs_passphrase(&self) -> bool {
        match self {
            Form::Device(_) | Form::EncryptedPkcs8(_) => true,
            Form::Pem(block, _) => block.label == ENCRYPTED_PRIVATE_KEY || block.dek_info.is_some(),
            Form::Pkcs8(_) | Form::Pkcs1(_) => false,
            Form::Pkcs12(pfx) => !pfx.is_open(),
        }
    }
}

const PRIVATE_KEY: &str = "PRIVATE KEY";
pub(super) const ENCRYPTED_PRIVATE_KEY: &str = "ENCRYPTED PRIVATE KEY";
pub(super) const RSA_PRIVATE_KEY: &str = "RSA PRIVATE KEY";

/// Tells what a file is, and refuses what can be refused without a passphrase.
pub(super) fn read(file: &[u8]) -> Result<Form<'_>, ImportError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(ImportError::TooLarge);
    }
    if file.first() == Some(&SEQUENCE) {
        return read_der(file);
    }
    let text = std::str::from_utf8(file).map_err(|_| ImportError::NotAKeyFile)?;
    // What some editors put in front of a text.
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if key_file::is_ours(text) {
        return key_file::read(file).map(Box::new).map(Form::Device);
    }
    read_pem(text)
}

/// By what stands first in it. PKCS #8 and the certificate begin alike: the second part differs.
fn read_der(file: &[u8]) -> Result<Form<'_>, ImportError> {
    let mut items = match Items::of(SEQUENCE, file) {
        Ok(items) => items,
        // Every key is longer than 127 bytes, so its length takes more than one; a text that begins
        // with the figure 0, which has the same byte as a sequence, does not look like that.
        Err(Broken::Short) if matches!(file.get(1), Some(0x81..=0x83)) => {
            return Err(ImportError::Truncated);
        }
        Err(Broken::Indefinite) => return Err(ImportError::UnsupportedForm),
        Err(Broken::Short | Broken::Form) => return Err(ImportError::NotAKeyFile),
    };
    let not_ours = |_| ImportError::NotAKeyFile;
    let (first, value) = items.any().map_err(not_ours)?;
    let (second, inner) = items.any().map_err(not_ours)?;
    let begins = Items::new(inner).tag();
    match (first, second) {
        (INTEGER, SEQUENCE) if value == [3] => Ok(Form::Pkcs12(Pfx::read(file)?)),
        (INTEGER, SEQUENCE) if begins == Some(OID) => Ok(Form::Pkcs8(file)),
        (INTEGER, INTEGER) if items.is_empty() => Err(ImportError::PublicKeyOnly),
        (INTEGER, INTEGER) => Ok(Form::Pkcs1(file)),
        (INTEGER, OCTET_STRING) => Err(ImportError::UnsupportedKey),
        (SEQUENCE, OCTET_STRING) => {
            read_encrypted(file)?;
            Ok(Form::EncryptedPkcs8(file))
        }
        (SEQUENCE, SEQUENCE | BIT_STRING) => Err(ImportError::PublicKeyOnly),
        _ => Err(ImportError::NotAKeyFile),
    }
}

fn read_pem(text: &str) -> Result<Form<'_>, ImportError> {
    let mut certificates = Vec::new();
    let mut key = None;
    // What is said if there is no key that can be used.
    let mut otherwise = ImportError::NotAKeyFile;
    if text.trim_start().starts_with("ssh-") {
        otherwise = ImportError::PublicKeyOnly;
    } else if text.contains("-----BEGIN ") {
        otherwise = ImportError::Truncated;
    }
    for block in pem::blocks(text)? {
        match block.label {
            PRIVATE_KEY | ENCRYPTED_PRIVATE_KEY | RSA_PRIVATE_KEY => {
                if key.replace(block).is_some() {
                    return Err(ImportError::SeveralKeys);
                }
            }
            "CERTIFICATE" | "X509 CERTIFICATE" => {
                certificates.push(block.content.to_vec());
                otherwise = ImportError::PublicKeyOnly;
            }
            "PUBLIC KEY" | "RSA PUBLIC KEY" => otherwise = ImportError::PublicKeyOnly,
            "EC PRIVATE KEY" | "DSA PRIVATE KEY" => return Err(ImportError::UnsupportedKey),
            "OPENSSH PRIVATE KEY" => return Err(ImportError::UnsupportedForm),
            _ => otherwise = ImportError::NotAKeyFile,
        }
    }
    let key = key.ok_or(otherwise)?;
    if key.label == ENCRYPTED_PRIVATE_KEY {
        read_encrypted(&key.content)?;
    }
    Ok(Form::Pem(key, certificates))
}
