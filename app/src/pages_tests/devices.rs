//! The pages about devices, filled as a bank and a worker would fill them.

use super::{
    answers::{NOW, filled, profile, stored, words},
    check, render,
};
use crate::device::{Barred, Device, Happened, Stage, Stop};
use leptos::prelude::*;
use message::{
    Digest, Thumbprint,
    device::{DeviceView, EnrolledBy, Rights, Standing},
    worker::devices::ListedDevice,
};

fn listed(byte: u8, name: &str, standing: Standing, rights: Rights) -> ListedDevice {
    let ended = !matches!(
        standing,
        Standing::Active | Standing::New | Standing::Waiting
    );
    ListedDevice {
        view: DeviceView {
            device: Thumbprint::new([byte; 32]),
            name: name.to_owned().try_into().unwrap(),
            enrolled_by: match byte {
                7 => EnrolledBy::Slip,
                _ => EnrolledBy::Device,
            },
            standing,
            rights,
            requested_at: NOW - 86_400 * i64::from(byte),
            active_at: Some(NOW - 86_400 * i64::from(byte)),
            last_used_at: (byte != 9).then_some(NOW - 7_200),
            ended_at: ended.then_some(NOW - 86_400),
            certificates_until: Some(NOW + 86_400 * 500),
            predecessor: None,
        },
        words: words(),
    }
}

fn with_devices(device: Device) {
    filled(device);
    device.devices.set(Some(vec![
        listed(7, "Kitchen laptop", Standing::Active, Rights::Sign),
        listed(8, "Phone", Standing::Active, Rights::View),
        listed(
            9,
            "Tablet in the holiday house by the sea",
            Standing::Suspended,
            Rights::Sign,
        ),
        listed(10, "Old phone", Standing::Revoked, Rights::Sign),
    ]));
    device.happened.set(vec![Happened {
        at: NOW - 60,
        words: "Your device Phone may only look now. Done by Kitchen laptop.".to_owned(),
    }]);
}

fn address(byte: u8) -> String {
    format!("/devices/{}", Thumbprint::new([byte; 32]))
}

#[test]
fn the_list_marks_this_device_and_says_what_happened() {
    let html = render("/devices", with_devices);
    check("devices", &html);
    // One beside the name in the list, one in the head of the page.
    assert_eq!(html.matches("tag tag-accent").count(), 2);
    assert!(html.contains("May look only: it signs no payments"));
    assert!(html.contains("Old phone was revoked") && html.contains("may only look now"));
    assert!(html.contains("Only one of your devices can sign"));
    check("devices-asking", &render("/devices", filled));
}

#[test]
fn one_device_can_be_changed() {
    let html = render(&address(8), with_devices);
    check("device-phone", &html);
    assert!(html.contains("Let it sign payments") && !html.contains("last device that can sign"));
    let html = render(&address(7), with_devices);
    check("device-own", &html);
    assert!(html.contains("last device that can sign") && html.contains("device in your hands"));
    let html = render(&address(9), with_devices);
    check("device-suspended", &html);
    assert!(html.contains("Resume Tablet"));
    let html = render(&format!("{}/revoke", address(7)), with_devices);
    check("device-revoke", &html);
    assert!(html.contains("Revoking is for ever") && html.contains("last device that can sign"));
    check("device-unknown", &render(&address(77), with_devices));
    check("device-add", &render("/devices/add", with_devices));
    let html = render("/devices/replace", with_devices);
    check("device-replace", &html);
    assert!(html.contains("a new recovery sheet"));
}

#[test]
fn an_end_of_certificates_is_told_in_time() {
    // On the server the clock stands at 0.
    let html = render("/accounts", |device| {
        filled(device);
        let mut own = profile();
        own.certificates_until = -86_400;
        device.stage.set(Stage::Unlocked(Box::new(own)));
    });
    check("accounts-ends", &html);
    assert!(html.contains("Renew now") && html.contains("takes no orders"));
    let html = render("/settings", |device| {
        filled(device);
        let mut own = profile();
        own.certificates_until = 86_400 * 20;
        device.stage.set(Stage::Unlocked(Box::new(own)));
    });
    check("settings-ends", &html);
    assert!(html.contains("Renew now"));
}

#[test]
fn a_device_that_must_stop_says_why() {
    let html = render("/accounts", |device| {
        filled(device);
        device.barred.set(Some(Barred::Suspended));
    });
    check("stopped-suspended", &html);
    assert!(!html.contains("11\u{a0}230.22"));
    let html = render("/accounts", |device| {
        filled(device);
        device.barred.set(Some(Barred::Revoked));
    });
    check("stopped-revoked", &html);
    let html = render("/accounts", |device| {
        filled(device);
        device.barred.set(Some(Barred::Replaced(Some(NOW))));
    });
    check("stopped-replaced", &html);
    assert!(html.contains("These keys were replaced on "));
    let html = render("/accounts", |device| {
        filled(device);
        device.stop.set(Some(Stop {
            why: "the bank's key set 3 is older than 4, seen before".to_owned(),
            words: words(),
            hex: Digest::new([0xb7; 32]).hex_groups(),
        }));
    });
    check("stopped-keys", &html);
    assert!(html.contains("Nothing is sent") && html.contains("older than 4"));
}

#[test]
fn joining_begins_with_the_banks_words_and_can_be_resumed() {
    let html = render("/enrol/join", |device| device.stage.set(Stage::Locked));
    check("join", &html);
    assert!(html.contains("five words"));
    let html = render("/enrol/join", |device| {
        device.joining.set(vec![stored(9, "", "Phone")]);
        device.stage.set(Stage::Locked);
    });
    check("join-resume", &html);
    assert!(html.contains("Go on with adding this browser"));
}
