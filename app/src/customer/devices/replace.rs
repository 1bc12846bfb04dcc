//! New keys for this device: made here, in use once the bank has confirmed them. A device that is kept
//! in a file alone gets its new file first.

use crate::{
    customer::private::Private,
    device::{Device, files::Picked, words},
    ui::{
        busy::BusyButton,
        drop::Drop,
        error_summary::{ErrorSummary, Errors},
        field::Passphrase,
        fingerprint::LargeWords,
        icon::Icon,
        notice::{Notice, Weight},
        page::{Back, PageTitle, focus_main},
        tag::{Tag, Tone},
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::worker::{Failure, Profile, Step};

const PASSPHRASE: &str = "passphrase";
const FILE: &str = "file";
const TITLE: &str = "Replace this device’s keys";

/// Where the journey is.
#[derive(Clone, PartialEq)]
enum At {
    Begin,
    /// The new file, of this name, is to be saved and chosen again.
    File(String),
    Done(Box<Profile>),
}

/// A handle on everything of this page.
#[derive(Clone, Copy)]
struct Replacing {
    device: Device,
    at: RwSignal<At>,
    /// Used once from a file: nothing of it is kept in this browser.
    once: bool,
    /// There was a file of the old keys.
    had_file: bool,
    passphrase: RwSignal<String>,
    errors: Errors,
    busy: RwSignal<bool>,
}

impl Replacing {
    fn go(self, at: At) {
        self.errors.clear();
        let _ = self.busy.try_set(false);
        let _ = self.at.try_set(at);
        focus_main();
    }

    fn done(self, profile: Box<Profile>) {
        self.go(At::Done(profile.clone()));
        self.device.opened(profile);
    }

    fn failed(self, field: &'static str, failure: &Failure) {
        let _ = self.busy.try_set(false);
        let line = match failure {
            Failure::Field { words, .. } => words.clone(),
            other => words::line(other),
        };
        self.errors.show(vec![(field, line)]);
    }

    fn start(self) {
        if self.busy.get_untracked() {
            return;
        }
        let passphrase = self.passphrase.get_untracked();
        if passphrase.is_empty() {
            let words = "Enter your passphrase".to_owned();
            self.errors.show(vec![(PASSPHRASE, words)]);
            return;
        }
        self.busy.set(true);
        self.errors.clear();
        spawn_local(async move {
            let outcome = if self.once {
                self.device.prepare_keys(passphrase).await.map(At::File)
            } else {
                self.device.replace_keys(passphrase).await.map(At::Done)
            };
            match outcome {
                Ok(At::Done(profile)) => self.done(profile),
                Ok(at) => self.go(at),
                Err(failure) => self.failed(PASSPHRASE, &failure),
            }
        });
    }

    fn read_back(self, picked: Picked) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.errors.clear();
        spawn_local(async move {
            match self.device.finish_keys(picked.file).await {
                Ok(profile) => self.done(profile),
                Err(failure) => self.failed(FILE, &failure),
            }
        });
    }
}

#[component]
pub(crate) fn ReplaceKeys() -> impl IntoView {
    view! {
        <Private title=TITLE>
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let replacing = Replacing {
        device,
        at: RwSignal::new(At::Begin),
        once: device.keys.once.get_untracked(),
        had_file: device
            .keys
            .care
            .with_untracked(|care| care.file_at.is_some()),
        passphrase: RwSignal::default(),
        errors: Errors::new(),
        busy: RwSignal::new(false),
    };
    let waits = device.rotation_waits();
    move || match replacing.at.get() {
        At::Done(profile) => view! { <Done replacing=replacing profile=*profile /> }.into_any(),
        At::File(name) => view! { <KeepFile replacing=replacing name=name /> }.into_any(),
        At::Begin if waits => view! { <Interrupted /> }.into_any(),
        At::Begin => view! { <Form replacing=replacing /> }.into_any(),
    }
}

fn meanwhile(step: Option<(Step, u8)>) -> &'static str {
    match step.map(|(step, _)| step) {
        None | Some(Step::SigningKey) => "Making the signing key",
        Some(Step::EncryptionKey) => "Making the encryption key",
        Some(Step::TestSignature) => "Testing the new keys",
        Some(Step::EncryptKeys) => "Encrypting them",
        Some(Step::AskBank) => "Asking the bank",
        Some(Step::Confirm) => "Confirming",
    }
}

#[component]
fn Form(replacing: Replacing) -> impl IntoView {
    let Replacing {
        device,
        errors,
        busy,
        once,
        ..
    } = replacing;
    let bare = device.keys.are_bare();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        replacing.start();
    };
    let name = device
        .profile_now()
        .map(|it| it.device_name)
        .unwrap_or_default();
    let (first, cut) = if once {
        (
            "New keys are made and put into a new file. You save it and read it back, and only then the bank counts the new keys in place of the old ones.",
            "If it is interrupted before that, the old file still works.",
        )
    } else {
        (
            "New keys are made and saved here. The old ones work until the bank has confirmed the new ones.",
            "If it is interrupted, it goes on when you unlock the device the next time.",
        )
    };
    let words = if once {
        "Make new keys and the new file"
    } else {
        "Make new keys and replace the old ones"
    };
    view! {
        <PageTitle words=TITLE.to_owned() errors=errors />
        <Back href="/devices" words="Devices" />
        <ErrorSummary errors=errors />
        <div class="page-head">
            <h1>{TITLE}</h1>
            <p class="quiet">
                "Do this when somebody may have copied what this browser keeps, or now and then to be careful. If somebody may know the passphrase, change that as well."
            </p>
        </div>
        <div class="narrow flow">
            <ul class="list">
                <li>{first}</li>
                <li>
                    {if bare {
                        "The device keeps its name and what it may do. Its five words change."
                    } else {
                        "The device keeps its name, its passphrase and what it may do. Its five words change."
                    }}
                </li>
                <li>
                    "You get a new recovery sheet. A sheet or a key file from before opens the old keys, which the bank then does not accept any more."
                </li>
                <li>{cut}</li>
                <li>"Payments that the old keys signed are carried out, and their receipts come here."</li>
            </ul>
            <form class="flow flow-form" novalidate on:submit=on_submit>
                <Passphrase
                    id=PASSPHRASE
                    label=if bare { "A passphrase for the new file" } else { "The passphrase of this device" }
                    hint=move || {
                        if bare {
                            "12 characters or more. It encrypts the new keys."
                        } else {
                            "It encrypts the new keys as well"
                        }
                    }
                    value=replacing.passphrase
                    errors=errors
                    autocomplete=if bare { "new-password" } else { "current-password" }
                    of=name
                />
                <p class="actions">
                    <BusyButton busy=busy words=words meanwhile="Working" />
                </p>
                <p class="note quiet" role="status">
                    {move || busy.get().then(|| meanwhile(device.progress.get()))}
                </p>
            </form>
        </div>
    }
}

/// The new file is saved: it is read back before anything is replaced.
#[component]
fn KeepFile(replacing: Replacing, name: String) -> impl IntoView {
    let Replacing { errors, busy, .. } = replacing;
    let picked = Callback::new(move |picked| replacing.read_back(picked));
    view! {
        <PageTitle words="Read the new file back".to_owned() errors=errors />
        <div class="narrow flow">
            <ErrorSummary errors=errors />
            <div class="page-head">
                <h1>"Now read the new file back"</h1>
                <p class="quiet">
                    {format!(
                        "Your browser has saved {name}. Put it on your drive and choose it there: it is opened, its key signs once, and then the bank counts it in place of the old one.",
                    )}
                </p>
            </div>
            <Notice weight=Weight::Accent head="Until then the old file works">
                <p>"Keep the old file until this page says that the new one is in its place."</p>
            </Notice>
            <Drop
                id=FILE
                label="Drop the new file here"
                hint="The file itself, not a link to it"
                errors=errors
                picked=picked
            />
            <p class="note quiet" role="status">
                {move || if busy.get() { "Opening the file, and asking the bank to count its keys" } else { "" }}
            </p>
        </div>
    }
}

#[component]
fn Interrupted() -> impl IntoView {
    let device = Device::of_page();
    view! {
        <PageTitle words=TITLE.to_owned() />
        <Back href="/devices" words="Devices" />
        <div class="narrow flow">
            <h1>"New keys are waiting for the bank"</h1>
            <Notice weight=Weight::Accent head="The old keys still work">
                <p>
                    "New keys for this device are saved here, and the bank has not confirmed them yet. It goes on when you lock the device and unlock it again."
                </p>
            </Notice>
            <p class="actions">
                <button class="button button-main" type="button" on:click=move |_| device.lock(true)>
                    {Icon::Locked.draw()}
                    "Lock, to go on"
                </button>
            </p>
        </div>
    }
}

#[component]
fn Done(replacing: Replacing, profile: Profile) -> impl IntoView {
    let Replacing { once, had_file, .. } = replacing;
    let gone = if once {
        "Nothing that the old keys sign from now on is accepted. Destroy the old file: the new one is in its place."
    } else {
        "Nothing that the old keys sign from now on is accepted. They are removed from this browser."
    };
    let file = (!once).then(|| {
        let words = if had_file {
            "Your key file holds the old keys, and opens nothing any more. Save it anew."
        } else {
            "If you have a key file of this device somewhere, it holds the old keys. Save it anew."
        };
        view! {
            <li>
                <a href="/keys/export">"Save a new key file"</a>
                <p class="note quiet">{words}</p>
            </li>
        }
    });
    view! {
        <PageTitle words="This device has new keys".to_owned() />
        <div class="page-head" role="status">
            <p>
                <Tag tone=Tone::Positive icon=Icon::Checked words="Active" />
            </p>
            <h1>{format!("{} has new keys", profile.device_name)}</h1>
            <p class="quiet">{gone}</p>
        </div>
        <div class="narrow flow">
            <div class="panel" role="group" aria-label="Fingerprint of this device">
                <p class="label">"Its new fingerprint"</p>
                <LargeWords words=profile.words />
            </div>
            <h2>"To do now"</h2>
            <ul class="flow flow-tight">
                <li>
                    <a href="/keys/sheet">"Write down the new recovery sheet"</a>
                    <p class="note quiet">
                        "A sheet from before makes the old keys again, and the bank does not accept those any more. Destroy it."
                    </p>
                </li>
                {file}
            </ul>
            <p class="actions">
                <a class="button button-main button-large" href="/devices">
                    "Go to your devices"
                </a>
            </p>
        </div>
    }
}
