//! The customer's devices: the list, and changes, each signed, stored, and brought to the bank until
//! it has answered.

use crate::{
    device::{AtRest, with_manifest},
    enrol::LIMIT_MS,
    host::{Host, rng},
    keys::words_of,
    mail::Reply,
    state::{Answered, Worker, fault, from_json, not_verified},
};
use envelope::{Jwe, Jws, SigningInput, enrol::join_code, prepare, seal_to_key};
use message::{
    MessageId, Payload, Thumbprint,
    device::{DeviceChange, DeviceOrder, DevicesAsk, JoinAsk, RenewAsk, Standing},
    payload::LIFETIME_SECONDS_MAX,
    receipt::Refusal,
    slip::Locator,
    worker::{
        Answer, Failure, FromWorker, StoredOrder,
        devices::{ChangeDraft, ChangeOutcome, DeviceAnswer, DeviceTask, ListedDevice},
        stored,
    },
};
use zeroize::Zeroizing;

/// Pauses after attempts that failed.
const BACKOFF_MS: [u32; 5] = [1_000, 2_000, 5_000, 15_000, 30_000];

/// A signed change.
#[derive(Clone)]
struct Signed {
    id: MessageId,
    change: DeviceChange,
    jws: Jws,
}

/// Draws the check page from the bytes, not from what was asked for.
fn draft_of(input: &SigningInput) -> Result<ChangeDraft, Failure> {
    let payload: Payload<DeviceOrder> = from_json(input.payload_json()).map_err(fault)?;
    let change = payload.body.change;
    Ok(ChangeDraft {
        id: payload.jti,
        words: change.device().map_or_else(Vec::new, |it| words_of(&it)),
        change,
        bank: message::Bic::parse(&payload.aud).map_err(fault)?,
        void_after: payload.exp,
        bytes: u32::try_from(input.len()).map_err(fault)?,
        digest: input.digest().hex_groups(),
        json: input.payload_json().to_owned(),
    })
}

impl<H: Host> Worker<H> {
    /// Everything about the customer's devices.
    pub(crate) async fn answer_devices(&self, task: DeviceTask) -> Result<Answer, Failure> {
        match task {
            DeviceTask::List => self.list_devices().await,
            DeviceTask::Order { change } => self.order_change(change).await,
            DeviceTask::Draft { change } => self.draft_change(change).await,
            DeviceTask::SignDraft { id } => self.sign_drafted_change(id).await,
            DeviceTask::Resume { orders } => {
                self.resume_changes(&orders)?;
                Ok(Answer::Done)
            }
            DeviceTask::BankWords => self.bank_words().await,
            DeviceTask::Join {
                device_name,
                passphrase,
            } => {
                self.begin_join(&device_name, &Zeroizing::new(passphrase))
                    .await
            }
            DeviceTask::ResumeJoin { device, passphrase } => {
                self.resume_join(device, &Zeroizing::new(passphrase)).await
            }
            DeviceTask::AwaitJoin => self.await_join().await,
            DeviceTask::LookUp { code } => self.look_up(&code).await,
            DeviceTask::Replace { passphrase } => self.replace(&Zeroizing::new(passphrase)).await,
            DeviceTask::PrepareReplace { passphrase } => {
                self.prepare_replace(Zeroizing::new(passphrase)).await
            }
            DeviceTask::FinishReplace => self.finish_replace().await,
            DeviceTask::ResumeReplace {
                device,
                rotation,
                passphrase,
                session,
                mailbox_after,
                orders,
            } => {
                let passphrase = Zeroizing::new(passphrase);
                let at_rest = AtRest {
                    device,
                    passphrase: passphrase.clone(),
                    session,
                    mailbox_after,
                    orders,
                };
                self.resume_replace(at_rest, *rotation, &passphrase).await
            }
            DeviceTask::Renew => self.renew().await,
        }
    }

    async fn list_devices(&self) -> Result<Answer, Failure> {
        let answered = self.ask_bank(DevicesAsk {}).await?;
        let Reply::Devices(devices) = answered.reply else {
            return Err(answered.reply.unexpected(answered.id));
        };
        let listed = devices.devices.into_iter().map(|view| ListedDevice {
            words: words_of(&view.device),
            view,
        });
        Ok(Answer::Devices(DeviceAnswer::Listed {
            at: devices.at,
            devices: listed.collect(),
        }))
    }

    /// The words of the key that this device knows the bank by.
    async fn bank_words(&self) -> Result<Answer, Failure> {
        self.check_active()?;
        self.bank_ready().await?;
        self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::NoLine)?;
            let words = words_of(&met.bank_ca.thumbprint());
            Ok(Answer::Devices(DeviceAnswer::BankWords { words }))
        })
    }

    /// Asks for the device behind a code. The code must fit the keys that the bank names.
    async fn look_up(&self, typed: &str) -> Result<Answer, Failure> {
        self.with(|state| state.looked_up = None);
        let code = Locator::parse(typed).map_err(|_| Failure::Field {
            field: "code".to_owned(),
            words: "Enter the 8 characters that the new device shows, like K7QM-2P4X".to_owned(),
        })?;
        let code = code.to_string().replace('-', "");
        let answered = self.ask_bank(JoinAsk { code: code.clone() }).await?;
        let Reply::Join(join) = answered.reply else {
            return Err(answered.reply.unexpected(answered.id));
        };
        if join_code(&join.device, &join.encryption) != code {
            return Err(not_verified("the bank names a device with another code"));
        }
        self.with(|state| state.looked_up = Some((*join).clone()));
        Ok(Answer::Devices(DeviceAnswer::Found {
            words: words_of(&join.device),
            join: *join,
        }))
    }

    /// Only what was looked up here can be approved, with the keys that its code names.
    fn check_change(&self, change: &DeviceChange) -> Result<(), Failure> {
        let known = |device: &Thumbprint, encryption: Option<&Thumbprint>| {
            self.with(|state| {
                state.looked_up.as_ref().is_some_and(|join| {
                    join.device == *device && encryption.is_none_or(|it| join.encryption == *it)
                })
            })
        };
        let fits = match change {
            DeviceChange::Approve {
                device, encryption, ..
            } => known(device, Some(encryption)),
            DeviceChange::Mismatch { device } => known(device, None),
            DeviceChange::Replace { .. } => false,
            _ => true,
        };
        match fits {
            true => Ok(()),
            false => Err(fault("this change was not prepared in this worker")),
        }
    }

    async fn order_change(&self, change: DeviceChange) -> Result<Answer, Failure> {
        self.check_active()?;
        self.check_change(&change)?;
        self.bank_ready().await?;
        let signed = self.sign_change(change)?;
        self.bring_signed(signed).await
    }

    /// Makes the bytes, and tells what they say. The bank is met first, so that signing needs no line.
    async fn draft_change(&self, change: DeviceChange) -> Result<Answer, Failure> {
        self.check_active()?;
        self.check_change(&change)?;
        self.bank_ready().await?;
        let bank = self.bank_name()?;
        let payload = self.frame(DeviceOrder { change }, &bank, LIFETIME_SECONDS_MAX, None)?;
        let input = self.with_open(|open| {
            let key = &open.keys.signing;
            prepare(key.thumbprint(), key.algorithm(), &payload).map_err(fault)
        })??;
        let draft = Box::new(draft_of(&input)?);
        self.with(|state| state.change_draft = Some(((*draft).clone(), input)));
        Ok(Answer::Devices(DeviceAnswer::Drafted { draft }))
    }

    /// Signs exactly the bytes that were told.
    async fn sign_drafted_change(&self, id: MessageId) -> Result<Answer, Failure> {
        self.check_active()?;
        let now = self.now();
        let (draft, input) = self
            .with(|state| state.change_draft.take_if(|(draft, _)| draft.id == id))
            .filter(|(draft, _)| now < draft.void_after)
            .ok_or(Failure::NoDraft)?;
        let jws = self.with_open(|open| {
            let key = &open.keys.signing;
            input.sign(&self.rsa, key, &mut rng()).map_err(fault)
        })??;
        let change = draft.change;
        self.bring_signed(Signed { id, change, jws }).await
    }

    /// Has a signed change stored, and brings it to the bank.
    async fn bring_signed(&self, signed: Signed) -> Result<Answer, Failure> {
        // The bank answers in the newest session: one whose keys are here. Without a line the change is
        // sealed to the bank's key, and goes later.
        let _ = self.session_ready().await;
        let envelope = self.seal(&signed.jws, true)?;
        let order = StoredOrder {
            payment: signed.id,
            envelope: envelope.as_str().to_owned(),
            kept: self.keep_for_self(&signed.jws)?,
            at: self.now(),
            accepted: false,
        };
        let value = serde_json::to_string(&order).map_err(fault)?;
        self.store_now(self.change_key(signed.id)?, value).await?;
        let outcome = self
            .exchange_sealed(signed.jws.clone(), &envelope, LIMIT_MS)
            .await;
        match self.change_outcome(&signed, outcome) {
            Err(failure @ (Failure::NoLine | Failure::NoAnswer | Failure::Fault { .. })) => {
                self.start_change(signed);
                Err(failure)
            }
            done => {
                self.forget_change(signed.id)?;
                let (device, standing) = done?;
                Ok(Answer::Devices(DeviceAnswer::Ordered { device, standing }))
            }
        }
    }

    fn sign_change(&self, change: DeviceChange) -> Result<Signed, Failure> {
        let bank = self.bank_name()?;
        let body = DeviceOrder {
            change: change.clone(),
        };
        let payload = self.frame(body, &bank, LIFETIME_SECONDS_MAX, None)?;
        let id = payload.jti;
        let jws = self.with_open(|open| {
            envelope::sign(&self.rsa, &open.keys.signing, &payload, &mut rng()).map_err(fault)
        })??;
        Ok(Signed { id, change, jws })
    }

    /// The same signed bytes, for this device alone.
    pub(crate) fn keep_for_self(&self, jws: &Jws) -> Result<String, Failure> {
        self.with_open(|open| {
            let own = open.keys.encryption.public();
            let kept = seal_to_key(&self.rsa, own, jws, &mut rng()).map_err(fault)?;
            Ok(kept.as_str().to_owned())
        })?
    }

    fn change_key(&self, id: MessageId) -> Result<String, Failure> {
        self.with_open(|open| format!("{}{}.{id}", stored::CHANGE, open.keys.device()))
    }

    fn forget_change(&self, id: MessageId) -> Result<(), Failure> {
        let key = self.change_key(id)?;
        self.store(key, None);
        Ok(())
    }

    /// What the bank's answer says of a change.
    fn change_outcome(
        &self,
        signed: &Signed,
        outcome: Result<Answered, Failure>,
    ) -> Result<(Thumbprint, Standing), Failure> {
        let answered = match outcome {
            Ok(answered) => answered,
            // The mailbox of a device that has revoked itself is shut before it can read the answer.
            Err(Failure::Refused { code, .. })
                if code == Refusal::DeviceNotActive.code() && self.revokes_itself(signed) =>
            {
                return Ok((signed.jws.kid(), Standing::Revoked));
            }
            Err(failure) => return Err(failure),
        };
        match answered.reply {
            Reply::DeviceOrdered(ordered) => Ok((ordered.device, ordered.standing)),
            other => Err(other.unexpected(answered.id)),
        }
    }

    fn revokes_itself(&self, signed: &Signed) -> bool {
        matches!(&signed.change, DeviceChange::Revoke { device, .. } if *device == signed.jws.kid())
    }

    /// Takes over what an earlier page stored. Anything that is not this device's is left alone.
    fn resume_changes(&self, orders: &[StoredOrder]) -> Result<(), Failure> {
        self.check_active()?;
        for order in orders {
            match self.kept_change(order)? {
                Some(signed) => self.start_change(signed),
                None => self
                    .host
                    .warn("a stored change does not belong to this device: left alone"),
            }
        }
        Ok(())
    }

    fn kept_change(&self, order: &StoredOrder) -> Result<Option<Signed>, Failure> {
        self.with_open(|open| {
            let jwe = Jwe::parse(&order.kept).ok()?;
            let jws = jwe.open_with_key(&self.rsa, &open.keys.encryption).ok()?;
            let key = open.keys.signing.verifying_key();
            let payload = jws.verify(&self.rsa, &key).ok()?.payload().ok()?;
            let payload: Payload<DeviceOrder> = payload;
            (payload.jti == order.payment).then_some(Signed {
                id: payload.jti,
                change: payload.body.change,
                jws,
            })
        })
    }

    /// Brings a change to the bank until it has answered, or the keys are locked.
    fn start_change(&self, signed: Signed) {
        let epoch = self.epoch();
        self.spawn(|me| async move {
            let mut failures = 0;
            while me.still(epoch) {
                let outcome = me.bring_change(&signed).await;
                if !me.still(epoch) {
                    return;
                }
                let refused = match outcome {
                    Ok(_) => None,
                    Err(refused @ Failure::Refused { .. }) => Some(refused),
                    Err(_) => {
                        let pause = BACKOFF_MS.get(failures).unwrap_or(&BACKOFF_MS[4]);
                        me.host.sleep(*pause).await;
                        failures += 1;
                        continue;
                    }
                };
                if me.forget_change(signed.id).is_ok() {
                    let change = signed.change.clone();
                    let outcome = Box::new(ChangeOutcome { change, refused });
                    me.post(&FromWorker::DeviceOrdered { outcome });
                }
                return;
            }
        });
    }

    async fn bring_change(&self, signed: &Signed) -> Result<(Thumbprint, Standing), Failure> {
        self.bank_ready().await?;
        self.session_ready().await?;
        let outcome = self
            .exchange_within(signed.jws.clone(), true, LIMIT_MS)
            .await;
        self.change_outcome(signed, outcome)
    }

    /// New certificates for the same keys, before the old ones end.
    pub(crate) async fn renew(&self) -> Result<Answer, Failure> {
        let answered = self.ask_bank_within(RenewAsk {}, LIMIT_MS).await?;
        let Reply::Renewed(renewed) = answered.reply else {
            return Err(answered.reply.unexpected(answered.id));
        };
        let (certificates, _) = self.issued(
            &renewed.signing_certificate,
            &renewed.encryption_certificate,
            &renewed.chain,
        )?;
        let now = self.now();
        let device = self.with_open(|open| {
            let mut device = open.device.clone();
            device.certificates = certificates;
            with_manifest(&self.rsa, &open.keys, device, now)
        })??;
        self.store_device(device).await?;
        self.unlocked()
    }
}
