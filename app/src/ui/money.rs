//! Sums of money as people read them: thousands apart, a real minus, the currency after the figure.

use leptos::prelude::*;
use message::Balance;

/// No-break space between thousands.
const THOUSANDS: char = '\u{a0}';
/// A minus as wide as a plus.
const MINUS: char = '\u{2212}';

/// `1 250.00`, with a minus where it is below zero.
pub(crate) fn figure(balance: Balance) -> String {
    let plain = balance.figure();
    let (sign, plain) = match plain.strip_prefix('-') {
        Some(rest) => (Some(MINUS), rest),
        None => (None, plain.as_str()),
    };
    let (whole, decimals) = match plain.split_once('.') {
        Some((whole, decimals)) => (whole, Some(decimals)),
        None => (plain, None),
    };
    let mut text = String::from_iter(sign);
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            text.push(THOUSANDS);
        }
        text.push(digit);
    }
    if let Some(decimals) = decimals {
        text.push('.');
        text.push_str(decimals);
    }
    text
}

/// The same with a plus for what came in.
pub(crate) fn signed(balance: Balance) -> String {
    let text = figure(balance);
    if balance.minor() > 0 {
        format!("+{text}")
    } else {
        text
    }
}

/// Figure and currency in one line of words.
pub(crate) fn spoken(balance: Balance) -> String {
    format!("{}\u{a0}{}", figure(balance), balance.currency())
}

/// A sum with its currency.
#[component]
pub(crate) fn Money(
    balance: Balance,
    /// With a plus for what came in.
    #[prop(optional)]
    with_sign: bool,
) -> impl IntoView {
    let text = if with_sign {
        signed(balance)
    } else {
        figure(balance)
    };
    view! {
        <span class="money">{text} " " <abbr>{balance.currency().code()}</abbr></span>
    }
}

/// A figure alone, where the currency stands above it.
#[component]
pub(crate) fn Figure(balance: Balance) -> impl IntoView {
    view! { <span class="money">{figure(balance)}</span> }
}

/// The sum on a sheet.
#[component]
pub(crate) fn Sum(balance: Balance) -> impl IntoView {
    view! {
        <p class="sum money">{figure(balance)} " " <abbr>{balance.currency().code()}</abbr></p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use message::amount::Currency;

    fn eur(minor: i64) -> Balance {
        Balance::new(minor, Currency::EUR)
    }

    #[test]
    fn thousands_stand_apart() {
        assert_eq!(figure(eur(0)), "0.00");
        assert_eq!(figure(eur(99_999)), "999.99");
        assert_eq!(figure(eur(125_000)), "1\u{a0}250.00");
        assert_eq!(figure(eur(104_820_000)), "1\u{a0}048\u{a0}200.00");
        assert_eq!(
            figure(Balance::new(1_234_567, Currency::JPY)),
            "1\u{a0}234\u{a0}567"
        );
    }

    #[test]
    fn signs_are_real_signs() {
        assert_eq!(figure(eur(-8_460)), "\u{2212}84.60");
        assert_eq!(signed(eur(461_875)), "+4\u{a0}618.75");
        assert_eq!(signed(eur(-100_000)), "\u{2212}1\u{a0}000.00");
        assert_eq!(signed(eur(0)), "0.00");
        assert_eq!(spoken(eur(2_000)), "20.00\u{a0}EUR");
    }
}
