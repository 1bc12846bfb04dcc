//! The start page: the idea in a minute.

use super::diagram::Diagram;
use crate::{
    PageConfig,
    device::Device,
    ui::{
        icon::Icon,
        money::Sum,
        page::PageTitle,
        sheet::{Cut, Signature},
        tag::{Tag, Tone},
    },
};
use leptos::prelude::*;
use message::{Balance, amount::Currency};

#[component]
pub(crate) fn Start() -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    view! {
        <PageTitle words="The bank you can check".to_owned() />
        <div class="hero">
            <div class="flow">
                <h1>
                    <span>"You sign."</span>
                    " "
                    <span>"The bank countersigns."</span>
                    " "
                    <span>"You keep the proof."</span>
                </h1>
                <p class="lead">
                    "Every order is signed by your own device before it leaves it. Every outcome comes back as a receipt that anyone can check, with or without us."
                </p>
                <Ways bank=bank.clone() />
            </div>
            <Example bank=bank.clone() />
        </div>
        <HowItWorks />
        <section class="band" aria-labelledby="who">
            <h2 id="who">"Who can see what"</h2>
            <Diagram bank=bank />
        </section>
        <Doors />
    }
}

/// Whoever has a device here unlocks it; everybody else begins.
#[component]
fn Ways(bank: String) -> impl IntoView {
    let slip = format!("About three minutes. Have your activation slip from {bank} beside you.");
    let device = Device::of_page();
    let has_device = Memo::new(move |_| device.stored.with(|stored| !stored.is_empty()));
    move || {
        let slip = view! { <p class="note quiet">{slip.clone()}</p> };
        if has_device.get() {
            view! {
                <p class="actions">
                    <a class="button button-main button-large" href="/accounts">
                        "Go to your accounts"
                    </a>
                    <a class="button button-large" href="/enrol">
                        "Enrol another customer"
                    </a>
                </p>
                {slip}
            }
            .into_any()
        } else {
            view! {
                <p class="actions">
                    <a class="button button-main button-large" href="/enrol">
                        "Enrol this browser"
                    </a>
                    <a class="button button-large" href="/keys/import">
                        "I have a key file"
                    </a>
                </p>
                {slip}
                <p class="note">
                    "You bank here already, with another browser? "
                    <a href="/enrol/join">"Add this browser with it"</a>
                </p>
            }
            .into_any()
        }
    }
}

/// A payment as it looks when it is done. The figures are an example and say so.
#[component]
fn Example(bank: String) -> impl IntoView {
    let words = |text: &str| Some(text.split(' ').map(str::to_owned).collect::<Vec<_>>());
    view! {
        <div class="sheet" role="group" aria-label="Example of an order and its receipt">
            <section class="half half-yours">
                <div class="half-head">
                    <h2>"Your half"</h2>
                    <Tag tone=Tone::Plain icon=Icon::Check words="Signed" />
                </div>
                <div>
                    <Sum balance=Balance::new(8_460, Currency::EUR) />
                    <p>"to Zofia Wiśniewska-Krzyżanowska"</p>
                    <p class="note quiet iban">"PL61 1090 1014 0000 0712 1981 2874"</p>
                </div>
                <Signature by="Kitchen laptop" words=words("maple otter brisk sail ember") />
            </section>
            {Cut::Both.draw()}
            <section class="half half-theirs">
                <div class="half-head">
                    <h2>"The bank’s half"</h2>
                    <Tag tone=Tone::Accent icon=Icon::Checked words="Countersigned" />
                </div>
                <div>
                    <p>
                        <strong>"Paid"</strong>
                        " on 19 November 2026 at 09:41:07"
                    </p>
                    <p class="note quiet">"Booked once, under receipt 4C7Q-81RD-20VX"</p>
                </div>
                <Signature by=bank words=words("copper orchard vivid lantern plum") />
            </section>
        </div>
    }
}

#[component]
fn HowItWorks() -> impl IntoView {
    view! {
        <section class="band" aria-labelledby="how">
            <h2 id="how">"How it works"</h2>
            <ol class="three">
                <li>
                    <h3>"1. You sign"</h3>
                    <p>
                        "You see the whole order in words. Your device signs exactly those words and seals them so that only the bank can open them."
                    </p>
                </li>
                <li class="theirs">
                    <h3>"2. The bank opens"</h3>
                    <p>
                        "It checks that the signature is yours, that the money is there, and books the payment once, however often the message arrives."
                    </p>
                </li>
                <li class="both">
                    <h3>"3. You keep the receipt"</h3>
                    <p>
                        "The bank signs its answer, paid or refused. The two halves fit together. Save them, print them, show them to anyone."
                    </p>
                </li>
            </ol>
        </section>
    }
}

#[component]
fn Doors() -> impl IntoView {
    view! {
        <section class="band" aria-labelledby="begin">
            <h2 id="begin">"Three ways to go on"</h2>
            <ul class="doors">
                <li class="panel">
                    <h3 class="with-icon">{Icon::Device.draw()} "Enrol this browser"</h3>
                    <p class="note quiet">
                        "For a computer or phone that is yours. Two keys are made here and never leave it unencrypted. You need the activation slip from the bank."
                    </p>
                    <p>
                        <a class="button" href="/enrol">
                            "Enrol this browser"
                        </a>
                    </p>
                </li>
                <li class="panel">
                    <h3 class="with-icon">{Icon::Device.draw()} "Add it with another device"</h3>
                    <p class="note quiet">
                        "For people who have a device already. It shows five words, this browser shows a code, and you see that both speak to each other. No slip is needed."
                    </p>
                    <p>
                        <a class="button" href="/enrol/join">
                            "Add this browser"
                        </a>
                    </p>
                </li>
                <li class="panel">
                    <h3 class="with-icon">{Icon::Unlocked.draw()} "Unlock a device"</h3>
                    <p class="note quiet">
                        "For a browser that is enrolled already. Your passphrase opens the keys in its memory, until you lock it, leave, or do nothing for ten minutes."
                    </p>
                    <p>
                        <a class="button" href="/unlock">
                            "Unlock this browser"
                        </a>
                    </p>
                </li>
            </ul>
        </section>
    }
}
