//! Enrolments that were interrupted: each goes on with the keys that were made then.

use super::Journey;
use crate::ui::{
    choices::{Choice, Choices},
    day,
    error_summary::ErrorSummary,
    field::Passphrase,
    page::{Back, PageTitle, focus_main},
};
use leptos::prelude::*;
use message::{
    Thumbprint,
    worker::{Ask, StoredDevice},
};

pub(super) const PASSPHRASE: &str = "passphrase";
const WHICH: &str = "which";
const TITLE: &str = "Go on with your enrolment";

/// The one that is meant: the only one, or the chosen one.
fn meant(stored: &[StoredDevice], chosen: Option<Thumbprint>) -> Option<StoredDevice> {
    match stored {
        [only] => Some(only.clone()),
        several => {
            let found = several.iter().find(|it| Some(it.device) == chosen);
            found.cloned()
        }
    }
}

#[component]
pub(super) fn Resume(journey: Journey, stored: Vec<StoredDevice>) -> impl IntoView {
    // Whoever has mistyped the passphrase need not choose again.
    let chosen = RwSignal::new(journey.device.enrols.get_untracked());
    let all = StoredValue::new(stored.clone());
    let which = move || all.with_value(|all| meant(all, chosen.get()));
    let refuse = move |id, words: &str| journey.errors.show(vec![(id, words.to_owned())]);
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Some(device) = untrack(which) else {
            return refuse(WHICH, "Choose the enrolment to go on with");
        };
        let passphrase = journey.passphrase.get_untracked();
        if passphrase.is_empty() {
            return refuse(PASSPHRASE, "Enter the passphrase that you chose");
        }
        journey.activate(Ask::ResumeEnrol { device, passphrase });
    };
    let give_up = move |_| {
        let Some(device) = untrack(which) else {
            return refuse(WHICH, "Choose the enrolment to give up");
        };
        journey.device.forget(device.device);
        journey.begun.set(false);
        journey.errors.clear();
        focus_main();
    };
    let list = match stored.as_slice() {
        [only] => {
            let about = format!("{}, at {}", only.device_name, only.bank_name);
            view! { <p class="quiet">{about}</p> }.into_any()
        }
        several => {
            let choices = several.iter().map(|stored| {
                let (date, time) = (
                    day::date(stored.enrolled_at),
                    day::minute(stored.enrolled_at),
                );
                let hint = format!("At {}, begun {date}, {time}", stored.bank_name);
                Choice {
                    value: stored.device,
                    name: stored.device_name.clone(),
                    hint: ViewFn::from(move || hint.clone()),
                }
            });
            view! {
                <Choices
                    id=WHICH
                    legend="Which one?"
                    choices=choices.collect()
                    chosen=chosen
                    errors=journey.errors
                />
            }
            .into_any()
        }
    };
    view! {
        <PageTitle words=TITLE.to_owned() errors=journey.errors />
        <Back href="/" words="How it works" />
        <div class="narrow flow">
            <ErrorSummary errors=journey.errors />
            <h1>{TITLE}</h1>
            <p>
                "Your keys were made, and the bank was asked, but its answer was not read. Doing it again with the same keys gives the same answer."
            </p>
            <form class="flow flow-form" novalidate on:submit=on_submit>
                {list}
                <Passphrase
                    id=PASSPHRASE
                    label="The passphrase that you chose"
                    value=journey.passphrase
                    errors=journey.errors
                    autocomplete="current-password"
                    of=Signal::derive(move || which().map(|it| it.device_name).unwrap_or_default())
                />
                <p class="actions">
                    <button class="button button-main button-large" type="submit">
                        "Go on"
                    </button>
                    <button class="button button-plain" type="button" on:click=give_up>
                        "Give it up and start over"
                    </button>
                </p>
            </form>
        </div>
    }
}
