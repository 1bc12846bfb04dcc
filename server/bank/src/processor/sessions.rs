//! Sessions: a device hands over a key for each direction.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    intake::{FRAME, Message, aside},
    work::Work,
};
use crate::{
    Customer, Fault,
    secret::Holder,
    store::{
        device::Device,
        session::{self, NewSession},
    },
};
use message::{
    Payload,
    receipt::Refusal,
    session::{SESSION_ENVELOPES_MAX, SESSION_SECONDS, SessionOpen, SessionOpened},
};
use sqlx::PgConnection;

impl Processor {
    /// Stores a session's keys, sealed, so that every processor can use them.
    pub(super) async fn open_session(
        &self,
        core: &mut PgConnection,
        message: &Message,
        payload: &Payload<SessionOpen>,
        device: Option<&Device>,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let Some(device) = device else {
            return Ok(());
        };
        let to = To::Key(device.id, self.keys.of(&device.encryption_key)?);
        let customer = match Customer::of(&message.verified, device) {
            Ok(customer) => customer,
            Err(refusal) => {
                self.refuse(message, refusal, to, work);
                return Ok(());
            }
        };
        if !message.said.in_time(work.now) {
            self.refuse(message, Refusal::Expired, to, work);
            return Ok(());
        }
        let open = &payload.body;
        let sealed =
            self.keyring
                .storage
                .seal(open, Holder::Device(customer.device()), &*self.entropy);
        // Keys for a session never come inside of one.
        let (Ok(keys), None) = (sealed, message.session) else {
            work.aside.push(aside(&message.envelope, FRAME));
            return Ok(());
        };
        let new = NewSession {
            id: open.session,
            device: customer.device(),
            keys: &keys,
            valid_until: work.now.saturating_add(SESSION_SECONDS),
            used_max: SESSION_ENVELOPES_MAX,
        };
        if !session::insert(core, &new, work.now).await? {
            work.aside.push(aside(&message.envelope, FRAME));
            return Ok(());
        }
        let body = SessionOpened {
            session: open.session,
            until: new.valid_until,
            envelopes_max: new.used_max,
        };
        let digest = message.verified.digest();
        let answer = self.payload(device.id.to_string(), Some(digest), body, work.now);
        work.drafts
            .push(Draft::new(answer, Keep::Answer(digest), to));
        Ok(())
    }
}
