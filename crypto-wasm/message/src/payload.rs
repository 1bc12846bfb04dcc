//! The frame of every signed message.

use crate::{Digest, Kind, MessageId, Timestamp};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

/// The longest life a message may claim, in seconds. The bank refuses a longer one.
pub const LIFETIME_SECONDS_MAX: i64 = 24 * 60 * 60;

/// How far a sender's clock may be ahead of the receiver's, in seconds.
pub const CLOCK_SKEW_SECONDS_MAX: i64 = 5 * 60;

/// What a message says, with the kind that its signature must carry.
pub trait Body: Serialize + DeserializeOwned {
    /// The `typ` of the signature over it.
    const KIND: Kind;
}

/// A signed message: who says what to whom, when, and until when it counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Payload<B> {
    /// Issuer: a device's or processor's signing-key thumbprint, or a BIC for what a bank's CA signs.
    pub iss: String,
    /// Audience: the bank's BIC, a device's thumbprint, or an edge's origin.
    pub aud: String,
    /// The message's id, made by the sender and unique for it.
    pub jti: MessageId,
    /// Made at.
    pub iat: Timestamp,
    /// Void after.
    pub exp: Timestamp,
    /// The digest of the message that this one answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub re: Option<Digest>,
    /// What is said.
    pub body: B,
}

/// Why the frame of a message does not hold at a given time and place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Meant for somebody else.
    #[error("the message is addressed to somebody else")]
    Audience,
    /// `iss` is not who signed.
    #[error("the message names another issuer than its signer")]
    Issuer,
    /// `exp` is past.
    #[error("the message is void: its time has run out")]
    Expired,
    /// `iat` is further ahead than clocks may differ.
    #[error("the message is dated in the future")]
    Future,
    /// `exp` is before `iat`, or more than [`LIFETIME_SECONDS_MAX`] after it.
    #[error("the message claims too long a life")]
    Lifetime,
}

impl<B> Payload<B> {
    /// Checks issuer, audience and the span between `iat` and `exp`; not yet whether it is void.
    pub fn check_frame(&self, iss: &str, aud: &str) -> Result<(), FrameError> {
        if self.iss != iss {
            return Err(FrameError::Issuer);
        }
        if self.aud != aud {
            return Err(FrameError::Audience);
        }
        let life = self.exp.saturating_sub(self.iat);
        if !(0..=LIFETIME_SECONDS_MAX).contains(&life) {
            return Err(FrameError::Lifetime);
        }
        Ok(())
    }

    /// Checks `iat` and `exp` against the clock. An answer already given is looked up before this.
    pub fn check_time(&self, now: Timestamp) -> Result<(), FrameError> {
        if self.iat > now.saturating_add(CLOCK_SKEW_SECONDS_MAX) {
            return Err(FrameError::Future);
        }
        if self.exp < now {
            return Err(FrameError::Expired);
        }
        Ok(())
    }
}

/// The bodies that say nothing but their kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Empty {}
