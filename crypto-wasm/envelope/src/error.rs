//! What can go wrong with keys and envelopes.

/// A text or a DER structure that is not what it should be. It says what, never the content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a well-formed {0}")]
pub struct Malformed(pub &'static str);

/// Why an operation on an envelope or a key failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EnvelopeError {
    /// The envelope cannot be opened with this key. One answer for every cause, so that it tells a
    /// stranger nothing about the key.
    #[error("the envelope cannot be opened with this key")]
    Opening,
    /// The signature does not hold, or another key made it.
    #[error("the signature does not hold")]
    Signature,
    /// The key cannot be used for this (size, exponent, kind).
    #[error("the key cannot be used for this")]
    Key,
    /// The content is larger than an envelope may be.
    #[error("the content is too large for an envelope")]
    TooLarge,
    /// The primitive refused an operation that only our own mistake can make impossible.
    #[error("the cryptographic primitive failed")]
    Primitive,
    /// Something is not well formed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}
