//! A part of a page under a heading, and what stands in it while there is nothing.

use leptos::prelude::*;

#[component]
pub(crate) fn Section(
    /// Of the heading.
    id: &'static str,
    head: &'static str,
    /// At the end of the heading's line.
    #[prop(optional, into)]
    aside: ViewFn,
    #[prop(optional)] class: &'static str,
    children: Children,
) -> impl IntoView {
    view! {
        <section class=class aria-labelledby=id>
            <div class="section-head">
                <h2 id=id>{head}</h2>
                {aside.run()}
            </div>
            {children()}
        </section>
    }
}

/// Says what will appear here, and by whose doing.
#[component]
pub(crate) fn Empty(words: &'static str) -> impl IntoView {
    view! { <p class="empty quiet">{words}</p> }
}

/// The head of a page from which one pays.
#[component]
pub(crate) fn HeadWithPay(words: &'static str) -> impl IntoView {
    view! {
        <div class="page-head row row-ends">
            <h1>{words}</h1>
            <p class="actions">
                <a class="button button-main" href="/pay">
                    "Pay someone"
                </a>
            </p>
        </div>
    }
}
