//! How things stand, and whether the books are right.

use crate::{
    Fault,
    store::{alarm, device, fault_log, figure, link, outbox, quarantine},
};
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

/// Recomputes balances, holds, postings and answers from the rows that are for ever, as of one moment.
///
/// # Errors
/// When the core cannot be read.
pub async fn audit(core: &mut PgConnection) -> Result<Audit, Fault> {
    let mut tx = core
        .begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        .await?;
    let findings = figure::findings(&mut tx).await?;
    let figures = figure::all(&mut tx).await?;
    tx.commit().await?;
    Ok(Audit { findings, figures })
}
