//! The check page: drawn from the bytes that are about to be signed, by the worker that signs them.

use crate::{
    device::{Device, clock, words},
    ui::{
        busy::BusyButton,
        day,
        error_summary::{ErrorSummary, Errors},
        fingerprint::Words,
        money::{self, Money, Sum},
        page::{BackStep, PageTitle, focus, focus_main},
        sheet::Cut,
        signing::SigningBytes,
        summary::Row,
        tag::{Tag, Tone},
    },
};
use leptos::{prelude::*, task::spawn_local};
use leptos_router::{NavigateOptions, hooks::use_navigate};
use message::{
    Amount, Balance,
    day::Day,
    enquiry::AccountView,
    worker::{Ask, Draft},
};

const TITLE: &str = "Check your payment, then sign it";

/// The button, to which the error summary leads.
const SIGN: &str = "sign";

#[component]
pub(super) fn Check(draft: Draft) -> impl IntoView {
    let device = Device::of_page();
    let errors = Errors::new();
    let back = Callback::new(move |()| {
        device.pay_form.draft.set(None);
        focus_main();
    });
    view! {
        <PageTitle words=TITLE.to_owned() errors=errors />
        <BackStep words="Back to how much and to whom" go=back />
        <ErrorSummary errors=errors />
        <div class="page-head">
            <h1>{TITLE}</h1>
            <p class="quiet">
                "Nothing has been signed or sent. What you read here is exactly what your device will sign."
            </p>
        </div>
        <div class="columns columns-act">
            <div class="sheet">
                <YourHalf draft=draft.clone() />
                {Cut::None.draw()}
                <section class="half half-theirs is-open">
                    <div class="half-head">
                        <h2>"The bank’s half"</h2>
                        <span class="note">"Comes back as a receipt"</span>
                    </div>
                </section>
            </div>
            <Bytes draft=draft.clone() />
            <div class="flow">
                <Sign draft=draft errors=errors />
            </div>
        </div>
    }
}

/// Goes back to the details with the focus on one field.
fn change(device: Device, field: &'static str) -> Callback<()> {
    Callback::new(move |()| {
        device.pay_form.draft.set(None);
        focus(field);
    })
}

#[component]
fn YourHalf(draft: Draft) -> impl IntoView {
    let device = Device::of_page();
    let (name, iban) = (
        draft.creditor_name.clone(),
        draft.creditor_account.grouped(),
    );
    let sum = draft.amount.balance();
    let account = device
        .accounts()
        .into_iter()
        .find(|it| it.iban == draft.debtor_account);
    let terms = device.terms();
    let fee = terms
        .as_ref()
        .and_then(|terms| terms.fee(&draft.creditor_account));
    let limit = terms.as_ref().map(|terms| {
        let [one, day] = [terms.payment_max, terms.day_max].map(|it| money::spoken(it.balance()));
        view! { <p class="note quiet">"The bank takes " {one} " at most in one payment, and " {day} " in one day."</p> }
    });
    let booked = terms
        .and_then(|terms| terms.booking_day(&draft.creditor_account, draft.made_at))
        .filter(|day| *day != Day::of(draft.made_at))
        .map(
            |day| view! { <p class="note quiet">"The banks book it on " {day::calendar(day)}</p> },
        );
    let remittance = if draft.remittance.is_empty() {
        view! { <p class="quiet">"None"</p> }.into_any()
    } else {
        view! { <p>{draft.remittance.clone()}</p> }.into_any()
    };
    view! {
        <section class="half half-yours">
            <div class="half-head">
                <h2>"Your half"</h2>
                <Tag tone=Tone::Hollow words="Not signed yet" />
            </div>
            <Sum balance=sum />
            <dl class="summary">
                <Row term="To" change=("who you pay", change(device, "creditor_name"))>
                    <p>
                        <strong>{name}</strong>
                    </p>
                    <p class="iban">{iban}</p>
                    <p class="note quiet">
                        "The bank does not compare the name with the account. Check the IBAN with the payee."
                    </p>
                </Row>
                <Row
                    term="From"
                    change=("the account you pay from", change(device, "debtor_account"))
                >
                    <After account=account draft=draft fee=fee />
                </Row>
                <Row term="Amount" change=("the amount", change(device, "amount"))>
                    <p>
                        <Money balance=sum />
                    </p>
                    <Total sum=sum fee=fee />
                    {limit}
                </Row>
                <Row term="When">
                    <p>"Now"</p>
                    <p class="note quiet">"Usually with them within seconds"</p>
                    {booked}
                </Row>
                <Row term="Reference" change=("the reference", change(device, "remittance"))>
                    {remittance}
                </Row>
            </dl>
        </section>
    }
}

/// What leaves the account.
fn total(sum: Balance, fee: Option<Amount>) -> Option<Balance> {
    match fee {
        Some(fee) => sum.checked_add(fee.balance()).ok(),
        None => Some(sum),
    }
}

/// What it costs, and what it comes to.
#[component]
fn Total(sum: Balance, fee: Option<Amount>) -> impl IntoView {
    let costs = match fee {
        Some(fee) => view! { "Fee " <Money balance=fee.balance() /> ". " }.into_any(),
        None => "No fee. ".into_any(),
    };
    let total = total(sum, fee).map(|total| view! { "Total " <Money balance=total /> });
    view! { <p class="note quiet">{costs} {total}</p> }
}

/// The account, and what is available on it after this payment.
#[component]
fn After(account: Option<AccountView>, draft: Draft, fee: Option<Amount>) -> impl IntoView {
    let after = account.as_ref().and_then(|account| {
        let total = total(draft.amount.balance(), fee)?;
        let after = account.available.checked_sub(total).ok()?;
        Some((account.available, after))
    });
    view! {
        <p>{account.map(|account| account.label.to_string())}</p>
        <p class="note quiet iban">{draft.debtor_account.grouped()}</p>
        {after
            .map(|(available, after)| {
                view! {
                    <p class="note">
                        "Available " <Money balance=available /> ", after this payment "
                        <strong>
                            <Money balance=after />
                        </strong>
                    </p>
                }
            })}
    }
}

#[component]
fn Bytes(draft: Draft) -> impl IntoView {
    let device = Device::of_page();
    let profile = device.profile_now();
    let about = format!(
        "{} bytes, made {}, void after {}",
        draft.bytes,
        day::time(draft.made_at),
        day::time(draft.void_after)
    );
    view! {
        <aside class="flow" aria-label="Before you sign">
            <SigningBytes
                reference=draft.payment.reference()
                about=about
                digest=draft.digest
                json=draft.json
            />
            {profile
                .map(|profile| {
                    view! {
                        <div class="panel panel-sunk">
                            <h2>"Signed by"</h2>
                            <p class="note">{profile.device_name}</p>
                            <Words words=profile.words />
                        </div>
                    }
                })}
        </aside>
    }
}

/// To the page of the payment: it is signed, and this page is not shown for it again.
fn leave_signed(device: Device, draft: Draft, navigate: &impl Fn(&str, NavigateOptions)) {
    let payment = draft.payment;
    device.know(payment, |known| {
        known.signed_at = Some(clock::now());
        known.draft = Some(draft);
    });
    device.pay_form.clear();
    navigate(&format!("/payments/{payment}"), NavigateOptions::default());
}

/// In the place of the check page, when the keys were locked while its draft was being signed.
#[component]
pub(super) fn Signed(draft: Draft) -> impl IntoView {
    let device = Device::of_page();
    let navigate = use_navigate();
    Effect::new(move |_| leave_signed(device, draft.clone(), &navigate));
    view! { <p class="quiet">"This payment is signed."</p> }
}

#[component]
fn Sign(draft: Draft, errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let navigate = use_navigate();
    let busy = RwSignal::new(false);
    let words = format!(
        "Sign and pay {} to {}",
        money::spoken(draft.amount.balance()),
        draft.creditor_name
    );
    let sign = move |_| {
        if busy.get_untracked() {
            return;
        }
        busy.set(true);
        errors.clear();
        let (draft, navigate) = (draft.clone(), navigate.clone());
        spawn_local(async move {
            let payment = draft.payment;
            match device.ask(Ask::SignDraft { payment }).await {
                // Stored, it is sent by itself, whatever the first attempt came to: its page says so.
                Err(failure) if !device.pay_form.is_signed(payment) => {
                    busy.set(false);
                    errors.show(vec![(SIGN, words::line(&failure))]);
                }
                _ => leave_signed(device, draft, &navigate),
            }
        });
    };
    view! {
        <p class="actions">
            <BusyButton busy=busy words=words meanwhile="Signing" id=SIGN kind="button" on:click=sign />
            <a class="button button-plain" href="/accounts" on:click=move |_| device.pay_form.clear()>
                "Do not pay"
            </a>
        </p>
    }
}
