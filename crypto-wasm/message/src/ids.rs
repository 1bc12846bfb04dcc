//! Identifiers: of messages, keys, sessions, and digests of signed bytes.

use data_encoding::{BASE64URL_NOPAD, Encoding, HEXLOWER, Specification};
use serde::{Deserialize, Serialize};
use std::{fmt, sync::LazyLock};

/// A text that is not the identifier it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a {0}")]
pub struct IdError(pub &'static str);

macro_rules! bytes_id {
    ($(#[$doc:meta])* $name:ident, $len:literal, $what:literal, $encoding:expr) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name([u8; $len]);

        impl $name {
            /// Takes the raw bytes.
            pub const fn new(bytes: [u8; $len]) -> Self {
                Self(bytes)
            }

            /// The raw bytes.
            pub const fn as_bytes(&self) -> &[u8; $len] {
                &self.0
            }

            /// Takes raw bytes of the right number.
            pub fn from_slice(bytes: &[u8]) -> Result<Self, IdError> {
                bytes.try_into().map(Self).map_err(|_| IdError($what))
            }

            /// Reads the one spelling that `Display` writes.
            pub fn parse(text: &str) -> Result<Self, IdError> {
                let bytes = $encoding.decode(text.as_bytes()).map_err(|_| IdError($what))?;
                Self::from_slice(&bytes)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&$encoding.encode(&self.0))
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!(stringify!($name), "({})"), self)
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.to_string()
            }
        }
    };
}

/// Crockford's base 32 in capitals: no I, L, O or U, so it can be read aloud.
pub(crate) static CROCKFORD: LazyLock<Encoding> = LazyLock::new(|| {
    let mut specification = Specification::new();
    specification
        .symbols
        .push_str("0123456789ABCDEFGHJKMNPQRSTVWXYZ");
    // The alphabet above is a constant with 32 distinct symbols, which is all that is checked here.
    specification
        .encoding()
        .unwrap_or(data_encoding::BASE32HEX_NOPAD)
});

bytes_id!(
    /// 16 random bytes that the sender makes and saves before sending; with the signer it names a
    /// message for ever. 26 characters of Crockford's base 32.
    MessageId, 16, "message id", CROCKFORD
);
bytes_id!(
    /// The RFC 7638 thumbprint (SHA-256) of a public key: the id of the key, and of the device and
    /// mailbox that a signing key stands for. 43 characters of base64url.
    Thumbprint, 32, "key thumbprint", BASE64URL_NOPAD
);
bytes_id!(
    /// SHA-256 of a compact JWS: what an answer or a further signature refers to. base64url.
    Digest, 32, "digest", BASE64URL_NOPAD
);
bytes_id!(
    /// Names the pair of session keys of one device at its bank. base64url.
    SessionId, 16, "session id", BASE64URL_NOPAD
);

impl MessageId {
    /// The first twelve characters in groups of four: what people quote (`9QX4-2MTB-7HRA`).
    pub fn reference(&self) -> String {
        let text = self.to_string();
        format!("{}-{}-{}", &text[..4], &text[4..8], &text[8..12])
    }
}

impl Digest {
    /// Lower-case hexadecimal in groups of four characters, as screens show it.
    pub fn hex_groups(&self) -> Vec<String> {
        let hex = HEXLOWER.encode(&self.0);
        (0..hex.len())
            .step_by(4)
            .map(|at| hex[at..at + 4].to_owned())
            .collect()
    }
}

impl Thumbprint {
    /// Lower-case base 32 without padding (52 characters): the form that fits a DNS label.
    pub fn dns_label(&self) -> String {
        data_encoding::BASE32_NOPAD
            .encode(&self.0)
            .to_ascii_lowercase()
    }

    /// Reads [`Thumbprint::dns_label`].
    pub fn from_dns_label(label: &str) -> Result<Self, IdError> {
        let error = IdError("key thumbprint");
        if label.bytes().any(|b| b.is_ascii_uppercase()) {
            return Err(error);
        }
        let upper = label.to_ascii_uppercase();
        let bytes = data_encoding::BASE32_NOPAD
            .decode(upper.as_bytes())
            .map_err(|_| error)?;
        Self::from_slice(&bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_id_has_one_spelling(bytes: [u8; 32], half: [u8; 16]) {
            let thumbprint = Thumbprint::new(bytes);
            prop_assert_eq!(Thumbprint::parse(&thumbprint.to_string()).unwrap(), thumbprint);
            prop_assert_eq!(Thumbprint::from_dns_label(&thumbprint.dns_label()).unwrap(), thumbprint);
            prop_assert!(thumbprint.dns_label().len() <= 63);
            let id = MessageId::new(half);
            prop_assert_eq!(id.to_string().len(), 26);
            prop_assert_eq!(MessageId::parse(&id.to_string()).unwrap(), id);
            prop_assert!(MessageId::parse(&id.to_string().to_lowercase()).is_err() || id.to_string().bytes().all(|b| b.is_ascii_digit()));
        }

        #[test]
        fn parse_never_panics(text in ".*") {
            let _ = (MessageId::parse(&text), Thumbprint::parse(&text), Thumbprint::from_dns_label(&text));
        }
    }

    #[test]
    fn a_reference_can_be_read_aloud() {
        assert_eq!(MessageId::new([0xab; 16]).reference(), "NENT-QAXB-NENT");
    }
}
