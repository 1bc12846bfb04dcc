//! Items in a processor's hands. They are a sequence, so one processor at a time takes them.

use super::{ItemRow, item};
use crate::RelayError;
use crate::link::LinkItem;
use sqlx::Transaction;
use sqlx::postgres::{PgPool, Postgres};

/// An acknowledgement that came in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InAck {
    /// SHA-256 of the text.
    pub id: [u8; 32],
    /// A compact JWS, not yet verified.
    pub body: String,
}

/// Items and acknowledgements that this processor works on. Dropping it, or losing the connection,
/// sets them free for the next processor.
#[derive(Debug)]
pub struct InClaim {
    items: Vec<LinkItem>,
    acks: Vec<InAck>,
    transaction: Transaction<'static, Postgres>,
}

impl InClaim {
    pub(super) async fn take(pool: &PgPool, limit: u32) -> Result<Option<Self>, RelayError> {
        let mut transaction = pool.begin().await?;
        let turn: Option<bool> =
            sqlx::query_scalar("SELECT one FROM link.turn FOR UPDATE SKIP LOCKED")
                .fetch_optional(&mut *transaction)
                .await?;
        if turn.is_none() {
            transaction.rollback().await?;
            return Ok(None);
        }
        let rows: Vec<ItemRow> = sqlx::query_as(
            "WITH taken AS MATERIALIZED ( \
               SELECT epoch, seq FROM link.waiting ORDER BY epoch, seq LIMIT $1 \
             ) SELECT i.epoch, i.seq, i.prev, i.hash, i.kind, i.body \
             FROM taken t JOIN link.inbound i USING (epoch, seq) ORDER BY i.epoch, i.seq",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
        let acks: Vec<(Vec<u8>, String)> = sqlx::query_as(
            "WITH taken AS MATERIALIZED (SELECT n, id FROM link.waiting_ack ORDER BY n LIMIT $1) \
             SELECT a.id, a.body FROM taken t JOIN link.ack_inbound a USING (id) ORDER BY t.n",
        )
        .bind(i64::from(limit))
        .fetch_all(&mut *transaction)
        .await?;
        if rows.is_empty() && acks.is_empty() {
            transaction.rollback().await?;
            return Ok(None);
        }
        let items: Result<Vec<_>, _> = rows
            .into_iter()
            .map(|row| item("link.inbound", row))
            .collect();
        let acks: Result<Vec<_>, _> = acks.into_iter().map(ack).collect();
        Ok(Some(Self {
            items: items?,
            acks: acks?,
            transaction,
        }))
    }

    /// The items, sorted by epoch and sequence. There may be gaps.
    #[must_use]
    pub fn items(&self) -> &[LinkItem] {
        &self.items
    }

    /// The acknowledgements, in the order in which they came.
    #[must_use]
    pub fn acks(&self) -> &[InAck] {
        &self.acks
    }

    /// These are finished: they wait no longer. Call it after the core's commit. The others are free
    /// again.
    ///
    /// # Errors
    /// [`RelayError::Unavailable`] when the connection was lost: all of them wait again.
    pub async fn done(mut self, items: &[(u32, u64)], acks: &[[u8; 32]]) -> Result<(), RelayError> {
        let epochs: Vec<i32> = items
            .iter()
            .map(|(epoch, _)| i32::try_from(*epoch).unwrap_or(i32::MAX))
            .collect();
        let seqs: Vec<i64> = items
            .iter()
            .map(|(_, seq)| i64::try_from(*seq).unwrap_or(i64::MAX))
            .collect();
        let acks: Vec<&[u8]> = acks.iter().map(<[u8; 32]>::as_slice).collect();
        sqlx::query(
            "DELETE FROM link.waiting w USING unnest($1::integer[], $2::bigint[]) d (epoch, seq) \
             WHERE (w.epoch, w.seq) = (d.epoch, d.seq)",
        )
        .bind(epochs)
        .bind(seqs)
        .execute(&mut *self.transaction)
        .await?;
        sqlx::query("DELETE FROM link.waiting_ack WHERE id = ANY ($1)")
            .bind(acks)
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

fn ack((id, body): (Vec<u8>, String)) -> Result<InAck, RelayError> {
    let id = id.try_into().map_err(|_| RelayError::Inconsistent {
        table: "link.ack_inbound",
        what: "the id is not of 32 bytes".to_owned(),
    })?;
    Ok(InAck { id, body })
}
