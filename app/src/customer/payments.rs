//! Receipts: what is being sent, what is on its way, and what is decided.

use super::private::Private;
use crate::{
    device::{Asked, Device},
    ui::{
        feed::{Feed, Item, Lines},
        page::PageTitle,
        section::{Empty, HeadWithPay, Section},
        waiting::AskedState,
    },
};
use leptos::prelude::*;
use message::enquiry::Overview;

#[component]
pub(crate) fn Payments() -> impl IntoView {
    view! {
        <Private title="Receipts">
            <Inside />
        </Private>
    }
}

/// What the bank has decided, newest first: the customer's own payments among the newest entries of
/// each account, and the newest refusals.
fn decided(device: Device) -> Vec<Item> {
    let mut items: Vec<Item> = device.statements.with(|pages| {
        let newest = pages.iter().filter(|((_, before), _)| before.is_none());
        let entries = newest.flat_map(|(_, statement)| statement.entries.iter());
        entries
            .filter(|it| it.payment.is_some() && it.amount.minor() < 0 && !it.fee)
            .map(Item::paid)
            .collect()
    });
    device.overview.with(|overview| {
        let refused = overview.iter().flat_map(|it| it.refused.iter());
        items.extend(refused.map(Item::not_paid));
    });
    items.sort_by_key(|item| std::cmp::Reverse(item.at));
    items
}

/// What has no receipt yet: saved here, or on its way to another bank.
fn undecided(device: Device) -> Vec<Item> {
    device.changes.track();
    let on_their_way = device
        .overview
        .with(|it| it.as_ref().map(|it| it.on_their_way.clone()))
        .unwrap_or_default();
    let mut items = device.payments.with(|payments| {
        let orders = device.waiting_orders().into_iter().filter(|order| {
            let known = payments.get(&order.payment);
            let is_final = known.is_some_and(|known| known.standing().is_final());
            !is_final && on_their_way.iter().all(|it| it.payment != order.payment)
        });
        orders
            .map(|order| Item::being_sent(&order, payments.get(&order.payment)))
            .collect::<Vec<_>>()
    });
    items.extend(on_their_way.iter().map(|view| {
        let from = device.label_of(&view.debtor_account);
        Item::on_its_way(view, from)
    }));
    items
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
    let open = move || {
        let items = undecided(device);
        (!items.is_empty()).then(|| {
            view! {
                <Section id="open" head="Not decided yet">
                    <Lines items=items />
                </Section>
            }
        })
    };
    view! {
        <PageTitle words="Receipts".to_owned() />
        <HeadWithPay words="Receipts" />
        <div class="narrow flow flow-wide">
            <AskedState asked=asked shown=shown words="Asking the bank for your payments" />
            {open}
            <Show when=move || shown.get()>
                <Section id="decided" head="Decided">
                    <Decided />
                </Section>
            </Show>
        </div>
    }
}

#[component]
fn Decided() -> impl IntoView {
    let device = Device::of_page();
    move || {
        let items = decided(device);
        if items.is_empty() {
            let words = "None yet. When you pay someone, the bank’s signed receipt is kept here, \
                         whether it was paid or not.";
            return view! { <Empty words=words /> }.into_any();
        }
        view! {
            <Feed items=items />
            <Older />
        }
        .into_any()
    }
}

/// Where payments are found that are not in the list any more.
#[component]
fn Older() -> impl IntoView {
    let device = Device::of_page();
    let accounts = device
        .overview
        .with_untracked(|it| {
            it.as_ref()
                .map(|Overview { accounts, .. }| accounts.clone())
        })
        .unwrap_or_default();
    let links = accounts.into_iter().map(|account| {
        let address = format!("/accounts/{}/statement", account.index);
        view! {
            <li>
                <a href=address>{format!("Statement of {}", account.label)}</a>
            </li>
        }
    });
    view! {
        <div class="older note">
            <p class="quiet">"Older payments stand in the statements, each with its receipt."</p>
            <ul>{links.collect_view()}</ul>
        </div>
    }
}
