//! Making a device's keys from a seed, with a second worker where there is one.

use crate::{
    host::{Host, rng},
    keys::{Keys, test_keys},
    peer::STEP,
    state::{Worker, fault},
    turn::within,
};
use envelope::{
    KeySeed, KeyUse, RsaPrivateKey, Seed, SigningKey,
    det_keygen::{KeyMaker, PrimeSearch, Share},
    key::RSA_BITS,
};
use message::{
    Bic,
    worker::{Answer, Failure, Step},
};

/// A second worker that has said nothing for so long does not come back.
const SILENCE_MS: i64 = 3_000;

/// How long is waited for what makes it quicker.
const LOAD_LIMIT_MS: u32 = 1_000;

/// The page hears of so much progress at once: each word makes it paint.
const PERCENT_A_WORD: u8 = 4;

/// The first keys of a device; a change of keys counts on.
pub(crate) const FIRST_GENERATION: u32 = 1;

impl<H: Host> Worker<H> {
    pub(crate) fn bank_bic(&self) -> Result<Bic, Failure> {
        self.with(|state| state.bank.clone())
            .ok_or_else(|| fault("the worker was not told which bank it serves"))
    }

    /// Makes both keys from a new seed: a device's first ones, or those that follow the open ones. The
    /// page cancels by ending the workers.
    pub(crate) async fn make_keys(&self) -> Result<Answer, Failure> {
        let generation = match self.check_active() {
            Ok(()) => self.next_generation().await?,
            Err(_) => FIRST_GENERATION,
        };
        let start = self.host.now_ms();
        let seed = Seed::generate(&mut rng());
        let keys = self.keys_from(&seed, generation).await?;
        self.keys_made(keys, Some((seed, generation)), start)
    }

    /// Tests the keys and keeps them for the enrolment.
    pub(crate) fn keys_made(
        &self,
        keys: Keys,
        seed: Option<(Seed, u32)>,
        start: i64,
    ) -> Result<Answer, Failure> {
        self.progress(Step::TestSignature, 0);
        test_keys(&self.rsa, &keys, self.now())?;
        self.progress(Step::TestSignature, 100);
        let answer = Answer::KeysMade {
            device: keys.device(),
            words: keys.words(),
            took_ms: u32::try_from(self.host.now_ms() - start).unwrap_or(u32::MAX),
        };
        self.with(|state| {
            state.fresh = Some(keys);
            state.seed = seed;
        });
        Ok(answer)
    }

    /// Both keys of a seed and generation.
    pub(crate) async fn keys_from(&self, seed: &Seed, generation: u32) -> Result<Keys, Failure> {
        let bank = self.bank_bic()?;
        let of = |usage| seed.key_seed(&bank, usage, generation);
        let signing = self
            .make_key(&of(KeyUse::Signing), Step::SigningKey)
            .await?;
        let encryption = self
            .make_key(&of(KeyUse::Encryption), Step::EncryptionKey)
            .await?;
        Ok(Keys {
            signing: SigningKey::Rsa(signing),
            encryption,
        })
    }

    /// One key, with the second worker where there is one.
    pub(crate) async fn make_key(
        &self,
        seed: &KeySeed,
        step: Step,
    ) -> Result<RsaPrivateKey, Failure> {
        self.progress(step, 0);
        let workers = if self.has_helper().await { 2 } else { 1 };
        let mut told = 0;
        let mut tell = |percent| {
            if percent >= told + PERCENT_A_WORD {
                told = percent;
                self.progress(step, percent);
            }
        };
        let key = self.search(seed, workers, &mut tell).await?;
        self.progress(step, 100);
        Ok(key)
    }

    /// Looks for the key with one worker or two. The second one may come to nothing at any time: its
    /// share is then tested here, so that the same seed makes the same key in any case.
    pub(crate) async fn search(
        &self,
        seed: &KeySeed,
        workers: u32,
        tell: &mut dyn FnMut(u8),
    ) -> Result<RsaPrivateKey, Failure> {
        let _ = within(&self.host, LOAD_LIMIT_MS, self.host.load_quick()).await;
        let share = |worker| PrimeSearch::new(seed, RSA_BITS, Share { worker, workers });
        let mut maker = KeyMaker::new(seed, RSA_BITS, workers).map_err(fault)?;
        let mut own = share(0).map_err(fault)?;
        let mut theirs = None;
        let mut filter = |candidate: &[u8]| self.host.may_be_prime(candidate);
        let asked = (workers == 2).then(|| self.ask_helper(seed, RSA_BITS));
        let mut heard = self.host.now_ms();
        let key = loop {
            maker.take(&own.run(STEP, &mut filter));
            if let Some(theirs) = &mut theirs {
                maker.take(&PrimeSearch::run(theirs, STEP, &mut filter));
            }
            for report in self.helper_reports() {
                heard = self.host.now_ms();
                maker.take(&report);
            }
            if let Some(key) = maker.key().map_err(fault)? {
                break key;
            }
            tell(maker.percent());
            let silent = self.host.now_ms() - heard > SILENCE_MS;
            if asked.is_some() && theirs.is_none() && silent {
                self.lose_helper();
                theirs = Some(share(1).map_err(fault)?);
            }
            self.host.pause().await;
        };
        if let Some(search) = asked {
            self.stop_helper(search);
        }
        Ok(key)
    }
}
