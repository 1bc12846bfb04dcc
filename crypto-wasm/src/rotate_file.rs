//! New keys for a device that is kept in a file and nowhere else. The bank is asked for their
//! certificates first, so that the new file is whole; then it is saved and read back; only then the
//! new keys are confirmed. Whatever is cut off before that, the old file works; afterwards, the new one.

use crate::{
    carry::{file_name, not_usable},
    device::with_manifest,
    host::Host,
    mail::Reply,
    rotate::Replacement,
    state::{Answered, Worker, fault},
};
use data_encoding::BASE64;
use envelope::key_file;
use message::{
    Digest,
    enrol::Enrolled,
    worker::{Answer, Failure, keys::KeysAnswer},
};
use zeroize::Zeroizing;

/// New keys with their certificates, which nobody has confirmed. The keys lie aside.
pub(crate) struct Prepared {
    enrolled: Box<Enrolled>,
    digest: Digest,
    passphrase: Zeroizing<String>,
    seed: Option<(String, String)>,
}

impl<H: Host> Worker<H> {
    /// Gets certificates for the keys just made, and answers the file to save.
    pub(crate) async fn prepare_replace(
        &self,
        passphrase: Zeroizing<String>,
    ) -> Result<Answer, Failure> {
        self.check_active()?;
        self.bank_ready().await?;
        // Another tool's file has a passphrase of its own, or none; from now on it is one of ours.
        match self.with_open(|open| open.device.signing_key.is_empty())? {
            true => crate::carried::check_passphrase(&passphrase)?,
            false => self.check_passphrase(&passphrase)?,
        }
        self.check_orders_known()?;
        let Replacement {
            old,
            order,
            request,
            next,
        } = self.replacement(&passphrase)?;
        let seed = self.with(|state| state.seed.take());
        let seed = match &seed {
            Some((seed, generation)) => Some(self.seed_at_rest(&next.keys, seed, *generation)?),
            None => None,
        };
        self.with(|state| state.aside = Some(next));
        self.order_replacement(old, order).await?;
        self.swap()?;
        let outcome = self.await_place(request).await;
        let file = outcome.and_then(|answered| self.new_file(answered));
        self.swap()?;
        self.go_on_with_orders()?;
        let (answer, enrolled, digest) = file?;
        self.with(|state| {
            state.prepared = Some(Prepared {
                enrolled,
                digest,
                passphrase,
                seed,
            });
        });
        Ok(answer)
    }

    /// The new keys are open: their device with its certificates, as a file.
    fn new_file(&self, answered: Answered) -> Result<(Answer, Box<Enrolled>, Digest), Failure> {
        let (enrolled, digest) = match answered {
            Answered {
                reply: Reply::Enrolled(enrolled),
                digest,
                ..
            } => (enrolled, digest),
            other => return Err(other.reply.unexpected(other.id)),
        };
        let device = self.enrolled_device(&enrolled)?;
        let now = self.now();
        let device = self.with_open(|open| with_manifest(&self.rsa, &open.keys, device, now))??;
        let text = key_file::write(&device).map_err(fault)?;
        let answer = Answer::Keys(KeysAnswer::File {
            name: file_name(&device, ".countersign.pem"),
            media_type: "application/x-pem-file".to_owned(),
            base64: BASE64.encode(text.as_bytes()),
        });
        self.with_open(|open| open.device = device)?;
        Ok((answer, enrolled, digest))
    }

    /// Reads the new file back, and has the bank count its keys from now on.
    pub(crate) async fn finish_replace(&self) -> Result<Answer, Failure> {
        let file = self.handed_file()?;
        self.check_active()?;
        let (own, passphrase) = self
            .with(|state| {
                let (aside, prepared) = (state.aside.as_ref()?, state.prepared.as_ref()?);
                let encryption = aside.keys.encryption.public().thumbprint();
                let own = (aside.keys.device(), encryption);
                Some((own, prepared.passphrase.clone()))
            })
            .ok_or(Failure::Locked)?;
        self.check_saved(&file, &passphrase, own)?;
        self.check_orders_known()?;
        let prepared = self.with(|state| state.prepared.take());
        let prepared = prepared.ok_or(Failure::Locked)?;
        let old = self.with_open(|open| open.keys.device())?;
        self.swap()?;
        let outcome = async {
            self.bank_ready().await?;
            self.confirm_place(&prepared.enrolled, prepared.digest)
                .await
        };
        match outcome.await {
            Ok(()) => {
                self.with_open(|open| {
                    open.active = true;
                    open.once = true;
                })?;
                self.leave(old);
                if let Some((key, value)) = prepared.seed {
                    self.store(key, Some(value));
                }
                let now = self.now();
                self.take_care(|care| {
                    care.replaced_at = Some(now);
                    care.file_at = Some(now);
                })?;
                self.unlocked()
            }
            Err(failure) => {
                // Whether the bank has counted them is not known: the same file can be given once more.
                self.swap()?;
                self.with(|state| state.prepared = Some(prepared));
                self.go_on_with_orders()?;
                Err(failure)
            }
        }
    }

    /// A file with new keys that was saved, and nothing was done after it: the older file still counts
    /// until these keys are confirmed, and that is done here.
    pub(crate) async fn take_place_from_file(&self) -> Result<(), Failure> {
        let found = self.with_open(|open| match open.activated {
            true => None,
            false => open.found.take(),
        })?;
        let Some((enrolled, digest)) = found else {
            return Ok(());
        };
        match self.confirm_place(&enrolled, digest).await {
            // The older keys are revoked or suspended, or others have taken their place.
            Err(Failure::Refused { .. }) => Err(not_usable("not-in-use", String::new())),
            done => done,
        }
    }
}
