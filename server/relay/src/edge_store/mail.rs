//! Notifications of new mail, as an edge gets them.

use crate::{RelayError, Wakeups};
use aws_lc_rs::digest::{SHA256, digest};
use message::Thumbprint;
use std::fmt;

/// What a notification calls a mailbox: the SHA-256 of its name. An edge compares it with the
/// mailboxes it serves, and learns nothing of the others.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct MailKey([u8; 32]);

impl MailKey {
    /// The key of this mailbox.
    #[must_use]
    pub fn of(mailbox: &Thumbprint) -> Self {
        let hash = digest(&SHA256, mailbox.to_string().as_bytes());
        let mut key = [0; 32];
        key.copy_from_slice(hash.as_ref());
        Self(key)
    }

    fn parse(payload: &str) -> Option<Self> {
        let bytes = data_encoding::HEXLOWER.decode(payload.as_bytes()).ok()?;
        bytes.try_into().ok().map(Self)
    }
}

impl fmt::Debug for MailKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailKey({})", data_encoding::HEXLOWER.encode(&self.0))
    }
}

/// Whom a notification wakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// This mailbox has something new, or its device was revoked.
    Mailbox(MailKey),
    /// Notifications may have been missed: look into every mailbox that is being watched.
    All,
}

/// The stream of notifications of a front.
#[derive(Debug)]
pub struct MailWakeups {
    wakeups: Wakeups,
}

impl MailWakeups {
    pub(super) fn new(wakeups: Wakeups) -> Self {
        Self { wakeups }
    }

    /// The next one. May be dropped while waiting.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] while the front cannot be reached: wait a little, call again. The
    /// first answer after that is [`Woken::All`].
    pub async fn next(&mut self) -> Result<Woken, RelayError> {
        let notification = self.wakeups.next().await?;
        let key = notification.and_then(|notification| MailKey::parse(notification.payload()));
        Ok(key.map_or(Woken::All, Woken::Mailbox))
    }
}
