//! What pages ask about a customer's devices: the list, changes, adding one with another, new keys.

use super::{Failure, StoredDevice, StoredOrder};
use crate::{
    Bic, MessageId, Thumbprint, Timestamp,
    device::{DeviceChange, DeviceView, Join, Standing},
};
use serde::{Deserialize, Serialize};

/// Asked with [`super::Ask::Devices`].
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceTask {
    /// The customer's devices. Answer: `Listed`.
    List,
    /// Signs a change, asks the page to store it, and sends it when the page has answered `Stored`.
    /// `Approve` and `Mismatch` only for the device that `LookUp` found last; `Replace` by its own task.
    /// Answer: `Ordered`. After `NoLine` and `NoAnswer` it goes on by itself, and `DeviceOrdered` comes
    /// as an event.
    Order {
        /// What is to be done.
        change: DeviceChange,
    },
    /// Makes the bytes of a change, for a check page that is drawn from them. Answer: `Drafted`.
    Draft {
        /// What is to be done.
        change: DeviceChange,
    },
    /// Signs the bytes that were drafted last, and goes on as `Order` does. Answer: `Ordered`, or
    /// `NoDraft`.
    SignDraft {
        /// The id in the bytes.
        id: MessageId,
    },
    /// Goes on with the changes that are stored under `CHANGE`. Answer: `Done`; `DeviceOrdered` events.
    Resume {
        /// Every value under `CHANGE` of this device.
        orders: Vec<StoredOrder>,
    },
    /// The bank's five words, from the key that this device has pinned: to be typed at a new device.
    /// Answer: `BankWords`.
    BankWords,
    /// Shows the keys just made to the bank, as those of a new device without a slip. The words must
    /// have been compared. It is stored under `JOINING` before anything is sent. Answer: `Joining`.
    Join {
        /// What the customer calls this device.
        device_name: String,
        /// Encrypts the keys at rest.
        passphrase: String,
    },
    /// Goes on with what was stored under `JOINING`. Answer: `Joining`.
    ResumeJoin {
        /// As stored.
        device: StoredDevice,
        /// The passphrase chosen then.
        passphrase: String,
    },
    /// Waits until another device has approved this one, and keeps the request alive meanwhile; the code
    /// stays the same. Answer: `Unlocked`, or `Refused` where the words did not match.
    AwaitJoin,
    /// Looks for the new device behind a code. Answer: `Found`.
    LookUp {
        /// As typed: any case, with or without hyphen.
        code: String,
    },
    /// Puts the keys just made in the place of those that are open. They are stored under `ROTATING`
    /// before anything is sent. Answer: `Unlocked` with the new device.
    Replace {
        /// Of the device; it encrypts the new keys as well.
        passphrase: String,
    },
    /// The same for a device that is kept in a file and nowhere else, up to the moment at which the new
    /// keys have their certificates and the old ones still count. Answer: `keys::File`, the new file.
    PrepareReplace {
        /// It encrypts the new keys, and is the old file's where that is one of ours.
        passphrase: String,
    },
    /// The new file, saved and chosen again, goes along: it is opened, its key signs, and then the new
    /// keys take the place of the old ones. Answer: `Unlocked` with the new device.
    FinishReplace,
    /// Unlocks a device for which new keys are stored under `ROTATING`, and goes on with putting them
    /// in its place. Answer: `Unlocked`, with the new device where that is done, with the old one where
    /// it still counts.
    ResumeReplace {
        /// The device whose keys are replaced.
        device: StoredDevice,
        /// The value under `ROTATING`.
        rotation: Box<StoredRotation>,
        /// Of both.
        passphrase: String,
        /// The value under `SESSION`, if there is one.
        session: Option<String>,
        /// The value under `MAILBOX`.
        mailbox_after: i64,
        /// Every value under `ORDER` of this device.
        orders: Vec<StoredOrder>,
    },
    /// New certificates for the keys that are open. Answer: `Unlocked`.
    Renew,
}

/// Answers to [`DeviceTask`].
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DeviceAnswer {
    /// The customer's devices.
    Listed {
        /// As of.
        at: Timestamp,
        /// In the bank's order.
        devices: Vec<ListedDevice>,
    },
    /// The bank has done it.
    Ordered {
        /// The device that was changed.
        device: Thumbprint,
        /// Where it stands now.
        standing: Standing,
    },
    /// What the drafted bytes say.
    Drafted {
        /// Read back from them.
        draft: Box<ChangeDraft>,
    },
    /// The five words of the bank.
    BankWords {
        /// In order.
        words: Vec<String>,
    },
    /// The bank keeps the request of this new device.
    Joining {
        /// What this device shows.
        joining: Box<JoiningDevice>,
    },
    /// The new device behind a code: the code fits its keys.
    Found {
        /// As the bank has it.
        join: Join,
        /// Five words of its signing key, made here.
        words: Vec<String>,
    },
}

/// A change of devices as the bytes say that are about to be signed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeDraft {
    /// The id of the order.
    pub id: MessageId,
    /// What is to be done.
    pub change: DeviceChange,
    /// Five words of the device that it is done to.
    pub words: Vec<String>,
    /// The bank that it is addressed to.
    pub bank: Bic,
    /// Not signed after.
    pub void_after: Timestamp,
    /// How many bytes will be signed.
    pub bytes: u32,
    /// SHA-256 of them, hexadecimal in groups of four.
    pub digest: Vec<String>,
    /// The payload, exactly.
    pub json: String,
}

/// A device of the list, with what only the worker can make.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListedDevice {
    /// As the bank has it.
    pub view: DeviceView,
    /// Five words of its signing key.
    pub words: Vec<String>,
}

/// What a new device shows while it waits to be approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JoiningDevice {
    /// Its id.
    pub device: Thumbprint,
    /// What the customer calls it.
    pub device_name: String,
    /// The bank's name.
    pub bank_name: String,
    /// In two groups of four.
    pub code: String,
    /// Five words of its signing key.
    pub words: Vec<String>,
    /// The thumbprint, hexadecimal in groups of four.
    pub hex: Vec<String>,
    /// The bank keeps the request until.
    pub until: Timestamp,
}

/// New keys that are to take the place of a device's, saved before anything is sent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRotation {
    /// The new keys; `request` is their join-request, sealed to themselves.
    pub device: StoredDevice,
    /// The order of the old keys that carries it, sealed to the old encryption key (compact JWE).
    pub order: String,
}

/// What became of a change that went on by itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ChangeOutcome {
    /// What was ordered.
    pub change: DeviceChange,
    /// Why not, where the bank has refused it.
    pub refused: Option<Failure>,
}
