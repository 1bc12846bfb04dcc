//! What the bank in memory does with an envelope: opens it, answers at once, seals the answer.

use super::{
    bank::{Bank, Device, Session, iban, json},
    pki::{RSA, START, base64},
};
use crate::host::{random, rng};
use envelope::{
    Jwe, Jws, Recipient, Role, RsaPublicKey, SessionKey, Validity, VerifyingKey, enrol,
    seal_to_key, seal_to_session, sign,
};
use message::{
    Balance, Body, Currency, Digest, Kind, MessageId, Payload, Thumbprint, Timestamp,
    api::{Letter, MailEvent},
    enquiry::{AccountView, Overview, OverviewAsk, Payment, PaymentAsk, PaymentView},
    enrol::{Activated, EnrolConfirm, EnrolRequest, Enrolled},
    notice::Notice,
    order::PaymentOrder,
    receipt::{Outcome, Receipt, ReceiptAttest, Refusal, Refused},
    session::{SESSION_ENVELOPES_MAX, SESSION_SECONDS, SealAgain, SessionOpen, SessionOpened},
    text::{Label, Name},
};

impl Bank {
    /// Sends a device what is addressed to another.
    pub(super) fn misaddress<B: Body>(&mut self, device: Thumbprint, body: B) {
        let jws = self.signed(Thumbprint::new([3; 32]), body, None);
        self.post(device, &jws, false);
    }

    /// Opens what waits.
    pub(super) fn wake(&mut self) {
        if !self.asleep {
            for envelope in std::mem::take(&mut self.waiting) {
                self.process(&envelope);
            }
        }
    }

    fn process(&mut self, envelope: &str) {
        let jwe = Jwe::parse(envelope).unwrap();
        let jws = match jwe.recipient() {
            Recipient::Key(_) => jwe.open_with_key(&RSA, &self.pki.encryption).unwrap(),
            Recipient::Session(id) => match self.sessions.get(&id) {
                Some(session) => jwe.open_with_session(&session.to_bank).unwrap(),
                None => {
                    let device = self.ended[&id];
                    let again = SealAgain { session: id };
                    return self.say(device, again, None, false);
                }
            },
        };
        self.opened.push((jws.kind(), jws.digest()));
        let device = jws.kid();
        // Nobody answers a key that was never seen: there is none to seal to.
        let shows_itself = matches!(jws.kind(), Kind::EnrolRequest | Kind::JoinRequest);
        if !shows_itself && !self.devices.contains_key(&device) {
            return;
        }
        if self.refuses(&jws) {
            return;
        }
        match jws.kind() {
            Kind::EnrolRequest => self.enrol(&jws),
            Kind::EnrolConfirm => {
                let payload = self.read::<EnrolConfirm>(&jws);
                assert_eq!(payload.body.nonce, "bm9uY2U");
                let bank = self.pki.bic.clone();
                self.activated(device);
                self.say(device, Activated { bank }, Some(jws.digest()), false);
            }
            Kind::SessionOpen => self.open_session(&jws),
            Kind::OverviewAsk => {
                self.read::<OverviewAsk>(&jws);
                let overview = overview(self.now);
                self.say(device, overview, Some(jws.digest()), true);
            }
            Kind::PaymentOrder => self.order(&jws),
            Kind::PaymentAsk => self.payment(&jws),
            Kind::DevicesAsk
            | Kind::DeviceOrder
            | Kind::JoinRequest
            | Kind::JoinAsk
            | Kind::RenewAsk => self.about_devices(&jws),
            other => panic!("a device does not send {other}"),
        }
    }

    pub(super) fn read<B: Body>(&self, jws: &Jws) -> Payload<B> {
        let key = &self.devices[&jws.kid()].signing;
        let payload = jws.verify(&RSA, key).unwrap().payload::<B>().unwrap();
        let bank = self.pki.bic.as_str();
        payload.check_frame(&jws.kid().to_string(), bank).unwrap();
        payload
    }

    fn enrol(&mut self, jws: &Jws) {
        let payload: Payload<EnrolRequest> =
            serde_json::from_slice(jws.unverified_payload()).unwrap();
        let request = payload.body;
        let signing = VerifyingKey::from_jwk(&request.signing_key).unwrap();
        let encryption = RsaPublicKey::from_jwk(&request.encryption_key).unwrap();
        jws.verify(&RSA, &signing).unwrap();
        let id = signing.thumbprint();
        if let Some(answer) = self.enrolled.get(&id).cloned() {
            return self.post(id, &answer, false);
        }
        let device = Device {
            id,
            signing,
            encryption: encryption.clone(),
        };
        self.devices.insert(id, device);
        let slip = enrol::slip_key(&self.secret);
        if !slip.check_proof(&self.locator, &id, &encryption.thumbprint(), &request.proof) {
            let reason = Refusal::SlipRefused;
            return self.say(id, Refused { reason }, Some(jws.digest()), false);
        }
        self.certify(id, jws.digest());
    }

    /// Sends a device its certificates.
    pub(super) fn certify(&mut self, id: Thumbprint, re: Digest) {
        let Device {
            signing,
            encryption,
            ..
        } = self.devices[&id].clone();
        let spki = signing.to_spki_der().unwrap();
        let validity = Validity {
            not_before: START - 1_000_000,
            not_after: START + self.short.unwrap_or(100_000_000),
        };
        let certificate = |role, spki: &[u8]| base64(&self.pki.certify(role, spki, id, validity));
        let enrolled = Enrolled {
            customer_name: Name::parse("Jonas Brandt").unwrap(),
            customer_number: "1001".to_owned(),
            signing_certificate: certificate(Role::DeviceSigning, &spki),
            encryption_certificate: certificate(Role::DeviceEncryption, encryption.to_spki_der()),
            chain: vec![
                base64(&self.pki.enrolment_ca.certificate),
                base64(&self.pki.bank_ca.certificate),
            ],
            nonce: "bm9uY2U".to_owned(),
        };
        let answer = self.signed(id, enrolled, Some(re));
        self.post(id, &answer, false);
        self.enrolled.insert(id, answer);
    }

    fn open_session(&mut self, jws: &Jws) {
        let open = self.read::<SessionOpen>(jws).body;
        let session = Session {
            device: jws.kid(),
            to_bank: SessionKey::from_base64url(&open.key_to_bank).unwrap(),
            to_device: SessionKey::from_base64url(&open.key_to_device).unwrap(),
            n: self.next_n,
        };
        self.sessions.insert(open.session, session);
        let opened = SessionOpened {
            session: open.session,
            until: self.now + SESSION_SECONDS,
            envelopes_max: SESSION_ENVELOPES_MAX,
        };
        self.say(jws.kid(), opened, Some(jws.digest()), true);
    }

    fn order(&mut self, jws: &Jws) {
        let payload = self.read::<PaymentOrder>(jws);
        let (id, order) = (payload.jti, payload.body);
        let view = PaymentView {
            payment: id,
            debtor_account: order.debtor_account,
            creditor_name: order.creditor_name,
            creditor_account: order.creditor_account,
            amount: order.instructed_amount,
            remittance: order.remittance,
            received_at: self.now,
            sent_at: None,
            decided_at: None,
            creditor_bank: None,
            outcome: None,
            fee: None,
            limit: None,
        };
        let payment = Payment {
            view,
            order: Some(jws.as_str().to_owned()),
            receipt: None,
            attestation: None,
        };
        let known = self.payments.contains_key(&id);
        self.payments.entry(id).or_insert((payment, jws.digest()));
        if self.silent {
            return;
        }
        if self.slow && !known {
            let view = &self.payments[&id].0.view;
            let notice = Notice::OnItsWay {
                payment: id,
                account: view.debtor_account.clone(),
                amount: view.amount,
                creditor_bank: Name::parse("Brisa Bank").unwrap(),
                at: self.now,
            };
            return self.say(jws.kid(), notice, None, true);
        }
        self.decide(id, jws.kid());
    }

    /// Books a payment and sends the receipt.
    pub(super) fn decide(&mut self, id: MessageId, device: Thumbprint) {
        let now = self.now;
        let (payment, digest) = self.payments.get_mut(&id).unwrap();
        payment.view.outcome = Some(Outcome::Booked {
            posting: "17".to_owned(),
        });
        payment.view.decided_at = Some(now);
        let view = payment.view.clone();
        let digest = *digest;
        let mut receipt = Receipt {
            order: id,
            order_digest: digest,
            debtor_account: view.debtor_account,
            creditor_name: view.creditor_name,
            creditor_account: view.creditor_account,
            amount: view.amount,
            remittance: view.remittance,
            at: now,
            outcome: Outcome::Booked {
                posting: "17".to_owned(),
            },
            parameters: 1,
            fee: None,
            limit: None,
            booking_day: None,
        };
        if let Some(forge) = self.forge {
            forge(&mut receipt);
        }
        let re = Some(receipt.order_digest);
        let jws = self.signed(device, receipt, re);
        let kept = jws.as_str().to_owned();
        self.payments.get_mut(&id).unwrap().0.receipt = Some(kept);
        self.post(device, &jws, true);
    }

    fn payment(&mut self, jws: &Jws) {
        let id = self.read::<PaymentAsk>(jws).body.payment;
        match self.payments.get(&id).cloned() {
            Some((mut payment, _)) => {
                payment.attestation = self.attestation(&payment);
                self.say(jws.kid(), payment, Some(jws.digest()), true);
            }
            None => {
                let reason = Refusal::NotFound;
                self.say(jws.kid(), Refused { reason }, Some(jws.digest()), true);
            }
        }
    }

    /// What the bank says of a receipt whose signer it has removed.
    fn attestation(&self, payment: &Payment) -> Option<String> {
        let receipt = Jws::parse(payment.receipt.as_deref()?).unwrap();
        let removed = self.removed.contains(&receipt.kid());
        let attested = receipt.digest();
        let aud = Jws::parse(payment.order.as_deref()?).unwrap().kid();
        let jws = self.signed(aud, ReceiptAttest { attested }, Some(attested));
        (removed && self.attests).then(|| jws.as_str().to_owned())
    }

    pub(super) fn signed<B: Body>(&self, device: Thumbprint, body: B, re: Option<Digest>) -> Jws {
        let key = self.signer.as_ref().unwrap_or(&self.pki.processor);
        let payload = Payload {
            iss: key.thumbprint().to_string(),
            aud: device.to_string(),
            jti: MessageId::new(random()),
            iat: self.now,
            exp: self.now + 3600,
            re,
            body,
        };
        sign(&RSA, key, &payload, &mut rng()).unwrap()
    }

    pub(super) fn say<B: Body>(
        &mut self,
        device: Thumbprint,
        body: B,
        re: Option<Digest>,
        in_session: bool,
    ) {
        let jws = self.signed(device, body, re);
        self.post(device, &jws, in_session);
    }

    /// Seals as a processor does: in the device's newest session, or to its key.
    pub(super) fn post(&mut self, device: Thumbprint, jws: &Jws, in_session: bool) {
        let own = self.sessions.iter().filter(|(_, s)| s.device == device);
        let session = own.max_by_key(|(_, s)| s.n);
        let jwe = match session {
            Some((id, session)) if in_session => {
                seal_to_session(*id, &session.to_device, jws, &mut rng())
            }
            _ => seal_to_key(&RSA, &self.devices[&device].encryption, jws, &mut rng()),
        };
        self.put(device, jwe.unwrap().as_str());
    }

    /// Puts anything into a mailbox.
    pub(super) fn put(&mut self, device: Thumbprint, envelope: &str) {
        let n = self.next_n;
        self.next_n += 1;
        let letter = Letter {
            n,
            envelope: envelope.to_owned(),
        };
        self.mailboxes.entry(device).or_default().push(letter);
        let event = format!("event: mail\ndata: {}\n\n", json(&MailEvent { device }));
        for (_, stream) in &self.streams {
            // In two pieces, as networks do.
            let (head, tail) = event.as_bytes().split_at(7);
            let _ = stream.unbounded_send(head.to_vec());
            let _ = stream.unbounded_send(tail.to_vec());
        }
    }
}

fn overview(now: Timestamp) -> Overview {
    let balance = |minor| Balance::new(minor, Currency::EUR);
    Overview {
        customer_name: Name::parse("Jonas Brandt").unwrap(),
        customer_number: "1001".to_owned(),
        at: now,
        accounts: vec![AccountView {
            index: 1,
            iban: iban(1),
            label: Label::parse("Current account").unwrap(),
            booked: balance(100_000),
            held: balance(0),
            available: balance(100_000),
            closed: false,
        }],
        on_their_way: Vec::new(),
        refused: Vec::new(),
        recent: Vec::new(),
        terms: None,
    }
}
