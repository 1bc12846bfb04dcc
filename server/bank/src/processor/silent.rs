//! Payments to other banks whose deadline has passed in silence: the other bank is asked what became
//! of them. A hold is never released on silence.

use super::{
    Processor,
    draft::{Draft, Keep, To},
    work::Work,
};
use crate::{Fault, store::payment_out};
use message::{MessageId, interbank::StatusRequest};

/// How long to wait before asking again, in seconds.
const PATIENCE_SECONDS: i64 = 5 * 60;

impl Processor {
    /// Asks about payments that were not answered in time. Answers how many.
    pub async fn enquire(&self) -> Result<usize, Fault> {
        let now = self.clock.now();
        let mut tx = self.core.begin().await?;
        let before = now.saturating_sub(PATIENCE_SECONDS);
        let silent = payment_out::lock_silent(&mut tx, now, before).await?;
        if silent.is_empty() {
            return Ok(0);
        }
        let mut work = Work::new(now, "clock");
        for state in &silent {
            let row = &state.row;
            let body = StatusRequest {
                payment: row.payment,
                request_digest: row.request_digest,
                accept_until: row.accept_until,
            };
            let payload = self.payload(row.peer.to_string(), None, body, now);
            let to = To::Peer(row.peer.clone());
            work.drafts.push(Draft::new(payload, Keep::Nothing, to));
        }
        let payments: Vec<MessageId> = silent.iter().map(|state| state.row.payment).collect();
        payment_out::mark_enquired(&mut tx, &payments, now).await?;
        let peers = self.peers(&mut tx, now).await?;
        self.seal(&mut tx, &mut work, &peers).await?;
        self.close(&mut tx, work).await?;
        tx.commit().await?;
        tracing::info!(
            count = silent.len(),
            "asked about payments without an answer"
        );
        Ok(silent.len())
    }
}
