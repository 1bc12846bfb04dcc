//! Sessions: a key for each direction, so that later envelopes need no RSA.
//!
//! They are kept as one JWE sealed to the device's own encryption key, so that a reload or another
//! tab goes on with them.

use crate::{
    host::{Host, rng},
    mail::Reply,
    state::{Open, State, Worker, fault},
};
use envelope::{
    Jwe, Jws, Recipient, RustCryptoRsa, SessionKey, open_bytes, seal_bytes, seal_to_key,
    seal_to_session,
};
use message::{
    SessionId, Timestamp,
    session::{SESSION_ENVELOPES_MAX, SESSION_SECONDS, SessionOpen},
    worker::{Failure, stored},
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroize;

/// How many sessions are kept: the newest for sending, the others to open what comes late.
const KEPT_MAX: usize = 4;

/// A session is not used in its last moments: an envelope takes time to arrive.
const MARGIN_SECONDS: i64 = 60;

/// After so many envelopes the count is stored again.
const STORE_EACH: i64 = 64;

/// How long a `session-open` counts.
const OPEN_SECONDS: i64 = 120;

/// One session with the bank.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    to_bank: SessionKey,
    to_device: SessionKey,
    until: Timestamp,
    left: i64,
    /// The bank has said that it has stored it.
    opened: bool,
}

/// The form at rest, inside a JWE.
#[derive(Serialize, Deserialize)]
struct AtRest {
    session: SessionId,
    to_bank: String,
    to_device: String,
    until: Timestamp,
    left: i64,
}

impl Drop for AtRest {
    fn drop(&mut self) {
        self.to_bank.zeroize();
        self.to_device.zeroize();
    }
}

impl Open {
    fn session_for_sending(&mut self, now: Timestamp) -> Option<&mut Session> {
        self.sessions
            .iter_mut()
            .rev()
            .find(|s| s.opened && s.left > 0 && now + MARGIN_SECONDS < s.until)
    }

    /// Sessions as they are stored; `None` where there is none.
    fn sessions_at_rest(&self, rsa: &RustCryptoRsa) -> Result<Option<String>, Failure> {
        let at_rest: Vec<AtRest> = self
            .sessions
            .iter()
            .filter(|session| session.opened)
            .map(|session| AtRest {
                session: session.id,
                to_bank: session.to_bank.to_base64url().to_string(),
                to_device: session.to_device.to_base64url().to_string(),
                until: session.until,
                left: session.left,
            })
            .collect();
        if at_rest.is_empty() {
            return Ok(None);
        }
        let json = zeroize::Zeroizing::new(serde_json::to_vec(&at_rest).map_err(fault)?);
        let own = self.keys.encryption.public();
        let sealed = seal_bytes(rsa, own, &json, &mut rng()).map_err(fault)?;
        Ok(Some(sealed.as_str().to_owned()))
    }

    /// Takes over what is stored. Anything that does not open is left out: a new session is opened.
    pub(crate) fn take_sessions(&mut self, rsa: &RustCryptoRsa, sealed: &str, now: Timestamp) {
        let opened = Jwe::parse(sealed)
            .ok()
            .and_then(|jwe| open_bytes(rsa, &self.keys.encryption, &jwe).ok());
        let at_rest: Option<Vec<AtRest>> =
            opened.and_then(|bytes| serde_json::from_slice(&bytes).ok());
        for stored in at_rest.unwrap_or_default() {
            let keys = (
                SessionKey::from_base64url(&stored.to_bank),
                SessionKey::from_base64url(&stored.to_device),
            );
            let known = self.sessions.iter().any(|s| s.id == stored.session);
            if let ((Ok(to_bank), Ok(to_device)), false) = (keys, known || stored.until < now) {
                self.sessions.push(Session {
                    id: stored.session,
                    to_bank,
                    to_device,
                    until: stored.until,
                    left: stored.left,
                    opened: true,
                });
            }
        }
    }

    /// The key that opens what the bank sends in a session.
    pub(crate) fn key_of(&self, id: SessionId) -> Option<&SessionKey> {
        let session = self.sessions.iter().find(|s| s.id == id)?;
        Some(&session.to_device)
    }
}

/// Seals to the bank: in the session where there is one, to its key otherwise.
pub(crate) fn seal_with(
    rsa: &RustCryptoRsa,
    state: &mut State,
    jws: &Jws,
    in_session: bool,
    now: Timestamp,
) -> Result<Jwe, Failure> {
    let open = state.open.as_mut().ok_or(Failure::Locked)?;
    if in_session && let Some(session) = open.session_for_sending(now) {
        session.left -= 1;
        return seal_to_session(session.id, &session.to_bank, jws, &mut rng()).map_err(fault);
    }
    let met = state.met.as_ref().ok_or(Failure::NoLine)?;
    seal_to_key(rsa, &met.seal_to, jws, &mut rng()).map_err(fault)
}

/// The session an envelope is sealed in.
pub(crate) fn session_of(envelope: &Jwe) -> Option<SessionId> {
    match envelope.recipient() {
        Recipient::Session(session) => Some(session),
        Recipient::Key(_) => None,
    }
}

impl<H: Host> Worker<H> {
    /// Seals a signed message to the bank.
    pub(crate) fn seal(&self, jws: &Jws, in_session: bool) -> Result<Jwe, Failure> {
        let now = self.now();
        let jwe = self.with(|state| seal_with(&self.rsa, state, jws, in_session, now))?;
        let count = self.with_open(|open| {
            let session = session_of(&jwe)?;
            open.sessions
                .iter()
                .find(|s| s.id == session)
                .map(|s| s.left)
        })?;
        if count.is_some_and(|left| left % STORE_EACH == 0) {
            self.store_sessions()?;
        }
        Ok(jwe)
    }

    /// Makes sure that there is a session to send in.
    pub(crate) async fn session_ready(&self) -> Result<(), Failure> {
        let _turn = self.session_turn.take().await;
        let now = self.now();
        if self.with_open(|open| open.session_for_sending(now).is_some())? {
            return Ok(());
        }
        let (id, body) = self.with_open(|open| {
            let id = SessionId::new(crate::host::random());
            let (to_bank, to_device) = (
                SessionKey::generate(&mut rng()),
                SessionKey::generate(&mut rng()),
            );
            let body = SessionOpen {
                session: id,
                key_to_bank: to_bank.to_base64url().to_string(),
                key_to_device: to_device.to_base64url().to_string(),
            };
            // Known before it is sent: the bank may answer in the session itself.
            open.sessions.push(Session {
                id,
                to_bank,
                to_device,
                until: now + SESSION_SECONDS,
                left: 0,
                opened: false,
            });
            (id, body)
        })?;
        let bank = self.bank_name()?;
        let jws = self.sign(body, &bank, OPEN_SECONDS, None)?;
        let outcome = self.exchange(jws, false).await;
        let opened = match outcome {
            Ok(answered) => match answered.reply {
                Reply::SessionOpened(opened) if opened.session == id => Ok(opened),
                other => Err(other.unexpected(answered.id)),
            },
            Err(failure) => Err(failure),
        };
        match opened {
            Ok(opened) => {
                self.with_open(|open| {
                    if let Some(session) = open.sessions.iter_mut().find(|s| s.id == id) {
                        session.opened = true;
                        session.until = opened.until.min(now + SESSION_SECONDS);
                        session.left = opened.envelopes_max.min(SESSION_ENVELOPES_MAX);
                    }
                    let surplus = open.sessions.len().saturating_sub(KEPT_MAX);
                    open.sessions.drain(..surplus);
                })?;
                self.store_sessions()
            }
            Err(failure) => {
                let _ = self.with_open(|open| open.sessions.retain(|s| s.id != id));
                Err(failure)
            }
        }
    }

    /// The bank does not know a session any more.
    pub(crate) fn drop_session(&self, id: SessionId) -> Result<(), Failure> {
        self.with_open(|open| open.sessions.retain(|session| session.id != id))?;
        self.store_sessions()
    }

    fn store_sessions(&self) -> Result<(), Failure> {
        let (key, value) = self.with_open(|open| {
            let key = format!("{}{}", stored::SESSION, open.keys.device());
            open.sessions_at_rest(&self.rsa).map(|value| (key, value))
        })??;
        self.store(key, value);
        Ok(())
    }

    /// Another tab has opened a session: its letters can be read now.
    pub(crate) async fn take_session(&self, sealed: &str) -> Result<(), Failure> {
        let now = self.now();
        self.with_open(|open| open.take_sessions(&self.rsa, sealed, now))?;
        let _turn = self.mail_turn.take().await;
        let letters = self.with_open(|open| std::mem::take(&mut open.unread))?;
        let mut letters = letters.into_iter();
        while let Some(letter) = letters.next() {
            if let Err(failure) = self.take_letter(&letter).await {
                // The line went: they are tried again with the next session.
                self.with_open(|open| {
                    open.unread.push(letter);
                    open.unread.extend(letters);
                })?;
                return Err(failure);
            }
        }
        Ok(())
    }
}
