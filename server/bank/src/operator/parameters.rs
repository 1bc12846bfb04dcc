//! Parameters: one operator proposes, another approves.

use super::operators::certify;
use crate::{
    Entropy, Fault, laid_down,
    processor::row_of,
    store::{certificate, fee_taken, institution::Institution, parameter_record},
};
use envelope::{
    Certificate, Jws, Rsa, RsaPrivateKey, SigningKey,
    parameters::{ParametersError, Version, sign_approval, sign_proposal},
};
use message::{Amount, Digest, Payload, Timestamp, parameters::ParameterValues, text::Name};
use sqlx::{Connection as _, PgConnection};

/// A proposal that nobody has approved: it has no effect.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The signed bytes.
    pub jws: Jws,
    /// The number that it would have.
    pub number: u64,
    /// What it would lay down.
    pub values: ParameterValues,
    /// Who proposes it.
    pub by: String,
    /// When.
    pub at: Timestamp,
}

/// What is laid down, and what could be.
#[derive(Clone, Debug)]
pub struct LaidDown {
    /// Every version, the first one first; the last one is in force.
    pub versions: Vec<Version>,
    /// Who has proposed and approved each.
    pub by: Vec<(String, String)>,
    /// Proposals that follow the version in force.
    pub proposals: Vec<Proposal>,
    /// Rows that do not count: table, number and why.
    pub ignored: Vec<(&'static str, i64, String)>,
}

impl LaidDown {
    /// What holds now.
    pub fn in_force(&self) -> Option<&Version> {
        self.versions.last()
    }
}

/// Reads what is laid down, every signature checked.
///
/// # Errors
/// When the core cannot be read.
pub async fn parameters(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    now: Timestamp,
) -> Result<LaidDown, Fault> {
    let bank = super::institution(core).await?;
    let read = laid_down::read(core, rsa, &bank, now).await?;
    let operators = read.chain.operators();
    let name = |key, at| match operators.certified(rsa, &key, at) {
        Ok(certificate) => certificate.common_name(),
        Err(_) => key.to_string(),
    };
    let versions: Vec<Version> = read.chain.versions().cloned().collect();
    let by = versions.iter().map(|version| {
        let ((first, then), (second, at)) = (version.proposed, version.approved);
        (name(first, then), name(second, at))
    });
    let proposals = read.pending.into_iter().map(|jws| {
        let payload: Payload<message::parameters::Parameters> =
            serde_json::from_slice(jws.unverified_payload())
                .map_err(|_| envelope::Malformed("parameters"))?;
        Ok(Proposal {
            number: payload.body.number,
            values: payload.body.values,
            by: name(jws.kid(), payload.iat),
            at: payload.iat,
            jws,
        })
    });
    Ok(LaidDown {
        by: by.collect(),
        proposals: proposals.collect::<Result<_, Fault>>()?,
        ignored: read
            .ignored
            .into_iter()
            .map(|ignored| (ignored.table, ignored.row, ignored.why))
            .collect(),
        versions,
    })
}

/// An operator signs the version that follows the one in force. It has no effect until another operator
/// approves it. Answers the digest that the other one names.
///
/// # Errors
/// When the values are out of range or lack the bank's currency, or the key is no operator's.
pub async fn propose_parameters(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    operator: &SigningKey,
    values: ParameterValues,
    now: Timestamp,
) -> Result<Digest, Fault> {
    let mut tx = core.begin().await?;
    parameter_record::lock(&mut tx).await?;
    let bank = super::institution(&mut tx).await?;
    if values.of(bank.currency).is_none() {
        let currency = bank.currency;
        return Err(Fault::Setup(format!(
            "the bank keeps accounts in {currency}: say what holds for it"
        )));
    }
    let chain = laid_down::read(&mut tx, rsa, &bank, now).await?.chain;
    let (position, rng) = (chain.position(), &mut *entropy.rng());
    let jws = sign_proposal(rsa, operator, &bank.bic, position, values, now, rng)?;
    chain.check_proposal(rsa, &jws, now).map_err(refused)?;
    parameter_record::insert(&mut tx, jws.as_str(), now).await?;
    tx.commit().await?;
    Ok(jws.digest())
}

/// Another operator signs a proposal: it is in force at once. Answers the version.
///
/// # Errors
/// When there is no such proposal (any more), or the operator is the one who has proposed it, or none.
pub async fn approve_parameters(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    operator: &SigningKey,
    proposal: Digest,
    now: Timestamp,
) -> Result<Version, Fault> {
    let mut tx = core.begin().await?;
    parameter_record::lock(&mut tx).await?;
    let bank = super::institution(&mut tx).await?;
    let mut read = laid_down::read(&mut tx, rsa, &bank, now).await?;
    let found = read.pending.iter().find(|jws| jws.digest() == proposal);
    let jws = found.cloned().ok_or_else(|| {
        let words = "no proposal of this digest waits for approval: another version may have come \
                     into force before it. Look at `server parameters list`, and propose it again";
        Fault::Setup(words.to_owned())
    })?;
    let number = read.chain.position().number + 1;
    let (about, rng) = ((&jws, number), &mut *entropy.rng());
    let approval = sign_approval(rsa, operator, &bank.bic, about, now, rng)?;
    let taken = read.chain.take(rsa, &jws, &approval, now);
    let version = taken.map_err(refused)?.clone();
    parameter_record::insert(&mut tx, approval.as_str(), now).await?;
    tx.commit().await?;
    Ok(version)
}

fn refused(error: ParametersError) -> Fault {
    Fault::Setup(error.to_string())
}

/// A bank begins with two operators, who lay down its first version.
///
/// # Errors
/// When the bank has operators already, or the key is not the bank CA's.
pub async fn begin_parameters(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank_ca: &RsaPrivateKey,
    operators: [(&Name, &SigningKey); 2],
    values: ParameterValues,
    now: Timestamp,
) -> Result<Version, Fault> {
    let bank = super::institution(core).await?;
    let licence = bank_ca_of(&bank, bank_ca)?;
    for (name, key) in operators {
        let subject = (name, &key.verifying_key());
        let issuer = (&licence, bank_ca);
        let certificate = certify(rsa, entropy, &bank, issuer, subject, now)?;
        certificate::insert(core, &row_of(&bank.bic.lower(), &certificate), now).await?;
    }
    let [(_, first), (_, second)] = operators;
    let proposal = propose_parameters(core, rsa, entropy, first, values, now).await?;
    approve_parameters(core, rsa, entropy, second, proposal, now).await
}

/// The bank CA's certificate, if this is its key.
pub(super) fn bank_ca_of(
    bank: &Institution,
    bank_ca: &RsaPrivateKey,
) -> Result<Certificate, Fault> {
    let licence = Certificate::from_der(&bank.licence)?;
    if licence.key_thumbprint() == bank_ca.public().thumbprint() {
        return Ok(licence);
    }
    let words = "this is not the key of the bank's CA: its licence names another";
    Err(Fault::Setup(words.to_owned()))
}

/// Fees that are not what the version says that their receipts name, and versions that receipts name
/// and nobody has laid down.
pub(super) async fn audit_fees(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    now: Timestamp,
) -> Result<Vec<(String, String)>, Fault> {
    let bank = super::institution(core).await?;
    let chain = laid_down::read(core, rsa, &bank, now).await?.chain;
    let mut findings = Vec::new();
    for taken in fee_taken::all(core).await? {
        let number = taken.parameters;
        let version = chain.version(number);
        let values = version.and_then(|version| version.values.of(taken.currency));
        let laid = values.and_then(|values| values.fee(taken.outside));
        let which = format!("{} payments under version {number}", taken.payments);
        if number > 0 && version.is_none() {
            let what = "receipts name parameters that nobody has laid down";
            findings.push((what.to_owned(), which));
        } else if laid.map_or(0, Amount::minor) != taken.fee {
            findings.push(("fee is not what was laid down".to_owned(), which));
        }
    }
    Ok(findings)
}
