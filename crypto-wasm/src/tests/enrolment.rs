//! From the slip to an active device, and what can come between.

use super::{
    bank::Bank,
    desk::{Desk, PASSPHRASE},
    fixture::{enrol_ask, locked},
};
use message::{
    Kind,
    worker::{Answer, Ask, Failure, FromWorker, Step, StoredDevice, keys::stored::SEED, stored},
};

#[test]
fn a_browser_becomes_a_device() {
    let mut desk = Desk::new(Bank::new());
    assert!(
        matches!(desk.ask(Ask::MeetBank), Ok(Answer::Bank { name, .. }) if name == "Halden Bank")
    );
    let made = desk.ask(Ask::MakeKeys).unwrap();
    let Answer::KeysMade { device, words, .. } = made else {
        panic!("keys");
    };
    let steps = desk.events(|message| match message {
        FromWorker::Progress { step, percent } => Some((*step, *percent)),
        _ => None,
    });
    for step in [Step::SigningKey, Step::EncryptionKey, Step::TestSignature] {
        let percents: Vec<u8> = steps.iter().filter(|s| s.0 == step).map(|s| s.1).collect();
        assert!(
            percents.is_sorted() && percents.last() == Some(&100),
            "{step:?}: {percents:?}"
        );
    }

    // Nothing is sealed before the words fit.
    let ask = enrol_ask(&desk, None);
    assert_eq!(desk.ask(ask).err(), Some(Failure::WordsNotCompared));
    let typed = "abacus abdomen zoom qwertz zebra".to_owned();
    let words_ask = desk.ask(Ask::CompareWords { typed });
    let Ok(Answer::Words {
        fit: false,
        unknown,
    }) = words_ask
    else {
        panic!("wrong words fit");
    };
    assert!(unknown.contains(&"qwertz".to_owned()));
    let ask = enrol_ask(&desk, None);
    assert_eq!(desk.ask(ask).err(), Some(Failure::WordsNotCompared));
    assert!(desk.bank().envelopes.is_empty());

    let typed = desk.bank().words().to_uppercase();
    let fit = desk.ask(Ask::CompareWords { typed });
    assert!(matches!(fit, Ok(Answer::Words { fit: true, .. })));

    // A mistyped code is refused by the bank; the keys are still there for the next try.
    let ask = enrol_ask(&desk, Some("4F7K-9QWE-2MNB-8XP"));
    assert!(matches!(desk.ask(ask), Err(Failure::Field { field, .. }) if field == "secret"));
    let ask = enrol_ask(&desk, Some("4F7K-9QWE-2MNB-8XPA"));
    assert!(matches!(desk.ask(ask), Err(Failure::Refused { code, .. }) if code == "SL01"));
    assert!(desk.stored(stored::ENROLLING).is_empty());
    assert!(desk.stored(SEED).is_empty(), "nothing of it stays");

    let ask = enrol_ask(&desk, None);
    let Ok(Answer::Unlocked { profile }) = desk.ask(ask) else {
        panic!("not enrolled");
    };
    assert_eq!((profile.device, &profile.words), (device, &words));
    assert_eq!(profile.customer_name, "Jonas Brandt");
    assert!(desk.stored(stored::ENROLLING).is_empty());
    assert_eq!(desk.stored(SEED).len(), 1, "the same keys, and their sheet");
    let kept = desk.stored_device();
    assert_eq!(
        (kept.certificates.len(), kept.key_set, kept.request),
        (4, 2, None)
    );
    // The device was stored before the request was sent.
    let then = desk.bank().storage_then[0].clone();
    assert!(then.keys().any(|key| key.starts_with(stored::ENROLLING)));
    nothing_secret_was_said(&desk);
}

/// What goes to the page never holds the passphrase, the slip's code or an open key.
fn nothing_secret_was_said(desk: &Desk) {
    let secret = desk.bank().secret.reveal();
    let said = desk.events(|message| serde_json::to_string(message).ok());
    let warned = desk.place.warned.borrow();
    for text in said.iter().chain(warned.iter()) {
        assert!(!text.contains(PASSPHRASE) && !text.contains(&secret));
        assert!(!text.contains("BEGIN PRIVATE KEY"));
    }
}

#[test]
fn an_interrupted_enrolment_goes_on_with_the_same_request() {
    let desk = waiting_for_the_bank();
    // The tab is closed; the bank wakes; another tab goes on.
    let mut tab = desk.tab();
    tab.bank().wake();
    let device: StoredDevice = serde_json::from_str(&tab.stored(stored::ENROLLING)[0]).unwrap();
    let resume = |passphrase: &str| Ask::ResumeEnrol {
        device: device.clone(),
        passphrase: passphrase.to_owned(),
    };
    let wrong = tab.ask(resume("another passphrase"));
    assert_eq!(wrong.err(), Some(Failure::WrongPassphrase));
    let resumed = tab.ask(resume(PASSPHRASE));
    assert!(
        matches!(resumed, Ok(Answer::Unlocked { .. })),
        "{:?}",
        resumed.err()
    );
    let bank = tab.bank();
    let requests = bank
        .opened
        .iter()
        .filter(|(kind, _)| *kind == Kind::EnrolRequest);
    let mut digests: Vec<_> = requests.map(|(_, digest)| *digest).collect();
    assert!(digests.len() > 1);
    digests.dedup();
    assert_eq!(digests.len(), 1, "resent as the same signed bytes");
}

/// A browser whose request waits at a bank that is asleep.
fn waiting_for_the_bank() -> Desk {
    let mut desk = Desk::new(Bank::new());
    desk.ask(Ask::MeetBank).unwrap();
    let typed = desk.bank().words();
    desk.ask(Ask::CompareWords { typed }).unwrap();
    desk.ask(Ask::MakeKeys).unwrap();
    desk.bank().asleep = true;
    let ask = enrol_ask(&desk, None);
    assert_eq!(desk.ask(ask).err(), Some(Failure::NoAnswer));
    desk.bank().asleep = false;
    desk
}

#[test]
fn trying_again_takes_the_answer_to_the_first_request() {
    let mut desk = waiting_for_the_bank();
    let ask = enrol_ask(&desk, None);
    let enrolled = desk.ask(ask);
    assert!(
        matches!(enrolled, Ok(Answer::Unlocked { .. })),
        "{:?}",
        enrolled.err()
    );
    let bank = desk.bank();
    let digests = bank
        .opened
        .iter()
        .filter(|(kind, _)| *kind == Kind::EnrolRequest);
    assert!(
        digests
            .map(|(_, digest)| digest)
            .collect::<std::collections::BTreeSet<_>>()
            .len()
            > 1
    );
    assert_eq!(bank.enrolled.len(), 1);
}

#[test]
fn a_request_past_its_time_is_signed_anew() {
    let desk = waiting_for_the_bank();
    desk.bank().wake();
    let later = desk.place.now_ms.get() + 30 * 3_600_000;
    desk.place.now_ms.set(later);
    let mut tab = desk.tab();
    let device = serde_json::from_str(&tab.stored(stored::ENROLLING)[0]).unwrap();
    let resumed = tab.ask(Ask::ResumeEnrol {
        device,
        passphrase: PASSPHRASE.to_owned(),
    });
    assert!(
        matches!(resumed, Ok(Answer::Unlocked { .. })),
        "{:?}",
        resumed.err()
    );
}

#[test]
fn unlocking_and_locking() {
    let mut desk = locked();
    assert_eq!(desk.ask(Ask::Overview).err(), Some(Failure::Locked));
    let wrong = desk.unlock_ask("not the passphrase");
    assert_eq!(desk.ask(wrong).err(), Some(Failure::WrongPassphrase));
    assert!(matches!(desk.unlock(), Ok(Answer::Unlocked { .. })));
    assert!(desk.ask(Ask::Overview).is_ok());

    // Locking answers who waits, and nothing is known any more.
    desk.bank().asleep = true;
    let waiting = desk.send(Ask::Overview);
    desk.settle();
    desk.ask(Ask::Lock).unwrap();
    assert_eq!(desk.wait_for(waiting).err(), Some(Failure::Locked));
    assert_eq!(desk.ask(Ask::Overview).err(), Some(Failure::Locked));
    assert_eq!(desk.ask(Ask::Listen).err(), Some(Failure::Locked));
}

#[test]
fn a_stored_device_that_was_changed_does_not_open() {
    let mut desk = locked();
    let unlock = |desk: &mut Desk, change: fn(&mut StoredDevice)| {
        let Ask::Unlock {
            mut device,
            passphrase,
            ..
        } = desk.unlock_ask(PASSPHRASE)
        else {
            panic!("unlock");
        };
        change(&mut device);
        desk.ask(Ask::Unlock {
            device,
            passphrase,
            session: None,
            mailbox_after: 0,
            orders: Vec::new(),
        })
        .err()
    };
    let changes: [fn(&mut StoredDevice); 5] = [
        |device| device.key_set = 1,
        |device| device.customer_name = "Somebody".to_owned(),
        |device| device.root = device.certificates[3].clone(),
        |device| device.certificates.truncate(1),
        |device| device.encryption_key = device.signing_key.clone(),
    ];
    for change in changes {
        assert_eq!(
            unlock(&mut desk, change),
            Some(Failure::StoredDeviceDamaged)
        );
    }
    assert_eq!(unlock(&mut desk, |_| {}), None);
}
