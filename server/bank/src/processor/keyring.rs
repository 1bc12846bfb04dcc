//! What a processor holds in memory: its own keys, and the bank's, opened with them.

use super::Processor;
use crate::{
    Fault, ProcessorSecret, StorageKey,
    store::{
        certificate, certificate_request, institution,
        institution::Institution,
        processor,
        wrapped_key::{self, WrappedKey},
    },
};
use envelope::{
    Certificate, CryptoRng, EnvelopeError, Jwe, Recipient, Role, Rsa, RsaPrivateKey, RsaPublicKey,
    SigningKey, TrustAnchor, open_bytes, seal_bytes, verify_chain,
};
use message::{Bic, Thumbprint, Timestamp};
use sqlx::PgConnection;
use std::{
    collections::{BTreeSet, HashMap},
    sync::{PoisonError, RwLock},
};

/// The bank as its processor knows it, with its keys.
pub(crate) struct Keyring {
    pub(crate) bank: Institution,
    pub(crate) anchor: TrustAnchor,
    pub(crate) signing: SigningKey,
    /// `signing`'s thumbprint as messages write it.
    pub(crate) issuer: String,
    /// Grows when the bank has a new key; none is ever taken away.
    decryption: RwLock<HashMap<Thumbprint, RsaPrivateKey>>,
    /// Opens what is wrapped to this processor.
    unwrap: RsaPrivateKey,
    pub(crate) storage: StorageKey,
}

const DECRYPTION: &str = "decryption";
const STORAGE: &str = "storage";

/// Seals a decryption key of the bank to one processor.
pub(crate) fn wrap_decryption(
    rsa: &dyn Rsa,
    to: &RsaPublicKey,
    key: &RsaPrivateKey,
    rng: &mut dyn CryptoRng,
) -> Result<WrappedKey, EnvelopeError> {
    Ok(WrappedKey {
        purpose: DECRYPTION.to_owned(),
        kid: key.public().thumbprint().to_string(),
        body: seal_bytes(rsa, to, &key.to_pkcs8_der(), rng)?
            .as_str()
            .to_owned(),
    })
}

/// Seals the bank's keys to one processor.
pub(crate) fn wrap(
    rsa: &dyn Rsa,
    to: &RsaPublicKey,
    decryption: &[&RsaPrivateKey],
    storage: &StorageKey,
    rng: &mut dyn CryptoRng,
) -> Result<Vec<WrappedKey>, EnvelopeError> {
    let mut wrapped = Vec::with_capacity(decryption.len() + 1);
    for key in decryption {
        wrapped.push(wrap_decryption(rsa, to, key, rng)?);
    }
    wrapped.push(WrappedKey {
        purpose: STORAGE.to_owned(),
        kid: STORAGE.to_owned(),
        body: seal_bytes(rsa, to, storage.as_bytes(), rng)?
            .as_str()
            .to_owned(),
    });
    Ok(wrapped)
}

impl Keyring {
    /// Reads the bank from its core and opens the keys that were wrapped to this processor.
    pub(crate) async fn open(
        core: &mut PgConnection,
        rsa: &dyn Rsa,
        secret: &ProcessorSecret,
        now: Timestamp,
    ) -> Result<Self, Fault> {
        let bank = institution::read(core)
            .await?
            .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))?;
        let anchor = TrustAnchor::new(Certificate::from_der(&bank.root)?)
            .map_err(|error| Fault::Setup(format!("the pinned root cannot be used: {error}")))?;
        let licence = Certificate::from_der(&bank.licence)?;
        verify_chain(rsa, &anchor, &licence, &[], Role::BankCa, &bank.bic, now)
            .map_err(|error| Fault::Setup(format!("the licence does not count: {error}")))?;
        let (mut decryption, mut storage) = (HashMap::new(), None);
        for key in wrapped_key::of_processor(core, secret.id()).await? {
            let bytes = open_bytes(rsa, &secret.unwrap, &Jwe::parse(&key.body)?)?;
            if key.purpose == STORAGE {
                storage = Some(StorageKey::from_bytes(&bytes)?);
            } else {
                let key = RsaPrivateKey::from_pkcs8_der(&bytes)?;
                decryption.insert(key.public().thumbprint(), key);
            }
        }
        check_standing(core, &bank.bic, secret.id(), now).await?;
        let storage = storage.filter(|_| !decryption.is_empty()).ok_or_else(|| {
            Fault::Setup("no keys of the bank were wrapped to this processor".to_owned())
        })?;
        Ok(Self {
            bank,
            anchor,
            issuer: secret.id().to_string(),
            signing: secret.signing.clone(),
            decryption: RwLock::new(decryption),
            unwrap: secret.unwrap.clone(),
            storage,
        })
    }

    /// The bank's key of this id, if this processor has it.
    pub(crate) fn decryption(&self, kid: &Thumbprint) -> Option<RsaPrivateKey> {
        let keys = self
            .decryption
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        keys.get(kid).cloned()
    }

    /// Every key of the bank that this processor has.
    pub(crate) fn decryption_keys(&self) -> Vec<RsaPrivateKey> {
        let keys = self
            .decryption
            .read()
            .unwrap_or_else(PoisonError::into_inner);
        keys.values().cloned().collect()
    }

    /// Opens the keys that were wrapped to this processor and that it does not have yet.
    pub(crate) async fn learn(&self, core: &mut PgConnection, rsa: &dyn Rsa) -> Result<(), Fault> {
        for row in wrapped_key::of_processor(core, self.signing.thumbprint()).await? {
            let known =
                Thumbprint::parse(&row.kid).is_ok_and(|kid| self.decryption(&kid).is_some());
            if row.purpose != DECRYPTION || known {
                continue;
            }
            let bytes = open_bytes(rsa, &self.unwrap, &Jwe::parse(&row.body)?)?;
            let key = RsaPrivateKey::from_pkcs8_der(&bytes)?;
            tracing::info!(kid = row.kid, "the bank has a new encryption key");
            let mut keys = self
                .decryption
                .write()
                .unwrap_or_else(PoisonError::into_inner);
            keys.insert(key.public().thumbprint(), key);
        }
        Ok(())
    }
}

/// Whether a processor may work: not removed, and certified. One that was away for longer than its
/// certificates last asks for new ones.
async fn check_standing(
    core: &mut PgConnection,
    bank: &Bic,
    id: Thumbprint,
    now: Timestamp,
) -> Result<(), Fault> {
    if !processor::removed_among(core, &[id]).await?.is_empty() {
        let words = "this processor was removed from the bank: its keys count no more";
        return Err(Fault::Setup(words.to_owned()));
    }
    let own = bank.lower();
    let certified = certificate::of_subjects(core, &[id]).await?;
    let mut certified = certified.iter().filter(|row| row.party == own);
    if certified.clone().any(|row| row.not_after >= now) {
        return Ok(());
    }
    if certified.next().is_none() {
        let words = "this processor has no certificate: run the registrar";
        return Err(Fault::Setup(words.to_owned()));
    }
    certificate_request::renew(core, id, None, now).await?;
    Err(Fault::Lapsed)
}

impl Processor {
    /// Looks for the keys that these envelopes name and that this processor does not have: somebody
    /// may have rotated the bank's key a moment ago.
    pub(super) async fn learn_keys(
        &self,
        envelopes: impl Iterator<Item = &Jwe>,
    ) -> Result<(), Fault> {
        let unknown: BTreeSet<String> = envelopes
            .filter_map(|jwe| match jwe.recipient() {
                Recipient::Key(kid) => Some(kid),
                Recipient::Session(_) => None,
            })
            .filter(|kid| self.keyring.decryption(kid).is_none())
            .map(|kid| kid.to_string())
            .collect();
        if unknown.is_empty() {
            return Ok(());
        }
        let unknown: Vec<String> = unknown.into_iter().collect();
        let mut core = self.core.acquire().await?;
        if wrapped_key::are_there(&mut core, self.id(), &unknown).await? {
            self.keyring.learn(&mut core, &*self.rsa).await?;
        }
        Ok(())
    }
}
