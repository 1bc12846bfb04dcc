//! The moment between a question and its answer.

use super::notice::CouldNot;
use crate::device::Asked;
use leptos::prelude::*;

/// Says what is being waited for.
#[component]
pub(crate) fn Waiting(#[prop(into)] words: String) -> impl IntoView {
    view! {
        <p class="waiting quiet" role="status">
            <span class="spinner" aria-hidden="true"></span>
            {words}
        </p>
    }
}

/// A line above what is shown when it could not be brought up to date; the whole place when there is
/// nothing to show yet.
#[component]
pub(crate) fn AskedState(
    asked: Asked,
    /// Whether an earlier answer is on the page.
    #[prop(into)]
    shown: Signal<bool>,
    #[prop(into)] words: String,
) -> impl IntoView {
    move || match (asked.failed.get(), shown.get()) {
        (Some(failure), _) => {
            view! { <CouldNot failure=failure again=move |()| asked.again() /> }.into_any()
        }
        (None, false) => view! { <Waiting words=words.clone() /> }.into_any(),
        (None, true) => ().into_any(),
    }
}
