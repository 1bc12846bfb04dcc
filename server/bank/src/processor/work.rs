//! The work of one core transaction: what was decided is gathered here, then signed and sealed on
//! all cores, written set-wise, and committed together.

use super::{
    Processor, crypto,
    draft::{Draft, Keep, Outgoing, Recipient, To},
};
use crate::{
    Fault,
    store::{
        alarm::{self, Alarm},
        answer, device, key_set, link, link_item,
        link_item::ItemRow,
        outbox::{self, LetterRow},
        payment_in, payment_out,
        peer::{self, PeerRow},
        quarantine::{self, QuarantineRow},
        receipt, session,
    },
};
use envelope::{EnvelopeError, Jwe, Jws, RsaPublicKey};
use message::{
    Bic, Body, Digest, MessageId, Payload, Thumbprint, Timestamp, link::ItemKind, notice::Notice,
    payload::LIFETIME_SECONDS_MAX,
};
use rayon::prelude::*;
use relay::link::chain::{ChainHash, Position};
use sqlx::PgConnection;
use std::collections::{BTreeMap, BTreeSet, HashMap};

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
    letters: Vec<LetterRow>,
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
    keys: HashMap<Bic, RsaPublicKey>,
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

type Sealed = (
    Jws,
    Keep,
    Vec<(Thumbprint, Jwe)>,
    Option<(String, Jwe)>,
    Option<Timestamp>,
);

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

    /// Signs and seals what was decided so far, and writes what is kept of it. Letters and items wait
    /// in `work` for [`Processor::close`].
    pub(super) async fn seal(
        &self,
        core: &mut PgConnection,
        work: &mut Work,
        peers: &Peers,
    ) -> Result<(), Fault> {
        let outgoing = self.address(core, work, peers).await?;
        if outgoing.is_empty() {
            return Ok(());
        }
        let this = self.clone();
        let sealed: Vec<Result<Sealed, EnvelopeError>> = crypto(move || {
            outgoing
                .into_par_iter()
                .map(|out| this.seal_one(out))
                .collect()
        })
        .await?;
        let (mut receipts, mut answers, mut outs, mut ins) = (
            vec![],
            vec![],
            vec![],
            BTreeMap::<String, Vec<payment_in::InRow>>::new(),
        );
        for sealed in sealed {
            let (jws, keep, letters, item, expires_at) = sealed?;
            if matches!(keep, Keep::In(_) | Keep::Out(_)) && item.is_none() {
                let words = "a message to another bank cannot be sealed: its key set is not here";
                return Err(Fault::Setup(words.to_owned()));
            }
            match keep {
                Keep::Nothing => {}
                Keep::Receipt(mut row) => {
                    row.jws = jws.as_str().to_owned();
                    receipts.push(row);
                }
                Keep::Answer(digest) => answers.push((digest, jws.as_str().to_owned())),
                Keep::Out(mut row) => {
                    row.request_digest = jws.digest();
                    row.request = jws.as_str().to_owned();
                    outs.push(*row);
                }
                Keep::In(mut row) => {
                    row.answer = jws.as_str().to_owned();
                    if let Some((party, _)) = &item {
                        ins.entry(party.to_ascii_uppercase())
                            .or_default()
                            .push(*row);
                    }
                }
            }
            work.letters
                .extend(letters.into_iter().map(|(mailbox, jwe)| LetterRow {
                    envelope: jwe.id(),
                    mailbox,
                    body: jwe.as_str().to_owned(),
                    expires_at,
                }));
            work.items.extend(item.map(|(party, jwe)| Item {
                party,
                kind: ItemKind::Envelope,
                body: jwe.as_str().as_bytes().to_vec(),
            }));
        }
        receipt::insert(core, &receipts, work.now).await?;
        answer::insert(core, &answers, work.now).await?;
        payment_out::insert(core, &outs, work.now).await?;
        for (peer, rows) in ins {
            payment_in::insert(core, &peer, &rows, work.now).await?;
        }
        Ok(())
    }

    /// Finds the devices and banks that drafts and notices go to.
    async fn address(
        &self,
        core: &mut PgConnection,
        work: &mut Work,
        peers: &Peers,
    ) -> Result<Vec<Outgoing>, Fault> {
        let mut customers: BTreeSet<i64> = work.notices.iter().map(|n| n.0).collect();
        let mut single: BTreeSet<Thumbprint> = BTreeSet::new();
        for draft in &work.drafts {
            match draft.to {
                To::Customer(number) => drop(customers.insert(number)),
                To::Device(id) => drop(single.insert(id)),
                To::Key(..) | To::Peer(_) => {}
            }
        }
        let customers: Vec<i64> = customers.into_iter().collect();
        let single: Vec<Thumbprint> = single.into_iter().collect();
        let of_customers = if customers.is_empty() {
            Vec::new()
        } else {
            device::active_of(core, &customers).await?
        };
        let alone = if single.is_empty() {
            Vec::new()
        } else {
            device::by_ids(core, &single).await?
        };
        let ids: BTreeSet<Thumbprint> = of_customers.iter().chain(&alone).map(|d| d.id).collect();
        let ids: Vec<Thumbprint> = ids.into_iter().collect();
        let mut live: HashMap<Thumbprint, session::SessionRow> = HashMap::new();
        if !ids.is_empty() {
            let rows = session::newest_of(core, &ids, work.now).await?;
            live.extend(rows.into_iter().map(|row| (row.device, row)));
        }
        let recipient = |device: &device::Device| {
            Ok::<_, Fault>(Recipient {
                mailbox: device.id,
                key: self.keys.of(&device.encryption_key)?,
                session: live.get(&device.id).cloned(),
            })
        };
        let mut by_customer: HashMap<i64, Vec<Recipient>> = HashMap::new();
        for device in &of_customers {
            let recipients = by_customer.entry(device.customer).or_default();
            recipients.push(recipient(device)?);
        }
        let mut by_device = HashMap::new();
        for device in &alone {
            by_device.insert(device.id, recipient(device)?);
        }
        for (customer, except, notice) in std::mem::take(&mut work.notices) {
            for to in by_customer.get(&customer).into_iter().flatten() {
                if Some(to.mailbox) != except {
                    let payload =
                        self.payload(to.mailbox.to_string(), None, notice.clone(), work.now);
                    by_device.entry(to.mailbox).or_insert_with(|| to.clone());
                    work.drafts
                        .push(Draft::new(payload, Keep::Nothing, To::Device(to.mailbox)));
                }
            }
        }
        let address = |draft: Draft| {
            let (recipients, peer) = match &draft.to {
                To::Customer(number) => {
                    (by_customer.get(number).cloned().unwrap_or_default(), None)
                }
                To::Device(id) => (by_device.get(id).cloned().into_iter().collect(), None),
                To::Key(mailbox, key) => {
                    let to = Recipient {
                        mailbox: *mailbox,
                        key: key.clone(),
                        session: None,
                    };
                    (vec![to], None)
                }
                To::Peer(bic) => {
                    let key = peers.keys.get(bic).cloned();
                    (Vec::new(), key.map(|key| (bic.lower(), key)))
                }
            };
            Outgoing {
                draft,
                recipients,
                peer,
            }
        };
        Ok(std::mem::take(&mut work.drafts)
            .into_iter()
            .map(address)
            .collect())
    }

    fn seal_one(&self, out: Outgoing) -> Result<Sealed, EnvelopeError> {
        let mut rng = self.entropy.rng();
        let Draft {
            sign,
            keep,
            expires_at,
            ..
        } = out.draft;
        let jws = sign(&*self.rsa, &self.keyring.signing, &mut *rng)?;
        let mut letters = Vec::with_capacity(out.recipients.len());
        for to in out.recipients {
            let keys = to.session.as_ref().map(|row| {
                let keys = self.keyring.storage.open(row.id, row.device, &row.keys);
                keys.map(|keys| (row.id, keys.to_device))
            });
            let jwe = match keys.transpose()? {
                Some((id, key)) => envelope::seal_to_session(id, &key, &jws, &mut *rng)?,
                None => envelope::seal_to_key(&*self.rsa, &to.key, &jws, &mut *rng)?,
            };
            letters.push((to.mailbox, jwe));
        }
        let item = out
            .peer
            .map(|(party, key)| {
                let jwe = envelope::seal_to_key(&*self.rsa, &key, &jws, &mut *rng)?;
                Ok::<_, EnvelopeError>((party, jwe))
            })
            .transpose()?;
        Ok((jws, keep, letters, item, expires_at))
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
