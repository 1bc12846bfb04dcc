//! Devices: this one, the others in this browser, when it locks, and how to remove one. What is in the
//! browser's storage shows without a passphrase, so that a forgotten one can be dealt with.

use super::{carried::safety::Safety, devices::ends::EndsSoon};
use crate::{
    PageConfig,
    device::{Device, Stage},
    ui::{
        day,
        dialog::Dialog,
        fingerprint::LargeWords,
        icon::Icon,
        page::{PageTitle, focus_main},
        section::{Empty, Section},
        summary::Row,
        tag::{Tag, Tone},
        waiting::Waiting,
    },
};
use leptos::prelude::*;
use message::{
    Thumbprint,
    worker::{Profile, StoredDevice},
};

#[component]
pub(crate) fn Settings() -> impl IntoView {
    let device = Device::of_page();
    let starting = Memo::new(move |_| device.stage.with(|stage| *stage == Stage::Starting));
    // The device that is about to be removed.
    let removing = RwSignal::new(None::<StoredDevice>);
    let list = move || {
        if starting.get() {
            return view! { <Waiting words="Looking for devices in this browser" /> }.into_any();
        }
        view! {
            <div class="columns">
                <div class="flow flow-wide">
                    <EndsSoon />
                    {move || device.profile().map(|profile| view! { <This profile=profile /> })}
                    <InThisBrowser removing=removing />
                </div>
                <aside class="flow" aria-label="How this device is kept">
                    {move || device.is_unlocked().get().then(|| view! { <Safety /> })}
                    <Bringing />
                    <Kept />
                </aside>
            </div>
        }
        .into_any()
    };
    view! {
        <PageTitle words="This browser".to_owned() />
        <div class="page-head">
            <h1>"This browser"</h1>
            <p class="quiet">
                "What this browser keeps, and how to remove it. "
                <a href="/devices">"All your devices"</a>
            </p>
        </div>
        {list}
        <Remove removing=removing />
    }
}

/// The device that is open now.
#[component]
fn This(profile: Profile) -> impl IntoView {
    let device = Device::of_page();
    let owner = format!(
        "{}, customer {}",
        profile.customer_name, profile.customer_number
    );
    view! {
        <Section
            id="this-device"
            head="This device"
            class="flow"
            aside=|| view! { <Tag tone=Tone::Accent icon=Icon::Unlocked words="Unlocked" /> }
        >
            <dl class="summary">
                <Row term="Name">
                    {profile.device_name.clone()}
                </Row>
                <Row term="Belongs to">{owner}</Row>
                <Row term="Bank">
                    {format!("{}, {}", profile.bank_name, profile.bank)}
                </Row>
                <Row term="Enrolled">
                    {format!("{}, {}", day::long(profile.enrolled_at), day::minute(profile.enrolled_at))}
                </Row>
            </dl>
            <div class="panel" role="group" aria-label="Fingerprint of this device">
                <p class="label">"Fingerprint of this device"</p>
                <LargeWords words=profile.words />
                <p class="note quiet">
                    "These five words stand beside everything this device signs. When you call the bank about this device, say them."
                </p>
            </div>
            <p class="actions">
                <button class="button" type="button" on:click=move |_| device.ask_to_lock()>
                    {Icon::Locked.draw()}
                    "Lock now"
                </button>
            </p>
        </Section>
    }
}

#[component]
fn InThisBrowser(removing: RwSignal<Option<StoredDevice>>) -> impl IntoView {
    let device = Device::of_page();
    let own = move || device.profile().map(|profile| profile.device);
    let lines = move || {
        let own = own();
        let stored = device.stored.get();
        if stored.is_empty() {
            let words = "None yet. Enrol this browser with the activation slip from your bank.";
            return view! { <Empty words=words /> }.into_any();
        }
        let line = |it: StoredDevice| {
            let is_own = own == Some(it.device);
            view! { <Line stored=it is_own=is_own removing=removing /> }
        };
        view! { <ul>{stored.into_iter().map(line).collect_view()}</ul> }.into_any()
    };
    let interrupted = move || {
        let left = device.enrolling.get();
        (!left.is_empty()).then(|| {
            view! {
                <p class="note">
                    "An enrolment was interrupted. "
                    <a href="/enrol">"Go on with it, or give it up"</a>
                </p>
            }
        })
    };
    view! {
        <Section
            id="in-this-browser"
            head="In this browser"
            aside=|| view! { <a class="note" href="/enrol">"Enrol another"</a> }
        >
            {lines}
            {interrupted}
        </Section>
    }
}

#[component]
fn Line(
    stored: StoredDevice,
    is_own: bool,
    removing: RwSignal<Option<StoredDevice>>,
) -> impl IntoView {
    let name = stored.device_name.clone();
    let about = format!(
        "{} at {}, enrolled {}",
        stored.customer_name,
        stored.bank_name,
        day::date(stored.enrolled_at)
    );
    let remove = move |_| removing.set(Some(stored.clone()));
    view! {
        <li class="device">
            <div class="row">
                <h3 class="with-icon">{Icon::Device.draw()} {name.clone()}</h3>
                {if is_own {
                    view! { <Tag tone=Tone::Accent words="Open now" /> }.into_any()
                } else {
                    view! { <Tag tone=Tone::Hollow icon=Icon::Locked words="Locked" /> }.into_any()
                }}
            </div>
            <p class="note quiet">{about}</p>
            <p class="device-act">
                <button class="button button-danger" type="button" on:click=remove>
                    "Forget"
                    <span class="visually-hidden">{format!(" {name}")}</span>
                </button>
            </p>
        </li>
    }
}

/// Says what removing does before it is done. It cannot be undone.
#[component]
fn Remove(removing: RwSignal<Option<StoredDevice>>) -> impl IntoView {
    let device = Device::of_page();
    let keep = Callback::new(move |()| removing.set(None));
    let open = Signal::derive(move || removing.with(Option::is_some));
    let name = move || removing.get().map(|it| it.device_name).unwrap_or_default();
    let customer = move || {
        removing
            .get()
            .map(|it| it.customer_name)
            .unwrap_or_default()
    };
    let id = move || removing.get_untracked().map(|it| it.device);
    let forget = move |_| {
        let id: Option<Thumbprint> = id();
        let name = untrack(name);
        removing.set(None);
        if let Some(id) = id {
            device.forget(id);
            device.say(format!("{name} is removed from this browser."));
            // The button that was pressed is gone with the device.
            focus_main();
        }
    };
    view! {
        <Dialog open=open id="forget" head="Forget this device?" closed=keep>
            <p>
                <strong>{name}</strong>
                " of "
                {customer}
                ": both keys and everything kept with them are removed from this browser. This cannot be undone: to use it again, enrol it again with a new slip."
            </p>
            <p class="note quiet">
                "Orders that are signed and not sent yet are removed, too. Your money and your receipts stay at the bank. Tell the bank that this device is no longer used, so that it revokes it."
            </p>
            <p class="actions">
                <button class="button button-danger" type="button" on:click=forget>
                    {move || format!("Forget {}", name())}
                </button>
                <button class="button" type="button" on:click=move |_| keep.run(())>
                    "Keep it"
                </button>
            </p>
        </Dialog>
    }
}

/// Keys that come from elsewhere.
#[component]
fn Bringing() -> impl IntoView {
    view! {
        <div class="panel">
            <h2>"Bring a key file"</h2>
            <p class="note">
                "From a thumb drive: to stay in this browser, or to be used on this computer once."
            </p>
            <p>
                <a href="/keys/import">"I have a key file"</a>
            </p>
        </div>
    }
}

/// What protects the keys, in three sentences.
#[component]
fn Kept() -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    view! {
        <div class="panel">
            <h2>"When it locks"</h2>
            <p class="note">
                "After ten minutes without a touch, when you close or leave the page, and when you press Lock. A minute before, the page asks whether you are still there."
            </p>
            <p class="note quiet">"Locking wipes the keys from memory. What you typed is kept."</p>
        </div>
        <div class="panel panel-sunk">
            <h2>"Where the keys are"</h2>
            <p class="note quiet">
                "In this browser’s storage, encrypted with your passphrase. Opened, they live in a part of the page of their own that only signs, seals and opens."
            </p>
            <p class="note quiet">
                {format!("{bank} can revoke a device at any time: call, and say its five words.")}
            </p>
        </div>
    }
}
