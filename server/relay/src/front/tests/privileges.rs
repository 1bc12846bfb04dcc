//! Each role tries what it must not do.

use crate::holder::{self, Group};
use crate::link::provision;
use crate::testing::*;

/// What an edge may call: this and nothing else.
const EDGE: &str = "certificate_of check_session close_mailbox document newest_key_set open_mailbox \
                    put_challenge read_mailbox store_envelopes";

/// What a processor may call.
const PROCESSOR: &str =
    "prune publish publish_certificate publish_document publish_key_set revoke_device";

/// The functions of the schema that a group may call, all tables it may touch, with what it may do.
async fn reach(store: &Store, group: Group) -> (String, Vec<String>) {
    let mut superuser = store.superuser().await;
    let functions = "SELECT coalesce(string_agg(proname, ' ' ORDER BY proname), '') FROM pg_proc \
                     WHERE pronamespace = 'front'::regnamespace \
                     AND has_function_privilege($1, oid, 'EXECUTE')";
    let functions: String = sqlx::query_scalar(functions)
        .bind(group.to_string())
        .fetch_one(&mut superuser)
        .await
        .unwrap();
    let tables = "SELECT relname || ':' || p FROM pg_class, \
                  unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) p \
                  WHERE relnamespace NOT IN ('pg_catalog'::regnamespace, \
                    'information_schema'::regnamespace, 'pg_toast'::regnamespace) \
                  AND relkind IN ('r', 'v', 'p', 'm', 'f') \
                  AND has_table_privilege($1, oid, p) ORDER BY 1";
    let tables = sqlx::query_scalar(tables)
        .bind(group.to_string())
        .fetch_all(&mut superuser)
        .await
        .unwrap();
    (functions, tables)
}

#[tokio::test]
async fn what_each_role_may_do_is_a_short_list() {
    let store = front().await;
    assert_eq!(
        reach(&store, Group::Edge).await,
        (EDGE.to_owned(), Vec::new())
    );
    let (functions, tables) = reach(&store, Group::Processor).await;
    assert_eq!(functions, PROCESSOR);
    let expected = [
        "envelope_in:SELECT",
        "envelope_out:SELECT",
        "waiting:DELETE",
        "waiting:SELECT",
        "waiting:UPDATE",
    ];
    assert_eq!(tables, expected);
}

#[tokio::test]
async fn an_edge_cannot_enumerate_or_read_anything() {
    let store = front().await;
    let front = store.front().await;
    front
        .publish(&[letter(&device(1), "for one")])
        .await
        .unwrap();
    let edge = store.login(Group::Edge).await;
    for table in [
        "front.mailbox",
        "front.envelope_in",
        "front.envelope_out",
        "front.waiting",
        "front.mailbox_session",
        "front.challenge",
        "front.device_revoked",
        "front.certificate",
        "front.key_set",
        "front.bank_document",
        "public._sqlx_migrations",
        "pg_authid",
    ] {
        let read = attempt(&edge, &format!("SELECT * FROM {table}")).await;
        assert_eq!(read, Err(NOT_PERMITTED.to_owned()), "{table}");
        let counted = attempt(&edge, &format!("SELECT count(*) FROM {table}")).await;
        assert_eq!(counted, Err(NOT_PERMITTED.to_owned()), "{table}");
    }
    for statement in [
        "SELECT front.publish('{}', '{}', '{}', '{}')",
        "SELECT front.revoke_device('x')",
        "SELECT front.prune(1)",
        "SELECT front.publish_document('bank', '{}')",
        "SELECT front.let_wait()",
        "SELECT front.mail_key('x')",
        "INSERT INTO front.envelope_in (id, body) VALUES (sha256('x'), 'x')",
        "UPDATE front.envelope_in SET body = 'x'",
        "DELETE FROM front.envelope_out",
        "TRUNCATE front.waiting",
        "CREATE TABLE public.mine (n int)",
        "CREATE TABLE front.mine (n int)",
        "CREATE SCHEMA mine",
        "CREATE TEMP TABLE mine (n int)",
        "SET ROLE processor",
        "SET ROLE relay_owner",
        "SELECT pg_read_file('PG_VERSION')",
        "COPY (SELECT 1) TO PROGRAM 'true'",
    ] {
        let refused = attempt(&edge, statement).await;
        assert_eq!(refused, Err(NOT_PERMITTED.to_owned()), "{statement}");
    }
}

#[tokio::test]
async fn nobody_changes_an_envelope() {
    let store = front().await;
    store.edge().await.store_envelope("in").await.unwrap();
    store
        .front()
        .await
        .publish(&[letter(&device(1), "out")])
        .await
        .unwrap();
    let processor = store.login(Group::Processor).await;
    let mut superuser = store.superuser().await;
    for (statement, lasts) in [
        ("UPDATE front.envelope_in SET body = 'x'", true),
        ("DELETE FROM front.envelope_in", true),
        ("TRUNCATE front.envelope_in", true),
        ("UPDATE front.envelope_out SET n = 5", true),
        ("DELETE FROM front.envelope_out", true),
        ("TRUNCATE front.envelope_out", true),
        (
            "INSERT INTO front.envelope_in (id, body) VALUES (sha256('x'), 'x')",
            false,
        ),
        ("UPDATE front.mailbox SET last_n = 0", false),
        ("DELETE FROM front.device_revoked", false),
        ("SELECT * FROM front.mailbox_session", false),
        ("INSERT INTO front.waiting (id) VALUES (sha256('x'))", false),
        ("SELECT front.store_envelopes('{x}')", false),
        ("SELECT front.read_mailbox('', '', 0, 1)", false),
        ("SET ROLE relay_owner", false),
    ] {
        let refused = attempt(&processor, statement).await;
        assert_eq!(refused, Err(NOT_PERMITTED.to_owned()), "{statement}");
        if lasts {
            let refused = attempt(&mut superuser, statement).await;
            assert_eq!(refused, Err(IMMUTABLE.to_owned()), "{statement}");
        }
    }
    // Also where triggers are off for replication.
    attempt(&mut superuser, "SET session_replication_role = replica")
        .await
        .unwrap();
    let refused = attempt(&mut superuser, "DELETE FROM front.envelope_in").await;
    assert_eq!(refused, Err(IMMUTABLE.to_owned()));
}

#[tokio::test]
async fn who_is_shut_out_stays_out() {
    let store = front().await;
    let edge = store.edge().await;
    edge.store_envelope("in").await.unwrap();
    let role = format!("edge_{}", store.superuser.get_database().unwrap());
    let list = holder::shut_out(&role).unwrap();
    assert!(list.iter().all(|statement| !statement.purpose().is_empty()));
    provision::run(&mut store.superuser().await, &list)
        .await
        .unwrap();
    let error = edge.store_envelope("in").await.unwrap_err();
    assert!(error.refused().is_none(), "{error}");
    for name in ["", "Edge", "edge\"", "1edge", "edge-1"] {
        assert!(holder::welcome(name, Group::Edge).is_err(), "{name}");
        assert!(holder::shut_out(name).is_err(), "{name}");
    }
}
