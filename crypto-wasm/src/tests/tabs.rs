//! Two tabs with the same device open: neither writes back what the other has changed.

use super::{
    carrying::{OTHER, done},
    desk::{Desk, PASSPHRASE},
    fixture::unlocked,
};
use message::worker::{Answer, Ask, Failure, StoredDevice, devices::DeviceTask, keys::KeysAsk};

fn renew(desk: &mut Desk) {
    let renewed = desk.ask(Ask::Devices(DeviceTask::Renew));
    assert!(matches!(renewed, Ok(Answer::Unlocked { .. })));
}

fn change_passphrase(desk: &mut Desk) {
    let change = KeysAsk::ChangePassphrase {
        old: PASSPHRASE.to_owned(),
        new: OTHER.to_owned(),
    };
    done(desk, change).unwrap();
}

/// What a page does when another tab has written: the certificates that the open device has then.
fn hand_on(to: &mut Desk, device: StoredDevice) -> i64 {
    match to.ask(Ask::Device { device }) {
        Ok(Answer::Unlocked { profile }) => profile.certificates_until,
        other => panic!("{:?}", other.err()),
    }
}

/// Two tabs in which the same device is open.
fn two_tabs() -> (Desk, Desk) {
    let one = unlocked();
    let mut two = one.tab();
    two.unlock().unwrap();
    (one, two)
}

fn opens(desk: &Desk, passphrase: &str) -> Result<(), Failure> {
    let mut later = desk.tab();
    let ask = later.unlock_ask(passphrase);
    later.ask(ask).map(|_| ())
}

#[test]
fn a_new_passphrase_stays_when_another_tab_renews() {
    let (mut one, mut two) = two_tabs();
    change_passphrase(&mut one);
    let device = one.stored_device();
    hand_on(&mut two, device);
    let old = KeysAsk::ChangePassphrase {
        old: PASSPHRASE.to_owned(),
        new: "yet another passphrase".to_owned(),
    };
    assert_eq!(done(&mut two, old), Err(Failure::WrongPassphrase));
    renew(&mut two);
    assert_eq!(opens(&one, PASSPHRASE), Err(Failure::WrongPassphrase));
    assert_eq!(opens(&one, OTHER), Ok(()));
}

#[test]
fn what_each_tab_has_newer_comes_together() {
    let (mut one, mut two) = two_tabs();
    one.bank().shown = Some(|info| info.key_set = super::pki::HALDEN.key_set(5));
    one.ask(Ask::Overview).unwrap();
    assert_eq!(one.stored_device().key_set, 5);
    one.bank().shown = None;
    // The second has not heard of it when it renews, and writes what it has.
    two.place.now_ms.set(two.place.now_ms.get() + 60_000);
    renew(&mut two);
    let renewed = two.stored_device();
    assert_eq!(renewed.key_set, 2);
    let until = hand_on(&mut one, renewed.clone());
    one.settle();
    let both = one.stored_device();
    assert_eq!(
        (both.key_set, &both.certificates),
        (5, &renewed.certificates)
    );
    // And back: now there is nothing more to say.
    let stores = two.place.posted.borrow().len();
    assert_eq!(hand_on(&mut two, both.clone()), until);
    two.settle();
    assert_eq!(
        two.place.posted.borrow().len(),
        stores + 1,
        "the answer alone"
    );
    assert_eq!(two.stored_device(), both);
}

#[test]
fn what_the_open_keys_have_not_signed_is_refused() {
    let (mut one, two) = two_tabs();
    let good = two.stored_device();
    let changes: [fn(&mut StoredDevice); 3] = [
        |device| device.device_name = "Somebody else's".to_owned(),
        |device| device.key_set = 1,
        |device| device.root = device.certificates[3].clone(),
    ];
    for change in changes {
        let mut device = good.clone();
        change(&mut device);
        let taken = one.ask(Ask::Device { device });
        assert_eq!(taken.err(), Some(Failure::StoredDeviceDamaged));
    }
    renew(&mut one);
    assert_eq!(one.stored_device().device_name, good.device_name);
    assert_eq!(opens(&one, PASSPHRASE), Ok(()));
}

#[test]
fn a_browser_that_keeps_nothing_changes_nothing() {
    let mut desk = unlocked();
    desk.place.full.set(true);
    let change = KeysAsk::ChangePassphrase {
        old: PASSPHRASE.to_owned(),
        new: OTHER.to_owned(),
    };
    assert_eq!(done(&mut desk, change), Err(Failure::NotKept));
    desk.place.full.set(false);
    // What is stored next is still under the old one.
    renew(&mut desk);
    assert_eq!(opens(&desk, PASSPHRASE), Ok(()));
}
