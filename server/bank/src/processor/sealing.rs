//! Signs and seals what was decided, on all cores, and writes what is kept of it.

use super::{
    Processor, crypto,
    draft::{Draft, Keep, Outgoing, Recipient},
    work::{Item, Peers, Work},
};
use crate::{
    Fault,
    secret::Holder,
    store::{
        answer, outbox::LetterRow, payment_in, payment_in::InRow, payment_out, payment_out::OutRow,
        receipt, receipt::ReceiptRow,
    },
};
use envelope::{CryptoRng, EnvelopeError, Jwe, Jws};
use message::{Digest, Thumbprint, Timestamp, link::ItemKind, receipt::ReceiptCopy};
use rayon::prelude::*;
use sqlx::PgConnection;
use std::collections::{BTreeMap, HashSet};

/// A signed message, sealed to everybody it goes to.
struct Sealed {
    jws: Jws,
    keep: Keep,
    letters: Vec<(Thumbprint, Jwe)>,
    party: Option<String>,
    /// For that party.
    items: Vec<Jwe>,
    expires_at: Option<Timestamp>,
}

/// The rows that are kept of a batch of signed messages.
#[derive(Default)]
struct Kept {
    receipts: Vec<ReceiptRow>,
    answers: Vec<(Digest, String)>,
    outs: Vec<OutRow>,
    /// By bank.
    ins: BTreeMap<String, Vec<InRow>>,
}

impl Kept {
    /// Adds what the signature gives to what is kept of a message.
    fn add(&mut self, keep: Keep, jws: &Jws, party: Option<&str>) -> Result<(), Fault> {
        let text = jws.as_str().to_owned();
        match (keep, party) {
            (Keep::Nothing, _) => {}
            (Keep::Receipt(row), _) => self.receipts.push(ReceiptRow { jws: text, ..row }),
            (Keep::Answer(digest), _) => self.answers.push((digest, text)),
            (Keep::Out(row), Some(_)) => self.outs.push(OutRow {
                request_digest: jws.digest(),
                request: text,
                ..*row
            }),
            (Keep::In(row), Some(party)) => {
                let rows = self.ins.entry(party.to_ascii_uppercase()).or_default();
                rows.push(InRow {
                    answer: text,
                    ..*row
                });
            }
            (Keep::Out(_) | Keep::In(_), None) => {
                let words = "a message to another bank cannot be sealed: its key set is not here";
                return Err(Fault::Setup(words.to_owned()));
            }
        }
        Ok(())
    }

    async fn write(self, core: &mut PgConnection, now: Timestamp) -> Result<(), Fault> {
        receipt::insert(core, &self.receipts, now).await?;
        answer::insert(core, &self.answers, now).await?;
        payment_out::insert(core, &self.outs, now).await?;
        for (peer, rows) in self.ins {
            payment_in::insert(core, &peer, &rows, now).await?;
        }
        Ok(())
    }
}

impl Processor {
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
        let signed_before = outgoing.iter().filter_map(|out| out.draft.signer);
        let signed_before: HashSet<Thumbprint> = signed_before.collect();
        let removed = self.removed(core, signed_before).await?;
        let (this, now) = (self.clone(), work.now);
        let sealed: Vec<Result<Sealed, EnvelopeError>> = crypto(move || {
            let seal = |out| this.seal_one(out, &removed, now);
            outgoing.into_par_iter().map(seal).collect()
        })
        .await?;
        let mut kept = Kept::default();
        for sealed in sealed {
            let sealed = sealed?;
            let payment = match &sealed.keep {
                Keep::Out(row) => Some(row.payment),
                _ => None,
            };
            kept.add(sealed.keep, &sealed.jws, sealed.party.as_deref())?;
            let letters = sealed.letters.into_iter();
            work.letters.extend(letters.map(|(mailbox, jwe)| LetterRow {
                envelope: jwe.id(),
                mailbox,
                body: jwe.as_str().to_owned(),
                expires_at: sealed.expires_at,
            }));
            for (party, jwe) in sealed.party.iter().cycle().zip(sealed.items) {
                if let envelope::Recipient::Session(id) = jwe.recipient() {
                    work.sessions.used.entry(id).or_default().sent += 1;
                }
                work.items.push(Item {
                    party: party.clone(),
                    kind: ItemKind::Envelope,
                    body: jwe.as_str().as_bytes().to_vec(),
                    payment,
                });
            }
        }
        kept.write(core, work.now).await
    }

    /// What one of those has signed who were removed goes behind an attestation.
    fn seal_one(
        &self,
        out: Outgoing,
        removed: &HashSet<Thumbprint>,
        now: Timestamp,
    ) -> Result<Sealed, EnvelopeError> {
        let mut rng = self.entropy.rng();
        let Draft {
            sign,
            keep,
            expires_at,
            ..
        } = out.draft;
        let jws = sign(&*self.rsa, &self.keyring.signing, &mut *rng)?;
        let attestation = match removed.contains(&jws.kid()) {
            true => Some(self.attest(&jws, now, &mut *rng)?),
            false => None,
        };
        let mut letters = Vec::with_capacity(out.recipients.len() + out.copies.len());
        for to in &out.recipients {
            for jws in attestation.iter().chain([&jws]) {
                letters.push((to.mailbox, self.seal_letter(to, jws, &mut *rng)?));
            }
        }
        for to in &out.copies {
            let body = ReceiptCopy {
                receipt: jws.as_str().to_owned(),
            };
            let payload = self.payload(to.mailbox.to_string(), None, body, now);
            let copy = envelope::sign(&*self.rsa, &self.keyring.signing, &payload, &mut *rng)?;
            letters.push((to.mailbox, self.seal_letter(to, &copy, &mut *rng)?));
        }
        let mut items = Vec::new();
        if let Some(to) = &out.peer {
            for jws in attestation.iter().chain([&jws]) {
                items.push(match &to.session {
                    Some((id, key)) => envelope::seal_to_session(*id, key, jws, &mut *rng)?,
                    None => envelope::seal_to_key(&*self.rsa, &to.key, jws, &mut *rng)?,
                });
            }
        }
        Ok(Sealed {
            jws,
            keep,
            letters,
            party: out.peer.map(|to| to.party),
            items,
            expires_at,
        })
    }

    /// Seals to a device: in its session if it has one.
    fn seal_letter(
        &self,
        to: &Recipient,
        jws: &Jws,
        rng: &mut dyn CryptoRng,
    ) -> Result<Jwe, EnvelopeError> {
        let Some(row) = &to.session else {
            return envelope::seal_to_key(&*self.rsa, &to.key, jws, rng);
        };
        let holder = Holder::Device(row.device);
        let keys = self.keyring.storage.open(row.id, holder, &row.keys)?;
        envelope::seal_to_session(row.id, &keys.to_device, jws, rng)
    }
}
