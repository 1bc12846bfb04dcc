//! Keys that are carried: files out and in, one-time use, the sheet, a second worker.

use super::{
    bank::Bank,
    desk::{Desk, PASSPHRASE},
    fixture::{enrol, unlocked},
};
use data_encoding::BASE64;
use message::worker::{
    Answer, Ask, Failure, FromWorker,
    keys::{Care, FileForm, FileKind, KeysAnswer, KeysAsk, SealedSeed, stored as carried},
    stored,
};
use std::rc::Rc;

pub(super) const OTHER: &str = "another long passphrase";

pub(super) fn keys(desk: &mut Desk, ask: KeysAsk) -> Result<KeysAnswer, Failure> {
    keys_of(desk.ask(Ask::Keys(ask)))
}

fn keys_of(answer: Result<Answer, Failure>) -> Result<KeysAnswer, Failure> {
    answer.map(|answer| match answer {
        Answer::Keys(answer) => answer,
        _ => panic!("another answer"),
    })
}

pub(super) fn done(desk: &mut Desk, ask: KeysAsk) -> Result<(), Failure> {
    desk.ask(Ask::Keys(ask))
        .map(|answer| assert!(matches!(answer, Answer::Done)))
}

pub(super) fn export(desk: &mut Desk, form: FileForm, file_passphrase: Option<&str>) -> String {
    let ask = KeysAsk::Export {
        form,
        passphrase: PASSPHRASE.to_owned(),
        file_passphrase: file_passphrase.map(str::to_owned),
    };
    match keys(desk, ask) {
        Ok(KeysAnswer::File { base64, .. }) => base64,
        Ok(_) => panic!("another answer"),
        Err(failure) => panic!("{failure:?}"),
    }
}

pub(super) fn open(desk: &mut Desk, file: &str, passphrase: &str) -> Result<KeysAnswer, Failure> {
    let passphrase = passphrase.to_owned();
    keys_of(desk.ask_with(file, Ask::Keys(KeysAsk::OpenFile { passphrase })))
}

pub(super) fn recognise(desk: &mut Desk, file: &str) -> Result<KeysAnswer, Failure> {
    keys_of(desk.ask_with(file, Ask::Keys(KeysAsk::Recognise)))
}

pub(super) fn read_back(desk: &mut Desk, file: &str) -> Result<(), Failure> {
    let answer = desk.ask_with(file, Ask::Keys(KeysAsk::ReadBack));
    answer.map(|answer| assert!(matches!(answer, Answer::Done)))
}

pub(super) fn code<T>(outcome: Result<T, Failure>) -> String {
    match outcome.err() {
        Some(Failure::NotUsable { code, .. }) => code,
        other => panic!("{other:?}"),
    }
}

fn care(desk: &Desk) -> Vec<Care> {
    let texts = desk.stored(carried::CARE);
    texts
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect()
}

/// Another browser with nothing in it, and the same bank.
pub(super) fn elsewhere(desk: &Desk) -> Desk {
    let other = desk.tab();
    other.place.storage.borrow_mut().clear();
    other
}

fn seed(desk: &Desk) -> SealedSeed {
    serde_json::from_str(&desk.stored(carried::SEED)[0]).unwrap()
}

fn sheet(desk: &mut Desk) -> (Vec<String>, Vec<u8>, u32) {
    let sealed = seed(desk);
    match keys(desk, KeysAsk::Sheet { sealed }) {
        Ok(KeysAnswer::Sheet {
            words,
            places,
            generation,
            ..
        }) => (words, places, generation),
        _ => panic!("no sheet"),
    }
}

#[test]
fn a_key_file_counts_once_it_was_read_back() {
    let mut desk = unlocked();
    let wrong = KeysAsk::Export {
        form: FileForm::KeyFile,
        passphrase: "not the passphrase".to_owned(),
        file_passphrase: None,
    };
    assert_eq!(keys(&mut desk, wrong).err(), Some(Failure::WrongPassphrase));
    let file = export(&mut desk, FileForm::KeyFile, None);
    let text = String::from_utf8(BASE64.decode(file.as_bytes()).unwrap()).unwrap();
    assert!(text.contains("BEGIN ENCRYPTED PRIVATE KEY") && !text.contains("BEGIN PRIVATE KEY"));

    assert!(care(&desk).is_empty());
    let cut = BASE64.encode(&text.as_bytes()[..text.len() / 2]);
    assert_eq!(code(read_back(&mut desk, &cut)), "truncated");
    let nothing = done(&mut desk, KeysAsk::ReadBack);
    assert_eq!(code(nothing), "unreadable", "each file is taken once");
    assert!(care(&desk).is_empty());
    read_back(&mut desk, &file).unwrap();
    assert!(care(&desk)[0].is_taken());
}

#[test]
fn a_key_file_opens_in_another_browser() {
    let mut desk = unlocked();
    let file = export(&mut desk, FileForm::KeyFile, None);
    let mut other = elsewhere(&desk);
    let found = recognise(&mut other, &file);
    let Ok(KeysAnswer::Recognised {
        kind,
        encrypted,
        named,
    }) = found
    else {
        panic!("a file")
    };
    assert_eq!((kind, encrypted), (FileKind::KeyFile, true));
    assert_eq!(named.unwrap().device_name, "Kitchen laptop");
    assert_eq!(
        code(open(&mut other, &file, "not the passphrase")),
        "wrong-passphrase"
    );
    let Ok(KeysAnswer::Opened { named: Some(_), .. }) = open(&mut other, &file, PASSPHRASE) else {
        panic!("opened")
    };
    assert!(
        other.place.storage.borrow().is_empty(),
        "opening stores nothing"
    );
    let keep = KeysAsk::Keep {
        passphrase: Some(OTHER.to_owned()),
        device_name: None,
        there: Vec::new(),
    };
    assert!(matches!(
        other.ask(Ask::Keys(keep)),
        Ok(Answer::Unlocked { .. })
    ));
    assert!(matches!(
        other.ask(Ask::Overview),
        Ok(Answer::Overview { .. })
    ));
    let again = other.unlock_ask(OTHER);
    assert!(matches!(other.ask(again), Ok(Answer::Unlocked { .. })));

    // As it is: under the old passphrase.
    let mut third = elsewhere(&desk);
    open(&mut third, &file, PASSPHRASE).unwrap();
    let keep = KeysAsk::Keep {
        passphrase: None,
        device_name: None,
        there: Vec::new(),
    };
    third.ask(Ask::Keys(keep)).unwrap();
    assert!(matches!(third.unlock(), Ok(Answer::Unlocked { .. })));
}

#[test]
fn a_file_is_used_once_without_the_passphrase_anywhere() {
    let mut desk = unlocked();
    let file = export(&mut desk, FileForm::KeyFile, None);
    let mut other = elsewhere(&desk);
    open(&mut other, &file, PASSPHRASE).unwrap();
    let once = other.ask(Ask::Keys(KeysAsk::UseOnce));
    assert!(matches!(once, Ok(Answer::Unlocked { .. })));
    assert!(matches!(
        other.ask(Ask::Overview),
        Ok(Answer::Overview { .. })
    ));
    assert!(other.stored(stored::DEVICE).is_empty());
    // What was opened is gone: it is not there a second time.
    let again = other.ask(Ask::Keys(KeysAsk::UseOnce));
    assert_eq!(again.err(), Some(Failure::Locked));
}

#[test]
fn a_revoked_device_is_not_taken_in() {
    let mut desk = unlocked();
    let file = export(&mut desk, FileForm::KeyFile, None);
    desk.bank().revoked = true;
    let mut other = elsewhere(&desk);
    open(&mut other, &file, PASSPHRASE).unwrap();
    assert_eq!(code(other.ask(Ask::Keys(KeysAsk::UseOnce))), "revoked");
    open(&mut other, &file, PASSPHRASE).unwrap();
    let keep = KeysAsk::Keep {
        passphrase: None,
        device_name: None,
        there: Vec::new(),
    };
    assert_eq!(code(other.ask(Ask::Keys(keep))), "revoked");
    assert!(other.stored(stored::DEVICE).is_empty());
}

#[test]
fn a_foreign_key_signs_for_a_new_device() {
    let mut desk = Desk::new(Bank::new());
    desk.ask(Ask::MeetBank).unwrap();
    let typed = desk.bank().words();
    desk.ask(Ask::CompareWords { typed }).unwrap();
    let pem = include_bytes!("../../envelope/tests/keys/rsa2048.pem");
    let file = BASE64.encode(pem);
    let opened = open(&mut desk, &file, "");
    let Ok(KeysAnswer::Opened {
        named: None,
        was_encrypted: false,
        words,
        ..
    }) = opened
    else {
        panic!("{:?}", opened.err())
    };
    // Whoever leaves the page and comes back has it still, a mistyped slip or not.
    for _ in 0..2 {
        let made = desk.ask(Ask::Keys(KeysAsk::MakeBeside));
        assert!(matches!(made, Ok(Answer::KeysMade { words: made, .. }) if made == words));
    }
    let ask = super::fixture::enrol_ask(&desk, Some("4F7K-9QWE-2MNB-8XPA"));
    assert!(matches!(desk.ask(ask), Err(Failure::Refused { .. })));
    let made = desk.ask(Ask::Keys(KeysAsk::MakeBeside));
    assert!(matches!(made, Ok(Answer::KeysMade { words: made, .. }) if made == words));
    let ask = super::fixture::enrol_ask(&desk, None);
    assert!(matches!(desk.ask(ask), Ok(Answer::Unlocked { .. })));
    assert!(
        desk.stored(carried::SEED).is_empty(),
        "an imported key has no sheet"
    );
    let again = desk.ask(Ask::Keys(KeysAsk::MakeBeside));
    assert_eq!(again.err(), Some(Failure::Locked), "it is a device's now");
}

#[test]
fn the_sheet_is_checked_then_wiped_and_brings_the_keys_back() {
    let mut desk = Desk::new(Bank::new());
    enrol(&mut desk);
    let (words, places, generation) = sheet(&mut desk);
    assert_eq!((words.len(), places.len(), generation), (24, 3, 1));
    let sealed = seed(&desk);
    let word = |place: &u8| words[usize::from(*place) - 1].clone();
    let mut typed: Vec<(u8, String)> = places.iter().map(|it| (*it, word(it))).collect();
    typed[1].1 = "zebra".to_owned();
    let ask = KeysAsk::ConfirmSheet {
        sealed: sealed.clone(),
        words: typed.clone(),
    };
    let Ok(KeysAnswer::SheetChecked { wrong }) = keys(&mut desk, ask) else {
        panic!("checked")
    };
    assert_eq!(wrong, [places[1]]);
    assert_eq!(desk.stored(carried::SEED).len(), 1);
    typed[1].1 = word(&places[1])[..4.min(word(&places[1]).len())].to_uppercase();
    let ask = KeysAsk::ConfirmSheet {
        sealed,
        words: typed,
    };
    let Ok(KeysAnswer::SheetChecked { wrong }) = keys(&mut desk, ask) else {
        panic!("checked")
    };
    assert!(wrong.is_empty() && desk.stored(carried::SEED).is_empty());
    assert!(care(&desk)[0].sheet_at.is_some());

    // Another browser, and the paper.
    let mut other = elsewhere(&desk);
    let recover = |words: &[String], generation| KeysAsk::Recover {
        words: words.join(" "),
        generation,
    };
    assert_eq!(
        keys(&mut other, recover(&words, 1)).err(),
        Some(Failure::WordsNotCompared)
    );
    other.ask(Ask::MeetBank).unwrap();
    let typed = other.bank().words();
    other.ask(Ask::CompareWords { typed }).unwrap();
    assert_eq!(
        code(keys(&mut other, recover(&words[..23], 1))),
        "word-count"
    );
    assert_eq!(code(keys(&mut other, recover(&words, 2))), "unknown-device");
    let Ok(KeysAnswer::Opened {
        named: Some(named),
        kind: None,
        ..
    }) = keys(&mut other, recover(&words, 1))
    else {
        panic!("recovered")
    };
    assert!(!named.customer_name.is_empty());
    let keep = KeysAsk::Keep {
        passphrase: Some(PASSPHRASE.to_owned()),
        device_name: Some("From paper".to_owned()),
        there: Vec::new(),
    };
    other.ask(Ask::Keys(keep)).unwrap();
    assert_eq!(other.stored_device().device, desk.stored_device().device);
    assert!(matches!(other.unlock(), Ok(Answer::Unlocked { .. })));
    // Nothing of long ago was told as news.
    assert!(other.receipts().is_empty());
}

#[test]
fn declining_the_sheet_wipes_the_seed() {
    let mut desk = Desk::new(Bank::new());
    enrol(&mut desk);
    done(&mut desk, KeysAsk::DeclineSheet).unwrap();
    assert!(desk.stored(carried::SEED).is_empty());
    assert!(!care(&desk)[0].is_taken());
}

#[test]
fn a_new_passphrase_opens_and_the_old_one_does_not() {
    let mut desk = unlocked();
    let change = |old: &str, new: &str| KeysAsk::ChangePassphrase {
        old: old.to_owned(),
        new: new.to_owned(),
    };
    assert_eq!(
        done(&mut desk, change("nope nope nope", OTHER)),
        Err(Failure::WrongPassphrase)
    );
    assert!(matches!(
        done(&mut desk, change(PASSPHRASE, "short")),
        Err(Failure::Field { .. })
    ));
    done(&mut desk, change(PASSPHRASE, OTHER)).unwrap();
    let mut tab = desk.tab();
    assert_eq!(tab.unlock().err(), Some(Failure::WrongPassphrase));
    let ask = tab.unlock_ask(OTHER);
    assert!(matches!(tab.ask(ask), Ok(Answer::Unlocked { .. })));
}

/// Two workers whose words reach each other until `deaf`.
fn pair() -> (Desk, Desk) {
    let (one, two) = (Desk::new(Bank::new()), Desk::new(Bank::new()));
    *one.place.peer.borrow_mut() = Some(Rc::downgrade(&two.worker));
    *two.place.peer.borrow_mut() = Some(Rc::downgrade(&one.worker));
    one.worker.join();
    two.worker.join();
    (one, two)
}

#[test]
fn two_workers_make_keys_together() {
    let (mut one, mut two) = pair();
    let id = one.send(Ask::MakeKeys);
    let made = loop {
        one.step();
        two.step();
        if let Some(answer) = one.answer_to(id) {
            break answer;
        }
    };
    assert!(matches!(made, Answer::KeysMade { .. }));
    let told = two.events(|message| matches!(message, FromWorker::Progress { .. }).then_some(()));
    assert!(told.is_empty(), "the second worker tells the page nothing");
}
