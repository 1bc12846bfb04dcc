//! This browser becomes a device that another one approves: the bank's words, keys, a code to type
//! there, and five words to compare. Where there is no other device, a letter for the bank.

mod letter;
mod waiting;

use crate::{
    PageConfig,
    device::{Device, Stage, tries, words},
    ui::{
        busy::BusyButton,
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look, Passphrase},
        fingerprint::LargeWords,
        icon::Icon,
        page::{Back, BackStep, PageTitle, focus_main},
        steps::Steps,
        tag::{Tag, Tone},
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::{
    text::Label,
    worker::{
        Answer, Ask, Failure, Profile, Step, StoredDevice,
        devices::{DeviceAnswer, DeviceTask, JoiningDevice},
    },
};

const WORDS: &str = "words";
const DEVICE_NAME: &str = "device_name";
const PASSPHRASE: &str = "passphrase";
const CHARS_MIN: usize = 12;

const STEPS: &[&str] = &["Meet your bank", "Name and passphrase", "Approve it there"];

/// Where it is.
#[derive(Clone, PartialEq)]
enum At {
    Words,
    Keys,
    Waiting(Box<JoiningDevice>),
    Letter(Box<JoiningDevice>),
    Done(Box<Profile>),
    /// The bank has refused the keys for good.
    Refused,
}

#[derive(Clone, Copy)]
struct Joining {
    device: Device,
    at: RwSignal<At>,
    words: RwSignal<String>,
    device_name: RwSignal<String>,
    passphrase: RwSignal<String>,
    errors: Errors,
    busy: RwSignal<bool>,
    /// Whether this tab has begun, so that what it stores is not taken for an interrupted journey.
    begun: RwSignal<bool>,
    /// Why the waiting has stopped.
    failed: RwSignal<Option<Failure>>,
}

impl Joining {
    fn go(self, at: At) {
        self.errors.clear();
        let _ = self.at.try_set(at);
        focus_main();
    }

    fn compare(self) {
        let typed = self.words.get_untracked();
        let count = typed.split_whitespace().count();
        if count != 5 {
            let words = match count {
                0 => "Enter the five words that your other device shows".to_owned(),
                count => format!("Enter five words: you typed {count}"),
            };
            self.errors.show(vec![(WORDS, words)]);
            return;
        }
        if self.busy.get_untracked() {
            return;
        }
        // Keys that are open now are another device's.
        if self.device.profile_now().is_some() {
            self.device.lock(false);
        }
        self.busy.set(true);
        spawn_local(async move {
            let outcome = self.meet(typed).await;
            let _ = self.busy.try_set(false);
            match outcome {
                Ok(None) => self.go(At::Keys),
                Ok(Some(mistake)) => self.errors.show(vec![(WORDS, mistake)]),
                Err(failure) => self.errors.show(vec![(WORDS, words::line(&failure))]),
            }
        });
    }

    /// What is wrong with the words; none when they fit.
    async fn meet(self, typed: String) -> Result<Option<String>, Failure> {
        self.device.ask(Ask::MeetBank).await?;
        Ok(match self.device.ask(Ask::CompareWords { typed }).await? {
            Answer::Words { fit: true, .. } => None,
            Answer::Words { unknown, .. } if !unknown.is_empty() => Some(format!(
                "Check “{}”: the bank’s words are always from one list, and this is not in it",
                unknown.join("”, “")
            )),
            _ => Some(
                "These are not the words of the bank at this address. Check each word and their \
                 order. If your device shows exactly this, stop and call the bank: nothing has \
                 been sent"
                    .to_owned(),
            ),
        })
    }

    fn join(self) {
        let mut wrong = Vec::new();
        if self
            .device_name
            .with_untracked(|name| Label::parse(name).is_err())
        {
            let words = "Enter a name for this device of 1 to 40 characters";
            wrong.push((DEVICE_NAME, words.to_owned()));
        }
        if self
            .passphrase
            .with_untracked(|it| it.chars().count() < CHARS_MIN)
        {
            let words = format!("Choose a passphrase of {CHARS_MIN} characters or more");
            wrong.push((PASSPHRASE, words));
        }
        if !wrong.is_empty() {
            self.errors.show(wrong);
            return;
        }
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.begun.set(true);
        self.errors.clear();
        self.device.progress.set(None);
        spawn_local(async move {
            let outcome = self.make_and_ask().await;
            let _ = self.busy.try_set(false);
            self.asked(outcome);
        });
    }

    async fn make_and_ask(self) -> Result<Answer, Failure> {
        self.device.ask(Ask::MakeKeys).await?;
        let task = DeviceTask::Join {
            device_name: self.device_name.get_untracked(),
            passphrase: self.passphrase.get_untracked(),
        };
        self.device.ask(Ask::Devices(task)).await
    }

    fn resume(self, device: StoredDevice) {
        let passphrase = self.passphrase.get_untracked();
        if passphrase.is_empty() {
            let words = "Enter the passphrase that you chose";
            self.errors.show(vec![(PASSPHRASE, words.to_owned())]);
            return;
        }
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        spawn_local(async move {
            let of = tries::Of::Device(device.device);
            let task = DeviceTask::ResumeJoin { device, passphrase };
            let outcome = tries::attempt(of, self.device.ask(Ask::Devices(task))).await;
            let _ = self.busy.try_set(false);
            self.begun.set(outcome.is_ok());
            self.asked(outcome);
        });
    }

    fn asked(self, outcome: Result<Answer, Failure>) {
        match outcome {
            Ok(Answer::Devices(DeviceAnswer::Joining { joining })) => {
                self.passphrase.set(String::new());
                self.go(At::Waiting(joining));
                self.wait();
            }
            Ok(_) => {}
            Err(Failure::Field { field, words }) => {
                let id = match field.as_str() {
                    "device_name" => DEVICE_NAME,
                    _ => PASSPHRASE,
                };
                self.errors.show(vec![(id, words)]);
            }
            Err(Failure::Refused { .. }) => self.go(At::Refused),
            Err(failure) => self.errors.show(vec![(PASSPHRASE, words::line(&failure))]),
        }
    }

    /// Waits for the other device, as long as the page stays.
    fn wait(self) {
        self.failed.set(None);
        spawn_local(async move {
            match self.device.ask(Ask::Devices(DeviceTask::AwaitJoin)).await {
                Ok(Answer::Unlocked { profile }) => {
                    self.go(At::Done(profile.clone()));
                    self.device.opened(profile);
                }
                Ok(_) => {}
                Err(Failure::Refused { .. }) => self.go(At::Refused),
                Err(failure) => drop(self.failed.try_set(Some(failure))),
            }
        });
    }
}

#[component]
pub(crate) fn Join() -> impl IntoView {
    let device = Device::of_page();
    let joining = Joining {
        device,
        at: RwSignal::new(At::Words),
        words: RwSignal::default(),
        device_name: RwSignal::default(),
        passphrase: RwSignal::default(),
        errors: Errors::new(),
        busy: RwSignal::new(false),
        begun: RwSignal::new(false),
        failed: RwSignal::new(None),
    };
    on_cleanup(move || {
        // Keys that wait are stored: leaving the page wipes them from memory.
        let begun = joining.begun.try_get_untracked() == Some(true);
        let done = joining
            .at
            .try_with_untracked(|at| matches!(at, At::Done(_)))
            .unwrap_or(true);
        if begun && !done {
            device.cancel_keys();
        }
    });
    let interrupted = Memo::new(move |_| {
        let stored = device.joining.with(|joining| joining.first().cloned());
        let starting = device.stage.with(|stage| *stage == Stage::Starting);
        stored.filter(|_| !joining.begun.get() && !starting)
    });
    move || match (joining.at.get(), interrupted.get()) {
        (At::Words, Some(stored)) => {
            view! { <waiting::Resume joining=joining stored=stored /> }.into_any()
        }
        (At::Words, None) => view! { <BankWords joining=joining /> }.into_any(),
        (At::Keys, _) => view! { <MakeKeys joining=joining /> }.into_any(),
        (At::Waiting(shown), _) => {
            view! { <waiting::Shown joining=joining shown=*shown /> }.into_any()
        }
        (At::Letter(shown), _) => {
            view! { <letter::Letter joining=joining shown=*shown /> }.into_any()
        }
        (At::Done(profile), _) => view! { <Done profile=*profile /> }.into_any(),
        (At::Refused, _) => view! { <waiting::Refused joining=joining /> }.into_any(),
    }
}

#[component]
fn Head(joining: Joining, step: usize, #[prop(into)] words: String) -> impl IntoView {
    view! {
        <ErrorSummary errors=joining.errors />
        <div class="page-head flow">
            <Steps label="Adding this browser" steps=STEPS current=step />
            <h1>{words}</h1>
        </div>
    }
}

#[component]
fn BankWords(joining: Joining) -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        joining.compare();
    };
    view! {
        <PageTitle words="Meet your bank, step 1 of 3".to_owned() errors=joining.errors />
        <Back href="/" words="How it works" />
        <Head joining=joining step=0 words="Add this browser with another device of yours" />
        <form class="narrow flow flow-form" novalidate on:submit=on_submit>
            <p>
                {format!(
                    "Take a device with which you already use {bank}. There, open Devices and choose “Add a device”. It shows five words: type them here. They tell this browser that it is talking to your bank.",
                )}
            </p>
            <Field
                id=WORDS
                label="The bank’s five words"
                hint=|| "In the order in which your other device shows them, with spaces between them"
                value=joining.words
                errors=joining.errors
                look=Look { class: "w-words", ..Look::default() }
            />
            <p class="actions">
                <BusyButton busy=joining.busy words="Compare" meanwhile="Comparing" />
            </p>
            <p class="note quiet">
                "No other device? "
                <a href="/enrol">"Enrol with a slip from the bank"</a>
                ". Or type the five words from any paper of the bank: you can print a letter with this browser’s fingerprint instead, and take it to the bank."
            </p>
        </form>
    }
}

fn meanwhile(step: Option<(Step, u8)>) -> &'static str {
    match step.map(|(step, _)| step) {
        None | Some(Step::SigningKey) => "Making the signing key. This takes some seconds.",
        Some(Step::EncryptionKey) => "Making the encryption key. This takes some seconds.",
        Some(Step::TestSignature) => "Testing the keys.",
        Some(Step::EncryptKeys) => "Encrypting the keys with your passphrase.",
        Some(Step::AskBank | Step::Confirm) => "Showing the keys to the bank.",
    }
}

#[component]
fn MakeKeys(joining: Joining) -> impl IntoView {
    let back = Callback::new(move |()| joining.go(At::Words));
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        joining.join();
    };
    view! {
        <PageTitle words="Name and passphrase, step 2 of 3".to_owned() errors=joining.errors />
        <BackStep words="Back to the bank’s words" go=back />
        <Head joining=joining step=1 words="Name this device and lock its keys" />
        <form class="narrow flow flow-form" novalidate on:submit=on_submit>
            <p class="quiet">
                "The words fit: this is your bank. Your keys are made in this browser and encrypted with a passphrase that only you know."
            </p>
            <Field
                id=DEVICE_NAME
                label="Name of this device"
                hint=|| "How you recognise it in a list, for example Phone"
                value=joining.device_name
                errors=joining.errors
                look=Look { class: "w-half", ..Look::default() }
            />
            <Passphrase
                id=PASSPHRASE
                label="Passphrase"
                hint=|| "12 characters or more. Four or five words of your own are good. A password manager may keep it."
                value=joining.passphrase
                errors=joining.errors
                autocomplete="new-password"
                of=joining.device_name
            />
            <p class="actions">
                <BusyButton busy=joining.busy words="Make the keys" meanwhile="Making the keys" />
            </p>
            <p class="note quiet" role="status">
                {move || joining.busy.get().then(|| meanwhile(joining.device.progress.get()))}
            </p>
        </form>
    }
}

#[component]
fn Done(profile: Profile) -> impl IntoView {
    view! {
        <PageTitle words="This device is active".to_owned() />
        <div class="page-head" role="status">
            <p>
                <Tag tone=Tone::Positive icon=Icon::Checked words="Active" />
            </p>
            <h1>{format!("{} is now your device", profile.device_name)}</h1>
            <p class="quiet">
                {format!(
                    "{} has certified its keys for {}. Your other devices are told.",
                    profile.bank_name,
                    profile.customer_name,
                )}
            </p>
        </div>
        <div class="narrow flow">
            <div class="panel" role="group" aria-label="Fingerprint of this device">
                <p class="label">"Fingerprint of this device"</p>
                <LargeWords words=profile.words />
            </div>
            <p class="actions">
                <a class="button button-main button-large" href="/accounts">
                    "Go to your accounts"
                </a>
            </p>
        </div>
    }
}
