//! After the commit: the outbox is copied to front and gateways. Any processor can do it, any number
//! of times; what was copied twice is there once.

use super::Processor;
use crate::{
    Fault,
    store::{link_item, outbox},
};
use message::Thumbprint;
use relay::{
    front::OutEnvelope,
    gateway::Gateway,
    link::{LinkItem, Party, chain::ChainHash},
};

/// Rows copied at a time.
const ROWS: i64 = 1_000;

impl Processor {
    /// Copies letters to the front until none are left. Answers how many.
    pub async fn copy_letters(&self) -> Result<usize, Fault> {
        let mut copied = 0;
        loop {
            let mut tx = self.core.begin().await?;
            let rows = outbox::lock_letters(&mut tx, ROWS).await?;
            if rows.is_empty() {
                return Ok(copied);
            }
            let letters: Vec<OutEnvelope> = rows
                .iter()
                .map(|(_, row)| OutEnvelope {
                    id: row.envelope,
                    mailbox: Thumbprint::new(*row.mailbox.as_bytes()),
                    body: row.body.clone(),
                    expires_at: row.expires_at,
                })
                .collect();
            self.front.publish(&letters).await?;
            let ids: Vec<i64> = rows.iter().map(|(id, _)| *id).collect();
            outbox::delete(&mut tx, &ids).await?;
            tx.commit().await?;
            copied += ids.len();
        }
    }

    /// Copies items to a gateway in the order of the link until none are left. Answers how many.
    pub(super) async fn copy_items(
        &self,
        party: &Party,
        gateway: &Gateway,
    ) -> Result<usize, Fault> {
        let mut copied = 0;
        loop {
            let mut tx = self.core.begin().await?;
            outbox::lock_copying(&mut tx, &party.lower()).await?;
            let rows = outbox::items(&mut tx, &party.lower(), ROWS).await?;
            if rows.is_empty() {
                return Ok(copied);
            }
            let keys: Vec<(i32, i64)> = rows.iter().map(|(_, epoch, seq)| (*epoch, *seq)).collect();
            let stored = link_item::by_seq(&mut tx, &party.lower(), &keys).await?;
            let items = stored
                .into_iter()
                .map(item)
                .collect::<Result<Vec<_>, Fault>>()?;
            gateway.append(&items).await?;
            let ids: Vec<i64> = rows.iter().map(|(id, ..)| *id).collect();
            outbox::delete(&mut tx, &ids).await?;
            tx.commit().await?;
            copied += ids.len();
        }
    }

    /// Looks at every gateway whether it was lost and made anew, and copies again what it lacks.
    /// Answers how many items.
    ///
    /// # Errors
    /// A [`Fault`] when a gateway or the core cannot be reached.
    pub async fn resend(&self) -> Result<usize, Fault> {
        let mut copied = 0;
        for (party, gateway) in &self.gateways {
            self.refill(party, gateway).await?;
            copied += self.copy_items(party, gateway).await?;
        }
        Ok(copied)
    }

    /// A gateway may have been lost and made anew: what it lacks of what is not acknowledged is
    /// copied again. Answers how many items.
    pub(super) async fn refill(&self, party: &Party, gateway: &Gateway) -> Result<u64, Fault> {
        let mut core = self.core.acquire().await?;
        let rows = crate::store::link::all(&mut core).await?;
        let mut rows = rows.into_iter();
        let outbound = rows.find(|(way, row)| way == "out" && row.party == party.lower());
        let Some((_, row)) = outbound else {
            return Ok(0);
        };
        let epoch = u32::try_from(row.epoch).unwrap_or(u32::MAX);
        let after = u64::try_from(row.last_seq.saturating_sub(1)).unwrap_or_default();
        // Items reach a gateway in order: if it has the last one, it has them all.
        if row.last_seq == 0 || !gateway.outbound(epoch, after, 1).await?.is_empty() {
            return Ok(0);
        }
        let count = outbox::requeue(&mut core, &party.lower()).await?;
        if count > 0 {
            tracing::info!(%party, count, "items are sent again");
        }
        Ok(count)
    }
}

fn item(row: link_item::ItemRow) -> Result<LinkItem, Fault> {
    let at = |column| crate::store::At("link_item", column);
    let hash =
        |bytes: &[u8], column| ChainHash::from_slice(bytes).ok_or_else(|| at(column).fault());
    Ok(LinkItem {
        epoch: at("epoch").of(u32::try_from(row.epoch))?,
        seq: at("seq").of(u64::try_from(row.seq))?,
        prev: hash(&row.prev, "prev")?,
        hash: hash(&row.hash, "hash")?,
        kind: row.kind,
        body: row.body,
    })
}
