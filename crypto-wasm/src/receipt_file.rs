//! A receipt as a file that anyone can check without us.

use crate::{
    bank::to_pem,
    host::Host,
    state::{Worker, fault, not_verified},
};
use envelope::Jws;
use message::{
    Bic, MessageId, Thumbprint,
    worker::{Answer, Failure},
};
use serde::Serialize;

/// What the reader has to do.
const HOW_TO_CHECK: [&str; 6] = [
    "Both `jws` texts are compact JWS (RFC 7515). The payload is the part between the two dots, base64url.",
    "Verify `receipt.jws` (alg EdDSA, typ receipt) with the key of the first of `receipt.certificates`. Its JWK thumbprint (RFC 7638) is `kid` in the header.",
    "Verify each of `receipt.certificates` with the next one, and the last with `root`. The licensing authority publishes its root: compare it.",
    "If there is an `attestation`, the bank has removed the processor that signed the receipt: the receipt counts because a current processor attests it. Verify `attestation.jws` (alg EdDSA, typ receipt-attest) and its certificates in the same way; its `body.attested` must be SHA-256 of the text `receipt.jws`, as base64url.",
    "SHA-256 of the text `order.jws`, as base64url, must be `re` and `body.order_digest` of the receipt.",
    "Verify `order.jws` (alg PS256, typ pain.001) with the first of `order.certificates`, where they are given: they belong to the device that ordered.",
];

#[derive(Serialize)]
struct Signed<'a> {
    jws: &'a str,
    signer: Thumbprint,
    /// PEM, issuer after issued.
    certificates: Vec<String>,
}

#[derive(Serialize)]
struct ReceiptFile<'a> {
    format: &'static str,
    payment: MessageId,
    bank: &'a Bic,
    order: Signed<'a>,
    receipt: Signed<'a>,
    /// Where the signer of the receipt was removed.
    #[serde(skip_serializing_if = "Option::is_none")]
    attestation: Option<Signed<'a>>,
    root: String,
    how_to_check: [&'static str; 6],
}

impl<H: Host> Worker<H> {
    /// Fetches the payment's documents, verifies them, and puts them into one file.
    pub(crate) async fn receipt_file(&self, id: MessageId) -> Result<Answer, Failure> {
        let payment = self.ask_payment(id).await?;
        self.check_payment(&payment).await?;
        let (Some(order_text), Some(receipt_text)) = (&payment.order, &payment.receipt) else {
            return Err(self.nothing_there());
        };
        let order = Jws::parse(order_text).map_err(not_verified)?;
        let receipt = Jws::parse(receipt_text).map_err(not_verified)?;
        let attestation = payment.attestation.as_deref().map(Jws::parse).transpose();
        let attestation = attestation.map_err(not_verified)?;
        let text = self.with(|state| {
            let open = state.open.as_ref().ok_or(Failure::Locked)?;
            let met = state.met.as_ref().ok_or(Failure::NoLine)?;
            let own = order.kid() == open.keys.device();
            if own {
                order
                    .verify(&self.rsa, &open.keys.signing.verifying_key())
                    .map_err(|_| not_verified("the bank shows another order than was signed"))?;
            }
            // Signing certificate, enrolment CA, bank CA: the encryption certificate is no part of it.
            let device = open.device.certificates.iter().enumerate();
            let device = device.filter(|(at, _)| own && *at != 1);
            let signed = |jws| -> Result<Signed<'_>, Failure> {
                let jws: &Jws = jws;
                let signer = state.signers.get(&jws.kid());
                let mut chain = signer.map_or_else(Vec::new, |signer| signer.chain.clone());
                chain.push(met.bank_ca.certificate().clone());
                Ok(Signed {
                    jws: jws.as_str(),
                    signer: jws.kid(),
                    certificates: to_pem(&chain)?,
                })
            };
            let file = ReceiptFile {
                format: "countersign-receipt-1",
                payment: id,
                bank: &met.bic,
                order: Signed {
                    jws: order.as_str(),
                    signer: order.kid(),
                    certificates: device.map(|(_, pem)| pem.clone()).collect(),
                },
                receipt: signed(&receipt)?,
                attestation: attestation.as_ref().map(signed).transpose()?,
                root: met.anchor.certificate().to_pem().map_err(fault)?,
                how_to_check: HOW_TO_CHECK,
            };
            serde_json::to_string_pretty(&file).map_err(fault)
        })?;
        Ok(Answer::File {
            name: format!("receipt-{}.json", id.reference()),
            media_type: "application/json".to_owned(),
            text,
        })
    }
}
