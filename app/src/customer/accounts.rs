//! The overview: what is there, what is set aside, what has just moved.

use super::{devices::ends::EndsSoon, private::Private};
use crate::{
    device::{Asked, Device, download},
    ui::{
        day,
        feed::{Feed, Item, Lines},
        fingerprint::Words,
        icon::Icon,
        money::{Figure, Money},
        page::PageTitle,
        section::{Empty, HeadWithPay, Section},
        tag::{Tag, Tone},
        waiting::AskedState,
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::enquiry::{AccountView, Overview, PaymentView};

#[component]
pub(crate) fn Accounts() -> impl IntoView {
    view! {
        <Private title="Accounts">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let asked = Asked::new(device, move || async move {
        device.load_overview().await.map(|_| ())
    });
    let shown = Signal::derive(move || device.overview.with(Option::is_some));
    // The customer has what they came for: now the rest of the program code, for where they go next.
    #[cfg(feature = "hydrate")]
    Effect::new(move |fetched: Option<bool>| {
        let now = shown.get();
        if now && fetched != Some(true) {
            crate::later::fetch_all();
        }
        now || fetched == Some(true)
    });
    let parts = move || {
        let overview = device.overview.get()?;
        Some(view! { <Parts overview=overview /> })
    };
    view! {
        <PageTitle words="Accounts".to_owned() />
        <HeadWithPay words="Accounts" />
        <div class="columns">
            <div class="flow flow-wide">
                <EndsSoon />
                <AskedState asked=asked shown=shown words="Asking the bank for your accounts" />
                {parts}
            </div>
            <aside class="flow" aria-label="This device and the line to the bank">
                <ThisDevice />
                <TheLine />
            </aside>
        </div>
    }
}

#[component]
fn Parts(overview: Overview) -> impl IntoView {
    let Overview {
        accounts,
        on_their_way,
        recent,
        customer_name,
        ..
    } = overview;
    let statement = accounts.first().map(|account| {
        let address = format!("/accounts/{}/statement", account.index);
        (address, format!("Full statement of {}", account.label))
    });
    let statement = move || {
        let (address, words) = statement.clone()?;
        Some(view! {
            <a class="note" href=address>
                {words}
            </a>
        })
    };
    view! {
        <AccountList accounts=accounts name=customer_name.to_string() />
        <OnTheirWay payments=on_their_way />
        <Section id="recent" head="Recent movements" aside=statement>
            {if recent.is_empty() {
                let words = "Nothing yet. What comes in and goes out appears here by itself.";
                view! { <Empty words=words /> }.into_any()
            } else {
                view! { <Feed items=recent.iter().map(Item::movement).collect() /> }.into_any()
            }}
        </Section>
    }
}

#[component]
fn AccountList(accounts: Vec<AccountView>, name: String) -> impl IntoView {
    let empty = accounts.is_empty();
    let rows = accounts
        .into_iter()
        .map(|account| view! { <Account account=account /> });
    view! {
        <Section
            id="accounts"
            head="Your accounts"
            aside=|| view! { <span class="label">"Available now"</span> }
        >
            <ul class="accounts">{rows.collect_view()}</ul>
            {empty
                .then(|| {
                    let words = "You have no account yet. The bank opens one for you, and it appears here by itself.";
                    view! { <Empty words=words /> }
                })}
            <p class="note quiet holder">{format!("Account holder: {name}")}</p>
        </Section>
    }
}

#[component]
fn Account(account: AccountView) -> impl IntoView {
    let AccountView {
        index,
        iban,
        label,
        booked,
        held,
        available,
        closed,
    } = account;
    let booked = if closed {
        "Closed".into_any()
    } else if held.minor() == 0 {
        view! { "Booked " <Figure balance=booked /> }.into_any()
    } else {
        view! { "Booked " <Figure balance=booked /> ", set aside " <Figure balance=held /> }
            .into_any()
    };
    let text = iban.grouped();
    view! {
        <li>
            <div>
                <a href=format!("/accounts/{index}/statement")>{label.to_string()}</a>
            </div>
            <p class="available">
                <Money balance=available />
            </p>
            <p class="note quiet iban">
                {text.clone()} " " <CopyIban iban=text label=label.to_string() />
            </p>
            <p class="booked note quiet">{booked}</p>
        </li>
    }
}

/// The IBAN on the clipboard, in groups as people read it.
#[component]
fn CopyIban(iban: String, label: String) -> impl IntoView {
    let device = Device::of_page();
    let copy = move |_| {
        let iban = iban.clone();
        spawn_local(async move {
            let words = if download::copy(iban.clone()).await {
                format!("Copied: {iban}")
            } else {
                "This browser did not let the page copy. Select the IBAN and copy it.".to_owned()
            };
            device.say(words);
        });
    };
    view! {
        <button class="link copy" type="button" on:click=copy>
            "Copy"
            <span class="visually-hidden">{format!(" the IBAN of {label}")}</span>
        </button>
    }
}

#[component]
fn OnTheirWay(payments: Vec<PaymentView>) -> impl IntoView {
    let device = Device::of_page();
    let items: Vec<Item> = payments
        .iter()
        .map(|view| Item::on_its_way(view, device.label_of(&view.debtor_account)))
        .collect();
    (!items.is_empty()).then(|| {
        let aside =
            || view! { <span class="label">"Set aside until the other bank answers"</span> };
        view! {
            <Section id="on-their-way" head="On their way" aside=aside>
                <Lines items=items />
            </Section>
        }
    })
}

#[component]
fn ThisDevice() -> impl IntoView {
    let device = Device::of_page();
    let locks_at = Memo::new(move |_| device.locks_at.get().map(day::minute));
    move || {
        device.profile().map(|profile| {
            view! {
                <div class="panel">
                    <div class="row row-ends">
                        <h2>{profile.device_name}</h2>
                        <Tag tone=Tone::Accent icon=Icon::Unlocked words="Unlocked" />
                    </div>
                    <p class="note quiet">
                        {format!("This device, enrolled {}", day::date(profile.enrolled_at))}
                    </p>
                    <Words words=profile.words />
                    <p class="note quiet">
                        {move || {
                            locks_at
                                .get()
                                .map(|at| format!("Locks by itself at {at} if you do nothing."))
                        }}
                    </p>
                    <p class="actions">
                        <button class="button" type="button" on:click=move |_| device.ask_to_lock()>
                            {Icon::Locked.draw()}
                            "Lock now"
                        </button>
                    </p>
                </div>
            }
        })
    }
}

/// Whether the bank can be reached, in words; nothing where all is well.
#[component]
fn TheLine() -> impl IntoView {
    let device = Device::of_page();
    view! {
        <div role="status">
            {move || {
                (!device.line_up.get())
                    .then(|| {
                        view! {
                            <div class="panel panel-sunk">
                                <h2>"No line to the bank"</h2>
                                <p class="note quiet">
                                    "The page tries again by itself. What you sign meanwhile is saved here and sent later."
                                </p>
                            </div>
                        }
                    })
            }}
        </div>
    }
}
