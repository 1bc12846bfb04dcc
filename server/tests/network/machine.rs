//! A machine beside those of the demo: a folder of its own, and what runs from it.

use super::demo::Demo;
use std::{
    fs,
    path::{Path, PathBuf},
    process::{Child, Command},
};

/// A process that ends with the test.
pub struct Machine(Child);

impl Drop for Machine {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Demo {
    /// The folder of the new machine.
    pub fn machine(&self) -> PathBuf {
        self.folder().join("machine")
    }

    /// Starts a role with the configuration in this folder.
    pub fn start_on(&self, folder: &Path, arguments: &[&str]) -> Machine {
        let log = fs::File::create(folder.join("log")).unwrap();
        let child = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(arguments)
            .arg("--config")
            .arg(folder.join("bank.toml"))
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn();
        Machine(child.unwrap())
    }

    /// Copies what is in one folder into another; nothing of it may be secret.
    pub fn copy_public(&self, from: &Path, to: &Path) {
        for entry in fs::read_dir(from).unwrap().flatten() {
            let there = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                fs::create_dir_all(&there).unwrap();
                self.copy_public(&entry.path(), &there);
                continue;
            }
            let text = fs::read_to_string(entry.path()).unwrap();
            assert!(
                !text.contains("PRIVATE"),
                "{} is secret",
                entry.path().display()
            );
            assert!(!there.exists(), "{} is there already", there.display());
            fs::write(there, text).unwrap();
        }
    }
}
