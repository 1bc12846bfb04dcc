//! Items and acknowledgements flow both ways.

use super::pair::{in_step, pair, to_brisa};
use crate::link::acknowledgement::{Progress, Sent, acknowledge, judge};
use crate::link::chain::Position;
use crate::testing::*;
use std::time::Duration;

#[tokio::test]
async fn items_and_acknowledgements_flow_both_ways() {
    let (mut a, mut b) = pair().await;
    let there = to_brisa(250);
    let back = items(&brisa(), &halden(), 3);
    a.gateway.append(&there).await.unwrap();
    b.gateway.append(&back).await.unwrap();
    let (at_b, at_a) = tokio::join!(b.take(250), a.take(3));
    assert!(at_b.iter().eq(there.iter().map(|item| &item.body)));
    assert!(at_a.iter().eq(back.iter().map(|item| &item.body)));
    // Sending again what is stored changes nothing and wakes nobody.
    a.gateway.append(&there).await.unwrap();
    // Brisa's word comes back. (Signing and verifying it is the core's business.)
    let bic = b.ends.own().bic().unwrap().clone();
    let ack = acknowledge(&b.ends, &bic, &b.taken, &[]);
    b.gateway
        .append_ack(&serde_json::to_string(&ack).unwrap(), &b.taken)
        .await
        .unwrap();
    let mut intake = a.gateway.listen().await.unwrap();
    let claim = loop {
        match a.gateway.claim(10).await.unwrap() {
            Some(claim) => break claim,
            None => intake.wait(Duration::from_secs(30)).await.unwrap(),
        }
    };
    let ack = serde_json::from_str(&claim.acks()[0].body).unwrap();
    let last = there.last().unwrap();
    let last = Position {
        epoch: 1,
        seq: last.seq,
        hash: last.hash,
    };
    let sent = Sent {
        last,
        acknowledged: 0,
    };
    let hash_at = |seq: u64| Some(there[usize::try_from(seq).unwrap() - 1].hash);
    assert_eq!(
        judge(&a.ends, &sent, &ack, hash_at),
        Ok(Progress::Committed { seq: 250 })
    );
    let ids: Vec<_> = claim.acks().iter().map(|ack| ack.id).collect();
    claim.done(&[], &ids).await.unwrap();
    assert_eq!(a.gateway.backlog().await.unwrap().count, 0);
    // A newer one makes it useless, at each end by itself: removing does not travel.
    let again = serde_json::to_string(&acknowledge(&b.ends, &bic, &b.taken, &[250])).unwrap();
    b.gateway.append_ack(&again, &b.taken).await.unwrap();
    assert_eq!(b.gateway.prune_acks(10).await.unwrap(), 1);
    let claim = loop {
        match a.gateway.claim(10).await.unwrap() {
            Some(claim) => break claim,
            None => intake.wait(Duration::from_secs(30)).await.unwrap(),
        }
    };
    let ids: Vec<_> = claim.acks().iter().map(|ack| ack.id).collect();
    assert_eq!(claim.acks()[0].body, again);
    assert_eq!(a.gateway.prune_acks(10).await.unwrap(), 0);
    claim.done(&[], &ids).await.unwrap();
    assert_eq!(a.gateway.prune_acks(10).await.unwrap(), 1);
    for end in [&a, &b] {
        assert_eq!(end.reasons().await, [""; 0]);
        assert_eq!(end.health().await.apply_errors, 0);
        assert!(!end.health().await.slot_is_lost());
    }
}

#[tokio::test]
async fn a_party_may_move() {
    let (a, mut b) = pair().await;
    a.gateway.append(&to_brisa(1)).await.unwrap();
    b.take(1).await;
    b.conninfo.push_str(" connect_timeout=10");
    b.subscribe().await;
    a.gateway.append(&to_brisa(2)).await.unwrap();
    b.take(2).await;
    in_step(&a, &b).await;
}
