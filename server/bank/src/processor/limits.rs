//! What the parameters in force say about the orders of a batch: limits, fees, the booking day.

use super::Processor;
use crate::{
    Fault,
    store::{
        account,
        customer_day::{self, OfDay},
        payment_out,
    },
};
use envelope::parameters::Version;
use ledger::{AccountId, Fee};
use message::{Amount, Timestamp, day::Day, parameters::CurrencyParameters, receipt::Refusal};
use sqlx::PgConnection;
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A refusal, and the limit that it is about.
pub(super) type Refused = (Refusal, Option<Amount>);

/// The limits as they stand for the customers of a batch, whose rows are locked.
pub(super) struct Limits {
    laid: Option<Laid>,
}

struct Laid {
    version: Arc<Version>,
    currency: CurrencyParameters,
    /// Where fees go, if anything costs a fee.
    income: Option<AccountId>,
    of: OfDay,
    /// What each customer has paid today, as it is written.
    paid: BTreeMap<i64, i64>,
    /// What came back of it.
    back: BTreeMap<i64, i64>,
}

impl Processor {
    /// Reads the limits and locks what these customers have paid today.
    pub(super) async fn limits(
        &self,
        core: &mut PgConnection,
        version: Option<&Arc<Version>>,
        customers: &BTreeSet<i64>,
        now: Timestamp,
    ) -> Result<Limits, Fault> {
        let currency = self.keyring.bank.currency;
        let laid = version.and_then(|v| Some((v.clone(), *v.values.of(currency)?)));
        let Some((version, values)) = laid else {
            return Ok(Limits { laid: None });
        };
        let of = OfDay {
            currency,
            day: Day::of(now),
        };
        let free = values.fee(false).is_none() && values.fee(true).is_none();
        let income = match free {
            true => None,
            false => Some(account::fees(core, currency).await?),
        };
        let paid = customer_day::lock(core, customers, of).await?;
        let begins = of.day.begins();
        let back = payment_out::given_back(core, customers, currency, begins).await?;
        Ok(Limits {
            laid: Some(Laid {
                version,
                currency: values,
                income,
                of,
                paid,
                back,
            }),
        })
    }
}

impl Limits {
    /// The account that fees go to, if any are taken.
    pub(super) fn income(&self) -> Option<AccountId> {
        self.laid.as_ref()?.income
    }

    /// Whether a customer may pay so much now.
    pub(super) fn check(&self, customer: i64, amount: Amount) -> Result<(), Refused> {
        let Some(laid) = &self.laid else {
            return Ok(());
        };
        let limit = |minor| Amount::try_new(minor, laid.of.currency).ok();
        if amount.currency() != laid.of.currency {
            return Err((Refusal::OtherCurrency, None));
        }
        let CurrencyParameters {
            payment_max,
            day_max,
            ..
        } = laid.currency;
        if amount.minor() > payment_max {
            return Err((Refusal::AmountTooLarge, limit(payment_max)));
        }
        let of = |sums: &BTreeMap<i64, i64>| sums.get(&customer).copied().unwrap_or_default();
        let paid = of(&laid.paid).saturating_sub(of(&laid.back));
        if paid.saturating_add(amount.minor()) > day_max {
            return Err((Refusal::DayLimit, limit(day_max)));
        }
        Ok(())
    }

    /// What a payment costs.
    pub(super) fn fee(&self, outside: bool) -> Option<Fee> {
        let laid = self.laid.as_ref()?;
        Some(Fee {
            income: laid.income?,
            minor: laid.currency.fee(outside)?.minor(),
        })
    }

    /// A customer pays so much.
    pub(super) fn count(&mut self, customer: i64, amount: Amount) {
        if let Some(laid) = &mut self.laid {
            let paid = laid.paid.entry(customer).or_default();
            *paid = paid.saturating_add(amount.minor());
        }
    }

    /// When banks book between them what is sent now.
    pub(super) fn booking_day(&self, now: Timestamp) -> Option<Day> {
        let laid = self.laid.as_ref()?;
        Some(laid.version.values.booking_day(now))
    }

    /// Writes what was counted.
    pub(super) async fn write(&self, core: &mut PgConnection) -> Result<(), Fault> {
        match &self.laid {
            Some(laid) => customer_day::write(core, &laid.paid, laid.of).await,
            None => Ok(()),
        }
    }
}
