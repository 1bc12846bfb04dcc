//! One link of the authority. The protocol is that of the banks' links: records go out as a dense,
//! chained sequence, and the bank's signed acknowledgements say how far it has them. The bank shows the
//! certificates of those who sign them as items of its own direction. The authority acknowledges
//! nothing: it has no key at hand to sign with.

use super::register::Records;
use crate::{boot, cli::Failure};
use envelope::{Certificate, Jws, Role, TrustAnchor, verify_chain};
use message::{
    Bic, Payload, Timestamp,
    link::{ItemKind, LinkAck},
};
use relay::{
    gateway::{Gateway, InClaim},
    link::{
        Ends, LinkItem,
        acknowledgement::{Progress, Sent, judge},
        chain::{self, ChainHash, Position, Stop, start_hash},
    },
    primitive::AwsLcRsa,
};
use sqlx::{PgConnection, PgPool};

/// Items and acknowledgements taken at once.
const TAKEN_MAX: u32 = 100;
/// The one epoch so far.
const EPOCH: u32 = 1;

/// The link to one bank.
pub(super) struct Link {
    pub(super) bank: Bic,
    pub(super) ends: Ends,
    pub(super) gateway: Gateway,
}

/// What goes out over a link, and how far it is confirmed.
struct Outbound {
    items: Vec<LinkItem>,
    sent: Sent,
}

impl Link {
    /// Appends the records that the bank has not acknowledged, and the head; takes what it has to say.
    pub(super) async fn bring(
        &self,
        pool: &PgPool,
        anchor: &TrustAnchor,
        records: &Records,
        head: Option<&Jws>,
    ) -> Result<(), Failure> {
        let mut node = pool.acquire().await?;
        let (acknowledged, mut taken) = self.state(&mut node).await?;
        let (items, last) =
            items(&self.ends, &records.entries).ok_or("too many records for one epoch")?;
        let mut outbound = Outbound {
            items,
            sent: Sent { last, acknowledged },
        };
        self.gateway.append(outbound.outstanding()).await?;
        if let Some(head) = head {
            // Heads travel beside the items, as acknowledgements do: only the newest is of use.
            self.gateway.append_ack(head.as_str(), &last).await?;
        }
        while let Some(claim) = self.gateway.claim(TAKEN_MAX).await? {
            if !self
                .take(&mut node, anchor, records, claim, &mut outbound, &mut taken)
                .await?
            {
                break;
            }
        }
        self.gateway.prune_acks(TAKEN_MAX).await?;
        Ok(())
    }

    /// Takes a claim; says whether there was anything to take.
    async fn take(
        &self,
        node: &mut PgConnection,
        anchor: &TrustAnchor,
        records: &Records,
        claim: InClaim,
        outbound: &mut Outbound,
        taken: &mut Position,
    ) -> Result<bool, Failure> {
        let now = boot::now();
        let run = chain::run(taken, claim.items());
        // A gap may still close.
        if let Some(stop @ (Stop::Broken { seq } | Stop::Epoch { seq, .. })) = run.stop {
            self.alarm(&stop.to_string(), seq).await?;
        }
        for item in &run.next {
            if item.known_kind() == Some(ItemKind::Certificate) {
                self.take_certificate(node, anchor, records, &item.body, now)
                    .await?;
            }
        }
        for ack in claim.acks() {
            match self.verified(node, &ack.body, now).await? {
                Some(ack) => self.take_ack(&ack, outbound).await?,
                None => tracing::warn!(bank = %self.bank, "an acknowledgement is not the bank's"),
            }
        }
        self.keep(node, outbound.sent.acknowledged, &run.end)
            .await?;
        *taken = run.end;
        let finished = run.known.iter().chain(&run.next);
        let finished: Vec<(u32, u64)> = finished.map(|item| (item.epoch, item.seq)).collect();
        let acks: Vec<[u8; 32]> = claim.acks().iter().map(|ack| ack.id).collect();
        let progress = !finished.is_empty() || !acks.is_empty();
        claim.done(&finished, &acks).await?;
        Ok(progress)
    }

    /// A certificate counts when its chain leads over the bank's licence to the root.
    async fn take_certificate(
        &self,
        node: &mut PgConnection,
        anchor: &TrustAnchor,
        records: &Records,
        der: &[u8],
        now: Timestamp,
    ) -> Result<(), Failure> {
        let Ok(leaf) = Certificate::from_der(der) else {
            return self.alarm("no certificate", 0).await;
        };
        let Some(standing) = records.register.bank(&self.bank) else {
            return self.alarm("a certificate of no bank", 0).await;
        };
        let mut above = vec![standing.licence.clone()];
        above.extend(standing.replaced.iter().cloned());
        let cas: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT certificate FROM authority.certificate WHERE bank = $1 AND role = $2",
        )
        .bind(self.bank.as_str())
        .bind(Role::ProcessorCa.word())
        .fetch_all(&mut *node)
        .await?;
        for ca in cas {
            above.push(Certificate::from_der(&ca)?);
        }
        let role = leaf.role();
        let fits = matches!(role, Role::ProcessorCa | Role::Processor)
            && verify_chain(&AwsLcRsa, anchor, &leaf, &above, role, &self.bank, now).is_ok();
        if !fits {
            return self.alarm("a certificate without its chain", 0).await;
        }
        sqlx::query(
            "INSERT INTO authority.certificate (bank, subject, role, certificate) \
             VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING",
        )
        .bind(self.bank.as_str())
        .bind(leaf.key_thumbprint().as_bytes())
        .bind(role.word())
        .bind(der)
        .execute(node)
        .await?;
        Ok(())
    }

    /// What an acknowledgement says, if a certified processor of the bank signed it for us.
    async fn verified(
        &self,
        node: &mut PgConnection,
        body: &str,
        now: Timestamp,
    ) -> Result<Option<LinkAck>, Failure> {
        let Ok(jws) = Jws::parse(body) else {
            return Ok(None);
        };
        let shown: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT certificate FROM authority.certificate \
             WHERE bank = $1 AND subject = $2 AND role = $3",
        )
        .bind(self.bank.as_str())
        .bind(jws.kid().as_bytes())
        .bind(Role::Processor.word())
        .fetch_all(node)
        .await?;
        for der in shown {
            let certificate = Certificate::from_der(&der)?;
            let Some(key) = certificate.verifying_key() else {
                continue;
            };
            if certificate.not_after() < now {
                continue;
            }
            let payload = jws
                .verify(&AwsLcRsa, key)
                .ok()
                .and_then(|verified| verified.payload::<LinkAck>().ok());
            return Ok(payload.and_then(|payload: Payload<LinkAck>| {
                let us = self.ends.own().to_string();
                let framed = payload.check_frame(&jws.kid().to_string(), &us);
                framed.ok().map(|()| payload.body)
            }));
        }
        Ok(None)
    }

    async fn take_ack(&self, ack: &LinkAck, outbound: &mut Outbound) -> Result<(), Failure> {
        let hash_at = |seq| outbound.hash_at(&self.ends, seq);
        match judge(&self.ends, &outbound.sent, ack, hash_at) {
            Ok(Progress::Committed { seq }) => outbound.sent.acknowledged = seq,
            Ok(Progress::Stale) => {}
            Err(fault) => self.alarm(&fault.to_string(), ack.seq).await?,
        }
        for seq in &ack.unreadable {
            self.alarm("the bank cannot read this item", *seq).await?;
        }
        Ok(())
    }

    async fn alarm(&self, reason: &str, seq: u64) -> Result<(), Failure> {
        tracing::error!(bank = %self.bank, reason, seq, "alarm");
        Ok((self.gateway)
            .raise_alarm("authority", reason, EPOCH, seq)
            .await?)
    }

    /// Up to where the bank has acknowledged, and the end of what was taken from it.
    async fn state(&self, node: &mut PgConnection) -> Result<(u64, Position), Failure> {
        let start = Position::start(self.ends.peer(), self.ends.own(), EPOCH);
        sqlx::query(
            "INSERT INTO authority.link (bank, in_hash) VALUES ($1, $2) ON CONFLICT DO NOTHING",
        )
        .bind(self.bank.as_str())
        .bind(start.hash.as_bytes())
        .execute(&mut *node)
        .await?;
        let (acked, seq, hash): (i64, i64, Vec<u8>) =
            sqlx::query_as("SELECT acked_seq, in_seq, in_hash FROM authority.link WHERE bank = $1")
                .bind(self.bank.as_str())
                .fetch_one(node)
                .await?;
        let hash = ChainHash::from_slice(&hash).ok_or("authority.link: in_hash is no hash")?;
        let taken = Position {
            epoch: EPOCH,
            seq: u64::try_from(seq)?,
            hash,
        };
        Ok((u64::try_from(acked)?, taken))
    }

    async fn keep(
        &self,
        node: &mut PgConnection,
        acknowledged: u64,
        taken: &Position,
    ) -> Result<(), Failure> {
        sqlx::query(
            "UPDATE authority.link SET acked_seq = $2, in_seq = $3, in_hash = $4, \
             acked_at = CASE WHEN acked_seq < $2 THEN now() ELSE acked_at END WHERE bank = $1",
        )
        .bind(self.bank.as_str())
        .bind(i64::try_from(acknowledged)?)
        .bind(i64::try_from(taken.seq)?)
        .bind(taken.hash.as_bytes())
        .execute(node)
        .await?;
        Ok(())
    }
}

impl Outbound {
    /// The items that are not acknowledged.
    fn outstanding(&self) -> &[LinkItem] {
        let range = self.sent.outstanding().and_then(|range| {
            let first = usize::try_from(range.start().checked_sub(1)?).ok()?;
            Some(first..usize::try_from(*range.end()).ok()?)
        });
        range
            .and_then(|range| self.items.get(range))
            .unwrap_or_default()
    }

    fn hash_at(&self, ends: &Ends, seq: u64) -> Option<ChainHash> {
        match seq.checked_sub(1) {
            None => Some(start_hash(ends.own(), ends.peer(), EPOCH)),
            Some(before) => Some(self.items.get(usize::try_from(before).ok()?)?.hash),
        }
    }
}

/// The entries as the dense, chained sequence of a link, and its end.
fn items(ends: &Ends, entries: &[String]) -> Option<(Vec<LinkItem>, Position)> {
    let mut position = Position::start(ends.own(), ends.peer(), EPOCH);
    let mut items = Vec::with_capacity(entries.len());
    for entry in entries {
        let (item, next) = position.append(ItemKind::Record.word(), entry.clone().into_bytes())?;
        position = next;
        items.push(item);
    }
    Some((items, position))
}

#[cfg(test)]
mod tests {
    use super::*;
    use envelope::Party;

    #[test]
    fn every_bank_gets_one_unbroken_sequence_of_what_it_lacks() {
        let bank = Party::from_lower("halddeff").unwrap();
        let ends = Ends::new(Party::Authority, bank).unwrap();
        let (items, last) = items(&ends, &["a", "b", "c"].map(str::to_owned)).unwrap();
        let start = Position::start(ends.own(), ends.peer(), EPOCH);
        assert_eq!(chain::run(&start, &items).end, last);
        let (fewer, _) = super::items(&ends, &["a", "b"].map(str::to_owned)).unwrap();
        assert_eq!(fewer, items[..2]);
        for (acknowledged, expected) in [(0, &items[..]), (2, &items[2..]), (3, &items[3..])] {
            let outbound = Outbound {
                items: items.clone(),
                sent: Sent { last, acknowledged },
            };
            assert_eq!(outbound.outstanding(), expected);
            assert_eq!(outbound.hash_at(&ends, 3), Some(last.hash));
            assert_eq!(outbound.hash_at(&ends, 0), Some(start.hash));
            assert_eq!(outbound.hash_at(&ends, 4), None);
        }
    }
}
