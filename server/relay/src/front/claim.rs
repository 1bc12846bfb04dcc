//! Envelopes in a processor's hands: locked rows, so that no other processor takes them.

use crate::RelayError;
use sqlx::Transaction;
use sqlx::postgres::{PgPool, Postgres};
use std::collections::HashSet;

/// A sealed message to the bank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InEnvelope {
    /// SHA-256 of the text.
    pub id: [u8; 32],
    /// A compact JWE, as the edge took it.
    pub body: String,
}

/// Envelopes that this processor works on. Dropping it, or losing the connection, sets them free
/// for the next processor.
#[derive(Debug)]
pub struct Claim {
    items: Vec<InEnvelope>,
    places: Vec<i64>,
    transaction: Transaction<'static, Postgres>,
}

impl Claim {
    pub(super) async fn take(pool: &PgPool, limit: u32) -> Result<Self, RelayError> {
        let mut transaction = pool.begin().await?;
        let rows: Vec<(i64, Vec<u8>, String)> = sqlx::query_as(
            "WITH taken AS ( \
               SELECT n, id FROM front.waiting ORDER BY n LIMIT $1 FOR UPDATE SKIP LOCKED \
             ) SELECT t.n, e.id, e.body FROM taken t JOIN front.envelope_in e USING (id) \
             ORDER BY t.n",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
        let mut items = Vec::with_capacity(rows.len());
        let mut places = Vec::with_capacity(rows.len());
        for (place, id, body) in rows {
            let id = id.try_into().map_err(|_| RelayError::Inconsistent {
                table: "front.envelope_in",
                what: "the id is not of 32 bytes".to_owned(),
            })?;
            items.push(InEnvelope { id, body });
            places.push(place);
        }
        Ok(Self {
            items,
            places,
            transaction,
        })
    }

    /// The envelopes, oldest first.
    #[must_use]
    pub fn items(&self) -> &[InEnvelope] {
        &self.items
    }

    /// Whether nothing waited.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// These envelopes are finished: they wait no longer. Call it after the core's commit and after
    /// publishing. The others of the claim are free again.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the connection was lost: all of them wait again.
    pub async fn done(self, ids: &[[u8; 32]]) -> Result<(), RelayError> {
        let ids: HashSet<&[u8; 32]> = ids.iter().collect();
        let finished: Vec<i64> = (self.items.iter().zip(&self.places))
            .filter(|(item, _)| ids.contains(&item.id))
            .map(|(_, place)| *place)
            .collect();
        self.finish(&finished).await
    }

    /// All envelopes of the claim are finished.
    ///
    /// # Errors
    /// As [`Claim::done`].
    pub async fn all_done(mut self) -> Result<(), RelayError> {
        let places = std::mem::take(&mut self.places);
        self.finish(&places).await
    }

    async fn finish(mut self, places: &[i64]) -> Result<(), RelayError> {
        sqlx::query("DELETE FROM front.waiting WHERE n = ANY ($1)")
            .bind(places)
            .execute(&mut *self.transaction)
            .await?;
        self.transaction.commit().await?;
        Ok(())
    }

    /// Gives everything back at once.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the connection was lost, which gives it back as well.
    pub async fn release(self) -> Result<(), RelayError> {
        Ok(self.transaction.rollback().await?)
    }
}
