//! The device's mailbox: opened by a signature, read in order, every letter opened and verified.

use super::Device;
use crate::cli::Failure;
use envelope::{Jwe, Jws, Recipient, Verified};
use message::{
    Body, Payload,
    api::{Challenge, Mail},
    receipt::ReceiptAttest,
};
use relay::primitive::AwsLcRsa;
use reqwest::StatusCode;

/// A letter whose signature holds under a certified processor key of the bank.
pub struct Opened(Verified);

impl Opened {
    /// The content, if it is of this kind.
    pub fn read<B: Body>(&self) -> Option<Payload<B>> {
        (self.0.kind() == B::KIND)
            .then(|| self.0.payload().ok())
            .flatten()
    }

    /// As signed.
    pub fn jws(&self) -> &Jws {
        self.0.jws()
    }
}

impl Device {
    /// Reads what is new in the mailbox, in order.
    pub async fn read_mail(&mut self) -> Result<Vec<Opened>, Failure> {
        let edge = self.bank.edge();
        if self.door != Some(edge) {
            self.open_door(edge).await?;
        }
        let address = format!(
            "{}/v1/mailbox?device={}&after={}",
            self.bank.edges[edge],
            self.id(),
            self.after
        );
        let answer = match self.bank.client.get(address).send().await {
            Ok(answer) => answer,
            Err(error) => {
                self.bank.next_edge();
                return Err(error.into());
            }
        };
        if answer.status() == StatusCode::UNAUTHORIZED {
            self.door = None;
            return Err("the session is over".into());
        }
        if answer.status().is_server_error() {
            self.bank.next_edge();
        }
        let mail: Mail = answer.error_for_status()?.json().await?;
        let mut opened = Vec::new();
        for letter in mail.messages {
            if let Some(letter) = self.open(&letter.envelope).await? {
                opened.push(letter);
            }
            self.after = letter.n;
        }
        Ok(opened)
    }

    /// Signs an edge's challenge; the cookie that comes back opens this mailbox at every edge.
    async fn open_door(&mut self, edge: usize) -> Result<(), Failure> {
        let origin = self.bank.edges[edge].clone();
        let asked = self
            .bank
            .client
            .post(format!("{origin}/v1/mailbox/challenge"))
            .send()
            .await;
        let asked = match asked.and_then(reqwest::Response::error_for_status) {
            Ok(asked) => asked,
            Err(error) => {
                self.bank.next_edge();
                return Err(error.into());
            }
        };
        let challenge: Challenge = asked.json().await?;
        let jws = self.challenge_answer(challenge.challenge, &origin)?;
        let answer = self
            .bank
            .client
            .post(format!("{origin}/v1/mailbox/open"))
            .header(reqwest::header::CONTENT_TYPE, "application/jose")
            .body(jws.as_str().to_owned())
            .send()
            .await?;
        answer.error_for_status()?;
        self.door = Some(edge);
        Ok(())
    }

    /// Opens a letter and checks its signature. `None` for one that is sealed in a session this
    /// device does not have any more, or that a removed processor has signed and nobody attests.
    async fn open(&mut self, envelope: &str) -> Result<Option<Opened>, Failure> {
        let jwe = Jwe::parse(envelope)?;
        let jws = match (jwe.recipient(), &self.session) {
            (Recipient::Key(_), _) => jwe.open_with_key(&AwsLcRsa, &self.encryption)?,
            (Recipient::Session(id), Some(session)) if session.id == id => {
                jwe.open_with_session(&session.to_device)?
            }
            (Recipient::Session(_), _) => return Ok(None),
        };
        let signer = self.bank.processor(jws.kid()).await?;
        let key = signer
            .verifying_key()
            .ok_or("the signer's key does not sign")?;
        let opened = Opened(jws.verify(&AwsLcRsa, key)?);
        let attests = opened.read::<ReceiptAttest>();
        let attested = attests.is_none() && self.attested.contains(&jws.digest());
        if self.bank.has_removed(&jws.kid()) && !attested {
            return Ok(None);
        }
        self.attested.extend(attests.map(|p| p.body.attested));
        Ok(Some(opened))
    }
}
