//! The bank's encryption key is rotated, certificates are renewed.

use crate::{
    device::{Device, bank_key, is_booked, refused},
    harness::{NOW, TestBank, carry, certificate, exchange, insert_item, material, rsa},
};
use bank::{Clock, Entropy, Processor, SystemEntropy, operator};
use envelope::{Jws, RsaPublicKey, key_set, seal_to_key};
use message::{
    Payload,
    device::{DeviceChange, RenewAsk, Renewed, Rights},
    key_set::KeySet,
    receipt::{Receipt, Refusal},
};
use relay::link::{Ends, Party, chain::Position};
use sqlx::ConnectOptions;

const DAY: i64 = 86_400;

/// What the bank shows to devices now.
async fn shown(bank: &TestBank) -> (KeySet, RsaPublicKey) {
    let info = bank
        .edge
        .bank_info(bank.clock.now())
        .await
        .unwrap()
        .unwrap();
    let jws = Jws::parse(&info.key_set).unwrap();
    let set: Payload<KeySet> = serde_json::from_slice(jws.unverified_payload()).unwrap();
    let key = key_set::current_key(&set.body).unwrap();
    (set.body, key)
}

async fn rotate(bank: &TestBank) -> u64 {
    let ca = &material().banks[bank.which].1.bank_ca;
    let (mut core, now) = (bank.owner().await, bank.clock.now());
    operator::rotate_key(&mut core, &*rsa(), &SystemEntropy, ca, now)
        .await
        .unwrap()
}

/// Hands an order in, sealed to this key.
async fn send(bank: &TestBank, from: &Device, to: &Device, key: &RsaPublicKey) -> message::Digest {
    let jws = from.sign(&from.payload(bank, from.order(&to.iban, 1_00)));
    let jwe = seal_to_key(&*rsa(), key, &jws, &mut *SystemEntropy.rng()).unwrap();
    bank.edge.store_envelope(jwe.as_str()).await.unwrap();
    jws.digest()
}

#[tokio::test]
async fn every_processor_takes_up_a_new_key_while_payments_go_on() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&a, 1, 0).await;
    let cy = Device::enrolled(&b, 3, 100_00).await;
    let second: Processor = a.second().await;
    a.processor.publish_documents().await.unwrap();
    let old = bank_key(&a);
    let waiting = send(&a, &ann, &bo, &old).await;
    assert_eq!(rotate(&a).await, 2);
    // The first processor learns of it and tells everybody.
    a.settle().await;
    let (set, new) = shown(&a).await;
    assert_eq!((set.number, set.old.len()), (2, 1));
    assert_ne!(new.thumbprint(), old.thumbprint());
    // The other one has never heard of it, and opens what is sealed to it all the same.
    let with_new = send(&a, &ann, &bo, &new).await;
    second.step().await.unwrap();
    // Envelopes sealed to the old key, by whoever has not looked yet, still count.
    let with_old = send(&a, &ann, &bo, &old).await;
    second.step().await.unwrap();
    for order in [waiting, with_new, with_old] {
        let receipt = ann.receipt(&a, order).await.unwrap();
        assert!(is_booked(&receipt.body.outcome));
    }
    // The other bank seals to it from its next payment on; what it had sealed before is taken.
    let before = cy.say(&b, cy.order(&ann.iban, 1_00)).await;
    carry(&a, &b).await;
    exchange(&a, &b).await;
    let after = cy.say(&b, cy.order(&ann.iban, 1_00)).await;
    exchange(&a, &b).await;
    for order in [before, after] {
        assert!(is_booked(
            &cy.receipt(&b, order).await.unwrap().body.outcome
        ));
    }
    let numbers = "SELECT max(number) FROM bank.key_set WHERE party = 'halddeff'";
    assert_eq!(b.number(numbers).await, 2);
    // A processor that comes later is handed all of them.
    let mut core = a.owner().await;
    let third = &material().processors[2];
    let (signing, unwrap) = (third.signing.verifying_key(), third.unwrap.public());
    let named = crate::harness::name("processor-3");
    operator::add_processor(&mut core, &named, &signing, unwrap, NOW)
        .await
        .unwrap();
    assert_eq!(rotate(&a).await, 3);
    a.settle().await;
    let third = a.start(third).await;
    let orders = [
        send(&a, &ann, &bo, &old).await,
        send(&a, &ann, &bo, &new).await,
    ];
    third.step().await.unwrap();
    for order in orders {
        assert!(ann.receipt(&a, order).await.is_some());
    }
    assert!(a.quarantined().await.is_empty());
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn only_the_bank_ca_makes_key_sets() {
    let (a, b) = TestBank::two().await;
    // The operator has the wrong key in hand.
    let wrong = &material().banks[1].1.bank_ca;
    let mut core = a.owner().await;
    let done = operator::rotate_key(&mut core, &*rsa(), &SystemEntropy, wrong, NOW).await;
    assert!(done.is_err());
    rotate(&a).await;
    exchange(&a, &b).await;
    // What the other bank is shown over the link: signed by somebody else, and an older one.
    let (mut set, _) = shown(&a).await;
    set.number = 7;
    let forged = key_set::sign(
        &*rsa(),
        wrong,
        &set,
        NOW,
        NOW + DAY,
        &mut *SystemEntropy.rng(),
    );
    set.number = 1;
    set.old.clear();
    let ca = &material().banks[0].1.bank_ca;
    let older = key_set::sign(&*rsa(), ca, &set, NOW, NOW + DAY, &mut *SystemEntropy.rng());
    let (ours, theirs) = (Party::Bank(a.bic.clone()), Party::Bank(b.bic.clone()));
    Ends::new(theirs, ours.clone()).unwrap();
    let mut core = b.owner().await;
    let (epoch, seq, hash): (i32, i64, Vec<u8>) = sqlx::query_as(
        "SELECT epoch, last_seq, last_hash FROM bank.link WHERE party = 'halddeff' AND direction = 'in'",
    )
    .fetch_one(&mut core)
    .await
    .unwrap();
    let mut position = Position {
        epoch: u32::try_from(epoch).unwrap(),
        seq: u64::try_from(seq).unwrap(),
        hash: relay::link::chain::ChainHash::from_slice(&hash).unwrap(),
    };
    let mut gateway = b.gateway(&a).connect().await.unwrap();
    for jws in [forged.unwrap(), older.unwrap()] {
        let body = jws.as_str().as_bytes().to_vec();
        let (item, next) = position.append("key-set", body).unwrap();
        position = next;
        insert_item(&mut gateway, &item).await;
    }
    b.settle().await;
    let numbers = "SELECT max(number) FROM bank.key_set WHERE party = 'halddeff'";
    assert_eq!(b.number(numbers).await, 2);
    assert_eq!(b.quarantined().await, ["no-chain", "no-chain"]);
    let alarms = "SELECT count(*) FROM bank.alarm WHERE what = 'key-set'";
    assert_eq!(b.number(alarms).await, 1);
}

#[tokio::test]
async fn a_front_that_was_away_gets_the_new_key_set_later() {
    let bank = TestBank::halden().await;
    bank.settle().await;
    assert_eq!(shown(&bank).await.0.number, 1);
    let mut front = bank.front.connect().await.unwrap();
    sqlx::query("REVOKE EXECUTE ON FUNCTION front.publish_key_set(bigint, text) FROM processor")
        .execute(&mut front)
        .await
        .unwrap();
    rotate(&bank).await;
    for _ in 0..2 {
        assert!(bank.processor.step().await.is_err());
    }
    // It is told to whoever is there, and waits for the front.
    assert_eq!(bank.number("SELECT count(*) FROM bank.to_tell").await, 0);
    assert_eq!(shown(&bank).await.0.number, 1);
    sqlx::query("GRANT EXECUTE ON FUNCTION front.publish_key_set(bigint, text) TO processor")
        .execute(&mut front)
        .await
        .unwrap();
    bank.settle().await;
    assert_eq!(shown(&bank).await.0.number, 2);
}

#[tokio::test]
async fn a_device_that_is_suspended_meanwhile_finds_its_new_certificates() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    bank.clock.advance(660 * DAY);
    let question = ann.sign(&ann.payload(&bank, RenewAsk {}));
    ann.hand_in(&bank, &question).await;
    bank.processor.take_front().await.unwrap();
    let (mut core, now) = (bank.owner().await, bank.clock.now());
    operator::suspend_device(&mut core, ann.id(), now)
        .await
        .unwrap();
    bank.settle().await;
    operator::resume_device(&mut core, ann.id(), now)
        .await
        .unwrap();
    bank.settle().await;
    let renewed: Renewed = ann.answered(&bank, question.digest()).await.unwrap();
    assert!(certificate(&renewed.signing_certificate).not_after() > now + 600 * DAY);
    bank.assert_right().await;
}

#[tokio::test]
async fn a_device_renews_its_certificates_before_they_end() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let until = |renewed: &Renewed| certificate(&renewed.signing_certificate).not_after();
    let first: Renewed = ann.ask(&bank, RenewAsk {}).await.unwrap();
    let issued = "SELECT count(*) FROM bank.certificate WHERE role = 'device'";
    let before = bank.number(issued).await;
    // Long before the end: those it has.
    bank.clock.advance(600 * DAY);
    let same: Renewed = ann.ask(&bank, RenewAsk {}).await.unwrap();
    assert_eq!(same, first);
    assert_eq!(bank.number(issued).await, before);
    bank.clock.advance(60 * DAY);
    let question = ann.sign(&ann.payload(&bank, RenewAsk {}));
    ann.hand_in(&bank, &question).await;
    bank.settle().await;
    let renewed: Renewed = ann.answered(&bank, question.digest()).await.unwrap();
    assert!(until(&renewed) > until(&first) + 600 * DAY);
    let leaf = certificate(&renewed.signing_certificate);
    assert_eq!(leaf.key_thumbprint(), ann.id());
    let leaf = certificate(&renewed.encryption_certificate);
    assert_eq!(leaf.holder(), ann.id());
    // The same question again: the same answer. Another one: not yet again.
    ann.hand_in(&bank, &question).await;
    bank.settle().await;
    assert_eq!(ann.heard::<Renewed>(&bank).await.len(), 4);
    let again: Renewed = ann.ask(&bank, RenewAsk {}).await.unwrap();
    assert_eq!(again, renewed);
    let listed = ann.devices(&bank).await[0].certificates_until;
    assert_eq!(listed, Some(until(&renewed)));
    bank.assert_right().await;
}

#[tokio::test]
async fn a_device_whose_certificates_have_ended_orders_nothing() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let until = ann.devices(&bank).await[0].certificates_until.unwrap();
    let signed = ann.sign(&ann.payload(&bank, ann.order(&bo.iban, 1_00)));
    // Up to the last second, by the bank's clock.
    bank.clock.advance(until - bank.clock.now());
    assert!(is_booked(&ann.pay(&bank, &bo.iban, 2_00).await));
    bank.clock.advance(1);
    let ended = refused(Refusal::CertificatesEnded);
    assert_eq!(ann.pay(&bank, &bo.iban, 3_00).await, ended);
    // Signed in time and handed in afterwards: the bank looks when it decides.
    ann.hand_in(&bank, &signed).await;
    bank.settle().await;
    let receipt = ann.receipt(&bank, signed.digest()).await.unwrap();
    assert_eq!(receipt.body.outcome, ended);
    // Neither does it change devices or get new keys; it may look, and stop itself.
    let device = bo.id();
    let allow = DeviceChange::Allow {
        device,
        rights: Rights::View,
    };
    assert_eq!(
        ann.change(&bank, allow).await,
        Err(Refusal::CertificatesEnded)
    );
    let new = ann.sibling(2);
    let request = new.sign(&new.payload(&bank, new.join_request()));
    let request = request.as_str().to_owned();
    let replace = DeviceChange::Replace { request };
    assert_eq!(
        ann.change(&bank, replace).await,
        Err(Refusal::CertificatesEnded)
    );
    assert_eq!(ann.devices(&bank).await.len(), 1);
    assert_eq!(ann.balance(&bank).await.0, 98_00);
    // Renewed a little late, it signs again.
    let question = ann.say(&bank, RenewAsk {}).await;
    bank.settle().await;
    let _: Renewed = ann.answered(&bank, question).await.unwrap();
    assert!(is_booked(&ann.pay(&bank, &bo.iban, 4_00).await));
    // A month after the end it is too late even for that.
    bank.clock.advance(30 * DAY);
    let late: Result<Renewed, _> = bo.ask(&bank, RenewAsk {}).await;
    assert_eq!(late, Err(Refusal::CertificatesEnded));
    bank.assert_right().await;
}

#[tokio::test]
async fn the_operator_is_reminded_of_a_key_set_that_ends() {
    let bank = TestBank::halden().await;
    let mut core = bank.owner().await;
    let status = operator::status(&mut core).await.unwrap();
    let (number, until) = status.key_set.unwrap();
    assert_eq!(number, 1);
    assert_eq!(status.key_set_reminder(until - 61 * DAY), None);
    let said = |at| status.key_set_reminder(at).unwrap();
    assert!(said(until - 59 * DAY).contains("key set 1 ends in 59 days"));
    assert!(said(until + 1).contains("has ended") && said(until).contains("server key rotate"));
    assert_eq!(rotate(&bank).await, 2);
    let status = operator::status(&mut core).await.unwrap();
    assert_eq!(status.key_set.unwrap().0, 2);
    assert_eq!(status.key_set_reminder(bank.clock.now()), None);
}

#[tokio::test]
async fn a_processor_renews_its_own_certificates() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let cy = Device::enrolled(&b, 3, 0).await;
    let issued =
        "SELECT count(*) FROM bank.certificate WHERE party = 'halddeff' AND role = 'processor'";
    let before = a.number(issued).await;
    a.clock.advance(480 * DAY);
    a.settle().await;
    assert_eq!(a.number(issued).await, before);
    // The last third begins: no restart, nobody's doing.
    a.clock.advance(20 * DAY);
    exchange(&a, &b).await;
    assert_eq!(a.number(issued).await, before + 1);
    // Past the end of the old one everybody believes the new one. The payer has renewed, too.
    a.clock.advance(220 * DAY);
    let question = ann.say(&a, RenewAsk {}).await;
    a.settle().await;
    let _: Renewed = ann.answered(&a, question).await.unwrap();
    a.clock.advance(20 * DAY);
    exchange(&a, &b).await;
    let digest = ann.say(&a, ann.order(&cy.iban, 1_00)).await;
    exchange(&a, &b).await;
    let receipts = ann.heard::<Receipt>(&a).await;
    let receipt = receipts.iter().find(|r| r.body.order_digest == digest);
    assert!(is_booked(&receipt.unwrap().body.outcome));
    a.assert_right().await;
}
