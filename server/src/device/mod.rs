//! A device without a browser: it enrols, opens its mailbox, pays and checks receipts over `/v1`,
//! as any other program could. The bench and the tests of whole networks pay with it.

mod bank;
mod mailbox;

pub use bank::Bank;
pub use mailbox::Opened;

use crate::{boot, ceremony, cli::Failure};
use envelope::{
    Jwe, Jws, RsaPrivateKey, SessionKey, SigningKey, enrol, seal_to_key, seal_to_session, sign,
};
use message::{
    Amount, Body, Digest, Iban, MessageId, Payload, SessionId, Thumbprint,
    device::{DeviceChange, DeviceOrder, DeviceOrdered, JoinRequest, Joining, Rights},
    enrol::{Activated, EnrolConfirm, EnrolRequest, Enrolled},
    order::{ORDER_LIFETIME_SECONDS, PaymentOrder},
    receipt::{Receipt, Refused},
    session::{SessionOpen, SessionOpened},
    slip::{Locator, Secret},
    text::{Label, Name, Remittance},
};
use relay::primitive::AwsLcRsa;
use std::{
    collections::HashSet,
    time::{Duration, Instant},
};

/// How long an answer may take before the device gives up.
pub const ANSWER_LIMIT: Duration = Duration::from_secs(30);
/// Between two looks into the mailbox.
const LOOK_EVERY: Duration = Duration::from_millis(25);

/// The keys of a session, from the device's side.
pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) to_bank: SessionKey,
    pub(crate) to_device: SessionKey,
}

/// A device with its keys open.
pub struct Device {
    pub(crate) bank: Bank,
    pub(crate) signing: SigningKey,
    pub(crate) encryption: RsaPrivateKey,
    pub(crate) session: Option<Session>,
    pub(crate) after: i64,
    pub(crate) door: Option<usize>,
    letters: Vec<Opened>,
    /// What removed processors have signed and the bank stands by.
    attested: HashSet<Digest>,
}

/// What a device is asked to pay.
#[derive(Clone, Debug)]
pub struct Order {
    /// From.
    pub from: Iban,
    /// To whom.
    pub name: Name,
    /// To which account.
    pub to: Iban,
    /// How much.
    pub amount: Amount,
}

impl Device {
    /// New keys, at the bank of these edges; not enrolled yet.
    pub async fn make(edges: &[String]) -> Result<Self, Failure> {
        Self::with_keys(edges, ceremony::make_key()?, ceremony::make_key()?).await
    }

    /// A device with these keys.
    pub async fn with_keys(
        edges: &[String],
        signing: RsaPrivateKey,
        encryption: RsaPrivateKey,
    ) -> Result<Self, Failure> {
        Ok(Self {
            bank: Bank::meet(edges).await?,
            signing: SigningKey::Rsa(signing),
            encryption,
            session: None,
            after: 0,
            door: None,
            letters: Vec::new(),
            attested: HashSet::new(),
        })
    }

    /// The device's id and mailbox.
    pub fn id(&self) -> Thumbprint {
        self.signing.thumbprint()
    }

    /// Enrols with a slip and opens a session.
    pub async fn enrol(&mut self, locator: &Locator, secret: &Secret) -> Result<(), Failure> {
        let (signing, encryption) = (self.id(), self.encryption.public().thumbprint());
        let request = EnrolRequest {
            locator: locator.to_string(),
            proof: enrol::proof(secret, locator, &signing, &encryption),
            signing_key: self.signing.verifying_key().to_jwk(),
            encryption_key: self.encryption.public().to_jwk(),
            device_name: Label::parse("A program")?,
        };
        let sent = self.say(request)?;
        self.send(&self.seal(&sent)?).await?;
        self.confirm(&sent).await
    }

    /// Signs the request of a device without a slip: what another device's order may carry.
    pub fn join_request(&self) -> Result<Jws, Failure> {
        self.say(JoinRequest {
            signing_key: self.signing.verifying_key().to_jwk(),
            encryption_key: self.encryption.public().to_jwk(),
            device_name: Label::parse("A program")?,
        })
    }

    /// The code by which another device of the customer finds this one.
    pub fn join_code(&self) -> String {
        enrol::join_code(&self.id(), &self.encryption.public().thumbprint())
    }

    /// The order by which another device of the customer approves this one.
    pub fn approval(&self, rights: Rights) -> DeviceChange {
        DeviceChange::Approve {
            device: self.id(),
            encryption: self.encryption.public().thumbprint(),
            rights,
        }
    }

    /// Shows the keys of this device, so that another can approve them.
    pub async fn show(&mut self, request: &Jws) -> Result<(), Failure> {
        self.send(&self.seal(request)?).await?;
        let _: (Jws, Payload<Joining>) = self.answer_to(request).await?;
        Ok(())
    }

    /// Orders something about devices.
    pub async fn change(&mut self, change: DeviceChange) -> Result<DeviceOrdered, Failure> {
        self.ask(DeviceOrder { change }).await
    }

    /// Takes the bank's newest key set up.
    pub async fn refresh(&mut self) -> Result<u64, Failure> {
        self.bank.refresh().await
    }

    /// Waits for the certificates that answer a request, confirms them, and opens a session.
    pub async fn confirm(&mut self, request: &Jws) -> Result<(), Failure> {
        let answer: (Jws, Payload<Enrolled>) = self.answer_to(request).await?;
        let mut confirm = self.payload(EnrolConfirm {
            nonce: answer.1.body.nonce,
        });
        confirm.re = Some(answer.0.digest());
        let sent = self.sign(&confirm)?;
        self.send(&self.seal(&sent)?).await?;
        let _: (Jws, Payload<Activated>) = self.answer_to(&sent).await?;
        self.open_session().await
    }

    /// Opens a session; later envelopes are wrapped with it.
    pub async fn open_session(&mut self) -> Result<(), Failure> {
        let mut rng = boot::rng();
        let session = Session {
            id: SessionId::new(boot::random()),
            to_bank: SessionKey::generate(&mut rng),
            to_device: SessionKey::generate(&mut rng),
        };
        let sent = self.say(SessionOpen {
            session: session.id,
            key_to_bank: session.to_bank.to_base64url().to_string(),
            key_to_device: session.to_device.to_base64url().to_string(),
        })?;
        self.session = None;
        let envelope = self.seal(&sent)?;
        // The answer may come sealed in the session itself.
        self.session = Some(session);
        self.send(&envelope).await?;
        let _: (Jws, Payload<SessionOpened>) = self.answer_to(&sent).await?;
        Ok(())
    }

    /// Signs an order; the id is in its payload.
    pub fn order(&self, order: &Order) -> Result<(MessageId, Jws), Failure> {
        let mut payload = self.payload(PaymentOrder {
            debtor_account: order.from.clone(),
            creditor_name: order.name.clone(),
            creditor_account: order.to.clone(),
            instructed_amount: order.amount,
            remittance: Remittance::parse("By a program")?,
        });
        payload.exp = payload.iat + ORDER_LIFETIME_SECONDS;
        Ok((payload.jti, self.sign(&payload)?))
    }

    /// What a signed order says.
    pub fn read_order(&self, jws: &Jws) -> Result<Payload<PaymentOrder>, Failure> {
        let verified = jws.verify(&AwsLcRsa, &self.signing.verifying_key())?;
        Ok(verified.payload()?)
    }

    /// Pays and waits for the receipt.
    pub async fn pay(&mut self, order: &Order) -> Result<Receipt, Failure> {
        let (id, jws) = self.order(order)?;
        self.send(&self.seal(&jws)?).await?;
        self.receipt(id).await
    }

    /// Waits for the receipt of an order.
    pub async fn receipt(&mut self, order: MessageId) -> Result<Receipt, Failure> {
        let found = |letter: &Opened| letter.read::<Receipt>().filter(|p| p.body.order == order);
        Ok(self.wait(found).await?.body)
    }

    /// Asks, and waits for the answer.
    pub async fn ask<B: Body, A: Body>(&mut self, body: B) -> Result<A, Failure> {
        let sent = self.say(body)?;
        self.send(&self.seal(&sent)?).await?;
        let answer: (Jws, Payload<A>) = self.answer_to(&sent).await?;
        Ok(answer.1.body)
    }

    fn payload<B>(&self, body: B) -> Payload<B> {
        let now = boot::now();
        Payload {
            iss: self.id().to_string(),
            aud: self.bank.bic().to_string(),
            jti: MessageId::new(boot::random()),
            iat: now,
            exp: now + 300,
            re: None,
            body,
        }
    }

    fn say<B: Body>(&self, body: B) -> Result<Jws, Failure> {
        self.sign(&self.payload(body))
    }

    /// Signs a payload as it is.
    pub fn sign<B: Body>(&self, payload: &Payload<B>) -> Result<Jws, Failure> {
        Ok(sign(&AwsLcRsa, &self.signing, payload, &mut boot::rng())?)
    }

    /// Seals to the bank: in the session where there is one.
    pub fn seal(&self, jws: &Jws) -> Result<Jwe, Failure> {
        let mut rng = boot::rng();
        Ok(match &self.session {
            Some(session) => seal_to_session(session.id, &session.to_bank, jws, &mut rng)?,
            None => seal_to_key(&AwsLcRsa, self.bank.sealing_key(), jws, &mut rng)?,
        })
    }

    /// Seals to the bank's key, whether or not there is a session.
    pub fn seal_to_bank(&self, jws: &Jws) -> Result<Jwe, Failure> {
        let key = self.bank.sealing_key();
        Ok(seal_to_key(&AwsLcRsa, key, jws, &mut boot::rng())?)
    }

    /// Forgets the session: the bank may have ended it.
    pub fn end_session(&mut self) {
        self.session = None;
    }

    /// Hands an envelope to the first edge that takes it.
    pub async fn send(&self, envelope: &Jwe) -> Result<(), Failure> {
        self.bank
            .post("/v1/envelopes", envelope.as_str())
            .await
            .map(drop)
    }

    /// Waits for the answer to a message: of the kind expected, or a refusal.
    async fn answer_to<A: Body>(&mut self, sent: &Jws) -> Result<(Jws, Payload<A>), Failure> {
        let digest = sent.digest();
        let found = move |letter: &Opened| {
            if let Some(refused) = letter.read::<Refused>().filter(|p| p.re == Some(digest)) {
                return Some(Err(refused.body.reason));
            }
            let answer = letter.read::<A>().filter(|p| p.re == Some(digest))?;
            Some(Ok((letter.jws().clone(), answer)))
        };
        match self.wait(found).await? {
            Ok(answer) => Ok(answer),
            Err(reason) => Err(format!("the bank refuses: {}", reason.words()).into()),
        }
    }

    /// Reads the mailbox until something is found in it, or the limit has passed.
    pub async fn wait<T>(
        &mut self,
        mut found: impl FnMut(&Opened) -> Option<T>,
    ) -> Result<T, Failure> {
        let until = Instant::now() + ANSWER_LIMIT;
        loop {
            if let Some(value) = self.letters.iter().find_map(&mut found) {
                return Ok(value);
            }
            if Instant::now() > until {
                return Err("the bank did not answer in time".into());
            }
            match self.read_mail().await {
                Ok(letters) if letters.is_empty() => tokio::time::sleep(LOOK_EVERY).await,
                Ok(letters) => self.letters.extend(letters),
                Err(error) => {
                    tracing::debug!(%error, "no mail now; trying again");
                    tokio::time::sleep(LOOK_EVERY).await;
                }
            }
        }
    }

    /// Everything opened so far.
    pub fn letters(&self) -> &[Opened] {
        &self.letters
    }

    pub(crate) fn challenge_answer(&self, challenge: String, origin: &str) -> Result<Jws, Failure> {
        let now = boot::now();
        let payload = Payload {
            iss: self.id().to_string(),
            aud: origin.to_owned(),
            jti: MessageId::new(boot::random()),
            iat: now,
            exp: now + 60,
            re: None,
            body: message::api::MailboxOpen {
                challenge,
                key: self.signing.verifying_key().to_jwk(),
            },
        };
        self.sign(&payload)
    }
}
