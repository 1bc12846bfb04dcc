//! New keys for a device, cut off at every moment: afterwards exactly one device works.

use super::{
    desk::{Desk, PASSPHRASE},
    devices::task,
    fixture::unlocked,
};
use message::{
    Thumbprint,
    device::Standing,
    worker::{
        Answer, Ask, Failure, StoredDevice,
        devices::{DeviceTask, StoredRotation},
        keys::{Care, FileForm, KeysAnswer, KeysAsk, SealedSeed, stored as carried},
        stored,
    },
};

fn replace() -> Ask {
    Ask::Devices(DeviceTask::Replace {
        passphrase: PASSPHRASE.to_owned(),
    })
}

fn stored_as<T: serde::de::DeserializeOwned>(desk: &Desk, prefix: &str) -> Vec<T> {
    let values = desk.stored(prefix);
    let read = values
        .iter()
        .map(|text| serde_json::from_str(text).unwrap());
    read.collect()
}

/// What a page does with what it finds in storage: a rotation whose new device is there is over.
fn clean(desk: &Desk) {
    let devices: Vec<StoredDevice> = stored_as(desk, stored::DEVICE);
    let mut storage = desk.place.storage.borrow_mut();
    let rotations: Vec<(String, StoredRotation)> = storage
        .iter()
        .filter(|(key, _)| key.starts_with(stored::ROTATING))
        .map(|(key, text)| (key.clone(), serde_json::from_str(text).unwrap()))
        .collect();
    for (key, rotation) in rotations {
        if devices.iter().any(|it| it.device == rotation.device.device) {
            let old = key.trim_start_matches(stored::ROTATING).to_owned();
            storage.retain(|key, _| !key.contains(&old));
        }
    }
}

/// Opens whatever is in storage, as a page does after a reload.
fn open(desk: &mut Desk) -> Result<Answer, Failure> {
    clean(desk);
    let devices: Vec<StoredDevice> = stored_as(desk, stored::DEVICE);
    assert_eq!(devices.len(), 1, "one device");
    let device = devices[0].clone();
    let id = device.device;
    let rotation = stored_as(desk, &format!("{}{id}", stored::ROTATING)).pop();
    let session = desk.stored(&format!("{}{id}", stored::SESSION)).pop();
    let mailbox = desk.stored(&format!("{}{id}", stored::MAILBOX)).pop();
    let mailbox_after = mailbox.map_or(0, |text| text.parse().unwrap());
    let orders = stored_as(desk, &format!("{}{id}.", stored::ORDER));
    let passphrase = PASSPHRASE.to_owned();
    desk.ask(match rotation {
        Some(rotation) => Ask::Devices(DeviceTask::ResumeReplace {
            device,
            rotation: Box::new(rotation),
            passphrase,
            session,
            mailbox_after,
            orders,
        }),
        None => Ask::Unlock {
            device,
            passphrase,
            session,
            mailbox_after,
            orders,
        },
    })
}

fn id_of(answer: Result<Answer, Failure>) -> Thumbprint {
    match answer {
        Ok(Answer::Unlocked { profile }) => profile.device,
        other => panic!("not open: {:?}", other.err()),
    }
}

#[test]
fn new_keys_take_the_place_of_the_old() {
    let mut desk = unlocked();
    let old = desk.stored_device();
    desk.ask(Ask::MakeKeys).unwrap();
    let wrong = DeviceTask::Replace {
        passphrase: "another passphrase".to_owned(),
    };
    assert_eq!(task(&mut desk, wrong).err(), Some(Failure::WrongPassphrase));
    let new = id_of(desk.ask(replace()));
    assert_ne!(new, old.device);
    assert_eq!(desk.bank().stands(old.device), Standing::Replaced);
    let kept = desk.stored_device();
    assert_eq!((kept.device, kept.certificates.len()), (new, 4));
    assert_eq!(kept.customer_name, "Jonas Brandt");
    let left = desk.place.storage.borrow().clone();
    assert!(
        left.keys()
            .all(|key| !key.contains(&old.device.to_string()))
    );
    // The new seed waits for its sheet, and says which keys it makes.
    let [seed]: [SealedSeed; 1] = stored_as(&desk, carried::SEED).try_into().unwrap();
    assert_eq!(seed.generation, 2);
    assert!(left.contains_key(&format!("{}{new}", carried::SEED)));
    let [care]: [Care; 1] = stored_as(&desk, carried::CARE).try_into().unwrap();
    assert!(care.replaced_at.is_some() && !care.is_taken());
    assert!(desk.ask(Ask::Overview).is_ok());
    let mut tab = desk.tab();
    assert_eq!(id_of(open(&mut tab)), new);
    // And once more: counted along the line of keys.
    tab.ask(Ask::MakeKeys).unwrap();
    id_of(tab.ask(replace()));
    let [seed]: [SealedSeed; 1] = stored_as(&tab, carried::SEED).try_into().unwrap();
    assert_eq!(seed.generation, 3);
}

/// A mailbox that is being read while the keys change says nothing about the new one.
#[test]
fn the_old_mailbox_does_not_move_the_new_ones_mark() {
    let mut desk = unlocked();
    let old = desk.stored_device().device;
    desk.ask(Ask::MakeKeys).unwrap();
    let reading = desk.send(Ask::ReadMail);
    let new = id_of(desk.ask(replace()));
    let _ = desk.wait_for(reading);
    let mark: i64 = desk.stored(&format!("{}{new}", stored::MAILBOX))[0]
        .parse()
        .unwrap();
    let last = |device| desk.bank().mailboxes[&device].last().unwrap().n;
    assert!(mark <= last(new));
    assert_ne!(last(old), last(new));
}

/// Storage and the bank as they are when a tab dies after so many `Store` events and requests.
#[test]
fn whatever_is_cut_off_one_device_works_afterwards() {
    let mut whole = unlocked();
    whole.ask(Ask::MakeKeys).unwrap();
    // The same new keys each time: making them takes longer than everything else.
    let fresh = whole.worker.with(|state| state.fresh.clone());
    let begin = whole.place.steps.get();
    id_of(whole.ask(replace()));
    let steps = whole.place.steps.get() - begin;
    assert!(steps > 10, "{steps} steps");
    let mut switched = 0;
    for cut in 0..steps {
        let mut desk = unlocked();
        let old = desk.stored_device().device;
        desk.worker.with(|state| state.fresh = fresh.clone());
        desk.place.dies_at.set(Some(desk.place.steps.get() + cut));
        let asked = desk.send(replace());
        desk.run_until_dead(asked);
        // The next tab of the same browser.
        let mut tab = desk.tab();
        let opened = id_of(open(&mut tab));
        assert!(tab.ask(Ask::Overview).is_ok(), "cut at {cut}: works");
        let devices: Vec<StoredDevice> = stored_as(&tab, stored::DEVICE);
        assert_eq!(devices.len(), 1, "cut at {cut}: one device");
        assert_eq!(devices[0].device, opened);
        assert!(
            tab.stored(stored::ROTATING).is_empty(),
            "cut at {cut}: settled"
        );
        let counts = |it: &Thumbprint| tab.bank().stands(*it) == Standing::Active;
        assert!(counts(&opened));
        assert_eq!(
            counts(&old),
            opened == old,
            "cut at {cut}: the other does not count"
        );
        switched += usize::from(opened != old);
    }
    assert!(switched > 0 && switched < usize::try_from(steps).unwrap());
}

#[test]
fn without_a_line_the_old_keys_go_on() {
    let mut desk = unlocked();
    let old = desk.stored_device().device;
    desk.ask(Ask::Overview).unwrap();
    desk.ask(Ask::MakeKeys).unwrap();
    desk.bank().all_down();
    assert_eq!(desk.ask(replace()).err(), Some(Failure::NoLine));
    let mut tab = desk.tab();
    assert_eq!(id_of(open(&mut tab)), old);
    assert_eq!(tab.stored(stored::ROTATING).len(), 1, "tried again later");
    tab.bank().up();
    let mut tab = tab.tab();
    assert_ne!(id_of(open(&mut tab)), old);
}

#[test]
fn while_the_bank_does_not_answer_the_old_keys_open_within_seconds() {
    for reached in [false, true] {
        let mut desk = unlocked();
        let old = desk.stored_device().device;
        desk.ask(Ask::MakeKeys).unwrap();
        let step = desk.place.steps.get();
        // Cut off where nothing was sent yet, or after the order was.
        desk.bank().asleep = !reached;
        let id = desk.send(replace());
        if reached {
            desk.place.dies_at.set(Some(step + 8));
        }
        desk.run_until_dead(id);
        desk.bank().asleep = true;
        let mut tab = desk.tab();
        let start = tab.place.now_ms.get();
        assert_eq!(id_of(open(&mut tab)), old);
        assert!(tab.place.now_ms.get() - start < 15_000);
        assert!(!tab.stored(stored::ROTATING).is_empty(), "they still wait");
        // The next unlocking goes on.
        tab.bank().asleep = false;
        let mut later = tab.tab();
        assert_ne!(id_of(open(&mut later)), old);
    }
}

fn file_of(answer: Result<Answer, Failure>) -> String {
    match answer {
        Ok(Answer::Keys(KeysAnswer::File { base64, .. })) => base64,
        other => panic!("no file: {:?}", other.err()),
    }
}

/// Opens a file on a computer that knows nothing, to be used there once.
fn use_once(desk: &Desk, file: &str) -> (Desk, Result<Answer, Failure>) {
    let mut other = desk.tab();
    other.place.storage.borrow_mut().clear();
    super::carrying::open(&mut other, file, PASSPHRASE).unwrap();
    let opened = other.ask(Ask::Keys(KeysAsk::UseOnce));
    (other, opened)
}

fn not_usable(answer: Result<Answer, Failure>) -> (String, String) {
    match answer.err() {
        Some(Failure::NotUsable { code, detail }) => (code, detail),
        other => panic!("{other:?}"),
    }
}

/// The key file of an enrolled device, and its bank.
fn in_a_file() -> (Desk, String) {
    let mut desk = unlocked();
    let export = KeysAsk::Export {
        form: FileForm::KeyFile,
        passphrase: PASSPHRASE.to_owned(),
        file_passphrase: None,
    };
    let file = file_of(desk.ask(Ask::Keys(export)));
    (desk, file)
}

#[test]
fn keys_in_a_file_are_replaced_when_the_new_file_was_read_back() {
    let (desk, old_file) = in_a_file();
    let (mut once, opened) = use_once(&desk, &old_file);
    let old = id_of(opened);
    once.ask(Ask::MakeKeys).unwrap();
    assert!(
        once.ask(replace()).is_err(),
        "nothing would be kept of them"
    );
    once.ask(Ask::MakeKeys).unwrap();
    let prepare = DeviceTask::PrepareReplace {
        passphrase: PASSPHRASE.to_owned(),
    };
    let new_file = file_of(once.ask(Ask::Devices(prepare)));
    // Up to here the old keys count, in this tab and in the file.
    assert_eq!(once.bank().stands(old), Standing::Active);
    assert!(once.ask(Ask::Overview).is_ok());
    assert!(use_once(&desk, &old_file).1.is_ok());
    let finish = || Ask::Devices(DeviceTask::FinishReplace);
    let wrong = once.ask_with(&old_file, finish());
    assert_eq!(not_usable(wrong).0, "another-file");
    assert_eq!(once.bank().stands(old), Standing::Active);
    let new = id_of(once.ask_with(&new_file, finish()));
    assert_eq!(once.bank().stands(old), Standing::Replaced);
    assert!(once.ask(Ask::Overview).is_ok());
    let (code, at) = not_usable(use_once(&desk, &old_file).1);
    assert_eq!(
        (code.as_str(), at),
        ("replaced", once.bank().now.to_string())
    );
    let (mut again, opened) = use_once(&desk, &new_file);
    assert_eq!(id_of(opened), new);
    assert!(again.ask(Ask::Overview).is_ok());
}

#[test]
fn a_new_file_that_was_not_read_back_takes_the_place_when_it_is_opened() {
    let (desk, old_file) = in_a_file();
    let (mut once, opened) = use_once(&desk, &old_file);
    let old = id_of(opened);
    once.ask(Ask::MakeKeys).unwrap();
    let prepare = DeviceTask::PrepareReplace {
        passphrase: PASSPHRASE.to_owned(),
    };
    let new_file = file_of(once.ask(Ask::Devices(prepare)));
    drop(once);
    assert_eq!(desk.bank().stands(old), Standing::Active);
    let (mut fresh, opened) = use_once(&desk, &new_file);
    assert_ne!(id_of(opened), old);
    assert_eq!(desk.bank().stands(old), Standing::Replaced);
    assert!(fresh.ask(Ask::Overview).is_ok());
    assert_eq!(not_usable(use_once(&desk, &old_file).1).0, "replaced");
}
