//! What the books must say, from entries and holds alone: the measure for an audit.

use crate::{AccountId, Entry, Hold};
use std::collections::BTreeMap;

/// An account as its entries and open holds say it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rebuilt {
    /// The sum of its entries.
    pub booked: i64,
    /// The sum of the open holds on it.
    pub held: i64,
    /// The sum of the open holds towards it.
    pub awaited: i64,
    /// The number of its newest entry.
    pub n: i64,
}

/// Computes every account anew. `None` when entries are not dense from 1 in the order given, a
/// balance after an entry is wrong, or a sum leaves the range.
pub fn rebuild<'a>(
    entries: impl IntoIterator<Item = &'a Entry>,
    open_holds: impl IntoIterator<Item = &'a Hold>,
) -> Option<BTreeMap<AccountId, Rebuilt>> {
    let mut books: BTreeMap<AccountId, Rebuilt> = BTreeMap::new();
    for entry in entries {
        let account = books.entry(entry.account).or_default();
        account.n = account.n.checked_add(1)?;
        account.booked = account.booked.checked_add(entry.amount)?;
        if (account.n, account.booked) != (entry.n, entry.balance_after) {
            return None;
        }
    }
    for hold in open_holds {
        let debtor = books.entry(hold.debtor).or_default();
        debtor.held = debtor.held.checked_add(hold.taken()?)?;
        let mirror = books.entry(hold.mirror).or_default();
        mirror.awaited = mirror.awaited.checked_add(hold.amount.minor())?;
    }
    Some(books)
}
