//! How a bank asks the authority for a licence.

use crate::{Bic, Body, Currency, Kind, Thumbprint, jwk::Jwk, text::Name};
use serde::{Deserialize, Serialize};

/// A bank asks to be licensed. Signed (`PS256`) by the key of its CA itself; `iss` is that key's
/// thumbprint, `aud` is `countersign`. It proves that the key is in hand; who the bank is, the officers
/// find out by other means and compare the five words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LicenceRequest {
    /// Its BIC.
    pub bank: Bic,
    /// Its name, as customers are to read it.
    pub name: Name,
    /// Country and bank code of its IBANs, without the check digits.
    pub iban_prefix: String,
    /// The class of licence: `retail`.
    pub class: String,
    /// The most that any other bank may be owed or owe, in minor units.
    pub settlement_cap: i64,
    /// What it is kept in.
    pub currency: Currency,
    /// The bank CA's key.
    pub key: Jwk,
    /// The key of the bank's transport CA, which all its TLS certificates come from.
    pub transport_ca: Thumbprint,
}

impl Body for LicenceRequest {
    const KIND: Kind = Kind::LicenceRequest;
}
