//! Writes the test vectors: `cargo run -p envelope --example vectors -- FOLDER`. The generator is a
//! hash in counter mode, so that the same code writes the same files.

mod certificates;
mod documents;
mod messages;

use envelope::{RsaPrivateKey, SigningKey};
use pkcs8::der::pem;
use rand_core::{TryCryptoRng, TryRng};
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::{convert::Infallible, error::Error, fs, path::Path};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// 2026-11-22T12:00:00Z.
const NOW: i64 = 1_795_348_800;
const YEAR: i64 = 365 * 24 * 60 * 60;

/// Not for anything but vectors: everybody knows what comes next.
struct Counter(u64);

impl TryRng for Counter {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> std::result::Result<u32, Infallible> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> std::result::Result<u64, Infallible> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, target: &mut [u8]) -> std::result::Result<(), Infallible> {
        for part in target.chunks_mut(32) {
            self.0 += 1;
            let block = Sha256::digest(self.0.to_be_bytes());
            part.copy_from_slice(&block[..part.len()]);
        }
        Ok(())
    }
}

impl TryCryptoRng for Counter {}

fn main() -> Result<()> {
    let folder = std::env::args().nth(1).ok_or("name the folder")?;
    let folder = Path::new(&folder);
    let mut rng = Counter(0);
    write(folder, "signed.json", &messages::signed(&mut rng)?)?;
    write(folder, "sealed.json", &messages::sealed(&mut rng)?)?;
    write(
        folder,
        "certificates.json",
        &certificates::certificates(&mut rng)?,
    )?;
    write(folder, "documents.json", &documents::documents(&mut rng)?)
}

fn write(folder: &Path, name: &str, value: &Value) -> Result<()> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(fs::write(folder.join(name), format!("{text}\n"))?)
}

fn key_der(name: &str) -> Result<Vec<u8>> {
    let path = format!("{}/tests/keys/{name}.pem", env!("CARGO_MANIFEST_DIR"));
    let text = fs::read_to_string(path)?;
    Ok(pem::decode_vec(text.as_bytes())
        .map_err(|e| e.to_string())?
        .1)
}

fn rsa_key(name: &str) -> Result<RsaPrivateKey> {
    Ok(RsaPrivateKey::from_pkcs8_der(&key_der(name)?)?)
}

fn signing_key(name: &str) -> Result<SigningKey> {
    Ok(SigningKey::from_pkcs8_der(&key_der(name)?)?)
}
