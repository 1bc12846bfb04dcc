//! While the keys are made: is this really your bank? Its five words must come from the slip.

use super::{At, Journey, Keys, StepHead};
use crate::{
    PageConfig,
    device::words,
    ui::{
        field::{Field, Look},
        notice::CouldNot,
        page::{BackStep, PageTitle},
        tasks::{Task, TaskLine},
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::worker::{Answer, Ask, Failure, Step};

pub(super) const WORDS: &str = "words";

/// How to mend the words that were typed.
fn mistake(typed: &str, unknown: &[String], bank: &str) -> String {
    let count = typed.split_whitespace().count();
    match (count, unknown) {
        (0, _) => "Enter the five words from your slip".to_owned(),
        (5, []) => format!(
            "These are not the words of {bank}. Check each word and their order. If your slip says \
             exactly this, stop here and call the bank: nothing has been sent"
        ),
        (5, [word]) => format!("Check “{word}”: no slip has this word"),
        (5, words) => format!("Check “{}”: no slip has these words", words.join("”, “")),
        (count, _) => format!("Enter five words: you typed {count}"),
    }
}

fn submit(journey: Journey, bank: String) {
    if !matches!(journey.keys.get_untracked(), Keys::Made { .. }) {
        return;
    }
    let typed = journey.words.get_untracked();
    if typed.split_whitespace().count() != 5 {
        journey
            .errors
            .show(vec![(WORDS, mistake(&typed, &[], &bank))]);
        return;
    }
    spawn_local(async move {
        match journey
            .device
            .ask(Ask::CompareWords {
                typed: typed.clone(),
            })
            .await
        {
            Ok(Answer::Words { fit: true, .. }) => journey.go(At::Passphrase),
            Ok(Answer::Words { unknown, .. }) => {
                journey
                    .errors
                    .show(vec![(WORDS, mistake(&typed, &unknown, &bank))]);
            }
            Ok(_) => {}
            Err(failure) => journey.errors.show(vec![(WORDS, words::of(&failure).text)]),
        }
    });
}

#[component]
pub(super) fn Bank(journey: Journey) -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    let made = Memo::new(move |_| journey.keys.with(|keys| matches!(keys, Keys::Made { .. })));
    let back = Callback::new(move |()| journey.go(At::Slip));
    let label = bank.clone();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submit(journey, bank.clone());
    };
    view! {
        <PageTitle words="Making your keys, step 2 of 4".to_owned() errors=journey.errors />
        <BackStep words="Back to your slip" go=back />
        <StepHead
            journey=journey
            words="While your keys are made: is this really your bank?"
        />
        <div class="columns">
            <aside class="flow aside-first" aria-labelledby="your-keys">
                <YourKeys journey=journey />
            </aside>
            <form class="flow flow-form" novalidate on:submit=on_submit>
                <p>
                    {format!(
                        "Your slip shows five words by which your browser knows {label}. Type them here. They are compared with the words of the key that this page is about to trust. The page does not show them to you: they must come from the slip.",
                    )}
                </p>
                <Field
                    id=WORDS
                    label="The bank’s five words"
                    hint=|| "In the order in which they stand on the slip, with spaces between them"
                    value=journey.words
                    errors=journey.errors
                    look=Look { class: "w-words", ..Look::default() }
                />
                <p class="note quiet">
                    "If your slip and this page do not agree, stop and call the bank. Nothing has been sent."
                </p>
                <p class="actions">
                    <button
                        class="button button-main button-large"
                        type="submit"
                        aria-disabled=move || (!made.get()).then_some("true")
                        aria-describedby="why-not-yet"
                    >
                        "Continue to passphrase"
                    </button>
                    <span id="why-not-yet" class="note quiet">
                        {move || if made.get() { "" } else { "Ready when both keys are made." }}
                    </span>
                </p>
            </form>
        </div>
    }
}

/// How a step of the worker stands, given the step it is in now.
fn task(keys: &Keys, progress: Option<(Step, u8)>, step: Step) -> Task {
    const ORDER: [Step; 3] = [Step::SigningKey, Step::EncryptionKey, Step::TestSignature];
    let place = |step: Step| ORDER.iter().position(|it| *it == step);
    match (keys, progress) {
        (Keys::Made { .. }, _) => Task::Done,
        (Keys::Making, Some((now, percent))) if now == step => Task::Doing(percent),
        (Keys::Making, Some((now, _))) if place(now) > place(step) => Task::Done,
        (Keys::Making, None) if step == Step::SigningKey => Task::Doing(0),
        _ => Task::Waiting,
    }
}

#[component]
fn YourKeys(journey: Journey) -> impl IntoView {
    let progress = journey.device.progress;
    let keys = journey.keys;
    let line = move |step, name: &'static str, id: &'static str| {
        let state = Memo::new(move |_| keys.with(|keys| task(keys, progress.get(), step)));
        view! { <TaskLine state=state name=name id=id done="Made" /> }
    };
    let meeting = Memo::new(move |_| match keys.get() {
        Keys::None | Keys::Failed(_) => Task::Waiting,
        Keys::Meeting => Task::Doing(0),
        Keys::Making | Keys::Made { .. } => Task::Done,
    });
    let failed = move || match keys.get() {
        Keys::Failed(failure) => Some(failure),
        _ => None,
    };
    let said = move || match keys.get() {
        Keys::Made { took_ms } => {
            format!(
                "Both keys are made and tested. It took {} seconds.",
                took_ms.div_ceil(1_000)
            )
        }
        _ => String::new(),
    };
    let stop = move || {
        matches!(keys.get(), Keys::Meeting | Keys::Making).then(|| {
            view! {
                <p class="actions">
                    <button class="button" type="button" on:click=move |_| journey.stop_keys()>
                        "Stop"
                        <span class="visually-hidden">" making keys"</span>
                    </button>
                </p>
            }
        })
    };
    view! {
        <div class="panel">
            <h2 id="your-keys">"Your keys"</h2>
            <p class="note quiet">
                "One signs your orders, one opens what the bank sends you. Both are made here and stay here."
            </p>
            <ul class="tasks note">
                <TaskLine state=meeting name="Meet the bank" id="task-bank" done="Met" />
                {line(Step::SigningKey, "Signing key", "task-signing")}
                {line(Step::EncryptionKey, "Encryption key", "task-encryption")}
                {line(Step::TestSignature, "Test signature", "task-test")}
            </ul>
            <p class="note quiet" role="status">
                {said}
            </p>
            {stop}
        </div>
        {move || {
            failed()
                .map(|failure: Failure| {
                    view! { <CouldNot failure=failure again=move |()| journey.make_keys() /> }
                })
        }}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_mended_one_by_one() {
        assert!(mistake("", &[], "Halden Bank").starts_with("Enter the five words"));
        assert_eq!(
            mistake("one two", &[], "Halden Bank"),
            "Enter five words: you typed 2"
        );
        let unknown = ["coper".to_owned()];
        let words = mistake("coper orchard vivid lantern plum", &unknown, "Halden Bank");
        assert_eq!(words, "Check “coper”: no slip has this word");
        let words = mistake("copper orchard vivid lantern plum", &[], "Halden Bank");
        assert!(words.contains("nothing has been sent"));
    }

    #[test]
    fn tasks_follow_the_worker() {
        let now = Some((Step::EncryptionKey, 40));
        assert_eq!(task(&Keys::Making, now, Step::SigningKey), Task::Done);
        assert_eq!(
            task(&Keys::Making, now, Step::EncryptionKey),
            Task::Doing(40)
        );
        assert_eq!(task(&Keys::Making, now, Step::TestSignature), Task::Waiting);
        assert_eq!(task(&Keys::Meeting, None, Step::SigningKey), Task::Waiting);
        let made = Keys::Made { took_ms: 900 };
        assert_eq!(task(&made, None, Step::TestSignature), Task::Done);
    }
}
