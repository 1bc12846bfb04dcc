//! Questions and answers, one a row.

use leptos::prelude::*;

/// A row of a summary list.
#[component]
pub(crate) fn Row(
    #[prop(into)] term: String,
    /// A way to change it: what is changed, for screen readers, and how.
    #[prop(optional)]
    change: Option<(&'static str, Callback<()>)>,
    children: Children,
) -> impl IntoView {
    let change = change.map(|(item, go)| {
        view! {
            <dd class="change">
                <button class="link" type="button" on:click=move |_| go.run(())>
                    "Change"
                    <span class="visually-hidden">" " {item}</span>
                </button>
            </dd>
        }
    });
    view! {
        <div>
            <dt>{term}</dt>
            <dd>{children()}</dd>
            {change}
        </div>
    }
}
