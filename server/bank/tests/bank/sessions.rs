//! Sessions: symmetric keys after one sealed message.

use crate::{
    device::{Device, is_booked, random},
    harness::TestBank,
};
use envelope::{Jwe, Recipient, SessionKey};
use message::{
    Kind, SessionId,
    enquiry::{Overview, OverviewAsk},
    session::{SESSION_SECONDS, SealAgain, SessionOpen},
};
use sqlx::ConnectOptions;

#[tokio::test]
async fn a_session_carries_both_directions_through_every_processor() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    ann.open_session(&bank).await;
    let order = ann.payload(&bank, ann.order(&bo.iban, 20_00));
    let digest = ann.send(&bank, &order).await;
    let second = bank.second().await;
    second.take_front().await.unwrap();
    let receipt = ann.receipt(&bank, digest).await.unwrap();
    assert!(is_booked(&receipt.body.outcome));
    let mut front = bank.front.connect().await.unwrap();
    let newest: String = sqlx::query_scalar(
        "SELECT body FROM front.envelope_out WHERE mailbox = $1 ORDER BY n DESC LIMIT 1",
    )
    .bind(ann.id().to_string())
    .fetch_one(&mut front)
    .await
    .unwrap();
    let recipient = Jwe::parse(&newest).unwrap().recipient();
    assert!(matches!(recipient, Recipient::Session(_)));
    assert_eq!(bank.number("SELECT used FROM bank.session").await, 1);
    // The keys are not in the table as they are.
    let mut core = bank.owner().await;
    let stored: Vec<u8> = sqlx::query_scalar("SELECT keys FROM bank.session")
        .fetch_one(&mut core)
        .await
        .unwrap();
    let (_, key, _) = ann.session.as_ref().unwrap();
    let raw = data_encoding::BASE64URL_NOPAD
        .decode(key.to_base64url().as_bytes())
        .unwrap();
    assert!(!stored.windows(32).any(|part| part == raw));
}

/// One key file at two computers: each is answered in its own session, whichever is newer.
#[tokio::test]
async fn a_device_in_two_places_is_answered_where_it_asks() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    ann.open_session(&bank).await;
    let at_home = ann.session.clone();
    bank.clock.advance(3600);
    ann.open_session(&bank).await;
    let away = ann.session.clone();
    for session in [&at_home, &away, &at_home] {
        bank.clock.advance(60);
        ann.session.clone_from(session);
        // Only this session's letters can be read here.
        let order = ann.payload(&bank, ann.order(&bo.iban, 1_00));
        let digest = ann.send(&bank, &order).await;
        bank.settle().await;
        let receipt = ann.receipt(&bank, digest).await.unwrap();
        assert!(is_booked(&receipt.body.outcome));
        let before = ann.heard::<Overview>(&bank).await.len();
        ann.say(&bank, OverviewAsk {}).await;
        assert_eq!(ann.heard::<Overview>(&bank).await.len(), before + 1);
    }
}

#[tokio::test]
async fn a_session_that_has_ended_is_answered_with_seal_again() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 100_00).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    ann.open_session(&bank).await;
    bank.clock.advance(SESSION_SECONDS + 1);
    let payload = ann.payload(&bank, ann.order(&bo.iban, 20_00));
    let order = ann.send(&bank, &payload).await;
    bank.settle().await;
    let (session, ..) = ann.session.take().unwrap();
    assert_eq!(ann.last::<SealAgain>(&bank).await.body.session, session);
    assert!(ann.receipt(&bank, order).await.is_none());
    // The same bytes, sealed again.
    ann.send(&bank, &payload).await;
    bank.settle().await;
    let jws = ann.sign(&payload);
    assert!(
        ann.mail(&bank)
            .await
            .iter()
            .any(|j| j.kind() == Kind::Receipt)
    );
    assert_eq!(
        bank.number("SELECT count(*) FROM bank.customer_order")
            .await,
        1
    );
    drop(jws);
    bank.assert_right().await;
}

#[tokio::test]
async fn a_session_belongs_to_its_device() {
    let bank = TestBank::halden().await;
    let mut ann = Device::enrolled(&bank, 0, 100_00).await;
    let mut bo = Device::enrolled(&bank, 1, 50_00).await;
    ann.open_session(&bank).await;
    // Bo's signature in Ann's session, and a session that nobody has opened.
    let order = bo.sign(&bo.payload(&bank, bo.order(&ann.iban, 1_00)));
    let envelope = ann.seal(&bank, &order);
    bank.edge.store_envelope(envelope.as_str()).await.unwrap();
    bo.session = Some((
        SessionId::new(random()),
        SessionKey::from_bytes(random()),
        SessionKey::from_bytes(random()),
    ));
    let envelope = bo.seal(&bank, &order);
    bank.edge.store_envelope(envelope.as_str()).await.unwrap();
    // Bo hands over keys under the id of Ann's session.
    bo.session = None;
    let (id, ..) = ann.session.as_ref().unwrap();
    let key = || SessionKey::from_bytes(random()).to_base64url().to_string();
    let open = SessionOpen {
        session: *id,
        key_to_bank: key(),
        key_to_device: key(),
    };
    bo.say(&bank, open).await;
    bank.settle().await;
    assert_eq!(
        bank.quarantined().await,
        ["frame", "other-signer", "unknown-session"]
    );
    assert_eq!(
        bank.number("SELECT count(*) FROM bank.customer_order")
            .await,
        0
    );
}
