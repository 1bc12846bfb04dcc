//! One device: what it is, and what can be changed about it.

use super::{
    LastOne, Named,
    said::{came, may, over, standing, used},
};
use crate::{
    customer::private::Private,
    device::{Asked, Device, Powers, signs, words},
    ui::{
        busy::BusyButton,
        day,
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look},
        fingerprint::LargeWords,
        notice::CouldNot,
        page::{Back, PageTitle, focus},
        section::Section,
        summary::Row,
        tag::{Tag, Tone},
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::{
    device::{DeviceChange, Rights, Standing},
    text::Label,
    worker::{Failure, devices::ListedDevice},
};

const NAME: &str = "new_name";
const ACT: &str = "act";
const CONFIRM: &str = "confirm-act";

#[component]
pub(crate) fn OneDevice() -> impl IntoView {
    view! {
        <Private title="Device">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let asked = Asked::new(device, move || device.load_devices());
    let errors = Errors::new();
    let draw = Callback::new(move |(listed, powers): (ListedDevice, Powers)| {
        view! { <Parts listed=listed powers=powers errors=errors /> }.into_any()
    });
    let failed = Signal::derive(move || asked.failed.with(Option::is_some));
    view! {
        <PageTitle words="Device".to_owned() errors=errors />
        <Back href="/devices" words="Devices" />
        <ErrorSummary errors=errors />
        {move || {
            asked
                .failed
                .get()
                .map(|failure| view! { <CouldNot failure=failure again=move |()| asked.again() /> })
        }}
        <Named draw=draw shown=failed />
    }
}

/// Orders a change, and says what came of it.
pub(super) fn order(
    device: Device,
    change: DeviceChange,
    busy: RwSignal<bool>,
    errors: Errors,
    at: &'static str,
    done: String,
    then: impl FnOnce() + 'static,
) {
    if busy.get_untracked() {
        return;
    }
    busy.set(true);
    errors.clear();
    spawn_local(async move {
        let outcome = device.order(change).await;
        let _ = busy.try_set(false);
        ordered(device, outcome, errors, at, done, then);
    });
}

/// Says what came of an order. One that could not be sent is saved, and goes on by itself.
pub(super) fn ordered(
    device: Device,
    outcome: Result<(), Failure>,
    errors: Errors,
    at: &'static str,
    done: String,
    then: impl FnOnce(),
) {
    let words = match outcome {
        Ok(()) => done,
        Err(Failure::NoLine | Failure::NoAnswer) => {
            "Signed and saved. The bank cannot be reached now: it is sent again by itself."
                .to_owned()
        }
        Err(failure) => return errors.show(vec![(at, words::line(&failure))]),
    };
    device.say(words);
    then();
}

#[component]
fn Parts(listed: ListedDevice, powers: Powers, errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let own = device.profile_now().map(|it| it.device) == Some(listed.view.device);
    let view = listed.view.clone();
    let changeable = !over(view.standing) && (powers.signs || own);
    let not_here = (!over(view.standing) && !powers.signs && !own).then(|| {
        view! {
            <p class="note quiet">
                "This device may only look. Use a device that may sign to change anything here."
            </p>
        }
    });
    view! {
        <div class="page-head">
            <h1>{view.name.to_string()}</h1>
            <p class="row">
                {own.then(|| view! { <Tag tone=Tone::Accent words="This device" /> })}
                {standing(view.standing)}
            </p>
        </div>
        <div class="columns">
            <div class="flow flow-wide">
                <Facts listed=listed.clone() />
                {not_here}
                {changeable
                    .then(|| view! { <Changes listed=listed own=own powers=powers errors=errors /> })}
            </div>
        </div>
    }
}

#[component]
fn Facts(listed: ListedDevice) -> impl IntoView {
    let ListedDevice { view, words } = listed;
    let day = |at: i64| format!("{}, {}", day::date(at), day::minute(at));
    let added = format!(
        "{}, {}",
        day(view.active_at.unwrap_or(view.requested_at)),
        came(view.enrolled_by)
    );
    let used = used(&view);
    view! {
        <div class="panel" role="group" aria-label="Fingerprint of this device">
            <p class="label">"Fingerprint"</p>
            <LargeWords words=words />
        </div>
        <dl class="summary">
            <Row term="Added">
                {added}
            </Row>
            <Row term="Last used">{used}</Row>
            <Row term="Rights">{may(view.rights)}</Row>
            {view
                .certificates_until
                .map(|at| view! { <Row term="Certificates end">{day::date(at)}</Row> })}
            {view.ended_at.map(|at| view! { <Row term="Since">{day(at)}</Row> })}
        </dl>
    }
}

/// What can be done about it, from the mildest to the last.
#[component]
fn Changes(listed: ListedDevice, own: bool, powers: Powers, errors: Errors) -> impl IntoView {
    let view = &listed.view;
    let id = view.device;
    let last = signs(&listed) && powers.signing < 2;
    let pausable = view.standing == Standing::Active;
    let suspended = view.standing == Standing::Suspended;
    let settled = pausable || suspended;
    let rename = settled.then(|| view! { <Rename listed=listed.clone() errors=errors /> });
    let rights =
        (settled && powers.signs).then(|| view! { <Allow listed=listed.clone() errors=errors /> });
    let pause = (pausable || (suspended && powers.signs))
        .then(|| view! { <Pause listed=listed.clone() own=own errors=errors /> });
    view! {
        {rename}
        {last.then(|| view! { <LastOne /> })}
        {rights}
        {pause}
        <Section id="revoke" head="Revoke" class="flow">
            <p class="note">
                "For ever: when the device is lost, sold, or somebody else knows its passphrase."
            </p>
            <p class="actions">
                <a class="button button-danger" href=format!("/devices/{id}/revoke")>
                    "Revoke"
                    <span class="visually-hidden">{format!(" {}", listed.view.name)}</span>
                </a>
            </p>
        </Section>
    }
}

#[component]
fn Rename(listed: ListedDevice, errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let id = listed.view.device;
    let name = RwSignal::new(listed.view.name.to_string());
    let busy = RwSignal::new(false);
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Ok(label) = Label::parse(&name.get_untracked()) else {
            let words = "Enter a name for this device of 1 to 40 characters";
            errors.show(vec![(NAME, words.to_owned())]);
            return;
        };
        let done = format!("The device is called {label} now.");
        let change = DeviceChange::Rename {
            device: id,
            name: label,
        };
        order(device, change, busy, errors, NAME, done, || ());
    };
    view! {
        <Section id="rename" head="Name" class="flow">
            <form class="flow flow-form" novalidate on:submit=on_submit>
                <Field
                    id=NAME
                    label="Name of this device"
                    hint=|| "Your other devices are told of it"
                    value=name
                    errors=errors
                    look=Look { class: "w-half", ..Look::default() }
                />
                <p class="actions">
                    <button class="button" type="submit" aria-disabled=move || busy.get().then_some("true")>
                        {move || if busy.get() { "Renaming" } else { "Rename" }}
                    </button>
                </p>
            </form>
        </Section>
    }
}

#[component]
fn Allow(listed: ListedDevice, errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let busy = RwSignal::new(false);
    let view = listed.view;
    let (to, button, words) = match view.rights {
        Rights::Sign => (
            Rights::View,
            "Let it only look",
            "It goes on showing accounts and receipts, and signs nothing.",
        ),
        Rights::View => (
            Rights::Sign,
            "Let it sign payments",
            "Whoever has it and its passphrase can then pay in your name, and manage your devices.",
        ),
    };
    let act = move |_| {
        let done = match to {
            Rights::Sign => format!("{} may sign payments now.", view.name),
            Rights::View => format!("{} may only look now.", view.name),
        };
        let change = DeviceChange::Allow {
            device: view.device,
            rights: to,
        };
        order(device, change, busy, errors, "allow-act", done, || ());
    };
    view! {
        <Section id="allow" head="What it may do" class="flow">
            <p class="note">{words}</p>
            <p class="actions">
                <button
                    class="button"
                    type="button"
                    id="allow-act"
                    aria-disabled=move || busy.get().then_some("true")
                    on:click=act
                >
                    {button}
                </button>
            </p>
        </Section>
    }
}

#[component]
fn Pause(listed: ListedDevice, own: bool, errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let busy = RwSignal::new(false);
    let asking = RwSignal::new(false);
    let view = listed.view;
    let (id, name) = (view.device, StoredValue::new(view.name.to_string()));
    if view.standing == Standing::Suspended {
        let resume = move |_| {
            let done = format!("{} counts again.", name.get_value());
            order(
                device,
                DeviceChange::Resume { device: id },
                busy,
                errors,
                ACT,
                done,
                || (),
            );
        };
        return view! {
            <Section id="pause" head="Resume" class="flow">
                <p class="note">
                    "It shows and signs again at once. Do it only when the device is in your hands."
                </p>
                <p class="actions">
                    <BusyButton busy=busy words=format!("Resume {}", name.get_value()) meanwhile="Resuming" id=ACT kind="button" on:click=resume />
                </p>
            </Section>
        }
        .into_any();
    }
    let suspend = move |_| {
        let done = format!("{} is suspended.", name.get_value());
        let then = move || {
            let _ = asking.try_set(false);
        };
        order(
            device,
            DeviceChange::Suspend { device: id },
            busy,
            errors,
            CONFIRM,
            done,
            then,
        );
    };
    let ask = move |_| {
        asking.set(true);
        focus(CONFIRM);
    };
    let keep = move |_| {
        asking.set(false);
        focus(ACT);
    };
    view! {
        <Section id="pause" head="Suspend" class="flow">
            <p class="note">
                "At once, until you resume it: it shows nothing and signs nothing. Payments that it signed before are carried out."
            </p>
            {own
                .then(|| {
                    view! {
                        <p class="note">
                            "This is the device in your hands: only another device or the bank can resume it."
                        </p>
                    }
                })}
            {move || {
                if asking.get() {
                    view! {
                        <p class="actions" role="group" aria-label="Suspend it now?">
                            <button
                                class="button button-danger"
                                type="button"
                                id=CONFIRM
                                aria-disabled=move || busy.get().then_some("true")
                                on:click=suspend
                            >
                                {move || {
                                    if busy.get() {
                                        "Suspending".to_owned()
                                    } else {
                                        format!("Yes, suspend {} now", name.get_value())
                                    }
                                }}
                            </button>
                            <button class="button" type="button" on:click=keep>
                                "Leave it active"
                            </button>
                        </p>
                    }
                        .into_any()
                } else {
                    view! {
                        <p class="actions">
                            <button class="button" type="button" id=ACT on:click=ask>
                                "Suspend"
                                <span class="visually-hidden">
                                    {format!(" {}", name.get_value())}
                                </span>
                            </button>
                        </p>
                    }
                        .into_any()
                }
            }}
        </Section>
    }
    .into_any()
}
