//! `bank.certificate`: every certificate that was accepted, ours and others'.

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp};
use sha2::{Digest as _, Sha256};
use sqlx::PgConnection;

/// A certificate and what it was accepted as.
#[derive(Clone, Debug)]
pub(crate) struct CertificateRow {
    pub(crate) party: String,
    pub(crate) role: String,
    pub(crate) subject: Thumbprint,
    pub(crate) der: Vec<u8>,
    pub(crate) not_after: Timestamp,
}

type Row = (String, String, Vec<u8>, Vec<u8>, i64);

fn value((party, role, subject, der, not_after): Row) -> Result<CertificateRow, Fault> {
    Ok(CertificateRow {
        party,
        role,
        subject: At("certificate", "subject").thumbprint(&subject)?,
        der,
        not_after,
    })
}

pub(crate) fn fingerprint(der: &[u8]) -> [u8; 32] {
    Sha256::digest(der).into()
}

/// Stores a certificate; one that is there already stays. Says whether it is new.
pub(crate) async fn insert(
    core: &mut PgConnection,
    row: &CertificateRow,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "INSERT INTO bank.certificate (fingerprint, party, role, subject, der, not_after, at)
         VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING",
    )
    .bind(fingerprint(&row.der))
    .bind(&row.party)
    .bind(&row.role)
    .bind(row.subject.as_bytes())
    .bind(&row.der)
    .bind(row.not_after)
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// What these keys are certified as, the latest certificate of each key last.
pub(crate) async fn of_subjects(
    core: &mut PgConnection,
    subjects: &[Thumbprint],
) -> Result<Vec<CertificateRow>, Fault> {
    let keys: Vec<&[u8]> = subjects.iter().map(|s| s.as_bytes().as_slice()).collect();
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT party, role, subject, der, not_after FROM bank.certificate
         WHERE subject = ANY($1) ORDER BY not_after",
    )
    .bind(keys)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// When the newest certificate of a key was taken in, and when it ends.
pub(crate) async fn newest_of(
    core: &mut PgConnection,
    party: &str,
    role: &str,
    subject: Thumbprint,
) -> Result<Option<(Timestamp, Timestamp)>, Fault> {
    Ok(sqlx::query_as(
        "SELECT at, not_after FROM bank.certificate
         WHERE subject = $3 AND party = $1 AND role = $2 ORDER BY not_after DESC LIMIT 1",
    )
    .bind(party)
    .bind(role)
    .bind(subject.as_bytes())
    .fetch_optional(core)
    .await?)
}

/// A party's certificates of one role, the latest first.
pub(crate) async fn of_party(
    core: &mut PgConnection,
    party: &str,
    role: &str,
) -> Result<Vec<CertificateRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT party, role, subject, der, not_after FROM bank.certificate
         WHERE party = $1 AND role = $2 ORDER BY not_after DESC, fingerprint",
    )
    .bind(party)
    .bind(role)
    .fetch_all(core)
    .await?;
    rows.into_iter().map(value).collect()
}

/// One certificate by the SHA-256 of its DER.
pub(crate) async fn by_fingerprint(
    core: &mut PgConnection,
    fingerprint: &[u8],
) -> Result<Option<CertificateRow>, Fault> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT party, role, subject, der, not_after FROM bank.certificate WHERE fingerprint = $1",
    )
    .bind(fingerprint)
    .fetch_optional(core)
    .await?;
    row.map(value).transpose()
}
