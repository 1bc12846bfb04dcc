//! The recovery sheet: 24 words to print or write down, three of them asked for, and then wiped.

use super::line;
use crate::{
    customer::private::Private,
    device::{Device, download, keys::SheetText},
    ui::{
        busy::BusyButton,
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look},
        fingerprint::Words,
        icon::Icon,
        notice::{Notice, Weight},
        page::{Back, BackStep, PageTitle, focus_main},
        tag::{Tag, Tone},
        waiting::Waiting,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};

const FIELDS: [&str; 3] = ["word-one", "word-two", "word-three"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum At {
    Show,
    Check,
    Done,
}

#[derive(Clone, Copy)]
struct Sheet {
    device: Device,
    at: RwSignal<At>,
    text: RwSignal<Option<SheetText>>,
    typed: [RwSignal<String>; 3],
    errors: Errors,
    busy: RwSignal<bool>,
}

impl Sheet {
    fn go(self, at: At) {
        self.errors.clear();
        self.busy.set(false);
        self.at.set(at);
        focus_main();
    }

    fn check(self) {
        let Some(text) = self.text.get_untracked() else {
            return;
        };
        if self.busy.get_untracked() {
            return;
        }
        let words: Vec<(u8, String)> = text
            .places
            .iter()
            .copied()
            .zip(self.typed.map(|it| it.get_untracked()))
            .collect();
        self.busy.set(true);
        spawn_local(async move {
            match self.device.confirm_sheet(words).await {
                Ok(wrong) if wrong.is_empty() => {
                    self.text.set(None);
                    self.typed.iter().for_each(|it| it.set(String::new()));
                    self.go(At::Done);
                }
                Ok(wrong) => {
                    self.busy.set(false);
                    let places = FIELDS.into_iter().zip(&text.places);
                    let mistakes = places.filter(|(_, place)| wrong.contains(place));
                    let mistakes = mistakes.map(|(field, place)| {
                        (
                            field,
                            format!("Compare word {place} with your sheet and type it again"),
                        )
                    });
                    self.errors.show(mistakes.collect());
                }
                Err(failure) => {
                    self.busy.set(false);
                    self.errors.show(vec![(FIELDS[0], line(&failure))]);
                }
            }
        });
    }
}

#[component]
pub(crate) fn SheetPage() -> impl IntoView {
    view! {
        <Private title="Recovery sheet">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let sheet = Sheet {
        device,
        at: RwSignal::new(At::Show),
        text: RwSignal::new(None),
        typed: [(); 3].map(|()| RwSignal::default()),
        errors: Errors::new(),
        busy: RwSignal::new(false),
    };
    let there = Memo::new(move |_| device.keys.seed.with(Option::is_some));
    Effect::new(move |_| {
        if there.get() && sheet.text.with_untracked(Option::is_none) {
            spawn_local(async move {
                match device.sheet().await {
                    Ok(text) => drop(sheet.text.try_set(Some(text))),
                    Err(failure) => sheet.errors.show(vec![(FIELDS[0], line(&failure))]),
                }
            });
        }
    });
    move || match (sheet.at.get(), there.get()) {
        (At::Done, _) => view! { <Done device=device /> }.into_any(),
        (_, false) => view! { <NoSheet /> }.into_any(),
        (At::Show, true) => view! { <Show24 sheet=sheet /> }.into_any(),
        (At::Check, true) => view! { <Check sheet=sheet /> }.into_any(),
    }
}

#[component]
fn NoSheet() -> impl IntoView {
    view! {
        <PageTitle words="Recovery sheet".to_owned() />
        <Back href="/settings" words="Devices" />
        <div class="narrow flow">
            <h1>"There is no sheet to show"</h1>
            <p>
                "The words are shown until they are written down or declined, and wiped then. Keys that were brought in a file have none. A key file brings this device back as well, and replacing the keys makes new ones with a sheet of their own."
            </p>
            <p class="actions">
                <a class="button" href="/keys/export">
                    "Save a key file"
                </a>
                <a class="button" href="/devices/replace">
                    "Replace the keys"
                </a>
            </p>
        </div>
    }
}

#[component]
fn Show24(sheet: Sheet) -> impl IntoView {
    let navigate = use_navigate();
    let decline = move |_| {
        let navigate = navigate.clone();
        spawn_local(async move {
            if sheet.device.decline_sheet().await.is_ok() {
                navigate("/settings", NavigateOptions::default());
            }
        });
    };
    let decline = StoredValue::new(decline);
    view! {
        <PageTitle words="Recovery sheet".to_owned() errors=sheet.errors />
        <Back href="/settings" words="Devices" />
        <div class="narrow flow">
            <ErrorSummary errors=sheet.errors />
            <div class="page-head">
                <h1>"Your recovery sheet"</h1>
                <p class="quiet no-print">
                    "From these words the same keys are made again, without this browser and without a passphrase. Print them or write them down, and keep the paper where you keep a passport."
                </p>
            </div>
            {move || match sheet.text.get() {
                None => view! { <Waiting words="Opening the words" /> }.into_any(),
                Some(text) => view! { <Paper text=text device=sheet.device /> }.into_any(),
            }}
            <p class="print-only">
                "Whoever has these words can pay in your name: keep this paper where you keep a passport. To make the keys again, open the bank’s page and follow “Recover with the sheet of 24 words”. Type the words nowhere else."
            </p>
            <div class="no-print">
                <Notice weight=Weight::Warning head="Whoever has these words can pay in your name">
                    <p>
                        "Take no photograph, and type them nowhere but on the bank’s recovery page. After the next step they are wiped here and cannot be shown again."
                    </p>
                </Notice>
            </div>
            <p class="actions">
                <button
                    class="button button-main button-large"
                    type="button"
                    on:click=move |_| sheet.go(At::Check)
                >
                    "I have written them down"
                </button>
                <button class="button" type="button" on:click=move |_| download::print()>
                    {Icon::Print.draw()}
                    "Print"
                </button>
                <button
                    class="button button-plain"
                    type="button"
                    on:click=move |event| decline.get_value()(event)
                >
                    "I want no sheet"
                </button>
            </p>
        </div>
    }
}

#[component]
fn Paper(text: SheetText, device: Device) -> impl IntoView {
    let profile = device.profile_now();
    let owner = profile.as_ref().map(|it| it.customer_name.clone());
    let name = profile.as_ref().map(|it| it.device_name.clone());
    let bank = profile.map(|it| format!("{}, {}", it.bank_name, text.bank));
    let items = text.words.into_iter().map(|word| view! { <li>{word}</li> });
    view! {
        <dl class="summary">
            <div>
                <dt>"Device"</dt>
                <dd>{name} ", of " {owner}</dd>
            </div>
            <div>
                <dt>"Bank"</dt>
                <dd>{bank} <Words words=text.bank_words /></dd>
            </div>
            <div>
                <dt>"Version and generation"</dt>
                <dd>{format!("Version {}, generation {}", text.version, text.generation)}</dd>
            </div>
        </dl>
        <ol class="recovery" role="list" aria-label="The 24 words">
            {items.collect_view()}
        </ol>
    }
}

#[component]
fn Check(sheet: Sheet) -> impl IntoView {
    let back = Callback::new(move |()| sheet.go(At::Show));
    let places = sheet
        .text
        .get_untracked()
        .map(|it| it.places)
        .unwrap_or_default();
    let fields = FIELDS.into_iter().zip(sheet.typed).zip(places);
    let fields = fields.map(|((id, value), place)| {
        // The places change from time to time, the labels with them.
        let label: &'static str = LABELS
            .get(usize::from(place).wrapping_sub(1))
            .copied()
            .unwrap_or("Word");
        let look = Look {
            class: "w-slip",
            ..Look::default()
        };
        view! { <Field id=id label=label value=value errors=sheet.errors look=look /> }
    });
    let submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        sheet.check();
    };
    view! {
        <PageTitle words="Check the sheet".to_owned() errors=sheet.errors />
        <BackStep words="Back to the words" go=back />
        <div class="narrow flow">
            <ErrorSummary errors=sheet.errors />
            <div class="page-head">
                <h1>"Read three words from your paper"</h1>
                <p class="quiet">"When they fit, the words are wiped from this browser."</p>
            </div>
            <form class="flow flow-form" novalidate on:submit=submit>
                {fields.collect_view()}
                <p class="actions">
                    <BusyButton busy=sheet.busy words="Check and wipe" meanwhile="Comparing" />
                </p>
            </form>
        </div>
    }
}

#[component]
fn Done(device: Device) -> impl IntoView {
    let (href, words) = if device.keys.payment_waits.get_untracked() {
        ("/pay", "Go on with your payment")
    } else {
        ("/settings", "Back to Devices")
    };
    view! {
        <PageTitle words="The sheet is right".to_owned() />
        <div class="narrow flow">
            <div class="page-head" role="status">
                <p>
                    <Tag tone=Tone::Positive icon=Icon::Checked words="Checked" />
                </p>
                <h1>"The sheet is right"</h1>
                <p class="quiet">
                    "The words are wiped from this browser and stand on your paper only."
                </p>
            </div>
            <p class="actions">
                <a class="button button-main button-large" href=href>
                    {words}
                </a>
            </p>
        </div>
    }
}

/// Of the fields for single words.
pub(super) const LABELS: [&str; 24] = [
    "Word 1", "Word 2", "Word 3", "Word 4", "Word 5", "Word 6", "Word 7", "Word 8", "Word 9",
    "Word 10", "Word 11", "Word 12", "Word 13", "Word 14", "Word 15", "Word 16", "Word 17",
    "Word 18", "Word 19", "Word 20", "Word 21", "Word 22", "Word 23", "Word 24",
];
