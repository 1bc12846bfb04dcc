//! The sheet of a payment: your half in ink, the bank's in petrol, and the cut between them.

use super::{document::Document, history::signed_at};
use crate::{
    PageConfig,
    device::{Device, KnownPayment, Standing},
    ui::{
        day,
        fingerprint::Hex,
        icon::Icon,
        money::{Money, Sum},
        sheet::{Cut, Signature},
        summary::Row,
        tag::{Tag, Tone},
    },
};
use leptos::prelude::*;
use message::{
    MessageId, Thumbprint,
    order::PaymentOrder,
    receipt::{Outcome, Receipt},
};

#[component]
pub(super) fn PaymentSheet(id: MessageId, known: KnownPayment) -> impl IntoView {
    let receipt = known
        .answer
        .as_ref()
        .and_then(|answer| answer.receipt.as_deref())
        .and_then(Document::<Receipt>::read);
    let cut = if known.standing().is_final() {
        Cut::Both
    } else {
        Cut::Yours
    };
    view! {
        <article class="sheet" aria-label="Order and receipt">
            <YourHalf id=id known=known.clone() />
            {cut.draw()}
            {match (known.standing().is_final(), receipt) {
                (true, receipt) => view! { <TheirHalf known=known receipt=receipt /> }.into_any(),
                (false, _) => {
                    view! {
                        <section class="half half-theirs is-open">
                            <div class="half-head">
                                <h2>"The bank’s half"</h2>
                                <span class="note">"Comes back as a receipt"</span>
                            </div>
                        </section>
                    }
                        .into_any()
                }
            }}
        </article>
    }
}

/// Whose device signed: this one by name and words, or another of the customer's.
fn signer(device: Device, known: &KnownPayment) -> (String, Option<Vec<String>>) {
    let order = known
        .answer
        .as_ref()
        .and_then(|answer| answer.order.as_deref());
    let signer: Option<Thumbprint> = order
        .and_then(Document::<PaymentOrder>::read)
        .map(|document| document.signer);
    let at = signed_at(known)
        .map(|at| format!(" {}", day::time(at)))
        .unwrap_or_default();
    match device.profile_now() {
        Some(profile) if signer.is_none_or(|signer| signer == profile.device) => (
            format!("Signed{at} by {}", profile.device_name),
            Some(profile.words),
        ),
        _ => (format!("Signed{at} by another of your devices"), None),
    }
}

#[component]
fn YourHalf(id: MessageId, known: KnownPayment) -> impl IntoView {
    let device = Device::of_page();
    let (by, words) = signer(device, &known);
    let ordered = known.ordered().map(|ordered| {
        let label = device.label_of(&ordered.debtor_account);
        let remittance = (!ordered.remittance.is_empty())
            .then(|| view! { <Row term="Reference">{ordered.remittance.clone()}</Row> });
        let details = view! {
            <Row term="To">
                <p>
                    <strong>{ordered.creditor_name}</strong>
                </p>
                <p class="iban">{ordered.creditor_account.grouped()}</p>
            </Row>
            <Row term="From">
                <p>{label}</p>
                <p class="note quiet iban">{ordered.debtor_account.grouped()}</p>
            </Row>
            {remittance}
        };
        (ordered.amount.balance(), details)
    });
    let (sum, details) = ordered.unzip();
    view! {
        <section class="half half-yours">
            <div class="half-head">
                <h2>"Your half"</h2>
                <Tag tone=Tone::Plain icon=Icon::Check words="Signed" />
            </div>
            {sum.map(|sum| view! { <Sum balance=sum /> })}
            <dl class="summary">
                {details} <Row term="Order">{id.reference()}</Row>
            </dl>
            <Signature by=by words=words />
        </section>
    }
}

#[component]
fn TheirHalf(known: KnownPayment, receipt: Option<Document<Receipt>>) -> impl IntoView {
    let bank = use_context::<PageConfig>().unwrap_or_default().bank_name;
    let (outcome, reason, at) = match known.standing() {
        Standing::NotPaid { at, reason } => ("Not paid", Some(reason), at),
        Standing::Paid { at } => ("Paid", None, at),
        _ => return ().into_any(),
    };
    let number = receipt
        .as_ref()
        .map(|receipt| receipt.payload.jti.reference());
    let number = number.map(|number| view! { <Row term="Receipt">{number}</Row> });
    let posting = receipt
        .as_ref()
        .and_then(|receipt| match &receipt.payload.body.outcome {
            Outcome::Booked { posting } => Some(posting.clone()),
            Outcome::Refused { .. } => None,
        });
    let posting = posting.map(|posting| view! { <Row term="Posting">{posting}</Row> });
    let (fee, limit) = (known.fee(), known.limit());
    let fee = fee.map(|fee| {
        view! {
            <Row term="Fee">
                <Money balance=fee.balance() />
            </Row>
        }
    });
    let body = receipt
        .as_ref()
        .map(|receipt| receipt.payload.body.clone())
        .or(known.receipt);
    let booked = body.as_ref().and_then(|receipt| receipt.booking_day);
    let booked = booked.map(|day| {
        view! { <Row term="Booked between the banks">{day::calendar(day)}</Row> }
    });
    let digest = body.map(|receipt| {
        view! {
            <Row term="Digest of your half">
                <Hex groups=receipt.order_digest.hex_groups() wide=true />
            </Row>
        }
    });
    let reason = reason.map(|reason| {
        view! { <Row term="Reason">{format!("{} ({})", reason.words_with(limit), reason.code())}</Row> }
    });
    let decided = if reason.is_none() {
        "Booked"
    } else {
        "Decided"
    };
    view! {
        <section class="half half-theirs">
            <div class="half-head">
                <h2>"The bank’s half"</h2>
                <Tag
                    tone=Tone::Positive
                    icon=Icon::Checked
                    words="Signature checked on this device"
                />
            </div>
            <dl class="summary">
                <Row term="Outcome">
                    <strong>{outcome}</strong>
                </Row>
                {reason}
                {number}
                <Row term=decided>{format!("{}, {}", day::date(at), day::time(at))}</Row>
                {fee}
                {booked}
                {posting}
                {digest}
            </dl>
            <Signature
                by=format!("Countersigned {} by {bank}", day::time(at))
                words=known.signer_words
            />
        </section>
    }
    .into_any()
}
