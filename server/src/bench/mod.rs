//! `server bench`: payments end to end on freshly made nodes, beside TPC-B-like transactions on the
//! same instance in the same run. Orders are signed and sealed beforehand; what counts is the time
//! from the moment an edge has accepted an envelope until its receipt is read from the mailbox,
//! opened and verified.

mod load;
mod report;
mod tpcb;

use crate::{
    cli::Failure,
    demo::{self, DemoArguments, Running},
    device::{Device, Order},
};
use clap::Args;
use load::Measured;
use message::{Amount, Currency, Iban, text::Name};
use report::{Pair, Report};
use sqlx::{ConnectOptions, postgres::PgPoolOptions};
use std::{
    path::PathBuf,
    time::{Duration, Instant},
};

/// The base of the bench's ports, away from a demo that may be running.
const PORT: u16 = 27_000;
/// What each customer has: enough for every order of a run.
const DEPOSIT_MINOR: i64 = 100_000_000_000;

/// What can be chosen about a measurement.
#[derive(Args, Clone, Debug)]
pub struct BenchArguments {
    /// How many customers pay at the same time at each bank.
    #[arg(long, default_value_t = 16)]
    customers: usize,
    /// How many orders each of them sends.
    #[arg(long, default_value_t = 250)]
    orders: usize,
    /// How many single payments measure the latency of an idle network.
    #[arg(long, default_value_t = 40)]
    idle: usize,
    /// How long the TPC-B-like reference runs, in seconds.
    #[arg(long, default_value_t = 10)]
    reference_seconds: u64,
    /// Also write the figures to this file, as JSON.
    #[arg(long, value_name = "FILE")]
    json: Option<PathBuf>,
}

/// A customer of the bench.
struct Payer {
    device: Device,
    name: Name,
    iban: Iban,
}

/// Raises a network, measures, says what it did, and takes the network down.
pub async fn run(arguments: BenchArguments) -> Result<(), Failure> {
    let folder = tempfile::tempdir()?;
    let demo = DemoArguments::bench(folder.path().join("network"), PORT);
    println!("Raising a network of its own for the measurement:");
    let running = demo::raise(&demo).await?;
    let measured = measure(&arguments, &running).await;
    println!("\nStopping every role and node.");
    running.stop().await;
    let report = measured?;
    report.print();
    if let Some(file) = &arguments.json {
        std::fs::write(file, serde_json::to_string_pretty(&report)?)?;
    }
    Ok(())
}

async fn measure(arguments: &BenchArguments, running: &Running) -> Result<Report, Failure> {
    let count = arguments.customers.max(2);
    println!("  enrolling {count} customers at each bank");
    let mut payers = enrol(running, 0, count).await?;
    let payees = enrol(running, 1, count).await?;
    println!(
        "  {} single payments within a bank and between banks",
        arguments.idle
    );
    let own: Vec<(Name, Iban)> = payers
        .iter()
        .map(|p| (p.name.clone(), p.iban.clone()))
        .collect();
    let other: Vec<(Name, Iban)> = payees
        .iter()
        .map(|p| (p.name.clone(), p.iban.clone()))
        .collect();
    let idle_within = idle(&mut payers[0], &own[1], arguments.idle).await?;
    let idle_between = idle(&mut payers[0], &other[0], arguments.idle).await?;
    println!("  {} payments within the bank", count * arguments.orders);
    let within = load::run(payers, &shifted(&own), arguments.orders).await?;
    println!("  {} payments to the other bank", count * arguments.orders);
    let (within, payers) = within;
    let (between, _) = load::run(payers, &other, arguments.orders).await?;
    println!("  TPC-B-like transactions on the core of the first bank");
    let reference = reference(arguments, running).await?;
    Ok(Report {
        within_bank: Pair::new(&within, reference),
        between_banks: Pair::new(&between, reference),
        idle_latency_ms: report::Idle {
            within: idle_within.into(),
            between: idle_between.into(),
        },
    })
}

/// Everybody pays the next one.
fn shifted(accounts: &[(Name, Iban)]) -> Vec<(Name, Iban)> {
    let mut shifted = accounts.to_vec();
    shifted.rotate_left(1);
    shifted
}

async fn enrol(running: &Running, bank: usize, count: usize) -> Result<Vec<Payer>, Failure> {
    let edges = running.edges(bank);
    let mut payers = Vec::with_capacity(count);
    for n in 0..count {
        let name = Name::parse(&format!("Bench customer {bank}-{n}"))?;
        let deposit = Amount::try_new(DEPOSIT_MINOR, Currency::EUR)?;
        let opened = running.open_customer(bank, &name, deposit).await?;
        let mut device = Device::make(&edges).await?;
        device
            .enrol(&opened.slip.locator, &opened.slip.secret)
            .await?;
        payers.push(Payer {
            device,
            name,
            iban: opened.account,
        });
    }
    Ok(payers)
}

fn one_euro(payer: &Payer, (name, iban): &(Name, Iban)) -> Result<Order, Failure> {
    Ok(Order {
        from: payer.iban.clone(),
        name: name.clone(),
        to: iban.clone(),
        amount: Amount::try_new(100, Currency::EUR)?,
    })
}

/// One payment after the other: how long each takes when nothing else happens.
async fn idle(payer: &mut Payer, to: &(Name, Iban), count: usize) -> Result<Measured, Failure> {
    let order = one_euro(payer, to)?;
    let start = Instant::now();
    let mut latencies = Vec::with_capacity(count);
    for _ in 0..count {
        let (id, jws) = payer.device.order(&order)?;
        let envelope = payer.device.seal(&jws)?;
        let sent = Instant::now();
        payer.device.send(&envelope).await?;
        payer.device.receipt(id).await?;
        latencies.push(sent.elapsed());
    }
    Ok(Measured::new(latencies, start.elapsed()))
}

async fn reference(arguments: &BenchArguments, running: &Running) -> Result<f64, Failure> {
    // The same instance as the core, a database of its own beside it.
    let superuser = running
        .core_superuser(0)?
        .database("postgres")
        .disable_statement_logging();
    let pool = PgPoolOptions::new()
        .max_connections(8)
        .connect_with(superuser)
        .await?;
    tpcb::prepare(&pool).await?;
    tpcb::run(&pool, Duration::from_secs(2)).await?;
    Ok(tpcb::run(&pool, Duration::from_secs(arguments.reference_seconds)).await?)
}
