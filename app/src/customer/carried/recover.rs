//! The recovery sheet is typed in: the same keys are made again, and the bank says whose device it is.

use super::{line, sheet::LABELS, too_short};
use crate::{
    device::Device,
    ui::{
        busy::BusyButton,
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look, Passphrase},
        page::{Back, PageTitle, complete, focus_main},
        tasks::{Task, TaskLine},
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use message::{
    text::Label,
    worker::{Answer, Ask, Failure, Step},
};

const IDS: [&str; 24] = [
    "w-1", "w-2", "w-3", "w-4", "w-5", "w-6", "w-7", "w-8", "w-9", "w-10", "w-11", "w-12", "w-13",
    "w-14", "w-15", "w-16", "w-17", "w-18", "w-19", "w-20", "w-21", "w-22", "w-23", "w-24",
];
const GENERATION: &str = "generation";
const BANK_WORDS: &str = "bank_words";
const DEVICE_NAME: &str = "device_name";
const PASSPHRASE: &str = "passphrase";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Words,
    Keep,
}

#[derive(Clone, Copy)]
struct Recover {
    device: Device,
    at: RwSignal<At>,
    words: [RwSignal<String>; 24],
    generation: RwSignal<String>,
    bank_words: RwSignal<String>,
    device_name: RwSignal<String>,
    passphrase: RwSignal<String>,
    /// Whose device it is.
    whose: RwSignal<String>,
    errors: Errors,
    busy: RwSignal<bool>,
}

impl Recover {
    /// Typed into one field: all words at once are shared out, four letters are completed.
    fn typed(self, at: usize, text: String) {
        let parts: Vec<String> = text
            .split(|c: char| !c.is_alphabetic())
            .filter(|part| !part.is_empty())
            .map(str::to_owned)
            .collect();
        if parts.len() > 1 {
            let fields = self.words.iter().skip(at);
            fields.zip(parts).for_each(|(field, part)| field.set(part));
            return;
        }
        self.words[at].set(text.clone());
        if text.chars().count() == 4 {
            let device = self.device;
            let field = self.words[at];
            spawn_local(async move {
                if let Some(word) = device.check_word(text.clone()).await
                    && field.try_get_untracked().as_ref() == Some(&text)
                {
                    complete(IDS[at], &word, 4);
                    field.set(word);
                }
            });
        }
    }

    fn submit(self) {
        if self.busy.get_untracked() {
            return;
        }
        let empty = IDS.into_iter().zip(self.words).zip(1..);
        let mut wrong: Vec<(&'static str, String)> = empty
            .filter(|((_, word), _)| word.with_untracked(|word| word.trim().is_empty()))
            .map(|((id, _), place)| (id, format!("Enter word {place}")))
            .take(1)
            .collect();
        let generation = self.generation.get_untracked().trim().parse::<u32>().ok();
        if generation.is_none_or(|it| it == 0) {
            let words = "Enter the generation as it stands on the sheet, mostly 1";
            wrong.push((GENERATION, words.to_owned()));
        }
        if self
            .bank_words
            .with_untracked(|it| it.split_whitespace().count())
            != 5
        {
            let words = "Enter the bank’s five words from the sheet";
            wrong.push((BANK_WORDS, words.to_owned()));
        }
        let (Some(generation), true) = (generation, wrong.is_empty()) else {
            self.errors.show(wrong);
            return;
        };
        self.errors.clear();
        self.device.progress.set(None);
        self.busy.set(true);
        spawn_local(async move {
            if self.device.profile_now().is_some() {
                self.device.lock(false);
            }
            self.device.call_helper();
            let outcome = self.recover(generation).await;
            self.device.dismiss_helper();
            // The page was left meanwhile: nobody is there to decide what becomes of the keys.
            if self.at.try_get_untracked().is_none() {
                return self.device.discard_opened().await;
            }
            self.busy.set(false);
            match outcome {
                Ok(()) => {
                    self.words.iter().for_each(|word| word.set(String::new()));
                    self.at.set(At::Keep);
                    focus_main();
                }
                Err((field, words)) => self.errors.show(vec![(field, words)]),
            }
        });
    }

    async fn recover(self, generation: u32) -> Result<(), (&'static str, String)> {
        let at = |field| move |failure: Failure| (field, line(&failure));
        // Read before anything is waited for: the page may be left.
        let words: Vec<String> = self.words.iter().map(|it| it.get_untracked()).collect();
        let typed = self.bank_words.get_untracked();
        self.device.ask(Ask::MeetBank).await.map_err(at(IDS[0]))?;
        let compared = self.device.ask(Ask::CompareWords { typed }).await;
        if !matches!(
            compared.map_err(at(BANK_WORDS))?,
            Answer::Words { fit: true, .. }
        ) {
            let words = "These are not the words of this bank. Check each word and their order. If the sheet says exactly this, stop here and call the bank";
            return Err((BANK_WORDS, words.to_owned()));
        }
        let opened = self.device.recover(words.join(" "), generation).await;
        let opened = opened.map_err(at(IDS[0]))?;
        let named = opened.named;
        let whose = named.map(|it| it.customer_name).unwrap_or_default();
        let _ = self.whose.try_set(whose);
        Ok(())
    }
}

#[component]
pub(crate) fn RecoverPage() -> impl IntoView {
    let recover = Recover {
        device: Device::of_page(),
        at: RwSignal::new(At::Words),
        words: [(); 24].map(|()| RwSignal::default()),
        generation: RwSignal::new("1".to_owned()),
        bank_words: RwSignal::default(),
        device_name: RwSignal::default(),
        passphrase: RwSignal::default(),
        whose: RwSignal::default(),
        errors: Errors::new(),
        busy: RwSignal::new(false),
    };
    // Keys that wait for a decision do not wait when nobody is there, or when the page is left.
    Effect::new(move |held: Option<bool>| {
        let holds = recover.device.keys.held.get();
        let waits = recover.at.get_untracked() == At::Keep;
        if held == Some(true) && !holds && waits && !recover.busy.get_untracked() {
            recover.at.set(At::Words);
            let words = "The keys were wiped from memory, since nothing happened for ten minutes. Type the words again";
            recover.errors.show(vec![(IDS[0], words.to_owned())]);
        }
        holds
    });
    on_cleanup(move || {
        if recover.device.keys.held.get_untracked() {
            spawn_local(async move { recover.device.discard_opened().await });
        }
    });
    move || match recover.at.get() {
        At::Words => view! { <TypeWords recover=recover /> }.into_any(),
        At::Keep => view! { <Keep recover=recover /> }.into_any(),
    }
}

#[component]
fn TypeWords(recover: Recover) -> impl IntoView {
    let word = |at: usize| {
        let value = recover.words[at];
        let wrong = move || recover.errors.at(IDS[at]).map(|_| "true");
        view! {
            <div class="field">
                <label for=IDS[at]>{LABELS[at]}</label>
                <input
                    class="input input-compact"
                    id=IDS[at]
                    type="text"
                    autocomplete="off"
                    autocapitalize="off"
                    spellcheck="false"
                    aria-invalid=wrong
                    prop:value=move || value.get()
                    on:input:target=move |event| recover.typed(at, event.target().value())
                />
            </div>
        }
    };
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        recover.submit();
    };
    view! {
        <PageTitle words="Recover with the sheet".to_owned() errors=recover.errors />
        <Back href="/unlock" words="Unlock" />
        <div class="narrow flow">
            <ErrorSummary errors=recover.errors />
            <div class="page-head">
                <h1>"What stands on your recovery sheet?"</h1>
                <p class="quiet">
                    "The same keys are made again here, in this page’s memory. The first four letters of a word are enough; you can also paste all words into the first field."
                </p>
            </div>
            <form class="flow flow-form" novalidate on:submit=submit>
                <fieldset>
                    <legend>"The 24 words"</legend>
                    <div class="typed-words">{(0..24).map(word).collect_view()}</div>
                </fieldset>
                <Field
                    id=GENERATION
                    label="Generation"
                    hint=|| "It stands under the bank’s name"
                    value=recover.generation
                    errors=recover.errors
                    look=Look { class: "w-slip", inputmode: Some("numeric"), ..Look::default() }
                />
                <Field
                    id=BANK_WORDS
                    label="The bank’s five words"
                    hint=|| "They stand beside the bank’s name, and show that this is your bank"
                    value=recover.bank_words
                    errors=recover.errors
                    look=Look { class: "w-words", ..Look::default() }
                />
                <p class="actions">
                    <BusyButton busy=recover.busy words="Make the keys again" meanwhile="Making the keys" />
                </p>
            </form>
            <Show when=move || recover.busy.get()>
                <Progress recover=recover />
            </Show>
        </div>
    }
}

#[component]
fn Progress(recover: Recover) -> impl IntoView {
    let progress = recover.device.progress;
    let line = move |step: Step, name: &'static str, id: &'static str| {
        let state = Memo::new(move |_| match (progress.get(), step) {
            (Some((now, percent)), _) if now == step => match percent {
                100 => Task::Done,
                percent => Task::Doing(percent),
            },
            (Some((Step::EncryptionKey, _)), Step::SigningKey) => Task::Done,
            _ => Task::Waiting,
        });
        view! { <TaskLine state=state name=name id=id done="Made" /> }
    };
    view! {
        <div class="panel">
            <ul class="tasks note">
                {line(Step::SigningKey, "Signing key", "task-signing")}
                {line(Step::EncryptionKey, "Encryption key", "task-encryption")}
            </ul>
        </div>
    }
}

#[component]
fn Keep(recover: Recover) -> impl IntoView {
    let device = recover.device;
    let navigate = StoredValue::new(use_navigate());
    let whose = recover.whose.get_untracked();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if recover.busy.get_untracked() {
            return;
        }
        let (name, passphrase) = (
            recover.device_name.get_untracked(),
            recover.passphrase.get_untracked(),
        );
        let mut wrong = Vec::new();
        if Label::parse(&name).is_err() {
            let words = "Enter a name for this device of 1 to 40 characters";
            wrong.push((DEVICE_NAME, words.to_owned()));
        }
        wrong.extend(too_short(&passphrase).map(|words| (PASSPHRASE, words)));
        if !wrong.is_empty() {
            recover.errors.show(wrong);
            return;
        }
        recover.errors.clear();
        recover.busy.set(true);
        spawn_local(async move {
            match device.keep_opened(Some(passphrase), Some(name)).await {
                Ok(()) => {
                    recover.passphrase.set(String::new());
                    navigate.get_value()("/accounts", NavigateOptions::default());
                }
                Err(failure) => {
                    recover.busy.set(false);
                    recover.errors.show(vec![(PASSPHRASE, line(&failure))]);
                }
            }
        });
    };
    view! {
        <PageTitle words="Your keys are back".to_owned() errors=recover.errors />
        <div class="narrow flow">
            <ErrorSummary errors=recover.errors />
            <div class="page-head">
                <h1>"Your keys are back"</h1>
                <p class="quiet">
                    {format!("The bank knows them as a device of {whose}. Choose a passphrase under which they are kept in this browser.")}
                </p>
            </div>
            <form class="flow flow-form" novalidate on:submit=submit>
                <Field
                    id=DEVICE_NAME
                    label="Name of this device"
                    hint=|| "How you recognise it in a list, for example Kitchen laptop"
                    value=recover.device_name
                    errors=recover.errors
                    look=Look { class: "w-half", ..Look::default() }
                />
                <Passphrase
                    id=PASSPHRASE
                    label="Passphrase"
                    hint=|| "12 characters or more. Four or five words of your own are good."
                    value=recover.passphrase
                    errors=recover.errors
                    autocomplete="new-password"
                    of=recover.device_name
                />
                <p class="actions">
                    <BusyButton busy=recover.busy words="Keep it in this browser" meanwhile="Encrypting your keys" />
                </p>
            </form>
        </div>
    }
}
