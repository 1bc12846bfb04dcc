use super::*;
use crate::link::{Ends, Party, chain};
use crate::migrate;
use crate::testing::*;
use std::time::Duration;

mod privileges;

/// What comes in from Brisa, as its subscription would write it.
async fn receive(store: &Store, items: &[LinkItem]) {
    let mut subscriber = store.superuser().await;
    attempt(&mut subscriber, "SET ROLE subscriber")
        .await
        .unwrap();
    for item in items {
        insert(&mut subscriber, "link.from_brisdemm", item)
            .await
            .unwrap();
    }
}

async fn reasons(gateway: &Gateway) -> Vec<String> {
    let alarms = gateway.alarms(100).await.unwrap();
    alarms.into_iter().rev().map(|alarm| alarm.reason).collect()
}

#[tokio::test]
async fn items_are_appended_exactly_once_and_exactly_as_given() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    let items = items(&halden(), &brisa(), 5);
    assert_eq!(gateway.append(&[]).await.unwrap(), 0);
    assert_eq!(gateway.append(&items[..3]).await.unwrap(), 3);
    assert_eq!(gateway.append(&items[1..]).await.unwrap(), 2);
    assert_eq!(gateway.append(&items).await.unwrap(), 0);
    assert_eq!(gateway.outbound(1, 0, 10).await.unwrap(), items);
    assert_eq!(gateway.outbound(1, 3, 1).await.unwrap(), items[3..4]);
    assert_eq!(gateway.outbound(2, 0, 10).await.unwrap(), []);
    let other = forged(&items[2], b"other");
    let refused = gateway.append(&[other]).await.unwrap_err().refused();
    assert_eq!(refused, Some(Refused::Different));
}

#[tokio::test]
async fn an_item_that_is_not_sound_is_not_sent() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    let item = &items(&halden(), &brisa(), 1)[0];
    let large = forged(item, &vec![0; 65_537]);
    let empty = forged(item, b"");
    let unhashed = LinkItem {
        body: b"other".to_vec(),
        ..item.clone()
    };
    let unkind = LinkItem {
        kind: "No Kind".to_owned(),
        ..item.clone()
    };
    let beyond = LinkItem {
        seq: u64::MAX,
        ..item.clone()
    };
    for wrong in [large, empty, unhashed, unkind, beyond] {
        let refused = gateway
            .append(&[item.clone(), wrong])
            .await
            .unwrap_err()
            .refused();
        assert_eq!(refused, Some(Refused::Malformed));
    }
    assert_eq!(gateway.outbound(1, 0, 10).await.unwrap(), []);
    gateway
        .append(&[forged(item, &vec![0; 65_536])])
        .await
        .unwrap();
}

#[tokio::test]
async fn items_are_claimed_in_order_by_one_processor_at_a_time() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    let mut intake = gateway.listen().await.unwrap();
    assert!(gateway.claim(10).await.unwrap().is_none());
    let items = items(&brisa(), &halden(), 5);
    // The third is late.
    receive(
        &store,
        &[items[3].clone(), items[1].clone(), items[0].clone()],
    )
    .await;
    intake.wait(Duration::from_secs(20)).await.unwrap();
    let claim = gateway.claim(10).await.unwrap().unwrap();
    assert_eq!(
        claim.items(),
        [items[0].clone(), items[1].clone(), items[3].clone()]
    );
    assert!(gateway.claim(10).await.unwrap().is_none());
    let start = chain::Position::start(&brisa(), &halden(), 1);
    let run = chain::run(&start, claim.items());
    assert_eq!(
        run.stop,
        Some(chain::Stop::Gap {
            expected: 3,
            found: 4
        })
    );
    let finished: Vec<_> = run.next.iter().map(|item| (item.epoch, item.seq)).collect();
    let end = run.end;
    claim.done(&finished, &[]).await.unwrap();
    receive(&store, &items).await;
    let claim = gateway.claim(2).await.unwrap().unwrap();
    assert_eq!(claim.items(), &items[2..4]);
    assert_eq!(chain::run(&end, claim.items()).next.len(), 2);
    claim.release().await.unwrap();
    assert_eq!(gateway.backlog().await.unwrap().count, 3);
    assert_eq!(reasons(&gateway).await, [""; 0]);
}

#[tokio::test]
async fn what_must_not_come_in_is_dropped_with_an_alarm() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    let items = items(&brisa(), &halden(), 2);
    receive(&store, &items).await;
    receive(&store, &items).await;
    assert_eq!(reasons(&gateway).await, [""; 0]);
    let other = forged(&items[0], b"other");
    receive(&store, &[other.clone(), other]).await;
    let unhashed = LinkItem {
        seq: 3,
        body: b"other".to_vec(),
        ..items[1].clone()
    };
    let large = forged(
        &LinkItem {
            seq: 3,
            ..items[1].clone()
        },
        &vec![0; 65_537],
    );
    receive(&store, &[unhashed, large]).await;
    let expected = [
        "other bytes under a known number",
        "wrongly hashed",
        "empty or too large",
    ];
    assert_eq!(reasons(&gateway).await, expected);
    let first = gateway.alarms(100).await.unwrap().pop().unwrap();
    assert_eq!((first.epoch, first.seq), (Some(1), Some(1)));
    assert_eq!(first.source, "from_brisdemm");
    let claim = gateway.claim(10).await.unwrap().unwrap();
    assert_eq!(claim.items(), items);
}

#[tokio::test]
async fn a_flood_of_alarms_stops() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    gateway
        .raise_alarm("processor", "a gap that stays", 1, 7)
        .await
        .unwrap();
    gateway
        .raise_alarm("processor", "a gap that stays", 1, 7)
        .await
        .unwrap();
    assert_eq!(gateway.alarms(10).await.unwrap().len(), 1);
    let flood = "SELECT link.raise_alarm('x', 'y', 1, n, NULL) FROM generate_series(1, 1500) n";
    attempt(&mut store.superuser().await, flood).await.unwrap();
    assert_eq!(gateway.alarms(2000).await.unwrap().len(), 1000);
}

#[tokio::test]
async fn acknowledgements_come_in_order_and_once() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    let up_to = position(1);
    gateway.append_ack("ack out", &up_to).await.unwrap();
    gateway.append_ack("ack out", &up_to).await.unwrap();
    let mut subscriber = store.superuser().await;
    let sent = "SELECT id FROM link.ack_outbound WHERE body = 'ack out'";
    assert_eq!(attempt(&mut subscriber, sent).await, Ok(1));
    attempt(&mut subscriber, "SET ROLE subscriber")
        .await
        .unwrap();
    for (id, body) in [("b", "b"), ("a", "a"), ("b", "b"), ("x", "not x")] {
        let insert = format!(
            "INSERT INTO link.ack_from_brisdemm (id, body) VALUES (sha256('{id}'), '{body}')"
        );
        attempt(&mut subscriber, &insert).await.unwrap();
    }
    let claim = gateway.claim(10).await.unwrap().unwrap();
    let bodies: Vec<_> = claim.acks().iter().map(|ack| ack.body.as_str()).collect();
    assert_eq!(bodies, ["b", "a"]);
    let first = claim.acks()[0].id;
    claim.done(&[], &[first]).await.unwrap();
    let claim = gateway.claim(10).await.unwrap().unwrap();
    assert_eq!((claim.items().len(), claim.acks().len()), (0, 1));
    assert_eq!(reasons(&gateway).await, ["no acknowledgement"]);
}

fn position(seq: u64) -> chain::Position {
    chain::Position {
        seq,
        ..chain::Position::start(&brisa(), &halden(), 1)
    }
}

async fn bodies(store: &Store, view: &str) -> Vec<String> {
    let sql = format!("SELECT body FROM link.{view} ORDER BY at, id");
    sqlx::query_scalar(sqlx::AssertSqlSafe(sql))
        .fetch_all(&mut store.superuser().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_newer_acknowledgement_makes_older_ones_useless() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    // From before positions were known.
    attempt(
        &mut store.superuser().await,
        "SELECT link.append_ack('nowhere')",
    )
    .await
    .unwrap();
    assert_eq!(gateway.prune_acks(100).await.unwrap(), 0);
    for seq in [3, 7, 7, 5, 9] {
        let body = format!("up to {seq}, {}", seq % 2);
        gateway.append_ack(&body, &position(seq)).await.unwrap();
    }
    gateway
        .append_ack("up to 9, again", &position(9))
        .await
        .unwrap();
    // The fifth came after the seventh: it was of no use from the beginning.
    let sent = bodies(&store, "ack_outbound").await;
    assert!(!sent.contains(&"up to 5, 1".to_owned()));
    assert_eq!(sent.len(), 5);
    assert_eq!(gateway.prune_acks(2).await.unwrap(), 2);
    assert_eq!(gateway.prune_acks(100).await.unwrap(), 2);
    assert_eq!(bodies(&store, "ack_outbound").await, ["up to 9, again"]);
    assert_eq!(gateway.prune_acks(100).await.unwrap(), 0);
}

#[tokio::test]
async fn acknowledgements_that_were_taken_go_but_for_the_last() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    let mut subscriber = store.superuser().await;
    attempt(&mut subscriber, "SET ROLE subscriber")
        .await
        .unwrap();
    let insert = "INSERT INTO link.ack_from_brisdemm (id, body) \
                  SELECT sha256(b::bytea), b FROM unnest(ARRAY['z', 'y', 'x', 'w']) b";
    attempt(&mut subscriber, insert).await.unwrap();
    // What waits stays.
    assert_eq!(gateway.prune_acks(100).await.unwrap(), 0);
    let claim = gateway.claim(10).await.unwrap().unwrap();
    let ids: Vec<[u8; 32]> = claim.acks().iter().take(3).map(|ack| ack.id).collect();
    claim.done(&[], &ids).await.unwrap();
    assert_eq!(gateway.prune_acks(100).await.unwrap(), 2);
    assert_eq!(bodies(&store, "ack_inbound").await, ["x", "w"]);
    // The same once more, as after a copy: it waits again, and goes again.
    let again = "INSERT INTO link.ack_from_brisdemm (id, body) VALUES (sha256('z'), 'z')";
    attempt(&mut subscriber, again).await.unwrap();
    let claim = gateway.claim(10).await.unwrap().unwrap();
    let ids: Vec<[u8; 32]> = claim.acks().iter().map(|ack| ack.id).collect();
    claim.done(&[], &ids).await.unwrap();
    assert_eq!(gateway.prune_acks(100).await.unwrap(), 2);
    assert_eq!(bodies(&store, "ack_inbound").await, ["z"]);
}

#[tokio::test]
async fn the_authority_has_gateways_like_everybody() {
    let superuser = node::testing::instance().await.fresh_database().await;
    let ends = Ends::new(Party::Authority, halden()).unwrap();
    migrate::gateway(&superuser, &ends).await.unwrap();
    let gateway = Store {
        superuser: superuser.clone(),
    }
    .gateway()
    .await;
    let items = items(&Party::Authority, &halden(), 2);
    assert_eq!(gateway.append(&items).await.unwrap(), 2);
    // The tables of one link are not those of another.
    let other = Ends::new(Party::Authority, brisa()).unwrap();
    let error = migrate::gateway(&superuser, &other).await.unwrap_err();
    assert!(matches!(error, RelayError::Migration(_)), "{error}");
}
