//! A device's two keys.

use crate::{
    host::{Host, rng},
    state::{Worker, fault},
};
use envelope::{Jws, RsaPrivateKey, RustCryptoRsa, SigningKey, seal_to_key, words::five_words};
use message::{
    MessageId, Payload, Thumbprint, Timestamp,
    api::MailboxOpen,
    worker::{Failure, FromWorker, Step},
};

/// The signing and the encryption key of one device. Wiped when the last of its copies is dropped.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) signing: SigningKey,
    pub(crate) encryption: RsaPrivateKey,
}

impl Keys {
    /// The device's id.
    pub(crate) fn device(&self) -> Thumbprint {
        self.signing.thumbprint()
    }

    /// The five words of the device.
    pub(crate) fn words(&self) -> Vec<String> {
        words_of(&self.device())
    }
}

/// Five words of a key, as the page takes them.
pub(crate) fn words_of(key: &Thumbprint) -> Vec<String> {
    five_words(key).iter().map(ToString::to_string).collect()
}

/// Signs and seals once and reads it back, before anybody relies on the keys.
pub(crate) fn test_keys(rsa: &RustCryptoRsa, keys: &Keys, now: Timestamp) -> Result<(), Failure> {
    let device = keys.device().to_string();
    let payload = Payload {
        iss: device.clone(),
        aud: device,
        jti: MessageId::new(crate::host::random()),
        iat: now,
        exp: now,
        re: None,
        body: MailboxOpen {
            challenge: "test".to_owned(),
            key: keys.signing.verifying_key().to_jwk(),
        },
    };
    let jws = envelope::sign(rsa, &keys.signing, &payload, &mut rng()).map_err(fault)?;
    let sealed = seal_to_key(rsa, keys.encryption.public(), &jws, &mut rng()).map_err(fault)?;
    let opened: Jws = sealed.open_with_key(rsa, &keys.encryption).map_err(fault)?;
    opened
        .verify(rsa, &keys.signing.verifying_key())
        .map_err(fault)?;
    Ok(())
}

impl<H: Host> Worker<H> {
    pub(crate) fn progress(&self, step: Step, percent: u8) {
        self.post(&FromWorker::Progress { step, percent });
    }
}
