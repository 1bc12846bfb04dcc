//! The work of one core transaction: what was decided is gathered here, then signed and sealed
//! (`sealing`), written set-wise, and committed together.

use super::{Processor, draft::Draft};
use crate::{
    Fault,
    store::{
        alarm::{self, Alarm},
        key_set, link, link_item,
        link_item::ItemRow,
        outbox::{self, LetterRow},
        peer::{self, PeerRow},
        quarantine::{self, QuarantineRow},
    },
};
use envelope::RsaPublicKey;
use message::{
    Bic, Body, Digest, MessageId, Payload, Thumbprint, Timestamp, link::ItemKind, notice::Notice,
    payload::LIFETIME_SECONDS_MAX,
};
use relay::link::chain::{ChainHash, Position};
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashMap};

/// Something for the other end of a link.
pub(super) struct Item {
    pub(super) party: String,
    pub(super) kind: ItemKind,
    pub(super) body: Vec<u8>,
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
        }
    }
}

/// The other banks and the keys to seal to them.
pub(super) struct Peers {
    pub(super) rows: Vec<PeerRow>,
    pub(super) keys: HashMap<Bic, RsaPublicKey>,
}

impl Peers {
    /// The bank that keeps accounts with this prefix.
    pub(super) fn of_iban(&self, iban: &message::Iban) -> Option<&PeerRow> {
        self.rows
            .iter()
            .find(|row| iban.has_prefix(&row.iban_prefix))
    }

    /// Whether something can be sealed to this bank.
    pub(super) fn reachable(&self, row: &PeerRow) -> bool {
        row.active && self.keys.contains_key(&row.bic)
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
    pub(super) async fn peers(&self, core: &mut PgConnection) -> Result<Peers, Fault> {
        let rows = peer::all(core).await?;
        let mut keys = HashMap::new();
        if !rows.is_empty() {
            let sets = key_set::newest(core).await?;
            for row in &rows {
                if let Some((number, jws)) = sets.get(&row.bic.lower()) {
                    keys.insert(row.bic.clone(), self.keys.of_set(&row.bic, *number, jws)?);
                }
            }
        }
        Ok(Peers { rows, keys })
    }

    /// Writes what is left: quarantine, alarms, letters, and last, under the links' locks, the items.
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
        let mut by_party: BTreeMap<String, Vec<Item>> = BTreeMap::new();
        for item in work.items {
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
                    at: work.now,
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
