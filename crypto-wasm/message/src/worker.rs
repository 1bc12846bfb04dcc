//! What the page and the worker say to each other: JSON strings by `postMessage`.
//!
//! The worker alone holds keys, talks to the edges, seals and opens. The page draws, and keeps what
//! must outlive the worker in local storage, under the keys that [`stored`] names. A page sends an
//! [`Ask`] with an id and gets exactly one [`FromWorker::Answer`] with the same id; events come at any
//! time. [`wire`] is how that travels. Nothing of it is stored, so its form may change with any build.

use crate::{
    Bic, Iban, MessageId, Thumbprint, Timestamp,
    enquiry::{Overview, Payment, Statement},
    notice::Notice,
    receipt::Receipt,
};
use serde::{Deserialize, Serialize};

pub mod devices;
mod kept;
pub mod keys;
pub mod wire;

pub use kept::{Draft, Profile, StoredDevice, StoredOrder};

/// Local-storage keys. Every value is JSON or a compact JWE; `DEVICE` is the mailbox thumbprint.
pub mod stored {
    /// `countersign.device.DEVICE` -> [`super::StoredDevice`].
    pub const DEVICE: &str = "countersign.device.";
    /// `countersign.order.DEVICE.ID` -> [`super::StoredOrder`].
    pub const ORDER: &str = "countersign.order.";
    /// `countersign.session.DEVICE` -> a compact JWE sealed to the device's own encryption key.
    pub const SESSION: &str = "countersign.session.";
    /// `countersign.mailbox.DEVICE` -> the number of the last letter read, in decimal.
    pub const MAILBOX: &str = "countersign.mailbox.";
    /// `countersign.enrolling` -> [`super::StoredDevice`] of a device that is not active yet.
    pub const ENROLLING: &str = "countersign.enrolling.";
    /// `countersign.joining.DEVICE` -> [`super::StoredDevice`] of a new device that waits for another
    /// one to approve it.
    pub const JOINING: &str = "countersign.joining.";
    /// `countersign.rotating.DEVICE` -> [`super::devices::StoredRotation`]: new keys for this device.
    pub const ROTATING: &str = "countersign.rotating.";
    /// `countersign.change.DEVICE.ID` -> [`super::StoredOrder`]: a signed change without an answer.
    pub const CHANGE: &str = "countersign.change.";
}

/// What a page can ask of the worker.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ask {
    /// First of all: where the bank is. Answer: `Done`.
    Configure {
        /// The edges' origins; the worker tries the next when one fails.
        edges: Vec<String>,
        /// The bank of this page origin.
        bank: Bic,
        /// SRI hash of the crypto module, checked when it was fetched (for the record only).
        integrity: Option<String>,
    },
    /// Fetches and verifies what the bank shows of itself. Answer: `Bank`.
    MeetBank,
    /// Compares the five words typed from the slip with the bank's. Answer: `Words`.
    CompareWords {
        /// As typed, any case, any blanks.
        typed: String,
    },
    /// Makes both keys, with `Progress` events. Cancelled by terminating the worker. Answer: `KeysMade`.
    MakeKeys,
    /// Sends the request with the keys just made, waits for the certificates, confirms, waits until
    /// the device is active. The worker has compared the words before. With `Progress` events and
    /// `Store` events (the device is stored under `ENROLLING` before anything is sent). Answer: `Unlocked`.
    Enrol {
        /// From the slip.
        locator: String,
        /// From the slip.
        secret: String,
        /// What the customer calls this device.
        device_name: String,
        /// Encrypts the keys at rest.
        passphrase: String,
    },
    /// Goes on with an enrolment that was interrupted. Answer: `Unlocked`.
    ResumeEnrol {
        /// What was stored under `ENROLLING`.
        device: StoredDevice,
        /// The passphrase chosen then.
        passphrase: String,
    },
    /// Decrypts the keys into the worker's memory and checks the manifest. Answer: `Unlocked`.
    Unlock {
        /// As stored.
        device: StoredDevice,
        /// Typed.
        passphrase: String,
        /// The value under `SESSION`, if there is one.
        session: Option<String>,
        /// The value under `MAILBOX`.
        mailbox_after: i64,
        /// Every value under `ORDER` of this device: resent until answered.
        orders: Vec<StoredOrder>,
    },
    /// Wipes every key and secret. Answer: `Done`.
    Lock,
    /// Answer: `Overview`.
    Overview,
    /// Answer: `Statement`.
    Statement {
        /// The account.
        account: Iban,
        /// The cursor.
        before: Option<i64>,
        /// How many entries.
        limit: u32,
    },
    /// Answer: `Payment`.
    Payment {
        /// The order's id.
        payment: MessageId,
    },
    /// Makes the exact bytes of an order, and reads the check page back from them. Answer: `Draft`.
    Draft {
        /// From.
        debtor_account: Iban,
        /// As typed.
        creditor_name: String,
        /// As typed.
        creditor_account: String,
        /// As typed.
        amount: String,
        /// As typed.
        remittance: String,
    },
    /// Signs the bytes of the last draft, asks the page to store the order, sends it when the page has
    /// answered `Stored`. Answer: `Sent` as soon as it is stored, because it is sent again by itself; an
    /// error says that nothing was signed or stored, except `Locked` (then storage says whether it was).
    SignDraft {
        /// The draft's id.
        payment: MessageId,
    },
    /// What a stored order says, read back from the bytes that were signed. Answer: `Draft`.
    ReadOrder {
        /// The value under `ORDER`.
        order: StoredOrder,
    },
    /// The page has written what a `Store` event asked for, or cannot. Answer: `Done`.
    Stored {
        /// The event's number.
        store: u32,
        /// Whether it is written.
        kept: bool,
    },
    /// Reads the mailbox now (another tab says there is something). Answer: `Done`; letters come as events.
    ReadMail,
    /// Another tab has stored a session (the value under `SESSION` has changed): its letters can be
    /// opened with it. Answer: `Done`.
    Session {
        /// The value.
        sealed: String,
    },
    /// Another tab has stored the open device anew. Answer: `Unlocked`; then a `Store` event if more is known here.
    Device {
        /// The value.
        device: StoredDevice,
    },
    /// Opens the event stream in this worker (this tab holds the lock). Answer: `Done`; goes on until `Lock`.
    Listen,
    /// The receipt of a payment as a file anyone can check. Answer: `File`.
    ReceiptFile {
        /// The order's id.
        payment: MessageId,
    },
    /// Keys that are carried: see [`keys::KeysAsk`].
    #[serde(skip)]
    Keys(keys::KeysAsk),
    /// About the customer's devices: see [`devices::DeviceTask`].
    #[serde(skip)]
    Devices(devices::DeviceTask),
}

/// Worker to page.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FromWorker {
    /// The module is loaded; asks may be sent.
    Ready,
    /// Answers one ask.
    #[serde(skip)]
    Answer {
        /// The ask's id.
        id: u32,
        /// The answer.
        answer: Box<Answer>,
    },
    /// How far key making or enrolment is.
    Progress {
        /// What is being done.
        step: Step,
        /// 0 to 100; an honest guess, never going back within a step.
        percent: u8,
    },
    /// Something must be written to local storage; the page answers with [`Ask::Stored`].
    Store {
        /// Number of this event.
        store: u32,
        /// The whole key.
        key: String,
        /// The value; absent to remove it.
        value: Option<String>,
    },
    /// A receipt came, was opened, and its signature holds.
    Receipt {
        /// The receipt.
        receipt: Box<Receipt>,
    },
    /// A notice came, was opened, and its signature holds.
    Notice {
        /// The notice.
        notice: Box<Notice>,
    },
    /// A change of a device that went on by itself has its answer.
    DeviceOrdered {
        /// What became of it.
        outcome: Box<devices::ChangeOutcome>,
    },
    /// There is new mail; the page tells its other tabs (they ask `ReadMail`).
    NewMail,
    /// How the line to the bank is, when it changes.
    Line {
        /// Whether an edge answers.
        up: bool,
    },
}

/// The steps of making a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// The signing key is being made.
    SigningKey,
    /// The encryption key is being made.
    EncryptionKey,
    /// A test signature and a test sealing.
    TestSignature,
    /// The keys are being encrypted with the passphrase.
    EncryptKeys,
    /// The request is at the bank.
    AskBank,
    /// The certificates are here and are confirmed.
    Confirm,
}

/// The answers.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Answer {
    /// Nothing more to say.
    Done,
    /// The bank, its chain verified up to the root that this browser pins.
    Bank {
        /// Its name, from the licence.
        name: String,
        /// Its BIC.
        bic: Bic,
        /// The licence ends.
        licence_until: Timestamp,
    },
    /// Whether the words fit. The bank's own words are not told, so that they must come from the slip.
    Words {
        /// They fit.
        fit: bool,
        /// The typed words that are not in the list, to mark them.
        unknown: Vec<String>,
    },
    /// Both keys are made and tested; they are in the worker's memory.
    KeysMade {
        /// Of the signing key: the device's id.
        device: Thumbprint,
        /// Five words of it.
        words: Vec<String>,
        /// How long it took, in milliseconds.
        took_ms: u32,
    },
    /// The keys are open.
    Unlocked {
        /// Whose and which.
        profile: Box<Profile>,
    },
    /// See [`Overview`].
    Overview {
        /// The answer, verified.
        overview: Box<Overview>,
    },
    /// See [`Statement`].
    Statement {
        /// The answer, verified.
        statement: Box<Statement>,
    },
    /// See [`Payment`].
    Payment {
        /// The answer, verified; the receipt inside, too.
        payment: Box<Payment>,
        /// Who signed the receipt and when, for the sheet.
        receipt_signer_words: Option<Vec<String>>,
    },
    /// What will be signed, read back from the bytes.
    Draft {
        /// The draft.
        draft: Box<Draft>,
    },
    /// The edge has stored the order.
    Sent {
        /// Its id.
        payment: MessageId,
    },
    /// A file to download.
    File {
        /// Suggested name.
        name: String,
        /// Media type.
        media_type: String,
        /// Its text.
        text: String,
    },
    /// See [`keys::KeysAnswer`].
    #[serde(skip)]
    Keys(keys::KeysAnswer),
    /// See [`devices::DeviceAnswer`].
    #[serde(skip)]
    Devices(devices::DeviceAnswer),
    /// It did not work.
    Failed {
        /// Why.
        failure: Failure,
    },
}

/// Why the worker could not do what was asked. The page words it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Failure {
    /// No keys are open.
    Locked,
    /// The passphrase does not open the key.
    WrongPassphrase,
    /// What is stored of the device does not fit together (manifest, certificates).
    StoredDeviceDamaged,
    /// No edge answered in time. An order is kept and resent.
    NoLine,
    /// The program code for this could not be fetched, or is not what the bank published.
    NotLoaded,
    /// An edge answered, the bank did not in time.
    NoAnswer,
    /// The words were not compared, or do not fit: nothing is sealed.
    WordsNotCompared,
    /// What the bank shows does not verify.
    BankNotVerified {
        /// For the log and the help page; no secrets.
        why: String,
    },
    /// What the bank shows of its keys does not fit what this device has pinned: nothing is sealed any
    /// more until that is cleared up with the bank.
    BankKeysDiffer {
        /// What differs, without secrets.
        why: String,
        /// The five words that this device knows the bank by.
        words: Vec<String>,
        /// The same key's thumbprint, hexadecimal in groups of four.
        hex: Vec<String>,
    },
    /// The bank refused.
    Refused {
        /// Code of [`crate::receipt::Refusal`].
        code: String,
        /// Its words.
        words: String,
        /// The reference.
        reference: Option<String>,
    },
    /// A field of the draft or the enrolment cannot be used.
    Field {
        /// Which: `creditor_name`, `creditor_account`, `amount`, `remittance`, `locator`, `secret`,
        /// `device_name`, `passphrase`.
        field: String,
        /// How to mend it.
        words: String,
    },
    /// The browser keeps nothing (storage is full or not allowed): nothing was sent.
    NotKept,
    /// The draft is not there any more (another draft, or locked meanwhile).
    NoDraft,
    /// A file or a sheet cannot be used; the page words it.
    NotUsable {
        /// A stable name, such as `truncated` or `other-bank`.
        code: String,
        /// What belongs to it: a number of bits, a BIC, a version, words.
        detail: String,
    },
    /// Our mistake; found in the console under this reference.
    Fault {
        /// Words without secrets.
        why: String,
    },
}
