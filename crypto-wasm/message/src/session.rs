//! Sessions: after one RSA-sealed message, later envelopes are wrapped with symmetric keys.
//!
//! An envelope in a session is a JWE with `alg` `A256GCMKW` and the session id as `kid`.
//!
//! Banks open sessions with each other, too: the one that opens plays the device's part.

use crate::{Body, Kind, SessionId, Timestamp};
use serde::{Deserialize, Serialize};

/// How long a session lasts, in seconds.
pub const SESSION_SECONDS: i64 = 12 * 60 * 60;

/// How many envelopes a session may carry to the bank before a new one is opened.
pub const SESSION_ENVELOPES_MAX: i64 = 10_000;

/// How many envelopes a session between banks may carry in each direction.
pub const PEER_SESSION_ENVELOPES_MAX: i64 = 1_000_000;

/// Hands the bank a key for each direction. Always RSA-sealed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionOpen {
    /// Chosen by whoever opens.
    pub session: SessionId,
    /// 32 random bytes, base64url: wraps what the opener sends.
    pub key_to_bank: String,
    /// 32 random bytes, base64url: wraps what the bank that was asked sends.
    pub key_to_device: String,
}

/// The session is stored; it may be used from now on. `re` is the digest of `session-open`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SessionOpened {
    /// The session.
    pub session: SessionId,
    /// Not used after.
    pub until: Timestamp,
    /// Envelopes to the bank, at most; between banks in each direction.
    pub envelopes_max: i64,
}

/// No processor knows the session of an envelope: the device seals the same JWS again. Sealed to
/// the device's encryption key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SealAgain {
    /// The unknown session.
    pub session: SessionId,
}

impl Body for SessionOpen {
    const KIND: Kind = Kind::SessionOpen;
}
impl Body for SessionOpened {
    const KIND: Kind = Kind::SessionOpened;
}
impl Body for SealAgain {
    const KIND: Kind = Kind::SealAgain;
}
