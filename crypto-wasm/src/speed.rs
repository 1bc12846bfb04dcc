//! How fast this browser does what a device does, measured with keys that are thrown away.

use crate::{
    host::{Host, random, rng},
    state::{Worker, fault},
};
use envelope::{KeySeed, Rsa, RsaPrivateKey};
use message::worker::{
    Answer, Failure,
    keys::{KeysAnswer, Measured},
};

/// How often each thing is done: the page shows the median.
const RUNS: usize = 7;

/// The same for keys, whose making depends on luck.
const KEY_RUNS: usize = 3;

/// What is signed.
const TEXT: &[u8] =
    b"A payment order has some nine hundred bytes; its digest is what costs nothing.";

impl<H: Host> Worker<H> {
    /// Measures one thing.
    pub(crate) async fn speed(&self, what: Measured) -> Result<Answer, Failure> {
        if what == Measured::MakeKey {
            let mut micros = Vec::new();
            for _ in 0..KEY_RUNS {
                let start = self.host.now_us();
                let key = self.make_alone().await?;
                micros.push(self.since(start));
                self.with(|state| state.measured = Some(key));
                self.host.pause().await;
            }
            return Ok(Answer::Keys(KeysAnswer::Took { micros }));
        }
        let key = match self.with(|state| state.measured.clone()) {
            Some(key) => key,
            None => self.make_alone().await?,
        };
        let signature = self
            .rsa
            .sign_pss_sha256(&key, TEXT, &mut rng())
            .map_err(fault)?;
        let sealed = self
            .rsa
            .encrypt_oaep_sha256(key.public(), &[7; 32], &mut rng())
            .map_err(fault)?;
        let once = || -> Result<bool, Failure> {
            Ok(match what {
                Measured::Sign | Measured::MakeKey => {
                    let signed = self.rsa.sign_pss_sha256(&key, TEXT, &mut rng());
                    signed.map_err(fault)?.len() == signature.len()
                }
                Measured::Verify => self.rsa.verify_pss_sha256(key.public(), TEXT, &signature),
                Measured::Seal => {
                    let sealed = self
                        .rsa
                        .encrypt_oaep_sha256(key.public(), &[7; 32], &mut rng());
                    !sealed.map_err(fault)?.is_empty()
                }
                Measured::Open => {
                    let opened = self.rsa.decrypt_oaep_sha256(&key, &sealed).map_err(fault)?;
                    opened.as_slice() == [7; 32]
                }
            })
        };
        // The first run fills caches and is not counted.
        once()?;
        let mut micros = Vec::new();
        for _ in 0..RUNS {
            let start = self.host.now_us();
            if !once()? {
                return Err(fault("what was measured does not hold"));
            }
            micros.push(self.since(start));
            self.host.pause().await;
        }
        self.with(|state| state.measured = Some(key));
        Ok(Answer::Keys(KeysAnswer::Took { micros }))
    }

    /// A key as a device's keys are made, but by this worker alone.
    async fn make_alone(&self) -> Result<RsaPrivateKey, Failure> {
        let seed = KeySeed::from_bytes(random());
        self.search(&seed, 1, &mut |_| {}).await
    }

    fn since(&self, start: u64) -> u32 {
        u32::try_from(self.host.now_us().saturating_sub(start)).unwrap_or(u32::MAX)
    }
}
