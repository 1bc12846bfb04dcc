//! Operators: persons of the bank with keys of their own, certified by the bank CA.

use super::parameters::bank_ca_of;
use crate::{
    Entropy, Fault,
    founding::validity,
    laid_down,
    processor::row_of,
    store::{certificate, institution::Institution, operator_removal, parameter_record},
};
use envelope::{
    Certificate, Issuer, Jws, Party, Role, Rsa, RsaPrivateKey, Subject, VerifyingKey,
    operator::{read_request, sign_removal},
    words::five_words,
};
use message::{
    Thumbprint, Timestamp,
    operator::OperatorRemoval,
    text::{Label, Name},
};
use sqlx::{Connection as _, PgConnection};

/// How long an operator's certificate counts, in seconds: two years.
const OPERATOR_SECONDS: i64 = 2 * 365 * 24 * 60 * 60;

/// An operator as the bank CA has certified the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedOperator {
    /// The thumbprint of the key.
    pub key: Thumbprint,
    /// The five words of the key.
    pub words: [&'static str; 5],
    /// The person.
    pub name: String,
    /// The certificate's last moment.
    pub until: Timestamp,
    /// When the key was removed: the last version of the parameters that it counts on.
    pub removed: Option<u64>,
}

fn listed(certificate: &Certificate, removed: Option<u64>) -> ListedOperator {
    let key = certificate.key_thumbprint();
    ListedOperator {
        key,
        words: five_words(&key),
        name: certificate.common_name(),
        until: certificate.not_after(),
        removed,
    }
}

/// Everybody who is or was an operator. What the bank CA has not signed is left out.
///
/// # Errors
/// When the core cannot be read.
pub async fn operators(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    now: Timestamp,
) -> Result<Vec<ListedOperator>, Fault> {
    let bank = super::institution(core).await?;
    let chain = laid_down::read(core, rsa, &bank, now).await?.chain;
    let all = chain.operators().iter();
    Ok(all
        .map(|(certificate, removed)| listed(certificate, removed))
        .collect())
}

/// Certifies a person who asks, with the bank CA's key. The same person may have the same key certified
/// again; another person needs another key and another name.
///
/// # Errors
/// When the request does not hold, the key is not the bank CA's, or key or name are somebody else's.
pub async fn admit_operator(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank_ca: &RsaPrivateKey,
    request: &Jws,
    now: Timestamp,
) -> Result<ListedOperator, Fault> {
    let (name, key) = read_request(rsa, request, now)
        .map_err(|_| Fault::Setup("the request is not signed by the key in it".to_owned()))?;
    let mut tx = core.begin().await?;
    parameter_record::lock(&mut tx).await?;
    let bank = super::institution(&mut tx).await?;
    let licence = bank_ca_of(&bank, bank_ca)?;
    let chain = laid_down::read(&mut tx, rsa, &bank, now).await?.chain;
    for (other, removed) in chain.operators().iter() {
        let same_key = other.key_thumbprint() == key.thumbprint();
        let same_name = other.common_name().to_lowercase() == name.as_str().to_lowercase();
        if same_key && (removed.is_some() || !same_name) {
            let words = "this key was removed, or is somebody else's: make a new request";
            return Err(Fault::Setup(words.to_owned()));
        }
        if same_name && !same_key && removed.is_none() && other.not_after() >= now {
            return Err(Fault::Setup(format!(
                "{name} is an operator already, with another key: remove that one first"
            )));
        }
    }
    let certificate = certify(rsa, entropy, &bank, (&licence, bank_ca), (&name, &key), now)?;
    certificate::insert(&mut tx, &row_of(&bank.bic.lower(), &certificate), now).await?;
    tx.commit().await?;
    Ok(listed(&certificate, None))
}

/// Makes a certificate.
pub(super) fn certify(
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank: &Institution,
    (licence, bank_ca): (&Certificate, &RsaPrivateKey),
    (name, key): (&Name, &VerifyingKey),
    now: Timestamp,
) -> Result<Certificate, Fault> {
    let issuer = Issuer {
        certificate: licence.clone(),
        key: bank_ca.clone(),
    };
    let subject = Subject {
        role: Role::Operator,
        party: Party::Bank(bank.bic.clone()),
        name: name.as_str().to_owned(),
        key_spki: key.to_spki_der()?,
        holder: None,
        validity: validity(now, OPERATOR_SECONDS),
        licence: None,
        tls_names: Vec::new(),
        common_name: None,
    };
    Ok(envelope::issue(
        rsa,
        &issuer,
        &subject,
        &mut *entropy.rng(),
    )?)
}

/// Removes an operator, with the bank CA's key: the signature counts on no later version than the one
/// in force, whatever date it bears. Answers that version.
///
/// # Errors
/// When there is no such operator, or the key is not the bank CA's.
pub async fn remove_operator(
    core: &mut PgConnection,
    rsa: &dyn Rsa,
    entropy: &dyn Entropy,
    bank_ca: &RsaPrivateKey,
    (operator, reason): (Thumbprint, Label),
    now: Timestamp,
) -> Result<u64, Fault> {
    let mut tx = core.begin().await?;
    parameter_record::lock(&mut tx).await?;
    let bank = super::institution(&mut tx).await?;
    bank_ca_of(&bank, bank_ca)?;
    let chain = laid_down::read(&mut tx, rsa, &bank, now).await?.chain;
    let mut known = chain.operators().iter();
    if !known.any(|(one, removed)| one.key_thumbprint() == operator && removed.is_none()) {
        return Err(Fault::Setup("there is no such operator".to_owned()));
    }
    let removal = OperatorRemoval {
        operator,
        parameters: chain.position().number,
        reason,
    };
    let last = removal.parameters;
    let jws = sign_removal(rsa, bank_ca, &bank.bic, removal, now, &mut *entropy.rng())?;
    operator_removal::insert(&mut tx, jws.as_str(), now).await?;
    tx.commit().await?;
    Ok(last)
}
