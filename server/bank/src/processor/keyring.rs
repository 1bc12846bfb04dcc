//! What a processor holds in memory: its own keys, and the bank's, opened with them.

use crate::{
    Fault, ProcessorSecret, StorageKey,
    store::{
        certificate::{self, CertificateRow},
        institution,
        institution::Institution,
        wrapped_key::{self, WrappedKey},
    },
};
use envelope::{
    Certificate, CryptoRng, EnvelopeError, Jwe, Role, Rsa, RsaPrivateKey, RsaPublicKey, SigningKey,
    TrustAnchor, open_bytes, seal_bytes, verify_chain,
};
use message::{Thumbprint, Timestamp};
use sqlx::PgConnection;
use std::collections::HashMap;

/// The bank as its processor knows it, with its keys.
pub(crate) struct Keyring {
    pub(crate) bank: Institution,
    pub(crate) anchor: TrustAnchor,
    pub(crate) signing: SigningKey,
    /// `signing`'s thumbprint as messages write it.
    pub(crate) issuer: String,
    pub(crate) decryption: HashMap<Thumbprint, RsaPrivateKey>,
    pub(crate) storage: StorageKey,
}

const DECRYPTION: &str = "decryption";
const STORAGE: &str = "storage";

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
        wrapped.push(WrappedKey {
            purpose: DECRYPTION.to_owned(),
            kid: key.public().thumbprint().to_string(),
            body: seal_bytes(rsa, to, &key.to_pkcs8_der(), rng)?
                .as_str()
                .to_owned(),
        });
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
        let certified = certificate::of_subjects(core, &[secret.id()]).await?;
        let own = bank.bic.lower();
        let counts = |row: &CertificateRow| row.party == own && row.not_after >= now;
        if !certified.iter().any(counts) {
            return Err(Fault::Setup(
                "this processor has no valid certificate: run the registrar".to_owned(),
            ));
        }
        let storage = storage.filter(|_| !decryption.is_empty()).ok_or_else(|| {
            Fault::Setup("no keys of the bank were wrapped to this processor".to_owned())
        })?;
        Ok(Self {
            bank,
            anchor,
            issuer: secret.id().to_string(),
            signing: secret.signing.clone(),
            decryption,
            storage,
        })
    }
}
