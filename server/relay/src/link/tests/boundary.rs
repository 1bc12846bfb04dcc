//! What the other party's replication role gets: its own link, from an instance with nothing else.

use super::pair::{Transport, pair, to_brisa};
use crate::holder;
use crate::link::provision;
use crate::testing::*;
use sqlx::ConnectOptions as _;
use std::path::Path;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::UnixStream;

#[tokio::test]
async fn the_other_party_reads_its_own_link_and_nothing_else() {
    let (a, mut b) = pair().await;
    a.gateway.append(&to_brisa(2)).await.unwrap();
    b.take(2).await;
    let guest = a.transport.client(&brisa(), "peer_brisdemm");
    let peer = a.instance.connect_options("peer_brisdemm", "link", &guest);
    let mut connection = peer.connect().await.unwrap();
    assert_eq!(
        attempt(&mut connection, "SELECT * FROM link.from_halddeff").await,
        Ok(2)
    );
    for statement in [
        "SELECT * FROM link.from_brisdemm",
        "SELECT * FROM link.ack_from_brisdemm",
        "SELECT * FROM link.inbound",
        "SELECT * FROM link.outbound",
        "SELECT * FROM link.waiting",
        "SELECT * FROM link.alarm",
        "SELECT * FROM link.turn",
        "SELECT * FROM public._sqlx_migrations",
        "SELECT * FROM pg_authid",
        "SELECT subconninfo FROM pg_subscription",
        "INSERT INTO link.from_halddeff SELECT * FROM link.from_halddeff",
        "UPDATE link.from_halddeff SET seq = 1",
        "DELETE FROM link.from_halddeff",
        "SELECT link.append('{}', '{}', '{}', '{}', '{}', '{}')",
        "SELECT link.append_ack('x')",
        "SELECT link.raise_alarm('x', 'y', 1, 1, NULL)",
        "SELECT pg_read_file('PG_VERSION')",
        "SELECT pg_ls_dir('.')",
        "CREATE TABLE link.mine (n int)",
        "CREATE TEMP TABLE mine (n int)",
        "CREATE ROLE mine",
        "SET ROLE processor",
        "SET ROLE subscriber",
    ] {
        let refused = attempt(&mut connection, statement).await;
        assert_eq!(refused, Err(NOT_PERMITTED.to_owned()), "{statement}");
    }
    // A role that may replicate can copy the whole instance: so there must be nothing else in it.
    let mut superuser = a.superuser().await;
    let names = async |sql: &'static str, superuser: &mut sqlx::PgConnection| -> Vec<String> {
        sqlx::query_scalar(sql).fetch_all(superuser).await.unwrap()
    };
    let databases = "SELECT datname::text FROM pg_database ORDER BY 1";
    let databases = names(databases, &mut superuser).await;
    assert_eq!(databases, ["link", "postgres", "template0", "template1"]);
    let tables = "SELECT relnamespace::regnamespace || '.' || relname FROM pg_class \
                  WHERE relkind IN ('r', 'p', 'm', 'f') \
                  AND relnamespace::regnamespace::text NOT IN \
                    ('pg_catalog', 'information_schema', 'pg_toast') ORDER BY 1";
    let expected = [
        "link.ack_from_brisdemm",
        "link.ack_from_halddeff",
        "link.alarm",
        "link.from_brisdemm",
        "link.from_halddeff",
        "link.turn",
        "link.waiting",
        "link.waiting_ack",
        "public._sqlx_migrations",
    ];
    assert_eq!(names(tables, &mut superuser).await, expected);
    let mut elsewhere = a.instance.superuser().connect().await.unwrap();
    assert_eq!(names(tables, &mut elsewhere).await, [""; 0]);
    let passwords = "SELECT rolname::text FROM pg_authid WHERE rolpassword IS NOT NULL";
    assert_eq!(names(passwords, &mut superuser).await, [""; 0]);
}

/// What `BASE_BACKUP` hands to a replication role, spoken by hand since no client of ours can.
async fn base_backup(socket: &Path, port: u16, role: &str) -> Vec<u8> {
    let mut stream = UnixStream::connect(socket.join(format!(".s.PGSQL.{port}")))
        .await
        .unwrap();
    let mut startup = 196_608_u32.to_be_bytes().to_vec();
    for word in [
        "user",
        role,
        "database",
        "link",
        "replication",
        "database",
        "",
    ] {
        startup.extend_from_slice(word.as_bytes());
        startup.push(0);
    }
    let command = b"BASE_BACKUP (CHECKPOINT 'fast', WAL false, MANIFEST 'no')\0";
    let length = |bytes: &[u8]| u32::try_from(bytes.len() + 4).unwrap().to_be_bytes();
    stream.write_all(&length(&startup)).await.unwrap();
    stream.write_all(&startup).await.unwrap();
    let mut copied = Vec::new();
    let mut asked = false;
    loop {
        let kind = stream.read_u8().await.unwrap();
        let size = stream.read_u32().await.unwrap();
        let mut body = vec![0; usize::try_from(size).unwrap() - 4];
        stream.read_exact(&mut body).await.unwrap();
        match kind {
            b'E' => panic!("{}", String::from_utf8_lossy(&body)),
            b'd' => copied.extend_from_slice(&body),
            // Ready for a command: the first time to give it, the second time all is there.
            b'Z' if asked => return copied,
            b'Z' => {
                asked = true;
                stream.write_all(b"Q").await.unwrap();
                stream.write_all(&length(command)).await.unwrap();
                stream.write_all(command).await.unwrap();
            }
            _ => {}
        }
    }
}

#[tokio::test]
async fn even_a_copy_of_the_instance_is_its_own_ciphertext() {
    let (a, mut b) = pair().await;
    a.gateway.append(&to_brisa(2)).await.unwrap();
    b.take(2).await;
    // What Halden keeps elsewhere: a front, with what customers have sent.
    let front = front().await;
    front
        .edge()
        .await
        .store_envelope("sealed by a customer of Halden")
        .await
        .unwrap();
    let copy = base_backup(a.instance.socket(), a.instance.port(), "peer_brisdemm").await;
    let holds = |text: &str| {
        copy.windows(text.len())
            .any(|bytes| bytes == text.as_bytes())
    };
    assert!(holds("sealed 1"));
    assert!(!holds("sealed by a customer of Halden"));
    assert!(!holds("PRIVATE KEY"));
}

#[tokio::test]
async fn nobody_comes_in_under_another_name() {
    let (a, b) = pair().await;
    let guest = a.transport.client(&brisa(), "peer_brisdemm");
    // Another role, another database, another organisation, and certificates of another CA.
    let own = a.transport.client(&halden(), "peer_brisdemm");
    let minted = b.transport.client(&halden(), "processor_1");
    let stranger = Transport::of(&brisa(), 1).client(&brisa(), "peer_brisdemm");
    for (user, database, tls) in [
        ("processor_1", "link", &guest),
        ("subscriber", "link", &guest),
        ("postgres", "link", &guest),
        ("peer_brisdemm", "postgres", &guest),
        ("peer_brisdemm", "link", &own),
        ("processor_1", "link", &minted),
        ("peer_brisdemm", "link", &stranger),
    ] {
        let mut tls = tls.clone();
        tls.ca_pem.clone_from(&guest.ca_pem);
        let options = a.instance.connect_options(user, database, &tls);
        assert!(options.connect().await.is_err(), "{user} {database}");
    }
    // The right one comes in, until it is shut out.
    let options = a.instance.connect_options("peer_brisdemm", "link", &guest);
    options.connect().await.unwrap();
    let list = holder::shut_out("peer_brisdemm").unwrap();
    provision::run(&mut a.superuser().await, &list)
        .await
        .unwrap();
    assert!(options.connect().await.is_err());
    until("its replication is cut", || async {
        !a.health().await.fetched
    })
    .await;
}
