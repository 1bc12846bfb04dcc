//! A whole device as one text file: what people read, then PEM blocks one after the other, so that
//! `openssl pkey` and `openssl x509` read it as it is. The crate's README has it in full.

use super::{FILE_BYTES_MAX, LABEL, VERSION};
use crate::{
    EnvelopeError, Malformed,
    import::{
        ImportError,
        pem::{self, blocks},
    },
};
use message::{Bic, Thumbprint, worker::StoredDevice};
use std::{collections::BTreeMap, str::FromStr};

/// What the first line says, before the version.
const TITLE: &str = "Countersign key file, version ";

/// What it says to whoever opens it in an editor. No line of it looks like a field.
const EXPLANATION: &str = "\
This file is a device of a bank: together with its passphrase it signs payments.
Keep it where nobody else gets at it, keep the passphrase elsewhere, and do not
change anything here. The bank's pages open it, and OpenSSL reads its parts.
";

/// The label of the block that holds the manifest.
const MANIFEST: &str = "COUNTERSIGN MANIFEST";

/// The label of a certificate.
const CERTIFICATE: &str = "CERTIFICATE";

/// Whether a text says that it is a key file of ours, in whatever version.
pub(crate) fn is_ours(text: &str) -> bool {
    text.starts_with(TITLE)
}

/// Writes a device as a file. Its manifest is taken as it is: make it before. A device whose
/// enrolment is under way has no file yet.
pub fn write(device: &StoredDevice) -> Result<String, EnvelopeError> {
    let mut file = format!("{TITLE}{VERSION}\n\n{EXPLANATION}\n");
    for (name, value) in fields(device) {
        file.push_str(name);
        file.push_str(": ");
        file.push_str(&value);
        file.push('\n');
    }
    for part in [&device.signing_key, &device.encryption_key]
        .into_iter()
        .chain(&device.certificates)
        .chain([&device.root])
    {
        file.push('\n');
        file.push_str(part);
    }
    file.push('\n');
    file.push_str(&pem::write(MANIFEST, device.manifest.as_bytes()));
    // The file is what a person relies on: it must say the same when it is read.
    match read(file.as_bytes()) {
        Ok(again) if again == *device => Ok(file),
        _ => Err(Malformed("device").into()),
    }
}

/// Reads a file. Only its form is checked: the passphrase, the keys and the manifest are the
/// business of [`crate::import::import`].
pub fn read(file: &[u8]) -> Result<StoredDevice, ImportError> {
    if file.len() > FILE_BYTES_MAX {
        return Err(ImportError::TooLarge);
    }
    let text = std::str::from_utf8(file).map_err(|_| ImportError::DamagedKey)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let rest = text.strip_prefix(TITLE).ok_or(ImportError::NotAKeyFile)?;
    let (version, rest) = rest.split_once('\n').ok_or(ImportError::Truncated)?;
    let version: u32 = parse(version.trim_end())?;
    if version > VERSION {
        return Err(ImportError::NewerVersion { version });
    }
    let fields = read_fields(rest.split("-----BEGIN ").next().unwrap_or_default())?;
    let field = |name: &str| fields.get(name).copied().ok_or(ImportError::Truncated);
    let parts = read_blocks(rest)?;
    Ok(StoredDevice {
        version,
        device: Thumbprint::parse(field("Device")?).map_err(|_| ImportError::DamagedKey)?,
        customer_name: field("Customer-Name")?.to_owned(),
        customer_number: field("Customer-Number")?.to_owned(),
        device_name: field("Device-Name")?.to_owned(),
        bank: Bic::parse(field("Bank")?).map_err(|_| ImportError::DamagedKey)?,
        bank_name: field("Bank-Name")?.to_owned(),
        enrolled_at: parse(field("Enrolled-At")?)?,
        signing_key: parts.signing_key,
        encryption_key: parts.encryption_key,
        certificates: parts.certificates,
        root: parts.root,
        key_set: parse(field("Key-Set")?)?,
        request: None,
        manifest: parts.manifest,
    })
}

fn parse<T: FromStr>(text: &str) -> Result<T, ImportError> {
    text.parse().map_err(|_| ImportError::DamagedKey)
}

fn fields(device: &StoredDevice) -> [(&'static str, String); 8] {
    [
        ("Device", device.device.to_string()),
        ("Device-Name", device.device_name.clone()),
        ("Bank", device.bank.to_string()),
        ("Bank-Name", device.bank_name.clone()),
        ("Customer-Name", device.customer_name.clone()),
        ("Customer-Number", device.customer_number.clone()),
        ("Enrolled-At", device.enrolled_at.to_string()),
        ("Key-Set", device.key_set.to_string()),
    ]
}

/// The lines of the form `Name: value` before the first block. Each may stand there once.
fn read_fields(head: &str) -> Result<BTreeMap<&str, &str>, ImportError> {
    let mut fields = BTreeMap::new();
    for line in head.lines().map(str::trim_end) {
        // An empty value may have lost its blank.
        let field = line
            .split_once(": ")
            .or_else(|| Some((line.strip_suffix(':')?, "")));
        if let Some((name, value)) = field
            && !name.contains(' ')
            && fields.insert(name, value).is_some()
        {
            return Err(ImportError::DamagedKey);
        }
    }
    Ok(fields)
}

struct Parts {
    signing_key: String,
    encryption_key: String,
    certificates: Vec<String>,
    root: String,
    manifest: String,
}

/// Two encrypted keys, the certificates with the root as the last one, the manifest: in this order
/// and nothing else. Each is spelt anew, so that line endings changed on the way do no harm.
fn read_blocks(text: &str) -> Result<Parts, ImportError> {
    let blocks = blocks(text)?;
    let mut keys = Vec::new();
    let mut certificates = Vec::new();
    let mut manifest = None;
    for block in blocks {
        match block.label {
            LABEL if certificates.is_empty() => keys.push(pem::write(LABEL, &block.content)),
            CERTIFICATE if keys.len() == 2 && manifest.is_none() => {
                certificates.push(pem::write(CERTIFICATE, &block.content));
            }
            MANIFEST if manifest.is_none() => {
                let text = String::from_utf8(block.content.to_vec());
                manifest = Some(text.map_err(|_| ImportError::Manifest)?);
            }
            _ => return Err(ImportError::DamagedKey),
        }
    }
    let manifest = manifest.ok_or(ImportError::Truncated)?;
    let root = certificates.pop().ok_or(ImportError::DamagedKey)?;
    match <[String; 2]>::try_from(keys) {
        Ok([signing_key, encryption_key]) if certificates.len() >= 2 => Ok(Parts {
            signing_key,
            encryption_key,
            certificates,
            root,
            manifest,
        }),
        _ => Err(ImportError::DamagedKey),
    }
}
