//! The role `authority`: it brings the register to every bank, through the gateway that it has for that
//! bank, and signs every few seconds how far the register goes. The entries are the same for all and
//! stay in one order, so the items of each link are computed from them; those that the bank has not
//! acknowledged are appended again ([`link`]). It can add no entry: that takes two officers.

pub mod ceremony;
mod link;
pub mod register;
pub mod words;

use crate::{
    boot,
    cli::{Failure, RoleArguments},
    configuration::AuthorityConfiguration,
};
use envelope::{
    Jws, Party, SigningKey, TrustAnchor,
    register::{Position, sign_head},
};
use link::Link;
use message::Timestamp;
use register::Records;
use relay::{gateway::Gateway, link::Ends, primitive::AwsLcRsa};
use sqlx::{
    Connection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::time::Duration;

/// How often the register is looked at again.
const EVERY: Duration = Duration::from_secs(1);
/// How often a head is signed, in seconds, when nothing is new.
const HEAD_SECONDS: i64 = 5;
/// Connections to each node.
const CONNECTIONS_MAX: u32 = 2;

const MIGRATIONS: relay::migrate::Embedded = relay::migrations!("../../migrations/authority": "0001_licences", "0002_links", "0003_register");

/// Brings the tables of the authority's node up to date, as its superuser.
pub async fn migrate(superuser: &PgConnectOptions) -> Result<(), Failure> {
    let mut connection = sqlx::PgConnection::connect_with(superuser).await?;
    relay::migrate::migrator(MIGRATIONS)
        .run(&mut connection)
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
    let mut online = Online {
        records: Records::new(configuration.anchor()?),
        anchor: configuration.anchor()?,
        head: configuration.head_key()?,
        said: None,
        links: links(&configuration)?,
    };
    let mut stopping = std::pin::pin!(role.stopping());
    loop {
        if let Err(error) = online.bring(&pool).await {
            tracing::warn!(%error, "not every bank has every record yet; trying again");
        }
        tokio::select! {
            () = &mut stopping => return Ok(()),
            () = tokio::time::sleep(EVERY) => {}
        }
    }
}

fn links(configuration: &AuthorityConfiguration) -> Result<Vec<Link>, Failure> {
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
    Ok(links)
}

/// What the online server holds.
struct Online {
    records: Records,
    anchor: TrustAnchor,
    head: SigningKey,
    /// The head that was signed last, and when.
    said: Option<(Position, Timestamp)>,
    links: Vec<Link>,
}

impl Online {
    /// Brings every record and a head to every bank, and takes what banks have to say.
    async fn bring(&mut self, pool: &PgPool) -> Result<(), Failure> {
        let mut node = pool.acquire().await?;
        let strange = self.records.read_on(&mut node).await?;
        for row in register::raise(&mut node, strange).await? {
            tracing::error!(
                number = row.number,
                reason = row.reason,
                "a row does not count"
            );
        }
        drop(node);
        let head = self.new_head()?;
        let mut failed = None;
        for link in &self.links {
            // One gateway that is away does not keep the others waiting.
            let brought = link.bring(pool, &self.anchor, &self.records, head.as_ref());
            if let Err(error) = brought.await {
                failed = Some(error);
            }
        }
        failed.map_or(Ok(()), Err)
    }

    /// A head, when the last one is some seconds old or says less than what is known.
    fn new_head(&mut self) -> Result<Option<Jws>, Failure> {
        let (position, now) = (self.records.register.position(), boot::now());
        let fresh = self
            .said
            .is_some_and(|(said, at)| said == position && (at..at + HEAD_SECONDS).contains(&now));
        if fresh || position.number == 0 {
            return Ok(None);
        }
        let head = sign_head(&AwsLcRsa, &self.head, position, now, &mut boot::rng())?;
        self.said = Some((position, now));
        Ok(Some(head))
    }
}
