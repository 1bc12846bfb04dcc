//! Limits and fees that two operators have laid down, on real PostgreSQL.

use crate::{
    device::{Device, is_booked, message_id, refused},
    harness::{NOW, TestBank, eur, exchange, material, name, rsa},
};
use bank::{Clock as _, Fault, SystemEntropy, operator};
use envelope::{RsaPrivateKey, SigningKey};
use message::{
    Amount, Currency, Digest,
    enquiry::{Overview, OverviewAsk, Payment, PaymentAsk, Statement, StatementAsk},
    parameters::{CurrencyParameters, ParameterValues},
    receipt::{Outcome, Receipt, Refusal},
};

/// Two operators lay down what a bank begins with.
pub async fn begin(core: &mut sqlx::PgConnection, bank_ca: &RsaPrivateKey) {
    let names = [name("Olga Brandt"), name("Per Hansen")];
    let two = [(&names[0], key(0)), (&names[1], key(1))];
    let (rsa, entropy) = (rsa(), SystemEntropy);
    operator::begin_parameters(core, &*rsa, &entropy, bank_ca, two, generous(), NOW)
        .await
        .unwrap();
}

/// What every bank begins with: limits that no ordinary test reaches, and no fees.
pub fn generous() -> ParameterValues {
    ParameterValues {
        currencies: vec![CurrencyParameters {
            currency: Currency::EUR,
            payment_max: 900_000_000_00,
            day_max: 900_000_000_00,
            fee_inside: 0,
            fee_outside: 0,
            offline_single_max: 500_00,
            offline_total_max: 5_000_00,
        }],
        cut_off_minutes: 16 * 60,
    }
}

pub fn with(change: impl FnOnce(&mut CurrencyParameters)) -> ParameterValues {
    let mut values = generous();
    change(&mut values.currencies[0]);
    values
}

pub fn key(which: usize) -> &'static SigningKey {
    &material().operators[which]
}

pub async fn propose(
    bank: &TestBank,
    who: usize,
    values: ParameterValues,
) -> Result<Digest, Fault> {
    let (mut core, now) = (bank.owner().await, bank.clock.now());
    operator::propose_parameters(&mut core, &*rsa(), &SystemEntropy, key(who), values, now).await
}

pub async fn approve(bank: &TestBank, who: usize, proposal: Digest) -> Result<u64, Fault> {
    let (mut core, now) = (bank.owner().await, bank.clock.now());
    let (rsa, key) = (rsa(), key(who));
    let version =
        operator::approve_parameters(&mut core, &*rsa, &SystemEntropy, key, proposal, now).await?;
    Ok(version.position.number)
}

/// Two operators lay this down.
pub async fn lay_down(bank: &TestBank, values: ParameterValues) -> u64 {
    let proposal = propose(bank, 0, values).await.unwrap();
    approve(bank, 1, proposal).await.unwrap()
}

/// The receipt for a payment.
pub async fn pay(device: &Device, bank: &TestBank, to: &Device, cents: i64) -> Receipt {
    let digest = device.say(bank, device.order(&to.iban, cents)).await;
    device.receipt(bank, digest).await.unwrap().body
}

#[tokio::test]
async fn a_payment_above_the_limit_is_refused_with_the_limit_and_the_version() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 1_000_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let first = pay(&ann, &bank, &bo, 1_00).await;
    assert!(is_booked(&first.outcome));
    assert_eq!((first.parameters, first.fee), (1, None));
    let values = with(|c| (c.payment_max, c.day_max) = (100_00, 250_00));
    assert_eq!(lay_down(&bank, values).await, 2);
    let above = pay(&ann, &bank, &bo, 100_01).await;
    assert_eq!(above.outcome, refused(Refusal::AmountTooLarge));
    assert_eq!((above.limit, above.parameters), (Some(eur(100_00)), 2));
    // The euro of before counts, whatever it was decided under.
    for cents in [100_00, 100_00, 49_00] {
        assert!(is_booked(&pay(&ann, &bank, &bo, cents).await.outcome));
    }
    let day = pay(&ann, &bank, &bo, 1).await;
    assert_eq!(day.outcome, refused(Refusal::DayLimit));
    assert_eq!(day.limit, Some(eur(250_00)));
    // Somebody else's day is another, and so is tomorrow.
    assert!(is_booked(&pay(&bo, &bank, &ann, 1_00).await.outcome));
    bank.clock.advance(24 * 60 * 60);
    assert!(is_booked(&pay(&ann, &bank, &bo, 1_00).await.outcome));
    // The overview says what holds, and what was refused by which limit.
    ann.say(&bank, OverviewAsk {}).await;
    let overview = ann.last::<Overview>(&bank).await.body;
    let terms = overview.terms.unwrap();
    assert_eq!((terms.parameters, terms.payment_max), (2, eur(100_00)));
    let mut limits: Vec<Option<Amount>> = overview.refused.iter().map(|view| view.limit).collect();
    limits.sort_by_key(|limit| limit.map(Amount::minor));
    assert_eq!(limits, [Some(eur(100_00)), Some(eur(250_00))]);
    bank.assert_right().await;
}

#[tokio::test]
async fn two_processors_at_the_same_time_keep_to_one_limit_for_the_day() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 1_000_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    lay_down(
        &bank,
        with(|c| (c.payment_max, c.day_max) = (100_00, 100_00)),
    )
    .await;
    let (one, other) = (bank.processor.clone(), bank.second().await);
    for _ in 0..40 {
        let payload = ann.payload(&bank, ann.order(&bo.iban, 10_00));
        ann.send(&bank, &payload).await;
    }
    // Each takes what the other has not claimed; small claims make them meet.
    let take = |processor: bank::Processor| async move {
        while processor.take_front().await.unwrap() > 0 {}
    };
    let half = ann.payload(&bank, ann.order(&bo.iban, 10_00));
    let feed = async {
        for _ in 0..20 {
            let mut payload = half.clone();
            payload.jti = message_id();
            ann.send(&bank, &payload).await;
            one.take_front().await.unwrap();
        }
    };
    tokio::join!(take(one.clone()), take(other.clone()), feed, async {
        for _ in 0..40 {
            other.take_front().await.unwrap();
        }
    });
    bank.settle().await;
    assert_eq!(ann.balance(&bank).await, (900_00, 0));
    let booked = "SELECT count(*) FROM bank.receipt WHERE posting IS NOT NULL";
    let above = "SELECT count(*) FROM bank.receipt WHERE code = 'AM14'";
    assert_eq!(
        (bank.number(booked).await, bank.number(above).await),
        (10, 50)
    );
    bank.assert_right().await;
}

#[tokio::test]
async fn a_fee_is_booked_shown_and_audited() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    lay_down(&bank, with(|c| c.fee_inside = 30)).await;
    let short = pay(&ann, &bank, &bo, 99_71).await;
    assert_eq!(short.outcome, refused(Refusal::InsufficientFunds));
    assert_eq!(short.fee, None);
    let receipt = pay(&ann, &bank, &bo, 20_00).await;
    assert_eq!((receipt.amount, receipt.fee), (eur(20_00), Some(eur(30))));
    assert_eq!(ann.balance(&bank).await, (79_70, 0));
    assert_eq!(bo.balance(&bank).await, (20_00, 0));
    let ask = StatementAsk {
        account: ann.iban.clone(),
        before: None,
        limit: 2,
    };
    ann.say(&bank, ask).await;
    let lines = ann.last::<Statement>(&bank).await.body.entries;
    assert_eq!((lines[0].amount.minor(), lines[0].fee), (-30, true));
    assert_eq!(lines[0].counterparty_name, name("Halden Bank"));
    assert_eq!(lines[0].counterparty_account, None);
    assert_eq!((lines[1].amount.minor(), lines[1].fee), (-20_00, false));
    assert_eq!(lines[0].payment, lines[1].payment);
    let ask = PaymentAsk {
        payment: receipt.order,
    };
    ann.say(&bank, ask).await;
    let view = ann.last::<Payment>(&bank).await.body.view;
    assert_eq!(view.fee, Some(eur(30)));
    let income = "SELECT booked FROM bank.account WHERE kind = 'fees'";
    assert_eq!(bank.number(income).await, 30);
    bank.assert_right().await;
    // A receipt that names another version than the fee was taken under is found.
    let mut core = bank.owner().await;
    for sql in [
        "ALTER TABLE bank.receipt DISABLE TRIGGER for_ever",
        "UPDATE bank.receipt SET parameters = 1 WHERE posting IS NOT NULL",
    ] {
        sqlx::query(sql).execute(&mut core).await.unwrap();
    }
    let audit = operator::audit(&mut core, &*rsa(), NOW).await.unwrap();
    let found: Vec<&str> = audit
        .findings
        .iter()
        .map(|(what, _)| what.as_str())
        .collect();
    assert_eq!(found, ["fee is not what was laid down"]);
}

#[tokio::test]
async fn a_payment_to_another_bank_costs_what_held_when_it_was_sent() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    lay_down(
        &a,
        with(|c| (c.fee_outside, c.day_max) = (50, c.payment_max)),
    )
    .await;
    let payload = ann.payload(&a, ann.order(&bo.iban, 20_00));
    let order = ann.send(&a, &payload).await;
    a.settle().await;
    assert_eq!(ann.balance(&a).await, (100_00, 20_50));
    // Meanwhile it costs more.
    lay_down(&a, with(|c| c.fee_outside = 99)).await;
    exchange(&a, &b).await;
    let receipt = ann.receipt(&a, order).await.unwrap().body;
    assert!(is_booked(&receipt.outcome));
    assert_eq!((receipt.fee, receipt.parameters), (Some(eur(50)), 2));
    // 2027-01-15 is a Friday, and the test's clock stands at 08:00.
    assert_eq!(receipt.booking_day.unwrap().to_string(), "2027-01-15");
    assert_eq!(ann.balance(&a).await, (79_50, 0));
    assert_eq!(bo.balance(&b).await, (20_00, 0));
    // What is rejected costs nothing, and does not count towards the day.
    let limit = with(|c| (c.fee_outside, c.payment_max, c.day_max) = (50, 30_00, 50_00));
    lay_down(&a, limit).await;
    let mut core = b.owner().await;
    operator::close_account(&mut core, &bo.iban).await.unwrap();
    for _ in 0..3 {
        let payload = ann.payload(&a, ann.order(&bo.iban, 30_00));
        let order = ann.send(&a, &payload).await;
        exchange(&a, &b).await;
        let receipt = ann.receipt(&a, order).await.unwrap().body;
        assert_eq!(receipt.outcome, refused(Refusal::CreditorAccountClosed));
        assert_eq!((receipt.fee, receipt.booking_day), (None, None));
    }
    assert_eq!(ann.balance(&a).await, (79_50, 0));
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn a_change_while_payments_run_loses_and_doubles_nothing() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 1_000_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let other = bank.second().await;
    let pays = async {
        let mut orders = Vec::new();
        for _ in 0..60 {
            let payload = ann.payload(&bank, ann.order(&bo.iban, 1_00));
            orders.push(ann.send(&bank, &payload).await);
            other.take_front().await.unwrap();
            bank.processor.take_front().await.unwrap();
        }
        orders
    };
    let changes = async {
        for fee in [1, 2, 3] {
            lay_down(&bank, with(|c| c.fee_inside = fee)).await;
        }
    };
    let (orders, ()) = tokio::join!(pays, changes);
    bank.settle().await;
    let (mut fees, mut newest) = (0, 0);
    for order in orders {
        let receipt = ann.receipt(&bank, order).await.unwrap().body;
        assert!(matches!(receipt.outcome, Outcome::Booked { .. }));
        // Versions 2, 3 and 4 cost 1, 2 and 3 cents; the order in which they came is kept.
        let fee = receipt.fee.map_or(0, Amount::minor);
        assert_eq!(fee, i64::try_from(receipt.parameters).unwrap() - 1);
        assert!(receipt.parameters >= newest);
        (fees, newest) = (fees + fee, receipt.parameters);
    }
    assert_eq!(ann.balance(&bank).await, (1_000_00 - 60_00 - fees, 0));
    assert_eq!(pay(&ann, &bank, &bo, 1_00).await.parameters, 4);
    bank.assert_right().await;
}
