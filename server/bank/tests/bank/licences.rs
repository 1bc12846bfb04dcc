//! What the authority says: who may pay whom, and since when.

use crate::{
    authority::{entry, say_head},
    device::{Device, is_booked, refused},
    harness::{NOW, TestBank, carry, exchange, material},
};
use message::{
    Bic, Digest,
    receipt::Refusal,
    record::{AuthorityAct, LastItem},
    text::Label,
};
use sqlx::ConnectOptions;

fn reason() -> Label {
    Label::parse("Its books were not handed in").unwrap()
}

fn brisa() -> Bic {
    material().banks[1].0.bic.clone()
}

fn suspended() -> AuthorityAct {
    AuthorityAct::LicenceSuspended {
        bank: brisa(),
        reason: reason(),
    }
}

#[tokio::test]
async fn a_suspended_bank_makes_no_new_payments_and_what_is_in_flight_ends() {
    let (a, b, mut authority) = TestBank::two_and_authority().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 50_00).await;
    // In flight both ways: one was credited and its answer is under way, one was only sent.
    let answered = ann.say(&a, ann.order(&bo.iban, 10_00)).await;
    carry(&a, &b).await;
    b.settle().await;
    let sent = bo.say(&b, bo.order(&ann.iban, 5_00)).await;
    let late = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    authority.record(suspended(), NOW);
    for bank in [&a, &b] {
        authority.tell(bank).await;
        bank.settle().await;
    }
    exchange(&a, &b).await;
    let outcome = ann.receipt(&a, answered).await.unwrap().body.outcome;
    assert!(is_booked(&outcome));
    let shut = refused(Refusal::LicenceSuspended);
    for (device, bank, order) in [(&bo, &b, sent), (&ann, &a, late)] {
        let outcome = device.receipt(bank, order).await.unwrap().body.outcome;
        assert_eq!(outcome, shut);
    }
    // New ones are refused at once, on either side; within the bank nothing changes.
    assert_eq!(ann.pay(&a, &bo.iban, 1_00).await, shut);
    assert_eq!(bo.pay(&b, &ann.iban, 1_00).await, shut);
    let cy = Device::enrolled(&b, 2, 0).await;
    assert!(is_booked(&bo.pay(&b, &cy.iban, 1_00).await));
    let bank = brisa();
    authority.record(
        AuthorityAct::LicenceResumed {
            bank,
            reason: reason(),
        },
        NOW,
    );
    for bank in [&a, &b] {
        authority.tell(bank).await;
        bank.settle().await;
    }
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, order).await.unwrap().body.outcome
    ));
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn a_revocation_voids_what_came_later_and_suspends_what_was_not_answered() {
    let (a, b, mut authority) = TestBank::two_and_authority().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 50_00).await;
    let first = ann.say(&a, ann.order(&bo.iban, 10_00)).await;
    let second = ann.say(&a, ann.order(&bo.iban, 15_00)).await;
    // The other bank has both, and its answers never come.
    carry(&a, &b).await;
    b.settle().await;
    let last_of = |column: &str| {
        format!("SELECT {column} FROM bank.link WHERE party = 'brisdemm' AND direction = ")
    };
    let received = a.count(&(last_of("last_seq") + "'out'")).await;
    let counted = a.count(&(last_of("last_seq") + "'in'")).await;
    // One more is sent that it never confirmed, and one comes from there that does not count.
    let third = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    let void = bo.say(&b, bo.order(&ann.iban, 5_00)).await;
    let last = vec![LastItem {
        peer: a.bic.clone(),
        sent: (1, counted.unsigned_abs()),
        received: (1, received.unsigned_abs()),
    }];
    let bank = brisa();
    authority.record(
        AuthorityAct::LicenceRevoked {
            bank,
            reason: reason(),
            last,
        },
        NOW,
    );
    for bank in [&a, &b] {
        authority.tell(bank).await;
        bank.settle().await;
    }
    exchange(&a, &b).await;
    let revoked = refused(Refusal::LicenceRevoked);
    let outcome = ann.receipt(&a, third).await.unwrap().body.outcome;
    assert_eq!(outcome, revoked, "it was never confirmed");
    let outcome = bo.receipt(&b, void).await.unwrap().body.outcome;
    assert_eq!(outcome, revoked, "it was sent too late");
    assert!(a.quarantined().await.contains(&"void".to_owned()));
    // The other two wait, with their money set aside, however long it takes.
    a.clock.advance(24 * 60 * 60);
    authority.tell(&a).await;
    a.settle().await;
    assert_eq!(ann.balance(&a).await, (100_00, 25_00));
    assert!(ann.receipt(&a, first).await.is_none());
    let mut core = a.owner().await;
    let requests: Vec<(Vec<u8>, Vec<u8>)> = sqlx::query_as(
        "SELECT order_digest, request_digest FROM bank.payment_out WHERE suspense IS NOT NULL",
    )
    .fetch_all(&mut core)
    .await
    .unwrap();
    assert_eq!(requests.len(), 2);
    for (order, request) in requests {
        let credited = order == first.as_bytes();
        let act = AuthorityAct::SuspenseResolved {
            payer_bank: a.bic.clone(),
            payee_bank: brisa(),
            payment: Digest::from_slice(&request).unwrap(),
            credited,
            reason: reason(),
        };
        authority.record(act, NOW + 60 * 60);
    }
    authority.tell(&a).await;
    a.settle().await;
    let outcome = ann.receipt(&a, first).await.unwrap().body.outcome;
    assert!(is_booked(&outcome));
    let outcome = ann.receipt(&a, second).await.unwrap().body.outcome;
    assert_eq!(outcome, revoked);
    assert_eq!(ann.balance(&a).await, (90_00, 0));
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn a_record_of_anybody_else_is_ignored_and_raised_as_an_alarm() {
    let (a, b, mut authority) = TestBank::two_and_authority().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    // One officer as two, over the link and straight into the core.
    let alone = entry(authority.at, suspended(), [0, 0], NOW).to_text();
    authority.slip_in(&a, "record", alone.as_bytes()).await;
    a.settle().await;
    let alarms = "SELECT count(*) FROM bank.alarm WHERE what = 'register'";
    assert_eq!(a.number(alarms).await, 1);
    assert_eq!(a.quarantined().await, ["no-entry"]);
    let mut core = a.owner().await;
    for (number, body) in [(4, alone.as_str()), (5, "no entry at all")] {
        sqlx::query(
            "INSERT INTO bank.register_entry VALUES ($1, sha256(convert_to($2, 'UTF8')), $2, 0)",
        )
        .bind(number)
        .bind(body)
        .execute(&mut core)
        .await
        .unwrap();
    }
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, order).await.unwrap().body.outcome
    ));
    assert_eq!(a.number(alarms).await, 2, "once for each number");
    // The true entry under that number counts all the same, for a processor that starts anew as well.
    authority.record(suspended(), NOW);
    authority.tell(&a).await;
    a.settle().await;
    let shut = refused(Refusal::LicenceSuspended);
    assert_eq!(ann.pay(&a, &bo.iban, 1_00).await, shut);
    let second = a.second().await;
    second.step().await.unwrap();
    assert_eq!(a.number(alarms).await, 2);
    // A licence outside the register makes no bank.
    let der = material().banks[1].2.licence.der();
    authority.slip_in(&b, "certificate", der).await;
    b.settle().await;
    assert_eq!(b.quarantined().await, ["no-chain"]);
    a.assert_right().await;
}

#[tokio::test]
async fn a_bank_that_does_not_hear_the_authority_stops_after_a_day_and_goes_on_by_itself() {
    let (a, b, authority) = TestBank::two_and_authority().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let cy = Device::enrolled(&a, 2, 0).await;
    let alarms = "SELECT count(*) FROM bank.alarm WHERE what = 'authority-unheard'";
    a.clock.advance(5 * 60);
    a.settle().await;
    assert_eq!(a.number(alarms).await, 0);
    a.clock.advance(1);
    a.settle().await;
    a.settle().await;
    assert_eq!(a.number(alarms).await, 1);
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    assert!(ann.receipt(&a, order).await.is_none(), "it is under way");
    a.clock.advance(24 * 60 * 60);
    a.settle().await;
    let unheard = refused(Refusal::AuthorityUnheard);
    assert_eq!(ann.pay(&a, &bo.iban, 1_00).await, unheard);
    assert!(is_booked(&ann.pay(&a, &cy.iban, 1_00).await));
    // An old head that is shown again, and one of somebody else, change nothing.
    say_head(&a, authority.at, NOW).await;
    let mut core = a.owner().await;
    sqlx::query("UPDATE bank.register_head SET jws = 'x', at = at + 100000")
        .execute(&mut core)
        .await
        .unwrap();
    a.settle().await;
    assert_eq!(ann.pay(&a, &bo.iban, 1_00).await, unheard);
    a.clock.advance(100_000);
    exchange(&a, &b).await;
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, order).await.unwrap().body.outcome
    ));
}

#[tokio::test]
async fn a_head_that_takes_entries_back_is_raised_as_an_alarm() {
    let (a, _, mut authority) = TestBank::two_and_authority().await;
    let before = authority.at;
    authority.record(suspended(), NOW);
    authority.tell(&a).await;
    a.settle().await;
    let alarms = "SELECT count(*) FROM bank.alarm WHERE what = 'register'";
    assert_eq!(a.number(alarms).await, 0);
    say_head(&a, before, NOW + 10).await;
    a.settle().await;
    assert_eq!(a.number(alarms).await, 1);
    let mut gateway = a.gateways[0].1.connect().await.unwrap();
    let waiting: i64 = sqlx::query_scalar("SELECT count(*) FROM link.waiting_ack")
        .fetch_one(&mut gateway)
        .await
        .unwrap();
    assert_eq!(waiting, 0, "heads are taken off the gateway");
}
