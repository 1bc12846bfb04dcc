//! The slip: its number and its code.

use super::{At, Journey, StepHead};
use crate::ui::{
    field::{Field, Look},
    notice::{Notice, Weight},
    page::{Back, PageTitle},
};
use leptos::prelude::*;
use message::slip::{Locator, Secret};

pub(super) const LOCATOR: &str = "locator";
pub(super) const SECRET: &str = "secret";

/// What is wrong with the typed slip, at each field.
fn mistakes(locator: &str, secret: &str) -> Vec<(&'static str, String)> {
    let locator = Locator::parse(locator)
        .err()
        .map(|error| (LOCATOR, error.to_string()));
    let secret = Secret::parse(secret)
        .err()
        .map(|error| (SECRET, error.to_string()));
    locator.into_iter().chain(secret).collect()
}

fn submit(journey: Journey) {
    let wrong = journey.locator.with_untracked(|locator| {
        journey
            .secret
            .with_untracked(|secret| mistakes(locator, secret))
    });
    if !wrong.is_empty() {
        journey.errors.show(wrong);
        return;
    }
    // Keys that are open now are another device's.
    if journey.device.profile_now().is_some() {
        journey.device.lock(false);
    }
    journey.begun.set(true);
    journey.go(At::Bank);
    journey.make_keys();
}

#[component]
pub(super) fn Slip(journey: Journey) -> impl IntoView {
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submit(journey);
    };
    view! {
        <PageTitle words="Your slip, step 1 of 4".to_owned() errors=journey.errors />
        <Back href="/" words="How it works" />
        <StepHead
            journey=journey
            words="What stands on your activation slip?"
            more="The bank gave it to you on paper or in person. It works once, for one browser."
        />
        {move || {
            journey
                .device
                .keys
                .foreign
                .get()
                .then(|| {
                    view! {
                        <div class="narrow">
                            <Notice weight=Weight::Accent head="With the key from your file">
                                <p>
                                    "It becomes the signing key of this device, and the key for what the bank sends you is made beside it. There is no recovery sheet for it; replacing the keys later makes one."
                                </p>
                            </Notice>
                        </div>
                    }
                })
        }}
        <form class="narrow flow flow-form" novalidate on:submit=on_submit>
            <Field
                id=LOCATOR
                label="Slip number"
                hint=|| "8 characters, like K7QM-2P4X. Hyphens and small letters do not matter."
                value=journey.locator
                errors=journey.errors
                look=Look { class: "w-slip", ..Look::default() }
            />
            <Field
                id=SECRET
                label="Slip code"
                hint=|| "16 characters, like 4F7K-9QWE-2MNB-8XPA. It proves that the slip is in your hands."
                value=journey.secret
                errors=journey.errors
                look=Look { class: "w-half", ..Look::default() }
            />
            <p class="actions">
                <button class="button button-main button-large" type="submit">
                    "Continue"
                </button>
            </p>
        </form>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_read_as_it_is_printed_or_typed() {
        assert!(mistakes("K7QM-2P4X", "4F7K-9QWE-2MNB-8XPA").is_empty());
        assert!(mistakes("k7qm 2p4x", "4f7k9qwe2mnb8xpa").is_empty());
        let wrong = mistakes("K7QM", "");
        assert_eq!(
            wrong.iter().map(|(field, _)| *field).collect::<Vec<_>>(),
            [LOCATOR, SECRET]
        );
    }
}
