//! A small CA for tests, made with the OpenSSL command line.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use node::Tls;
use tempfile::TempDir;

/// A transport CA with RSA keys and PSS signatures, as the bank's.
pub struct Authority {
    folder: TempDir,
    pem: String,
}

impl Authority {
    pub fn new(name: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let subject = format!("/CN={name}");
        let authority = Self {
            folder,
            pem: String::new(),
        };
        authority.openssl(&[
            "req",
            "-x509",
            "-newkey",
            "rsa:2048",
            "-nodes",
            "-keyout",
            "ca.key",
            "-out",
            "ca.pem",
            "-days",
            "30",
            "-subj",
            &subject,
            "-sha256",
            "-sigopt",
            "rsa_padding_mode:pss",
            "-sigopt",
            "rsa_pss_saltlen:digest",
            "-addext",
            "keyUsage=critical,keyCertSign,cRLSign",
        ]);
        let pem = authority.read("ca.pem");
        Self { pem, ..authority }
    }

    /// A certificate for this subject (`/O=Bank B/CN=bank-b`), good for both ends.
    pub fn issue(&self, subject: &str) -> Tls {
        fs::write(self.path("names.cnf"), "subjectAltName=DNS:localhost\n").unwrap();
        self.openssl(&[
            "req", "-new", "-newkey", "rsa:2048", "-nodes", "-keyout", "one.key", "-out",
            "one.csr", "-subj", subject, "-sha256",
        ]);
        self.openssl(&[
            "x509",
            "-req",
            "-in",
            "one.csr",
            "-CA",
            "ca.pem",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "one.pem",
            "-days",
            "30",
            "-sha256",
            "-extfile",
            "names.cnf",
            "-sigopt",
            "rsa_padding_mode:pss",
            "-sigopt",
            "rsa_pss_saltlen:digest",
        ]);
        Tls {
            ca_pem: self.pem.clone(),
            certificate_pem: self.read("one.pem"),
            key_pem: self.read("one.key"),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn openssl(&self, arguments: &[&str]) {
        let output = Command::new("openssl")
            .args(arguments)
            .current_dir(&self.folder)
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
    }
}
