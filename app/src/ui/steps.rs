//! Where in a journey you are.

use super::icon::Icon;
use leptos::prelude::*;

#[component]
pub(crate) fn Steps(
    label: &'static str,
    steps: &'static [&'static str],
    /// From 0; what is before it is done.
    current: usize,
) -> impl IntoView {
    let item = move |(at, words): (usize, &&'static str)| {
        let number = if at < current {
            Icon::Check.draw_small().into_any()
        } else {
            (at + 1).to_string().into_any()
        };
        let done = (at < current).then(|| view! { <span class="visually-hidden">"Done: "</span> });
        view! {
            <li class:done=at < current aria-current=(at == current).then_some("step")>
                <span class="n">{number}</span>
                {done}
                <span>{*words}</span>
            </li>
        }
    };
    view! {
        <ol class="steps" aria-label=label>
            {steps.iter().enumerate().map(item).collect_view()}
        </ol>
    }
}
