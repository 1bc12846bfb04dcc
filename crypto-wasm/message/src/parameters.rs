//! A bank's parameters: limits, fees, the cut-off time and what branches may do while cut off.
//!
//! A version counts when two operators have signed it: one the version itself (`parameters`), another
//! that version's digest (`parameters-approval`). Each version names the digest of the one before it,
//! so none can be left out, put in or taken back unnoticed. An outcome names the version it was
//! decided under.

use crate::{
    Amount, Body, Digest, Iban, Kind, Timestamp,
    amount::{AMOUNT_MINOR_MAX, Currency},
    day::Day,
};
use serde::{Deserialize, Serialize};

/// The highest fee for one payment, in minor units.
pub const FEE_MINOR_MAX: i64 = 10_000;

/// A day's minutes: the latest cut-off time is midnight at its end.
pub const CUT_OFF_MINUTES_MAX: u16 = 24 * 60;

/// A version of a bank's parameters. `iss` is the thumbprint of the operator who signs it (`PS256`),
/// `aud` the bank's BIC, `exp` equals `iat`: a version never runs out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameters {
    /// Counts up from 1 without a gap.
    pub number: u64,
    /// The digest of the version before it; 32 zero bytes in the first.
    pub previous: Digest,
    /// What holds from now on.
    pub values: ParameterValues,
}

/// Another operator's signature (`PS256`) over a version. `iss` is that operator's thumbprint, `re`
/// the digest of the version's JWS.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParametersApproval {
    /// The version's number, so that a person who signs sees which it is.
    pub number: u64,
}

/// What is laid down.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterValues {
    /// One for each currency of the bank's accounts, in alphabetical order.
    pub currencies: Vec<CurrencyParameters>,
    /// Payments to other banks from this minute after midnight UTC on are booked on the next business
    /// day, Monday to Friday.
    pub cut_off_minutes: u16,
}

/// What is laid down for one currency, in minor units.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CurrencyParameters {
    /// The currency.
    pub currency: Currency,
    /// The largest single payment.
    pub payment_max: i64,
    /// The most that a customer may pay in one day (UTC), fees not counted.
    pub day_max: i64,
    /// What a payment within the bank costs.
    pub fee_inside: i64,
    /// What a payment to another bank costs.
    pub fee_outside: i64,
    /// The largest single amount of cash while a branch is cut off.
    pub offline_single_max: i64,
    /// All cash that a branch may pay out while it is cut off.
    pub offline_total_max: i64,
}

/// Why values cannot be laid down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ParameterError {
    /// No currency, or one twice, or not in order.
    #[error("each currency stands there once, in alphabetical order")]
    Currencies,
    /// Out of range.
    #[error("the largest payment is above zero and at most 9,999,999,999.99")]
    Payment,
    /// Out of range.
    #[error("the most for a day is at least the largest payment, and at most 9,999,999,999.99")]
    Day,
    /// Out of range.
    #[error("a fee is not below zero and at most 100.00")]
    Fee,
    /// Out of range.
    #[error("the cut-off time is between 00:01 and 24:00")]
    CutOff,
    /// Out of range.
    #[error("what branches may do while cut off is not below zero, and one amount not above all")]
    Offline,
}

impl ParameterValues {
    /// Checks every range.
    pub fn check(&self) -> Result<(), ParameterError> {
        let codes: Vec<&str> = self.currencies.iter().map(|c| c.currency.code()).collect();
        if codes.is_empty() || !codes.is_sorted_by(|one, next| one < next) {
            return Err(ParameterError::Currencies);
        }
        if !(1..=CUT_OFF_MINUTES_MAX).contains(&self.cut_off_minutes) {
            return Err(ParameterError::CutOff);
        }
        self.currencies
            .iter()
            .try_for_each(CurrencyParameters::check)
    }

    /// What holds for a currency.
    pub fn of(&self, currency: Currency) -> Option<&CurrencyParameters> {
        self.currencies.iter().find(|c| c.currency == currency)
    }

    /// The day on which a payment to another bank that is ordered at this moment is booked.
    pub fn booking_day(&self, at: Timestamp) -> Day {
        Day::booked_between_banks(at, self.cut_off_minutes)
    }
}

impl CurrencyParameters {
    fn check(&self) -> Result<(), ParameterError> {
        if !(1..=AMOUNT_MINOR_MAX).contains(&self.payment_max) {
            return Err(ParameterError::Payment);
        }
        if !(self.payment_max..=AMOUNT_MINOR_MAX).contains(&self.day_max) {
            return Err(ParameterError::Day);
        }
        let fees = [self.fee_inside, self.fee_outside];
        if fees.iter().any(|fee| !(0..=FEE_MINOR_MAX).contains(fee)) {
            return Err(ParameterError::Fee);
        }
        let total = 0..=AMOUNT_MINOR_MAX;
        let single = 0..=self.offline_total_max;
        if !total.contains(&self.offline_total_max) || !single.contains(&self.offline_single_max) {
            return Err(ParameterError::Offline);
        }
        Ok(())
    }

    /// What a payment costs; none when it costs nothing.
    pub fn fee(&self, outside: bool) -> Option<Amount> {
        let minor = if outside {
            self.fee_outside
        } else {
            self.fee_inside
        };
        Amount::try_new(minor, self.currency).ok()
    }
}

/// What a customer is told of the parameters in force, in the currency of the accounts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The version.
    pub parameters: u64,
    /// The largest single payment.
    pub payment_max: Amount,
    /// The most in one day (UTC).
    pub day_max: Amount,
    /// What a payment within the bank costs; absent when nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_inside: Option<Amount>,
    /// What a payment to another bank costs; absent when nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fee_outside: Option<Amount>,
    /// The cut-off time for payments to other banks, in minutes after midnight UTC.
    pub cut_off_minutes: u16,
    /// Country and bank code of the IBANs of this bank, without check digits.
    pub iban_prefix: String,
}

impl Terms {
    /// What a payment to this account costs; none when nothing.
    pub fn fee(&self, creditor: &Iban) -> Option<Amount> {
        if creditor.has_prefix(&self.iban_prefix) {
            self.fee_inside
        } else {
            self.fee_outside
        }
    }

    /// The day on which banks book a payment to this account that is ordered at this moment, if it is
    /// another bank's.
    pub fn booking_day(&self, creditor: &Iban, at: Timestamp) -> Option<Day> {
        let outside = !creditor.has_prefix(&self.iban_prefix);
        outside.then(|| Day::booked_between_banks(at, self.cut_off_minutes))
    }
}

impl ParameterValues {
    /// What customers are told of this version.
    pub fn terms(&self, parameters: u64, currency: Currency, iban_prefix: &str) -> Option<Terms> {
        let of = self.of(currency)?;
        Some(Terms {
            parameters,
            payment_max: Amount::try_new(of.payment_max, currency).ok()?,
            day_max: Amount::try_new(of.day_max, currency).ok()?,
            fee_inside: of.fee(false),
            fee_outside: of.fee(true),
            cut_off_minutes: self.cut_off_minutes,
            iban_prefix: iban_prefix.to_owned(),
        })
    }
}

impl Body for Parameters {
    const KIND: Kind = Kind::Parameters;
}
impl Body for ParametersApproval {
    const KIND: Kind = Kind::ParametersApproval;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn euros() -> CurrencyParameters {
        CurrencyParameters {
            currency: Currency::EUR,
            payment_max: 500_000,
            day_max: 1_000_000,
            fee_inside: 0,
            fee_outside: 25,
            offline_single_max: 20_000,
            offline_total_max: 500_000,
        }
    }

    fn values(currencies: &[CurrencyParameters]) -> ParameterValues {
        ParameterValues {
            currencies: currencies.to_vec(),
            cut_off_minutes: 16 * 60,
        }
    }

    #[test]
    fn what_is_out_of_range_cannot_be_laid_down() {
        assert_eq!(values(&[euros()]).check(), Ok(()));
        let with = |change: fn(&mut CurrencyParameters)| {
            let mut changed = euros();
            change(&mut changed);
            values(&[changed]).check()
        };
        assert_eq!(with(|c| c.payment_max = 0), Err(ParameterError::Payment));
        assert_eq!(
            with(|c| c.payment_max = AMOUNT_MINOR_MAX + 1),
            Err(ParameterError::Payment)
        );
        assert_eq!(
            with(|c| c.day_max = c.payment_max - 1),
            Err(ParameterError::Day)
        );
        assert_eq!(
            with(|c| c.day_max = AMOUNT_MINOR_MAX + 1),
            Err(ParameterError::Day)
        );
        assert_eq!(with(|c| c.fee_inside = -1), Err(ParameterError::Fee));
        assert_eq!(
            with(|c| c.fee_outside = FEE_MINOR_MAX + 1),
            Err(ParameterError::Fee)
        );
        assert_eq!(
            with(|c| c.offline_single_max = 500_001),
            Err(ParameterError::Offline)
        );
        assert_eq!(
            with(|c| c.offline_total_max = -1),
            Err(ParameterError::Offline)
        );
        assert_eq!(values(&[]).check(), Err(ParameterError::Currencies));
        assert_eq!(
            values(&[euros(), euros()]).check(),
            Err(ParameterError::Currencies)
        );
        for minutes in [0, CUT_OFF_MINUTES_MAX + 1] {
            let wrong = ParameterValues {
                cut_off_minutes: minutes,
                ..values(&[euros()])
            };
            assert_eq!(wrong.check(), Err(ParameterError::CutOff));
        }
    }

    #[test]
    fn what_costs_nothing_has_no_fee() {
        let prefix = "DE37090502";
        let terms = values(&[euros()]).terms(3, Currency::EUR, prefix).unwrap();
        assert_eq!((terms.parameters, terms.fee_inside), (3, None));
        assert_eq!(terms.fee_outside.unwrap().minor(), 25);
        assert_eq!(values(&[euros()]).terms(3, Currency::JPY, prefix), None);
        let own = Iban::from_bban("DE", "370905020004100117").unwrap();
        let other = Iban::from_bban("DE", "700205700004100117").unwrap();
        assert_eq!(
            (terms.fee(&own), terms.fee(&other)),
            (None, terms.fee_outside)
        );
        assert_eq!(terms.booking_day(&own, 0), None);
        assert_eq!(terms.booking_day(&other, 0), Some(Day::of(0)));
    }
}
