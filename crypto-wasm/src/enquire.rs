//! Asking the bank: sign, seal, send, wait for the answer that names the question.

use crate::{
    host::{Host, random, rng},
    mail::{Reply, refusal},
    session::session_of,
    state::{Answered, Pending, Worker, fault, not_verified},
    turn::within,
};
use envelope::{Jwe, Jws};
use futures_channel::oneshot;
use message::{
    Body, Digest, MessageId, Payload, SessionId,
    enquiry::{OverviewAsk, Payment, PaymentAsk, StatementAsk},
    receipt::Receipt,
    worker::{Answer, Failure},
};

/// How long an ask waits for its answer.
const ANSWER_LIMIT_MS: i64 = 15_000;

/// After so long the same question is sealed to the bank's key and sent once more: a session that
/// nobody knows any more must not swallow it.
const SEAL_ANEW_MS: i64 = 6_000;

/// How long a question counts.
pub(crate) const ASK_SECONDS: i64 = 120;

/// How long to wait between two looks into the mailbox, while no event stream tells.
const LOOK_MS: [u32; 6] = [80, 120, 200, 300, 500, 800];

/// The same with an event stream, in case an event was lost.
const LOOK_LISTENING_MS: u32 = 1_500;

impl<H: Host> Worker<H> {
    /// The bank's BIC, as the audience of messages.
    pub(crate) fn bank_name(&self) -> Result<String, Failure> {
        self.with(|state| state.bank.as_ref().map(ToString::to_string))
            .ok_or_else(|| fault("the worker was not told which bank it serves"))
    }

    /// The frame around what this device says.
    pub(crate) fn frame<B>(
        &self,
        body: B,
        aud: &str,
        seconds: i64,
        re: Option<Digest>,
    ) -> Result<Payload<B>, Failure> {
        let now = self.now();
        Ok(Payload {
            iss: self.with_open(|open| open.keys.device().to_string())?,
            aud: aud.to_owned(),
            jti: MessageId::new(random()),
            iat: now,
            exp: now + seconds,
            re,
            body,
        })
    }

    /// Signs what this device says.
    pub(crate) fn sign<B: Body>(
        &self,
        body: B,
        aud: &str,
        seconds: i64,
        re: Option<Digest>,
    ) -> Result<Jws, Failure> {
        let payload = self.frame(body, aud, seconds, re)?;
        self.with_open(|open| {
            envelope::sign(&self.rsa, &open.keys.signing, &payload, &mut rng()).map_err(fault)
        })?
    }

    /// Asks in the session, which is opened first where there is none.
    pub(crate) async fn ask_bank<B: Body>(&self, body: B) -> Result<Answered, Failure> {
        self.ask_bank_within(body, ANSWER_LIMIT_MS).await
    }

    /// The same with another limit.
    pub(crate) async fn ask_bank_within<B: Body>(
        &self,
        body: B,
        limit_ms: i64,
    ) -> Result<Answered, Failure> {
        self.check_active()?;
        self.bank_ready().await?;
        self.session_ready().await?;
        let bank = self.bank_name()?;
        let jws = self.sign(body, &bank, ASK_SECONDS, None)?;
        self.exchange_within(jws, true, limit_ms).await
    }

    /// Sends a signed message and waits for the answer to it.
    pub(crate) async fn exchange(&self, jws: Jws, in_session: bool) -> Result<Answered, Failure> {
        self.exchange_within(jws, in_session, ANSWER_LIMIT_MS).await
    }

    /// The same with another limit.
    pub(crate) async fn exchange_within(
        &self,
        jws: Jws,
        in_session: bool,
        limit_ms: i64,
    ) -> Result<Answered, Failure> {
        let envelope = self.seal(&jws, in_session)?;
        self.exchange_sealed(jws, &envelope, limit_ms).await
    }

    /// The same with an envelope that is sealed already.
    pub(crate) async fn exchange_sealed(
        &self,
        jws: Jws,
        envelope: &Jwe,
        limit_ms: i64,
    ) -> Result<Answered, Failure> {
        let digest = jws.digest();
        let (answer, mut answered) = oneshot::channel();
        let pending = Pending {
            jws,
            session: session_of(envelope),
            answer,
        };
        self.with(|state| state.pending.insert(digest, pending));
        let outcome = match self.post_envelope(envelope.as_str()).await {
            Ok(()) => self.wait(digest, &mut answered, limit_ms).await,
            Err(failure) => Err(failure),
        };
        self.with(|state| state.pending.remove(&digest));
        outcome
    }

    /// Waits, looking into the mailbox from time to time.
    async fn wait(
        &self,
        digest: Digest,
        answered: &mut oneshot::Receiver<Answered>,
        limit_ms: i64,
    ) -> Result<Answered, Failure> {
        let start = self.host.now_ms();
        let mut looks = LOOK_MS.into_iter();
        let mut last = LOOK_MS[0];
        let mut anew = false;
        loop {
            last = looks.next().unwrap_or(last);
            let pause = match self.with(|state| state.listening) {
                true => LOOK_LISTENING_MS,
                false => last,
            };
            match within(&self.host, pause, &mut *answered).await {
                Some(Ok(answer)) => return Ok(answer),
                // Dropped by locking.
                Some(Err(_)) => return Err(Failure::Locked),
                None => {}
            }
            let waited = self.host.now_ms() - start;
            if !anew && waited > SEAL_ANEW_MS {
                anew = true;
                self.send_anew(digest).await?;
            }
            let line = self.read_mail().await;
            if let Ok(Some(answer)) = answered.try_recv() {
                return Ok(answer);
            }
            match line {
                Ok(_) if waited > limit_ms => return Err(Failure::NoAnswer),
                Err(Failure::NoLine) if waited < limit_ms => {}
                Ok(_) => {}
                Err(failure) => return Err(failure),
            }
        }
    }

    /// Seals a waiting question to the bank's key and sends it again; it has the same digest, so the
    /// bank answers it once.
    pub(crate) async fn send_anew(&self, digest: Digest) -> Result<(), Failure> {
        let jws = self.with(|state| {
            let pending = state.pending.get_mut(&digest)?;
            pending.session = None;
            Some(pending.jws.clone())
        });
        let Some(jws) = jws else {
            return Ok(());
        };
        let envelope = self.seal(&jws, false)?;
        match self.post_envelope(envelope.as_str()).await {
            Err(Failure::NoLine) => Ok(()),
            other => other,
        }
    }

    /// The questions that wait in a session which the bank has ended.
    pub(crate) fn pending_in(&self, session: SessionId) -> Vec<Digest> {
        self.with(|state| {
            let waiting = state.pending.iter();
            waiting
                .filter(|(_, pending)| pending.session == Some(session))
                .map(|(digest, _)| *digest)
                .collect()
        })
    }

    pub(crate) async fn overview(&self) -> Result<Answer, Failure> {
        let answered = self.ask_bank(OverviewAsk {}).await?;
        let Reply::Overview(overview) = answered.reply else {
            return Err(answered.reply.unexpected(answered.id));
        };
        self.with_open(|open| {
            let accounts = overview.accounts.iter();
            open.accounts = accounts
                .map(|account| (account.iban.clone(), account.booked.currency()))
                .collect();
        })?;
        Ok(Answer::Overview { overview })
    }

    pub(crate) async fn statement(&self, ask: StatementAsk) -> Result<Answer, Failure> {
        let account = ask.account.clone();
        let answered = self.ask_bank(ask).await?;
        match answered.reply {
            Reply::Statement(statement) if statement.account.iban == account => {
                Ok(Answer::Statement { statement })
            }
            other => Err(other.unexpected(answered.id)),
        }
    }

    /// One payment; its receipt is verified, and has to say what the answer says.
    pub(crate) async fn payment(&self, id: MessageId) -> Result<Answer, Failure> {
        let payment = self.ask_payment(id).await?;
        let signer = self.check_payment(&payment).await?;
        if payment.view.outcome.is_some() {
            self.order_final(id)?;
        }
        Ok(Answer::Payment {
            payment: Box::new(payment),
            receipt_signer_words: signer.map(|signer| crate::keys::words_of(&signer)),
        })
    }

    pub(crate) async fn ask_payment(&self, id: MessageId) -> Result<Payment, Failure> {
        let answered = self.ask_bank(PaymentAsk { payment: id }).await?;
        match answered.reply {
            Reply::Payment(payment) if payment.view.payment == id => {
                self.order_known(id)?;
                Ok(*payment)
            }
            other => Err(other.unexpected(answered.id)),
        }
    }

    /// Verifies the receipt in a payment; who signed it.
    pub(crate) async fn check_payment(
        &self,
        payment: &Payment,
    ) -> Result<Option<message::Thumbprint>, Failure> {
        let Some(text) = &payment.receipt else {
            return Ok(None);
        };
        let jws = Jws::parse(text).map_err(not_verified)?;
        if let Some(attestation) = &payment.attestation {
            self.take_attestation(attestation, &jws).await?;
        }
        let order = payment.order.as_deref().map(Jws::parse).transpose();
        let order = order.map_err(not_verified)?;
        let receipt = self.check_receipt(&jws, order.as_ref()).await?;
        let view = &payment.view;
        let says_the_same = receipt.order == view.payment
            && Some(&receipt.outcome) == view.outcome.as_ref()
            && receipt.amount == view.amount
            && receipt.debtor_account == view.debtor_account
            && receipt.creditor_account == view.creditor_account
            && receipt.creditor_name == view.creditor_name;
        match says_the_same {
            true => Ok(Some(jws.kid())),
            false => Err(not_verified(
                "the receipt says something else than the bank",
            )),
        }
    }

    /// A receipt holds: a processor of the bank signed it, for exactly this order. It may be addressed
    /// to another device of the same customer, which signed the order.
    pub(crate) async fn check_receipt(
        &self,
        jws: &Jws,
        order: Option<&Jws>,
    ) -> Result<Receipt, Failure> {
        let payload = self.check_signed_receipt(jws).await?;
        let own = self.with_open(|open| open.keys.device())?;
        let ordered_by = order.map_or(own, Jws::kid).to_string();
        payload
            .check_frame(&jws.kid().to_string(), &ordered_by)
            .map_err(not_verified)?;
        let digest = payload.body.order_digest;
        let names = payload.re == Some(digest) && order.is_none_or(|o| o.digest() == digest);
        match names {
            true => Ok(payload.body),
            false => Err(not_verified(
                "the receipt is for other bytes than the order",
            )),
        }
    }

    /// A processor of the bank signed this receipt, whichever device had ordered.
    pub(crate) async fn check_signed_receipt(
        &self,
        jws: &Jws,
    ) -> Result<Payload<Receipt>, Failure> {
        self.bank_ready_for_receipt().await?;
        self.fetch_signer(jws.kid()).await?;
        let verified = self.verify(jws)?;
        let payload: Payload<Receipt> = verified.payload().map_err(not_verified)?;
        payload
            .check_frame(&verified.signer().to_string(), &payload.aud)
            .map_err(not_verified)?;
        self.check_signer(jws, payload.iat)?;
        Ok(payload)
    }

    /// The failure for something that is not there yet.
    pub(crate) fn nothing_there(&self) -> Failure {
        refusal(message::receipt::Refusal::NotFound, None)
    }
}
