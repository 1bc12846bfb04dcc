//! The head of every page: whose bank, where you are, and whether the device is unlocked.

use super::{
    brand::Brand,
    icon::Icon,
    tag::{Tag, Tone},
};
use crate::{
    PageConfig,
    device::{Device, Stage},
};
use leptos::prelude::*;
use leptos_router::hooks::use_location;

/// Address, word, and the addresses that count as being there.
const PLACES: [(&str, &str, &[&str]); 4] = [
    ("/accounts", "Accounts", &["/accounts"]),
    ("/pay", "Pay", &["/pay"]),
    ("/payments", "Receipts", &["/payments"]),
    ("/devices", "Devices", &["/devices", "/settings"]),
];

/// The pages that show something while the device is locked.
const OPEN: [&str; 5] = ["/", "/help", "/enrol", "/enrol/join", "/settings"];

fn is_at(path: &str, place: &str) -> bool {
    path.strip_prefix(place)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[component]
pub(crate) fn Masthead() -> impl IntoView {
    let device = Device::of_page();
    let house = use_context::<PageConfig>().unwrap_or_default().bank_name;
    let unlocked = device.is_unlocked();
    let path = use_location().pathname;
    // Where the way to unlock is the page itself, it is not offered twice.
    let offers_unlock = move || {
        device.stored.with(|stored| !stored.is_empty())
            && path.with(|path| OPEN.contains(&path.as_str()))
    };
    view! {
        <header class="masthead">
            <div class="page">
                <Brand house=house />
                {move || unlocked.get().then(|| view! { <Navigation /> })}
                <div class="masthead-end">
                    {move || match device.stage.get() {
                        Stage::Unlocked(profile) => {
                            view! { <Open name=profile.device_name.clone() /> }.into_any()
                        }
                        Stage::Locked if offers_unlock() => {
                            view! {
                                <a class="button" href="/unlock">
                                    "Unlock this device"
                                </a>
                            }
                                .into_any()
                        }
                        Stage::Locked | Stage::Starting => ().into_any(),
                    }}
                </div>
            </div>
        </header>
    }
}

#[component]
fn Navigation() -> impl IntoView {
    let path = use_location().pathname;
    let entry =
        move |(address, word, places): (&'static str, &'static str, &'static [&'static str])| {
            let current = move || {
                path.with(|path| places.iter().any(|place| is_at(path, place)))
                    .then_some("page")
            };
            view! {
                <li>
                    <a href=address aria-current=current>
                        {word}
                    </a>
                </li>
            }
        };
    view! {
        <nav class="nav" aria-label="Main">
            <ul>{PLACES.map(entry)}</ul>
        </nav>
    }
}

/// The device's name, its state, and the way to lock it.
#[component]
fn Open(name: String) -> impl IntoView {
    let device = Device::of_page();
    view! {
        <span class="masthead-device quiet">{name}</span>
        <Tag tone=Tone::Accent icon=Icon::Unlocked words="Unlocked" />
        <button class="button" type="button" on:click=move |_| device.ask_to_lock()>
            "Lock"
            <span class="visually-hidden">" this device"</span>
        </button>
    }
}

#[cfg(test)]
mod tests {
    use super::is_at;

    #[test]
    fn a_place_is_where_its_address_begins() {
        assert!(is_at("/accounts", "/accounts"));
        assert!(is_at("/accounts/1/statement", "/accounts"));
        assert!(!is_at("/payments", "/pay"));
    }
}
