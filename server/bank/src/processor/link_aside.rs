//! Items of links that cannot be taken: each is put aside with its reason, and the link goes on.

use super::{
    FAULT, Processor,
    intake::Reason,
    work::{Work, position},
};
use crate::{
    Fault,
    store::{certificate, link, quarantine::QuarantineRow, unreadable},
};
use message::Timestamp;
use relay::link::{LinkItem, Party, chain};
use sqlx::{PgConnection, Postgres, Transaction};

impl Processor {
    /// Puts an item aside whose transaction failed by our own fault. When not even that succeeds, the
    /// link goes on without what the item held: whoever sent it has it still.
    pub(super) async fn skip_item(
        &self,
        party: &Party,
        item: &LinkItem,
        fault: &Fault,
        now: Timestamp,
    ) -> Result<Option<Vec<(u32, u64)>>, Fault> {
        let aside = item_aside(item, FAULT);
        match self.skip(party, item, Some(aside), fault, now).await {
            Err(again) if !again.is_passing() => {
                tracing::error!(%party, item.seq, fault = %again, "an item cannot even be put aside");
                self.skip(party, item, None, fault, now).await
            }
            skipped => skipped,
        }
    }

    async fn skip(
        &self,
        party: &Party,
        item: &LinkItem,
        aside: Option<QuarantineRow>,
        fault: &Fault,
        now: Timestamp,
    ) -> Result<Option<Vec<(u32, u64)>>, Fault> {
        let mut tx = self.core.begin().await?;
        let done = self.skip_in(&mut tx, party, item, aside, fault, now).await;
        ended(tx, done).await
    }

    async fn skip_in(
        &self,
        core: &mut PgConnection,
        party: &Party,
        item: &LinkItem,
        aside: Option<QuarantineRow>,
        fault: &Fault,
        now: Timestamp,
    ) -> Result<Option<Vec<(u32, u64)>>, Fault> {
        let Some(mut row) = link::try_lock_in(core, &party.lower()).await? else {
            return Ok(None);
        };
        let run = chain::run(&position(&row)?, std::slice::from_ref(item));
        let mut work = Work::new(now, &party.lower());
        let id = certificate::fingerprint(&item.body);
        self.note_fault(core, &id, &party.lower(), fault, now)
            .await?;
        let unreadable = [(i64::try_from(item.seq).unwrap_or(i64::MAX), id)];
        work.aside.extend(aside);
        if !run.next.is_empty() {
            unreadable::insert(core, &row.party, row.epoch, &unreadable, now).await?;
            row.last_seq = i64::try_from(run.end.seq).unwrap_or(i64::MAX);
            row.last_hash = *run.end.hash.as_bytes();
            link::advance(core, "in", &row).await?;
        }
        self.close(core, work).await?;
        Ok(Some(vec![(item.epoch, item.seq)]))
    }
}

/// Ends a transaction. One that failed is rolled back before anything else is done: the link's row is
/// locked in it, and whoever finds it locked leaves the link to another processor.
pub(super) async fn ended<T>(
    tx: Transaction<'static, Postgres>,
    done: Result<T, Fault>,
) -> Result<T, Fault> {
    match done {
        Ok(value) => {
            tx.commit().await?;
            Ok(value)
        }
        Err(fault) => {
            // The fault tells more than a connection that was lost with it.
            drop(tx.rollback().await);
            Err(fault)
        }
    }
}

/// An item that cannot be read, put aside. A text column holds no zero bytes: what has one is kept in
/// base64, as what is no text.
pub(super) fn item_aside(item: &LinkItem, (reason, detail): Reason) -> QuarantineRow {
    let text = String::from_utf8(item.body.clone()).ok();
    let text = text.filter(|text| !text.contains('\0'));
    QuarantineRow {
        envelope: certificate::fingerprint(&item.body),
        reason,
        detail: detail.to_owned(),
        body: text.unwrap_or_else(|| data_encoding::BASE64.encode(&item.body)),
    }
}
