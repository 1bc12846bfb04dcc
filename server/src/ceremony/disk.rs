//! Keys and certificates as files: keys readable by their owner alone.

use crate::{
    cli::Failure,
    configuration::{ConfigurationError, read},
};
use envelope::{Certificate, RsaPrivateKey};
use pkcs8::{LineEnding, SecretDocument};
use std::{fs, io::Write, os::unix::fs::OpenOptionsExt, path::Path};
use zeroize::Zeroizing;

/// Writes a file that only its owner may read; the folder is made where it is missing.
pub fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    write(path, text, 0o600)
}

/// Writes a file for everybody.
pub fn write_public(path: &Path, text: &str) -> Result<(), Failure> {
    write(path, text, 0o644)
}

fn write(path: &Path, text: &str, mode: u32) -> Result<(), Failure> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut options = fs::File::options();
    let mut file = options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(mode)
        .open(path)?;
    file.write_all(text.as_bytes())?;
    Ok(file.sync_all()?)
}

/// A private key in PKCS#8 as PEM.
pub(super) fn key_pem(pkcs8: &[u8]) -> Result<Zeroizing<String>, Failure> {
    Ok(SecretDocument::try_from(pkcs8)?.to_pem("PRIVATE KEY", LineEnding::LF)?)
}

/// Writes a private key, PKCS#8 PEM.
pub fn write_key(path: &Path, pkcs8: &[u8]) -> Result<(), Failure> {
    write_private(path, &key_pem(pkcs8)?)
}

/// The PKCS#8 of a key file.
pub fn read_pkcs8(path: &Path) -> Result<SecretDocument, Failure> {
    let pem = Zeroizing::new(read(path)?);
    let (_, document) = SecretDocument::from_pem(&pem)
        .map_err(|_| format!("{} holds no private key in PEM", path.display()))?;
    Ok(document)
}

/// Reads an RSA private key.
pub fn read_key(path: &Path) -> Result<RsaPrivateKey, Failure> {
    Ok(RsaPrivateKey::from_pkcs8_der(read_pkcs8(path)?.as_bytes())?)
}

/// Reads a certificate.
pub fn read_certificate(path: &Path) -> Result<Certificate, Failure> {
    let pem: Result<String, ConfigurationError> = read(path);
    Ok(Certificate::from_pem(&pem?)?)
}
