//! Why a file is not imported, each cause with a word of its own.

use crate::tlv::Broken;
use message::Bic;

/// Why a file is not imported.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// The passphrase does not open it, or the encrypted part is damaged: nobody can tell which.
    #[error("the passphrase does not open this file")]
    WrongPassphrase,
    /// It is encrypted, and no passphrase was given.
    #[error("this file needs its passphrase")]
    PassphraseNeeded,
    /// Nothing in it is a key.
    #[error("this is not a key file")]
    NotAKeyFile,
    /// It ends too early.
    #[error("this file is cut off")]
    Truncated,
    /// There are only public keys or certificates in it.
    #[error("there is only a public key or a certificate in this file")]
    PublicKeyOnly,
    /// An RSA key of less than 2048 bits.
    #[error("this key has {bits} bits, and at least 2048 are needed")]
    TooWeak {
        /// How many it has.
        bits: usize,
    },
    /// Not an RSA key, one of more than 4096 bits, or one with another exponent than 65537.
    #[error("only RSA keys of 2048 to 4096 bits with the exponent 65537 can be used")]
    UnsupportedKey,
    /// Something in the file is not what it should be.
    #[error("this file, or the key in it, is damaged")]
    DamagedKey,
    /// A certificate stands beside the key, but it is for another one.
    #[error("the certificate in this file is for another key")]
    CertificateMismatch,
    /// A key file of ours for another bank.
    #[error("this key file is for another bank, {bank}")]
    OtherBank {
        /// Which.
        bank: Bic,
    },
    /// A key file of ours in a form that is newer than this program.
    #[error("this key file has version {version}, which this program does not know")]
    NewerVersion {
        /// Its version.
        version: u32,
    },
    /// What the device signed about its file is not what stands in it.
    #[error("this file was changed after the device signed it")]
    Manifest,
    /// It is larger than 64 KiB.
    #[error("this file is too large for a key file")]
    TooLarge,
    /// RC2, DES, triple DES by PKCS #12, or RC4: not opened. OpenSSL converts it:
    /// `openssl pkcs12 -legacy -in old.p12 -nodes | openssl pkcs12 -export -out new.p12`.
    #[error("this file is encrypted in an old way that is not safe any more")]
    OldEncryption,
    /// A private key in a form that is not read here: OpenSSH's own, BER instead of DER, signed
    /// PKCS #12, or an algorithm that is not known.
    #[error("this file has a form that cannot be read")]
    UnsupportedForm,
    /// Opening would keep the browser busy for too long.
    #[error("opening this file would take too long")]
    TooMuchWork,
    /// There is more than one key in it, and nothing says which signs.
    #[error("there are several keys in this file")]
    SeveralKeys,
}

impl ImportError {
    /// A stable name, for the page and for tests.
    pub fn code(&self) -> &'static str {
        match self {
            ImportError::WrongPassphrase => "wrong-passphrase",
            ImportError::PassphraseNeeded => "passphrase-needed",
            ImportError::NotAKeyFile => "not-a-key-file",
            ImportError::Truncated => "truncated",
            ImportError::PublicKeyOnly => "public-key-only",
            ImportError::TooWeak { .. } => "too-weak",
            ImportError::UnsupportedKey => "unsupported-key",
            ImportError::DamagedKey => "damaged",
            ImportError::CertificateMismatch => "certificate-mismatch",
            ImportError::OtherBank { .. } => "other-bank",
            ImportError::NewerVersion { .. } => "newer-version",
            ImportError::Manifest => "manifest",
            ImportError::TooLarge => "too-large",
            ImportError::OldEncryption => "old-encryption",
            ImportError::UnsupportedForm => "unsupported-form",
            ImportError::TooMuchWork => "too-much-work",
            ImportError::SeveralKeys => "several-keys",
        }
    }
}

impl From<Broken> for ImportError {
    /// Inside of a file, whose outermost length was right.
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Indefinite => ImportError::UnsupportedForm,
            Broken::Short | Broken::Form => ImportError::DamagedKey,
        }
    }
}
