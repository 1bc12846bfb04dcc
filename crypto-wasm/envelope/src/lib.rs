//! Keys, certificates, signed and sealed envelopes of Countersign: the same in browser and bank.
//!
//! * keys: [`key`] (RSA), [`signing`] (RSA or Ed25519), the [`primitive`] behind RSA
//! * keys that come back: [`seed`], [`det_keygen`] (keys from a seed), [`recovery`] (a seed as words)
//! * envelopes: [`jws`] (signed), [`jwe`] (sealed), [`session_key`]
//! * certificates: [`role`], [`certificate`], [`authority`] (makes them), [`chain`] (checks them)
//! * who is a bank: [`register`]; what a bank lays down, and who: [`parameters`], [`operator`]
//! * documents: [`key_set`], [`key_file`], [`manifest`], [`enrol`], [`words`]
//! * key files of others, and for others: [`import`], [`export`]
//!
//! No I/O, no clock, no randomness of its own: times and the generator are parameters. The formats
//! are written down for other implementations in the crate's README.

pub mod authority;
pub mod certificate;
pub mod chain;
pub mod det_keygen;
mod encoding;
pub mod enrol;
pub mod error;
pub mod export;
mod extension;
pub mod import;
pub mod jwe;
pub mod jws;
pub mod key;
pub mod key_file;
pub mod key_set;
pub mod licence;
pub mod manifest;
pub mod operator;
pub mod parameters;
pub mod primitive;
pub mod recovery;
pub mod register;
pub mod role;
pub mod seed;
pub mod session_key;
pub mod signing;
#[cfg(test)]
mod testing;
mod tlv;
pub mod words;

pub use authority::{Issuer, Subject, Validity, issue, make_root, transport_anchor};
pub use certificate::{Certificate, SubjectKey};
pub use chain::{CertificateError, TrustAnchor, VerifiedCertificate, verify_chain};
pub use error::{EnvelopeError, Malformed};
pub use jwe::{Jwe, Recipient, open_bytes, seal_bytes, seal_to_key, seal_to_session};
pub use jws::{Jws, SigningInput, Verified, prepare, sign};
pub use key::{RsaPrivateKey, RsaPublicKey};
pub use licence::LicenceTerms;
pub use primitive::{Rsa, RustCryptoRsa};
pub use role::{Party, Role};
pub use seed::{KeySeed, KeyUse, Seed};
pub use session_key::SessionKey;
pub use signing::{Algorithm, SigningKey, VerifyingKey};

/// The generator that every function which needs randomness takes.
pub use rand_core::CryptoRng;
