//! One node: a PostgreSQL instance in a folder of its own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::{Duration, Instant};

use sqlx::Connection as _;
use sqlx::postgres::PgConnectOptions;
use tokio::sync::Mutex;

use crate::address::{choose_port, port_is_free, socket_folder};
use crate::settings::Places;
use crate::{Admission, Fault, Programs, Settings, Tls, TlsFiles};
use crate::{access, database, process, root, template};

/// How long PostgreSQL may take to become ready; recovery after a crash is included.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// How long PostgreSQL may take to end cleanly before it is killed.
const STOP_LIMIT: Duration = Duration::from_secs(20);

/// A PostgreSQL instance: its folder, its port, and its processes while it runs.
///
/// All methods take `&self`, so that a supervisor and a test that kills can share it. When the value
/// is dropped, or the process ends in any way, the instance is told to end.
#[derive(Debug)]
pub struct Instance {
    programs: Programs,
    name: String,
    folder: PathBuf,
    socket: PathBuf,
    port: u16,
    settings: Settings,
    remove_afterwards: bool,
    watchdog: Mutex<Option<Child>>,
}

impl Instance {
    /// Opens the instance `name` in the data folder `root`, making it from the template when it is
    /// not there. Without a port it keeps the one it had, or takes a free one. Does not start it.
    ///
    /// # Errors
    /// When the name, the disk or the programs do not allow it.
    pub async fn prepare(
        programs: &Programs,
        root: &Path,
        name: &str,
        port: Option<u16>,
        settings: Settings,
    ) -> Result<Self, Fault> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if name.is_empty() || !name.chars().all(fits) || matches!(name, "template" | "programs") {
            return Err(Fault::Name(name.to_owned()));
        }
        let (programs, root, name) = (programs.clone(), root.to_path_buf(), name.to_owned());
        let making = tokio::task::spawn_blocking(move || {
            Self::prepare_now(&programs, &root, name, port, settings)
        });
        making.await.map_err(|error| Fault::Program {
            program: "node".to_owned(),
            output: error.to_string(),
        })?
    }

    fn prepare_now(
        programs: &Programs,
        root: &Path,
        name: String,
        port: Option<u16>,
        settings: Settings,
    ) -> Result<Self, Fault> {
        root::make(root, 0o755)?;
        let root = root.canonicalize().map_err(Fault::files("find", root))?;
        let programs = programs.reachable_in(&root)?;
        let folder = root.join(&name);
        root::make(&folder, 0o700)?;
        programs.own(&folder)?;
        let data = folder.join("data");
        if !data.is_dir() {
            template::copy(&programs, &root, &data, settings.durable)?;
            access::write_closed(&programs, &folder.join("access"), settings.local_roles)?;
        }
        let socket = socket_folder(&folder)?;
        programs.own(&socket)?;
        let port = choose_port(&folder, port)?;
        let watchdog = Mutex::new(None);
        let remove_afterwards = false;
        Ok(Self {
            programs,
            name,
            folder,
            socket,
            port,
            settings,
            remove_afterwards,
            watchdog,
        })
    }

    /// The folder goes when the process that started the instance does.
    pub(crate) fn passing(mut self) -> Self {
        self.remove_afterwards = true;
        self
    }

    /// The node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The TCP port.
    #[must_use]
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The folder that holds everything of this node.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// PostgreSQL's data folder.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// The folder of the local socket.
    #[must_use]
    pub fn socket(&self) -> &Path {
        &self.socket
    }

    /// The log file.
    #[must_use]
    pub fn log(&self) -> PathBuf {
        self.folder.join("postgres.log")
    }

    /// Whether the postmaster lives, whoever started it.
    #[must_use]
    pub fn running(&self) -> bool {
        process::postmaster(&self.data()).is_some()
    }

    /// The postmaster's process id, for status pages and for tests that kill it from outside.
    #[must_use]
    pub fn process_id(&self) -> Option<i32> {
        process::postmaster(&self.data()).map(|pid| pid.as_raw_nonzero().get())
    }

    /// Starts the instance and waits until it takes connections. What an earlier process left running
    /// is ended first; what a crash left behind is cleared. Running already by our own hand is fine.
    ///
    /// # Errors
    /// [`Fault::PortTaken`], [`Fault::Ended`] or [`Fault::NotReady`], with the end of the log.
    pub async fn start(&self) -> Result<(), Fault> {
        let mut watchdog = self.watchdog.lock().await;
        if let Some(child) = watchdog.take() {
            if self.running() {
                *watchdog = Some(child);
                return Ok(());
            }
            self.end(Some(child)).await?;
        }
        self.end(None).await?;
        let start = Instant::now();
        loop {
            if !port_is_free(self.port) {
                return Err(Fault::PortTaken {
                    name: self.name.clone(),
                    port: self.port,
                });
            }
            let mut child = self.launch()?;
            let before = self.log_size();
            let data = self.data();
            let left = READY_LIMIT.saturating_sub(start.elapsed());
            let ended = |child: &mut Child| !matches!(child.try_wait(), Ok(None));
            process::wait_until(left, || process::is_ready(&data) || ended(&mut child)).await;
            if !ended(&mut child) && process::is_ready(&data) {
                *watchdog = Some(child);
                return self.greet().await;
            }
            let early = ended(&mut child);
            let log = self.log_since(before);
            self.end(Some(child)).await?;
            // The remains of a killed instance can take seconds to go; everything else is final.
            let stale = log.contains("postmaster.pid") || log.contains("shared memory block");
            if !early || start.elapsed() >= READY_LIMIT {
                let (name, seconds) = (self.name.clone(), READY_LIMIT.as_secs());
                return Err(Fault::NotReady { name, seconds, log });
            }
            if !stale {
                return Err(self.ended(log));
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }

    /// Writes the configuration and starts the processes.
    fn launch(&self) -> Result<Child, Fault> {
        let access = self.folder.join("access");
        let tls = access.join("key.pem").exists();
        let places = Places {
            socket: &self.socket,
            access: &access,
            port: self.port,
            tls,
        };
        let data = self.data();
        let file = data.join("postgresql.conf");
        fs::write(&file, self.settings.text(&places)).map_err(Fault::files("write", &file))?;
        // No process of this instance lives, so these name nobody, or somebody else by now.
        let names = [
            data.join("postmaster.pid"),
            self.socket.join(format!(".s.PGSQL.{}.lock", self.port)),
        ];
        for stale in names {
            let _ = fs::remove_file(stale);
        }
        let remove = self.remove_afterwards.then_some(self.folder.as_path());
        process::spawn(&self.programs, &data, &self.log(), remove)
    }

    /// The first connection: "ready" in a file is only what it says.
    async fn greet(&self) -> Result<(), Fault> {
        database::connect(&self.superuser()).await?.close().await?;
        Ok(())
    }

    /// Ends the instance cleanly: sessions are cut, everything is written. Kills it when that takes
    /// too long.
    ///
    /// # Errors
    /// [`Fault::StillRunning`] when even killing did not help.
    pub async fn stop(&self) -> Result<(), Fault> {
        let child = self.watchdog.lock().await.take();
        self.end(child).await
    }

    async fn end(&self, child: Option<Child>) -> Result<(), Fault> {
        let data = self.data();
        process::interrupt(&data);
        // Without a postmaster the rest goes by itself, but not always soon.
        let alone = process::postmaster(&data).is_none();
        let limit = if alone { Duration::ZERO } else { STOP_LIMIT };
        if !process::wait_until(limit, || process::members(&data).is_empty()).await {
            tracing::debug!(node = self.name, "killing what did not end by itself");
            return self.kill_with(child).await;
        }
        self.reap(child).await
    }

    /// Kills every process of the instance, as a power failure would.
    ///
    /// # Errors
    /// [`Fault::StillRunning`] when processes are left.
    pub async fn kill(&self) -> Result<(), Fault> {
        let child = self.watchdog.lock().await.take();
        self.kill_with(child).await
    }

    async fn kill_with(&self, child: Option<Child>) -> Result<(), Fault> {
        if !process::kill_all(&self.data(), STOP_LIMIT).await {
            return Err(Fault::StillRunning {
                name: self.name.clone(),
            });
        }
        self.reap(child).await
    }

    async fn reap(&self, child: Option<Child>) -> Result<(), Fault> {
        let Some(child) = child else { return Ok(()) };
        if process::reap(child, STOP_LIMIT).await {
            return Ok(());
        }
        Err(Fault::StillRunning {
            name: self.name.clone(),
        })
    }

    /// How the superuser connects, by the local socket, to the database `postgres`. Works from any
    /// process of the same user while the instance runs.
    #[must_use]
    pub fn superuser(&self) -> PgConnectOptions {
        access::owner_options(&self.socket, self.port, "postgres")
    }

    /// Makes a database unless it is there, and answers how the superuser connects to it.
    ///
    /// # Errors
    /// When PostgreSQL refuses.
    pub async fn create_database(&self, name: &str) -> Result<PgConnectOptions, Fault> {
        database::create(&self.superuser(), name).await?;
        Ok(self.superuser().database(name))
    }

    /// How `user` connects to `database` by TLS with a client certificate, on this machine. The
    /// server's certificate must name `localhost`.
    #[must_use]
    pub fn connect_options(&self, user: &str, database: &str, tls: &Tls) -> PgConnectOptions {
        access::tls_options("localhost", self.port, database, user, tls)
    }

    /// Gives the instance its certificate and the list of those it lets in; at once when it runs,
    /// otherwise from its next start on.
    ///
    /// # Errors
    /// When PostgreSQL does not take the files over; connections go on as before.
    pub async fn admit(&self, tls: &Tls, admissions: &[Admission]) -> Result<(), Fault> {
        let folder = self.folder.join("access");
        access::write(
            &self.programs,
            &folder,
            self.settings.local_roles,
            tls,
            admissions,
        )?;
        if !self.running() {
            return Ok(());
        }
        let places = Places {
            socket: &self.socket,
            access: &folder,
            port: self.port,
            tls: true,
        };
        let file = self.data().join("postgresql.conf");
        fs::write(&file, self.settings.text(&places)).map_err(Fault::files("write", &file))?;
        database::reload(&self.superuser(), &self.name).await
    }

    /// Stores a client's TLS material in the node's folder, readable by its PostgreSQL: for the
    /// subscriptions that it makes.
    ///
    /// # Errors
    /// When the disk does not allow it.
    pub fn store_client(&self, label: &str, tls: &Tls) -> Result<TlsFiles, Fault> {
        let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
        if label.is_empty() || !label.chars().all(fits) {
            return Err(Fault::Name(label.to_owned()));
        }
        access::write_tls(
            &self.programs,
            &self.folder.join(format!("client-{label}")),
            tls,
        )
    }

    fn log_size(&self) -> usize {
        fs::metadata(self.log()).map_or(0, |log| usize::try_from(log.len()).unwrap_or(0))
    }

    /// The last lines that were logged after this size.
    fn log_since(&self, size: usize) -> String {
        let bytes = fs::read(self.log()).unwrap_or_default();
        let text = String::from_utf8_lossy(bytes.get(size..).unwrap_or_default()).into_owned();
        let lines: Vec<&str> = text.lines().collect();
        lines
            .get(lines.len().saturating_sub(6)..)
            .unwrap_or_default()
            .join(" | ")
    }

    /// What it means that PostgreSQL ended while starting.
    fn ended(&self, log: String) -> Fault {
        let name = self.name.clone();
        if log.contains("No space left on device") {
            return Fault::DiskFull {
                folder: self.folder.clone(),
            };
        }
        if log.contains("Address already in use") {
            return Fault::PortTaken {
                name,
                port: self.port,
            };
        }
        Fault::Ended { name, log }
    }
}
