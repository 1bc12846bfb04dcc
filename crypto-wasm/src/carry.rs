//! What the page asks about keys that are carried, and taking them away: files, and a new passphrase.

use crate::{
    carried::{Exported, check_passphrase, file_failure},
    device::{check_device, encrypt_keys, open_keys, with_manifest},
    host::{Host, rng},
    keys::{Keys, test_keys},
    state::{Worker, fault},
};
use data_encoding::BASE64;
use envelope::{
    Certificate, SigningKey, export::to_pkcs12, import::import, key_file, recovery::check_word,
};
use message::{
    Thumbprint, Timestamp,
    worker::{
        Answer, Failure, Step, StoredDevice,
        keys::{FileForm, KeysAnswer, KeysAsk},
    },
};
use zeroize::Zeroizing;

/// A file or a sheet that cannot be used.
pub(crate) fn not_usable(code: &str, detail: String) -> Failure {
    Failure::NotUsable {
        code: code.to_owned(),
        detail,
    }
}

/// A file's name: the device's, as far as every file system takes it.
pub(crate) fn file_name(device: &StoredDevice, ending: &str) -> String {
    let name: String = device
        .device_name
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { '-' })
        .collect();
    let name = name.trim_matches('-');
    let name = if name.is_empty() { "device" } else { name };
    format!("{name}{ending}")
}

impl<H: Host> Worker<H> {
    /// Answers what is asked about carried keys.
    pub(crate) async fn answer_keys(&self, ask: KeysAsk) -> Result<Answer, Failure> {
        match ask {
            KeysAsk::Recognise => self.recognise_file(),
            KeysAsk::OpenFile { passphrase } => self.open_file(Zeroizing::new(passphrase)).await,
            KeysAsk::Recover { words, generation } => {
                self.recover(Zeroizing::new(words), generation).await
            }
            KeysAsk::Keep {
                passphrase,
                device_name,
                there,
            } => {
                let passphrase = passphrase.map(Zeroizing::new);
                self.keep_carried(passphrase, device_name, there).await
            }
            KeysAsk::ResumeOrders { orders } => {
                self.check_active()?;
                self.resume_orders(orders)?;
                Ok(Answer::Done)
            }
            KeysAsk::UseOnce => self.use_once().await,
            KeysAsk::MakeBeside => self.make_beside().await,
            KeysAsk::Discard => {
                self.with(|state| state.carried = None);
                Ok(Answer::Done)
            }
            KeysAsk::CheckWord { typed } => {
                let typed = Zeroizing::new(typed);
                let word = check_word(&typed).map(str::to_owned);
                Ok(Answer::Keys(KeysAnswer::Word { word }))
            }
            KeysAsk::Speed { what } => self.speed(what).await,
            other => self.answer_open_keys(other).await,
        }
    }

    /// What is asked of the open device.
    async fn answer_open_keys(&self, ask: KeysAsk) -> Result<Answer, Failure> {
        match ask {
            KeysAsk::Export {
                form,
                passphrase,
                file_passphrase,
            } => self.export(
                form,
                Zeroizing::new(passphrase),
                file_passphrase.map(Zeroizing::new),
            ),
            KeysAsk::ReadBack => self.read_back(),
            KeysAsk::Sheet { sealed } => self.sheet(&sealed).await,
            KeysAsk::ConfirmSheet { sealed, words } => self.confirm_sheet(&sealed, words),
            KeysAsk::DeclineSheet => self.decline_sheet(),
            KeysAsk::ChangePassphrase { old, new } => {
                self.change_passphrase(&Zeroizing::new(old), &Zeroizing::new(new))
                    .await
            }
            // Answered before.
            _ => Ok(Answer::Done),
        }
    }

    /// The open device as a file. It is encrypted already; the passphrase is asked for so that
    /// nobody finds out later that they do not know it.
    fn export(
        &self,
        form: FileForm,
        passphrase: Zeroizing<String>,
        file_passphrase: Option<Zeroizing<String>>,
    ) -> Result<Answer, Failure> {
        self.check_active()?;
        let mut device = self.with_open(|open| open.device.clone())?;
        // The file of another tool, used once: these keys were never encrypted here, and have no
        // passphrase that could be asked for. The file's own becomes theirs.
        let bare = device.signing_key.is_empty();
        if !bare {
            open_keys(&self.rsa, &device, &passphrase)?;
        }
        let (name, media_type, bytes, opens) = match form {
            FileForm::KeyFile => {
                if bare {
                    check_passphrase(&passphrase)?;
                    device = self.encrypted(device, &passphrase)?;
                }
                let text = key_file::write(&device).map_err(fault)?;
                let name = file_name(&device, ".countersign.pem");
                (
                    name,
                    "application/x-pem-file",
                    text.into_bytes(),
                    passphrase,
                )
            }
            FileForm::Pkcs12 => {
                let opens = file_passphrase.unwrap_or_default();
                check_passphrase(&opens)?;
                let bytes = self.with_open(|open| pkcs12(&open.keys, &device, &opens))??;
                let name = file_name(&device, ".p12");
                (name, "application/x-pkcs12", bytes, opens)
            }
        };
        self.with(|state| state.exported = Some(Exported { passphrase: opens }));
        Ok(Answer::Keys(KeysAnswer::File {
            name,
            media_type: media_type.to_owned(),
            base64: BASE64.encode(&bytes),
        }))
    }

    /// The open device with its keys encrypted.
    fn encrypted(&self, device: StoredDevice, passphrase: &str) -> Result<StoredDevice, Failure> {
        let tell = |percent| self.progress(Step::EncryptKeys, percent);
        let now = self.now();
        self.with_open(|open| {
            let (signing_key, encryption_key) = encrypt_keys(&open.keys, passphrase, tell)?;
            let device = StoredDevice {
                signing_key,
                encryption_key,
                ..device
            };
            with_manifest(&self.rsa, &open.keys, device, now)
        })?
    }

    /// Opens the saved file and signs with what is in it.
    fn read_back(&self) -> Result<Answer, Failure> {
        let file = self.handed_file()?;
        let passphrase = self
            .with(|state| state.exported.as_ref().map(|it| it.passphrase.clone()))
            .ok_or(Failure::Locked)?;
        let own = self.with_open(|open| {
            let encryption = open.keys.encryption.public().thumbprint();
            (open.keys.device(), encryption)
        })?;
        let now = self.check_saved(&file, &passphrase, own)?;
        self.with(|state| state.exported = None);
        self.take_care(|care| care.file_at = Some(now))?;
        Ok(Answer::Done)
    }

    /// Opens a file that was saved, sees that it holds these keys, and signs with them.
    pub(crate) fn check_saved(
        &self,
        file: &[u8],
        passphrase: &str,
        own: (Thumbprint, Thumbprint),
    ) -> Result<Timestamp, Failure> {
        let bank = self.bank_bic()?;
        let imported =
            import(&self.rsa, file, passphrase, &bank).map_err(|error| file_failure(&error))?;
        let encryption = imported
            .encryption
            .filter(|it| {
                (
                    imported.signing.public().thumbprint(),
                    it.public().thumbprint(),
                ) == own
            })
            .ok_or_else(|| not_usable("another-file", String::new()))?;
        let signing = SigningKey::Rsa(imported.signing);
        let keys = Keys {
            signing,
            encryption,
        };
        let now = self.now();
        test_keys(&self.rsa, &keys, now)?;
        // A file that another browser would not take is not in safety.
        if let Some(device) = &imported.device {
            check_device(&self.rsa, &keys, device)
                .map_err(|_| not_usable("certificate-mismatch", String::new()))?;
        }
        Ok(now)
    }

    async fn change_passphrase(&self, old: &str, new: &str) -> Result<Answer, Failure> {
        self.check_active()?;
        check_passphrase(new)?;
        let device = self.with_open(|open| open.device.clone())?;
        open_keys(&self.rsa, &device, old)?;
        let device = self.encrypted(device, new)?;
        self.store_device(device).await?;
        Ok(Answer::Done)
    }
}

fn pkcs12(keys: &Keys, device: &StoredDevice, passphrase: &str) -> Result<Vec<u8>, Failure> {
    let certificates: Result<Vec<_>, _> = device
        .certificates
        .iter()
        .map(|pem| Certificate::from_pem(pem))
        .collect();
    let certificates = certificates.map_err(|_| Failure::StoredDeviceDamaged)?;
    let [signing, encryption, cas @ ..] = certificates.as_slice() else {
        return Err(Failure::StoredDeviceDamaged);
    };
    let chain = |leaf: &Certificate| [std::slice::from_ref(leaf), cas].concat();
    let SigningKey::Rsa(signing_key) = &keys.signing else {
        return Err(fault("a device signs with RSA"));
    };
    to_pkcs12(
        (signing_key, &chain(signing)),
        (&keys.encryption, &chain(encryption)),
        passphrase,
        &mut rng(),
    )
    .map_err(fault)
}
