//! A slot that was given up is healed without loss.

use super::pair::{in_step, pair, to_brisa};
use crate::link::provision;
use crate::testing::*;

#[tokio::test]
async fn a_lost_slot_heals() {
    let (a, mut b) = pair().await;
    let good = to_brisa(40);
    a.gateway.append(&good[..10]).await.unwrap();
    b.take(10).await;
    // Brisa is away while Halden writes more than the slot may hold back.
    b.instance.stop().await.unwrap();
    a.gateway.append(&good[10..20]).await.unwrap();
    let mut there = a.superuser().await;
    attempt(
        &mut there,
        "ALTER SYSTEM SET max_slot_wal_keep_size = '1MB'",
    )
    .await
    .unwrap();
    attempt(&mut there, "SELECT pg_reload_conf()")
        .await
        .unwrap();
    until("the slot is lost", || async {
        let mut there = a.superuser().await;
        let write = "SELECT pg_logical_emit_message(false, 'x', repeat('x', 4000000))";
        attempt(&mut there, write).await.unwrap();
        attempt(&mut there, "SELECT pg_switch_wal()").await.unwrap();
        attempt(&mut there, "CHECKPOINT").await.unwrap();
        a.health().await.slot_is_lost()
    })
    .await;
    a.gateway.append(&good[20..30]).await.unwrap();
    attempt(&mut there, "ALTER SYSTEM RESET max_slot_wal_keep_size")
        .await
        .unwrap();
    attempt(&mut there, "SELECT pg_reload_conf()")
        .await
        .unwrap();
    b.instance.start().await.unwrap();
    // The healing: the receiver forgets, the sender makes the slot anew, the receiver begins again.
    let mut here = b.superuser().await;
    let list = provision::unsubscribe(&mut here, &b.ends).await.unwrap();
    provision::run(&mut here, &list).await.unwrap();
    let list = provision::unpublish(&mut there, &a.ends).await.unwrap();
    provision::run(&mut there, &list).await.unwrap();
    a.publish().await;
    b.subscribe().await;
    a.gateway.append(&good[30..]).await.unwrap();
    b.take(40).await;
    in_step(&a, &b).await;
    assert!(b.stored().await.iter().map(|(seq, _)| *seq).eq(1..=40));
    assert_eq!(b.reasons().await, [""; 0]);
    // Nothing of the copying is left behind.
    let slots = "SELECT slot_name::text FROM pg_replication_slots";
    let slots: Vec<String> = sqlx::query_scalar(slots)
        .fetch_all(&mut there)
        .await
        .unwrap();
    assert_eq!(slots, ["to_brisdemm"]);
}
