//! Keys that people carry: key files, the recovery sheet, one-time use, and how fast it all is.
//!
//! A file that was chosen goes along with its ask, as the browser's own handle on it: the worker reads
//! it, the page never does. What is typed or opened stays in the worker; the page gets names, words
//! to print, and files to save, as base64, that are encrypted already.

use super::{StoredDevice, StoredOrder};
use crate::{Bic, Timestamp};
use serde::{Deserialize, Serialize};

/// Local-storage keys beside those of [`super::stored`].
pub mod stored {
    /// `countersign.seed.DEVICE` -> [`super::SealedSeed`], until the sheet is confirmed or declined.
    pub const SEED: &str = "countersign.seed.";
    /// `countersign.care.DEVICE` -> [`super::Care`].
    pub const CARE: &str = "countersign.care.";
}

/// What a page can ask about keys that are carried.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeysAsk {
    /// What the file that goes along is, before its passphrase is asked for. Answer: `Recognised`.
    Recognise,
    /// Opens the file that goes along into the worker's memory. Nothing is stored. Answer: `Opened`.
    OpenFile {
        /// Its passphrase; empty where nothing is encrypted.
        passphrase: String,
    },
    /// Makes both keys again from the 24 words of a sheet, with `Progress` events, and asks the bank
    /// which device they belong to. Its five words were compared before. Answer: `Opened`.
    Recover {
        /// As typed, any case, any blanks.
        words: String,
        /// As it stands on the sheet.
        generation: u32,
    },
    /// What was opened is kept in this browser and is the open device. Answer: `Unlocked`.
    Keep {
        /// A new passphrase; without one the key file is stored as it is.
        passphrase: Option<String>,
        /// What the customer calls it, where the file does not say.
        device_name: Option<String>,
        /// The devices in this browser: where the same one is among them, what is newer there stays.
        there: Vec<StoredDevice>,
    },
    /// Goes on with the orders that are stored for the open device. Answer: `Done`.
    ResumeOrders {
        /// Every value under `ORDER` of this device.
        orders: Vec<StoredOrder>,
    },
    /// What was opened is the open device, and the page keeps nothing that it is given to store.
    /// Answer: `Unlocked`.
    UseOnce,
    /// What was opened becomes the signing key of a new device: a key to seal to is made beside it
    /// if the file had none. Then `Enrol` goes on. Answer: `KeysMade`.
    MakeBeside,
    /// Forgets what was opened. Answer: `Done`.
    Discard,
    /// The open device as a file. Answer: `File`.
    Export {
        /// Which kind of file.
        form: FileForm,
        /// The passphrase of the device, checked.
        passphrase: String,
        /// The passphrase of a PKCS #12 file.
        file_passphrase: Option<String>,
    },
    /// The file that was saved, chosen again, goes along: it is opened with the same passphrase, and its
    /// key signs once. Then the date is stored under `CARE`. Answer: `Done`.
    ReadBack,
    /// The words to print. Answer: `Sheet`.
    Sheet {
        /// The value under `SEED`.
        sealed: SealedSeed,
    },
    /// Compares some of the words with what stands on the sheet. When all fit, the seed is wiped and
    /// the date is stored under `CARE`. Answer: `SheetChecked`.
    ConfirmSheet {
        /// The value under `SEED`.
        sealed: SealedSeed,
        /// Place, from 1, and the word as typed.
        words: Vec<(u8, String)>,
    },
    /// No sheet is wanted: the seed is wiped. Answer: `Done`.
    DeclineSheet,
    /// The word of the list that is meant, as soon as it is certain. Answer: `Word`.
    CheckWord {
        /// As typed so far.
        typed: String,
    },
    /// Encrypts the open device's keys anew. Answer: `Done`, after a `Store` event.
    ChangePassphrase {
        /// The one that opens them now.
        old: String,
        /// The new one.
        new: String,
    },
    /// Does one thing a few times. Answer: `Took`.
    Speed {
        /// What.
        what: Measured,
    },
}

/// A kind of file that a device is carried in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileForm {
    /// Ours: everything, readable by OpenSSL part by part.
    KeyFile,
    /// For other programs.
    Pkcs12,
}

/// What can be measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Measured {
    /// One RSA-3072 key from a seed, on one thread.
    MakeKey,
    /// A signature (RSA-PSS).
    Sign,
    /// Checking one.
    Verify,
    /// Sealing a key to somebody (RSA-OAEP).
    Seal,
    /// Opening it.
    Open,
}

/// The answers.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum KeysAnswer {
    /// What a file is.
    Recognised {
        /// Which kind.
        kind: FileKind,
        /// Whether it needs a passphrase.
        encrypted: bool,
        /// Ours: the names in it, unchecked.
        named: Option<Named>,
    },
    /// A file or sheet is open in the worker's memory.
    Opened {
        /// Which kind of file; none for a sheet.
        kind: Option<FileKind>,
        /// Whether the key was encrypted in it.
        was_encrypted: bool,
        /// The device that it is at this bank. Without one it can become a new device.
        named: Option<Named>,
        /// Five words of the signing key.
        words: Vec<String>,
    },
    /// A file to save.
    File {
        /// Suggested name.
        name: String,
        /// Media type.
        media_type: String,
        /// Its bytes, base64.
        base64: String,
    },
    /// What stands on the recovery sheet.
    Sheet {
        /// The 24 words.
        words: Vec<String>,
        /// The bank.
        bank: Bic,
        /// Its five words.
        bank_words: Vec<String>,
        /// Version of the derivation.
        version: u32,
        /// Counts a device's keys.
        generation: u32,
        /// The places that are asked for, from 1.
        places: Vec<u8>,
    },
    /// The places whose words do not fit; none: the sheet is confirmed.
    SheetChecked {
        /// From 1.
        wrong: Vec<u8>,
    },
    /// The word that is meant.
    Word {
        /// None as long as it is not certain.
        word: Option<String>,
    },
    /// How long it took.
    Took {
        /// Microseconds, one run each.
        micros: Vec<u32>,
    },
}

/// What kind of file it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileKind {
    /// Ours.
    KeyFile,
    /// PKCS #8.
    Pkcs8,
    /// `BEGIN RSA PRIVATE KEY`.
    LegacyPem,
    /// PKCS #12.
    Pkcs12,
}

/// Whose device a file is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Named {
    /// What the customer calls it; empty where only the bank's certificates are known.
    pub device_name: String,
    /// Whose it is.
    pub customer_name: String,
    /// Its bank's name.
    pub bank_name: String,
}

/// A seed, sealed to the device's own encryption key.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedSeed {
    /// Counts a device's keys, from 1.
    pub generation: u32,
    /// Compact JWE.
    pub sealed: String,
}

/// What has been done so that the keys can be brought back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Care {
    /// When a file was saved and read back.
    pub file_at: Option<Timestamp>,
    /// When the sheet was checked.
    pub sheet_at: Option<Timestamp>,
    /// When the sheet was declined.
    pub declined_at: Option<Timestamp>,
    /// When these keys were made to take the place of older ones, whose file and sheet open those.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replaced_at: Option<Timestamp>,
}

impl Care {
    /// Whether there is something to come back from.
    pub fn is_taken(&self) -> bool {
        self.file_at.is_some() || self.sheet_at.is_some()
    }
}
