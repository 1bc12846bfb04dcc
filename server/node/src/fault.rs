//! What can go wrong with an instance, each with the sentence that says what to do.

use std::io;
use std::path::{Path, PathBuf};

/// A failure of an instance or of its programs.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The embedded PostgreSQL is not installed.
    #[error(
        "PostgreSQL was not found in {}: run `cargo xtask install`, or set COUNTERSIGN_POSTGRES to a folder with bin/postgres",
        looked_in.display()
    )]
    ProgramsMissing {
        /// The folder that was searched.
        looked_in: PathBuf,
    },
    /// PostgreSQL refuses to run as root and this system offers no other way.
    #[error(
        "PostgreSQL does not run as root, and user {uid} cannot reach {}: use a data folder that every user may enter, or start as an ordinary user",
        folder.display()
    )]
    Unreachable {
        /// The user that was tried instead of root.
        uid: u32,
        /// The folder that this user cannot enter.
        folder: PathBuf,
    },
    /// The name cannot be a folder's and a node's name.
    #[error("'{0}' cannot name a node: use small letters, digits and hyphens")]
    Name(String),
    /// A distinguished name or a role cannot be written into the access files.
    #[error("'{0}' cannot be admitted: it is empty or has a line break, or begins with a slash")]
    Admission(String),
    /// Another program listens on the port.
    #[error(
        "port {port} for node {name} is taken: stop the program that uses it, or choose another port"
    )]
    PortTaken {
        /// The node.
        name: String,
        /// Its port.
        port: u16,
    },
    /// Another process works in the data folder.
    #[error("{} is in use by another process: stop it first, or choose another data folder", folder.display())]
    InUse {
        /// The data folder.
        folder: PathBuf,
    },
    /// No space is left where the instances live.
    #[error("the disk that holds {} is full: make room and start again", folder.display())]
    DiskFull {
        /// The folder that could not be written.
        folder: PathBuf,
    },
    /// PostgreSQL ended while it was starting.
    #[error("node {name} ended while starting; the end of its log: {log}")]
    Ended {
        /// The node.
        name: String,
        /// The last lines it logged.
        log: String,
    },
    /// PostgreSQL did not become ready in time.
    #[error("node {name} was not ready after {seconds} seconds; the end of its log: {log}")]
    NotReady {
        /// The node.
        name: String,
        /// How long was waited.
        seconds: u64,
        /// The last lines it logged.
        log: String,
    },
    /// PostgreSQL did not end in time.
    #[error("node {name} still runs although it was told to end")]
    StillRunning {
        /// The node.
        name: String,
    },
    /// PostgreSQL did not take over changed access files.
    #[error("node {name} did not accept its access files: {reason}")]
    Access {
        /// The node.
        name: String,
        /// What PostgreSQL found wrong.
        reason: String,
    },
    /// One of PostgreSQL's programs failed.
    #[error("{program} failed: {output}")]
    Program {
        /// The program.
        program: String,
        /// What it wrote.
        output: String,
    },
    /// The file system refused something.
    #[error("could not {action} {}: {source}", path.display())]
    Files {
        /// What was attempted.
        action: &'static str,
        /// Where.
        path: PathBuf,
        /// The system's answer.
        source: io::Error,
    },
    /// PostgreSQL refused a statement or a connection.
    #[error("PostgreSQL: {0}")]
    Sql(#[from] sqlx::Error),
}

impl Fault {
    /// Turns the system's answer into a fault; a full disk gets a sentence of its own.
    pub(crate) fn files(action: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| match source.kind() {
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                Self::DiskFull { folder: path }
            }
            _ => Self::Files {
                action,
                path,
                source,
            },
        }
    }

    /// The failure of a program, judged by what it wrote.
    pub(crate) fn program(program: &str, folder: &Path, output: &[u8]) -> Self {
        let output = String::from_utf8_lossy(output).trim().to_owned();
        if output.contains("No space left on device") {
            return Self::DiskFull {
                folder: folder.to_path_buf(),
            };
        }
        Self::Program {
            program: program.to_owned(),
            output,
        }
    }
}
