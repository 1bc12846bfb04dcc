//! What every page has: a title, a way back, a place to which focus goes.

use super::{error_summary::Errors, icon::Icon};
use crate::device::Device;
use leptos::prelude::*;
use leptos_meta::Title;

/// The main element, to which the skip link and each change of page lead.
pub(crate) const MAIN: &str = "main";

/// `Accounts: Countersign`, with `Error:` in front when the page shows one.
#[component]
pub(crate) fn PageTitle(
    #[prop(into)] words: Signal<String>,
    #[prop(optional)] errors: Option<Errors>,
) -> impl IntoView {
    let once = Device::of_page().keys.once;
    let text = move || {
        let error = if errors.is_some_and(Errors::any) {
            "Error: "
        } else {
            ""
        };
        // A browser's history keeps titles, and some of them name a payee and a sum.
        if once.get() {
            return format!("{error}Used once: Countersign");
        }
        format!("{error}{}: Countersign", words.get())
    };
    view! { <Title text=text /> }
}

/// The way back. A link where there is an address, a button within a journey.
#[component]
pub(crate) fn Back(#[prop(into)] href: String, #[prop(into)] words: String) -> impl IntoView {
    view! {
        <a class="back" href=href>
            {Icon::Back.draw_small()}
            {words}
        </a>
    }
}

/// The way back to an earlier step of the same page: what was typed is kept.
#[component]
pub(crate) fn BackStep(
    #[prop(into)] words: String,
    #[prop(into)] go: Callback<()>,
) -> impl IntoView {
    view! {
        <button class="back back-step" type="button" on:click=move |_| go.run(())>
            {Icon::Back.draw_small()}
            {words}
        </button>
    }
}

/// Puts the focus on the main element, so that a new page is read from its head.
pub(crate) fn focus_main() {
    focus(MAIN);
}

/// Puts the focus on an element, once it is drawn.
pub(crate) fn focus(id: &'static str) {
    #[cfg(feature = "hydrate")]
    request_animation_frame(move || {
        use wasm_bindgen::JsCast as _;
        let element = document().get_element_by_id(id);
        if let Some(element) = element.and_then(|it| it.dyn_into::<web_sys::HtmlElement>().ok()) {
            // An element that takes no focus is no reason to stop.
            let _ = element.focus();
        }
    });
    #[cfg(not(feature = "hydrate"))]
    let _ = id;
}

/// Writes a whole word into a field in which its beginning was typed, and selects what was added: whoever
/// types on writes over it. At once, so that no key falls between the two.
pub(crate) fn complete(id: &str, word: &str, typed: u32) {
    #[cfg(feature = "hydrate")]
    {
        use wasm_bindgen::JsCast as _;
        let element = document().get_element_by_id(id);
        if let Some(input) = element.and_then(|it| it.dyn_into::<web_sys::HtmlInputElement>().ok())
        {
            input.set_value(word);
            let end = u32::try_from(word.len()).unwrap_or(typed);
            // A field that cannot be selected in is no reason to stop.
            let _ = input.set_selection_range(typed, end);
        }
    }
    #[cfg(not(feature = "hydrate"))]
    let _ = (id, word, typed);
}
