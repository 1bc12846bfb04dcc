//! An order: the exact bytes, what the check page reads back from them, and signing those bytes.

use crate::{
    host::{Host, rng},
    state::{Drafted, Outgoing, Worker, fault, from_json},
};
use envelope::{Jwe, Jws, SigningInput, prepare, seal_to_key};
use message::{
    Amount, Iban, MessageId, Payload,
    amount::Currency,
    order::{ORDER_LIFETIME_SECONDS, PaymentOrder},
    text::{Name, Remittance, TextError},
    worker::{Answer, Draft, Failure, StoredOrder, stored},
};

/// A draft is not signed in its last moments: the bank would get it too late.
const MARGIN_SECONDS: i64 = 60;

/// What was typed into the form.
pub(crate) struct Typed {
    pub(crate) debtor_account: Iban,
    pub(crate) creditor_name: String,
    pub(crate) creditor_account: String,
    pub(crate) amount: String,
    pub(crate) remittance: String,
}

fn field(field: &str, words: impl std::fmt::Display) -> Failure {
    Failure::Field {
        field: field.to_owned(),
        words: words.to_string(),
    }
}

fn read(typed: Typed, currency: Currency) -> Result<PaymentOrder, Failure> {
    let creditor_name = Name::parse(&typed.creditor_name).map_err(|error| {
        let words = match error {
            TextError::Empty => "Enter the payee's name",
            TextError::TooLong => "Use 140 characters or fewer for the payee's name",
            TextError::Character => "Use only letters, figures and signs in the payee's name",
        };
        field("creditor_name", words)
    })?;
    let creditor_account =
        Iban::parse(&typed.creditor_account).map_err(|error| field("creditor_account", error))?;
    if creditor_account == typed.debtor_account {
        let words = "Enter another account: this is the one you pay from";
        return Err(field("creditor_account", words));
    }
    let instructed_amount =
        Amount::parse(&typed.amount, currency).map_err(|error| field("amount", error))?;
    let remittance = Remittance::parse(&typed.remittance).map_err(|error| {
        let words = match error {
            TextError::TooLong => "Use 140 characters or fewer for the reference",
            _ => "Use only letters, figures and signs in the reference",
        };
        field("remittance", words)
    })?;
    Ok(PaymentOrder {
        debtor_account: typed.debtor_account,
        creditor_name,
        creditor_account,
        instructed_amount,
        remittance,
    })
}

/// Draws the check page from the bytes, not from what was typed.
fn draft_of(input: &SigningInput) -> Result<Draft, Failure> {
    let payload: Payload<PaymentOrder> = from_json(input.payload_json()).map_err(fault)?;
    Ok(Draft {
        payment: payload.jti,
        debtor_account: payload.body.debtor_account,
        creditor_name: payload.body.creditor_name.to_string(),
        creditor_account: payload.body.creditor_account,
        amount: payload.body.instructed_amount,
        remittance: payload.body.remittance.to_string(),
        bank: message::Bic::parse(&payload.aud).map_err(fault)?,
        made_at: payload.iat,
        void_after: payload.exp,
        bytes: u32::try_from(input.len()).map_err(fault)?,
        digest: input.digest().hex_groups(),
        json: input.payload_json().to_owned(),
    })
}

impl<H: Host> Worker<H> {
    /// Makes the bytes. The bank is met first, so that signing needs no line.
    pub(crate) async fn draft(&self, typed: Typed) -> Result<Answer, Failure> {
        self.check_active()?;
        let currency = self.with_open(|open| {
            let mut accounts = open.accounts.iter();
            let account = accounts.find(|(iban, _)| *iban == typed.debtor_account);
            account.map_or(Currency::EUR, |(_, currency)| *currency)
        })?;
        let order = read(typed, currency)?;
        self.bank_ready().await?;
        let bank = self.bank_name()?;
        let payload = self.frame(order, &bank, ORDER_LIFETIME_SECONDS, None)?;
        let input = self.with_open(|open| {
            let key = &open.keys.signing;
            prepare(key.thumbprint(), key.algorithm(), &payload).map_err(fault)
        })??;
        let draft = Box::new(draft_of(&input)?);
        let drafted = Drafted {
            payment: draft.payment,
            input,
            void_after: draft.void_after,
        };
        self.with(|state| state.draft = Some(drafted));
        Ok(Answer::Draft { draft })
    }

    /// Signs the bytes of the draft, has the order stored, and only then sends it. Once it is stored it
    /// goes by itself, so from there on the answer is `Sent`: an error would look as if nothing had been
    /// signed, and the customer would pay again.
    pub(crate) async fn sign_draft(&self, payment: MessageId) -> Result<Answer, Failure> {
        self.check_active()?;
        let now = self.now();
        let drafted = self
            .with(|state| state.draft.take_if(|draft| draft.payment == payment))
            .filter(|draft| now + MARGIN_SECONDS < draft.void_after)
            .ok_or(Failure::NoDraft)?;
        let jws = self.with_open(|open| {
            let key = &open.keys.signing;
            drafted
                .input
                .sign(&self.rsa, key, &mut rng())
                .map_err(fault)
        })??;
        let stored = self.order_at_rest(payment, &jws)?;
        let envelope = stored.envelope.clone();
        if let Err(failure) = self.keep_order(&stored).await {
            if failure == Failure::NotKept {
                // Nothing of it exists outside of here: the same draft may be signed again.
                self.with(|state| state.draft = Some(drafted));
            }
            return Err(failure);
        }
        let outgoing = Outgoing {
            stored,
            jws,
            known: false,
        };
        let open = self.with_open(|open| open.orders.insert(payment, outgoing));
        // Locked meanwhile, it goes at the next unlocking.
        if open.is_ok() {
            if let Err(failure) = self.send_order(payment, &envelope).await {
                self.host
                    .warn(&format!("the order is stored and goes again: {failure:?}"));
            }
            self.start_delivery(payment);
        }
        Ok(Answer::Sent { payment })
    }

    /// The order inside a stored one: sealed to this device, signed by it, under the id it is stored
    /// under. None when it is anything else.
    pub(crate) fn kept_order(
        &self,
        stored: &StoredOrder,
    ) -> Result<Option<(Jws, Payload<PaymentOrder>)>, Failure> {
        self.with_open(|open| {
            let jwe = Jwe::parse(&stored.kept).ok()?;
            let jws = jwe.open_with_key(&self.rsa, &open.keys.encryption).ok()?;
            let key = open.keys.signing.verifying_key();
            let payload = jws.verify(&self.rsa, &key).ok()?.payload().ok()?;
            let payload: Payload<PaymentOrder> = payload;
            (payload.jti == stored.payment).then_some((jws, payload))
        })
    }

    /// Tells what a stored order says: the check page of the bytes that were signed.
    pub(crate) fn read_order(&self, stored: &StoredOrder) -> Result<Answer, Failure> {
        let kept = self.kept_order(stored)?;
        let (jws, payload) = kept.ok_or_else(|| self.nothing_there())?;
        let input = prepare(jws.kid(), jws.algorithm(), &payload).map_err(fault)?;
        let draft = Box::new(draft_of(&input)?);
        Ok(Answer::Draft { draft })
    }

    fn order_at_rest(&self, payment: MessageId, jws: &Jws) -> Result<StoredOrder, Failure> {
        let envelope = self.seal(jws, true)?;
        let kept = self.with_open(|open| {
            let own = open.keys.encryption.public();
            seal_to_key(&self.rsa, own, jws, &mut rng()).map_err(fault)
        })??;
        Ok(StoredOrder {
            payment,
            envelope: envelope.as_str().to_owned(),
            kept: kept.as_str().to_owned(),
            at: self.now(),
            accepted: false,
        })
    }

    pub(crate) fn order_key(&self, payment: MessageId) -> Result<String, Failure> {
        self.with_open(|open| format!("{}{}.{payment}", stored::ORDER, open.keys.device()))
    }

    async fn keep_order(&self, order: &StoredOrder) -> Result<(), Failure> {
        let key = self.order_key(order.payment)?;
        let value = serde_json::to_string(order).map_err(fault)?;
        self.store_now(key, value).await
    }
}
