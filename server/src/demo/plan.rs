//! Who and what the demo consists of, and where each part lies.

use super::{ports::Ports, supervise::Role};
use crate::{
    cli::Failure,
    configuration::{
        AuthorityConfiguration, BankConfiguration, EdgeListen, GatewayAddress, Listen, NodeAddress,
    },
    edge::Limits,
};
use message::{Bic, bic::BicError};
use std::path::{Path, PathBuf};

/// The name of the authority as a party of links and the owner of nodes.
pub const AUTHORITY: &str = "authority";

/// The host name under which everything of the demo is known.
pub const HOST: &str = "localhost";

/// A whole demo network.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The data folder.
    pub folder: PathBuf,
    /// Pages and program code.
    pub site: PathBuf,
    /// Where everything listens.
    pub ports: Ports,
    /// The two banks.
    pub banks: [BankPlan; 2],
    /// What one address may ask of an edge.
    pub limits: Limits,
}

/// One bank.
#[derive(Clone, Debug)]
pub struct BankPlan {
    /// 0 or 1.
    pub index: u16,
    /// Its code.
    pub bic: Bic,
    /// Its name.
    pub name: &'static str,
    /// Country and bank code of its account numbers.
    pub iban_prefix: &'static str,
}

/// One node: a PostgreSQL instance.
#[derive(Clone, Debug)]
pub struct NodePlan {
    /// The party that owns it.
    pub owner: String,
    /// What it is.
    pub kind: NodeKind,
    /// Its TCP port.
    pub port: u16,
}

/// The kinds of node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A bank's core.
    Core,
    /// A bank's front.
    Front,
    /// A gateway for another party.
    Gateway(String),
    /// The authority's own node.
    Authority,
}

impl NodeKind {
    /// The database in it.
    pub fn database(&self) -> &'static str {
        match self {
            NodeKind::Core => "core",
            NodeKind::Front => "front",
            NodeKind::Gateway(_) => "gateway",
            NodeKind::Authority => "authority",
        }
    }
}

impl NodePlan {
    /// The instance's name: owner and kind.
    pub fn instance(&self) -> String {
        match &self.kind {
            NodeKind::Gateway(party) => format!("{}-gateway-{}", self.owner, party.to_lowercase()),
            kind => format!("{}-{}", self.owner, kind.database()),
        }
    }

    /// Its address in a configuration.
    pub fn address(&self) -> NodeAddress {
        NodeAddress {
            host: HOST.to_owned(),
            port: self.port,
            database: self.kind.database().to_owned(),
            socket: None,
        }
    }
}

impl BankPlan {
    /// The name of its folder and the prefix of its nodes.
    pub fn party(&self) -> String {
        self.bic.lower()
    }
}

/// The names of the processors of each bank.
pub const PROCESSORS: [&str; 2] = ["processor-1", "processor-2"];
/// The names of the edges of each bank.
pub const EDGES: [&str; 2] = ["edge-1", "edge-2"];

impl Plan {
    /// The demo of a folder.
    pub fn new(folder: PathBuf, site: PathBuf, port: u16) -> Result<Self, BicError> {
        let bank = |index, bic, name, iban_prefix| {
            Ok(BankPlan {
                index,
                bic: Bic::parse(bic)?,
                name,
                iban_prefix,
            })
        };
        let banks = [
            bank(0, "HALDDEFF", "Halden Bank", "DE37090502")?,
            bank(1, "BRISDEMM", "Brisa Bank", "DE70020570")?,
        ];
        Ok(Self {
            folder,
            site,
            ports: Ports::new(port),
            banks,
            limits: Limits::default(),
        })
    }

    /// The other bank.
    pub fn other(&self, bank: &BankPlan) -> &BankPlan {
        if bank.index == 0 {
            &self.banks[1]
        } else {
            &self.banks[0]
        }
    }

    /// Written when the network is complete.
    pub fn mark(&self) -> PathBuf {
        self.folder.join("complete")
    }

    /// A party's folder.
    pub fn party(&self, party: &str) -> PathBuf {
        self.folder.join(party)
    }

    /// Where the instances lie.
    pub fn nodes_folder(&self) -> PathBuf {
        self.folder.join("nodes")
    }

    /// Everything that a first start makes.
    pub fn folders(&self) -> Vec<PathBuf> {
        let mut folders = vec![self.nodes_folder(), self.party(AUTHORITY)];
        folders.extend(self.banks.iter().map(|bank| self.party(&bank.party())));
        folders
    }

    /// The nodes of a bank: core, front, gateway to the authority, gateway to the other bank.
    pub fn bank_nodes(&self, bank: &BankPlan) -> Vec<NodePlan> {
        let kinds = [
            NodeKind::Core,
            NodeKind::Front,
            NodeKind::Gateway(AUTHORITY.to_owned()),
            NodeKind::Gateway(self.other(bank).bic.to_string()),
        ];
        let owner = bank.party();
        let node = |(at, kind)| NodePlan {
            owner: owner.clone(),
            kind,
            port: self.ports.node(bank.index, at),
        };
        (0..).zip(kinds).map(node).collect()
    }

    /// The nodes of the authority: its own, and a gateway for each bank.
    pub fn authority_nodes(&self) -> Vec<NodePlan> {
        let gateways = self
            .banks
            .iter()
            .map(|bank| NodeKind::Gateway(bank.bic.to_string()));
        let kinds = std::iter::once(NodeKind::Authority).chain(gateways);
        let node = |(at, kind)| NodePlan {
            owner: AUTHORITY.to_owned(),
            kind,
            port: self.ports.authority(at),
        };
        (0..).zip(kinds).map(node).collect()
    }

    /// Every node.
    pub fn nodes(&self) -> Vec<NodePlan> {
        let banks = self.banks.iter().flat_map(|bank| self.bank_nodes(bank));
        self.authority_nodes().into_iter().chain(banks).collect()
    }

    /// Every port, with words for the person who finds it taken.
    pub fn wanted_ports(&self) -> Vec<(u16, String)> {
        let mut wanted: Vec<_> = self
            .nodes()
            .iter()
            .map(|node| (node.port, format!("node {}", node.instance())))
            .collect();
        for bank in &self.banks {
            wanted.push((
                self.ports.web(bank.index),
                format!("pages of {}", bank.name),
            ));
            for (at, edge) in (1..).zip(EDGES) {
                wanted.push((
                    self.ports.edge(bank.index, at),
                    format!("{edge} of {}", bank.name),
                ));
            }
        }
        wanted
    }

    /// The page origin of a bank.
    pub fn web_origin(&self, bank: &BankPlan) -> String {
        format!("http://{HOST}:{}", self.ports.web(bank.index))
    }

    /// The origins of a bank's edges.
    pub fn edge_origins(&self, bank: &BankPlan) -> Vec<String> {
        let origin = |(at, _)| format!("http://{HOST}:{}", self.ports.edge(bank.index, at));
        (1..).zip(EDGES).map(origin).collect()
    }

    /// A bank's configuration; `socket` tells where a node's local socket is.
    pub fn bank_configuration(
        &self,
        bank: &BankPlan,
        socket: impl Fn(&NodePlan) -> Option<PathBuf>,
    ) -> Result<BankConfiguration, Failure> {
        let listen = |port| format!("127.0.0.1:{port}");
        let nodes = self.bank_nodes(bank);
        let address = |node: &NodePlan| NodeAddress {
            socket: socket(node),
            ..node.address()
        };
        let of_kind = |kind: &NodeKind| {
            let node = nodes.iter().find(|node| node.kind == *kind);
            node.map(address).ok_or("a bank has a core and a front")
        };
        let gateways = nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Gateway(party) => Some(GatewayAddress {
                party: party.clone(),
                node: address(node),
            }),
            _ => None,
        });
        let edges = (1..).zip(EDGES).map(|(at, name)| {
            let port = self.ports.edge(bank.index, at);
            EdgeListen {
                name: name.to_owned(),
                listen: listen(port),
                origin: format!("http://{HOST}:{port}"),
                limits: self.limits,
            }
        });
        Ok(BankConfiguration {
            bic: bank.bic.clone(),
            name: bank.name.to_owned(),
            root: PathBuf::from("root.pem"),
            licence: PathBuf::from("licence.pem"),
            site: self.site.clone(),
            web: Listen {
                listen: listen(self.ports.web(bank.index)),
                origin: self.web_origin(bank),
            },
            core: of_kind(&NodeKind::Core)?,
            front: of_kind(&NodeKind::Front)?,
            gateways: gateways.collect(),
            edges: edges.collect(),
            processors: PROCESSORS.map(str::to_owned).to_vec(),
            device_certificate_seconds: None,
            processor_certificate_seconds: None,
            folder: self.party(&bank.party()),
        })
    }

    /// The authority's configuration.
    pub fn authority_configuration(
        &self,
        socket: impl Fn(&NodePlan) -> Option<PathBuf>,
    ) -> AuthorityConfiguration {
        let nodes = self.authority_nodes();
        let own = nodes.iter().find(|node| node.kind == NodeKind::Authority);
        let gateways = nodes.iter().filter_map(|node| match &node.kind {
            NodeKind::Gateway(party) => Some(GatewayAddress {
                party: party.clone(),
                node: node.address(),
            }),
            _ => None,
        });
        AuthorityConfiguration {
            name: "Licensing Authority".to_owned(),
            root: PathBuf::from("root.pem"),
            head_key: PathBuf::from("keys/authority/head-key.pem"),
            node: NodeAddress {
                host: HOST.to_owned(),
                port: self.ports.authority(0),
                database: NodeKind::Authority.database().to_owned(),
                socket: own.and_then(socket),
            },
            gateways: gateways.collect(),
            folder: self.party(AUTHORITY),
        }
    }

    /// Where a bank's configuration is written.
    pub fn bank_file(&self, bank: &BankPlan) -> PathBuf {
        self.party(&bank.party()).join("bank.toml")
    }

    /// Where the authority's configuration is written.
    pub fn authority_file(&self) -> PathBuf {
        self.party(AUTHORITY).join("authority.toml")
    }

    fn log(&self, party: &str, role: &str) -> PathBuf {
        self.party(party).join("logs").join(format!("{role}.log"))
    }

    /// Every role process.
    pub fn roles(&self) -> Vec<Role> {
        let role = |party: &str, name: &str, config: &Path, named: bool| {
            let mut arguments = vec![
                name.split('-').next().unwrap_or(name).to_owned(),
                "--config".to_owned(),
                config.display().to_string(),
            ];
            if named {
                arguments.extend(["--name".to_owned(), name.to_owned()]);
            }
            Role {
                title: format!("{party} {name}"),
                arguments,
                log: self.log(party, name),
            }
        };
        let mut roles = vec![role(AUTHORITY, AUTHORITY, &self.authority_file(), false)];
        for bank in &self.banks {
            let (party, file) = (bank.party(), self.bank_file(bank));
            roles.extend(PROCESSORS.map(|name| role(&party, name, &file, true)));
            roles.extend(EDGES.map(|name| role(&party, name, &file, true)));
            roles.push(role(&party, "registrar", &file, false));
            roles.push(role(&party, "web", &file, false));
        }
        roles
    }

    /// What answers by HTTP when it is ready: a title, an address, a log.
    pub fn answering(&self) -> Vec<(String, String, PathBuf)> {
        let mut answering = Vec::new();
        for bank in &self.banks {
            let party = bank.party();
            let web = format!("{}/", self.web_origin(bank));
            answering.push((
                format!("web of {}", bank.name),
                web,
                self.log(&party, "web"),
            ));
            for (at, edge) in (1..).zip(EDGES) {
                let port = self.ports.edge(bank.index, at);
                let health = format!("http://{HOST}:{port}/v1/health");
                answering.push((
                    format!("{edge} of {}", bank.name),
                    health,
                    self.log(&party, edge),
                ));
            }
        }
        answering
    }
}

#[cfg(test)]
mod tests;
