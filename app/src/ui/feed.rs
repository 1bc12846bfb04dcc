//! Movements without a balance, newest first, by day.

use super::{day, money::Money};
use crate::device::clock;
use leptos::prelude::*;
use message::enquiry::EntryView;

/// Entries of one day, newest first.
pub(crate) fn by_day(entries: &[EntryView]) -> Vec<Vec<EntryView>> {
    let same = |a: &EntryView, b: &EntryView| day::number(a.at) == day::number(b.at);
    entries.chunk_by(same).map(<[EntryView]>::to_vec).collect()
}

#[component]
pub(crate) fn Feed(entries: Vec<EntryView>) -> impl IntoView {
    let days = by_day(&entries).into_iter().map(|day| {
        let heading = day
            .first()
            .map(|entry| day::heading(entry.at, clock::now()));
        let items = day
            .into_iter()
            .map(|entry| view! { <Movement entry=entry /> })
            .collect_view();
        view! {
            <h3>{heading}</h3>
            <ul>{items}</ul>
        }
    });
    view! { <div class="feed">{days.collect_view()}</div> }
}

#[component]
fn Movement(entry: EntryView) -> impl IntoView {
    let incoming = entry.amount.minor() > 0;
    let name = entry.counterparty_name.to_string();
    // Only the payer's own orders have a page with a receipt.
    let what = match entry.payment.filter(|_| !incoming) {
        Some(payment) => view! { <a href=format!("/payments/{payment}")>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    view! {
        <li>
            <p class="what">{what}</p>
            <p class="much" class:in=incoming>
                <Money balance=entry.amount with_sign=true />
            </p>
            <p class="sub">{entry.remittance.to_string()}</p>
            <p class="side sub">{if incoming { "In" } else { "Out" }}</p>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use message::{Balance, Iban, amount::Currency};

    fn entry(at: i64) -> EntryView {
        EntryView {
            account: Iban::from_bban("DE", "370905020004100117").unwrap(),
            n: 1,
            at,
            amount: Balance::new(1, Currency::EUR),
            balance_after: Balance::new(1, Currency::EUR),
            counterparty_name: "Ann".to_owned().try_into().unwrap(),
            counterparty_account: None,
            remittance: String::new().try_into().unwrap(),
            payment: None,
        }
    }

    #[test]
    fn days_are_kept_apart() {
        let entries = [86_400 * 2 + 10, 86_400 * 2 + 5, 86_400 + 1, 3].map(entry);
        let days = by_day(&entries);
        assert_eq!(days.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
        assert!(by_day(&[]).is_empty());
    }
}
