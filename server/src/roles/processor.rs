//! The role `processor`: wires a processor of the bank to its nodes and lets it work.

use crate::{
    boot,
    cli::{Failure, NamedRoleArguments},
    configuration::{self, BankConfiguration},
};
use bank::{Fault, Processor, ProcessorSecret, SystemEntropy, Wiring};
use envelope::Party;
use relay::{front::Front, gateway::Gateway, primitive::AwsLcRsa};
use sqlx::postgres::PgPoolOptions;
use std::{sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// Connections to the core.
const CORE_CONNECTIONS: u32 = 10;
/// Connections to each sealed store.
const STORE_CONNECTIONS: u32 = 4;
/// Between two tries to start while the core is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);

/// Runs until asked to stop.
pub async fn run(arguments: &NamedRoleArguments) -> Result<(), Failure> {
    let configuration = BankConfiguration::read(&arguments.role.config)?;
    let name = arguments.name.as_str();
    configuration.processor(name)?;
    let pem = Zeroizing::new(configuration::read(
        &configuration.keys(name).join("secret.pem"),
    )?);
    let secret = ProcessorSecret::from_pem(&pem)?;
    let mut stopping = std::pin::pin!(arguments.role.stopping());
    let processor = loop {
        match Processor::start(wiring(&configuration, name)?, &secret).await {
            Ok(processor) => break processor,
            Err(fault @ Fault::Setup(_)) => return Err(fault.into()),
            Err(fault) => tracing::warn!(%fault, "cannot start yet; trying again"),
        }
        tokio::select! {
            () = &mut stopping => return Ok(()),
            () = tokio::time::sleep(RETRY_AFTER) => {}
        }
    };
    processor.run(stopping).await;
    Ok(())
}

fn wiring(configuration: &BankConfiguration, name: &str) -> Result<Wiring, Failure> {
    let core = configuration.connect(name, &configuration.core)?;
    let front = configuration.connect(name, &configuration.front)?;
    let mut gateways = Vec::new();
    for address in &configuration.gateways {
        let party = Party::from_lower(&address.party.to_lowercase())
            .ok_or_else(|| format!("{} is no party", address.party))?;
        let options = configuration.connect(name, &address.node)?;
        gateways.push((party, Gateway::connect(options, STORE_CONNECTIONS)));
    }
    Ok(Wiring {
        core: PgPoolOptions::new()
            .max_connections(CORE_CONNECTIONS)
            .connect_lazy_with(core),
        front: Front::connect(front, STORE_CONNECTIONS),
        gateways,
        edges: configuration
            .edges
            .iter()
            .map(|edge| edge.origin.clone())
            .collect(),
        rsa: Arc::new(AwsLcRsa),
        clock: Arc::new(boot::SystemClock),
        entropy: Arc::new(SystemEntropy),
    })
}
