//! Payments and movements in lines, newest first: with whom, how much, what for, and how it stands.

use super::{
    day,
    icon::Icon,
    money::Money,
    tag::{Tag, Tone},
};
use crate::device::{KnownPayment, clock};
use leptos::prelude::*;
use message::{
    Balance, MessageId, Timestamp,
    enquiry::{EntryView, PaymentView},
    receipt::Outcome,
    worker::StoredOrder,
};

/// The end of a line: how it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    In,
    Out,
    Paid,
    NotPaid,
    OnItsWay,
    BeingSent,
}

impl State {
    fn draw(self) -> AnyView {
        let word = |words| view! { <span class="quiet">{words}</span> }.into_any();
        let tag = |tone, icon, words| view! { <Tag tone=tone icon=icon words=words /> }.into_any();
        match self {
            State::In => word("In"),
            State::Out => word("Out"),
            State::Paid => tag(Tone::Plain, Icon::Check, "Paid"),
            State::NotPaid => tag(Tone::Negative, Icon::Cross, "Not paid"),
            State::OnItsWay => tag(Tone::Accent, Icon::Clock, "On its way"),
            State::BeingSent => tag(Tone::Plain, Icon::Clock, "Being sent"),
        }
    }
}

/// One line.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Item {
    /// What days are made of.
    pub(crate) at: Timestamp,
    /// The payment whose page it leads to: the payer's own orders have one.
    payment: Option<MessageId>,
    name: String,
    /// With its sign where money moves, without where none does.
    much: Option<Balance>,
    sub: String,
    state: State,
}

/// What an entry is for: a fee says what it was taken for.
pub(crate) fn what_for(entry: &EntryView) -> String {
    let remittance = entry.remittance.as_str();
    match (entry.fee, remittance.is_empty()) {
        (false, _) => remittance.to_owned(),
        (true, true) => "Fee for a payment".to_owned(),
        (true, false) => format!("Fee for: {remittance}"),
    }
}

fn out(view: &PaymentView) -> Balance {
    Balance::new(-view.amount.minor(), view.amount.currency())
}

impl Item {
    /// A booked entry, as an account sees it.
    pub(crate) fn movement(entry: &EntryView) -> Self {
        let incoming = entry.amount.minor() > 0;
        Self {
            at: entry.at,
            payment: entry.payment.filter(|_| !incoming),
            name: entry.counterparty_name.to_string(),
            much: Some(entry.amount),
            sub: what_for(entry),
            state: if incoming { State::In } else { State::Out },
        }
    }

    /// A booked entry, as the receipt of an order.
    pub(crate) fn paid(entry: &EntryView) -> Self {
        Self {
            state: State::Paid,
            ..Self::movement(entry)
        }
    }

    /// An order that was refused, and why.
    pub(crate) fn not_paid(view: &PaymentView) -> Self {
        let sub = match &view.outcome {
            Some(Outcome::Refused { reason }) => reason.words_with(view.limit),
            _ => view.remittance.to_string(),
        };
        Self {
            at: view.decided_at.unwrap_or(view.received_at),
            payment: Some(view.payment),
            name: view.creditor_name.to_string(),
            much: Some(view.amount.balance()),
            sub,
            state: State::NotPaid,
        }
    }

    /// Set aside; the other bank has been asked.
    pub(crate) fn on_its_way(view: &PaymentView, from: Option<String>) -> Self {
        let received = format!("Received by the bank {}", day::minute(view.received_at));
        Self {
            at: view.received_at,
            payment: Some(view.payment),
            name: view.creditor_name.to_string(),
            much: Some(out(view)),
            sub: from.map_or(received.clone(), |from| format!("{received}, from {from}")),
            state: State::OnItsWay,
        }
    }

    /// Signed and saved here. What was ordered is known once the worker has opened what is saved.
    pub(crate) fn being_sent(order: &StoredOrder, known: Option<&KnownPayment>) -> Self {
        let ordered = known.and_then(KnownPayment::ordered);
        let name = ordered.as_ref().map_or_else(
            || format!("Order {}", order.payment.reference()),
            |ordered| ordered.creditor_name.clone(),
        );
        let much = ordered.map(|ordered| {
            let sum = ordered.amount.balance();
            Balance::new(-sum.minor(), sum.currency())
        });
        Self {
            at: order.at,
            payment: Some(order.payment),
            name,
            much,
            sub: format!(
                "Signed here {}, {}",
                day::date(order.at),
                day::minute(order.at)
            ),
            state: State::BeingSent,
        }
    }
}

/// Rows of one day, newest first.
pub(crate) fn by_day<T: Clone>(rows: &[T], at: impl Fn(&T) -> Timestamp) -> Vec<Vec<T>> {
    let same = |a: &T, b: &T| day::number(at(a)) == day::number(at(b));
    rows.chunk_by(same).map(<[T]>::to_vec).collect()
}

/// Lines under headings of days.
#[component]
pub(crate) fn Feed(items: Vec<Item>) -> impl IntoView {
    let days = by_day(&items, |item| item.at).into_iter().map(|day| {
        let heading = day.first().map(|item| day::heading(item.at, clock::now()));
        view! {
            <h3>{heading}</h3>
            <ul>{day.into_iter().map(line).collect_view()}</ul>
        }
    });
    view! { <div class="feed feed-days">{days.collect_view()}</div> }
}

/// Lines without days, where a heading says what they have in common.
#[component]
pub(crate) fn Lines(items: Vec<Item>) -> impl IntoView {
    view! { <ul class="feed">{items.into_iter().map(line).collect_view()}</ul> }
}

fn line(item: Item) -> impl IntoView {
    let Item {
        payment,
        name,
        much,
        sub,
        state,
        ..
    } = item;
    let what = match payment {
        Some(payment) => view! { <a href=format!("/payments/{payment}")>{name}</a> }.into_any(),
        None => name.into_any(),
    };
    let moves = state != State::NotPaid;
    let much = much.map(|balance| {
        view! {
            <p class="much" class:in=state == State::In class:nothing=!moves>
                <Money balance=balance with_sign=moves />
            </p>
        }
    });
    view! {
        <li>
            <div>
                <p class="what">{what}</p>
                {much}
            </div>
            <div>
                <p class="sub">{sub}</p>
                <p class="side">{state.draw()}</p>
            </div>
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use message::{Iban, amount::Currency};

    fn entry(at: i64, minor: i64) -> EntryView {
        EntryView {
            account: Iban::from_bban("DE", "370905020004100117").unwrap(),
            n: 1,
            at,
            amount: Balance::new(minor, Currency::EUR),
            balance_after: Balance::new(1, Currency::EUR),
            counterparty_name: "Ann".to_owned().try_into().unwrap(),
            counterparty_account: None,
            remittance: String::new().try_into().unwrap(),
            payment: Some(MessageId::new([1; 16])),
            fee: false,
        }
    }

    #[test]
    fn a_fee_says_what_it_was_taken_for() {
        let mut fee = entry(0, -30);
        assert_eq!(what_for(&fee), "");
        fee.fee = true;
        assert_eq!(what_for(&fee), "Fee for a payment");
        fee.remittance = "Rent".to_owned().try_into().unwrap();
        assert_eq!(what_for(&fee), "Fee for: Rent");
    }

    #[test]
    fn days_are_kept_apart() {
        let entries = [86_400 * 2 + 10, 86_400 * 2 + 5, 86_400 + 1, 3].map(|at| entry(at, 1));
        let days = by_day(&entries, |entry| entry.at);
        assert_eq!(days.iter().map(Vec::len).collect::<Vec<_>>(), [2, 1, 1]);
        assert!(by_day(&[], |entry: &EntryView| entry.at).is_empty());
    }

    #[test]
    fn only_the_payers_own_orders_lead_to_a_page() {
        assert!(Item::movement(&entry(0, -5)).payment.is_some());
        assert!(Item::movement(&entry(0, 5)).payment.is_none());
    }
}
