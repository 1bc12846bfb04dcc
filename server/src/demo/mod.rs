//! `server demo`: a licensing authority and two banks on one machine, as they would be apart: real
//! nodes, real links, every role a process of its own. It needs no configuration.

mod keys;
mod network;
mod plan;
mod ports;
mod seed;
mod supervise;
mod welcome;

use crate::{boot, cli::Failure, edge::Limits};
use bank::{
    SystemEntropy,
    operator::{NewCustomer, open_customer},
};
use clap::Args;
use message::{
    Amount,
    text::{Label, Name},
};
use plan::Plan;
use sqlx::{Connection, PgConnection, postgres::PgConnectOptions};
use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

/// How long a role may take from its start to its first answer.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// What can be chosen about the demo.
#[derive(Args, Clone, Debug)]
pub struct DemoArguments {
    /// Throw away what an earlier demo left, and start over.
    #[arg(long)]
    pub fresh: bool,
    /// The data folder.
    #[arg(long, value_name = "FOLDER", default_value = ".demo")]
    pub folder: PathBuf,
    /// The base of all ports: pages at base + 100 and base + 200.
    #[arg(long, default_value_t = 7000, value_parser = clap::value_parser!(u16).range(1024..=i64::from(ports::Ports::BASE_MAX)))]
    pub port: u16,
    /// The folder of pages and program code, as the build leaves it.
    #[arg(long, value_name = "FOLDER", default_value_os_t = default_site())]
    pub site: PathBuf,
    /// What one address may ask of an edge.
    #[arg(skip)]
    pub limits: Limits,
}

fn default_site() -> PathBuf {
    // The binary lies in target/debug, the site in target/site.
    std::env::current_exe()
        .ok()
        .and_then(|path| Some(path.parent()?.parent()?.join("site")))
        .unwrap_or_else(|| PathBuf::from("target/site"))
}

impl DemoArguments {
    /// A network of its own in a new folder, for a measurement: all payers have one address, so no
    /// address is held back.
    pub fn bench(folder: PathBuf, port: u16) -> Self {
        let limits = Limits {
            envelopes_per_second: 1_000_000,
            openings_per_second: 100_000,
            reads_per_second: 1_000_000,
        };
        Self {
            fresh: false,
            folder,
            port,
            site: default_site(),
            limits,
        }
    }
}

/// Runs the demo until it is asked to stop.
pub async fn run(arguments: DemoArguments) -> Result<(), Failure> {
    let start = Instant::now();
    if arguments.fresh {
        clear(&arguments.folder)?;
    }
    let mut stopping = std::pin::pin!(boot::shutdown());
    let running = tokio::select! {
        running = raise(&arguments) => running?,
        // What was started ends with this process; an unfinished network is made again next time.
        () = &mut stopping => return Ok(()),
    };
    let welcomed = match seed::seed(&running).await {
        Ok(()) => welcome::print(&running.plan, start.elapsed()),
        Err(error) => Err(error),
    };
    if welcomed.is_ok() {
        stopping.await;
    }
    println!("\nStopping every role and node.");
    running.stop().await;
    welcomed
}

/// A network whose nodes and roles are running.
pub struct Running {
    plan: Plan,
    network: network::Network,
    supervisor: supervise::Supervisor,
    _root: node::Root,
}

/// Raises a network and waits until every role answers.
pub async fn raise(arguments: &DemoArguments) -> Result<Running, Failure> {
    if !arguments.site.join("manifest.json").is_file() {
        let site = arguments.site.display();
        return Err(
            format!("there are no pages in {site}. Build them first: cargo xtask build").into(),
        );
    }
    let root = node::Root::take(&arguments.folder)?;
    let site = arguments.site.canonicalize()?;
    let mut plan = Plan::new(root.folder().to_path_buf(), site, arguments.port)?;
    plan.limits = arguments.limits;
    remove_unfinished(&plan)?;
    plan.ports.check(&plan.wanted_ports())?;
    let network = network::raise(&plan).await?;
    step("starting every role");
    let supervisor = supervise::Supervisor::start(std::env::current_exe()?, plan.roles());
    let running = Running {
        plan,
        network,
        supervisor,
        _root: root,
    };
    match wait_until_ready(&running.plan).await {
        Ok(()) => Ok(running),
        Err(error) => {
            running.stop().await;
            Err(error)
        }
    }
}

impl Running {
    /// The origins of a bank's edges; the banks are 0 and 1.
    pub fn edges(&self, bank: usize) -> Vec<String> {
        self.plan
            .banks
            .get(bank)
            .map(|bank| self.plan.edge_origins(bank))
            .unwrap_or_default()
    }

    /// Opens a customer with an account, this much in it, and a slip.
    pub async fn open_customer(
        &self,
        bank: usize,
        name: &Name,
        deposit: Amount,
    ) -> Result<NewCustomer, Failure> {
        let mut core = PgConnection::connect_with(&self.core_superuser(bank)?).await?;
        let label = Label::parse("Everyday")?;
        let (paid_in, now) = (Some(deposit), boot::now());
        let opened = open_customer(&mut core, &SystemEntropy, name, &label, paid_in, now).await?;
        core.close().await?;
        Ok(opened)
    }

    /// The superuser's way into a bank's core.
    pub fn core_superuser(&self, bank: usize) -> Result<PgConnectOptions, Failure> {
        let bank = self.plan.banks.get(bank).ok_or("there are two banks")?;
        let nodes = self.plan.bank_nodes(bank);
        let core = nodes.iter().find(|node| node.kind == plan::NodeKind::Core);
        self.network.superuser(core.ok_or("a bank has a core")?)
    }

    /// Ends every role, then every node.
    pub async fn stop(self) {
        self.supervisor.stop().await;
        self.network.stop().await;
    }
}

/// One line for each thing that takes a moment.
pub(crate) fn step(what: &str) {
    println!("  {what}");
}

/// Everything of an earlier demo goes, except when a demo is still running in the folder.
fn clear(folder: &Path) -> Result<(), Failure> {
    if !folder.exists() {
        return Ok(());
    }
    let ours = folder.join("lock").exists() || std::fs::read_dir(folder)?.next().is_none();
    if !ours {
        let folder = folder.display();
        return Err(format!(
            "{folder} is not a demo's folder, so it is not cleared. Name another with --folder"
        )
        .into());
    }
    let root = node::Root::take(folder)?;
    for entry in std::fs::read_dir(root.folder())? {
        let entry = entry?;
        if entry.file_name() == "lock" {
            continue;
        }
        if entry.file_type()?.is_dir() {
            std::fs::remove_dir_all(entry.path())?;
        } else {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A first start that was cut off leaves a network without its mark: it is made again from nothing.
fn remove_unfinished(plan: &Plan) -> Result<(), Failure> {
    if plan.mark().exists() {
        return Ok(());
    }
    for folder in plan.folders() {
        if folder.exists() {
            std::fs::remove_dir_all(folder)?;
        }
    }
    Ok(())
}

async fn wait_until_ready(plan: &Plan) -> Result<(), Failure> {
    let client = reqwest::Client::builder()
        .timeout(Duration::from_secs(2))
        .build()?;
    let until = Instant::now() + READY_LIMIT;
    for (title, address, log) in plan.answering() {
        loop {
            let answer = client.get(&address).send().await;
            if answer.is_ok_and(|response| response.status().is_success()) {
                break;
            }
            if Instant::now() > until {
                let log = log.display();
                return Err(format!("{title} does not answer at {address}. Its log: {log}").into());
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    }
    Ok(())
}
