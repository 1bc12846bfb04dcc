//! Sessions, revocations and what expires.

use crate::Refused;
use crate::front::OutEnvelope;
use crate::testing::*;

#[tokio::test]
async fn a_session_opens_one_mailbox_for_a_while() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let (mine, other) = (device(1), device(2));
    front
        .publish(&[letter(&mine, "mine"), letter(&other, "other")])
        .await
        .unwrap();
    let session = open(&edge, &mine).await.unwrap();
    let read = |session: String, mailbox| {
        let edge = edge.clone();
        async move {
            let mail = edge.read_mailbox(&session, &mailbox, 0, 10).await;
            mail.map_err(|error| error.refused().unwrap())
        }
    };
    assert_eq!(
        read(session.clone(), mine).await.unwrap().messages[0].envelope,
        "mine"
    );
    assert_eq!(
        read(session.clone(), other).await.unwrap_err(),
        Refused::OtherMailbox
    );
    assert_eq!(
        read("guess".to_owned(), mine).await.unwrap_err(),
        Refused::SessionUnknown
    );
    // The hash that the front keeps is not what opens the mailbox.
    let sql = "SELECT encode(hash, 'hex') FROM front.mailbox_session";
    let hash: String = sqlx::query_scalar(sql)
        .fetch_one(&mut store.superuser().await)
        .await
        .unwrap();
    assert_eq!(read(hash, mine).await.unwrap_err(), Refused::SessionUnknown);
    // A challenge is good once, and for a minute.
    let challenge = format!("challenge of {mine}");
    let again = edge
        .open_mailbox(&challenge, "s2", &mine, 600)
        .await
        .unwrap_err();
    assert_eq!(again.refused(), Some(Refused::ChallengeUnknown));
    edge.put_challenge("late").await.unwrap();
    let late = "UPDATE front.challenge SET until = now() - interval '1 second'";
    attempt(&mut store.superuser().await, late).await.unwrap();
    let late = edge
        .open_mailbox("late", "s2", &mine, 600)
        .await
        .unwrap_err();
    assert_eq!(late.refused(), Some(Refused::ChallengeUnknown));
}

#[tokio::test]
async fn no_session_lasts() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let mine = device(1);
    let session = open(&edge, &mine).await.unwrap();
    let refused = async |session: &str| {
        let error = edge.check_session(session, &mine).await.unwrap_err();
        error.refused().unwrap()
    };
    // No session outlives an hour, whatever the edge asks for.
    edge.put_challenge("long").await.unwrap();
    edge.open_mailbox("long", "s3", &mine, 1_000_000)
        .await
        .unwrap();
    let sql = "SELECT max(until) <= now() + interval '1 hour' FROM front.mailbox_session";
    assert!(
        sqlx::query_scalar::<_, bool>(sql)
            .fetch_one(&mut store.superuser().await)
            .await
            .unwrap()
    );
    edge.close_mailbox("s3").await.unwrap();
    assert_eq!(refused("s3").await, Refused::SessionUnknown);
    let over = "UPDATE front.mailbox_session SET until = now() - interval '1 second'";
    attempt(&mut store.superuser().await, over).await.unwrap();
    assert_eq!(refused(&session).await, Refused::SessionUnknown);
    assert!(front.prune(100).await.unwrap() > 0);
    let left = "SELECT count(*) FROM front.mailbox_session";
    let left: i64 = sqlx::query_scalar(left)
        .fetch_one(&mut store.superuser().await)
        .await
        .unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn a_revoked_device_is_shut_out_at_once() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    front.publish(&[letter(&device(1), "mine")]).await.unwrap();
    let session = open(&edge, &device(1)).await.unwrap();
    edge.check_session(&session, &device(1)).await.unwrap();
    front.revoke_device(&device(1)).await.unwrap();
    front.revoke_device(&device(1)).await.unwrap();
    let refused = edge
        .read_mailbox(&session, &device(1), 0, 10)
        .await
        .unwrap_err()
        .refused();
    assert_eq!(refused, Some(Refused::SessionUnknown));
    let refused = open(&edge, &device(1)).await.unwrap_err().refused();
    assert_eq!(refused, Some(Refused::DeviceRevoked));
    // Even a session that slipped in would not open it.
    let slipped = "INSERT INTO front.mailbox_session SELECT sha256('s'), thumbprint, \
                   now() + interval '1 hour' FROM front.device_revoked";
    attempt(&mut store.superuser().await, slipped)
        .await
        .unwrap();
    let refused = edge
        .check_session("s", &device(1))
        .await
        .unwrap_err()
        .refused();
    assert_eq!(refused, Some(Refused::DeviceRevoked));
}

#[tokio::test]
async fn answers_expire_and_receipts_stay() {
    let store = front().await;
    let (edge, front) = (store.edge().await, store.front().await);
    let expiring = |body: &str, at| OutEnvelope {
        expires_at: Some(at),
        ..letter(&device(1), body)
    };
    let letters = [
        letter(&device(1), "receipt"),
        expiring("old answer", 1_000_000_000),
        expiring("new answer", 9_000_000_000),
        expiring("older answer", 900_000_000),
    ];
    assert_eq!(front.publish(&letters).await.unwrap(), 4);
    let session = open(&edge, &device(1)).await.unwrap();
    let read = || async {
        let mail = edge
            .read_mailbox(&session, &device(1), 0, 10)
            .await
            .unwrap();
        mail.messages
            .iter()
            .map(|letter| letter.n)
            .collect::<Vec<_>>()
    };
    assert_eq!(read().await, [1, 3]);
    assert_eq!(front.prune(1).await.unwrap(), 1);
    assert_eq!(front.prune(10).await.unwrap(), 1);
    assert_eq!(front.prune(10).await.unwrap(), 0);
    assert_eq!(read().await, [1, 3]);
    // Numbers are not given twice.
    front
        .publish(&[letter(&device(1), "notice")])
        .await
        .unwrap();
    assert_eq!(read().await, [1, 3, 5]);
}
