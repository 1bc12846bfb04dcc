//! The bank checks the slip, sends the certificates, and hears that they have arrived.

use super::{Journey, StepHead};
use crate::ui::{
    notice::CouldNot,
    page::PageTitle,
    tasks::{Task, TaskLine},
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
        let state = Memo::new(move |_| task(at, now.get()));
        view! { <TaskLine state=state name=name id=id done="Done" /> }
    };
    let again = move |()| match journey.own() {
        // What was stored goes on; without it the same keys ask once more.
        Some(device) => {
            let passphrase = journey.passphrase.get_untracked();
            journey.activate(Ask::ResumeEnrol { device, passphrase });
        }
        None => journey.enrol(),
    };
    view! {
        <PageTitle words="Activating, step 4 of 4".to_owned() />
        <StepHead
            journey=journey
            words="The bank activates this device"
            more="This takes a few seconds. If it is interrupted, come back to this page: it goes on where it stopped."
        />
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

/// How a task stands, given the task that the worker is at.
fn task(at: usize, now: Option<(usize, u8)>) -> Task {
    // Before the worker says anything, the first task is the one being done.
    let now = now.unwrap_or((0, 0));
    if now.0 > at || now == (at, 100) {
        Task::Done
    } else if now.0 == at {
        Task::Doing(now.1)
    } else if now == (at.wrapping_sub(1), 100) {
        // Between the end of one task and the first word of the next.
        Task::Doing(0)
    } else {
        Task::Waiting
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_task_is_being_done_at_any_time() {
        assert_eq!(
            [0, 1].map(|at| task(at, None)),
            [Task::Doing(0), Task::Waiting]
        );
        let tasks = [0, 1, 2].map(|at| task(at, Some((0, 100))));
        assert_eq!(tasks, [Task::Done, Task::Doing(0), Task::Waiting]);
        let tasks = [0, 1, 2].map(|at| task(at, Some((2, 50))));
        assert_eq!(tasks, [Task::Done, Task::Done, Task::Doing(50)]);
    }
}
