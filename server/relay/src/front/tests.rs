use super::*;
use crate::edge_store::{MailKey, Woken};
use crate::testing::*;
use crate::{Refused, holder::Group};
use std::time::Duration;

mod mailboxes;
mod privileges;

const SOON: Duration = Duration::from_secs(20);

#[tokio::test]
async fn an_envelope_is_stored_once_and_waits_once() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let mut intake = front.listen().await.unwrap();
    let first = edge.store_envelope("one").await.unwrap();
    intake.wait(SOON).await.unwrap();
    let ids = edge
        .store_envelopes(&["two", "one", "two", "three"])
        .await
        .unwrap();
    assert_eq!(ids[1], first);
    assert_eq!(ids[0], ids[2]);
    assert_eq!(edge.store_envelope("one").await.unwrap(), first);
    assert_eq!(front.backlog().await.unwrap().count, 3);
    let claim = front.claim(10).await.unwrap();
    let mut bodies: Vec<&str> = claim
        .items()
        .iter()
        .map(|item| item.body.as_str())
        .collect();
    assert_eq!(bodies.remove(0), "one");
    bodies.sort_unstable();
    assert_eq!(bodies, ["three", "two"]);
    claim.all_done().await.unwrap();
    // What is finished does not wait again.
    edge.store_envelope("one").await.unwrap();
    assert!(front.claim(10).await.unwrap().is_empty());
}

#[tokio::test]
async fn what_is_empty_or_too_large_is_refused_by_the_front_itself() {
    let store = front().await;
    let edge = store.edge().await;
    for body in [String::new(), "x".repeat(65_537)] {
        let refused = edge
            .store_envelopes(&["good", &body])
            .await
            .unwrap_err()
            .refused();
        assert_eq!(refused, Some(Refused::Malformed));
        let pool = store.login(Group::Edge).await;
        let sql = "SELECT front.store_envelopes($1)";
        let error = sqlx::query(sql)
            .bind(vec![body])
            .execute(&pool)
            .await
            .unwrap_err();
        assert_eq!(RelayError::from(error).refused(), Some(Refused::Malformed));
    }
    edge.store_envelope(&"x".repeat(65_536)).await.unwrap();
}

#[tokio::test]
async fn two_processors_never_hold_the_same_envelope() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    edge.store_envelopes(&["a", "b", "c", "d"]).await.unwrap();
    let mine = front.claim(2).await.unwrap();
    let yours = front.claim(10).await.unwrap();
    assert_eq!((mine.items().len(), yours.items().len()), (2, 2));
    assert!(
        mine.items()
            .iter()
            .all(|item| !yours.items().contains(item))
    );
    assert!(front.claim(10).await.unwrap().is_empty());
    // One of mine is done, the other is free again; yours are given back by dropping them.
    let (done, left) = (mine.items()[0].id, mine.items()[1].clone());
    mine.done(&[done]).await.unwrap();
    let next = front.claim(10).await.unwrap();
    assert_eq!(next.items(), [left]);
    next.release().await.unwrap();
    drop(yours);
    until("the dropped claim is free", || async {
        front.claim(10).await.unwrap().items().len() == 3
    })
    .await;
}

#[tokio::test]
async fn mail_is_numbered_without_gaps_however_many_publish_at_once() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let devices: Vec<_> = (1..=4).map(device).collect();
    let publisher = |name: usize| {
        let (front, devices) = (front.clone(), devices.clone());
        async move {
            for round in 0..25 {
                // Each in another order: only sorted locks keep them from waiting in a circle.
                let letters: Vec<_> = (0..4)
                    .map(|k| (k + name + round) % 4)
                    .map(|k| letter(&devices[k], &format!("{name} {round} {k}")))
                    .collect();
                assert_eq!(front.publish(&letters).await.unwrap(), 4);
            }
        }
    };
    let publishing = [0, 1, 2, 3].map(|name| tokio::spawn(publisher(name)));
    // A reader who goes on after the last number he has seen gets everything, in order.
    let session = open(&edge, &devices[0]).await.unwrap();
    let mut seen = Vec::new();
    while seen.len() < 100 {
        let after = seen.last().copied().unwrap_or(0);
        let mail = edge
            .read_mailbox(&session, &devices[0], after, 7)
            .await
            .unwrap();
        assert!(mail.messages.len() <= 7);
        seen.extend(mail.messages.iter().map(|letter| letter.n));
    }
    assert_eq!(seen, (1..=100).collect::<Vec<_>>());
    for publisher in publishing {
        publisher.await.unwrap();
    }
    let whole = edge
        .read_mailbox(&session, &devices[0], 0, 200)
        .await
        .unwrap();
    assert_eq!((whole.messages.len(), whole.more), (100, false));
    assert!(
        edge.read_mailbox(&session, &devices[0], 0, 99)
            .await
            .unwrap()
            .more
    );
}

#[tokio::test]
async fn publishing_again_changes_nothing() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let (one, two) = (letter(&device(1), "one"), letter(&device(1), "two"));
    assert_eq!(front.publish(&[]).await.unwrap(), 0);
    assert_eq!(front.publish(&[one.clone(), one.clone()]).await.unwrap(), 1);
    assert_eq!(front.publish(&[two, one.clone()]).await.unwrap(), 1);
    let session = open(&edge, &device(1)).await.unwrap();
    let mail = edge
        .read_mailbox(&session, &device(1), 0, 10)
        .await
        .unwrap();
    let texts: Vec<_> = mail
        .messages
        .iter()
        .map(|m| (m.n, m.envelope.as_str()))
        .collect();
    assert_eq!(texts, [(1, "one"), (2, "two")]);
    let elsewhere = OutEnvelope {
        mailbox: device(2),
        ..one.clone()
    };
    let otherwise = OutEnvelope {
        body: "uno".to_owned(),
        ..one
    };
    for wrong in [elsewhere, otherwise] {
        let fresh = letter(&device(1), "three");
        let refused = front.publish(&[fresh, wrong]).await.unwrap_err().refused();
        assert_eq!(refused, Some(Refused::Different));
    }
    // All or none.
    assert_eq!(
        edge.read_mailbox(&session, &device(1), 2, 10)
            .await
            .unwrap()
            .messages,
        []
    );
}

#[tokio::test]
async fn new_mail_wakes_whoever_knows_the_mailbox() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let mut mail = edge.listen().await.unwrap();
    front.publish(&[letter(&device(7), "hello")]).await.unwrap();
    assert_eq!(
        mail.next().await.unwrap(),
        Woken::Mailbox(MailKey::of(&device(7)))
    );
    front.revoke_device(&device(8)).await.unwrap();
    assert_eq!(
        mail.next().await.unwrap(),
        Woken::Mailbox(MailKey::of(&device(8)))
    );
}

#[tokio::test]
async fn documents_are_served_as_published() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let key = device(3);
    assert!(edge.certificate(&key).await.unwrap().is_none());
    assert!(edge.bank_info(5).await.unwrap().is_none());
    front
        .publish_certificate(&key, &[vec![1], vec![2, 3]])
        .await
        .unwrap();
    front
        .publish_certificate(&key, &[vec![4], vec![2, 3]])
        .await
        .unwrap();
    let chain = edge.certificate(&key).await.unwrap().unwrap();
    assert_eq!(chain.certificates, ["BA==", "AgM="]);
    let info = message::api::BankInfo {
        bank: message::Bic::parse("HALDDEFF").unwrap(),
        name: "Halden Bank".to_owned(),
        root: "root".to_owned(),
        certificates: vec!["ca".to_owned()],
        key_set: "put in by the reader".to_owned(),
        edges: vec!["http://localhost:7101".to_owned()],
        now: 0,
    };
    front.publish_bank_info(&info).await.unwrap();
    assert!(edge.bank_info(5).await.unwrap().is_none());
    front.publish_key_set(2, "second").await.unwrap();
    front.publish_key_set(1, "first").await.unwrap();
    front.publish_key_set(1, "first").await.unwrap();
    let refused = front
        .publish_key_set(2, "another second")
        .await
        .unwrap_err()
        .refused();
    assert_eq!(refused, Some(Refused::Different));
    let served = edge.bank_info(5).await.unwrap().unwrap();
    let expected = message::api::BankInfo {
        key_set: "second".to_owned(),
        now: 5,
        ..info
    };
    assert_eq!(served, expected);
}
