//! `bank.certificate_request`: processors record, the registrar issues, a processor tells.

use crate::{
    Fault,
    store::{At, row},
};
use message::{Digest, Thumbprint, Timestamp};
use sqlx::PgConnection;

/// What is to be certified.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubjectKind {
    Device,
    Processor,
}

impl SubjectKind {
    const fn word(self) -> &'static str {
        match self {
            SubjectKind::Device => "device",
            SubjectKind::Processor => "processor",
        }
    }
}

/// A request for the two certificates of one subject.
#[derive(Clone, Debug)]
pub(crate) struct RequestRow {
    pub(crate) subject: Thumbprint,
    pub(crate) kind: SubjectKind,
    pub(crate) name: String,
    pub(crate) signing_key: Vec<u8>,
    pub(crate) encryption_key: Vec<u8>,
}

row! {
    struct Row {
        subject: Vec<u8>,
        kind: String,
        name: String,
        signing_key: Vec<u8>,
        encryption_key: Vec<u8>,
    }
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    request: &RequestRow,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.certificate_request (subject, kind, name, signing_key, encryption_key, at)
         VALUES ($1, $2, $3, $4, $5, $6)",
    )
    .bind(request.subject.as_bytes())
    .bind(request.kind.word())
    .bind(&request.name)
    .bind(&request.signing_key)
    .bind(&request.encryption_key)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}

/// Requests that wait for the registrar, locked; none of a processor that was removed.
pub(crate) async fn lock_recorded(
    core: &mut PgConnection,
    limit: i64,
) -> Result<Vec<RequestRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT subject, kind, name, signing_key, encryption_key FROM bank.certificate_request r
         WHERE status = 'recorded'
           AND NOT EXISTS (SELECT FROM bank.processor p
                           WHERE p.id = r.subject AND p.status = 'removed')
         ORDER BY at LIMIT $1 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .bind(limit)
    .fetch_all(core)
    .await?;
    let at = |column| At("certificate_request", column);
    rows.into_iter()
        .map(|row| {
            Ok(RequestRow {
                subject: at("subject").thumbprint(&row.subject)?,
                kind: match row.kind.as_str() {
                    "device" => SubjectKind::Device,
                    "processor" => SubjectKind::Processor,
                    _ => return Err(at("kind").fault()),
                },
                name: row.name,
                signing_key: row.signing_key,
                encryption_key: row.encryption_key,
            })
        })
        .collect()
}

/// The registrar has made both certificates.
pub(crate) async fn mark_issued(
    core: &mut PgConnection,
    subject: Thumbprint,
    signing_certificate: &[u8; 32],
    encryption_certificate: &[u8; 32],
) -> Result<(), Fault> {
    sqlx::query(
        "UPDATE bank.certificate_request
         SET status = 'issued', signing_certificate = $2, encryption_certificate = $3
         WHERE subject = $1",
    )
    .bind(subject.as_bytes())
    .bind(signing_certificate)
    .bind(encryption_certificate)
    .execute(core)
    .await?;
    Ok(())
}

/// Certificates are wanted anew for the keys of this subject. For a device `question` is the digest of
/// what it asked. False when the last request is not fulfilled yet: a device is then told of that.
pub(crate) async fn renew(
    core: &mut PgConnection,
    subject: Thumbprint,
    question: Option<Digest>,
    at: Timestamp,
) -> Result<bool, Fault> {
    let done = sqlx::query(
        "UPDATE bank.certificate_request SET status = 'recorded', renewal = $2, at = $3
         WHERE subject = $1 AND (status = 'told' OR $2::bytea IS NOT NULL AND renewal IS NOT NULL)",
    )
    .bind(subject.as_bytes())
    .bind(question.map(|digest| *digest.as_bytes()))
    .bind(at)
    .execute(core)
    .await?;
    Ok(done.rows_affected() == 1)
}

/// A fulfilled request: subject, kind, and the fingerprints of its two certificates.
pub(crate) struct Issued {
    pub(crate) subject: Thumbprint,
    pub(crate) kind: SubjectKind,
    pub(crate) signing_certificate: Vec<u8>,
    pub(crate) encryption_certificate: Vec<u8>,
    /// The question of a device for new certificates.
    pub(crate) renewal: Option<Digest>,
}

type IssuedRow = (Vec<u8>, String, Vec<u8>, Vec<u8>, Option<Vec<u8>>);

fn issued(
    (subject, kind, signing_certificate, encryption_certificate, renewal): IssuedRow,
) -> Result<Issued, Fault> {
    let at = |column| At("certificate_request", column);
    Ok(Issued {
        subject: at("subject").thumbprint(&subject)?,
        kind: match kind.as_str() {
            "device" => SubjectKind::Device,
            "processor" => SubjectKind::Processor,
            _ => return Err(at("kind").fault()),
        },
        signing_certificate,
        encryption_certificate,
        renewal: renewal
            .map(|digest| at("renewal").digest(&digest))
            .transpose()?,
    })
}

/// The certificates that a subject has now.
pub(crate) async fn fulfilled(
    core: &mut PgConnection,
    subject: Thumbprint,
) -> Result<Option<Issued>, Fault> {
    let row: Option<IssuedRow> = sqlx::query_as(
        "SELECT subject, kind, signing_certificate, encryption_certificate, renewal
         FROM bank.certificate_request WHERE subject = $1 AND signing_certificate IS NOT NULL",
    )
    .bind(subject.as_bytes())
    .fetch_optional(core)
    .await?;
    row.map(issued).transpose()
}

/// Fulfilled requests whose subject was not told yet, locked.
pub(crate) async fn lock_issued(core: &mut PgConnection) -> Result<Vec<Issued>, Fault> {
    let rows: Vec<IssuedRow> = sqlx::query_as(
        "SELECT subject, kind, signing_certificate, encryption_certificate, renewal
         FROM bank.certificate_request
         WHERE status = 'issued' ORDER BY at LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter().map(issued).collect()
}

pub(crate) async fn mark_told(
    core: &mut PgConnection,
    subjects: &[Thumbprint],
) -> Result<(), Fault> {
    let subjects: Vec<&[u8]> = subjects.iter().map(|s| s.as_bytes().as_slice()).collect();
    sqlx::query("UPDATE bank.certificate_request SET status = 'told' WHERE subject = ANY($1)")
        .bind(subjects)
        .execute(core)
        .await?;
    Ok(())
}
