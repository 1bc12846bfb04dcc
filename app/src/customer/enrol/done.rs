//! The browser is a device now.

use super::Journey;
use crate::ui::{
    fingerprint::LargeWords,
    icon::Icon,
    page::PageTitle,
    tag::{Tag, Tone},
};
use leptos::prelude::*;

#[component]
pub(super) fn Done(journey: Journey) -> impl IntoView {
    let profile = journey.profile.get_untracked();
    profile.map(|profile| {
        view! {
            <PageTitle words="This device is active".to_owned() />
            <div class="page-head" role="status">
                <p>
                    <Tag tone=Tone::Positive icon=Icon::Checked words="Active" />
                </p>
                <h1>{format!("{} is now your device", profile.device_name)}</h1>
                <p class="quiet">
                    {format!(
                        "{} has certified its keys for {}. The slip is used up: throw it away.",
                        profile.bank_name,
                        profile.customer_name,
                    )}
                </p>
            </div>
            <div class="narrow flow">
                <div class="panel" role="group" aria-label="Fingerprint of this device">
                    <p class="label">"Fingerprint of this device"</p>
                    <LargeWords words=profile.words />
                    <p class="note quiet">
                        "These five words stand beside everything this device signs. You find them under Devices."
                    </p>
                </div>
                <p>
                    "If this browser is lost or forgets what it stores, one of these brings your keys back. It takes a minute, best now:"
                </p>
                <p class="actions">
                    <a class="button" href="/keys/export">
                        "Save a key file"
                    </a>
                    <Show when=move || journey.device.keys.seed.with(Option::is_some)>
                        <a class="button" href="/keys/sheet">
                            "Show the recovery sheet"
                        </a>
                    </Show>
                </p>
                <p class="actions">
                    <a class="button button-main button-large" href="/accounts">
                        "Go to your accounts"
                    </a>
                </p>
            </div>
        }
    })
}
