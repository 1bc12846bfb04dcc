//! Links that lose, repeat or hold back what they carry.

use crate::{
    device::{Device, is_booked},
    harness::{NOW, TestBank, carry, exchange, material, rsa},
};
use bank::{Processor, SystemEntropy, Wiring, operator};
use envelope::Party;
use message::{
    record::AuthorityAct,
    text::{Label, Name},
};
use relay::{front::Front, gateway::Gateway, link::Ends};
use sqlx::{ConnectOptions, Row};
use std::sync::Arc;

#[tokio::test]
async fn a_gap_raises_an_alarm_and_is_mended() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let first = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    let second = ann.say(&a, ann.order(&bo.iban, 2_00)).await;
    // Replication delivers the second one only.
    let mut source = a.gateway(&b).connect().await.unwrap();
    let mut target = b.gateway(&a).connect().await.unwrap();
    let row = sqlx::query(
        "SELECT epoch, seq, prev, hash, kind, body FROM link.outbound ORDER BY seq DESC LIMIT 1",
    )
    .fetch_one(&mut source)
    .await
    .unwrap();
    sqlx::query(
        "INSERT INTO link.inbound (epoch, seq, prev, hash, kind, body) VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(row.get::<i32, _>(0))
    .bind(row.get::<i64, _>(1))
    .bind(row.get::<Vec<u8>, _>(2))
    .bind(row.get::<Vec<u8>, _>(3))
    .bind(row.get::<String, _>(4))
    .bind(row.get::<Vec<u8>, _>(5))
    .execute(&mut target)
    .await
    .unwrap();
    b.settle().await;
    b.settle().await;
    assert_eq!(
        b.number("SELECT count(*) FROM bank.alarm WHERE what = 'chain'")
            .await,
        1
    );
    assert_eq!(b.number("SELECT count(*) FROM bank.payment_in").await, 0);
    exchange(&a, &b).await;
    for order in [first, second] {
        let receipt = ann.receipt(&a, order).await.unwrap();
        assert!(is_booked(&receipt.body.outcome));
    }
    a.assert_right().await;
    b.assert_right().await;
}

fn suspended() -> AuthorityAct {
    let reason = Label::parse("Its books were not handed in").unwrap();
    let bank = material().banks[1].0.bic.clone();
    AuthorityAct::LicenceSuspended { bank, reason }
}

const LAST: &str = "SELECT last_seq FROM bank.link WHERE party = 'authority' AND direction = 'in'";

#[tokio::test]
async fn an_item_with_a_zero_byte_is_put_aside_and_the_link_goes_on() {
    let (a, _, mut authority) = TestBank::two_and_authority().await;
    authority.slip_in(&a, "certificate", b"a\0b").await;
    authority.record(suspended(), NOW);
    authority.tell(&a).await;
    a.settle().await;
    assert_eq!(a.number(LAST).await, 5);
    assert_eq!(a.quarantined().await, ["no-chain"]);
    let mut core = a.owner().await;
    let body: String = sqlx::query_scalar("SELECT body FROM bank.quarantine")
        .fetch_one(&mut core)
        .await
        .unwrap();
    assert_eq!(body, data_encoding::BASE64.encode(b"a\0b"));
    assert_eq!(a.number("SELECT max(seq) FROM bank.unreadable").await, 4);
    a.assert_right().await;
}

#[tokio::test]
async fn what_cannot_even_be_put_aside_holds_up_no_link() {
    let (a, _, mut authority) = TestBank::two_and_authority().await;
    let mut core = a.owner().await;
    sqlx::query("ALTER TABLE bank.quarantine ADD CHECK (body <> 'odd')")
        .execute(&mut core)
        .await
        .unwrap();
    authority.slip_in(&a, "certificate", b"odd").await;
    authority.record(suspended(), NOW);
    authority.tell(&a).await;
    a.settle().await;
    assert_eq!(a.number(LAST).await, 5);
    assert!(a.quarantined().await.is_empty());
    // It is named to the other side, and the fault is written down.
    assert_eq!(a.number("SELECT max(seq) FROM bank.unreadable").await, 4);
    assert_eq!(a.number("SELECT count(*) FROM bank.fault").await, 1);
}

#[tokio::test]
async fn a_lost_gateway_is_refilled_from_the_core() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    // The gateway is gone before its item was carried; a new one takes its place.
    let (own, other) = (Party::Bank(a.bic.clone()), Party::Bank(b.bic.clone()));
    let database = node::testing::instance().await.fresh_database().await;
    let ends = Ends::new(own, other.clone()).unwrap();
    relay::migrate::gateway(&database, &ends).await.unwrap();
    let in_role = |options| crate::harness::in_role(options, "processor");
    let wiring = Wiring {
        core: relay::connect(in_role(&a.core), 6),
        front: Front::connect(in_role(&a.front), 4),
        gateways: vec![(other.clone(), Gateway::connect(in_role(&database), 4))],
        edges: Vec::new(),
        rsa: rsa(),
        clock: a.clock.clone(),
        entropy: Arc::new(SystemEntropy),
    };
    let processor = Processor::start(wiring, &material().processors[1])
        .await
        .unwrap();
    assert_eq!(processor.resend().await.unwrap(), 1);
    assert_eq!(processor.resend().await.unwrap(), 0);
    let mut a = a;
    a.processor = processor;
    a.gateways = vec![(other, database)];
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, order).await.unwrap().body.outcome
    ));
}

#[tokio::test]
async fn a_new_processor_is_certified_handed_the_keys_and_believed_by_the_peer() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let third = &material().processors[2];
    let mut core = a.owner().await;
    operator::add_processor(
        &mut core,
        &Name::parse("processor-3").unwrap(),
        &third.signing.verifying_key(),
        third.unwrap.public(),
        crate::harness::NOW,
    )
    .await
    .unwrap();
    a.settle().await;
    exchange(&a, &b).await;
    let mut a = a;
    a.processor = a.start(third).await;
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    carry(&a, &b).await;
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, order).await.unwrap().body.outcome
    ));
    assert_eq!(b.quarantined().await, Vec::<String>::new());
}
