//! A state in a word or two, mostly with an icon.

use super::icon::Icon;
use leptos::prelude::*;

/// The verdict that a tag's colour supports; the words say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Tone {
    Plain,
    Hollow,
    Accent,
    Positive,
    Negative,
}

impl Tone {
    const fn class(self) -> &'static str {
        match self {
            Tone::Plain => "tag",
            Tone::Hollow => "tag tag-hollow",
            Tone::Accent => "tag tag-accent",
            Tone::Positive => "tag tag-positive",
            Tone::Negative => "tag tag-negative",
        }
    }
}

#[component]
pub(crate) fn Tag(
    tone: Tone,
    #[prop(optional)] icon: Option<Icon>,
    #[prop(into)] words: String,
) -> impl IntoView {
    view! { <span class=tone.class()>{icon.map(Icon::draw_small)} {words}</span> }
}
