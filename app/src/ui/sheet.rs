//! A payment is one sheet with two halves; the cut between them tells its state.

use leptos::prelude::*;

/// What the cut says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    /// Nothing is signed yet: one thin grey wave.
    None,
    /// You have signed, the bank has not answered: one black wave.
    Yours,
    /// The receipt is here and its signature holds: a black and a petrol wave.
    Both,
}

impl Cut {
    const fn wave(self) -> &'static str {
        match self {
            Cut::None => concat!(
                r#"<defs><pattern id="cut-none" width="24" height="16" patternUnits="userSpaceOnUse">"#,
                r#"<path class="none" d="M0 8Q6 2 12 8T24 8"/></pattern></defs>"#,
                r##"<rect width="100%" height="16" fill="url(#cut-none)"/>"##
            ),
            Cut::Yours => concat!(
                r#"<defs><pattern id="cut-yours" width="24" height="16" patternUnits="userSpaceOnUse">"#,
                r#"<path class="yours" d="M0 8Q6 2 12 8T24 8"/></pattern></defs>"#,
                r##"<rect width="100%" height="16" fill="url(#cut-yours)"/>"##
            ),
            Cut::Both => concat!(
                r#"<defs><pattern id="cut-both" width="24" height="16" patternUnits="userSpaceOnUse">"#,
                r#"<path class="yours" d="M0 6Q6 0 12 6T24 6"/>"#,
                r#"<path class="theirs" d="M0 10.5Q6 4.5 12 10.5T24 10.5"/></pattern></defs>"#,
                r##"<rect width="100%" height="16" fill="url(#cut-both)"/>"##
            ),
        }
    }

    pub(crate) fn draw(self) -> impl IntoView {
        view! {
            <svg class="cut" aria-hidden="true" focusable="false" inner_html=self.wave()></svg>
        }
    }
}

/// When, by whom, and the five words of the key.
#[component]
pub(crate) fn Signature(#[prop(into)] by: String, words: Option<Vec<String>>) -> impl IntoView {
    view! {
        <p class="signature">
            <span>{by}</span>
            {words.map(|words| view! { " " <strong>{words.join(" ")}</strong> })}
        </p>
    }
}
