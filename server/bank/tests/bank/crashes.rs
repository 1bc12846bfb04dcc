//! Processors that end in the middle, and several at once.

use crate::{
    device::{Device, is_booked, message_id},
    harness::{TestBank, carry},
};
use message::Kind;
use sqlx::ConnectOptions;
use std::time::{Duration, Instant};

#[tokio::test]
async fn a_crash_after_the_commit_loses_nothing_and_repeats_nothing() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let payload = ann.payload(&bank, ann.order(&bo.iban, 20_00));
    let order = ann.send(&bank, &payload).await;
    // The front takes nothing: the processor stops between the commit and the copying.
    let mut front = bank.front.connect().await.unwrap();
    let forbid = "REVOKE EXECUTE ON ALL FUNCTIONS IN SCHEMA front FROM processor";
    sqlx::raw_sql(forbid).execute(&mut front).await.unwrap();
    assert!(bank.processor.take_front().await.is_err());
    assert_eq!(bank.number("SELECT count(*) FROM bank.receipt").await, 1);
    assert!(
        bank.number("SELECT count(*) FROM bank.outbox WHERE target <> 'authority'")
            .await
            > 0
    );
    let allow = "GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA front TO processor";
    sqlx::raw_sql(allow).execute(&mut front).await.unwrap();
    let second = bank.second().await;
    // Another processor copies what the first one left, then finds the envelope waiting still.
    assert!(second.copy_letters().await.unwrap() > 0);
    assert!(is_booked(
        &ann.receipt(&bank, order).await.unwrap().body.outcome
    ));
    assert_eq!(second.take_front().await.unwrap(), 1);
    assert_eq!(bank.number("SELECT count(*) FROM bank.receipt").await, 1);
    assert_eq!(
        bank.number("SELECT count(*) FROM bank.outbox WHERE target <> 'authority'")
            .await,
        0
    );
    bank.settle().await;
    let mail = ann.mail(&bank).await;
    let receipts: Vec<_> = mail.iter().filter(|j| j.kind() == Kind::Receipt).collect();
    assert_eq!(receipts.len(), 2);
    assert_eq!(receipts[0].as_str(), receipts[1].as_str());
    assert_eq!(ann.balance(&bank).await, (80_00, 0));
    bank.assert_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processors_at_once_book_each_payment_once() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 100_00).await;
    let second = bank.second().await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut runners = tokio::task::JoinSet::new();
    for processor in [bank.processor.clone(), second] {
        let mut stopped = stopped.clone();
        runners.spawn(processor.run(async move {
            let _ = stopped.changed().await;
        }));
    }
    // Payments in both directions, each of them in three envelopes.
    let mut orders = Vec::new();
    for cents in 1..=30 {
        for (from, to) in [(&ann, &bo), (&bo, &ann)] {
            let jws = from.sign(&from.payload(&bank, from.order(&to.iban, cents)));
            let sealed: Vec<_> = (0..3).map(|_| from.seal(&bank, &jws)).collect();
            for envelope in sealed {
                bank.edge.store_envelope(envelope.as_str()).await.unwrap();
            }
            orders.push(jws.digest());
        }
    }
    until(|| async {
        let left = bank.front.connect().await.unwrap();
        let mut left = left;
        let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM front.waiting")
            .fetch_one(&mut left)
            .await
            .unwrap();
        waiting
            + bank
                .number("SELECT count(*) FROM bank.outbox WHERE target <> 'authority'")
                .await
            == 0
    })
    .await;
    stop.send(true).unwrap();
    while runners.join_next().await.is_some() {}
    assert_eq!(bank.number("SELECT count(*) FROM bank.receipt").await, 60);
    assert_eq!(
        bank.number("SELECT count(*) FROM bank.posting WHERE kind = 'payment'")
            .await,
        60
    );
    assert_eq!(
        ann.balance(&bank).await.0 + bo.balance(&bank).await.0,
        200_00
    );
    bank.assert_right().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_running_banks_settle_a_stream_of_payments() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 100_00).await;
    let (stop, stopped) = tokio::sync::watch::channel(false);
    let mut runners = tokio::task::JoinSet::new();
    for processor in [
        a.processor.clone(),
        a.second().await,
        b.processor.clone(),
        b.second().await,
    ] {
        let mut stopped = stopped.clone();
        runners.spawn(processor.run(async move {
            let _ = stopped.changed().await;
        }));
    }
    for cents in 1..=20 {
        ann.send(&a, &ann.payload(&a, ann.order(&bo.iban, cents)))
            .await;
        bo.send(&b, &bo.payload(&b, bo.order(&ann.iban, cents)))
            .await;
    }
    until(|| async {
        carry(&a, &b).await;
        carry(&b, &a).await;
        let done = "SELECT count(*) FROM bank.receipt WHERE posting IS NOT NULL";
        a.number(done).await + b.number(done).await == 40
    })
    .await;
    stop.send(true).unwrap();
    while runners.join_next().await.is_some() {}
    assert_eq!(ann.balance(&a).await, (100_00, 0));
    assert_eq!(bo.balance(&b).await, (100_00, 0));
    for bank in [&a, &b] {
        let mirror = "SELECT booked + awaited FROM bank.account WHERE kind = 'mirror'";
        assert_eq!(bank.number(mirror).await, 0);
        assert_eq!(bank.number("SELECT count(*) FROM bank.alarm").await, 0);
        assert_eq!(bank.quarantined().await, Vec::<String>::new());
        bank.assert_right().await;
    }
}

#[tokio::test]
async fn a_poisoned_message_does_not_hold_up_the_others() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let poison = message_id();
    let mut core = bank.owner().await;
    sqlx::raw_sql(
        "CREATE TABLE bank.test_poison (id bytea);
         GRANT SELECT ON bank.test_poison TO processor;
         CREATE FUNCTION bank.test_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF EXISTS (SELECT FROM bank.test_poison WHERE id = NEW.message_id) THEN
                RAISE EXCEPTION 'test' USING ERRCODE = 'check_violation'; END IF;
            RETURN NEW; END $$;
         CREATE TRIGGER test BEFORE INSERT ON bank.customer_order
            FOR EACH ROW EXECUTE FUNCTION bank.test_refuse()",
    )
    .execute(&mut core)
    .await
    .unwrap();
    sqlx::query("INSERT INTO bank.test_poison VALUES ($1)")
        .bind(poison.as_bytes())
        .execute(&mut core)
        .await
        .unwrap();
    let mut orders = Vec::new();
    for i in 0..5 {
        let mut payload = ann.payload(&bank, ann.order(&bo.iban, 1_00));
        if i == 2 {
            payload.jti = poison;
        }
        orders.push(ann.send(&bank, &payload).await);
    }
    bank.settle().await;
    for (i, order) in orders.into_iter().enumerate() {
        let booked = ann.receipt(&bank, order).await.is_some();
        assert_eq!(booked, i != 2);
    }
    assert_eq!(bank.quarantined().await, ["fault"]);
    assert_eq!(bank.number("SELECT count(*) FROM bank.fault").await, 1);
    assert_eq!(ann.balance(&bank).await, (96_00, 0));
}

/// Waits for a condition, with a limit.
async fn until<F: Future<Output = bool>>(condition: impl Fn() -> F) {
    let start = Instant::now();
    while !condition().await {
        assert!(
            start.elapsed() < Duration::from_secs(60),
            "it takes too long"
        );
        tokio::task::yield_now().await;
    }
}
