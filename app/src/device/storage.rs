//! Local storage of this origin, under the keys that `message::worker::stored` names. Everything in it
//! is encrypted or public; the server has none.

use message::worker::wire::from_json;
use message::{
    Thumbprint,
    worker::{
        StoredDevice, StoredOrder,
        devices::StoredRotation,
        keys::{Care, SealedSeed, stored as carried},
        stored,
    },
};
use serde::de::DeserializeOwned;

/// Every value whose key begins like this. While a device is used once, what belongs to it is in
/// memory, and what is in local storage belongs to others.
#[cfg(feature = "hydrate")]
fn entries(prefix: &str) -> Vec<(String, String)> {
    use gloo_storage::Storage as _;
    if let Some(found) = super::once::entries(prefix) {
        return found;
    }
    let storage = gloo_storage::LocalStorage::raw();
    let keys = (0..storage.length().unwrap_or(0)).filter_map(|at| storage.key(at).ok().flatten());
    keys.filter(|key| key.starts_with(prefix))
        .filter_map(|key| {
            storage
                .get_item(&key)
                .ok()
                .flatten()
                .map(|value| (key, value))
        })
        .collect()
}

#[cfg(not(feature = "hydrate"))]
fn entries(_prefix: &str) -> Vec<(String, String)> {
    Vec::new()
}

/// Writes or removes a value. False when the browser keeps nothing (full, or not allowed).
#[cfg(feature = "hydrate")]
pub(super) fn put(key: &str, value: Option<&str>) -> bool {
    use gloo_storage::Storage as _;
    if super::once::put(key, value) {
        return true;
    }
    let storage = gloo_storage::LocalStorage::raw();
    match value {
        Some(value) => storage.set_item(key, value).is_ok(),
        None => storage.remove_item(key).is_ok(),
    }
}

#[cfg(not(feature = "hydrate"))]
pub(super) fn put(_key: &str, _value: Option<&str>) -> bool {
    false
}

fn read_all<T: DeserializeOwned>(prefix: &str) -> Vec<T> {
    let values = entries(prefix).into_iter();
    values
        .filter_map(|(_, value)| from_json(&value).ok())
        .collect()
}

/// The value under exactly this key.
pub(super) fn value(key: &str) -> Option<String> {
    entries(key)
        .into_iter()
        .find(|(found, _)| found == key)
        .map(|(_, value)| value)
}

/// The devices that can be unlocked, oldest first.
pub(super) fn devices() -> Vec<StoredDevice> {
    let mut devices: Vec<StoredDevice> = read_all(stored::DEVICE);
    devices.sort_by_key(|device| (device.enrolled_at, device.device));
    devices
}

/// A device as it is stored now; the open worker builds on it from here on.
pub(super) fn device(id: Thumbprint) -> Option<StoredDevice> {
    let key = format!("{}{id}", stored::DEVICE);
    let text = value(&key)?;
    let device = from_json(&text).ok()?;
    #[cfg(feature = "hydrate")]
    super::at_rest::builds_on(&key, &text);
    Some(device)
}

/// The devices whose enrolment was interrupted.
pub(super) fn enrolling() -> Vec<StoredDevice> {
    read_all(stored::ENROLLING)
}

/// The devices that wait for another one to approve them.
pub(super) fn joining() -> Vec<StoredDevice> {
    read_all(stored::JOINING)
}

/// New keys that are to take the place of a device's.
pub(super) fn rotation(device: Thumbprint) -> Option<StoredRotation> {
    let text = value(&format!("{}{device}", stored::ROTATING))?;
    from_json(&text).ok()
}

/// Removes old devices whose place is taken: the page was closed between the storing of the new one and
/// the removing of the old one.
pub(super) fn end_rotations() {
    for (key, text) in entries(stored::ROTATING) {
        let old = key.strip_prefix(stored::ROTATING).unwrap_or_default();
        let new = from_json::<StoredRotation>(&text);
        let there = new
            .ok()
            .and_then(|it| value(&format!("{}{}", stored::DEVICE, it.device.device)));
        if let (Some(_), Ok(old)) = (there, Thumbprint::parse(old)) {
            forget(old);
        }
    }
}

/// The signed changes of devices that have no answer yet.
pub(super) fn changes(device: Thumbprint) -> Vec<StoredOrder> {
    let mut orders: Vec<StoredOrder> = read_all(&format!("{}{device}.", stored::CHANGE));
    orders.sort_by_key(|order| order.at);
    orders
}

/// The orders of a device that have no receipt yet.
pub(super) fn orders(device: Thumbprint) -> Vec<StoredOrder> {
    let mut orders: Vec<StoredOrder> = read_all(&format!("{}{device}.", stored::ORDER));
    orders.sort_by_key(|order| order.at);
    orders
}

/// The session's sealed keys, if there are some.
pub(super) fn session(device: Thumbprint) -> Option<String> {
    value(&format!("{}{device}", stored::SESSION))
}

/// The number of the last letter read.
pub(super) fn mailbox_after(device: Thumbprint) -> i64 {
    let text = value(&format!("{}{device}", stored::MAILBOX));
    text.and_then(|text| text.parse().ok()).unwrap_or(0)
}

/// The seed of a device whose recovery sheet was neither confirmed nor declined.
pub(super) fn seed(device: Thumbprint) -> Option<SealedSeed> {
    let text = value(&format!("{}{device}", carried::SEED))?;
    from_json(&text).ok()
}

/// What was done so that a device's keys can be brought back.
pub(super) fn care(device: Thumbprint) -> Care {
    let text = value(&format!("{}{device}", carried::CARE));
    text.and_then(|text| from_json(&text).ok())
        .unwrap_or_default()
}

/// The worker says only what is new.
#[cfg(feature = "hydrate")]
pub(super) fn merged_care(key: &str, new: &str) -> Option<String> {
    let new: Care = from_json(new).ok()?;
    let old: Care = value(key)
        .and_then(|text| from_json(&text).ok())
        .unwrap_or_default();
    serde_json::to_string(&Care {
        file_at: new.file_at.or(old.file_at),
        sheet_at: new.sheet_at.or(old.sheet_at),
        declined_at: new.declined_at.or(old.declined_at),
        replaced_at: new.replaced_at.or(old.replaced_at),
    })
    .ok()
}

/// Removes everything that belongs to a device.
pub(super) fn forget(device: Thumbprint) {
    let keys = [
        stored::DEVICE,
        stored::SESSION,
        stored::MAILBOX,
        stored::ENROLLING,
        carried::SEED,
        carried::CARE,
        super::tries::TRIES,
        stored::JOINING,
    ];
    for key in keys {
        put(&format!("{key}{device}"), None);
    }
    for orders in [stored::ORDER, stored::CHANGE] {
        for (key, _) in entries(&format!("{orders}{device}.")) {
            put(&key, None);
        }
    }
    // Last: as long as it is there, an interrupted removal goes on.
    put(&format!("{}{device}", stored::ROTATING), None);
}
