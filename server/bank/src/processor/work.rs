//! The work of one core transaction: what was decided is gathered here, then signed and sealed
//! (`sealing`), written set-wise, and committed together.

use super::{
    Processor,
    draft::{Draft, PeerRecipient},
    register::Known,
};
use crate::{
    Fault,
    store::{
        alarm::{self, Alarm},
        key_set, link, link_item,
        link_item::ItemRow,
        outbox::{self, LetterRow},
        peer::{self, PeerRow},
        peer_session::{self, Changes},
        quarantine::{self, QuarantineRow},
    },
};
use envelope::{RsaPublicKey, SessionKey, parameters::Version, register::Register};
use message::{
    Bic, Body, Digest, MessageId, Payload, SessionId, Thumbprint, Timestamp, link::ItemKind,
    notice::Notice, payload::LIFETIME_SECONDS_MAX, receipt::Refusal,
};
use relay::link::chain::{ChainHash, Position};
use sqlx::PgConnection;
use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

/// Something for the other end of a link.
pub(super) struct Item {
    pub(super) party: String,
    pub(super) kind: ItemKind,
    pub(super) body: Vec<u8>,
    /// The payment that it asks for.
    pub(super) payment: Option<MessageId>,
}

/// What a transaction has decided and not written yet.
pub(super) struct Work {
    pub(super) now: Timestamp,
    pub(super) source: String,
    pub(super) drafts: Vec<Draft>,
    /// For every active device of a customer but this one.
    pub(super) notices: Vec<(i64, Option<Thumbprint>, Notice)>,
    pub(super) aside: Vec<QuarantineRow>,
    pub(super) alarms: Vec<Alarm>,
    pub(super) items: Vec<Item>,
    pub(super) letters: Vec<LetterRow>,
    /// What becomes of the sessions with other banks.
    pub(super) sessions: Changes,
    /// The authority's register with what this transaction adds to it.
    pub(super) register: Option<Arc<Register>>,
    /// The parameters that it is decided under.
    pub(super) parameters: Option<Arc<Version>>,
}

impl Work {
    pub(super) fn new(now: Timestamp, source: &str) -> Self {
        Self {
            now,
            source: source.to_owned(),
            drafts: Vec::new(),
            notices: Vec::new(),
            aside: Vec::new(),
            alarms: Vec::new(),
            items: Vec::new(),
            letters: Vec::new(),
            sessions: Changes::default(),
            register: None,
            parameters: None,
        }
    }

    /// The version of the parameters; 0 for none.
    pub(super) fn version(&self) -> u64 {
        let version = self.parameters.as_ref();
        version.map_or(0, |version| version.position.number)
    }
}

/// The other banks, the keys to seal to them, and the sessions to seal in.
pub(super) struct Peers {
    pub(super) rows: Vec<PeerRow>,
    /// Why no new payments are made with any of them.
    pub(super) shut: Option<Refusal>,
    keys: HashMap<Bic, RsaPublicKey>,
    sessions: HashMap<Bic, (SessionId, SessionKey)>,
}

impl Peers {
    /// The bank that keeps accounts with this prefix.
    pub(super) fn of_iban(&self, iban: &message::Iban) -> Option<&PeerRow> {
        self.rows
            .iter()
            .find(|row| iban.has_prefix(&row.iban_prefix))
    }

    /// Whether new payments are made with this bank now, and if not, why.
    pub(super) fn reachable(&self, row: &PeerRow) -> Result<(), Refusal> {
        match self.shut.or(row.shut) {
            Some(refusal) => Err(refusal),
            None if self.keys.contains_key(&row.bic) => Ok(()),
            None => Err(Refusal::PeerUnavailable),
        }
    }

    /// How to seal to a bank; none when its key set is not here.
    pub(super) fn recipient(&self, bic: &Bic, in_session: bool) -> Option<PeerRecipient> {
        let session = self.sessions.get(bic).filter(|_| in_session);
        Some(PeerRecipient {
            party: bic.lower(),
            key: self.keys.get(bic)?.clone(),
            session: session.cloned(),
        })
    }

    /// Nothing more is sealed in this session.
    pub(super) fn forget(&mut self, ended: SessionId) {
        self.sessions.retain(|_, (id, _)| *id != ended);
    }
}

impl Processor {
    /// The frame of a message of ours.
    pub(super) fn payload<B: Body>(
        &self,
        aud: String,
        re: Option<Digest>,
        body: B,
        now: Timestamp,
    ) -> Payload<B> {
        Payload {
            iss: self.keyring.issuer.clone(),
            aud,
            jti: MessageId::new(self.random()),
            iat: now,
            exp: now.saturating_add(LIFETIME_SECONDS_MAX),
            re,
            body,
        }
    }

    /// Reads the other banks.
    pub(super) async fn peers(
        &self,
        core: &mut PgConnection,
        now: Timestamp,
    ) -> Result<Peers, Fault> {
        let known = self.register(core, now).await?;
        self.peers_in(core, &known, now).await
    }

    /// Reads the other banks, and what the register says of them.
    pub(super) async fn peers_in(
        &self,
        core: &mut PgConnection,
        known: &Known,
        now: Timestamp,
    ) -> Result<Peers, Fault> {
        let rows = peer::all(core).await?;
        let (mut keys, mut sessions) = (HashMap::new(), HashMap::new());
        if !rows.is_empty() {
            let sets = key_set::newest(core).await?;
            for row in &rows {
                if let Some((number, jws)) = sets.get(&row.bic.lower()) {
                    keys.insert(row.bic.clone(), self.keys.of_set(&row.bic, *number, jws)?);
                }
            }
            for row in peer_session::to_seal_in(core, now).await? {
                if let Some((outward, _)) = self.session_keys(&row)? {
                    sessions.insert(row.peer, (row.id, outward));
                }
            }
        }
        let mut peers = Peers {
            rows,
            shut: None,
            keys,
            sessions,
        };
        self.judge_peers(known, &mut peers, now);
        Ok(peers)
    }

    /// Writes what is left: quarantine, alarms, letters, and last, under their locks, the items of
    /// links and what becomes of sessions.
    pub(super) async fn close(&self, core: &mut PgConnection, work: Work) -> Result<(), Fault> {
        for row in &work.aside {
            tracing::warn!(
                envelope = %data_encoding::HEXLOWER.encode(&row.envelope),
                reason = row.reason,
                source = work.source,
                "put aside"
            );
        }
        quarantine::insert(core, &work.aside, &work.source, work.now).await?;
        for raised in &work.alarms {
            if alarm::insert(core, raised, work.now).await? {
                tracing::error!(
                    party = raised.party,
                    seq = raised.seq,
                    what = raised.what,
                    "alarm"
                );
            }
        }
        outbox::insert_letters(core, &work.letters).await?;
        write_items(core, work.items, work.now).await?;
        peer_session::write(core, &work.sessions, work.now).await
    }
}

/// Gives items their numbers, each in the chain of its link.
async fn write_items(
    core: &mut PgConnection,
    items: Vec<Item>,
    now: Timestamp,
) -> Result<(), Fault> {
    let mut by_party: BTreeMap<String, Vec<Item>> = BTreeMap::new();
    for item in items {
        by_party.entry(item.party.clone()).or_default().push(item);
    }
    let parties: Vec<&str> = by_party.keys().map(String::as_str).collect();
    if parties.is_empty() {
        return Ok(());
    }
    let rows = link::lock_out(core, &parties).await?;
    for mut row in rows {
        let items = by_party.remove(&row.party).unwrap_or_default();
        let mut position = position(&row)?;
        let mut stored = Vec::with_capacity(items.len());
        for item in items {
            let payment = item.payment;
            let (linked, next) = position
                .append(item.kind.word(), item.body)
                .ok_or_else(|| Fault::Setup("a link has run out of numbers".to_owned()))?;
            position = next;
            stored.push(ItemRow {
                epoch: row.epoch,
                seq: i64::try_from(linked.seq).unwrap_or(i64::MAX),
                prev: linked.prev.as_bytes().to_vec(),
                hash: linked.hash.as_bytes().to_vec(),
                kind: linked.kind,
                body: linked.body,
                at: now,
                payment: payment.map(|payment| payment.as_bytes().to_vec()),
            });
        }
        row.last_seq = i64::try_from(position.seq).unwrap_or(i64::MAX);
        row.last_hash = *position.hash.as_bytes();
        link_item::insert(core, &row.party, &stored).await?;
        let seqs: Vec<i64> = stored.iter().map(|item| item.seq).collect();
        outbox::insert_items(core, &row.party, row.epoch, &seqs).await?;
        link::advance(core, "out", &row).await?;
    }
    if let Some(party) = by_party.keys().next() {
        return Err(Fault::Setup(format!("there is no link to {party}")));
    }
    Ok(())
}

/// Where a direction stands, in the words of the link protocol.
pub(super) fn position(row: &link::LinkRow) -> Result<Position, Fault> {
    let at = |column| crate::store::At("link", column);
    Ok(Position {
        epoch: at("epoch").of(u32::try_from(row.epoch))?,
        seq: at("last_seq").of(u64::try_from(row.last_seq))?,
        hash: ChainHash::new(row.last_hash),
    })
}
