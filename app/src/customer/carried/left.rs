//! One-time use is over: what to do, and what was left behind.

use crate::{
    device::Device,
    ui::{
        dialog::Dialog,
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
    let keys = device.keys;
    let stay = Callback::new(move |()| keys.lock_waits.set(false));
    view! {
        <Dialog
            open=keys.lock_waits
            id="order-would-be-lost"
            head="Something that you signed has not reached the bank"
            closed=stay
        >
            <p>{move || format!("{} no way to the bank yet.", orders(keys.unsent.get(), "has found", "have found"))}</p>
            <p>
                "On this computer nothing is kept: what is not sent when you lock is lost. Stay, and it is sent by itself as soon as there is a line."
            </p>
            <p class="actions">
                <button class="button button-main" type="button" on:click=move |_| stay.run(())>
                    "Stay until it is sent"
                </button>
                <button class="button button-danger" type="button" on:click=move |_| device.lock(true)>
                    "Lock and lose it"
                </button>
            </p>
        </Dialog>
    }
}

/// So many signed orders, and what they do.
fn orders(count: usize, one: &str, many: &str) -> String {
    match count {
        1 => format!("1 order that you have signed {one}"),
        count => format!("{count} orders that you have signed {many}"),
    }
}

#[component]
pub(crate) fn LeftPage() -> impl IntoView {
    let unsent = Device::of_page().keys.unsent;
    let lost = move || {
        let count = unsent.get();
        (count > 0).then(|| {
            view! {
                <div>
                    <dt>"Not sent"</dt>
                    <dd>
                        {format!(
                            "{} not reached the bank, as far as this page knows. Nothing of it is kept here. Open your device again and look under Receipts and Devices before you sign it once more.",
                            orders(count, "had", "had"),
                        )}
                    </dd>
                </div>
            }
        })
    };
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
                {lost}
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
