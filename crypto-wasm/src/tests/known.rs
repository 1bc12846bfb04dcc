//! Keys that come without their certificates: the bank says which device they are.

use super::{
    bank::Bank,
    carrying::{OTHER, elsewhere, export, keys, open, read_back},
    desk::{Desk, PASSPHRASE},
    fixture::enrol,
};
use message::{
    device::Standing,
    worker::{
        Answer, Ask, Failure,
        devices::DeviceTask,
        keys::{FileForm, FileKind, KeysAnswer, KeysAsk},
    },
};

#[test]
fn pkcs12_comes_back_with_the_banks_help() {
    let mut desk = Desk::new(Bank::new());
    enrol(&mut desk);
    let short = KeysAsk::Export {
        form: FileForm::Pkcs12,
        passphrase: PASSPHRASE.to_owned(),
        file_passphrase: Some("short".to_owned()),
    };
    assert!(matches!(keys(&mut desk, short), Err(Failure::Field { .. })));
    let file = export(&mut desk, FileForm::Pkcs12, Some(OTHER));
    read_back(&mut desk, &file).unwrap();
    let mut other = elsewhere(&desk);
    let opened = open(&mut other, &file, OTHER);
    let Ok(KeysAnswer::Opened {
        named: Some(named),
        kind,
        ..
    }) = opened
    else {
        panic!("{:?}", opened.err())
    };
    assert_eq!(kind, Some(FileKind::Pkcs12));
    assert!(!named.customer_name.is_empty() && named.device_name.is_empty());
    let keep = KeysAsk::Keep {
        passphrase: Some(PASSPHRASE.to_owned()),
        device_name: Some("Found again".to_owned()),
        there: Vec::new(),
    };
    other.ask(Ask::Keys(keep)).unwrap();
    assert!(
        matches!(other.unlock(), Ok(Answer::Unlocked { profile }) if profile.device_name == "Found again")
    );
}

#[test]
fn pkcs12_used_once_is_renewed_and_saved_as_a_key_file() {
    let mut desk = Desk::new(Bank::new());
    enrol(&mut desk);
    let file = export(&mut desk, FileForm::Pkcs12, Some(OTHER));
    let mut other = elsewhere(&desk);
    open(&mut other, &file, OTHER).unwrap();
    let once = other.ask(Ask::Keys(KeysAsk::UseOnce));
    assert!(
        matches!(once, Ok(Answer::Unlocked { profile }) if profile.device_name == "Kitchen laptop")
    );
    other.ask(Ask::Devices(DeviceTask::Renew)).unwrap();
    // There was no passphrase of a key file before: the new one is its first.
    let short = KeysAsk::Export {
        form: FileForm::KeyFile,
        passphrase: "short".to_owned(),
        file_passphrase: None,
    };
    assert!(matches!(
        keys(&mut other, short),
        Err(Failure::Field { .. })
    ));
    for form in [FileForm::KeyFile, FileForm::Pkcs12] {
        let saved = export(&mut other, form, Some(PASSPHRASE));
        read_back(&mut other, &saved).unwrap();
        let mut third = elsewhere(&desk);
        let opened = open(&mut third, &saved, PASSPHRASE);
        assert!(matches!(
            opened,
            Ok(KeysAnswer::Opened { named: Some(_), .. })
        ));
    }
}

#[test]
fn a_device_is_found_again_when_the_letter_of_its_enrolment_is_gone() {
    let mut desk = Desk::new(Bank::new());
    enrol(&mut desk);
    let file = export(&mut desk, FileForm::Pkcs12, Some(OTHER));
    let device = desk.stored_device();
    desk.bank().mailboxes.clear();
    let mut other = elsewhere(&desk);
    let opened = open(&mut other, &file, OTHER);
    let Ok(KeysAnswer::Opened {
        named: Some(named), ..
    }) = opened
    else {
        panic!("{:?}", opened.err())
    };
    assert_eq!(named.customer_name, device.customer_name);
    let nothing = other.place.storage.borrow().is_empty();
    assert!(nothing, "asking stores nothing");
    let keep = KeysAsk::Keep {
        passphrase: Some(PASSPHRASE.to_owned()),
        device_name: Some("Found again".to_owned()),
        there: Vec::new(),
    };
    other.ask(Ask::Keys(keep)).unwrap();
    assert_eq!(
        other.stored_device().customer_number,
        device.customer_number
    );
    assert!(matches!(other.unlock(), Ok(Answer::Unlocked { .. })));

    // A device that is suspended is told so.
    desk.bank().mailboxes.clear();
    desk.bank()
        .standing
        .insert(device.device, Standing::Suspended);
    let mut third = elsewhere(&desk);
    let suspended = open(&mut third, &file, OTHER);
    assert!(matches!(suspended, Err(Failure::Refused { code, .. }) if code == "DS0S"));
}

#[test]
fn letters_whose_signer_is_not_known_yet_leave_it_open() {
    let mut desk = Desk::new(Bank::new());
    enrol(&mut desk);
    let file = export(&mut desk, FileForm::Pkcs12, Some(OTHER));
    let mut other = elsewhere(&desk);
    let all = desk.bank().edges.iter().cloned().collect();
    desk.bank().unheard = all;
    let outcome = open(&mut other, &file, OTHER).err();
    assert_eq!(outcome, Some(Failure::NoAnswer));
    desk.bank().unheard.clear();
    let opened = open(&mut other, &file, OTHER);
    assert!(matches!(
        opened,
        Ok(KeysAnswer::Opened { named: Some(_), .. })
    ));
}
