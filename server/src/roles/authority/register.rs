//! The register in the authority's own node: read by the online server, added to by the node's owner in
//! a ceremony. What is read counts for its signatures alone.

use crate::{boot, cli::Failure};
use envelope::{
    TrustAnchor,
    register::{Entry, Register},
};
use message::record::AuthorityAct;
use relay::primitive::AwsLcRsa;
use sha2::{Digest as _, Sha256};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};

/// The most rows read at once.
const ROWS_MAX: i64 = 10_000;

/// The register as far as it was read, with the text of each entry.
pub struct Records {
    /// What the entries say together.
    pub register: Register,
    /// The entries in their order.
    pub entries: Vec<String>,
}

/// A row that does not count.
pub struct Strange {
    /// The number that it stands under.
    pub number: i64,
    /// SHA-256 of its text.
    pub digest: Vec<u8>,
    /// Why.
    pub reason: String,
}

impl Records {
    /// None yet.
    pub fn new(anchor: TrustAnchor) -> Self {
        Self {
            register: Register::new(anchor),
            entries: Vec::new(),
        }
    }

    /// Reads on. Answers the rows that do not count.
    pub async fn read_on(&mut self, node: &mut PgConnection) -> Result<Vec<Strange>, Failure> {
        let after = i64::try_from(self.register.position().number)?;
        let rows: Vec<(i64, Vec<u8>, String)> = sqlx::query_as(
            "SELECT number, digest, body FROM authority.entry WHERE number > $1 \
             ORDER BY number, digest LIMIT $2",
        )
        .bind(after)
        .bind(ROWS_MAX)
        .fetch_all(node)
        .await?;
        let mut strange = Vec::new();
        for (number, digest, body) in rows {
            let taken = Entry::parse(&body)
                .map_err(Into::into)
                .and_then(|entry| self.register.take(&AwsLcRsa, &entry, boot::now()));
            match taken {
                Ok(_) => self.entries.push(body),
                Err(error) => strange.push(Strange {
                    number,
                    digest,
                    reason: error.to_string(),
                }),
            }
        }
        Ok(strange)
    }

    /// Reads everything, as the node's owner.
    pub async fn read(node: &mut PgConnection, anchor: TrustAnchor) -> Result<Self, Failure> {
        let mut records = Self::new(anchor);
        for row in records.read_on(node).await? {
            eprintln!(
                "warning: a row under number {} does not count: {}",
                row.number, row.reason
            );
        }
        Ok(records)
    }
}

/// Raises an alarm for each row, once. Answers those that are new.
pub async fn raise(node: &mut PgConnection, rows: Vec<Strange>) -> Result<Vec<Strange>, Failure> {
    let mut new = Vec::new();
    for row in rows {
        let done = sqlx::query(
            "INSERT INTO authority.alarm (number, digest, reason) VALUES ($1, $2, $3) \
             ON CONFLICT DO NOTHING",
        )
        .bind(row.number)
        .bind(&row.digest)
        .bind(&row.reason)
        .execute(&mut *node)
        .await?;
        if done.rows_affected() == 1 {
            new.push(row);
        }
    }
    Ok(new)
}

/// Adds the next entry, as the node's owner. It is checked before as every reader will check it.
pub async fn add(
    node: &PgConnectOptions,
    anchor: TrustAnchor,
    entry: &Entry,
) -> Result<(u64, AuthorityAct), Failure> {
    let mut connection = PgConnection::connect_with(node).await?;
    let mut tx = connection.begin().await?;
    // One ceremony at a time.
    sqlx::query("LOCK TABLE authority.entry IN EXCLUSIVE MODE")
        .execute(&mut *tx)
        .await?;
    let mut records = Records::read(&mut tx, anchor).await?;
    let act = records
        .register
        .take(&AwsLcRsa, entry, boot::now())
        .map_err(|error| format!("the entry is refused: {error}"))?;
    let number = records.register.position().number;
    let text = entry.to_text();
    sqlx::query("INSERT INTO authority.entry (number, digest, body) VALUES ($1, $2, $3)")
        .bind(i64::try_from(number)?)
        .bind(Sha256::digest(text.as_bytes()).as_slice())
        .bind(&text)
        .execute(&mut *tx)
        .await?;
    tx.commit().await?;
    connection.close().await?;
    Ok((number, act))
}
