//! Before a device is revoked: why, then what exactly will be signed and what follows from it. The check
//! page is drawn from the bytes, by the worker that signs them.

use super::{LastOne, Named, one::ordered, said::over};
use crate::{
    customer::private::Private,
    device::{Asked, Device, Powers, signs, words},
    ui::{
        busy::BusyButton,
        day,
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look},
        fingerprint::{LargeWords, Words},
        icon::Icon,
        notice::CouldNot,
        page::{Back, BackStep, PageTitle, focus_main},
        signing::SigningBytes,
        summary::Row,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use message::{
    device::DeviceChange,
    text::Label,
    worker::{
        Answer, Ask, Failure,
        devices::{ChangeDraft, DeviceAnswer, DeviceTask, ListedDevice},
    },
};

const REASON: &str = "reason";

/// The button, to which the error summary leads.
const SIGN: &str = "sign";

/// What was typed, and what the worker has made of it.
#[derive(Clone, Copy)]
struct Revoking {
    device: Device,
    reason: RwSignal<String>,
    /// While it is here, the check page shows.
    draft: RwSignal<Option<ChangeDraft>>,
    errors: Errors,
    busy: RwSignal<bool>,
}

#[component]
pub(crate) fn Revoke() -> impl IntoView {
    view! {
        <Private title="Revoke a device">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let revoking = Revoking {
        device,
        reason: RwSignal::default(),
        draft: RwSignal::new(None),
        errors: Errors::new(),
        busy: RwSignal::new(false),
    };
    let errors = revoking.errors;
    let asked = Asked::new(device, move || device.load_devices());
    let draw = Callback::new(move |(listed, powers): (ListedDevice, Powers)| {
        view! { <Parts revoking=revoking listed=listed powers=powers /> }.into_any()
    });
    let failed = Signal::derive(move || asked.failed.with(Option::is_some));
    let back = Callback::new(move |()| revoking.go(None));
    view! {
        <PageTitle words="Revoke a device".to_owned() errors=errors />
        {move || match revoking.draft.with(Option::is_some) {
            true => view! { <BackStep words="Back to why" go=back /> }.into_any(),
            false => view! { <Back href="/devices" words="Devices" /> }.into_any(),
        }}
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

impl Revoking {
    fn go(self, draft: Option<ChangeDraft>) {
        self.errors.clear();
        self.draft.set(draft);
        focus_main();
    }

    /// Has the worker make the bytes.
    fn prepare(self, listed: &ListedDevice) {
        if self.busy.get_untracked() {
            return;
        }
        let Ok(reason) = Label::parse(&self.reason.get_untracked()) else {
            let words =
                "Say in 1 to 40 characters why you revoke it, for example “Lost on the train”";
            self.errors.show(vec![(REASON, words.to_owned())]);
            return;
        };
        let device = listed.view.device;
        let change = DeviceChange::Revoke { device, reason };
        self.busy.set(true);
        spawn_local(async move {
            let asked = self.device.ask(Ask::Devices(DeviceTask::Draft { change }));
            let asked = asked.await;
            let _ = self.busy.try_set(false);
            match asked {
                Ok(Answer::Devices(DeviceAnswer::Drafted { draft })) => self.go(Some(*draft)),
                Ok(_) => {}
                Err(failure) => self.errors.show(vec![(REASON, words::line(&failure))]),
            }
        });
    }

    fn sign(self, draft: &ChangeDraft, name: &str, then: impl FnOnce() + 'static) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.errors.clear();
        let id = draft.id;
        let done = format!("{name} is revoked: nothing it signs is accepted any more.");
        spawn_local(async move {
            let asked = self.device.ask(Ask::Devices(DeviceTask::SignDraft { id }));
            let outcome = asked.await.map(|_| self.device.changed());
            let _ = self.busy.try_set(false);
            let at = match outcome {
                // The draft is used up: what was typed makes another.
                Err(Failure::NoDraft) => {
                    self.go(None);
                    REASON
                }
                _ => SIGN,
            };
            ordered(self.device, outcome, self.errors, at, done, then);
        });
    }
}

#[component]
fn Parts(revoking: Revoking, listed: ListedDevice, powers: Powers) -> impl IntoView {
    if over(listed.view.standing) {
        return view! {
            <div class="narrow flow">
                <h1>{format!("{} does not count any more", listed.view.name)}</h1>
                <p>"Nothing it signs is accepted."</p>
            </div>
        }
        .into_any();
    }
    (move || match revoking.draft.get() {
        None => view! { <Why revoking=revoking listed=listed.clone() powers=powers /> }.into_any(),
        Some(draft) => {
            view! { <Check revoking=revoking draft=draft listed=listed.clone() /> }.into_any()
        }
    })
    .into_any()
}

#[component]
fn Why(revoking: Revoking, listed: ListedDevice, powers: Powers) -> impl IntoView {
    let id = listed.view.device;
    let own = revoking.device.profile_now().map(|it| it.device) == Some(id);
    let last = signs(&listed) && powers.signing < 2;
    let name = listed.view.name.to_string();
    let words = listed.words.clone();
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        revoking.prepare(&listed);
    };
    view! {
        <div class="narrow flow">
            <h1>{format!("Why do you revoke {name}?")}</h1>
            <p class="quiet">
                "Revoking is for ever. If the device may turn up again, suspend it instead."
            </p>
            <div class="panel panel-sunk">
                <p class="with-icon">{Icon::Device.draw()} <strong>{name}</strong></p>
                <Words words=words />
            </div>
            {own
                .then(|| {
                    view! {
                        <p>
                            <strong>"This is the device in your hands. "</strong>
                            "You are signed out of your accounts here when it is done."
                        </p>
                    }
                })}
            {last.then(|| view! { <LastOne /> })}
            <form class="flow flow-form" novalidate on:submit=on_submit>
                <Field
                    id=REASON
                    label="Why you revoke it"
                    hint=|| "In a few words, for you and the bank: Lost, Sold, New phone"
                    value=revoking.reason
                    errors=revoking.errors
                    look=Look { class: "w-half", ..Look::default() }
                />
                <p class="actions">
                    <BusyButton busy=revoking.busy words="Continue" meanwhile="Making the order" />
                    <a class="button button-plain" href=format!("/devices/{id}")>
                        "Do not revoke it"
                    </a>
                </p>
            </form>
        </div>
    }
}

/// Everything here that names the device is read back from the bytes, but for the name by which the
/// customer knows it.
#[component]
fn Check(revoking: Revoking, draft: ChangeDraft, listed: ListedDevice) -> impl IntoView {
    let navigate = use_navigate();
    let reason = match &draft.change {
        DeviceChange::Revoke { device, reason } if *device == listed.view.device => {
            reason.to_string()
        }
        // The address was changed to another device meanwhile.
        _ => {
            revoking.go(None);
            return ().into_any();
        }
    };
    let name = listed.view.name.to_string();
    let (button, heading) = (
        format!("Sign and revoke {name}"),
        format!("Check, then revoke {name}"),
    );
    let about = format!(
        "{} bytes, void after {}",
        draft.bytes,
        day::time(draft.void_after)
    );
    let signed = draft.clone();
    let called = name.clone();
    let sign = move |_| {
        let navigate = navigate.clone();
        let then = move || navigate("/devices", NavigateOptions::default());
        revoking.sign(&signed, &called, then);
    };
    view! {
        <div class="page-head">
            <h1>{heading}</h1>
            <p class="quiet">
                "Nothing has been signed or sent. What you read here is exactly what your device will sign."
            </p>
        </div>
        <div class="columns columns-act">
            <div class="flow flow-wide">
                <div class="panel" role="group" aria-label="Fingerprint of the device">
                    <p class="label">"The device with these words is revoked"</p>
                    <LargeWords words=draft.words />
                </div>
                <dl class="summary">
                    <Row term="You call it">
                        {name}
                    </Row>
                    <Row term="Why">{reason}</Row>
                    <Row term="To">{draft.bank.to_string()}</Row>
                </dl>
                <WhatFollows />
            </div>
            <aside class="flow" aria-label="Before you sign">
                <SigningBytes
                    reference=draft.id.reference()
                    about=about
                    digest=draft.digest
                    json=draft.json
                />
            </aside>
            <p class="actions">
                <BusyButton busy=revoking.busy words=button meanwhile="Revoking" id=SIGN kind="button" on:click=sign />
                <a class="button button-plain" href=format!("/devices/{}", listed.view.device)>
                    "Do not revoke it"
                </a>
            </p>
        </div>
    }
    .into_any()
}

#[component]
fn WhatFollows() -> impl IntoView {
    view! {
        <div class="flow">
            <h2>"What follows"</h2>
            <ul class="list">
                <li>"From the moment the bank countersigns, nothing that it signs is accepted."</li>
                <li>"What reached the bank before that moment is carried out."</li>
                <li>"Its mailbox is shut. Receipts stay on your other devices."</li>
                <li>"It cannot be undone. To use the machine again, add it as a new device."</li>
                <li>"Your other devices are told."</li>
            </ul>
        </div>
    }
}
