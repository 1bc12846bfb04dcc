//! The initialisation letter: the fingerprint of a new device on paper, signed by hand, for the counter
//! or the post.

use super::{At, Joining};
use crate::{
    device::{clock, download},
    ui::{
        day,
        fingerprint::{Hex, LargeWords},
        icon::Icon,
        page::{BackStep, PageTitle},
        qr::Qr,
        summary::Row,
    },
};
use leptos::prelude::*;
use message::worker::devices::JoiningDevice;

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
                    <span class="blank"></span>
                </Row>
                <Row term="Customer number">
                    <span class="blank"></span>
                </Row>
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
