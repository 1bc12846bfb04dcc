//! Whom this bank believes, and why: the whole tree of certificates as the core has it, checked again
//! from the pinned root.

use crate::{
    Fault,
    store::{certificate, institution, register},
};
use data_encoding::BASE64;
use envelope::{
    Certificate, Party, Role, Rsa, TrustAnchor,
    register::{Entry, Register, Status},
    verify_chain,
    words::five_words,
};
use message::{Bic, Currency, Thumbprint, Timestamp, record::AuthorityAct, text::Name};
use sqlx::PgConnection;
use std::collections::HashMap;

/// Certificates of a party below its licence that are shown one by one. Devices are too many.
const BELOW: [Role; 6] = [
    Role::ProcessorCa,
    Role::EnrolmentCa,
    Role::TransportCa,
    Role::Processor,
    Role::ProcessorUnwrap,
    Role::Operator,
];

/// The most certificates of a party and role that are looked at.
const OF_A_ROLE_MAX: usize = 200;

/// One thing that is believed, or would be refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trusted {
    /// How far below the root.
    pub depth: usize,
    /// What it is for: the role's word, or `entry` for a record of the register.
    pub what: String,
    /// The name in it.
    pub name: String,
    /// Its key.
    pub key: Option<Thumbprint>,
    /// Five words of the key.
    pub words: Option<[&'static str; 5]>,
    /// From when to when it counts.
    pub validity: Option<(Timestamp, Timestamp)>,
    /// Who admitted it and when, or how it stands.
    pub note: String,
    /// Why it would be refused.
    pub refused: Option<String>,
}

impl Trusted {
    fn of(depth: usize, certificate: &Certificate) -> Self {
        let key = certificate.key_thumbprint();
        Self {
            depth,
            what: certificate.role().word().to_owned(),
            name: certificate.common_name(),
            key: Some(key),
            words: Some(five_words(&key)),
            validity: Some((certificate.not_before(), certificate.not_after())),
            note: String::new(),
            refused: None,
        }
    }

    fn entry(number: u64, note: String, refused: Option<String>) -> Self {
        Self {
            depth: 1,
            what: "entry".to_owned(),
            name: number.to_string(),
            key: None,
            words: None,
            validity: None,
            note,
            refused,
        }
    }
}

/// Everything that this bank believes, from the root downwards: the register's entries, the authority's
/// people, each licensed bank, and the certificates of each that are here. Every signature is checked
/// anew.
///
/// # Errors
/// When the core holds no bank or cannot be read.
pub async fn trust(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    now: Timestamp,
) -> Result<Vec<Trusted>, Fault> {
    let bank = institution::read(core)
        .await?
        .ok_or_else(|| Fault::Setup("the core holds no bank: found it first".to_owned()))?;
    let root = Certificate::from_der(&bank.root)?;
    let anchor = TrustAnchor::new(root.clone())
        .map_err(|error| Fault::Setup(format!("the pinned root cannot be used: {error}")))?;
    let mut tree = vec![Trusted {
        note: "pinned when the bank was founded".to_owned(),
        ..Trusted::of(0, &root)
    }];
    let (read, mut entries) = read_register(core, rsa, anchor.clone(), now).await?;
    tree.append(&mut entries);
    for (_, officer) in read.register.officers() {
        tree.push(Trusted::of(1, officer));
    }
    for (bic, standing) in read.register.banks() {
        let admitted = read.granted.get(&standing.granted_in);
        let mut note = format!(
            "entry {}, {}",
            standing.granted_in,
            admitted.map_or("", String::as_str)
        );
        match &standing.status {
            Status::Active => {}
            Status::Suspended { reason, .. } => note += &format!("; suspended: {reason}"),
            Status::Revoked { reason, .. } => note += &format!("; revoked: {reason}"),
        }
        let party = Party::Bank(bic.clone());
        let licence = &standing.licence;
        let checked = verify_chain(rsa, &anchor, licence, &[], Role::BankCa, bic, now);
        tree.push(Trusted {
            note,
            refused: checked.err().map(|error| error.to_string()),
            ..Trusted::of(1, licence)
        });
        let mut above = vec![licence.clone()];
        above.extend(standing.replaced.iter().cloned());
        tree.append(&mut below(core, rsa, &anchor, &party, above, now).await?);
    }
    Ok(tree)
}

/// What a bank says of itself when it asks for a licence.
#[derive(Clone, Debug)]
pub struct OwnTerms {
    /// Its BIC.
    pub bic: Bic,
    /// Its name.
    pub name: Name,
    /// Country and bank code of its IBANs.
    pub iban_prefix: String,
    /// What it is kept in.
    pub currency: Currency,
    /// The key of its transport CA.
    pub transport_ca: Thumbprint,
}

/// Reads what a bank says of itself.
///
/// # Errors
/// When the core holds no bank.
pub async fn own_terms(core: &mut PgConnection) -> Result<OwnTerms, Fault> {
    let missing = || Fault::Setup("the core holds no bank: found it first".to_owned());
    let bank = institution::read(core).await?.ok_or_else(missing)?;
    let role = Role::TransportCa.word();
    let cas = certificate::of_party(core, &bank.bic.lower(), role).await?;
    Ok(OwnTerms {
        transport_ca: cas.first().ok_or_else(missing)?.subject,
        bic: bank.bic,
        name: bank.name,
        iban_prefix: bank.iban_prefix,
        currency: bank.currency,
    })
}

/// The certificates of a party that are here.
async fn below(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    anchor: &TrustAnchor,
    party: &Party,
    mut above: Vec<Certificate>,
    now: Timestamp,
) -> Result<Vec<Trusted>, Fault> {
    let mut tree = Vec::new();
    for role in BELOW {
        let rows = certificate::of_party(core, &party.lower(), role.word()).await?;
        for row in rows.into_iter().take(OF_A_ROLE_MAX) {
            let Ok(leaf) = Certificate::from_der(&row.der) else {
                tree.push(Trusted {
                    what: role.word().to_owned(),
                    key: Some(row.subject),
                    refused: Some("it cannot be read".to_owned()),
                    ..Trusted::entry(0, String::new(), None)
                });
                continue;
            };
            let checked = verify_chain(rsa, anchor, &leaf, &above, role, party, now);
            let mut one = Trusted::of(if role.path_length().is_some() { 2 } else { 3 }, &leaf);
            if leaf.not_after() < now {
                // Its time is over: what was signed within it still counts.
                "ended".clone_into(&mut one.note);
            } else {
                one.refused = checked.err().map(|error| error.to_string());
            }
            if role.path_length().is_some() && one.refused.is_none() {
                above.push(leaf);
            }
            tree.push(one);
        }
    }
    Ok(tree)
}

struct Read {
    register: Register,
    /// Who signed an entry and when, by its number.
    granted: HashMap<u64, String>,
}

async fn read_register(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    anchor: TrustAnchor,
    now: Timestamp,
) -> Result<(Read, Vec<Trusted>), Fault> {
    let mut read = Read {
        register: Register::new(anchor),
        granted: HashMap::new(),
    };
    let (mut tree, mut names) = (Vec::new(), HashMap::new());
    for (number, body) in register::news(core, 0).await?.entries {
        let parsed = Entry::parse(&body);
        let signers = parsed
            .as_ref()
            .ok()
            .map(|e| (e.record.kid(), e.cosign.kid()));
        let taken = parsed
            .map_err(Into::into)
            .and_then(|entry| read.register.take(rsa, &entry, now));
        match taken {
            Ok(act) => {
                learn_names(&act, &mut names);
                let name = |key| names.get(&key).map_or("somebody", String::as_str);
                let who = signers.map_or(String::new(), |(one, other)| {
                    format!("signed by {} and {}", name(one), name(other))
                });
                let what = act_word(&act);
                tree.push(Trusted::entry(number, format!("{what}, {who}"), None));
                read.granted.insert(number, who);
            }
            Err(error) => {
                let refused = Some(error.to_string());
                tree.push(Trusted::entry(number, String::new(), refused));
            }
        }
    }
    Ok((read, tree))
}

fn learn_names(act: &AuthorityAct, names: &mut HashMap<Thumbprint, String>) {
    let certificates: &[String] = match act {
        AuthorityAct::Founded { officers, .. } => officers,
        AuthorityAct::OfficerAdmitted { certificate } => std::slice::from_ref(certificate),
        _ => &[],
    };
    for base64 in certificates {
        let certificate = BASE64.decode(base64.as_bytes()).ok();
        let certificate = certificate.and_then(|der| Certificate::from_der(&der).ok());
        if let Some(certificate) = certificate {
            names.insert(certificate.key_thumbprint(), certificate.common_name());
        }
    }
}

fn act_word(act: &AuthorityAct) -> String {
    match act {
        AuthorityAct::Founded { .. } => "the register begins".to_owned(),
        AuthorityAct::OfficerAdmitted { .. } => "an officer is admitted".to_owned(),
        AuthorityAct::OfficerRemoved { .. } => "an officer is removed".to_owned(),
        AuthorityAct::HeadReplaced { .. } => "another key signs heads".to_owned(),
        AuthorityAct::LicenceGranted { .. } => "a licence is granted".to_owned(),
        AuthorityAct::LicenceSuspended { bank, .. } => format!("{bank} is suspended"),
        AuthorityAct::LicenceResumed { bank, .. } => format!("{bank} is resumed"),
        AuthorityAct::LicenceRevoked { bank, .. } => format!("{bank} is revoked"),
        AuthorityAct::SuspenseResolved { .. } => "a payment in suspense is decided".to_owned(),
    }
}
