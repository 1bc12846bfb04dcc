//! Key files on standard input and output: import of any, and export of a device.

use super::{Outcome, member, rng};
use data_encoding::BASE64;
use envelope::{
    Certificate, RsaPrivateKey, RustCryptoRsa, SigningKey, export, import, key_file,
    manifest::make_manifest,
};
use message::{Bic, worker::StoredDevice};
use pkcs8::der::pem;
use serde_json::{Value, json};
use std::error::Error;

/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800;

/// `file` (base64), `passphrase`, `bank`: what is in it, or the code of the error.
pub(crate) fn import_file(input: &Value) -> Outcome {
    let file = BASE64.decode(member(input, "file")?.as_bytes())?;
    let bank = Bic::parse(member(input, "bank")?)?;
    let passphrase = member(input, "passphrase")?;
    let answer = match import::import(&RustCryptoRsa, &file, passphrase, &bank) {
        Err(error) => json!({ "error": error.code() }),
        Ok(imported) => json!({
            "kind": format!("{:?}", imported.kind),
            "was_encrypted": imported.was_encrypted,
            "signing": imported.signing.public().thumbprint(),
            "encryption": imported.encryption.map(|key| key.public().thumbprint()),
            "certificates": imported.certificates.len(),
            "device": imported.device.map(|device| device.device_name),
        }),
    };
    Ok(answer.to_string())
}

fn key(input: &Value, name: &str) -> Result<RsaPrivateKey, Box<dyn Error>> {
    let (_, der) = pem::decode_vec(member(input, name)?.as_bytes()).map_err(|e| e.to_string())?;
    Ok(RsaPrivateKey::from_pkcs8_der(&der)?)
}

/// Signing, encryption, enrolment CA, bank CA, root: each DER as base64.
fn certificates(input: &Value) -> Result<Vec<Certificate>, Box<dyn Error>> {
    let texts: Vec<String> = serde_json::from_value(input["certificates"].clone())?;
    let read = |text: &String| Ok(Certificate::from_der(&BASE64.decode(text.as_bytes())?)?);
    texts.iter().map(read).collect()
}

/// `signing`, `encryption` (PEM), `certificates`, `passphrase`: the device as a key file.
pub(crate) fn write_key_file(input: &Value) -> Outcome {
    let passphrase = member(input, "passphrase")?;
    let signing = key(input, "signing")?;
    let sealed =
        |key: &RsaPrivateKey| key_file::encrypt_pkcs8(&key.to_pkcs8_der(), passphrase, &mut rng());
    let mut pems = Vec::new();
    for certificate in certificates(input)? {
        pems.push(certificate.to_pem()?);
    }
    let root = pems.pop().ok_or("no certificates")?;
    let mut device = StoredDevice {
        version: 1,
        device: signing.public().thumbprint(),
        customer_name: "Inês Carvalho".to_owned(),
        customer_number: "10001".to_owned(),
        device_name: "Thumb drive".to_owned(),
        bank: Bic::parse("HALDDEFF")?,
        bank_name: "Halden Bank".to_owned(),
        enrolled_at: NOW,
        signing_key: sealed(&signing)?,
        encryption_key: sealed(&key(input, "encryption")?)?,
        certificates: pems,
        root,
        key_set: 3,
        request: None,
        manifest: String::new(),
    };
    let signer = SigningKey::Rsa(signing);
    let manifest = make_manifest(&RustCryptoRsa, &signer, &device, NOW, &mut rng())?;
    device.manifest = manifest.as_str().to_owned();
    Ok(serde_json::to_string(&key_file::write(&device)?)?)
}

/// The same as PKCS #12, base64.
pub(crate) fn write_pkcs12(input: &Value) -> Outcome {
    let (signing, encryption) = (key(input, "signing")?, key(input, "encryption")?);
    let all = certificates(input)?;
    let [one, two, enrolment, bank, _] = all.as_slice() else {
        return Err("five certificates".into());
    };
    let chain = |own: &Certificate| vec![own.clone(), enrolment.clone(), bank.clone()];
    let file = export::to_pkcs12(
        (&signing, &chain(one)),
        (&encryption, &chain(two)),
        member(input, "passphrase")?,
        &mut rng(),
    )?;
    Ok(BASE64.encode(&file))
}
