//! What does not verify is not believed, whoever shows it.

use super::{
    bank::Bank,
    desk::Desk,
    fixture::{locked, unlocked},
    paying::sign,
    pki::base64,
};
use message::{
    Digest,
    api::BankInfo,
    worker::{Ask, Failure},
};

fn refused(desk: &mut Desk, ask: Ask) -> String {
    match desk.ask(ask) {
        Err(Failure::BankNotVerified { why } | Failure::BankKeysDiffer { why, .. }) => why,
        other => panic!("believed: {:?}", other.err()),
    }
}

#[test]
fn a_bank_that_does_not_hold_together_is_refused() {
    let changes: [fn(&mut BankInfo); 6] = [
        |info| info.root = base64(&super::pki::IMPOSTOR.root),
        |info| info.certificates = vec![base64(&super::pki::IMPOSTOR.bank_ca.certificate)],
        |info| info.certificates.clear(),
        |info| info.key_set = super::pki::IMPOSTOR.key_set(9),
        |info| info.bank = message::Bic::parse("BRISDEMM").unwrap(),
        |info| info.now += 3_600,
    ];
    for change in changes {
        let mut bank = Bank::new();
        bank.shown = Some(change);
        refused(&mut Desk::new(bank), Ask::MeetBank);
    }
}

#[test]
fn the_words_do_not_fit_an_impostor() {
    let mut bank = Bank::new();
    let words = bank.words();
    bank.pki = bank.impostor();
    let mut desk = Desk::new(bank);
    desk.ask(Ask::MeetBank).unwrap();
    let compared = desk.ask(Ask::CompareWords { typed: words });
    assert!(matches!(
        compared,
        Ok(message::worker::Answer::Words { fit: false, .. })
    ));
}

#[test]
fn an_enrolled_device_keeps_its_bank() {
    // The impostor is consistent in itself: only the pins tell.
    let mut desk = unlocked();
    {
        let mut bank = desk.bank();
        bank.pki = bank.impostor();
    }
    assert!(refused(&mut desk, Ask::Overview).contains("root"));
    // So is the real root with another bank CA key; and an older key set is refused.
    let mut desk = locked();
    desk.bank().shown = Some(|info| info.key_set = super::pki::HALDEN.key_set(1));
    desk.unlock().unwrap();
    assert!(refused(&mut desk, Ask::Overview).contains("older"));
    assert!(desk.bank().envelopes.is_empty());
}

#[test]
fn a_newer_key_set_is_remembered() {
    let mut desk = locked();
    desk.bank().shown = Some(|info| info.key_set = super::pki::HALDEN.key_set(5));
    desk.unlock().unwrap();
    desk.ask(Ask::Overview).unwrap();
    assert_eq!(desk.stored_device().key_set, 5);
    let mut tab = desk.tab();
    tab.bank().shown = None;
    tab.unlock().unwrap();
    assert!(refused(&mut tab, Ask::Overview).contains("older"));
}

#[test]
fn a_key_set_that_another_ca_has_signed_is_a_hard_stop() {
    let mut desk = locked();
    desk.bank().shown = Some(|info| info.key_set = super::pki::IMPOSTOR.key_set(9));
    desk.unlock().unwrap();
    refused(&mut desk, Ask::Overview);
    assert_eq!(desk.stored_device().key_set, 2);
    assert!(desk.bank().envelopes.is_empty());
}

#[test]
fn a_receipt_for_other_bytes_is_no_receipt() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().forge = Some(|receipt| receipt.order_digest = Digest::new([7; 32]));
    let payment = sign(&mut desk);
    desk.pass(10_000);
    assert!(desk.receipts().is_empty());
    assert_eq!(desk.stored_orders().len(), 1);
    assert!(refused(&mut desk, Ask::Payment { payment }).contains("other bytes"));
}

#[test]
fn a_receipt_that_says_less_than_was_paid_is_no_receipt() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().forge = Some(|receipt| {
        receipt.amount = message::Amount::try_new(1, message::Currency::EUR).unwrap();
    });
    let payment = sign(&mut desk);
    desk.pass(1_000);
    refused(&mut desk, Ask::Payment { payment });
}

#[test]
fn only_a_processor_of_the_bank_signs_for_it() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().signer = Some(super::pki::IMPOSTOR.processor.clone());
    let payment = sign(&mut desk);
    desk.pass(5_000);
    assert!(desk.receipts().is_empty());
    assert!(!desk.place.warned.borrow().is_empty());
    // With the right signer again, everything goes on.
    desk.bank().signer = None;
    assert!(desk.ask(Ask::Overview).is_ok());
    let device = desk.stored_device().device;
    desk.bank().decide(payment, device);
    desk.pass(40_000);
    assert_eq!(desk.receipts(), [payment]);
}

#[test]
fn a_key_set_that_does_not_fit_is_a_hard_stop() {
    let changes: [fn(&mut BankInfo); 3] = [
        |info| info.key_set = super::pki::HALDEN.key_set(1),
        |info| info.key_set = super::pki::IMPOSTOR.key_set(9),
        |info| info.root = base64(&super::pki::IMPOSTOR.root),
    ];
    for change in changes {
        let mut desk = locked();
        desk.bank().shown = Some(change);
        desk.unlock().unwrap();
        let Err(Failure::BankKeysDiffer { words, hex, .. }) = desk.ask(Ask::Overview) else {
            panic!("no hard stop");
        };
        // What the customer compares is what this device has known all along.
        assert_eq!(words.join(" "), desk.bank().words());
        assert_eq!(hex.len(), 16);
        assert!(desk.bank().envelopes.is_empty(), "nothing is sealed");
        // The right key set again: everything goes on.
        desk.bank().shown = None;
        assert!(desk.ask(Ask::Overview).is_ok());
    }
}
