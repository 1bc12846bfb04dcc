//! What has just happened, for the eye and for screen readers, in a place that is always there. It
//! leaves by itself, not while a hand or the focus is on it; what it says stands on a page as well.
//! A warning that stands nowhere else stays until it is closed.

use crate::device::Device;
use leptos::prelude::*;
use std::time::Duration;

/// A line that says what has just happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Toast {
    words: String,
    /// Until it is closed by hand.
    pub(crate) stays: bool,
}

impl Toast {
    pub(crate) fn new(words: String) -> Self {
        Self {
            words,
            stays: false,
        }
    }

    /// For what stands nowhere else.
    pub(crate) fn staying(words: String) -> Self {
        Self { words, stays: true }
    }

    /// Long enough to be noticed and read twice.
    fn time(&self) -> Option<Duration> {
        const NOTICED_MS: u64 = 5_000;
        const CHAR_MS: u64 = 80;
        let chars = u64::try_from(self.words.chars().count()).unwrap_or(u64::MAX);
        let ms = NOTICED_MS.saturating_add(chars.saturating_mul(CHAR_MS));
        (!self.stays).then_some(Duration::from_millis(ms))
    }
}

#[component]
pub(crate) fn Announcer() -> impl IntoView {
    let device = Device::of_page();
    let held = RwSignal::new(false);
    let close = move || {
        held.set(false);
        device.said.set(None);
    };
    // Counts the timers: only the last one closes anything.
    let last = StoredValue::new(0_u32);
    Effect::new(move |before: Option<u32>| {
        let timer = before.unwrap_or(0).wrapping_add(1);
        last.set_value(timer);
        let time = device
            .said
            .with(|toast| toast.as_ref().and_then(Toast::time));
        if let Some(time) = time.filter(|_| !held.get()) {
            let leave = move || {
                if last.try_get_value() == Some(timer) {
                    close();
                }
            };
            set_timeout(leave, time);
        }
        timer
    });
    view! {
        <div class="toast-place" role="status" aria-live="polite">
            {move || {
                device
                    .said
                    .get()
                    .map(|toast| {
                        view! {
                            <div class="page">
                                <p
                                    class="toast"
                                    on:mouseenter=move |_| held.set(true)
                                    on:mouseleave=move |_| held.set(false)
                                    on:focusin=move |_| held.set(true)
                                    on:focusout=move |_| held.set(false)
                                >
                                    <span>{toast.words}</span>
                                    <button
                                        class="toast-close"
                                        type="button"
                                        on:click=move |_| close()
                                    >
                                        "Close"
                                        <span class="visually-hidden">" this message"</span>
                                    </button>
                                </p>
                            </div>
                        }
                    })
            }}
        </div>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_words_have_longer() {
        let time = |words: &str| Toast::new(words.to_owned()).time();
        assert!(time("Paid: 20.00 EUR to Bo Park") > time("Copied"));
        assert_eq!(Toast::staying("A device was added".to_owned()).time(), None);
    }
}
