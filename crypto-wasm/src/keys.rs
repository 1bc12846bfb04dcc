//! A device's two keys, and making them.

use crate::{
    host::{Host, rng},
    state::{Worker, fault},
};
use envelope::{
    CryptoRng, Jws, Rsa, RsaPrivateKey, RustCryptoRsa, SigningKey, key::RSA_BITS, seal_to_key,
    words::five_words,
};
use message::{
    MessageId, Payload, Thumbprint, Timestamp,
    api::MailboxOpen,
    worker::{Answer, Failure, FromWorker, Step},
};
use rand_core::{Infallible, TryCryptoRng, TryRng};

/// The signing and the encryption key of one device. Wiped when dropped.
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

/// Looks for primes with a generator that tells how far it is: each search draws its start once, so
/// the bytes drawn say which of the two primes is looked for.
struct Counting<'a> {
    drawn: usize,
    tell: &'a dyn Fn(u8),
}

impl Counting<'_> {
    fn count(&mut self, bytes: usize) {
        const PRIME_BYTES: usize = RSA_BITS / 16;
        let before = self.drawn.div_ceil(PRIME_BYTES);
        self.drawn += bytes;
        let searches = self.drawn.div_ceil(PRIME_BYTES);
        if searches > before {
            let done = (searches - 1) * 50;
            (self.tell)(u8::try_from(done).unwrap_or(u8::MAX).min(95));
        }
    }
}

impl TryRng for Counting<'_> {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.count(4);
        rng().try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.count(8);
        rng().try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.count(bytes.len());
        rng().try_fill_bytes(bytes)
    }
}

impl TryCryptoRng for Counting<'_> {}

/// Makes one key; `tell` hears 0 to 100.
fn make_key(rsa: &RustCryptoRsa, tell: &dyn Fn(u8)) -> Result<RsaPrivateKey, Failure> {
    let mut counting = Counting { drawn: 0, tell };
    let draw: &mut dyn CryptoRng = &mut counting;
    let key = rsa.generate(RSA_BITS, draw).map_err(fault)?;
    tell(100);
    Ok(key)
}

/// Signs and seals once and reads it back, before anybody relies on the keys.
fn test_keys(rsa: &RustCryptoRsa, keys: &Keys, now: Timestamp) -> Result<(), Failure> {
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

    /// Makes both keys. It is not interrupted: the page cancels by ending the worker.
    pub(crate) fn make_keys(&self) -> Result<Answer, Failure> {
        let start = self.host.now_ms();
        let signing = make_key(&self.rsa, &|percent| {
            self.progress(Step::SigningKey, percent);
        })?;
        let encryption = make_key(&self.rsa, &|percent| {
            self.progress(Step::EncryptionKey, percent);
        })?;
        let keys = Keys {
            signing: SigningKey::Rsa(signing),
            encryption,
        };
        self.progress(Step::TestSignature, 0);
        test_keys(&self.rsa, &keys, self.now())?;
        self.progress(Step::TestSignature, 100);
        let answer = Answer::KeysMade {
            device: keys.device(),
            words: keys.words(),
            took_ms: u32::try_from(self.host.now_ms() - start).unwrap_or(u32::MAX),
        };
        self.with(|state| state.fresh = Some(keys));
        Ok(answer)
    }
}
