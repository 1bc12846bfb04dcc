//! Meeting the bank: what an edge says of it counts only as far as it verifies.

use crate::{
    host::Host,
    state::{Worker, fault, not_verified},
};
use data_encoding::BASE64;
use envelope::{
    Certificate, Jws, Role, RsaPublicKey, RustCryptoRsa, TrustAnchor, VerifiedCertificate, key_set,
    verify_chain, words::compare_words,
};
use message::{
    Bic, Thumbprint, Timestamp,
    api::BankInfo,
    payload::CLOCK_SKEW_SECONDS_MAX,
    worker::{Answer, Failure, StoredDevice, stored},
};
use std::collections::HashSet;

/// How long a key set is used before the bank is asked again, in seconds.
const FRESH_SECONDS: i64 = 10 * 60;

/// The same before a receipt is believed: its signer may have been removed.
const RECEIPT_FRESH_SECONDS: i64 = 60;

/// A bank whose chain and key set hold.
pub(crate) struct Met {
    pub(crate) bic: Bic,
    pub(crate) anchor: TrustAnchor,
    pub(crate) bank_ca: VerifiedCertificate,
    pub(crate) name: String,
    /// Number of the key set.
    pub(crate) key_set: u64,
    /// What is sealed to.
    pub(crate) seal_to: RsaPublicKey,
    /// Processors that it has removed.
    pub(crate) removed: HashSet<Thumbprint>,
    at: Timestamp,
}

impl Met {
    /// The bank may have other keys by now.
    pub(crate) fn doubt(&mut self) {
        self.at = Timestamp::MIN;
    }
}

/// What must not change: fixed when the device was enrolled.
pub(crate) struct Pins {
    pub(crate) root: Certificate,
    pub(crate) bank_ca: Thumbprint,
    pub(crate) key_set: u64,
}

impl Pins {
    /// Of a stored device, whose last certificate is the bank CA's.
    pub(crate) fn of(device: &StoredDevice) -> Result<Self, Failure> {
        let damaged = |_| Failure::StoredDeviceDamaged;
        let bank_ca = device
            .certificates
            .last()
            .ok_or(Failure::StoredDeviceDamaged)?;
        let bank_ca = Certificate::from_pem(bank_ca).map_err(damaged)?;
        Ok(Self {
            root: Certificate::from_pem(&device.root).map_err(damaged)?,
            bank_ca: bank_ca.key_thumbprint(),
            key_set: device.key_set,
        })
    }
}

/// What the bank shows does not hold. For a device that has pinned its bank that is a hard stop, with
/// what it knows the bank by.
fn differs(pins: Option<&Pins>, why: impl std::fmt::Display) -> Failure {
    let Some(pins) = pins else {
        return not_verified(why);
    };
    Failure::BankKeysDiffer {
        why: why.to_string(),
        words: crate::keys::words_of(&pins.bank_ca),
        hex: message::Digest::new(*pins.bank_ca.as_bytes()).hex_groups(),
    }
}

/// A certificate as the API writes it.
pub(crate) fn certificate_from_base64(text: &str) -> Result<Certificate, Failure> {
    let der = BASE64
        .decode(text.as_bytes())
        .map_err(|_| not_verified("a certificate is not base64"))?;
    Certificate::from_der(&der).map_err(not_verified)
}

/// Certificates as OpenSSL reads them.
pub(crate) fn to_pem(certificates: &[Certificate]) -> Result<Vec<String>, Failure> {
    let pem = certificates.iter().map(Certificate::to_pem);
    pem.collect::<Result<_, _>>().map_err(fault)
}

/// Checks what an edge says of the bank.
fn verify(
    rsa: &RustCryptoRsa,
    info: &BankInfo,
    bic: &Bic,
    pins: Option<&Pins>,
    now: Timestamp,
) -> Result<Met, Failure> {
    if info.bank != *bic {
        return Err(not_verified("the edge belongs to another bank"));
    }
    let apart = info.now.saturating_sub(now).saturating_abs();
    if apart > CLOCK_SKEW_SECONDS_MAX {
        let minutes = apart / 60;
        return Err(not_verified(format_args!(
            "the clock of this device and the bank's are {minutes} minutes apart"
        )));
    }
    let root = certificate_from_base64(&info.root)?;
    if pins.is_some_and(|pins| pins.root.der() != root.der()) {
        return Err(differs(pins, "the root is not the one this device knows"));
    }
    let anchor = TrustAnchor::new(root).map_err(not_verified)?;
    let bank_ca = info
        .certificates
        .first()
        .ok_or_else(|| not_verified("the bank shows no licence"))?;
    let bank_ca = certificate_from_base64(bank_ca)?;
    let bank_ca = verify_chain(rsa, &anchor, &bank_ca, &[], Role::BankCa, bic, now)
        .map_err(|error| differs(pins, error))?;
    if pins.is_some_and(|pins| pins.bank_ca != bank_ca.thumbprint()) {
        return Err(differs(
            pins,
            "the bank's key is not the one this device knows",
        ));
    }
    let keys = Jws::parse(&info.key_set).map_err(not_verified)?;
    let keys = key_set::verify(rsa, &bank_ca, &keys, now)
        .map_err(|_| differs(pins, "the signature under the bank's key set does not fit"))?;
    if let Some(known) = pins.filter(|pins| keys.number < pins.key_set) {
        let (shown, seen) = (keys.number, known.key_set);
        return Err(differs(
            pins,
            format_args!("the bank's key set {shown} is older than {seen}, seen before"),
        ));
    }
    Ok(Met {
        name: bank_ca.certificate().common_name(),
        bic: bic.clone(),
        anchor,
        bank_ca,
        key_set: keys.number,
        seal_to: key_set::current_key(&keys).map_err(not_verified)?,
        removed: keys.revoked.iter().map(|revoked| revoked.signer).collect(),
        at: now,
    })
}

impl<H: Host> Worker<H> {
    /// Fetches and verifies, against what an enrolled device has pinned.
    pub(crate) async fn meet_bank(&self) -> Result<(), Failure> {
        let info: BankInfo = self.get_public("/v1/bank").await?;
        let now = self.now();
        let met = self.with(|state| {
            let bic = state.bank.clone().ok_or(Failure::NoLine)?;
            let mut pins = state
                .open
                .as_ref()
                .map(|o| Pins::of(&o.device))
                .transpose()?;
            if let (Some(pins), Some(met)) = (&mut pins, &state.met) {
                pins.key_set = pins.key_set.max(met.key_set);
            }
            verify(&self.rsa, &info, &bic, pins.as_ref(), now)
        })?;
        let number = met.key_set;
        self.with(|state| state.met = Some(met));
        self.remember_key_set(number)
    }

    /// Meets the bank unless that was done a moment ago. An older acquaintance serves while there is
    /// no line.
    pub(crate) async fn bank_ready(&self) -> Result<(), Failure> {
        self.bank_known_for(FRESH_SECONDS).await
    }

    /// The same for whoever judges a receipt.
    pub(crate) async fn bank_ready_for_receipt(&self) -> Result<(), Failure> {
        self.bank_known_for(RECEIPT_FRESH_SECONDS).await
    }

    async fn bank_known_for(&self, seconds: i64) -> Result<(), Failure> {
        let _turn = self.bank_turn.take().await;
        let now = self.now();
        let (known, fresh) = self.with(|state| match &state.met {
            Some(met) => (true, now.saturating_sub(met.at) < seconds),
            None => (false, false),
        });
        if fresh {
            return Ok(());
        }
        match self.meet_bank().await {
            Err(Failure::NoLine) if known => Ok(()),
            other => other,
        }
    }

    /// A higher number is kept with the device, so that a lower one is refused after a reload, too.
    fn remember_key_set(&self, number: u64) -> Result<(), Failure> {
        let now = self.now();
        let device = self.with(|state| {
            let open = state.open.as_mut()?;
            if !open.active || number <= open.device.key_set {
                return None;
            }
            let mut device = open.device.clone();
            device.key_set = number;
            let device = crate::device::with_manifest(&self.rsa, &open.keys, device, now);
            Some(device.inspect(|device| open.device = device.clone()))
        });
        if let Some(device) = device.transpose()? {
            let key = format!("{}{}", stored::DEVICE, device.device);
            let value = crate::device::to_json(&device)?;
            self.store(key, Some(value));
        }
        Ok(())
    }

    /// For the page: who the bank is.
    pub(crate) async fn bank(&self) -> Result<Answer, Failure> {
        {
            let _turn = self.bank_turn.take().await;
            self.meet_bank().await?;
        }
        self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::NoLine)?;
            Ok(Answer::Bank {
                name: met.name.clone(),
                bic: met.bic.clone(),
                licence_until: met.bank_ca.certificate().not_after(),
            })
        })
    }

    /// Compares the slip's words with those of the bank CA's key.
    pub(crate) fn compare_words(&self, typed: &str) -> Result<Answer, Failure> {
        self.with(|state| {
            let met = state.met.as_ref().ok_or(Failure::WordsNotCompared)?;
            let key = met.bank_ca.thumbprint();
            let compared = compare_words(typed, &key);
            state.words_fit = compared.fit.then_some(key);
            Ok(Answer::Words {
                fit: compared.fit,
                unknown: compared.unknown,
            })
        })
    }
}
