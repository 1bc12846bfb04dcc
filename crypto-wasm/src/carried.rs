//! Keys that were carried here, in a file or on a sheet: opened into memory first, and only then it
//! is decided what becomes of them.

use crate::{
    carry::not_usable,
    device::{
        certificates_from, certificates_until, check_device, encrypt_keys, to_json, with_manifest,
    },
    enrol::PASSPHRASE_CHARS_MIN,
    host::Host,
    keys::{Keys, words_of},
    making::FIRST_GENERATION,
    sheet::words_failure,
    state::{Open, Worker, fault},
};
use envelope::{
    Certificate, KeyUse, Role, RsaPrivateKey, Seed, SigningKey,
    import::{self, Imported, Kind, import, recognise},
    manifest::check_manifest,
    recovery::from_words,
};
use message::{
    text::Label,
    worker::{
        Answer, Failure, Step, StoredDevice,
        keys::{FileKind, KeysAnswer, Named},
        stored,
    },
};
use zeroize::Zeroizing;

/// What was opened.
pub(crate) struct Carried {
    signing: RsaPrivateKey,
    /// A bare key has none.
    encryption: Option<RsaPrivateKey>,
    /// The device that it is at this bank.
    device: Option<StoredDevice>,
    /// Out of a file; otherwise off a sheet.
    from_file: bool,
    /// Whether `device` is encrypted and signed as it stands in a key file.
    whole: bool,
}

/// What was exported last.
pub(crate) struct Exported {
    pub(crate) passphrase: Zeroizing<String>,
}

fn kind_of(kind: Kind) -> FileKind {
    match kind {
        Kind::KeyFile => FileKind::KeyFile,
        Kind::Pkcs8 => FileKind::Pkcs8,
        Kind::LegacyPem => FileKind::LegacyPem,
        Kind::Pkcs12 => FileKind::Pkcs12,
    }
}

fn named(device: &StoredDevice) -> Named {
    Named {
        device_name: device.device_name.clone(),
        customer_name: device.customer_name.clone(),
        bank_name: device.bank_name.clone(),
    }
}

/// The refusal of a file, with what belongs to it.
pub(crate) fn file_failure(error: &import::ImportError) -> Failure {
    use import::ImportError;
    let detail = match error {
        ImportError::TooWeak { bits } => bits.to_string(),
        ImportError::OtherBank { bank } => bank.to_string(),
        ImportError::NewerVersion { version } => version.to_string(),
        _ => String::new(),
    };
    not_usable(error.code(), detail)
}

/// The passphrase that keys are encrypted with from now on.
pub(crate) fn check_passphrase(passphrase: &str) -> Result<(), Failure> {
    if passphrase.chars().count() >= PASSPHRASE_CHARS_MIN {
        return Ok(());
    }
    Err(Failure::Field {
        field: "passphrase".to_owned(),
        words: format!("Choose a passphrase of {PASSPHRASE_CHARS_MIN} characters or more"),
    })
}

impl<H: Host> Worker<H> {
    /// The file that goes along with the ask.
    pub(crate) fn handed_file(&self) -> Result<Zeroizing<Vec<u8>>, Failure> {
        let handed = self.with(|state| state.handed.take());
        handed
            .unwrap_or(Err("unreadable"))
            .map_err(|code| not_usable(code, String::new()))
    }

    /// What a file is.
    pub(crate) fn recognise_file(&self) -> Result<Answer, Failure> {
        let found = recognise(&self.handed_file()?).map_err(|error| file_failure(&error))?;
        Ok(Answer::Keys(KeysAnswer::Recognised {
            kind: kind_of(found.kind),
            encrypted: found.encrypted,
            named: found.device.as_deref().map(named),
        }))
    }

    /// Opens a file into memory.
    pub(crate) async fn open_file(&self, passphrase: Zeroizing<String>) -> Result<Answer, Failure> {
        let file = self.handed_file()?;
        let bank = self.bank_bic()?;
        let imported =
            import(&self.rsa, &file, &passphrase, &bank).map_err(|error| file_failure(&error))?;
        drop((file, passphrase));
        let kind = Some(kind_of(imported.kind));
        let was_encrypted = imported.was_encrypted;
        let carried = match imported.device.is_some() {
            true => self.whole_device(imported)?,
            false => self.open_foreign(imported).await?,
        };
        Ok(self.opened(carried, kind, was_encrypted))
    }

    fn opened(&self, carried: Carried, kind: Option<FileKind>, was_encrypted: bool) -> Answer {
        let answer = KeysAnswer::Opened {
            kind,
            was_encrypted,
            named: carried.device.as_ref().map(named),
            words: words_of(&carried.signing.public().thumbprint()),
        };
        self.with(|state| state.carried = Some(carried));
        Answer::Keys(answer)
    }

    /// A key file of ours: its manifest holds, and so must its certificates.
    fn whole_device(&self, imported: Imported) -> Result<Carried, Failure> {
        let mismatch = |_| not_usable("certificate-mismatch", String::new());
        let device = imported
            .device
            .ok_or_else(|| fault("no device in the file"))?;
        let encryption = imported.encryption.ok_or(Failure::StoredDeviceDamaged)?;
        let keys = Keys {
            signing: SigningKey::Rsa(imported.signing.clone()),
            encryption: encryption.clone(),
        };
        check_device(&self.rsa, &keys, &device).map_err(mismatch)?;
        Ok(Carried {
            signing: imported.signing,
            encryption: Some(encryption),
            device: Some(*device),
            from_file: true,
            whole: true,
        })
    }

    /// A file of another tool. One that holds a device of this bank, exported as PKCS #12, is found
    /// again with the bank's help; the bank CA in it must be the one that the bank shows.
    async fn open_foreign(&self, imported: Imported) -> Result<Carried, Failure> {
        let certificates: Vec<Certificate> = imported
            .certificates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .collect();
        let of_device = certificates
            .iter()
            .any(|certificate| certificate.role() == Role::DeviceSigning);
        let bank_ca = certificates
            .iter()
            .find(|certificate| certificate.role() == Role::BankCa)
            .map(Certificate::key_thumbprint);
        let mut device = None;
        if let (true, Some(bank_ca), Some(encryption)) = (of_device, bank_ca, &imported.encryption)
        {
            let keys = Keys {
                signing: SigningKey::Rsa(imported.signing.clone()),
                encryption: encryption.clone(),
            };
            device = Some(self.known_device(keys, bank_ca).await?);
        }
        Ok(Carried {
            signing: imported.signing,
            encryption: imported.encryption,
            device,
            from_file: true,
            whole: false,
        })
    }

    /// Makes the keys of a sheet again.
    pub(crate) async fn recover(
        &self,
        words: Zeroizing<String>,
        generation: u32,
    ) -> Result<Answer, Failure> {
        let seed = from_words(&words).map_err(|error| words_failure(&error))?;
        drop(words);
        self.bank_ready().await?;
        let bank_ca = self.with(|state| {
            let met = state.met.as_ref().map(|met| met.bank_ca.thumbprint());
            met.filter(|key| state.words_fit == Some(*key))
        });
        let bank_ca = bank_ca.ok_or(Failure::WordsNotCompared)?;
        let keys = self.keys_from(&seed, generation).await?;
        let SigningKey::Rsa(signing) = &keys.signing else {
            return Err(fault("a seed makes RSA keys"));
        };
        let (signing, encryption) = (signing.clone(), keys.encryption.clone());
        let device = self.known_device(keys, bank_ca).await?;
        let carried = Carried {
            signing,
            encryption: Some(encryption),
            device: Some(device),
            from_file: false,
            whole: false,
        };
        Ok(self.opened(carried, None, true))
    }

    /// What was opened stays in this browser.
    pub(crate) async fn keep_carried(
        &self,
        passphrase: Option<Zeroizing<String>>,
        device_name: Option<String>,
        there: Vec<StoredDevice>,
    ) -> Result<Answer, Failure> {
        if let Some(passphrase) = &passphrase {
            check_passphrase(passphrase)?;
        }
        let name = match device_name {
            Some(name) => Some(Label::parse(&name).map_err(|_| Failure::Field {
                field: "device_name".to_owned(),
                words: "Enter a name for this device of 1 to 40 characters".to_owned(),
            })?),
            None => None,
        };
        let (keys, mut device, whole) = self.carried()?;
        if passphrase.is_none() && !whole {
            return Err(check_passphrase("").err().unwrap_or(Failure::Locked));
        }
        let newer = self.take_newer(&keys, &mut device, there);
        if let Some(passphrase) = &passphrase {
            if let Some(name) = name {
                device.device_name = name.to_string();
            }
            let (signing, encryption) = encrypt_keys(&keys, passphrase, |percent| {
                self.progress(Step::EncryptKeys, percent);
            })?;
            device.signing_key = signing;
            device.encryption_key = encryption;
        }
        if passphrase.is_some() || newer {
            device = with_manifest(&self.rsa, &keys, device, self.now())?;
        }
        let by_file = self.with(|state| state.carried.as_ref().is_some_and(|it| it.from_file));
        let epoch = self.open_carried(Open::new(keys, device, true));
        let kept = async {
            self.refuse_revoked().await?;
            let (key, value) = self.with_open(|open| {
                let key = format!("{}{}", stored::DEVICE, open.device.device);
                to_json(&open.device).map(|value| (key, value))
            })??;
            self.store_now(key, value).await?;
            let now = self.now();
            self.take_care(|care| match by_file {
                true => care.file_at = Some(now),
                false => care.sheet_at = Some(now),
            })?;
            self.renew_ended().await;
            self.unlocked()
        };
        let kept = kept.await;
        self.close_carried(epoch, kept)
    }

    /// What was opened is used and not kept.
    pub(crate) async fn use_once(&self) -> Result<Answer, Failure> {
        let (keys, device, _) = self.carried()?;
        let mut open = Open::new(keys, device, true);
        open.once = true;
        let epoch = self.open_carried(open);
        let once = async {
            self.refuse_revoked().await?;
            self.renew_ended().await;
            self.learn_name().await;
            self.unlocked()
        };
        let once = once.await;
        self.close_carried(epoch, once)
    }

    /// The same device may stand in this browser already, and have gone on since the file was saved.
    /// What it knows of the bank is never rolled back, and its later certificates stay.
    fn take_newer(&self, keys: &Keys, device: &mut StoredDevice, there: Vec<StoredDevice>) -> bool {
        let before = (device.key_set, device.certificates.clone());
        let same = |it: &StoredDevice| {
            it.device == device.device
                && check_manifest(&self.rsa, &keys.signing, it).is_ok()
                && check_device(&self.rsa, keys, it).is_ok()
                && it.root == device.root
                && it.certificates.last() == device.certificates.last()
        };
        if let Some(it) = there.into_iter().find(same) {
            device.key_set = device.key_set.max(it.key_set);
            if certificates_from(&it) > certificates_from(device) {
                device.certificates = it.certificates;
            }
        }
        before != (device.key_set, device.certificates.clone())
    }

    /// Opens what was carried here. It stays at hand until all is done, so that after a failure another
    /// way can be chosen.
    fn open_carried(&self, open: Open) -> u64 {
        let carried = self.with(|state| state.carried.take());
        self.open_with(open);
        self.with(|state| state.carried = carried);
        self.epoch()
    }

    /// All is done, or nothing is: after a failure no keys stay open behind a page that is locked.
    fn close_carried(
        &self,
        epoch: u64,
        outcome: Result<Answer, Failure>,
    ) -> Result<Answer, Failure> {
        // Locked meanwhile: whatever is here now is somebody else's.
        if self.epoch() != epoch {
            return outcome;
        }
        let carried = self.with(|state| state.carried.take());
        if let Err(failure) = &outcome {
            self.lock();
            // Keys that do not count are of no use for another try.
            let again = !matches!(failure, Failure::NotUsable { .. });
            self.with(|state| state.carried = carried.filter(|_| again));
        }
        outcome
    }

    /// Certificates that had run out before the keys were brought here are made anew; without a line
    /// the page offers it again.
    async fn renew_ended(&self) {
        let now = self.now();
        let ended = self.with_open(|open| certificates_until(&open.device) <= now);
        if ended == Ok(true)
            && let Err(failure) = self.renew().await
        {
            self.host.warn(&format!("renewing: {failure:?}"));
        }
    }

    /// What was opened, and whether it is encrypted as it stands in a key file.
    fn carried(&self) -> Result<(Keys, StoredDevice, bool), Failure> {
        self.with(|state| {
            let carried = state.carried.as_ref()?;
            let keys = Keys {
                signing: SigningKey::Rsa(carried.signing.clone()),
                encryption: carried.encryption.clone()?,
            };
            Some((keys, carried.device.clone()?, carried.whole))
        })
        .ok_or(Failure::Locked)
    }

    /// A foreign key signs for a new device, and one to seal to is made beside it. What was opened
    /// stays until the device is active: whoever leaves the page for a moment need not open it again.
    pub(crate) async fn make_beside(&self) -> Result<Answer, Failure> {
        let (signing, encryption) = self
            .with(|state| {
                let carried = state.carried.as_ref()?;
                Some((carried.signing.clone(), carried.encryption.clone()))
            })
            .ok_or(Failure::Locked)?;
        let start = self.host.now_ms();
        self.progress(Step::SigningKey, 100);
        let encryption = match encryption {
            Some(encryption) => encryption,
            None => {
                let seed = Seed::generate(&mut crate::host::rng());
                let bank = self.bank_bic()?;
                let seed = seed.key_seed(&bank, KeyUse::Encryption, FIRST_GENERATION);
                self.make_key(&seed, Step::EncryptionKey).await?
            }
        };
        let signing = SigningKey::Rsa(signing);
        self.keys_made(
            Keys {
                signing,
                encryption,
            },
            None,
            start,
        )
    }
}
