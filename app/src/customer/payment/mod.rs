//! One payment: the sheet of two halves, what happened, and the receipt to keep.

mod document;
mod history;
mod sheet;

use super::private::Private;
use crate::{
    device::{Asked, Device, KnownPayment, Standing, download, words},
    ui::{
        announcer::Toast,
        day,
        icon::Icon,
        money,
        notice::{CouldNot, Notice, Weight},
        page::{Back, PageTitle},
        tag::{Tag, Tone},
        timeline::Timeline,
        waiting::Waiting,
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::hooks::{use_navigate, use_params_map};
use message::{MessageId, receipt::Refusal, worker::Failure};
use std::time::Duration;

#[component]
pub(crate) fn PaymentPage() -> impl IntoView {
    view! {
        <Private title="Payment">
            <Inside />
        </Private>
    }
}

#[component]
fn Inside() -> impl IntoView {
    let params = use_params_map();
    let id = Memo::new(move |_| {
        let text = params
            .with(|params| params.get("payment"))
            .unwrap_or_default();
        MessageId::parse(&text).ok()
    });
    move || match id.get() {
        Some(id) => view! { <Found id=id /> }.into_any(),
        None => view! {
            <PageTitle words="Payment not found".to_owned() />
            <Back href="/payments" words="Receipts" />
            <h1>"There is no payment under this address"</h1>
        }
        .into_any(),
    }
}

/// While the bank has not decided, the page asks again now and then, should an event be missed.
const ASK_AGAIN: Duration = Duration::from_secs(5);

fn ask_until_decided(device: Device, id: MessageId, asked: Asked) {
    if cfg!(not(feature = "hydrate")) {
        return;
    }
    let decided = move || {
        device.payments.with_untracked(|known| {
            known
                .get(&id)
                .is_some_and(|known| known.standing().is_final())
        })
    };
    let again = move || {
        if !decided() {
            asked.again();
        }
    };
    if let Ok(handle) = set_interval_with_handle(again, ASK_AGAIN) {
        on_cleanup(move || handle.clear());
    }
}

/// The bank does not know the order (yet), or there is no line: what is saved here is shown.
fn is_not_there_yet(failure: &Failure) -> bool {
    match failure {
        Failure::Refused { code, .. } => code == Refusal::NotFound.code(),
        Failure::NoLine | Failure::NoAnswer => true,
        _ => false,
    }
}

#[component]
fn Found(id: MessageId) -> impl IntoView {
    let device = Device::of_page();
    let asked = Asked::new(device, move || async move {
        // The labels of the own accounts stand in the overview.
        if device.overview.with_untracked(Option::is_none) {
            device.load_overview().await?;
        }
        device.load_payment(id).await
    });
    ask_until_decided(device, id, asked);
    let known = Memo::new(move |_| device.payments.with(|payments| payments.get(&id).cloned()));
    move || match (known.get(), asked.failed.get()) {
        (Some(known), failed) => {
            let failed = failed.filter(|failure| !is_not_there_yet(failure));
            view! {
                <Shown id=id known=known />
                {failed
                    .map(|failure| {
                        view! { <CouldNot failure=failure again=move |()| asked.again() /> }
                    })}
            }
            .into_any()
        }
        (None, Some(failure)) => view! {
            <PageTitle words="Payment".to_owned() />
            <Back href="/payments" words="Receipts" />
            <h1>{format!("Order {}", id.reference())}</h1>
            <CouldNot failure=failure again=move |()| asked.again() />
        }
        .into_any(),
        (None, None) => view! {
            <PageTitle words="Payment".to_owned() />
            <Back href="/payments" words="Receipts" />
            <h1 class="visually-hidden">"Payment"</h1>
            <Waiting words="Asking the bank how the payment stands" />
        }
        .into_any(),
    }
}

/// Signed, and stored in this browser.
const SAVED: &str = "It is signed and saved on this device. We do not know yet whether the bank has received \
                     it. It is sent again by itself, under the same number, so it can never be paid twice.";

/// Signed by a device that is used once: nothing outlives this page.
const ONCE_SAVED: &str = "It is signed, and kept in the memory of this page alone. We do not know yet whether the \
                          bank has received it. Stay until it has: locking or leaving loses what is not sent.";

/// What the head of the page says: a tag, a sentence, and where the money is.
struct Head {
    tone: Tone,
    icon: Icon,
    title: String,
    more: String,
}

fn head(id: MessageId, known: &KnownPayment, once: bool) -> Head {
    let (whom, sum) = match known.ordered() {
        Some(ordered) => (
            ordered.creditor_name,
            money::spoken(ordered.amount.balance()),
        ),
        None => ("the payee".to_owned(), "the payment".to_owned()),
    };
    let bank = known.view().and_then(|view| view.creditor_bank.clone());
    match known.standing() {
        Standing::Saved => Head {
            tone: Tone::Plain,
            icon: Icon::Clock,
            title: match known.ordered() {
                Some(_) => format!("{sum} to {whom} is signed and being sent"),
                None => format!("Signed, and being sent: order {}", id.reference()),
            },
            more: if once { ONCE_SAVED } else { SAVED }.to_owned(),
        },
        Standing::Received => Head {
            tone: Tone::Accent,
            icon: Icon::Clock,
            title: format!("The bank has your order of {sum} to {whom}"),
            more: "It is being booked. You can close this page: the receipt waits for you."
                .to_owned(),
        },
        Standing::OnItsWay => Head {
            tone: Tone::Accent,
            icon: Icon::Clock,
            title: format!("{sum} is on its way to {whom}"),
            more: format!(
                "The money is set aside until {} answers. You can close this page: the receipt waits \
                 for you.",
                bank.map_or("the other bank".to_owned(), |bank| bank.to_string())
            ),
        },
        Standing::Paid { at } => Head {
            tone: Tone::Positive,
            icon: Icon::Checked,
            title: format!("{whom} has {sum}"),
            more: format!(
                "{}, {}. The bank has signed the receipt.",
                day::long(at),
                day::time(at)
            ),
        },
        Standing::NotPaid { reason, .. } => Head {
            tone: Tone::Negative,
            icon: Icon::Cross,
            // First of all, where the money is.
            title: "No money has left your account".to_owned(),
            more: not_paid(known, &whom, &sum, reason),
        },
    }
}

/// What was refused, why, and what became of the money that was set aside.
fn not_paid(known: &KnownPayment, whom: &str, sum: &str, reason: Refusal) -> String {
    let set_aside = known.view().is_some_and(|view| view.sent_at.is_some());
    let released = if set_aside {
        " What was set aside is available again."
    } else {
        ""
    };
    let why = reason.words_with(known.limit());
    format!("{sum} to {whom} was not paid. {why}{released}")
}

#[component]
fn Shown(id: MessageId, known: KnownPayment) -> impl IntoView {
    let device = Device::of_page();
    let Head {
        tone,
        icon,
        title,
        more,
    } = head(id, &known, device.keys.once.get_untracked());
    let standing = known.standing();
    let word = standing.word();
    let events = history::of(
        &known,
        device.profile_now().map(|profile| profile.device_name),
    );
    let page_title = match known.ordered() {
        Some(ordered) => format!(
            "{word}: {} to {}",
            money::spoken(ordered.amount.balance()),
            ordered.creditor_name
        ),
        None => word.to_owned(),
    };
    view! {
        <PageTitle words=page_title />
        <Back href="/payments" words="Receipts" />
        <div class="page-head" role="status">
            <p>
                <Tag tone=tone icon=icon words=word />
            </p>
            <h1>{title}</h1>
            <p class="quiet">{more}</p>
        </div>
        <div class="columns">
            <div class="flow">
                <sheet::PaymentSheet id=id known=known.clone() />
                <Acts id=id known=known.clone() />
                <p class="print-only small">
                    "Check this receipt at any time with the file, the bank’s certificates and any standard JOSE tool."
                </p>
            </div>
            <aside class="flow" aria-label="What happened">
                <h2>"What happened"</h2>
                <Timeline events=events />
                {matches!(standing, Standing::Paid { .. })
                    .then(|| {
                        view! {
                            <Notice weight=Weight::Accent head="Anyone can check it">
                                <p>
                                    "Give the file to the payee or a court. They need no account and nothing from us."
                                </p>
                            </Notice>
                        }
                    })}
            </aside>
        </div>
    }
}

#[component]
fn Acts(id: MessageId, known: KnownPayment) -> impl IntoView {
    let device = Device::of_page();
    let navigate = use_navigate();
    let standing = known.standing();
    let has_receipt = standing.is_final();
    let save = move |_| {
        spawn_local(async move {
            match device.save_receipt(id).await {
                Ok(()) => device.say("The receipt is saved with your downloads.".to_owned()),
                Err(failure) => device.said.set(Some(Toast::staying(words::line(&failure)))),
            }
        });
    };
    // The reference and the amount are kept, and nobody is asked twice.
    let ordered = known.ordered();
    let again_words = match standing {
        Standing::NotPaid { .. } => "Correct and pay again",
        _ => "Pay again",
    };
    let again = ordered.map(|ordered| {
        let go = move |_| {
            let form = device.pay_form;
            form.clear();
            form.from.set(Some(ordered.debtor_account.clone()));
            form.name.set(ordered.creditor_name.clone());
            form.iban.set(ordered.creditor_account.grouped());
            form.amount.set(ordered.amount.balance().figure());
            form.remittance.set(ordered.remittance.clone());
            navigate("/pay", leptos_router::NavigateOptions::default());
        };
        view! {
            <button class="button button-plain" type="button" on:click=go>
                {again_words}
            </button>
        }
    });
    has_receipt.then(|| {
        view! {
            <p class="actions">
                <button class="button button-main" type="button" on:click=save>
                    {Icon::Download.draw()}
                    "Download receipt"
                </button>
                <button class="button" type="button" on:click=|_| download::print()>
                    {Icon::Print.draw()}
                    "Print"
                </button>
                {again}
            </p>
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn used_once_nothing_is_said_to_be_kept() {
        let known = KnownPayment::default();
        let said = |once| head(MessageId::new([1; 16]), &known, once).more;
        assert!(said(false).contains("saved on this device"));
        assert!(!said(true).contains("saved on this device"));
        assert!(said(true).contains("loses what is not sent"));
    }
}
