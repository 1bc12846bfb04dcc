//! Every page rendered as the server renders it, and private pages as they look when they are filled.
//! The HTML is checked here and kept under `target/preview`, where it can be looked at.

mod answers;
mod devices;

use crate::{
    PageConfig,
    device::{Device, Stage},
    shell,
};
use answers::{NOW, account, entries, filled, id, other, own, profile, stored, with_payment};
use leptos::{config::LeptosOptions, prelude::*};
use leptos_router::location::RequestUrl;
use message::{
    Amount, Bic, Digest,
    amount::Currency,
    enquiry::Statement,
    parameters::Terms,
    receipt::{Outcome, Refusal},
    worker::Draft,
};
use std::{collections::HashSet, fs, path::Path};

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

const PLACES: [(&str, &str); 21] = [
    ("start", "/"),
    ("help", "/help"),
    ("enrol", "/enrol"),
    ("unlock", "/unlock"),
    ("accounts", "/accounts"),
    ("statement", "/accounts/1/statement"),
    ("pay", "/pay"),
    ("payments", "/payments"),
    ("settings", "/settings"),
    ("speed", "/about/speed"),
    ("keys-import", "/keys/import"),
    ("keys-export", "/keys/export"),
    ("keys-left", "/keys/left"),
    ("keys-passphrase", "/keys/passphrase"),
    ("keys-recover", "/keys/recover"),
    ("keys-sheet", "/keys/sheet"),
    ("devices", "/devices"),
    ("device-add", "/devices/add"),
    ("device-replace", "/devices/replace"),
    ("join", "/enrol/join"),
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
    let html = render("/payments", |device| {
        filled(device);
        let statement = Statement {
            account: account(1, "Everyday", 1_248_022, 125_000),
            entries_total: 5,
            entries: entries(),
            older: None,
        };
        device
            .statements
            .update(|pages| drop(pages.insert((1, None), statement)));
    });
    check("payments", &html);
    assert!(html.contains("Not paid") && html.contains("has no account with this IBAN"));
    assert!(html.contains("On its way") && html.contains("Piano lessons"));
    check("settings", &render("/settings", filled));
    check("pay", &render("/pay", filled));
}

/// A payment that is about to be checked.
fn drafted(device: Device) {
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
}

#[test]
fn a_large_payment_waits_until_the_keys_can_be_brought_back() {
    let html = render("/pay", drafted);
    check("pay-safety", &html);
    assert!(html.contains("First, a way back to your keys") && !html.contains("Sign and pay"));
}

#[test]
fn the_check_page_shows_the_draft() {
    let html = render("/pay", |device| {
        drafted(device);
        device.keys.care.update(|care| care.file_at = Some(NOW));
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
fn the_check_page_says_fee_and_limit_before_anything_is_signed() {
    let with = |fee_outside: Option<i64>| {
        render("/pay", move |device| {
            drafted(device);
            device.keys.care.update(|care| care.file_at = Some(NOW));
            let sum = |minor| Amount::try_new(minor, Currency::EUR).unwrap();
            let terms = Terms {
                parameters: 2,
                payment_max: sum(500_000),
                day_max: sum(1_000_000),
                fee_inside: None,
                fee_outside: fee_outside.map(sum),
                cut_off_minutes: 1,
                iban_prefix: "DE37090502".to_owned(),
            };
            device.overview.update(|overview| {
                overview.as_mut().unwrap().terms = Some(terms);
            });
        })
    };
    let html = with(Some(25));
    check("pay-check-fee", &html);
    assert!(
        html.contains("Fee ") && html.contains("1\u{a0}250.25"),
        "the total"
    );
    assert!(
        html.contains("9\u{a0}979.97"),
        "available after payment and fee"
    );
    assert!(html.contains("5\u{a0}000.00\u{a0}EUR") && html.contains("10\u{a0}000.00\u{a0}EUR"));
    assert!(html.contains("The banks book it on"));
    let html = with(None);
    assert!(html.contains("No fee.") && html.contains("9\u{a0}980.22"));
}

#[test]
fn a_payment_shows_its_two_halves() {
    let booked = Outcome::Booked {
        posting: "4711".to_owned(),
    };
    let html = render(&format!("/payments/{}", id(9)), |device| {
        with_payment(device, Some(booked));
    });
    check("payment-paid", &html);
    assert!(html.contains("cut-both") && html.contains("copper orchard vivid lantern plum"));
    let html = render(&format!("/payments/{}", id(9)), |device| {
        with_payment(device, None);
    });
    check("payment-on-its-way", &html);
    assert!(html.contains("cut-yours") && !html.contains("Download receipt"));
    let refused = Outcome::Refused {
        reason: Refusal::CreditorAccountUnknown,
    };
    let html = render(&format!("/payments/{}", id(9)), |device| {
        with_payment(device, Some(refused));
    });
    check("payment-not-paid", &html);
    assert!(html.contains("No money has left your account") && html.contains("available again"));
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
