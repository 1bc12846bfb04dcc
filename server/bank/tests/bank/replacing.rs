//! A device replaces its keys.

use crate::{
    device::{Device, is_booked, refused},
    harness::{NOW, TestBank, exchange},
};
use bank::Clock;
use message::{
    MessageId,
    device::{DeviceChange, DeviceOrdered, EnrolledBy, Rights, Standing},
    enquiry::{Payment, PaymentAsk},
    notice::{ChangeSeen, Notice},
    receipt::{ReceiptCopy, Refusal},
    text::Label,
};

/// The order by which `new` takes a device's place, with the request that `new` has signed.
fn replacement(bank: &TestBank, new: &Device) -> DeviceChange {
    let request = new.sign(&new.payload(bank, new.join_request()));
    DeviceChange::Replace {
        request: request.as_str().to_owned(),
    }
}

async fn view(bank: &TestBank, by: &Device, of: &Device) -> message::device::DeviceView {
    let list = by.devices(bank).await;
    list.into_iter()
        .find(|view| view.device == of.id())
        .unwrap()
}

#[tokio::test]
async fn new_keys_take_the_place_of_the_old_in_two_phases() {
    let bank = TestBank::halden().await;
    let old = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let tablet = old.approved(&bank, 4, Rights::View).await;
    let new = old.sibling(2);
    let change = replacement(&bank, &new);
    let made = old.change(&bank, change.clone()).await.unwrap();
    let expected = |standing| DeviceOrdered {
        device: new.id(),
        standing,
    };
    assert_eq!(made, expected(Standing::New));
    // The same new keys again: the same answer. Until the new device confirms, the old one counts.
    let again = old.change(&bank, change.clone()).await.unwrap();
    assert_eq!(again, expected(Standing::Waiting));
    assert!(is_booked(&old.pay(&bank, &bo.iban, 1_00).await));
    let outcome = new.pay(&bank, &bo.iban, 1_00).await;
    assert_eq!(outcome, refused(Refusal::DeviceNotActive));
    // What is changed about the old one meanwhile is the new one's too.
    let name = Label::parse("Desk").unwrap();
    let rename = DeviceChange::Rename {
        device: old.id(),
        name: name.clone(),
    };
    old.change(&bank, rename).await.unwrap();
    let before = old.payload(&bank, old.order(&bo.iban, 2_00));
    bank.clock.advance(10);
    new.confirm(&bank).await.unwrap();
    let own = view(&bank, &new, &new).await;
    assert_eq!(
        (own.standing, own.enrolled_by),
        (Standing::Active, EnrolledBy::Rotation)
    );
    assert_eq!((own.predecessor, own.name), (Some(old.id()), name));
    let gone = view(&bank, &new, &old).await;
    assert_eq!(
        (gone.standing, gone.ended_at),
        (Standing::Replaced, Some(NOW + 10))
    );
    let told = tablet.last::<Notice>(&bank).await.body;
    assert!(
        matches!(told, Notice::DeviceChanged { change: ChangeSeen::Replaced, device, .. } if device == new.id())
    );
    assert_eq!(new.heard::<Notice>(&bank).await.len(), 0);
    // A copy of the old keys, in a file, finds in the old mailbox since when they do not count.
    let told = old.last::<Notice>(&bank).await.body;
    let expected = Notice::KeysReplaced {
        device: new.id(),
        at: NOW + 10,
    };
    assert_eq!(told, expected);
    // An order from before counts; both mailboxes hear of it, and the new device can ask for it.
    let digest = old.send(&bank, &before).await;
    bank.settle().await;
    let receipt = old.receipt(&bank, digest).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    assert_eq!(new.heard::<ReceiptCopy>(&bank).await.len(), 1);
    let ask = PaymentAsk {
        payment: before.jti,
    };
    let payment: Payment = new.ask(&bank, ask).await.unwrap();
    assert!(payment.receipt.is_some());
    // One made afterwards does not, nor one whose time has run out; questions are refused.
    bank.clock.advance(10);
    let outcome = old.pay(&bank, &bo.iban, 3_00).await;
    assert_eq!(outcome, refused(Refusal::DeviceReplaced));
    let late = message::Payload {
        jti: MessageId::new([9; 16]),
        ..before
    };
    bank.clock.advance(1_000);
    let digest = old.send(&bank, &late).await;
    bank.settle().await;
    let outcome = old.receipt(&bank, digest).await.unwrap().body.outcome;
    assert_eq!(outcome, refused(Refusal::Expired));
    let ask = PaymentAsk { payment: late.jti };
    let asked: Result<Payment, _> = old.ask(&bank, ask).await;
    assert_eq!(asked, Err(Refusal::DeviceReplaced));
    let again = old.change(&bank, change).await;
    assert_eq!(again, Err(Refusal::DeviceReplaced));
    assert!(is_booked(&new.pay(&bank, &bo.iban, 4_00).await));
    // Revoked, it takes the one it replaced with it.
    let revoke = DeviceChange::Revoke {
        device: new.id(),
        reason: Label::parse("Lost").unwrap(),
    };
    new.change(&bank, revoke).await.unwrap();
    assert_eq!(view(&bank, &tablet, &old).await.standing, Standing::Revoked);
    let notices = tablet.heard::<Notice>(&bank).await;
    let revoked = notices
        .iter()
        .filter(|n| matches!(n.body, Notice::DeviceRevoked { .. }));
    assert_eq!(revoked.count(), 1);
    bank.assert_right().await;
}

#[tokio::test]
async fn what_stops_a_device_stops_the_one_whose_place_it_took() {
    let bank = TestBank::halden().await;
    let old = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let tablet = old.approved(&bank, 4, Rights::Sign).await;
    let (middle, new) = (old.sibling(2), old.sibling(3));
    let orders = [(); 4].map(|()| old.payload(&bank, old.order(&bo.iban, 1_00)));
    let from_middle = middle.payload(&bank, middle.order(&bo.iban, 1_00));
    bank.clock.advance(10);
    old.change(&bank, replacement(&bank, &middle))
        .await
        .unwrap();
    middle.confirm(&bank).await.unwrap();
    middle
        .change(&bank, replacement(&bank, &new))
        .await
        .unwrap();
    // One that waits for the place changes nothing yet.
    let [first, second, third, fourth] = orders;
    let paid = async |from: &Device, order| {
        let digest = from.send(&bank, order).await;
        bank.settle().await;
        from.receipt(&bank, digest).await.unwrap().body.outcome
    };
    assert!(is_booked(&paid(&old, &first).await));
    new.confirm(&bank).await.unwrap();
    let device = new.id();
    tablet
        .change(&bank, DeviceChange::Suspend { device })
        .await
        .unwrap();
    let suspended = refused(Refusal::DeviceSuspended);
    assert_eq!(paid(&old, &second).await, suspended);
    assert_eq!(paid(&middle, &from_middle).await, suspended);
    tablet
        .change(&bank, DeviceChange::Resume { device })
        .await
        .unwrap();
    let allow = |rights| DeviceChange::Allow { device, rights };
    tablet.change(&bank, allow(Rights::View)).await.unwrap();
    let view = refused(Refusal::DeviceMayOnlyView);
    assert_eq!(paid(&old, &third).await, view);
    tablet.change(&bank, allow(Rights::Sign)).await.unwrap();
    assert!(is_booked(&paid(&old, &fourth).await));
    bank.assert_right().await;
}

#[tokio::test]
async fn the_newer_replacement_wins() {
    let bank = TestBank::halden().await;
    let old = Device::enrolled(&bank, 0, 100_00).await;
    let (first, second) = (old.sibling(2), old.sibling(3));
    old.change(&bank, replacement(&bank, &first)).await.unwrap();
    old.change(&bank, replacement(&bank, &second))
        .await
        .unwrap();
    assert!(first.confirm(&bank).await.is_err());
    // The first cannot be asked for again: it was dropped.
    let again = old.change(&bank, replacement(&bank, &first)).await;
    assert_eq!(again, Err(Refusal::DeviceChangeRefused));
    // While the old one is suspended nobody takes its place.
    let tablet = old.approved(&bank, 4, Rights::Sign).await;
    let device = old.id();
    tablet
        .change(&bank, DeviceChange::Suspend { device })
        .await
        .unwrap();
    assert_eq!(second.confirm(&bank).await, Err(Refusal::DeviceNotActive));
    tablet
        .change(&bank, DeviceChange::Resume { device })
        .await
        .unwrap();
    second.confirm(&bank).await.unwrap();
    assert_eq!(
        view(&bank, &second, &old).await.standing,
        Standing::Replaced
    );
    bank.assert_right().await;
}

#[tokio::test]
async fn keys_are_not_replaced_without_end() {
    let bank = TestBank::halden().await;
    let old = Device::enrolled(&bank, 0, 0).await;
    let mut core = bank.owner().await;
    sqlx::query(
        "INSERT INTO bank.device (id, customer, name, signing_key, encryption_key, request, status,
         enrolled_by, requested_at, revoked_at)
         SELECT sha256(n::text::bytea), $1, 'x', '', '', sha256(''), 'revoked', 'letter', $2, $2
         FROM generate_series(1, 150) AS n",
    )
    .bind(old.customer)
    .bind(NOW)
    .execute(&mut core)
    .await
    .unwrap();
    let new = old.sibling(2);
    let change = replacement(&bank, &new);
    let full = old.change(&bank, change).await;
    assert_eq!(full, Err(Refusal::TooManyDevices));
    // A day later there is room. However many are over, those that count are seen.
    bank.clock.advance(24 * 60 * 60);
    let change = replacement(&bank, &new);
    old.change(&bank, change).await.unwrap();
    new.confirm(&bank).await.unwrap();
    assert_eq!(view(&bank, &new, &new).await.standing, Standing::Active);
    bank.assert_right().await;
}

#[tokio::test]
async fn only_a_request_of_the_new_keys_for_this_bank_counts() {
    let (a, b) = TestBank::two().await;
    let old = Device::enrolled(&a, 0, 100_00).await;
    let new = old.sibling(2);
    let of = |jws: envelope::Jws| DeviceChange::Replace {
        request: jws.as_str().to_owned(),
    };
    let mut late = new.payload(&a, new.join_request());
    (late.iat, late.exp) = (NOW - 2_000, NOW - 1_000);
    let foreign = old.sign(&old.payload(&a, new.join_request()));
    let other_bank = new.sign(&new.payload(&b, new.join_request()));
    let own_keys = old.sign(&old.payload(&a, old.join_request()));
    for request in [new.sign(&late), foreign, other_bank, own_keys] {
        let answer = old.change(&a, of(request)).await;
        assert_eq!(answer, Err(Refusal::DeviceChangeRefused));
    }
    // A payment on its way to another bank when the keys change: both mailboxes get the answer.
    let cy = Device::enrolled(&b, 3, 0).await;
    let digest = old.say(&a, old.order(&cy.iban, 5_00)).await;
    old.change(&a, replacement(&a, &new)).await.unwrap();
    new.confirm(&a).await.unwrap();
    exchange(&a, &b).await;
    let receipt = old.receipt(&a, digest).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    assert_eq!(new.heard::<ReceiptCopy>(&a).await.len(), 1);
    assert!(a.clock.now() >= NOW);
    a.assert_right().await;
}
