//! Many instructions, decided in order over accounts in memory.

use crate::{
    Account, AccountId, AccountStatus, Decision, Entry, Fee, Hold, Instruction, Posting,
    instruction::{Decision::Refused, with_fee},
};
use message::{Amount, receipt::Refusal};
use std::collections::{BTreeMap, BTreeSet};

/// The books contradict themselves: a fault of ours, never a customer's doing. Nothing of the batch
/// may be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Inconsistent {
    /// A hold names an account that was not read.
    #[error("account {} of a hold was not read", .0.0)]
    Missing(AccountId),
    /// Less is set aside than a hold says.
    #[error("account {} has less set aside than its hold", .0.0)]
    HoldTooLarge(AccountId),
    /// A sum leaves the range of 64 bits.
    #[error("a sum on account {} is out of range", .0.0)]
    Range(AccountId),
}

/// Accounts as read under their locks, and the decisions so far.
///
/// Every instruction sees what the ones before it did. A refused one changes nothing.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    accounts: BTreeMap<AccountId, Account>,
    changed: BTreeSet<AccountId>,
}

impl Batch {
    /// Starts from accounts as read.
    pub fn new(accounts: impl IntoIterator<Item = Account>) -> Self {
        let accounts = accounts.into_iter().map(|a| (a.id, a)).collect();
        Self {
            accounts,
            changed: BTreeSet::new(),
        }
    }

    /// An account as it stands now.
    pub fn account(&self, id: AccountId) -> Option<&Account> {
        self.accounts.get(&id)
    }

    /// The accounts that the decisions so far have changed, each once, by number. What is written is
    /// one row change per account and batch, however many entries it got.
    pub fn changed(&self) -> impl Iterator<Item = &Account> {
        self.changed.iter().filter_map(|id| self.accounts.get(id))
    }

    /// Decides one instruction.
    ///
    /// # Errors
    /// [`Inconsistent`] when the books contradict themselves; the batch must then be thrown away.
    pub fn decide(&mut self, instruction: &Instruction) -> Result<Decision, Inconsistent> {
        match *instruction {
            Instruction::Pay {
                debtor,
                creditor,
                amount,
                fee,
            } => self.pay(debtor, creditor, amount, fee),
            Instruction::SetAside(hold) => self.set_aside(hold),
            Instruction::Book(hold) => self.book(hold),
            Instruction::Release(hold) => self.release(hold),
            Instruction::Credit {
                mirror,
                creditor,
                amount,
            } => self.credit(mirror, creditor, amount, Refusal::SettlementCap),
            Instruction::Deposit {
                vault,
                creditor,
                amount,
            } => self.credit(vault, creditor, amount, Refusal::InsufficientFunds),
        }
    }

    fn pay(
        &mut self,
        debtor: AccountId,
        creditor: AccountId,
        amount: Amount,
        fee: Option<Fee>,
    ) -> Result<Decision, Inconsistent> {
        if debtor == creditor {
            return Ok(Refused(Refusal::SameAccount));
        }
        let from = match self.payer(debtor, amount) {
            Ok(account) => account,
            Err(refusal) => return Ok(Refused(refusal)),
        };
        let taken = with_fee(amount, fee).ok_or(Inconsistent::Range(debtor))?;
        let enough = from.can_give(taken);
        if let Err(refusal) = self.payee(creditor, amount) {
            return Ok(Refused(refusal));
        }
        if !enough {
            return Ok(Refused(Refusal::InsufficientFunds));
        }
        self.post(debtor, creditor, amount, fee)
    }

    fn set_aside(&mut self, hold: Hold) -> Result<Decision, Inconsistent> {
        let minor = hold.amount.minor();
        let taken = hold.taken().ok_or(Inconsistent::Range(hold.debtor))?;
        match self.payer(hold.debtor, hold.amount) {
            Err(refusal) => return Ok(Refused(refusal)),
            Ok(account) if !account.can_give(taken) => {
                return Ok(Refused(Refusal::InsufficientFunds));
            }
            Ok(_) => {}
        }
        match self.accounts.get(&hold.mirror) {
            Some(mirror) if mirror.currency != hold.amount.currency() => {
                return Ok(Refused(Refusal::OtherCurrency));
            }
            Some(mirror) if mirror.status != AccountStatus::Open => {
                return Ok(Refused(Refusal::PeerUnavailable));
            }
            Some(mirror) if mirror.can_take(minor) => {}
            Some(_) => return Ok(Refused(Refusal::SettlementCap)),
            None => return Err(Inconsistent::Missing(hold.mirror)),
        }
        self.change(hold.debtor, |a| sum(&mut a.held, taken))?;
        self.change(hold.mirror, |a| sum(&mut a.awaited, minor))?;
        Ok(Decision::SetAside(hold))
    }

    /// Neither status nor limits count here: the money was set aside within them.
    fn book(&mut self, hold: Hold) -> Result<Decision, Inconsistent> {
        self.lift(hold)?;
        self.post(hold.debtor, hold.mirror, hold.amount, hold.fee)
    }

    fn release(&mut self, hold: Hold) -> Result<Decision, Inconsistent> {
        self.lift(hold)?;
        Ok(Decision::Released(hold))
    }

    fn credit(
        &mut self,
        source: AccountId,
        creditor: AccountId,
        amount: Amount,
        short: Refusal,
    ) -> Result<Decision, Inconsistent> {
        if let Err(refusal) = self.payee(creditor, amount) {
            return Ok(Refused(refusal));
        }
        match self.accounts.get(&source) {
            None => return Err(Inconsistent::Missing(source)),
            Some(source) if source.currency != amount.currency() => {
                return Ok(Refused(Refusal::OtherCurrency));
            }
            Some(source) if !source.can_give(amount.minor()) => return Ok(Refused(short)),
            Some(_) => {}
        }
        self.post(source, creditor, amount, None)
    }

    fn payer(&self, id: AccountId, amount: Amount) -> Result<&Account, Refusal> {
        let account = self
            .accounts
            .get(&id)
            .ok_or(Refusal::DebtorAccountUnknown)?;
        if account.status != AccountStatus::Open {
            return Err(Refusal::DebtorAccountClosed);
        }
        if account.currency != amount.currency() {
            return Err(Refusal::OtherCurrency);
        }
        Ok(account)
    }

    fn payee(&self, id: AccountId, amount: Amount) -> Result<&Account, Refusal> {
        let account = self
            .accounts
            .get(&id)
            .ok_or(Refusal::CreditorAccountUnknown)?;
        if account.status != AccountStatus::Open {
            return Err(Refusal::CreditorAccountClosed);
        }
        if account.currency != amount.currency() {
            return Err(Refusal::OtherCurrency);
        }
        Ok(account)
    }

    /// Takes back what was set aside, on both sides of the hold.
    fn lift(&mut self, hold: Hold) -> Result<(), Inconsistent> {
        let taken = hold.taken().ok_or(Inconsistent::Range(hold.debtor))?;
        let sides = [
            (hold.debtor, taken, true),
            (hold.mirror, hold.amount.minor(), false),
        ];
        for (id, minor, is_payer) in sides {
            self.change(id, |account| {
                let aside = if is_payer {
                    &mut account.held
                } else {
                    &mut account.awaited
                };
                sum(aside, -minor).filter(|()| *aside >= 0)
            })
            .map_err(|error| match error {
                Inconsistent::Range(id) => Inconsistent::HoldTooLarge(id),
                other => other,
            })?;
        }
        Ok(())
    }

    fn post(
        &mut self,
        from: AccountId,
        to: AccountId,
        amount: Amount,
        fee: Option<Fee>,
    ) -> Result<Decision, Inconsistent> {
        let entries = [
            self.enter(from, -amount.minor())?,
            self.enter(to, amount.minor())?,
        ];
        let fee = match fee {
            Some(Fee { income, minor }) => {
                Some([self.enter(from, -minor)?, self.enter(income, minor)?])
            }
            None => None,
        };
        Ok(Decision::Posted(Posting {
            amount,
            entries,
            fee,
        }))
    }

    fn enter(&mut self, id: AccountId, minor: i64) -> Result<Entry, Inconsistent> {
        self.change(id, |account| {
            account.n = account.n.checked_add(1)?;
            sum(&mut account.booked, minor)?;
            Some(())
        })?;
        let account = self.accounts.get(&id).ok_or(Inconsistent::Missing(id))?;
        Ok(Entry {
            account: id,
            n: account.n,
            amount: minor,
            balance_after: account.booked,
        })
    }

    fn change(
        &mut self,
        id: AccountId,
        change: impl FnOnce(&mut Account) -> Option<()>,
    ) -> Result<(), Inconsistent> {
        let account = self
            .accounts
            .get_mut(&id)
            .ok_or(Inconsistent::Missing(id))?;
        change(account).ok_or(Inconsistent::Range(id))?;
        self.changed.insert(id);
        Ok(())
    }
}

fn sum(place: &mut i64, minor: i64) -> Option<()> {
    *place = place.checked_add(minor)?;
    Some(())
}

#[cfg(test)]
mod tests;
