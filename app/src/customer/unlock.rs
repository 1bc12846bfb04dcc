//! Unlocking: who it is, and the passphrase of the device.

use crate::{
    customer::carried::{line, safety::WaysBack},
    device::{Device, Stage},
    ui::{
        busy::BusyButton,
        choices::{Choice, Choices},
        error_summary::{ErrorSummary, Errors},
        field::Passphrase,
        icon::Icon,
        page::PageTitle,
        waiting::Waiting,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_navigate;
use message::{Thumbprint, worker::StoredDevice};

const TITLE: &str = "Unlock this device";
const PASSPHRASE: &str = "passphrase";
const WHO: &str = "who";

/// The page of its own: goes on to the accounts once the device is open.
#[component]
pub(crate) fn UnlockPage() -> impl IntoView {
    let device = Device::of_page();
    let navigate = use_navigate();
    let unlocked = device.is_unlocked();
    Effect::new(move |_| {
        if unlocked.get() {
            navigate("/accounts", leptos_router::NavigateOptions::default());
        }
    });
    let starting = Memo::new(move |_| device.stage.with(|stage| *stage == Stage::Starting));
    move || {
        if starting.get() {
            view! {
                <PageTitle words=TITLE.to_owned() />
                <h1 class="visually-hidden">{TITLE}</h1>
                <Waiting words="Looking for your device in this browser" />
            }
            .into_any()
        } else {
            view! { <Unlock /> }.into_any()
        }
    }
}

/// The form, wherever a private page is asked for while the keys are shut.
#[component]
pub(crate) fn Unlock() -> impl IntoView {
    let device = Device::of_page();
    let empty = Memo::new(move |_| device.stored.with(Vec::is_empty));
    move || {
        if empty.get() {
            view! { <NoDevice /> }.into_any()
        } else {
            view! { <Form /> }.into_any()
        }
    }
}

#[component]
fn NoDevice() -> impl IntoView {
    let device = Device::of_page();
    let interrupted = move || device.enrolling.with(|enrolling| !enrolling.is_empty());
    view! {
        <PageTitle words="This browser is not enrolled".to_owned() />
        <div class="narrow flow">
            <h1>"This browser is not enrolled yet"</h1>
            <p>
                "Your accounts can be opened by your own devices only. Make this browser one of them: it takes about three minutes and the activation slip from your bank."
            </p>
            <p class="actions">
                <a class="button button-main" href="/enrol">
                    {move || {
                        if interrupted() { "Go on with your enrolment" } else { "Enrol this browser" }
                    }}
                </a>
                <a class="button" href="/">
                    "How it works"
                </a>
            </p>
            <WaysBack />
        </div>
    }
}

/// What is typed and how it goes.
#[derive(Clone, Copy)]
struct Typed {
    chosen: RwSignal<Option<Thumbprint>>,
    passphrase: RwSignal<String>,
    errors: Errors,
    busy: RwSignal<bool>,
}

impl Typed {
    fn new() -> Self {
        Self {
            chosen: RwSignal::new(None),
            passphrase: RwSignal::default(),
            errors: Errors::new(),
            busy: RwSignal::new(false),
        }
    }

    /// The device that is meant: the only one, or the chosen one.
    fn meant(self, stored: &[StoredDevice]) -> Option<StoredDevice> {
        match stored {
            [only] => Some(only.clone()),
            several => {
                let chosen = self.chosen.get()?;
                several
                    .iter()
                    .find(|device| device.device == chosen)
                    .cloned()
            }
        }
    }

    fn submit(self, device: Device) {
        if self.busy.get_untracked() {
            return;
        }
        let meant = untrack(|| device.stored.with(|stored| self.meant(stored)));
        let mut wrong = Vec::new();
        if meant.is_none() {
            wrong.push((WHO, "Choose who you are".to_owned()));
        }
        if self.passphrase.with_untracked(String::is_empty) {
            wrong.push((PASSPHRASE, "Enter your passphrase".to_owned()));
        }
        let (Some(meant), true) = (meant, wrong.is_empty()) else {
            self.errors.show(wrong);
            return;
        };
        self.errors.clear();
        self.busy.set(true);
        spawn_local(async move {
            let passphrase = self.passphrase.get_untracked();
            // Once it is open this form is gone, and what was typed with it.
            if let Err(failure) = device.unlock(meant, passphrase).await {
                self.busy.set(false);
                self.errors.show(vec![(PASSPHRASE, line(&failure))]);
            }
        });
    }
}

#[component]
fn Form() -> impl IntoView {
    let device = Device::of_page();
    let typed = Typed::new();
    let several = Memo::new(move |_| device.stored.with(|stored| stored.len() > 1));
    let busy = typed.busy;
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        typed.submit(device);
    };
    view! {
        <PageTitle words=TITLE.to_owned() errors=typed.errors />
        <div class="narrow flow">
            <ErrorSummary errors=typed.errors />
            <h1>{TITLE}</h1>
            <form class="flow flow-form" novalidate on:submit=submit>
                {move || {
                    if several.get() {
                        view! { <Who typed=typed /> }.into_any()
                    } else {
                        view! { <Only /> }.into_any()
                    }
                }}
                <Passphrase
                    id=PASSPHRASE
                    label="Passphrase of this device"
                    hint=|| "It opens your keys in this browser’s memory. It is not sent anywhere."
                    value=typed.passphrase
                    errors=typed.errors
                    autocomplete="current-password"
                    of=Signal::derive(move || {
                        let meant = device.stored.with(|stored| typed.meant(stored));
                        meant.map(|it| it.device_name).unwrap_or_default()
                    })
                />
                <p class="actions">
                    <BusyButton busy=busy words="Unlock" meanwhile="Opening your keys" />
                    <a class="button button-plain" href="/keys/import">
                        "I have a key file"
                    </a>
                    <a class="button button-plain" href="/enrol">
                        "Enrol another customer"
                    </a>
                </p>
            </form>
            <Forgotten />
        </div>
    }
}

/// The one device of this browser.
#[component]
fn Only() -> impl IntoView {
    let device = Device::of_page();
    move || {
        device.stored.get().into_iter().next().map(|only| {
            view! {
                <div class="panel panel-sunk">
                    <p class="with-icon">
                        {Icon::Device.draw()} <strong>{only.device_name}</strong>
                    </p>
                    <p class="note quiet">
                        {format!("Enrolled for {} at {}", only.customer_name, only.bank_name)}
                    </p>
                </div>
            }
        })
    }
}

/// Several customers, or several devices of one: nothing is chosen beforehand.
#[component]
fn Who(typed: Typed) -> impl IntoView {
    let device = Device::of_page();
    let choices = move || {
        let stored = device.stored.get().into_iter();
        let choices = stored.map(|stored| {
            let hint = format!("{}, {}", stored.device_name, stored.bank_name);
            Choice {
                value: stored.device,
                name: stored.customer_name,
                hint: ViewFn::from(move || hint.clone()),
            }
        });
        choices.collect::<Vec<_>>()
    };
    move || {
        view! {
            <Choices
                id=WHO
                legend="Who are you?"
                choices=choices()
                chosen=typed.chosen
                errors=typed.errors
            />
        }
    }
}

/// What to do without the passphrase.
#[component]
fn Forgotten() -> impl IntoView {
    view! {
        <details>
            <summary>{Icon::More.draw_small()} "I have forgotten the passphrase"</summary>
            <div class="note flow flow-tight">
                <p>
                    "Nobody can open your keys without it, the bank included. The recovery sheet makes them again, and you choose a new passphrase. Without it, ask the bank to revoke this device and to give you a new activation slip."
                </p>
                <p>
                    <a href="/keys/recover">"Recover with the sheet of 24 words"</a>
                </p>
                <p>
                    <a href="/settings">"Remove a device from this browser"</a>
                </p>
            </div>
        </details>
    }
}
