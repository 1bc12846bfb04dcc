//! Public keys as JSON (RFC 7517, RFC 8037).

use serde::{Deserialize, Serialize};

/// A public key. Members are in the order of RFC 7638, so that the serialised form is also what
/// the thumbprint is computed over.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "kty", deny_unknown_fields)]
pub enum Jwk {
    /// An RSA key, 2048 to 4096 bits.
    #[serde(rename = "RSA")]
    Rsa {
        /// Public exponent, base64url of the big-endian number.
        e: String,
        /// Modulus, base64url of the big-endian number.
        n: String,
    },
    /// An Ed25519 key.
    #[serde(rename = "OKP")]
    Okp {
        /// The curve, always `Ed25519`.
        crv: String,
        /// The public key, base64url of its 32 bytes.
        x: String,
    },
}
