//! Another passphrase: what is stored is encrypted anew, and a fresh key file is offered.

use super::{line, too_short};
use crate::{
    customer::private::Private,
    device::{Device, tries},
    ui::{
        busy::BusyButton,
        error_summary::{ErrorSummary, Errors},
        field::Passphrase,
        page::{Back, PageTitle, focus_main},
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::worker::Failure;

const OLD: &str = "old";
const NEW: &str = "new";

#[component]
pub(crate) fn PassphrasePage() -> impl IntoView {
    view! {
        <Private title="Change the passphrase">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let done = RwSignal::new(false);
    let old = RwSignal::new(String::new());
    let new = RwSignal::new(String::new());
    let errors = Errors::new();
    let busy = RwSignal::new(false);
    let name = device
        .profile_now()
        .map(|it| it.device_name)
        .unwrap_or_default();
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        let (from, to) = (old.get_untracked(), new.get_untracked());
        let mut wrong = Vec::new();
        if from.is_empty() {
            wrong.push((
                OLD,
                "Enter the passphrase that opens the device now".to_owned(),
            ));
        }
        wrong.extend(too_short(&to).map(|words| (NEW, words)));
        if !wrong.is_empty() {
            errors.show(wrong);
            return;
        }
        errors.clear();
        busy.set(true);
        spawn_local(async move {
            let outcome = device.change_passphrase(from, to).await;
            busy.set(false);
            match outcome {
                Ok(()) => {
                    old.set(String::new());
                    new.set(String::new());
                    done.set(true);
                    focus_main();
                }
                Err(failure) => {
                    let at = match &failure {
                        Failure::Field { field, .. } if field != tries::FIELD => NEW,
                        _ => OLD,
                    };
                    errors.show(vec![(at, line(&failure))]);
                }
            }
        });
    };
    let name = StoredValue::new(name);
    move || {
        if done.get() {
            return view! { <Done /> }.into_any();
        }
        view! {
            <PageTitle words="Change the passphrase".to_owned() errors=errors />
            <Back href="/settings" words="Devices" />
            <div class="narrow flow">
                <ErrorSummary errors=errors />
                <div class="page-head">
                    <h1>"Change the passphrase"</h1>
                    <p class="quiet">
                        "The keys stay the same; they are encrypted anew in this browser. Key files that you saved before keep their old passphrase."
                    </p>
                </div>
                <form class="flow flow-form" novalidate on:submit=submit>
                    <Passphrase
                        id=OLD
                        label="Passphrase now"
                        value=old
                        errors=errors
                        autocomplete="current-password"
                        of=Signal::derive(move || name.get_value())
                    />
                    <Passphrase
                        id=NEW
                        label="New passphrase"
                        hint=|| "12 characters or more. Four or five words of your own are good."
                        value=new
                        errors=errors
                        autocomplete="new-password"
                        of=Signal::derive(move || name.get_value())
                    />
                    <p class="actions">
                        <BusyButton busy=busy words="Change the passphrase" meanwhile="Encrypting your keys" />
                    </p>
                </form>
            </div>
        }
        .into_any()
    }
}

#[component]
fn Done() -> impl IntoView {
    view! {
        <PageTitle words="The passphrase is changed".to_owned() />
        <div class="narrow flow">
            <div class="page-head" role="status">
                <h1>"The passphrase is changed"</h1>
                <p class="quiet">
                    "From now on the new one opens this device. A key file that you saved before still opens with the old one: save a fresh file, and destroy the old."
                </p>
            </div>
            <p class="actions">
                <a class="button button-main" href="/keys/export">
                    "Save a fresh key file"
                </a>
                <a class="button button-plain" href="/settings">
                    "Back to Devices"
                </a>
            </p>
        </div>
    }
}
