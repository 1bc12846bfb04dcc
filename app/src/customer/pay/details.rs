//! Whom, how much, and what for.

use crate::{
    device::{Asked, Device, PayForm, words},
    ui::{
        busy::BusyButton,
        choices::{Choice, Choices},
        error_summary::{ErrorSummary, Errors},
        field::{Field, Look},
        money::{self, Money},
        page::{Back, PageTitle, focus_main},
        waiting::AskedState,
    },
};
use leptos::{prelude::*, task::spawn_local};
use message::{
    Amount, Iban,
    amount::{AmountError, Currency},
    enquiry::AccountView,
    text::{Name, Remittance, TextError},
    worker::{Answer, Ask, Failure},
};

const TITLE: &str = "How much and to whom";
const FROM: &str = "debtor_account";
const NAME: &str = "creditor_name";
const IBAN: &str = "creditor_account";
const AMOUNT: &str = "amount";
const REMITTANCE: &str = "remittance";

/// The account to pay from: the chosen one, or the only one that can pay.
fn paying_account(form: PayForm, accounts: &[AccountView]) -> Option<AccountView> {
    let mut open = accounts.iter().filter(|account| !account.closed);
    match form.from.get() {
        Some(iban) => open.find(|account| account.iban == iban).cloned(),
        None => open.next().filter(|_| open.next().is_none()).cloned(),
    }
}

/// What is wrong with the form, at each field, in the order in which they stand.
fn mistakes(
    account: Option<&AccountView>,
    [name, iban, amount, remittance]: [&str; 4],
) -> Vec<(&'static str, String)> {
    let mut wrong = Vec::new();
    if account.is_none() {
        wrong.push((FROM, "Choose the account to pay from".to_owned()));
    }
    if let Err(error) = Name::parse(name) {
        let words = match error {
            TextError::Empty => "Enter the payee's name",
            TextError::TooLong => "Use 140 characters or fewer for the payee's name",
            TextError::Character => "Use only letters, figures and signs in the payee's name",
        };
        wrong.push((NAME, words.to_owned()));
    }
    match (Iban::parse(iban), account) {
        (Err(error), _) => wrong.push((IBAN, error.to_string())),
        (Ok(iban), Some(account)) if iban == account.iban => {
            let words = "Enter another account: this is the one you pay from";
            wrong.push((IBAN, words.to_owned()));
        }
        _ => {}
    }
    let currency = account.map_or(Currency::EUR, |account| account.booked.currency());
    match (Amount::parse(amount, currency), account) {
        (Err(AmountError::NotANumber), _) if amount.trim().is_empty() => {
            wrong.push((AMOUNT, "Enter an amount".to_owned()));
        }
        (Err(error), _) => wrong.push((AMOUNT, error.to_string())),
        (Ok(sum), Some(account)) if sum.minor() > account.available.minor() => {
            let most = money::spoken(account.available);
            wrong.push((AMOUNT, format!("Enter an amount of {most} or less")));
        }
        _ => {}
    }
    if let Err(error) = Remittance::parse(remittance) {
        let words = match error {
            TextError::TooLong => "Use 140 characters or fewer for the reference",
            _ => "Use only letters, figures and signs in the reference",
        };
        wrong.push((REMITTANCE, words.to_owned()));
    }
    wrong
}

/// The field that the worker named, where this page has it.
fn field_of(name: &str) -> &'static str {
    [NAME, IBAN, AMOUNT, REMITTANCE]
        .into_iter()
        .find(|field| *field == name)
        .unwrap_or(AMOUNT)
}

fn submit(device: Device, errors: Errors, busy: RwSignal<bool>) {
    if busy.get_untracked() {
        return;
    }
    let form = device.pay_form;
    let account = untrack(|| paying_account(form, &device.accounts()));
    let typed = [form.name, form.iban, form.amount, form.remittance].map(|it| it.get_untracked());
    let [name, iban, amount, remittance] = &typed;
    let wrong = mistakes(account.as_ref(), [name, iban, amount, remittance]);
    let (Some(account), true) = (account, wrong.is_empty()) else {
        errors.show(wrong);
        return;
    };
    errors.clear();
    busy.set(true);
    let [creditor_name, creditor_account, amount, remittance] = typed;
    let debtor_account = account.iban;
    let ask = Ask::Draft {
        debtor_account,
        creditor_name,
        creditor_account,
        amount,
        remittance,
    };
    spawn_local(async move {
        let outcome = device.ask(ask).await;
        busy.set(false);
        match outcome {
            Ok(Answer::Draft { draft }) => {
                form.draft.set(Some(*draft));
                focus_main();
            }
            Ok(_) => {}
            Err(Failure::Field { field, words }) => errors.show(vec![(field_of(&field), words)]),
            Err(failure) => {
                errors.show(vec![(NAME, words::line(&failure))]);
            }
        }
    });
}

#[component]
pub(super) fn Details(asked: Asked) -> impl IntoView {
    let device = Device::of_page();
    let errors = Errors::new();
    let busy = RwSignal::new(false);
    let shown = Signal::derive(move || device.overview.with(Option::is_some));
    let on_submit = move |event: leptos::ev::SubmitEvent| {
        event.prevent_default();
        submit(device, errors, busy);
    };
    view! {
        <PageTitle words=TITLE.to_owned() errors=errors />
        <Back href="/accounts" words="Accounts" />
        <div class="narrow flow">
            <ErrorSummary errors=errors />
            <div class="page-head">
                <h1>{TITLE}</h1>
                <p class="quiet">"Next you check it. Nothing is signed or sent before that."</p>
            </div>
            <AskedState asked=asked shown=shown words="Asking the bank for your accounts" />
            <Show when=move || shown.get()>
                <form class="flow flow-form" novalidate on:submit=on_submit>
                    <From errors=errors />
                    <Payee errors=errors />
                    <p class="actions">
                        <BusyButton busy=busy words="Continue" meanwhile="Preparing the check" />
                        <a class="button button-plain" href="/accounts">
                            "Do not pay"
                        </a>
                    </p>
                </form>
            </Show>
        </div>
    }
}

#[component]
fn Payee(errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let form = device.pay_form;
    let account = Memo::new(move |_| paying_account(form, &device.accounts()));
    let available = move || {
        account.get().map(|account| {
            view! {
                {format!("Available on {}: ", account.label)}
                <Money balance=account.available />
            }
        })
    };
    let currency = move || {
        account
            .get_untracked()
            .map_or(Currency::EUR, |account| account.booked.currency())
    };
    let amount = Look {
        inputmode: Some("decimal"),
        affix: Some(currency().code()),
        ..Look::default()
    };
    view! {
        <Field
            id=NAME
            label="Their name"
            hint=|| "As it is written on their account"
            value=form.name
            errors=errors
            look=Look { class: "w-iban", ..Look::default() }
        />
        <Field
            id=IBAN
            label="Their IBAN"
            hint=|| {
                view! {
                    "Spaces do not matter. For example "
                    <span class="iban">"DE79 7002 0570 0004 1001 17"</span>
                }
            }
            value=form.iban
            errors=errors
            look=Look { class: "w-iban iban", ..Look::default() }
        />
        <Field id=AMOUNT label="Amount" hint=available value=form.amount errors=errors look=amount />
        <Field
            id=REMITTANCE
            label="Reference"
            hint=|| "If you like: what it is for. They read it, and both banks do."
            value=form.remittance
            errors=errors
            look=Look { class: "w-iban", ..Look::default() }
        />
    }
}

/// The account to pay from: a choice only where there is one.
#[component]
fn From(errors: Errors) -> impl IntoView {
    let device = Device::of_page();
    let form = device.pay_form;
    let open = move || {
        let accounts = device.accounts().into_iter();
        accounts
            .filter(|account| !account.closed)
            .collect::<Vec<_>>()
    };
    let ibans = Memo::new(move |_| open().into_iter().map(|it| it.iban).collect::<Vec<_>>());
    move || {
        let accounts = untrack(open);
        match ibans.with(Vec::len) {
            0 => view! {
                <p>"You have no open account to pay from. The bank opens one for you."</p>
            }
            .into_any(),
            1 => accounts
                .into_iter()
                .next()
                .map(|account| {
                    view! {
                        <div>
                            <p class="field-name">"Pay from"</p>
                            <p>
                                {account.label.to_string()} " "
                                <span class="quiet iban">{account.iban.grouped()}</span>
                            </p>
                        </div>
                    }
                })
                .into_any(),
            _ => view! { <FromSeveral form=form accounts=accounts errors=errors /> }.into_any(),
        }
    }
}

#[component]
fn FromSeveral(form: PayForm, accounts: Vec<AccountView>, errors: Errors) -> impl IntoView {
    let choices = accounts.into_iter().map(|account| {
        let AccountView {
            iban,
            label,
            available,
            ..
        } = account;
        let grouped = iban.grouped();
        let hint = move || {
            view! {
                <span class="iban">{grouped.clone()}</span>
                ", available "
                <Money balance=available />
            }
        };
        Choice {
            value: iban,
            name: label.to_string(),
            hint: ViewFn::from(hint),
        }
    });
    view! {
        <Choices
            id=FROM
            legend="Pay from"
            choices=choices.collect()
            chosen=form.from
            errors=errors
        />
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use message::Balance;

    fn account() -> AccountView {
        let eur = |minor| Balance::new(minor, Currency::EUR);
        AccountView {
            index: 1,
            iban: Iban::from_bban("DE", "370905020004100117").unwrap(),
            label: "Everyday".to_owned().try_into().unwrap(),
            booked: eur(1_248_022),
            held: eur(125_000),
            available: eur(1_123_022),
            closed: false,
        }
    }

    fn fields(typed: [&str; 4]) -> Vec<&'static str> {
        mistakes(Some(&account()), typed)
            .into_iter()
            .map(|(field, _)| field)
            .collect()
    }

    #[test]
    fn a_form_in_order_has_no_mistakes() {
        let other = Iban::from_bban("DE", "700205700004100117")
            .unwrap()
            .grouped();
        assert!(fields(["Ann Lee", &other, "20", ""]).is_empty());
        assert!(fields(["Ann Lee", &other.to_lowercase(), "1 000,50", "Rent"]).is_empty());
    }

    #[test]
    fn each_mistake_stands_at_its_field() {
        assert_eq!(fields(["", "", "", ""]), [NAME, IBAN, AMOUNT]);
        let own = account().iban.grouped();
        assert_eq!(fields(["Ann", &own, "1.000,00", ""]), [IBAN, AMOUNT]);
        let words = mistakes(
            Some(&account()),
            ["Ann", "NO93 8601 1117 948", "112 302.20", ""],
        );
        assert_eq!(
            words[0].1,
            "Check the IBAN: one or more characters are wrong"
        );
        assert_eq!(
            words[1].1,
            "Enter an amount of 11\u{a0}230.22\u{a0}EUR or less"
        );
        assert_eq!(mistakes(None, ["Ann", &own, "1", ""])[0].0, FROM);
    }
}
