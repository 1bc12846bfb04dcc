//! Processors that the bank has removed: the newest key set names them, and nothing they have signed is
//! believed by itself, whatever its date. The bank attests what it stands by.

use crate::{
    host::Host,
    state::{Worker, not_verified},
};
use envelope::Jws;
use message::{
    Digest, Kind, Payload, Thumbprint,
    receipt::{Receipt, ReceiptAttest},
    worker::Failure,
};

/// So many attestations are remembered before all are forgotten: each is to be had again.
const ATTESTED_MAX: usize = 1_000;

impl<H: Host> Worker<H> {
    /// What a removed processor has signed counts only where the bank has attested it. An attestation
    /// of one never does.
    pub(crate) fn check_not_removed(&self, jws: &Jws) -> Result<(), Failure> {
        let attested = jws.kind() != Kind::ReceiptAttest
            && self.with(|state| {
                let open = state.open.as_ref();
                open.is_some_and(|open| open.attested.contains(&jws.digest()))
            });
        match attested || !self.is_removed(&jws.kid()) {
            true => Ok(()),
            false => Err(not_verified(
                "it is signed by a processor that the bank has removed, and not attested",
            )),
        }
    }

    fn is_removed(&self, signer: &Thumbprint) -> bool {
        self.with(|state| {
            let met = state.met.as_ref();
            met.is_some_and(|met| met.removed.contains(signer))
        })
    }

    /// The bank stands by this message.
    pub(crate) fn note_attested(&self, message: Digest) -> Result<(), Failure> {
        self.with_open(|open| {
            if open.attested.len() >= ATTESTED_MAX {
                open.attested.clear();
            }
            open.attested.insert(message);
        })
    }

    /// Takes the attestation that stands beside a receipt: of this receipt, for whom the receipt is, by
    /// a processor that was not removed.
    pub(crate) async fn take_attestation(&self, text: &str, receipt: &Jws) -> Result<(), Failure> {
        let jws = Jws::parse(text).map_err(not_verified)?;
        let about: Payload<Receipt> = serde_json::from_slice(receipt.unverified_payload())
            .map_err(|_| not_verified("the receipt cannot be read"))?;
        self.bank_ready().await?;
        self.fetch_signer(jws.kid()).await?;
        let verified = self.verify(&jws)?;
        let payload: Payload<ReceiptAttest> = verified.payload().map_err(not_verified)?;
        payload
            .check_frame(&jws.kid().to_string(), &about.aud)
            .map_err(not_verified)?;
        if payload.body.attested != receipt.digest() {
            return Err(not_verified("the attestation is of another receipt"));
        }
        self.check_signer(&jws, payload.iat)?;
        self.note_attested(payload.body.attested)
    }

    /// A receipt was not believed. Where that is because its signer was removed, and this device waits
    /// for it, the bank is asked: it attests the receipt that it holds.
    pub(crate) fn ask_for_attestation(&self, jws: &Jws) {
        let receipt = serde_json::from_slice::<Payload<Receipt>>(jws.unverified_payload());
        let (Kind::Receipt, true, Ok(receipt)) = (jws.kind(), self.is_removed(&jws.kid()), receipt)
        else {
            return;
        };
        let id = receipt.body.order;
        let awaited = self.with_open(|open| open.orders.contains_key(&id));
        if awaited.unwrap_or_default() {
            self.spawn(|me| async move {
                if let Err(failure) = me.enquire(id).await {
                    me.host.warn(&format!("asking for a receipt: {failure:?}"));
                }
            });
        }
    }
}
