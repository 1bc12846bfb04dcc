//! What two operators have laid down, read from the core and checked: rows count for their signatures,
//! not for standing there.

use crate::{
    Fault,
    store::{certificate, institution::Institution, operator_removal, parameter_record},
};
use envelope::{
    Certificate, Jws, Role, Rsa, TrustAnchor, operator::Operators, parameters::ParameterChain,
    verify_chain,
};
use message::{Digest, Kind, Timestamp};
use sqlx::PgConnection;
use std::collections::HashMap;

/// A row that does not count: where it stands, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ignored {
    pub(crate) table: &'static str,
    pub(crate) row: i64,
    pub(crate) why: String,
}

/// What was read.
pub(crate) struct Reading {
    pub(crate) chain: ParameterChain,
    /// Proposals that could be approved now, the newest last.
    pub(crate) pending: Vec<Jws>,
    pub(crate) ignored: Vec<Ignored>,
}

/// Reads all of it.
pub(crate) async fn read(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    bank: &Institution,
    now: Timestamp,
) -> Result<Reading, Fault> {
    let mut ignored = Vec::new();
    let operators = operators(core, rsa, bank, &mut ignored).await?;
    let mut reader = Reader {
        rsa,
        now,
        chain: ParameterChain::new(operators),
        proposals: HashMap::new(),
        order: Vec::new(),
        ignored,
    };
    for (row, text) in parameter_record::all(core).await? {
        if let Err(why) = reader.take(&text) {
            let table = "parameter_record";
            reader.ignored.push(Ignored { table, row, why });
        }
    }
    let chain = reader.chain;
    let mut pending = reader.order;
    pending.retain(|proposal| chain.check_proposal(rsa, proposal, now).is_ok());
    Ok(Reading {
        chain,
        pending,
        ignored: reader.ignored,
    })
}

/// How many certificates and removals of operators stand there.
pub(crate) async fn people(
    core: &mut PgConnection,
    bank: &Institution,
) -> Result<(usize, usize), Fault> {
    let own = bank.bic.lower();
    let certificates = certificate::of_party(core, &own, Role::Operator.word()).await?;
    let removals = operator_removal::all(core).await?;
    Ok((certificates.len(), removals.len()))
}

/// Who may sign. Certificates that the bank CA has not issued are left out.
async fn operators(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    bank: &Institution,
    ignored: &mut Vec<Ignored>,
) -> Result<Operators, Fault> {
    let anchor = TrustAnchor::new(Certificate::from_der(&bank.root)?)
        .map_err(|error| Fault::Setup(format!("the pinned root cannot be used: {error}")))?;
    let own = bank.bic.lower();
    let mut licences = vec![Certificate::from_der(&bank.licence)?];
    for row in certificate::of_party(core, &own, Role::BankCa.word()).await? {
        let licence = Certificate::from_der(&row.der)?;
        let at = licence.not_before();
        let (role, bic) = (Role::BankCa, &bank.bic);
        let counts = verify_chain(rsa, &anchor, &licence, &[], role, bic, at).is_ok();
        if counts && !licences.contains(&licence) {
            licences.push(licence);
        }
    }
    let mut operators = Operators::new(anchor, bank.bic.clone(), licences);
    for row in certificate::of_party(core, &own, Role::Operator.word()).await? {
        let read = Certificate::from_der(&row.der).map_err(|error| error.to_string());
        let admitted = read.and_then(|certificate| {
            let admitted = operators.admit(rsa, certificate);
            admitted.map_err(|error| error.to_string())
        });
        if let Err(why) = admitted {
            // Certificates have no numbers; their keys' first bytes tell them apart.
            let bytes = row.subject.as_bytes().first_chunk::<8>();
            let row = bytes.map_or(0, |bytes| i64::from_be_bytes(*bytes) & i64::MAX);
            let table = "certificate";
            ignored.push(Ignored { table, row, why });
        }
    }
    for (row, text) in operator_removal::all(core).await? {
        let read = Jws::parse(&text).map_err(envelope::EnvelopeError::from);
        if let Err(error) = read.and_then(|jws| operators.remove(rsa, &jws)) {
            let (table, why) = ("operator_removal", error.to_string());
            ignored.push(Ignored { table, row, why });
        }
    }
    Ok(operators)
}

struct Reader<'a> {
    rsa: &'a dyn Rsa,
    now: Timestamp,
    chain: ParameterChain,
    proposals: HashMap<Digest, Jws>,
    order: Vec<Jws>,
    ignored: Vec<Ignored>,
}

impl Reader<'_> {
    /// Takes a row, or says why it does not count. A proposal that nobody has approved, or that another
    /// has overtaken, is in order and without effect.
    fn take(&mut self, text: &str) -> Result<(), String> {
        let jws = Jws::parse(text).map_err(|error| error.to_string())?;
        match jws.kind() {
            Kind::Parameters => {
                let read = self.chain.read_proposal(self.rsa, &jws);
                read.map_err(|error| error.to_string())?;
                self.proposals.insert(jws.digest(), jws.clone());
                self.order.push(jws);
                Ok(())
            }
            Kind::ParametersApproval => {
                let frame: message::Payload<message::parameters::ParametersApproval> =
                    serde_json::from_slice(jws.unverified_payload())
                        .map_err(|error| error.to_string())?;
                let proposal = frame.re.and_then(|digest| self.proposals.get(&digest));
                let proposal = proposal.ok_or("it approves nothing that stands here")?;
                let taken = self.chain.take(self.rsa, proposal, &jws, self.now);
                taken.map(drop).map_err(|error| error.to_string())
            }
            kind => Err(format!("{kind} has no place here")),
        }
    }
}
