//! The link protocol: what makes every fault of replication visible and mendable.
//!
//! Each direction of a link is a dense sequence of items, chained by hashes. The receiver says with
//! a signed cumulative acknowledgement what is committed in its core; the rest is sent again.

use crate::{Bic, Body, Kind, SessionId};
use serde::{Deserialize, Serialize};

/// The receiver's signed word: everything up to `seq` of this direction and epoch is committed in
/// my core. Itself unsequenced and unacknowledged. `iss` is the signing processor's key, `aud` the
/// sender of the items.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LinkAck {
    /// Whose items are acknowledged.
    pub sender: String,
    /// Who acknowledges.
    pub receiver: Bic,
    /// The epoch of the direction, from 1.
    pub epoch: u32,
    /// The last item of the dense run that is committed; 0 for none.
    pub seq: u64,
    /// The chain hash of that item, base64url; of the epoch's start for none.
    pub hash: String,
    /// Items at or below `seq` that could not be opened or read, at most 100, newest last.
    pub unreadable: Vec<u64>,
}

impl Body for LinkAck {
    const KIND: Kind = Kind::LinkAck;
}

/// The most items that one [`ItemsSealAgain`] names.
pub const SEAL_AGAIN_ITEMS_MAX: usize = 1_000;

/// Items of the other bank are sealed in a session that cannot be used here: it seals the same JWS
/// of each again, to the key, as a new item. Always sealed to that bank's key. The items themselves
/// are committed and acknowledged: what they say has not been heard.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ItemsSealAgain {
    /// The session: nothing more is to be sealed in it.
    pub session: SessionId,
    /// The epoch of the items.
    pub epoch: u32,
    /// Their numbers, at most [`SEAL_AGAIN_ITEMS_MAX`].
    pub items: Vec<u64>,
}

impl Body for ItemsSealAgain {
    const KIND: Kind = Kind::ItemsSealAgain;
}

/// What an item of a link carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ItemKind {
    /// A sealed message (compact JWE).
    Envelope,
    /// An X.509 certificate, DER.
    Certificate,
    /// A signed key set (compact JWS).
    KeySet,
    /// An entry of the authority's register: two compact JWS, each on a line.
    Record,
}

impl ItemKind {
    /// The word in the database.
    pub const fn word(self) -> &'static str {
        match self {
            ItemKind::Envelope => "envelope",
            ItemKind::Certificate => "certificate",
            ItemKind::KeySet => "key-set",
            ItemKind::Record => "record",
        }
    }

    /// Reads the word.
    pub fn parse(word: &str) -> Option<Self> {
        [
            ItemKind::Envelope,
            ItemKind::Certificate,
            ItemKind::KeySet,
            ItemKind::Record,
        ]
        .into_iter()
        .find(|kind| kind.word() == word)
    }
}
