//! A new device without a slip: it shows its keys, waits, and another device of the customer says that
//! it knows it, or that it does not.

use super::{
    Processor,
    device_orders::Changed,
    draft::{Draft, Keep, To},
    enrolment::{Came, NewDevice, counting},
    intake::{FRAME, Message, Said, aside},
    work::Work,
};
use crate::{
    Customer, Fault,
    store::{
        alarm::Alarm,
        device::{self, Device},
        join::{self, JoinRow},
    },
};
use envelope::{Jws, RsaPublicKey, enrol};
use message::{
    Digest, Payload, Thumbprint, Timestamp,
    device::{
        DEVICES_MAX, DeviceOrdered, JOIN_SECONDS, Join, JoinRequest, Joining, Rights, Standing,
    },
    notice::{ChangeSeen, Notice},
    receipt::Refusal,
    slip::Locator,
};
use sqlx::PgConnection;

impl Processor {
    /// Keeps the new devices among these messages for a while.
    pub(super) async fn take_join_requests(
        &self,
        core: &mut PgConnection,
        said: &[&Message],
        work: &mut Work,
    ) -> Result<(), Fault> {
        let mut taken: Vec<(&Message, &Payload<JoinRequest>)> = said
            .iter()
            .filter_map(|message| match &message.said {
                Said::JoinRequest(payload) => Some((*message, payload)),
                _ => None,
            })
            .collect();
        if taken.is_empty() {
            return Ok(());
        }
        // By device, so that two processors never wait for each other; of one device in the order in
        // which it spoke.
        taken.sort_by_key(|(message, _)| message.verified.signer());
        for (message, payload) in taken {
            self.take_join_request(core, message, payload, work).await?;
        }
        join::prune(core, work.now).await
    }

    async fn take_join_request(
        &self,
        core: &mut PgConnection,
        message: &Message,
        payload: &Payload<JoinRequest>,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let Some(new) = join_row(message.verified.digest(), payload, work.now) else {
            work.aside.push(aside(&message.envelope, FRAME));
            return Ok(());
        };
        let key = self.keys.of(&new.encryption_key)?;
        let to = To::Key(new.device, key);
        let known = device::by_ids(core, &[new.device]).await?.pop();
        let refusal = match &known {
            // Approved already: the same keys get the same answer, now or once it is there.
            Some(device) if device.encryption_key == new.encryption_key => {
                match (&device.enrolled, device.standing) {
                    (_, Standing::Revoked | Standing::Replaced) => Some(Refusal::JoinUnknown),
                    (Some(jws), _) => {
                        work.drafts.push(Draft::again(Jws::parse(jws)?, to));
                        return Ok(());
                    }
                    (None, _) => None,
                }
            }
            Some(_) => Some(Refusal::JoinUnknown),
            None if join::is_blocked(core, new.device).await? => Some(Refusal::JoinUnknown),
            None if !message.said.in_time(work.now) => Some(Refusal::Expired),
            None => None,
        };
        if let Some(refusal) = refusal {
            self.refuse(message, refusal, to, work);
            return Ok(());
        }
        if known.is_none() {
            join::insert(core, &new).await?;
        }
        let body = Joining {
            until: work.now.saturating_add(JOIN_SECONDS),
        };
        let digest = message.verified.digest();
        let answer = self.payload(new.device.to_string(), Some(digest), body, work.now);
        let draft = Draft::new(answer, Keep::Nothing, to);
        work.drafts
            .push(draft.expiring(work.now.saturating_add(super::ANSWER_SECONDS)));
        Ok(())
    }

    /// The new device behind a code, for a device that may approve it.
    pub(super) async fn join(
        &self,
        core: &mut PgConnection,
        customer: &Customer,
        question: Digest,
        code: &str,
        now: Timestamp,
    ) -> Result<Result<Join, Refusal>, Fault> {
        if !join::count_ask(core, customer.device(), question, now).await? {
            return Ok(Err(Refusal::JoinTooOften));
        }
        // A code has the form of a slip's number. What can be none never reaches a statement: a zero
        // byte in it would fail the whole batch.
        let Ok(code) = Locator::parse(code) else {
            return Ok(Err(Refusal::JoinUnknown));
        };
        let code = code.to_string().replace('-', "");
        let found = join::by_code(core, &code, now).await?;
        Ok(found.map_or(Err(Refusal::JoinUnknown), |row| {
            Ok(Join {
                device: row.device,
                encryption: row.encryption,
                device_name: row.name,
                at: row.asked_at,
            })
        }))
    }

    /// The words were the same: the new device is the customer's.
    pub(super) async fn approve(
        &self,
        core: &mut PgConnection,
        signer: &Device,
        id: Thumbprint,
        encryption: Thumbprint,
        rights: Rights,
        work: &mut Work,
    ) -> Result<Changed, Fault> {
        let known = device::by_ids(core, &[id]).await?.pop();
        if let Some(known) = known {
            if known.customer != signer.customer {
                // It has enrolled for somebody else meanwhile.
                return Ok(Err(Refusal::JoinUnknown));
            }
            let same = self.keys.of(&known.encryption_key)?.thumbprint() == encryption;
            let counts = !matches!(known.standing, Standing::Revoked | Standing::Replaced);
            return Ok(if same && counts {
                Ok(DeviceOrdered {
                    device: id,
                    standing: known.standing,
                })
            } else {
                Err(Refusal::DeviceChangeRefused)
            });
        }
        let devices = device::of_customer(core, signer.customer).await?;
        if counting(&devices) >= DEVICES_MAX {
            return Ok(Err(Refusal::TooManyDevices));
        }
        let Some(new) = join::take(core, id, encryption, work.now).await? else {
            return Ok(Err(Refusal::JoinUnknown));
        };
        admit(core, new, signer.customer, rights, Came::Approved, work.now).await?;
        Ok(Ok(DeviceOrdered {
            device: id,
            standing: Standing::New,
        }))
    }

    /// The words were not the same: the key is refused for ever, and everybody is told.
    pub(super) async fn block(
        &self,
        core: &mut PgConnection,
        signer: &Device,
        id: Thumbprint,
        work: &mut Work,
    ) -> Result<Changed, Fault> {
        let done = Ok(DeviceOrdered {
            device: id,
            standing: Standing::Revoked,
        });
        if join::is_blocked(core, id).await? {
            return Ok(done);
        }
        let Some(waiting) = join::drop_waiting(core, id).await? else {
            return Ok(Err(Refusal::JoinUnknown));
        };
        join::block(core, id, signer.id, work.now).await?;
        let notice = Notice::DeviceChanged {
            device: id,
            device_name: waiting,
            change: ChangeSeen::Mismatch,
            by: Some(signer.name.clone()),
            at: work.now,
        };
        work.notices.push((signer.customer, None, notice));
        work.alarms.push(Alarm {
            party: self.keyring.bank.bic.lower(),
            epoch: 0,
            // An alarm is raised once per number: the first bytes of the key tell keys apart.
            seq: i64::from_be_bytes(first_bytes(&id)),
            what: "join-mismatch",
            detail: format!(
                "Customer {} was shown other words for the new device {id}.",
                signer.customer
            ),
        });
        Ok(done)
    }
}

fn first_bytes(id: &Thumbprint) -> [u8; 8] {
    let [a, b, c, d, e, f, g, h, ..] = *id.as_bytes();
    [a, b, c, d, e, f, g, h]
}

/// The keys that a request shows, if they can be a device's.
pub(super) fn join_row(
    request: Digest,
    payload: &Payload<JoinRequest>,
    now: Timestamp,
) -> Option<JoinRow> {
    let body = &payload.body;
    let signing = RsaPublicKey::from_jwk(&body.signing_key).ok()?;
    let encryption = RsaPublicKey::from_jwk(&body.encryption_key).ok()?;
    let (device, other) = (signing.thumbprint(), encryption.thumbprint());
    (device != other).then(|| JoinRow {
        device,
        encryption: other,
        signing_key: signing.to_spki_der().to_vec(),
        encryption_key: encryption.to_spki_der().to_vec(),
        name: body.device_name.clone(),
        code: enrol::join_code(&device, &other),
        request,
        asked_at: now,
    })
}

/// A device that waited becomes a customer's.
pub(crate) async fn admit(
    core: &mut PgConnection,
    waiting: JoinRow,
    customer: i64,
    rights: Rights,
    came: Came,
    now: Timestamp,
) -> Result<(), Fault> {
    let id = waiting.device;
    let new = NewDevice {
        signing_key: waiting.signing_key,
        encryption_key: waiting.encryption_key,
        customer,
        name: waiting.name,
        request: waiting.request,
        rights,
        came,
    };
    new.record(core, id, now).await
}
