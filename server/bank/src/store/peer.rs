//! `bank.peer`: the other banks, as the authority licensed them.

use crate::{Fault, store::At};
use ledger::AccountId;
use message::{Bic, Timestamp, receipt::Refusal, text::Name};
use sqlx::PgConnection;

/// Another bank.
#[derive(Clone, Debug)]
pub(crate) struct PeerRow {
    pub(crate) bic: Bic,
    pub(crate) name: Name,
    pub(crate) iban_prefix: String,
    pub(crate) mirror: AccountId,
    /// Why no new payments are made with it. What the register says of it is added when it is judged.
    pub(crate) shut: Option<Refusal>,
}

type Row = (String, String, String, i64, String);

pub(crate) async fn all(core: &mut PgConnection) -> Result<Vec<PeerRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT bic, name, iban_prefix, mirror, status FROM bank.peer
         ORDER BY bic",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(|(bic, name, iban_prefix, mirror, status)| {
            Ok(PeerRow {
                bic: At("peer", "bic").of(Bic::parse(&bic))?,
                name: At("peer", "name").of(Name::try_from(name))?,
                iban_prefix,
                mirror: AccountId(mirror),
                shut: (status != "active").then_some(Refusal::PeerUnavailable),
            })
        })
        .collect()
}

/// What a licence says of a bank, and where the chains of its link begin.
pub(crate) struct Admission<'a> {
    pub(crate) bic: &'a Bic,
    pub(crate) name: &'a Name,
    pub(crate) iban_prefix: &'a str,
    pub(crate) settlement_cap: i64,
    pub(crate) licence: &'a [u8],
    pub(crate) start_out: [u8; 32],
    pub(crate) start_in: [u8; 32],
}

/// Makes a licensed bank a peer, with its mirror account and link. False when it is one already.
pub(crate) async fn admit(
    core: &mut PgConnection,
    peer: &Admission<'_>,
    at: Timestamp,
) -> Result<bool, Fault> {
    Ok(
        sqlx::query_scalar("SELECT bank.admit_peer($1, $2, $3, $4, $5, $6, $7, $8)")
            .bind(peer.bic.as_str())
            .bind(peer.name.as_str())
            .bind(peer.iban_prefix)
            .bind(peer.settlement_cap)
            .bind(peer.licence)
            .bind(peer.start_out)
            .bind(peer.start_in)
            .bind(at)
            .fetch_one(core)
            .await?,
    )
}

/// A peer's newest licence.
pub(crate) async fn relicense(
    core: &mut PgConnection,
    bic: &Bic,
    settlement_cap: i64,
    licence: &[u8],
) -> Result<(), Fault> {
    sqlx::query("SELECT bank.relicense_peer($1, $2, $3)")
        .bind(bic.as_str())
        .bind(settlement_cap)
        .bind(licence)
        .execute(core)
        .await?;
    Ok(())
}
