//! Who logs in at a node: one role for each holder of a certificate, in one of the group roles that
//! the migrations make. There are no passwords.

use crate::RelayError;
use crate::link::provision::Statement;
use crate::link::{Ends, Party};
use node::{Admission, identifier, literal};
use std::fmt;

/// The group roles of sealed stores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Group {
    /// An edge at a front.
    Edge,
    /// A processor at a front or a gateway.
    Processor,
}

impl fmt::Display for Group {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Edge => "edge",
            Self::Processor => "processor",
        })
    }
}

/// The line that lets in the holder of the certificate `CN=role,O=organisation`.
#[must_use]
pub fn admission(role: &str, party: &Party, database: &str) -> Admission {
    Admission {
        distinguished_name: format!("CN={role},O={party}"),
        role: role.to_owned(),
        database: database.to_owned(),
    }
}

/// The line that lets the other party's replication role into our gateway.
#[must_use]
pub fn peer_admission(ends: &Ends, database: &str) -> Admission {
    admission(&ends.peer_role(), ends.peer(), database)
}

/// Makes a login role in a group; done before, it does no harm.
///
/// # Errors
/// When the name is not one of small letters, digits and underscores.
pub fn welcome(role: &str, group: Group) -> Result<Vec<Statement>, RelayError> {
    let name = checked(role)?;
    Ok(vec![
        Statement::new(
            format!("{role} may log in"),
            format!(
                // Changed only where it must be: two who change one role at once get in each
                // other's way, and roles are those of the whole instance.
                "DO $$ BEGIN CREATE ROLE {name} LOGIN; \
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN \
                 IF EXISTS (SELECT FROM pg_roles WHERE rolname = {} AND NOT rolcanlogin) THEN \
                 ALTER ROLE {name} LOGIN; END IF; END $$",
                literal(role)
            ),
        ),
        Statement::new(
            format!("{role} is an {group}"),
            format!("GRANT {group} TO {name}"),
        ),
    ])
}

/// Shuts a role out: no new connection, and those that are open are cut.
///
/// # Errors
/// When the name is not one of small letters, digits and underscores.
pub fn shut_out(role: &str) -> Result<Vec<Statement>, RelayError> {
    let name = checked(role)?;
    Ok(vec![
        Statement::new(
            format!("{role} may not log in any more"),
            format!("ALTER ROLE {name} NOLOGIN"),
        ),
        Statement::new(
            format!("{role}'s connections are cut"),
            format!(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = {}",
                literal(role)
            ),
        ),
    ])
}

fn checked(role: &str) -> Result<String, RelayError> {
    let fits = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_';
    let letter = role.bytes().next().is_some_and(|b| b.is_ascii_lowercase());
    if letter && role.len() <= 63 && role.bytes().all(fits) {
        Ok(identifier(role))
    } else {
        Err(RelayError::Refused(crate::Refused::Malformed))
    }
}
