//! What a certificate is for, and for whom.
//!
//! Each role is a private extended key usage under 1.3.6.1.4.1.32473, the arc that RFC 5612 sets
//! aside for documentation: Countersign has no enterprise number of its own yet.

use message::Bic;
use std::fmt;
use x509_cert::der::asn1::ObjectIdentifier;

/// The arc of the extended key usages; the role's number follows.
const USAGE_ARC: &str = "1.3.6.1.4.1.32473.1";

/// The domain of all names in certificates. `.invalid` never resolves (RFC 2606).
pub const DOMAIN: &str = "countersign.invalid";

/// What the holder of a certificate may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// The authority's root: licenses banks.
    Root,
    /// A bank's CA, offline. Its certificate is the licence; its key also signs the key set.
    BankCa,
    /// Certifies processors.
    ProcessorCa,
    /// Certifies devices. Its key also signs their revocations.
    EnrolmentCa,
    /// Certifies the TLS keys of servers and of whoever may connect to them.
    TransportCa,
    /// A processor's Ed25519 key: signs receipts, answers, acknowledgements.
    Processor,
    /// A processor's RSA key to which the bank's secrets are wrapped.
    ProcessorUnwrap,
    /// A device's signing key.
    DeviceSigning,
    /// A device's encryption key.
    DeviceEncryption,
    /// A TLS server.
    TransportServer,
    /// A TLS client.
    TransportClient,
    /// A person of the authority, who signs records together with another.
    Officer,
    /// The authority's online Ed25519 key: signs the head of its register.
    AuthorityHead,
    /// A person of a bank, who signs what operators decide.
    Operator,
}

impl Role {
    /// Every role there is.
    pub const ALL: [Role; 14] = [
        Role::Root,
        Role::BankCa,
        Role::ProcessorCa,
        Role::EnrolmentCa,
        Role::TransportCa,
        Role::Processor,
        Role::ProcessorUnwrap,
        Role::DeviceSigning,
        Role::DeviceEncryption,
        Role::TransportServer,
        Role::TransportClient,
        Role::Officer,
        Role::AuthorityHead,
        Role::Operator,
    ];

    /// The word in names and on the wire.
    pub const fn word(self) -> &'static str {
        match self {
            Role::Root => "root",
            Role::BankCa => "bank-ca",
            Role::ProcessorCa => "processor-ca",
            Role::EnrolmentCa => "enrolment-ca",
            Role::TransportCa => "transport-ca",
            Role::Processor => "processor",
            Role::ProcessorUnwrap => "processor-unwrap",
            Role::DeviceSigning => "device-signing",
            Role::DeviceEncryption => "device-encryption",
            Role::TransportServer => "transport-server",
            Role::TransportClient => "transport-client",
            Role::Officer => "officer",
            Role::AuthorityHead => "authority-head",
            Role::Operator => "operator",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }

    /// The last arc of its extended key usage.
    pub const fn number(self) -> u8 {
        match self {
            Role::Root => 1,
            Role::BankCa => 2,
            Role::ProcessorCa => 3,
            Role::EnrolmentCa => 4,
            Role::TransportCa => 5,
            Role::Processor => 6,
            Role::ProcessorUnwrap => 7,
            Role::DeviceSigning => 8,
            Role::DeviceEncryption => 9,
            Role::TransportServer => 10,
            Role::TransportClient => 11,
            Role::Officer => 12,
            Role::AuthorityHead => 13,
            Role::Operator => 14,
        }
    }

    /// The extended key usage as dotted numbers.
    pub fn usage(self) -> String {
        format!("{USAGE_ARC}.{}", self.number())
    }

    pub(crate) fn usage_oid(self) -> Result<ObjectIdentifier, crate::Malformed> {
        ObjectIdentifier::new(&self.usage()).map_err(|_| crate::Malformed("role"))
    }

    pub(crate) fn from_usage_oid(oid: &ObjectIdentifier) -> Option<Self> {
        let text = oid.to_string();
        Self::ALL.into_iter().find(|role| role.usage() == text)
    }

    /// How many CAs may stand below it; `None` for what is no CA.
    pub const fn path_length(self) -> Option<u8> {
        match self {
            Role::Root => Some(2),
            Role::BankCa => Some(1),
            Role::ProcessorCa | Role::EnrolmentCa | Role::TransportCa => Some(0),
            _ => None,
        }
    }

    /// The role that issues it. The authority has no bank CA: its own CAs hang under the root.
    pub fn issuer(self, party: &Party) -> Option<Role> {
        match self {
            Role::Root => None,
            Role::BankCa => Some(Role::Root),
            // Officers and the head key are the authority's, operators a bank's.
            Role::Officer | Role::AuthorityHead => party.bic().is_none().then_some(Role::Root),
            Role::Operator => party.bic().is_some().then_some(Role::BankCa),
            Role::ProcessorCa | Role::EnrolmentCa | Role::TransportCa => match party {
                Party::Bank(_) => Some(Role::BankCa),
                Party::Authority => Some(Role::Root),
            },
            Role::Processor | Role::ProcessorUnwrap => Some(Role::ProcessorCa),
            Role::DeviceSigning | Role::DeviceEncryption => Some(Role::EnrolmentCa),
            Role::TransportServer | Role::TransportClient => Some(Role::TransportCa),
        }
    }

    /// Whether the certificate names its holder's signing key instead of its own.
    pub(crate) const fn names_holder(self) -> bool {
        matches!(self, Role::DeviceEncryption | Role::ProcessorUnwrap)
    }

    /// The names that a CA with this role may certify; `None` where it is not limited.
    pub(crate) fn permitted_names(self, party: &Party) -> Option<Vec<String>> {
        let under = |role: Role| format!("{}.{}.{DOMAIN}", role.word(), party.lower());
        match self {
            Role::BankCa => Some(vec![format!("{}.{DOMAIN}", party.lower())]),
            Role::ProcessorCa => Some(vec![under(Role::Processor), under(Role::ProcessorUnwrap)]),
            Role::EnrolmentCa => Some(vec![
                under(Role::DeviceSigning),
                under(Role::DeviceEncryption),
            ]),
            _ => None,
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// Who a certificate belongs to: a bank, or the licensing authority.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Party {
    /// A bank.
    Bank(Bic),
    /// The licensing authority.
    Authority,
}

impl Party {
    /// In names and tables: the BIC in small letters, or `authority`.
    pub fn lower(&self) -> String {
        match self {
            Party::Bank(bic) => bic.lower(),
            Party::Authority => "authority".to_owned(),
        }
    }

    /// Reads [`Party::lower`].
    pub fn from_lower(text: &str) -> Option<Self> {
        if text == "authority" {
            return Some(Party::Authority);
        }
        let small = !text.bytes().any(|b| b.is_ascii_uppercase());
        let bic = Bic::parse(&text.to_ascii_uppercase()).ok()?;
        small.then_some(Party::Bank(bic))
    }

    /// The bank, if it is one.
    pub fn bic(&self) -> Option<&Bic> {
        match self {
            Party::Bank(bic) => Some(bic),
            Party::Authority => None,
        }
    }
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Party::Bank(bic) => bic.fmt(f),
            Party::Authority => f.write_str("authority"),
        }
    }
}

impl From<Bic> for Party {
    fn from(bic: Bic) -> Self {
        Party::Bank(bic)
    }
}

impl From<&Bic> for Party {
    fn from(bic: &Bic) -> Self {
        Party::Bank(bic.clone())
    }
}

impl From<&Party> for Party {
    fn from(party: &Party) -> Self {
        party.clone()
    }
}
