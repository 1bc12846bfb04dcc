//! Sessions, all at once.

use crate::{
    Fault,
    store::{peer_session, session},
};
use message::Timestamp;
use sqlx::{Connection as _, PgConnection};

/// Ends every session with devices and with other banks, as when a processor is removed: it could
/// open what is stored. What is sealed in them is asked for again, and new ones are opened.
///
/// # Errors
/// When the core cannot be written.
pub async fn end_sessions(core: &mut PgConnection, now: Timestamp) -> Result<(), Fault> {
    let mut tx = core.begin().await?;
    session::end_all(&mut tx, now).await?;
    peer_session::end_all(&mut tx, now).await?;
    tx.commit().await?;
    Ok(())
}
