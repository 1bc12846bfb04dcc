//! The statement of one account: a real table, newest first, with the balance after each entry.

use super::private::Private;
use crate::{
    device::{Asked, Device, clock, download},
    ui::{
        day,
        feed::{by_day, what_for},
        icon::Icon,
        money::{self, Figure, Money},
        page::{Back, PageTitle},
        section::Empty,
        waiting::AskedState,
    },
};
use leptos::prelude::*;
use leptos_router::hooks::{use_params_map, use_query_map};
use message::enquiry::{AccountView, EntryView, Statement};

#[component]
pub(crate) fn StatementPage() -> impl IntoView {
    view! {
        <Private title="Statement">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let (params, query) = (use_params_map(), use_query_map());
    // Which account and which page; an address that makes no sense finds no account at the bank.
    let page = Memo::new(move |_| {
        let index = params.with(|params| params.get("account"));
        let before = query.with(|query| query.get("before"));
        let index = index.and_then(|text| text.parse().ok()).unwrap_or(0);
        (index, before.and_then(|text| text.parse().ok()))
    });
    let asked = Asked::new(device, move || async move {
        device.load_statement(page.get_untracked()).await
    });
    Effect::new(move |before: Option<()>| {
        page.track();
        if before.is_some() {
            asked.again();
        }
    });
    let statement = Memo::new(move |_| {
        let page = page.get();
        device.statements.with(|pages| pages.get(&page).cloned())
    });
    let shown = Signal::derive(move || statement.with(Option::is_some));
    let title = Signal::derive(move || {
        let label = statement.with(|it| it.as_ref().map(|it| it.account.label.to_string()));
        label.map_or("Statement".to_owned(), |label| {
            format!("{label}, statement")
        })
    });
    view! {
        <PageTitle words=title />
        <Back href="/accounts" words="Accounts" />
        <AskedState asked=asked shown=shown words="Asking the bank for the statement" />
        {move || {
            let (index, before) = page.get_untracked();
            statement
                .get()
                .map(|statement| {
                    view! { <Shown statement=statement index=index newest=before.is_none() /> }
                })
        }}
    }
}

#[component]
fn Shown(statement: Statement, index: u32, newest: bool) -> impl IntoView {
    let device = Device::of_page();
    let Statement {
        account,
        entries_total,
        entries,
        older,
    } = statement;
    let holder = device
        .profile_now()
        .map(|profile| profile.customer_name)
        .unwrap_or_default();
    let currency = account.booked.currency();
    let count = match (entries_total, entries.len()) {
        (0, _) => "Nothing booked yet".to_owned(),
        (total, here) => format!("{here} of {total} movements, amounts in {currency}"),
    };
    let label = account.label.to_string();
    view! {
        <div class="page-head">
            <h1>{label.clone()}</h1>
            <p class="quiet iban">{account.iban.grouped()}</p>
            <p class="note quiet">{format!("Account holder: {holder}")}</p>
        </div>
        <div class="flow">
            <Standing account=account />
            <div class="row row-ends statement-head">
                <p class="note quiet">{count}</p>
                <button class="link note no-print" type="button" on:click=|_| download::print()>
                    "Print"
                </button>
            </div>
            {if entries.is_empty() {
                let words = "Nothing is booked on this account yet. What comes in and goes out appears here by itself.";
                view! { <Empty words=words /> }.into_any()
            } else {
                view! {
                    <Entries entries=entries label=label currency=currency.code() />
                    <Pager index=index newest=newest older=older />
                }
                    .into_any()
            }}
        </div>
    }
}

/// Available, set aside and booked, apart.
#[component]
fn Standing(account: AccountView) -> impl IntoView {
    let fact = |term: &'static str, balance| {
        view! {
            <div>
                <dt class="label">{term}</dt>
                <dd class="figure">
                    <Money balance=balance />
                </dd>
            </div>
        }
    };
    view! {
        <dl class="facts">
            {fact("Available", account.available)} {fact("Set aside", account.held)}
            {fact("Booked", account.booked)}
        </dl>
    }
}

#[component]
fn Entries(entries: Vec<EntryView>, label: String, currency: &'static str) -> impl IntoView {
    let days = by_day(&entries, |entry| entry.at)
        .into_iter()
        .map(|day| view! { <Day entries=day /> });
    view! {
        <table class="table table-rows">
            <caption class="visually-hidden">
                {format!("Movements on {label}, newest first, in {currency}")}
            </caption>
            <thead>
                <tr>
                    <th scope="col">"With whom and for what"</th>
                    <th scope="col">"In or out"</th>
                    <th scope="col" class="num">
                        "Amount"
                    </th>
                    <th scope="col" class="num">
                        "Balance after"
                    </th>
                </tr>
            </thead>
            {days.collect_view()}
        </table>
    }
}

/// One day: its heading with the closing balance, and its entries.
#[component]
fn Day(entries: Vec<EntryView>) -> impl IntoView {
    let heading = entries.first().map(|entry| {
        view! {
            <tr class="day">
                <th colspan="3" scope="rowgroup">
                    {day::heading(entry.at, clock::now())}
                </th>
                <td class="num quiet small">
                    "Closing " <Figure balance=entry.balance_after />
                </td>
            </tr>
        }
    });
    let rows = entries
        .into_iter()
        .map(|entry| view! { <Entry entry=entry /> });
    view! { <tbody>{heading} {rows.collect_view()}</tbody> }
}

#[component]
fn Entry(entry: EntryView) -> impl IntoView {
    let incoming = entry.amount.minor() > 0;
    let name = entry.counterparty_name.to_string();
    let whom = match entry.payment.filter(|_| !incoming) {
        Some(payment) => view! {
            <a class="hit" href=format!("/payments/{payment}")>
                {name}
            </a>
        }
        .into_any(),
        None => name.into_any(),
    };
    let remittance = what_for(&entry);
    view! {
        <tr>
            <th scope="row" class="lead-cell">
                {whom} <br />
                <span class="quiet small">{remittance}</span>
            </th>
            <td>{if incoming { "In" } else { "Out" }}</td>
            <td class="num" class:in=incoming>
                {money::signed(entry.amount)}
            </td>
            <td class="num quiet" data-label="Balance">
                {money::figure(entry.balance_after)}
            </td>
        </tr>
    }
}

/// The ways to other pages, where there are some.
#[component]
fn Pager(index: u32, newest: bool, older: Option<i64>) -> impl IntoView {
    if newest && older.is_none() {
        return ().into_any();
    }
    let address = format!("/accounts/{index}/statement");
    let older = older.map(|before| {
        view! {
            <a class="button" href=format!("{address}?before={before}")>
                "Older"
                {Icon::More.draw_small()}
            </a>
        }
    });
    let end = older
        .is_none()
        .then(|| view! { <span class="quiet">"The first movements"</span> });
    let newer = if newest {
        view! { <span class="quiet">"Newest movements"</span> }.into_any()
    } else {
        view! {
            <a class="button" href=address>
                {Icon::Back.draw_small()}
                "Newest"
            </a>
        }
        .into_any()
    };
    view! {
        <nav class="pager" aria-label="Pages of the statement">
            {newer}
            {end}
            {older}
        </nav>
    }
    .into_any()
}
