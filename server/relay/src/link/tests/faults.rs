//! The other party's superuser does what he likes with his own gateway.

use super::pair::{End, pair, to_brisa};
use crate::link::chain::{self, Stop};
use crate::link::{LinkItem, provision};
use crate::testing::*;

/// What Halden's superuser does when his own triggers are in his way.
async fn tamper(a: &End, statements: &[&str]) {
    let mut superuser = a.superuser().await;
    attempt(
        &mut superuser,
        "ALTER TABLE link.from_halddeff DISABLE TRIGGER ALL",
    )
    .await
    .unwrap();
    for statement in statements {
        attempt(&mut superuser, statement).await.unwrap();
    }
}

#[tokio::test]
async fn forged_rows_are_dropped_and_the_link_goes_on() {
    let (a, mut b) = pair().await;
    let good = to_brisa(8);
    a.gateway.append(&good[..5]).await.unwrap();
    b.take(5).await;
    let before = b.stored().await;
    // Rows that are known are changed, removed, and put back with other bytes.
    tamper(
        &a,
        &[
            "UPDATE link.from_halddeff SET body = 'changed' WHERE seq = 1",
            "DELETE FROM link.from_halddeff WHERE seq IN (2, 3)",
        ],
    )
    .await;
    let mut superuser = a.superuser().await;
    insert(&mut superuser, "link.from_halddeff", &good[1])
        .await
        .unwrap();
    let other = forged(&good[2], b"other");
    insert(&mut superuser, "link.from_halddeff", &other)
        .await
        .unwrap();
    // A row whose hash is wrong, where the next one should be; then the right one after all.
    let wrong = LinkItem {
        body: b"wrong".to_vec(),
        ..good[5].clone()
    };
    insert(&mut superuser, "link.from_halddeff", &wrong)
        .await
        .unwrap();
    tamper(&a, &["DELETE FROM link.from_halddeff WHERE seq = 6"]).await;
    a.gateway.append(&good[5..]).await.unwrap();
    b.take(8).await;
    assert_eq!(b.stored().await[..5], before);
    assert_eq!(b.stored().await.len(), 8);
    assert_eq!(
        b.reasons().await,
        ["other bytes under a known number", "wrongly hashed"]
    );
    assert_eq!(b.health().await.apply_errors, 0);
}

#[tokio::test]
async fn a_gap_shows_and_closes() {
    let (a, mut b) = pair().await;
    let good = to_brisa(6);
    a.gateway.append(&good[..2]).await.unwrap();
    a.gateway.append(&good[4..]).await.unwrap();
    until("all have come", || async {
        b.gateway.backlog().await.unwrap().count == 4
    })
    .await;
    let claim = b.gateway.claim(10).await.unwrap().unwrap();
    let run = chain::run(&b.taken, claim.items());
    assert_eq!(
        (run.end.seq, run.stop),
        (
            2,
            Some(Stop::Gap {
                expected: 3,
                found: 5
            })
        )
    );
    claim.release().await.unwrap();
    a.gateway.append(&good).await.unwrap();
    assert_eq!(b.take(6).await.len(), 6);
    assert_eq!(b.reasons().await, [""; 0]);
}

#[tokio::test]
async fn published_changes_stop_that_link_and_change_nothing() {
    let (a, mut b) = pair().await;
    let good = to_brisa(4);
    a.gateway.append(&good[..2]).await.unwrap();
    b.take(2).await;
    let before = b.stored().await;
    let errors = b.health().await.apply_errors;
    tamper(
        &a,
        &[
            "ALTER PUBLICATION from_halddeff SET (publish = 'insert, update, delete, truncate')",
            "UPDATE link.from_halddeff SET body = 'changed' WHERE seq = 1",
        ],
    )
    .await;
    until("the refusal shows", || async {
        b.health().await.apply_errors > errors
    })
    .await;
    assert_eq!(b.stored().await, before);
    // The operators talk to each other, and the link is made anew.
    let restored = [
        "DROP PUBLICATION from_halddeff",
        "DELETE FROM link.from_halddeff WHERE seq = 1",
    ];
    tamper(&a, &restored).await;
    let mut here = b.superuser().await;
    let list = provision::unsubscribe(&mut here, &b.ends).await.unwrap();
    provision::run(&mut here, &list).await.unwrap();
    assert_eq!(
        provision::unsubscribe(&mut here, &b.ends).await.unwrap(),
        []
    );
    let mut there = a.superuser().await;
    let list = provision::unpublish(&mut there, &a.ends).await.unwrap();
    provision::run(&mut there, &list).await.unwrap();
    a.publish().await;
    b.subscribe().await;
    a.gateway.append(&good).await.unwrap();
    b.take(4).await;
    assert_eq!(b.stored().await[..2], before);
    assert_eq!(b.reasons().await, [""; 0]);
}
