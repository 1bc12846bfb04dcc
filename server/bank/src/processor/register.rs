//! The authority's register as a processor reads it: from the core, where entries and the head came
//! over the link, but believed for their signatures and their place in the chain alone.

use super::{
    Processor,
    work::{Peers, Work},
};
use crate::{
    Fault,
    store::{
        alarm::{self, Alarm},
        register,
    },
};
use envelope::{
    Jws, TrustAnchor,
    register::{Entry, Head, Register, Standing, Status},
};
use message::{Kind, Timestamp, receipt::Refusal};
use relay::link::Party;
use sqlx::PgConnection;
use std::sync::{
    Arc, PoisonError, RwLock,
    atomic::{AtomicI64, Ordering},
};

/// How old the newest head may be, in seconds, before an alarm is raised.
pub const HEAD_LATE_SECONDS: i64 = 5 * 60;

/// How old the newest head may be, in seconds, before no new payments between banks are made.
pub const HEAD_STALE_SECONDS: i64 = 24 * 60 * 60;

/// How long the register may lack entries that a head names, in seconds, before an alarm is raised.
const BEHIND_SECONDS: i64 = 60;

/// What is wrong with the register, as alarms name it.
const REGISTER: &str = "register";

/// The register as far as it was read, and the newest head that fits it.
#[derive(Clone)]
pub(super) struct Known {
    pub(super) register: Arc<Register>,
    /// The signed text, so that it is verified once.
    head: Option<(String, Head)>,
}

/// What a processor remembers of the register.
pub(super) struct Registry {
    known: RwLock<Known>,
    /// Since when entries are missing that a head has named; 0 while none are.
    behind_since: AtomicI64,
}

impl Registry {
    pub(super) fn new(anchor: TrustAnchor) -> Self {
        Self {
            known: RwLock::new(Known {
                register: Arc::new(Register::new(anchor)),
                head: None,
            }),
            behind_since: AtomicI64::new(0),
        }
    }

    fn get(&self) -> Known {
        let known = self.known.read();
        known.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, news: Known) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another task may have read further meanwhile.
        if known.register.position().number <= news.register.position().number {
            *known = news;
        }
    }
}

impl Known {
    /// Why no new payment to or from another bank is made at this time, whichever bank it is.
    pub(super) fn shut(&self, own: Option<&Standing>, now: Timestamp) -> Option<Refusal> {
        let heard = self.head.as_ref().map(|(_, head)| head.at);
        if heard.is_none_or(|at| now - at > HEAD_STALE_SECONDS) {
            return Some(Refusal::AuthorityUnheard);
        }
        barred(own, now)
    }
}

/// Why a bank makes no new payments now, from what the register says of it.
pub(super) fn barred(standing: Option<&Standing>, now: Timestamp) -> Option<Refusal> {
    match standing {
        Some(standing) if standing.is_active(now) => None,
        Some(Standing {
            status: Status::Revoked { .. },
            ..
        }) => Some(Refusal::LicenceRevoked),
        _ => Some(Refusal::LicenceSuspended),
    }
}

impl Processor {
    /// Reads on in the register. Rows that do not count are raised as alarms, once each.
    pub(super) async fn register(
        &self,
        core: &mut PgConnection,
        now: Timestamp,
    ) -> Result<Known, Fault> {
        let known = self.read_register(core, now).await?;
        self.registry.set(known.clone());
        Ok(known)
    }

    /// The same for a transaction that adds to the register: nothing is remembered of what may not be
    /// committed.
    pub(super) async fn read_register(
        &self,
        core: &mut PgConnection,
        now: Timestamp,
    ) -> Result<Known, Fault> {
        let mut known = self.registry.get();
        let news = register::news(core, known.register.position().number).await?;
        let head_is_new = news.head.is_some()
            && news.head.as_deref() != known.head.as_ref().map(|(jws, _)| jws.as_str());
        if news.entries.is_empty() && !head_is_new {
            return Ok(known);
        }
        let mut register = (*known.register).clone();
        for (number, body) in &news.entries {
            let taken = Entry::parse(body)
                .map_err(Into::into)
                .and_then(|entry| register.take(&*self.rsa, &entry, now));
            if let Err(error) = taken {
                let detail = format!("A row of the register does not count: {error}.");
                let raised = register_alarm(*number, detail);
                if alarm::insert(core, &raised, now).await? {
                    tracing::error!(number, %error, "a row of the register does not count");
                }
            }
        }
        if let (Some(text), true) = (&news.head, head_is_new) {
            let head = Jws::parse(text)
                .ok()
                .and_then(|jws| register.check_head(&*self.rsa, &jws, now).ok());
            // One that was put there by somebody else leaves the last one that counted.
            known.head = head
                .map(|head| (text.clone(), head))
                .or_else(|| known.head.take());
        }
        known.register = Arc::new(register);
        Ok(known)
    }

    /// Whether this is a head of the authority's register; if so, it is remembered when it says of the
    /// register what is known here.
    pub(super) async fn take_head(
        &self,
        core: &mut PgConnection,
        body: &str,
        work: &mut Work,
    ) -> Result<bool, Fault> {
        let Some(jws) = Jws::parse(body)
            .ok()
            .filter(|jws| jws.kind() == Kind::AuthorityHead)
        else {
            return Ok(false);
        };
        let known = self.register(core, work.now).await?;
        let position = known.register.position();
        let head = match known.register.check_head(&*self.rsa, &jws, work.now) {
            Ok(head) => head,
            // Before the first entry has come there is no key to check it with.
            Err(_) if position.number == 0 => return Ok(true),
            Err(error) => {
                let detail = format!("A head of the register does not count: {error}.");
                work.alarms.push(register_alarm(position.number, detail));
                return Ok(true);
            }
        };
        let behind = &self.registry.behind_since;
        match head.position.number.cmp(&position.number) {
            std::cmp::Ordering::Equal => {
                behind.store(0, Ordering::Release);
                register::set_head(core, jws.as_str(), head.at).await?;
            }
            // The entries are on their way; when they do not come, this end does not know all there is.
            std::cmp::Ordering::Greater => {
                let since = behind
                    .compare_exchange(0, work.now, Ordering::AcqRel, Ordering::Acquire)
                    .map_or_else(|since| since, |_| work.now);
                if work.now - since > BEHIND_SECONDS {
                    let detail = "A head names entries that have not come here.".to_owned();
                    work.alarms
                        .push(register_alarm(head.position.number, detail));
                }
            }
            // One that was signed before the newest entry was; what was signed after it takes it back.
            std::cmp::Ordering::Less => {
                if known
                    .head
                    .is_some_and(|(_, before)| head.at > before.at && before.position == position)
                {
                    let detail = "A head takes back entries that are here.".to_owned();
                    work.alarms
                        .push(register_alarm(head.position.number, detail));
                }
            }
        }
        Ok(true)
    }

    /// Raises an alarm when the authority has not been heard for a while.
    pub(super) async fn watch_head(&self) -> Result<(), Fault> {
        let authority = |(party, _): &(Party, _)| *party == Party::Authority;
        if !self.gateways.iter().any(authority) {
            return Ok(());
        }
        let now = self.clock.now();
        let mut core = self.core.acquire().await?;
        let known = self.register(&mut core, now).await?;
        let Some((_, head)) = known.head else {
            return Ok(());
        };
        if now - head.at > HEAD_LATE_SECONDS {
            let raised = Alarm {
                // Once for each time that it falls silent.
                seq: head.at,
                what: "authority-unheard",
                ..register_alarm(
                    0,
                    "Nothing was heard of the licensing authority for five minutes.".to_owned(),
                )
            };
            if alarm::insert(&mut core, &raised, now).await? {
                tracing::error!(since = head.at, "the licensing authority is not heard");
            }
        }
        Ok(())
    }

    /// Judges which banks payments are made with now.
    pub(super) fn judge_peers(&self, known: &Known, peers: &mut Peers, now: Timestamp) {
        peers.shut = known.shut(known.register.bank(&self.keyring.bank.bic), now);
        for row in &mut peers.rows {
            row.shut = row
                .shut
                .or_else(|| barred(known.register.bank(&row.bic), now));
        }
    }
}

/// An alarm about an entry of the register.
pub(super) fn register_alarm(number: u64, detail: String) -> Alarm {
    Alarm {
        party: Party::Authority.lower(),
        epoch: 0,
        seq: i64::try_from(number).unwrap_or(i64::MAX),
        what: REGISTER,
        detail,
    }
}
