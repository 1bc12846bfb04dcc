//! The parameters in force, as this processor has read them: read anew whenever there are more rows,
//! in the very transaction that decides by them.

use super::Processor;
use crate::{
    Fault,
    laid_down::{self, Ignored},
    store::{
        alarm::{self, Alarm},
        parameter_record,
    },
};
use envelope::parameters::{ParameterChain, Version};
use sqlx::PgConnection;
use std::sync::{Arc, PoisonError, RwLock};

/// What was read last.
#[derive(Default)]
pub(super) struct Known(RwLock<Option<Read>>);

#[derive(Clone)]
struct Read {
    mark: (i64, i64),
    /// How many certificates and removals of operators there were.
    people: (usize, usize),
    chain: Arc<ParameterChain>,
    ignored: Arc<Vec<Ignored>>,
    /// Alarms were raised for what was ignored.
    raised: bool,
}

/// What was taken back does not go out of force.
const TAKEN_BACK: &str = "parameters-taken-back";

impl Known {
    fn get(&self) -> Option<Read> {
        let known = self.0.read().unwrap_or_else(PoisonError::into_inner);
        known.clone()
    }

    /// Keeps what was read, unless another transaction has read further.
    fn keep(&self, read: Read) {
        let mut known = self.0.write().unwrap_or_else(PoisonError::into_inner);
        let further = |known: &Read| known.chain.position().number > read.chain.position().number;
        if !known.as_ref().is_some_and(further) {
            *known = Some(read);
        }
    }
}

impl Processor {
    /// The version in force, for the transaction that asks; none when two operators have never laid
    /// one down.
    pub(super) async fn in_force(
        &self,
        core: &mut PgConnection,
    ) -> Result<Option<Arc<Version>>, Fault> {
        let mark = parameter_record::mark(core).await?;
        let read = match self.parameters.get().filter(|read| read.mark == mark) {
            Some(read) => read,
            None => self.read_parameters(core, mark).await?,
        };
        Ok(read.chain.in_force().cloned().map(Arc::new))
    }

    async fn read_parameters(
        &self,
        core: &mut PgConnection,
        mark: (i64, i64),
    ) -> Result<Read, Fault> {
        let before = self.parameters.get();
        let people = laid_down::people(core, &self.keyring.bank).await?;
        let now = self.clock.now();
        let reading = laid_down::read(core, &*self.rsa, &self.keyring.bank, now).await?;
        let mut read = Read {
            mark,
            people,
            chain: Arc::new(reading.chain),
            ignored: Arc::new(reading.ignored),
            raised: false,
        };
        if let Some(before) = before {
            let newest = before.chain.in_force();
            let goes_on = newest
                .is_none_or(|newest| read.chain.version(newest.position.number) == Some(newest));
            if !goes_on {
                let mut ignored = (*read.ignored).clone();
                ignored.push(Ignored {
                    table: TAKEN_BACK,
                    row: mark.0,
                    why: "the version in force does not stand in the core any more".to_owned(),
                });
                read = Read {
                    mark,
                    people,
                    chain: before.chain,
                    ignored: Arc::new(ignored),
                    raised: false,
                };
            }
        }
        let (old, new) = (self.parameters.get(), read.chain.position().number);
        if old.map_or(0, |old| old.chain.position().number) < new {
            tracing::info!(version = new, "the bank has new parameters");
        }
        self.parameters.keep(read.clone());
        Ok(read)
    }

    /// Raises an alarm for each row that somebody has put there and that does not count.
    pub(super) async fn watch_parameters(&self) -> Result<(), Fault> {
        let mut core = self.core.acquire().await?;
        let mark = parameter_record::mark(&mut core).await?;
        let people = laid_down::people(&mut core, &self.keyring.bank).await?;
        let same = |read: &Read| (read.mark, read.people) == (mark, people);
        let read = match self.parameters.get().filter(same) {
            // It was raised when it was read.
            Some(read) if read.raised => return Ok(()),
            Some(read) => read,
            None => self.read_parameters(&mut core, mark).await?,
        };
        for ignored in read.ignored.iter() {
            let raised = Alarm {
                party: self.keyring.bank.bic.lower(),
                epoch: 0,
                seq: ignored.row,
                what: ignored.table,
                detail: ignored.why.clone(),
            };
            if alarm::insert(&mut core, &raised, self.clock.now()).await? {
                tracing::error!(
                    table = ignored.table,
                    row = ignored.row,
                    why = ignored.why,
                    "a row that does not count: alarm"
                );
            }
        }
        let raised = Read {
            raised: true,
            ..read
        };
        self.parameters.keep(raised);
        Ok(())
    }
}
