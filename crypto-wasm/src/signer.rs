//! Who signs for the bank: its processors, each with a key certified under the bank's CA.

use crate::{
    bank::certificate_from_base64,
    host::Host,
    state::{Worker, not_verified},
};
use envelope::{Certificate, Jws, Role, Verified, VerifyingKey, verify_chain};
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

impl<H: Host> Worker<H> {
    /// Fetches the certificate of a signer that is not known yet. Nothing of it is believed before
    /// [`Worker::check_signer`].
    pub(crate) async fn fetch_signer(&self, kid: Thumbprint) -> Result<(), Failure> {
        if self.with(|state| state.signers.contains_key(&kid)) {
            return Ok(());
        }
        let answer: CertificateChain = self.get_public(&format!("/v1/certificates/{kid}")).await?;
        let mut chain = Vec::new();
        for text in answer.certificates.iter().take(4) {
            chain.push(certificate_from_base64(text)?);
        }
        // The bank CA's certificate is the pinned one, whatever stands here.
        chain.retain(|certificate| certificate.role() != Role::BankCa);
        let leaf = chain
            .first()
            .filter(|leaf| leaf.key_thumbprint() == kid)
            .ok_or_else(|| not_verified("the signer's certificate is for another key"))?;
        let key = leaf
            .verifying_key()
            .cloned()
            .ok_or_else(|| not_verified("the signer's certificate is not for signing"))?;
        self.with(|state| {
            if state.signers.len() >= SIGNERS_MAX {
                state.signers.clear();
            }
            let held = None;
            state.signers.insert(kid, Signer { chain, key, held });
        });
        Ok(())
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

    /// Whether the key was a processor's of this bank at the time: chain to the pinned bank CA and root.
    pub(crate) fn check_signer(&self, kid: Thumbprint, at: Timestamp) -> Result<(), Failure> {
        self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::NoLine)?;
            let signer = state
                .signers
                .get_mut(&kid)
                .ok_or_else(|| not_verified("the signer is not known"))?;
            if signer
                .held
                .is_some_and(|(from, to)| (from..=to).contains(&at))
            {
                return Ok(());
            }
            let (leaf, cas) = signer
                .chain
                .split_first()
                .ok_or_else(|| not_verified("the signer shows no certificate"))?;
            let mut cas = cas.to_vec();
            cas.push(met.bank_ca.certificate().clone());
            let (anchor, role) = (&met.anchor, Role::Processor);
            verify_chain(&self.rsa, anchor, leaf, &cas, role, &met.bic, at)
                .map_err(not_verified)?;
            // The time matters only through these: what holds now holds as long as all of them do.
            let all = || cas.iter().chain([leaf, anchor.certificate()]);
            let from = all().map(Certificate::not_before).max();
            signer.held = from.zip(all().map(Certificate::not_after).min());
            Ok(())
        })
    }
}
