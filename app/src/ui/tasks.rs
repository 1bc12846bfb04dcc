//! What is being done for somebody who waits: a line each, with how far it is.

use super::{
    icon::Icon,
    tag::{Tag, Tone},
};
use leptos::prelude::*;

/// How one task stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Task {
    Waiting,
    /// With how much of it is done, in per cent.
    Doing(u8),
    Done,
}

impl Task {
    fn percent(self) -> u8 {
        match self {
            Task::Waiting => 0,
            Task::Doing(percent) => percent,
            Task::Done => 100,
        }
    }
}

/// A line of `ul.tasks`.
#[component]
pub(crate) fn TaskLine(
    state: Memo<Task>,
    name: &'static str,
    id: &'static str,
    done: &'static str,
) -> impl IntoView {
    // The line is drawn anew when its kind changes; the bar moves within it.
    let kind = Memo::new(move |_| match state.get() {
        Task::Doing(_) => Task::Doing(0),
        other => other,
    });
    view! {
        <li>
            {move || match kind.get() {
                Task::Done => Icon::Check.draw().into_any(),
                Task::Doing(_) => {
                    view! { <span class="spinner" aria-hidden="true"></span> }.into_any()
                }
                Task::Waiting => {
                    view! { <span class="quiet">{Icon::Clock.draw()}</span> }.into_any()
                }
            }}
            <strong id=id class:quiet=move || kind.get() == Task::Waiting>
                {name}
            </strong>
            {move || match kind.get() {
                Task::Done => view! { <Tag tone=Tone::Positive words=done /> }.into_any(),
                Task::Doing(_) => {
                    view! {
                        <span class="quiet">"Working"</span>
                        <progress
                            class="progress"
                            aria-labelledby=id
                            max="100"
                            value=move || state.get().percent()
                        ></progress>
                    }
                        .into_any()
                }
                Task::Waiting => view! { <span class="quiet">"Waiting"</span> }.into_any(),
            }}
        </li>
    }
}
