//! Two workers make one key: each tests its share of the numbered candidates, the first one decides.
//! They speak over a channel of their own, so that what a key is made from never passes a page.

use crate::{
    host::Host,
    state::{Worker, from_json},
    turn::within,
};
use data_encoding::BASE64;
use envelope::{
    KeySeed,
    det_keygen::{PrimeSearch, Report, Share},
};
use futures_channel::oneshot;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize, Zeroizing};

/// How long is waited for a second worker that is being loaded; without it, one does all.
const HELLO_LIMIT_MS: u32 = 1_500;

/// Candidates between two looks at what was said: some milliseconds.
pub(crate) const STEP: u32 = 16;

/// What the workers say to each other.
#[derive(Serialize, Deserialize)]
#[serde(tag = "word", rename_all = "kebab-case")]
enum Word {
    /// The second one is there.
    Hello,
    /// Tests this share until told to stop.
    Search {
        search: u32,
        seed: String,
        bits: usize,
        worker: u32,
        workers: u32,
    },
    /// The key of this search is found, or nobody wants it any more.
    Stop { search: u32 },
    /// What the second one has found.
    Found { search: u32, report: Report },
}

/// What is known of the other worker.
#[derive(Default)]
pub(crate) struct Helper {
    /// The page has joined the two.
    expected: bool,
    there: bool,
    hello: Option<oneshot::Sender<()>>,
    /// The search under way, here or there.
    search: u32,
    reports: Vec<Report>,
}

impl<H: Host> Worker<H> {
    /// The page has joined this worker and another one.
    pub fn join(&self) {
        self.with(|state| state.helper.expected = true);
        self.say(&Word::Hello);
        // Keys will be made here or there.
        self.spawn(|me| async move { me.host.load_quick().await });
    }

    fn say(&self, word: &Word) {
        if let Ok(text) = serde_json::to_string(word) {
            let text = Zeroizing::new(text);
            self.host.to_peer(&text);
        }
    }

    /// Takes what the other worker says.
    pub fn take_peer(&self, mut text: String) {
        let word: Result<Word, _> = from_json(&text);
        text.zeroize();
        match word {
            Ok(Word::Hello) => self.with(|state| {
                state.helper.there = true;
                if let Some(tell) = state.helper.hello.take() {
                    let _ = tell.send(());
                }
            }),
            Ok(Word::Found { search, report }) => self.with(|state| {
                if state.helper.search == search {
                    state.helper.reports.push(report);
                }
            }),
            Ok(Word::Stop { search }) => self.with(|state| {
                if state.helper.search == search {
                    state.helper.search = search.wrapping_add(1);
                }
            }),
            Ok(Word::Search {
                search,
                mut seed,
                bits,
                worker,
                workers,
            }) => {
                let bytes = BASE64.decode(seed.as_bytes()).map(Zeroizing::new);
                seed.zeroize();
                let bytes = bytes
                    .ok()
                    .and_then(|it| <[u8; 32]>::try_from(it.as_slice()).ok());
                if let Some(bytes) = bytes {
                    let share = Share { worker, workers };
                    self.help(search, &KeySeed::from_bytes(bytes), bits, share);
                }
            }
            Err(_) => self.host.warn("the other worker said something unknown"),
        }
    }

    /// Tests a share until told to stop.
    fn help(&self, number: u32, seed: &KeySeed, bits: usize, share: Share) {
        let Ok(mut search) = PrimeSearch::new(seed, bits, share) else {
            return;
        };
        self.with(|state| state.helper.search = number);
        self.spawn(move |me| async move {
            while me.with(|state| state.helper.search) == number {
                let filter = &mut |candidate: &[u8]| me.host.may_be_prime(candidate);
                let report = search.run(STEP, filter);
                me.say(&Word::Found {
                    search: number,
                    report,
                });
                me.host.pause().await;
            }
        });
    }

    /// Whether there is a second worker; one that is being loaded is waited for.
    pub(crate) async fn has_helper(&self) -> bool {
        let (expected, there) = self.with(|state| (state.helper.expected, state.helper.there));
        if there || !expected {
            return there;
        }
        let (tell, told) = oneshot::channel();
        self.with(|state| state.helper.hello = Some(tell));
        let came = within(&self.host, HELLO_LIMIT_MS, told).await.is_some();
        // It is not waited for twice.
        self.with(|state| state.helper.expected = came);
        came
    }

    /// Gives the second worker its share; the number of the search.
    pub(crate) fn ask_helper(&self, seed: &KeySeed, bits: usize) -> u32 {
        let search = self.with(|state| {
            state.helper.search = state.helper.search.wrapping_add(1);
            state.helper.reports.clear();
            state.helper.search
        });
        self.say(&Word::Search {
            search,
            seed: BASE64.encode(seed.as_bytes()),
            bits,
            worker: 1,
            workers: 2,
        });
        search
    }

    /// What the second worker has found since.
    pub(crate) fn helper_reports(&self) -> Vec<Report> {
        self.with(|state| std::mem::take(&mut state.helper.reports))
    }

    /// The search is over.
    pub(crate) fn stop_helper(&self, search: u32) {
        self.say(&Word::Stop { search });
    }

    /// The second worker says nothing any more: it is not asked again.
    pub(crate) fn lose_helper(&self) {
        self.with(|state| {
            state.helper.there = false;
            state.helper.expected = false;
        });
    }
}
