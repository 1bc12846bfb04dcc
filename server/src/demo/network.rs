//! Raises the nodes of the demo: made once with their keys, tables, roles and links; afterwards only
//! started.

use super::{
    keys::{self, Keys},
    plan::{AUTHORITY, BankPlan, EDGES, HOST, NodeKind, NodePlan, PROCESSORS, Plan},
    step,
};
use crate::{boot, ceremony, cli::Failure, configuration::role_of, roles::authority};
use bank::{
    SystemEntropy,
    registrar::{Registrar, RegistrarWiring},
};
use envelope::{Party, TrustAnchor, register::Position};
use message::{
    Currency,
    amount::AMOUNT_MINOR_MAX,
    parameters::{CurrencyParameters, ParameterValues},
};
use node::{Admission, Instance, Programs, Settings};
use relay::{
    holder::{Group, admission, peer_admission, welcome},
    link::{Ends, provision},
    migrate,
    primitive::AwsLcRsa,
};
use sqlx::{
    Connection, PgConnection,
    postgres::{PgConnectOptions, PgPoolOptions},
};
use std::{collections::BTreeMap, sync::Arc, time::Duration};
use tokio::task::JoinSet;

/// How often the nodes are looked after.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// The running nodes. One that was killed is started again, as a service manager would.
pub struct Network {
    instances: BTreeMap<String, Arc<Instance>>,
    watch: JoinSet<()>,
}

/// Starts every node; makes everything first when it is not there.
pub async fn raise(plan: &Plan) -> Result<Network, Failure> {
    let first = !plan.mark().exists();
    let keys = if first {
        step("making the keys of an authority and two banks");
        let plan = plan.clone();
        Some(tokio::task::spawn_blocking(move || keys::make(&plan, boot::now())).await??)
    } else {
        None
    };
    step("starting 11 PostgreSQL nodes");
    let mut network = Network {
        instances: start(plan).await?,
        watch: JoinSet::new(),
    };
    network.write_configurations(plan)?;
    if let Some(keys) = keys {
        step("making tables, roles and links");
        network.furnish(plan, &keys).await?;
        for bank in &plan.banks {
            network.found(plan, bank, &keys).await?;
        }
        network.license(plan, &keys).await?;
        ceremony::write_public(
            &plan.mark(),
            "This demo is complete; it is started as it is.\n",
        )?;
    }
    for instance in network.instances.values() {
        network.watch.spawn(look_after(instance.clone()));
    }
    Ok(network)
}

async fn look_after(instance: Arc<Instance>) {
    loop {
        tokio::time::sleep(LOOK_EVERY).await;
        if !instance.running() {
            println!("  node {} has ended and is started again", instance.name());
            if let Err(fault) = instance.start().await {
                println!("  {fault}; trying again");
            }
        }
    }
}

async fn start(plan: &Plan) -> Result<BTreeMap<String, Arc<Instance>>, Failure> {
    let programs = Programs::locate()?;
    let folder = plan.nodes_folder();
    let mut starting = JoinSet::new();
    let mut instances = BTreeMap::new();
    for (at, node) in plan.nodes().into_iter().enumerate() {
        let (programs, folder) = (programs.clone(), folder.clone());
        let begin = async move {
            let name = node.instance();
            let settings = Settings::default();
            let instance =
                Instance::prepare(&programs, &folder, &name, Some(node.port), settings).await?;
            instance.start().await?;
            Ok::<_, node::Fault>((name, instance))
        };
        if at == 0 {
            // The first one makes the template that the others copy.
            let (name, instance) = begin.await?;
            instances.insert(name, Arc::new(instance));
        } else {
            starting.spawn(begin);
        }
    }
    while let Some(started) = starting.join_next().await {
        let (name, instance) = started??;
        instances.insert(name, Arc::new(instance));
    }
    Ok(instances)
}

impl Network {
    /// What roles and operators read: written at every start, since sockets and ports may differ.
    fn write_configurations(&self, plan: &Plan) -> Result<(), Failure> {
        let socket = |node: &NodePlan| Some(self.instance(node).ok()?.socket().to_path_buf());
        let authority = toml::to_string(&plan.authority_configuration(socket))?;
        ceremony::write_public(&plan.authority_file(), &authority)?;
        for bank in &plan.banks {
            let configuration = toml::to_string(&plan.bank_configuration(bank, socket)?)?;
            ceremony::write_public(&plan.bank_file(bank), &configuration)?;
        }
        Ok(())
    }

    /// The authority's register begins: two officers sign who they are, and each licence.
    async fn license(&self, plan: &Plan, keys: &Keys) -> Result<(), Failure> {
        let nodes = plan.authority_nodes();
        let register = nodes.iter().find(|node| node.kind == NodeKind::Authority);
        let register = self.superuser(register.ok_or("the authority has a node")?)?;
        let (root, now) = (&keys.authority.root, boot::now());
        let [(_, one), (_, other)] = &keys.officers;
        let officers = keys
            .officers
            .each_ref()
            .map(|(name, key)| (name.clone(), key.verifying_key()));
        let mut acts = vec![ceremony::founded(
            root,
            &officers,
            &keys.authority.head,
            now,
        )?];
        for bank in &plan.banks {
            acts.push(ceremony::granted(&keys.bank(bank)?.founding.licence));
        }
        let mut at = Position::START;
        for act in acts {
            let entry = ceremony::signed_by_both([one, other], at, act, now)?;
            let anchor = TrustAnchor::new(root.certificate.clone())?;
            let (number, _) = authority::register::add(&register, anchor, &entry).await?;
            at = Position {
                number,
                digest: entry.digest(),
            };
        }
        Ok(())
    }

    /// A bank begins: its core is filled.
    async fn found(&self, plan: &Plan, bank: &BankPlan, keys: &Keys) -> Result<(), Failure> {
        let own = keys.bank(bank)?;
        let nodes = plan.bank_nodes(bank);
        let core = nodes.iter().find(|node| node.kind == NodeKind::Core);
        let core = self.superuser(core.ok_or("a bank has a core")?)?;
        let now = boot::now();
        let mut connection = PgConnection::connect_with(&core).await?;
        let processors: Vec<_> = own
            .processors
            .iter()
            .map(|(name, secret)| (*name, secret))
            .collect();
        bank::operator::found(
            &mut connection,
            &AwsLcRsa,
            &SystemEntropy,
            &own.founding,
            &own.secrets,
            &processors,
            now,
        )
        .await?;
        let [(one, first), (other, second)] = &own.operators;
        bank::operator::begin_parameters(
            &mut connection,
            &AwsLcRsa,
            &SystemEntropy,
            &own.secrets.bank_ca,
            [(one, first), (other, second)],
            generous(own.founding.terms.currency),
            now,
        )
        .await?;
        connection.close().await?;
        // The first processors are certified before they start.
        let wiring = RegistrarWiring {
            core: PgPoolOptions::new()
                .max_connections(2)
                .connect_with(core)
                .await?,
            rsa: Arc::new(AwsLcRsa),
            clock: Arc::new(boot::SystemClock),
            entropy: Arc::new(SystemEntropy),
            device_seconds: None,
            processor_seconds: None,
        };
        let registrar = Registrar::start(wiring, &own.secrets.registrar).await?;
        registrar.issue_pending().await?;
        Ok(())
    }

    /// The superuser's way into a node's database.
    pub fn superuser(&self, node: &NodePlan) -> Result<PgConnectOptions, Failure> {
        Ok(self
            .instance(node)?
            .superuser()
            .database(node.kind.database()))
    }

    fn instance(&self, node: &NodePlan) -> Result<&Instance, Failure> {
        let name = node.instance();
        let instance = self.instances.get(&name).map(Arc::as_ref);
        instance.ok_or_else(|| format!("there is no node {name}").into())
    }

    /// Stops every node, all at the same time.
    pub async fn stop(mut self) {
        self.watch.shutdown().await;
        let mut stopping = JoinSet::new();
        for (_, instance) in self.instances {
            stopping.spawn(async move {
                if let Err(error) = instance.stop().await {
                    println!("  {} does not stop: {error}", instance.name());
                }
            });
        }
        while stopping.join_next().await.is_some() {}
    }

    /// Tables, roles, TLS and links of a new network.
    async fn furnish(&self, plan: &Plan, keys: &Keys) -> Result<(), Failure> {
        for node in plan.authority_nodes() {
            self.furnish_node(&Party::Authority, &node, keys).await?;
        }
        for bank in &plan.banks {
            for node in plan.bank_nodes(bank) {
                self.furnish_node(&Party::Bank(bank.bic.clone()), &node, keys)
                    .await?;
            }
        }
        let gateways = gateways(plan);
        for (ends, node) in &gateways {
            let mut connection = self.connect(node).await?;
            let statements = provision::publish(&mut connection, ends).await?;
            provision::run(&mut connection, &statements).await?;
        }
        for (ends, node) in &gateways {
            let there = gateways.iter().find(|(other, _)| *other == ends.reversed());
            let (_, there) = there.ok_or("a link has one end only")?;
            let files = self
                .instance(node)?
                .store_client(&ends.peer().lower(), keys.link(&ends.reversed())?)?;
            let database = there.kind.database();
            let conninfo = files.conninfo(HOST, there.port, database, &ends.own_role_there());
            let mut connection = self.connect(node).await?;
            let statements = provision::subscribe(&mut connection, ends, &conninfo).await?;
            provision::run(&mut connection, &statements).await?;
        }
        Ok(())
    }

    async fn connect(&self, node: &NodePlan) -> Result<PgConnection, Failure> {
        Ok(PgConnection::connect_with(&self.superuser(node)?).await?)
    }

    async fn furnish_node(
        &self,
        party: &Party,
        node: &NodePlan,
        keys: &Keys,
    ) -> Result<(), Failure> {
        let instance = self.instance(node)?;
        let database = node.kind.database();
        let superuser = instance.create_database(database).await?;
        let holders = holders(&node.owner, &node.kind);
        let mut admissions: Vec<Admission> = holders
            .iter()
            .map(|holder| admission(&role_of(holder), party, database))
            .collect();
        match &node.kind {
            NodeKind::Core => bank::migrate(&superuser).await?,
            NodeKind::Front => migrate::front(&superuser).await?,
            NodeKind::Authority => crate::roles::authority::migrate(&superuser).await?,
            NodeKind::Gateway(peer) => {
                let ends = ends(party, peer)?;
                migrate::gateway(&superuser, &ends).await?;
                admissions.push(peer_admission(&ends, database));
            }
        }
        let mut connection = PgConnection::connect_with(&superuser).await?;
        for holder in holders {
            let statements = login(&node.kind, holder)?;
            provision::run(&mut connection, &statements).await?;
        }
        instance
            .admit(keys.server(&node.instance())?, &admissions)
            .await?;
        Ok(())
    }
}

/// What the banks of the demo lay down first: limits that nobody who tries it reaches, and no fees.
fn generous(currency: Currency) -> ParameterValues {
    ParameterValues {
        currencies: vec![CurrencyParameters {
            currency,
            payment_max: 1_000_000_000,
            day_max: AMOUNT_MINOR_MAX,
            fee_inside: 0,
            fee_outside: 0,
            offline_single_max: 50_000,
            offline_total_max: 2_000_000,
        }],
        cut_off_minutes: 16 * 60,
    }
}

/// Who of the party's own logs in at a node.
fn holders(owner: &str, kind: &NodeKind) -> Vec<&'static str> {
    match kind {
        NodeKind::Core => PROCESSORS.into_iter().chain(["registrar"]).collect(),
        NodeKind::Front => PROCESSORS.into_iter().chain(EDGES).collect(),
        NodeKind::Gateway(_) if owner == AUTHORITY => vec![AUTHORITY],
        NodeKind::Gateway(_) => PROCESSORS.to_vec(),
        NodeKind::Authority => vec![AUTHORITY],
    }
}

/// The statements that let a holder log in with the rights of its group. The registrar's role and
/// the authority's are made with the tables.
fn login(kind: &NodeKind, holder: &str) -> Result<Vec<provision::Statement>, Failure> {
    let role = role_of(holder);
    Ok(match (kind, holder) {
        (NodeKind::Core, "registrar") | (NodeKind::Authority, _) => Vec::new(),
        _ if EDGES.contains(&holder) => welcome(&role, Group::Edge)?,
        _ => welcome(&role, Group::Processor)?,
    })
}

fn ends(own: &Party, peer: &str) -> Result<Ends, Failure> {
    let peer = Party::from_lower(&peer.to_lowercase()).ok_or("a gateway's party is no party")?;
    Ok(Ends::new(own.clone(), peer)?)
}

/// Every gateway with the ends of its link, seen from its owner.
fn gateways(plan: &Plan) -> Vec<(Ends, NodePlan)> {
    let owned = |owner: Party, nodes: Vec<NodePlan>| {
        nodes.into_iter().filter_map(move |node| match &node.kind {
            NodeKind::Gateway(peer) => ends(&owner, peer).ok().map(|ends| (ends, node)),
            _ => None,
        })
    };
    let bank = |bank: &BankPlan| owned(Party::Bank(bank.bic.clone()), plan.bank_nodes(bank));
    owned(Party::Authority, plan.authority_nodes())
        .chain(plan.banks.iter().flat_map(bank))
        .collect()
}
