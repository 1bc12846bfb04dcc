//! How things stand, and whether the books are right.

use super::parameters::audit_fees;
use crate::{
    Fault,
    store::{
        alarm, device, fault_log, figure, institution, key_set as sets, link, outbox, quarantine,
    },
};
use envelope::{Jws, Rsa};
use message::{Payload, Timestamp, key_set::KeySet};
use sqlx::{Connection as _, PgConnection};

/// One direction of a link.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkFigures {
    /// The other party.
    pub party: String,
    /// `out` or `in`.
    pub direction: String,
    /// The epoch.
    pub epoch: i32,
    /// The last item sent or taken.
    pub last_seq: i64,
    /// The last one confirmed.
    pub acked_seq: i64,
}

/// How things stand in a core.
#[derive(Clone, Debug)]
pub struct Status {
    /// Customers, accounts, devices, orders and payments, each with its number.
    pub figures: Vec<(String, i64)>,
    /// Devices, by where they stand.
    pub devices: Vec<(String, i64)>,
    /// What waits to be copied, by target.
    pub outbox: Vec<(String, i64)>,
    /// What was put aside, by reason.
    pub quarantine: Vec<(String, i64)>,
    /// Links.
    pub links: Vec<LinkFigures>,
    /// What peers or replication did that must not happen.
    pub alarms: i64,
    /// Faults of ours.
    pub faults: i64,
    /// The bank's newest key set: its number, and the last moment at which anybody seals to its key.
    pub key_set: Option<(u64, Timestamp)>,
}

/// How long before the end of a key set the operator is reminded, in seconds.
const REMIND_SECONDS: i64 = 60 * 24 * 60 * 60;

impl Status {
    /// What the operator is to do about the key set, where it ends soon or has ended.
    pub fn key_set_reminder(&self, now: Timestamp) -> Option<String> {
        let (number, until) = self.key_set?;
        let days = until.saturating_sub(now).div_euclid(24 * 60 * 60);
        let left = until.saturating_sub(now);
        let when = match left {
            ..0 => "has ended: devices seal nothing to this bank any more".to_owned(),
            0..=REMIND_SECONDS => format!("ends in {days} days"),
            _ => return None,
        };
        Some(format!(
            "key set {number} {when}. Make the next one: server key rotate"
        ))
    }
}

/// Reads the end of the newest key set.
async fn key_set(core: &mut PgConnection) -> Result<Option<(u64, Timestamp)>, Fault> {
    let Some(bank) = institution::read(core).await? else {
        return Ok(None);
    };
    let mut newest = sets::newest(core).await?;
    let Some((number, jws)) = newest.remove(&bank.bic.lower()) else {
        return Ok(None);
    };
    let jws = Jws::parse(&jws)?;
    let row = |_| Fault::Row {
        table: "key_set",
        column: "jws",
    };
    let set: Payload<KeySet> = serde_json::from_slice(jws.unverified_payload()).map_err(row)?;
    Ok(Some((number, set.exp)))
}

/// Reads how things stand.
///
/// # Errors
/// When the core cannot be read.
pub async fn status(core: &mut PgConnection) -> Result<Status, Fault> {
    let links = link::all(core).await?;
    Ok(Status {
        figures: figure::all(core).await?,
        devices: device::counts(core).await?,
        outbox: outbox::counts(core).await?,
        quarantine: quarantine::counts(core).await?,
        links: links
            .into_iter()
            .map(|(direction, row)| LinkFigures {
                party: row.party,
                direction,
                epoch: row.epoch,
                last_seq: row.last_seq,
                acked_seq: row.acked_seq,
            })
            .collect(),
        alarms: alarm::count(core).await?,
        faults: fault_log::count(core).await?,
        key_set: key_set(core).await?,
    })
}

/// What an audit found.
#[derive(Clone, Debug)]
pub struct Audit {
    /// What is wrong, and with what.
    pub findings: Vec<(String, String)>,
    /// What was looked at.
    pub figures: Vec<(String, i64)>,
}

impl Audit {
    /// Whether the books are right.
    pub fn is_right(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Recomputes balances, holds, postings, fees and answers from the rows that are for ever, as of one moment.
///
/// # Errors
/// When the core cannot be read.
pub async fn audit(core: &mut PgConnection, rsa: &dyn Rsa, now: Timestamp) -> Result<Audit, Fault> {
    let mut tx = core
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let mut findings = figure::findings(&mut tx).await?;
    if institution::read(&mut tx).await?.is_some() {
        findings.extend(audit_fees(&mut tx, rsa, now).await?);
    }
    let figures = figure::all(&mut tx).await?;
    tx.commit().await?;
    Ok(Audit { findings, figures })
}
