//! The role `authority`: it brings every licence to every bank, through the gateway that it has for
//! that bank. The licences are the same for all and stay in one order, so the items of each link are
//! computed from them; those that the bank has not acknowledged are appended again ([`link`]).

mod link;

use crate::{
    cli::{Failure, RoleArguments},
    configuration::AuthorityConfiguration,
};
use envelope::{Certificate, Party, TrustAnchor};
use link::Link;
use relay::{gateway::Gateway, link::Ends};
use sqlx::{
    Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// How often the licences are looked at again.
const EVERY: Duration = Duration::from_secs(2);
/// Connections to each node.
const CONNECTIONS_MAX: u32 = 2;

const MIGRATIONS: relay::migrate::Embedded =
    relay::migrations!("../../migrations/authority": "0001_licences", "0002_links");

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

/// Runs until asked to stop.
pub async fn run(role: &RoleArguments) -> Result<(), Failure> {
    let configuration = AuthorityConfiguration::read(&role.config)?;
    let own = configuration.connect(&configuration.node)?;
    let pool = PgPoolOptions::new()
        .max_connections(CONNECTIONS_MAX)
        .connect_lazy_with(own);
    let root = std::fs::read_to_string(configuration.folder.join(&configuration.root))?;
    let anchor = TrustAnchor::new(Certificate::from_pem(&root)?)?;
    let mut links = Vec::new();
    for address in &configuration.gateways {
        let party = Party::from_lower(&address.party.to_lowercase())
            .ok_or_else(|| format!("{} is no party", address.party))?;
        links.push(Link {
            bank: party
                .bic()
                .cloned()
                .ok_or("the authority has links to banks")?,
            ends: Ends::new(Party::Authority, party)?,
            gateway: Gateway::connect(configuration.connect(&address.node)?, CONNECTIONS_MAX),
        });
    }
    let mut stopping = std::pin::pin!(role.stopping());
    loop {
        if let Err(error) = bring(&pool, &anchor, &links).await {
            tracing::warn!(%error, "not every bank has every licence yet; trying again");
        }
        tokio::select! {
            () = &mut stopping => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

/// Brings every licence to every bank, and takes what banks have to say.
async fn bring(pool: &PgPool, anchor: &TrustAnchor, links: &[Link]) -> Result<(), Failure> {
    let licences: Vec<Vec<u8>> =
        sqlx::query_scalar("SELECT certificate FROM authority.licence ORDER BY n")
            .fetch_all(pool)
            .await?;
    let mut failed = None;
    for link in links {
        // One gateway that is away does not keep the others waiting.
        if let Err(error) = link.bring(pool, anchor, &licences).await {
            failed = Some(error);
        }
    }
    failed.map_or(Ok(()), Err)
}
