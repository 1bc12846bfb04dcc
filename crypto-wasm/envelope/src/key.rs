//! RSA keys as values: numbers, DER and thumbprint, with a slot where a backend keeps its own form.

use crate::{EnvelopeError, Malformed, encoding};
use message::{Thumbprint, jwk::Jwk};
use rsa::{
    pkcs1::{DecodeRsaPublicKey, EncodeRsaPublicKey},
    pkcs8::{DecodePrivateKey, DecodePublicKey, EncodePrivateKey, EncodePublicKey},
    traits::PublicKeyParts,
};
use std::{
    any::Any,
    fmt,
    sync::{Arc, OnceLock},
};
use zeroize::Zeroizing;

/// The smallest modulus that is accepted, in bits.
pub const RSA_BITS_MIN: usize = 2048;

/// The largest modulus that is accepted, in bits.
pub const RSA_BITS_MAX: usize = 4096;

/// The modulus of keys made by us, in bits.
pub const RSA_BITS: usize = 3072;

/// The one public exponent that is accepted, 65537.
const EXPONENT: &[u8] = &[1, 0, 1];

/// The largest DER of an RSA key that is looked at, in bytes (4096 bits need about 2,400).
const KEY_DER_BYTES_MAX: usize = 4096;

/// Where a backend keeps its parsed form of a key: parsing a key for each message would cost more
/// than the operation.
#[derive(Default)]
struct Slot(OnceLock<Arc<dyn Any + Send + Sync>>);

impl Slot {
    fn get_or_make<T: Any + Send + Sync, E>(
        &self,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        if let Some(kept) = self.0.get()
            && let Ok(parsed) = Arc::clone(kept).downcast::<T>()
        {
            return Ok(parsed);
        }
        // Another backend may hold the slot (only in tests): then the form is made each time.
        let parsed = Arc::new(make()?);
        let _ = self
            .0
            .set(Arc::clone(&parsed) as Arc<dyn Any + Send + Sync>);
        Ok(parsed)
    }
}

struct PublicParts {
    modulus: Vec<u8>,
    spki: Vec<u8>,
    pkcs1: Vec<u8>,
    thumbprint: Thumbprint,
    bits: usize,
    slot: Slot,
}

/// An RSA public key of 2048 to 4096 bits with the exponent 65537. Cheap to clone.
#[derive(Clone)]
pub struct RsaPublicKey(Arc<PublicParts>);

impl RsaPublicKey {
    /// Reads a DER `SubjectPublicKeyInfo` with the algorithm `rsaEncryption`.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, Malformed> {
        if der.len() > KEY_DER_BYTES_MAX {
            return Err(Malformed("RSA public key"));
        }
        let key =
            rsa::RsaPublicKey::from_public_key_der(der).map_err(|_| Malformed("RSA public key"))?;
        let key = Self::from_parsed(&key)?;
        // One key has one spelling: what is read is what would be written.
        if key.0.spki == der {
            Ok(key)
        } else {
            Err(Malformed("RSA public key"))
        }
    }

    /// Reads a DER `RSAPublicKey` of PKCS#1: the key bits inside a certificate.
    pub fn from_pkcs1_der(der: &[u8]) -> Result<Self, Malformed> {
        if der.len() > KEY_DER_BYTES_MAX {
            return Err(Malformed("RSA public key"));
        }
        let key =
            rsa::RsaPublicKey::from_pkcs1_der(der).map_err(|_| Malformed("RSA public key"))?;
        Self::from_parsed(&key)
    }

    /// Reads a JSON web key.
    pub fn from_jwk(jwk: &Jwk) -> Result<Self, Malformed> {
        let Jwk::Rsa { e, n } = jwk else {
            return Err(Malformed("RSA public key"));
        };
        if n.len() > RSA_BITS_MAX / 6 + 2 {
            return Err(Malformed("RSA public key"));
        }
        let exponent = encoding::from_base64url(e, "RSA public key")?;
        let modulus = encoding::from_base64url(n, "RSA public key")?;
        // RFC 7518: the shortest form, without leading zeros.
        if exponent != EXPONENT || modulus.first().is_none_or(|first| *first == 0) {
            return Err(Malformed("RSA public key"));
        }
        let key = rsa::RsaPublicKey::new_with_size_limits(
            rsa::BoxedUint::from_be_slice_vartime(&modulus),
            rsa::BoxedUint::from_be_slice_vartime(&exponent),
            RSA_BITS_MIN..=RSA_BITS_MAX,
        )
        .map_err(|_| Malformed("RSA public key"))?;
        Self::from_parsed(&key)
    }

    fn from_parsed(key: &rsa::RsaPublicKey) -> Result<Self, Malformed> {
        let wrong = Malformed("RSA public key");
        let bits = key.n().bits() as usize;
        let exponent = key.e().to_be_bytes_trimmed_vartime();
        if !(RSA_BITS_MIN..=RSA_BITS_MAX).contains(&bits) || exponent.as_ref() != EXPONENT {
            return Err(wrong);
        }
        let modulus = key.n().to_be_bytes_trimmed_vartime().to_vec();
        let spki = key.to_public_key_der().map_err(|_| wrong)?.into_vec();
        let pkcs1 = key.to_pkcs1_der().map_err(|_| wrong)?.into_vec();
        let jwk = rsa_jwk(&modulus);
        let json = serde_json::to_string(&jwk).map_err(|_| wrong)?;
        Ok(Self(Arc::new(PublicParts {
            modulus,
            spki,
            pkcs1,
            thumbprint: Thumbprint::new(encoding::sha256(&[thumbprint_input(&json).as_bytes()])),
            bits,
            slot: Slot::default(),
        })))
    }

    /// The key as a JSON web key.
    pub fn to_jwk(&self) -> Jwk {
        rsa_jwk(&self.0.modulus)
    }

    /// The key as a DER `SubjectPublicKeyInfo`.
    pub fn to_spki_der(&self) -> &[u8] {
        &self.0.spki
    }

    /// The key as a DER `RSAPublicKey` of PKCS#1, which aws-lc-rs reads.
    pub fn to_pkcs1_der(&self) -> &[u8] {
        &self.0.pkcs1
    }

    /// The RFC 7638 thumbprint: the id of the key.
    pub fn thumbprint(&self) -> Thumbprint {
        self.0.thumbprint
    }

    /// The length of the modulus in bits.
    pub fn bits(&self) -> usize {
        self.0.bits
    }

    /// The length of the modulus, and so of every signature and ciphertext, in bytes.
    pub fn size(&self) -> usize {
        self.0.bits.div_ceil(8)
    }

    /// The modulus, big-endian without leading zeros.
    pub fn modulus(&self) -> &[u8] {
        &self.0.modulus
    }

    /// The public exponent, big-endian without leading zeros.
    pub fn exponent(&self) -> &[u8] {
        EXPONENT
    }

    /// The backend's parsed form, made once and kept with the key.
    pub fn backend<T: Any + Send + Sync, E>(
        &self,
        make: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        self.0.slot.get_or_make(|| make(self))
    }
}

impl PartialEq for RsaPublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.0.spki == other.0.spki
    }
}

impl Eq for RsaPublicKey {}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPublicKey({})", self.0.thumbprint)
    }
}

fn rsa_jwk(modulus: &[u8]) -> Jwk {
    Jwk::Rsa {
        e: encoding::to_base64url(EXPONENT),
        n: encoding::to_base64url(modulus),
    }
}

/// RFC 7638 wants the members in the order of their names. For RSA that is `e`, `kty`, `n`, while
/// serde writes the tag `kty` first; for Ed25519 (`crv`, `kty`, `x`) it is the same.
pub(crate) fn thumbprint_input(json: &str) -> String {
    // The values are base64url and constants: nothing in them needs escaping.
    serde_json::from_slice::<std::collections::BTreeMap<String, String>>(json.as_bytes())
        .ok()
        .and_then(|members| serde_json::to_string(&members).ok())
        .unwrap_or_default()
}

struct PrivateParts {
    public: RsaPublicKey,
    pkcs8: Zeroizing<Vec<u8>>,
    slot: Slot,
}

/// An RSA private key. Its bytes are wiped when the last clone is dropped.
#[derive(Clone)]
pub struct RsaPrivateKey(Arc<PrivateParts>);

impl RsaPrivateKey {
    /// Reads an unencrypted PKCS#8 DER and checks that its numbers belong together.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, Malformed> {
        let wrong = Malformed("RSA private key");
        if der.len() > KEY_DER_BYTES_MAX {
            return Err(wrong);
        }
        let key = rsa::RsaPrivateKey::from_pkcs8_der(der).map_err(|_| wrong)?;
        // What can be derived (the parts for the Chinese remainder theorem) is computed anew, so
        // that every backend gets the same sound key whatever the file said there.
        Self::from_parsed(&key).map_err(|_| wrong)
    }

    pub(crate) fn from_parsed(key: &rsa::RsaPrivateKey) -> Result<Self, EnvelopeError> {
        let pkcs8 = key.to_pkcs8_der().map_err(|_| EnvelopeError::Primitive)?;
        Ok(Self(Arc::new(PrivateParts {
            public: RsaPublicKey::from_parsed(key.as_public_key())?,
            pkcs8: Zeroizing::new(pkcs8.as_bytes().to_vec()),
            slot: Slot::default(),
        })))
    }

    /// The key as unencrypted PKCS#8 DER, in memory that is wiped.
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        self.0.pkcs8.clone()
    }

    /// The public half.
    pub fn public(&self) -> &RsaPublicKey {
        &self.0.public
    }

    /// The backend's parsed form, made once and kept with the key.
    pub fn backend<T: Any + Send + Sync, E>(
        &self,
        make: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        self.0.slot.get_or_make(|| make(self))
    }
}

impl fmt::Debug for RsaPrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RsaPrivateKey({}, ..)", self.0.public.thumbprint())
    }
}

#[cfg(test)]
mod tests;
