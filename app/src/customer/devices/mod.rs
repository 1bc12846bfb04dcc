//! The customer's devices: the list, one of them, adding one with another, new keys.

pub(crate) mod add;
pub(crate) mod ends;
pub(crate) mod list;
pub(crate) mod one;
pub(crate) mod replace;
pub(crate) mod revoke;
mod said;

use crate::{device::Device, device::Powers, ui::waiting::Waiting};
use leptos::prelude::*;
use leptos_router::hooks::use_params_map;
use message::{Thumbprint, worker::devices::ListedDevice};

/// The device that the address names.
fn named() -> Memo<Option<Thumbprint>> {
    let params = use_params_map();
    Memo::new(move |_| params.with(|params| Thumbprint::parse(&params.get("device")?).ok()))
}

/// Draws the device that the address names, once the bank has answered.
#[component]
fn Named(
    #[prop(into)] draw: Callback<(ListedDevice, Powers), AnyView>,
    shown: Signal<bool>,
) -> impl IntoView {
    let device = Device::of_page();
    let id = named();
    move || {
        let found = device.listed().map(|(devices, powers)| {
            let mut devices = devices.into_iter();
            (devices.find(|it| Some(it.view.device) == id.get()), powers)
        });
        match found {
            Some((Some(found), powers)) => draw.run((found, powers)),
            Some((None, _)) => view! {
                <h1>"You have no such device"</h1>
                <p>
                    <a href="/devices">"Look at the list of your devices"</a>
                </p>
            }
            .into_any(),
            None if shown.get() => ().into_any(),
            None => view! {
                <h1 class="visually-hidden">"Device"</h1>
                <Waiting words="Asking the bank for your devices" />
            }
            .into_any(),
        }
    }
}

/// Nobody could sign any more.
#[component]
fn LastOne() -> impl IntoView {
    view! {
        <p class="note last-one">
            <strong>"This is your last device that can sign. "</strong>
            "Without it you can pay nothing and change nothing until the bank gives you a new slip. Add another device first."
        </p>
    }
}
