//! What a page may know of the bank before anything is opened: all of it public.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The element in which the server hands [`PageConfig`] to the browser, as JSON.
pub(crate) const ELEMENT: &str = "page-config";

/// Provided by the server as a leptos context; the browser reads it back from the page.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PageConfig {
    /// As on the licence: "Halden Bank".
    pub bank_name: String,
    /// As on the licence: "HALDDEFF".
    pub bic: String,
    /// The origins of the bank's edges; the worker tries the next when one fails.
    pub edges: Vec<String>,
    /// The last day of the licence, in words ("30 June 2028"); empty where it is not known.
    pub licence_until: String,
    /// Path of a served file without the leading slash -> `sha384-...`. Used: `app.css`,
    /// `pkg/app.js`, `pkg/app_bg.wasm`, `pkg/crypto.js`, `pkg/crypto_bg.wasm`,
    /// `pkg/prime_filter.wasm`, `worker.js`.
    pub integrity: BTreeMap<String, String>,
}

impl PageConfig {
    /// The digest of a served file, where the server knows it.
    pub(crate) fn integrity_of(&self, path: &str) -> Option<String> {
        self.integrity.get(path).cloned()
    }

    /// What the server wrote into the page.
    #[cfg(feature = "hydrate")]
    pub(crate) fn of_page() -> Option<Self> {
        let text = leptos::prelude::document()
            .get_element_by_id(ELEMENT)?
            .text_content()?;
        message::worker::wire::from_json(&text).ok()
    }
}
