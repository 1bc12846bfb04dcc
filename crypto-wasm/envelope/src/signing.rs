//! Keys that sign: RSA for devices and authorities, Ed25519 for a bank's processors.

use crate::{EnvelopeError, Malformed, Rsa, RsaPrivateKey, RsaPublicKey, encoding, key};
use ed25519_dalek::{
    Signer as _,
    pkcs8::{DecodePrivateKey, EncodePrivateKey, EncodePublicKey, KeypairBytes},
};
use message::{Thumbprint, jwk::Jwk};
use rand_core::CryptoRng;
use std::{fmt, sync::Arc};
use zeroize::Zeroizing;

/// The bytes of an Ed25519 `SubjectPublicKeyInfo` before the key itself (RFC 8410).
const ED25519_SPKI_HEAD: [u8; 12] = [
    0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// The signature algorithms of JWS that are accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RSASSA-PSS with SHA-256.
    Ps256,
    /// Ed25519.
    EdDsa,
}

impl Algorithm {
    /// The `alg` on the wire.
    pub const fn name(self) -> &'static str {
        match self {
            Algorithm::Ps256 => "PS256",
            Algorithm::EdDsa => "EdDSA",
        }
    }

    /// Reads an `alg`.
    pub fn parse(name: &str) -> Option<Self> {
        [Algorithm::Ps256, Algorithm::EdDsa]
            .into_iter()
            .find(|algorithm| algorithm.name() == name)
    }
}

/// An Ed25519 private key with its public half.
pub struct Ed25519SigningKey {
    key: ed25519_dalek::SigningKey,
    public: Arc<Ed25519VerifyingKey>,
}

/// An Ed25519 public key.
#[derive(Debug, PartialEq, Eq)]
pub struct Ed25519VerifyingKey {
    key: ed25519_dalek::VerifyingKey,
    thumbprint: Thumbprint,
}

impl Ed25519VerifyingKey {
    fn new(key: ed25519_dalek::VerifyingKey) -> Result<Arc<Self>, Malformed> {
        let wrong = Malformed("Ed25519 public key");
        // A key of small order would verify one signature over many messages.
        if key.is_weak() {
            return Err(wrong);
        }
        let json = serde_json::to_string(&okp_jwk(&key)).map_err(|_| wrong)?;
        let thumbprint =
            Thumbprint::new(encoding::sha256(&[key::thumbprint_input(&json).as_bytes()]));
        Ok(Arc::new(Self { key, thumbprint }))
    }

    fn from_bytes(bytes: &[u8]) -> Result<Arc<Self>, Malformed> {
        let wrong = Malformed("Ed25519 public key");
        let bytes: &[u8; 32] = bytes.try_into().map_err(|_| wrong)?;
        let key = ed25519_dalek::VerifyingKey::from_bytes(bytes).map_err(|_| wrong)?;
        Self::new(key)
    }
}

fn okp_jwk(key: &ed25519_dalek::VerifyingKey) -> Jwk {
    Jwk::Okp {
        crv: "Ed25519".to_owned(),
        x: encoding::to_base64url(key.as_bytes()),
    }
}

/// A private key that signs envelopes.
#[derive(Clone)]
pub enum SigningKey {
    /// Signs `PS256`.
    Rsa(RsaPrivateKey),
    /// Signs `EdDSA`.
    Ed25519(Arc<Ed25519SigningKey>),
}

impl SigningKey {
    /// Makes an Ed25519 key.
    pub fn ed25519_generate(rng: &mut dyn CryptoRng) -> Result<Self, EnvelopeError> {
        let mut secret = Zeroizing::new([0; 32]);
        rng.fill_bytes(secret.as_mut_slice());
        let key = ed25519_dalek::SigningKey::from_bytes(&secret);
        Ok(Self::from_dalek(key)?)
    }

    fn from_dalek(key: ed25519_dalek::SigningKey) -> Result<Self, Malformed> {
        let public = Ed25519VerifyingKey::new(key.verifying_key())?;
        Ok(SigningKey::Ed25519(Arc::new(Ed25519SigningKey {
            key,
            public,
        })))
    }

    /// Reads an unencrypted PKCS#8 DER of either kind.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Malformed> {
        match ed25519_dalek::SigningKey::from_pkcs8_der(der) {
            Ok(key) => Self::from_dalek(key),
            Err(_) => RsaPrivateKey::from_pkcs8_der(der)
                .map(SigningKey::Rsa)
                .map_err(|_| Malformed("signing key")),
        }
    }

    /// The key as unencrypted PKCS#8 DER, in memory that is wiped.
    pub fn to_pkcs8_der(&self) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        match self {
            SigningKey::Rsa(key) => Ok(key.to_pkcs8_der()),
            SigningKey::Ed25519(key) => {
                // Without the public key: the first version of the format, which OpenSSL reads, too.
                let bytes = KeypairBytes {
                    secret_key: key.key.to_bytes(),
                    public_key: None,
                };
                let der = bytes.to_pkcs8_der().map_err(|_| EnvelopeError::Primitive)?;
                Ok(Zeroizing::new(der.as_bytes().to_vec()))
            }
        }
    }

    /// The public half.
    pub fn verifying_key(&self) -> VerifyingKey {
        match self {
            SigningKey::Rsa(key) => VerifyingKey::Rsa(key.public().clone()),
            SigningKey::Ed25519(key) => VerifyingKey::Ed25519(key.public.clone()),
        }
    }

    /// The id of the key.
    pub fn thumbprint(&self) -> Thumbprint {
        match self {
            SigningKey::Rsa(key) => key.public().thumbprint(),
            SigningKey::Ed25519(key) => key.public.thumbprint,
        }
    }

    /// What it signs with.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            SigningKey::Rsa(_) => Algorithm::Ps256,
            SigningKey::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Signs bytes. Callers sign messages with [`crate::jws::sign`].
    pub(crate) fn sign_bytes(
        &self,
        rsa: &dyn Rsa,
        message: &[u8],
        rng: &mut dyn CryptoRng,
    ) -> Result<Vec<u8>, EnvelopeError> {
        match self {
            SigningKey::Rsa(key) => rsa.sign_pss_sha256(key, message, rng),
            SigningKey::Ed25519(key) => Ok(key.key.sign(message).to_bytes().to_vec()),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, ..)", self.thumbprint())
    }
}

/// A public key that verifies envelopes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum VerifyingKey {
    /// Verifies `PS256`.
    Rsa(RsaPublicKey),
    /// Verifies `EdDSA`.
    Ed25519(Arc<Ed25519VerifyingKey>),
}

impl VerifyingKey {
    /// Reads a DER `SubjectPublicKeyInfo` of either kind.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Malformed> {
        match der.strip_prefix(&ED25519_SPKI_HEAD) {
            Some(bytes) => Ed25519VerifyingKey::from_bytes(bytes).map(VerifyingKey::Ed25519),
            None => RsaPublicKey::from_spki_der(der).map(VerifyingKey::Rsa),
        }
    }

    /// The key as a DER `SubjectPublicKeyInfo`.
    pub fn to_spki_der(&self) -> Result<Vec<u8>, EnvelopeError> {
        match self {
            VerifyingKey::Rsa(key) => Ok(key.to_spki_der().to_vec()),
            VerifyingKey::Ed25519(key) => {
                let der = key.key.to_public_key_der();
                Ok(der.map_err(|_| EnvelopeError::Primitive)?.into_vec())
            }
        }
    }

    /// Reads a JSON web key of either kind.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Malformed> {
        match jwk {
            Jwk::Rsa { .. } => RsaPublicKey::from_jwk(jwk).map(VerifyingKey::Rsa),
            Jwk::Okp { crv, x } => {
                if crv != "Ed25519" {
                    return Err(Malformed("Ed25519 public key"));
                }
                let bytes = encoding::from_base64url(x, "Ed25519 public key")?;
                Ed25519VerifyingKey::from_bytes(&bytes).map(VerifyingKey::Ed25519)
            }
        }
    }

    /// The key as a JSON web key.
    pub fn to_jwk(&self) -> Jwk {
        match self {
            VerifyingKey::Rsa(key) => key.to_jwk(),
            VerifyingKey::Ed25519(key) => okp_jwk(&key.key),
        }
    }

    /// The RFC 7638 thumbprint: the id of the key.
    pub fn thumbprint(&self) -> Thumbprint {
        match self {
            VerifyingKey::Rsa(key) => key.thumbprint(),
            VerifyingKey::Ed25519(key) => key.thumbprint,
        }
    }

    /// What it verifies.
    pub fn algorithm(&self) -> Algorithm {
        match self {
            VerifyingKey::Rsa(_) => Algorithm::Ps256,
            VerifyingKey::Ed25519(_) => Algorithm::EdDsa,
        }
    }

    /// Whether the signature over the bytes holds. Callers verify messages with
    /// [`crate::jws::Jws::verify`].
    pub(crate) fn verify_bytes(&self, rsa: &dyn Rsa, message: &[u8], signature: &[u8]) -> bool {
        match self {
            VerifyingKey::Rsa(key) => rsa.verify_pss_sha256(key, message, signature),
            VerifyingKey::Ed25519(key) => ed25519_dalek::Signature::from_slice(signature)
                .is_ok_and(|signature| key.key.verify_strict(message, &signature).is_ok()),
        }
    }
}
