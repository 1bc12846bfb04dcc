//! The kinds of message: the `typ` of each signature.

use serde::{Deserialize, Serialize};
use std::fmt;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $typ:literal,)*) => {
        /// What a signed message is. It stands in the JWS header as `typ`, so a signature made for
        /// one kind is never valid as another.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum Kind { $($(#[$doc])* #[serde(rename = $typ)] $name,)* }

        impl Kind {
            /// Every kind there is.
            pub const ALL: &'static [Kind] = &[$(Kind::$name,)*];

            /// The `typ` on the wire.
            pub const fn typ(self) -> &'static str {
                match self { $(Kind::$name => $typ,)* }
            }

            /// Reads a `typ`; `None` for a kind that this version does not know.
            pub fn parse(typ: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.typ() == typ)
            }
        }
    };
}

kinds! {
    /// A new device asks for its certificates.
    EnrolRequest = "enrol-request",
    /// The bank's answer: certificates and a nonce.
    Enrolled = "enrolled",
    /// The device signs the nonce back.
    EnrolConfirm = "enrol-confirm",
    /// The bank says that the device is active.
    Activated = "activated",
    /// A device opens a session: one key for each direction.
    SessionOpen = "session-open",
    /// The bank's answer to it.
    SessionOpened = "session-opened",
    /// The bank does not know the session of an envelope: seal it again.
    SealAgain = "seal-again",
    /// A payment order of a customer.
    PaymentOrder = "pain.001",
    /// The bank's signed final answer to an order.
    Receipt = "receipt",
    /// A receipt, for another device of the customer than the one that has ordered.
    ReceiptCopy = "receipt-copy",
    /// The bank stands by a message of a processor that it has removed since.
    ReceiptAttest = "receipt-attest",
    /// The bank tells a device what happened.
    Notice = "notice",
    /// A device asks for its customer's accounts.
    OverviewAsk = "overview-ask",
    /// The answer to it.
    Overview = "overview",
    /// A device asks for a page of entries.
    StatementAsk = "statement-ask",
    /// The answer to it.
    Statement = "statement",
    /// A device asks for one payment.
    PaymentAsk = "payment-ask",
    /// The answer to it.
    Payment = "payment",
    /// The bank cannot answer what a device asked (never the answer to an order).
    Refused = "refused",
    /// A device asks for its customer's devices.
    DevicesAsk = "devices-ask",
    /// The answer to it.
    Devices = "devices",
    /// A customer's order about devices.
    DeviceOrder = "device-order",
    /// The answer to it.
    DeviceOrdered = "device-ordered",
    /// A new device without a slip shows its keys.
    JoinRequest = "join-request",
    /// The bank keeps it for a while.
    Joining = "joining",
    /// A device asks for the new device behind a code.
    JoinAsk = "join-ask",
    /// The answer to it.
    Join = "join",
    /// A device asks for new certificates for its keys.
    RenewAsk = "renew-ask",
    /// The answer to it.
    Renewed = "renewed",
    /// A bank asks another to credit a payment.
    CreditTransfer = "pacs.008",
    /// The final answer to it.
    StatusReport = "pacs.002",
    /// A bank asks what became of a payment.
    StatusRequest = "pacs.028",
    /// A bank cannot use the session of another bank's items: they are to be sealed again.
    ItemsSealAgain = "items-seal-again",
    /// A link's cumulative acknowledgement.
    LinkAck = "link-ack",
    /// A bank's current encryption keys, signed by its CA.
    KeySet = "key-set",
    /// A device opens its mailbox at an edge.
    MailboxOpen = "mailbox-open",
    /// The parts of a device's key file, signed by the device.
    Manifest = "manifest",
    /// The bank revokes a device, signed by its enrolment CA.
    DeviceRevocation = "device-revocation",
    /// A new processing server shows its keys to the bank that is to admit it.
    ProcessorRequest = "processor-request",
    /// A record in the authority's register, signed by one officer.
    AuthorityRecord = "authority-record",
    /// The second officer's signature over it.
    AuthorityCosign = "authority-cosign",
    /// A bank's CA names the key that takes its place.
    LicenceSuccession = "licence-succession",
    /// A bank asks the authority for a licence.
    LicenceRequest = "licence-request",
    /// The newest entry of the register, signed by the authority's online key.
    AuthorityHead = "authority-head",
    /// A person asks a bank to be certified as operator.
    OperatorRequest = "operator-request",
    /// A bank's CA: an operator signs nothing from now on.
    OperatorRemoval = "operator-removal",
    /// A version of a bank's parameters, signed by one operator.
    Parameters = "parameters",
    /// Another operator's signature over it.
    ParametersApproval = "parameters-approval",
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.typ())
    }
}
