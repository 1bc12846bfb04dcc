//! Before something is lost: what was done for the open device, what is left to do, and a stop before
//! the first payment that would hurt.

use crate::{
    device::{Device, persist},
    ui::{
        day,
        icon::Icon,
        page::{BackStep, PageTitle, focus_main},
        tag::{Tag, Tone},
    },
};
use leptos::prelude::*;
use message::worker::Draft;

/// Above this sum a payment waits until the keys can be brought back, in minor units.
const SMALL_LIMIT: i64 = 10_000;

impl Device {
    /// Whether this payment waits until the keys are in safety.
    pub(crate) fn must_be_safe_first(self, draft: &Draft) -> bool {
        !self.keys.once.get_untracked()
            && !self.keys.care.get_untracked().is_taken()
            && draft.amount.minor() > SMALL_LIMIT
    }
}

/// Between details and check: first a way back to the keys.
#[component]
pub(crate) fn SafetyFirst(draft: Draft) -> impl IntoView {
    let device = Device::of_page();
    device.keys.payment_waits.set(true);
    let back = Callback::new(move |()| {
        device.pay_form.draft.set(None);
        device.keys.payment_waits.set(false);
        focus_main();
    });
    let sheet = device.keys.seed.get_untracked().is_some();
    let sum = crate::ui::money::spoken(draft.amount.balance());
    view! {
        <PageTitle words="First, a way back to your keys".to_owned() />
        <BackStep words="Back to how much and to whom" go=back />
        <div class="narrow flow">
            <div class="page-head">
                <h1>"First, a way back to your keys"</h1>
                <p class="quiet">
                    {format!(
                        "You are about to pay {sum}. If this browser lost its storage now, you could not reach your accounts until the bank gives you a new slip. Do one of these once; your payment is kept meanwhile.",
                    )}
                </p>
            </div>
            <ul class="flow">
                <li class="panel">
                    <h2 class="with-icon">{Icon::Download.draw()} "Save a key file"</h2>
                    <p class="note">
                        "On a thumb drive, encrypted with your passphrase. Any computer can then be used."
                    </p>
                    <p>
                        <a class="button button-main" href="/keys/export">
                            "Save a key file"
                        </a>
                    </p>
                </li>
                {sheet
                    .then(|| {
                        view! {
                            <li class="panel">
                                <h2 class="with-icon">
                                    {Icon::Print.draw()} "Write down the recovery sheet"
                                </h2>
                                <p class="note">
                                    "24 words on paper, from which the same keys are made again."
                                </p>
                                <p>
                                    <a class="button" href="/keys/sheet">
                                        "Show the recovery sheet"
                                    </a>
                                </p>
                            </li>
                        }
                    })}
            </ul>
            <p class="note quiet">
                "Payments of 100 EUR or less can be made before that. Nothing has been signed or sent."
            </p>
        </div>
    }
}

/// On the page of devices: what brings this one back.
#[component]
pub(crate) fn Safety() -> impl IntoView {
    let device = Device::of_page();
    persist::look(device);
    let keys = device.keys;
    let file = move || match keys.care.get().file_at {
        Some(at) => format!("Last opened and tried on {}.", day::date(at)),
        None => match keys.care.get().replaced_at {
            Some(at) => format!(
                "Not saved yet. A file from before {} holds the old keys: save it anew.",
                day::date(at)
            ),
            None => "Not saved yet.".to_owned(),
        },
    };
    let sheet = move || {
        let care = keys.care.get();
        match (keys.seed.get().is_some(), care.sheet_at) {
            (_, Some(at)) => format!("Checked on {}. The words are not kept here.", day::date(at)),
            (true, None) => match care.replaced_at {
                Some(at) => format!(
                    "Not written down yet. A sheet from before {} makes the old keys again, and the bank does not accept those any more.",
                    day::date(at)
                ),
                None => "Not written down yet.".to_owned(),
            },
            (false, None) if care.declined_at.is_some() => {
                "Declined. It cannot be made again for these keys; new keys come with a new sheet.".to_owned()
            }
            (false, None) => {
                "It cannot be shown here: these keys were brought in a file, or made before sheets existed. If you wrote it down where they were made, it still counts. New keys come with a sheet.".to_owned()
            }
        }
    };
    let kept = move || match keys.persisted.get() {
        Some(true) => "The browser has promised to keep what is stored here.",
        Some(false) => {
            "The browser has not promised to keep what is stored here: it may remove it when it runs out of room, or when this page is not used for long. Save a key file."
        }
        None => "The browser has not said yet whether it keeps what is stored here.",
    };
    let tag = move || {
        if keys.care.get().is_taken() {
            view! { <Tag tone=Tone::Positive icon=Icon::Checked words="In safety" /> }.into_any()
        } else {
            view! { <Tag tone=Tone::Hollow words="Not in safety yet" /> }.into_any()
        }
    };
    move || {
        if keys.once.get() {
            return view! {
                <div class="panel">
                    <h2>"Used once on this computer"</h2>
                    <p class="note">
                        "Nothing of this device is stored here. Lock it when you go, and remove your drive."
                    </p>
                    <ul class="flow flow-tight">
                        <li>
                            <a href="/keys/export">"Save a fresh key file"</a>
                        </li>
                        <li>
                            <a href="/devices/replace">"Replace the keys in the file"</a>
                        </li>
                    </ul>
                </div>
            }
            .into_any();
        }
        view! {
            <div class="panel">
                <h2>"If this browser is lost"</h2>
                <p>{tag}</p>
                <dl class="flow flow-tight note">
                    <div>
                        <dt class="label">"Key file"</dt>
                        <dd>{file}</dd>
                    </div>
                    <div>
                        <dt class="label">"Recovery sheet"</dt>
                        <dd>{sheet}</dd>
                    </div>
                    <div>
                        <dt class="label">"Storage"</dt>
                        <dd>{kept}</dd>
                    </div>
                </dl>
                <ul class="flow flow-tight">
                    <li>
                        <a href="/keys/export">"Save a key file"</a>
                    </li>
                    <Show when=move || keys.seed.with(Option::is_some)>
                        <li>
                            <a href="/keys/sheet">"Show the recovery sheet"</a>
                        </li>
                    </Show>
                    <li>
                        <a href="/keys/passphrase">"Change the passphrase"</a>
                    </li>
                    <li>
                        <a href="/devices/replace">"Replace the keys"</a>
                    </li>
                </ul>
            </div>
        }
        .into_any()
    }
}

/// Where no keys are stored: every way to get back in.
#[component]
pub(crate) fn WaysBack() -> impl IntoView {
    view! {
        <section class="flow after-summary" aria-labelledby="ways-back">
            <h2 id="ways-back">"If your keys were here and are gone"</h2>
            <p>
                "A browser may remove what it stores. Your money and your receipts are at the bank, and there are four ways back:"
            </p>
            <ul class="bullets">
                <li>
                    <a href="/keys/import">"I have a key file"</a>
                    ", on a thumb drive or elsewhere"
                </li>
                <li>
                    <a href="/enrol/join">"I have another device"</a>
                    " that opens my accounts: it approves this browser"
                </li>
                <li>
                    <a href="/keys/recover">"I have a recovery sheet"</a>
                    " with 24 words"
                </li>
                <li>
                    <a href="/enrol">"I have a new slip"</a>
                    " from the bank: it makes this browser a new device"
                </li>
            </ul>
        </section>
    }
}
