//! The initialisation letter: the fingerprint of a new device on paper, signed by hand, for the counter
//! or the post.

use super::{At, Joining};
use crate::{
    device::{Device, clock, download},
    ui::{
        day,
        error_summary::Errors,
        field::{Field, Look},
        fingerprint::{Hex, LargeWords},
        icon::Icon,
        page::{BackStep, PageTitle},
        qr::Qr,
        summary::Row,
    },
};
use leptos::prelude::*;
use message::worker::devices::JoiningDevice;

/// Name and number, where every device of this browser is of one customer: so the letter need not be
/// filled in. Otherwise they are typed, or written by hand.
fn whose(device: Device) -> (RwSignal<String>, RwSignal<String>) {
    let stored = device.stored.get_untracked();
    let known = stored.first().filter(|first| {
        let number = &first.customer_number;
        stored.iter().all(|it| it.customer_number == *number)
    });
    let (name, number) = known.map_or_else(Default::default, |it| {
        (it.customer_name.clone(), it.customer_number.clone())
    });
    (RwSignal::new(name), RwSignal::new(number))
}

#[component]
pub(super) fn Letter(joining: Joining, shown: JoiningDevice) -> impl IntoView {
    let back = {
        let shown = shown.clone();
        Callback::new(move |()| joining.go(At::Waiting(Box::new(shown.clone()))))
    };
    let JoiningDevice {
        device,
        device_name,
        bank_name,
        code,
        words,
        hex,
        ..
    } = shown;
    let (name, number) = whose(joining.device);
    let filled = move |value: RwSignal<String>| {
        move || match value.get().trim() {
            "" => view! { <span class="blank"></span> }.into_any(),
            typed => typed.to_owned().into_any(),
        }
    };
    let errors = Errors::new();
    view! {
        <PageTitle words="Initialisation letter".to_owned() />
        <BackStep words="Back to the code" go=back />
        <div class="page-head no-print">
            <h1>"A letter for the bank"</h1>
            <p class="quiet">
                {format!(
                    "Print it, fill in and sign it, and take it to {bank_name} or send it there. The bank compares it with the request of this browser and activates it. Keep what this browser has saved: the letter is worth nothing without it.",
                )}
            </p>
            <div class="letter-whose">
                <Field
                    id="letter_name"
                    label="Your name"
                    hint=|| "As the bank knows it. Printed, and sent nowhere; you can write it by hand, too."
                    value=name
                    errors=errors
                    look=Look { autocomplete: Some("name"), ..Look::default() }
                />
                <Field
                    id="letter_number"
                    label="Customer number"
                    hint=|| "On your slip, or under This browser on another device"
                    value=number
                    errors=errors
                    look=Look { inputmode: Some("numeric"), ..Look::default() }
                />
            </div>
            <p class="actions">
                <button class="button button-main" type="button" on:click=|_| download::print()>
                    {Icon::Print.draw()}
                    "Print the letter"
                </button>
            </p>
        </div>
        <article class="letter" aria-label="Initialisation letter">
            <header>
                <p class="letter-head">"Initialisation letter"</p>
                <p>{format!("To {bank_name}")}</p>
            </header>
            <p>
                "I confirm that the device with the fingerprint below is mine, and ask the bank to accept what it signs in my name."
            </p>
            <dl class="summary">
                <Row term="Name">
                    {filled(name)}
                </Row>
                <Row term="Customer number">{filled(number)}</Row>
                <Row term="Bank">{bank_name.clone()}</Row>
                <Row term="Date">{day::date(clock::now())}</Row>
                <Row term="Device">{device_name}</Row>
                <Row term="Code">{code.clone()}</Row>
            </dl>
            <div class="letter-fingerprint">
                <div class="flow">
                    <p class="label">"Fingerprint of the signing key, as words"</p>
                    <LargeWords words=words />
                    <p class="label">"The same in hexadecimal"</p>
                    <Hex groups=hex wide=true />
                </div>
                <Qr text=format!("countersign:{device}") label="QR code of the fingerprint" />
            </div>
            <p class="letter-sign">
                <span class="blank"></span>
                <span>"Place, date, signature"</span>
            </p>
        </article>
    }
}
