//! Who is let in: by certificate and under the role that it stands for, or not at all.

#![cfg(test)]

mod certificates;

use certificates::Authority;
use node::{Admission, Fault, Instance, Tls, literal};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

fn admission(name: &str, role: &str) -> Admission {
    Admission {
        distinguished_name: name.to_owned(),
        role: role.to_owned(),
        database: "wire".to_owned(),
    }
}

/// A node with database `wire` and role `peer`, its own certificate, and one admitted guest.
async fn guarded(authority: &Authority) -> Instance {
    let instance = node::testing::node("gateway").await;
    let wire = instance.create_database("wire").await.unwrap();
    let mut connection = PgConnection::connect_with(&wire).await.unwrap();
    connection
        .execute("CREATE ROLE peer LOGIN REPLICATION")
        .await
        .unwrap();
    connection.execute("CREATE ROLE other LOGIN").await.unwrap();
    connection
        .execute("CREATE TABLE sent (id int PRIMARY KEY, body text)")
        .await
        .unwrap();
    connection
        .execute("GRANT SELECT ON sent TO peer")
        .await
        .unwrap();
    let server = authority.issue("/O=Bank A/CN=gateway-a");
    instance
        .admit(&server, &[admission("CN=bank-b,O=Bank B", "peer")])
        .await
        .unwrap();
    instance
}

async fn who(options: PgConnectOptions) -> Result<String, sqlx::Error> {
    let mut connection = PgConnection::connect_with(&options).await?;
    sqlx::query_scalar("SELECT current_user::text")
        .fetch_one(&mut connection)
        .await
}

#[tokio::test]
async fn a_certificate_opens_its_own_role_and_nothing_else() {
    let authority = Authority::new("transport of A");
    let instance = guarded(&authority).await;
    let guest = authority.issue("/O=Bank B/CN=bank-b");
    let options =
        |user: &str, database: &str, tls: &Tls| instance.connect_options(user, database, tls);

    assert_eq!(who(options("peer", "wire", &guest)).await.unwrap(), "peer");
    // Another role, another database, the superuser: not with this certificate.
    assert!(who(options("other", "wire", &guest)).await.is_err());
    assert!(who(options("peer", "postgres", &guest)).await.is_err());
    assert!(who(options("postgres", "wire", &guest)).await.is_err());
    // The same common name in another organisation is somebody else.
    let namesake = authority.issue("/O=Bank C/CN=bank-b");
    assert!(who(options("peer", "wire", &namesake)).await.is_err());
    // The right name from another CA; the server is refused as well as the client.
    let stranger = Authority::new("another").issue("/O=Bank B/CN=bank-b");
    assert!(who(options("peer", "wire", &stranger)).await.is_err());
    let forged = Tls {
        ca_pem: guest.ca_pem.clone(),
        ..stranger
    };
    assert!(who(options("peer", "wire", &forged)).await.is_err());
    // No TLS, no certificate.
    let plain = PgConnectOptions::new_without_pgpass()
        .host("localhost")
        .port(instance.port())
        .username("peer")
        .database("wire");
    assert!(who(plain).await.is_err());
}

#[tokio::test]
async fn the_guest_list_changes_while_running_and_lasts() {
    let authority = Authority::new("transport of A");
    let instance = guarded(&authority).await;
    let (old, new) = (
        authority.issue("/O=Bank B/CN=bank-b"),
        authority.issue("/O=Bank B/CN=bank-b-2"),
    );
    let enter = |tls: &Tls| who(instance.connect_options("peer", "wire", tls));
    assert!(enter(&new).await.is_err());

    let server = authority.issue("/O=Bank A/CN=gateway-a");
    instance
        .admit(&server, &[admission("CN=bank-b-2,O=Bank B", "peer")])
        .await
        .unwrap();
    assert!(enter(&old).await.is_err());
    enter(&new).await.unwrap();
    instance.kill().await.unwrap();
    instance.start().await.unwrap();
    enter(&new).await.unwrap();

    let fault = instance
        .admit(&server, &[admission("CN=x\nlocal all all trust", "peer")])
        .await;
    assert!(matches!(fault, Err(Fault::Admission(_))));
    enter(&new).await.unwrap();
}

#[tokio::test]
async fn rows_flow_over_a_link_with_certificates() {
    let (ours, theirs) = (
        Authority::new("transport of A"),
        Authority::new("transport of B"),
    );
    let publisher = guarded(&ours).await;
    let subscriber = guarded(&theirs).await;
    let guest = ours.issue("/O=Bank B/CN=bank-b");
    let files = subscriber.store_client("bank-a", &guest).unwrap();
    let conninfo = files.conninfo("localhost", publisher.port(), "wire", "peer");

    let database = |node: &Instance| node.superuser().database("wire");
    let mut from = PgConnection::connect_with(&database(&publisher))
        .await
        .unwrap();
    from.execute("CREATE PUBLICATION p FOR TABLE sent WITH (publish='insert')")
        .await
        .unwrap();
    from.execute("SELECT pg_create_logical_replication_slot('b', 'pgoutput')")
        .await
        .unwrap();
    let mut to = PgConnection::connect_with(&database(&subscriber))
        .await
        .unwrap();
    let subscribe = format!(
        "CREATE SUBSCRIPTION s CONNECTION {} PUBLICATION p WITH (connect=false, create_slot=false, \
         slot_name='b', enabled=false, copy_data=false, password_required=false, run_as_owner=true)",
        literal(&conninfo)
    );
    to.execute(AssertSqlSafe(subscribe)).await.unwrap();
    to.execute("ALTER SUBSCRIPTION s ENABLE").await.unwrap();
    to.execute("ALTER SUBSCRIPTION s REFRESH PUBLICATION WITH (copy_data=false)")
        .await
        .unwrap();
    from.execute("INSERT INTO sent VALUES (1, 'sealed')")
        .await
        .unwrap();
    arrived(&mut to, 1).await;

    publisher.kill().await.unwrap();
    publisher.start().await.unwrap();
    let mut from = PgConnection::connect_with(&database(&publisher))
        .await
        .unwrap();
    from.execute("INSERT INTO sent VALUES (2, 'sealed')")
        .await
        .unwrap();
    arrived(&mut to, 2).await;
}

async fn arrived(connection: &mut PgConnection, wanted: i64) {
    let begun = std::time::Instant::now();
    loop {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM sent")
            .fetch_one(&mut *connection)
            .await
            .unwrap();
        if count == wanted {
            return;
        }
        assert!(
            begun.elapsed().as_secs() < 30,
            "{count} rows instead of {wanted}"
        );
    }
}
