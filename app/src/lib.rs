//! The pages of Countersign, rendered on the server and hydrated in the browser.
//!
//! Every page is the same HTML for everybody: the server knows nothing of a customer. What is private
//! comes from a Web Worker that alone holds keys ([`message::worker`] is their language), and is drawn
//! here. This crate never links key code.
//!
//! * [`PageConfig`]: what the server must provide as a leptos context before it renders [`shell`]
//! * `device`: the worker, what it answered, storage, tabs, idle lock
//! * `customer`: the pages behind a passphrase, one file for each thing a customer does
//! * `public`: the pages for everyone
//! * `later`: the pages that are fetched when they are opened
//! * `ui`: components, one file each, paired with `style/components`
//!
//! The server renders with the feature `ssr`; the browser's module is built with `hydrate`.

// Views are types nested as deep as their mark-up.
#![recursion_limit = "256"]

mod config;
mod customer;
mod device;
mod later;
mod public;
mod root;
#[cfg(feature = "ssr")]
mod shell;
mod ui;

pub use config::PageConfig;
pub use root::App;
#[cfg(feature = "ssr")]
pub use shell::shell;

/// Takes over the page that the server has rendered.
#[cfg(feature = "hydrate")]
#[wasm_bindgen::prelude::wasm_bindgen]
pub async fn hydrate() -> Result<(), wasm_bindgen::JsValue> {
    // A fault of ours is found in the console; without this only "unreachable" stands there.
    std::panic::set_hook(Box::new(|fault| leptos::logging::error!("{fault}")));
    let path = web_sys::window().and_then(|window| window.location().pathname().ok());
    later::ready_for(&path.unwrap_or_default())
        .await
        .map_err(|error| wasm_bindgen::JsValue::from(error.to_string()))?;
    leptos::mount::hydrate_body(App);
    Ok(())
}

#[cfg(test)]
#[cfg(feature = "ssr")]
mod pages_tests;
