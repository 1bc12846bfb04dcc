//! Moments as people read them, in the time of the place where the device is.

use crate::device::clock;
use message::{Timestamp, day::Day};

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS: [&str; 7] = [
    "Thursday",
    "Friday",
    "Saturday",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
];

/// A moment taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Civil {
    days: i64,
    year: i64,
    month: i64,
    day: i64,
    second_of_day: i64,
}

/// Days to a date of the Gregorian calendar, by counting from 1 March of a leap cycle.
fn civil(local: i64) -> Civil {
    let days = local.div_euclid(86_400);
    let shifted = days + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    Civil {
        days,
        year,
        month,
        day,
        second_of_day: local.rem_euclid(86_400),
    }
}

fn here(at: Timestamp) -> Civil {
    civil(at + clock::offset_seconds(at))
}

fn name<const N: usize>(names: [&'static str; N], at: i64) -> &'static str {
    usize::try_from(at)
        .ok()
        .and_then(|at| names.get(at).copied())
        .unwrap_or_default()
}

fn weekday(civil: Civil) -> &'static str {
    name(WEEKDAYS, civil.days.rem_euclid(7))
}

fn month(civil: Civil) -> &'static str {
    name(MONTHS, civil.month - 1)
}

/// A number that is the same all day: groups a statement.
pub(crate) fn number(at: Timestamp) -> i64 {
    here(at).days
}

/// `19 November 2026`.
pub(crate) fn date(at: Timestamp) -> String {
    let civil = here(at);
    format!("{} {} {}", civil.day, month(civil), civil.year)
}

/// A day that a bank has written, `19 November 2026`: the same one wherever it is read.
pub(crate) fn calendar(day: Day) -> String {
    // Noon in UTC is on that day in nearly every place.
    date(day.begins().saturating_add(12 * 60 * 60))
}

/// `Thursday 19 November 2026`.
pub(crate) fn long(at: Timestamp) -> String {
    format!("{} {}", weekday(here(at)), date(at))
}

/// `Thursday 19 November`, with the year where it is another one, and `Today` in front of today.
pub(crate) fn heading(at: Timestamp, now: Timestamp) -> String {
    let (then, today) = (here(at), here(now));
    let year = if then.year == today.year {
        String::new()
    } else {
        format!(" {}", then.year)
    };
    let day = format!("{} {} {}{year}", weekday(then), then.day, month(then));
    if then.days == today.days {
        format!("Today, {day}")
    } else {
        day
    }
}

/// `14:06:11`.
pub(crate) fn time(at: Timestamp) -> String {
    let second = here(at).second_of_day;
    format!(
        "{:02}:{:02}:{:02}",
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

/// `14:06`.
pub(crate) fn minute(at: Timestamp) -> String {
    let second = here(at).second_of_day;
    format!("{:02}:{:02}", second / 3_600, second / 60 % 60)
}

/// For machines, in `datetime`: `2026-11-19T14:06:11Z`.
pub(crate) fn machine(at: Timestamp) -> String {
    let utc = civil(at);
    let second = utc.second_of_day;
    format!(
        "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z",
        utc.year,
        utc.month,
        utc.day,
        second / 3_600,
        second / 60 % 60,
        second % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_taken_apart() {
        assert_eq!(machine(0), "1970-01-01T00:00:00Z");
        assert_eq!(machine(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(machine(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(machine(-1), "1969-12-31T23:59:59Z");
        assert_eq!(machine(1_795_097_171), "2026-11-19T14:06:11Z");
    }

    #[test]
    fn moments_are_said() {
        let at = 1_795_097_171;
        assert_eq!(long(at), "Thursday 19 November 2026");
        assert_eq!(time(at), "14:06:11");
        assert_eq!(minute(at), "14:06");
        assert_eq!(heading(at, at + 60), "Today, Thursday 19 November");
        assert_eq!(heading(at, at + 86_400), "Thursday 19 November");
        assert_eq!(heading(at, at + 86_400 * 60), "Thursday 19 November 2026");
        assert_eq!(number(at), number(at + 3_600));
    }
}
