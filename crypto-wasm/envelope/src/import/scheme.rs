//! PBES2 (RFC 8018): how a passphrase becomes a key, and what it opens. Ours, and what other tools
//! write: PBKDF2 or scrypt, AES or triple DES in CBC.

use super::ImportError;
use crate::tlv::{Items, NULL, OCTET_STRING, OID, SEQUENCE, write, write_number};
use aes::{Aes128Dec, Aes192Dec, Aes256Dec, Aes256Enc};
use cbc::cipher::{
    BlockCipherDecrypt, BlockModeDecrypt, BlockModeEncrypt, KeyInit, KeyIvInit,
    block_padding::Pkcs7,
};
use des::TdesEde3;
use pbkdf2::pbkdf2_hmac;
use sha1::Sha1;
use sha2::{Sha224, Sha256, Sha384, Sha512};
use zeroize::Zeroizing;

const PBES2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 13];
const PBKDF2: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5, 12];
const SCRYPT: &[u8] = &[0x2b, 0x06, 1, 4, 1, 0xda, 0x47, 4, 11];
/// PBES1 (PKCS #5) and the schemes of PKCS #12: DES, RC2, triple DES, RC4.
const OLD: [&[u8]; 2] = [
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 5],
    &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 1],
];
const HMAC_SHA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2];
const HMAC_SHA256: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 2, 9];
const AES: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1];
const AES_256_CBC: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 1, 42];
const DES_EDE3_CBC: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 3, 7];

/// The longest salt that is looked at.
const SALT_BYTES_MAX: usize = 64;

/// The most memory that scrypt may take: four times what OpenSSL takes by itself.
const SCRYPT_BYTES_MAX: u64 = 64 << 20;

/// How much deriving one file may ask for, in rounds of PBKDF2: about three seconds in a browser.
/// A file could keep it busy for hours otherwise.
pub(super) const WORK_MAX: u64 = 6_000_000;

/// What is left of the work that a file may ask for.
pub(crate) struct Work(u64);

impl Work {
    pub(crate) fn new(rounds: u64) -> Self {
        Self(rounds)
    }

    pub(super) fn take(&mut self, rounds: u64) -> Result<(), ImportError> {
        self.0 = self.0.checked_sub(rounds).ok_or(ImportError::TooMuchWork)?;
        Ok(())
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Prf {
    Sha1,
    Sha224,
    Sha256,
    Sha384,
    Sha512,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kdf {
    Pbkdf2 { rounds: u32, prf: Prf },
    Scrypt { log_n: u8, r: u32, p: u32 },
}

/// A cipher in CBC with the padding of PKCS #7.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cipher {
    /// AES with 128 bits.
    Aes128,
    /// AES with 192 bits.
    Aes192,
    /// AES with 256 bits.
    Aes256,
    /// Triple DES with three keys.
    TripleDes,
}

impl Cipher {
    /// How many bytes its key has.
    pub(super) fn key_bytes(self) -> usize {
        match self {
            Cipher::Aes128 => 16,
            Cipher::Aes192 | Cipher::TripleDes => 24,
            Cipher::Aes256 => 32,
        }
    }

    /// Decrypts; any failure looks like a wrong passphrase.
    pub(super) fn open(
        self,
        key: &[u8],
        iv: &[u8],
        data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let mut buffer = Zeroizing::new(data.to_vec());
        let length = match self {
            Cipher::Aes128 => unpadded::<Aes128Dec>(key, iv, &mut buffer),
            Cipher::Aes192 => unpadded::<Aes192Dec>(key, iv, &mut buffer),
            Cipher::Aes256 => unpadded::<Aes256Dec>(key, iv, &mut buffer),
            Cipher::TripleDes => unpadded::<TdesEde3>(key, iv, &mut buffer),
        };
        buffer.truncate(length.ok_or(ImportError::WrongPassphrase)?);
        Ok(buffer)
    }
}

fn unpadded<C: BlockCipherDecrypt + KeyInit>(
    key: &[u8],
    iv: &[u8],
    buffer: &mut [u8],
) -> Option<usize> {
    let cipher = cbc::Decryptor::<C>::new_from_slices(key, iv).ok()?;
    cipher.decrypt_padded::<Pkcs7>(buffer).ok().map(<[u8]>::len)
}

/// How something is encrypted with a passphrase.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scheme<'a> {
    kdf: Kdf,
    salt: &'a [u8],
    cipher: Cipher,
    iv: &'a [u8],
}

impl<'a> Scheme<'a> {
    /// Reads the parts of an `AlgorithmIdentifier`.
    pub(crate) fn read(mut algorithm: Items<'a>) -> Result<Self, ImportError> {
        let oid = algorithm.take(OID)?;
        if oid != PBES2 {
            let old = OLD.iter().any(|old| oid.starts_with(old));
            return Err(if old {
                ImportError::OldEncryption
            } else {
                ImportError::UnsupportedForm
            });
        }
        let mut parameters = algorithm.enter(SEQUENCE)?;
        let mut kdf = parameters.enter(SEQUENCE)?;
        let mut encryption = parameters.enter(SEQUENCE)?;
        let cipher = match encryption.take(OID)? {
            DES_EDE3_CBC => Cipher::TripleDes,
            oid => match oid.strip_prefix(AES) {
                Some([2]) => Cipher::Aes128,
                Some([22]) => Cipher::Aes192,
                Some([42]) => Cipher::Aes256,
                Some(_) => return Err(ImportError::UnsupportedForm),
                None => return Err(ImportError::OldEncryption),
            },
        };
        let iv = encryption.take(OCTET_STRING)?;
        let (kdf, salt) = match kdf.take(OID)? {
            PBKDF2 => read_pbkdf2(kdf.enter(SEQUENCE)?)?,
            SCRYPT => read_scrypt(kdf.enter(SEQUENCE)?)?,
            _ => return Err(ImportError::UnsupportedForm),
        };
        if salt.len() > SALT_BYTES_MAX {
            return Err(ImportError::UnsupportedForm);
        }
        Ok(Self {
            kdf,
            salt,
            cipher,
            iv,
        })
    }

    /// Whether it is what we write: PBKDF2 with HMAC-SHA256, AES-256-CBC.
    pub(crate) fn is_ours(&self) -> bool {
        let sha256 = matches!(self.kdf, Kdf::Pbkdf2 { prf, .. } if prf == Prf::Sha256);
        sha256 && self.cipher == Cipher::Aes256
    }

    /// Decrypts what is ours. It leads to no other cipher, so that a browser holds the others only
    /// where it reads the files of other tools.
    pub(crate) fn open_ours(
        &self,
        passphrase: &[u8],
        data: &[u8],
        work: &mut Work,
    ) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let (true, Kdf::Pbkdf2 { rounds, .. }) = (self.is_ours(), self.kdf) else {
            return Err(ImportError::UnsupportedForm);
        };
        work.take(rounds.into())?;
        let mut key = Zeroizing::new([0; 32]);
        pbkdf2_hmac::<Sha256>(passphrase, self.salt, rounds, key.as_mut_slice());
        let mut buffer = Zeroizing::new(data.to_vec());
        let length = unpadded::<Aes256Dec>(key.as_slice(), self.iv, &mut buffer);
        buffer.truncate(length.ok_or(ImportError::WrongPassphrase)?);
        Ok(buffer)
    }

    /// Decrypts. A wrong passphrase and damaged bytes look the same, as far as the padding tells.
    pub(crate) fn open(
        &self,
        passphrase: &[u8],
        data: &[u8],
        work: &mut Work,
    ) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let key = self.derive(passphrase, work)?;
        self.cipher.open(&key, self.iv, data)
    }

    fn derive(
        &self,
        passphrase: &[u8],
        work: &mut Work,
    ) -> Result<Zeroizing<Vec<u8>>, ImportError> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_bytes()]);
        let salt = self.salt;
        match self.kdf {
            Kdf::Pbkdf2 { rounds, prf } => {
                let hash_bytes = match prf {
                    Prf::Sha1 => 20,
                    Prf::Sha224 => 28,
                    _ => 32,
                };
                let blocks = u64::from(key.len() > hash_bytes) + 1;
                work.take(u64::from(rounds) * blocks)?;
                match prf {
                    Prf::Sha1 => pbkdf2_hmac::<Sha1>(passphrase, salt, rounds, &mut key),
                    Prf::Sha224 => pbkdf2_hmac::<Sha224>(passphrase, salt, rounds, &mut key),
                    Prf::Sha256 => pbkdf2_hmac::<Sha256>(passphrase, salt, rounds, &mut key),
                    Prf::Sha384 => pbkdf2_hmac::<Sha384>(passphrase, salt, rounds, &mut key),
                    Prf::Sha512 => pbkdf2_hmac::<Sha512>(passphrase, salt, rounds, &mut key),
                }
            }
            Kdf::Scrypt { log_n, r, p } => {
                // Measured: one step over a block costs about two rounds of PBKDF2.
                let steps = u64::from(r) * u64::from(p);
                work.take(steps.saturating_mul(2).saturating_mul(1 << log_n))?;
                let parameters = scrypt::Params::new(log_n, r, p);
                let parameters = parameters.map_err(|_| ImportError::UnsupportedForm)?;
                scrypt::scrypt(passphrase, salt, &parameters, &mut key)
                    .map_err(|_| ImportError::UnsupportedForm)?;
            }
        }
        Ok(key)
    }
}

/// `salt, iterationCount, keyLength OPTIONAL, prf DEFAULT hmacWithSHA1`.
fn read_pbkdf2(mut items: Items<'_>) -> Result<(Kdf, &[u8]), ImportError> {
    let salt = items.take(OCTET_STRING)?;
    let rounds = u32::try_from(items.number()?).map_err(|_| ImportError::TooMuchWork)?;
    if items.tag() == Some(crate::tlv::INTEGER) {
        // The cipher says how long its key is.
        items.number()?;
    }
    let prf = match items.optional(SEQUENCE)? {
        None => Prf::Sha1,
        Some(prf) => match Items::new(prf).take(OID)?.strip_prefix(HMAC_SHA) {
            Some([7]) => Prf::Sha1,
            Some([8]) => Prf::Sha224,
            Some([9]) => Prf::Sha256,
            Some([10]) => Prf::Sha384,
            Some([11]) => Prf::Sha512,
            _ => return Err(ImportError::UnsupportedForm),
        },
    };
    if rounds == 0 {
        return Err(ImportError::DamagedKey);
    }
    Ok((Kdf::Pbkdf2 { rounds, prf }, salt))
}

/// `salt, costParameter, blockSize, parallelizationParameter, keyLength OPTIONAL`.
fn read_scrypt(mut items: Items<'_>) -> Result<(Kdf, &[u8]), ImportError> {
    let salt = items.take(OCTET_STRING)?;
    let (n, r, p) = (items.number()?, items.number()?, items.number()?);
    let small = |number: u64| u32::try_from(number).map_err(|_| ImportError::TooMuchWork);
    let (r, p) = (small(r)?, small(p)?);
    if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
        return Err(ImportError::DamagedKey);
    }
    let memory = n.checked_mul(128 * u64::from(r));
    if memory.is_none_or(|bytes| bytes > SCRYPT_BYTES_MAX) {
        return Err(ImportError::TooMuchWork);
    }
    let log_n = n.trailing_zeros() as u8;
    Ok((Kdf::Scrypt { log_n, r, p }, salt))
}

/// Encrypts in our form: PBKDF2 with HMAC-SHA256, AES-256-CBC. Answers the DER of an
/// `EncryptedPrivateKeyInfo`; `None` if the cipher refuses, which it does not.
pub(crate) fn seal(
    plain: &[u8],
    passphrase: &[u8],
    rounds: u32,
    salt: &[u8; 16],
    iv: &[u8; 16],
) -> Option<Vec<u8>> {
    let mut key = Zeroizing::new([0; 32]);
    pbkdf2_hmac::<Sha256>(passphrase, salt, rounds, key.as_mut_slice());
    let mut buffer = Zeroizing::new([plain, &[0; 16]].concat());
    let cipher = cbc::Encryptor::<Aes256Enc>::new_from_slices(key.as_slice(), iv).ok()?;
    let sealed = cipher
        .encrypt_padded::<Pkcs7>(&mut buffer, plain.len())
        .ok()?;
    let prf = write(SEQUENCE, &[&write(OID, &[HMAC_SHA256]), &write(NULL, &[])]);
    let kdf = write(
        SEQUENCE,
        &[
            &write(OCTET_STRING, &[salt]),
            &write_number(rounds.into()),
            &prf,
        ],
    );
    let kdf = write(SEQUENCE, &[&write(OID, &[PBKDF2]), &kdf]);
    let encryption = write(
        SEQUENCE,
        &[&write(OID, &[AES_256_CBC]), &write(OCTET_STRING, &[iv])],
    );
    let parameters = write(SEQUENCE, &[&kdf, &encryption]);
    let algorithm = write(SEQUENCE, &[&write(OID, &[PBES2]), &parameters]);
    let data = write(OCTET_STRING, &[sealed]);
    Some(write(SEQUENCE, &[&algorithm, &data]))
}

/// The parts of an `EncryptedPrivateKeyInfo`.
pub(crate) fn read_encrypted(der: &[u8]) -> Result<(Scheme<'_>, &[u8]), ImportError> {
    let mut info = Items::of(SEQUENCE, der)?;
    let scheme = Scheme::read(info.enter(SEQUENCE)?)?;
    Ok((scheme, info.take(OCTET_STRING)?))
}
