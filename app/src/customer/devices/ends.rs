//! The certificates of this device end soon: a reminder, and one press renews them.

use crate::{
    device::{Device, clock, words},
    ui::{
        day,
        notice::{Notice, Weight},
    },
};
use leptos::{prelude::*, task::spawn_local};

/// How long before the end the page reminds.
const REMIND_SECONDS: i64 = 60 * 86_400;

#[component]
pub(crate) fn EndsSoon() -> impl IntoView {
    let device = Device::of_page();
    let ends = Memo::new(move |_| {
        let until = device.profile()?.certificates_until;
        (until.saturating_sub(clock::now()) <= REMIND_SECONDS).then_some(until)
    });
    move || ends.get().map(|until| view! { <Reminder until=until /> })
}

#[component]
fn Reminder(until: i64) -> impl IntoView {
    let device = Device::of_page();
    let busy = RwSignal::new(false);
    let failed = RwSignal::new(None::<String>);
    let renew = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failed.set(None);
        spawn_local(async move {
            let outcome = device.renew().await;
            let _ = busy.try_set(false);
            match outcome {
                Ok(()) => device.say("This device’s certificates are renewed.".to_owned()),
                Err(failure) => drop(failed.try_set(Some(words::line(&failure)))),
            }
        });
    };
    view! {
        <Notice
            weight=Weight::Warning
            head=format!("This device’s certificates end on {}", day::date(until))
        >
            <p>
                "They show that its keys are yours. Renewing keeps the keys, the five words and the passphrase, and takes a few seconds."
            </p>
            <p role="status">{move || failed.get()}</p>
            <p class="actions">
                <button
                    class="button"
                    type="button"
                    aria-disabled=move || busy.get().then_some("true")
                    on:click=renew
                >
                    {move || if busy.get() { "Renewing" } else { "Renew now" }}
                </button>
            </p>
        </Notice>
    }
}
