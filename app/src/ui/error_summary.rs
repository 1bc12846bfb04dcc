//! What is wrong with a form: first in the page, with focus, and the same words at each field.

use super::page::focus;
use leptos::prelude::*;

/// The summary's own id, to which focus goes.
const SUMMARY: &str = "error-summary";

/// The errors of one form: the field's id and how to mend it. A handle.
#[derive(Clone, Copy)]
pub(crate) struct Errors(RwSignal<Vec<(&'static str, String)>>);

impl Errors {
    pub(crate) fn new() -> Self {
        Self(RwSignal::default())
    }

    /// Shows these, and puts the focus on the summary.
    pub(crate) fn show(self, errors: Vec<(&'static str, String)>) {
        let any = !errors.is_empty();
        self.0.set(errors);
        if any {
            focus(SUMMARY);
        }
    }

    /// Nothing is wrong any more.
    pub(crate) fn clear(self) {
        if self.0.with_untracked(|errors| !errors.is_empty()) {
            self.0.set(Vec::new());
        }
    }

    /// Whether anything is wrong.
    pub(crate) fn any(self) -> bool {
        self.0.with(|errors| !errors.is_empty())
    }

    /// How to mend one field.
    pub(crate) fn at(self, id: &str) -> Option<String> {
        self.0.with(|errors| {
            errors
                .iter()
                .find(|(field, _)| *field == id)
                .map(|(_, words)| words.clone())
        })
    }
}

#[component]
pub(crate) fn ErrorSummary(errors: Errors) -> impl IntoView {
    let lines = move || {
        let line = |(field, words): (&'static str, String)| {
            let go = move |event: leptos::ev::MouseEvent| {
                event.prevent_default();
                focus(field);
            };
            view! {
                <li>
                    <a href=format!("#{field}") on:click=go>
                        {words}
                    </a>
                </li>
            }
        };
        errors.0.get().into_iter().map(line).collect_view()
    };
    view! {
        <Show when=move || errors.any()>
            <div
                class="error-summary"
                id=SUMMARY
                role="alert"
                aria-labelledby="error-summary-head"
                tabindex="-1"
            >
                <h2 id="error-summary-head">"There is a problem"</h2>
                <ul>{lines}</ul>
            </div>
        </Show>
    }
}
