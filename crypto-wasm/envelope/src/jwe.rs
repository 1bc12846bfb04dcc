//! Sealed messages: compact JWE (RFC 7516), `A256GCM`, for one key or one session.

use crate::{
    EnvelopeError, Jws, Malformed, Rsa, RsaPrivateKey, RsaPublicKey, SessionKey, encoding,
};
use aes_gcm::{
    Aes256Gcm, KeyInit,
    aead::{AeadInOut, inout::InOutBuf},
};
use message::{SessionId, Thumbprint, api::ENVELOPE_BYTES_MAX};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// What a signed message is padded to with trailing spaces, in bytes, so that a sealed one tells
/// no more of its content than one of six sizes.
pub const SIZE_CLASSES: [usize; 6] = [1 << 10, 2 << 10, 4 << 10, 8 << 10, 16 << 10, 32 << 10];

/// The most bytes that [`seal_bytes`] takes.
pub const CONTENT_BYTES_MAX: usize = 32 * 1024;

/// The longest header in its base64url form, in bytes; ours have about 190.
const HEADER_BYTES_MAX: usize = 384;

const IV_LEN: usize = 12;
const TAG_LEN: usize = 16;
const KEY_LEN: usize = 32;
const RSA_OAEP_256: &str = "RSA-OAEP-256";
const A256GCMKW: &str = "A256GCMKW";
const A256GCM: &str = "A256GCM";

/// The protected header. Members other than these are refused, and so are repeated ones.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    enc: String,
    kid: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    iv: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tag: Option<String>,
}

/// Who can open an envelope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Recipient {
    /// The holder of an RSA key (`RSA-OAEP-256`).
    Key(Thumbprint),
    /// The other end of a session (`A256GCMKW`).
    Session(SessionId),
}

/// How the content key is wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Wrapping {
    Key(Thumbprint),
    Session {
        session: SessionId,
        iv: [u8; IV_LEN],
        tag: [u8; TAG_LEN],
    },
}

/// A sealed message whose form is right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jwe {
    text: String,
    header_len: usize,
    wrapping: Wrapping,
    encrypted_key: Vec<u8>,
    iv: [u8; IV_LEN],
    ciphertext: Vec<u8>,
    tag: [u8; TAG_LEN],
}

/// Seals a signed message to a key.
pub fn seal_to_key(
    rsa: &dyn Rsa,
    to: &RsaPublicKey,
    jws: &Jws,
    rng: &mut dyn CryptoRng,
) -> Result<Jwe, EnvelopeError> {
    seal_with_key(rsa, to, &padded(jws)?, rng)
}

/// Seals a signed message to the other end of a session.
pub fn seal_to_session(
    session: SessionId,
    key: &SessionKey,
    jws: &Jws,
    rng: &mut dyn CryptoRng,
) -> Result<Jwe, EnvelopeError> {
    let content_key = content_key(rng);
    let iv = random_iv(rng);
    let mut wrapped = content_key.to_vec();
    let tag = encrypt(key.bytes(), &iv, b"", &mut wrapped)?;
    let header = Header {
        alg: A256GCMKW.to_owned(),
        enc: A256GCM.to_owned(),
        kid: session.to_string(),
        iv: Some(encoding::to_base64url(&iv)),
        tag: Some(encoding::to_base64url(&tag)),
    };
    let wrapping = Wrapping::Session { session, iv, tag };
    assemble(&header, wrapping, wrapped, &content_key, &padded(jws)?, rng)
}

/// Seals bytes to a key: a secret wrapped to a processor, or to the device itself. Not padded.
pub fn seal_bytes(
    rsa: &dyn Rsa,
    to: &RsaPublicKey,
    content: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Jwe, EnvelopeError> {
    if content.len() > CONTENT_BYTES_MAX {
        return Err(EnvelopeError::TooLarge);
    }
    seal_with_key(rsa, to, content, rng)
}

/// Opens what [`seal_bytes`] made. Every failure is [`EnvelopeError::Opening`].
pub fn open_bytes(
    rsa: &dyn Rsa,
    key: &RsaPrivateKey,
    jwe: &Jwe,
) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
    jwe.open_key(rsa, key)
}

fn seal_with_key(
    rsa: &dyn Rsa,
    to: &RsaPublicKey,
    content: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Jwe, EnvelopeError> {
    let content_key = content_key(rng);
    let encrypted_key = rsa.encrypt_oaep_sha256(to, content_key.as_slice(), rng)?;
    let header = Header {
        alg: RSA_OAEP_256.to_owned(),
        enc: A256GCM.to_owned(),
        kid: to.thumbprint().to_string(),
        iv: None,
        tag: None,
    };
    let wrapping = Wrapping::Key(to.thumbprint());
    assemble(&header, wrapping, encrypted_key, &content_key, content, rng)
}

fn assemble(
    header: &Header,
    wrapping: Wrapping,
    encrypted_key: Vec<u8>,
    content_key: &[u8; KEY_LEN],
    content: &[u8],
    rng: &mut dyn CryptoRng,
) -> Result<Jwe, EnvelopeError> {
    let json = serde_json::to_vec(header).map_err(|_| Malformed("JWE header"))?;
    let header = encoding::to_base64url(&json);
    let iv = random_iv(rng);
    let mut ciphertext = content.to_vec();
    let tag = encrypt(content_key, &iv, header.as_bytes(), &mut ciphertext)?;
    let text = [
        header.as_str(),
        &encoding::to_base64url(&encrypted_key),
        &encoding::to_base64url(&iv),
        &encoding::to_base64url(&ciphertext),
        &encoding::to_base64url(&tag),
    ]
    .join(".");
    Ok(Jwe {
        text,
        header_len: header.len(),
        wrapping,
        encrypted_key,
        iv,
        ciphertext,
        tag,
    })
}

/// The text of the message, filled up with spaces to the next size class.
fn padded(jws: &Jws) -> Result<Vec<u8>, EnvelopeError> {
    let text = jws.as_str().as_bytes();
    let class = SIZE_CLASSES.into_iter().find(|class| text.len() <= *class);
    let mut content = text.to_vec();
    content.resize(class.ok_or(EnvelopeError::TooLarge)?, b' ');
    Ok(content)
}

fn content_key(rng: &mut dyn CryptoRng) -> Zeroizing<[u8; KEY_LEN]> {
    let mut key = Zeroizing::new([0; KEY_LEN]);
    rng.fill_bytes(key.as_mut_slice());
    key
}

fn random_iv(rng: &mut dyn CryptoRng) -> [u8; IV_LEN] {
    let mut iv = [0; IV_LEN];
    rng.fill_bytes(&mut iv);
    iv
}

fn encrypt(
    key: &[u8; KEY_LEN],
    iv: &[u8; IV_LEN],
    associated: &[u8],
    buffer: &mut [u8],
) -> Result<[u8; TAG_LEN], EnvelopeError> {
    Aes256Gcm::new(key.into())
        .encrypt_inout_detached(iv.into(), associated, InOutBuf::from(buffer))
        .map(Into::into)
        .map_err(|_| EnvelopeError::Primitive)
}

fn decrypt(
    key: &[u8; KEY_LEN],
    iv: &[u8; IV_LEN],
    associated: &[u8],
    buffer: &mut [u8],
    tag: &[u8; TAG_LEN],
) -> Result<(), EnvelopeError> {
    Aes256Gcm::new(key.into())
        .decrypt_inout_detached(iv.into(), associated, InOutBuf::from(buffer), tag.into())
        .map_err(|_| EnvelopeError::Opening)
}

impl Jwe {
    /// Reads a compact JWE. The header has exactly the members `alg`, `enc`, `kid`, and for a
    /// session `iv` and `tag`; nothing else is accepted.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = Malformed("sealed message");
        if text.len() > ENVELOPE_BYTES_MAX {
            return Err(wrong);
        }
        let parts: Vec<&str> = text.splitn(6, '.').collect();
        let [header, encrypted_key, iv, ciphertext, tag] = parts.as_slice() else {
            return Err(wrong);
        };
        if header.len() > HEADER_BYTES_MAX {
            return Err(wrong);
        }
        let encrypted_key = encoding::from_base64url(encrypted_key, "sealed message")?;
        let wrapping = Self::read_header(header, encrypted_key.len())?;
        Ok(Self {
            header_len: header.len(),
            wrapping,
            encrypted_key,
            iv: fixed(iv)?,
            ciphertext: encoding::from_base64url(ciphertext, "sealed message")?,
            tag: fixed(tag)?,
            text: text.to_owned(),
        })
    }

    fn read_header(text: &str, key_len: usize) -> Result<Wrapping, Malformed> {
        let wrong = Malformed("sealed message");
        let json = encoding::from_base64url(text, "sealed message")?;
        let header: Header = serde_json::from_slice(&json).map_err(|_| wrong)?;
        if header.enc != A256GCM {
            return Err(wrong);
        }
        match (header.alg.as_str(), header.iv, header.tag) {
            (RSA_OAEP_256, None, None) => {
                let sizes = crate::key::RSA_BITS_MIN / 8..=crate::key::RSA_BITS_MAX / 8;
                let kid = Thumbprint::parse(&header.kid).map_err(|_| wrong)?;
                let fits = sizes.contains(&key_len);
                fits.then_some(Wrapping::Key(kid)).ok_or(wrong)
            }
            (A256GCMKW, Some(iv), Some(tag)) if key_len == KEY_LEN => Ok(Wrapping::Session {
                session: SessionId::parse(&header.kid).map_err(|_| wrong)?,
                iv: fixed(&iv)?,
                tag: fixed(&tag)?,
            }),
            _ => Err(wrong),
        }
    }

    /// The compact form, byte for byte as it was sealed or read.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Who can open it.
    pub fn recipient(&self) -> Recipient {
        match self.wrapping {
            Wrapping::Key(kid) => Recipient::Key(kid),
            Wrapping::Session { session, .. } => Recipient::Session(session),
        }
    }

    /// SHA-256 of the compact form: the envelope's id in the stores.
    pub fn id(&self) -> [u8; 32] {
        encoding::sha256(&[self.text.as_bytes()])
    }

    /// Opens an envelope that is sealed to this key. Every failure is [`EnvelopeError::Opening`].
    pub fn open_with_key(&self, rsa: &dyn Rsa, key: &RsaPrivateKey) -> Result<Jws, EnvelopeError> {
        unpadded(&self.open_key(rsa, key)?)
    }

    /// Opens an envelope of a session. Every failure is [`EnvelopeError::Opening`].
    pub fn open_with_session(&self, key: &SessionKey) -> Result<Jws, EnvelopeError> {
        let Wrapping::Session { iv, tag, .. } = &self.wrapping else {
            return Err(EnvelopeError::Opening);
        };
        let mut content_key = Zeroizing::new([0; KEY_LEN]);
        let wrapped = self.encrypted_key.as_slice();
        content_key.copy_from_slice(wrapped.get(..KEY_LEN).ok_or(EnvelopeError::Opening)?);
        decrypt(key.bytes(), iv, b"", content_key.as_mut_slice(), tag)?;
        unpadded(&self.open_content(&content_key)?)
    }

    fn open_key(
        &self,
        rsa: &dyn Rsa,
        key: &RsaPrivateKey,
    ) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        if self.wrapping != Wrapping::Key(key.public().thumbprint()) {
            return Err(EnvelopeError::Opening);
        }
        // RFC 7516 section 11.5: after a failure go on with a key that opens nothing, so that a
        // wrong content key and a wrong content take the same way.
        let mut content_key = Zeroizing::new([0; KEY_LEN]);
        let mut unwrapped = false;
        if let Ok(bytes) = rsa.decrypt_oaep_sha256(key, &self.encrypted_key)
            && bytes.len() == KEY_LEN
        {
            content_key.copy_from_slice(&bytes);
            unwrapped = true;
        }
        match self.open_content(&content_key) {
            Ok(content) if unwrapped => Ok(content),
            _ => Err(EnvelopeError::Opening),
        }
    }

    fn open_content(&self, key: &[u8; KEY_LEN]) -> Result<Zeroizing<Vec<u8>>, EnvelopeError> {
        let header = self.text.get(..self.header_len).unwrap_or_default();
        let mut content = Zeroizing::new(self.ciphertext.clone());
        decrypt(key, &self.iv, header.as_bytes(), &mut content, &self.tag)?;
        Ok(content)
    }
}

fn fixed<const N: usize>(text: &str) -> Result<[u8; N], Malformed> {
    encoding::from_base64url(text, "sealed message")?
        .try_into()
        .map_err(|_| Malformed("sealed message"))
}

/// Takes the padding off. A content that is not of a size class is refused like any other.
fn unpadded(content: &[u8]) -> Result<Jws, EnvelopeError> {
    if !SIZE_CLASSES.contains(&content.len()) {
        return Err(EnvelopeError::Opening);
    }
    std::str::from_utf8(content)
        .ok()
        .and_then(|text| Jws::parse(text.trim_end_matches(' ')).ok())
        .ok_or(EnvelopeError::Opening)
}

#[cfg(test)]
mod tests;
