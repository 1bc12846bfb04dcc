//! Who may come in: certificates, and the role that each distinguished name stands for.
//!
//! There are no passwords. The superuser comes in by the local socket, which lies in a folder that
//! only the owner of the process may enter; everybody else comes by TCP with a client certificate of
//! the one CA that the instance trusts.

use std::fs;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use sqlx::postgres::{PgConnectOptions, PgSslMode};

use crate::template::SUPERUSER;
use crate::{Fault, Programs, root};

/// The material for one end of a TLS connection, in PEM.
#[derive(Clone)]
pub struct Tls {
    /// The CA that the other end must come from.
    pub ca_pem: String,
    /// The own certificate, followed by those of intermediate CAs.
    pub certificate_pem: String,
    /// The own private key, PKCS#8, not encrypted.
    pub key_pem: String,
}

// The key stays out of whatever prints this.
impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("certificate_pem", &self.certificate_pem)
            .finish_non_exhaustive()
    }
}

/// One line of the guest list: who shows a certificate with this name is this role here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// The certificate's subject as RFC 2253 writes it: the last attribute first, joined by commas
    /// (`CN=processor-1,O=Bank A`).
    pub distinguished_name: String,
    /// The role that it stands for.
    pub role: String,
    /// The one database that the role may open.
    pub database: String,
}

/// [`Tls`] as files that PostgreSQL can read, for subscriptions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TlsFiles {
    /// The CA that the other end must come from.
    pub ca: PathBuf,
    /// The own certificate.
    pub certificate: PathBuf,
    /// The own private key.
    pub key: PathBuf,
}

impl TlsFiles {
    /// The connection string of a subscription (libpq's form). `host` is what the server's
    /// certificate must name.
    #[must_use]
    pub fn conninfo(&self, host: &str, port: u16, database: &str, user: &str) -> String {
        let value = |text: &str| format!("'{}'", text.replace('\\', "\\\\").replace('\'', "\\'"));
        let path = |path: &Path| value(&path.display().to_string());
        format!(
            "host={} port={port} dbname={} user={} sslmode=verify-full sslrootcert={} sslcert={} sslkey={}",
            value(host),
            value(database),
            value(user),
            path(&self.ca),
            path(&self.certificate),
            path(&self.key),
        )
    }
}

/// Options for a connection by TLS with a client certificate: for programs that know a node only by
/// its address.
#[must_use]
pub fn tls_options(
    host: &str,
    port: u16,
    database: &str,
    user: &str,
    tls: &Tls,
) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .host(host)
        .port(port)
        .username(user)
        .database(database)
        .ssl_mode(PgSslMode::VerifyFull)
        .ssl_root_cert_from_pem(tls.ca_pem.clone().into_bytes())
        .ssl_client_cert_from_pem(&tls.certificate_pem)
        .ssl_client_key_from_pem(&tls.key_pem)
}

/// Options for the owner of an instance, its superuser, by the local socket.
#[must_use]
pub fn owner_options(socket: &Path, port: u16, database: &str) -> PgConnectOptions {
    PgConnectOptions::new_without_pgpass()
        .socket(socket)
        .port(port)
        .username(SUPERUSER)
        .database(database)
        .ssl_mode(PgSslMode::Disable)
}

/// Writes the files that let in the superuser alone, or in tests every role by the socket.
pub(crate) fn write_closed(programs: &Programs, folder: &Path, local: bool) -> Result<(), Fault> {
    write_lists(programs, folder, local, &[])
}

/// Writes certificate, key, trusted CA and guest list of an instance.
pub(crate) fn write(
    programs: &Programs,
    folder: &Path,
    local: bool,
    tls: &Tls,
    admissions: &[Admission],
) -> Result<(), Fault> {
    write_tls(programs, folder, tls)?;
    write_lists(programs, folder, local, admissions)
}

/// Writes TLS material where PostgreSQL, and nobody else, can read it.
pub(crate) fn write_tls(programs: &Programs, folder: &Path, tls: &Tls) -> Result<TlsFiles, Fault> {
    root::make(folder, 0o700)?;
    programs.own(folder)?;
    let file = |name: &str, text: &str| {
        let path = folder.join(name);
        write_private(programs, &path, text).map(|()| path)
    };
    Ok(TlsFiles {
        ca: file("ca.pem", &tls.ca_pem)?,
        certificate: file("certificate.pem", &tls.certificate_pem)?,
        key: file("key.pem", &tls.key_pem)?,
    })
}

fn write_lists(
    programs: &Programs,
    folder: &Path,
    local: bool,
    admissions: &[Admission],
) -> Result<(), Fault> {
    root::make(folder, 0o700)?;
    programs.own(folder)?;
    let (rules, mappings) = lists(local, admissions)?;
    write_private(programs, &folder.join("pg_hba.conf"), &rules)?;
    write_private(programs, &folder.join("pg_ident.conf"), &mappings)
}

/// The texts of `pg_hba.conf` and `pg_ident.conf`.
fn lists(local: bool, admissions: &[Admission]) -> Result<(String, String), Fault> {
    let who = if local { "all" } else { SUPERUSER };
    let mut rules = format!("local all {who} trust\n");
    let mut mappings = String::new();
    for admission in admissions {
        let [rule, mapping] = lines(admission)?;
        // Several certificates can stand for one role; the rule is needed once.
        if !rules.lines().any(|known| known == rule) {
            rules.push_str(&rule);
            rules.push('\n');
        }
        mappings.push_str(&mapping);
        mappings.push('\n');
    }
    Ok((rules, mappings))
}

/// The line of each of the two files that lets one guest in.
pub(crate) fn lines(admission: &Admission) -> Result<[String; 2], Fault> {
    let role = quote(&admission.role)?;
    let database = quote(&admission.database)?;
    let name = quote(&admission.distinguished_name)?;
    Ok([
        format!("hostssl {database} {role} all cert clientname=DN map=peers"),
        format!("peers {name} {role}"),
    ])
}

/// A quoted word of an access file. Quotes also take their meaning from `all` and `+group`, but not
/// from the slash that begins a regular expression.
fn quote(word: &str) -> Result<String, Fault> {
    if word.is_empty() || word.starts_with('/') || word.chars().any(char::is_control) {
        return Err(Fault::Admission(word.to_owned()));
    }
    Ok(format!("\"{}\"", word.replace('"', "\"\"")))
}

/// Writes a file that only its owner may read; the new text appears at once and whole.
fn write_private(programs: &Programs, path: &Path, text: &str) -> Result<(), Fault> {
    let unfinished = path.with_extension("new");
    let mut options = fs::File::options();
    let mut file = options
        .create(true)
        .write(true)
        .truncate(true)
        .mode(0o600)
        .open(&unfinished)
        .map_err(Fault::files("write", &unfinished))?;
    std::io::Write::write_all(&mut file, text.as_bytes())
        .map_err(Fault::files("write", &unfinished))?;
    programs.own(&unfinished)?;
    fs::rename(&unfinished, path).map_err(Fault::files("write", path))
}
