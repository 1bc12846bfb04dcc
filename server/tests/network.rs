//! A whole demo network of real processes: two banks, their nodes and links, and programs that pay.
//! One network for all of it, raised once; the steps build on each other.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod network {
    pub mod commands;
    pub mod demo;
    pub mod devices;
    pub mod licences;
    pub mod machine;
    pub mod parameters;
    pub mod processors;
}

use message::{
    Amount, Currency, Iban, MessageId,
    enquiry::{Overview, OverviewAsk, Payment, PaymentAsk, Statement, StatementAsk},
    notice::Notice,
    order::PaymentOrder,
    receipt::{Outcome, Receipt, Refusal},
    text::Name,
};
use network::{
    demo::{Customer, Demo},
    devices, licences, parameters, processors,
};
use server::{boot, device::Order};

fn euros(minor: i64) -> Amount {
    Amount::try_new(minor, Currency::EUR).unwrap()
}

fn to(from: &Customer, name: &str, iban: &Iban, minor: i64) -> Order {
    Order {
        from: from.iban.clone(),
        name: Name::parse(name).unwrap(),
        to: iban.clone(),
        amount: euros(minor),
    }
}

fn refused(receipt: &Receipt) -> Refusal {
    match receipt.outcome {
        Outcome::Refused { reason } => reason,
        Outcome::Booked { .. } => panic!("the order was booked"),
    }
}

fn booked(receipt: &Receipt) -> bool {
    matches!(receipt.outcome, Outcome::Booked { .. })
}

async fn available(customer: &mut Customer) -> i64 {
    let overview: Overview = customer.device.ask(OverviewAsk {}).await.unwrap();
    overview.accounts[0].available.minor()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_banks_pay_each_other_whatever_happens() {
    let demo = Demo::raise("network", 21_000).await;
    let mut ann = demo.customer(0, "Ann Canary-Lindqvist", "5000.00").await;
    let mut bo = demo.customer(0, "Bo Canary-Okonkwo", "100.00").await;
    let mut cleo = demo.customer(1, "Cleo Canary-Archambault", "10.00").await;

    payments_arrive(&mut ann, &mut bo, &mut cleo).await;
    licences_are_acknowledged(&demo).await;
    banks_talk_in_sessions(&demo, &mut ann, &cleo).await;
    refusals_say_why(&demo, &mut ann, &bo).await;
    an_order_counts_once(&mut ann, &bo).await;
    a_bank_that_is_away_is_waited_for(&demo, &mut ann, &mut cleo).await;
    a_revoked_device_is_shut_out(&demo, &ann).await;
    devices::a_customer_manages_devices(&demo, &mut ann, &bo).await;
    parameters::two_operators_lay_down_limits_and_fees(&demo, &mut ann, &bo).await;
    licences::an_authority_is_made(&demo);
    licences::a_bank_is_suspended_and_resumed(&demo, &mut ann, &mut cleo).await;
    devices::keys_are_rotated_under_payments(&demo, &mut ann, &mut cleo).await;
    every_kill_is_survived(&demo, &mut ann, &mut cleo).await;
    processors::processors_come_and_go(&demo, &mut ann, &mut cleo).await;
    nothing_outside_the_cores_tells_who_pays_whom(&demo);
    demo.audit();
    demo.stop().await;
}

async fn payments_arrive(ann: &mut Customer, bo: &mut Customer, cleo: &mut Customer) {
    let within = ann
        .device
        .pay(&to(ann, "Bo", &bo.iban, 2_000))
        .await
        .unwrap();
    assert!(booked(&within) && within.amount == euros(2_000));
    let between = ann
        .device
        .pay(&to(ann, "Cleo", &cleo.iban, 123_457))
        .await
        .unwrap();
    assert!(booked(&between));
    let arrived = |letter: &server::device::Opened| match letter.read::<Notice>()?.body {
        Notice::MoneyIn {
            amount, payment, ..
        } => Some((amount, payment)),
        _ => None,
    };
    assert_eq!(
        bo.device.wait(arrived).await.unwrap(),
        (euros(2_000), within.order)
    );
    assert_eq!(
        cleo.device.wait(arrived).await.unwrap(),
        (euros(123_457), between.order)
    );
    assert_eq!(available(ann).await, 500_000 - 2_000 - 123_457);
    assert_eq!(available(bo).await, 12_000);
    assert_eq!(available(cleo).await, 124_457);

    let ask = StatementAsk {
        account: ann.iban.clone(),
        before: None,
        limit: 2,
    };
    let page: Statement = ann.device.ask(ask).await.unwrap();
    assert_eq!(page.entries.len(), 2);
    assert_eq!(page.entries[0].amount.minor(), -123_457);
    assert_eq!(page.entries[0].balance_after, page.account.booked);
    let ask = StatementAsk {
        account: ann.iban.clone(),
        before: page.older,
        limit: 2,
    };
    let older: Statement = ann.device.ask(ask).await.unwrap();
    assert_eq!((older.entries.len(), older.older), (1, None));
    let ask = PaymentAsk {
        payment: between.order,
    };
    let payment: Payment = ann.device.ask(ask).await.unwrap();
    assert!(payment.order.is_some() && payment.receipt.is_some());
    // Another customer's account is not shown.
    let ask = StatementAsk {
        account: ann.iban.clone(),
        before: None,
        limit: 2,
    };
    let refused = bo.device.ask::<_, Statement>(ask).await.unwrap_err();
    assert!(
        refused.to_string().contains(Refusal::NotFound.words()),
        "{refused}"
    );
}

/// The authority believes both banks' acknowledgements, and keeps none but the newest.
async fn licences_are_acknowledged(demo: &Demo) {
    let confirmed = "SELECT count(*) FROM authority.link
         WHERE acked_seq = (SELECT max(number) FROM authority.entry)";
    demo.until("both banks have acknowledged every licence", async || {
        demo.in_authority(confirmed).await == 2
    })
    .await;
}

async fn banks_talk_in_sessions(demo: &Demo, ann: &mut Customer, cleo: &Customer) {
    let open = "SELECT count(*) FROM bank.peer_session WHERE answered_at IS NOT NULL";
    demo.until("the banks have a session", async || {
        demo.in_core(0, open).await > 0 && demo.in_core(1, open).await > 0
    })
    .await;
    let order = to(ann, "Cleo", &cleo.iban, 300);
    assert!(booked(&ann.device.pay(&order).await.unwrap()));
    let used = "SELECT sum(sent)::bigint FROM bank.peer_session";
    assert!(demo.in_core(0, used).await > 0);
    assert!(demo.in_core(1, used).await > 0);
}

async fn refusals_say_why(demo: &Demo, ann: &mut Customer, bo: &Customer) {
    let before = available(ann).await;
    let unknown_here = Iban::from_bban("DE", "370905029999999001").unwrap();
    let unknown_there = Iban::from_bban("DE", "700205709999999001").unwrap();
    let nobody = Iban::from_bban("DE", "100000009999999001").unwrap();
    let closed_here = demo.closed_account(0);
    let closed_there = demo.closed_account(1);
    for (iban, minor, reason) in [
        (&bo.iban, 99_999_999, Refusal::InsufficientFunds),
        (&unknown_here, 100, Refusal::CreditorAccountUnknown),
        (&unknown_there, 100, Refusal::CreditorAccountUnknown),
        (&closed_here, 100, Refusal::CreditorAccountClosed),
        (&closed_there, 100, Refusal::CreditorAccountClosed),
        (&nobody, 100, Refusal::BankUnknown),
        (&ann.iban.clone(), 100, Refusal::SameAccount),
    ] {
        let receipt = ann
            .device
            .pay(&to(ann, "Nobody", iban, minor))
            .await
            .unwrap();
        assert_eq!(refused(&receipt), reason, "{iban}");
    }
    let mut foreign = to(ann, "Ann", &ann.iban, 100);
    foreign.from = bo.iban.clone();
    let receipt = ann.device.pay(&foreign).await.unwrap();
    assert_eq!(refused(&receipt), Refusal::DebtorAccountUnknown);
    assert_eq!(
        available(ann).await,
        before,
        "nothing was taken, nothing stays set aside"
    );
}

async fn an_order_counts_once(ann: &mut Customer, bo: &Customer) {
    let before = available(ann).await;
    let (id, jws) = ann.device.order(&to(ann, "Bo", &bo.iban, 500)).unwrap();
    for _ in 0..3 {
        ann.device
            .send(&ann.device.seal(&jws).unwrap())
            .await
            .unwrap();
    }
    let first = ann.device.receipt(id).await.unwrap();
    assert!(booked(&first));

    // The same id with other content is refused; the first receipt stays what it is.
    let mut other = ann.device.read_order(&jws).unwrap();
    other.body.instructed_amount = euros(600);
    let changed = ann.device.sign::<PaymentOrder>(&other).unwrap();
    ann.device
        .send(&ann.device.seal(&changed).unwrap())
        .await
        .unwrap();
    let digest = changed.digest();
    let answer = |letter: &server::device::Opened| {
        let receipt = letter.read::<Receipt>()?.body;
        (receipt.order_digest == digest).then_some(receipt)
    };
    assert_eq!(
        refused(&ann.device.wait(answer).await.unwrap()),
        Refusal::SameIdOtherContent
    );

    // An order that comes after its time.
    let mut late = ann.device.read_order(&jws).unwrap();
    late.jti = MessageId::new(boot::random());
    (late.iat, late.exp) = (late.iat - 1_000, late.iat - 500);
    let late_jws = ann.device.sign::<PaymentOrder>(&late).unwrap();
    ann.device
        .send(&ann.device.seal(&late_jws).unwrap())
        .await
        .unwrap();
    assert_eq!(
        refused(&ann.device.receipt(late.jti).await.unwrap()),
        Refusal::Expired
    );
    assert_eq!(available(ann).await, before - 500);
}

async fn a_bank_that_is_away_is_waited_for(demo: &Demo, ann: &mut Customer, cleo: &mut Customer) {
    let before = available(cleo).await;
    demo.signal_role("brisdemm", "processor", "STOP");
    let (id, jws) = ann.device.order(&to(ann, "Cleo", &cleo.iban, 700)).unwrap();
    ann.device
        .send(&ann.device.seal(&jws).unwrap())
        .await
        .unwrap();
    let on_its_way = |letter: &server::device::Opened| match letter.read::<Notice>()?.body {
        Notice::OnItsWay { payment, .. } => (payment == id).then_some(()),
        _ => None,
    };
    ann.device.wait(on_its_way).await.unwrap();
    let overview: Overview = ann.device.ask(OverviewAsk {}).await.unwrap();
    assert_eq!(overview.accounts[0].held.minor(), 700);
    assert_eq!(overview.on_their_way.len(), 1);
    assert_eq!(overview.on_their_way[0].outcome, None);
    demo.signal_role("brisdemm", "processor", "CONT");
    assert!(booked(&ann.device.receipt(id).await.unwrap()));
    assert_eq!(available(cleo).await, before + 700);
}

async fn a_revoked_device_is_shut_out(demo: &Demo, ann: &Customer) {
    let mut lost = demo.customer(0, "Dora Canary-Lost", "50.00").await;
    let order = to(&lost, "Ann", &ann.iban, 100);
    assert!(booked(&lost.device.pay(&order).await.unwrap()));
    demo.revoke(0, lost.device.id());
    // The mailbox shuts; an order signed afterwards moves nothing.
    let (_, jws) = lost.device.order(&order).unwrap();
    lost.device
        .send(&lost.device.seal(&jws).unwrap())
        .await
        .unwrap();
    demo.until("the revoked device's mailbox is shut", async || {
        lost.device
            .read_mail()
            .await
            .is_err_and(|error| error.to_string().contains("403"))
    })
    .await;
}

/// Kills every kind of process once while payments are under way. Each order ends in exactly one
/// outcome, and the money of both banks adds up.
async fn every_kill_is_survived(demo: &Demo, ann: &mut Customer, cleo: &mut Customer) {
    let (before_ann, before_cleo) = (available(ann).await, available(cleo).await);
    let victims = demo.victims();
    let mut orders = Vec::new();
    for victim in &victims {
        for _ in 0..4 {
            let (id, jws) = ann.device.order(&to(ann, "Cleo", &cleo.iban, 11)).unwrap();
            let envelope = ann.device.seal(&jws).unwrap();
            orders.push((id, envelope.clone()));
            // Whether it was stored is not known when an edge or the front dies: it is sent again.
            let _ = ann.device.send(&envelope).await;
        }
        demo.kill(victim);
    }
    for (id, envelope) in &orders {
        demo.until("the order is taken", async || {
            ann.device.send(envelope).await.is_ok()
        })
        .await;
        let receipt = demo.receipt(ann, *id).await;
        assert!(booked(&receipt), "{:?}", receipt.outcome);
    }
    let moved = i64::try_from(orders.len()).unwrap() * 11;
    assert_eq!(demo.available(ann).await, before_ann - moved);
    demo.until("the payee has everything", async || {
        demo.available(cleo).await == before_cleo + moved
    })
    .await;
    let receipts = ann
        .device
        .letters()
        .iter()
        .filter_map(server::device::Opened::read::<Receipt>);
    let mut digests: Vec<_> = receipts
        .map(|r| (r.body.order_digest, booked(&r.body)))
        .collect();
    digests.sort_by_key(|(digest, _)| digest.to_string());
    digests.dedup();
    let mut orders_answered: Vec<_> = digests.iter().map(|(digest, _)| *digest).collect();
    orders_answered.dedup();
    assert_eq!(
        digests.len(),
        orders_answered.len(),
        "one outcome for each order"
    );
}

/// A canary's name, account number or amount must stand nowhere in the clear but in a core.
fn nothing_outside_the_cores_tells_who_pays_whom(demo: &Demo) {
    let needles = [
        "Canary-",
        "1234.57",
        "123457",
        "DE023709050201000",
        "DE31700205701000",
    ];
    let found = demo.search_outside_cores(&needles);
    assert!(found.is_empty(), "in the clear:\n{}", found.join("\n"));
    // The search itself works: a core does hold the names.
    assert!(demo.core_holds("Canary-"));
}
