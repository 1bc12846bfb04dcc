//! Enrolment: a slip is proved, certificates are asked for, the device confirms.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::{FRAME, Message, aside},
    work::Work,
};
use crate::{
    Fault,
    store::{
        certificate_request::{self, RequestRow, SubjectKind},
        device::{self, Device, DeviceStatus},
        slip,
    },
};
use data_encoding::BASE64URL_NOPAD;
use envelope::{Jws, RsaPublicKey, enrol, words};
use message::{
    Payload, Timestamp,
    enrol::{Activated, EnrolConfirm, EnrolRequest},
    notice::Notice,
    receipt::{Refusal, Refused},
    slip::Locator,
};
use sqlx::PgConnection;

impl Processor {
    /// A new device asks for its certificates.
    pub(super) async fn enrol(
        &self,
        core: &mut PgConnection,
        message: &Message,
        payload: &Payload<EnrolRequest>,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let request = &payload.body;
        let keys = (
            RsaPublicKey::from_jwk(&request.signing_key),
            RsaPublicKey::from_jwk(&request.encryption_key),
        );
        let (Ok(signing), Ok(encryption)) = keys else {
            work.aside.push(aside(&message.envelope, FRAME));
            return Ok(());
        };
        let id = message.verified.signer();
        let to = To::Key(id, encryption.clone());
        let known = device::by_ids(core, &[id]).await?.pop();
        if let Some(known) = known {
            // The same keys and slip again: the same answer, now or once it is there.
            let same = known.encryption_key == encryption.to_spki_der()
                && Locator::parse(&request.locator) == Ok(known.slip)
                && known.status != DeviceStatus::Revoked;
            match known.enrolled {
                Some(jws) if same => work.drafts.push(Draft::again(Jws::parse(&jws)?, to)),
                None if same => {}
                _ => self.refuse(message, Refusal::SlipRefused, to, work),
            }
            return Ok(());
        }
        let slip = if message.said.in_time(work.now) && signing != encryption {
            self.prove(core, request, &signing, &encryption, work.now)
                .await?
        } else {
            None
        };
        let Some((locator, customer)) = slip else {
            self.refuse(message, Refusal::SlipRefused, to, work);
            return Ok(());
        };
        slip::mark_used(core, &locator, id).await?;
        let device = Device {
            id,
            customer,
            name: request.device_name.clone(),
            signing_key: signing.to_spki_der().to_vec(),
            encryption_key: encryption.to_spki_der().to_vec(),
            slip: locator,
            request: message.verified.digest(),
            status: DeviceStatus::Requested,
            nonce: None,
            enrolled: None,
        };
        device::insert(core, &device, work.now).await?;
        let request = RequestRow {
            subject: id,
            kind: SubjectKind::Device,
            name: id.to_string(),
            signing_key: device.signing_key,
            encryption_key: device.encryption_key,
        };
        certificate_request::insert(core, &request, work.now).await
    }

    /// Whose slip it is, if the proof holds. Wrong tries count.
    async fn prove(
        &self,
        core: &mut PgConnection,
        request: &EnrolRequest,
        signing: &RsaPublicKey,
        encryption: &RsaPublicKey,
        now: Timestamp,
    ) -> Result<Option<(Locator, i64)>, Fault> {
        let Ok(locator) = Locator::parse(&request.locator) else {
            return Ok(None);
        };
        let Some(slip) = slip::lock(core, &locator).await? else {
            return Ok(None);
        };
        let usable =
            slip.tries < slip::TRIES_MAX && slip.used_by.is_none() && slip.valid_until >= now;
        let key = enrol::SlipKey::from_bytes(slip.key);
        let proved = enrol::check_proof(
            &key,
            &locator,
            &signing.thumbprint(),
            &encryption.thumbprint(),
            &request.proof,
        );
        if !proved {
            slip::count_try(core, &locator).await?;
        }
        Ok((usable && proved).then_some((locator, slip.customer)))
    }

    /// The device has opened its certificates: from now on it is active.
    pub(super) async fn confirm(
        &self,
        core: &mut PgConnection,
        message: &Message,
        payload: &Payload<EnrolConfirm>,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let id = message.verified.signer();
        let Some(device) = device::by_ids(core, &[id]).await?.pop() else {
            return Ok(());
        };
        let key = self.keys.of(&device.encryption_key)?;
        let to = To::Key(id, key);
        let expected = device
            .nonce
            .as_ref()
            .map(|nonce| BASE64URL_NOPAD.encode(nonce));
        let fits = expected.as_deref() == Some(payload.body.nonce.as_str());
        let active = match device.status {
            DeviceStatus::Enrolled if fits && message.said.in_time(work.now) => {
                device::mark_active(core, id, work.now).await?
            }
            DeviceStatus::Active => fits,
            _ => false,
        };
        if !active {
            self.refuse(message, Refusal::DeviceNotActive, to, work);
            return Ok(());
        }
        let digest = message.verified.digest();
        let body = Activated {
            bank: self.keyring.bank.bic.clone(),
        };
        let answer = self.payload(id.to_string(), Some(digest), body, work.now);
        work.drafts
            .push(Draft::new(answer, Keep::Answer(digest), to));
        if device.status == DeviceStatus::Enrolled {
            let notice = Notice::DeviceAdded {
                device_name: device.name,
                words: words::five_words(&id).map(str::to_owned).to_vec(),
                at: work.now,
            };
            work.notices.push((device.customer, Some(id), notice));
        }
        Ok(())
    }

    /// A message that is no order cannot be done.
    pub(super) fn refuse(&self, message: &Message, reason: Refusal, to: To, work: &mut Work) {
        tracing::info!(
            reference = %message.said.id(),
            kind = %message.verified.kind(),
            code = reason.code(),
            "refused"
        );
        let verified = &message.verified;
        let aud = verified.signer().to_string();
        let payload = self.payload(aud, Some(verified.digest()), Refused { reason }, work.now);
        let (keep, expires) = if message.said.has_effect() {
            (Keep::Answer(verified.digest()), None)
        } else {
            let expires_at = work.now.saturating_add(super::ANSWER_SECONDS);
            (Keep::Nothing, Some(expires_at))
        };
        let mut draft = Draft::new(payload, keep, to);
        draft.expires_at = expires;
        work.drafts.push(draft);
    }
}
