//! The folders of this checkout.

use std::env;
use std::path::{Path, PathBuf};

use crate::Failure;

/// Where the checkout lies, and what is where in it.
pub struct Checkout {
    root: PathBuf,
}

impl Checkout {
    /// The checkout that `cargo xtask` was called in.
    pub fn locate() -> Result<Self, Failure> {
        let manifest = env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = manifest.join("../..");
        root.canonicalize()
            .map(|root| Self { root })
            .map_err(Failure::files("find", &root))
    }

    /// The top.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Something below the top.
    pub fn path(&self, below: &str) -> PathBuf {
        self.root.join(below)
    }

    /// Where cargo builds.
    pub fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(
            || self.path("target"),
            |folder| self.root.join(PathBuf::from(folder)),
        )
    }

    /// Where the browser's half is built: never in one folder with the server's half, since both
    /// build `app`, with features that exclude each other.
    pub fn front(&self) -> PathBuf {
        self.target().join("front")
    }

    /// What `web` serves.
    pub fn site(&self) -> PathBuf {
        self.target().join("site")
    }
}

#[cfg(test)]
pub mod testing {
    //! A folder for one test. The `tempfile` crate would switch on features of what the bindings
    //! generator is built from, and so have it built twice.

    use std::path::PathBuf;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::{env, fs, process};

    static NEXT: AtomicU32 = AtomicU32::new(0);

    /// Removed when dropped.
    pub struct Temporary(pub PathBuf);

    impl Temporary {
        pub fn make() -> Self {
            let number = NEXT.fetch_add(1, Ordering::Relaxed);
            let name = format!("countersign-xtask-{}-{number}", process::id());
            let folder = env::temp_dir().join(name);
            fs::create_dir(&folder).unwrap();
            Self(folder)
        }
    }

    impl Drop for Temporary {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }
}
