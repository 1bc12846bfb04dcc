//! A name for the device, and the passphrase that encrypts its keys.

use super::{At, Journey, StepHead};
use crate::ui::{
    field::{Field, Look, Passphrase},
    page::{BackStep, PageTitle},
};
use leptos::prelude::*;
use message::text::Label;

pub(super) const DEVICE_NAME: &str = "device_name";
pub(super) const PASSPHRASE: &str = "passphrase";

/// The worker asks for the same; short ones can be guessed by whoever copies the storage.
const CHARS_MIN: usize = 12;

fn mistakes(device_name: &str, passphrase: &str) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if Label::parse(device_name).is_err() {
        wrong.push((
            DEVICE_NAME,
            "Enter a name for this device of 1 to 40 characters".to_owned(),
        ));
    }
    if passphrase.chars().count() < CHARS_MIN {
        wrong.push((
            PASSPHRASE,
            format!("Choose a passphrase of {CHARS_MIN} characters or more"),
        ));
    }
    wrong
}

fn submit(journey: Journey) {
    let wrong = journey.device_name.with_untracked(|name| {
        journey
            .passphrase
            .with_untracked(|passphrase| mistakes(name, passphrase))
    });
    if wrong.is_empty() {
        journey.enrol();
    } else {
        journey.errors.show(wrong);
    }
}

#[component]
pub(super) fn Choose(journey: Journey) -> impl IntoView {
    let back = Callback::new(move |()| journey.go(At::Bank));
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submit(journey);
    };
    view! {
        <PageTitle words="Passphrase, step 3 of 4".to_owned() errors=journey.errors />
        <BackStep words="Back to the bank’s words" go=back />
        <StepHead
            journey=journey
            words="Name this device and lock its keys"
            more="The words fit: this is your bank. Your keys are encrypted with a passphrase that only you know. The bank cannot open them, and it cannot give you another one."
        />
        <form class="narrow flow flow-form" novalidate on:submit=on_submit>
            <Field
                id=DEVICE_NAME
                label="Name of this device"
                hint=|| "How you recognise it in a list, for example Kitchen laptop"
                value=journey.device_name
                errors=journey.errors
                look=Look { class: "w-half", ..Look::default() }
            />
            <Passphrase
                id=PASSPHRASE
                label="Passphrase"
                hint=|| "12 characters or more. Four or five words of your own are good. A password manager may keep it."
                value=journey.passphrase
                errors=journey.errors
                autocomplete="new-password"
                of=journey.device_name
            />
            <p class="actions">
                <button class="button button-main button-large" type="submit">
                    "Activate this device"
                </button>
            </p>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_passphrase_is_sent_back() {
        assert!(mistakes("Kitchen laptop", "correct horse").is_empty());
        assert_eq!(mistakes(" ", "short").len(), 2);
    }
}
