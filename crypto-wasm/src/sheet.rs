//! The recovery sheet: the seed as 24 words, shown until it is written down, then wiped.

use crate::{
    host::{Host, random, rng},
    keys::{Keys, words_of},
    state::{Worker, fault},
};
use envelope::{
    Jwe, Seed, open_bytes,
    recovery::{self, WordsError},
    seal_bytes,
};
use message::{
    Thumbprint,
    worker::{
        Answer, Failure,
        keys::{Care, KeysAnswer, SealedSeed, stored},
    },
};
use zeroize::Zeroizing;

/// Version of the derivation, printed on the sheet.
const VERSION: u32 = 1;

/// How many words are asked for.
const ASKED: usize = 3;

/// Words that cannot be used, for the page.
pub(crate) fn words_failure(error: &WordsError) -> Failure {
    let detail = match error {
        WordsError::Count { found } => found.to_string(),
        WordsError::Unknown(unknown) => {
            let typed = unknown
                .iter()
                .map(|it| format!("{} {}", it.place, it.typed));
            typed.collect::<Vec<_>>().join(",")
        }
        WordsError::Checksum => String::new(),
    };
    Failure::NotUsable {
        code: error.code().to_owned(),
        detail,
    }
}

/// Three different places, in their order.
fn places() -> Vec<u8> {
    let mut all: Vec<u8> = (1..=24).collect();
    let drawn: [u8; ASKED] = random();
    let mut places: Vec<u8> = drawn
        .iter()
        .map(|draw| all.remove(usize::from(*draw) % all.len()))
        .collect();
    places.sort_unstable();
    places
}

impl<H: Host> Worker<H> {
    /// Has the seed stored, sealed to the device's own key.
    pub(crate) fn keep_seed(&self, seed: &Seed, generation: u32) -> Result<(), Failure> {
        let (key, value) =
            self.with_open(|open| self.seed_at_rest(&open.keys, seed, generation))??;
        self.store(key, Some(value));
        Ok(())
    }

    /// The seed that these keys were made from as it is stored, sealed to themselves.
    pub(crate) fn seed_at_rest(
        &self,
        keys: &Keys,
        seed: &Seed,
        generation: u32,
    ) -> Result<(String, String), Failure> {
        let own = keys.encryption.public();
        let sealed = seal_bytes(&self.rsa, own, seed.as_bytes(), &mut rng()).map_err(fault)?;
        let sealed = SealedSeed {
            generation,
            sealed: sealed.as_str().to_owned(),
        };
        let value = serde_json::to_string(&sealed).map_err(fault)?;
        Ok((format!("{}{}", stored::SEED, keys.device()), value))
    }

    /// The seed of a device to be, stored beside it from its first moment, so that no reload loses it.
    /// A second try with the same keys, after a refusal, stores it again.
    pub(crate) fn keep_seed_beside(&self, seed: Option<(Seed, u32)>) -> Result<(), Failure> {
        if let Some((seed, generation)) = &seed {
            self.keep_seed(seed, *generation)?;
        }
        self.with(|state| state.seed = seed);
        Ok(())
    }

    /// The bank takes no device of these keys: nothing of them stays in storage.
    pub(crate) fn forget_keys_to_be(&self, kept: fn(Thumbprint) -> String) -> Result<(), Failure> {
        let device = self.with_open(|open| open.keys.device())?;
        self.store(kept(device), None);
        self.store(format!("{}{device}", stored::SEED), None);
        Ok(())
    }

    fn open_seed(&self, sealed: &SealedSeed) -> Result<Seed, Failure> {
        let damaged = |_| Failure::StoredDeviceDamaged;
        let jwe = Jwe::parse(&sealed.sealed).map_err(|_| Failure::StoredDeviceDamaged)?;
        let bytes = self.with_open(|open| {
            open_bytes(&self.rsa, &open.keys.encryption, &jwe).map_err(damaged)
        })??;
        let bytes = <[u8; 32]>::try_from(bytes.as_slice());
        bytes
            .map(Seed::from_bytes)
            .map_err(|_| Failure::StoredDeviceDamaged)
    }

    /// What stands on the sheet.
    pub(crate) async fn sheet(&self, sealed: &SealedSeed) -> Result<Answer, Failure> {
        self.check_active()?;
        let seed = self.open_seed(sealed)?;
        let bank_ca = self
            .with_open(|open| crate::bank::Pins::of(&open.device))??
            .bank_ca;
        Ok(Answer::Keys(KeysAnswer::Sheet {
            words: recovery::to_words(&seed).map(str::to_owned).to_vec(),
            bank: self.bank_bic()?,
            bank_words: words_of(&bank_ca),
            version: VERSION,
            generation: sealed.generation,
            places: places(),
        }))
    }

    /// Compares what was typed from the sheet. When it fits, the seed goes.
    pub(crate) fn confirm_sheet(
        &self,
        sealed: &SealedSeed,
        typed: Vec<(u8, String)>,
    ) -> Result<Answer, Failure> {
        self.check_active()?;
        let seed = self.open_seed(sealed)?;
        let words = recovery::to_words(&seed);
        let typed: Vec<_> = typed
            .into_iter()
            .map(|(place, word)| (place, Zeroizing::new(word)))
            .collect();
        let fits = |place: u8, word: &str| {
            let wanted = usize::from(place)
                .checked_sub(1)
                .and_then(|at| words.get(at));
            recovery::check_word(word.trim()).is_some_and(|word| Some(&word) == wanted)
        };
        let wrong: Vec<u8> = typed
            .iter()
            .filter(|(place, word)| !fits(*place, word))
            .map(|(place, _)| *place)
            .collect();
        if wrong.is_empty() && typed.len() >= ASKED {
            let now = self.now();
            self.wipe_seed()?;
            self.take_care(|care| care.sheet_at = Some(now))?;
        }
        Ok(Answer::Keys(KeysAnswer::SheetChecked { wrong }))
    }

    /// No sheet is wanted.
    pub(crate) fn decline_sheet(&self) -> Result<Answer, Failure> {
        self.check_active()?;
        let now = self.now();
        self.wipe_seed()?;
        self.take_care(|care| care.declined_at = Some(now))?;
        Ok(Answer::Done)
    }

    fn wipe_seed(&self) -> Result<(), Failure> {
        let device = self.with_open(|open| open.keys.device())?;
        self.store(format!("{}{device}", stored::SEED), None);
        Ok(())
    }

    /// Has noted what was done. Only what changes is said; the page merges it with what it has.
    pub(crate) fn take_care(&self, change: impl FnOnce(&mut Care)) -> Result<(), Failure> {
        let device = self.with_open(|open| open.keys.device())?;
        self.take_care_of(device, change)
    }

    /// The same for keys that are not open yet.
    pub(crate) fn take_care_of(
        &self,
        device: Thumbprint,
        change: impl FnOnce(&mut Care),
    ) -> Result<(), Failure> {
        let mut care = Care::default();
        change(&mut care);
        let value = serde_json::to_string(&care).map_err(fault)?;
        self.store(format!("{}{device}", stored::CARE), Some(value));
        Ok(())
    }
}
