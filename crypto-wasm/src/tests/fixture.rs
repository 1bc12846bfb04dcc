//! A device that is enrolled already, so that not every test makes keys.

use super::{
    bank::Bank,
    desk::{Desk, PASSPHRASE},
};
use message::worker::{Answer, Ask, stored};
use std::sync::LazyLock;

struct Enrolled {
    device: String,
    key: String,
    devices: Vec<super::bank::Device>,
}

static ENROLLED: LazyLock<Enrolled> = LazyLock::new(|| {
    let mut desk = Desk::new(Bank::new());
    enrol(&mut desk);
    Enrolled {
        device: desk.stored(stored::DEVICE)[0].clone(),
        key: desk
            .place
            .storage
            .borrow()
            .keys()
            .find(|key| key.starts_with(stored::DEVICE))
            .unwrap()
            .clone(),
        devices: desk.bank().devices.values().cloned().collect(),
    }
});

/// Everything from the words to the active device.
pub(super) fn enrol(desk: &mut Desk) {
    desk.ask(Ask::MeetBank).unwrap();
    let typed = desk.bank().words();
    desk.ask(Ask::CompareWords { typed }).unwrap();
    desk.ask(Ask::MakeKeys).unwrap();
    let ask = enrol_ask(desk, None);
    assert!(matches!(desk.ask(ask), Ok(Answer::Unlocked { .. })));
}

/// With the slip's secret, or another.
pub(super) fn enrol_ask(desk: &Desk, secret: Option<&str>) -> Ask {
    let bank = desk.bank();
    Ask::Enrol {
        locator: bank.locator.to_string(),
        secret: secret.map_or_else(|| bank.secret.reveal(), ToOwned::to_owned),
        device_name: "Kitchen laptop".to_owned(),
        passphrase: PASSPHRASE.to_owned(),
    }
}

/// A browser with an enrolled device, and its bank; still locked.
pub(super) fn locked() -> Desk {
    let mut bank = Bank::new();
    for device in &ENROLLED.devices {
        bank.devices.insert(device.id, device.clone());
    }
    let desk = Desk::new(bank);
    {
        let mut storage = desk.place.storage.borrow_mut();
        let id = ENROLLED.key.trim_start_matches(stored::DEVICE);
        storage.insert(ENROLLED.key.clone(), ENROLLED.device.clone());
        storage.insert(format!("{}{id}", stored::MAILBOX), "0".to_owned());
    }
    desk
}

/// The same, unlocked.
pub(super) fn unlocked() -> Desk {
    let mut desk = locked();
    desk.unlock().unwrap();
    desk
}
