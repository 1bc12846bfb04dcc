//! Letters: gaps, rubbish, the event stream, several tabs.

use super::{fixture::unlocked, paying::sign};
use message::{
    Kind,
    notice::Notice,
    text::Label,
    worker::{Ask, Failure, FromWorker, stored},
};

fn notice(at: i64) -> Notice {
    Notice::DeviceRevoked {
        device_name: Label::parse("Old phone").unwrap(),
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
