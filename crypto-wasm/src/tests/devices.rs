//! The list of devices, changes that outlive a dead line, and adding a device with another.

use super::{
    desk::{Desk, PASSPHRASE},
    fixture::unlocked,
};
use message::{
    Kind, Thumbprint,
    device::{DeviceChange, Join, Rights, Standing},
    worker::{
        Answer, Ask, Failure, FromWorker, StoredDevice, StoredOrder,
        devices::{DeviceAnswer, DeviceTask, JoiningDevice},
        stored,
    },
};
use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

pub(super) fn task(desk: &mut Desk, task: DeviceTask) -> Result<Answer, Failure> {
    desk.ask(Ask::Devices(task))
}

fn order(desk: &mut Desk, change: DeviceChange) -> Result<Answer, Failure> {
    task(desk, DeviceTask::Order { change })
}

fn suspend(device: u8) -> DeviceChange {
    DeviceChange::Suspend {
        device: Thumbprint::new([device; 32]),
    }
}

#[test]
fn the_list_comes_with_words() {
    let mut desk = unlocked();
    let own = desk.stored_device().device;
    let Ok(Answer::Devices(DeviceAnswer::Listed { devices, .. })) =
        task(&mut desk, DeviceTask::List)
    else {
        panic!("no list");
    };
    assert_eq!(devices.len(), 1);
    assert_eq!((devices[0].view.device, devices[0].words.len()), (own, 5));
}

#[test]
fn a_change_is_stored_before_it_is_sent() {
    let mut desk = unlocked();
    let done = order(&mut desk, suspend(3));
    assert!(matches!(
        done,
        Ok(Answer::Devices(DeviceAnswer::Ordered {
            standing: Standing::Suspended,
            ..
        }))
    ));
    assert!(desk.stored(stored::CHANGE).is_empty(), "answered");
    let bank = desk.bank();
    let at = bank
        .opened
        .iter()
        .position(|(kind, _)| *kind == Kind::DeviceOrder)
        .unwrap();
    let then = &bank.storage_then[at];
    assert!(then.keys().any(|key| key.starts_with(stored::CHANGE)));
}

#[test]
fn a_change_is_signed_as_it_was_shown() {
    let mut desk = unlocked();
    let change = DeviceChange::Revoke {
        device: Thumbprint::new([3; 32]),
        reason: "Lost".to_owned().try_into().unwrap(),
    };
    let draft = |desk: &mut Desk| {
        let change = change.clone();
        match task(desk, DeviceTask::Draft { change }) {
            Ok(Answer::Devices(DeviceAnswer::Drafted { draft })) => draft,
            _ => panic!("no draft"),
        }
    };
    let (old, shown) = (draft(&mut desk), draft(&mut desk));
    assert_eq!((&shown.change, shown.words.len()), (&change, 5));
    assert!(shown.json.contains("Lost"));
    assert_eq!(desk.bank().count(Kind::DeviceOrder), 0, "nothing was sent");
    // Only what was shown last, and only once.
    let sign = |desk: &mut Desk, id| task(desk, DeviceTask::SignDraft { id });
    assert_eq!(sign(&mut desk, old.id).err(), Some(Failure::NoDraft));
    assert!(sign(&mut desk, shown.id).is_ok());
    assert_eq!(sign(&mut desk, shown.id).err(), Some(Failure::NoDraft));
    assert_eq!(desk.bank().changes, std::slice::from_ref(&change));

    // Not when it is past its time, and not after locking.
    let shown = draft(&mut desk);
    desk.place.now_ms.set((shown.void_after + 1) * 1000);
    assert_eq!(sign(&mut desk, shown.id).err(), Some(Failure::NoDraft));
}

#[test]
fn a_change_without_an_answer_goes_on_as_the_same_bytes() {
    let mut desk = unlocked();
    desk.ask(Ask::Overview).unwrap();
    desk.bank().all_down();
    assert_eq!(order(&mut desk, suspend(3)).err(), Some(Failure::NoLine));
    assert_eq!(desk.stored(stored::CHANGE).len(), 1);
    // The tab is closed; another one goes on, and the bank hears it once.
    let orders: Vec<StoredOrder> = desk
        .stored(stored::CHANGE)
        .iter()
        .map(|text| serde_json::from_str(text).unwrap())
        .collect();
    let mut tab = desk.tab();
    tab.bank().up();
    tab.unlock().unwrap();
    task(&mut tab, DeviceTask::Resume { orders }).unwrap();
    tab.pass(10_000);
    assert_eq!(tab.bank().changes, [suspend(3)]);
    assert!(tab.stored(stored::CHANGE).is_empty());
    let told = tab.events(|event| match event {
        FromWorker::DeviceOrdered { outcome } => Some(outcome.refused.is_none()),
        _ => None,
    });
    assert_eq!(told, [true]);
    // The first tab still tries: the bank gives it the same answer.
    desk.pass(120_000);
    assert_eq!(desk.bank().changes.len(), 1);
}

#[test]
fn a_suspended_device_is_told_so() {
    let mut desk = unlocked();
    let own = desk.stored_device().device;
    desk.bank().standing.insert(own, Standing::Suspended);
    assert!(
        matches!(desk.ask(Ask::Overview), Err(Failure::Refused { code, .. }) if code == "DS0S")
    );
    desk.bank().standing.clear();
    assert!(desk.ask(Ask::Overview).is_ok());
}

#[test]
fn certificates_are_renewed_and_open_again() {
    let mut desk = unlocked();
    let before = desk.stored_device();
    assert!(matches!(
        task(&mut desk, DeviceTask::Renew),
        Ok(Answer::Unlocked { .. })
    ));
    let after = desk.stored_device();
    assert_ne!(before.certificates, after.certificates);
    assert_eq!(before.device, after.device);
    let mut tab = desk.tab();
    assert!(tab.unlock().is_ok());
    assert!(tab.ask(Ask::Overview).is_ok());
}

/// Another browser, with a storage of its own, at the same bank.
fn new_browser(desk: &Desk) -> Desk {
    let place = &desk.place;
    let storage: Rc<RefCell<BTreeMap<String, String>>> = Rc::default();
    Desk::beside(Rc::clone(&place.bank), storage, place.now_ms.get())
}

fn join(desk: &mut Desk) -> JoiningDevice {
    desk.ask(Ask::MeetBank).unwrap();
    let typed = desk.bank().words();
    desk.ask(Ask::CompareWords { typed }).unwrap();
    desk.ask(Ask::MakeKeys).unwrap();
    let asked = task(
        desk,
        DeviceTask::Join {
            device_name: "Phone".to_owned(),
            passphrase: PASSPHRASE.to_owned(),
        },
    );
    joining(asked)
}

fn joining(answer: Result<Answer, Failure>) -> JoiningDevice {
    match answer {
        Ok(Answer::Devices(DeviceAnswer::Joining { joining })) => *joining,
        other => panic!("not waiting: {:?}", other.err()),
    }
}

fn look_up(desk: &mut Desk, code: &str) -> Result<(Join, Vec<String>), Failure> {
    let code = code.to_owned();
    match task(desk, DeviceTask::LookUp { code })? {
        Answer::Devices(DeviceAnswer::Found { join, words }) => Ok((join, words)),
        _ => panic!("another answer"),
    }
}

fn approve(join: &Join) -> DeviceChange {
    DeviceChange::Approve {
        device: join.device,
        encryption: join.encryption,
        rights: Rights::View,
    }
}

#[test]
fn one_device_adds_another() {
    let mut old = unlocked();
    let Ok(Answer::Devices(DeviceAnswer::BankWords { words })) =
        task(&mut old, DeviceTask::BankWords)
    else {
        panic!("no words");
    };
    assert_eq!(words.join(" "), old.bank().words());
    let mut new = new_browser(&old);
    // Nothing is sealed before the bank's words were compared.
    new.ask(Ask::MeetBank).unwrap();
    new.ask(Ask::MakeKeys).unwrap();
    let early = task(
        &mut new,
        DeviceTask::Join {
            device_name: "Phone".to_owned(),
            passphrase: PASSPHRASE.to_owned(),
        },
    );
    assert_eq!(early.err(), Some(Failure::WordsNotCompared));
    let shown = join(&mut new);
    assert_eq!(new.stored(stored::JOINING).len(), 1);
    let waits = new.send(Ask::Devices(DeviceTask::AwaitJoin));
    new.settle();

    // What was not looked up is not approved.
    let (found, words) = look_up(&mut old, &shown.code.to_lowercase()).unwrap();
    assert_eq!((found.device, &words), (shown.device, &shown.words));
    let mut other = found.clone();
    other.encryption = Thumbprint::new([9; 32]);
    assert!(matches!(
        order(&mut old, approve(&other)),
        Err(Failure::Fault { .. })
    ));
    order(&mut old, approve(&found)).unwrap();
    let done = new.wait_for(waits);
    assert!(
        matches!(done, Ok(Answer::Unlocked { .. })),
        "{:?}",
        done.err()
    );
    assert!(new.stored(stored::JOINING).is_empty());
    assert_eq!(new.stored_device().device, shown.device);
    assert!(new.ask(Ask::Overview).is_ok());
}

#[test]
fn a_new_device_that_was_approved_while_it_was_closed_goes_on() {
    let mut old = unlocked();
    let mut new = new_browser(&old);
    let shown = join(&mut new);
    let (found, _) = look_up(&mut old, &shown.code).unwrap();
    order(&mut old, approve(&found)).unwrap();
    let mut tab = new.tab();
    let device: StoredDevice = serde_json::from_str(&tab.stored(stored::JOINING)[0]).unwrap();
    let passphrase = PASSPHRASE.to_owned();
    let again = joining(task(
        &mut tab,
        DeviceTask::ResumeJoin { device, passphrase },
    ));
    assert_eq!((again.code, again.words), (shown.code, shown.words));
    let done = task(&mut tab, DeviceTask::AwaitJoin);
    assert!(
        matches!(done, Ok(Answer::Unlocked { .. })),
        "{:?}",
        done.err()
    );
}

#[test]
fn other_words_end_it_on_both_sides() {
    let mut old = unlocked();
    let mut new = new_browser(&old);
    let shown = join(&mut new);
    let waits = new.send(Ask::Devices(DeviceTask::AwaitJoin));
    new.settle();
    let (found, _) = look_up(&mut old, &shown.code).unwrap();
    let device = found.device;
    order(&mut old, DeviceChange::Mismatch { device }).unwrap();
    let refused = new.wait_for(waits);
    assert!(
        matches!(refused, Err(Failure::Refused { code, .. }) if code == "JN01"),
        "told when it asks again"
    );
    assert!(new.stored(stored::JOINING).is_empty());
    assert!(look_up(&mut old, &shown.code).is_err());
}

#[test]
fn a_code_that_nobody_shows_is_refused() {
    let mut desk = unlocked();
    assert!(matches!(
        look_up(&mut desk, "K7QM"),
        Err(Failure::Field { .. })
    ));
    assert!(matches!(
        look_up(&mut desk, "K7QM-2P4X"),
        Err(Failure::Refused { code, .. }) if code == "JN01"
    ));
}
