//! A processor that the bank has removed signs for it no more, however it dates what it signs.

use super::{bank::Bank, desk::Desk, fixture::unlocked, paying::sign};
use message::{
    MessageId,
    receipt::{Outcome, Receipt, ReceiptAttest},
    worker::{Answer, Ask, Failure},
};

/// The first processor goes; the second one signs from now on.
fn remove(bank: &mut Bank) {
    bank.removed = vec![bank.pki.processor.thumbprint()];
    bank.signer = Some(bank.pki.second.clone());
    bank.end_sessions();
}

/// What whoever has the disk of the removed processor can still do: sign, with any date.
fn forge(desk: &Desk, payment: MessageId, seconds_ago: i64) {
    let mut bank = desk.bank();
    let device = desk.stored_device().device;
    let (known, digest) = bank.payments[&payment].clone();
    let now = bank.now;
    bank.now -= seconds_ago;
    let receipt = Receipt {
        order: payment,
        order_digest: digest,
        debtor_account: known.view.debtor_account,
        creditor_name: known.view.creditor_name,
        creditor_account: known.view.creditor_account,
        amount: known.view.amount,
        remittance: known.view.remittance,
        at: bank.now,
        outcome: Outcome::Booked {
            posting: "99".to_owned(),
        },
        parameters: 1,
        fee: None,
        limit: None,
        booking_day: None,
    };
    bank.signer = Some(bank.pki.processor.clone());
    let jws = bank.signed(device, receipt, Some(digest));
    // It may as well stand by itself.
    let attested = jws.digest();
    let attest = bank.signed(device, ReceiptAttest { attested }, Some(attested));
    bank.signer = Some(bank.pki.second.clone());
    bank.now = now;
    bank.post(device, &attest, false);
    bank.post(device, &jws, false);
}

fn shown(desk: &mut Desk, payment: MessageId) -> Result<Answer, Failure> {
    desk.ask(Ask::Payment { payment })
}

#[test]
fn what_it_signs_afterwards_is_not_believed_even_backdated() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().slow = true;
    let payment = sign(&mut desk);
    desk.pass(1_000);
    remove(&mut desk.bank());
    // The worker seals in a session that is over, and looks at the bank's keys anew.
    desk.ask(Ask::Overview).unwrap();
    assert_eq!(desk.stored_device().key_set, 3);
    for seconds_ago in [0, 300, 86_400] {
        forge(&desk, payment, seconds_ago);
    }
    desk.ask(Ask::ReadMail).unwrap();
    desk.pass(5_000);
    assert!(desk.receipts().is_empty());
    assert_eq!(desk.stored_orders().len(), 1);
    // The bank's own word, by another processor.
    let device = desk.stored_device().device;
    desk.bank().decide(payment, device);
    desk.pass(5_000);
    assert_eq!(desk.receipts(), [payment]);
}

#[test]
fn a_reload_remembers_who_was_removed() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    remove(&mut desk.bank());
    desk.ask(Ask::Overview).unwrap();
    let mut tab = desk.tab();
    // An edge that would like to have the removed processor back.
    tab.bank().shown = Some(|info| info.key_set = super::pki::HALDEN.key_set(2));
    tab.unlock().unwrap();
    let refused = tab.ask(Ask::Overview);
    assert!(matches!(refused, Err(Failure::BankKeysDiffer { .. })));
}

#[test]
fn an_old_receipt_is_shown_with_its_attestation_and_not_without() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    let payment = sign(&mut desk);
    desk.pass(5_000);
    assert_eq!(desk.receipts(), [payment]);
    remove(&mut desk.bank());
    desk.bank().attests = false;
    desk.ask(Ask::Overview).unwrap();
    assert!(matches!(
        shown(&mut desk, payment),
        Err(Failure::BankNotVerified { .. })
    ));
    desk.bank().attests = true;
    let Answer::File { text, .. } = desk.ask(Ask::ReceiptFile { payment }).unwrap() else {
        panic!("no file");
    };
    let file: serde_json::Value = serde_json::from_str(&text).unwrap();
    let signer = |part: &str| file[part]["signer"].as_str().unwrap().to_owned();
    let (first, second) = {
        let bank = desk.bank();
        (
            bank.pki.processor.thumbprint(),
            bank.pki.second.thumbprint(),
        )
    };
    assert_eq!(signer("receipt"), first.to_string());
    assert_eq!(signer("attestation"), second.to_string());
    assert_eq!(
        file["attestation"]["certificates"]
            .as_array()
            .unwrap()
            .len(),
        3
    );
    assert!(shown(&mut desk, payment).is_ok());
}

#[test]
fn a_receipt_that_was_under_way_is_asked_for_again() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().slow = true;
    let payment = sign(&mut desk);
    desk.pass(1_000);
    // The first processor decides, and is removed before the letter is read.
    let device = desk.stored_device().device;
    remove(&mut desk.bank());
    desk.ask(Ask::Overview).unwrap();
    {
        let mut bank = desk.bank();
        bank.signer = Some(bank.pki.processor.clone());
        bank.decide(payment, device);
        bank.signer = Some(bank.pki.second.clone());
    }
    desk.ask(Ask::ReadMail).unwrap();
    desk.pass(5_000);
    assert_eq!(desk.receipts(), [payment]);
    assert!(desk.stored_orders().is_empty());
}
