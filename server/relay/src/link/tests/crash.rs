//! Either side dies in the middle and catches up.

use super::pair::{in_step, pair, to_brisa};
use std::time::Duration;

#[tokio::test]
async fn either_side_may_be_killed() {
    let (a, mut b) = pair().await;
    let good = to_brisa(60);
    a.gateway.append(&good[..10]).await.unwrap();
    b.take(10).await;
    // The receiver dies: the sender goes on.
    let mut intake = b.gateway.listen().await.unwrap();
    b.instance.kill().await.unwrap();
    let error = b.gateway.claim(10).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    let error = intake.wait(Duration::from_secs(30)).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    a.gateway.append(&good[10..30]).await.unwrap();
    b.instance.start().await.unwrap();
    intake.wait(Duration::from_secs(30)).await.unwrap();
    assert_eq!(b.take(30).await.len(), 20);
    // The sender dies: what it has accepted arrives when it is back.
    a.gateway.append(&good[30..50]).await.unwrap();
    a.instance.kill().await.unwrap();
    let error = a.gateway.append(&good[50..]).await.unwrap_err();
    assert!(error.is_unavailable(), "{error}");
    a.instance.start().await.unwrap();
    a.gateway.append(&good[30..]).await.unwrap();
    b.take(60).await;
    in_step(&a, &b).await;
    assert!(b.stored().await.iter().map(|(seq, _)| *seq).eq(1..=60));
    assert_eq!(b.reasons().await, [""; 0]);
}
