//! Enrolment: a slip is proved, certificates are asked for, the device confirms.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::{FRAME, Message, Said, aside},
    work::Work,
};
use crate::{
    Fault,
    store::{
        certificate_request::{self, RequestRow, SubjectKind},
        device::{self, Device},
        join, slip,
    },
};
use data_encoding::BASE64URL_NOPAD;
use envelope::{Jws, RsaPublicKey, enrol, words};
use message::{
    Digest, Payload, Thumbprint, Timestamp,
    device::{DEVICES_MAX, EnrolledBy, Rights, Standing},
    enrol::{Activated, EnrolConfirm, EnrolRequest},
    notice::{ChangeSeen, Notice},
    receipt::{Refusal, Refused},
    slip::Locator,
    text::Label,
};
use sqlx::PgConnection;
use std::collections::HashSet;

impl Processor {
    /// New devices with a slip. They are in no inbox: anybody can say this, and what is not proved leaves
    /// nothing behind for ever. What is proved counts once, since the device is known from then on.
    pub(super) async fn take_enrol_requests(
        &self,
        core: &mut PgConnection,
        said: &[&Message],
        work: &mut Work,
    ) -> Result<(), Fault> {
        let asked: Vec<(&Message, &Payload<EnrolRequest>)> = said
            .iter()
            .filter_map(|message| match &message.said {
                Said::EnrolRequest(payload) => Some((*message, payload)),
                _ => None,
            })
            .collect();
        let locators = asked
            .iter()
            .filter_map(|(_, payload)| Locator::parse(&payload.body.locator).ok());
        let locators: Vec<Locator> = locators.collect();
        if !locators.is_empty() {
            slip::lock_all(core, &locators).await?;
        }
        let mut seen = HashSet::new();
        for (message, payload) in asked {
            // The same twice in one batch is one try.
            if seen.insert(message.verified.digest()) {
                self.enrol(core, message, payload, work).await?;
            }
        }
        Ok(())
    }

    /// A new device asks for its certificates.
    async fn enrol(
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
                && Locator::parse(&request.locator).ok() == known.slip
                && known.slip.is_some()
                && known.standing != Standing::Revoked;
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
        if join::is_blocked(core, id).await? {
            self.refuse(message, Refusal::SlipRefused, to, work);
            return Ok(());
        }
        if counting(&device::of_customer(core, customer).await?) >= DEVICES_MAX {
            self.refuse(message, Refusal::TooManyDevices, to, work);
            return Ok(());
        }
        slip::mark_used(core, &locator, id).await?;
        // Nobody needs to approve it any more.
        join::drop_waiting(core, id).await?;
        let new = NewDevice {
            signing_key: signing.to_spki_der().to_vec(),
            encryption_key: encryption.to_spki_der().to_vec(),
            customer,
            name: request.device_name.clone(),
            request: message.verified.digest(),
            rights: Rights::Sign,
            came: Came::Slip(locator),
        };
        new.record(core, id, work.now).await
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
        let active = match (device.standing, device.predecessor) {
            (Standing::Waiting, _) if !fits || !message.said.in_time(work.now) => false,
            (Standing::Waiting, None) => device::mark_active(core, id, work.now).await?,
            (Standing::Waiting, Some(old)) => {
                device::mark_replaced(core, old, work.now).await?
                    && device::mark_in_place(core, id, work.now).await?
            }
            (Standing::Active, _) => fits,
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
        if device.standing == Standing::Waiting {
            if let Some(old) = device.predecessor {
                self.tell_replaced(core, old, id, work).await?;
            }
            let notice = match device.predecessor {
                None => Notice::DeviceAdded {
                    device_name: device.name,
                    words: words::five_words(&id).map(str::to_owned).to_vec(),
                    at: work.now,
                },
                Some(_) => Notice::DeviceChanged {
                    device: id,
                    device_name: device.name.clone(),
                    change: ChangeSeen::Replaced,
                    by: Some(device.name),
                    at: work.now,
                },
            };
            work.notices.push((device.customer, Some(id), notice));
        }
        Ok(())
    }

    /// A copy of the old keys, in a file or another browser, learns since when they do not count. It may
    /// have no session, so it is sealed to the old key.
    async fn tell_replaced(
        &self,
        core: &mut PgConnection,
        old: Thumbprint,
        new: Thumbprint,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let Some(known) = device::by_ids(core, &[old]).await?.pop() else {
            return Ok(());
        };
        let told = Notice::KeysReplaced {
            device: new,
            at: work.now,
        };
        let payload = self.payload(old.to_string(), None, told, work.now);
        let to = To::Key(old, self.keys.of(&known.encryption_key)?);
        work.drafts.push(Draft::new(payload, Keep::Nothing, to));
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

/// How many of a customer's devices count towards the most there may be. One that waits for the place
/// of another does not: it adds none.
pub(crate) fn counting(devices: &[Device]) -> usize {
    let counts = |device: &&Device| match device.standing {
        Standing::New | Standing::Waiting => device.predecessor.is_none(),
        Standing::Active | Standing::Suspended => true,
        Standing::Revoked | Standing::Replaced => false,
    };
    devices.iter().filter(counts).count()
}

/// How a new device came.
pub(crate) enum Came {
    Slip(Locator),
    /// Approved by another device of the customer.
    Approved,
    /// With the initialisation letter.
    Letter,
    /// In the place of this one.
    InPlaceOf(Thumbprint),
}

/// A device whose certificates are to be made.
pub(crate) struct NewDevice {
    pub(crate) signing_key: Vec<u8>,
    pub(crate) encryption_key: Vec<u8>,
    pub(crate) customer: i64,
    pub(crate) name: Label,
    /// Digest of the message that asked for them: what `enrolled` answers.
    pub(crate) request: Digest,
    pub(crate) rights: Rights,
    pub(crate) came: Came,
}

impl NewDevice {
    /// Records the device and asks the registrar for its certificates.
    pub(crate) async fn record(
        self,
        core: &mut PgConnection,
        id: Thumbprint,
        now: Timestamp,
    ) -> Result<(), Fault> {
        let (enrolled_by, slip, predecessor) = match self.came {
            Came::Slip(locator) => (EnrolledBy::Slip, Some(locator), None),
            Came::Approved => (EnrolledBy::Device, None, None),
            Came::Letter => (EnrolledBy::Letter, None, None),
            Came::InPlaceOf(old) => (EnrolledBy::Rotation, None, Some(old)),
        };
        let device = Device {
            id,
            customer: self.customer,
            name: self.name,
            signing_key: self.signing_key,
            encryption_key: self.encryption_key,
            slip,
            request: self.request,
            standing: Standing::New,
            rights: self.rights,
            enrolled_by,
            predecessor,
            nonce: None,
            enrolled: None,
            requested_at: now,
            active_at: None,
            last_used_at: None,
            suspended_at: None,
            replaced_at: None,
            revoked_at: None,
            certificates_until: None,
        };
        device::insert(core, &device).await?;
        let request = RequestRow {
            subject: id,
            kind: SubjectKind::Device,
            name: id.to_string(),
            signing_key: device.signing_key,
            encryption_key: device.encryption_key,
        };
        certificate_request::insert(core, &request, now).await
    }
}
