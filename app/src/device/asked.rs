//! A question that a page asks when it opens and again whenever something may have changed.

use super::Device;
use leptos::{prelude::*, task::spawn_local};
use message::worker::Failure;

/// How the question of a page stands.
#[derive(Clone, Copy)]
pub(crate) struct Asked {
    /// Why the last try did not work.
    pub(crate) failed: RwSignal<Option<Failure>>,
    again: Callback<()>,
}

impl Asked {
    /// Asks now, whenever the accounts may have changed, and whenever what `question` reads changes.
    /// One question runs at a time; what comes meanwhile leads to one more.
    pub(crate) fn new<Q, F>(device: Device, question: Q) -> Self
    where
        Q: Fn() -> F + Clone + Send + Sync + 'static,
        F: Future<Output = Result<(), Failure>> + 'static,
    {
        let failed = RwSignal::new(None);
        let busy = RwSignal::new(false);
        let once_more = RwSignal::new(false);
        let again = Callback::new(move |()| {
            if busy.get_untracked() {
                once_more.set(true);
                return;
            }
            busy.set(true);
            let question = question.clone();
            spawn_local(async move {
                loop {
                    let future = untrack(&question);
                    let outcome = future.await;
                    // The page may have been left while the bank was thinking.
                    if failed.try_set(outcome.err()).is_some() {
                        return;
                    }
                    if !once_more.get_untracked() {
                        break;
                    }
                    once_more.set(false);
                }
                busy.set(false);
            });
        });
        Effect::new(move |_| {
            device.changes.track();
            again.run(());
        });
        Self { failed, again }
    }

    /// Asks again, as long as the page is there: a timer may come once more when it is left.
    pub(crate) fn again(self) {
        if !self.failed.is_disposed() {
            self.again.run(());
        }
    }
}
