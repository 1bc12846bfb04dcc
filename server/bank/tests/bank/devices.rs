//! Customers manage their devices.

use crate::{
    device::{Device, is_booked, refused},
    harness::{NOW, TestBank},
};
use bank::{Clock, SystemEntropy, operator};
use message::{
    Kind,
    device::{DeviceChange, DeviceOrder, DeviceOrdered, EnrolledBy, Rights, Standing},
    enquiry::{Overview, OverviewAsk},
    notice::{ChangeSeen, Notice},
    receipt::{Receipt, ReceiptCopy, Refusal, Refused},
    text::Label,
};

fn label(text: &str) -> Label {
    Label::parse(text).unwrap()
}

/// The changes that a device was told of.
async fn seen(bank: &TestBank, device: &Device) -> Vec<ChangeSeen> {
    let notices = device.heard::<Notice>(bank).await.into_iter();
    notices
        .filter_map(|notice| match notice.body {
            Notice::DeviceChanged { change, .. } => Some(change),
            _ => None,
        })
        .collect()
}

#[tokio::test]
async fn a_customer_sees_every_device_and_when_it_was_used() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 10_00).await;
    Device::enrolled(&bank, 1, 0).await;
    bank.clock.advance(3 * 3_600);
    let tablet = ann.approved(&bank, 2, Rights::View).await;
    let list = ann.devices(&bank).await;
    assert_eq!(list.len(), 2);
    let (newest, first) = (&list[0], &list[1]);
    assert_eq!((newest.device, first.device), (tablet.id(), ann.id()));
    assert_eq!(newest.enrolled_by, EnrolledBy::Device);
    assert_eq!(first.enrolled_by, EnrolledBy::Slip);
    assert_eq!((newest.rights, first.rights), (Rights::View, Rights::Sign));
    assert_eq!(newest.name, label("Tablet"));
    assert_eq!(newest.requested_at, NOW + 3 * 3_600);
    assert!(newest.certificates_until.unwrap() > NOW + 700 * 86_400);
    // To the hour, and written at most once in it.
    let hour = bank.clock.now() - bank.clock.now() % 3_600;
    assert_eq!(first.last_used_at, Some(hour));
    let version = "SELECT xmin::text::bigint FROM bank.device ORDER BY requested_at LIMIT 1";
    let before = bank.number(version).await;
    for _ in 0..3 {
        ann.balance(&bank).await;
    }
    assert_eq!(bank.number(version).await, before);
    bank.clock.advance(3_600);
    ann.balance(&bank).await;
    let list = ann.devices(&bank).await;
    assert_eq!(list[1].last_used_at, Some(hour + 3_600));
    // Those that count come first.
    let revoke = DeviceChange::Revoke {
        device: tablet.id(),
        reason: label("Sold"),
    };
    ann.change(&bank, revoke).await.unwrap();
    let list = ann.devices(&bank).await;
    assert_eq!(list[0].device, ann.id());
    assert_eq!(list[1].standing, Standing::Revoked);
    assert_eq!(list[1].ended_at, Some(bank.clock.now()));
    bank.assert_right().await;
}

#[tokio::test]
async fn a_suspended_device_neither_signs_nor_reads_until_it_is_resumed() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let tablet = ann.approved(&bank, 2, Rights::Sign).await;
    let watch = ann.approved(&bank, 3, Rights::View).await;
    ann.open_session(&bank).await;
    let device = ann.id();
    let done = tablet.change(&bank, DeviceChange::Suspend { device }).await;
    let suspended = DeviceOrdered {
        device,
        standing: Standing::Suspended,
    };
    assert_eq!(done, Ok(suspended.clone()));
    // Done already: the same again changes nothing.
    let again = tablet.change(&bank, DeviceChange::Suspend { device }).await;
    assert_eq!(again, Ok(suspended));
    // Its session has ended with it: what was sealed in it is asked for again.
    ann.say(&bank, OverviewAsk {}).await;
    assert_eq!(ann.mail(&bank).await.pop().unwrap().kind(), Kind::SealAgain);
    ann.session = None;
    let read: Result<Overview, _> = ann.ask(&bank, OverviewAsk {}).await;
    assert_eq!(read, Err(Refusal::DeviceSuspended));
    let outcome = ann.pay(&bank, &bo.iban, 1_00).await;
    assert_eq!(outcome, refused(Refusal::DeviceSuspended));
    let itself = ann.change(&bank, DeviceChange::Resume { device }).await;
    assert_eq!(itself, Err(Refusal::DeviceSuspended));
    // The others were told by whom; the one that did it and the suspended one were not.
    let notice = watch.last::<Notice>(&bank).await.body;
    let Notice::DeviceChanged {
        change,
        by,
        device: which,
        ..
    } = notice
    else {
        panic!("{notice:?}");
    };
    assert_eq!((change, which), (ChangeSeen::Suspended, device));
    assert_eq!(by, Some(label("Tablet")));
    assert!(seen(&bank, &ann).await.is_empty() && seen(&bank, &tablet).await.is_empty());
    // One that may only look resumes nobody.
    let resume = DeviceChange::Resume { device };
    let view = watch.change(&bank, resume.clone()).await;
    assert_eq!(view, Err(Refusal::DeviceMayOnlyView));
    let done = tablet.change(&bank, resume).await.unwrap();
    assert_eq!(done.standing, Standing::Active);
    assert_eq!(seen(&bank, &ann).await, [ChangeSeen::Resumed]);
    assert!(is_booked(&ann.pay(&bank, &bo.iban, 1_00).await));
    // The operator does the same; all of the customer's devices that count are told.
    let mut core = bank.owner().await;
    let now = bank.clock.now();
    operator::suspend_device(&mut core, device, now)
        .await
        .unwrap();
    assert!(
        operator::suspend_device(&mut core, device, now)
            .await
            .is_err()
    );
    bank.settle().await;
    assert_eq!(seen(&bank, &tablet).await, [ChangeSeen::Suspended]);
    operator::resume_device(&mut core, device, now)
        .await
        .unwrap();
    bank.settle().await;
    let told = [ChangeSeen::Resumed, ChangeSeen::Resumed];
    assert_eq!(seen(&bank, &ann).await, told);
    bank.assert_right().await;
}

#[tokio::test]
async fn rights_are_kept_to() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let watch = ann.approved(&bank, 2, Rights::View).await;
    let outcome = watch.pay(&bank, &bo.iban, 1_00).await;
    assert_eq!(outcome, refused(Refusal::DeviceMayOnlyView));
    assert_eq!(watch.balance(&bank).await, (100_00, 0));
    let allow = |device: &Device, rights| DeviceChange::Allow {
        device: device.id(),
        rights,
    };
    let itself = watch.change(&bank, allow(&watch, Rights::Sign)).await;
    assert_eq!(itself, Err(Refusal::DeviceMayOnlyView));
    ann.change(&bank, allow(&watch, Rights::Sign))
        .await
        .unwrap();
    assert_eq!(seen(&bank, &watch).await, [ChangeSeen::MaySign]);
    assert!(is_booked(&watch.pay(&bank, &bo.iban, 1_00).await));
    // What a device may do about itself, and nobody about another customer's.
    ann.change(&bank, allow(&watch, Rights::View))
        .await
        .unwrap();
    let rename = |device: &Device, name| DeviceChange::Rename {
        device: device.id(),
        name: label(name),
    };
    watch.change(&bank, rename(&watch, "Watch")).await.unwrap();
    let other = watch.change(&bank, rename(&ann, "Mine")).await;
    assert_eq!(other, Err(Refusal::DeviceMayOnlyView));
    for change in [
        rename(&ann, "Mine"),
        allow(&ann, Rights::View),
        DeviceChange::Suspend { device: ann.id() },
        DeviceChange::Resume { device: ann.id() },
        DeviceChange::Revoke {
            device: ann.id(),
            reason: label("Mine"),
        },
    ] {
        let foreign = bo.change(&bank, change).await;
        assert_eq!(foreign, Err(Refusal::DeviceChangeRefused));
    }
    let list = ann.devices(&bank).await;
    let named = |name| list.iter().filter(|d| d.name == label(name)).count();
    assert_eq!((named("Watch"), named("Laptop")), (1, 1));
    // Each order stands on record, with what became of it.
    let orders = "SELECT count(*) FROM bank.device_order WHERE (code IS NULL) = ";
    assert_eq!(bank.count(&format!("{orders} true")).await, 4);
    assert_eq!(bank.count(&format!("{orders} false")).await, 7);
    bank.assert_right().await;
}

#[tokio::test]
async fn a_customer_revokes_a_device_and_everybody_obeys() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let lost = ann.approved(&bank, 2, Rights::Sign).await;
    let watch = ann.approved(&bank, 3, Rights::View).await;
    // In one batch: what came before the order counts, what came after it does not.
    let first = lost
        .send(&bank, &lost.payload(&bank, lost.order(&bo.iban, 1_00)))
        .await;
    let change = DeviceChange::Revoke {
        device: lost.id(),
        reason: label("Lost"),
    };
    let order = ann.payload(&bank, DeviceOrder { change });
    let ordered = ann.send(&bank, &order).await;
    let second = lost
        .send(&bank, &lost.payload(&bank, lost.order(&bo.iban, 2_00)))
        .await;
    bank.settle().await;
    // Its mailbox is shut: the receipt is in the other one.
    let copy = ann.last::<ReceiptCopy>(&bank).await.body.receipt;
    let copy = envelope::Jws::parse(&copy).unwrap();
    let copy: message::Payload<Receipt> =
        serde_json::from_slice(copy.unverified_payload()).unwrap();
    assert_eq!(copy.body.order_digest, first);
    assert!(is_booked(&copy.body.outcome), "{:?}", copy.body.outcome);
    let outcome = lost.receipt(&bank, second).await.unwrap().body.outcome;
    assert_eq!(outcome, refused(Refusal::DeviceNotActive));
    let done: DeviceOrdered = ann.answered(&bank, ordered).await.unwrap();
    assert_eq!(done.standing, Standing::Revoked);
    // Another processor, and any time later.
    let second = bank.second().await;
    lost.send(&bank, &lost.payload(&bank, lost.order(&bo.iban, 2_00)))
        .await;
    second.step().await.unwrap();
    let late = lost.heard::<Receipt>(&bank).await.pop().unwrap();
    assert_eq!(late.body.outcome, refused(Refusal::DeviceNotActive));
    // The signed order is the record; the mailbox is shut; the other device knows who did it.
    let mut core = bank.owner().await;
    let jws: String = sqlx::query_scalar("SELECT jws FROM bank.revocation WHERE reason = 'Lost'")
        .fetch_one(&mut core)
        .await
        .unwrap();
    assert_eq!(envelope::Jws::parse(&jws).unwrap().digest(), ordered);
    let mut front = sqlx::ConnectOptions::connect(&bank.front).await.unwrap();
    let shut: Vec<String> = sqlx::query_scalar("SELECT thumbprint::text FROM front.device_revoked")
        .fetch_all(&mut front)
        .await
        .unwrap();
    assert_eq!(shut.len(), 1);
    let notice = watch.last::<Notice>(&bank).await.body;
    assert!(matches!(
        notice,
        Notice::DeviceRevoked { ref device_name, by: Some(ref by), .. }
            if *device_name == label("Tablet") && *by == label("Laptop")
    ));
    let told = ann.heard::<Notice>(&bank).await;
    assert!(
        !told
            .iter()
            .any(|n| matches!(n.body, Notice::DeviceRevoked { .. }))
    );
    // It never comes back.
    let resume = DeviceChange::Resume { device: lost.id() };
    let back = ann.change(&bank, resume).await;
    assert_eq!(back, Err(Refusal::DeviceChangeRefused));
    // The last one that may sign may revoke itself: its owner was warned.
    let itself = DeviceChange::Revoke {
        device: ann.id(),
        reason: label("Done"),
    };
    ann.change(&bank, itself).await.unwrap();
    let listed = watch.devices(&bank).await;
    assert_eq!(
        listed
            .iter()
            .filter(|d| d.standing == Standing::Active)
            .count(),
        1
    );
    bank.assert_right().await;
}

#[tokio::test]
async fn an_order_about_devices_counts_once() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let rename = |name| DeviceOrder {
        change: DeviceChange::Rename {
            device: ann.id(),
            name: label(name),
        },
    };
    let payload = ann.payload(&bank, rename("Study"));
    let first = ann.sign(&payload);
    ann.hand_in(&bank, &first).await;
    bank.settle().await;
    let mut other = ann.payload(&bank, rename("Hall"));
    ann.send(&bank, &other).await;
    bank.settle().await;
    // Sent once more, it is answered as before and does nothing.
    ann.hand_in(&bank, &first).await;
    bank.settle().await;
    assert_eq!(ann.devices(&bank).await[0].name, label("Hall"));
    let answers: Vec<_> = ann.mail(&bank).await;
    let ordered = answers
        .iter()
        .filter(|jws| jws.kind() == Kind::DeviceOrdered);
    let ordered: Vec<_> = ordered.map(envelope::Jws::as_str).collect();
    assert_eq!(ordered.len(), 3);
    assert_eq!(ordered[0], ordered[2]);
    let answer: DeviceOrdered = ann.answered(&bank, first.digest()).await.unwrap();
    assert_eq!(answer.standing, Standing::Active);
    // Its id with other content: refused, as often as it comes.
    other.jti = payload.jti;
    let other = ann.sign(&other);
    for _ in 0..2 {
        ann.hand_in(&bank, &other).await;
        bank.settle().await;
        let refusal = ann.last::<Refused>(&bank).await.body.reason;
        assert_eq!(refusal, Refusal::SameIdOtherContent);
    }
    // Too late.
    let late = ann.payload(&bank, rename("Late"));
    bank.clock.advance(1_000);
    let digest = ann.send(&bank, &late).await;
    bank.settle().await;
    let answer: Result<DeviceOrdered, _> = ann.answered(&bank, digest).await;
    assert_eq!(answer, Err(Refusal::Expired));
    bank.assert_right().await;
}

#[tokio::test]
async fn devices_are_told_when_a_slip_is_printed() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let mut core = bank.owner().await;
    let slip = operator::new_slip(&mut core, &SystemEntropy, ann.customer, NOW);
    let slip = slip.await.unwrap();
    bank.settle().await;
    let told = ann.last::<Notice>(&bank).await.body;
    let expected = Notice::SlipMade {
        valid_until: slip.valid_until,
        at: NOW,
    };
    assert_eq!(told, expected);
    assert_eq!(bank.number("SELECT count(*) FROM bank.to_tell").await, 0);
}
