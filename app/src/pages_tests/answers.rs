//! A customer, her accounts and a payment, as a bank would answer.

use crate::device::{Device, Stage};
use leptos::prelude::Set as _;
use message::{
    Amount, Balance, Bic, Digest, Iban, MessageId, Payload, Thumbprint,
    amount::Currency,
    enquiry::{AccountView, EntryView, Overview, Payment, PaymentView},
    order::PaymentOrder,
    receipt::{Outcome, Receipt, Refusal},
    worker::{Profile, StoredDevice},
};

pub(super) const NOW: i64 = 1_795_097_171;

pub(super) fn eur(minor: i64) -> Balance {
    Balance::new(minor, Currency::EUR)
}

pub(super) fn own() -> Iban {
    Iban::from_bban("DE", "370905020004100117").unwrap()
}

pub(super) fn other() -> Iban {
    Iban::from_bban("DE", "700205700004100117").unwrap()
}

pub(super) fn id(byte: u8) -> MessageId {
    MessageId::new([byte; 16])
}

pub(super) fn words() -> Vec<String> {
    "maple otter brisk sail ember"
        .split(' ')
        .map(str::to_owned)
        .collect()
}

pub(super) fn profile() -> Profile {
    Profile {
        device: Thumbprint::new([7; 32]),
        device_name: "Kitchen laptop".to_owned(),
        customer_name: "Wilhelmina van der Steenhoven-Okonkwo".to_owned(),
        customer_number: "100017".to_owned(),
        bank: Bic::parse("HALDDEFF").unwrap(),
        bank_name: "Halden Bank".to_owned(),
        words: words(),
        enrolled_at: NOW - 86_400 * 200,
        certificates_until: NOW + 86_400 * 530,
    }
}

pub(super) fn stored(byte: u8, customer: &str, device: &str) -> StoredDevice {
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

pub(super) fn account(index: u32, label: &str, minor: i64, held: i64) -> AccountView {
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

pub(super) fn entry(n: i64, days: i64, name: &str, what: &str, minor: i64) -> EntryView {
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
        fee: false,
    }
}

pub(super) fn entries() -> Vec<EntryView> {
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

pub(super) fn view(outcome: Option<Outcome>) -> PaymentView {
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
        fee: None,
        limit: None,
    }
}

/// An order of the day before that was refused.
pub(super) fn refused() -> PaymentView {
    PaymentView {
        payment: id(0x21),
        creditor_name: "Bäckerei Wilhelm Hollenstein"
            .to_owned()
            .try_into()
            .unwrap(),
        received_at: NOW - 86_400,
        sent_at: None,
        decided_at: Some(NOW - 86_400),
        ..view(Some(Outcome::Refused {
            reason: Refusal::CreditorAccountUnknown,
        }))
    }
}

pub(super) fn overview() -> Overview {
    Overview {
        customer_name: profile().customer_name.try_into().unwrap(),
        customer_number: "100017".to_owned(),
        at: NOW,
        accounts: vec![
            account(1, "Everyday", 1_248_022, 125_000),
            account(2, "Household, with Chukwuemeka Okonkwo", 230_410, 0),
        ],
        on_their_way: vec![view(None)],
        refused: vec![refused()],
        recent: entries(),
        terms: None,
    }
}

/// Keys are open and the bank has answered.
pub(super) fn filled(device: Device) {
    device
        .stored
        .set(vec![stored(7, &profile().customer_name, "Kitchen laptop")]);
    device.overview.set(Some(overview()));
    device.stage.set(Stage::Unlocked(Box::new(profile())));
    device.locks_at.set(Some(NOW + 600));
}

pub(super) fn compact<B: serde::Serialize>(
    kid: Thumbprint,
    jti: MessageId,
    iat: i64,
    body: B,
) -> String {
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
pub(super) fn with_payment(device: Device, outcome: Option<Outcome>) {
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
        parameters: 1,
        fee: None,
        limit: None,
        booking_day: None,
    });
    let payment = Payment {
        view,
        order: Some(compact(profile().device, id(9), NOW, order)),
        receipt: receipt.map(|it| compact(Thumbprint::new([8; 32]), id(0x4c), NOW + 8, it)),
        attestation: None,
    };
    let signer = "copper orchard vivid lantern plum"
        .split(' ')
        .map(str::to_owned)
        .collect();
    device.know(id(9), |known| known.answered(payment, Some(signer)));
}
