//! Money as integer minor units with its currency; all arithmetic is checked.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A currency of ISO 4217 that accounts are kept in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Currency {
    /// Euro, two decimals.
    EUR,
    /// US dollar, two decimals.
    USD,
    /// Swiss franc, two decimals.
    CHF,
    /// Japanese yen, no decimals.
    JPY,
}

impl Currency {
    /// The three letters of ISO 4217.
    pub const fn code(self) -> &'static str {
        match self {
            Currency::EUR => "EUR",
            Currency::USD => "USD",
            Currency::CHF => "CHF",
            Currency::JPY => "JPY",
        }
    }

    /// How many decimals the minor unit has.
    pub const fn decimals(self) -> u32 {
        match self {
            Currency::EUR | Currency::USD | Currency::CHF => 2,
            Currency::JPY => 0,
        }
    }

    /// Reads the three letters of ISO 4217.
    pub fn parse(code: &str) -> Option<Self> {
        [Currency::EUR, Currency::USD, Currency::CHF, Currency::JPY]
            .into_iter()
            .find(|currency| currency.code() == code)
    }

    fn unit(self) -> i64 {
        10_i64.pow(self.decimals())
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

/// The largest sum one order may move, in minor units: far above any real payment and far below
/// the range of `i64`, so that sums over a bank cannot overflow.
pub const AMOUNT_MINOR_MAX: i64 = 999_999_999_999;

/// Why a sum of money cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Zero, or below.
    #[error("Enter an amount above zero")]
    NotPositive,
    /// Above [`AMOUNT_MINOR_MAX`].
    #[error("Enter an amount of 9 999 999 999.99 or less")]
    TooLarge,
    /// More decimals than the currency has.
    #[error("Enter an amount with no more decimals than the currency has")]
    TooPrecise,
    /// Something that is not a number.
    #[error("Enter an amount in figures, like 20 or 20.00")]
    NotANumber,
    /// Two currencies in one sum.
    #[error("Use one currency in one payment")]
    OtherCurrency,
}

/// A positive sum of money, at most [`AMOUNT_MINOR_MAX`]. On the wire: `{"value":"20.00","currency":"EUR"}`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "MoneyText", into = "MoneyText")]
pub struct Amount {
    minor: i64,
    currency: Currency,
}

impl Amount {
    /// Takes minor units, 1 to [`AMOUNT_MINOR_MAX`].
    pub fn try_new(minor: i64, currency: Currency) -> Result<Self, AmountError> {
        match minor {
            ..=0 => Err(AmountError::NotPositive),
            1..=AMOUNT_MINOR_MAX => Ok(Self { minor, currency }),
            _ => Err(AmountError::TooLarge),
        }
    }

    /// Reads what a person typed: `20`, `20.00`, `20,5`, `1 000`, `1 000.00`. Spaces group; a comma
    /// or a point starts the decimals, and only one of them may appear.
    pub fn parse(typed: &str, currency: Currency) -> Result<Self, AmountError> {
        let packed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
        let (whole, decimals) = match packed.find(['.', ',']) {
            Some(at) => (&packed[..at], &packed[at + 1..]),
            None => (packed.as_str(), ""),
        };
        let digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
        if whole.is_empty() || !digits(whole) || !digits(decimals) {
            return Err(AmountError::NotANumber);
        }
        if decimals.len() > currency.decimals() as usize {
            return Err(AmountError::TooPrecise);
        }
        if whole.len() > 12 {
            return Err(AmountError::TooLarge);
        }
        let mut minor: i64 = whole.parse().map_err(|_| AmountError::NotANumber)?;
        minor = minor
            .checked_mul(currency.unit())
            .ok_or(AmountError::TooLarge)?;
        if !decimals.is_empty() {
            let fraction: i64 = decimals.parse().map_err(|_| AmountError::NotANumber)?;
            let scale = 10_i64.pow(currency.decimals() - decimals.len() as u32);
            minor = minor
                .checked_add(fraction * scale)
                .ok_or(AmountError::TooLarge)?;
        }
        Self::try_new(minor, currency)
    }

    /// Minor units (cents), always positive.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// The same sum as a signed balance.
    pub const fn balance(self) -> Balance {
        Balance {
            minor: self.minor,
            currency: self.currency,
        }
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.balance().fmt(f)
    }
}

/// A signed sum of money: a balance, or what an entry changes. The same wire form as [`Amount`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "MoneyText", into = "MoneyText")]
pub struct Balance {
    minor: i64,
    currency: Currency,
}

impl Balance {
    /// Takes signed minor units.
    pub const fn new(minor: i64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Signed minor units.
    pub const fn minor(self) -> i64 {
        self.minor
    }

    /// The currency.
    pub const fn currency(self) -> Currency {
        self.currency
    }

    /// Adds, within one currency.
    pub fn checked_add(self, other: Balance) -> Result<Balance, AmountError> {
        if self.currency != other.currency {
            return Err(AmountError::OtherCurrency);
        }
        let minor = self
            .minor
            .checked_add(other.minor)
            .ok_or(AmountError::TooLarge)?;
        Ok(Self {
            minor,
            currency: self.currency,
        })
    }

    /// Subtracts, within one currency.
    pub fn checked_sub(self, other: Balance) -> Result<Balance, AmountError> {
        if self.currency != other.currency {
            return Err(AmountError::OtherCurrency);
        }
        let minor = self
            .minor
            .checked_sub(other.minor)
            .ok_or(AmountError::TooLarge)?;
        Ok(Self {
            minor,
            currency: self.currency,
        })
    }

    /// The decimal figure without the currency, as ISO 20022 writes it: `-1250.00`.
    pub fn figure(self) -> String {
        let unit = self.currency.unit().unsigned_abs();
        let minor = self.minor.unsigned_abs();
        let sign = if self.minor < 0 { "-" } else { "" };
        match self.currency.decimals() {
            0 => format!("{sign}{minor}"),
            n => format!(
                "{sign}{}.{:0width$}",
                minor / unit,
                minor % unit,
                width = n as usize
            ),
        }
    }
}

impl fmt::Display for Balance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.figure(), self.currency)
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct MoneyText {
    value: String,
    currency: Currency,
}

impl From<Amount> for MoneyText {
    fn from(amount: Amount) -> Self {
        amount.balance().into()
    }
}

impl From<Balance> for MoneyText {
    fn from(balance: Balance) -> Self {
        Self {
            value: balance.figure(),
            currency: balance.currency,
        }
    }
}

impl TryFrom<MoneyText> for Balance {
    type Error = AmountError;

    fn try_from(text: MoneyText) -> Result<Self, AmountError> {
        let (sign, figure) = match text.value.strip_prefix('-') {
            Some(figure) => (-1, figure),
            None => (1, text.value.as_str()),
        };
        let minor = read_figure(figure, text.currency)?;
        Ok(Self {
            minor: sign * minor,
            currency: text.currency,
        })
    }
}

impl TryFrom<MoneyText> for Amount {
    type Error = AmountError;

    fn try_from(text: MoneyText) -> Result<Self, AmountError> {
        Self::try_new(read_figure(&text.value, text.currency)?, text.currency)
    }
}

/// Reads exactly what [`Balance::figure`] writes, so that one sum has one spelling on the wire.
fn read_figure(figure: &str, currency: Currency) -> Result<i64, AmountError> {
    let decimals = currency.decimals() as usize;
    let (whole, fraction) = match figure.split_once('.') {
        Some((whole, fraction)) => (whole, fraction),
        None => (figure, ""),
    };
    let canonical = !whole.is_empty()
        && whole.bytes().all(|b| b.is_ascii_digit())
        && (whole == "0" || !whole.starts_with('0'))
        && fraction.len() == decimals
        && (decimals > 0) == figure.contains('.')
        && fraction.bytes().all(|b| b.is_ascii_digit());
    if !canonical {
        return Err(AmountError::NotANumber);
    }
    format!("{whole}{fraction}")
        .parse()
        .map_err(|_| AmountError::TooLarge)
}

#[cfg(test)]
mod tests;
