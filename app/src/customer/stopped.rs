//! Instead of a private page: the bank takes nothing from this device, or what the bank shows of its
//! keys does not fit.

use crate::{
    PageConfig,
    device::{Barred, Device, Stop},
    ui::{
        day,
        fingerprint::{Hex, LargeWords},
        icon::Icon,
        notice::{Notice, Weight},
        page::PageTitle,
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::Timestamp;

#[component]
pub(super) fn Stopped() -> impl IntoView {
    let device = Device::of_page();
    move || match (device.stop.get(), device.barred.get()) {
        (Some(stop), _) => view! { <HardStop stop=stop /> }.into_any(),
        (None, Some(Barred::Suspended)) => view! { <Suspended /> }.into_any(),
        (None, Some(Barred::Revoked)) => view! { <Revoked /> }.into_any(),
        (None, Some(Barred::Replaced(at))) => view! { <Replaced at=at /> }.into_any(),
        (None, None) => ().into_any(),
    }
}

/// Asks the bank once more: if it answers, the pages are back.
fn look_again(device: Device) {
    spawn_local(async move {
        let (stop, barred) = (device.stop.get_untracked(), device.barred.get_untracked());
        if device.load_overview().await.is_ok() {
            device.stop.set(None);
            device.barred.set(None);
            return;
        }
        if (stop, barred) == (device.stop.get_untracked(), device.barred.get_untracked()) {
            device.say("Nothing has changed yet.".to_owned());
        }
    });
}

#[component]
fn Acts() -> impl IntoView {
    let device = Device::of_page();
    view! {
        <p class="actions">
            <button
                class="button button-main"
                type="button"
                on:click=move |_| look_again(device)
            >
                "Look again"
            </button>
            <button class="button" type="button" on:click=move |_| device.ask_to_lock()>
                {Icon::Locked.draw()}
                "Lock now"
            </button>
        </p>
    }
}

#[component]
fn HardStop(stop: Stop) -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    let why = format!(
        "Somebody between you and {bank} may be showing you other keys than the bank’s, or the bank \
         has made a mistake. Your keys and your money are where they were. This page stays shut \
         until what it is shown fits again."
    );
    let call = format!("Call {bank} by a number that you know from paper, not from this page.");
    let label = format!("The words by which this device knows {bank}");
    view! {
        <PageTitle words="Stop: the bank’s keys do not fit".to_owned() />
        <div class="narrow flow">
            <h1>"Stop: the bank’s keys do not fit"</h1>
            <Notice weight=Weight::Negative head="Nothing is sent from this device now">
                <p>
                    {why}
                </p>
            </Notice>
            <h2>"What to do"</h2>
            <ol class="list">
                <li>{call}</li>
                <li>"Say what this page says: " <strong>{stop.why}</strong> "."</li>
                <li>
                    "Have the bank read out its five words, and compare them with these. This device has known them since it was enrolled."
                </li>
            </ol>
            <div class="panel flow" role="group" aria-label="Fingerprint of the bank">
                <p class="label">{label}</p>
                <LargeWords words=stop.words />
                <Hex groups=stop.hex wide=true />
            </div>
            <Acts />
        </div>
    }
}

#[component]
fn Suspended() -> impl IntoView {
    let device = Device::of_page();
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    let name = move || {
        device
            .profile()
            .map(|it| it.device_name)
            .unwrap_or_default()
    };
    let words = device.profile_now().map(|it| it.words).unwrap_or_default();
    view! {
        <PageTitle words="This device is suspended".to_owned() />
        <div class="narrow flow">
            <h1>"This device is suspended"</h1>
            <p>
                {move || {
                    format!(
                        "You or {bank} have suspended {}. It shows nothing and signs nothing until it is resumed. Payments that it signed before are carried out.",
                        name(),
                    )
                }}
            </p>
            <h2>"What to do"</h2>
            <ul class="list">
                <li>
                    "If you have another device: open Devices there, choose this one, and press Resume."
                </li>
                <li>"If you have no other: call the bank and say these five words."</li>
                <li>"If you did not suspend it yourself: call the bank before you resume it."</li>
            </ul>
            <div class="panel flow" role="group" aria-label="Fingerprint of this device">
                <p class="label">"Fingerprint of this device"</p>
                <LargeWords words=words />
            </div>
            <Acts />
        </div>
    }
}

#[component]
fn Replaced(at: Option<Timestamp>) -> impl IntoView {
    let device = Device::of_page();
    let when = at.map_or_else(
        || "These keys were replaced by newer ones".to_owned(),
        |at| format!("These keys were replaced on {}", day::long(at)),
    );
    let here = device.rotation_waits();
    let (to_do, button) = if here {
        (
            "The newer keys are in this browser. Lock the device and unlock it again with the same passphrase.",
            "Lock, to go on",
        )
    } else {
        (
            "Use the newer ones: the key file that was saved after them, or the browser in which they were made. Payments that these keys signed before are carried out, and the receipts come to the newer ones.",
            "Lock now",
        )
    };
    view! {
        <PageTitle words="These keys were replaced".to_owned() />
        <div class="narrow flow">
            <h1>{when}</h1>
            <p>{to_do}</p>
            {(!here)
                .then(|| {
                    view! {
                        <ul class="list">
                            <li><a href="/keys/import">"I have the newer key file"</a></li>
                            <li>
                                "Forget the old keys in this browser: they are of no use any more. "
                                <a href="/settings">"Forget them"</a>
                            </li>
                            <li>"If you did not replace them, call the bank at once."</li>
                        </ul>
                    }
                })}
            <p class="actions">
                <button class="button button-main" type="button" on:click=move |_| device.ask_to_lock()>
                    {Icon::Locked.draw()}
                    {button}
                </button>
            </p>
        </div>
    }
}

#[component]
fn Revoked() -> impl IntoView {
    let device = Device::of_page();
    view! {
        <PageTitle words="This device is revoked".to_owned() />
        <div class="narrow flow">
            <h1>"This device is revoked"</h1>
            <p>
                "The bank accepts nothing that it signs any more, and its mailbox is shut. That cannot be undone. What it signed before was carried out, and the receipts are on your other devices."
            </p>
            <h2>"What to do"</h2>
            <ul class="list">
                <li>
                    "Forget the device in this browser: its keys are of no use any more. " <a href="/settings">"Forget it"</a>
                </li>
                <li>
                    "To use this browser again, make it a new device: " <a href="/enrol/join">"with another device of yours"</a> ", or "
                    <a href="/enrol">"with a slip from the bank"</a> "."
                </li>
                <li>"If you did not want this, call the bank."</li>
            </ul>
            <p class="actions">
                <button class="button" type="button" on:click=move |_| device.ask_to_lock()>
                    {Icon::Locked.draw()}
                    "Lock now"
                </button>
            </p>
        </div>
    }
}
