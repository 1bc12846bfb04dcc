//! An enrolment that was interrupted: it goes on with the keys that were made then.

use super::Journey;
use crate::ui::{
    error_summary::ErrorSummary,
    field::Passphrase,
    page::{Back, PageTitle, focus_main},
};
use leptos::prelude::*;
use message::worker::{Ask, StoredDevice};

pub(super) const PASSPHRASE: &str = "passphrase";
const TITLE: &str = "Go on with your enrolment";

#[component]
pub(super) fn Resume(journey: Journey, stored: StoredDevice) -> impl IntoView {
    let device = stored.device;
    let name = stored.device_name.clone();
    let about = format!("{}, at {}", stored.device_name, stored.bank_name);
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let passphrase = journey.passphrase.get_untracked();
        if passphrase.is_empty() {
            let mistake = "Enter the passphrase that you chose";
            journey.errors.show(vec![(PASSPHRASE, mistake.to_owned())]);
            return;
        }
        journey.activate(Ask::ResumeEnrol {
            device: stored.clone(),
            passphrase,
        });
    };
    let give_up = move |_| {
        journey.device.forget(device);
        journey.begun.set(false);
        journey.errors.clear();
        focus_main();
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
            <p class="quiet">{about}</p>
            <form class="flow flow-form" novalidate on:submit=on_submit>
                <Passphrase
                    id=PASSPHRASE
                    label="The passphrase that you chose"
                    value=journey.passphrase
                    errors=journey.errors
                    autocomplete="current-password"
                    of=name
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
