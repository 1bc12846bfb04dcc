//! The role `authority`: it brings every licence to every bank, through the gateway that it has for
//! that bank. The licences are the same for all and stay in one order, so the items of each link are
//! computed from them; what a gateway has lost is simply appended again.

use crate::{
    cli::{Failure, RoleArguments},
    configuration::AuthorityConfiguration,
};
use envelope::{Certificate, Party};
use message::link::ItemKind;
use relay::{
    RelayError,
    gateway::Gateway,
    link::{Ends, LinkItem, chain::Position},
};
use sqlx::{
    Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// How often the licences are looked at again.
const EVERY: Duration = Duration::from_secs(2);
/// Connections to each node.
const CONNECTIONS_MAX: u32 = 2;
/// Acknowledgements taken at once.
const ACKS_MAX: u32 = 100;
/// The one epoch so far.
const EPOCH: u32 = 1;

const MIGRATIONS: relay::migrate::Embedded =
    relay::migrations!("../../migrations/authority": "0001_licences");

/// Brings the tables of the authority's node up to date, as its superuser.
pub async fn migrate(superuser: &PgConnectOptions) -> Result<(), Failure> {
    let mut connection = sqlx::PgConnection::connect_with(superuser).await?;
    relay::migrate::migrator(MIGRATIONS)
        .run(&mut connection)
        .await?;
    Ok(connection.close().await?)
}

/// Records a licence as granted, once.
pub async fn grant(superuser: &PgConnectOptions, licence: &Certificate) -> Result<(), Failure> {
    let bank = licence.party().bic().ok_or("a licence names a bank")?;
    let mut connection = sqlx::PgConnection::connect_with(superuser).await?;
    sqlx::query(
        "INSERT INTO authority.licence (n, bank, certificate) \
         SELECT coalesce(max(n), 0) + 1, $1, $2 FROM authority.licence \
         HAVING NOT coalesce(bool_or(certificate = $2), false)",
    )
    .bind(bank.as_str())
    .bind(licence.der())
    .execute(&mut connection)
    .await?;
    Ok(connection.close().await?)
}

struct Link {
    ends: Ends,
    gateway: Gateway,
}

/// Runs until asked to stop.
pub async fn run(role: &RoleArguments) -> Result<(), Failure> {
    let configuration = AuthorityConfiguration::read(&role.config)?;
    let own = configuration.connect(&configuration.node)?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .connect_lazy_with(own);
    let mut links = Vec::new();
    for address in &configuration.gateways {
        let party = Party::from_lower(&address.party.to_lowercase())
            .ok_or_else(|| format!("{} is no party", address.party))?;
        links.push(Link {
            ends: Ends::new(Party::Authority, party)?,
            gateway: Gateway::connect(configuration.connect(&address.node)?, CONNECTIONS_MAX),
        });
    }
    let mut stopping = std::pin::pin!(role.stopping());
    loop {
        if let Err(error) = bring(&pool, &links).await {
            tracing::warn!(%error, "not every bank has every licence yet; trying again");
        }
        tokio::select! {
            () = &mut stopping => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Appends every licence to every link, and takes the acknowledgements off the gateways.
async fn bring(pool: &PgPool, links: &[Link]) -> Result<(), Failure> {
    let licences: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT certificate FROM authority.licence ORDER BY n")
            .fetch_all(pool)
            .await?;
    let mut failed = None;
    for link in links {
        let items = items(&link.ends, &licences).ok_or("too many licences for one epoch")?;
        // One gateway that is away does not keep the others waiting.
        if let Err(error) = bring_to(link, &items).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), |error| Err(error.into()))
}

async fn bring_to(link: &Link, items: &[LinkItem]) -> Result<(), RelayError> {
    link.gateway.append(items).await?;
    while let Some(claim) = link.gateway.claim(ACKS_MAX).await? {
        // Licences are public and appended again whatever is acknowledged, so the word of the
        // receiver changes nothing here; banks send the authority nothing else.
        let ids: Vec<[u8; 32]> = claim.acks().iter().map(|ack| ack.id).collect();
        let seqs: Vec<(u32, u64)> = claim
            .items()
            .iter()
            .map(|item| (item.epoch, item.seq))
            .collect();
        claim.done(&seqs, &ids).await?;
    }
    Ok(())
}

/// The licences as the dense, chained sequence of a link.
fn items(ends: &Ends, licences: &[Vec<u8>]) -> Option<Vec<LinkItem>> {
    let mut position = Position::start(ends.own(), ends.peer(), EPOCH);
    licences
        .iter()
        .map(|der| {
            let (item, next) = position.append(ItemKind::Certificate.word(), der.clone())?;
            position = next;
            Some(item)
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use relay::link::chain::run;

    #[test]
    fn every_bank_gets_one_unbroken_sequence() {
        let bank = Party::from_lower("halddeff").unwrap();
        let ends = Ends::new(Party::Authority, bank).unwrap();
        let items = items(&ends, &[vec![1], vec![2], vec![3]]).unwrap();
        let start = Position::start(ends.own(), ends.peer(), EPOCH);
        assert_eq!(run(&start, &items).next.len(), 3);
        assert_eq!(
            super::items(&ends, &[vec![1], vec![2]]).unwrap(),
            items[..2]
        );
    }
}
