//! Every device of the customer, this one marked, and what happened lately.

use super::{
    ends::EndsSoon,
    said::{came, lately, may, over, standing, used},
};
use crate::{
    PageConfig,
    customer::private::Private,
    device::{Asked, Device, Powers},
    ui::{
        day,
        fingerprint::Words,
        icon::Icon,
        page::PageTitle,
        section::{Empty, Section},
        tag::{Tag, Tone},
        waiting::AskedState,
    },
};
use leptos::prelude::*;
use message::{Thumbprint, worker::devices::ListedDevice};

#[component]
pub(crate) fn DevicesPage() -> impl IntoView {
    view! {
        <Private title="Devices">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let asked = Asked::new(device, move || device.load_devices());
    let shown = Signal::derive(move || device.devices.with(Option::is_some));
    let own = move || device.profile().map(|profile| profile.device);
    let parts = move || {
        let (devices, powers) = device.listed()?;
        Some(view! { <Parts devices=devices own=own() powers=powers /> })
    };
    view! {
        <PageTitle words="Devices".to_owned() />
        <div class="page-head row row-ends">
            <div>
                <h1>"Devices"</h1>
                <p class="quiet">"Each of them acts in your name. Keep the list short and know every line of it."</p>
            </div>
            <p class="actions">
                <a class="button button-main" href="/devices/add">
                    "Add a device"
                </a>
            </p>
        </div>
        <div class="columns">
            <div class="flow flow-wide">
                <EndsSoon />
                <AskedState asked=asked shown=shown words="Asking the bank for your devices" />
                {parts}
            </div>
            <aside class="flow" aria-label="About this browser">
                <Elsewhere />
            </aside>
        </div>
    }
}

#[component]
fn Parts(devices: Vec<ListedDevice>, own: Option<Thumbprint>, powers: Powers) -> impl IntoView {
    let device = Device::of_page();
    let (gone, here): (Vec<_>, Vec<_>) = devices
        .iter()
        .cloned()
        .partition(|it| over(it.view.standing));
    let (others, only) = (here.len() < 2, powers.signing < 2);
    let line = move |it: ListedDevice| {
        let is_own = own == Some(it.view.device);
        view! { <Line listed=it is_own=is_own /> }
    };
    let gone_lines = (!gone.is_empty()).then(|| {
        view! {
            <details>
                <summary>
                    {Icon::More.draw_small()}
                    {format!("Devices that do not count any more ({})", gone.len())}
                </summary>
                <ul>{gone.into_iter().map(line).collect_view()}</ul>
            </details>
        }
    });
    let events = move || {
        let events = lately(&devices, &device.happened.get());
        if events.is_empty() {
            let words = "Nothing yet. What is done about your devices appears here.";
            return view! { <Empty words=words /> }.into_any();
        }
        let event = |it: crate::device::Happened| {
            let at = format!("{}, {}", day::date(it.at), day::minute(it.at));
            view! {
                <li>
                    <p>{it.words}</p>
                    <p class="note quiet">
                        <time datetime=day::machine(it.at)>{at}</time>
                    </p>
                </li>
            }
        };
        view! { <ul class="lately">{events.into_iter().map(event).collect_view()}</ul> }.into_any()
    };
    view! {
        <Section id="your-devices" head="Your devices">
            <ul>{here.into_iter().map(line).collect_view()}</ul>
            {(others || only)
                .then(|| {
                    view! {
                        <p class="note quiet only-one">
                            "Only one of your devices can sign. If it is lost, you need a new slip from the bank. Add a second one while you have this one."
                        </p>
                    }
                })}
            {gone_lines}
        </Section>
        <Section id="lately" head="What happened lately">
            {events}
        </Section>
    }
}

#[component]
fn Line(listed: ListedDevice, is_own: bool) -> impl IntoView {
    let ListedDevice { view, words } = listed;
    let name = view.name.to_string();
    let about = format!(
        "Added {}, {}. Last used: {}.",
        day::date(view.active_at.unwrap_or(view.requested_at)),
        came(view.enrolled_by),
        used(&view)
    );
    view! {
        <li class="device" class:is-revoked=over(view.standing)>
            <div class="row">
                <h3 class="with-icon">{Icon::Device.draw()} {name.clone()}</h3>
                {is_own.then(|| view! { <Tag tone=Tone::Accent words="This device" /> })}
                {standing(view.standing)}
            </div>
            <Words words=words />
            <p class="note quiet">{about}</p>
            {(!over(view.standing)).then(|| view! { <p class="note">{may(view.rights)}</p> })}
            <p class="device-act">
                <a class="button" href=format!("/devices/{}", view.device)>
                    "Look and change"
                    <span class="visually-hidden">{format!(" {name}")}</span>
                </a>
            </p>
        </li>
    }
}

#[component]
fn Elsewhere() -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    view! {
        <div class="panel">
            <h2>"A device is lost"</h2>
            <p class="note">
                "Suspend it here at once. You can resume it if it turns up, and revoke it if it does not."
            </p>
            <p class="note quiet">
                {format!("Without any device of yours: call {bank}, and say who you are.")}
            </p>
        </div>
        <div class="panel">
            <h2>"This browser"</h2>
            <p class="note">
                <a href="/settings">"What this browser keeps, and how to remove it"</a>
            </p>
            <p class="note">
                <a href="/devices/replace">"Replace this device’s keys"</a>
            </p>
        </div>
    }
}
