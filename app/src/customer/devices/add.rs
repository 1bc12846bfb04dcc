//! Adding a device with this one: where to go there, the code it shows, and whether the five words are
//! the same on both screens.

use crate::{
    customer::private::Private,
    device::{Device, words},
    ui::{
        choices::{Choice, Choices},
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look},
        fingerprint::LargeWords,
        icon::Icon,
        notice::{Notice, Weight},
        page::{Back, BackStep, PageTitle, focus_main},
        section::Section,
        tag::{Tag, Tone},
        waiting::Waiting,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::use_location;
use message::{
    device::{DeviceChange, Join, Rights, Standing},
    slip::Locator,
    worker::{
        Answer, Ask, Failure,
        devices::{DeviceAnswer, DeviceTask},
    },
};

const CODE: &str = "code";
const RIGHTS: &str = "rights";
const TITLE: &str = "Add a device";

/// Where it is.
#[derive(Clone, PartialEq)]
enum At {
    Code,
    Compare(Box<Found>),
    /// The bank has the order: the new device collects its certificates.
    Approved(Box<Found>),
    Refused(Box<Found>),
}

#[derive(Clone, PartialEq)]
struct Found {
    join: Join,
    words: Vec<String>,
}

#[derive(Clone, Copy)]
struct Adding {
    device: Device,
    at: RwSignal<At>,
    code: RwSignal<String>,
    rights: RwSignal<Option<Rights>>,
    bank_words: RwSignal<Vec<String>>,
    errors: Errors,
    busy: RwSignal<bool>,
}

#[component]
pub(crate) fn AddDevice() -> impl IntoView {
    view! {
        <Private title=TITLE>
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let adding = Adding {
        device,
        at: RwSignal::new(At::Code),
        code: RwSignal::default(),
        rights: RwSignal::new(None),
        bank_words: RwSignal::default(),
        errors: Errors::new(),
        busy: RwSignal::new(false),
    };
    // The address in the QR code carries the code behind a hash, which no server sees.
    let hash = use_location().hash;
    Effect::new(move |_| {
        let typed = hash.get();
        if let Ok(code) = Locator::parse(typed.trim_start_matches('#')) {
            adding.code.set(code.to_string());
        }
    });
    Effect::new(move |_| {
        spawn_local(async move {
            let asked = device.ask(Ask::Devices(DeviceTask::BankWords)).await;
            if let Ok(Answer::Devices(DeviceAnswer::BankWords { words })) = asked {
                let _ = adding.bank_words.try_set(words);
            }
        });
    });
    view! {
        <PageTitle words=TITLE.to_owned() errors=adding.errors />
        {move || match adding.at.get() {
            At::Code => view! { <EnterCode adding=adding /> }.into_any(),
            At::Compare(found) => view! { <Compare adding=adding found=*found /> }.into_any(),
            At::Approved(found) => view! { <Approved found=*found /> }.into_any(),
            At::Refused(found) => view! { <NotYours found=*found /> }.into_any(),
        }}
    }
}

impl Adding {
    fn go(self, at: At) {
        self.errors.clear();
        self.at.set(at);
        focus_main();
    }

    fn look_up(self) {
        if self.busy.get_untracked() {
            return;
        }
        let code = self.code.get_untracked();
        if Locator::parse(&code).is_err() {
            let words = "Enter the 8 characters that the new device shows, like K7QM-2P4X";
            self.errors.show(vec![(CODE, words.to_owned())]);
            return;
        }
        self.busy.set(true);
        self.errors.clear();
        spawn_local(async move {
            let asked = self
                .device
                .ask(Ask::Devices(DeviceTask::LookUp { code }))
                .await;
            let _ = self.busy.try_set(false);
            match asked {
                Ok(Answer::Devices(DeviceAnswer::Found { join, words })) => {
                    self.go(At::Compare(Box::new(Found { join, words })));
                }
                Ok(_) => {}
                Err(Failure::Refused { words, .. } | Failure::Field { words, .. }) => {
                    self.errors.show(vec![(CODE, words)]);
                }
                Err(failure) => self.errors.show(vec![(CODE, words::line(&failure))]),
            }
        });
    }

    /// Signs the judgement.
    fn judge(self, change: DeviceChange, then: At) {
        if self.busy.get_untracked() {
            return;
        }
        self.busy.set(true);
        self.errors.clear();
        spawn_local(async move {
            let outcome = self.device.order(change).await;
            let _ = self.busy.try_set(false);
            match outcome {
                Ok(()) => self.go(then),
                Err(Failure::NoLine | Failure::NoAnswer) => {
                    self.device.say(
                        "Signed and saved. The bank cannot be reached now: it is sent again by itself."
                            .to_owned(),
                    );
                    self.go(then);
                }
                Err(failure) => self.errors.show(vec![(RIGHTS, words::line(&failure))]),
            }
        });
    }
}

/// The page at which the other browser begins.
fn address() -> String {
    #[cfg(feature = "hydrate")]
    let origin = window().location().origin().unwrap_or_default();
    #[cfg(not(feature = "hydrate"))]
    let origin = String::new();
    format!("{origin}/enrol/join")
}

#[component]
fn EnterCode(adding: Adding) -> impl IntoView {
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        adding.look_up();
    };
    let bank_words = move || {
        let words = adding.bank_words.get();
        if words.is_empty() {
            view! { <Waiting words="Looking up the bank’s words" /> }.into_any()
        } else {
            view! { <LargeWords words=words /> }.into_any()
        }
    };
    view! {
        <Back href="/devices" words="Devices" />
        <ErrorSummary errors=adding.errors />
        <div class="page-head">
            <h1>{TITLE}</h1>
            <p class="quiet">
                "You need both in front of you: this device, and the browser that is to become one."
            </p>
        </div>
        <div class="narrow flow flow-wide">
            <Section id="there" head="1. At the new browser" class="flow">
                <p>"Open this address:"</p>
                <p class="address">
                    <strong>{address()}</strong>
                </p>
                <p>"It asks for the bank’s five words. Type these, so that it knows it is talking to your bank:"</p>
                {bank_words}
                <p class="note quiet">
                    "Then it makes its keys and shows a code of 8 characters. It waits for an hour."
                </p>
            </Section>
            <Section id="here" head="2. Here" class="flow">
                <form class="flow flow-form" novalidate on:submit=on_submit>
                    <Field
                        id=CODE
                        label="The code that the new device shows"
                        hint=|| "8 characters, like K7QM-2P4X. Hyphens and small letters do not matter. A camera that opens the new device’s QR code fills it in."
                        value=adding.code
                        errors=adding.errors
                        look=Look { class: "w-slip", ..Look::default() }
                    />
                    <p class="actions">
                        <button
                            class="button button-main button-large"
                            type="submit"
                            aria-disabled=move || adding.busy.get().then_some("true")
                        >
                            {move || if adding.busy.get() { "Looking" } else { "Look for it" }}
                        </button>
                    </p>
                </form>
            </Section>
        </div>
    }
}

#[component]
fn Compare(adding: Adding, found: Found) -> impl IntoView {
    let back = Callback::new(move |()| adding.go(At::Code));
    let name = found.join.device_name.to_string();
    let rights = vec![
        Choice {
            value: Rights::Sign,
            name: "Look and sign payments".to_owned(),
            hint: ViewFn::from(|| "It can pay in your name and manage your devices"),
        },
        Choice {
            value: Rights::View,
            name: "Look only".to_owned(),
            hint: ViewFn::from(|| "It shows accounts and receipts, and signs no payments"),
        },
    ];
    let kept = found.clone();
    let yes = move |_| {
        let Some(rights) = adding.rights.get_untracked() else {
            let words = "Choose what the new device may do";
            adding.errors.show(vec![(RIGHTS, words.to_owned())]);
            return;
        };
        let change = DeviceChange::Approve {
            device: kept.join.device,
            encryption: kept.join.encryption,
            rights,
        };
        adding.judge(change, At::Approved(Box::new(kept.clone())));
    };
    let other = found.clone();
    let no = move |_| {
        let change = DeviceChange::Mismatch {
            device: other.join.device,
        };
        adding.judge(change, At::Refused(Box::new(other.clone())));
    };
    let busy = move || adding.busy.get().then_some("true");
    view! {
        <BackStep words="Back to the code" go=back />
        <ErrorSummary errors=adding.errors />
        <div class="page-head">
            <h1>"Are these five words on the other screen, too?"</h1>
            <p class="quiet">
                {format!(
                    "The new device calls itself {name}. Look at both screens and compare word by word. Nothing has been signed yet.",
                )}
            </p>
        </div>
        <div class="narrow flow flow-wide">
            <div class="panel" role="group" aria-label="Fingerprint of the new device">
                <p class="label">{name}</p>
                <LargeWords words=found.words />
            </div>
            <Choices
                id=RIGHTS
                legend="If they are the same: what may it do?"
                choices=rights
                chosen=adding.rights
                errors=adding.errors
            />
            <p class="actions actions-equal">
                <button class="button button-large" type="button" aria-disabled=busy on:click=yes>
                    "Yes, all five are the same: add it"
                </button>
                <button class="button button-large" type="button" aria-disabled=busy on:click=no>
                    "No, or I am not sure: refuse it"
                </button>
            </p>
            <p class="note quiet">
                "If you refuse it, this device is blocked for ever and the bank is told. You can try again with new keys."
            </p>
        </div>
    }
}

#[component]
fn Approved(found: Found) -> impl IntoView {
    let device = Device::of_page();
    let id = found.join.device;
    let name = found.join.device_name.to_string();
    let active = Memo::new(move |_| {
        let devices = device.devices.get().unwrap_or_default();
        devices
            .iter()
            .any(|it| it.view.device == id && it.view.standing == Standing::Active)
    });
    // The notice that it is active makes this page ask again.
    let _asked = crate::device::Asked::new(device, move || device.load_devices());
    view! {
        <div class="page-head">
            <p role="status">
                {move || {
                    if active.get() {
                        view! { <Tag tone=Tone::Positive icon=Icon::Checked words="Active" /> }.into_any()
                    } else {
                        view! { <Waiting words="The bank certifies it, and it confirms" /> }.into_any()
                    }
                }}
            </p>
            <h1>{format!("{name} is approved")}</h1>
            <p class="quiet">
                {move || {
                    if active.get() {
                        "It is one of your devices now. Both screens say so."
                    } else {
                        "Leave the new device open until it says that it is active. You can leave this page."
                    }
                }}
            </p>
        </div>
        <div class="narrow flow">
            <div class="panel" role="group" aria-label="Fingerprint of the new device">
                <p class="label">"Its fingerprint"</p>
                <LargeWords words=found.words />
            </div>
            <p class="actions">
                <a class="button button-main button-large" href="/devices">
                    "Go to your devices"
                </a>
            </p>
        </div>
    }
}

#[component]
fn NotYours(found: Found) -> impl IntoView {
    let name = found.join.device_name.to_string();
    view! {
        <div class="narrow flow">
            <h1>"The new device is refused"</h1>
            <Notice weight=Weight::Warning head="It got nothing of yours">
                <p>
                    {format!(
                        "{name} is blocked for ever. The bank and your other devices are told. No money and no data of yours went to it.",
                    )}
                </p>
            </Notice>
            <h2>"What to do"</h2>
            <ul class="list">
                <li>"If you mistyped or mixed something up: begin again at the new browser. It makes new keys and shows another code."</li>
                <li>"If the words differ again: somebody may stand between you and the bank. Stop, and call the bank."</li>
                <li>"If somebody asked you to add their device: it would have acted in your name. Call the bank."</li>
            </ul>
            <p class="actions">
                <a class="button button-main" href="/devices">
                    "Go to your devices"
                </a>
            </p>
        </div>
    }
}
