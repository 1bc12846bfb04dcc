//! Whether the browser may throw away what is stored when it runs out of room.

use super::Device;
#[cfg(feature = "hydrate")]
use leptos::prelude::*;

/// Asks the browser to keep it, once there is something to keep.
pub(crate) fn ask(device: Device) {
    call(device, "persist");
}

/// Looks how it stands, without asking.
pub(crate) fn look(device: Device) {
    call(device, "persisted");
}

#[cfg(feature = "hydrate")]
fn call(device: Device, method: &'static str) {
    use wasm_bindgen::JsCast as _;
    let navigator = window().navigator();
    let promise = js_sys::Reflect::get(&navigator, &"storage".into())
        .and_then(|storage| {
            let method = js_sys::Reflect::get(&storage, &method.into())?;
            method.dyn_into::<js_sys::Function>()?.call0(&storage)
        })
        .and_then(wasm_bindgen::JsCast::dyn_into::<js_sys::Promise>);
    leptos::task::spawn_local(async move {
        let answer = match promise {
            Ok(promise) => wasm_bindgen_futures::JsFuture::from(promise).await.ok(),
            // A browser that knows no such thing promises nothing.
            Err(_) => None,
        };
        let persisted = answer.and_then(|it| it.as_bool()).unwrap_or(false);
        device.keys.persisted.set(Some(persisted));
    });
}

#[cfg(not(feature = "hydrate"))]
fn call(_device: Device, _method: &'static str) {}
