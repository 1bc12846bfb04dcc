//! A new device without a slip, and those who know it or do not.

use crate::{
    device::{Device, is_booked, random},
    harness::{NOW, TestBank, material},
};
use bank::{Clock, operator};
use message::{
    device::{
        DeviceChange, DeviceOrdered, EnrolledBy, JOIN_ASKS_PER_HOUR_MAX, JOIN_SECONDS, Join,
        JoinAsk, JoinRequest, Joining, Rights, Standing,
    },
    enrol::Enrolled,
    notice::{ChangeSeen, Notice},
    receipt::{Refusal, Refused},
};
use std::collections::BTreeSet;

async fn look_up(bank: &TestBank, device: &Device, code: String) -> Result<Join, Refusal> {
    device.ask(bank, JoinAsk { code }).await
}

#[tokio::test]
async fn a_device_is_added_by_another() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 10_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let new = ann.sibling(2);
    let joining: Joining = new.ask(&bank, new.join_request()).await.unwrap();
    assert_eq!(joining.until, NOW + JOIN_SECONDS);
    let found = look_up(&bank, &ann, new.code()).await.unwrap();
    assert_eq!(found.device, new.id());
    assert_eq!(found.encryption, new.keys.1.public().thumbprint());
    // Other keys than those that were compared are not approved.
    let swapped = DeviceChange::Approve {
        device: new.id(),
        encryption: ann.keys.1.public().thumbprint(),
        rights: Rights::Sign,
    };
    let wrong = ann.change(&bank, swapped).await;
    assert_eq!(wrong, Err(Refusal::JoinUnknown));
    let made = ann.change(&bank, new.approval(Rights::Sign)).await.unwrap();
    assert_eq!(made.standing, Standing::New);
    // The certificates came by themselves, as the answer to the request; asked again, they are the same.
    let first = new.last::<Enrolled>(&bank).await;
    new.say(&bank, new.join_request()).await;
    let again = new.last::<Enrolled>(&bank).await;
    assert_eq!(first, again);
    new.confirm(&bank).await.unwrap();
    let told = ann.last::<Notice>(&bank).await.body;
    assert!(matches!(told, Notice::DeviceAdded { .. }));
    // Approved once more: it stands as it stands.
    let made = ann.change(&bank, new.approval(Rights::Sign)).await.unwrap();
    assert_eq!(made.standing, Standing::Active);
    assert!(is_booked(&new.pay(&bank, &bo.iban, 1_00).await));
    assert_eq!(
        look_up(&bank, &ann, new.code()).await,
        Err(Refusal::JoinUnknown)
    );
    let foreign = bo.change(&bank, new.approval(Rights::Sign)).await;
    assert_eq!(foreign, Err(Refusal::JoinUnknown));
    bank.assert_right().await;
}

#[tokio::test]
async fn a_code_counts_for_an_hour_and_is_not_guessed() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let new = ann.sibling(2);
    new.say(&bank, new.join_request()).await;
    let mut first = None;
    for n in 0..JOIN_ASKS_PER_HOUR_MAX {
        let code = ["00000000", "0000\u{0}000", ""][n.rem_euclid(3) as usize].to_owned();
        let question = ann.payload(&bank, JoinAsk { code });
        first = first.or(Some(question.jti));
        let digest = ann.send(&bank, &question).await;
        bank.settle().await;
        let wrong: Result<Join, _> = ann.answered(&bank, digest).await;
        assert_eq!(wrong, Err(Refusal::JoinUnknown));
    }
    // What can be no code holds nobody up.
    assert!(bank.quarantined().await.is_empty());
    let often = look_up(&bank, &ann, new.code()).await;
    assert_eq!(often, Err(Refusal::JoinTooOften));
    // Not under an id that was counted before either.
    let mut again = ann.payload(&bank, JoinAsk { code: new.code() });
    again.jti = first.unwrap();
    let digest = ann.send(&bank, &again).await;
    bank.settle().await;
    let often: Result<Join, _> = ann.answered(&bank, digest).await;
    assert_eq!(often, Err(Refusal::JoinTooOften));
    bank.clock.advance(JOIN_SECONDS);
    new.say(&bank, new.join_request()).await;
    assert!(look_up(&bank, &ann, new.code()).await.is_ok());
    bank.clock.advance(JOIN_SECONDS + 1);
    let late = look_up(&bank, &ann, new.code()).await;
    assert_eq!(late, Err(Refusal::JoinUnknown));
    let late = ann.change(&bank, new.approval(Rights::Sign)).await;
    assert_eq!(late, Err(Refusal::JoinUnknown));
    // What has waited too long is gone without anybody's doing.
    assert_eq!(
        bank.number("SELECT count(*) FROM bank.join_request").await,
        0
    );
    bank.clock.advance(JOIN_SECONDS);
    bank.settle().await;
    assert_eq!(bank.number("SELECT count(*) FROM bank.join_ask").await, 0);
    bank.assert_right().await;
}

#[tokio::test]
async fn strangers_leave_nothing_behind() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let inbox = bank.number("SELECT count(*) FROM bank.inbox").await;
    let answers = bank.number("SELECT count(*) FROM bank.answer").await;
    let mut core = bank.owner().await;
    sqlx::query(
        "INSERT INTO bank.join_request (device, encryption, signing_key, encryption_key, name, code,
         request, asked_at, valid_until)
         SELECT sha256(n::text::bytea), sha256(n::text::bytea), '', '', 'x', '00000000', '', $1 + n, $1 + 3600
         FROM generate_series(1, 1000) AS n",
    )
    .bind(NOW - 2_000)
    .execute(&mut core)
    .await
    .unwrap();
    let new = ann.sibling(2);
    new.say(&bank, new.join_request()).await;
    new.say(&bank, new.join_request()).await;
    // The oldest has made room.
    let count = "SELECT count(*) FROM bank.join_request";
    assert_eq!(bank.number(count).await, 1_000);
    let oldest = "SELECT min(asked_at) FROM bank.join_request";
    assert_eq!(bank.number(oldest).await, NOW - 2_000 + 2);
    assert!(look_up(&bank, &ann, new.code()).await.is_ok());
    assert_eq!(bank.number("SELECT count(*) FROM bank.inbox").await, inbox);
    assert_eq!(
        bank.number("SELECT count(*) FROM bank.answer").await,
        answers
    );
    // Keys that are one and the same cannot be a device's.
    let body = JoinRequest {
        encryption_key: new.keys.0.public().to_jwk(),
        ..new.join_request()
    };
    new.say(&bank, body).await;
    assert_eq!(bank.quarantined().await, ["frame"]);
}

#[tokio::test]
async fn a_mismatch_is_for_ever() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let tablet = ann.approved(&bank, 3, Rights::View).await;
    let new = ann.sibling(2);
    new.say(&bank, new.join_request()).await;
    let device = new.id();
    let mismatch = DeviceChange::Mismatch { device };
    let done = ann.change(&bank, mismatch.clone()).await.unwrap();
    let expected = DeviceOrdered {
        device,
        standing: Standing::Revoked,
    };
    assert_eq!(done, expected);
    assert_eq!(ann.change(&bank, mismatch).await.unwrap(), expected);
    for device in [&ann, &tablet] {
        let notice = device.last::<Notice>(&bank).await.body;
        let change = ChangeSeen::Mismatch;
        assert!(matches!(notice, Notice::DeviceChanged { change: c, .. } if c == change));
    }
    let alarms = "SELECT count(*) FROM bank.alarm WHERE what = 'join-mismatch'";
    assert_eq!(bank.number(alarms).await, 1);
    new.say(&bank, new.join_request()).await;
    let answer = new.last::<Refused>(&bank).await.body.reason;
    assert_eq!(answer, Refusal::JoinUnknown);
    let approved = ann.change(&bank, new.approval(Rights::Sign)).await;
    assert_eq!(approved, Err(Refusal::JoinUnknown));
    // Not with a slip either, nor in the place of a device.
    let mut core = bank.owner().await;
    let slip = operator::new_slip(&mut core, &bank::SystemEntropy, ann.customer, NOW);
    let slip = slip.await.unwrap();
    new.say(&bank, new.enrol_request(&slip)).await;
    let answer = new.last::<Refused>(&bank).await.body.reason;
    assert_eq!(answer, Refusal::SlipRefused);
    let request = new.sign(&new.payload(&bank, new.join_request()));
    let request = request.as_str().to_owned();
    let replaced = ann.change(&bank, DeviceChange::Replace { request }).await;
    assert_eq!(replaced, Err(Refusal::DeviceChangeRefused));
    bank.assert_right().await;
}

#[tokio::test]
async fn a_device_that_enrols_for_somebody_else_waits_for_nobody() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let (bo, slip) = Device::new(&bank, 1, 0).await;
    bo.say(&bank, bo.join_request()).await;
    bo.enrol(&bank, &slip).await;
    let waiting = "SELECT count(*) FROM bank.join_request";
    assert_eq!(bank.number(waiting).await, 0);
    // As if it waited still: the answer is the same.
    let mut core = bank.owner().await;
    sqlx::query(
        "INSERT INTO bank.join_request (device, encryption, signing_key, encryption_key, name, code,
         request, asked_at, valid_until)
         SELECT id, $2, signing_key, encryption_key, name, '00000000', request, $3, $3 + 3600
         FROM bank.device WHERE id = $1",
    )
    .bind(bo.id().as_bytes())
    .bind(bo.keys.1.public().thumbprint().as_bytes())
    .bind(NOW)
    .execute(&mut core)
    .await
    .unwrap();
    let approved = ann.change(&bank, bo.approval(Rights::Sign)).await;
    assert_eq!(approved, Err(Refusal::JoinUnknown));
    bank.assert_right().await;
}

#[tokio::test]
async fn a_device_is_admitted_with_the_letter() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let new = ann.sibling(2);
    new.say(&bank, new.join_request()).await;
    let mut core = bank.owner().await;
    let code = format!("{}-{}", &new.code()[..4], &new.code()[4..]).to_lowercase();
    let waiting = operator::waiting_device(&mut core, &code, NOW)
        .await
        .unwrap();
    assert_eq!(waiting.words, envelope::words::five_words(&new.id()));
    assert!(
        operator::admit_device(&mut core, 7, &waiting, NOW)
            .await
            .is_err()
    );
    operator::admit_device(&mut core, ann.customer, &waiting, NOW)
        .await
        .unwrap();
    assert!(
        operator::admit_device(&mut core, ann.customer, &waiting, NOW)
            .await
            .is_err()
    );
    bank.settle().await;
    new.confirm(&bank).await.unwrap();
    let list = new.devices(&bank).await;
    let own = list.iter().find(|view| view.device == new.id()).unwrap();
    assert_eq!(own.enrolled_by, EnrolledBy::Letter);
    assert_eq!(own.standing, Standing::Active);
    bank.assert_right().await;
}

#[tokio::test]
async fn a_customer_has_twenty_devices_and_no_more() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let mut core = bank.owner().await;
    let mut ids = BTreeSet::from([ann.id()]);
    while ids.len() < message::device::DEVICES_MAX {
        let id = message::Thumbprint::new(random());
        sqlx::query(
            "INSERT INTO bank.device (id, customer, name, signing_key, encryption_key, request, status,
             enrolled_by, requested_at) VALUES ($1, $2, 'x', '', '', $1, 'requested', 'letter', 0)",
        )
        .bind(id.as_bytes())
        .bind(ann.customer)
        .execute(&mut core)
        .await
        .unwrap();
        ids.insert(id);
    }
    let new = ann.sibling(2);
    new.say(&bank, new.join_request()).await;
    let full = ann.change(&bank, new.approval(Rights::Sign)).await;
    assert_eq!(full, Err(Refusal::TooManyDevices));
    let now = bank.clock.now();
    let waiting = operator::waiting_device(&mut core, &new.code(), now)
        .await
        .unwrap();
    assert!(
        operator::admit_device(&mut core, ann.customer, &waiting, now)
            .await
            .is_err()
    );
    let slip = operator::new_slip(&mut core, &bank::SystemEntropy, ann.customer, NOW);
    let slip = slip.await.unwrap();
    let other = Device {
        keys: material().devices[3].clone(),
        ..ann.sibling(3)
    };
    other.say(&bank, other.enrol_request(&slip)).await;
    let answer = other.last::<Refused>(&bank).await.body.reason;
    assert_eq!(answer, Refusal::TooManyDevices);
    // With room, the very same slip and request go on.
    let revoke = DeviceChange::Revoke {
        device: *ids.iter().find(|id| **id != ann.id()).unwrap(),
        reason: message::text::Label::parse("Unused").unwrap(),
    };
    ann.change(&bank, revoke).await.unwrap();
    ann.change(&bank, new.approval(Rights::Sign)).await.unwrap();
}
