//! A data folder with instances in it, held by one process at a time.

use std::fs::{self, File, TryLockError};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::Fault;

/// A data folder that is ours until this value is dropped. The lock is the operating system's, so it
/// ends with the process, however that ends.
#[derive(Debug)]
pub struct Root {
    folder: PathBuf,
    _lock: File,
}

impl Root {
    /// Makes the folder when it is missing and takes its lock.
    ///
    /// # Errors
    /// [`Fault::InUse`] when another process has it.
    pub fn take(folder: &Path) -> Result<Self, Fault> {
        make(folder, 0o755)?;
        let folder = folder
            .canonicalize()
            .map_err(Fault::files("find", folder))?;
        let path = folder.join("lock");
        let lock = File::create(&path).map_err(Fault::files("write", &path))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self {
                folder,
                _lock: lock,
            }),
            Err(TryLockError::WouldBlock) => Err(Fault::InUse { folder }),
            Err(TryLockError::Error(error)) => Err(Fault::files("lock", &path)(error)),
        }
    }

    /// The folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }
}

/// Makes a folder with these permissions; one that is already there keeps its own.
pub(crate) fn make(folder: &Path, mode: u32) -> Result<(), Fault> {
    if folder.is_dir() {
        return Ok(());
    }
    fs::create_dir_all(folder).map_err(Fault::files("make", folder))?;
    fs::set_permissions(folder, fs::Permissions::from_mode(mode))
        .map_err(Fault::files("set the permissions of", folder))
}
