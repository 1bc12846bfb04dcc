//! The certificates of this device end soon, or have ended: a reminder, and one press renews them.

use crate::{
    device::{Device, clock, words},
    ui::{
        day,
        notice::{Notice, Weight},
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

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
    let navigate = use_navigate();
    let renew = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        failed.set(None);
        let once = device.keys.once.get_untracked();
        let navigate = navigate.clone();
        spawn_local(async move {
            let outcome = device.renew().await;
            let _ = busy.try_set(false);
            match outcome {
                // The file still has the old ones, and nothing else outlives this page.
                Ok(()) if once => {
                    device.say(
                        "The certificates are renewed. Save them in a fresh key file now."
                            .to_owned(),
                    );
                    navigate("/keys/export", NavigateOptions::default());
                }
                Ok(()) => device.say("This device’s certificates are renewed.".to_owned()),
                Err(failure) => drop(failed.try_set(Some(words::line(&failure)))),
            }
        });
    };
    let ended = until < clock::now();
    let (weight, head, words) = if ended {
        (
            Weight::Negative,
            format!("This device’s certificates ended on {}", day::date(until)),
            "The bank takes no orders from this device until they are renewed. That works for 30 days after their end; later, add this browser anew with another device of yours or with a new slip from the bank.",
        )
    } else {
        (
            Weight::Warning,
            format!("This device’s certificates end on {}", day::date(until)),
            "They show that its keys are yours. Renewing keeps the keys, the five words and the passphrase, and takes a few seconds.",
        )
    };
    view! {
        <Notice weight=weight head=head>
            <p>{words}</p>
            {move || {
                device
                    .keys
                    .once
                    .get()
                    .then(|| {
                        view! {
                            <p>
                                "They are not kept on this computer: save a fresh key file right after it, and use that one from then on."
                            </p>
                        }
                    })
            }}
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
