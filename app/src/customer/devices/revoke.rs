//! Before a device is revoked: what follows from it, why, and then it is signed.

use super::{LastOne, Named, one::order, said::over};
use crate::{
    customer::private::Private,
    device::{Asked, Device, Powers, signs},
    ui::{
        busy::BusyButton,
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look},
        fingerprint::LargeWords,
        notice::CouldNot,
        page::{Back, PageTitle},
    },
};
use leptos::prelude::*;
use leptos_router::{NavigateOptions, hooks::use_navigate};
use message::{device::DeviceChange, text::Label, worker::devices::ListedDevice};

const REASON: &str = "reason";

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
    let errors = Errors::new();
    let asked = Asked::new(device, move || device.load_devices());
    let draw = Callback::new(move |(listed, powers): (ListedDevice, Powers)| {
        view! { <Check listed=listed powers=powers errors=errors /> }.into_any()
    });
    let failed = Signal::derive(move || asked.failed.with(Option::is_some));
    view! {
        <PageTitle words="Revoke a device".to_owned() errors=errors />
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

#[component]
fn Check(listed: ListedDevice, powers: Powers, errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let navigate = use_navigate();
    let busy = RwSignal::new(false);
    let reason = RwSignal::new(String::new());
    let id = listed.view.device;
    let own = device.profile_now().map(|it| it.device) == Some(id);
    let last = signs(&listed) && powers.signing < 2;
    let name = listed.view.name.to_string();
    if over(listed.view.standing) {
        return view! {
            <div class="narrow flow">
                <h1>{format!("{name} does not count any more")}</h1>
                <p>"Nothing it signs is accepted."</p>
            </div>
        }
        .into_any();
    }
    let (done, button) = (
        format!("{name} is revoked: nothing it signs is accepted any more."),
        format!("Sign and revoke {name}"),
    );
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        let Ok(reason) = Label::parse(&reason.get_untracked()) else {
            let words =
                "Say in 1 to 40 characters why you revoke it, for example “Lost on the train”";
            errors.show(vec![(REASON, words.to_owned())]);
            return;
        };
        let change = DeviceChange::Revoke { device: id, reason };
        let navigate = navigate.clone();
        let then = move || navigate("/devices", NavigateOptions::default());
        order(device, change, busy, errors, REASON, done.clone(), then);
    };
    view! {
        <div class="narrow flow">
            <h1>{format!("Revoke {name}?")}</h1>
            <p class="quiet">"Nothing has been signed or sent yet."</p>
            <div class="panel" role="group" aria-label="Fingerprint of the device">
                <p class="label">"The device with these words"</p>
                <LargeWords words=listed.words />
            </div>
            <h2>"What follows"</h2>
            <ul class="list">
                <li>"From the moment the bank countersigns, nothing that it signs is accepted."</li>
                <li>"What reached the bank before that moment is carried out."</li>
                <li>"Its mailbox is shut. Receipts stay on your other devices."</li>
                <li>"It cannot be undone. To use the machine again, add it as a new device."</li>
                <li>"Your other devices are told."</li>
            </ul>
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
                    value=reason
                    errors=errors
                    look=Look { class: "w-half", ..Look::default() }
                />
                <p class="actions">
                    <BusyButton busy=busy words=button meanwhile="Revoking" />
                    <a class="button button-plain" href=format!("/devices/{id}")>
                        "Do not revoke it"
                    </a>
                </p>
            </form>
        </div>
    }
    .into_any()
}
