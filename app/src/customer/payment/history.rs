//! What happened to a payment, from what is known of it.

use super::document::Document;
use crate::{
    device::{KnownPayment, Standing},
    ui::{
        money,
        timeline::{Event, Phase},
    },
};
use message::{Timestamp, order::PaymentOrder};

/// When it was signed: as the signed order says, or as this tab remembers.
pub(super) fn signed_at(known: &KnownPayment) -> Option<Timestamp> {
    let order = known
        .answer
        .as_ref()
        .and_then(|answer| answer.order.as_deref());
    let document = order.and_then(Document::<PaymentOrder>::read);
    document
        .map(|document| document.payload.iat)
        .or(known.signed_at)
}

/// The lines of the timeline, done and still to come.
pub(super) fn of(known: &KnownPayment, device_name: Option<String>) -> Vec<Event> {
    let standing = known.standing();
    let view = known.view();
    let sum = known
        .ordered()
        .map(|ordered| money::spoken(ordered.amount.balance()));
    let signed = Event {
        phase: Phase::Yours,
        what: "Signed here",
        at: signed_at(known),
        more: device_name
            .map(|name| format!("By {name}"))
            .unwrap_or_default(),
    };
    let received = Event {
        phase: match standing {
            Standing::Saved => Phase::Now,
            _ => Phase::Theirs,
        },
        what: if standing == Standing::Saved {
            "Being sent"
        } else {
            "Received by the bank"
        },
        at: view.map(|view| view.received_at),
        more: match (
            standing == Standing::Saved,
            view.and_then(|view| view.sent_at),
            sum,
        ) {
            (true, ..) => "Saved here, and sent again until the bank has it".to_owned(),
            (false, Some(_), Some(sum)) => format!("{sum} set aside"),
            (false, ..) => "Your signature was checked".to_owned(),
        },
    };
    let mut events = vec![signed, received];
    if let Some(view) = view.filter(|view| view.sent_at.is_some()) {
        let bank = view.creditor_bank.as_ref();
        events.push(Event {
            phase: if standing.is_final() {
                Phase::Theirs
            } else {
                Phase::Now
            },
            what: "On its way",
            at: view.sent_at,
            more: bank.map(|bank| format!("To {bank}")).unwrap_or_default(),
        });
    }
    events.push(end(
        &standing,
        view.is_some_and(|view| view.sent_at.is_some()),
    ));
    events
}

fn end(standing: &Standing, other_bank: bool) -> Event {
    match standing {
        Standing::Paid { at } => Event {
            phase: Phase::Theirs,
            what: "Paid",
            at: Some(*at),
            more: if other_bank {
                "Confirmed by the other bank, booked once"
            } else {
                "Booked once"
            }
            .to_owned(),
        },
        Standing::NotPaid { at, .. } => Event {
            phase: Phase::Failed,
            what: "Not paid",
            at: Some(*at),
            more: if other_bank {
                "Refused by the other bank, money released"
            } else {
                "Refused, nothing was taken"
            }
            .to_owned(),
        },
        Standing::Received => Event {
            phase: Phase::Now,
            what: "Being booked",
            at: None,
            more: "The bank signs its answer".to_owned(),
        },
        Standing::Saved | Standing::OnItsWay => Event {
            phase: Phase::Later,
            what: "The bank’s answer",
            at: None,
            more: "Paid or not, signed: your receipt".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_order_that_is_only_saved_says_so() {
        let known = KnownPayment {
            signed_at: Some(7),
            ..KnownPayment::default()
        };
        let events = of(&known, Some("Kitchen laptop".to_owned()));
        let phases: Vec<Phase> = events.iter().map(|event| event.phase).collect();
        assert_eq!(phases, [Phase::Yours, Phase::Now, Phase::Later]);
        assert_eq!(events[0].at, Some(7));
        assert_eq!(events[0].more, "By Kitchen laptop");
    }
}
