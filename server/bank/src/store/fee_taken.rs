//! `bank.fee_taken`: the fees that were taken, by what they were taken for (a view).

use crate::{Fault, store::At};
use message::Currency;
use sqlx::PgConnection;

/// So many payments have cost so much.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FeeTaken {
    /// The version of the parameters that their receipts name; 0 for none.
    pub(crate) parameters: u64,
    /// To another bank.
    pub(crate) outside: bool,
    pub(crate) currency: Currency,
    pub(crate) fee: i64,
    pub(crate) payments: i64,
}

pub(crate) async fn all(core: &mut PgConnection) -> Result<Vec<FeeTaken>, Fault> {
    let rows: Vec<(i64, bool, String, i64, i64)> =
        sqlx::query_as("SELECT parameters, outside, currency, fee, payments FROM bank.fee_taken")
            .fetch_all(core)
            .await?;
    let at = |column| At("fee_taken", column);
    rows.into_iter()
        .map(|(parameters, outside, currency, fee, payments)| {
            Ok(FeeTaken {
                parameters: at("parameters").of(u64::try_from(parameters))?,
                outside,
                currency: at("currency").currency(&currency)?,
                fee,
                payments,
            })
        })
        .collect()
}
