//! PKCS #12 (RFC 7292) as OpenSSL 3, keytool and we ourselves write it.

use super::{
    ImportError,
    private_key::from_pkcs8,
    scheme::{Scheme, Work, read_encrypted},
};
use crate::{
    RsaPrivateKey,
    tlv::{CONTEXT_0, CONTEXT_0_PRIMITIVE, Items, OCTET_STRING, OID, SEQUENCE, SET},
};
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;
use sha2::{Digest, Sha256, Sha512};
use zeroize::Zeroizing;

/// `pkcs-7 1` and `pkcs-7 6`: plain and encrypted content.
pub(crate) const DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 1];
const ENCRYPTED_DATA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 7, 6];
/// Bags: a key, an encrypted key, a certificate.
const KEY_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 1];
pub(crate) const SHROUDED_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 2];
pub(crate) const CERT_BAG: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 12, 10, 1, 3];
pub(crate) const X509: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 22, 1];
const SHA1: &[u8] = &[0x2b, 14, 3, 2, 26];
pub(crate) const SHA256: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 1];
const SHA512: &[u8] = &[0x60, 0x86, 0x48, 1, 0x65, 3, 4, 2, 3];

/// More bags than this have no place in a key file.
const BAGS_MAX: usize = 64;

/// The longest salt that is looked at.
const SALT_BYTES_MAX: usize = 64;

/// What is inside.
#[derive(Default)]
pub(super) struct Contents {
    pub(super) keys: Vec<RsaPrivateKey>,
    pub(super) certificates: Vec<Vec<u8>>,
    bags: usize,
}

struct MacData<'a> {
    algorithm: &'a [u8],
    digest: &'a [u8],
    salt: &'a [u8],
    rounds: u32,
}

/// One part of the file: bags, perhaps encrypted.
enum Part<'a> {
    Plain(&'a [u8]),
    Encrypted(Scheme<'a>, &'a [u8]),
}

/// A file whose frame is understood.
pub(super) struct Pfx<'a> {
    mac: Option<MacData<'a>>,
    safe: &'a [u8],
    parts: Vec<Part<'a>>,
    /// Whether a key stands in it without encryption.
    pub(super) has_plain_key: bool,
}

impl<'a> Pfx<'a> {
    /// Reads the frame, and says already here if something is encrypted in a way that is not
    /// opened: nobody should look for a passphrase in vain.
    pub(super) fn read(der: &'a [u8]) -> Result<Self, ImportError> {
        let mut pfx = Items::of(SEQUENCE, der)?;
        if pfx.number()? != 3 {
            return Err(ImportError::UnsupportedForm);
        }
        let safe = plain_content(pfx.enter(SEQUENCE)?)?;
        let mac = if pfx.is_empty() {
            None
        } else {
            Some(read_mac(pfx.enter(SEQUENCE)?)?)
        };
        let mut parts = Vec::new();
        let mut has_plain_key = false;
        let mut contents = Items::of(SEQUENCE, safe)?;
        while !contents.is_empty() {
            let part = read_part(contents.enter(SEQUENCE)?)?;
            if let Part::Plain(bags) = part {
                has_plain_key |= check_bags(bags)?;
            }
            parts.push(part);
            if parts.len() > BAGS_MAX {
                return Err(ImportError::SeveralKeys);
            }
        }
        Ok(Self {
            mac,
            safe,
            parts,
            has_plain_key,
        })
    }

    /// Whether nothing in it needs a passphrase.
    pub(super) fn is_open(&self) -> bool {
        let plain = self.parts.iter().all(|part| matches!(part, Part::Plain(_)));
        self.mac.is_none() && plain && self.has_plain_key
    }

    /// Checks the passphrase by the MAC, and opens everything.
    pub(super) fn open(&self, passphrase: &str, work: &mut Work) -> Result<Contents, ImportError> {
        if let Some(mac) = &self.mac
            && !mac.fits(passphrase, self.safe, work)?
        {
            return Err(ImportError::WrongPassphrase);
        }
        let mut contents = Contents::default();
        for part in &self.parts {
            match part {
                Part::Plain(bags) => contents.read(bags, passphrase, work)?,
                Part::Encrypted(scheme, data) => {
                    let bags = scheme.open(passphrase.as_bytes(), data, work)?;
                    // Without a MAC, the form is what tells that the passphrase was right.
                    Items::of(SEQUENCE, &bags).map_err(|_| ImportError::WrongPassphrase)?;
                    contents.read(&bags, passphrase, work)?;
                }
            }
        }
        Ok(contents)
    }
}

/// `ContentInfo` with plain content: its bytes.
fn plain_content<'a>(mut info: Items<'a>) -> Result<&'a [u8], ImportError> {
    if info.take(OID)? != DATA {
        // Signed instead of protected by a MAC.
        return Err(ImportError::UnsupportedForm);
    }
    Ok(info.enter(CONTEXT_0)?.take(OCTET_STRING)?)
}

fn read_part(mut info: Items<'_>) -> Result<Part<'_>, ImportError> {
    let whole = info;
    if info.take(OID)? != ENCRYPTED_DATA {
        return Ok(Part::Plain(plain_content(whole)?));
    }
    let mut data = info.enter(CONTEXT_0)?.enter(SEQUENCE)?;
    data.number()?;
    let mut content = data.enter(SEQUENCE)?;
    content.take(OID)?;
    let scheme = Scheme::read(content.enter(SEQUENCE)?)?;
    if content.tag() == Some(CONTEXT_0) {
        // The content in pieces: BER.
        return Err(ImportError::UnsupportedForm);
    }
    Ok(Part::Encrypted(scheme, content.take(CONTEXT_0_PRIMITIVE)?))
}

/// Looks over bags that are in the open: answers whether there is a plain key among them, and
/// refuses what is encrypted in a way that is not opened.
fn check_bags(bags: &[u8]) -> Result<bool, ImportError> {
    let mut plain_key = false;
    let mut bags = Items::of(SEQUENCE, bags)?;
    while !bags.is_empty() {
        let mut bag = bags.enter(SEQUENCE)?;
        match bag.take(OID)? {
            KEY_BAG => plain_key = true,
            SHROUDED_BAG => {
                read_encrypted(bag.take(CONTEXT_0)?)?;
            }
            _ => {}
        }
    }
    Ok(plain_key)
}

impl Contents {
    fn read(&mut self, bags: &[u8], passphrase: &str, work: &mut Work) -> Result<(), ImportError> {
        let mut bags = Items::of(SEQUENCE, bags)?;
        while !bags.is_empty() {
            self.bags += 1;
            if self.bags > BAGS_MAX {
                return Err(ImportError::SeveralKeys);
            }
            let mut bag = bags.enter(SEQUENCE)?;
            let oid = bag.take(OID)?;
            let value = bag.take(CONTEXT_0)?;
            // Names and other attributes are for people.
            bag.optional(SET)?;
            match oid {
                KEY_BAG => {
                    let key = from_pkcs8(value).map_err(|e| e.or(ImportError::DamagedKey))?;
                    self.keys.push(key);
                }
                SHROUDED_BAG => {
                    let (scheme, data) = read_encrypted(value)?;
                    let der = scheme.open(passphrase.as_bytes(), data, work)?;
                    let key = from_pkcs8(&der).map_err(|e| e.or(ImportError::WrongPassphrase))?;
                    self.keys.push(key);
                }
                CERT_BAG => {
                    let mut certificate = Items::of(SEQUENCE, value)?;
                    if certificate.take(OID)? == X509 {
                        let der = certificate.enter(CONTEXT_0)?.take(OCTET_STRING)?;
                        self.certificates.push(der.to_vec());
                    }
                }
                _ => {}
            }
        }
        Ok(())
    }
}

fn read_mac(mut mac: Items<'_>) -> Result<MacData<'_>, ImportError> {
    let mut info = mac.enter(SEQUENCE)?;
    let algorithm = info.enter(SEQUENCE)?.take(OID)?;
    let digest = info.take(OCTET_STRING)?;
    let salt = mac.take(OCTET_STRING)?;
    let rounds = if mac.is_empty() { 1 } else { mac.number()? };
    let rounds = u32::try_from(rounds).map_err(|_| ImportError::TooMuchWork)?;
    let known = [SHA1, SHA256, SHA512].contains(&algorithm);
    if !known || salt.is_empty() || salt.len() > SALT_BYTES_MAX || rounds == 0 {
        return Err(ImportError::UnsupportedForm);
    }
    Ok(MacData {
        algorithm,
        digest,
        salt,
        rounds,
    })
}

impl MacData<'_> {
    fn fits(&self, passphrase: &str, content: &[u8], work: &mut Work) -> Result<bool, ImportError> {
        work.take(self.rounds.into())?;
        let (salt, rounds) = (self.salt, self.rounds);
        Ok(match self.algorithm {
            SHA1 => {
                let key = mac_key::<Sha1>(passphrase, salt, rounds, 64);
                verifies(Hmac::<Sha1>::new_from_slice(&key), content, self.digest)
            }
            SHA512 => {
                let key = mac_key::<Sha512>(passphrase, salt, rounds, 128);
                verifies(Hmac::<Sha512>::new_from_slice(&key), content, self.digest)
            }
            _ => {
                let key = mac_key::<Sha256>(passphrase, salt, rounds, 64);
                verifies(Hmac::<Sha256>::new_from_slice(&key), content, self.digest)
            }
        })
    }
}

fn verifies<M: Mac, E>(mac: Result<M, E>, content: &[u8], digest: &[u8]) -> bool {
    mac.is_ok_and(|mac| mac.chain_update(content).verify_slice(digest).is_ok())
}

/// RFC 7292, appendix B.2, for the purpose 3 (a MAC's key), which is as long as one hash: so one
/// turn of the outer loop. `block` is the hash's block length.
pub(crate) fn mac_key<D: Digest>(
    passphrase: &str,
    salt: &[u8],
    rounds: u32,
    block: usize,
) -> Zeroizing<Vec<u8>> {
    // UTF-16, big-endian, with a zero at the end.
    let characters = passphrase.encode_utf16().chain([0]);
    let password: Zeroizing<Vec<u8>> =
        Zeroizing::new(characters.flat_map(u16::to_be_bytes).collect());
    let repeated = |part: &[u8]| -> Zeroizing<Vec<u8>> {
        let length = part.len().next_multiple_of(block);
        Zeroizing::new(part.iter().copied().cycle().take(length).collect())
    };
    let mut hash = D::new();
    hash.update(vec![3; block]);
    hash.update(repeated(salt).as_slice());
    hash.update(repeated(&password).as_slice());
    let mut key = Zeroizing::new(hash.finalize().to_vec());
    for _ in 1..rounds {
        let next = D::digest(key.as_slice());
        key.copy_from_slice(&next);
    }
    key
}
