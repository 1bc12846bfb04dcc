//! Orders: the exact bytes, stored before they are sent, resent until they are final.

use super::{bank::iban, desk::Desk, fixture::unlocked};
use envelope::{Jwe, Jws};
use message::{
    Amount, Currency, Kind, MessageId,
    worker::{Answer, Ask, Draft, Failure, stored},
};

pub(super) fn draft_ask(amount: &str) -> Ask {
    Ask::Draft {
        debtor_account: iban(1),
        creditor_name: " Jean-Baptiste Archambault ".to_owned(),
        creditor_account: iban(2).grouped(),
        amount: amount.to_owned(),
        remittance: "Invoice 7".to_owned(),
    }
}

pub(super) fn draft(desk: &mut Desk) -> Draft {
    match desk.ask(draft_ask("12,50")) {
        Ok(Answer::Draft { draft }) => *draft,
        other => panic!("no draft: {:?}", other.err()),
    }
}

pub(super) fn sign(desk: &mut Desk) -> MessageId {
    let payment = draft(desk).payment;
    let sent = desk.ask(Ask::SignDraft { payment });
    assert!(matches!(sent, Ok(Answer::Sent { .. })), "{:?}", sent.err());
    payment
}

#[test]
fn what_you_see_is_what_you_sign() {
    let mut desk = unlocked();
    for (amount, ok) in [
        ("0", false),
        ("1.234", false),
        ("x", false),
        ("1 000.00", true),
    ] {
        let drafted = desk.ask(draft_ask(amount));
        match ok {
            true => assert!(drafted.is_ok()),
            false => {
                assert!(matches!(drafted, Err(Failure::Field { field, .. }) if field == "amount"));
            }
        }
    }
    let draft = draft(&mut desk);
    assert_eq!(draft.creditor_name, "Jean-Baptiste Archambault");
    assert_eq!(draft.amount, Amount::try_new(1_250, Currency::EUR).unwrap());
    assert!(draft.json.contains(r#""value":"12.50""#));

    let payment = draft.payment;
    desk.ask(Ask::SignDraft { payment }).unwrap();
    // The order was in storage when the edge got it.
    let bank = desk.bank();
    let then = bank.storage_then.last().unwrap();
    assert!(then.keys().any(|key| key.starts_with(stored::ORDER)));
    let (signed, _) = &bank.payments[&payment];
    let order = Jws::parse(signed.order.as_deref().unwrap()).unwrap();
    assert_eq!(order.unverified_payload(), draft.json.as_bytes());
    let (signed_part, _) = order.as_str().rsplit_once('.').unwrap();
    assert_eq!(signed_part.len(), draft.bytes as usize);
    drop(bank);

    // One draft, one signature.
    assert_eq!(
        desk.ask(Ask::SignDraft { payment }).err(),
        Some(Failure::NoDraft)
    );
    desk.pass(1_000);
    assert_eq!(desk.receipts(), [payment]);
    assert!(desk.stored_orders().is_empty());
}

#[test]
fn nothing_is_sent_before_it_is_stored() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    let sent = desk.bank().envelopes.len();
    let payment = draft(&mut desk).payment;
    desk.deaf = true;
    let failed = desk.ask(Ask::SignDraft { payment });
    assert!(matches!(failed, Err(Failure::Fault { .. })));
    desk.pass(60_000);
    assert_eq!(desk.bank().envelopes.len(), sent);
}

#[test]
fn where_nothing_is_kept_nothing_is_sent_and_the_same_draft_is_signed_later() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    let sent = desk.bank().envelopes.len();
    let payment = draft(&mut desk).payment;
    desk.place.full.set(true);
    let failed = desk.ask(Ask::SignDraft { payment });
    assert_eq!(failed.err(), Some(Failure::NotKept));
    desk.pass(60_000);
    assert_eq!(desk.bank().envelopes.len(), sent);
    desk.place.full.set(false);
    assert!(desk.ask(Ask::SignDraft { payment }).is_ok());
    desk.pass(1_000);
    assert_eq!(desk.receipts(), [payment]);
}

/// What is stored is signed, whatever an edge says: an error would make the customer pay again.
#[test]
fn an_edge_that_stores_and_says_no_makes_nobody_pay_twice() {
    for liars in [&["https://a1"][..], &["https://a1", "https://a2"]] {
        let mut desk = unlocked();
        desk.ask(Ask::Overview).unwrap();
        desk.bank().liars = liars.iter().map(|edge| (*edge).to_owned()).collect();
        let payment = sign(&mut desk);
        desk.bank().liars.clear();
        desk.pass(60_000);
        // Each time that an edge has brought it, the bank gives the same answer.
        let receipts = desk.receipts();
        assert!(!receipts.is_empty() && receipts.iter().all(|it| *it == payment));
        assert_eq!(desk.bank().payments.len(), 1);
        assert!(desk.stored_orders().is_empty());
    }
}

#[test]
fn an_old_draft_is_not_signed() {
    let mut desk = unlocked();
    let payment = draft(&mut desk).payment;
    let now = desk.place.now_ms.get();
    desk.place.now_ms.set(now + 14 * 60_000 + 30_000);
    assert_eq!(
        desk.ask(Ask::SignDraft { payment }).err(),
        Some(Failure::NoDraft)
    );
}

#[test]
fn without_a_line_the_order_waits_and_goes_as_the_same_bytes() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    let payment = draft(&mut desk).payment;
    desk.bank().all_down();
    assert!(desk.ask(Ask::SignDraft { payment }).is_ok());
    let kept = desk.stored_orders();
    assert_eq!((kept.len(), kept[0].accepted), (1, false));
    desk.pass(20_000);
    desk.bank().up();
    desk.pass(40_000);
    assert_eq!(desk.receipts(), [payment]);
    assert!(desk.stored_orders().is_empty());
    assert!(desk.bank().envelopes.contains(&kept[0].envelope));
    assert_eq!(desk.bank().count(Kind::PaymentOrder), 1);
    let lines = desk.lines();
    assert_eq!(lines, [true, false, true]);
}

#[test]
fn the_other_edge_takes_over() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().down.insert("https://a1".to_owned());
    assert!(desk.ask(Ask::Overview).is_ok());
    sign(&mut desk);
    assert!(!desk.lines().contains(&false));
}

#[test]
fn a_reload_goes_on_with_stored_orders() {
    let mut desk = unlocked();
    desk.bank().asleep = true;
    let payment = sign_asleep(&mut desk);
    assert!(desk.stored_orders()[0].accepted);
    let mut tab = desk.tab();
    drop(desk);
    tab.unlock().unwrap();
    tab.bank().asleep = false;
    tab.bank().wake();
    tab.pass(30_000);
    assert_eq!(tab.receipts(), [payment]);
    assert!(tab.stored_orders().is_empty());
}

#[test]
fn a_stored_order_says_what_was_ordered_once_the_keys_are_open() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().asleep = true;
    let checked = draft(&mut desk);
    let payment = checked.payment;
    desk.ask(Ask::SignDraft { payment }).unwrap();
    let first = desk.stored_orders()[0].clone();
    let stored = desk.stored(stored::ORDER);
    for private in ["Jean", "12.50", "Invoice", iban(2).as_str()] {
        assert!(!stored[0].contains(private), "{private} in the clear");
    }
    let mut tab = desk.tab();
    drop(desk);
    let order = || Ask::ReadOrder {
        order: first.clone(),
    };
    assert_eq!(tab.ask(order()).err(), Some(Failure::Locked));
    tab.unlock().unwrap();
    let Ok(Answer::Draft { draft: read }) = tab.ask(order()) else {
        panic!("not read");
    };
    assert_eq!(*read, checked);

    // An order stored under another's id is nobody's, and is not sent either.
    let mut other = first.clone();
    other.payment = MessageId::new([9; 16]);
    let ask = Ask::ReadOrder { order: other };
    assert!(matches!(tab.ask(ask), Err(Failure::Refused { code, .. }) if code == "NF01"));
}

/// Signs while no processor runs: nothing needs one until the order is stored.
fn sign_asleep(desk: &mut Desk) -> MessageId {
    let payment = draft(desk).payment;
    desk.ask(Ask::SignDraft { payment }).unwrap();
    payment
}

#[test]
fn an_order_that_was_lost_is_sealed_anew() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().asleep = true;
    let payment = sign_asleep(&mut desk);
    let first = desk.bank().envelopes.last().unwrap().clone();
    desk.bank().lose_waiting();
    desk.bank().asleep = false;
    desk.pass(60_000);
    assert_eq!(desk.receipts(), [payment]);
    let bank = desk.bank();
    let again = bank.envelopes.iter().filter(|e| **e == first).count();
    assert_eq!(again, 1);
    assert_eq!(bank.count(Kind::PaymentOrder), 1);
}

#[test]
fn a_payment_on_its_way_is_not_sent_again() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().slow = true;
    let payment = sign(&mut desk);
    desk.pass(300_000);
    assert_eq!(desk.bank().count(Kind::PaymentOrder), 1);
    assert_eq!(desk.stored_orders().len(), 1);
    let device = desk.stored_device().device;
    desk.bank().decide(payment, device);
    desk.pass(120_000);
    assert_eq!(desk.receipts(), [payment]);
    assert!(desk.stored_orders().is_empty());
}

#[test]
fn an_ended_session_seals_again() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    let session = desk.stored(stored::SESSION);
    assert!(matches!(
        Jwe::parse(&session[0]).unwrap().recipient(),
        envelope::Recipient::Key(_)
    ));
    desk.bank().end_sessions();
    assert!(desk.ask(Ask::Overview).is_ok());
    assert_ne!(desk.stored(stored::SESSION), session);

    desk.ask(Ask::Overview).unwrap();
    desk.bank().end_sessions();
    let payment = sign(&mut desk);
    desk.pass(10_000);
    assert_eq!(desk.receipts(), [payment]);
    assert_eq!(desk.bank().count(Kind::PaymentOrder), 1);
}

#[test]
fn a_receipt_as_a_file() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().slow = true;
    let payment = sign(&mut desk);
    let early = desk.ask(Ask::ReceiptFile { payment });
    assert!(matches!(early, Err(Failure::Refused { code, .. }) if code == "NF01"));
    let device = desk.stored_device().device;
    desk.bank().decide(payment, device);
    let Ok(Answer::File { name, text, .. }) = desk.ask(Ask::ReceiptFile { payment }) else {
        panic!("no file");
    };
    assert_eq!(name, format!("receipt-{}.json", payment.reference()));
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let count = |part: &str| file[part]["certificates"].as_array().unwrap().len();
    assert_eq!((count("order"), count("receipt")), (3, 3));
    let receipt = Jws::parse(file["receipt"]["jws"].as_str().unwrap()).unwrap();
    let leaf = file["receipt"]["certificates"][0].as_str().unwrap();
    let leaf = envelope::Certificate::from_pem(leaf).unwrap();
    let key = leaf.verifying_key().unwrap();
    assert!(receipt.verify(&super::pki::RSA, key).is_ok());
    let Ok(Answer::Payment {
        receipt_signer_words,
        ..
    }) = desk.ask(Ask::Payment { payment })
    else {
        panic!("no payment");
    };
    assert_eq!(receipt_signer_words.unwrap().len(), 5);
}
