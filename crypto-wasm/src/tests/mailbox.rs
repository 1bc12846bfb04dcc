//! Letters: gaps, rubbish, the event stream, several tabs.

use super::{bank::iban, fixture::unlocked, paying::sign};
use message::{
    Amount, Currency, Digest, Kind, MessageId, Thumbprint,
    notice::Notice,
    receipt::{Outcome, Receipt, ReceiptCopy},
    text::{Label, Name, Remittance},
    worker::{Ask, Failure, FromWorker, stored},
};

fn notice(at: i64) -> Notice {
    Notice::DeviceRevoked {
        device_name: Label::parse("Old phone").unwrap(),
        by: None,
        at,
    }
}

fn notices(desk: &super::desk::Desk) -> usize {
    let notices = desk.events(|message| match message {
        FromWorker::Notice { .. } => Some(()),
        _ => None,
    });
    notices.len()
}

#[test]
fn gaps_and_rubbish_do_not_stop_the_reading() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    let device = desk.stored_device().device;
    {
        let mut bank = desk.bank();
        bank.next_n += 40;
        bank.put(device, "not an envelope");
        let old = bank.envelopes[0].clone();
        bank.put(device, &old);
        bank.say(device, notice(1), None, true);
        bank.next_n += 1_000;
        bank.say(device, notice(2), None, false);
        bank.say(device, notice(3), None, true);
    }
    desk.ask(Ask::ReadMail).unwrap();
    assert_eq!(notices(&desk), 3);
    let last = desk.bank().next_n - 1;
    assert_eq!(desk.stored(stored::MAILBOX), [last.to_string()]);
    desk.ask(Ask::ReadMail).unwrap();
    assert_eq!(notices(&desk), 3);
    assert_eq!(desk.place.warned.borrow().len(), 2);
}

#[test]
fn a_message_for_another_device_is_put_aside() {
    let mut desk = unlocked();
    let device = desk.stored_device().device;
    desk.bank().misaddress(device, notice(1));
    desk.ask(Ask::ReadMail).unwrap();
    assert_eq!(notices(&desk), 0);
}

#[test]
fn a_receipt_for_another_device_of_the_customer_is_taken_from_its_copy() {
    let mut desk = unlocked();
    let device = desk.stored_device().device;
    let digest = Digest::new([5; 32]);
    let receipt = Receipt {
        order: MessageId::new([7; 16]),
        order_digest: digest,
        debtor_account: iban(1),
        creditor_name: Name::parse("Bo").unwrap(),
        creditor_account: iban(2),
        amount: Amount::try_new(100, Currency::EUR).unwrap(),
        remittance: Remittance::parse("").unwrap(),
        at: 1,
        outcome: Outcome::Booked {
            posting: "17".to_owned(),
        },
        parameters: 1,
        fee: None,
        limit: None,
        booking_day: None,
    };
    let other = Thumbprint::new([3; 32]);
    {
        let mut bank = desk.bank();
        let signed = bank.signed(other, receipt.clone(), Some(digest));
        let copy = |text: &str| ReceiptCopy {
            receipt: text.to_owned(),
        };
        // As it is, passed on by whoever has it, in a copy for somebody else, and altered.
        bank.post(device, &signed, false);
        bank.misaddress(device, copy(signed.as_str()));
        let (start, _) = signed.as_str().rsplit_once('.').unwrap();
        let forged = format!("{start}.{}", "A".repeat(86));
        bank.say(device, copy(&forged), None, false);
        let notice = bank.signed(other, notice(1), None);
        bank.say(device, copy(notice.as_str()), None, false);
    }
    desk.ask(Ask::ReadMail).unwrap();
    assert!(desk.receipts().is_empty());
    let copy = {
        let bank = desk.bank();
        let signed = bank.signed(other, receipt.clone(), Some(digest));
        ReceiptCopy {
            receipt: signed.as_str().to_owned(),
        }
    };
    desk.bank().say(device, copy, None, false);
    desk.ask(Ask::ReadMail).unwrap();
    assert_eq!(desk.receipts(), [receipt.order]);
}

#[test]
fn the_event_stream_brings_the_receipt_and_survives_an_edge() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.ask(Ask::Listen).unwrap();
    desk.ask(Ask::Listen).unwrap();
    desk.settle();
    let first = sign(&mut desk);
    desk.settle();
    assert_eq!(desk.receipts(), [first]);
    let told = desk.events(|m| matches!(m, FromWorker::NewMail).then_some(()));
    assert!(!told.is_empty());
    desk.bank().break_edge("https://a1");
    desk.pass(5_000);
    let device = desk.stored_device().device;
    desk.bank().say(device, notice(1), None, true);
    desk.settle();
    assert_eq!(notices(&desk), 1);
    // After locking nothing is read any more.
    desk.ask(Ask::Lock).unwrap();
    desk.bank().say(device, notice(2), None, true);
    desk.pass(60_000);
    assert_eq!(notices(&desk), 1);
}

#[test]
fn a_session_of_another_tab_is_handed_on() {
    let mut desk = unlocked();
    let mut tab = desk.tab();
    tab.unlock().unwrap();
    desk.ask(Ask::Overview).unwrap();
    let device = desk.stored_device().device;
    desk.bank().say(device, notice(1), None, true);
    tab.ask(Ask::ReadMail).unwrap();
    assert_eq!(notices(&tab), 0);
    let sealed = desk.stored(stored::SESSION)[0].clone();
    tab.ask(Ask::Session { sealed }).unwrap();
    assert_eq!(notices(&tab), 1);
    tab.ask(Ask::Overview).unwrap();
    assert_eq!(tab.bank().count(Kind::SessionOpen), 1);
}

#[test]
fn later_envelopes_go_in_the_session() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.ask(Ask::Overview).unwrap();
    sign(&mut desk);
    let bank = desk.bank();
    let in_session = bank.envelopes.iter().filter(|envelope| {
        let jwe = envelope::Jwe::parse(envelope).unwrap();
        matches!(jwe.recipient(), envelope::Recipient::Session(_))
    });
    assert_eq!((in_session.count(), bank.envelopes.len()), (3, 4));
}

#[test]
fn a_session_is_renewed_before_it_ends() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    let later = desk.place.now_ms.get() + 12 * 3_600_000;
    desk.place.now_ms.set(later);
    desk.ask(Ask::Overview).unwrap();
    assert_eq!(desk.bank().count(Kind::SessionOpen), 2);
}

#[test]
fn a_revoked_device_is_told_so() {
    let mut desk = unlocked();
    desk.bank().revoked = true;
    let asked = desk.ask(Ask::Overview);
    assert!(matches!(asked, Err(Failure::Refused { code, .. }) if code == "DS0G"));
}

#[test]
fn no_answer_and_no_line_are_told_apart() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().asleep = true;
    assert_eq!(desk.ask(Ask::Overview).err(), Some(Failure::NoAnswer));
    desk.bank().all_down();
    assert_eq!(desk.ask(Ask::Overview).err(), Some(Failure::NoLine));
    desk.bank().up();
    desk.bank().asleep = false;
    assert!(desk.ask(Ask::Overview).is_ok());
}
