//! Links: two gateways joined by logical replication, and the protocol that does not trust it.
//!
//! Each direction is a dense sequence of items within an epoch, chained by hashes. The sending core
//! gives the numbers; the receiving core says with a signed cumulative acknowledgement what it has
//! committed. So a lost, repeated, altered or reordered row shows, and can be mended.
//!
//! - [`chain`] pure: the hashes, what is next, what a run of items amounts to.
//! - [`acknowledgement`] pure: what an acknowledgement means and what is to be sent again.
//! - [`provision`] the statements that join two gateways, and those that heal or end a link.

use message::link::ItemKind;

pub mod acknowledgement;
pub mod chain;
mod health;
pub mod provision;
#[cfg(test)]
mod tests;

pub use envelope::Party;

/// A link has two different ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a link joins two different parties")]
pub struct EndsError;

/// The two parties of a link, seen from one of them.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Ends {
    own: Party,
    peer: Party,
}

impl Ends {
    /// A link between two different parties.
    ///
    /// # Errors
    /// When they are the same.
    pub fn new(own: Party, peer: Party) -> Result<Self, EndsError> {
        if own == peer {
            Err(EndsError)
        } else {
            Ok(Self { own, peer })
        }
    }

    /// Whose gateway this is.
    #[must_use]
    pub fn own(&self) -> &Party {
        &self.own
    }

    /// The party at the other end.
    #[must_use]
    pub fn peer(&self) -> &Party {
        &self.peer
    }

    /// The same link seen from the other end.
    #[must_use]
    pub fn reversed(&self) -> Self {
        Self {
            own: self.peer.clone(),
            peer: self.own.clone(),
        }
    }

    /// The role of the other party at this gateway.
    #[must_use]
    pub fn peer_role(&self) -> String {
        format!("peer_{}", self.peer.lower())
    }

    /// The role that stands for us at the other party's gateway.
    #[must_use]
    pub fn own_role_there(&self) -> String {
        format!("peer_{}", self.own.lower())
    }
}

/// One item of a direction, exactly as it stands in the sending core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkItem {
    /// From 1.
    pub epoch: u32,
    /// From 1 within the epoch, without gaps.
    pub seq: u64,
    /// The hash of the item before it, or of the epoch's start.
    pub prev: chain::ChainHash,
    /// [`chain::item_hash`].
    pub hash: chain::ChainHash,
    /// [`ItemKind::word`]; a word that is not known may come from a newer sender.
    pub kind: String,
    /// What it carries.
    pub body: Vec<u8>,
}

impl LinkItem {
    /// The kind, when this version knows it.
    #[must_use]
    pub fn known_kind(&self) -> Option<ItemKind> {
        ItemKind::parse(&self.kind)
    }
}
