//! Payments within one bank.

use crate::{
    device::{Device, is_booked, message_id, refused},
    harness::{TestBank, eur},
};
use bank::operator;
use message::{
    enquiry::{Overview, OverviewAsk, Payment, PaymentAsk, Statement, StatementAsk},
    notice::Notice,
    receipt::{Outcome, Refusal},
};

#[tokio::test]
async fn a_customer_pays_another_and_both_see_it() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let payload = ann.payload(&bank, ann.order(&bo.iban, 20_00));
    let order = ann.send(&bank, &payload).await;
    bank.settle().await;
    let receipt = ann.receipt(&bank, order).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    assert_eq!(receipt.re, Some(order));
    assert_eq!(receipt.aud, ann.id().to_string());
    assert_eq!(ann.balance(&bank).await, (80_00, 0));
    assert_eq!(bo.balance(&bank).await, (20_00, 0));
    let notice = bo.last::<Notice>(&bank).await.body;
    let Notice::MoneyIn {
        amount,
        debtor_name,
        payment,
        ..
    } = notice
    else {
        panic!("{notice:?}");
    };
    assert_eq!((amount, payment), (eur(20_00), payload.jti));
    assert_eq!(debtor_name.as_str(), "Ann Lee");
    // The payer sees the payment with its documents, the payee without.
    let ask = PaymentAsk {
        payment: payload.jti,
    };
    ann.say(&bank, ask.clone()).await;
    let seen = ann.last::<Payment>(&bank).await.body;
    assert!(seen.order.is_some() && seen.receipt.is_some());
    assert_eq!(seen.view.outcome, Some(receipt.body.outcome.clone()));
    bo.say(&bank, ask).await;
    let seen = bo.last::<Payment>(&bank).await.body;
    assert!(seen.order.is_none() && seen.receipt.is_none());
    assert_eq!(seen.view.debtor_account, ann.iban);
    bank.assert_right().await;
}

#[tokio::test]
async fn what_cannot_be_paid_is_refused_with_its_reason() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let pay = ann.pay(&bank, &bo.iban, 100_01).await;
    assert_eq!(pay, refused(Refusal::InsufficientFunds));
    assert_eq!(
        ann.pay(&bank, &ann.iban, 1).await,
        refused(Refusal::SameAccount)
    );
    let unknown = message::Iban::from_bban("DE", "370905029999999001").unwrap();
    assert_eq!(
        ann.pay(&bank, &unknown, 1).await,
        refused(Refusal::CreditorAccountUnknown)
    );
    let nowhere = message::Iban::from_bban("DE", "100000000000000001").unwrap();
    assert_eq!(
        ann.pay(&bank, &nowhere, 1).await,
        refused(Refusal::BankUnknown)
    );
    // Somebody else's account.
    let mut order = ann.order(&bo.iban, 1);
    order.debtor_account = bo.iban.clone();
    let digest = ann.say(&bank, order).await;
    let outcome = ann.receipt(&bank, digest).await.unwrap().body.outcome;
    assert_eq!(outcome, refused(Refusal::DebtorAccountUnknown));
    let mut core = bank.owner().await;
    operator::close_account(&mut core, &bo.iban).await.unwrap();
    assert_eq!(
        ann.pay(&bank, &bo.iban, 1).await,
        refused(Refusal::CreditorAccountClosed)
    );
    let mut late = ann.payload(&bank, ann.order(&bo.iban, 1));
    (late.iat, late.exp) = (late.iat - 1000, late.iat - 1);
    let digest = ann.send(&bank, &late).await;
    bank.settle().await;
    let outcome = ann.receipt(&bank, digest).await.unwrap().body.outcome;
    assert_eq!(outcome, refused(Refusal::Expired));
    assert_eq!(ann.balance(&bank).await, (100_00, 0));
    // All of them are in the customer's list, and nobody else's are.
    ann.say(&bank, OverviewAsk {}).await;
    let overview = ann.last::<Overview>(&bank).await.body;
    assert_eq!(overview.refused.len(), 7);
    let newest = &overview.refused[0];
    assert!(newest.decided_at >= overview.refused[6].decided_at);
    assert!(
        overview
            .refused
            .iter()
            .all(|view| matches!(view.outcome, Some(Outcome::Refused { .. })))
    );
    bo.say(&bank, OverviewAsk {}).await;
    assert!(bo.last::<Overview>(&bank).await.body.refused.is_empty());
    bank.assert_right().await;
}

#[tokio::test]
async fn the_same_order_again_has_the_same_receipt() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let payload = ann.payload(&bank, ann.order(&bo.iban, 20_00));
    let jws = ann.sign(&payload);
    for _ in 0..3 {
        // The same bytes in new envelopes, twice in one batch; and after its time, too.
        for _ in 0..2 {
            let envelope = ann.seal(&bank, &jws);
            bank.edge.store_envelope(envelope.as_str()).await.unwrap();
        }
        bank.settle().await;
        bank.clock.advance(3_000);
    }
    let mail = ann.mail(&bank).await;
    let receipts: Vec<_> = mail
        .iter()
        .filter(|jws| jws.kind() == message::Kind::Receipt)
        .collect();
    assert_eq!(receipts.len(), 3);
    assert!(receipts.iter().all(|r| r.as_str() == receipts[0].as_str()));
    // The same id with other content: only the first one counts.
    let mut other = payload.clone();
    other.body = ann.order(&bo.iban, 1_00);
    for _ in 0..2 {
        let digest = ann.send(&bank, &other).await;
        bank.settle().await;
        let outcome = ann.receipt(&bank, digest).await.unwrap().body.outcome;
        assert_eq!(outcome, refused(Refusal::SameIdOtherContent));
    }
    assert_eq!(ann.balance(&bank).await, (80_00, 0));
    bank.assert_right().await;
}

#[tokio::test]
async fn one_batch_is_decided_in_order() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 50_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let mut digests = Vec::new();
    for _ in 0..7 {
        let payload = ann.payload(&bank, ann.order(&bo.iban, 10_00));
        digests.push(ann.send(&bank, &payload).await);
    }
    assert_eq!(bank.processor.take_front().await.unwrap(), 7);
    let mut outcomes = Vec::new();
    for digest in digests {
        outcomes.push(ann.receipt(&bank, digest).await.unwrap().body.outcome);
    }
    let booked: Vec<bool> = outcomes.iter().map(is_booked).collect();
    assert_eq!(booked, [true, true, true, true, true, false, false]);
    let postings: std::collections::HashSet<&str> = outcomes
        .iter()
        .filter_map(|o| match o {
            Outcome::Booked { posting } => Some(posting.as_str()),
            Outcome::Refused { .. } => None,
        })
        .collect();
    assert_eq!(postings.len(), 5);
    bank.assert_right().await;
}

#[tokio::test]
async fn a_statement_has_pages() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    for cents in 1..=6 {
        let payload = ann.payload(&bank, ann.order(&bo.iban, cents));
        ann.send(&bank, &payload).await;
    }
    bank.settle().await;
    let mut ask = StatementAsk {
        account: ann.iban.clone(),
        before: None,
        limit: 4,
    };
    ann.say(&bank, ask.clone()).await;
    let first = ann.last::<Statement>(&bank).await.body;
    assert_eq!(first.entries_total, 7);
    let numbers: Vec<i64> = first.entries.iter().map(|e| e.n).collect();
    assert_eq!(numbers, [7, 6, 5, 4]);
    assert_eq!(first.entries[0].balance_after, first.account.booked);
    assert_eq!(first.entries[0].counterparty_account, Some(bo.iban.clone()));
    ask.before = first.older;
    ann.say(&bank, ask).await;
    let second = ann.last::<Statement>(&bank).await.body;
    let numbers: Vec<i64> = second.entries.iter().map(|e| e.n).collect();
    assert_eq!((numbers, second.older), (vec![3, 2, 1], None));
    assert_eq!(second.entries[2].remittance.as_str(), "Opening deposit");
    // Somebody else's account, and a payment that nobody made.
    let ask = StatementAsk {
        account: bo.iban.clone(),
        before: None,
        limit: 4,
    };
    ann.say(&bank, ask).await;
    ann.say(
        &bank,
        PaymentAsk {
            payment: message_id(),
        },
    )
    .await;
    let refused = ann.heard::<message::receipt::Refused>(&bank).await;
    assert_eq!(refused.len(), 2);
    assert!(refused.iter().all(|r| r.body.reason == Refusal::NotFound));
}

#[tokio::test]
async fn a_large_batch_is_one_transaction() {
    const ORDERS: usize = 500;
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 1_000_00).await;
    let mut bo = Device::enrolled(&bank, 1, 0).await;
    ann.open_session(&bank).await;
    bo.open_session(&bank).await;
    let mut envelopes = Vec::new();
    for _ in 0..ORDERS {
        let jws = ann.sign(&ann.payload(&bank, ann.order(&bo.iban, 1)));
        envelopes.push(ann.seal(&bank, &jws).as_str().to_owned());
    }
    let bodies: Vec<&str> = envelopes.iter().map(String::as_str).collect();
    for part in bodies.chunks(100) {
        bank.edge.store_envelopes(part).await.unwrap();
    }
    let start = std::time::Instant::now();
    assert_eq!(bank.processor.take_front().await.unwrap(), ORDERS);
    let rate = (ORDERS as f64 / start.elapsed().as_secs_f64()).round();
    println!("{rate} payments per second, one processor, test build");
    let transactions = "SELECT count(DISTINCT xmin::text) FROM bank.receipt";
    assert_eq!(bank.number(transactions).await, 1);
    assert_eq!(
        ann.heard::<message::receipt::Receipt>(&bank).await.len(),
        ORDERS
    );
    assert_eq!(bo.balance(&bank).await, (ORDERS as i64, 0));
    bank.assert_right().await;
}
