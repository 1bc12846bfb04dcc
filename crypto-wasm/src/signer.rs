//! Who signs for the bank: its processors, each with a key certified under the bank's CA.

use crate::{
    bank::{Met, certificate_from_base64},
    host::{Host, Method, Response},
    state::{Worker, from_json, not_verified},
};
use envelope::{Certificate, Jws, Role, RustCryptoRsa, Verified, VerifyingKey, verify_chain};
use message::{Thumbprint, Timestamp, api::CertificateChain, worker::Failure};

/// How many signers are remembered; a bank has a handful.
const SIGNERS_MAX: usize = 64;

/// A processor's certificate, its CAs, and when they were found to hold.
pub(crate) struct Signer {
    /// Of the processor, then the CAs above it, without the bank's.
    pub(crate) chain: Vec<Certificate>,
    key: VerifyingKey,
    /// Its chain holds, from the first time to the last.
    held: Option<(Timestamp, Timestamp)>,
}

impl Signer {
    /// Its certificate has ended: processors renew theirs, and there may be a newer one.
    fn ended(&self, now: Timestamp) -> bool {
        let leaf = self.chain.first();
        leaf.is_none_or(|leaf| leaf.not_after() < now)
    }

    /// Every certificate that its word rests on.
    fn all<'a>(&'a self, met: &'a Met) -> impl Iterator<Item = &'a Certificate> {
        let above = [met.bank_ca.certificate(), met.anchor.certificate()];
        self.chain.iter().chain(above)
    }

    /// The chain holds at that time, up to the pinned bank CA and root.
    fn check(&mut self, rsa: &RustCryptoRsa, met: &Met, at: Timestamp) -> Result<(), Failure> {
        if self
            .held
            .is_some_and(|(from, to)| (from..=to).contains(&at))
        {
            return Ok(());
        }
        let (leaf, cas) = self
            .chain
            .split_first()
            .ok_or_else(|| not_verified("the signer shows no certificate"))?;
        let mut cas = cas.to_vec();
        cas.push(met.bank_ca.certificate().clone());
        let (anchor, role) = (&met.anchor, Role::Processor);
        verify_chain(rsa, anchor, leaf, &cas, role, &met.bic, at).map_err(not_verified)?;
        // The time matters only through these: what holds now holds as long as all of them do.
        let from = self.all(met).map(Certificate::not_before).max();
        let to = self.all(met).map(Certificate::not_after).min();
        self.held = from.zip(to);
        Ok(())
    }
}

impl<H: Host> Worker<H> {
    /// Fetches the certificate of a signer that is not known yet, from the first edge that shows one
    /// which leads to the bank: an edge may not have heard of a new processor, or may lie. Whether it
    /// held at some time, [`Worker::check_signer`] says.
    pub(crate) async fn fetch_signer(&self, kid: Thumbprint) -> Result<(), Failure> {
        let now = self.now();
        let known = self.with(|state| state.signers.get(&kid).map(|signer| signer.ended(now)));
        if known == Some(false) {
            return Ok(());
        }
        let (edges, start) = self.with(|state| (state.edges.clone(), state.edge));
        let mut answered = false;
        for step in 0..edges.len() {
            let edge = &edges[(start + step) % edges.len()];
            let url = format!("{edge}/v1/certificates/{kid}");
            let Ok(response) = self.call(Method::Get, url, None).await else {
                continue;
            };
            answered = true;
            if let Some(signer) = self.signer_in(&response, kid)? {
                self.with(|state| {
                    if state.signers.len() >= SIGNERS_MAX {
                        state.signers.clear();
                    }
                    state.signers.insert(kid, signer);
                });
                return Ok(());
            }
        }
        self.line(answered);
        match answered {
            // What it signed in its time is still checked with the certificate that is here.
            _ if known.is_some() => Ok(()),
            true => Err(not_verified(
                "no edge shows the signer's certificate under this bank",
            )),
            false => Err(Failure::NoLine),
        }
    }

    /// The signer that an edge shows, where it is the one and its chain leads to the pinned bank CA.
    fn signer_in(&self, response: &Response, kid: Thumbprint) -> Result<Option<Signer>, Failure> {
        let shown = from_json::<CertificateChain>(&response.body);
        let (200, Ok(shown)) = (response.status, shown) else {
            return Ok(None);
        };
        let chain = shown.certificates.iter().take(4);
        let chain: Result<Vec<_>, _> = chain.map(|text| certificate_from_base64(text)).collect();
        let Ok(mut chain) = chain else {
            return Ok(None);
        };
        // The bank CA's certificate is the pinned one, whatever stands here.
        chain.retain(|certificate| certificate.role() != Role::BankCa);
        let leaf = chain.first().filter(|leaf| leaf.key_thumbprint() == kid);
        let Some(key) = leaf.and_then(Certificate::verifying_key).cloned() else {
            return Ok(None);
        };
        let held = None;
        let mut signer = Signer { chain, key, held };
        let leads = self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::NoLine)?;
            let begin = signer.all(met).map(Certificate::not_before).max();
            Ok(begin.is_some_and(|at| signer.check(&self.rsa, met, at).is_ok()))
        })?;
        Ok(leads.then_some(signer))
    }

    /// Whether the signature holds; whose it is, [`Worker::check_signer`] says.
    pub(crate) fn verify(&self, jws: &Jws) -> Result<Verified, Failure> {
        self.with(|state| {
            let signer = state
                .signers
                .get(&jws.kid())
                .ok_or_else(|| not_verified("the signer is not known"))?;
            jws.verify(&self.rsa, &signer.key).map_err(not_verified)
        })
    }

    /// Whether the key was a processor's of this bank at the time: chain to the pinned bank CA and root,
    /// and the bank has not removed it since.
    pub(crate) fn check_signer(&self, jws: &Jws, at: Timestamp) -> Result<(), Failure> {
        self.check_not_removed(jws)?;
        self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::NoLine)?;
            let signer = state
                .signers
                .get_mut(&jws.kid())
                .ok_or_else(|| not_verified("the signer is not known"))?;
            signer.check(&self.rsa, met, at)
        })
    }
}
