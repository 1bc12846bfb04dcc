//! A new device without a slip: it shows its keys to the bank, and waits until another device of the
//! customer has compared its words and approved it.

use crate::{
    device::{VERSION, encrypt_keys, open_keys, to_json, with_manifest},
    enrol::{LIMIT_MS, PASSPHRASE_CHARS_MIN},
    host::{Host, rng},
    keys::{Keys, words_of},
    mail::Reply,
    state::{Answered, Open, Pending, Worker, fault},
    turn::within,
};
use envelope::{Jwe, Jws, enrol::join_code, seal_to_key};
use futures_channel::oneshot;
use message::{
    Digest, MessageId, Payload, Thumbprint, Timestamp,
    device::JoinRequest,
    payload::LIFETIME_SECONDS_MAX,
    slip::Locator,
    text::Label,
    worker::{
        Answer, Failure, Step, StoredDevice,
        devices::{DeviceAnswer, JoiningDevice},
        stored,
    },
};

/// Looks into the mailbox while nobody has approved the device yet.
const LOOK_MS: [u32; 6] = [500, 1_000, 1_500, 2_000, 2_500, 3_000];

/// After so long the bank is asked once more: it answers whether the request still waits, and a device
/// that was refused hears of it only so.
const ASK_AGAIN_SECONDS: i64 = 20;

/// The request that waits at the bank.
pub(crate) struct Waiting {
    request: Jws,
}

impl Waiting {
    pub(crate) fn new(request: Jws) -> Self {
        Self { request }
    }
}

/// The value that is removed once the device is active.
fn joining_key(device: Thumbprint) -> String {
    format!("{}{device}", stored::JOINING)
}

/// The name and the passphrase that were typed.
fn read(device_name: &str, passphrase: &str) -> Result<Label, Failure> {
    let field = |field: &str, words: String| Failure::Field {
        field: field.to_owned(),
        words,
    };
    let name = Label::parse(device_name).map_err(|_| {
        let words = "Enter a name for this device of 1 to 40 characters";
        field("device_name", words.to_owned())
    })?;
    if passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
        let words = format!("Choose a passphrase of {PASSPHRASE_CHARS_MIN} characters or more");
        return Err(field("passphrase", words));
    }
    Ok(name)
}

impl<H: Host> Worker<H> {
    /// A device at rest that has its keys and nothing else yet: what a crash leaves of it.
    pub(crate) fn device_to_be(
        &self,
        keys: &Keys,
        name: &Label,
        passphrase: &str,
    ) -> Result<StoredDevice, Failure> {
        let (signing_key, encryption_key) = encrypt_keys(keys, passphrase, |percent| {
            self.progress(Step::EncryptKeys, percent);
        })?;
        self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::WordsNotCompared)?;
            let bank_ca = met.bank_ca.certificate().clone();
            Ok(StoredDevice {
                version: VERSION,
                device: keys.device(),
                customer_name: String::new(),
                customer_number: String::new(),
                device_name: name.to_string(),
                bank: met.bic.clone(),
                bank_name: met.name.clone(),
                enrolled_at: self.now(),
                signing_key,
                encryption_key,
                certificates: crate::bank::to_pem(&[bank_ca])?,
                root: met.anchor.certificate().to_pem().map_err(fault)?,
                key_set: met.key_set,
                request: None,
                manifest: String::new(),
            })
        })
    }

    /// A request signed by these keys, and the device with the request sealed to itself.
    pub(crate) fn with_request(
        &self,
        keys: &Keys,
        mut device: StoredDevice,
    ) -> Result<(StoredDevice, Jws), Failure> {
        let now = self.now();
        let device_name = Label::parse(&device.device_name).map_err(fault)?;
        let payload = Payload {
            iss: keys.device().to_string(),
            aud: self.bank_name()?,
            jti: MessageId::new(crate::host::random()),
            iat: now,
            exp: now + LIFETIME_SECONDS_MAX,
            re: None,
            body: JoinRequest {
                signing_key: keys.signing.verifying_key().to_jwk(),
                encryption_key: keys.encryption.public().to_jwk(),
                device_name,
            },
        };
        let jws = envelope::sign(&self.rsa, &keys.signing, &payload, &mut rng()).map_err(fault)?;
        let own = keys.encryption.public();
        let kept = seal_to_key(&self.rsa, own, &jws, &mut rng()).map_err(fault)?;
        device.request = Some(kept.as_str().to_owned());
        let device = with_manifest(&self.rsa, keys, device, now)?;
        Ok((device, jws))
    }

    /// The request inside a device that is not active yet, and when it is void.
    pub(crate) fn kept_request(
        &self,
        keys: &Keys,
        device: &StoredDevice,
    ) -> Option<(Jws, Timestamp)> {
        let jwe = Jwe::parse(device.request.as_deref()?).ok()?;
        let jws = jwe.open_with_key(&self.rsa, &keys.encryption).ok()?;
        let verified = jws.verify(&self.rsa, &keys.signing.verifying_key()).ok()?;
        let payload: Payload<JoinRequest> = verified.payload().ok()?;
        Some((jws, payload.exp))
    }

    /// Shows the keys just made to the bank. The words must have been compared.
    pub(crate) async fn begin_join(
        &self,
        device_name: &str,
        passphrase: &str,
    ) -> Result<Answer, Failure> {
        let bank_ca = self.with(|state| {
            let met = state.met.as_ref().map(|met| met.bank_ca.thumbprint());
            met.filter(|key| state.words_fit == Some(*key))
        });
        let bank_ca = bank_ca.ok_or(Failure::WordsNotCompared)?;
        let name = read(device_name, passphrase)?;
        // A second try goes on with the same keys.
        let keys = self.with(|state| match state.fresh.take() {
            Some(keys) => Some(keys),
            None => state
                .open
                .take_if(|open| !open.active)
                .map(|open| open.keys),
        });
        let keys = keys.ok_or(Failure::Locked)?;
        let device = self.device_to_be(&keys, &name, passphrase)?;
        let (device, request) = self.with_request(&keys, device)?;
        let seed = self.with(|state| state.seed.take());
        self.open_with(Open::new(keys, device.clone(), false));
        self.with(|state| state.words_fit = Some(bank_ca));
        self.keep_seed_beside(seed)?;
        self.store_now(joining_key(device.device), to_json(&device)?)
            .await?;
        self.ask_to_join(request).await
    }

    /// Goes on with what was stored before the request was sent.
    pub(crate) async fn resume_join(
        &self,
        device: StoredDevice,
        passphrase: &str,
    ) -> Result<Answer, Failure> {
        let damaged = Failure::StoredDeviceDamaged;
        let keys = open_keys(&self.rsa, &device, passphrase)?;
        if self.bank_name()? != device.bank.as_str() || device.certificates.len() != 1 {
            return Err(damaged);
        }
        let (request, exp) = self.kept_request(&keys, &device).ok_or(damaged)?;
        self.open_with(Open::new(keys, device, false));
        let request = match exp > self.now() {
            true => request,
            false => self.join_again().await?,
        };
        self.ask_to_join(request).await
    }

    /// The same keys once more, with a request of now.
    async fn join_again(&self) -> Result<Jws, Failure> {
        let (keys, device) = self.with_open(|open| (open.keys.clone(), open.device.clone()))?;
        let (device, request) = self.with_request(&keys, device)?;
        // No key is held by a task that sleeps.
        drop(keys);
        self.with_open(|open| open.device = device.clone())?;
        self.store_now(joining_key(device.device), to_json(&device)?)
            .await?;
        Ok(request)
    }

    async fn ask_to_join(&self, request: Jws) -> Result<Answer, Failure> {
        self.progress(Step::AskBank, 0);
        self.bank_ready().await?;
        let answered = self.exchange_within(request.clone(), false, LIMIT_MS).await;
        let until = match answered {
            Ok(Answered {
                reply: Reply::Joining(joining),
                ..
            }) => joining.until,
            // Approved already, before the bank could say that it waits.
            Ok(
                early @ Answered {
                    reply: Reply::Enrolled(_),
                    ..
                },
            ) => {
                self.with_open(|open| open.early = Some(early))?;
                self.now()
            }
            Ok(other) => return self.join_ends(other.reply.unexpected(other.id)),
            Err(failure) => return Err(failure),
        };
        self.with(|state| state.joining = Some(Waiting::new(request)));
        self.progress(Step::AskBank, 100);
        self.joining_device(until)
    }

    /// The bank has refused the device for good: nothing is kept of it.
    fn join_ends(&self, failure: Failure) -> Result<Answer, Failure> {
        if let Failure::Refused { .. } = &failure {
            self.forget_keys_to_be(joining_key)?;
        }
        Err(failure)
    }

    fn joining_device(&self, until: Timestamp) -> Result<Answer, Failure> {
        let joining = self.with_open(|open| {
            let (device, encryption) = (
                open.keys.device(),
                open.keys.encryption.public().thumbprint(),
            );
            let code = join_code(&device, &encryption);
            Box::new(JoiningDevice {
                device,
                device_name: open.device.device_name.clone(),
                bank_name: open.device.bank_name.clone(),
                code: Locator::parse(&code).map_or(code, |code| code.to_string()),
                words: words_of(&device),
                hex: Digest::new(*device.as_bytes()).hex_groups(),
                until,
            })
        })?;
        Ok(Answer::Devices(DeviceAnswer::Joining { joining }))
    }

    /// Waits for the certificates, for as long as the page stays.
    pub(crate) async fn await_join(&self) -> Result<Answer, Failure> {
        loop {
            let request = self.with(|state| state.joining.as_ref().map(|it| it.request.clone()));
            let request = request.ok_or(Failure::Locked)?;
            let until = self.now() + ASK_AGAIN_SECONDS;
            match self.await_enrolled(request, until).await? {
                Some(
                    answered @ Answered {
                        reply: Reply::Enrolled(_),
                        ..
                    },
                ) => {
                    let device = self.with_open(|open| open.keys.device())?;
                    return self.confirm(answered, joining_key(device), None).await;
                }
                // A late answer to an earlier asking.
                Some(Answered {
                    reply: Reply::Joining(_),
                    ..
                }) => {}
                Some(other) => return self.join_ends(other.reply.unexpected(other.id)),
                None => {
                    let request = self.join_again().await?;
                    match self.ask_to_join(request).await {
                        Ok(_) | Err(Failure::NoLine | Failure::NoAnswer) => {}
                        Err(failure) => return Err(failure),
                    }
                }
            }
        }
    }

    /// The bank's last word on a request: certificates, or a refusal. `None` when its time is over.
    pub(crate) async fn await_enrolled(
        &self,
        request: Jws,
        until: Timestamp,
    ) -> Result<Option<Answered>, Failure> {
        let digest = request.digest();
        let (answer, mut answered) = oneshot::channel();
        let pending = Pending {
            jws: request,
            session: None,
            answer,
        };
        self.with(|state| state.pending.insert(digest, pending));
        let mut looks = LOOK_MS.into_iter();
        let mut last = LOOK_MS[0];
        let outcome = loop {
            if let Some(early) = self.with_open(|open| open.early.take())? {
                break Ok(Some(early));
            }
            if self.now() > until {
                break Ok(None);
            }
            match self.read_mail().await {
                Ok(_) | Err(Failure::NoLine | Failure::Fault { .. }) => {}
                Err(failure) => break Err(failure),
            }
            last = looks.next().unwrap_or(last);
            match within(&self.host, last, &mut answered).await {
                Some(Ok(answer)) => break Ok(Some(answer)),
                // Dropped by locking.
                Some(Err(_)) => break Err(Failure::Locked),
                None => {}
            }
        };
        self.with(|state| state.pending.remove(&digest));
        outcome
    }

    /// Whether this is the bank's last word on a join-request that nobody waits for at this moment.
    pub(crate) fn is_early(&self, reply: &Reply, re: Option<Digest>) -> bool {
        self.with(|state| {
            let waits = state.open.as_ref().is_some_and(|open| !open.active);
            let own = state.joining.as_ref().map(|it| it.request.digest());
            match reply {
                Reply::Enrolled(_) => waits,
                Reply::Refused(_) => waits && own.is_some() && own == re,
                _ => false,
            }
        })
    }
}
