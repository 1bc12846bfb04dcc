//! One door for every file that may hold a device's key: ours, and what other tools make.
//!
//! [`recognise`] looks without a passphrase, [`import`] opens. Every way to fail is an
//! [`ImportError`] of its own, with a stable code, so that a page can say what to do. Whatever a
//! stranger puts into a file: its size, the work it asks for and its depth are bounded.

mod error;
mod form;
mod legacy;
pub(crate) mod pem;
pub(crate) mod pkcs12;
mod private_key;
pub(crate) mod scheme;

use crate::{
    Certificate, Role, Rsa, RsaPrivateKey, SigningKey,
    key_file::{self, PASSPHRASE_BYTES_MAX},
    manifest::check_manifest,
    tlv::{BIT_STRING, Broken, CONTEXT_0, INTEGER, Items, SEQUENCE},
};
use form::{ENCRYPTED_PRIVATE_KEY, Form, RSA_PRIVATE_KEY, read};
use message::{Bic, worker::StoredDevice};
use pem::Block;
use private_key::{from_pkcs1, from_pkcs8};
use scheme::{WORK_MAX, Work, read_encrypted};
use zeroize::Zeroizing;

pub use error::ImportError;

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Ours: a whole device.
    KeyFile,
    /// PKCS #8, PEM or DER, encrypted or not.
    Pkcs8,
    /// `BEGIN RSA PRIVATE KEY`, encrypted or not.
    LegacyPem,
    /// PKCS #12: `.p12` or `.pfx`.
    Pkcs12,
}

/// What can be said of a file without its passphrase.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recognised {
    /// What kind it is.
    pub kind: Kind,
    /// Whether it needs a passphrase.
    pub encrypted: bool,
    /// A key file of ours: names to show. Nothing of it is checked yet.
    pub device: Option<Box<StoredDevice>>,
}

/// What was in a file.
#[derive(Debug)]
pub struct Imported {
    /// What kind it was.
    pub kind: Kind,
    /// Whether the key was encrypted in it. If not, it is encrypted on the spot, and the person is
    /// told to delete the file.
    pub was_encrypted: bool,
    /// The key that signs.
    pub signing: RsaPrivateKey,
    /// The key that things are sealed to. Where there is none, one is made beside the other.
    pub encryption: Option<RsaPrivateKey>,
    /// The certificates, DER, as they stand in the file. Of another tool's file they only say that
    /// one of them is for the key.
    pub certificates: Vec<Vec<u8>>,
    /// A key file of ours: the device, its manifest checked.
    pub device: Option<Box<StoredDevice>>,
}

/// Says what a file is, so that the page knows whether to ask for a passphrase. What can be refused
/// without one is refused here already.
pub fn recognise(file: &[u8]) -> Result<Recognised, ImportError> {
    let form = read(file)?;
    Ok(Recognised {
        kind: form.kind(),
        encrypted: form.needs_passphrase(),
        device: match form {
            Form::Device(device) => Some(device),
            _ => None,
        },
    })
}

/// Opens a file. The passphrase is UTF-8 as typed, and is not looked at where nothing is encrypted.
/// `expected` is the bank of this page: a device of another bank is refused.
pub fn import(
    rsa: &dyn Rsa,
    file: &[u8],
    passphrase: &str,
    expected: &Bic,
) -> Result<Imported, ImportError> {
    let form = read(file)?;
    if let Form::Device(device) = &form {
        check_bank(&device.bank, expected)?;
    }
    let needs_passphrase = form.needs_passphrase();
    if needs_passphrase && passphrase.is_empty() {
        return Err(ImportError::PassphraseNeeded);
    }
    if needs_passphrase && passphrase.len() > PASSPHRASE_BYTES_MAX {
        return Err(ImportError::WrongPassphrase);
    }
    let kind = form.kind();
    let work = &mut Work::new(WORK_MAX);
    let single = |key, certificates: Vec<Vec<u8>>| {
        one_of(&certificates, &key)?;
        Ok(Imported {
            kind,
            was_encrypted: needs_passphrase,
            signing: key,
            encryption: None,
            certificates,
            device: None,
        })
    };
    let plain = |error: private_key::KeyError| error.or(ImportError::DamagedKey);
    match form {
        Form::Device(device) => open_device(rsa, device, passphrase),
        Form::Pem(block, certificates) => {
            single(open_block(&block, passphrase, work)?, certificates)
        }
        Form::Pkcs8(der) => single(from_pkcs8(der).map_err(plain)?, Vec::new()),
        Form::Pkcs1(der) => single(from_pkcs1(der).map_err(plain)?, Vec::new()),
        Form::EncryptedPkcs8(der) => single(open_pkcs8(der, passphrase, work)?, Vec::new()),
        Form::Pkcs12(pfx) => {
            let contents = pfx.open(passphrase, work)?;
            let (signing, encryption) = assign(contents.keys, &contents.certificates, expected)?;
            Ok(Imported {
                kind,
                was_encrypted: !pfx.has_plain_key,
                signing,
                encryption,
                certificates: contents.certificates,
                device: None,
            })
        }
    }
}

fn check_bank(bank: &Bic, expected: &Bic) -> Result<(), ImportError> {
    if bank == expected {
        Ok(())
    } else {
        Err(ImportError::OtherBank { bank: bank.clone() })
    }
}

fn open_block(
    block: &Block<'_>,
    passphrase: &str,
    work: &mut Work,
) -> Result<RsaPrivateKey, ImportError> {
    if block.label == ENCRYPTED_PRIVATE_KEY {
        return open_pkcs8(&block.content, passphrase, work);
    }
    if let Some(dek_info) = block.dek_info {
        let der = legacy::open(dek_info, &block.content, passphrase.as_bytes())?;
        return from_pkcs1(&der).map_err(|e| e.or(ImportError::WrongPassphrase));
    }
    let read = if block.label == RSA_PRIVATE_KEY {
        from_pkcs1
    } else {
        from_pkcs8
    };
    read(&block.content).map_err(|e| e.or(ImportError::DamagedKey))
}

fn open_pkcs8(der: &[u8], passphrase: &str, work: &mut Work) -> Result<RsaPrivateKey, ImportError> {
    let (scheme, data) = read_encrypted(der)?;
    let plain: Zeroizing<Vec<u8>> = scheme.open(passphrase.as_bytes(), data, work)?;
    from_pkcs8(&plain).map_err(|e| e.or(ImportError::WrongPassphrase))
}

fn open_device(
    rsa: &dyn Rsa,
    device: Box<StoredDevice>,
    passphrase: &str,
) -> Result<Imported, ImportError> {
    let open = |pem: &str| {
        let der = key_file::decrypt_pkcs8(pem, passphrase);
        let der = der.map_err(|error| match error {
            crate::EnvelopeError::Opening => ImportError::WrongPassphrase,
            _ => ImportError::DamagedKey,
        })?;
        from_pkcs8(&der).map_err(|e| e.or(ImportError::WrongPassphrase))
    };
    let signing = open(&device.signing_key)?;
    let encryption = open(&device.encryption_key)?;
    let signer = SigningKey::Rsa(signing.clone());
    check_manifest(rsa, &signer, &device).map_err(|_| ImportError::Manifest)?;
    let mut certificates = Vec::with_capacity(device.certificates.len());
    for pem in &device.certificates {
        let certificate = Certificate::from_pem(pem).map_err(|_| ImportError::Manifest)?;
        certificates.push(certificate);
    }
    let is = |place: usize, role: Role, key: &RsaPrivateKey| {
        certificates.get(place).is_some_and(|certificate| {
            certificate.role() == role
                && certificate.key_thumbprint() == key.public().thumbprint()
                && certificate.holder() == device.device
        })
    };
    if !is(0, Role::DeviceSigning, &signing) || !is(1, Role::DeviceEncryption, &encryption) {
        return Err(ImportError::CertificateMismatch);
    }
    Ok(Imported {
        kind: Kind::KeyFile,
        was_encrypted: true,
        signing,
        encryption: Some(encryption),
        certificates: certificates.iter().map(|one| one.der().to_vec()).collect(),
        device: Some(device),
    })
}

/// One of the certificates is for the key, if there are any.
fn one_of(certificates: &[Vec<u8>], key: &RsaPrivateKey) -> Result<(), ImportError> {
    let public = key.public().to_pkcs1_der();
    let fits = |der: &Vec<u8>| certified_key(der).is_ok_and(|certified| certified == public);
    if certificates.is_empty() || certificates.iter().any(fits) {
        Ok(())
    } else {
        Err(ImportError::CertificateMismatch)
    }
}

/// The key in anybody's certificate: the bytes of its bit string.
fn certified_key(der: &[u8]) -> Result<&[u8], Broken> {
    let mut tbs = Items::of(SEQUENCE, der)?.enter(SEQUENCE)?;
    tbs.optional(CONTEXT_0)?;
    tbs.take(INTEGER)?;
    // Signature algorithm, issuer, validity, subject.
    for _ in 0..4 {
        tbs.take(SEQUENCE)?;
    }
    let mut spki = tbs.enter(SEQUENCE)?;
    spki.take(SEQUENCE)?;
    let bits = spki.take(BIT_STRING)?;
    bits.split_first().map(|(_, key)| key).ok_or(Broken::Form)
}

/// Which of the keys of a PKCS #12 file signs. One key does; of two, their certificates must say
/// it, as they do in the files that we export.
fn assign(
    keys: Vec<RsaPrivateKey>,
    certificates: &[Vec<u8>],
    expected: &Bic,
) -> Result<(RsaPrivateKey, Option<RsaPrivateKey>), ImportError> {
    let ours: Vec<Certificate> = certificates
        .iter()
        .filter_map(|der| Certificate::from_der(der).ok())
        .collect();
    let with_role = |role: Role| {
        keys.iter().find(|key| {
            let print = key.public().thumbprint();
            ours.iter()
                .any(|one| one.role() == role && one.key_thumbprint() == print)
        })
    };
    for one in &ours {
        if let (Role::DeviceSigning, crate::Party::Bank(bank)) = (one.role(), one.party()) {
            check_bank(bank, expected)?;
        }
    }
    let (signing, encryption) = match keys.as_slice() {
        [] if certificates.is_empty() => return Err(ImportError::NotAKeyFile),
        [] => return Err(ImportError::PublicKeyOnly),
        [key] => (key, None),
        [_, _] => match (
            with_role(Role::DeviceSigning),
            with_role(Role::DeviceEncryption),
        ) {
            (Some(signing), Some(encryption)) => (signing, Some(encryption)),
            _ => return Err(ImportError::SeveralKeys),
        },
        _ => return Err(ImportError::SeveralKeys),
    };
    one_of(certificates, signing)?;
    Ok((signing.clone(), encryption.cloned()))
}

#[cfg(test)]
mod tests;
