//! Public keys, read once: parsing one costs more than using it.

use crate::Fault;
use envelope::{Jws, RsaPublicKey, key_set};
use message::{Bic, Payload, key_set::KeySet};
use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

/// How many keys are remembered before all are forgotten.
const KEYS_MAX: usize = 50_000;

/// Keys by what they were read from.
#[derive(Default)]
pub(super) struct Keys {
    by_spki: Mutex<HashMap<Vec<u8>, RsaPublicKey>>,
    by_set: Mutex<HashMap<(Bic, u64), RsaPublicKey>>,
}

impl Keys {
    /// The RSA key of a SubjectPublicKeyInfo.
    pub(super) fn of(&self, spki: &[u8]) -> Result<RsaPublicKey, Fault> {
        let mut keys = self.by_spki.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(key) = keys.get(spki) {
            return Ok(key.clone());
        }
        let key = RsaPublicKey::from_spki_der(spki)?;
        if keys.len() >= KEYS_MAX {
            keys.clear();
        }
        keys.insert(spki.to_vec(), key.clone());
        Ok(key)
    }

    /// The current encryption key of a bank's key set, which was verified when it was stored.
    pub(super) fn of_set(&self, bank: &Bic, number: u64, jws: &str) -> Result<RsaPublicKey, Fault> {
        let mut keys = self.by_set.lock().unwrap_or_else(PoisonError::into_inner);
        let name = (bank.clone(), number);
        if let Some(key) = keys.get(&name) {
            return Ok(key.clone());
        }
        let jws = Jws::parse(jws)?;
        let set: Payload<KeySet> = serde_json::from_slice(jws.unverified_payload())
            .map_err(|_| envelope::Malformed("stored key set"))?;
        let key = key_set::current_key(&set.body)?;
        keys.insert(name, key.clone());
        Ok(key)
    }
}
