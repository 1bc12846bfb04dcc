//! What a role needs to know: one TOML file for each party, paths relative to that file.
//!
//! The file holds no secrets. Each holder (a processor, the registrar, an edge) has a folder of its
//! own beside it, `keys/<holder>/`, with its private keys and TLS material.

use crate::{ceremony, cli::Failure, edge::Limits};
use envelope::{SigningKey, TrustAnchor};
use message::Bic;
use node::Tls;
use serde::{Deserialize, Serialize};
use sqlx::postgres::PgConnectOptions;
use std::{
    fs,
    path::{Path, PathBuf},
};

/// A configuration that cannot be used, and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// A file that cannot be read.
    #[error("cannot read {path}: {why}. Check the path and its permissions.")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's words.
        why: std::io::Error,
    },
    /// A file that does not have the right form.
    #[error("{path} is not a Countersign configuration: {why}")]
    Form {
        /// The file.
        path: PathBuf,
        /// What does not fit.
        why: Box<toml::de::Error>,
    },
    /// An operator's command away from the node's machine.
    #[error(
        "the configuration names no local socket of this node. Run the command on the node's own machine"
    )]
    Elsewhere,
    /// A name that is not in the file.
    #[error("{path} has no {what} named {name}. It has: {known}")]
    Unknown {
        /// The file.
        path: PathBuf,
        /// What was looked for.
        what: &'static str,
        /// The name given.
        name: String,
        /// The names there are.
        known: String,
    },
}

/// A bank as its servers see it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BankConfiguration {
    /// The bank.
    pub bic: Bic,
    /// Its name.
    pub name: String,
    /// The pinned root of the authority, PEM.
    pub root: PathBuf,
    /// The bank CA's certificate, which is the licence, PEM.
    pub licence: PathBuf,
    /// The folder of pages and program code that `web` serves.
    pub site: PathBuf,
    /// The core.
    pub core: NodeAddress,
    /// The front.
    pub front: NodeAddress,
    /// One gateway for each outside party.
    pub gateways: Vec<GatewayAddress>,
    /// The page origin.
    pub web: Listen,
    /// The edges.
    pub edges: Vec<EdgeListen>,
    /// The names of the processors.
    pub processors: Vec<String>,
    /// How long the registrar makes devices' certificates last, in seconds; without it two years.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub device_certificate_seconds: Option<i64>,
    /// How long processors' certificates last, in seconds; without it 30 days. They renew them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub processor_certificate_seconds: Option<i64>,
    /// Where the file lies; paths are relative to it.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// The licensing authority as its server sees it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuthorityConfiguration {
    /// Its name.
    pub name: String,
    /// Its root, PEM.
    pub root: PathBuf,
    /// The key that signs heads of the register, PKCS#8 in PEM: the only key that is online.
    pub head_key: PathBuf,
    /// Its own node.
    pub node: NodeAddress,
    /// One gateway for each bank.
    pub gateways: Vec<GatewayAddress>,
    /// Where the file lies.
    #[serde(skip)]
    pub folder: PathBuf,
}

/// Where a node listens.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NodeAddress {
    /// The host name that the node's certificate carries.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// The database.
    pub database: String,
    /// The folder of its local socket, on the machine where it runs: operators work there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub socket: Option<PathBuf>,
}

impl NodeAddress {
    /// The way in of the node's owner.
    pub fn owner(&self) -> Result<PgConnectOptions, ConfigurationError> {
        let socket = self.socket.as_ref().ok_or(ConfigurationError::Elsewhere)?;
        Ok(node::owner_options(socket, self.port, &self.database))
    }
}

/// A gateway and whom it is for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GatewayAddress {
    /// A BIC, or `authority`.
    pub party: String,
    /// Where it listens.
    pub node: NodeAddress,
}

/// A listening address and the origin under which browsers know it.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Listen {
    /// Address and port to bind.
    pub listen: String,
    /// `http://localhost:7100`, without a slash at the end.
    pub origin: String,
}

/// An edge: a listening address with a name.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EdgeListen {
    /// Its name, also the name of its key folder and, with `_`, of its database role.
    pub name: String,
    /// Address and port to bind.
    pub listen: String,
    /// The origin, as [`Listen::origin`].
    pub origin: String,
    /// How much one address may ask.
    #[serde(default)]
    pub limits: Limits,
}

impl BankConfiguration {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let mut configuration: Self = read_toml(path)?;
        configuration.folder = folder_of(path);
        Ok(configuration)
    }

    /// A path of the file, resolved.
    pub fn path(&self, relative: &Path) -> PathBuf {
        self.folder.join(relative)
    }

    /// The key folder of a holder.
    pub fn keys(&self, holder: &str) -> PathBuf {
        self.folder.join("keys").join(holder)
    }

    /// The edge of this name.
    pub fn edge(&self, name: &str) -> Result<&EdgeListen, ConfigurationError> {
        let known = || {
            self.edges
                .iter()
                .map(|edge| edge.name.as_str())
                .collect::<Vec<_>>()
                .join(", ")
        };
        self.edges
            .iter()
            .find(|edge| edge.name == name)
            .ok_or_else(|| self.unknown("edge", name, known()))
    }

    /// Checks that the bank has a processor of this name.
    pub fn processor(&self, name: &str) -> Result<(), ConfigurationError> {
        if self.processors.iter().any(|known| known == name) {
            return Ok(());
        }
        Err(self.unknown("processor", name, self.processors.join(", ")))
    }

    fn unknown(&self, what: &'static str, name: &str, known: String) -> ConfigurationError {
        let path = self.folder.join("bank.toml");
        ConfigurationError::Unknown {
            path,
            what,
            name: name.to_owned(),
            known,
        }
    }

    /// How a holder connects to a node: TLS with the holder's own certificate.
    pub fn connect(
        &self,
        holder: &str,
        node: &NodeAddress,
    ) -> Result<PgConnectOptions, ConfigurationError> {
        connect(&self.keys(holder), holder, node)
    }
}

impl AuthorityConfiguration {
    /// Reads the file.
    pub fn read(path: &Path) -> Result<Self, ConfigurationError> {
        let mut configuration: Self = read_toml(path)?;
        configuration.folder = folder_of(path);
        Ok(configuration)
    }

    /// The root that everybody pins.
    pub fn anchor(&self) -> Result<TrustAnchor, Failure> {
        let root = ceremony::read_certificate(&self.folder.join(&self.root))?;
        Ok(TrustAnchor::new(root)?)
    }

    /// The key that signs heads.
    pub fn head_key(&self) -> Result<SigningKey, Failure> {
        let document = ceremony::read_pkcs8(&self.folder.join(&self.head_key))?;
        Ok(SigningKey::from_pkcs8_der(document.as_bytes())?)
    }

    /// How the authority's server connects to one of its nodes.
    pub fn connect(&self, node: &NodeAddress) -> Result<PgConnectOptions, ConfigurationError> {
        connect(
            &self.folder.join("keys").join("authority"),
            "authority",
            node,
        )
    }
}

fn folder_of(path: &Path) -> PathBuf {
    path.parent().map(Path::to_path_buf).unwrap_or_default()
}

fn connect(
    keys: &Path,
    holder: &str,
    node: &NodeAddress,
) -> Result<PgConnectOptions, ConfigurationError> {
    let tls = read_tls(keys)?;
    Ok(node::tls_options(
        &node.host,
        node.port,
        &node.database,
        &role_of(holder),
        &tls,
    ))
}

/// The database role of a holder: its name with underscores.
pub fn role_of(holder: &str) -> String {
    holder.replace('-', "_")
}

/// The TLS material in a key folder.
pub fn read_tls(keys: &Path) -> Result<Tls, ConfigurationError> {
    Ok(Tls {
        ca_pem: read(&keys.join("tls-ca.pem"))?,
        certificate_pem: read(&keys.join("tls.pem"))?,
        key_pem: read(&keys.join("tls-key.pem"))?,
    })
}

/// A text file, with an error that names it.
pub fn read(path: &Path) -> Result<String, ConfigurationError> {
    fs::read_to_string(path).map_err(|why| ConfigurationError::Read {
        path: path.to_path_buf(),
        why,
    })
}

fn read_toml<T: for<'a> Deserialize<'a>>(path: &Path) -> Result<T, ConfigurationError> {
    toml::from_str(&read(path)?).map_err(|why| ConfigurationError::Form {
        path: path.to_path_buf(),
        why: Box::new(why),
    })
}
