//! Every page rendered as the server renders it, and private pages as they look when they are filled.
//! The HTML is checked here and kept under `target/preview`, where it can be looked at.

use crate::{
    PageConfig,
    device::{Device, Stage},
    shell,
};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_router::location::RequestUrl;
use message::{
    Amount, Balance, Bic, Digest, Iban, MessageId, Payload, Thumbprint,
    amount::Currency,
    enquiry::{AccountView, EntryView, Overview, Payment, PaymentView, Statement},
    order::PaymentOrder,
    receipt::{Outcome, Receipt, Refusal},
    worker::{Draft, Profile, StoredDevice},
};
use std::{collections::HashSet, fs, path::Path};

const NOW: i64 = 1_795_097_171;

fn config() -> PageConfig {
    PageConfig {
        bank_name: "Halden Bank".to_owned(),
        bic: "HALDDEFF".to_owned(),
        edges: vec!["http://127.0.0.1:7101".to_owned()],
        licence_until: "30 June 2028".to_owned(),
        ..PageConfig::default()
    }
}

/// Renders one address, with the device in a state.
fn render(address: &str, state: impl FnOnce(Device)) -> String {
    let owner = Owner::new();
    owner.with(|| {
        provide_context(RequestUrl::new(address));
        provide_context(config());
        provide_context(leptos_meta::ServerMetaContext::new().0);
        let device = Device::new();
        state(device);
        provide_context(device);
        let options = LeptosOptions::builder().output_name("app").build();
        shell(options).to_html()
    })
}

fn keep(name: &str, html: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/preview");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join(name), html).unwrap();
}

/// What must hold of every page.
fn check(name: &str, html: &str) {
    keep(&format!("{name}.html"), html);
    assert_eq!(html.matches("<h1").count(), 1, "{name}: one h1");
    assert_eq!(html.matches("<main").count(), 1, "{name}: one main");
    assert!(
        !html.contains(" style="),
        "{name}: the policy blocks style attributes"
    );
    assert!(html.contains("skip-link"), "{name}: a skip link");
    let ids: Vec<&str> = html
        .split(" id=\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    let unique: HashSet<&str> = ids.iter().copied().collect();
    assert_eq!(ids.len(), unique.len(), "{name}: ids stand once: {ids:?}");
    let lower = html.to_lowercase();
    for word in ["invalid ", "oops", "please", "successfully"] {
        assert!(!lower.contains(word), "{name}: says {word}");
    }
}

fn eur(minor: i64) -> Balance {
    Balance::new(minor, Currency::EUR)
}

fn own() -> Iban {
    Iban::from_bban("DE", "370905020004100117").unwrap()
}

fn other() -> Iban {
    Iban::from_bban("DE", "700205700004100117").unwrap()
}

fn id(byte: u8) -> MessageId {
    MessageId::new([byte; 16])
}

fn words() -> Vec<String> {
    "maple otter brisk sail ember"
        .split(' ')
        .map(str::to_owned)
        .collect()
}

fn profile() -> Profile {
    Profile {
        device: Thumbprint::new([7; 32]),
        device_name: "Kitchen laptop".to_owned(),
        customer_name: "Wilhelmina van der Steenhoven-Okonkwo".to_owned(),
        customer_number: "100017".to_owned(),
        bank: Bic::parse("HALDDEFF").unwrap(),
        bank_name: "Halden Bank".to_owned(),
        words: words(),
        enrolled_at: NOW - 86_400 * 200,
    }
}

fn stored(byte: u8, customer: &str, device: &str) -> StoredDevice {
    StoredDevice {
        version: 1,
        device: Thumbprint::new([byte; 32]),
        customer_name: customer.to_owned(),
        customer_number: "100017".to_owned(),
        device_name: device.to_owned(),
        bank: Bic::parse("HALDDEFF").unwrap(),
        bank_name: "Halden Bank".to_owned(),
        enrolled_at: NOW - 86_400 * 200,
        signing_key: String::new(),
        encryption_key: String::new(),
        certificates: Vec::new(),
        root: String::new(),
        key_set: 1,
        request: None,
        manifest: String::new(),
    }
}

fn account(index: u32, label: &str, minor: i64, held: i64) -> AccountView {
    AccountView {
        index,
        iban: if index == 1 {
            own()
        } else {
            Iban::from_bban("DE", "370905020004100225").unwrap()
        },
        label: label.to_owned().try_into().unwrap(),
        booked: eur(minor),
        held: eur(held),
        available: eur(minor - held),
        closed: false,
    }
}

fn entry(n: i64, days: i64, name: &str, what: &str, minor: i64) -> EntryView {
    EntryView {
        account: own(),
        n,
        at: NOW - days * 86_400 - n,
        amount: eur(minor),
        balance_after: eur(1_248_022 + n * 1_000),
        counterparty_name: name.to_owned().try_into().unwrap(),
        counterparty_account: None,
        remittance: what.to_owned().try_into().unwrap(),
        payment: Some(id(u8::try_from(n).unwrap())),
    }
}

fn entries() -> Vec<EntryView> {
    vec![
        entry(
            5,
            0,
            "Zofia Wiśniewska-Krzyżanowska",
            "Piano lessons, October",
            -8_460,
        ),
        entry(4, 0, "Bäckerei Wilhelm Hollenstein", "", -1_285),
        entry(
            3,
            1,
            "Stadtwerke Frankfurt am Main Versorgungsgesellschaft mbH",
            "Electricity, instalment 11 of 12",
            -14_300,
        ),
        entry(
            2,
            1,
            "Museum of Applied Arts, payroll",
            "Salary November 2026",
            461_875,
        ),
        entry(
            1,
            3,
            "Þórdís Kolbrún Gylfadóttir",
            "Your share of the cabin",
            32_500,
        ),
    ]
}

fn view(outcome: Option<Outcome>) -> PaymentView {
    PaymentView {
        payment: id(9),
        debtor_account: own(),
        creditor_name: "Jean-Baptiste Archambault".to_owned().try_into().unwrap(),
        creditor_account: other(),
        amount: Amount::try_new(125_000, Currency::EUR).unwrap(),
        remittance: "Invoice 2026-114, roof repair"
            .to_owned()
            .try_into()
            .unwrap(),
        received_at: NOW + 1,
        sent_at: Some(NOW + 1),
        decided_at: outcome.is_some().then_some(NOW + 8),
        creditor_bank: Some("Brisa Bank".to_owned().try_into().unwrap()),
        outcome,
    }
}

fn overview() -> Overview {
    Overview {
        customer_name: profile().customer_name.try_into().unwrap(),
        customer_number: "100017".to_owned(),
        at: NOW,
        accounts: vec![
            account(1, "Everyday", 1_248_022, 125_000),
            account(2, "Household, with Chukwuemeka Okonkwo", 230_410, 0),
        ],
        on_their_way: vec![view(None)],
        recent: entries(),
    }
}

/// Keys are open and the bank has answered.
fn filled(device: Device) {
    device
        .stored
        .set(vec![stored(7, &profile().customer_name, "Kitchen laptop")]);
    device.overview.set(Some(overview()));
    device.stage.set(Stage::Unlocked(Box::new(profile())));
    device.locks_at.set(Some(NOW + 600));
}

fn compact<B: serde::Serialize>(kid: Thumbprint, jti: MessageId, iat: i64, body: B) -> String {
    let encode = |text: String| data_encoding::BASE64URL_NOPAD.encode(text.as_bytes());
    let payload = Payload {
        iss: kid.to_string(),
        aud: "HALDDEFF".to_owned(),
        jti,
        iat,
        exp: iat + 900,
        re: None,
        body,
    };
    let head = format!(r#"{{"alg":"x","kid":"{kid}","typ":"x"}}"#);
    format!(
        "{}.{}.AA",
        encode(head),
        encode(serde_json::to_string(&payload).unwrap())
    )
}

/// The payment with its documents, decided or not.
fn with_payment(device: Device, outcome: Option<Outcome>) {
    filled(device);
    let view = view(outcome.clone());
    let order = PaymentOrder {
        debtor_account: own(),
        creditor_name: view.creditor_name.clone(),
        creditor_account: other(),
        instructed_amount: view.amount,
        remittance: view.remittance.clone(),
    };
    let receipt = outcome.map(|outcome| Receipt {
        order: id(9),
        order_digest: Digest::new([0xb7; 32]),
        debtor_account: own(),
        creditor_name: view.creditor_name.clone(),
        creditor_account: other(),
        amount: view.amount,
        remittance: view.remittance.clone(),
        at: NOW + 8,
        outcome,
    });
    let payment = Payment {
        view,
        order: Some(compact(profile().device, id(9), NOW, order)),
        receipt: receipt.map(|it| compact(Thumbprint::new([8; 32]), id(0x4c), NOW + 8, it)),
    };
    let signer = "copper orchard vivid lantern plum"
        .split(' ')
        .map(str::to_owned)
        .collect();
    device.know(id(9), |known| known.answered(payment, Some(signer)));
}

const PLACES: [(&str, &str); 10] = [
    ("start", "/"),
    ("help", "/help"),
    ("enrol", "/enrol"),
    ("unlock", "/unlock"),
    ("accounts", "/accounts"),
    ("statement", "/accounts/1/statement"),
    ("pay", "/pay"),
    ("payments", "/payments"),
    ("settings", "/settings"),
    ("not-found", "/nowhere"),
];

#[test]
fn every_page_is_the_same_for_everybody() {
    for (name, address) in PLACES {
        let html = render(address, |_| {});
        check(&format!("empty-{name}"), &html);
        assert!(html.contains("Halden Bank"), "{name}");
        assert!(!html.contains("DE50 3709"), "{name}: nothing private");
        assert!(html.contains("<noscript>"), "{name}");
        assert!(html.contains("boot-failure"), "{name}");
    }
}

#[test]
fn private_pages_show_what_the_bank_answered() {
    let html = render("/accounts", filled);
    check("accounts", &html);
    assert!(html.contains("11\u{a0}230.22") && html.contains("On its way"));
    let html = render("/accounts/1/statement", |device| {
        filled(device);
        let statement = Statement {
            account: account(1, "Everyday", 1_248_022, 125_000),
            entries_total: 214,
            entries: entries(),
            older: Some(1),
        };
        device
            .statements
            .update(|pages| drop(pages.insert((1, None), statement)));
    });
    check("statement", &html);
    assert!(html.contains("\u{2212}84.60") && html.contains("?before=1"));
    check("payments", &render("/payments", filled));
    check("settings", &render("/settings", filled));
    check("pay", &render("/pay", filled));
}

#[test]
fn the_check_page_shows_the_draft() {
    let html = render("/pay", |device| {
        filled(device);
        device.pay_form.draft.set(Some(Draft {
            payment: id(9),
            debtor_account: own(),
            creditor_name: "Jean-Baptiste Archambault".to_owned(),
            creditor_account: other(),
            amount: Amount::try_new(125_000, Currency::EUR).unwrap(),
            remittance: "Invoice 2026-114, roof repair".to_owned(),
            bank: Bic::parse("HALDDEFF").unwrap(),
            made_at: NOW,
            void_after: NOW + 900,
            bytes: 412,
            digest: Digest::new([0xb7; 32]).hex_groups(),
            json: r#"{"aud":"HALDDEFF"}"#.to_owned(),
        }));
    });
    check("pay-check", &html);
    assert!(html.contains("Sign and pay 1\u{a0}250.00\u{a0}EUR to Jean-Baptiste Archambault"));
    assert!(
        html.contains("9\u{a0}980.22"),
        "available after the payment"
    );
    assert!(html.contains("cut-none"));
}

#[test]
fn a_payment_shows_its_two_halves() {
    let booked = Outcome::Booked {
        posting: "4711".to_owned(),
    };
    let html = render(&format!("/payments/{}", id(9)), |device| {
        with_payment(device, Some(booked))
    });
    check("payment-paid", &html);
    assert!(html.contains("cut-both") && html.contains("copper orchard vivid lantern plum"));
    let html = render(&format!("/payments/{}", id(9)), |device| {
        with_payment(device, None)
    });
    check("payment-on-its-way", &html);
    assert!(html.contains("cut-yours") && !html.contains("Download receipt"));
    let refused = Outcome::Refused {
        reason: Refusal::CreditorAccountUnknown,
    };
    let html = render(&format!("/payments/{}", id(9)), |device| {
        with_payment(device, Some(refused))
    });
    check("payment-not-paid", &html);
    assert!(html.contains("No money has left your account."));
    let html = render(&format!("/payments/{}", id(9)), |device| {
        filled(device);
        device.know(id(9), |known| known.signed_at = Some(NOW));
    });
    check("payment-saved", &html);
    assert!(html.contains("never be paid twice"));
}

#[test]
fn locked_pages_ask_who_it_is() {
    let html = render("/accounts", |device| {
        device.stored.set(vec![
            stored(7, &profile().customer_name, "Kitchen laptop"),
            stored(8, "Chukwuemeka Okonkwo", "Kitchen laptop"),
        ]);
        device.stage.set(Stage::Locked);
    });
    check("unlock-several", &html);
    assert!(html.contains("Who are you?") && !html.contains(" checked"));
    let html = render("/accounts", |device| {
        device
            .stored
            .set(vec![stored(7, &profile().customer_name, "Kitchen laptop")]);
        device.stage.set(Stage::Locked);
    });
    check("unlock-one", &html);
    let html = render("/accounts", |device| device.stage.set(Stage::Locked));
    check("unlock-none", &html);
}
