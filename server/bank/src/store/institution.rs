//! `bank.institution`: who we are. One row.

use crate::{Fault, store::At};
use message::{Bic, Currency, Timestamp, text::Name};
use sqlx::PgConnection;

/// The bank itself.
#[derive(Clone, Debug)]
pub(crate) struct Institution {
    pub(crate) bic: Bic,
    pub(crate) name: Name,
    pub(crate) iban_prefix: String,
    pub(crate) currency: Currency,
    pub(crate) settlement_cap: i64,
    /// The authority's root certificate, DER.
    pub(crate) root: Vec<u8>,
    /// The bank CA's certificate, DER.
    pub(crate) licence: Vec<u8>,
}

type Row = (String, String, String, String, i64, Vec<u8>, Vec<u8>);

pub(crate) async fn read(core: &mut PgConnection) -> Result<Option<Institution>, Fault> {
    let row: Option<Row> = sqlx::query_as(
        "SELECT bic, name, iban_prefix, currency, settlement_cap, root, licence FROM bank.institution",
    )
    .fetch_optional(core)
    .await?;
    row.map(
        |(bic, name, iban_prefix, currency, settlement_cap, root, licence)| {
            Ok(Institution {
                bic: At("institution", "bic").of(Bic::parse(&bic))?,
                name: At("institution", "name").of(Name::try_from(name))?,
                iban_prefix,
                currency: At("institution", "currency").currency(&currency)?,
                settlement_cap,
                root,
                licence,
            })
        },
    )
    .transpose()
}

pub(crate) async fn insert(
    core: &mut PgConnection,
    bank: &Institution,
    at: Timestamp,
) -> Result<(), Fault> {
    sqlx::query(
        "INSERT INTO bank.institution (bic, name, iban_prefix, currency, settlement_cap, root, licence,
         founded_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    )
    .bind(bank.bic.as_str())
    .bind(bank.name.as_str())
    .bind(&bank.iban_prefix)
    .bind(bank.currency.code())
    .bind(bank.settlement_cap)
    .bind(&bank.root)
    .bind(&bank.licence)
    .bind(at)
    .execute(core)
    .await?;
    Ok(())
}
