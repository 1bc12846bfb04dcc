//! "I have a key file": it is recognised, opened into memory, and then it is decided whether it stays
//! in this browser, is used once, or signs for a new device.

mod decide;
mod open;

use crate::{
    device::{
        Device,
        files::{Chosen, Picked},
        keys::{OpenedKeys, RecognisedFile},
    },
    ui::{
        error_summary::{ErrorSummary, Errors},
        page::focus_main,
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::worker::{Failure, keys::FileKind};

const FILE: &str = "file";

/// Nobody was there for long.
const WIPED: &str =
    "The key was wiped from memory, since nothing happened for ten minutes. Choose its file again";

const PASSPHRASE: &str = "passphrase";

/// Where the journey is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Choose,
    Passphrase,
    Decide,
    Foreign,
}

/// What was chosen and typed. A handle; it ends with the page.
#[derive(Clone, Copy)]
struct Bring {
    device: Device,
    at: RwSignal<At>,
    name: RwSignal<String>,
    file: RwSignal<Option<Chosen>>,
    found: RwSignal<Option<RecognisedFile>>,
    opened: RwSignal<Option<OpenedKeys>>,
    passphrase: RwSignal<String>,
    errors: Errors,
    busy: RwSignal<bool>,
}

impl Bring {
    fn go(self, at: At) {
        self.errors.clear();
        self.busy.set(false);
        self.at.set(at);
        focus_main();
    }

    fn failed(self, field: &'static str, failure: &Failure) {
        self.busy.set(false);
        self.errors.show(vec![(field, super::line(failure))]);
    }

    /// A file was chosen: what is it?
    fn picked(self, picked: Picked) {
        if self.busy.get_untracked() {
            return;
        }
        self.errors.clear();
        let file = picked.file;
        // Keys that are open now are another device's: two are never open at once.
        if self.device.profile_now().is_some() {
            self.device.lock(false);
        }
        self.name.set(picked.name);
        self.file.set(Some(file));
        self.busy.set(true);
        spawn_local(async move {
            let found = self.device.recognise(file).await;
            if self.is_left() {
                return;
            }
            match found {
                Ok(found) if found.encrypted => {
                    self.found.set(Some(found));
                    self.go(At::Passphrase);
                }
                Ok(found) => {
                    self.found.set(Some(found));
                    self.open(FILE).await;
                }
                Err(failure) => self.failed(FILE, &failure),
            }
        });
    }

    async fn open(self, field: &'static str) {
        let Some(file) = self.file.get_untracked() else {
            return self.go(At::Choose);
        };
        let passphrase = self.passphrase.get_untracked();
        let opened = self.device.open_file(file, passphrase).await;
        // Nobody is left to decide what becomes of it.
        if self.is_left() {
            return self.device.discard_opened().await;
        }
        match opened {
            Ok(opened) => {
                // Neither is needed any more.
                self.passphrase.set(String::new());
                self.file.set(None);
                let at = match opened.named {
                    Some(_) => At::Decide,
                    None => At::Foreign,
                };
                self.opened.set(Some(opened));
                self.go(at);
            }
            Err(failure) => self.failed(field, &failure),
        }
    }

    /// The page was left while the worker was asked: its signals are gone.
    fn is_left(self) -> bool {
        self.at.try_get_untracked().is_none()
    }

    fn start_over(self) {
        self.passphrase.set(String::new());
        self.file.set(None);
        self.opened.set(None);
        spawn_local(async move { self.device.discard_opened().await });
        self.go(At::Choose);
    }
}

/// What a file is, in words.
fn kind_words(kind: FileKind) -> &'static str {
    match kind {
        FileKind::KeyFile => "A key file of this program",
        FileKind::Pkcs8 => "A private key (PKCS #8)",
        FileKind::LegacyPem => "A private key in OpenSSL’s older form",
        FileKind::Pkcs12 => "A key store (PKCS #12)",
    }
}

#[component]
pub(crate) fn BringPage() -> impl IntoView {
    let bring = Bring {
        device: Device::of_page(),
        at: RwSignal::new(At::Choose),
        name: RwSignal::default(),
        file: RwSignal::new(None),
        found: RwSignal::new(None),
        opened: RwSignal::new(None),
        passphrase: RwSignal::default(),
        errors: Errors::new(),
        busy: RwSignal::new(false),
    };
    // Keys that wait for a decision do not wait when nobody is there, or when the page is left; a foreign
    // key goes along to the enrolment.
    Effect::new(move |held: Option<bool>| {
        let holds = bring.device.keys.held.get();
        let waits = matches!(bring.at.get_untracked(), At::Decide | At::Foreign);
        if held == Some(true) && !holds && waits && !bring.busy.get_untracked() {
            bring.start_over();
            bring.errors.show(vec![(FILE, WIPED.to_owned())]);
        }
        holds
    });
    on_cleanup(move || {
        let keys = bring.device.keys;
        if keys.held.get_untracked() && !keys.foreign.get_untracked() {
            spawn_local(async move { bring.device.discard_opened().await });
        }
    });
    move || match bring.at.get() {
        At::Choose => view! { <open::Choose bring=bring /> }.into_any(),
        At::Passphrase => view! { <open::Open bring=bring /> }.into_any(),
        At::Decide => view! { <decide::Decide bring=bring /> }.into_any(),
        At::Foreign => view! { <decide::Foreign bring=bring /> }.into_any(),
    }
}

/// What is wrong, and the question.
#[component]
fn Head(bring: Bring, words: &'static str, more: &'static str) -> impl IntoView {
    view! {
        <ErrorSummary errors=bring.errors />
        <div class="page-head">
            <h1>{words}</h1>
            <p class="quiet">{more}</p>
        </div>
    }
}
