//! What comes in over a link: taken in order, opened, decided and acknowledged.

use super::{
    Processor,
    intake::Reason,
    link_aside::{ended, item_aside},
    link_open::{Spoken, UNKNOWN_KEY},
    peer_sessions::is_about_sessions,
    revoked::{self, Revoked},
    work::{Work, position},
};
use crate::{
    Fault,
    store::{
        alarm::Alarm,
        certificate,
        link::{self, LinkRow},
        unreadable,
    },
};
use message::{Timestamp, link::ItemKind};
use relay::{
    gateway::Gateway,
    link::{Ends, LinkItem, Party, acknowledgement, chain},
};
use sqlx::PgConnection;
use std::collections::HashSet;

/// Items taken at a time.
const ITEMS: u32 = 1_000;

const UNKNOWN_ITEM: Reason = (
    "unknown-item",
    "The item is of a kind that is not known here.",
);

const VOID: Reason = (
    "void",
    "The bank's licence was revoked, and the item came after the last one that counts.",
);

impl Processor {
    /// Takes what waits at a gateway. Says whether it has done anything.
    pub(super) async fn take_link(&self, party: &Party, gateway: &Gateway) -> Result<bool, Fault> {
        let Some(claim) = gateway.claim(ITEMS).await? else {
            return Ok(false);
        };
        let now = self.clock.now();
        let taken = if claim.items().is_empty() {
            None
        } else {
            self.take_or_single_out(party, claim.items(), now).await?
        };
        let finished = taken.unwrap_or_default();
        if !finished.is_empty() {
            // What was decided goes first: it may bring the certificate that this is signed under.
            self.copy_items(party, gateway).await?;
            self.acknowledge(party, gateway, now).await?;
        }
        // After the items: they may bring the certificate that an acknowledgement is signed under.
        let acks = self.take_acks(party, claim.acks(), now).await?;
        let progress = !finished.is_empty() || !acks.is_empty();
        claim.done(&finished, &acks).await?;
        Ok(progress)
    }

    /// Takes items together, or one by one when that fails: what breaks a promise of the tables is
    /// put aside, and the link goes on.
    async fn take_or_single_out(
        &self,
        party: &Party,
        items: &[LinkItem],
        now: Timestamp,
    ) -> Result<Option<Vec<(u32, u64)>>, Fault> {
        match self.take_items(party, items, now).await {
            Err(fault) if !fault.is_passing() => {
                tracing::error!(%party, %fault, "a batch of items failed: taking them one by one");
            }
            taken => return taken,
        }
        let mut finished = Vec::new();
        for item in items {
            let one = std::slice::from_ref(item);
            let taken = match self.take_items(party, one, now).await {
                Err(fault) if !fault.is_passing() => {
                    self.skip_item(party, item, &fault, now).await?
                }
                taken => taken?,
            };
            match taken {
                Some(done) if !done.is_empty() => finished.extend(done),
                _ => break,
            }
        }
        Ok(Some(finished))
    }

    /// Commits the items that continue the chain. None when the link is not known yet, or another
    /// processor is at it.
    async fn take_items(
        &self,
        party: &Party,
        items: &[LinkItem],
        now: Timestamp,
    ) -> Result<Option<Vec<(u32, u64)>>, Fault> {
        let mut tx = self.core.begin().await?;
        let done = self.take_items_in(&mut tx, party, items, now).await;
        ended(tx, done).await
    }

    async fn take_items_in(
        &self,
        core: &mut PgConnection,
        party: &Party,
        items: &[LinkItem],
        now: Timestamp,
    ) -> Result<Option<Vec<(u32, u64)>>, Fault> {
        let Some(mut row) = link::try_lock_in(core, &party.lower()).await? else {
            return Ok(None);
        };
        let at = position(&row)?;
        let run = chain::run(&at, items);
        let mut work = Work::new(now, &party.lower());
        if let Some(stop) = run.stop {
            let seq = i64::try_from(at.seq).unwrap_or(i64::MAX);
            work.alarms
                .push(link_alarm(&row, seq, "chain", stop.to_string()));
        }
        let unread = self.take_run(core, party, &run.next, &mut work).await?;
        let unread: HashSet<u64> = unread.into_iter().collect();
        let unread = run.next.iter().filter(|item| unread.contains(&item.seq));
        let unread: Vec<(i64, [u8; 32])> = unread
            .map(|item| {
                let seq = i64::try_from(item.seq).unwrap_or(i64::MAX);
                (seq, certificate::fingerprint(&item.body))
            })
            .collect();
        unreadable::insert(core, &row.party, row.epoch, &unread, now).await?;
        row.last_seq = i64::try_from(run.end.seq).unwrap_or(i64::MAX);
        row.last_hash = *run.end.hash.as_bytes();
        if !run.next.is_empty() {
            link::advance(core, "in", &row).await?;
        }
        self.close(core, work).await?;
        let finished = run.known.iter().chain(&run.next);
        Ok(Some(finished.map(|item| (item.epoch, item.seq)).collect()))
    }

    /// Decides a run of items; answers the numbers of those that cannot be read. Certificates go first:
    /// what they certify may stand in the same batch.
    async fn take_run(
        &self,
        core: &mut PgConnection,
        party: &Party,
        items: &[&LinkItem],
        work: &mut Work,
    ) -> Result<Vec<u64>, Fault> {
        let (items, void) = self.counted(core, party, items, work).await?;
        // Who was removed before this run; its own key sets count from their places on.
        let mut revoked = self.revoked(core, &party.lower()).await?;
        let documents = self.take_documents(core, party, &items, &mut revoked, work);
        let (envelopes, mut unreadable) = documents.await?;
        unreadable.extend(void);
        if envelopes.is_empty() && work.drafts.is_empty() {
            return Ok(unreadable);
        }
        let known = match work.register {
            // This transaction adds to it.
            Some(_) => self.read_register(core, work.now).await?,
            None => self.register(core, work.now).await?,
        };
        let mut peers = self.peers_in(core, &known, work.now).await?;
        for (_, ended) in &work.sessions.ended {
            peers.forget(*ended);
        }
        if envelopes.is_empty() {
            // What the authority has said ended payments: their payers are told.
            self.seal(core, work, &peers).await?;
            return Ok(unreadable);
        }
        let own = peers
            .rows
            .iter()
            .find(|row| row.bic.lower() == party.lower());
        let Some(peer) = own.cloned() else {
            // The authority sends no sealed messages.
            for item in &envelopes {
                unreadable.push(item.seq);
                work.aside.push(item_aside(item, UNKNOWN_KEY));
            }
            return Ok(unreadable);
        };
        let spoken = self
            .spoken(core, &peer, envelopes, &revoked, &mut unreadable, work)
            .await?;
        let (sessions, payments): (Vec<Spoken>, Vec<Spoken>) = spoken
            .into_iter()
            .partition(|one| is_about_sessions(one.verified.kind()));
        // First: what they end is not sealed in any more.
        let unread = self.hear_of_sessions(core, sessions, &mut peers, work);
        unreadable.extend(unread.await?);
        let shut = peers.shut;
        unreadable.extend(self.hear(core, &peer, shut, payments, work).await?);
        self.seal(core, work, &peers).await?;
        Ok(unreadable)
    }

    /// The items of a run that count: those of a revoked bank up to the last one that its revocation
    /// names. The numbers of the others are answered as well.
    async fn counted<'a>(
        &self,
        core: &mut PgConnection,
        party: &Party,
        items: &[&'a LinkItem],
        work: &mut Work,
    ) -> Result<(Vec<&'a LinkItem>, Vec<u64>), Fault> {
        let Some(bank) = party.bic() else {
            return Ok((items.to_vec(), Vec::new()));
        };
        let known = self.register(core, work.now).await?;
        let Some(last) = self.counted_up_to(&known.register, bank) else {
            return Ok((items.to_vec(), Vec::new()));
        };
        let counts = |item: &&&LinkItem| (item.epoch, item.seq) <= last;
        let (counted, void): (Vec<&LinkItem>, Vec<&LinkItem>) =
            items.iter().partition(|item| counts(item));
        let aside = void.iter().map(|item| item_aside(item, VOID));
        work.aside.extend(aside);
        Ok((counted, void.iter().map(|item| item.seq).collect()))
    }

    /// Takes the certificates and key sets of a run; answers the sealed messages, and the numbers of
    /// what cannot be read.
    async fn take_documents(
        &self,
        core: &mut PgConnection,
        party: &Party,
        items: &[&LinkItem],
        revoked: &mut Revoked,
        work: &mut Work,
    ) -> Result<(Vec<LinkItem>, Vec<u64>), Fault> {
        let (mut envelopes, mut unreadable) = (Vec::new(), Vec::new());
        for item in items {
            let accepted = match item.known_kind() {
                Some(ItemKind::Envelope) => {
                    envelopes.push((*item).clone());
                    continue;
                }
                Some(ItemKind::Certificate) => {
                    let body = &item.body;
                    self.take_certificate(core, party, body, work).await?
                }
                Some(ItemKind::KeySet) => {
                    let taken = self.take_key_set(core, party, &item.body, work).await?;
                    if taken.is_ok() {
                        note_removed(core, party, item, revoked, work).await?;
                    }
                    taken
                }
                Some(ItemKind::Record) => self.take_record(core, party, &item.body, work).await?,
                None => Err(UNKNOWN_ITEM),
            };
            if let Err(reason) = accepted {
                unreadable.push(item.seq);
                work.aside.push(item_aside(item, reason));
            }
        }
        Ok((envelopes, unreadable))
    }

    /// Says what is committed here. Said again whenever something comes in, so a lost one does no
    /// harm.
    pub(super) async fn acknowledge(
        &self,
        party: &Party,
        gateway: &Gateway,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let mut core = self.core.acquire().await?;
        let rows = link::all(&mut core).await?;
        let inbound = rows
            .into_iter()
            .find(|(direction, row)| direction == "in" && row.party == party.lower());
        let Some((_, row)) = inbound else {
            return Ok(());
        };
        let position = position(&row)?;
        // From the core: whichever processor has met them.
        let unread = unreadable::newest(&mut core, &row.party, row.epoch, row.last_seq).await?;
        let unreadable: Vec<u64> = unread.into_iter().map(i64::unsigned_abs).collect();
        let bank = &self.keyring.bank.bic;
        let ends = self.ends(party)?;
        let body = acknowledgement::acknowledge(&ends, bank, &position, &unreadable);
        let payload = self.payload(party.to_string(), None, body, now);
        let mut rng = self.entropy.rng();
        let jws = envelope::sign(&*self.rsa, &self.keyring.signing, &payload, &mut *rng)?;
        drop(rng);
        gateway.append_ack(jws.as_str(), &position).await?;
        link::acknowledge(
            &mut core,
            &party.lower(),
            "in",
            row.epoch,
            row.last_seq,
            now,
        )
        .await?;
        Ok(())
    }

    /// The link to a party, seen from us.
    pub(super) fn ends(&self, party: &Party) -> Result<Ends, Fault> {
        Ends::new(Party::Bank(self.keyring.bank.bic.clone()), party.clone())
            .map_err(|_| Fault::Setup("a bank has no link to itself".to_owned()))
    }
}

/// A key set was accepted: those it names sign no more from here on, and sessions whose keys they know
/// are over.
async fn note_removed(
    core: &mut PgConnection,
    party: &Party,
    item: &LinkItem,
    revoked: &mut Revoked,
    work: &mut Work,
) -> Result<(), Fault> {
    let text = String::from_utf8_lossy(&item.body);
    if let (true, Some(bank)) = (revoked.add(&text, item.seq)?, party.bic()) {
        tracing::warn!(%party, item.seq, "the bank has removed a processor");
        revoked::end_sessions_with(core, bank, work).await?;
    }
    Ok(())
}

/// An alarm about a link.
pub(super) fn link_alarm(row: &LinkRow, seq: i64, what: &'static str, detail: String) -> Alarm {
    Alarm {
        party: row.party.clone(),
        epoch: row.epoch,
        seq,
        what,
        detail,
    }
}
