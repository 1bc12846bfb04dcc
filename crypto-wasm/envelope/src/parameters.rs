//! A bank's parameters as every reader keeps them: versions are taken one after the other, each is
//! checked by both signatures and the chain, and the newest is in force.
//!
//! Whoever can write into the bank's database can put rows there, leave rows out or bring old ones
//! back. None of that counts: a version needs two operators whom the bank CA has certified and not
//! removed, the next number, and the digest of the version before it.

use crate::{
    CertificateError, EnvelopeError, Jws, Malformed, Rsa, SigningKey,
    encoding::sha256,
    operator::{Operators, sign},
    register::Position,
};
use message::{
    Bic, Body, Digest, Payload, Thumbprint, Timestamp,
    parameters::{ParameterError, ParameterValues, Parameters, ParametersApproval},
    payload::CLOCK_SKEW_SECONDS_MAX,
};
use rand_core::CryptoRng;
use std::collections::BTreeMap;

/// What the digest of a version begins with.
const CONTEXT: &[u8] = b"countersign parameters v1";

/// Why a version is not taken. Nothing of it has any effect.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParametersError {
    /// Another number than the next one: a gap, or one taken back.
    #[error("version {expected} comes next here, and this is {found}")]
    Number {
        /// The next number.
        expected: u64,
        /// What came.
        found: u64,
    },
    /// It does not follow the version before it.
    #[error("the version does not follow the one before it")]
    Chain,
    /// Signed by somebody who is no operator of this bank.
    #[error("signed by somebody who is no operator of this bank")]
    Operator,
    /// Signed by an operator who was removed before.
    #[error("signed by an operator who was removed")]
    Removed,
    /// Both signatures are of one person.
    #[error("signed by one person twice: another operator must approve")]
    OnePerson,
    /// A signature does not hold, or is for something else.
    #[error("a signature does not hold, or is for something else")]
    Signature,
    /// Dated before the version before it, or in the future.
    #[error("the date does not fit")]
    Date,
    /// The signer's certificate does not count at that time.
    #[error("the operator's certificate: {0}")]
    Certificate(#[from] CertificateError),
    /// It lays down what cannot be laid down.
    #[error("{0}")]
    Values(#[from] ParameterError),
    /// It is not well formed.
    #[error(transparent)]
    Malformed(#[from] Malformed),
}

impl From<EnvelopeError> for ParametersError {
    fn from(error: EnvelopeError) -> Self {
        match error {
            EnvelopeError::Malformed(malformed) => ParametersError::Malformed(malformed),
            _ => ParametersError::Signature,
        }
    }
}

/// A version that two operators have signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Version {
    /// Its number and digest: what the next one names.
    pub position: Position,
    /// What it lays down.
    pub values: ParameterValues,
    /// Who has proposed it, and when.
    pub proposed: (Thumbprint, Timestamp),
    /// Who has approved it, and when.
    pub approved: (Thumbprint, Timestamp),
}

/// The versions of one bank, as far as they were read.
#[derive(Clone, Debug)]
pub struct ParameterChain {
    operators: Operators,
    versions: BTreeMap<u64, Version>,
}

/// The digest of a version: SHA-256 over a context, the digest of the proposal's JWS and the digest of
/// the approval's.
pub fn digest(proposal: &Jws, approval: &Jws) -> Digest {
    let (proposal, approval) = (proposal.digest(), approval.digest());
    Digest::new(sha256(&[CONTEXT, proposal.as_bytes(), approval.as_bytes()]))
}

/// An operator signs the version that follows `position`.
pub fn sign_proposal(
    rsa: &dyn Rsa,
    operator: &SigningKey,
    bank: &Bic,
    position: Position,
    values: ParameterValues,
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let number = position.number.checked_add(1);
    let body = Parameters {
        number: number.ok_or(Malformed("parameters"))?,
        previous: position.digest,
        values,
    };
    sign(rsa, operator, (bank.as_str(), None), body, now, rng)
}

/// Another operator signs that proposal.
pub fn sign_approval(
    rsa: &dyn Rsa,
    operator: &SigningKey,
    bank: &Bic,
    (proposal, number): (&Jws, u64),
    now: Timestamp,
    rng: &mut dyn CryptoRng,
) -> Result<Jws, EnvelopeError> {
    let about = (bank.as_str(), Some(proposal.digest()));
    sign(
        rsa,
        operator,
        about,
        ParametersApproval { number },
        now,
        rng,
    )
}

impl ParameterChain {
    /// No version yet, of the bank with these operators.
    pub fn new(operators: Operators) -> Self {
        Self {
            operators,
            versions: BTreeMap::new(),
        }
    }

    /// Those who may sign.
    pub fn operators(&self) -> &Operators {
        &self.operators
    }

    /// The version in force; `None` when none was ever approved.
    pub fn in_force(&self) -> Option<&Version> {
        self.versions.last_key_value().map(|(_, version)| version)
    }

    /// The number and digest that the next version names.
    pub fn position(&self) -> Position {
        self.in_force().map_or(Position::START, |v| v.position)
    }

    /// Every version so far, the first one first.
    pub fn versions(&self) -> impl Iterator<Item = &Version> {
        self.versions.values()
    }

    /// One version.
    pub fn version(&self, number: u64) -> Option<&Version> {
        self.versions.get(&number)
    }

    /// Takes the next version. One that is refused changes nothing.
    pub fn take(
        &mut self,
        rsa: &dyn Rsa,
        proposal: &Jws,
        approval: &Jws,
        now: Timestamp,
    ) -> Result<&Version, ParametersError> {
        let proposed = self.check_proposal(rsa, proposal, now)?;
        let approved = self.check_approval(rsa, proposal, approval)?;
        let (first, second) = (proposal.kid(), approval.kid());
        if self.operators.are_one_person(&first, &second) {
            return Err(ParametersError::OnePerson);
        }
        if approved.body.number != proposed.body.number {
            return Err(ParametersError::Signature);
        }
        self.not_removed(&second, approved.body.number)?;
        let latest = now.saturating_add(CLOCK_SKEW_SECONDS_MAX);
        if !(proposed.iat..=latest).contains(&approved.iat) {
            return Err(ParametersError::Date);
        }
        let number = proposed.body.number;
        let version = Version {
            position: Position {
                number,
                digest: digest(proposal, approval),
            },
            values: proposed.body.values,
            proposed: (first, proposed.iat),
            approved: (second, approved.iat),
        };
        Ok(self.versions.entry(number).or_insert(version))
    }

    /// Checks a proposal that could be approved now: everything but the second signature.
    pub fn check_proposal(
        &self,
        rsa: &dyn Rsa,
        proposal: &Jws,
        now: Timestamp,
    ) -> Result<Payload<Parameters>, ParametersError> {
        let read = self.read_proposal(rsa, proposal)?;
        let position = self.position();
        let expected = position.number.saturating_add(1);
        if read.body.number != expected {
            let found = read.body.number;
            return Err(ParametersError::Number { expected, found });
        }
        if read.body.previous != position.digest {
            return Err(ParametersError::Chain);
        }
        self.not_removed(&proposal.kid(), read.body.number)?;
        let earliest = self.in_force().map_or(Timestamp::MIN, |v| v.approved.1);
        let latest = now.saturating_add(CLOCK_SKEW_SECONDS_MAX);
        if !(earliest..=latest).contains(&read.iat) {
            return Err(ParametersError::Date);
        }
        Ok(read)
    }

    /// Reads a proposal wherever the chain stands: an operator has signed it, and its values are in
    /// range.
    pub fn read_proposal(
        &self,
        rsa: &dyn Rsa,
        proposal: &Jws,
    ) -> Result<Payload<Parameters>, ParametersError> {
        let read = self.signed::<Parameters>(rsa, proposal, None)?;
        read.body.values.check()?;
        Ok(read)
    }

    /// Reads an approval of this proposal: an operator has signed it.
    pub fn check_approval(
        &self,
        rsa: &dyn Rsa,
        proposal: &Jws,
        approval: &Jws,
    ) -> Result<Payload<ParametersApproval>, ParametersError> {
        self.signed::<ParametersApproval>(rsa, approval, Some(proposal.digest()))
    }

    /// What somebody has signed who was certified as an operator of this bank at that time.
    fn signed<B: Body>(
        &self,
        rsa: &dyn Rsa,
        jws: &Jws,
        re: Option<Digest>,
    ) -> Result<Payload<B>, ParametersError> {
        // Read before it is verified: the date says which certificate is asked for.
        let unread: Payload<B> = serde_json::from_slice(jws.unverified_payload())
            .map_err(|_| Malformed("parameters"))?;
        let signer = jws.kid();
        let operator = match self.operators.certified(rsa, &signer, unread.iat) {
            Ok(operator) => operator,
            Err(Some(error)) => return Err(ParametersError::Certificate(error)),
            Err(None) => return Err(ParametersError::Operator),
        };
        let key = operator.verifying_key().ok_or(ParametersError::Signature)?;
        let payload = jws.verify(rsa, key)?.payload::<B>()?;
        let fits = payload.iss == signer.to_string()
            && payload.aud == self.operators.bank().as_str()
            && payload.re == re
            && payload.exp == payload.iat;
        fits.then_some(payload).ok_or(ParametersError::Signature)
    }

    fn not_removed(&self, operator: &Thumbprint, number: u64) -> Result<(), ParametersError> {
        match self.operators.removed(operator) {
            Some(last) if number > last => Err(ParametersError::Removed),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
