//! One-time use is over: what to do, and what was left behind.

use crate::{
    device::Device,
    ui::{
        icon::Icon,
        page::PageTitle,
        tag::{Tag, Tone},
    },
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};

/// Goes to the closing page when one-time use ends, whichever way.
#[component]
pub(crate) fn LeaveOnce() -> impl IntoView {
    let device = Device::of_page();
    let navigate = use_navigate();
    Effect::new(move |_| {
        if device.keys.left.get() {
            device.keys.left.set(false);
            // In place of the private page, so that going back leads to none.
            let options = NavigateOptions {
                replace: true,
                ..NavigateOptions::default()
            };
            navigate("/keys/left", options);
            set_timeout(move || device.drop_once(), std::time::Duration::ZERO);
        }
    });
}

#[component]
pub(crate) fn LeftPage() -> impl IntoView {
    view! {
        <PageTitle words="You have left this computer".to_owned() />
        <div class="narrow flow">
            <div class="page-head" role="status">
                <p>
                    <Tag tone=Tone::Positive icon=Icon::Checked words="Wiped" />
                </p>
                <h1>"Remove your drive now"</h1>
                <p class="quiet">"Your keys are wiped from this computer’s memory."</p>
            </div>
            <dl class="summary">
                <div>
                    <dt>"Take with you"</dt>
                    <dd>"The drive with your key file, and anything that you have printed."</dd>
                </div>
                <div>
                    <dt>"Left behind"</dt>
                    <dd>
                        "Nothing of yours: no key, no name, no account, no sum. The browser’s history shows only that this page was opened, and receipts that you saved as files are where you saved them."
                    </dd>
                </div>
                <div>
                    <dt>"Not decided yet"</dt>
                    <dd>
                        "An order that was sent goes on without you. Its receipt waits at the bank until you open your device again, here or anywhere."
                    </dd>
                </div>
            </dl>
            <p class="note quiet">
                "Close this window. If you doubt this computer, change your passphrase at home and save a fresh key file."
            </p>
            <p class="actions">
                <a class="button" href="/keys/import">
                    "Open a key file again"
                </a>
            </p>
        </div>
    }
}
