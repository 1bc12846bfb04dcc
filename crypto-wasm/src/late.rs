//! Letters whose signer no edge shows: a new processor's certificate may not have reached the edges, or
//! the line goes through one that lies. Such a letter is tried again for a while, and blocks no other.

use crate::{
    host::Host,
    state::{Open, Worker},
};
use envelope::Jws;
use message::{Kind, Timestamp, api::Letter, worker::Failure};

/// So many are kept: a mailbox full of rubbish is no reason to keep all of it.
const LATE_MAX: usize = 32;

/// How long to wait before each further try, in seconds. After the last one the letter is given up.
const AGAIN_SECONDS: [i64; 9] = [5, 10, 20, 40, 60, 120, 240, 480, 900];

/// A letter that waits for its signer.
pub(crate) struct Late {
    letter: Letter,
    tries: usize,
    next: Timestamp,
}

impl Open {
    /// Number of the last letter before all that wait: from there a later page reads on.
    pub(crate) fn read_until(&self) -> i64 {
        let first = self.late.keys().next();
        first.map_or(self.after, |first| (first - 1).min(self.after))
    }
}

impl<H: Host> Worker<H> {
    /// Meets the bank and fetches the signer of what a letter says. False where no edge shows it: the
    /// letter is kept then. Nothing of that is the letter's own fault.
    pub(crate) async fn signer_ready(&self, letter: &Letter, jws: &Jws) -> Result<bool, Failure> {
        let met = match jws.kind() {
            Kind::Receipt => self.bank_ready_for_receipt().await,
            _ => self.bank_ready().await,
        };
        if let Err(failure) = met {
            if failure != Failure::NoLine {
                self.next_edge();
            }
            return Err(failure);
        }
        match self.fetch_signer(jws.kid()).await {
            Ok(()) => Ok(true),
            Err(Failure::BankNotVerified { why }) => {
                self.host.warn(&format!("letter {}: {why}", letter.n));
                self.keep_late(letter)?;
                Ok(false)
            }
            Err(failure) => Err(failure),
        }
    }

    /// The edge that answered last is not asked first any more.
    fn next_edge(&self) {
        self.with(|state| state.edge = (state.edge + 1) % state.edges.len().max(1));
    }

    fn keep_late(&self, letter: &Letter) -> Result<(), Failure> {
        let now = self.now();
        let wait = self.with_open(|open| {
            let tries = open.late.get(&letter.n).map_or(0, |late| late.tries + 1);
            let Some(wait) = AGAIN_SECONDS.get(tries) else {
                open.late.remove(&letter.n);
                return None;
            };
            let late = Late {
                letter: letter.clone(),
                tries,
                next: now + wait,
            };
            open.late.insert(letter.n, late);
            if open.late.len() > LATE_MAX {
                open.late.pop_first();
            }
            Some(*wait)
        })?;
        if let Some(wait) = wait {
            self.look_again_in(wait);
        }
        Ok(())
    }

    fn look_again_in(&self, seconds: i64) {
        let epoch = self.epoch();
        let ms = u32::try_from(seconds.saturating_mul(1000)).unwrap_or(u32::MAX);
        self.spawn(|me| async move {
            me.host.sleep(ms).await;
            if me.still(epoch) {
                let _ = me.read_mail().await;
            }
        });
    }

    /// Tries the letters that are due; how many were taken. The caller has the mailbox's turn.
    pub(crate) async fn take_late_letters(&self) -> Result<usize, Failure> {
        let now = self.now();
        let due: Vec<Letter> = self.with_open(|open| {
            let due = open.late.values().filter(|late| late.next <= now);
            due.map(|late| late.letter.clone()).collect()
        })?;
        let mut count = 0;
        for letter in &due {
            self.take_letter(letter).await?;
            // One that is kept once more has a later time now.
            let kept = |late: &Late| late.next > now;
            if !self.with_open(|open| open.late.get(&letter.n).is_some_and(kept))? {
                self.with_open(|open| open.late.remove(&letter.n))?;
                count += 1;
            }
        }
        if !due.is_empty() {
            self.store_cursor()?;
        }
        Ok(count)
    }
}
