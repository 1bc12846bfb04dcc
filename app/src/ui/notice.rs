//! Something to know: at most one a view.

use super::icon::Icon;
use crate::device::words;
use leptos::prelude::*;
use message::worker::Failure;

/// How serious it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Weight {
    Accent,
    Warning,
    Negative,
}

impl Weight {
    const fn class(self) -> &'static str {
        match self {
            Weight::Accent => "notice notice-accent",
            Weight::Warning => "notice notice-warning",
            Weight::Negative => "notice notice-negative",
        }
    }

    const fn icon(self) -> Icon {
        match self {
            Weight::Accent => Icon::Info,
            Weight::Warning | Weight::Negative => Icon::Warning,
        }
    }
}

#[component]
pub(crate) fn Notice(
    weight: Weight,
    #[prop(into)] head: String,
    children: Children,
) -> impl IntoView {
    view! {
        <div class=weight.class()>
            {weight.icon().draw()} <div>
                <h2>{head}</h2>
                {children()}
            </div>
        </div>
    }
}

/// What did not work, and a way to try again.
#[component]
pub(crate) fn CouldNot(failure: Failure, #[prop(into)] again: Callback<()>) -> impl IntoView {
    let said = words::of(&failure);
    view! {
        <div role="alert" class="flow">
            <Notice weight=Weight::Warning head=said.head>
                <p>{said.text}</p>
            </Notice>
            <p class="actions">
                <button class="button" type="button" on:click=move |_| again.run(())>
                    "Try again"
                </button>
            </p>
        </div>
    }
}
