//! An address without a page.

use crate::ui::page::PageTitle;
use leptos::prelude::*;

#[component]
pub(crate) fn NotFound() -> impl IntoView {
    // The server answers with the status that the words say.
    #[cfg(feature = "ssr")]
    if let Some(response) = use_context::<leptos_axum::ResponseOptions>() {
        response.set_status(http_not_found());
    }
    view! {
        <PageTitle words="Page not found".to_owned() />
        <div class="narrow flow">
            <h1>"There is no page at this address"</h1>
            <p>"Check the address if you typed it. If you followed a link from us, it is our mistake."</p>
            <p class="actions">
                <a class="button button-main" href="/accounts">
                    "Go to accounts"
                </a>
                <a class="button" href="/">
                    "Go to the start page"
                </a>
            </p>
        </div>
    }
}

/// 404, by way of the conversion, so that this crate needs no HTTP crate of its own.
#[cfg(feature = "ssr")]
fn http_not_found<S: TryFrom<u16> + Default>() -> S {
    S::try_from(404).unwrap_or_default()
}
