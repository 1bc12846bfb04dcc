//! The chain of hashes: pure.
//!
//! `hash = SHA-256(prev, epoch, seq, kind, 0x00, SHA-256(body))` with the epoch as four and the
//! sequence as eight bytes, most significant first. An epoch starts at
//! `SHA-256("countersign link v1", sender, 0x00, receiver, 0x00, epoch)`, the names as
//! [`Party::lower`] has them. The same bytes under another number, in another order, or in another
//! link have other hashes.

use super::{LinkItem, Party};
use aws_lc_rs::digest::{Context, SHA256, digest};
use std::fmt;

#[cfg(test)]
mod tests;

/// A hash of the chain.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ChainHash([u8; 32]);

impl ChainHash {
    /// Takes the raw bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The raw bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Takes 32 bytes of a row.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// Reads base64url, as acknowledgements have it.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = data_encoding::BASE64URL_NOPAD
            .decode(text.as_bytes())
            .ok()?;
        Self::from_slice(&bytes)
    }

    fn finish(context: Context) -> Self {
        let mut bytes = [0; 32];
        bytes.copy_from_slice(context.finish().as_ref());
        Self(bytes)
    }
}

impl fmt::Display for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&data_encoding::BASE64URL_NOPAD.encode(&self.0))
    }
}

impl fmt::Debug for ChainHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ChainHash({self})")
    }
}

/// Where an epoch of a direction starts.
#[must_use]
pub fn start_hash(sender: &Party, receiver: &Party, epoch: u32) -> ChainHash {
    let mut context = Context::new(&SHA256);
    context.update(b"countersign link v1");
    for name in [sender, receiver] {
        context.update(name.lower().as_bytes());
        context.update(&[0]);
    }
    context.update(&epoch.to_be_bytes());
    ChainHash::finish(context)
}

/// The hash of an item.
#[must_use]
pub fn item_hash(prev: &ChainHash, epoch: u32, seq: u64, kind: &str, body: &[u8]) -> ChainHash {
    let mut context = Context::new(&SHA256);
    context.update(prev.as_bytes());
    context.update(&epoch.to_be_bytes());
    context.update(&seq.to_be_bytes());
    context.update(kind.as_bytes());
    context.update(&[0]);
    context.update(digest(&SHA256, body).as_ref());
    ChainHash::finish(context)
}

/// How far a direction has come: its last item, or the start of its epoch. Both cores keep one per
/// link and direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    /// The epoch.
    pub epoch: u32,
    /// The last item; 0 for none.
    pub seq: u64,
    /// Its hash, or the epoch's start.
    pub hash: ChainHash,
}

impl Position {
    /// The start of an epoch.
    #[must_use]
    pub fn start(sender: &Party, receiver: &Party, epoch: u32) -> Self {
        Self {
            epoch,
            seq: 0,
            hash: start_hash(sender, receiver, epoch),
        }
    }

    /// The item that comes next, and the position after it. `None` at the end of all numbers.
    #[must_use]
    pub fn append(&self, kind: &str, body: Vec<u8>) -> Option<(LinkItem, Self)> {
        // The database counts in signed numbers.
        let seq = self
            .seq
            .checked_add(1)
            .filter(|seq| i64::try_from(*seq).is_ok())?;
        let hash = item_hash(&self.hash, self.epoch, seq, kind, &body);
        let (epoch, prev) = (self.epoch, self.hash);
        let item = LinkItem {
            epoch,
            seq,
            prev,
            hash,
            kind: kind.to_owned(),
            body,
        };
        Some((item, Self { epoch, seq, hash }))
    }
}

/// Why a run of items ends before their end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Stop {
    /// An item is missing: it may still come. An alarm when it does not.
    #[error("item {expected} is missing; the next one there is {found}")]
    Gap {
        /// The number that is missing.
        expected: u64,
        /// The number that is there instead.
        found: u64,
    },
    /// An item does not continue what was committed: an alarm at once.
    #[error("item {seq} does not continue the chain")]
    Broken {
        /// Its number.
        seq: u64,
    },
    /// An item belongs to another epoch than the one that is open.
    #[error("item {seq} belongs to epoch {found}")]
    Epoch {
        /// Its number.
        seq: u64,
        /// Its epoch.
        found: u32,
    },
}

/// What a number of items, in order, amounts to for a receiver.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run<'a> {
    /// Items at or below the position: committed before, nothing to do but to forget them.
    pub known: Vec<&'a LinkItem>,
    /// The items that continue it, without gap.
    pub next: Vec<&'a LinkItem>,
    /// The position after them.
    pub end: Position,
    /// Why it ends before the last item, if it does.
    pub stop: Option<Stop>,
}

/// Checks items, sorted by epoch and sequence, against the receiver's position. Hashes are computed
/// anew: nothing that a node claims is believed.
#[must_use]
pub fn run<'a>(position: &Position, items: &'a [LinkItem]) -> Run<'a> {
    let mut run = Run {
        known: Vec::new(),
        next: Vec::new(),
        end: *position,
        stop: None,
    };
    for item in items {
        let old = item.epoch == position.epoch && item.seq <= position.seq;
        if item.epoch < position.epoch || old {
            run.known.push(item);
            continue;
        }
        match check_next(&run.end, item) {
            Ok(end) => {
                run.next.push(item);
                run.end = end;
            }
            Err(stop) => {
                run.stop = Some(stop);
                break;
            }
        }
    }
    run
}

fn check_next(end: &Position, item: &LinkItem) -> Result<Position, Stop> {
    let LinkItem { epoch, seq, .. } = *item;
    if epoch != end.epoch {
        return Err(Stop::Epoch { seq, found: epoch });
    }
    // A number beyond all numbers has no successor, so nothing can follow it.
    let expected = end.seq.checked_add(1).ok_or(Stop::Broken { seq })?;
    if seq != expected {
        return Err(Stop::Gap {
            expected,
            found: seq,
        });
    }
    let hash = item_hash(&end.hash, epoch, seq, &item.kind, &item.body);
    if item.prev != end.hash || item.hash != hash {
        return Err(Stop::Broken { seq });
    }
    Ok(Position { epoch, seq, hash })
}
