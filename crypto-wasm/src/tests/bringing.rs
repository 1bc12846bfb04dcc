//! Keys that are brought to a browser long after, beside others, or while something fails.

use super::{
    carrying::{code, done, elsewhere, export, open, read_back, recognise},
    desk::{Desk, PASSPHRASE},
    devices::task,
    fixture::{enrol, unlocked},
    paying::draft,
    pki::HALDEN,
};
use message::{
    notice::Notice,
    text::Label,
    worker::{
        Answer, Ask, Failure, FromWorker, StoredDevice,
        devices::DeviceTask,
        keys::{Care, FileForm, KeysAnswer, KeysAsk, stored as carried},
        stored,
    },
};

const DAY_MS: i64 = 86_400_000;

fn keep(there: Vec<StoredDevice>) -> Ask {
    Ask::Keys(KeysAsk::Keep {
        passphrase: None,
        device_name: None,
        there,
    })
}

fn later(desk: &Desk, days: i64) {
    let now = desk.place.now_ms.get() + days * DAY_MS;
    desk.place.now_ms.set(now);
    desk.bank().now = now / 1000;
}

fn renew(desk: &mut Desk) {
    let renewed = task(desk, DeviceTask::Renew);
    assert!(matches!(renewed, Ok(Answer::Unlocked { .. })));
}

#[test]
fn a_key_file_saved_after_a_renewal_opens_elsewhere() {
    let mut desk = unlocked();
    later(&desk, 30);
    renew(&mut desk);
    let file = export(&mut desk, FileForm::KeyFile, None);
    read_back(&mut desk, &file).unwrap();
    later(&desk, 1);
    let mut other = elsewhere(&desk);
    open(&mut other, &file, PASSPHRASE).unwrap();
    assert!(other.ask(keep(Vec::new())).is_ok());
    assert!(other.ask(Ask::Overview).is_ok());
}

#[test]
fn keys_whose_certificates_have_ended_are_found_and_renewed() {
    let mut desk = Desk::new(super::bank::Bank::new());
    desk.bank().short = Some(10 * 86_400);
    enrol(&mut desk);
    let file = export(&mut desk, FileForm::Pkcs12, Some(PASSPHRASE));
    later(&desk, 20);
    let mut other = elsewhere(&desk);
    let opened = open(&mut other, &file, PASSPHRASE);
    assert!(
        matches!(opened, Ok(KeysAnswer::Opened { named: Some(_), .. })),
        "{:?}",
        opened.err()
    );
    let keep = KeysAsk::Keep {
        passphrase: Some(PASSPHRASE.to_owned()),
        device_name: Some("Found again".to_owned()),
        there: Vec::new(),
    };
    let Ok(Answer::Unlocked { profile }) = other.ask(Ask::Keys(keep)) else {
        panic!("kept")
    };
    assert!(profile.certificates_until > other.place.now_ms.get() / 1000);
    let mut tab = other.tab();
    assert!(tab.unlock().is_ok());
}

#[test]
fn an_older_file_takes_nothing_back() {
    let mut desk = unlocked();
    let old = export(&mut desk, FileForm::KeyFile, None);
    later(&desk, 30);
    desk.bank().shown = Some(|info| info.key_set = HALDEN.key_set(3));
    desk.ask(Ask::MeetBank).unwrap();
    renew(&mut desk);
    let newer = desk.stored_device();
    assert_eq!(newer.key_set, 3);
    let mut tab = desk.tab();
    tab.bank().all_down();
    open(&mut tab, &old, PASSPHRASE).unwrap();
    tab.ask(keep(vec![newer.clone()])).unwrap();
    let kept = tab.stored_device();
    assert_eq!((kept.key_set, &kept.certificates), (3, &newer.certificates));
    // What says less than the file changes nothing, and neither does what was tampered with.
    let mut forged = newer.clone();
    forged.key_set = 99;
    open(&mut tab, &old, PASSPHRASE).unwrap();
    tab.ask(keep(vec![forged])).unwrap();
    assert_eq!(tab.stored_device().key_set, 2);
    tab.bank().up();
    assert!(tab.unlock().is_ok());
}

#[test]
fn keys_that_cannot_be_kept_do_not_stay_open() {
    let mut desk = unlocked();
    let file = export(&mut desk, FileForm::KeyFile, None);
    let mut other = elsewhere(&desk);
    open(&mut other, &file, PASSPHRASE).unwrap();
    other.deaf = true;
    assert!(matches!(
        other.ask(keep(Vec::new())),
        Err(Failure::Fault { .. })
    ));
    assert_eq!(other.ask(Ask::Overview).err(), Some(Failure::Locked));
    // Nothing has to be opened again for another try.
    other.deaf = false;
    assert!(other.ask(Ask::Keys(KeysAsk::UseOnce)).is_ok());
    assert!(other.ask(Ask::Overview).is_ok());
    assert_eq!(other.ask(keep(Vec::new())).err(), Some(Failure::Locked));
}

#[test]
fn keys_that_do_not_count_are_wiped_at_once() {
    let mut desk = unlocked();
    let file = export(&mut desk, FileForm::KeyFile, None);
    let mut other = elsewhere(&desk);
    open(&mut other, &file, PASSPHRASE).unwrap();
    desk.bank().revoked = true;
    assert_eq!(code(other.ask(keep(Vec::new()))), "revoked");
    assert_eq!(other.ask(keep(Vec::new())).err(), Some(Failure::Locked));
}

#[test]
fn stored_orders_go_on_once_the_keys_are_back() {
    let mut desk = unlocked();
    let file = export(&mut desk, FileForm::KeyFile, None);
    desk.ask(Ask::Overview).unwrap();
    let payment = draft(&mut desk).payment;
    desk.bank().all_down();
    let _ = desk.ask(Ask::SignDraft { payment });
    let orders = desk.stored_orders();
    assert!(!orders[0].accepted, "no line");
    let mut tab = desk.tab();
    tab.bank().up();
    open(&mut tab, &file, PASSPHRASE).unwrap();
    tab.ask(keep(vec![desk.stored_device()])).unwrap();
    done(&mut tab, KeysAsk::ResumeOrders { orders }).unwrap();
    // The receipt is sealed in the other tab's session: the bank is asked.
    tab.pass(60_000);
    assert_eq!(tab.receipts(), [payment]);
}

#[test]
fn what_was_brought_counts_as_kept() {
    let mut desk = Desk::new(super::bank::Bank::new());
    enrol(&mut desk);
    let file = export(&mut desk, FileForm::KeyFile, None);
    let mut other = elsewhere(&desk);
    open(&mut other, &file, PASSPHRASE).unwrap();
    other.ask(keep(Vec::new())).unwrap();
    let care: Care = serde_json::from_str(&other.stored(carried::CARE)[0]).unwrap();
    assert!(care.file_at.is_some() && care.sheet_at.is_none());
}

#[test]
fn only_news_is_told_to_keys_that_come_back() {
    let mut desk = unlocked();
    let device = desk.stored_device().device;
    let notice = |at| Notice::DeviceRevoked {
        device_name: Label::parse("Old phone").unwrap(),
        by: None,
        at,
    };
    let file = export(&mut desk, FileForm::KeyFile, None);
    desk.bank().say(device, notice(1), None, false);
    later(&desk, 60);
    desk.bank().say(device, notice(2), None, false);
    let mut other = elsewhere(&desk);
    open(&mut other, &file, PASSPHRASE).unwrap();
    other.ask(Ask::Keys(KeysAsk::UseOnce)).unwrap();
    let told = || {
        other.events(|event| match event {
            FromWorker::Notice { notice } => match **notice {
                Notice::DeviceRevoked { at, .. } => Some(at),
                _ => None,
            },
            _ => None,
        })
    };
    assert_eq!(told(), [2]);
    assert!(!other.stored(stored::MAILBOX).is_empty());
    assert!(recognise(&mut desk, &file).is_ok());
}
