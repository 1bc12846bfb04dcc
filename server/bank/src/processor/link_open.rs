//! Opens and verifies what another bank has sent, on all cores.

use super::{
    Processor, crypto,
    intake::{BAD_SIGNATURE, MALFORMED, Reason},
    link_aside::item_aside,
    revoked::{Revoked, Sieve},
    work::Work,
};
use crate::{
    Fault,
    actor::Peer,
    store::{certificate, peer::PeerRow, peer_session},
};
use envelope::{Certificate, Jwe, Jws, Recipient, Role, SessionKey, Verified, VerifyingKey};
use message::{Kind, Payload, SessionId, Thumbprint, Timestamp, receipt::ReceiptAttest};
use rayon::prelude::*;
use relay::link::LinkItem;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap, HashSet};

const UNOPENABLE: Reason = (
    "unopenable",
    "The item cannot be opened, or holds no signed message of a kind that is known here.",
);
pub(super) const UNKNOWN_KEY: Reason = (
    "unknown-key",
    "The message is signed by a key that is not certified as a processor of the sending bank.",
);

/// What the signing keys of a party's processors are.
pub(super) type Certified = HashMap<Thumbprint, VerifyingKey>;

/// A verified message of a bank. Its session, if it came in one, is one with this bank.
pub(super) struct Spoken {
    pub(super) peer: Peer,
    pub(super) verified: Verified,
    pub(super) session: Option<SessionId>,
    pub(super) item: LinkItem,
}

/// An item, and the sealed message in it.
type Parsed = (LinkItem, Result<Jwe, Reason>);

/// An item with the signed message that was in it, and the session it came in.
struct Opened {
    item: LinkItem,
    jws: Result<Jws, Reason>,
    session: Option<SessionId>,
}

impl Processor {
    /// Opens and verifies items. What is sealed in a session that cannot be used is asked for again;
    /// what cannot be read is put aside, and its number added to `unreadable`.
    pub(super) async fn spoken(
        &self,
        core: &mut PgConnection,
        peer: &PeerRow,
        items: Vec<LinkItem>,
        revoked: &Revoked,
        unreadable: &mut Vec<u64>,
        work: &mut Work,
    ) -> Result<Vec<Spoken>, Fault> {
        let party = peer.bic.lower();
        let opened = self.open_items(core, peer, items, work).await?;
        let signers: HashSet<Thumbprint> = opened
            .iter()
            .filter_map(|opened| Some(opened.jws.as_ref().ok()?.kid()))
            .collect();
        let certified = self.certified(core, &party, signers, work.now).await?;
        let mut spoken = Vec::with_capacity(opened.len());
        let judged = self.verify_items(opened, certified.clone()).await?;
        let messages = judged.iter().filter_map(|(opened, verified)| {
            let verified = verified.as_ref().ok()?;
            Some((opened.item.seq, verified))
        });
        let messages: Vec<_> = messages.collect();
        let mut sieve = Sieve::of(core, &party, revoked, messages).await?;
        for (opened, verified) in judged {
            let known = |key: &Thumbprint| certified.contains_key(key);
            let heard = verified.and_then(|verified| {
                let actor = Peer::of(&verified, peer, known).ok_or(UNKNOWN_KEY)?;
                sieve.judge(opened.item.seq, &verified)?;
                if verified.kind() == Kind::ReceiptAttest {
                    let payload: Payload<ReceiptAttest> = self.frame(&verified)?;
                    sieve.attest(&verified, &payload.body);
                    return Ok(None);
                }
                Ok(Some((actor, verified)))
            });
            match heard {
                Ok(Some((peer, verified))) => spoken.push(Spoken {
                    peer,
                    verified,
                    session: opened.session,
                    item: opened.item,
                }),
                Ok(None) => {}
                Err(reason) => {
                    unreadable.push(opened.item.seq);
                    work.aside.push(item_aside(&opened.item, reason));
                }
            }
        }
        sieve.keep(core, &party, work.now).await?;
        Ok(spoken)
    }

    async fn open_items(
        &self,
        core: &mut PgConnection,
        peer: &PeerRow,
        items: Vec<LinkItem>,
        work: &mut Work,
    ) -> Result<Vec<Opened>, Fault> {
        let parsed: Vec<Parsed> = crypto(move || {
            let parse = |item: LinkItem| {
                let jwe = parse(&item);
                (item, jwe)
            };
            items.into_par_iter().map(parse).collect()
        })
        .await?;
        let named = parsed.iter().filter_map(|(_, jwe)| jwe.as_ref().ok());
        self.learn_keys(named).await?;
        let keys = self.inward_keys(core, peer, &parsed, work.now).await?;
        let mut again: BTreeMap<(SessionId, u32), Vec<u64>> = BTreeMap::new();
        let mut at_hand = Vec::with_capacity(parsed.len());
        for (item, jwe) in parsed {
            match session_of(&jwe) {
                Some(id) if !keys.contains_key(&id) => {
                    again.entry((id, item.epoch)).or_default().push(item.seq);
                    continue;
                }
                Some(id) => work.sessions.used.entry(id).or_default().received += 1,
                None => {}
            }
            at_hand.push((item, jwe));
        }
        self.ask_for_items_again(peer, again, work);
        let this = self.clone();
        crypto(move || {
            let open = |(item, jwe): Parsed| Opened {
                session: session_of(&jwe),
                jws: jwe.and_then(|jwe| this.open_item(&jwe, &keys)),
                item,
            };
            at_hand.into_par_iter().map(open).collect()
        })
        .await
    }

    /// The keys of the sessions that these items are sealed in, as far as they count and are sessions
    /// with this bank.
    async fn inward_keys(
        &self,
        core: &mut PgConnection,
        peer: &PeerRow,
        parsed: &[Parsed],
        now: Timestamp,
    ) -> Result<HashMap<SessionId, SessionKey>, Fault> {
        let named: HashSet<SessionId> = parsed.iter().filter_map(|(_, j)| session_of(j)).collect();
        let mut keys = HashMap::new();
        if named.is_empty() {
            return Ok(keys);
        }
        let named: Vec<SessionId> = named.into_iter().collect();
        for row in peer_session::by_ids(core, &peer.bic, &named, now).await? {
            if let (true, Some((_, inward))) = (row.counts, self.session_keys(&row)?) {
                keys.insert(row.id, inward);
            }
        }
        Ok(keys)
    }

    fn open_item(&self, jwe: &Jwe, keys: &HashMap<SessionId, SessionKey>) -> Result<Jws, Reason> {
        let opened = match jwe.recipient() {
            Recipient::Key(kid) => {
                let key = self.keyring.decryption(&kid).ok_or(UNOPENABLE)?;
                jwe.open_with_key(&*self.rsa, &key)
            }
            Recipient::Session(id) => jwe.open_with_session(keys.get(&id).ok_or(UNOPENABLE)?),
        };
        opened.map_err(|_| UNOPENABLE)
    }

    async fn verify_items(
        &self,
        opened: Vec<Opened>,
        certified: Certified,
    ) -> Result<Vec<(Opened, Result<Verified, Reason>)>, Fault> {
        let this = self.clone();
        crypto(move || {
            let verify = |opened: Opened| {
                let verified = opened.jws.as_ref().map_err(|reason| *reason);
                let verified = verified.and_then(|jws| {
                    let key = certified.get(&jws.kid()).ok_or(UNKNOWN_KEY)?;
                    jws.verify(&*this.rsa, key).map_err(|_| BAD_SIGNATURE)
                });
                (opened, verified)
            };
            opened.into_par_iter().map(verify).collect()
        })
        .await
    }

    /// The keys among these that a party's CA has certified as its processors'. The chain of each
    /// certificate was checked when it was stored.
    pub(super) async fn certified(
        &self,
        core: &mut PgConnection,
        party: &str,
        signers: HashSet<Thumbprint>,
        now: Timestamp,
    ) -> Result<Certified, Fault> {
        let signers: Vec<Thumbprint> = signers.into_iter().collect();
        let mut certified = HashMap::new();
        for row in certificate::of_subjects(core, &signers).await? {
            if row.party == party && row.role == Role::Processor.word() && row.not_after >= now {
                let certificate = Certificate::from_der(&row.der)?;
                if let Some(key) = certificate.verifying_key() {
                    certified.insert(row.subject, key.clone());
                }
            }
        }
        Ok(certified)
    }
}

fn parse(item: &LinkItem) -> Result<Jwe, Reason> {
    let text = std::str::from_utf8(&item.body).map_err(|_| MALFORMED)?;
    Jwe::parse(text).map_err(|_| MALFORMED)
}

/// The session that an envelope is sealed in.
fn session_of(jwe: &Result<Jwe, Reason>) -> Option<SessionId> {
    match jwe.as_ref().ok()?.recipient() {
        Recipient::Session(id) => Some(id),
        Recipient::Key(_) => None,
    }
}
