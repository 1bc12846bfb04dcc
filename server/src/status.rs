//! `server status`: the nodes, links, lag and queues of a bank, for its operator.

use crate::{
    boot,
    cli::{BankArguments, Failure},
    configuration::{BankConfiguration, NodeAddress},
};
use bank::{Clock as _, operator};
use envelope::Party;
use relay::{
    front::Front,
    gateway::Gateway,
    link::{Ends, provision},
};
use sqlx::{Connection, PgConnection};

/// Prints how a bank stands. Fails when one of its nodes does not answer.
pub async fn run(bank: &BankArguments) -> Result<(), Failure> {
    let configuration = BankConfiguration::read(&bank.config)?;
    println!("{} ({})", configuration.name, configuration.bic);
    let mut away = Vec::new();
    if let Err(error) = core(&configuration).await {
        away.push(format!("core: {error}"));
    }
    if let Err(error) = front(&configuration.front).await {
        away.push(format!("front: {error}"));
    }
    for address in &configuration.gateways {
        if let Err(error) = gateway(&configuration, &address.party, &address.node).await {
            away.push(format!("gateway {}: {error}", address.party));
        }
    }
    if away.is_empty() {
        return Ok(());
    }
    Err(format!("not everything answers:\n  {}", away.join("\n  ")).into())
}

fn line(what: &str, value: impl std::fmt::Display) {
    println!("  {what:<40}{value:>16}");
}

async fn core(configuration: &BankConfiguration) -> Result<(), Failure> {
    let mut connection = PgConnection::connect_with(&configuration.core.owner()?).await?;
    let status = operator::status(&mut connection).await?;
    println!("\ncore (port {})", configuration.core.port);
    for (what, number) in &status.figures {
        line(what, number);
    }
    for (standing, number) in &status.devices {
        line(&format!("devices: {standing}"), number);
    }
    for (target, number) in &status.outbox {
        line(&format!("to be copied to {target}"), number);
    }
    for (reason, number) in &status.quarantine {
        line(&format!("quarantined: {reason}"), number);
    }
    line("alarms", status.alarms);
    line("faults", status.faults);
    if let Some(reminder) = status.key_set_reminder(boot::SystemClock.now()) {
        println!("\nto do\n  {reminder}");
    }
    println!("\nlinks");
    for link in &status.links {
        let what = format!("{} {}, epoch {}", link.direction, link.party, link.epoch);
        let open = link.last_seq.saturating_sub(link.acked_seq);
        line(&format!("{what}: last item"), link.last_seq);
        if link.direction == "out" {
            line(&format!("{what}: not acknowledged"), open);
        }
    }
    Ok(connection.close().await?)
}

async fn front(address: &NodeAddress) -> Result<(), Failure> {
    let backlog = Front::connect(address.owner()?, 1).backlog().await?;
    println!("\nfront (port {})", address.port);
    line("envelopes waiting", backlog.count);
    Ok(())
}

async fn gateway(
    configuration: &BankConfiguration,
    party: &str,
    address: &NodeAddress,
) -> Result<(), Failure> {
    let peer = Party::from_lower(&party.to_lowercase()).ok_or("no such party")?;
    let ends = Ends::new(Party::Bank(configuration.bic.clone()), peer)?;
    let backlog = Gateway::connect(address.owner()?, 1).backlog().await?;
    let mut connection = PgConnection::connect_with(&address.owner()?).await?;
    let health = provision::health(&mut connection, &ends).await?;
    println!("\ngateway {party} (port {})", address.port);
    line("items waiting", backlog.count);
    line(
        "the other party fetches",
        if health.fetched { "yes" } else { "no" },
    );
    line("we fetch", if health.fetching { "yes" } else { "no" });
    line("not fetched yet, bytes of log", health.behind_bytes);
    line("errors while applying", health.apply_errors);
    if health.slot_is_lost() {
        line("slot", "lost: heal the link");
    }
    Ok(connection.close().await?)
}
