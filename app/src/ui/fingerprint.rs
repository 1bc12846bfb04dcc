//! Keys as people compare them: five words, and digests in groups of four.

use leptos::prelude::*;

/// Five words in a line of text.
#[component]
pub(crate) fn Words(words: Vec<String>) -> impl IntoView {
    let items = words
        .into_iter()
        .map(|word| view! { <li>{word}</li> " " })
        .collect_view();
    view! {
        <div class="note">
            <ol class="words words-inline" role="list">
                {items}
            </ol>
        </div>
    }
}

/// Five words in boxes with numbers, to be compared.
#[component]
pub(crate) fn LargeWords(words: Vec<String>) -> impl IntoView {
    let items = words
        .into_iter()
        .map(|word| view! { <li>{word}</li> " " })
        .collect_view();
    view! {
        <ol class="words words-large" role="list">
            {items}
        </ol>
    }
}

/// A digest in groups of four.
#[component]
pub(crate) fn Hex(
    groups: Vec<String>,
    /// Eight groups in a row where there is room.
    #[prop(optional)]
    wide: bool,
) -> impl IntoView {
    let items = groups
        .into_iter()
        .map(|group| view! { <span>{group}</span> " " })
        .collect_view();
    view! { <p class=if wide { "hex hex-wide" } else { "hex" }>{items}</p> }
}
