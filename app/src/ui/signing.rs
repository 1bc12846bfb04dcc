//! The bytes that are about to be signed, for whoever wants to check them.

use super::{fingerprint::Hex, icon::Icon};
use leptos::prelude::*;

/// Which order it is, its digest, and every field of it.
#[component]
pub(crate) fn SigningBytes(
    reference: String,
    /// How many bytes, and until when they count.
    about: String,
    digest: Vec<String>,
    json: String,
) -> impl IntoView {
    view! {
        <div class="panel">
            <h2>"What will be signed"</h2>
            <p>
                <strong>{format!("Order {reference}")}</strong>
            </p>
            <p class="note quiet">{about}</p>
            <p class="label">"SHA-256 of those bytes"</p>
            <Hex groups=digest />
            <details>
                <summary>{Icon::More.draw_small()} "Show every field"</summary>
                <div class="note quiet">
                    <p class="fields">{fields(&json)}</p>
                </div>
            </details>
        </div>
    }
}

/// The payload, one field a line, names as they stand in the bytes.
fn fields(json: &str) -> String {
    serde_json::from_str::<serde_json::Value>(json)
        .and_then(|value| serde_json::to_string_pretty(&value))
        .unwrap_or_else(|_| json.to_owned())
}
