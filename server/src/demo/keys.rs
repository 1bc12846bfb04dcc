//! Every key of a new demo network, made in one go and written where each holder finds its own.

use super::plan::{AUTHORITY, BankPlan, EDGES, HOST, NodeKind, NodePlan, PROCESSORS, Plan};
use crate::{
    boot,
    ceremony::{
        self, AuthorityKeys, TransportParty, make_authority, write_key, write_private, write_public,
    },
    cli::Failure,
    configuration::role_of,
    roles::operator::write_operator_key,
};
use bank::{
    ProcessorSecret, SystemEntropy,
    founding::{BankSecrets, BankTerms, Founding, licence_request},
};
use envelope::{Party, SigningKey, key_file};
use message::{Currency, Timestamp, text::Name};
use node::Tls;
use relay::{link::Ends, primitive::AwsLcRsa};
use std::{collections::BTreeMap, path::Path};

/// The most that the two banks of the demo may owe each other: 50 million euros.
const SETTLEMENT_CAP_MINOR: i64 = 5_000_000_000;

/// The operators that each bank of the demo begins with.
const OPERATORS: [&str; 2] = ["Olga Brandt", "Per Hansen"];

/// What a bank begins with.
pub struct BankKeys {
    /// Its secrets; only the first start sees all of them in one place.
    pub secrets: BankSecrets,
    /// Its certificates and first key set.
    pub founding: Founding,
    /// Its processors' own keys.
    pub processors: Vec<(&'static str, ProcessorSecret)>,
    /// Its operators, who lay down the first parameters.
    pub operators: [(Name, SigningKey); 2],
    transport: TransportParty,
}

/// The officers of the demo's authority.
const OFFICERS: [&str; 2] = ["Ines Falk", "Jon Aasen"];

/// What opens the keys of people, and the root's, in the demo; it lies beside them.
const PASSPHRASE: &str = "the demo keeps no secret";

/// What a first start needs once the files are written.
pub struct Keys {
    /// The authority's CAs.
    pub authority: AuthorityKeys,
    /// The two officers who sign its records.
    pub officers: [(Name, SigningKey); 2],
    banks: BTreeMap<String, BankKeys>,
    servers: BTreeMap<String, Tls>,
    links: BTreeMap<(String, String), Tls>,
}

impl Keys {
    /// The TLS end of a node.
    pub fn server(&self, instance: &str) -> Result<&Tls, Failure> {
        self.servers
            .get(instance)
            .ok_or_else(|| format!("no key for node {instance}").into())
    }

    /// What the peer of these ends shows when it connects to the gateway of their owner.
    pub fn link(&self, ends: &Ends) -> Result<&Tls, Failure> {
        let link = (ends.own().lower(), ends.peer().lower());
        self.links
            .get(&link)
            .ok_or_else(|| format!("no key for link {ends:?}").into())
    }

    /// What a bank begins with.
    pub fn bank(&self, bank: &BankPlan) -> Result<&BankKeys, Failure> {
        self.banks
            .get(&bank.party())
            .ok_or_else(|| format!("no keys of {}", bank.name).into())
    }
}

/// Makes and writes everything.
pub fn make(plan: &Plan, now: Timestamp) -> Result<Keys, Failure> {
    let authority = make_authority("Countersign Licensing Authority", now)?;
    let mut banks = BTreeMap::new();
    for bank in &plan.banks {
        banks.insert(bank.party(), make_bank(&authority, bank, now)?);
    }
    let officer = |name| {
        let key = SigningKey::Rsa(ceremony::make_key()?);
        Ok::<_, Failure>((Name::parse(name)?, key))
    };
    let [first, second] = OFFICERS;
    let mut keys = Keys {
        authority,
        officers: [officer(first)?, officer(second)?],
        banks,
        servers: BTreeMap::new(),
        links: BTreeMap::new(),
    };
    make_transport(plan, &mut keys, now)?;
    write_authority(plan, &keys, now)?;
    for bank in &plan.banks {
        write_bank(plan, bank, &keys, now)?;
    }
    Ok(keys)
}

/// A bank's keys, licensed by the authority.
fn make_bank(
    authority: &AuthorityKeys,
    bank: &BankPlan,
    now: Timestamp,
) -> Result<BankKeys, Failure> {
    let terms = BankTerms {
        bic: bank.bic.clone(),
        name: Name::parse(bank.name)?,
        iban_prefix: bank.iban_prefix.to_owned(),
        currency: Currency::EUR,
        settlement_cap: SETTLEMENT_CAP_MINOR,
    };
    let secrets = BankSecrets::make(&AwsLcRsa, &SystemEntropy)?;
    let number = format!("2026-{:03}", bank.index + 1);
    let request = licence_request(&terms, &secrets, &number, now);
    let licence = ceremony::issue_leaf(&authority.root, &request)?;
    let root = authority.root.certificate.clone();
    let founding = Founding::make(
        &AwsLcRsa,
        &SystemEntropy,
        terms,
        root,
        licence,
        &secrets,
        now,
    )?;
    let transport_ca = secrets.registrar.transport_issuer(&founding.transport_ca);
    let mut processors = Vec::new();
    for name in PROCESSORS {
        processors.push((name, ProcessorSecret::make(&AwsLcRsa, &SystemEntropy)?));
    }
    let operator = |name| {
        let key = SigningKey::Rsa(ceremony::make_key()?);
        Ok::<_, Failure>((Name::parse(name)?, key))
    };
    let [first, second] = OPERATORS;
    Ok(BankKeys {
        operators: [operator(first)?, operator(second)?],
        transport: TransportParty::new(transport_ca)?,
        secrets,
        founding,
        processors,
    })
}

fn transport<'a>(keys: &'a Keys, owner: &str) -> Result<&'a TransportParty, Failure> {
    if owner == AUTHORITY {
        return Ok(&keys.authority.transport);
    }
    let bank = keys
        .banks
        .get(owner)
        .ok_or_else(|| format!("no keys of {owner}"))?;
    Ok(&bank.transport)
}

/// TLS ends of all nodes, and of each party at the gateways of the others.
fn make_transport(plan: &Plan, keys: &mut Keys, now: Timestamp) -> Result<(), Failure> {
    for NodePlan { owner, kind, port } in plan.nodes() {
        let node = NodePlan {
            owner: owner.clone(),
            kind: kind.clone(),
            port,
        };
        let server = ceremony::server(transport(keys, &owner)?, &[HOST], now)?;
        keys.servers.insert(node.instance(), server);
        if let NodeKind::Gateway(peer) = kind {
            let own = Party::from_lower(&owner).ok_or("an owner is no party")?;
            let peer = Party::from_lower(&peer.to_lowercase()).ok_or("a peer is no party")?;
            let ends = Ends::new(own, peer.clone())?;
            let client = ceremony::guest(transport(keys, &owner)?, &peer, &ends.peer_role(), now)?;
            keys.links.insert((owner, peer.lower()), client);
        }
    }
    Ok(())
}

fn write_tls(folder: &Path, tls: &Tls) -> Result<(), Failure> {
    write_public(&folder.join("tls-ca.pem"), &tls.ca_pem)?;
    write_public(&folder.join("tls.pem"), &tls.certificate_pem)?;
    write_private(&folder.join("tls-key.pem"), &tls.key_pem)
}

/// A key as a ceremony leaves it, and beside it what opens it: this is a demo.
fn write_encrypted(folder: &Path, file: &str, pkcs8: &[u8]) -> Result<(), Failure> {
    let pem = key_file::encrypt_pkcs8(pkcs8, PASSPHRASE, &mut boot::rng())?;
    write_private(&folder.join(file), &pem)?;
    write_private(&folder.join("passphrase.txt"), &format!("{PASSPHRASE}\n"))
}

fn write_authority(plan: &Plan, keys: &Keys, now: Timestamp) -> Result<(), Failure> {
    let folder = plan.party(AUTHORITY);
    write_public(
        &folder.join("root.pem"),
        &keys.authority.root.certificate.to_pem()?,
    )?;
    write_encrypted(
        &folder.join("keys/ceremony"),
        "root-key.pem",
        &keys.authority.root.key.to_pkcs8_der(),
    )?;
    for (name, key) in &keys.officers {
        let word = name.as_str().to_lowercase().replace(' ', "-");
        let folder = folder.join("keys/officers").join(word);
        write_encrypted(&folder, "officer-key.pem", &key.to_pkcs8_der()?)?;
    }
    write_key(
        &folder.join("keys/authority/head-key.pem"),
        &keys.authority.head.to_pkcs8_der()?,
    )?;
    let client = ceremony::client(&keys.authority.transport, &role_of(AUTHORITY), now)?;
    write_tls(&folder.join("keys").join(AUTHORITY), &client)
}

/// A key folder for each holder. The bank CA's key lies apart, as it would on a drive that is locked
/// away.
fn write_bank(plan: &Plan, bank: &BankPlan, keys: &Keys, now: Timestamp) -> Result<(), Failure> {
    let folder = plan.party(&bank.party());
    let own = keys.bank(bank)?;
    write_public(&folder.join("root.pem"), &own.founding.root.to_pem()?)?;
    write_public(&folder.join("licence.pem"), &own.founding.licence.to_pem()?)?;
    write_key(
        &folder.join("keys/ceremony/bank-ca-key.pem"),
        &own.secrets.bank_ca.to_pkcs8_der(),
    )?;
    write_private(
        &folder.join("keys/registrar/secret.pem"),
        &own.secrets.registrar.to_pem(),
    )?;
    for (name, secret) in &own.processors {
        let file = folder.join("keys").join(name).join("secret.pem");
        write_private(&file, &secret.to_pem()?)?;
    }
    for (name, key) in &own.operators {
        let word = name.as_str().to_lowercase().replace(' ', "-");
        let file = folder.join("keys/operators").join(word);
        write_operator_key(&file, key, PASSPHRASE)?;
        let line = format!("{PASSPHRASE}\n");
        write_private(&file.join("passphrase.txt"), &line)?;
    }
    for holder in PROCESSORS.into_iter().chain(EDGES).chain(["registrar"]) {
        let client = ceremony::client(&own.transport, &role_of(holder), now)?;
        write_tls(&folder.join("keys").join(holder), &client)?;
    }
    Ok(())
}
