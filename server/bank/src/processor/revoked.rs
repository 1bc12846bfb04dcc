//! Processors that were removed: what one has signed counts no more by itself, whatever its date.
//! What our own had signed, and we stand by, is attested by whoever sends it again. What those of
//! another bank had signed counts where it stands on the link before the key set that names them.

use super::{Processor, intake::Reason, work::Work};
use crate::{
    Fault,
    store::{attested, key_set, processor},
};
use envelope::{CryptoRng, EnvelopeError, Jws, Malformed, Verified};
use message::{
    Digest, Kind, Payload, Thumbprint, Timestamp, key_set::KeySet, receipt::ReceiptAttest,
};
use sqlx::PgConnection;
use std::collections::{HashMap, HashSet};

const REMOVED_SIGNER: Reason = (
    "removed-signer",
    "The message is signed by a processor that its bank had removed before, and is not attested.",
);

/// Which of a bank's processors were removed, and by which item of its link: 0 for those that were
/// before the items at hand.
#[derive(Default)]
pub(super) struct Revoked(HashMap<Thumbprint, u64>);

impl Revoked {
    /// A key set that has been accepted stands at this place. Says whether it names anybody new.
    pub(super) fn add(&mut self, key_set: &str, seq: u64) -> Result<bool, Malformed> {
        let before = self.0.len();
        for signer in signers(key_set)? {
            self.0.entry(signer).or_insert(seq);
        }
        Ok(self.0.len() > before)
    }

    /// Whether the signer was removed before this item.
    fn before(&self, signer: &Thumbprint, seq: u64) -> bool {
        self.0.get(signer).is_some_and(|since| seq > *since)
    }

    /// Whether it was removed as far as is known now.
    pub(super) fn now(&self, signer: &Thumbprint) -> bool {
        self.0.contains_key(signer)
    }
}

/// Who was removed, by a key set that was verified when it was stored.
fn signers(key_set: &str) -> Result<Vec<Thumbprint>, Malformed> {
    let jws = Jws::parse(key_set)?;
    let set: Payload<KeySet> = serde_json::from_slice(jws.unverified_payload())
        .map_err(|_| Malformed("stored key set"))?;
    let revoked = set.body.revoked.into_iter();
    Ok(revoked.map(|revoked| revoked.signer).collect())
}

/// Judges a bank's messages in the order of its link, by who was removed and what was attested.
pub(super) struct Sieve<'a> {
    revoked: &'a Revoked,
    attested: HashSet<Digest>,
    heard: Vec<(Digest, String)>,
}

impl<'a> Sieve<'a> {
    /// For these messages, each with its place.
    pub(super) async fn of(
        core: &mut PgConnection,
        party: &str,
        revoked: &'a Revoked,
        messages: Vec<(u64, &Verified)>,
    ) -> Result<Self, Fault> {
        let doubtful = messages
            .iter()
            .filter(|(seq, verified)| revoked.before(&verified.signer(), *seq));
        let doubtful: Vec<Digest> = doubtful.map(|(_, verified)| verified.digest()).collect();
        Ok(Self {
            revoked,
            attested: attested::among(core, party, &doubtful).await?,
            heard: Vec::new(),
        })
    }

    /// Lets a message through, or says why not.
    pub(super) fn judge(&self, seq: u64, verified: &Verified) -> Result<(), Reason> {
        let removed = self.revoked.before(&verified.signer(), seq);
        // One that was removed attests nothing, itself attested or not.
        let attested =
            verified.kind() != Kind::ReceiptAttest && self.attested.contains(&verified.digest());
        if removed && !attested {
            return Err(REMOVED_SIGNER);
        }
        Ok(())
    }

    /// What comes later and is this message counts.
    pub(super) fn attest(&mut self, verified: &Verified, attestation: &ReceiptAttest) {
        let jws = verified.jws().as_str().to_owned();
        self.attested.insert(attestation.attested);
        self.heard.push((attestation.attested, jws));
    }

    /// Keeps what was attested.
    pub(super) async fn keep(
        self,
        core: &mut PgConnection,
        party: &str,
        now: Timestamp,
    ) -> Result<(), Fault> {
        attested::insert(core, party, &self.heard, now).await
    }
}

impl Processor {
    /// Who of a bank's processors was removed, as far as its key sets have come in.
    pub(super) async fn revoked(
        &self,
        core: &mut PgConnection,
        party: &str,
    ) -> Result<Revoked, Fault> {
        let mut revoked = Revoked::default();
        if let Some((_, jws)) = key_set::newest(core).await?.remove(party) {
            revoked.add(&jws, 0)?;
        }
        Ok(revoked)
    }

    /// Those of these signers who were processors of this bank and were removed.
    pub(super) async fn removed(
        &self,
        core: &mut PgConnection,
        mut signers: HashSet<Thumbprint>,
    ) -> Result<HashSet<Thumbprint>, Fault> {
        signers.remove(&self.id());
        if signers.is_empty() {
            return Ok(signers);
        }
        let others: Vec<Thumbprint> = signers.into_iter().collect();
        processor::removed_among(core, &others).await
    }

    /// Stands by a message that another processor of this bank has signed.
    pub(super) fn attest(
        &self,
        jws: &Jws,
        now: Timestamp,
        rng: &mut dyn CryptoRng,
    ) -> Result<Jws, EnvelopeError> {
        let said: Payload<serde_json::Value> = serde_json::from_slice(jws.unverified_payload())
            .map_err(|_| Malformed("a message of ours"))?;
        let digest = jws.digest();
        let body = ReceiptAttest { attested: digest };
        let payload = self.payload(said.aud, Some(digest), body, now);
        envelope::sign(&*self.rsa, &self.keyring.signing, &payload, rng)
    }

    /// The attestation that a receipt needs, if its signer was removed.
    pub(super) async fn attestation(
        &self,
        core: &mut PgConnection,
        receipt: &str,
        now: Timestamp,
    ) -> Result<Option<String>, Fault> {
        let jws = Jws::parse(receipt)?;
        let signer = HashSet::from([jws.kid()]);
        if self.removed(core, signer).await?.is_empty() {
            return Ok(None);
        }
        let mut rng = self.entropy.rng();
        let attestation = self.attest(&jws, now, &mut *rng)?;
        Ok(Some(attestation.as_str().to_owned()))
    }
}

/// Sessions with a bank end when it says that a processor was removed, who knows their keys.
pub(super) async fn end_sessions_with(
    core: &mut PgConnection,
    bank: &message::Bic,
    work: &mut Work,
) -> Result<(), Fault> {
    let live = crate::store::peer_session::live(core, bank).await?;
    let ended = live.into_iter().map(|id| (bank.clone(), id));
    work.sessions.ended.extend(ended);
    Ok(())
}
