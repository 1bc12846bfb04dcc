//! Sessions between banks.

use crate::{
    device::{Device, bank_key, is_booked, random},
    harness::{TestBank, carry, exchange, insert_item, material, rsa},
};
use bank::{Clock, Entropy, SystemEntropy, operator};
use envelope::{Jwe, Jws, Party, Recipient, SessionKey, seal_to_key, seal_to_session};
use message::{
    Body, Payload, SessionId,
    enquiry::OverviewAsk,
    session::{PEER_SESSION_ENVELOPES_MAX, SESSION_SECONDS, SessionOpen},
};
use relay::link::chain::{ChainHash, Position};
use sqlx::{ConnectOptions, Row};

/// How the newest item that a bank has sent is sealed.
async fn newest(from: &TestBank, to: &TestBank) -> Recipient {
    let mut gateway = from.gateway(to).connect().await.unwrap();
    let body: Vec<u8> =
        sqlx::query_scalar("SELECT body FROM link.outbound ORDER BY seq DESC LIMIT 1")
            .fetch_one(&mut gateway)
            .await
            .unwrap();
    let text = String::from_utf8(body).unwrap();
    Jwe::parse(&text).unwrap().recipient()
}

async fn assert_quiet(bank: &TestBank) {
    assert_eq!(bank.quarantined().await, Vec::<String>::new());
    assert_eq!(bank.number("SELECT count(*) FROM bank.alarm").await, 0);
    bank.assert_right().await;
}

#[tokio::test]
async fn payments_travel_in_a_session_that_every_processor_can_use() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let opened = "SELECT count(*) FROM bank.peer_session WHERE answered_at IS NOT NULL";
    assert!(a.number(opened).await > 0);
    assert_eq!(a.number(opened).await, b.number(opened).await);
    let order = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    assert!(matches!(newest(&a, &b).await, Recipient::Session(_)));
    carry(&a, &b).await;
    // Another processor than the one that has stored the session.
    let second = b.second().await;
    while second.step().await.unwrap() > 0 {}
    assert!(matches!(newest(&b, &a).await, Recipient::Session(_)));
    exchange(&a, &b).await;
    let receipt = ann.receipt(&a, order).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    // What the one has counted as sent, the other has counted as received.
    let sent = "SELECT sum(sent)::bigint FROM bank.peer_session";
    let received = "SELECT sum(received)::bigint FROM bank.peer_session";
    assert_eq!((a.number(sent).await, b.number(received).await), (1, 1));
    assert_eq!((b.number(sent).await, a.number(received).await), (1, 1));
    assert_quiet(&a).await;
    assert_quiet(&b).await;
}

#[tokio::test]
async fn a_session_is_used_only_once_it_is_answered() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    operator::end_sessions(&mut a.owner().await, a.clock.now())
        .await
        .unwrap();
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    let sent = "SELECT sum(sent)::bigint FROM bank.peer_session";
    assert_eq!(a.number(sent).await, 0);
    assert_eq!(
        a.number("SELECT count(*) FROM bank.peer_session WHERE answered_at IS NULL")
            .await,
        1
    );
    assert!(matches!(newest(&a, &b).await, Recipient::Key(_)));
    exchange(&a, &b).await;
    let receipt = ann.receipt(&a, order).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    assert!(matches!(newest(&a, &b).await, Recipient::Session(_)));
    assert_quiet(&a).await;
}

#[tokio::test]
async fn what_is_sealed_in_an_ended_session_is_sealed_again_and_counts_once() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let first = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    let second = ann.say(&a, ann.order(&bo.iban, 5_00)).await;
    operator::end_sessions(&mut b.owner().await, b.clock.now())
        .await
        .unwrap();
    carry(&a, &b).await;
    b.settle().await;
    assert_eq!(b.number("SELECT count(*) FROM bank.payment_in").await, 0);
    carry(&b, &a).await;
    a.settle().await;
    assert_eq!(a.number("SELECT count(*) FROM bank.sealed_again").await, 2);
    assert!(matches!(newest(&a, &b).await, Recipient::Key(_)));
    exchange(&a, &b).await;
    for order in [first, second] {
        let receipt = ann.receipt(&a, order).await.unwrap();
        assert!(is_booked(&receipt.body.outcome));
    }
    assert_eq!(ann.balance(&a).await, (75_00, 0));
    assert_eq!(bo.balance(&b).await, (25_00, 0));
    assert_eq!(b.number("SELECT count(*) FROM bank.payment_in").await, 2);
    // A new session has taken the old one's place.
    ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    assert!(matches!(newest(&a, &b).await, Recipient::Session(_)));
    exchange(&a, &b).await;
    assert_eq!(bo.balance(&b).await, (26_00, 0));
    assert_quiet(&a).await;
    assert_quiet(&b).await;
}

#[tokio::test]
async fn an_answer_is_sealed_again_as_well() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let order = ann.say(&a, ann.order(&bo.iban, 20_00)).await;
    carry(&a, &b).await;
    b.settle().await;
    // The keys are lost, not only the right to use them.
    sqlx::query("UPDATE bank.peer_session SET keys = NULL")
        .execute(&mut a.owner().await)
        .await
        .unwrap();
    exchange(&a, &b).await;
    let receipt = ann.receipt(&a, order).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    assert_eq!(b.number("SELECT count(*) FROM bank.sealed_again").await, 1);
    assert_quiet(&a).await;
    assert_quiet(&b).await;
}

#[tokio::test]
async fn a_session_is_renewed_in_time_and_opens_what_comes_late() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let before = newest_session(&a).await;
    a.clock.advance(SESSION_SECONDS * 7 / 8 - 1);
    exchange(&a, &b).await;
    // One session, opened by one of the two banks.
    let fresh = "SELECT count(*) FROM bank.peer_session WHERE opened_at > 1800000000";
    assert_eq!((a.number(fresh).await, b.number(fresh).await), (1, 1));
    assert_ne!(newest_session(&a).await, before);
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    assert!(matches!(newest(&a, &b).await, Recipient::Session(_)));
    // The link is cut for days.
    a.clock.advance(3 * 24 * 60 * 60);
    exchange(&a, &b).await;
    assert_eq!(b.number("SELECT count(*) FROM bank.payment_in").await, 1);
    assert_eq!(a.number("SELECT count(*) FROM bank.sealed_again").await, 0);
    assert!(ann.receipt(&a, order).await.is_some());
    // In the end the keys are wiped.
    a.clock.advance(8 * 24 * 60 * 60);
    exchange(&a, &b).await;
    let kept = "SELECT count(*) FROM bank.peer_session WHERE keys IS NOT NULL";
    assert!(a.number(kept).await <= 2);
    let wiped = "SELECT count(*) FROM bank.peer_session WHERE keys IS NULL";
    assert!(a.number(wiped).await > 0);
    assert_quiet(&a).await;
    assert_quiet(&b).await;
}

async fn newest_session(bank: &TestBank) -> Vec<u8> {
    sqlx::query_scalar("SELECT id FROM bank.peer_session ORDER BY opened_at DESC, id LIMIT 1")
        .fetch_one(&mut bank.owner().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_session_that_is_used_up_is_not_sealed_in() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    let sessions = "SELECT count(*) FROM bank.peer_session";
    let before = a.number(sessions).await;
    let mut core = a.owner().await;
    sqlx::query("UPDATE bank.peer_session SET sent = $1")
        .bind(PEER_SESSION_ENVELOPES_MAX / 10 * 9)
        .execute(&mut core)
        .await
        .unwrap();
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    assert!(matches!(newest(&a, &b).await, Recipient::Key(_)));
    assert_eq!(a.number(sessions).await, before + 1);
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, order).await.unwrap().body.outcome
    ));
    // Whoever receives keeps count as well.
    sqlx::query("UPDATE bank.peer_session SET received = used_max")
        .execute(&mut core)
        .await
        .unwrap();
    let order = ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    exchange(&a, &b).await;
    assert!(is_booked(
        &ann.receipt(&a, order).await.unwrap().body.outcome
    ));
    assert_eq!(b.number("SELECT count(*) FROM bank.sealed_again").await, 1);
    assert_quiet(&a).await;
}

/// Brisa, in the hands of somebody who writes what he likes.
struct Hostile<'a> {
    to: &'a TestBank,
    position: Position,
}

impl Hostile<'_> {
    async fn at<'a>(from: &TestBank, to: &'a TestBank) -> Hostile<'a> {
        let mut core = to.owner().await;
        let row = sqlx::query(
            "SELECT last_seq, last_hash FROM bank.link WHERE direction = 'in' AND party = $1",
        )
        .bind(Party::Bank(from.bic.clone()).lower())
        .fetch_one(&mut core)
        .await
        .unwrap();
        let seq = u64::try_from(row.get::<i64, _>(0)).unwrap();
        let hash = ChainHash::from_slice(&row.get::<Vec<u8>, _>(1)).unwrap();
        Hostile {
            to,
            position: Position {
                epoch: 1,
                seq,
                hash,
            },
        }
    }

    async fn put(&mut self, from: &TestBank, jwe: &Jwe) {
        let body = jwe.as_str().as_bytes().to_vec();
        let (item, next) = self.position.append("envelope", body).unwrap();
        self.position = next;
        let mut gateway = self.to.gateway(from).connect().await.unwrap();
        insert_item(&mut gateway, &item).await;
    }

    /// A message of the bank's own processor.
    fn say<B: Body>(&self, body: B) -> Jws {
        let signing = &material().processors[0].signing;
        let now = self.to.clock.now();
        let payload = Payload {
            iss: signing.thumbprint().to_string(),
            aud: self.to.bic.to_string(),
            jti: crate::device::message_id(),
            iat: now,
            exp: now + 900,
            re: None,
            body,
        };
        envelope::sign(&*rsa(), signing, &payload, &mut *SystemEntropy.rng()).unwrap()
    }
}

#[tokio::test]
async fn a_session_is_bound_to_its_bank() {
    let (a, b) = TestBank::two().await;
    let mut ann = Device::enrolled(&a, 0, 100_00).await;
    ann.open_session(&a).await;
    let mut hostile = Hostile::at(&b, &a).await;
    let keys: [[u8; 32]; 2] = [random(), random()];
    let text = |key: [u8; 32]| SessionKey::from_bytes(key).to_base64url().to_string();
    let id = SessionId::new(random());
    let open = || SessionOpen {
        session: id,
        key_to_bank: text(keys[0]),
        key_to_device: text(keys[1]),
    };
    let key = SessionKey::from_bytes(keys[0]);
    let mut rng = SystemEntropy.rng();
    let to_key = |jws: &Jws| seal_to_key(&*rsa(), &bank_key(&a), jws, &mut *SystemEntropy.rng());
    let opening = to_key(&hostile.say(open())).unwrap();
    // The id a second time; an opening inside of a session; a customer's signature in the session.
    let twice = to_key(&hostile.say(open())).unwrap();
    let mut inner = open();
    inner.session = SessionId::new(random());
    let inside = seal_to_session(id, &key, &hostile.say(inner), &mut *rng).unwrap();
    let order = ann.sign(&ann.payload(&a, OverviewAsk {}));
    let foreign = seal_to_session(id, &key, &order, &mut *rng).unwrap();
    // A customer's session, and one that nobody has opened.
    let (session, to_bank, _) = ann.session.as_ref().unwrap();
    let borrowed = seal_to_session(*session, to_bank, &order, &mut *rng).unwrap();
    let unknown = SessionId::new(random());
    let unknown = seal_to_session(unknown, &key, &order, &mut *rng).unwrap();
    drop(rng);
    hostile.put(&b, &opening).await;
    a.settle().await;
    for jwe in [twice, inside, foreign, borrowed, unknown] {
        hostile.put(&b, &jwe).await;
    }
    a.settle().await;
    assert_eq!(a.quarantined().await, ["frame", "frame", "unknown-key"]);
    let stored = "SELECT count(*) FROM bank.peer_session WHERE NOT ours AND peer = 'BRISDEMM'
         AND received = 2";
    assert_eq!(a.number(stored).await, 1);
    let asked = "SELECT count(*) FROM bank.inbox WHERE kind = 'items-seal-again'";
    carry(&a, &b).await;
    b.settle().await;
    // Asked for, though B has never sent any of it: nothing comes of it.
    assert_eq!(b.number(asked).await, 2);
    assert_eq!(b.number("SELECT count(*) FROM bank.sealed_again").await, 0);
    assert_eq!(b.quarantined().await, Vec::<String>::new());
}
