//! The mark: two halves that fit.

use leptos::prelude::*;

const HALVES: &str = "<g transform=\"rotate(24 16 16)\">\
<path class=\"yours\" d=\"M14.9 2.04Q20 6.7 14.9 11.35T14.9 20.65T14.9 29.96A14 14 0 0 1 14.9 2.04Z\"/>\
<path class=\"theirs\" d=\"M17.1 2.04Q22.2 6.7 17.1 11.35T17.1 20.65T17.1 29.96A14 14 0 0 0 17.1 2.04Z\"/></g>";

/// The mark with the word, leading to the start page.
#[component]
pub(crate) fn Brand(#[prop(into)] house: String) -> impl IntoView {
    view! {
        <a class="brand" href="/">
            <svg
                class="mark"
                viewBox="0 0 32 32"
                aria-hidden="true"
                focusable="false"
                inner_html=HALVES
            ></svg>
            <span>"Countersign"</span>
            <span class="brand-house">{house}</span>
        </a>
    }
}
