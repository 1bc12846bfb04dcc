//! Signed messages: compact JWS (RFC 7515) with the header exactly `alg`, `kid`, `typ`.

use crate::{Algorithm, EnvelopeError, Malformed, Rsa, SigningKey, VerifyingKey, encoding};
use message::{Body, Digest, Kind, Payload, Thumbprint};
use rand_core::CryptoRng;
use serde::{Deserialize, Serialize, de::IgnoredAny};

/// The longest compact JWS, in bytes: it fills the largest size class of an envelope.
pub const JWS_BYTES_MAX: usize = 32 * 1024;

/// A JSON payload of up to this many bytes always fits, whatever the signing key.
pub const PAYLOAD_BYTES_MAX: usize = 23_900;

/// The longest header in its base64url form, in bytes; ours have about 130.
const HEADER_BYTES_MAX: usize = 256;

/// The protected header. Members other than these are refused, and so are repeated ones.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Header {
    alg: String,
    kid: Thumbprint,
    typ: String,
}

/// The exact bytes of a message before its signature.
#[derive(Clone, Debug)]
pub struct SigningInput {
    kind: Kind,
    kid: Thumbprint,
    algorithm: Algorithm,
    payload: Vec<u8>,
    text: String,
}

/// Makes the exact bytes that will be signed, once; they are never serialised again.
pub fn prepare<B: Body>(
    kid: Thumbprint,
    algorithm: Algorithm,
    payload: &Payload<B>,
) -> Result<SigningInput, EnvelopeError> {
    let header = Header {
        alg: algorithm.name().to_owned(),
        kid,
        typ: B::KIND.typ().to_owned(),
    };
    let header = serde_json::to_vec(&header).map_err(|_| Malformed("JWS header"))?;
    let payload = serde_json::to_vec(payload).map_err(|_| Malformed("payload"))?;
    let text = format!(
        "{}.{}",
        encoding::to_base64url(&header),
        encoding::to_base64url(&payload)
    );
    if text.len() >= JWS_BYTES_MAX {
        return Err(EnvelopeError::TooLarge);
    }
    Ok(SigningInput {
        kind: B::KIND,
        kid,
        algorithm,
        payload,
        text,
    })
}

/// Signs a message: [`prepare`] and [`SigningInput::sign`] in one step.
pub fn sign<B: Body>(
    rsa: &dyn Rsa,
    key: &SigningKey,
    payload: &Payload<B>,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    prepare(key.thumbprint(), key.algorithm(), payload)?.sign(rsa, key, rng)
}

impl SigningInput {
    /// Signs the bytes with the key that the header names.
    pub fn sign(
        &self,
        rsa: &dyn Rsa,
        key: &SigningKey,
        rng: &mut dyn CryptoRng,
    ) -> Result<Jws, EnvelopeError> {
        if key.thumbprint() != self.kid || key.algorithm() != self.algorithm {
            return Err(EnvelopeError::Key);
        }
        let signature = key.sign_bytes(rsa, self.text.as_bytes(), rng)?;
        let text = format!("{}.{}", self.text, encoding::to_base64url(&signature));
        if text.len() > JWS_BYTES_MAX {
            return Err(EnvelopeError::TooLarge);
        }
        Ok(Jws {
            digest: digest(&text),
            signed_len: self.text.len(),
            text,
            kind: self.kind,
            kid: self.kid,
            algorithm: self.algorithm,
            payload: self.payload.clone(),
            signature,
        })
    }

    /// The JSON of the payload, as it will be signed.
    pub fn payload_json(&self) -> &str {
        // The payload was just written by serde_json, which writes UTF-8.
        std::str::from_utf8(&self.payload).unwrap_or_default()
    }

    /// The bytes that will be signed: header and payload in base64url with the dot between.
    pub fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// SHA-256 of the bytes that will be signed.
    pub fn digest(&self) -> Digest {
        digest(&self.text)
    }

    /// How many bytes will be signed.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Never: there is always a header.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }
}

fn digest(text: &str) -> Digest {
    Digest::new(encoding::sha256(&[text.as_bytes()]))
}

/// A signed message whose form is right. Its signature has not been checked: see [`Jws::verify`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Jws {
    text: String,
    /// Where the signed part ends: before the second dot.
    signed_len: usize,
    kind: Kind,
    kid: Thumbprint,
    algorithm: Algorithm,
    payload: Vec<u8>,
    signature: Vec<u8>,
    digest: Digest,
}

impl Jws {
    /// Reads a compact JWS. The header has exactly the members `alg` (`PS256` or `EdDSA`), `kid`
    /// (a thumbprint) and `typ` (a known kind); nothing else is accepted.
    pub fn parse(text: &str) -> Result<Self, Malformed> {
        let wrong = Malformed("signed message");
        if text.len() > JWS_BYTES_MAX {
            return Err(wrong);
        }
        let mut parts = text.split('.');
        let (Some(header), Some(payload), Some(signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(wrong);
        };
        if header.len() > HEADER_BYTES_MAX {
            return Err(wrong);
        }
        let signed_len = header.len() + 1 + payload.len();
        let header = encoding::from_base64url(header, "signed message")?;
        let header: Header = serde_json::from_slice(&header).map_err(|_| wrong)?;
        Ok(Self {
            signed_len,
            kind: Kind::parse(&header.typ).ok_or(wrong)?,
            kid: header.kid,
            algorithm: Algorithm::parse(&header.alg).ok_or(wrong)?,
            payload: encoding::from_base64url(payload, "signed message")?,
            signature: encoding::from_base64url(signature, "signed message")?,
            digest: digest(text),
            text: text.to_owned(),
        })
    }

    /// The compact form, byte for byte as it was signed or read.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// What the message is (`typ`).
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The key that is said to have signed it (`kid`).
    pub fn kid(&self) -> Thumbprint {
        self.kid
    }

    /// How it is said to be signed (`alg`).
    pub fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// SHA-256 of the compact form: what an answer or a further signature refers to.
    pub fn digest(&self) -> Digest {
        self.digest
    }

    /// Checks the signature with the key that the header names.
    pub fn verify(&self, rsa: &dyn Rsa, key: &VerifyingKey) -> Result<Verified, EnvelopeError> {
        let signed = self.text.get(..self.signed_len).unwrap_or_default();
        let holds = key.thumbprint() == self.kid
            && key.algorithm() == self.algorithm
            && key.verify_bytes(rsa, signed.as_bytes(), &self.signature);
        if holds {
            Ok(Verified { jws: self.clone() })
        } else {
            Err(EnvelopeError::Signature)
        }
    }

    /// The payload although nobody has checked the signature. Only for what carries its own key
    /// (`mailbox-open`, `enrol-request`): read the key from it, then verify.
    pub fn unverified_payload(&self) -> &[u8] {
        &self.payload
    }
}

/// What is said in a frame.
#[derive(Deserialize)]
struct Said<B> {
    body: B,
}

/// A message whose signature holds. Whether the signer may say this is for the caller to judge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verified {
    jws: Jws,
}

impl Verified {
    /// What the message is.
    pub fn kind(&self) -> Kind {
        self.jws.kind
    }

    /// The key that signed it.
    pub fn signer(&self) -> Thumbprint {
        self.jws.kid
    }

    /// SHA-256 of the compact form.
    pub fn digest(&self) -> Digest {
        self.jws.digest
    }

    /// Reads the payload as a message of this kind; any other kind is refused.
    pub fn payload<B: Body>(&self) -> Result<Payload<B>, Malformed> {
        if B::KIND != self.jws.kind {
            return Err(Malformed("message of this kind"));
        }
        let frame = self.frame()?;
        let Said { body } =
            serde_json::from_slice(&self.jws.payload).map_err(|_| Malformed("payload"))?;
        Ok(Payload {
            iss: frame.iss,
            aud: frame.aud,
            jti: frame.jti,
            iat: frame.iat,
            exp: frame.exp,
            re: frame.re,
            body,
        })
    }

    /// The frame by itself, whatever is said in it: its reader is compiled once and not for each kind.
    /// It refuses members that no frame has.
    #[inline(never)]
    fn frame(&self) -> Result<Payload<IgnoredAny>, Malformed> {
        serde_json::from_slice(&self.jws.payload).map_err(|_| Malformed("payload"))
    }

    /// The signed message.
    pub fn jws(&self) -> &Jws {
        &self.jws
    }
}

#[cfg(test)]
mod tests;
