//! What the authority's records do here: banks become peers, are suspended, resumed and revoked.

use super::{
    Processor,
    documents_in::{NO_CHAIN, row_of},
    intake::Reason,
    register::register_alarm,
    work::Work,
};
use crate::{
    Fault,
    store::{
        certificate,
        peer::{self, Admission},
        register,
    },
};
use envelope::{
    Certificate,
    register::{Entry, Register, RegisterError, Status},
};
use message::{Bic, record::AuthorityAct, text::Name};
use relay::link::{Party, chain::start_hash};
use sqlx::PgConnection;
use std::sync::Arc;

const NO_ENTRY: Reason = (
    "no-entry",
    "The record is not signed by two officers of the authority, or is not in its place.",
);

impl Processor {
    /// An entry of the authority's register. It counts when two officers have signed it and it follows
    /// the one before it.
    pub(super) async fn take_record(
        &self,
        core: &mut PgConnection,
        from: &Party,
        body: &[u8],
        work: &mut Work,
    ) -> Result<Result<(), Reason>, Fault> {
        let text = std::str::from_utf8(body).unwrap_or_default();
        let (Party::Authority, Ok(entry)) = (from, Entry::parse(text)) else {
            return Ok(Err(NO_ENTRY));
        };
        let register = match work.register.take() {
            Some(register) => register,
            None => self.register(core, work.now).await?.register,
        };
        let mut next = (*register).clone();
        let digest = certificate::fingerprint(body);
        let number = match next.take(&*self.rsa, &entry, work.now) {
            Ok(act) => {
                let number = next.position().number;
                register::insert(core, number, &digest, text, work.now).await?;
                // Before its effects: they look at the register that has it.
                work.register = Some(Arc::new(next));
                self.apply(core, number, &act, text, work).await?;
                return Ok(Ok(()));
            }
            Err(RegisterError::Number { expected, found }) if found < expected => {
                work.register = Some(register);
                if register::has(core, found, &digest).await? {
                    return Ok(Ok(()));
                }
                found
            }
            Err(error) => {
                tracing::error!(%error, "a record of the authority does not count");
                let number = register.position().number.saturating_add(1);
                work.register = Some(register);
                number
            }
        };
        let detail = "A record came over the link that does not count.".to_owned();
        work.alarms.push(register_alarm(number, detail));
        Ok(Err(NO_ENTRY))
    }

    async fn apply(
        &self,
        core: &mut PgConnection,
        number: u64,
        act: &AuthorityAct,
        entry: &str,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let own = &self.keyring.bank.bic;
        match act {
            AuthorityAct::LicenceGranted { licence, .. } => {
                let der = data_encoding::BASE64.decode(licence.as_bytes());
                let der = der.map_err(|_| envelope::Malformed("licence"))?;
                self.licensed(core, &Certificate::from_der(&der)?, work)
                    .await
            }
            AuthorityAct::LicenceSuspended { bank, reason } => {
                tracing::warn!(%bank, reason = reason.as_str(), "a licence is suspended");
                Ok(())
            }
            AuthorityAct::LicenceResumed { bank, .. } => {
                tracing::info!(%bank, "a licence is resumed");
                Ok(())
            }
            AuthorityAct::LicenceRevoked { bank, reason, last } => {
                tracing::warn!(%bank, reason = reason.as_str(), "a licence is revoked");
                if bank == own {
                    for item in last {
                        // What we sent later is void: it was never asked for.
                        self.void_after(core, &item.peer, item.sent, entry, work)
                            .await?;
                    }
                    return Ok(());
                }
                let named = last.iter().find(|item| item.peer == *own);
                if let Some(item) = named {
                    self.void_after(core, bank, item.received, entry, work)
                        .await?;
                }
                self.suspend_payments(core, bank, number).await
            }
            AuthorityAct::SuspenseResolved {
                payer_bank,
                payment,
                credited,
                ..
            } if payer_bank == own => self.resolve(core, payment, *credited, entry, work).await,
            _ => Ok(()),
        }
    }

    /// The authority has licensed a bank: it becomes a peer, and is told who signs for us.
    async fn licensed(
        &self,
        core: &mut PgConnection,
        leaf: &Certificate,
        work: &mut Work,
    ) -> Result<(), Fault> {
        let missing = || Fault::from(envelope::Malformed(NO_CHAIN.0));
        let bic = leaf.party().bic().cloned().ok_or_else(missing)?;
        let terms = leaf.licence().ok_or_else(missing)?;
        let name = Name::parse(&leaf.common_name()).map_err(|_| missing())?;
        if bic == self.keyring.bank.bic {
            // The authority knows us now: it believes our acknowledgements once it has this.
            return self.introduce(core, &Party::Authority.lower(), work).await;
        }
        let (us, them) = (
            Party::Bank(self.keyring.bank.bic.clone()),
            Party::Bank(bic.clone()),
        );
        let admission = Admission {
            bic: &bic,
            name: &name,
            iban_prefix: &terms.iban_prefix,
            settlement_cap: terms.settlement_cap_minor,
            licence: leaf.der(),
            start_out: *start_hash(&us, &them, 1).as_bytes(),
            start_in: *start_hash(&them, &us, 1).as_bytes(),
        };
        certificate::insert(core, &row_of(&them.lower(), leaf), work.now).await?;
        if peer::admit(core, &admission, work.now).await? {
            tracing::info!(bank = %bic, "a licensed bank is now a peer");
            self.introduce(core, &them.lower(), work).await?;
        } else {
            peer::relicense(core, &bic, terms.settlement_cap_minor, leaf.der()).await?;
        }
        Ok(())
    }

    /// Up to where the items of a revoked bank count; `None` while it is not revoked.
    pub(super) fn counted_up_to(&self, register: &Register, bank: &Bic) -> Option<(u32, u64)> {
        let Status::Revoked { last, .. } = &register.bank(bank)?.status else {
            return None;
        };
        let own = &self.keyring.bank.bic;
        let named = last.iter().find(|item| item.peer == *own);
        Some(named.map_or((0, 0), |item| item.sent))
    }
}
