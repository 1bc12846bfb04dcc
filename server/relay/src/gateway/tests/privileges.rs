//! Each role of a gateway tries what it must not do.

use crate::holder::Group;
use crate::testing::*;

/// What a role may do with tables and functions of the node, but for those that every role can see.
async fn reach(store: &Store, role: &str) -> Vec<String> {
    let sql = "SELECT relname || ':' || p FROM pg_class, \
               unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p \
               WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, \
                 'information_schema'::regnamespace, 'pg_toast'::regnamespace) \
               AND relkind IN ('r', 'v', 'p', 'm', 'f') AND has_table_privilege($1, oid, p) \
               UNION ALL SELECT proname || '()' FROM pg_proc \
               WHERE pronamespace = 'link'::regnamespace \
               AND has_function_privilege($1, oid, 'EXECUTE') ORDER BY 1";
    let mut superuser = store.superuser().await;
    sqlx::query_scalar(sql)
        .bind(role)
        .fetch_all(&mut superuser)
        .await
        .unwrap()
}

#[tokio::test]
async fn what_each_role_may_do_is_a_short_list() {
    let store = gateway().await;
    let peer = ["ack_from_halddeff:SELECT", "from_halddeff:SELECT"];
    assert_eq!(reach(&store, "peer_brisdemm").await, peer);
    let subscriber = [
        "ack_from_brisdemm:INSERT",
        "ack_from_brisdemm:SELECT",
        "from_brisdemm:INSERT",
        "from_brisdemm:SELECT",
    ];
    assert_eq!(reach(&store, "subscriber").await, subscriber);
    let processor = [
        "ack_inbound:SELECT",
        "ack_outbound:SELECT",
        "alarm:SELECT",
        "append()",
        "append_ack()",
        "append_ack()",
        "inbound:SELECT",
        "outbound:SELECT",
        "prune_acks()",
        "raise_alarm()",
        "turn:SELECT",
        "turn:UPDATE",
        "waiting:DELETE",
        "waiting:SELECT",
        "waiting_ack:DELETE",
        "waiting_ack:SELECT",
    ];
    let mut reached = reach(&store, "processor").await;
    reached.sort_unstable();
    assert_eq!(reached, processor);
}

#[tokio::test]
async fn a_processor_changes_nothing_that_was_said() {
    let store = gateway().await;
    let gateway = store.gateway().await;
    gateway
        .append(&items(&halden(), &brisa(), 1))
        .await
        .unwrap();
    let processor = store.login(Group::Processor).await;
    for statement in [
        "UPDATE link.outbound SET kind = 'x'",
        "DELETE FROM link.outbound",
        "DELETE FROM link.inbound",
        "DELETE FROM link.from_halddeff",
        "TRUNCATE link.from_halddeff",
        "INSERT INTO link.from_brisdemm SELECT * FROM link.from_halddeff",
        "INSERT INTO link.inbound SELECT * FROM link.outbound",
        "DELETE FROM link.ack_outbound",
        "DELETE FROM link.alarm",
        "INSERT INTO link.waiting (epoch, seq) VALUES (1, 1)",
        "DELETE FROM link.turn",
        "SELECT subconninfo FROM pg_subscription",
        "SET ROLE subscriber",
        "SET ROLE relay_owner",
        "SELECT pg_drop_replication_slot('to_brisdemm')",
        "CREATE TABLE link.mine (n int)",
    ] {
        let refused = attempt(&processor, statement).await;
        assert_eq!(refused, Err(NOT_PERMITTED.to_owned()), "{statement}");
    }
}

#[tokio::test]
async fn nobody_changes_what_was_said_and_the_subscription_only_adds() {
    let store = gateway().await;
    store
        .gateway()
        .await
        .append(&items(&halden(), &brisa(), 1))
        .await
        .unwrap();
    let mut superuser = store.superuser().await;
    let mut subscriber = store.superuser().await;
    attempt(&mut subscriber, "SET ROLE subscriber")
        .await
        .unwrap();
    for item in items(&brisa(), &halden(), 1) {
        insert(&mut subscriber, "link.from_brisdemm", &item)
            .await
            .unwrap();
    }
    let ack = "INSERT INTO link.ack_from_brisdemm (id, body) VALUES (sha256('a'), 'a')";
    attempt(&mut subscriber, ack).await.unwrap();
    let up_to = crate::link::chain::Position::start(&brisa(), &halden(), 1);
    let gateway = store.gateway().await;
    gateway.append_ack("out", &up_to).await.unwrap();
    for table in [
        "from_halddeff",
        "from_brisdemm",
        "ack_from_halddeff",
        "ack_from_brisdemm",
    ] {
        for statement in [
            format!("UPDATE link.{table} SET at = now()"),
            format!("DELETE FROM link.{table}"),
            format!("TRUNCATE link.{table}"),
        ] {
            let refused = attempt(&mut subscriber, &statement).await;
            assert_eq!(refused, Err(NOT_PERMITTED.to_owned()), "{statement}");
            let refused = attempt(&mut superuser, &statement).await;
            assert_eq!(refused, Err(IMMUTABLE.to_owned()), "{statement}");
        }
    }
    for statement in [
        "SELECT * FROM link.from_halddeff",
        "SELECT * FROM link.alarm",
        "SELECT * FROM link.waiting",
        "INSERT INTO link.from_halddeff SELECT * FROM link.from_brisdemm",
        "SELECT link.append('{}', '{}', '{}', '{}', '{}', '{}')",
        "SELECT link.raise_alarm('x', 'y', 1, 1, NULL)",
        "CREATE SCHEMA mine",
    ] {
        let refused = attempt(&mut subscriber, statement).await;
        assert_eq!(refused, Err(NOT_PERMITTED.to_owned()), "{statement}");
    }
}
