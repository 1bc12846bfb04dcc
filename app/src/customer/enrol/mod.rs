//! Enrolment: this browser becomes a device. Slip, keys and the bank's words, passphrase, activation;
//! the steps are held in memory, and nothing is sealed before the words were compared.

mod activate;
mod bank;
mod done;
mod passphrase;
mod resume;
mod slip;

use crate::{
    device::{Device, Stage, persist, tries, words},
    ui::{
        error_summary::{ErrorSummary, Errors},
        page::focus_main,
        steps::Steps,
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::worker::{Answer, Ask, Failure, Profile, StoredDevice, keys::KeysAsk};

/// The steps as they are named above the page.
const STEPS: &[&str] = &[
    "Your slip",
    "Make keys, meet the bank",
    "Passphrase",
    "Activate",
];

/// Where the journey is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Slip,
    Bank,
    Passphrase,
    Activate,
    Done,
}

impl At {
    const fn number(self) -> usize {
        match self {
            At::Slip => 0,
            At::Bank => 1,
            At::Passphrase => 2,
            At::Activate => 3,
            At::Done => 4,
        }
    }
}

/// How far the keys are.
#[derive(Clone, Debug, PartialEq)]
enum Keys {
    /// Not begun.
    None,
    /// The bank is being met.
    Meeting,
    /// The worker is making them.
    Making,
    /// Made and tested.
    Made {
        /// How long it took.
        took_ms: u32,
    },
    /// It did not work.
    Failed(Failure),
}

/// What was typed and where it stands. A handle; it ends with the page.
#[derive(Clone, Copy)]
struct Journey {
    device: Device,
    at: RwSignal<At>,
    locator: RwSignal<String>,
    secret: RwSignal<String>,
    words: RwSignal<String>,
    device_name: RwSignal<String>,
    passphrase: RwSignal<String>,
    errors: Errors,
    keys: RwSignal<Keys>,
    /// Why activation did not work.
    failed: RwSignal<Option<Failure>>,
    /// Whose device it became.
    profile: RwSignal<Option<Profile>>,
    /// Whether this tab has begun, so that what it stores is not taken for an interrupted journey.
    begun: RwSignal<bool>,
}

impl Journey {
    fn new(device: Device) -> Self {
        Self {
            device,
            at: RwSignal::new(At::Slip),
            locator: RwSignal::default(),
            secret: RwSignal::default(),
            words: RwSignal::default(),
            device_name: RwSignal::default(),
            passphrase: RwSignal::default(),
            errors: Errors::new(),
            keys: RwSignal::new(Keys::None),
            failed: RwSignal::new(None),
            profile: RwSignal::new(None),
            begun: RwSignal::new(false),
        }
    }

    /// Goes to a step; what was typed is kept.
    fn go(self, at: At) {
        self.errors.clear();
        self.at.set(at);
        focus_main();
    }

    /// Meets the bank, then makes both keys. Coming back to the step begins nothing twice.
    fn make_keys(self) {
        let under_way = matches!(
            self.keys.get_untracked(),
            Keys::Meeting | Keys::Making | Keys::Made { .. }
        );
        if under_way {
            return;
        }
        self.keys.set(Keys::Meeting);
        self.device.call_helper();
        spawn_local(async move {
            let outcome = self.meet_and_make().await;
            self.device.dismiss_helper();
            let now = match outcome {
                Ok(Answer::KeysMade { took_ms, .. }) => Keys::Made { took_ms },
                Ok(_) | Err(Failure::Locked) => Keys::None,
                Err(failure) => Keys::Failed(failure),
            };
            // The page may have been left.
            let _ = self.keys.try_set(now);
        });
    }

    async fn meet_and_make(self) -> Result<Answer, Failure> {
        self.device.ask(Ask::MeetBank).await?;
        self.keys.try_set(Keys::Making);
        if self.device.keys.foreign.get_untracked() {
            return self.device.ask(Ask::Keys(KeysAsk::MakeBeside)).await;
        }
        self.device.ask(Ask::MakeKeys).await
    }

    /// Ends the worker in the middle of its work; the keys are gone, and a later try makes new ones.
    fn stop_keys(self) {
        self.keys.set(Keys::None);
        self.device.cancel_keys();
        self.go(At::Slip);
    }

    /// The key from the file is not in memory any more, by idleness or by "Stop".
    fn foreign_is_gone(self) {
        if self.at.get_untracked() == At::Done {
            return;
        }
        self.keys.set(Keys::None);
        self.at.set(At::Slip);
        let words = "The key from your file is wiped from memory. Open the file again to use it, or \
                     go on: then both keys are made new";
        self.errors.show(vec![(slip::LOCATOR, words.to_owned())]);
    }

    /// Sends the request with the keys just made.
    fn enrol(self) {
        let ask = Ask::Enrol {
            locator: self.locator.get_untracked(),
            secret: self.secret.get_untracked(),
            device_name: self.device_name.get_untracked(),
            passphrase: self.passphrase.get_untracked(),
        };
        self.activate(ask);
    }

    /// What this tab has stored of its enrolment: other ones may have been interrupted, too.
    fn own(self) -> Option<StoredDevice> {
        let own = self.device.enrols.get_untracked()?;
        let enrolling = self.device.enrolling.get_untracked();
        enrolling.into_iter().find(|stored| stored.device == own)
    }

    /// Waits for the bank. Whatever the slip had wrong leads back to the slip.
    fn activate(self, ask: Ask) {
        self.device.enrols.set(match &ask {
            Ask::ResumeEnrol { device, .. } => Some(device.device),
            _ => None,
        });
        self.failed.set(None);
        self.device.progress.set(None);
        self.begun.set(true);
        self.go(At::Activate);
        spawn_local(async move {
            // Only an interrupted enrolment has a passphrase that was chosen before.
            let asked = match &ask {
                Ask::ResumeEnrol { device, .. } => {
                    tries::attempt(tries::Of::Device(device.device), self.device.ask(ask)).await
                }
                _ => self.device.ask(ask).await,
            };
            match asked {
                Ok(Answer::Unlocked { profile }) => {
                    self.secret.set(String::new());
                    self.passphrase.set(String::new());
                    self.profile.set(Some((*profile).clone()));
                    self.device.opened(profile);
                    persist::ask(self.device);
                    self.go(At::Done);
                }
                Ok(_) => {}
                Err(failure) => self.refused(failure),
            }
        });
    }

    fn refused(self, failure: Failure) {
        match failure {
            Failure::Field { field, words } if field == tries::FIELD => {
                self.begun.set(false);
                self.at.set(At::Slip);
                self.errors.show(vec![(resume::PASSPHRASE, words)]);
            }
            Failure::Field { field, words } => {
                let (at, id) = match field.as_str() {
                    "device_name" => (At::Passphrase, passphrase::DEVICE_NAME),
                    "passphrase" => (At::Passphrase, passphrase::PASSPHRASE),
                    "secret" => (At::Slip, slip::SECRET),
                    _ => (At::Slip, slip::LOCATOR),
                };
                self.at.set(at);
                self.errors.show(vec![(id, words)]);
            }
            Failure::Refused { words, .. } => {
                self.at.set(At::Slip);
                self.errors.show(vec![(slip::LOCATOR, words)]);
            }
            // Only an interrupted enrolment asks for a passphrase that was chosen before.
            Failure::WrongPassphrase => {
                let words = words::line(&failure);
                self.begun.set(false);
                self.at.set(At::Slip);
                self.errors.show(vec![(resume::PASSPHRASE, words)]);
            }
            Failure::WordsNotCompared => {
                self.at.set(At::Bank);
                let words = "Type the five words from your slip again";
                self.errors.show(vec![(bank::WORDS, words.to_owned())]);
            }
            other => self.failed.set(Some(other)),
        }
    }
}

#[component]
pub(crate) fn Enrol() -> impl IntoView {
    let device = Device::of_page();
    let journey = Journey::new(device);
    // Keys that were made and not used are not left in memory when the page is left. A key from a file
    // stays, until it is idle for too long: it cannot be made again.
    on_cleanup(move || {
        device.dismiss_helper();
        let unused = journey.keys.try_with_untracked(|keys| *keys != Keys::None);
        let done = journey.at.try_get_untracked() == Some(At::Done);
        if unused == Some(true) && !done && !device.keys.foreign.get_untracked() {
            device.cancel_keys();
        }
    });
    Effect::new(move |was: Option<bool>| {
        let foreign = device.keys.foreign.get();
        if was == Some(true) && !foreign && device.profile_now().is_none() {
            journey.foreign_is_gone();
        }
        foreign
    });
    // The second worker is there by the time that the slip is typed.
    Effect::new(move |_| {
        if device.stage.with(|stage| *stage == Stage::Locked) {
            device.call_helper();
        }
    });
    let interrupted = Memo::new(move |_| {
        let stored = device.enrolling.get();
        Some(stored).filter(|stored| !stored.is_empty() && !journey.begun.get())
    });
    let starting = Memo::new(move |_| device.stage.with(|stage| *stage == Stage::Starting));
    move || match (journey.at.get(), interrupted.get()) {
        (At::Slip, Some(stored)) if !starting.get() => {
            view! { <resume::Resume journey=journey stored=stored /> }.into_any()
        }
        (At::Slip, _) => view! { <slip::Slip journey=journey /> }.into_any(),
        (At::Bank, _) => view! { <bank::Bank journey=journey /> }.into_any(),
        (At::Passphrase, _) => view! { <passphrase::Choose journey=journey /> }.into_any(),
        (At::Activate, _) => view! { <activate::Activate journey=journey /> }.into_any(),
        (At::Done, _) => view! { <done::Done journey=journey /> }.into_any(),
    }
}

/// The head of each step: what is wrong, where the journey is, and the question.
#[component]
fn StepHead(
    journey: Journey,
    words: &'static str,
    #[prop(optional)] more: Option<&'static str>,
) -> impl IntoView {
    let current = journey.at.get_untracked().number();
    view! {
        <ErrorSummary errors=journey.errors />
        <div class="page-head flow">
            <Steps label="Enrolment" steps=STEPS current=current />
            <h1>{words}</h1>
            {more.map(|more| view! { <p class="quiet">{more}</p> })}
        </div>
    }
}
