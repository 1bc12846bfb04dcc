//! What happened, in the order in which it happened: black dots for your acts, petrol for the bank's.

use super::{day, icon::Icon};
use leptos::prelude::*;
use message::Timestamp;

/// How far an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Done by you.
    Yours,
    /// Done by the bank.
    Theirs,
    /// Being waited for.
    Now,
    /// Comes later.
    Later,
    /// Ended without payment.
    Failed,
}

impl Phase {
    const fn class(self) -> &'static str {
        match self {
            Phase::Yours => "done",
            Phase::Theirs => "done theirs",
            Phase::Now => "now",
            Phase::Later => "later",
            Phase::Failed => "failed",
        }
    }

    const fn icon(self) -> Option<Icon> {
        match self {
            Phase::Yours | Phase::Theirs => Some(Icon::Check),
            Phase::Failed => Some(Icon::Cross),
            Phase::Now | Phase::Later => None,
        }
    }
}

/// One line of a timeline.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Event {
    pub(crate) phase: Phase,
    pub(crate) what: &'static str,
    pub(crate) at: Option<Timestamp>,
    pub(crate) more: String,
}

#[component]
pub(crate) fn Timeline(events: Vec<Event>) -> impl IntoView {
    let item = |event: Event| {
        let time = event
            .at
            .map(|at| view! { <time datetime=day::machine(at)>{day::time(at)}</time> });
        view! {
            <li class=event.phase.class()>
                <span class="dot">{event.phase.icon().map(Icon::draw_small)}</span>
                <h3>{event.what} {time}</h3>
                <p>{event.more}</p>
            </li>
        }
    };
    view! { <ol class="timeline">{events.into_iter().map(item).collect_view()}</ol> }
}
