//! `bank.peer`: the other banks, as the authority licensed them.

use crate::{Fault, store::At};
use ledger::AccountId;
use message::{Bic, Timestamp, text::Name};
use sqlx::PgConnection;

/// Another bank.
#[derive(Clone, Debug)]
pub(crate) struct PeerRow {
    pub(crate) bic: Bic,
    pub(crate) name: Name,
    pub(crate) iban_prefix: String,
    pub(crate) licence: Vec<u8>,
    pub(crate) mirror: AccountId,
    pub(crate) active: bool,
}

type Row = (String, String, String, Vec<u8>, i64, String);

pub(crate) async fn all(core: &mut PgConnection) -> Result<Vec<PeerRow>, Fault> {
    let rows: Vec<Row> = sqlx::query_as(
        "SELECT bic, name, iban_prefix, licence, mirror, status FROM bank.peer
         ORDER BY bic",
    )
    .fetch_all(core)
    .await?;
    rows.into_iter()
        .map(|(bic, name, iban_prefix, licence, mirror, status)| {
            Ok(PeerRow {
                bic: At("peer", "bic").of(Bic::parse(&bic))?,
                name: At("peer", "name").of(Name::try_from(name))?,
                iban_prefix,
                licence,
                mirror: AccountId(mirror),
                active: status == "active",
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
