//! Payments between two banks.

use crate::{
    authority,
    device::{Device, is_booked, refused},
    harness::{TestBank, carry, exchange},
};
use bank::operator;
use message::{
    Kind, Payload,
    enquiry::{Overview, OverviewAsk},
    interbank::ACCEPTANCE_SECONDS,
    link::LinkAck,
    notice::Notice,
    receipt::Refusal,
};

#[tokio::test]
async fn a_customer_of_one_bank_pays_a_customer_of_the_other() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let order = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    // Set aside and on its way, but not paid.
    assert!(ann.receipt(&a, order).await.is_none());
    assert_eq!(ann.balance(&a).await, (100_00, 20_00));
    let notice = ann.last::<Notice>(&a).await.body;
    assert!(
        matches!(notice, Notice::OnItsWay { ref creditor_bank, .. } if creditor_bank.as_str() == "Brisa Bank")
    );
    ann.say(&a, OverviewAsk {}).await;
    let overview = ann.last::<Overview>(&a).await.body;
    assert_eq!(overview.on_their_way.len(), 1);
    assert!(overview.on_their_way[0].outcome.is_none());
    exchange(&a, &b).await;
    let receipt = ann.receipt(&a, order).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    assert_eq!(ann.balance(&a).await, (80_00, 0));
    assert_eq!(bo.balance(&b).await, (20_00, 0));
    let notice = bo.last::<Notice>(&b).await.body;
    assert!(
        matches!(notice, Notice::MoneyIn { ref debtor_name, .. } if debtor_name.as_str() == "Ann Lee")
    );
    // Both banks agree on what the one owes the other, and everything is acknowledged.
    let mirror = "SELECT booked FROM bank.account WHERE kind = 'mirror'";
    assert_eq!(a.number(mirror).await, 20_00);
    assert_eq!(b.number(mirror).await, -20_00);
    let open = "SELECT count(*) FROM bank.link WHERE acked_seq < last_seq AND party <> 'authority'";
    assert_eq!((a.number(open).await, b.number(open).await), (0, 0));
    let alarms = "SELECT count(*) FROM bank.alarm";
    assert_eq!((a.number(alarms).await, b.number(alarms).await), (0, 0));
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn what_the_other_bank_returns_is_available_again() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let unknown = message::Iban::from_bban("DE", "700205709999999001").unwrap();
    let mut core = b.owner().await;
    operator::close_account(&mut core, &bo.iban).await.unwrap();
    let first = ann.say(&a, ann.order(&unknown, 20_00)).await;
    let second = ann.say(&a, ann.order(&bo.iban, 30_00)).await;
    assert_eq!(ann.balance(&a).await, (100_00, 50_00));
    exchange(&a, &b).await;
    let outcome = ann.receipt(&a, first).await.unwrap().body.outcome;
    assert_eq!(outcome, refused(Refusal::CreditorAccountUnknown));
    let outcome = ann.receipt(&a, second).await.unwrap().body.outcome;
    assert_eq!(outcome, refused(Refusal::CreditorAccountClosed));
    assert_eq!(ann.balance(&a).await, (100_00, 0));
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn an_unreachable_bank_is_waited_for_and_then_asked() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let in_time = ann.say(&a, ann.order(&bo.iban, 10_00)).await;
    a.clock.advance(ACCEPTANCE_SECONDS - 10);
    authority::heard(&a).await;
    a.settle().await;
    assert_eq!(a.processor.enquire().await.unwrap(), 0);
    let late = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    assert_eq!(ann.balance(&a).await, (100_00, 30_00));
    // The first one arrives in time, the second one after its deadline.
    carry(&a, &b).await;
    let seen = "SELECT count(*) FROM link.waiting";
    let mut gateway = sqlx::ConnectOptions::connect(b.gateway(&a)).await.unwrap();
    let waiting: i64 = sqlx::query_scalar(seen)
        .fetch_one(&mut gateway)
        .await
        .unwrap();
    assert!(waiting >= 2);
    a.clock.advance(ACCEPTANCE_SECONDS + 1);
    authority::heard(&a).await;
    // Silence: both are enquired about, and again only after a while; nothing is released.
    a.settle().await;
    assert_eq!(ann.balance(&a).await, (100_00, 30_00));
    assert_eq!(
        a.number("SELECT sum(enquiries)::bigint FROM bank.payment_out")
            .await,
        2
    );
    exchange(&a, &b).await;
    // The enquiry got the same answer as the request: one posting, one receipt each.
    for order in [in_time, late] {
        let outcome = ann.receipt(&a, order).await.unwrap().body.outcome;
        assert_eq!(outcome, refused(Refusal::DeadlinePassed));
    }
    assert_eq!(ann.balance(&a).await, (100_00, 0));
    let mail = ann.mail(&a).await;
    let receipts = mail.iter().filter(|jws| jws.kind() == Kind::Receipt);
    assert_eq!(receipts.count(), 2);
    assert_eq!(b.number("SELECT count(*) FROM bank.payment_in").await, 2);
    assert_eq!(a.number("SELECT count(*) FROM bank.alarm").await, 0);
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn two_banks_owe_each_other_no_more_than_their_licences_allow() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 3_000_000).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    assert_eq!(
        ann.pay(&a, &bo.iban, 1_000_001).await,
        refused(Refusal::SettlementCap)
    );
    ann.say(&a, ann.order(&bo.iban, 600_000)).await;
    // What is on its way counts, too.
    assert_eq!(
        ann.pay(&a, &bo.iban, 600_000).await,
        refused(Refusal::SettlementCap)
    );
    exchange(&a, &b).await;
    // Money coming back makes room.
    let back = bo.say(&b, bo.order(&ann.iban, 500_000)).await;
    exchange(&a, &b).await;
    assert!(is_booked(&bo.receipt(&b, back).await.unwrap().body.outcome));
    let again = ann.say(&a, ann.order(&bo.iban, 600_000)).await;
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, again).await.unwrap().body.outcome
    ));
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn a_payment_that_never_arrived_is_rejected_for_ever() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let order = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    // The other bank cannot open this one item: as if it had lost the key it was sealed to.
    let mut core = b.owner().await;
    let trigger = "CREATE FUNCTION bank.test_refuse() RETURNS trigger LANGUAGE plpgsql AS
            $$ BEGIN RAISE EXCEPTION 'test' USING ERRCODE = 'check_violation'; END $$;
         CREATE TRIGGER test BEFORE INSERT ON bank.payment_in
            FOR EACH ROW EXECUTE FUNCTION bank.test_refuse()";
    sqlx::raw_sql(trigger).execute(&mut core).await.unwrap();
    exchange(&a, &b).await;
    sqlx::raw_sql("DROP TRIGGER test ON bank.payment_in")
        .execute(&mut core)
        .await
        .unwrap();
    assert_eq!(b.quarantined().await, ["fault"]);
    assert_eq!(b.number("SELECT count(*) FROM bank.fault").await, 1);
    // The link goes on, and the sender is told which item could not be read.
    assert_eq!(
        a.number("SELECT count(*) FROM bank.alarm WHERE what = 'unreadable'")
            .await,
        1
    );
    assert!(ann.receipt(&a, order).await.is_none());
    let next = ann.say(&a, ann.order(&bo.iban, 5_00)).await;
    carry(&a, &b).await;
    // Whichever processor acknowledges names it: it stands in the core.
    let second = b.second().await;
    while second.step().await.unwrap() > 0 {}
    let unread = b.number("SELECT seq FROM bank.unreadable").await;
    let named = newest_ack(&b, &a).await.unreadable;
    assert_eq!(named, [unread.unsigned_abs()]);
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, next).await.unwrap().body.outcome
    ));
    a.clock.advance(ACCEPTANCE_SECONDS + 1);
    exchange(&a, &b).await;
    let outcome = ann.receipt(&a, order).await.unwrap().body.outcome;
    assert_eq!(outcome, refused(Refusal::DeadlinePassed));
    assert_eq!(ann.balance(&a).await, (95_00, 0));
    a.assert_right().await;
}

/// The newest acknowledgement that a bank has written for another.
async fn newest_ack(from: &TestBank, to: &TestBank) -> LinkAck {
    let mut gateway = sqlx::ConnectOptions::connect(from.gateway(to))
        .await
        .unwrap();
    let body: String =
        sqlx::query_scalar("SELECT body FROM link.ack_outbound ORDER BY at DESC LIMIT 1")
            .fetch_one(&mut gateway)
            .await
            .unwrap();
    let jws = envelope::Jws::parse(&body).unwrap();
    let ack: Payload<LinkAck> = serde_json::from_slice(jws.unverified_payload()).unwrap();
    ack.body
}
