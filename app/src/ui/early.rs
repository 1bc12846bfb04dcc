//! What somebody did while the program code was still loading stays: the page that the server made is
//! read before it is taken over. Only then, because later a control of this name may be another's.
//! Pressed buttons are held by the page itself (`shell`).

use leptos::prelude::*;

/// The control as the browser has it, while the server's page is being taken over.
#[cfg(feature = "hydrate")]
fn control(id: &str) -> Option<web_sys::HtmlInputElement> {
    use wasm_bindgen::JsCast as _;
    if !Owner::current_shared_context().is_some_and(|context| context.during_hydration()) {
        return None;
    }
    let document = web_sys::window()?.document()?;
    document.get_element_by_id(id)?.dyn_into().ok()
}

/// What was typed.
#[cfg(feature = "hydrate")]
pub(super) fn keep_typed(id: &str, value: RwSignal<String>) {
    let typed = control(id).map(|input| input.value()).unwrap_or_default();
    if !typed.is_empty() && value.with_untracked(String::is_empty) {
        value.set(typed);
    }
}

#[cfg(not(feature = "hydrate"))]
pub(super) fn keep_typed(_id: &str, _value: RwSignal<String>) {}

/// Whether this was chosen.
#[cfg(feature = "hydrate")]
pub(super) fn is_chosen(id: &str) -> bool {
    control(id).is_some_and(|input| input.checked())
}

#[cfg(not(feature = "hydrate"))]
pub(super) fn is_chosen(_id: &str) -> bool {
    false
}

/// The control, when a file was already chosen with it.
#[cfg(feature = "hydrate")]
pub(super) fn with_file(id: &str) -> Option<web_sys::HtmlInputElement> {
    control(id).filter(|input| !input.value().is_empty())
}
