//! Receipts: what is being sent, what is on its way, and what is decided.

use super::private::Private;
use crate::{
    device::{Asked, Device},
    ui::{
        day,
        feed::Feed,
        icon::Icon,
        money::Money,
        page::PageTitle,
        tag::{Tag, Tone},
        waiting::AskedState,
    },
};
use leptos::prelude::*;
use message::{
    Balance,
    enquiry::{EntryView, PaymentView},
    worker::StoredOrder,
};

#[component]
pub(crate) fn Payments() -> impl IntoView {
    view! {
        <Private title="Receipts">
            <Inside />
        </Private>
    }
}

/// The customer's own payments among the newest entries of each account, newest first.
fn paid(device: Device) -> Vec<EntryView> {
    let mut entries: Vec<EntryView> = device.statements.with(|pages| {
        let newest = pages.iter().filter(|((_, before), _)| before.is_none());
        let entries = newest.flat_map(|(_, statement)| statement.entries.iter());
        entries
            .filter(|it| it.payment.is_some() && it.amount.minor() < 0)
            .cloned()
            .collect()
    });
    entries.sort_by_key(|entry| std::cmp::Reverse((entry.at, entry.n)));
    entries
}

async fn load(device: Device) -> Result<(), message::worker::Failure> {
    let overview = device.load_overview().await?;
    for account in overview.accounts {
        device.load_statement((account.index, None)).await?;
    }
    Ok(())
}

#[component]
fn Inside() -> impl IntoView {
    let device = Device::of_page();
    let asked = Asked::new(device, move || load(device));
    let shown = Signal::derive(move || device.overview.with(Option::is_some));
    let waiting = move || {
        device.changes.track();
        let orders = device.waiting_orders();
        let known = |order: &StoredOrder| {
            device.payments.with(|payments| {
                payments
                    .get(&order.payment)
                    .is_some_and(|known| known.standing().is_final())
            })
        };
        orders
            .into_iter()
            .filter(|order| !known(order))
            .collect::<Vec<_>>()
    };
    let on_their_way = move || {
        device.overview.with(|it| {
            it.as_ref()
                .map(|it| it.on_their_way.clone())
                .unwrap_or_default()
        })
    };
    let open = move || {
        let on_their_way = on_their_way();
        let mut orders = waiting();
        orders.retain(|order| {
            on_their_way
                .iter()
                .all(|view| view.payment != order.payment)
        });
        view! { <NotDecided orders=orders payments=on_their_way /> }
    };
    view! {
        <PageTitle words="Receipts".to_owned() />
        <div class="page-head row row-ends">
            <h1>"Receipts"</h1>
            <p class="actions">
                <a class="button button-main" href="/pay">
                    "Pay someone"
                </a>
            </p>
        </div>
        <div class="narrow flow flow-wide">
            <AskedState asked=asked shown=shown words="Asking the bank for your payments" />
            {open}
            <Show when=move || shown.get()>
                <section aria-labelledby="paid">
                    <div class="section-head">
                        <h2 id="paid">"Paid"</h2>
                        <span class="label">"Among the newest movements"</span>
                    </div>
                    <Paid />
                </section>
            </Show>
        </div>
    }
}

/// What is booked, newest first.
#[component]
fn Paid() -> impl IntoView {
    let device = Device::of_page();
    move || {
        let entries = paid(device);
        if entries.is_empty() {
            view! {
                <p class="empty quiet">
                    "None yet. When you pay someone, the bank’s signed receipt is kept here."
                </p>
            }
            .into_any()
        } else {
            view! { <Feed entries=entries /> }.into_any()
        }
    }
}

/// What has no receipt yet.
#[component]
fn NotDecided(orders: Vec<StoredOrder>, payments: Vec<PaymentView>) -> impl IntoView {
    let empty = orders.is_empty() && payments.is_empty();
    let orders = orders.into_iter().map(|order| {
        view! {
            <li>
                <p class="what">
                    <a href=format!(
                        "/payments/{}",
                        order.payment,
                    )>{format!("Order {}", order.payment.reference())}</a>
                </p>
                <p class="sub">
                    {format!("Signed here {}, {}", day::date(order.at), day::minute(order.at))}
                </p>
                <p class="side">
                    <Tag tone=Tone::Plain icon=Icon::Clock words="Being sent" />
                </p>
            </li>
        }
    });
    let payments = payments.into_iter().map(|payment| {
        let out = Balance::new(-payment.amount.minor(), payment.amount.currency());
        view! {
            <li>
                <p class="what">
                    <a href=format!(
                        "/payments/{}",
                        payment.payment,
                    )>{payment.creditor_name.to_string()}</a>
                </p>
                <p class="much">
                    <Money balance=out with_sign=true />
                </p>
                <p class="sub">
                    {format!("Received by the bank {}", day::minute(payment.received_at))}
                </p>
                <p class="side">
                    <Tag tone=Tone::Accent icon=Icon::Clock words="On its way" />
                </p>
            </li>
        }
    });
    (!empty).then(|| {
        view! {
            <section aria-labelledby="open">
                <div class="section-head">
                    <h2 id="open">"Not decided yet"</h2>
                </div>
                <ul class="feed">{orders.collect_view()} {payments.collect_view()}</ul>
            </section>
        }
    })
}
