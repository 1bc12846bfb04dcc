//! What each record does to the register, and when it may be said.

use super::{OFFICERS_MIN, Register, RegisterError, Standing, Status, is_one_person};
use crate::{Certificate, Jws, Role, Rsa, VerifiedCertificate};
use message::{
    Bic, Payload, Thumbprint, Timestamp,
    record::{AUDIENCE, AuthorityAct, LastItem, LicenceSuccession},
    text::Label,
};
use std::collections::{BTreeMap, BTreeSet};

/// The most officers that one record admits, and the most that there are.
const OFFICERS_MAX: usize = 32;

/// The most other banks that a revocation names.
const LAST_MAX: usize = 64;

impl Register {
    pub(super) fn apply(
        &mut self,
        rsa: &dyn Rsa,
        number: u64,
        at: Timestamp,
        act: &AuthorityAct,
    ) -> Result<(), RegisterError> {
        if (number == 1) != matches!(act, AuthorityAct::Founded { .. }) {
            return Err(RegisterError::Act(
                "the first record founds the register, and no other does",
            ));
        }
        match act {
            AuthorityAct::Founded { officers, head } => {
                let founders = self.founders(rsa, officers, at)?;
                self.head = Some(self.certified(rsa, head, Role::AuthorityHead, at)?);
                self.officers = founders;
            }
            AuthorityAct::OfficerAdmitted { certificate } => {
                let officer = self.certified(rsa, certificate, Role::Officer, at)?;
                let mut officers = self.officers.clone();
                add(&mut officers, &officer)?;
                self.officers = officers;
            }
            AuthorityAct::OfficerRemoved { officer, .. } => self.remove(officer)?,
            AuthorityAct::HeadReplaced { certificate } => {
                self.head = Some(self.certified(rsa, certificate, Role::AuthorityHead, at)?);
            }
            AuthorityAct::LicenceGranted {
                licence,
                succession,
            } => {
                let licence = self.certified(rsa, licence, Role::BankCa, at)?;
                self.grant(rsa, &licence, succession.as_deref(), (number, at))?;
            }
            AuthorityAct::LicenceSuspended { bank, reason } => self.suspend(bank, reason, at)?,
            AuthorityAct::LicenceResumed { bank, .. } => {
                let standing = self.living(bank)?;
                if standing.status == Status::Active {
                    return Err(RegisterError::Act("the licence is not suspended"));
                }
                standing.status = Status::Active;
            }
            AuthorityAct::LicenceRevoked { bank, reason, last } => {
                check_last(bank, last)?;
                self.living(bank)?.status = Status::Revoked {
                    since: at,
                    reason: reason.clone(),
                    last: last.clone(),
                };
            }
            AuthorityAct::SuspenseResolved {
                payee_bank,
                payment,
                credited,
                ..
            } => {
                let revoked = self.banks.get(payee_bank);
                if !revoked.is_some_and(|bank| matches!(bank.status, Status::Revoked { .. })) {
                    return Err(RegisterError::Act("the payee's bank was not revoked"));
                }
                if self.resolved.contains_key(payment) {
                    return Err(RegisterError::Act("the payment was decided before"));
                }
                self.resolved.insert(*payment, *credited);
            }
        }
        Ok(())
    }

    /// The officers whom the first record names.
    pub(super) fn founders(
        &self,
        rsa: &dyn Rsa,
        certificates: &[String],
        at: Timestamp,
    ) -> Result<BTreeMap<Thumbprint, Certificate>, RegisterError> {
        let mut officers = BTreeMap::new();
        if !(OFFICERS_MIN..=OFFICERS_MAX).contains(&certificates.len()) {
            return Err(RegisterError::Act("two officers at least are needed"));
        }
        for certificate in certificates {
            let officer = self.certified(rsa, certificate, Role::Officer, at)?;
            add(&mut officers, &officer)?;
        }
        Ok(officers)
    }

    fn remove(&mut self, officer: &Thumbprint) -> Result<(), RegisterError> {
        if self.officers.len() <= OFFICERS_MIN {
            return Err(RegisterError::Act("two officers at least must remain"));
        }
        match self.officers.remove(officer) {
            Some(_) => Ok(()),
            None => Err(RegisterError::Act("there is no such officer")),
        }
    }

    fn grant(
        &mut self,
        rsa: &dyn Rsa,
        licence: &VerifiedCertificate,
        succession: Option<&str>,
        (granted_in, granted_at): (u64, Timestamp),
    ) -> Result<(), RegisterError> {
        let (Some(bank), Some(terms)) = (licence.bic(), licence.licence()) else {
            return Err(RegisterError::Act("a licence names a bank and its terms"));
        };
        // What tells one bank's accounts from another's is given once.
        let taken = self.banks.iter().any(|(other, standing)| {
            let prefix = standing.terms().map(|terms| terms.iban_prefix.as_str());
            other != bank && prefix == Some(terms.iban_prefix.as_str())
        });
        if taken {
            return Err(RegisterError::Act("another bank has this bank code"));
        }
        let certificate = licence.certificate().clone();
        let mut standing = Standing {
            licence: certificate.clone(),
            granted_in,
            granted_at,
            status: Status::Active,
            replaced: Vec::new(),
        };
        if let Some(before) = self.banks.get(bank) {
            if matches!(before.status, Status::Revoked { .. }) {
                return Err(RegisterError::Act(
                    "the bank's licence was revoked for good",
                ));
            }
            if before.licence.key_thumbprint() != certificate.key_thumbprint() {
                succeeds(rsa, bank, &before.licence, &certificate, succession)?;
            }
            // A new licence does not end a suspension.
            standing.status = before.status.clone();
            standing.replaced.clone_from(&before.replaced);
            standing.replaced.push(before.licence.clone());
        }
        self.banks.insert(bank.clone(), standing);
        Ok(())
    }

    fn suspend(
        &mut self,
        bank: &Bic,
        reason: &Label,
        since: Timestamp,
    ) -> Result<(), RegisterError> {
        let standing = self.living(bank)?;
        if standing.status != Status::Active {
            return Err(RegisterError::Act("the licence is suspended already"));
        }
        standing.status = Status::Suspended {
            since,
            reason: reason.clone(),
        };
        Ok(())
    }

    /// A bank that has a licence which was not revoked.
    fn living(&mut self, bank: &Bic) -> Result<&mut Standing, RegisterError> {
        match self.banks.get_mut(bank) {
            None => Err(RegisterError::Act("the bank has no licence")),
            Some(Standing {
                status: Status::Revoked { .. },
                ..
            }) => Err(RegisterError::Act(
                "the bank's licence was revoked for good",
            )),
            Some(standing) => Ok(standing),
        }
    }
}

fn add(
    officers: &mut BTreeMap<Thumbprint, Certificate>,
    officer: &VerifiedCertificate,
) -> Result<(), RegisterError> {
    let certificate = officer.certificate();
    if officers.values().any(|it| is_one_person(it, certificate)) {
        return Err(RegisterError::OnePerson);
    }
    if officers.len() >= OFFICERS_MAX {
        return Err(RegisterError::Act("there are too many officers"));
    }
    officers.insert(certificate.key_thumbprint(), certificate.clone());
    Ok(())
}

/// A bank's key is replaced only with the signature of the key before.
fn succeeds(
    rsa: &dyn Rsa,
    bank: &Bic,
    before: &Certificate,
    after: &Certificate,
    succession: Option<&str>,
) -> Result<(), RegisterError> {
    let missing = RegisterError::Act("the bank's key before has not signed for this one");
    let jws = Jws::parse(succession.ok_or(missing)?)?;
    let key = before.verifying_key().ok_or(missing)?;
    let payload: Payload<LicenceSuccession> = jws.verify(rsa, key)?.payload()?;
    let fits = payload.iss == bank.as_str()
        && payload.aud == AUDIENCE
        && payload.re.is_none()
        && payload.body.successor == after.key_thumbprint();
    fits.then_some(()).ok_or(missing)
}

fn check_last(bank: &Bic, last: &[LastItem]) -> Result<(), RegisterError> {
    let peers: BTreeSet<&Bic> = last.iter().map(|item| &item.peer).collect();
    if last.len() > LAST_MAX || peers.len() != last.len() || peers.contains(bank) {
        return Err(RegisterError::Act(
            "a revocation names each other bank once",
        ));
    }
    Ok(())
}
