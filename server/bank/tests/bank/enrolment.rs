//! Enrolment and revocation of devices.

use crate::{
    device::{Device, is_booked, refused},
    harness::{NOW, TestBank, material, rsa},
};
use bank::{SystemEntropy, operator};
use envelope::Jws;
use message::{
    Kind, Payload,
    enrol::{Activated, EnrolConfirm, Enrolled},
    notice::Notice,
    receipt::{Receipt, ReceiptCopy, Refusal, Refused},
    slip::Secret,
    text::Label,
};

#[tokio::test]
async fn the_same_keys_and_slip_get_the_same_answer() {
    let bank = TestBank::halden().await;
    let (ann, slip) = Device::new(&bank, 0, 10_00).await;
    ann.say(&bank, ann.enrol_request(&slip)).await;
    ann.say(&bank, ann.enrol_request(&slip)).await;
    let mail = ann.mail(&bank).await;
    let enrolled: Vec<_> = mail.iter().filter(|j| j.kind() == Kind::Enrolled).collect();
    assert_eq!(enrolled.len(), 2);
    assert_eq!(enrolled[0].as_str(), enrolled[1].as_str());
    // Not active yet: an order is refused, and put aside.
    let digest = ann.say(&bank, ann.order(&ann.iban, 1)).await;
    let receipt = ann.receipt(&bank, digest).await.unwrap();
    assert_eq!(receipt.body.outcome, refused(Refusal::DeviceNotActive));
    assert_eq!(bank.quarantined().await, ["device-not-active"]);
    // A wrong nonce does not activate; the right one does, as often as it comes.
    let nonce = "AAAAAAAAAAAAAAAAAAAAAA".to_owned();
    ann.say(&bank, EnrolConfirm { nonce }).await;
    let answer = ann.last::<Refused>(&bank).await.body;
    assert_eq!(answer.reason, Refusal::DeviceNotActive);
    let nonce = ann.last::<Enrolled>(&bank).await.body.nonce;
    for _ in 0..2 {
        let nonce = nonce.clone();
        ann.say(&bank, EnrolConfirm { nonce }).await;
    }
    assert_eq!(ann.heard::<Activated>(&bank).await.len(), 2);
    // The slip is used up: another device cannot have it.
    let mut other = Device::new(&bank, 1, 0).await.0;
    other.iban = ann.iban.clone();
    other.say(&bank, other.enrol_request(&slip)).await;
    let answer = other.last::<Refused>(&bank).await.body;
    assert_eq!(answer.reason, Refusal::SlipRefused);
    bank.assert_right().await;
}

#[tokio::test]
async fn a_slip_can_be_tried_five_times() {
    let bank = TestBank::halden().await;
    let (ann, slip) = Device::new(&bank, 0, 0).await;
    let mut wrong = slip.clone();
    wrong.secret = Secret([7; 10]);
    for _ in 0..5 {
        ann.say(&bank, ann.enrol_request(&wrong)).await;
    }
    ann.say(&bank, ann.enrol_request(&slip)).await;
    let refusals = ann.heard::<Refused>(&bank).await;
    assert_eq!(refusals.len(), 6);
    assert!(
        refusals
            .iter()
            .all(|r| r.body.reason == Refusal::SlipRefused)
    );
    // A new slip works; one that is past its date does not.
    let mut core = bank.owner().await;
    let late = operator::new_slip(&mut core, &SystemEntropy, ann.customer, NOW - 30 * 86_400)
        .await
        .unwrap();
    ann.say(&bank, ann.enrol_request(&late)).await;
    assert_eq!(ann.heard::<Refused>(&bank).await.len(), 7);
    let slip = operator::new_slip(&mut core, &SystemEntropy, ann.customer, NOW)
        .await
        .unwrap();
    ann.enrol(&bank, &slip).await;
}

#[tokio::test]
async fn what_proves_no_slip_leaves_nothing_behind() {
    let bank = TestBank::halden().await;
    let (ann, slip) = Device::new(&bank, 0, 0).await;
    let rows = "SELECT (SELECT count(*) FROM bank.inbox) + (SELECT count(*) FROM bank.answer)
                + (SELECT count(*) FROM bank.quarantine)";
    let before = bank.number(rows).await;
    let mut wrong = slip.clone();
    wrong.secret = Secret([7; 10]);
    ann.say(&bank, ann.enrol_request(&wrong)).await;
    let answer = ann.last::<Refused>(&bank).await.body;
    assert_eq!(answer.reason, Refusal::SlipRefused);
    assert_eq!(bank.number(rows).await, before);
    let mut front = sqlx::ConnectOptions::connect(&bank.front).await.unwrap();
    let lasting = "SELECT count(*) FROM front.envelope_out WHERE expires_at IS NULL";
    let lasting: i64 = sqlx::query_scalar(lasting)
        .fetch_one(&mut front)
        .await
        .unwrap();
    assert_eq!(lasting, 0);
    // The same message twice at once is one try, and a proved one makes one device.
    let payload = ann.payload(&bank, ann.enrol_request(&wrong));
    let jws = ann.sign(&payload);
    for _ in 0..2 {
        ann.hand_in(&bank, &jws).await;
    }
    bank.settle().await;
    let tries = "SELECT max(tries)::bigint FROM bank.slip";
    assert_eq!(bank.number(tries).await, 2);
    let jws = ann.sign(&ann.payload(&bank, ann.enrol_request(&slip)));
    for _ in 0..2 {
        ann.hand_in(&bank, &jws).await;
    }
    bank.settle().await;
    ann.hand_in(&bank, &jws).await;
    bank.settle().await;
    assert_eq!(bank.number("SELECT count(*) FROM bank.device").await, 1);
    assert!(ann.confirm(&bank).await.is_ok());
    bank.assert_right().await;
}

#[tokio::test]
async fn a_revoked_device_counts_no_more_and_the_others_are_told() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    // Ann's second device: the first one is told.
    let mut core = bank.owner().await;
    let slip = operator::new_slip(&mut core, &SystemEntropy, ann.customer, NOW)
        .await
        .unwrap();
    let second = Device {
        keys: material().devices[2].clone(),
        customer: ann.customer,
        iban: ann.iban.clone(),
        session: None,
    };
    second.enrol(&bank, &slip).await;
    let notice = ann.last::<Notice>(&bank).await.body;
    assert!(matches!(notice, Notice::DeviceAdded { ref words, .. } if words.len() == 5));
    ann.open_session(&bank).await;
    let before = ann.payload(&bank, ann.order(&bo.iban, 1_00));
    ann.session = None;
    let booked = ann.send(&bank, &before).await;
    bank.settle().await;
    // Both devices get the receipt.
    let copy = second.last::<ReceiptCopy>(&bank).await.body;
    let receipt = Jws::parse(&copy.receipt).unwrap();
    let receipt: Payload<Receipt> = serde_json::from_slice(receipt.unverified_payload()).unwrap();
    assert_eq!(receipt.re, Some(booked));
    assert!(is_booked(&receipt.body.outcome));
    let reason = Label::parse("Lost").unwrap();
    let ca = &material().banks[0].1.registrar.enrolment_ca;
    operator::revoke_device(
        &mut core,
        &*rsa(),
        &SystemEntropy,
        ca,
        ann.id(),
        &reason,
        NOW,
    )
    .await
    .unwrap();
    let mail_before = ann.mail(&bank).await.len();
    let order = ann.say(&bank, ann.order(&bo.iban, 2_00)).await;
    let receipt = ann.receipt(&bank, order).await.unwrap();
    assert_eq!(receipt.body.outcome, refused(Refusal::DeviceNotActive));
    assert_eq!(bank.quarantined().await, ["device-not-active"]);
    // What was booked before is answered as before.
    ann.send(&bank, &before).await;
    bank.settle().await;
    assert!(ann.mail(&bank).await.len() > mail_before);
    let notice = second.last::<Notice>(&bank).await.body;
    assert!(matches!(notice, Notice::DeviceRevoked { .. }));
    let live = "SELECT count(*) FROM bank.session WHERE ended_at IS NULL";
    assert_eq!(bank.number(live).await, 0);
    let mut front = sqlx::ConnectOptions::connect(&bank.front).await.unwrap();
    let out: i64 = sqlx::query_scalar("SELECT count(*) FROM front.device_revoked")
        .fetch_one(&mut front)
        .await
        .unwrap();
    assert_eq!(out, 1);
    assert!(is_booked(&second.pay(&bank, &bo.iban, 3_00).await));
    bank.assert_right().await;
}
