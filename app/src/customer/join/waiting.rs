//! The new device waits: its code, its QR code, its words.

use super::{At, Head, Joining, PASSPHRASE};
use crate::ui::{
    busy::BusyButton,
    error_summary::ErrorSummary,
    field::Passphrase,
    fingerprint::LargeWords,
    notice::{CouldNot, Notice, Weight},
    page::{Back, PageTitle, focus_main},
    qr::Qr,
    waiting::Waiting,
};
use leptos::prelude::*;
use message::worker::{StoredDevice, devices::JoiningDevice};

const TITLE: &str = "Go on with adding this browser";

/// What a camera opens at the other device.
fn address(code: &str) -> String {
    #[cfg(feature = "hydrate")]
    let origin = window().location().origin().unwrap_or_default();
    #[cfg(not(feature = "hydrate"))]
    let origin = String::new();
    format!("{origin}/devices/add#{code}")
}

#[component]
pub(super) fn Shown(joining: Joining, shown: JoiningDevice) -> impl IntoView {
    let code = shown.code.clone();
    let label = format!("QR code of the code {code}, for the camera of your other device");
    let letter = {
        let shown = shown.clone();
        move |_| joining.go(At::Letter(Box::new(shown.clone())))
    };
    let again = move |()| joining.wait();
    let give_up = move |_| {
        joining.device.cancel_keys();
        joining.device.forget(shown.device);
        joining.begun.set(false);
        joining.go(At::Words);
    };
    view! {
        <PageTitle words="Approve it there, step 3 of 3".to_owned() />
        <Head joining=joining step=2 words="Now approve it on your other device" />
        <div class="columns">
            <div class="flow flow-wide">
                <div class="flow">
                    <h2>"1. Type this code there"</h2>
                    <p class="join-code">{code.clone()}</p>
                    <p class="note quiet">
                        "Under Devices, Add a device. It counts for an hour; while this page is open it is kept alive."
                    </p>
                </div>
                <div class="flow">
                    <h2>"2. Compare these five words there"</h2>
                    <LargeWords words=shown.words.clone() />
                    <p class="note quiet">
                        "If the other device shows other words, say so there: then somebody else’s device has taken the place of this one."
                    </p>
                </div>
                {move || match joining.failed.get() {
                    Some(failure) => view! { <CouldNot failure=failure again=again /> }.into_any(),
                    None => view! { <Waiting words="Waiting for your other device" /> }.into_any(),
                }}
                <p class="actions">
                    <button class="button" type="button" on:click=letter>
                        "No other device? Print the letter for the bank"
                    </button>
                    <button class="button button-plain" type="button" on:click=give_up>
                        "Give it up"
                    </button>
                </p>
            </div>
            <aside class="flow" aria-label="With a camera">
                <div class="panel">
                    <h2>"With a camera"</h2>
                    <Qr text=address(&code) label=label />
                    <p class="note quiet">
                        "The other device opens this and fills in the code. The five words are compared in any case."
                    </p>
                </div>
            </aside>
        </div>
    }
}

#[component]
pub(super) fn Resume(joining: Joining, stored: StoredDevice) -> impl IntoView {
    let id = stored.device;
    let name = stored.device_name.clone();
    let about = format!("{}, at {}", stored.device_name, stored.bank_name);
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        joining.resume(stored.clone());
    };
    let give_up = move |_| {
        joining.device.forget(id);
        joining.errors.clear();
        focus_main();
    };
    view! {
        <PageTitle words=TITLE.to_owned() errors=joining.errors />
        <Back href="/" words="How it works" />
        <div class="narrow flow">
            <ErrorSummary errors=joining.errors />
            <h1>{TITLE}</h1>
            <p>
                "Your keys were made and are saved here. With the passphrase the page shows the same code and the same words again, and goes on waiting."
            </p>
            <p class="quiet">{about}</p>
            <form class="flow flow-form" novalidate on:submit=on_submit>
                <Passphrase
                    id=PASSPHRASE
                    label="The passphrase that you chose"
                    value=joining.passphrase
                    errors=joining.errors
                    autocomplete="current-password"
                    of=name
                />
                <p class="actions">
                    <BusyButton busy=joining.busy words="Go on" meanwhile="Asking the bank" />
                    <button class="button button-plain" type="button" on:click=give_up>
                        "Give it up and start over"
                    </button>
                </p>
            </form>
        </div>
    }
}

#[component]
pub(super) fn Refused(joining: Joining) -> impl IntoView {
    let again = move |_| {
        joining.begun.set(false);
        joining.go(At::Words);
    };
    view! {
        <PageTitle words="This browser was refused".to_owned() />
        <div class="narrow flow">
            <h1>"This browser was not added"</h1>
            <Notice weight=Weight::Warning head="Its keys are refused for ever, and removed">
                <p>
                    "Your other device said that the five words were not the same, or the request was refused. Nothing of yours was shown to this browser."
                </p>
            </Notice>
            <h2>"What to do"</h2>
            <ul class="list">
                <li>"If it was a mistake: begin again. New keys are made, with another code and other words."</li>
                <li>"If the words really differed: somebody may stand between this browser and the bank. Use another network, or call the bank."</li>
            </ul>
            <p class="actions">
                <button class="button button-main" type="button" on:click=again>
                    "Begin again"
                </button>
            </p>
        </div>
    }
}
