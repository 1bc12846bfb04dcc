//! Sessions with other banks: opened before they are needed, answered, and ended when the other bank
//! asks for something to be sealed again.
//!
//! Whoever opens a session may seal in it once the answer is here; whoever is asked may at once, since
//! the opener has stored its keys in the transaction that wrote the opening. Banks that open at the
//! same time have two sessions: each seals in the newest. What is said about sessions is always sealed
//! to the other bank's key.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::{FRAME, Reason},
    link_aside::item_aside,
    link_open::Spoken,
    work::{Peers, Work},
};
use crate::{
    Fault,
    secret::Holder,
    store::{
        alarm::Alarm,
        inbox::{self, InboxRow},
        link_item,
        peer::PeerRow,
        peer_session::{self, NewPeerSession, PeerSession},
        sealed_again,
    },
};
use envelope::{Jwe, Recipient, SessionKey};
use message::{
    Kind, MessageId, Payload, SessionId,
    link::{ItemKind, ItemsSealAgain, SEAL_AGAIN_ITEMS_MAX},
    session::{PEER_SESSION_ENVELOPES_MAX, SESSION_SECONDS, SessionOpen, SessionOpened},
};
use sqlx::PgConnection;
use std::collections::BTreeMap;

/// A session with less life is not worth having, in seconds and envelopes.
const SECONDS_MIN: i64 = 60;
const ENVELOPES_MIN: i64 = 1_000;

/// What a bank says about sessions.
enum Said {
    Open(Payload<SessionOpen>),
    Opened(Payload<SessionOpened>),
    SealAgain(Payload<ItemsSealAgain>),
}

impl Said {
    fn id(&self) -> MessageId {
        match self {
            Said::Open(p) => p.jti,
            Said::Opened(p) => p.jti,
            Said::SealAgain(p) => p.jti,
        }
    }
}

/// Whether a message is about sessions, not about payments.
pub(super) fn is_about_sessions(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::SessionOpen | Kind::SessionOpened | Kind::ItemsSealAgain
    )
}

impl Processor {
    /// Opens a session with each bank with which there is none that will last. Answers how many.
    ///
    /// # Errors
    /// A [`Fault`] when the core cannot be reached.
    pub async fn open_peer_sessions(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut core = self.core.acquire().await?;
        let peers = self.peers(&mut core, now).await?;
        let mut opened = 0;
        for peer in peers
            .rows
            .iter()
            .filter(|peer| peers.reachable(peer).is_ok())
        {
            // One of the two banks is earlier, so that as a rule one session serves both.
            let early = self.keyring.bank.bic.as_str() < peer.bic.as_str();
            let life = SESSION_SECONDS / if early { 4 } else { 8 };
            let in_hand = peer_session::in_hand(&mut core, life, now).await?;
            if !in_hand.contains(peer.bic.as_str()) {
                peer_session::wipe(&mut core, &peer.bic, now).await?;
                opened += usize::from(self.open_peer_session(peer, life).await?);
            }
        }
        Ok(opened)
    }

    async fn open_peer_session(&self, peer: &PeerRow, life: i64) -> Result<bool, Fault> {
        let now = self.clock.now();
        let mut tx = self.core.begin().await?;
        let bic = peer.bic.as_str();
        let ours = peer_session::try_lock_opening(&mut tx, &peer.bic).await?;
        // Another processor may have been faster.
        if !ours
            || peer_session::in_hand(&mut tx, life, now)
                .await?
                .contains(bic)
        {
            return Ok(false);
        }
        let mut rng = self.entropy.rng();
        let mut key = || SessionKey::generate(&mut *rng).to_base64url().to_string();
        let open = SessionOpen {
            key_to_bank: key(),
            key_to_device: key(),
            session: SessionId::new(self.random()),
        };
        drop(rng);
        let keys = (self.keyring.storage).seal(&open, Holder::Bank(&peer.bic), &*self.entropy);
        let new = NewPeerSession {
            id: open.session,
            peer: &peer.bic,
            ours: true,
            keys: &keys.map_err(envelope::EnvelopeError::from)?,
            valid_until: now.saturating_add(SESSION_SECONDS),
            used_max: PEER_SESSION_ENVELOPES_MAX,
        };
        peer_session::insert(&mut tx, &new, now).await?;
        let mut work = Work::new(now, "clock");
        let to = To::PeerKey(peer.bic.clone());
        let payload = self.payload(bic.to_owned(), None, open, now);
        work.drafts.push(Draft::new(payload, Keep::Nothing, to));
        let peers = self.peers(&mut tx, now).await?;
        self.seal(&mut tx, &mut work, &peers).await?;
        self.close(&mut tx, work).await?;
        tx.commit().await?;
        Ok(true)
    }

    /// The keys of a session, to seal with and to open with; none once they were wiped.
    pub(super) fn session_keys(
        &self,
        row: &PeerSession,
    ) -> Result<Option<(SessionKey, SessionKey)>, Fault> {
        let Some(sealed) = &row.keys else {
            return Ok(None);
        };
        let holder = Holder::Bank(&row.peer);
        let keys = self.keyring.storage.open(row.id, holder, sealed);
        let keys = keys.map_err(envelope::EnvelopeError::from)?;
        Ok(Some(keys.between_banks(row.ours)))
    }

    /// Takes what a bank says about sessions. Answers the numbers of what cannot be read.
    pub(super) async fn hear_of_sessions(
        &self,
        core: &mut PgConnection,
        spoken: Vec<Spoken>,
        peers: &mut Peers,
        work: &mut Work,
    ) -> Result<Vec<u64>, Fault> {
        let (mut unreadable, mut said, mut rows) = (Vec::new(), Vec::new(), Vec::new());
        for one in spoken {
            match self.read_of_sessions(&one) {
                Ok(read) => {
                    rows.push(InboxRow {
                        identity: (one.verified.signer(), read.id()),
                        digest: one.verified.digest(),
                        kind: one.verified.kind(),
                    });
                    said.push((one, read));
                }
                Err(reason) => {
                    unreadable.push(one.item.seq);
                    work.aside.push(item_aside(&one.item, reason));
                }
            }
        }
        if rows.is_empty() {
            return Ok(unreadable);
        }
        let new = inbox::take(core, &rows, &work.source, work.now).await?;
        for (one, said) in said {
            // What was taken before has had its effect.
            if !new.contains(&(one.verified.signer(), said.id())) {
                continue;
            }
            let done = match said {
                Said::Open(payload) => self.answer_opening(core, &one, payload, work).await?,
                Said::Opened(payload) => {
                    take_answer(one.peer.row(), &payload.body, work);
                    true
                }
                Said::SealAgain(payload) => {
                    self.seal_items_again(core, &one, &payload.body, peers, work)
                        .await?
                }
            };
            if !done {
                unreadable.push(one.item.seq);
                work.aside.push(item_aside(&one.item, FRAME));
            }
        }
        Ok(unreadable)
    }

    fn read_of_sessions(&self, one: &Spoken) -> Result<Said, Reason> {
        match one.verified.kind() {
            Kind::SessionOpen => self.frame(&one.verified).map(Said::Open),
            Kind::SessionOpened => self.frame(&one.verified).map(Said::Opened),
            _ => self.frame(&one.verified).map(Said::SealAgain),
        }
    }

    /// A bank opens a session: its keys are stored, sealed, so that every processor can use them.
    async fn answer_opening(
        &self,
        core: &mut PgConnection,
        one: &Spoken,
        payload: Payload<SessionOpen>,
        work: &mut Work,
    ) -> Result<bool, Fault> {
        let (open, bic) = (&payload.body, &one.peer.row().bic);
        let keys = (self.keyring.storage).seal(open, Holder::Bank(bic), &*self.entropy);
        // Keys for a session never come inside of one.
        let (Ok(keys), None) = (keys, one.session) else {
            return Ok(false);
        };
        let new = NewPeerSession {
            id: open.session,
            peer: bic,
            ours: false,
            keys: &keys,
            valid_until: work.now.saturating_add(SESSION_SECONDS),
            used_max: PEER_SESSION_ENVELOPES_MAX,
        };
        if !peer_session::insert(core, &new, work.now).await? {
            return Ok(false);
        }
        let body = SessionOpened {
            session: open.session,
            until: new.valid_until,
            envelopes_max: new.used_max,
        };
        let re = Some(one.verified.digest());
        let answer = self.payload(bic.to_string(), re, body, work.now);
        let to = To::PeerKey(bic.clone());
        work.drafts.push(Draft::new(answer, Keep::Nothing, to));
        Ok(true)
    }

    /// A bank cannot use the session of items of ours: nothing more is sealed in it, and the same
    /// messages are sealed again as new items, each once.
    async fn seal_items_again(
        &self,
        core: &mut PgConnection,
        one: &Spoken,
        body: &ItemsSealAgain,
        peers: &mut Peers,
        work: &mut Work,
    ) -> Result<bool, Fault> {
        let bic = &one.peer.row().bic;
        if body.items.len() > SEAL_AGAIN_ITEMS_MAX {
            return Ok(false);
        }
        work.sessions.ended.push((bic.clone(), body.session));
        peers.forget(body.session);
        let (party, epoch) = (bic.lower(), i32::try_from(body.epoch).unwrap_or(i32::MAX));
        let items = self.items_of(core, &party, epoch, body).await?;
        let seqs: Vec<i64> = items.keys().copied().collect();
        let fresh = sealed_again::insert(core, &party, epoch, &seqs, work.now).await?;
        let row = peer_session::by_ids(core, bic, &[body.session], work.now).await?;
        let keys = row.first().map(|row| self.session_keys(row)).transpose()?;
        let outward = keys.flatten().map(|(outward, _)| outward);
        tracing::warn!(session = %body.session, peer = %bic, count = fresh.len(), "sealing again");
        for seq in fresh {
            let opened = items.get(&seq).zip(outward.as_ref());
            match opened.map(|(jwe, key)| jwe.open_with_session(key)) {
                Some(Ok(jws)) => {
                    let to = To::PeerKey(bic.clone());
                    work.drafts.push(Draft::again(jws, to));
                }
                // The enquiry after the payment's deadline finds out what became of it.
                _ => work.alarms.push(Alarm {
                    party: party.clone(),
                    epoch,
                    seq,
                    what: "seal-again",
                    detail: "There are no keys any more to seal this item again.".to_owned(),
                }),
            }
        }
        Ok(true)
    }

    /// Those of the items that are sealed in the session, by number.
    async fn items_of(
        &self,
        core: &mut PgConnection,
        party: &str,
        epoch: i32,
        body: &ItemsSealAgain,
    ) -> Result<BTreeMap<i64, Jwe>, Fault> {
        let seq = |seq: &u64| Some((epoch, i64::try_from(*seq).ok()?));
        let keys: Vec<(i32, i64)> = body.items.iter().filter_map(seq).collect();
        let stored = link_item::by_seq(core, party, &keys).await?;
        let sealed = stored.into_iter().filter_map(|item| {
            let text = String::from_utf8(item.body).ok()?;
            let jwe = Jwe::parse(&text).ok()?;
            let fits = item.kind == ItemKind::Envelope.word()
                && jwe.recipient() == Recipient::Session(body.session);
            fits.then_some((item.seq, jwe))
        });
        Ok(sealed.collect())
    }

    /// Asks a bank to seal items again whose sessions cannot be used here.
    pub(super) fn ask_for_items_again(
        &self,
        peer: &PeerRow,
        items: BTreeMap<(SessionId, u32), Vec<u64>>,
        work: &mut Work,
    ) {
        for ((session, epoch), seqs) in items {
            tracing::warn!(%session, peer = %peer.bic, count = seqs.len(), "asking to seal again");
            for items in seqs.chunks(SEAL_AGAIN_ITEMS_MAX) {
                let body = ItemsSealAgain {
                    session,
                    epoch,
                    items: items.to_vec(),
                };
                let payload = self.payload(peer.bic.to_string(), None, body, work.now);
                let to = To::PeerKey(peer.bic.clone());
                work.drafts.push(Draft::new(payload, Keep::Nothing, to));
            }
        }
    }
}

/// A bank has stored the keys of a session of ours: it may be used from now on.
fn take_answer(peer: &PeerRow, body: &SessionOpened, work: &mut Work) {
    let narrow = body.until < work.now.saturating_add(SECONDS_MIN);
    if narrow || body.envelopes_max < ENVELOPES_MIN {
        let ended = (peer.bic.clone(), body.session);
        work.sessions.ended.push(ended);
    } else {
        let answered = (peer.bic.clone(), body.clone());
        work.sessions.answered.push(answered);
    }
}
