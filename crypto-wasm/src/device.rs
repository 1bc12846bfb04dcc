//! A device at rest: encrypted keys, certificates, and a manifest over all of it.

use crate::{
    bank::Pins,
    host::{Host, rng},
    keys::Keys,
    state::{Open, Worker, fault},
};
use envelope::{
    Certificate, EnvelopeError, Role, RsaPrivateKey, RustCryptoRsa, SigningKey, TrustAnchor,
    key_file::{decrypt_pkcs8, encrypt_pkcs8},
    manifest::{check_manifest, make_manifest},
    verify_chain,
};
use message::{
    Bic, Timestamp,
    worker::{Answer, Failure, Profile, StoredDevice, StoredOrder, stored},
};
use std::collections::{BTreeMap, HashMap, HashSet};
use zeroize::Zeroizing;

/// The version of the stored form.
pub(crate) const VERSION: u32 = 1;

/// What stands in a browser's storage.
pub(crate) struct AtRest {
    pub(crate) device: StoredDevice,
    pub(crate) passphrase: Zeroizing<String>,
    pub(crate) session: Option<String>,
    pub(crate) mailbox_after: i64,
    pub(crate) orders: Vec<StoredOrder>,
}

pub(crate) fn to_json(device: &StoredDevice) -> Result<String, Failure> {
    serde_json::to_string(device).map_err(fault)
}

/// Signs the manifest over every other part.
pub(crate) fn with_manifest(
    rsa: &RustCryptoRsa,
    keys: &Keys,
    mut device: StoredDevice,
    now: Timestamp,
) -> Result<StoredDevice, Failure> {
    let manifest = make_manifest(rsa, &keys.signing, &device, now, &mut rng()).map_err(fault)?;
    device.manifest = manifest.as_str().to_owned();
    Ok(device)
}

/// Both keys as encrypted PEM.
pub(crate) fn encrypt_keys(
    keys: &Keys,
    passphrase: &str,
    tell: impl Fn(u8),
) -> Result<(String, String), Failure> {
    tell(0);
    let signing = keys.signing.to_pkcs8_der().map_err(fault)?;
    let signing = encrypt_pkcs8(&signing, passphrase, &mut rng()).map_err(fault)?;
    tell(50);
    let encryption = keys.encryption.to_pkcs8_der();
    let encryption = encrypt_pkcs8(&encryption, passphrase, &mut rng()).map_err(fault)?;
    tell(100);
    Ok((signing, encryption))
}

/// Decrypts both keys and checks the manifest.
pub(crate) fn open_keys(
    rsa: &RustCryptoRsa,
    device: &StoredDevice,
    passphrase: &str,
) -> Result<Keys, Failure> {
    let damaged = |_| Failure::StoredDeviceDamaged;
    if device.version != VERSION {
        return Err(Failure::StoredDeviceDamaged);
    }
    let decrypt = |pem: &str| {
        decrypt_pkcs8(pem, passphrase).map_err(|error| match error {
            EnvelopeError::Opening => Failure::WrongPassphrase,
            _ => Failure::StoredDeviceDamaged,
        })
    };
    let signing = decrypt(&device.signing_key)?;
    let encryption = decrypt(&device.encryption_key)?;
    let keys = Keys {
        signing: SigningKey::Rsa(RsaPrivateKey::from_pkcs8_der(&signing).map_err(damaged)?),
        encryption: RsaPrivateKey::from_pkcs8_der(&encryption).map_err(damaged)?,
    };
    if keys.device() != device.device {
        return Err(Failure::StoredDeviceDamaged);
    }
    check_manifest(rsa, &keys.signing, device).map_err(|_| Failure::StoredDeviceDamaged)?;
    Ok(keys)
}

/// Both certificates are for these keys and reach the root: as of the enrolment, since a device whose
/// certificates have run out must still be opened.
pub(crate) fn check_certificates(
    rsa: &RustCryptoRsa,
    keys: &Keys,
    bic: &Bic,
    root: &Certificate,
    certificates: &[Certificate],
    at: Timestamp,
) -> Result<(), Failure> {
    let [signing, encryption, cas @ ..] = certificates else {
        return Err(Failure::StoredDeviceDamaged);
    };
    let damaged = |_| Failure::StoredDeviceDamaged;
    let anchor = TrustAnchor::new(root.clone()).map_err(damaged)?;
    for (certificate, role, key) in [
        (signing, Role::DeviceSigning, keys.device()),
        (
            encryption,
            Role::DeviceEncryption,
            keys.encryption.public().thumbprint(),
        ),
    ] {
        verify_chain(rsa, &anchor, certificate, cas, role, bic, at).map_err(damaged)?;
        if certificate.key_thumbprint() != key || certificate.holder() != keys.device() {
            return Err(Failure::StoredDeviceDamaged);
        }
    }
    Ok(())
}

/// The certificates of a device at rest hold, whether it stands in a browser or in a file: as of the
/// enrolment, or of the renewal, where they were renewed since and count from a later day.
pub(crate) fn check_device(
    rsa: &RustCryptoRsa,
    keys: &Keys,
    device: &StoredDevice,
) -> Result<(), Failure> {
    let pins = Pins::of(device)?;
    let certificates: Result<Vec<_>, _> = device
        .certificates
        .iter()
        .map(|pem| Certificate::from_pem(pem))
        .collect();
    let certificates = certificates.map_err(|_| Failure::StoredDeviceDamaged)?;
    let own = certificates.iter().take(2).map(Certificate::not_before);
    let at = own.fold(device.enrolled_at, Timestamp::max);
    check_certificates(rsa, keys, &device.bank, &pins.root, &certificates, at)
}

/// Since when both certificates count: renewed ones count from a later day.
pub(crate) fn certificates_from(device: &StoredDevice) -> Timestamp {
    let own = device.certificates.iter().take(2);
    let begins = own.filter_map(|pem| Some(Certificate::from_pem(pem).ok()?.not_before()));
    begins.max().unwrap_or(device.enrolled_at)
}

/// The first day on which one of the two certificates does not count any more.
pub(crate) fn certificates_until(device: &StoredDevice) -> Timestamp {
    let own = device.certificates.iter().take(2);
    let ends = own.filter_map(|pem| Some(Certificate::from_pem(pem).ok()?.not_after()));
    ends.min().unwrap_or(device.enrolled_at)
}

/// Whose keys are open, for the page.
fn profile(keys: &Keys, device: &StoredDevice) -> Box<Profile> {
    Box::new(Profile {
        device: device.device,
        device_name: device.device_name.clone(),
        customer_name: device.customer_name.clone(),
        customer_number: device.customer_number.clone(),
        bank: device.bank.clone(),
        bank_name: device.bank_name.clone(),
        words: keys.words(),
        enrolled_at: device.enrolled_at,
        certificates_until: certificates_until(device),
    })
}

impl Open {
    pub(crate) fn new(keys: Keys, device: StoredDevice, active: bool) -> Self {
        Self {
            keys,
            device,
            active,
            activated: false,
            searching: false,
            found: None,
            replaced_at: None,
            once: false,
            early: None,
            sessions: Vec::new(),
            after: 0,
            doors: HashSet::new(),
            unread: Vec::new(),
            late: BTreeMap::new(),
            orders: HashMap::new(),
            attested: HashSet::new(),
            accounts: Vec::new(),
        }
    }
}

impl<H: Host> Worker<H> {
    /// Makes these keys the open ones. Whatever was known of the bank is learnt again, against the
    /// pins of this device.
    pub(crate) fn open_with(&self, open: Open) {
        self.lock();
        self.with(|state| {
            state.met = None;
            state.signers.clear();
            state.open = Some(open);
        });
    }

    /// The answer once keys are open.
    pub(crate) fn unlocked(&self) -> Result<Answer, Failure> {
        let profile = self.with_open(|open| profile(&open.keys, &open.device))?;
        Ok(Answer::Unlocked { profile })
    }

    /// Stores the open device anew. It counts here first: whatever else is stored meanwhile builds on it.
    pub(crate) async fn store_device(&self, device: StoredDevice) -> Result<(), Failure> {
        let key = format!("{}{}", stored::DEVICE, device.device);
        let (text, manifest) = (to_json(&device)?, device.manifest.clone());
        let before = self.with_open(|open| std::mem::replace(&mut open.device, device))?;
        let kept = self.store_now(key, text).await;
        if kept.is_err() {
            self.with_open(|open| {
                if open.device.manifest == manifest {
                    open.device = before;
                }
            })?;
        }
        kept
    }

    /// Another tab has stored the open device anew. Nothing that it says is written over from here, and
    /// nothing that is newer here is given up.
    pub(crate) fn take_device(&self, device: StoredDevice) -> Result<Answer, Failure> {
        let now = self.now();
        let newer = self.with_open(|open| {
            let own = &open.device;
            if open.once || own.device != device.device {
                return Ok(None);
            }
            let pinned = |it: &StoredDevice| (it.root.clone(), it.certificates.last().cloned());
            if pinned(own) != pinned(&device) {
                return Err(Failure::StoredDeviceDamaged);
            }
            check_manifest(&self.rsa, &open.keys.signing, &device)
                .map_err(|_| Failure::StoredDeviceDamaged)?;
            check_device(&self.rsa, &open.keys, &device)?;
            let mut merged = device.clone();
            merged.key_set = merged.key_set.max(own.key_set);
            if certificates_from(own) > certificates_from(&device) {
                merged.certificates = own.certificates.clone();
            }
            let newer = merged != device;
            if newer {
                merged = with_manifest(&self.rsa, &open.keys, merged, now)?;
            }
            open.device = merged.clone();
            Ok(newer.then_some(merged))
        })??;
        if let Some(device) = newer {
            let (key, text) = (
                format!("{}{}", stored::DEVICE, device.device),
                to_json(&device)?,
            );
            // After the answer: until it is there, the page keeps nothing that this worker has stored
            // before it knew.
            self.spawn(|me| async move {
                me.store(key, Some(text));
            });
        }
        self.unlocked()
    }

    /// Opens the keys of an enrolled device. It needs no line.
    pub(crate) fn unlock(&self, at_rest: AtRest) -> Result<Answer, Failure> {
        let AtRest { device, .. } = &at_rest;
        if self.bank_name()? != device.bank.as_str() || device.certificates.len() < 4 {
            return Err(Failure::StoredDeviceDamaged);
        }
        let keys = open_keys(&self.rsa, device, &at_rest.passphrase)?;
        check_device(&self.rsa, &keys, device)?;
        let mut open = Open::new(keys, at_rest.device, true);
        open.after = at_rest.mailbox_after;
        if let Some(session) = &at_rest.session {
            open.take_sessions(&self.rsa, session, self.now());
        }
        self.open_with(open);
        self.resume_orders(at_rest.orders)?;
        self.unlocked()
    }
}
