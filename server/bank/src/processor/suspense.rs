//! Payments that a revoked licence leaves behind. What the other bank never confirmed to have is void
//! and goes back to the payer; what it had and did not answer stays set aside until the authority has
//! decided.

use super::{
    Processor,
    clearing::{Known, Payments},
    work::Work,
};
use crate::{
    Fault,
    books::Books,
    store::{
        customer, hold,
        payment_out::{self, OutState},
    },
};
use ledger::{AccountId, Hold};
use message::{Bic, Digest, MessageId, receipt::Refusal};
use sqlx::PgConnection;
use std::collections::HashSet;

impl Processor {
    /// Payments of ours whose items all came after the last one that counts were never asked for.
    pub(super) async fn void_after(
        &self,
        core: &mut PgConnection,
        peer: &Bic,
        counted: (u32, u64),
        evidence: &str,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let void = payment_out::lock_after(core, peer, counted).await?;
        self.end_payments(core, void, Err(Refusal::LicenceRevoked), evidence, work)
            .await
    }

    /// Payments to a revoked bank that are not answered wait for the authority.
    pub(super) async fn suspend_payments(
        &self,
        core: &mut PgConnection,
        peer: &Bic,
        number: u64,
    ) -> Result<(), Fault> {
        let count = payment_out::suspend(core, peer, number).await?;
        if count > 0 {
            tracing::warn!(%peer, count, "payments wait for the authority's decision");
        }
        Ok(())
    }

    /// The authority has decided what became of a payment.
    pub(super) async fn resolve(
        &self,
        core: &mut PgConnection,
        request: &Digest,
        credited: bool,
        evidence: &str,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let waiting = payment_out::lock_suspended(core, request).await?;
        let outcome = if credited {
            Ok(())
        } else {
            Err(Refusal::LicenceRevoked)
        };
        self.end_payments(core, waiting, outcome, evidence, work)
            .await
    }

    async fn end_payments(
        &self,
        core: &mut PgConnection,
        states: Vec<OutState>,
        outcome: Result<(), Refusal>,
        evidence: &str,
        work: &mut Work,
    ) -> Result<(), Fault> {
        if states.is_empty() {
            return Ok(());
        }
        let ids: Vec<MessageId> = states.iter().map(|state| state.row.payment).collect();
        let customers: HashSet<i64> = states.iter().map(|state| state.row.customer).collect();
        let customers: Vec<i64> = customers.into_iter().collect();
        let known = Known {
            answered: Default::default(),
            names: customer::names(core, &customers).await?,
            holds: hold::open(core, &ids).await?,
            sent: states
                .into_iter()
                .map(|state| (state.row.payment, state))
                .collect(),
        };
        let accounts: HashSet<AccountId> = known.holds.values().flat_map(Hold::accounts).collect();
        let accounts: Vec<AccountId> = accounts.into_iter().collect();
        let mut books = Books::lock(core, &[], &accounts).await?;
        books.reserve(core, ids.len()).await?;
        let mut payments = Payments {
            processor: self,
            known,
            shut: None,
            decided: Vec::new(),
        };
        for id in ids {
            payments.finish(id, outcome, evidence.to_owned(), &mut books, work)?;
        }
        payment_out::decide(core, &payments.decided, work.now).await?;
        books.write(core, work.now).await
    }
}
