//! Processing servers come and go while payments are under way.

use crate::{
    device::{Device, bank_key, is_booked},
    harness::{NOW, PROCESSOR_SECONDS, TestBank, carry, exchange, insert_item, material, rsa},
};
use bank::{Clock, Entropy, Fault, Processor, SystemEntropy, admission, operator};
use envelope::{Jws, RsaPublicKey, seal_to_key};
use message::{
    Body, MessageId, Payload,
    enquiry::{Payment, PaymentAsk},
    interbank::StatusRequest,
    key_set::KeySet,
    link::LinkAck,
    payload::LIFETIME_SECONDS_MAX,
    receipt::{Receipt, ReceiptAttest},
    text::Label,
};
use relay::link::chain::{ChainHash, Position};
use sqlx::ConnectOptions;

const DAY: i64 = 86_400;

/// Removes the processor with these keys of the material: the first, which is stepped by `settle`, stays.
async fn remove(bank: &TestBank, which: usize) -> Result<Option<u64>, Fault> {
    let ca = &material().banks[bank.which].1.bank_ca;
    let gone = material().processors[which].id();
    let reason = Label::parse("Sold").unwrap();
    let (mut core, now) = (bank.owner().await, bank.clock.now());
    operator::remove_processor(&mut core, &*rsa(), &SystemEntropy, ca, (gone, &reason), now).await
}

/// What the second processor signs, whenever it says.
fn stolen<B: Body>(aud: String, re: Option<message::Digest>, body: B, at: i64) -> Jws {
    let key = &material().processors[1].signing;
    let payload = Payload {
        iss: key.thumbprint().to_string(),
        aud,
        jti: MessageId::new(crate::device::random()),
        iat: at,
        exp: at + LIFETIME_SECONDS_MAX,
        re,
        body,
    };
    envelope::sign(&*rsa(), key, &payload, &mut *SystemEntropy.rng()).unwrap()
}

async fn newest_set(bank: &TestBank) -> KeySet {
    let info = bank.edge.bank_info(bank.clock.now()).await;
    let jws = Jws::parse(&info.unwrap().unwrap().key_set).unwrap();
    let set: Payload<KeySet> = serde_json::from_slice(jws.unverified_payload()).unwrap();
    set.body
}

/// Steps the second processor until it has nothing to do.
async fn work(processor: &Processor) {
    while processor.step().await.unwrap() > 0 {}
}

/// Puts something into a link, sealed to the receiver, as its next item.
async fn slip_in(from: &TestBank, to: &TestBank, key: &RsaPublicKey, said: &Jws) {
    let mut core = to.owner().await;
    let (epoch, seq, hash): (i32, i64, Vec<u8>) = sqlx::query_as(
        "SELECT epoch, last_seq, last_hash FROM bank.link WHERE party = $1 AND direction = 'in'",
    )
    .bind(from.bic.lower())
    .fetch_one(&mut core)
    .await
    .unwrap();
    let position = Position {
        epoch: u32::try_from(epoch).unwrap(),
        seq: u64::try_from(seq).unwrap(),
        hash: ChainHash::from_slice(&hash).unwrap(),
    };
    let jwe = seal_to_key(&*rsa(), key, said, &mut *SystemEntropy.rng()).unwrap();
    let body = jwe.as_str().as_bytes().to_vec();
    let (item, _) = position.append("envelope", body).unwrap();
    let mut gateway = to.gateway(from).connect().await.unwrap();
    insert_item(&mut gateway, &item).await;
}

#[tokio::test]
async fn a_processor_is_admitted_by_its_request_and_takes_part() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let third = &material().processors[2];
    let transport = material().devices[0].0.public();
    let label = Label::parse("processor-3").unwrap();
    let with = (third, transport);
    let jws = admission::request(&*rsa(), &SystemEntropy, &bank.bic, &label, with, NOW).unwrap();
    let asked = admission::read(&*rsa(), &bank.bic, jws.as_str(), NOW).unwrap();
    let mut core = bank.owner().await;
    for _ in 0..2 {
        operator::admit_processor(&mut core, &asked, NOW)
            .await
            .unwrap();
    }
    bank.settle().await;
    let processor = bank.start(third).await;
    let order = ann
        .send(&bank, &ann.payload(&bank, ann.order(&bo.iban, 1_00)))
        .await;
    work(&processor).await;
    let receipt = ann.receipt(&bank, order).await.unwrap();
    assert_eq!(receipt.iss, third.id().to_string());
    let listed = operator::processors(&mut core).await.unwrap();
    let found = listed.iter().find(|one| one.id == third.id()).unwrap();
    assert!(found.has_keys && found.certificates_until.is_some() && found.removed.is_none());
    // Another one under its name, and the same keys under another name.
    let other = &material().processors[1];
    for (secret, name) in [(other, "processor-3"), (third, "processor-4")] {
        let label = Label::parse(name).unwrap();
        let with = (secret, transport);
        let jws = admission::request(&*rsa(), &SystemEntropy, &bank.bic, &label, with, NOW);
        let asked = admission::read(&*rsa(), &bank.bic, jws.unwrap().as_str(), NOW).unwrap();
        assert!(
            operator::admit_processor(&mut core, &asked, NOW)
                .await
                .is_err()
        );
    }
    bank.assert_right().await;
}

#[tokio::test]
async fn a_removed_processor_opens_and_signs_nothing_any_more() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    ann.open_session(&bank).await;
    let second = bank.second().await;
    let payload = ann.payload(&bank, ann.order(&bo.iban, 1_00));
    let id = payload.jti;
    let jws = ann.sign(&payload);
    ann.hand_in(&bank, &jws).await;
    work(&second).await;
    assert_eq!(remove(&bank, 1).await.unwrap(), Some(2));
    bank.settle().await;
    // The key set names it, and nobody wraps anything to it.
    let gone = &material().processors[1];
    let set = newest_set(&bank).await;
    assert!(set.revokes(&gone.id()) && set.revoked.len() == 1);
    let kid = set.current.kid.to_string();
    let mut core = bank.owner().await;
    let wrapped: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT processor FROM bank.wrapped_key WHERE kid = $1")
            .bind(kid)
            .fetch_all(&mut core)
            .await
            .unwrap();
    let first = material().processors[0].id();
    assert_eq!(wrapped, [first.as_bytes().to_vec()]);
    let live = "SELECT count(*) FROM bank.session WHERE ended_at IS NULL";
    assert_eq!(bank.number(live).await, 0);
    // It does not start again, and gets no certificate.
    let wiring = bank.wiring();
    let started = Processor::start(wiring, gone).await;
    assert!(started.is_err_and(|fault| fault.to_string().contains("was removed")));
    // The same order again: the receipt it had signed comes behind an attestation of another.
    ann.session = None;
    ann.hand_in(&bank, &jws).await;
    bank.settle().await;
    let mail = ann.mail(&bank).await;
    let receipt = mail
        .iter()
        .rposition(|jws| jws.kind() == Receipt::KIND)
        .unwrap();
    assert_eq!(mail[receipt].kid(), gone.id());
    assert_eq!(mail[receipt - 1].kid(), first);
    let attest: Payload<ReceiptAttest> = ann.last(&bank).await;
    assert_eq!(attest.body.attested, mail[receipt].digest());
    assert_eq!(attest.aud, ann.id().to_string());
    // Asked for, it stands beside it.
    let payment: Payment = ann.ask(&bank, PaymentAsk { payment: id }).await.unwrap();
    let attestation = Jws::parse(&payment.attestation.unwrap()).unwrap();
    assert_eq!(attestation.kid(), first);
    // A later key set keeps the list; nobody is removed twice, and the last one stays.
    let ca = &material().banks[0].1.bank_ca;
    let (rsa, now) = (rsa(), bank.clock.now());
    operator::rotate_key(&mut core, &*rsa, &SystemEntropy, ca, now)
        .await
        .unwrap();
    bank.settle().await;
    assert!(newest_set(&bank).await.revokes(&gone.id()));
    assert_eq!(remove(&bank, 1).await.unwrap(), None);
    assert!(remove(&bank, 0).await.is_err());
    assert!(is_booked(&ann.pay(&bank, &bo.iban, 1_00).await));
    bank.assert_right().await;
}

#[tokio::test]
async fn what_a_removed_processor_had_sent_still_arrives_and_nothing_else() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let cy = Device::enrolled(&b, 3, 0).await;
    let second = a.second().await;
    let order = |cents| ann.payload(&a, ann.order(&cy.iban, cents));
    // Signed by the second, in a session that the other bank will not have: sealed again later.
    let late = ann.send(&a, &order(1_00)).await;
    work(&second).await;
    operator::end_sessions(&mut b.owner().await, b.clock.now())
        .await
        .unwrap();
    assert_eq!(remove(&a, 1).await.unwrap(), Some(2));
    exchange(&a, &b).await;
    let receipt = ann.receipt(&a, late).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    assert_eq!(b.number("SELECT count(*) FROM bank.attested").await, 1);
    assert_eq!(b.quarantined().await, Vec::<String>::new());
    // What its disk signs now, with any date, is put aside: also an attestation of itself.
    let known = bank_key(&b);
    let before = b.clock.now() - 3 * DAY;
    let body = StatusRequest {
        payment: MessageId::new([9; 16]),
        request_digest: message::Digest::new([9; 32]),
        accept_until: before,
    };
    let enquiry = stolen(b.bic.to_string(), None, body, before);
    let attested = enquiry.digest();
    let attest = ReceiptAttest { attested };
    let attest = stolen(b.bic.to_string(), Some(attested), attest, before);
    for said in [&attest, &enquiry] {
        slip_in(&a, &b, &known, said).await;
        b.settle().await;
    }
    assert_eq!(b.quarantined().await, ["removed-signer", "removed-signer"]);
    assert_eq!(b.number("SELECT count(*) FROM bank.attested").await, 1);
    // Nor is its acknowledgement believed.
    let acked = "SELECT acked_seq FROM bank.link WHERE party = 'halddeff' AND direction = 'out'";
    let stands = b.number(acked).await;
    let mut core = b.owner().await;
    sqlx::query(
        "UPDATE bank.link SET acked_seq = 0 WHERE party = 'halddeff' AND direction = 'out'",
    )
    .execute(&mut core)
    .await
    .unwrap();
    let (seq, hash): (i64, Vec<u8>) = sqlx::query_as(
        "SELECT last_seq, last_hash FROM bank.link WHERE party = 'halddeff' AND direction = 'out'",
    )
    .fetch_one(&mut core)
    .await
    .unwrap();
    let ack = LinkAck {
        sender: b.bic.lower(),
        receiver: a.bic.clone(),
        epoch: 1,
        seq: seq.unsigned_abs(),
        hash: ChainHash::from_slice(&hash).unwrap().to_string(),
        unreadable: Vec::new(),
    };
    let ack = stolen(b.bic.to_string(), None, ack, b.clock.now());
    let mut gateway = b.gateway(&a).connect().await.unwrap();
    sqlx::query("INSERT INTO link.ack_inbound (id, body) VALUES (sha256($1::bytea), $2)")
        .bind(ack.as_str().as_bytes())
        .bind(ack.as_str())
        .execute(&mut gateway)
        .await
        .unwrap();
    b.settle().await;
    assert_eq!(b.number(acked).await, 0);
    sqlx::query(
        "UPDATE bank.link SET acked_seq = $1 WHERE party = 'halddeff' AND direction = 'out'",
    )
    .bind(stands)
    .execute(&mut core)
    .await
    .unwrap();
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn what_stands_on_the_link_before_the_key_set_counts() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let cy = Device::enrolled(&b, 3, 0).await;
    let second = a.second().await;
    let order = |cents| ann.payload(&a, ann.order(&cy.iban, cents));
    let before = ann.send(&a, &order(1_00)).await;
    work(&second).await;
    remove(&a, 1).await.unwrap();
    let after = ann.send(&a, &order(2_00)).await;
    a.settle().await;
    // All of it comes at once: payment, key set, payment.
    carry(&a, &b).await;
    b.settle().await;
    assert_eq!(b.number("SELECT count(*) FROM bank.payment_in").await, 2);
    assert_eq!(b.number("SELECT count(*) FROM bank.attested").await, 0);
    let ended = "SELECT count(*) FROM bank.peer_session WHERE ended_at IS NOT NULL";
    assert!(b.number(ended).await > 0);
    exchange(&a, &b).await;
    for order in [before, after] {
        let receipt = ann.receipt(&a, order).await.unwrap();
        assert!(is_booked(&receipt.body.outcome));
    }
    assert_eq!(b.quarantined().await, Vec::<String>::new());
    a.assert_right().await;
    b.assert_right().await;
}

#[tokio::test]
async fn short_certificates_renew_themselves_and_old_receipts_still_verify() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 100_00).await;
    let short = bank.short_registrar(30 * DAY).await;
    // The long certificates that the bank began with end in a month.
    bank.clock.advance(PROCESSOR_SECONDS - 25 * DAY);
    let renewed = async || {
        bank.processor.step().await.unwrap();
        short.issue_pending().await.unwrap()
    };
    assert_eq!(renewed().await, 1);
    bank.processor.step().await.unwrap();
    let until = async || {
        let listed = operator::processors(&mut bank.owner().await).await.unwrap();
        let first = listed.iter().find(|one| one.name == "processor-1").unwrap();
        first.certificates_until.unwrap()
    };
    assert_eq!(until().await, bank.clock.now() + 30 * DAY);
    // Not before the last third of a month, and then again and again.
    for _ in 0..3 {
        bank.clock.advance(19 * DAY);
        assert_eq!(renewed().await, 0);
        bank.clock.advance(2 * DAY);
        assert_eq!(renewed().await, 1);
        bank.processor.step().await.unwrap();
        assert_eq!(until().await, bank.clock.now() + 30 * DAY);
    }
    // The newest certificate covers what was signed under those before it.
    let id = material().processors[0].id();
    let chain = bank.edge.certificate(&id).await.unwrap().unwrap();
    let leaf = crate::harness::certificate(&chain.certificates[0]);
    assert!(leaf.not_before() < NOW && leaf.not_after() == until().await);
    assert!(ann.mail(&bank).await.len() > 1);
    // Away for longer than they last: the processor asks when it comes back.
    bank.clock.advance(31 * DAY);
    let started = Processor::start(bank.wiring(), &material().processors[0]).await;
    assert!(started.is_err_and(|fault| fault.is_passing()));
    assert_eq!(short.issue_pending().await.unwrap(), 1);
    bank.start(&material().processors[0]).await;
    bank.assert_right().await;
}
