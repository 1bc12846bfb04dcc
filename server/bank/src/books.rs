//! The accounts of one transaction: locked, decided on in memory, written set-wise.

use crate::{
    Fault,
    store::{
        account::{self, AccountRow},
        entry, hold,
        posting::{self, PostingRow},
    },
};
use ledger::{AccountId, Batch, Decision, Entry, Hold, Instruction, Posting};
use message::{Iban, MessageId, Timestamp};
use sqlx::PgConnection;
use std::collections::HashMap;

/// Locked accounts and what happens to them.
pub(crate) struct Books {
    batch: Batch,
    by_iban: HashMap<Iban, AccountRow>,
    ids: Vec<i64>,
    /// Each with its fee.
    postings: Vec<(PostingRow, i64)>,
    entries: Vec<(i64, Entry, bool)>,
    holds: Vec<(MessageId, Hold)>,
    ended: Vec<(MessageId, bool)>,
}

impl Books {
    /// Reads and locks accounts by IBAN and by number.
    pub(crate) async fn lock(
        core: &mut PgConnection,
        ibans: &[&str],
        ids: &[AccountId],
    ) -> Result<Self, Fault> {
        let rows = if ibans.is_empty() && ids.is_empty() {
            Vec::new()
        } else {
            account::lock(core, ibans, ids).await?
        };
        let batch = Batch::new(rows.iter().map(|row| row.account.clone()));
        let by_iban = rows
            .into_iter()
            .filter_map(|row| Some((row.iban.clone()?, row)))
            .collect();
        Ok(Self {
            batch,
            by_iban,
            ids: Vec::new(),
            postings: Vec::new(),
            entries: Vec::new(),
            holds: Vec::new(),
            ended: Vec::new(),
        })
    }

    /// An account of a customer as it was read.
    pub(crate) fn by_iban(&self, iban: &Iban) -> Option<&AccountRow> {
        self.by_iban.get(iban)
    }

    /// Puts an instruction to the ledger.
    pub(crate) fn decide(&mut self, instruction: &Instruction) -> Result<Decision, Fault> {
        Ok(self.batch.decide(instruction)?)
    }

    /// Draws numbers for so many postings, at once.
    pub(crate) async fn reserve(
        &mut self,
        core: &mut PgConnection,
        count: usize,
    ) -> Result<(), Fault> {
        self.ids = posting::draw_ids(core, count).await?;
        self.ids.reverse();
        Ok(())
    }

    /// One of the numbers that were reserved.
    pub(crate) fn next_id(&mut self) -> Result<i64, Fault> {
        self.ids.pop().ok_or(Fault::Row {
            table: "posting",
            column: "id",
        })
    }

    /// A posting that the ledger has decided, with its description.
    pub(crate) fn post(&mut self, row: PostingRow, posting: Posting) {
        let entries = posting.entries().map(|(entry, fee)| (row.id, entry, fee));
        self.entries.extend(entries);
        let fee = posting.fee.map_or(0, |[_, income]| income.amount);
        self.postings.push((row, fee));
    }

    /// A hold that the ledger has decided.
    pub(crate) fn set_aside(&mut self, payment: MessageId, hold: Hold) {
        self.holds.push((payment, hold));
    }

    /// A hold that has ended: booked, or released.
    pub(crate) fn end_hold(&mut self, payment: MessageId, booked: bool) {
        self.ended.push((payment, booked));
    }

    /// Writes everything. Entries go before balances: the tables compare the two.
    pub(crate) async fn write(self, core: &mut PgConnection, now: Timestamp) -> Result<(), Fault> {
        posting::insert(core, &self.postings, now).await?;
        entry::insert(core, &self.entries).await?;
        account::write(core, self.batch.changed()).await?;
        hold::insert(core, &self.holds, now).await?;
        hold::end(core, &self.ended, now).await
    }
}
