//! A bank's operators: persons with keys of their own, certified by the bank CA.

use crate::{
    Body, Kind, Thumbprint,
    jwk::Jwk,
    text::{Label, Name},
};
use serde::{Deserialize, Serialize};

/// Who requests are addressed to: whichever bank admits.
pub const REQUEST_AUDIENCE: &str = "countersign";

/// A person asks to be certified as operator. Signed (`PS256`) by the new key itself; `iss` is its
/// thumbprint, `aud` is `countersign`, `exp` at most a day after `iat`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRequest {
    /// The person.
    pub name: Name,
    /// The new key.
    pub key: Jwk,
}

/// An operator signs nothing from now on. Signed (`PS256`) by the bank CA's key; `iss` and `aud` are
/// the BIC, `exp` equals `iat`. Whatever date a signature bears, it counts only on the versions up to
/// the one that is named here.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OperatorRemoval {
    /// The thumbprint of the operator's key.
    pub operator: Thumbprint,
    /// The number of the parameters in force.
    pub parameters: u64,
    /// Why, in a few words.
    pub reason: Label,
}

impl Body for OperatorRequest {
    const KIND: Kind = Kind::OperatorRequest;
}
impl Body for OperatorRemoval {
    const KIND: Kind = Kind::OperatorRemoval;
}
