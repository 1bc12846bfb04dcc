//! Acknowledgements of our items: how far the other bank has committed.

use super::{
    Processor,
    link_batch::link_alarm,
    work::{Work, position},
};
use crate::{
    Fault,
    store::{link, link_item},
};
use envelope::{Jws, Verified};
use message::{Payload, Timestamp, link::LinkAck};
use relay::{
    gateway::InAck,
    link::{
        Party,
        acknowledgement::{Progress, Sent, judge},
        chain::{ChainHash, start_hash},
    },
};
use sqlx::PgConnection;
use std::collections::HashSet;

impl Processor {
    /// Judges acknowledgements; answers the ids of those that are finished: all of them.
    pub(super) async fn take_acks(
        &self,
        party: &Party,
        acks: &[InAck],
        now: Timestamp,
    ) -> Result<Vec<[u8; 32]>, Fault> {
        if acks.is_empty() {
            return Ok(Vec::new());
        }
        let mut tx = self.core.begin().await?;
        let mut work = Work::new(now, &party.lower());
        for ack in acks {
            if *party == Party::Authority && self.take_head(&mut tx, &ack.body, &mut work).await? {
                continue;
            }
            let verified = self.verified_ack(&mut tx, party, &ack.body, now).await?;
            let Some(payload) = verified else {
                tracing::warn!(%party, "an acknowledgement is not signed by this bank");
                continue;
            };
            self.take_ack(&mut tx, party, &payload.body, &mut work)
                .await?;
        }
        self.close(&mut tx, work).await?;
        tx.commit().await?;
        Ok(acks.iter().map(|ack| ack.id).collect())
    }

    async fn verified_ack(
        &self,
        core: &mut PgConnection,
        party: &Party,
        body: &str,
        now: Timestamp,
    ) -> Result<Option<Payload<LinkAck>>, Fault> {
        let Ok(jws) = Jws::parse(body) else {
            return Ok(None);
        };
        let signers = HashSet::from([jws.kid()]);
        let certified = self.certified(core, &party.lower(), signers, now).await?;
        if self.revoked(core, &party.lower()).await?.now(&jws.kid()) {
            return Ok(None);
        }
        let verified: Option<Verified> = certified
            .get(&jws.kid())
            .and_then(|key| jws.verify(&*self.rsa, key).ok());
        let payload = verified.and_then(|v| {
            let payload: Payload<LinkAck> = v.payload().ok()?;
            let framed = payload.check_frame(
                &v.signer().to_string(),
                &Party::Bank(self.keyring.bank.bic.clone()).to_string(),
            );
            framed.ok().map(|()| payload)
        });
        Ok(payload)
    }

    async fn take_ack(
        &self,
        core: &mut PgConnection,
        party: &Party,
        ack: &LinkAck,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let rows = link::lock_out(core, &[&party.lower()]).await?;
        let Some(row) = rows.first() else {
            return Ok(());
        };
        let ends = self.ends(party)?;
        let at = |column| crate::store::At("link", column);
        let sent = Sent {
            last: position(row)?,
            acknowledged: at("acked_seq").of(u64::try_from(row.acked_seq))?,
        };
        let seq = i64::try_from(ack.seq).unwrap_or(i64::MAX);
        let hash = if ack.seq == 0 {
            Some(start_hash(ends.own(), ends.peer(), sent.last.epoch))
        } else {
            let stored = link_item::hash(core, &party.lower(), row.epoch, seq).await?;
            stored.and_then(|bytes| ChainHash::from_slice(&bytes))
        };
        match judge(&ends, &sent, ack, |_| hash) {
            Err(fault) => {
                work.alarms
                    .push(link_alarm(row, seq, "acknowledgement", fault.to_string()));
            }
            Ok(Progress::Stale) => {}
            Ok(Progress::Committed { seq: committed }) => {
                let seq = i64::try_from(committed).unwrap_or(i64::MAX);
                link::acknowledge(core, &party.lower(), "out", row.epoch, seq, work.now).await?;
            }
        }
        for unread in &ack.unreadable {
            let seq = i64::try_from(*unread).unwrap_or(i64::MAX);
            let detail = "The other bank could not read this item of ours.".to_owned();
            work.alarms.push(link_alarm(row, seq, "unreadable", detail));
        }
        Ok(())
    }
}
