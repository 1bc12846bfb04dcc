//! Secrets at rest: a processor's own keys, a registrar's CA keys, and the bank's storage key.
//!
//! A secret file holds unencrypted PKCS#8 keys in PEM, one after the other; its folder must be
//! readable by its server alone.

use crate::{Entropy, Fault, time::random};
use aes_gcm::{
    Aes256Gcm,
    aead::{Aead, KeyInit, Payload},
};
use data_encoding::{BASE64, BASE64URL_NOPAD};
use envelope::{Certificate, Issuer, Malformed, Rsa, RsaPrivateKey, SessionKey, SigningKey};
use message::{Bic, SessionId, Thumbprint, session::SessionOpen};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

const BEGIN: &str = "-----BEGIN PRIVATE KEY-----";
const END: &str = "-----END PRIVATE KEY-----";

/// Writes keys as PEM, one block each.
fn write_keys(keys: &[Zeroizing<Vec<u8>>]) -> Zeroizing<String> {
    let mut text = Zeroizing::new(String::new());
    for der in keys {
        let packed = Zeroizing::new(BASE64.encode(der));
        text.push_str(BEGIN);
        text.push('\n');
        for line in packed.as_bytes().chunks(64) {
            text.push_str(&String::from_utf8_lossy(line));
            text.push('\n');
        }
        text.push_str(END);
        text.push('\n');
    }
    text
}

/// Reads what [`write_keys`] wrote.
fn read_keys(pem: &str, expected: usize) -> Result<Vec<Zeroizing<Vec<u8>>>, Malformed> {
    let wrong = Malformed("secret file");
    let mut keys = Vec::new();
    for block in pem.split(BEGIN).skip(1) {
        let (body, _) = block.split_once(END).ok_or(wrong)?;
        let packed: Zeroizing<String> =
            Zeroizing::new(body.chars().filter(|c| !c.is_whitespace()).collect());
        let der = BASE64.decode(packed.as_bytes()).map_err(|_| wrong)?;
        keys.push(Zeroizing::new(der));
    }
    if keys.len() == expected {
        Ok(keys)
    } else {
        Err(wrong)
    }
}

/// A processor's own keys: all that is secret on its disk. Its file holds the Ed25519 signing key,
/// then the RSA unwrapping key.
#[derive(Clone, Debug)]
pub struct ProcessorSecret {
    /// Signs receipts, answers and messages to other banks.
    pub signing: SigningKey,
    /// Opens the bank's keys that were wrapped to this processor.
    pub unwrap: RsaPrivateKey,
}

impl ProcessorSecret {
    /// Makes new keys.
    pub fn make(rsa: &dyn Rsa, entropy: &dyn Entropy) -> Result<Self, Fault> {
        let mut rng = entropy.rng();
        Ok(Self {
            signing: SigningKey::ed25519_generate(&mut *rng)?,
            unwrap: rsa.generate(envelope::key::RSA_BITS, &mut *rng)?,
        })
    }

    /// The text of the secret file.
    pub fn to_pem(&self) -> Result<Zeroizing<String>, Fault> {
        Ok(write_keys(&[
            self.signing.to_pkcs8_der()?,
            self.unwrap.to_pkcs8_der(),
        ]))
    }

    /// Reads the secret file.
    pub fn from_pem(pem: &str) -> Result<Self, Fault> {
        let keys = read_keys(pem, 2)?;
        let [signing, unwrap] = keys.as_slice() else {
            return Err(Malformed("secret file").into());
        };
        Ok(Self {
            signing: SigningKey::from_pkcs8_der(signing)?,
            unwrap: RsaPrivateKey::from_pkcs8_der(unwrap)?,
        })
    }

    /// The processor's id.
    pub fn id(&self) -> Thumbprint {
        self.signing.thumbprint()
    }
}

/// The CA keys that the registrar holds. Its file holds the keys of the processor CA, the enrolment
/// CA and the transport CA, in this order.
#[derive(Clone, Debug)]
pub struct RegistrarSecret {
    /// Certifies processors.
    pub processor_ca: RsaPrivateKey,
    /// Certifies devices, and signs their revocations.
    pub enrolment_ca: RsaPrivateKey,
    /// Certifies both ends of TLS connections.
    pub transport_ca: RsaPrivateKey,
}

impl RegistrarSecret {
    /// Makes new keys.
    pub fn make(rsa: &dyn Rsa, entropy: &dyn Entropy) -> Result<Self, Fault> {
        let mut rng = entropy.rng();
        let mut key = || rsa.generate(envelope::key::RSA_BITS, &mut *rng);
        Ok(Self {
            processor_ca: key()?,
            enrolment_ca: key()?,
            transport_ca: key()?,
        })
    }

    /// The text of the secret file.
    pub fn to_pem(&self) -> Zeroizing<String> {
        write_keys(&[
            self.processor_ca.to_pkcs8_der(),
            self.enrolment_ca.to_pkcs8_der(),
            self.transport_ca.to_pkcs8_der(),
        ])
    }

    /// Reads the secret file.
    pub fn from_pem(pem: &str) -> Result<Self, Fault> {
        let keys = read_keys(pem, 3)?;
        let [processor, enrolment, transport] = keys.as_slice() else {
            return Err(Malformed("secret file").into());
        };
        Ok(Self {
            processor_ca: RsaPrivateKey::from_pkcs8_der(processor)?,
            enrolment_ca: RsaPrivateKey::from_pkcs8_der(enrolment)?,
            transport_ca: RsaPrivateKey::from_pkcs8_der(transport)?,
        })
    }

    /// The transport CA as an issuer, for TLS certificates.
    pub fn transport_issuer(&self, certificate: &Certificate) -> Issuer {
        Issuer {
            certificate: certificate.clone(),
            key: self.transport_ca.clone(),
        }
    }
}

/// The key under which session keys are stored in the core. Part of what is wrapped to each
/// processor.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct StorageKey([u8; 32]);

/// The two keys of a session.
pub(crate) struct SessionKeys {
    pub(crate) to_bank: SessionKey,
    pub(crate) to_device: SessionKey,
}

impl SessionKeys {
    /// Between banks: the key to seal with and the key to open with, for the one that has opened the
    /// session (`ours`) or for the other.
    pub(crate) fn between_banks(self, ours: bool) -> (SessionKey, SessionKey) {
        if ours {
            (self.to_bank, self.to_device)
        } else {
            (self.to_device, self.to_bank)
        }
    }
}

/// With whom a session is.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Holder<'a> {
    Device(Thumbprint),
    Bank(&'a Bic),
}

impl Holder<'_> {
    /// A thumbprint has 32 bytes and a BIC 8 or 11, so they never stand for each other.
    fn bound_to(self, session: SessionId) -> Vec<u8> {
        let session = session.as_bytes().as_slice();
        match self {
            Holder::Device(id) => [session, id.as_bytes()].concat(),
            Holder::Bank(bic) => [session, bic.as_str().as_bytes()].concat(),
        }
    }
}

const NONCE_BYTES: usize = 12;

impl StorageKey {
    /// Makes a new key.
    pub fn make(entropy: &dyn Entropy) -> Self {
        Self(random(entropy))
    }

    /// The raw bytes, for wrapping.
    pub(crate) fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Malformed> {
        bytes
            .try_into()
            .map(Self)
            .map_err(|_| Malformed("storage key"))
    }

    /// Seals the keys of an opening. Bound to the session and to whom it is with, so that a row
    /// cannot be moved to another one.
    pub(crate) fn seal(
        &self,
        open: &SessionOpen,
        holder: Holder<'_>,
        entropy: &dyn Entropy,
    ) -> Result<Vec<u8>, Malformed> {
        let wrong = Malformed("session key");
        let mut keys = Zeroizing::new(Vec::with_capacity(64));
        for text in [&open.key_to_bank, &open.key_to_device] {
            let key = BASE64URL_NOPAD.decode(text.as_bytes());
            let key = Zeroizing::new(key.map_err(|_| wrong)?);
            if key.len() != 32 {
                return Err(wrong);
            }
            keys.extend_from_slice(&key);
        }
        let nonce: [u8; NONCE_BYTES] = random(entropy);
        let bound = holder.bound_to(open.session);
        let payload = Payload {
            msg: &keys,
            aad: &bound,
        };
        let sealed = Aes256Gcm::new((&self.0).into())
            .encrypt((&nonce).into(), payload)
            .map_err(|_| wrong)?;
        Ok([nonce.as_slice(), &sealed].concat())
    }

    /// Opens what [`StorageKey::seal`] sealed.
    pub(crate) fn open(
        &self,
        session: SessionId,
        holder: Holder<'_>,
        sealed: &[u8],
    ) -> Result<SessionKeys, Malformed> {
        let wrong = Malformed("stored session");
        let (nonce, sealed) = sealed.split_at_checked(NONCE_BYTES).ok_or(wrong)?;
        let nonce: [u8; NONCE_BYTES] = nonce.try_into().map_err(|_| wrong)?;
        let bound = holder.bound_to(session);
        let payload = Payload {
            msg: sealed,
            aad: &bound,
        };
        let keys = Aes256Gcm::new((&self.0).into())
            .decrypt((&nonce).into(), payload)
            .map_err(|_| wrong)?;
        let keys = Zeroizing::new(keys);
        let half = |range| {
            let bytes: Option<[u8; 32]> = keys.get(range).and_then(|b: &[u8]| b.try_into().ok());
            bytes.map(SessionKey::from_bytes).ok_or(wrong)
        };
        Ok(SessionKeys {
            to_bank: half(0..32)?,
            to_device: half(32..64)?,
        })
    }
}

impl std::fmt::Debug for StorageKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("StorageKey(..)")
    }
}
