//! A processor's way into the bank's nodes: core, front, and every gateway.

use crate::{
    cli::Failure,
    configuration::{BankConfiguration, NodeAddress, role_of},
};
use envelope::Party;
use relay::{
    holder::{Group, admission, shut_out, welcome},
    link::provision::{self, Statement},
};
use sqlx::{Connection as _, PgConnection, postgres::PgConnectOptions};
use std::time::{Duration, Instant};

/// How long a connection that was cut may take to be gone.
const GONE_LIMIT: Duration = Duration::from_secs(10);
/// Between two looks at it.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Every node that processors connect to, with a name for messages.
fn nodes(configuration: &BankConfiguration) -> Vec<(String, &NodeAddress)> {
    let gateways = configuration.gateways.iter().map(|gateway| {
        let name = format!("gateway for {}", gateway.party);
        (name, &gateway.node)
    });
    let own = [
        ("core", &configuration.core),
        ("front", &configuration.front),
    ];
    let own = own.map(|(name, node)| (name.to_owned(), node));
    own.into_iter().chain(gateways).collect()
}

fn guest(configuration: &BankConfiguration, name: &str, node: &NodeAddress) -> node::Admission {
    let party = Party::Bank(configuration.bic.clone());
    admission(&role_of(name), &party, &node.database)
}

/// Lets a processor in at every node of this machine; says what is to be done at the others.
pub(super) async fn let_in(configuration: &BankConfiguration, name: &str) -> Result<(), Failure> {
    let statements = welcome(&role_of(name), Group::Processor)?;
    for (called, node) in nodes(configuration) {
        let guest = guest(configuration, name, node);
        let Some(owner) = owner(node) else {
            elsewhere(&called, &statements);
            println!(
                "    and in pg_ident.conf: peers \"{}\" {}",
                guest.distinguished_name, guest.role
            );
            continue;
        };
        let mut connection = connect(&called, &owner).await?;
        provision::run(&mut connection, &statements).await?;
        connection.close().await?;
        node::let_in(&owner, &called, &guest).await?;
        println!(
            "  {called}: {} is let in as {}",
            guest.distinguished_name, guest.role
        );
    }
    Ok(())
}

/// Cuts a processor off from every node of this machine, and waits until no connection of it is left:
/// what it had begun there is undone, and others do it. Answers whether there are nodes elsewhere.
pub(super) async fn cut_off(
    configuration: &BankConfiguration,
    name: &str,
) -> Result<bool, Failure> {
    let role = role_of(name);
    let statements = shut_out(&role)?;
    let mut more = false;
    for (called, node) in nodes(configuration) {
        let Some(owner) = owner(node) else {
            elsewhere(&called, &statements);
            more = true;
            continue;
        };
        let mut connection = connect(&called, &owner).await?;
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1)")
                .bind(&role)
                .fetch_one(&mut connection)
                .await?;
        if there {
            provision::run(&mut connection, &statements).await?;
            wait_until_gone(&mut connection, &called, &role).await?;
        }
        connection.close().await?;
        node::turn_away(&owner, &called, &guest(configuration, name, node)).await?;
        println!("  {called}: {role} is shut out");
    }
    Ok(more)
}

/// One that was coming in at that very moment is cut as well.
async fn wait_until_gone(
    connection: &mut PgConnection,
    called: &str,
    role: &str,
) -> Result<(), Failure> {
    let start = Instant::now();
    loop {
        let left: Vec<bool> = sqlx::query_scalar(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1",
        )
        .bind(role)
        .fetch_all(&mut *connection)
        .await?;
        if left.is_empty() {
            return Ok(());
        }
        if start.elapsed() > GONE_LIMIT {
            return Err(format!("{called}: connections of {role} do not end. Try again").into());
        }
        tokio::time::sleep(LOOK_EVERY).await;
    }
}

fn owner(node: &NodeAddress) -> Option<PgConnectOptions> {
    node.owner().ok()
}

async fn connect(called: &str, owner: &PgConnectOptions) -> Result<PgConnection, Failure> {
    let connected = PgConnection::connect_with(owner).await;
    connected
        .map_err(|error| format!("the {called} does not answer ({error}). Start it first").into())
}

fn elsewhere(called: &str, statements: &[Statement]) {
    println!("  {called} is on another machine. Run there, as its owner:");
    for statement in statements {
        println!("    {};", statement.sql());
    }
}
