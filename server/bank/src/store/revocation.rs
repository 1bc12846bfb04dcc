//! `bank.revocation`: signed records that a device counts no more.

use crate::{Fault, store::At};
use message::{Thumbprint, Timestamp};
use sqlx::PgConnection;

pub(crate) async fn insert(
    core: &mut PgConnection,
    device: Thumbprint,
    jws: &str,
    reason: &str,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query("INSERT INTO bank.revocation (device, jws, reason, at) VALUES ($1, $2, $3, $4)")
        .bind(device.as_bytes())
        .bind(jws)
        .bind(reason)
        .bind(at)
        .execute(core)
        .await?;
    Ok(())
}

/// A revocation that nobody has been told of yet.
pub(crate) struct Untold {
    pub(crate) device: Thumbprint,
    /// Who did it: the customer's order, or the bank's record.
    pub(crate) jws: String,
    pub(crate) at: Timestamp,
}

/// Those that nobody has been told of yet, locked: another processor takes others.
pub(crate) async fn lock_untold(core: &mut PgConnection) -> Result<Vec<Untold>, Fault> {
    let rows: Vec<(Vec<u8>, String, i64)> = sqlx::query_as(
        "SELECT device, jws, at FROM bank.revocation WHERE NOT told ORDER BY at
         LIMIT 100 FOR NO KEY UPDATE SKIP LOCKED",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(|(device, jws, at)| {
            let device = At("revocation", "device").thumbprint(&device)?;
            Ok(Untold { device, jws, at })
        })
        .collect()
}

pub(crate) async fn mark_told(
    core: &mut PgConnection,
    devices: &[Thumbprint],
) -> Result<(), Fault> {
    let devices: Vec<&[u8]> = devices.iter().map(|d| d.as_bytes().as_slice()).collect();
    sqlx::query("UPDATE bank.revocation SET told = true WHERE device = ANY($1)")
        .bind(devices)
        .execute(core)
        .await?;
    Ok(())
}
