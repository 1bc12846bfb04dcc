//! The role `registrar`: holds the CA keys and signs what the processors have recorded.

use crate::{
    boot,
    cli::{Failure, RoleArguments},
    configuration::{self, BankConfiguration},
};
use bank::{
    Fault, RegistrarSecret, SystemEntropy,
    registrar::{Registrar, RegistrarWiring},
};
use relay::primitive::AwsLcRsa;
use sqlx::postgres::PgPoolOptions;
use std::{sync::Arc, time::Duration};
use zeroize::Zeroizing;

/// Connections to the core.
const CONNECTIONS: u32 = 3;
/// Between two tries to start while the core is away.
const RETRY_AFTER: Duration = Duration::from_secs(1);
/// The name of its key folder and database role.
pub(super) const HOLDER: &str = "registrar";

/// Runs until asked to stop.
pub async fn run(role: &RoleArguments) -> Result<(), Failure> {
    let configuration = BankConfiguration::read(&role.config)?;
    let secret = secret(&configuration)?;
    let mut stopping = std::pin::pin!(role.stopping());
    let registrar = loop {
        let core = configuration.connect(HOLDER, &configuration.core)?;
        let wiring = RegistrarWiring {
            core: PgPoolOptions::new()
                .max_connections(CONNECTIONS)
                .connect_lazy_with(core),
            rsa: Arc::new(AwsLcRsa),
            clock: Arc::new(boot::SystemClock),
            entropy: Arc::new(SystemEntropy),
            device_seconds: configuration.device_certificate_seconds,
            processor_seconds: configuration.processor_certificate_seconds,
        };
        match Registrar::start(wiring, &secret).await {
            Ok(registrar) => break registrar,
            Err(fault @ Fault::Setup(_)) => return Err(fault.into()),
            Err(fault) => tracing::warn!(%fault, "cannot start yet; trying again"),
        }
        tokio::select! {
            () = &mut stopping => return Ok(()),
            () = tokio::time::sleep(RETRY_AFTER) => {}
        }
    };
    registrar.run(stopping).await;
    Ok(())
}

/// The CA keys in the registrar's key folder.
pub(super) fn secret(configuration: &BankConfiguration) -> Result<RegistrarSecret, Failure> {
    let pem = Zeroizing::new(configuration::read(
        &configuration.keys(HOLDER).join("secret.pem"),
    )?);
    Ok(RegistrarSecret::from_pem(&pem)?)
}
