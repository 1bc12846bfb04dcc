//! What roles may not do, and what the tables refuse to everybody.

use crate::{
    device::Device,
    harness::{TestBank, exchange, in_role, rsa},
};
use bank::Clock as _;
use sqlx::{AssertSqlSafe, ConnectOptions, PgConnection};

const FOR_EVER: [&str; 22] = [
    "operator_removal",
    "parameter_record",
    "institution",
    "certificate",
    "key_set",
    "wrapped_key",
    "inbox",
    "customer_order",
    "receipt",
    "answer",
    "quarantine",
    "fault",
    "posting",
    "entry",
    "payment_in",
    "link_item",
    "sealed_again",
    "unreadable",
    "alarm",
    "device_order",
    "join_blocked",
    "register_entry",
];

async fn code(connection: &mut PgConnection, sql: &str) -> Option<String> {
    let done = sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await;
    let error = done.err()?;
    Some(error.as_database_error()?.code()?.into_owned())
}

#[tokio::test]
async fn nobody_changes_what_is_for_ever() {
    let (a, b) = TestBank::two().await;
    let ann = Device::enrolled(&a, 0, 100_00).await;
    let bo = Device::enrolled(&b, 1, 0).await;
    ann.say(&a, ann.order(&bo.iban, 1_00)).await;
    exchange(&a, &b).await;
    let refused = Some("42501".to_owned());
    for table in FOR_EVER {
        for role in ["postgres", "processor", "registrar"] {
            let mut connection = in_role(&b.core, role).connect().await.unwrap();
            for sql in [
                format!("DELETE FROM bank.{table}"),
                format!("TRUNCATE bank.{table}"),
            ] {
                assert_eq!(code(&mut connection, &sql).await, refused, "{role}: {sql}");
            }
            let column: String = sqlx::query_scalar(
                "SELECT attname::text FROM pg_attribute WHERE attrelid = ('bank.' || $1)::regclass
                 AND attnum > 0 ORDER BY attnum DESC LIMIT 1",
            )
            .bind(table)
            .fetch_one(&mut connection)
            .await
            .unwrap();
            let sql = format!("UPDATE bank.{table} SET {column} = {column}");
            assert_eq!(code(&mut connection, &sql).await, refused, "{role}: {sql}");
        }
    }
}

#[tokio::test]
async fn roles_may_do_what_they_are_for() {
    let bank = TestBank::halden().await;
    Device::enrolled(&bank, 0, 100_00).await;
    let refused = Some("42501".to_owned());
    let mut processor = in_role(&bank.core, "processor").connect().await.unwrap();
    for sql in [
        "UPDATE bank.account SET floor = -1000000",
        "UPDATE bank.account SET iban = NULL",
        "INSERT INTO bank.account (kind, label, currency, at) VALUES ('vault', 'x', 'EUR', 0)",
        "INSERT INTO bank.customer (name, opened_at) VALUES ('x', 0)",
        "UPDATE bank.peer SET settlement_cap = 1",
        "INSERT INTO bank.peer VALUES ('X', 'X', 'X', 1, '', 1, 'active', 0)",
        "INSERT INTO bank.slip (locator, key, customer, valid_until, at) VALUES ('', '', 1, 0, 0)",
        "UPDATE bank.slip SET key = ''",
        "UPDATE bank.device SET signing_key = ''",
        "UPDATE bank.processor SET status = 'removed'",
        "DELETE FROM bank.hold",
        "DELETE FROM bank.account",
        "DELETE FROM bank.session",
        "DELETE FROM bank.peer_session",
        "UPDATE bank.peer_session SET peer = 'X'",
        "UPDATE bank.revocation SET jws = ''",
        "DELETE FROM bank.device",
        "UPDATE bank.device SET customer = 1",
        "INSERT INTO bank.to_tell (at) VALUES (0)",
        "CREATE TABLE bank.mine (x int)",
        "DROP TABLE bank.entry",
        "ALTER TABLE bank.entry DISABLE TRIGGER ALL",
    ] {
        assert_eq!(code(&mut processor, sql).await, refused, "processor: {sql}");
    }
    let mut registrar = in_role(&bank.core, "registrar").connect().await.unwrap();
    for sql in [
        "SELECT * FROM bank.account",
        "SELECT * FROM bank.customer",
        "SELECT * FROM bank.customer_order",
        "SELECT * FROM bank.slip",
        "SELECT * FROM bank.wrapped_key",
        "SELECT * FROM bank.session",
        "SELECT * FROM bank.peer_session",
        "INSERT INTO bank.certificate_request (subject, kind, name, signing_key, encryption_key, at)
         VALUES ('', 'device', '', '', '', 0)",
        "UPDATE bank.certificate_request SET signing_key = ''",
        "UPDATE bank.device SET status = 'active'",
        "SELECT * FROM bank.join_request",
        "INSERT INTO bank.posting VALUES (1)",
    ] {
        assert_eq!(code(&mut registrar, sql).await, refused, "registrar: {sql}");
    }
}

#[tokio::test]
async fn the_tables_judge_a_second_time() {
    let bank = TestBank::halden().await;
    Device::enrolled(&bank, 0, 100_00).await;
    let mut owner = bank.owner().await;
    let posting =
        "INSERT INTO bank.posting (id, kind, debtor_name, creditor_name, remittance, amount,
        currency, at) VALUES (900, 'payment', 'a', 'b', '', 5, 'EUR', 0);";
    let broken = Some("23514".to_owned());
    for entries in [
        // Does not sum to zero.
        "(2, 2, 900, -5, 9995), (1, 2, 900, 4, -9996)",
        // Not dense.
        "(2, 3, 900, -5, 9995), (1, 2, 900, 5, -9995)",
        // A wrong balance.
        "(2, 2, 900, -5, 9994), (1, 2, 900, 5, -9995)",
        // No such account.
        "(77, 1, 900, -5, -5), (1, 2, 900, 5, -9995)",
    ] {
        let sql = format!(
            "{posting} INSERT INTO bank.entry (account, n, posting, amount, balance_after)
             VALUES {entries}"
        );
        assert_eq!(code(&mut owner, &sql).await, broken, "{entries}");
    }
    // Entries of an old posting.
    let late = "INSERT INTO bank.entry (account, n, posting, amount, balance_after)
        SELECT 2, 2, min(id), -5, 9995 FROM bank.posting
        UNION ALL SELECT 1, 2, min(id), 5, -9995 FROM bank.posting";
    assert_eq!(code(&mut owner, late).await, broken);
    for account in [
        "booked = booked + 1",
        "held = booked + 1",
        "held = -1",
        "entries = entries + 1",
    ] {
        let sql = format!("UPDATE bank.account SET {account} WHERE kind = 'customer'");
        assert_eq!(code(&mut owner, &sql).await, broken, "{account}");
    }
    // What slips past all of it is found by the audit.
    let sql = "UPDATE bank.account SET held = 1 WHERE kind = 'customer'";
    assert_eq!(code(&mut owner, sql).await, None);
    let audit = bank::operator::audit(&mut owner, &*rsa(), bank.clock.now())
        .await
        .unwrap();
    assert!(!audit.is_right());
    assert_eq!(audit.findings[0].0, "held is not the sum of the open holds");
    let status = bank::operator::status(&mut owner).await.unwrap();
    assert!(status.figures.contains(&("customers".to_owned(), 1)));
}

#[tokio::test]
async fn the_tables_judge_devices_a_second_time() {
    let bank = TestBank::halden().await;
    let ann = Device::enrolled(&bank, 0, 0).await;
    let bo = Device::enrolled(&bank, 1, 0).await;
    let mut owner = bank.owner().await;
    let [ann, bo] = [ann.id(), bo.id()].map(|id| {
        format!(
            "'\\x{}'::bytea",
            data_encoding::HEXLOWER.encode(id.as_bytes())
        )
    });
    let insert = |slip: &str, by: &str, predecessor: &str| {
        format!(
            "INSERT INTO bank.device (id, customer, name, signing_key, encryption_key, slip, request,
             status, enrolled_by, predecessor, requested_at)
             SELECT sha256(id), customer, 'x', '', '', {slip}, '', 'requested', '{by}', {predecessor}, 0
             FROM bank.device WHERE id = {ann}"
        )
    };
    let (broken, key) = (Some("23514".to_owned()), Some("23503".to_owned()));
    for (sql, expected) in [
        (insert("NULL", "slip", "NULL"), &broken),
        (insert("slip", "device", "NULL"), &broken),
        (insert("NULL", "rotation", "NULL"), &broken),
        (insert("NULL", "letter", &ann), &broken),
        // Nobody takes the place of another customer's device.
        (insert("NULL", "rotation", &bo), &key),
        (
            format!("UPDATE bank.device SET status = 'suspended' WHERE id = {ann}"),
            &broken,
        ),
        (
            format!("UPDATE bank.device SET suspended_at = 1 WHERE id = {ann}"),
            &broken,
        ),
        (
            format!("UPDATE bank.device SET status = 'revoked' WHERE id = {ann}"),
            &broken,
        ),
        (
            format!("UPDATE bank.device SET status = 'replaced' WHERE id = {ann}"),
            &broken,
        ),
        (
            format!("UPDATE bank.device SET rights = 'all' WHERE id = {ann}"),
            &broken,
        ),
        (
            format!("UPDATE bank.device SET last_used_at = 1 WHERE id = {ann}"),
            &broken,
        ),
    ] {
        assert_eq!(code(&mut owner, &sql).await, *expected, "{sql}");
    }
    assert_eq!(
        code(&mut owner, &insert("NULL", "rotation", &ann)).await,
        None
    );
    let revoked = "UPDATE bank.device SET status = 'revoked', revoked_at = 1";
    assert_eq!(code(&mut owner, revoked).await, None);
    for status in ["requested", "enrolled", "active", "suspended", "replaced"] {
        let sql = format!("UPDATE bank.device SET status = '{status}', revoked_at = NULL");
        assert_eq!(code(&mut owner, &sql).await, broken, "{sql}");
    }
}
