//! An instance's life: made, started, stopped, killed, found again, never left behind.

#![cfg(test)]

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};
use std::{env, fs};

use node::{Fault, Instance, Programs, Root, Settings};
use sqlx::{Connection as _, Executor as _, PgConnection};

const ROOT: &str = "COUNTERSIGN_TEST_ROOT";

async fn prepare(root: &Path, name: &str) -> Instance {
    let programs = Programs::locate().unwrap();
    Instance::prepare(&programs, root, name, None, Settings::default())
        .await
        .unwrap()
}

async fn count(instance: &Instance) -> i64 {
    let mut connection = PgConnection::connect_with(&instance.superuser())
        .await
        .unwrap();
    sqlx::query_scalar("SELECT count(*) FROM kept")
        .fetch_one(&mut connection)
        .await
        .unwrap()
}

async fn insert(instance: &Instance) {
    let mut connection = PgConnection::connect_with(&instance.superuser())
        .await
        .unwrap();
    connection
        .execute("CREATE TABLE IF NOT EXISTS kept (id bigint)")
        .await
        .unwrap();
    connection
        .execute("INSERT INTO kept VALUES (1)")
        .await
        .unwrap();
}

/// A folder that PostgreSQL may enter whoever it runs as.
fn temporary() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

#[tokio::test]
async fn keeps_rows_port_and_settings_over_stop_and_start() {
    let root = temporary();
    let instance = prepare(root.path(), "core-a").await;
    assert!(!instance.running());
    instance.start().await.unwrap();
    instance.start().await.unwrap();
    insert(&instance).await;
    instance.stop().await.unwrap();
    assert!(!instance.running());
    let port = instance.port();
    drop(instance);

    let again = prepare(root.path(), "core-a").await;
    assert_eq!(again.port(), port);
    again.start().await.unwrap();
    assert_eq!(count(&again).await, 1);
    let mut connection = PgConnection::connect_with(&again.superuser())
        .await
        .unwrap();
    for (setting, value) in [
        ("wal_level", "logical"),
        ("fsync", "on"),
        ("synchronous_commit", "on"),
    ] {
        let shown: String = sqlx::query_scalar("SELECT current_setting($1)")
            .bind(setting)
            .fetch_one(&mut connection)
            .await
            .unwrap();
        assert_eq!(shown, value, "{setting}");
    }
    let mode = fs::metadata(again.socket()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
    again.stop().await.unwrap();
}

#[tokio::test]
async fn recovers_after_being_killed_at_once_and_repeatedly() {
    let root = temporary();
    let instance = prepare(root.path(), "core-a").await;
    instance.start().await.unwrap();
    for round in 1..=3 {
        insert(&instance).await;
        instance.kill().await.unwrap();
        assert!(!instance.running());
        let begun = Instant::now();
        instance.start().await.unwrap();
        assert!(
            begun.elapsed() < Duration::from_secs(15),
            "{:?}",
            begun.elapsed()
        );
        assert_eq!(count(&instance).await, round);
    }
}

#[tokio::test]
async fn recovers_when_somebody_else_killed_the_postmaster_alone() {
    let root = temporary();
    let instance = prepare(root.path(), "core-a").await;
    instance.start().await.unwrap();
    insert(&instance).await;
    let pid = instance.process_id().unwrap();
    assert!(
        Command::new("sh")
            .args(["-c", &format!("kill -9 {pid}")])
            .status()
            .unwrap()
            .success()
    );
    until(|| !instance.running());
    instance.start().await.unwrap();
    assert_ne!(instance.process_id(), Some(pid));
    assert_eq!(count(&instance).await, 1);
}

#[tokio::test]
async fn takes_over_what_another_owner_left_running() {
    let root = temporary();
    let first = prepare(root.path(), "core-a").await;
    first.start().await.unwrap();
    insert(&first).await;
    // The first value still holds its process, as a stuck earlier demo would.
    let second = prepare(root.path(), "core-a").await;
    assert!(second.running());
    second.start().await.unwrap();
    assert_eq!(count(&second).await, 1);
}

#[tokio::test]
async fn a_taken_port_is_named() {
    let root = temporary();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port();
    let programs = Programs::locate().unwrap();
    let settings = Settings::default();
    let instance = Instance::prepare(&programs, root.path(), "core-a", Some(port), settings)
        .await
        .unwrap();
    let fault = instance.start().await.unwrap_err();
    assert!(
        matches!(&fault, Fault::PortTaken { port: named, .. } if *named == port),
        "{fault}"
    );
}

#[tokio::test]
async fn a_long_path_gets_a_short_socket() {
    let root = temporary();
    let deep = root
        .path()
        .join("a-rather-long-folder-name-in-somebodys-home/".repeat(4));
    let instance = prepare(&deep, "core-a").await;
    assert!(!instance.socket().starts_with(&deep));
    instance.start().await.unwrap();
    insert(&instance).await;
    let mode = fs::metadata(instance.socket())
        .unwrap()
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o700);
    instance.stop().await.unwrap();
    fs::remove_dir_all(instance.socket()).unwrap();
}

#[tokio::test]
async fn row_contents_never_reach_the_log() {
    let root = temporary();
    let settings = Settings {
        log_errors: true,
        ..Settings::default()
    };
    let programs = Programs::locate().unwrap();
    let instance = Instance::prepare(&programs, root.path(), "gateway", None, settings)
        .await
        .unwrap();
    instance.start().await.unwrap();
    let mut connection = PgConnection::connect_with(&instance.superuser())
        .await
        .unwrap();
    connection
        .execute("CREATE TABLE t (name text PRIMARY KEY CHECK (name <> 'bad'))")
        .await
        .unwrap();
    for _ in 0..2 {
        let _ = sqlx::query("INSERT INTO t VALUES ($1)")
            .bind("canary-name")
            .execute(&mut connection)
            .await;
    }
    let _ = connection
        .execute("INSERT INTO t SELECT 'canary-literal' FROM missing")
        .await;
    instance.stop().await.unwrap();
    let log = fs::read_to_string(instance.log()).unwrap();
    assert!(log.contains("duplicate key"), "{log}");
    assert!(!log.contains("canary"), "{log}");
}

#[tokio::test]
async fn one_process_at_a_time_holds_a_root() {
    let folder = temporary();
    let held = Root::take(folder.path()).unwrap();
    assert!(matches!(
        Root::take(folder.path()),
        Err(Fault::InUse { .. })
    ));
    drop(held);
    Root::take(folder.path()).unwrap();
}

#[tokio::test]
async fn nothing_outlives_a_killed_owner() {
    let root = temporary();
    let mut owner = Command::new(env::current_exe().unwrap())
        .args(["--ignored", "--exact", "owner_that_is_killed"])
        .env(ROOT, root.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    until(|| root.path().join("started").exists());
    let instance = prepare(root.path(), "core-a").await;
    assert!(instance.running());
    owner.kill().unwrap();
    owner.wait().unwrap();
    until(|| !instance.running());
    instance.start().await.unwrap();
    assert_eq!(count(&instance).await, 1);
}

/// The other process of the test above; on its own it has nothing to do.
#[tokio::test]
#[ignore = "run by nothing_outlives_a_killed_owner"]
async fn owner_that_is_killed() {
    let Some(root) = env::var_os(ROOT) else {
        return;
    };
    let instance = prepare(Path::new(&root), "core-a").await;
    instance.start().await.unwrap();
    insert(&instance).await;
    fs::write(Path::new(&root).join("started"), "").unwrap();
    std::io::stdin().read_line(&mut String::new()).unwrap();
}

#[test]
fn a_missing_installation_is_named_with_its_remedy() {
    let output = Command::new(env::current_exe().unwrap())
        .args([
            "--ignored",
            "--exact",
            "says_what_is_missing",
            "--nocapture",
        ])
        .env("COUNTERSIGN_POSTGRES", "/nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(
        text.contains("/nowhere") && text.contains("cargo xtask install"),
        "{text}"
    );
}

/// The other process of the test above.
#[test]
#[ignore = "run by a_missing_installation_is_named_with_its_remedy"]
fn says_what_is_missing() {
    if let Err(fault) = Programs::locate() {
        eprintln!("{fault}");
    }
}

#[tokio::test]
async fn tests_share_an_instance_and_have_their_own_databases() {
    let shared = node::testing::instance().await;
    let (first, second) = (shared.fresh_database().await, shared.fresh_database().await);
    let mut connection = PgConnection::connect_with(&first).await.unwrap();
    connection
        .execute("CREATE TABLE only_here (id int)")
        .await
        .unwrap();
    connection.execute("CREATE ROLE weak LOGIN").await.unwrap();
    let mut other = PgConnection::connect_with(&second).await.unwrap();
    assert!(other.execute("SELECT * FROM only_here").await.is_err());
    let mut weak = PgConnection::connect_with(&first.username("weak"))
        .await
        .unwrap();
    assert!(weak.execute("SELECT * FROM only_here").await.is_err());
}

#[tokio::test]
async fn a_node_for_one_test_goes_with_its_value() {
    let instance = node::testing::node("gateway").await;
    let data = instance.data();
    insert(&instance).await;
    drop(instance);
    until(|| !data.exists());
}

fn until(mut condition: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !condition() {
        assert!(begun.elapsed() < Duration::from_secs(30), "waited too long");
        std::thread::yield_now();
    }
}
