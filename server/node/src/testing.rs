//! Instances for tests: real PostgreSQL, made in a fraction of a second, gone with the test process.
//!
//! ```no_run
//! # async fn example() {
//! let database = node::testing::instance().await.fresh_database().await;
//! let pool = sqlx::PgPool::connect_with(database).await.unwrap();
//! # }
//! ```
//!
//! Everything lies below one temporary folder; what a killed test process could not take with it,
//! the next one removes. Whatever goes wrong here ends the test.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU32, Ordering};

use sqlx::postgres::PgConnectOptions;
use tokio::sync::OnceCell;

use crate::{Fault, Instance, Programs, Settings, root, template};

/// An instance that all tests of one process share; each test has a database of its own.
#[derive(Debug)]
pub struct Shared {
    instance: Instance,
    databases: AtomicU32,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();
static NODES: AtomicU32 = AtomicU32::new(0);

/// The shared instance, started by whoever asks first. Every role comes in by its socket without a
/// certificate: `fresh_database().await.username("weak_role")`.
pub async fn instance() -> &'static Shared {
    SHARED
        .get_or_init(|| async {
            let settings = Settings {
                shared_buffers_mb: 64,
                connections_max: 200,
                durable: false,
                ..settings()
            };
            let instance = start("shared", settings).await;
            Shared {
                instance: checked(instance),
                databases: AtomicU32::new(0),
            }
        })
        .await
}

/// A running instance of the test's own, for links and for tests that kill. It ends when the value is
/// dropped. Every role comes in by its socket, besides those that are admitted by certificate.
pub async fn node(name: &str) -> Instance {
    let number = NODES.fetch_add(1, Ordering::Relaxed);
    checked(start(&format!("{name}-{number}"), settings()).await)
}

impl Shared {
    /// A new database; the superuser's way to it by the local socket.
    pub async fn fresh_database(&self) -> PgConnectOptions {
        let number = self.databases.fetch_add(1, Ordering::Relaxed);
        checked(
            self.instance
                .create_database(&format!("test_{number}"))
                .await,
        )
    }

    /// The instance itself. Other tests run on it: do not stop it.
    #[must_use]
    pub fn instance(&self) -> &Instance {
        &self.instance
    }
}

fn settings() -> Settings {
    Settings {
        local_roles: true,
        log_errors: true,
        ..Settings::default()
    }
}

async fn start(name: &str, settings: Settings) -> Result<Instance, Fault> {
    let programs = Programs::locate()?;
    let root = folder()?;
    template::template(&programs, &root)?;
    let run = root.join(format!("run-{}", process::id()));
    root::make(&run, 0o755)?;
    // Instances take the template of the folder they are in.
    let link = run.join("template");
    if !link.is_dir() {
        let _ = std::os::unix::fs::symlink(root.join("template"), &link);
    }
    let instance = Instance::prepare(&programs, &run, name, None, settings)
        .await?
        .passing();
    instance.start().await?;
    Ok(instance)
}

/// The folder of all test instances of this user; whatever belongs to ended processes is removed.
fn folder() -> Result<PathBuf, Fault> {
    let us = rustix::process::geteuid().as_raw();
    let folder = std::env::temp_dir().join(format!("countersign-tests-{us}"));
    root::make(&folder, 0o755)?;
    let owner = fs::symlink_metadata(&folder)
        .map_err(Fault::files("read", &folder))?
        .uid();
    if owner != us {
        return Err(Fault::InUse { folder });
    }
    for entry in fs::read_dir(&folder)
        .map_err(Fault::files("read", &folder))?
        .flatten()
    {
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("run-"));
        if number.is_some_and(|pid| !Path::new("/proc").join(pid).exists()) {
            // Its watchdog may be at it at this moment.
            let _ = template::remove(&entry.path());
        }
    }
    Ok(folder)
}

#[expect(
    clippy::panic,
    reason = "only tests call this, and without an instance there is no test"
)]
fn checked<T>(result: Result<T, Fault>) -> T {
    match result {
        Ok(value) => value,
        Err(fault) => panic!("{fault}"),
    }
}
