//! What becomes of a key that was opened.

use super::{
    super::{line, too_short},
    Bring, FILE, Head, PASSPHRASE,
};
use crate::{
    device::tries,
    ui::{
        busy::BusyButton,
        choices::{Choice, Choices},
        field::{Field, Look, Passphrase},
        fingerprint::Words,
        icon::Icon,
        notice::{Notice, Weight},
        page::{BackStep, PageTitle},
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use message::{
    text::Label,
    worker::{Failure, keys::FileKind},
};

const WHAT: &str = "what";
const DEVICE_NAME: &str = "device_name";

/// What can be done with a device that was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Keep,
    Once,
}

fn choices() -> Vec<Choice<What>> {
    let choice = |value, name: &str, hint: &'static str| Choice {
        value,
        name: name.to_owned(),
        hint: ViewFn::from(move || hint),
    };
    vec![
        choice(
            What::Once,
            "Use it on this computer once",
            "For a computer that is not yours. The keys are wiped when you lock, leave or do nothing for ten minutes, and nothing stays behind.",
        ),
        choice(
            What::Keep,
            "Keep it in this browser",
            "For a computer of yours. It is stored here encrypted, and opens with a passphrase.",
        ),
    ]
}

#[component]
pub(super) fn Decide(bring: Bring) -> impl IntoView {
    let device = bring.device;
    let opened = bring.opened.get_untracked();
    let whole = opened
        .as_ref()
        .is_some_and(|it| it.kind == Some(FileKind::KeyFile));
    let named = opened.as_ref().and_then(|it| it.named.clone());
    let about = named
        .as_ref()
        .map(|it| format!("{}, at {}", it.customer_name, it.bank_name));
    let name = named.map(|it| it.device_name).unwrap_or_default();
    let needs_name = name.is_empty();
    let shown = if needs_name {
        bring.name.get_untracked()
    } else {
        name.clone()
    };
    let words = opened.map(|it| it.words).unwrap_or_default();
    let what = RwSignal::new(None::<What>);
    let device_name = RwSignal::new(name);
    let navigate = StoredValue::new(use_navigate());
    let back = Callback::new(move |()| bring.start_over());
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if bring.busy.get_untracked() {
            return;
        }
        let typed = bring.passphrase.get_untracked();
        let mut wrong = Vec::new();
        match what.get_untracked() {
            None => wrong.push((WHAT, "Choose what becomes of this key".to_owned())),
            Some(What::Keep) => {
                if needs_name && device_name.with_untracked(|name| Label::parse(name).is_err()) {
                    let words = "Enter a name for this device of 1 to 40 characters";
                    wrong.push((DEVICE_NAME, words.to_owned()));
                }
                let short = too_short(&typed).filter(|_| !whole || !typed.is_empty());
                wrong.extend(short.map(|words| (PASSPHRASE, words)));
            }
            Some(What::Once) => {}
        }
        if !wrong.is_empty() {
            bring.errors.show(wrong);
            return;
        }
        bring.errors.clear();
        bring.busy.set(true);
        let once = what.get_untracked() == Some(What::Once);
        spawn_local(async move {
            let outcome = if once {
                device.use_opened_once().await
            } else {
                let passphrase = Some(typed).filter(|it| !it.is_empty());
                let name = needs_name.then(|| device_name.get_untracked());
                device.keep_opened(passphrase, name).await
            };
            bring.passphrase.set(String::new());
            match outcome {
                Ok(()) => {
                    if let Some(profile) = device.profile_now() {
                        tries::forget(profile.device);
                    }
                    let go = navigate.get_value();
                    let options = NavigateOptions {
                        replace: true,
                        ..NavigateOptions::default()
                    };
                    go("/accounts", options);
                }
                // The bank takes nothing from this device: its keys are wiped already.
                Err(failure @ Failure::NotUsable { .. }) => {
                    bring.start_over();
                    bring.failed(FILE, &failure);
                }
                Err(failure) => {
                    bring.busy.set(false);
                    let at = match &failure {
                        Failure::Field { field, .. } if field == DEVICE_NAME => DEVICE_NAME,
                        Failure::Field { .. } => PASSPHRASE,
                        _ => WHAT,
                    };
                    bring.errors.show(vec![(at, line(&failure))]);
                }
            }
        });
    };
    view! {
        <PageTitle words="What becomes of this key".to_owned() errors=bring.errors />
        <BackStep words="Another file" go=back />
        <div class="narrow flow">
            <Head
                bring=bring
                words="What becomes of this key?"
                more="It is open in this page’s memory. Nothing has been stored."
            />
            <div class="panel panel-sunk">
                <p class="with-icon">{Icon::Device.draw()} <strong>{shown}</strong></p>
                <p class="note quiet">{about}</p>
                <Words words=words />
            </div>
            <form class="flow flow-form" novalidate on:submit=submit>
                <Choices
                    id=WHAT
                    legend="Where are you?"
                    choices=choices()
                    chosen=what
                    errors=bring.errors
                />
                <Show when=move || what.get() == Some(What::Keep)>
                    <Show when=move || needs_name>
                        <Field
                            id=DEVICE_NAME
                            label="Name of this device"
                            hint=|| "How you recognise it in a list, for example Kitchen laptop"
                            value=device_name
                            errors=bring.errors
                            look=Look { class: "w-half", ..Look::default() }
                        />
                    </Show>
                    <Passphrase
                        id=PASSPHRASE
                        label="Passphrase in this browser"
                        hint=move || {
                            if whole {
                                "Leave it empty to keep the passphrase of the file. A new one has 12 characters or more."
                            } else {
                                "12 characters or more. It encrypts the keys in this browser."
                            }
                        }
                        value=bring.passphrase
                        errors=bring.errors
                        autocomplete="new-password"
                        of=device_name
                    />
                </Show>
                <p class="actions">
                    <BusyButton busy=bring.busy words="Continue" meanwhile="Asking the bank" />
                </p>
            </form>
        </div>
    }
}

/// A key that is no device at this bank yet.
#[component]
pub(super) fn Foreign(bring: Bring) -> impl IntoView {
    let opened = bring.opened.get_untracked();
    let was_encrypted = opened.as_ref().is_none_or(|it| it.was_encrypted);
    let words = opened.map(|it| it.words).unwrap_or_default();
    let back = Callback::new(move |()| bring.start_over());
    let navigate = use_navigate();
    let enrol = move |_| {
        bring.device.keys.foreign.set(true);
        navigate("/enrol", NavigateOptions::default());
    };
    view! {
        <PageTitle words="A key that is no device yet".to_owned() errors=bring.errors />
        <BackStep words="Another file" go=back />
        <div class="narrow flow">
            <Head
                bring=bring
                words="This key is not a device of yours yet"
                more="It can become the signing key of a new one. You need an activation slip from the bank."
            />
            {(!was_encrypted)
                .then(|| {
                    view! {
                        <Notice weight=Weight::Warning head="This key was not encrypted">
                            <p>
                                "Whoever finds the file can sign with it. Here it is encrypted with a passphrase that you choose. Delete the file afterwards, and every copy of it."
                            </p>
                        </Notice>
                    }
                })}
            <div class="panel" role="group" aria-label="Fingerprint of this key">
                <p class="label">"Fingerprint of this key"</p>
                <Words words=words />
            </div>
            <ul class="bullets">
                <li>"Your key signs. A second key, for what the bank sends you, is made beside it."</li>
                <li>
                    "There is no recovery sheet for a key that was made elsewhere. Save a key file after enrolling, or replace the keys later: the new ones come with a sheet."
                </li>
            </ul>
            <p class="actions">
                <button class="button button-main button-large" type="button" on:click=enrol>
                    "Enrol with this key"
                </button>
            </p>
        </div>
    }
}
