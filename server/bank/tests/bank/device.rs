//! A customer's device, as a browser would be.

use crate::harness::{NOW, TestBank, certificate, eur, material, name, rsa};
use bank::{Clock, Entropy, SystemEntropy, operator};
use envelope::{
    Jwe, Jws, Recipient, Role, RsaPrivateKey, RsaPublicKey, SessionKey, SigningKey, TrustAnchor,
    VerifyingKey, enrol, key_set, seal_to_key, seal_to_session, verify_chain,
};
use message::{
    Body, Digest, Iban, MessageId, Payload, SessionId, Thumbprint,
    device::{
        DeviceChange, DeviceOrder, DeviceOrdered, DeviceView, Devices, DevicesAsk, JoinRequest,
        Rights, Standing,
    },
    enrol::{Activated, EnrolConfirm, EnrolRequest, Enrolled},
    order::PaymentOrder,
    receipt::{Outcome, Receipt, Refusal, Refused},
    session::SessionOpen,
    text::{Label, Remittance},
};
use sqlx::ConnectOptions;

pub struct Device {
    pub keys: (RsaPrivateKey, RsaPrivateKey),
    pub customer: i64,
    pub iban: Iban,
    pub session: Option<(SessionId, SessionKey, SessionKey)>,
}

pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    SystemEntropy.rng().fill_bytes(&mut bytes);
    bytes
}

pub fn message_id() -> MessageId {
    MessageId::new(random())
}

/// The bank's encryption key, as devices learn it.
pub fn bank_key(bank: &TestBank) -> RsaPublicKey {
    let set = material().banks[bank.which].2.key_set.clone();
    let set: Payload<message::key_set::KeySet> =
        serde_json::from_slice(set.unverified_payload()).unwrap();
    key_set::current_key(&set.body).unwrap()
}

impl Device {
    /// A new customer with money, and a device that is not enrolled yet.
    pub async fn new(bank: &TestBank, which: usize, cents: i64) -> (Self, operator::PrintedSlip) {
        let mut core = bank.owner().await;
        let new = operator::open_customer(
            &mut core,
            &SystemEntropy,
            &name(["Ann Lee", "Bo Díaz", "Cy Øst", "Di Wu", "Ed Fox"][which]),
            &Label::parse("Everyday").unwrap(),
            (cents > 0).then(|| eur(cents)),
            NOW,
        )
        .await
        .unwrap();
        let device = Self {
            keys: material().devices[which].clone(),
            customer: new.number,
            iban: new.account,
            session: None,
        };
        (device, new.slip)
    }

    /// A new customer with money and an active device.
    pub async fn enrolled(bank: &TestBank, which: usize, cents: i64) -> Self {
        let (device, slip) = Self::new(bank, which, cents).await;
        device.enrol(bank, &slip).await;
        device
    }

    pub fn id(&self) -> Thumbprint {
        self.keys.0.public().thumbprint()
    }

    pub fn payload<B: Body>(&self, bank: &TestBank, body: B) -> Payload<B> {
        let now = bank.clock.now();
        Payload {
            iss: self.id().to_string(),
            aud: bank.bic.to_string(),
            jti: message_id(),
            iat: now,
            exp: now + 900,
            re: None,
            body,
        }
    }

    pub fn sign<B: Body>(&self, payload: &Payload<B>) -> Jws {
        let key = SigningKey::Rsa(self.keys.0.clone());
        envelope::sign(&*rsa(), &key, payload, &mut *SystemEntropy.rng()).unwrap()
    }

    pub fn seal(&self, bank: &TestBank, jws: &Jws) -> Jwe {
        let mut rng = SystemEntropy.rng();
        match &self.session {
            Some((id, key, _)) => seal_to_session(*id, key, jws, &mut *rng).unwrap(),
            None => seal_to_key(&*rsa(), &bank_key(bank), jws, &mut *rng).unwrap(),
        }
    }

    /// Signs, seals and hands in; the bank has not looked at it yet.
    pub async fn send<B: Body>(&self, bank: &TestBank, payload: &Payload<B>) -> Digest {
        let jws = self.sign(payload);
        self.hand_in(bank, &jws).await;
        jws.digest()
    }

    /// Seals what was signed and hands it in.
    pub async fn hand_in(&self, bank: &TestBank, jws: &Jws) {
        let envelope = self.seal(bank, jws);
        bank.edge.store_envelope(envelope.as_str()).await.unwrap();
    }

    /// Says something and has the bank work.
    pub async fn say<B: Body>(&self, bank: &TestBank, body: B) -> Digest {
        let digest = self.send(bank, &self.payload(bank, body)).await;
        bank.settle().await;
        digest
    }

    /// Everything in the mailbox, opened and with its signature checked against the bank's chain.
    pub async fn mail(&self, bank: &TestBank) -> Vec<Jws> {
        let mut front = bank.front.connect().await.unwrap();
        let bodies: Vec<String> =
            sqlx::query_scalar("SELECT body FROM front.envelope_out WHERE mailbox = $1 ORDER BY n")
                .bind(self.id().to_string())
                .fetch_all(&mut front)
                .await
                .unwrap();
        let mut opened = Vec::new();
        for body in bodies {
            let jwe = Jwe::parse(&body).unwrap();
            let jws = match (jwe.recipient(), &self.session) {
                (Recipient::Session(id), Some((own, _, key))) if id == *own => {
                    jwe.open_with_session(key).unwrap()
                }
                (Recipient::Session(_), _) => continue,
                (Recipient::Key(_), _) => jwe.open_with_key(&*rsa(), &self.keys.1).unwrap(),
            };
            jws.verify(&*rsa(), &signer_of(bank, &jws).await).unwrap();
            opened.push(jws);
        }
        opened
    }

    /// The messages of one kind in the mailbox.
    pub async fn heard<B: Body>(&self, bank: &TestBank) -> Vec<Payload<B>> {
        let mail = self.mail(bank).await;
        mail.iter()
            .filter(|jws| jws.kind() == B::KIND)
            .map(|jws| serde_json::from_slice(jws.unverified_payload()).unwrap())
            .collect()
    }

    /// The newest answer of this kind.
    pub async fn last<B: Body>(&self, bank: &TestBank) -> Payload<B> {
        let heard = self.heard(bank).await.pop();
        heard.unwrap_or_else(|| panic!("no {} in the mailbox", B::KIND))
    }

    pub fn enrol_request(&self, slip: &operator::PrintedSlip) -> EnrolRequest {
        let (signing, encryption) = (self.keys.0.public(), self.keys.1.public());
        EnrolRequest {
            locator: slip.locator.to_string(),
            proof: enrol::proof(
                &slip.secret,
                &slip.locator,
                &signing.thumbprint(),
                &encryption.thumbprint(),
            ),
            signing_key: signing.to_jwk(),
            encryption_key: encryption.to_jwk(),
            device_name: Label::parse("Laptop").unwrap(),
        }
    }

    pub async fn enrol(&self, bank: &TestBank, slip: &operator::PrintedSlip) {
        self.say(bank, self.enrol_request(slip)).await;
        let enrolled = self.last::<Enrolled>(bank).await;
        let anchor = TrustAnchor::new(material().root.certificate.clone()).unwrap();
        let chain: Vec<_> = enrolled.body.chain.iter().map(|c| certificate(c)).collect();
        for (der, role) in [
            (&enrolled.body.signing_certificate, Role::DeviceSigning),
            (
                &enrolled.body.encryption_certificate,
                Role::DeviceEncryption,
            ),
        ] {
            let leaf = certificate(der);
            let verified =
                verify_chain(&*rsa(), &anchor, &leaf, &chain, role, &bank.bic, NOW).unwrap();
            assert_eq!(verified.holder(), self.id());
        }
        let nonce = enrolled.body.nonce;
        self.say(bank, EnrolConfirm { nonce }).await;
        let activated = self.last::<message::enrol::Activated>(bank).await;
        assert_eq!(activated.body.bank, bank.bic);
    }

    pub async fn open_session(&mut self, bank: &TestBank) {
        let keys: [[u8; 32]; 2] = [random(), random()];
        let text = |key: [u8; 32]| SessionKey::from_bytes(key).to_base64url().to_string();
        let session = SessionId::new(random());
        self.session = None;
        self.say(
            bank,
            SessionOpen {
                session,
                key_to_bank: text(keys[0]),
                key_to_device: text(keys[1]),
            },
        )
        .await;
        let [to_bank, to_device] = keys.map(SessionKey::from_bytes);
        self.session = Some((session, to_bank, to_device));
        let opened = self.last::<message::session::SessionOpened>(bank).await;
        assert_eq!(opened.body.session, session);
    }

    /// Keys for one more device of the same customer, not known to the bank.
    pub fn sibling(&self, which: usize) -> Self {
        Self {
            keys: material().devices[which].clone(),
            customer: self.customer,
            iban: self.iban.clone(),
            session: None,
        }
    }

    pub fn join_request(&self) -> JoinRequest {
        JoinRequest {
            signing_key: self.keys.0.public().to_jwk(),
            encryption_key: self.keys.1.public().to_jwk(),
            device_name: Label::parse("Tablet").unwrap(),
        }
    }

    /// The code that a new device shows.
    pub fn code(&self) -> String {
        let (signing, encryption) = (self.keys.0.public(), self.keys.1.public());
        enrol::join_code(&signing.thumbprint(), &encryption.thumbprint())
    }

    pub fn approval(&self, rights: Rights) -> DeviceChange {
        DeviceChange::Approve {
            device: self.id(),
            encryption: self.keys.1.public().thumbprint(),
            rights,
        }
    }

    /// Orders something about devices.
    pub async fn change(
        &self,
        bank: &TestBank,
        change: DeviceChange,
    ) -> Result<DeviceOrdered, Refusal> {
        let digest = self.say(bank, DeviceOrder { change }).await;
        self.answered(bank, digest).await
    }

    /// The answer to a message of this device.
    pub async fn answered<A: Body>(&self, bank: &TestBank, digest: Digest) -> Result<A, Refusal> {
        let refused = self.heard::<Refused>(bank).await;
        if let Some(refused) = refused.into_iter().find(|r| r.re == Some(digest)) {
            return Err(refused.body.reason);
        }
        let answers = self.heard::<A>(bank).await.into_iter();
        let answer = answers.rev().find(|answer| answer.re == Some(digest));
        Ok(answer.expect("an answer").body)
    }

    /// Asks and hears the answer.
    pub async fn ask<Q: Body, A: Body>(&self, bank: &TestBank, body: Q) -> Result<A, Refusal> {
        let digest = self.say(bank, body).await;
        self.answered(bank, digest).await
    }

    /// Signs back the nonce of the certificates that are in the mailbox.
    pub async fn confirm(&self, bank: &TestBank) -> Result<Activated, Refusal> {
        let nonce = self.last::<Enrolled>(bank).await.body.nonce;
        self.ask(bank, EnrolConfirm { nonce }).await
    }

    /// A second device, approved by this one.
    pub async fn approved(&self, bank: &TestBank, which: usize, rights: Rights) -> Self {
        let new = self.sibling(which);
        new.say(bank, new.join_request()).await;
        let made = self.change(bank, new.approval(rights)).await.unwrap();
        assert_eq!((made.device, made.standing), (new.id(), Standing::New));
        new.confirm(bank).await.unwrap();
        new
    }

    /// The customer's devices as this one is told.
    pub async fn devices(&self, bank: &TestBank) -> Vec<DeviceView> {
        let list: Devices = self.ask(bank, DevicesAsk {}).await.unwrap();
        list.devices
    }

    pub fn order(&self, to: &Iban, cents: i64) -> PaymentOrder {
        PaymentOrder {
            debtor_account: self.iban.clone(),
            creditor_name: name("Bo Díaz"),
            creditor_account: to.clone(),
            instructed_amount: eur(cents),
            remittance: Remittance::parse("Rent").unwrap(),
        }
    }

    /// Pays, and answers the receipt's outcome.
    pub async fn pay(&self, bank: &TestBank, to: &Iban, cents: i64) -> Outcome {
        let digest = self.say(bank, self.order(to, cents)).await;
        let receipt = self.receipt(bank, digest).await.expect("a receipt");
        receipt.body.outcome
    }

    /// The receipt for an order, if it is here.
    pub async fn receipt(&self, bank: &TestBank, order: Digest) -> Option<Payload<Receipt>> {
        let receipts = self.heard::<Receipt>(bank).await;
        receipts.into_iter().find(|r| r.body.order_digest == order)
    }

    /// The account as an overview tells it: booked and held.
    pub async fn balance(&self, bank: &TestBank) -> (i64, i64) {
        self.say(bank, message::enquiry::OverviewAsk {}).await;
        let overview = self.last::<message::enquiry::Overview>(bank).await.body;
        let account = &overview.accounts[0];
        assert_eq!(
            account.available.minor(),
            account.booked.minor() - account.held.minor()
        );
        (account.booked.minor(), account.held.minor())
    }
}

pub fn refused(reason: Refusal) -> Outcome {
    Outcome::Refused { reason }
}

pub fn is_booked(outcome: &Outcome) -> bool {
    matches!(outcome, Outcome::Booked { .. })
}

/// The key of the processor that signed, by the chain that the front publishes.
async fn signer_of(bank: &TestBank, jws: &Jws) -> VerifyingKey {
    if bank.edge.certificate(&jws.kid()).await.unwrap().is_none() {
        bank.processor.publish_documents().await.unwrap();
    }
    let chain = bank.edge.certificate(&jws.kid()).await.unwrap().unwrap();
    let chain: Vec<_> = chain.certificates.iter().map(|c| certificate(c)).collect();
    let anchor = TrustAnchor::new(material().root.certificate.clone()).unwrap();
    let (leaf, cas) = chain.split_first().unwrap();
    let role = Role::Processor;
    let now = bank.clock.now();
    let verified = verify_chain(&*rsa(), &anchor, leaf, cas, role, &bank.bic, now).unwrap();
    verified.verifying_key().unwrap().clone()
}
