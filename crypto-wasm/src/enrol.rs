//! A browser becomes a device: request, certificates, confirmation.

use crate::{
    bank::{Pins, certificate_from_base64, to_pem},
    device::{VERSION, check_certificates, encrypt_keys, open_keys, to_json, with_manifest},
    host::{Host, rng},
    keys::Keys,
    mail::Reply,
    state::{Answered, Open, Worker, fault, not_verified},
};
use envelope::{Certificate, Jwe, Jws, enrol::proof, seal_to_key};
use message::{
    Digest, Thumbprint, Timestamp,
    enrol::{EnrolConfirm, EnrolRequest, Enrolled},
    payload::LIFETIME_SECONDS_MAX,
    slip::{Locator, Secret},
    text::Label,
    worker::{Answer, Failure, Step, StoredDevice, stored},
};
use zeroize::Zeroizing;

/// The fewest characters of a passphrase.
pub(crate) const PASSPHRASE_CHARS_MIN: usize = 12;

/// How long each answer of the bank is waited for: the registrar may have to sign first.
pub(crate) const LIMIT_MS: i64 = 60_000;

/// What was typed from the slip, and chosen.
pub(crate) struct Typed {
    pub(crate) locator: String,
    pub(crate) secret: Zeroizing<String>,
    pub(crate) device_name: String,
    pub(crate) passphrase: Zeroizing<String>,
}

struct Slip {
    locator: Locator,
    secret: Secret,
    device_name: Label,
}

fn read(typed: &Typed) -> Result<Slip, Failure> {
    let field = |field: &str, words: String| Failure::Field {
        field: field.to_owned(),
        words,
    };
    let locator = Locator::parse(&typed.locator).map_err(|e| field("locator", e.to_string()))?;
    let secret = Secret::parse(&typed.secret).map_err(|e| field("secret", e.to_string()))?;
    let device_name = Label::parse(&typed.device_name).map_err(|_| {
        let words = "Enter a name for this device of 1 to 40 characters";
        field("device_name", words.to_owned())
    })?;
    if typed.passphrase.chars().count() < PASSPHRASE_CHARS_MIN {
        let words = format!("Choose a passphrase of {PASSPHRASE_CHARS_MIN} characters or more");
        return Err(field("passphrase", words));
    }
    Ok(Slip {
        locator,
        secret,
        device_name,
    })
}

/// The value that is removed once the device is active.
pub(crate) fn enrolling_key(device: Thumbprint) -> String {
    format!("{}{device}", stored::ENROLLING)
}

impl<H: Host> Worker<H> {
    /// Enrols with the keys just made. The words must have been compared.
    pub(crate) async fn enrol(&self, typed: Typed) -> Result<Answer, Failure> {
        let bank_ca = self.with(|state| {
            let met = state.met.as_ref().map(|met| met.bank_ca.thumbprint());
            met.filter(|key| state.words_fit == Some(*key))
        });
        let bank_ca = bank_ca.ok_or(Failure::WordsNotCompared)?;
        let slip = read(&typed)?;
        // A second try, after a mistyped code, goes on with the same keys.
        let keys = self.with(|state| match state.fresh.take() {
            Some(keys) => Some(keys),
            None => state
                .open
                .take_if(|open| !open.active)
                .map(|open| open.keys),
        });
        let keys = keys.ok_or(Failure::Locked)?;
        let (signing_key, encryption_key) = encrypt_keys(&keys, &typed.passphrase, |percent| {
            self.progress(Step::EncryptKeys, percent);
        })?;
        drop(typed);
        let device = self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::WordsNotCompared)?;
            Ok(StoredDevice {
                version: VERSION,
                device: keys.device(),
                customer_name: String::new(),
                customer_number: String::new(),
                device_name: slip.device_name.to_string(),
                bank: met.bic.clone(),
                bank_name: met.name.clone(),
                enrolled_at: self.now(),
                signing_key,
                encryption_key,
                certificates: to_pem(&[met.bank_ca.certificate().clone()])?,
                root: met.anchor.certificate().to_pem().map_err(fault)?,
                key_set: met.key_set,
                request: None,
                manifest: String::new(),
            })
        })?;
        let body = enrol_request(&keys, &slip);
        let (seed, carried) = self.with(|state| (state.seed.take(), state.carried.take()));
        self.open_with(Open::new(keys, device, false));
        self.with(|state| {
            state.words_fit = Some(bank_ca);
            state.carried = carried;
        });
        self.keep_seed_beside(seed)?;
        let request = self.keep_request(body).await?;
        self.enrol_with(request).await
    }

    /// Goes on with what was stored before the request was sent.
    pub(crate) async fn resume_enrol(
        &self,
        device: StoredDevice,
        passphrase: Zeroizing<String>,
    ) -> Result<Answer, Failure> {
        let damaged = Failure::StoredDeviceDamaged;
        let keys = open_keys(&self.rsa, &device, &passphrase)?;
        drop(passphrase);
        if self.bank_name()? != device.bank.as_str() || device.certificates.len() != 1 {
            return Err(damaged);
        }
        let request = device.request.as_deref().and_then(|text| {
            let jwe = Jwe::parse(text).ok()?;
            jwe.open_with_key(&self.rsa, &keys.encryption).ok()
        });
        let request = request.ok_or(damaged.clone())?;
        let payload = request
            .verify(&self.rsa, &keys.signing.verifying_key())
            .ok()
            .and_then(|verified| verified.payload::<EnrolRequest>().ok())
            .ok_or(damaged)?;
        self.open_with(Open::new(keys, device, false));
        // A request past its time may never have arrived: the same is said once more.
        let request = match payload.exp > self.now() {
            true => request,
            false => self.keep_request(payload.body).await?,
        };
        self.enrol_with(request).await
    }

    /// Signs the request and has it stored with the device before anything is sent.
    async fn keep_request(&self, body: EnrolRequest) -> Result<Jws, Failure> {
        let bank = self.bank_name()?;
        let request = self.sign(body, &bank, LIFETIME_SECONDS_MAX, None)?;
        let now = self.now();
        let device = self.with_open(|open| {
            let own = open.keys.encryption.public();
            let kept = seal_to_key(&self.rsa, own, &request, &mut rng()).map_err(fault)?;
            let mut device = open.device.clone();
            device.request = Some(kept.as_str().to_owned());
            open.device = with_manifest(&self.rsa, &open.keys, device, now)?;
            Ok(open.device.clone())
        })??;
        self.store_now(enrolling_key(device.device), to_json(&device)?)
            .await?;
        Ok(request)
    }

    async fn enrol_with(&self, request: Jws) -> Result<Answer, Failure> {
        self.progress(Step::AskBank, 0);
        self.bank_ready().await?;
        let outcome = self.ask_and_confirm(request).await;
        if let Err(Failure::Refused { .. }) = &outcome {
            // The bank has decided: there is nothing to go on with.
            self.forget_keys_to_be(enrolling_key)?;
        }
        outcome
    }

    async fn ask_and_confirm(&self, request: Jws) -> Result<Answer, Failure> {
        let answered = self.exchange_within(request, false, LIMIT_MS).await?;
        let device = self.with_open(|open| open.keys.device())?;
        self.confirm(answered, enrolling_key(device), None).await
    }

    /// Checks the certificates, signs the nonce back, and has the active device stored. What was kept
    /// of it until then is removed.
    pub(crate) async fn confirm(
        &self,
        answered: Answered,
        kept_under: String,
        patience: Option<u32>,
    ) -> Result<Answer, Failure> {
        let (enrolled, digest) = match answered {
            Answered {
                reply: Reply::Enrolled(enrolled),
                digest,
                ..
            } => (enrolled, digest),
            other => return Err(other.reply.unexpected(other.id)),
        };
        self.progress(Step::AskBank, 100);
        self.progress(Step::Confirm, 0);
        let device = self.enrolled_device(&enrolled)?;
        // The mailbox may already say so, when the enrolment was interrupted at its very end.
        if !self.with_open(|open| open.activated)? {
            self.in_time(patience, self.confirm_place(&enrolled, digest))
                .await?;
        }
        self.progress(Step::Confirm, 50);
        let value = to_json(&device)?;
        let key = format!("{}{}", stored::DEVICE, device.device);
        self.store_now(key, value).await?;
        let (id, after) = self.with_open(|open| {
            open.device = device;
            open.active = true;
            (open.keys.device(), open.after)
        })?;
        // From here on what was stored is enough.
        self.with(|state| {
            state.seed = None;
            state.carried = None;
        });
        self.store(format!("{}{id}", stored::MAILBOX), Some(after.to_string()));
        self.store(kept_under, None);
        self.progress(Step::Confirm, 100);
        self.unlocked()
    }

    /// Signs the nonce back and waits until the bank says that the device counts.
    pub(crate) async fn confirm_place(
        &self,
        enrolled: &Enrolled,
        digest: Digest,
    ) -> Result<(), Failure> {
        let confirm = EnrolConfirm {
            nonce: enrolled.nonce.clone(),
        };
        let bank = self.bank_name()?;
        let confirm = self.sign(confirm, &bank, LIFETIME_SECONDS_MAX, Some(digest))?;
        let answered = self.exchange_within(confirm, false, LIMIT_MS).await?;
        match answered.reply {
            Reply::Activated(activated) if activated.bank.as_str() == bank => Ok(()),
            other => Err(other.unexpected(answered.id)),
        }
    }

    /// The device with the certificates that the bank has issued, checked against keys and pins.
    pub(crate) fn enrolled_device(&self, enrolled: &Enrolled) -> Result<StoredDevice, Failure> {
        let (certificates, at) = self.issued(
            &enrolled.signing_certificate,
            &enrolled.encryption_certificate,
            &enrolled.chain,
        )?;
        let now = self.now();
        self.with_open(|open| {
            let mut device = open.device.clone();
            device.customer_name = enrolled.customer_name.to_string();
            device.customer_number = enrolled.customer_number.clone();
            device.enrolled_at = at;
            device.certificates = certificates;
            device.request = None;
            with_manifest(&self.rsa, &open.keys, device, now)
        })?
    }

    /// Certificates that the bank has issued for the open keys, checked against keys and pins, as they
    /// are stored; and since when they count.
    pub(crate) fn issued(
        &self,
        signing: &str,
        encryption: &str,
        chain: &[String],
    ) -> Result<(Vec<String>, Timestamp), Failure> {
        let mut certificates = vec![
            certificate_from_base64(signing)?,
            certificate_from_base64(encryption)?,
        ];
        let enrolment_ca = chain
            .first()
            .ok_or_else(|| not_verified("the certificates come without their issuer"))?;
        certificates.push(certificate_from_base64(enrolment_ca)?);
        let now = self.now();
        self.with_open(|open| {
            let pins = Pins::of(&open.device)?;
            let bank_ca = open.device.certificates.last().cloned().unwrap_or_default();
            certificates.push(Certificate::from_pem(&bank_ca).map_err(not_verified)?);
            // Certificates that have run out hold as of their own time: the keys are brought back with
            // them, and get new ones. Otherwise as of now, but not before they count, where this
            // clock is a little behind the bank's.
            let own = || certificates.iter().take(2);
            let begin = own().map(Certificate::not_before).max().unwrap_or(now);
            let at = match own().any(|certificate| certificate.not_after() < now) {
                true => begin,
                false => now.max(begin),
            };
            check_certificates(
                &self.rsa,
                &open.keys,
                &open.device.bank,
                &pins.root,
                &certificates,
                at,
            )
            .map_err(|_| not_verified("the device's certificates do not hold"))?;
            Ok((to_pem(&certificates)?, at))
        })?
    }
}

fn enrol_request(keys: &Keys, slip: &Slip) -> EnrolRequest {
    let encryption = keys.encryption.public();
    EnrolRequest {
        locator: slip.locator.to_string(),
        proof: proof(
            &slip.secret,
            &slip.locator,
            &keys.device(),
            &encryption.thumbprint(),
        ),
        signing_key: keys.signing.verifying_key().to_jwk(),
        encryption_key: encryption.to_jwk(),
        device_name: slip.device_name.clone(),
    }
}
