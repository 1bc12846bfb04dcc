//! The bank checks the slip, sends the certificates, and hears that they have arrived.

use super::{Journey, Where};
use crate::ui::{
    icon::Icon,
    notice::CouldNot,
    page::PageTitle,
    tag::{Tag, Tone},
};
use leptos::prelude::*;
use message::worker::{Ask, Step};

/// The steps of the worker and what they are called here.
const TASKS: [(Step, &str, &str); 3] = [
    (Step::EncryptKeys, "Encrypt your keys", "task-encrypt"),
    (Step::AskBank, "The bank checks your slip", "task-ask"),
    (Step::Confirm, "Confirm the certificates", "task-confirm"),
];

fn place(step: Step) -> Option<usize> {
    TASKS.iter().position(|(it, ..)| *it == step)
}

#[component]
pub(super) fn Activate(journey: Journey) -> impl IntoView {
    let progress = journey.device.progress;
    let now = Memo::new(move |_| {
        let (step, percent) = progress.get()?;
        place(step).map(|at| (at, percent))
    });
    let line = move |(at, (_, name, id)): (usize, (Step, &'static str, &'static str))| {
        view! { <Line at=at now=now name=name id=id /> }
    };
    let again = move |()| match journey.device.enrolling.get_untracked().into_iter().next() {
        // What was stored goes on; without it the same keys ask once more.
        Some(device) => {
            let passphrase = journey.passphrase.get_untracked();
            journey.activate(Ask::ResumeEnrol { device, passphrase });
        }
        None => journey.enrol(),
    };
    view! {
        <PageTitle words="Activating, step 4 of 4".to_owned() />
        <div class="page-head flow">
            <Where journey=journey />
            <h1>"The bank activates this device"</h1>
            <p class="quiet">
                "This takes a few seconds. If it is interrupted, come back to this page: it goes on where it stopped."
            </p>
        </div>
        <div class="narrow flow">
            <div class="panel">
                <ul class="tasks note">{TASKS.into_iter().enumerate().map(line).collect_view()}</ul>
            </div>
            {move || {
                journey
                    .failed
                    .get()
                    .map(|failure| view! { <CouldNot failure=failure again=again /> })
            }}
        </div>
    }
}

#[component]
fn Line(
    at: usize,
    now: Memo<Option<(usize, u8)>>,
    name: &'static str,
    id: &'static str,
) -> impl IntoView {
    // Before the worker says anything, the first task is the one being done.
    let here = move || now.get().unwrap_or((0, 0));
    let is_done = move || here().0 > at || here() == (at, 100);
    // Between the end of one task and the first word of the next, the next is the one being done.
    let is_now = move || !is_done() && (here().0 == at || here() == (at.wrapping_sub(1), 100));
    let percent = move || if here().0 == at { here().1 } else { 0 };
    view! {
        <li>
            {move || {
                if is_done() {
                    Icon::Check.draw().into_any()
                } else if is_now() {
                    view! { <span class="spinner" aria-hidden="true"></span> }.into_any()
                } else {
                    view! { <span class="quiet">{Icon::Clock.draw()}</span> }.into_any()
                }
            }}
            <strong id=id>{name}</strong>
            {move || {
                if is_done() {
                    view! { <Tag tone=Tone::Positive words="Done" /> }.into_any()
                } else if is_now() {
                    view! {
                        <span class="quiet">"Working"</span>
                        <progress
                            class="progress"
                            aria-labelledby=id
                            max="100"
                            value=percent
                        ></progress>
                    }
                        .into_any()
                } else {
                    view! { <span class="quiet">"Waiting"</span> }.into_any()
                }
            }}
        </li>
    }
}
