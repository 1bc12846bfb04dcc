//! Opens and verifies what customers have sent, on all cores. Nothing here decides: what comes out is
//! a verified message, an envelope to be put aside with its reason, or a request to seal again.

use super::{Processor, crypto};
use crate::{
    Fault,
    secret::Holder,
    store::{
        device::{self, Device},
        quarantine::QuarantineRow,
        session,
    },
};
use envelope::{Jwe, Jws, Recipient, SessionKey, Verified, VerifyingKey};
use message::{
    Body, Kind, MessageId, Payload, SessionId, Thumbprint, Timestamp,
    device::{DeviceOrder, DevicesAsk, JoinAsk, JoinRequest, RenewAsk},
    enquiry::{OverviewAsk, PaymentAsk, StatementAsk},
    enrol::{EnrolConfirm, EnrolRequest},
    jwk::Jwk,
    order::PaymentOrder,
    session::SessionOpen,
};
use rayon::prelude::*;
use relay::front::InEnvelope;
use std::collections::{HashMap, HashSet};

/// The longest signed message of a device, in bytes. All of them are far shorter; an order is handed
/// back inside of an answer, so blanks between its members must not make that too large.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// What an envelope turned out to be.
pub(super) enum Arrival {
    /// A verified message.
    Said(Box<Message>),
    /// Nothing that can be answered.
    Aside(QuarantineRow),
    /// Sealed in a session that has ended: its device is asked to seal again.
    SealAgain {
        session: SessionId,
        device: Thumbprint,
    },
}

/// A verified message of a device.
pub(super) struct Message {
    pub(super) envelope: InEnvelope,
    pub(super) session: Option<SessionId>,
    pub(super) verified: Verified,
    pub(super) said: Said,
}

macro_rules! sayings {
    ($($name:ident($body:ty),)*) => {
        /// What a device says to its bank.
        pub(super) enum Said { $($name(Payload<$body>),)* }

        impl Said {
            /// The sender's id of the message.
            pub(super) fn id(&self) -> MessageId {
                match self { $(Said::$name(payload) => payload.jti,)* }
            }

            /// Whether its time has not run out, and has come.
            pub(super) fn in_time(&self, now: Timestamp) -> bool {
                match self { $(Said::$name(payload) => payload.check_time(now),)* }.is_ok()
            }
        }
    };
}

sayings! {
    EnrolRequest(EnrolRequest),
    EnrolConfirm(EnrolConfirm),
    SessionOpen(SessionOpen),
    Order(PaymentOrder),
    Overview(OverviewAsk),
    Statement(StatementAsk),
    PaymentAsk(PaymentAsk),
    DevicesAsk(DevicesAsk),
    DeviceOrder(DeviceOrder),
    JoinRequest(JoinRequest),
    JoinAsk(JoinAsk),
    RenewAsk(RenewAsk),
}

impl Said {
    /// Whether it changes something, so that it must count once. A new device may be anybody, with a slip
    /// or without: what it says leaves nothing behind for ever, and saying it twice changes nothing more.
    pub(super) fn has_effect(&self) -> bool {
        !self.is_question() && !matches!(self, Said::EnrolRequest(_) | Said::JoinRequest(_))
    }

    /// Whether a device only wants to know something.
    pub(super) fn is_question(&self) -> bool {
        use Said::{DevicesAsk, JoinAsk, Overview, PaymentAsk, Statement};
        matches!(
            self,
            Overview(_) | Statement(_) | PaymentAsk(_) | DevicesAsk(_) | JoinAsk(_)
        )
    }
}

/// Why an envelope is put aside: a word for machines, a sentence for people.
pub(super) type Reason = (&'static str, &'static str);

pub(super) const MALFORMED: Reason = ("malformed", "The envelope is not a sealed message.");
const OTHER_BANK: Reason = (
    "other-bank",
    "The envelope is not sealed to a key of this bank.",
);
const UNOPENABLE: Reason = (
    "unopenable",
    "The envelope cannot be opened, or holds no signed message of a kind that is known here.",
);
const UNKNOWN_SESSION: Reason = ("unknown-session", "Nobody has opened this session.");
const UNKNOWN_KEY: Reason = (
    "unknown-key",
    "The message is signed by a key that is not known here.",
);
pub(super) const BAD_SIGNATURE: Reason = ("bad-signature", "The signature does not hold.");
const OTHER_SIGNER: Reason = (
    "other-signer",
    "The message is signed by another device than the one whose session it came in.",
);
pub(super) const FRAME: Reason = (
    "frame",
    "The message names another bank or issuer, claims too long a life, or has a form that is not known here.",
);
const UNEXPECTED: Reason = (
    "unexpected-kind",
    "A device does not send messages of this kind.",
);

pub(super) fn aside(envelope: &InEnvelope, (reason, detail): Reason) -> QuarantineRow {
    QuarantineRow {
        envelope: envelope.id,
        reason,
        detail: detail.to_owned(),
        body: envelope.body.clone(),
    }
}

struct LiveSession {
    device: Thumbprint,
    /// None for a session that has ended.
    key: Option<SessionKey>,
}

enum Opened {
    Jws(Box<Jws>, Option<(SessionId, Thumbprint)>),
    Ended(SessionId, Thumbprint),
}

impl Processor {
    /// Opens and verifies envelopes.
    pub(super) async fn open(
        &self,
        envelopes: &[InEnvelope],
        now: Timestamp,
    ) -> Result<Vec<Arrival>, Fault> {
        let parsed: Vec<(InEnvelope, Option<Jwe>)> = {
            let envelopes = envelopes.to_vec();
            crypto(move || {
                let parse = |e: InEnvelope| {
                    let jwe = Jwe::parse(&e.body).ok();
                    (e, jwe)
                };
                envelopes.into_par_iter().map(parse).collect()
            })
            .await?
        };
        let named = parsed.iter().filter_map(|(_, jwe)| jwe.as_ref());
        self.learn_keys(named).await?;
        let sessions = self.sessions(&parsed, now).await?;
        let this = self.clone();
        let opened: Vec<(InEnvelope, Result<Opened, Reason>)> = crypto(move || {
            let open = |(envelope, jwe): (InEnvelope, Option<Jwe>)| {
                let opened = jwe
                    .ok_or(MALFORMED)
                    .and_then(|jwe| this.open_one(&jwe, &sessions));
                (envelope, opened)
            };
            parsed.into_par_iter().map(open).collect()
        })
        .await?;
        let signers: HashSet<Thumbprint> = opened
            .iter()
            .filter_map(|(_, opened)| match opened {
                Ok(Opened::Jws(jws, _)) => Some(jws.kid()),
                _ => None,
            })
            .collect();
        let signers: Vec<Thumbprint> = signers.into_iter().collect();
        let mut core = self.core.acquire().await?;
        let devices = device::by_ids(&mut core, &signers).await?;
        drop(core);
        let devices: HashMap<Thumbprint, Device> = devices.into_iter().map(|d| (d.id, d)).collect();
        let this = self.clone();
        crypto(move || {
            let verify = |(envelope, opened): (InEnvelope, Result<Opened, Reason>)| {
                this.arrival(envelope, opened, &devices)
            };
            opened.into_par_iter().map(verify).collect()
        })
        .await
    }

    /// The sessions that these envelopes name.
    async fn sessions(
        &self,
        parsed: &[(InEnvelope, Option<Jwe>)],
        now: Timestamp,
    ) -> Result<HashMap<SessionId, LiveSession>, Fault> {
        let named: HashSet<SessionId> = parsed
            .iter()
            .filter_map(|(_, jwe)| match jwe.as_ref()?.recipient() {
                Recipient::Session(id) => Some(id),
                Recipient::Key(_) => None,
            })
            .collect();
        if named.is_empty() {
            return Ok(HashMap::new());
        }
        let named: Vec<SessionId> = named.into_iter().collect();
        let mut core = self.core.acquire().await?;
        let rows = session::by_ids(&mut core, &named, now).await?;
        rows.into_iter()
            .map(|row| {
                let key = if row.live {
                    let keys =
                        self.keyring
                            .storage
                            .open(row.id, Holder::Device(row.device), &row.keys)?;
                    Some(keys.to_bank)
                } else {
                    None
                };
                let device = row.device;
                Ok((row.id, LiveSession { device, key }))
            })
            .collect()
    }

    fn open_one(
        &self,
        jwe: &Jwe,
        sessions: &HashMap<SessionId, LiveSession>,
    ) -> Result<Opened, Reason> {
        match jwe.recipient() {
            Recipient::Key(kid) => {
                let key = self.keyring.decryption(&kid).ok_or(OTHER_BANK)?;
                let jws = jwe
                    .open_with_key(&*self.rsa, &key)
                    .map_err(|_| UNOPENABLE)?;
                Ok(Opened::Jws(Box::new(jws), None))
            }
            Recipient::Session(id) => {
                let session = sessions.get(&id).ok_or(UNKNOWN_SESSION)?;
                let Some(key) = &session.key else {
                    return Ok(Opened::Ended(id, session.device));
                };
                let jws = jwe.open_with_session(key).map_err(|_| UNOPENABLE)?;
                Ok(Opened::Jws(Box::new(jws), Some((id, session.device))))
            }
        }
    }

    fn arrival(
        &self,
        envelope: InEnvelope,
        opened: Result<Opened, Reason>,
        devices: &HashMap<Thumbprint, Device>,
    ) -> Arrival {
        let (jws, session) = match opened {
            Ok(Opened::Jws(jws, session)) => (jws, session),
            Ok(Opened::Ended(session, device)) => return Arrival::SealAgain { session, device },
            Err(reason) => return Arrival::Aside(aside(&envelope, reason)),
        };
        if session.is_some_and(|(_, device)| device != jws.kid()) {
            return Arrival::Aside(aside(&envelope, OTHER_SIGNER));
        }
        match self.verify(&jws, devices) {
            Ok((verified, said)) => Arrival::Said(Box::new(Message {
                envelope,
                session: session.map(|(id, _)| id),
                verified,
                said,
            })),
            Err(reason) => Arrival::Aside(aside(&envelope, reason)),
        }
    }

    fn verify(
        &self,
        jws: &Jws,
        devices: &HashMap<Thumbprint, Device>,
    ) -> Result<(Verified, Said), Reason> {
        if jws.as_str().len() > MESSAGE_BYTES_MAX {
            return Err(FRAME);
        }
        // Two kinds bring their own key: the slip's proof says whose it is, or another device will.
        let key = match jws.kind() {
            Kind::EnrolRequest => own_key(&claimed::<EnrolRequest>(jws)?.signing_key)?,
            Kind::JoinRequest => own_key(&claimed::<JoinRequest>(jws)?.signing_key)?,
            _ => {
                let device = devices.get(&jws.kid()).ok_or(UNKNOWN_KEY)?;
                VerifyingKey::Rsa(self.keys.of(&device.signing_key).map_err(|_| UNKNOWN_KEY)?)
            }
        };
        let verified = jws.verify(&*self.rsa, &key).map_err(|_| BAD_SIGNATURE)?;
        let said = match jws.kind() {
            Kind::EnrolRequest => Said::EnrolRequest(self.payload_of(&verified)?),
            Kind::EnrolConfirm => Said::EnrolConfirm(self.payload_of(&verified)?),
            Kind::SessionOpen => Said::SessionOpen(self.payload_of(&verified)?),
            Kind::PaymentOrder => Said::Order(self.payload_of(&verified)?),
            Kind::OverviewAsk => Said::Overview(self.payload_of(&verified)?),
            Kind::StatementAsk => Said::Statement(self.payload_of(&verified)?),
            Kind::PaymentAsk => Said::PaymentAsk(self.payload_of(&verified)?),
            Kind::DevicesAsk => Said::DevicesAsk(self.payload_of(&verified)?),
            Kind::DeviceOrder => Said::DeviceOrder(self.payload_of(&verified)?),
            Kind::JoinRequest => Said::JoinRequest(self.payload_of(&verified)?),
            Kind::JoinAsk => Said::JoinAsk(self.payload_of(&verified)?),
            Kind::RenewAsk => Said::RenewAsk(self.payload_of(&verified)?),
            _ => return Err(UNEXPECTED),
        };
        Ok((verified, said))
    }

    pub(super) fn payload_of<B: Body>(&self, verified: &Verified) -> Result<Payload<B>, Reason> {
        let payload: Payload<B> = verified.payload().map_err(|_| FRAME)?;
        let signer = verified.signer().to_string();
        payload
            .check_frame(&signer, self.keyring.bank.bic.as_str())
            .map_err(|_| FRAME)?;
        Ok(payload)
    }
}

/// What a message says before its signature is checked: only to find the key that checks it.
fn claimed<B: Body>(jws: &Jws) -> Result<B, Reason> {
    let payload: Payload<B> =
        serde_json::from_slice(jws.unverified_payload()).map_err(|_| FRAME)?;
    Ok(payload.body)
}

fn own_key(key: &Jwk) -> Result<VerifyingKey, Reason> {
    VerifyingKey::from_jwk(key).map_err(|_| FRAME)
}
