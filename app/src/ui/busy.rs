//! A button that says what it does, and then that it is being done.

use leptos::prelude::*;

/// The main button of a form.
#[component]
pub(crate) fn BusyButton(
    busy: RwSignal<bool>,
    #[prop(into)] words: String,
    /// While it is busy.
    meanwhile: &'static str,
    #[prop(optional)] id: Option<&'static str>,
    /// `button` where a press does something; otherwise it submits its form.
    #[prop(default = "submit")]
    kind: &'static str,
) -> impl IntoView {
    view! {
        <button
            class="button button-main button-large"
            class:is-busy=move || busy.get()
            id=id
            type=kind
            aria-disabled=move || busy.get().then_some("true")
        >
            {move || busy.get().then(|| view! { <span class="spinner" aria-hidden="true"></span> })}
            {move || if busy.get() { meanwhile.to_owned() } else { words.clone() }}
        </button>
    }
}
