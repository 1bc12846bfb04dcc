//! Certificates are renewed before they end: devices ask, processors see to it themselves.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::Message,
    work::Work,
};
use crate::{
    Customer, Fault,
    store::{
        certificate,
        certificate_request::{self, Issued},
        device::Device,
    },
};
use data_encoding::BASE64;
use envelope::Role;
use message::{Timestamp, device::Renewed, receipt::Refusal};
use sqlx::PgConnection;
use std::sync::atomic::Ordering;

/// How long before their end a device's certificates are made anew, in seconds.
const RENEWAL_SECONDS: i64 = 90 * 24 * 60 * 60;

/// How long after their end they can still be renewed with the same keys. Nothing else is taken from the
/// device by then; later it needs a new slip, or another device of the customer.
const GRACE_SECONDS: i64 = 30 * 24 * 60 * 60;

/// How long a processor waits at most before it asks the registrar once more, in seconds.
const ASK_AGAIN_SECONDS: i64 = 60 * 60;

/// Both certificates of a device and the CAs above them, as they are sent.
pub(super) struct Papers {
    pub(super) signing: String,
    pub(super) encryption: String,
    pub(super) chain: Vec<String>,
    pub(super) until: Timestamp,
}

impl Processor {
    /// A device asks for new certificates for its keys. Long before their end it gets those it has.
    pub(super) async fn renew(
        &self,
        core: &mut PgConnection,
        message: &Message,
        device: &Device,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let to = To::Device(device.id);
        let ends = device.certificates_until.unwrap_or_default();
        let refusal = match Customer::of(&message.verified, device) {
            Ok(_) if !message.said.in_time(work.now) => Some(Refusal::Expired),
            Ok(_) if work.now.saturating_sub(ends) > GRACE_SECONDS => {
                Some(Refusal::CertificatesEnded)
            }
            Ok(_) => None,
            Err(refusal) => Some(refusal),
        };
        if let Some(refusal) = refusal {
            self.refuse(message, refusal, to, work);
            return Ok(());
        }
        let digest = message.verified.digest();
        if ends.saturating_sub(work.now) <= RENEWAL_SECONDS
            && certificate_request::renew(core, device.id, Some(digest), work.now).await?
        {
            // The answer follows once the registrar has made them.
            return Ok(());
        }
        let Some(issued) = certificate_request::fulfilled(core, device.id).await? else {
            self.refuse(message, Refusal::NotFound, to, work);
            return Ok(());
        };
        let papers = self.papers(core, &issued).await?;
        self.answer_renewal(device, digest, papers, work);
        Ok(())
    }

    /// The answer to a device that has asked for new certificates.
    pub(super) fn answer_renewal(
        &self,
        device: &Device,
        question: message::Digest,
        papers: Papers,
        work: &mut Work,
    ) {
        let body = Renewed {
            signing_certificate: papers.signing,
            encryption_certificate: papers.encryption,
            chain: papers.chain,
        };
        let answer = self.payload(device.id.to_string(), Some(question), body, work.now);
        let keep = Keep::Answer(question);
        let draft = Draft::new(answer, keep, To::Device(device.id));
        work.drafts.push(draft);
    }

    /// The certificates that the registrar has made for a device.
    pub(super) async fn papers(
        &self,
        core: &mut PgConnection,
        issued: &Issued,
    ) -> Result<Papers, Fault> {
        let missing = |column| Fault::Row {
            table: "certificate_request",
            column,
        };
        let signing = certificate::by_fingerprint(core, &issued.signing_certificate)
            .await?
            .ok_or_else(|| missing("signing_certificate"))?;
        let encryption = certificate::by_fingerprint(core, &issued.encryption_certificate)
            .await?
            .ok_or_else(|| missing("encryption_certificate"))?;
        let own = self.keyring.bank.bic.lower();
        let cas = certificate::of_party(core, &own, Role::EnrolmentCa.word()).await?;
        let ca = cas.first().ok_or_else(|| {
            Fault::Setup("the core holds no certificate of the enrolment CA".to_owned())
        })?;
        Ok(Papers {
            signing: BASE64.encode(&signing.der),
            encryption: BASE64.encode(&encryption.der),
            chain: vec![
                BASE64.encode(&ca.der),
                BASE64.encode(&self.keyring.bank.licence),
            ],
            until: signing.not_after.min(encryption.not_after),
        })
    }

    /// Asks the registrar for new certificates for this processor in the last third of their life.
    /// Whether it did.
    pub(super) async fn renew_own(&self) -> Result<bool, Fault> {
        let now = self.clock.now();
        if now < self.renew_at.load(Ordering::Relaxed) {
            return Ok(false);
        }
        let mut core = self.core.acquire().await?;
        let own = self.keyring.bank.bic.lower();
        let newest = certificate::newest_of(&mut core, &own, Role::Processor.word(), self.id());
        let Some((issued, not_after)) = newest.await? else {
            return Ok(false);
        };
        // From when it was issued: it may reach further back than that.
        let life = not_after.saturating_sub(issued);
        let due = not_after.saturating_sub(life / 3);
        if now < due {
            self.renew_at.store(due, Ordering::Relaxed);
            return Ok(false);
        }
        let asked = certificate_request::renew(&mut core, self.id(), None, now).await?;
        let next = now.saturating_add(ASK_AGAIN_SECONDS.min(life / 6 + 1));
        self.renew_at.store(next, Ordering::Relaxed);
        if asked {
            tracing::info!(processor = %self.id(), "this processor's certificates are renewed");
        }
        Ok(asked)
    }
}
