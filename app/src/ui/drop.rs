//! A file: chosen with a button, or dropped. Dropping is never the only way.

use super::{error_summary::Errors, field::FieldError};
use crate::device::files::{Picked, pick};
use leptos::prelude::*;

#[component]
pub(crate) fn Drop(
    id: &'static str,
    label: &'static str,
    hint: &'static str,
    errors: Errors,
    /// Called with each file that is chosen or dropped.
    #[prop(into)]
    picked: Callback<Picked>,
) -> impl IntoView {
    #[cfg(feature = "hydrate")]
    if let Some(input) = super::early::with_file(id) {
        crate::device::files::take(input.into(), picked);
    }
    let over = RwSignal::new(false);
    let error = Memo::new(move |_| errors.at(id));
    let has_error = move || error.with(Option::is_some);
    let (hint_id, error_id) = (format!("{id}-hint"), format!("{id}-error"));
    let described = format!("{hint_id} {error_id}");
    let on_drop = move |event: leptos::ev::DragEvent| {
        event.prevent_default();
        over.set(false);
        pick(&event, "dataTransfer", picked);
    };
    view! {
        <div class="field" class:has-error=has_error>
            {move || {
                let error_id = error_id.clone();
                error.get().map(|words| view! { <FieldError id=error_id words=words /> })
            }}
            <div
                class="drop"
                class:is-over=move || over.get()
                on:dragover=move |event: leptos::ev::DragEvent| {
                    event.prevent_default();
                    over.set(true);
                }
                on:dragleave=move |_| over.set(false)
                on:drop=on_drop
            >
                <label for=id>
                    <strong>{label}</strong>
                </label>
                <p class="note quiet" id=hint_id>
                    {hint}
                </p>
                <input
                    class="visually-hidden"
                    id=id
                    type="file"
                    aria-describedby=described
                    aria-invalid=move || has_error().then_some("true")
                    on:change=move |event| pick(&event, "target", picked)
                />
                <label class="button" for=id>
                    "Choose a file"
                </label>
            </div>
        </div>
    }
}
