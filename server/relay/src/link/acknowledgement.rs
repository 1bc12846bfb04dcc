//! What an acknowledgement means to the sender of the items: pure. Its signature is checked before.

use super::Ends;
use super::chain::{ChainHash, Position};
use message::Bic;
use message::link::LinkAck;
use std::ops::RangeInclusive;

#[cfg(test)]
mod tests;

/// The most unreadable items that one acknowledgement names.
const UNREADABLE_MAX: usize = 100;

/// Says that everything up to this position is committed in the receiver's core. Only banks
/// acknowledge: `own` is the receiver. `sender` is [`super::Party::lower`].
#[must_use]
pub fn acknowledge(ends: &Ends, own: &Bic, position: &Position, unreadable: &[u64]) -> LinkAck {
    let newest = unreadable.len().saturating_sub(UNREADABLE_MAX);
    LinkAck {
        sender: ends.peer().lower(),
        receiver: own.clone(),
        epoch: position.epoch,
        seq: position.seq,
        hash: position.hash.to_string(),
        unreadable: unreadable.get(newest..).unwrap_or_default().to_vec(),
    }
}

/// How far a sender's direction has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// The last item that the own core has committed.
    pub last: Position,
    /// Up to where it was acknowledged before; 0 for nothing.
    pub acknowledged: u64,
}

impl Sent {
    /// The items to be sent again when no acknowledgement has come for a while, or when the gateway
    /// was lost: all that are not acknowledged. `None` when there are none.
    #[must_use]
    pub fn outstanding(&self) -> Option<RangeInclusive<u64>> {
        let first = self.acknowledged.checked_add(1)?;
        (first <= self.last.seq).then_some(first..=self.last.seq)
    }
}

/// What a good acknowledgement changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Progress {
    /// Nothing: as much, or more, was acknowledged before, or it is of an epoch that is over.
    Stale,
    /// Everything up to this item is committed over there.
    Committed {
        /// The item.
        seq: u64,
    },
}

/// An acknowledgement that cannot be true: an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AckFault {
    /// It names other parties than those of the link.
    #[error("the acknowledgement is about another link")]
    Link,
    /// It names an epoch that has not begun.
    #[error("the acknowledgement names an epoch that has not begun")]
    Epoch,
    /// It names an item that was never sent.
    #[error("the acknowledgement names an item that was never sent")]
    NeverSent,
    /// The hash is not that of the item: the other party has committed something else.
    #[error("the acknowledgement names another hash than that of the item")]
    Hash,
    /// It names more unreadable items than it may, or one beyond those it acknowledges.
    #[error("the acknowledgement's list of unreadable items is wrong")]
    Unreadable,
}

/// Judges an acknowledgement of our items. `hash_at` gives the hash of one of our items of the
/// current epoch (0: the epoch's start).
///
/// # Errors
/// [`AckFault`] when it cannot be true.
pub fn judge(
    ends: &Ends,
    sent: &Sent,
    ack: &LinkAck,
    hash_at: impl FnOnce(u64) -> Option<ChainHash>,
) -> Result<Progress, AckFault> {
    if ack.sender != ends.own().lower() || ends.peer().bic() != Some(&ack.receiver) {
        return Err(AckFault::Link);
    }
    let beyond = ack.unreadable.iter().any(|seq| *seq == 0 || *seq > ack.seq);
    if beyond || ack.unreadable.len() > UNREADABLE_MAX {
        return Err(AckFault::Unreadable);
    }
    if ack.epoch > sent.last.epoch {
        return Err(AckFault::Epoch);
    }
    if ack.epoch < sent.last.epoch {
        return Ok(Progress::Stale);
    }
    if ack.seq > sent.last.seq {
        return Err(AckFault::NeverSent);
    }
    // Also asked of a stale one: it says what the other core holds.
    if hash_at(ack.seq).is_none_or(|hash| hash.to_string() != ack.hash) {
        return Err(AckFault::Hash);
    }
    if ack.seq <= sent.acknowledged {
        return Ok(Progress::Stale);
    }
    Ok(Progress::Committed { seq: ack.seq })
}
