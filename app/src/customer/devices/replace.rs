//! New keys for this device: made here, in use once the bank has confirmed them.

use crate::{
    customer::private::Private,
    device::{Device, words},
    ui::{
        busy::BusyButton,
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
use message::worker::{Answer, Ask, Failure, Profile, Step, devices::DeviceTask};

const PASSPHRASE: &str = "passphrase";
const TITLE: &str = "Replace this device’s keys";

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
    let done = RwSignal::new(None::<Profile>);
    let waits = device.rotation_waits();
    move || match done.get() {
        Some(profile) => view! { <Done profile=profile /> }.into_any(),
        None if waits => view! { <Interrupted /> }.into_any(),
        None => view! { <Form done=done /> }.into_any(),
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

async fn replace(device: Device, passphrase: String) -> Result<Box<Profile>, Failure> {
    device.progress.set(None);
    device.ask(Ask::MakeKeys).await?;
    match device
        .ask(Ask::Devices(DeviceTask::Replace { passphrase }))
        .await?
    {
        Answer::Unlocked { profile } => Ok(profile),
        _ => Err(Failure::Locked),
    }
}

#[component]
fn Form(done: RwSignal<Option<Profile>>) -> impl IntoView {
    let device = Device::of_page();
    let errors = Errors::new();
    let busy = RwSignal::new(false);
    let passphrase = RwSignal::new(String::new());
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        if busy.get_untracked() {
            return;
        }
        if passphrase.with_untracked(String::is_empty) {
            errors.show(vec![(PASSPHRASE, "Enter your passphrase".to_owned())]);
            return;
        }
        busy.set(true);
        errors.clear();
        spawn_local(async move {
            let outcome = replace(device, passphrase.get_untracked()).await;
            let _ = busy.try_set(false);
            match outcome {
                Ok(profile) => {
                    done.set(Some((*profile).clone()));
                    device.opened(profile);
                    focus_main();
                }
                Err(failure) => errors.show(vec![(PASSPHRASE, words::line(&failure))]),
            }
        });
    };
    let name = device
        .profile_now()
        .map(|it| it.device_name)
        .unwrap_or_default();
    view! {
        <PageTitle words=TITLE.to_owned() errors=errors />
        <Back href="/devices" words="Devices" />
        <ErrorSummary errors=errors />
        <div class="page-head">
            <h1>{TITLE}</h1>
            <p class="quiet">
                "Do this when somebody may have seen the passphrase or copied what this browser keeps, or now and then to be careful."
            </p>
        </div>
        <div class="narrow flow">
            <ul class="list">
                <li>"New keys are made and saved here. The old ones work until the bank has confirmed the new ones."</li>
                <li>"The device keeps its name, its passphrase and what it may do. Its five words change."</li>
                <li>"If it is interrupted, it goes on when you unlock the device the next time."</li>
                <li>"Payments that the old keys signed are carried out, and their receipts come here."</li>
            </ul>
            <form class="flow flow-form" novalidate on:submit=on_submit>
                <Passphrase
                    id=PASSPHRASE
                    label="The passphrase of this device"
                    hint=|| "It encrypts the new keys as well"
                    value=passphrase
                    errors=errors
                    autocomplete="current-password"
                    of=name
                />
                <p class="actions">
                    <BusyButton busy=busy words="Make new keys and replace the old ones" meanwhile="Working" />
                </p>
                <p class="note quiet" role="status">
                    {move || busy.get().then(|| meanwhile(device.progress.get()))}
                </p>
            </form>
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
fn Done(profile: Profile) -> impl IntoView {
    view! {
        <PageTitle words="This device has new keys".to_owned() />
        <div class="page-head" role="status">
            <p>
                <Tag tone=Tone::Positive icon=Icon::Checked words="Active" />
            </p>
            <h1>{format!("{} has new keys", profile.device_name)}</h1>
            <p class="quiet">
                "Nothing that the old keys sign from now on is accepted. They are removed from this browser."
            </p>
        </div>
        <div class="narrow flow">
            <div class="panel" role="group" aria-label="Fingerprint of this device">
                <p class="label">"Its new fingerprint"</p>
                <LargeWords words=profile.words />
            </div>
            <p class="actions">
                <a class="button button-main button-large" href="/devices">
                    "Go to your devices"
                </a>
            </p>
        </div>
    }
}
