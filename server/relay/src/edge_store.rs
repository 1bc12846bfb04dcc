//! What an edge does at a front (role `edge`): it stores envelopes and hands out mailboxes.
//!
//! The role can call a few functions and read no table. Tokens and challenges are hashed here: the
//! front never sees what a browser holds.

use crate::front::documents::BANK;
use crate::{Refused, RelayError, Wakeups, connect};
use aws_lc_rs::digest::{SHA256, digest};
use message::api::{
    BankInfo, CertificateChain, ENVELOPE_BYTES_MAX, Letter, MAIL_PER_READING_MAX, Mail,
};
use message::{Thumbprint, Timestamp};
use sqlx::postgres::{PgConnectOptions, PgPool};

mod mail;

pub use mail::{MailKey, MailWakeups, Woken};

/// A front as an edge sees it.
#[derive(Clone, Debug)]
pub struct EdgeStore {
    pool: PgPool,
}

impl EdgeStore {
    /// A front at this address. Connects when it is first used.
    #[must_use]
    pub fn connect(options: PgConnectOptions, connections_max: u32) -> Self {
        Self::new(connect(options, connections_max))
    }

    /// A front behind this pool.
    #[must_use]
    pub fn new(pool: PgPool) -> Self {
        Self { pool }
    }

    /// Stores a sealed message to the bank: a compact JWE whose shape the caller has checked.
    /// Answers its id, the SHA-256 of the text. Storing it again changes nothing.
    ///
    /// # Errors
    /// [`Refused::Malformed`] when it is empty or larger than [`ENVELOPE_BYTES_MAX`].
    pub async fn store_envelope(&self, body: &str) -> Result<[u8; 32], RelayError> {
        let ids = self.store_envelopes(&[body]).await?;
        ids.first()
            .copied()
            .ok_or_else(|| inconsistent("no id came back"))
    }

    /// Stores several in one statement, all or none; the ids come in the same order.
    ///
    /// # Errors
    /// [`Refused::Malformed`] when one is empty or larger than [`ENVELOPE_BYTES_MAX`].
    pub async fn store_envelopes(&self, bodies: &[&str]) -> Result<Vec<[u8; 32]>, RelayError> {
        if bodies
            .iter()
            .any(|body| body.is_empty() || body.len() > ENVELOPE_BYTES_MAX)
        {
            return Err(RelayError::Refused(Refused::Malformed));
        }
        let ids: Vec<Vec<u8>> = sqlx::query_scalar("SELECT front.store_envelopes($1)")
            .bind(bodies)
            .fetch_all(&self.pool)
            .await?;
        let ids = ids
            .into_iter()
            .map(|id| id.try_into().map_err(|_| inconsistent("an id is short")));
        ids.collect()
    }

    /// Remembers a challenge that is about to be given out. Good once, for a minute, at every edge.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn put_challenge(&self, challenge: &str) -> Result<(), RelayError> {
        sqlx::query("SELECT front.put_challenge($1)")
            .bind(hash(challenge))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Opens a session for one mailbox, for at most an hour. The caller has checked that the
    /// mailbox's key has signed the challenge; whether it is one of ours and still good is checked
    /// here. `session` is the cookie: at least 128 random bits.
    ///
    /// # Errors
    /// [`Refused::ChallengeUnknown`], [`Refused::DeviceRevoked`].
    pub async fn open_mailbox(
        &self,
        challenge: &str,
        session: &str,
        mailbox: &Thumbprint,
        seconds: u32,
    ) -> Result<(), RelayError> {
        sqlx::query("SELECT front.open_mailbox($1, $2, $3, $4)")
            .bind(hash(challenge))
            .bind(hash(session))
            .bind(mailbox.to_string())
            .bind(i32::try_from(seconds).unwrap_or(i32::MAX))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Whether this session opens exactly this mailbox now: for streams, from time to time.
    ///
    /// # Errors
    /// [`Refused::SessionUnknown`], [`Refused::OtherMailbox`], [`Refused::DeviceRevoked`].
    pub async fn check_session(
        &self,
        session: &str,
        mailbox: &Thumbprint,
    ) -> Result<(), RelayError> {
        sqlx::query("SELECT front.check_session($1, $2)")
            .bind(hash(session))
            .bind(mailbox.to_string())
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Reads up to `limit` messages (at most [`MAIL_PER_READING_MAX`]) after number `after`.
    ///
    /// # Errors
    /// [`Refused::SessionUnknown`], [`Refused::OtherMailbox`], [`Refused::DeviceRevoked`].
    pub async fn read_mailbox(
        &self,
        session: &str,
        mailbox: &Thumbprint,
        after: i64,
        limit: u32,
    ) -> Result<Mail, RelayError> {
        let limit = limit.clamp(1, MAIL_PER_READING_MAX);
        let rows: Vec<(i64, String)> =
            sqlx::query_as("SELECT n, body FROM front.read_mailbox($1, $2, $3, $4)")
                .bind(hash(session))
                .bind(mailbox.to_string())
                .bind(after)
                .bind(i32::try_from(limit).unwrap_or(i32::MAX).saturating_add(1))
                .fetch_all(&self.pool)
                .await?;
        let page = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = rows.len() > page;
        let letters = rows.into_iter().take(page);
        let messages = letters
            .map(|(n, envelope)| Letter { n, envelope })
            .collect();
        Ok(Mail { messages, more })
    }

    /// Ends a session.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn close_mailbox(&self, session: &str) -> Result<(), RelayError> {
        sqlx::query("SELECT front.close_mailbox($1)")
            .bind(hash(session))
            .execute(&self.pool)
            .await?;
        Ok(())
    }

    /// Listens for new mail and revocations. Look once into every mailbox that is being watched
    /// after this.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn listen(&self) -> Result<MailWakeups, RelayError> {
        Ok(MailWakeups::new(
            Wakeups::listen(&self.pool, &["mail"]).await?,
        ))
    }

    /// The certificate of a signing key with those above it; `None` when none is published.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn certificate(
        &self,
        key: &Thumbprint,
    ) -> Result<Option<CertificateChain>, RelayError> {
        let chain: Option<Vec<Vec<u8>>> = sqlx::query_scalar("SELECT front.certificate_of($1)")
            .bind(key.to_string())
            .fetch_one(&self.pool)
            .await?;
        let base64 = |der: &Vec<u8>| data_encoding::BASE64.encode(der);
        Ok(chain.map(|chain| CertificateChain {
            certificates: chain.iter().map(base64).collect(),
        }))
    }

    /// What devices need to know of the bank, with the newest key set and this clock; `None` before
    /// a processor has published it.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the front cannot be reached.
    pub async fn bank_info(&self, now: Timestamp) -> Result<Option<BankInfo>, RelayError> {
        let (document, key_set): (Option<String>, Option<String>) =
            sqlx::query_as("SELECT front.document($1), front.newest_key_set()")
                .bind(BANK)
                .fetch_one(&self.pool)
                .await?;
        let (Some(document), Some(key_set)) = (document, key_set) else {
            return Ok(None);
        };
        let info: BankInfo =
            serde_json::from_str(&document).map_err(|error| RelayError::Inconsistent {
                table: "front.bank_document",
                what: error.to_string(),
            })?;
        Ok(Some(BankInfo {
            key_set,
            now,
            ..info
        }))
    }
}

/// What the front keeps of a token.
fn hash(token: &str) -> Vec<u8> {
    digest(&SHA256, token.as_bytes()).as_ref().to_vec()
}

fn inconsistent(what: &str) -> RelayError {
    RelayError::Inconsistent {
        table: "front.envelope_in",
        what: what.to_owned(),
    }
}
