//! One private key in DER, with a word of its own for each reason why it cannot be used.

use super::ImportError;
use crate::{
    RsaPrivateKey,
    key::{RSA_BITS_MAX, RSA_BITS_MIN},
    tlv::{Broken, INTEGER, Items, NULL, OCTET_STRING, OID, SEQUENCE, write, write_number},
};
use crypto_bigint::BoxedUint;
use crypto_primes::{Flavor, is_prime};
use zeroize::Zeroizing;

pub(super) const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];

/// What a decrypted or plain DER turned out to be.
#[derive(Debug)]
pub(super) enum KeyError {
    /// No private key at all: so the passphrase was wrong, if there was one.
    NoKey,
    /// A private key, but one that cannot be used.
    Refused(ImportError),
}

impl KeyError {
    /// As the file's error, if this is what it says when it is no key.
    pub(super) fn or(self, no_key: ImportError) -> ImportError {
        match self {
            KeyError::NoKey => no_key,
            KeyError::Refused(error) => error,
        }
    }
}

impl From<Broken> for KeyError {
    fn from(_: Broken) -> Self {
        KeyError::NoKey
    }
}

/// Reads PKCS #8.
pub(super) fn from_pkcs8(der: &[u8]) -> Result<RsaPrivateKey, KeyError> {
    let mut info = Items::of(SEQUENCE, der)?;
    info.number()?;
    let oid = info.enter(SEQUENCE)?.take(OID)?;
    let key = info.take(OCTET_STRING)?;
    if oid == RSA_ENCRYPTION {
        from_pkcs1(key)
    } else {
        Err(KeyError::Refused(ImportError::UnsupportedKey))
    }
}

/// Reads PKCS #1.
pub(super) fn from_pkcs1(der: &[u8]) -> Result<RsaPrivateKey, KeyError> {
    let mut items = Items::of(SEQUENCE, der)?;
    let version = items.number()?;
    let mut numbers = [&[][..]; 8];
    for number in &mut numbers {
        *number = trimmed(items.take(INTEGER)?);
    }
    let [modulus, exponent, _, p, q, ..] = numbers;
    let bits = bits(modulus);
    let refused = if version != 0 || bits > RSA_BITS_MAX {
        Some(ImportError::UnsupportedKey)
    } else if bits < RSA_BITS_MIN {
        Some(ImportError::TooWeak { bits })
    } else if exponent != [1, 0, 1] {
        Some(ImportError::UnsupportedKey)
    } else if !(sound(p, bits) && sound(q, bits)) {
        Some(ImportError::DamagedKey)
    } else {
        None
    };
    if let Some(error) = refused {
        return Err(KeyError::Refused(error));
    }
    // The one spelling of PKCS #8 that the rest of this crate reads; it checks the numbers.
    let key = Zeroizing::new(write(OCTET_STRING, &[der]));
    let oid = write(OID, &[RSA_ENCRYPTION]);
    let algorithm = write(SEQUENCE, &[&oid, &write(NULL, &[])]);
    let info = Zeroizing::new(write(SEQUENCE, &[&write_number(0), &algorithm, &key]));
    RsaPrivateKey::from_pkcs8_der(&info).map_err(|_| KeyError::Refused(ImportError::DamagedKey))
}

fn trimmed(number: &[u8]) -> &[u8] {
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    number.get(zeros..).unwrap_or_default()
}

fn bits(number: &[u8]) -> usize {
    let first = number.first().map_or(8, |first| first.leading_zeros());
    (number.len() * 8).saturating_sub(first as usize)
}

/// Whether a factor is a prime of half the modulus's length. Who hands somebody a key whose factors
/// are none could read what is sealed to it.
fn sound(factor: &[u8], bits: usize) -> bool {
    let half = bits.div_ceil(2);
    (half - 64..=half).contains(&self::bits(factor))
        && is_prime(Flavor::Any, &BoxedUint::from_be_slice_vartime(factor))
}
