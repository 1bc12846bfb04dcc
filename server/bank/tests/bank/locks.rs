//! Two processors never wait for each other in a circle: what each locks, it locks in one order.

use crate::{
    device::{Device, random},
    harness::{NOW, TestBank},
};
use bank::operator;
use message::{SessionId, session::SessionOpen};
use sqlx::{Connection, PgConnection};
use std::time::{Duration, Instant};

/// A row, by a key: how it is locked, and how it is looked at without waiting.
struct Row {
    lock: &'static str,
    look: &'static str,
    key: Vec<u8>,
}

fn join_request(device: &Device) -> Row {
    Row {
        lock: "SELECT FROM bank.join_request WHERE device = $1 FOR UPDATE",
        look: "SELECT FROM bank.join_request WHERE device = $1 FOR UPDATE NOWAIT",
        key: device.id().as_bytes().to_vec(),
    }
}

fn slip(slip: &operator::PrintedSlip) -> Row {
    Row {
        lock: "SELECT FROM bank.slip WHERE locator = $1 FOR UPDATE",
        look: "SELECT FROM bank.slip WHERE locator = $1 FOR UPDATE NOWAIT",
        key: slip.locator.0.to_vec(),
    }
}

fn device(device: &Device) -> Row {
    Row {
        lock: "SELECT FROM bank.device WHERE id = $1 FOR UPDATE",
        look: "SELECT FROM bank.device WHERE id = $1 FOR UPDATE NOWAIT",
        key: device.id().as_bytes().to_vec(),
    }
}

fn session(id: SessionId) -> Row {
    Row {
        lock: "SELECT FROM bank.session WHERE id = $1 FOR UPDATE",
        look: "SELECT FROM bank.session WHERE id = $1 FOR UPDATE NOWAIT",
        key: id.as_bytes().to_vec(),
    }
}

/// Whether somebody comes to wait for a lock.
async fn somebody_waits(core: &mut PgConnection) -> bool {
    let until = Instant::now() + Duration::from_secs(30);
    let sql = "SELECT EXISTS (SELECT FROM pg_stat_activity
               WHERE datname = current_database() AND wait_event_type = 'Lock')";
    while Instant::now() < until {
        if sqlx::query_scalar(sql).fetch_one(&mut *core).await.unwrap() {
            return true;
        }
    }
    false
}

/// While `first` is held, a processor that takes what waits stops there, and has not locked `second`.
async fn assert_order(bank: &TestBank, first: Row, second: Row) {
    let (mut holder, mut looker) = (bank.owner().await, bank.owner().await);
    let mut held = holder.begin().await.unwrap();
    sqlx::query(first.lock)
        .bind(first.key)
        .execute(&mut *held)
        .await
        .unwrap();
    let processor = bank.processor.clone();
    let working = tokio::spawn(async move { processor.take_front().await });
    assert!(somebody_waits(&mut looker).await, "it stops at the first");
    let looked = sqlx::query(second.look)
        .bind(second.key)
        .execute(&mut looker)
        .await;
    held.rollback().await.unwrap();
    working.await.unwrap().unwrap();
    assert!(looked.is_ok(), "it has locked the second already");
    bank.settle().await;
    bank.assert_right().await;
}

#[tokio::test]
async fn new_devices_are_kept_by_their_ids() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let mut new = [ann.sibling(2), ann.sibling(3)];
    new.sort_by_key(Device::id);
    for device in &new {
        device.say(&bank, device.join_request()).await;
    }
    let [low, high] = &new;
    for device in [high, low] {
        let payload = device.payload(&bank, device.join_request());
        device.send(&bank, &payload).await;
    }
    assert_order(&bank, join_request(low), join_request(high)).await;
}

#[tokio::test]
async fn slips_are_tried_by_their_locators() {
    let bank = TestBank::halden().await;
    let mut new = [
        Device::new(&bank, 0, 0).await,
        Device::new(&bank, 1, 0).await,
    ];
    new.sort_by_key(|(_, slip)| slip.locator.0);
    let [low, high] = &new;
    for (device, slip) in [high, low] {
        let payload = device.payload(&bank, device.enrol_request(slip));
        device.send(&bank, &payload).await;
    }
    assert_order(&bank, slip(&low.1), slip(&high.1)).await;
}

#[tokio::test]
async fn sessions_are_counted_after_their_devices_are_locked() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 0).await;
    ann.open_session(&bank).await;
    let own = ann.session.as_ref().unwrap().0;
    let change = message::device::DeviceChange::Rename {
        device: ann.id(),
        name: message::text::Label::parse("Desk").unwrap(),
    };
    let order = ann.payload(&bank, message::device::DeviceOrder { change });
    ann.send(&bank, &order).await;
    assert_order(&bank, device(&ann), session(own)).await;
}

#[tokio::test]
async fn no_session_outlives_a_suspension_that_goes_on_beside_it() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let open = SessionOpen {
        session: SessionId::new(random()),
        key_to_bank: data_encoding::BASE64URL_NOPAD.encode(&random::<32>()),
        key_to_device: data_encoding::BASE64URL_NOPAD.encode(&random::<32>()),
    };
    ann.send(&bank, &ann.payload(&bank, open)).await;
    let (mut operating, mut looker) = (bank.owner().await, bank.owner().await);
    let mut suspending = operating.begin().await.unwrap();
    operator::suspend_device(&mut suspending, ann.id(), NOW)
        .await
        .unwrap();
    let processor = bank.processor.clone();
    let working = tokio::spawn(async move { processor.take_front().await });
    assert!(somebody_waits(&mut looker).await, "it waits for the end");
    suspending.commit().await.unwrap();
    working.await.unwrap().unwrap();
    let live = "SELECT count(*) FROM bank.session WHERE ended_at IS NULL";
    assert_eq!(bank.number(live).await, 0);
    bank.settle().await;
    bank.assert_right().await;
}
