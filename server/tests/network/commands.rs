//! The command line, as people at a bank use it.

use super::demo::Demo;
use std::{
    path::PathBuf,
    process::{Child, Command},
};

impl Demo {
    /// Runs a command and gives back what it prints, or with what words it fails.
    pub fn run(&self, arguments: &[&str]) -> Result<String, String> {
        let output = Command::new(env!("CARGO_BIN_EXE_server"))
            .args(arguments)
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let wrong = String::from_utf8(output.stderr).unwrap();
        match output.status.success() {
            true => Ok(said),
            false => Err(format!("{arguments:?}: {said}{wrong}")),
        }
    }

    /// The same of an operator of a bank.
    pub fn try_operator(&self, bank: usize, arguments: &[&str]) -> Result<String, String> {
        let config = self.config(bank);
        self.run(&[arguments, &["--config", &config]].concat())
    }

    /// Runs a command of the operator and gives back what it prints.
    pub fn operator(&self, bank: usize, arguments: &[&str]) -> String {
        self.try_operator(bank, arguments).unwrap()
    }

    /// Runs a command of the operator that must fail, and gives back its words.
    pub fn refused(&self, bank: usize, arguments: &[&str]) -> String {
        self.try_operator(bank, arguments).unwrap_err()
    }

    /// The key of one of a bank's first operators, and the file with its passphrase.
    pub fn operator_key(&self, bank: usize, who: &str) -> (String, String) {
        let config = PathBuf::from(self.config(bank));
        let folder = config.parent().unwrap().join("keys/operators").join(who);
        let file = |name: &str| folder.join(name).to_str().unwrap().to_owned();
        (file("operator-key.pem"), file("passphrase.txt"))
    }

    /// A command of the operator that goes on meanwhile.
    pub fn start_operator(&self, bank: usize, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_server"))
            .args(arguments)
            .args(["--config", &self.config(bank)])
            .spawn()
            .unwrap()
    }
}
