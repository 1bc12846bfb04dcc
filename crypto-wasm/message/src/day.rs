//! Days of the calendar, in UTC, and which of them banks settle on.

use crate::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A day's length in seconds.
const SECONDS: i64 = 24 * 60 * 60;

/// The days that can be written: the years 1970 to 9999.
const DAYS: std::ops::RangeInclusive<i64> = 0..=2_932_896;

/// A day in UTC, on the wire as ISO 8601 writes it: `2026-11-23`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Day(i64);

/// A day is not written as `2026-11-23`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a day is written like 2026-11-23")]
pub struct NoDay;

impl Day {
    /// The day that this moment is in; moments outside of the calendar are on its first or last day.
    pub fn of(at: Timestamp) -> Self {
        let days = at.div_euclid(SECONDS);
        Self(days.clamp(*DAYS.start(), *DAYS.end()))
    }

    /// Counts from 1970-01-01, which is 0.
    pub fn from_number(days: i64) -> Option<Self> {
        DAYS.contains(&days).then_some(Self(days))
    }

    /// How many days after 1970-01-01.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// Its first second.
    pub const fn begins(self) -> Timestamp {
        self.0 * SECONDS
    }

    /// Whether it is Monday to Friday.
    pub const fn is_business(self) -> bool {
        // 1970-01-01 was a Thursday.
        (self.0 + 3) % 7 < 5
    }

    fn next(self) -> Self {
        Self((self.0 + 1).min(*DAYS.end()))
    }

    /// The day on which banks book between them what is ordered at this moment: the same one up to
    /// the cut-off time (minutes after midnight UTC) of a business day, else the next business day.
    pub fn booked_between_banks(at: Timestamp, cut_off_minutes: u16) -> Self {
        let day = Self::of(at);
        let minute = at.rem_euclid(SECONDS) / 60;
        if day.is_business() && minute < i64::from(cut_off_minutes) {
            return day;
        }
        let mut next = day.next();
        // A weekend has two days, and the calendar's last day is a Friday.
        for _ in 0..2 {
            if !next.is_business() {
                next = next.next();
            }
        }
        next
    }

    /// Year, month and day (Howard Hinnant's `civil_from_days`).
    const fn civil(self) -> (i64, i64, i64) {
        let shifted = self.0 + 719_468;
        let era = shifted / 146_097;
        let of_era = shifted % 146_097;
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let shifted_month = (5 * of_year + 2) / 153;
        let day = of_year - (153 * shifted_month + 2) / 5 + 1;
        let month = if shifted_month < 10 {
            shifted_month + 3
        } else {
            shifted_month - 9
        };
        let year = year_of_era + era * 400;
        (if month <= 2 { year + 1 } else { year }, month, day)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.civil();
        write!(f, "{year:04}-{month:02}-{day:02}")
    }
}

impl From<Day> for String {
    fn from(day: Day) -> Self {
        day.to_string()
    }
}

impl TryFrom<String> for Day {
    type Error = NoDay;

    fn try_from(text: String) -> Result<Self, NoDay> {
        let mut parts = text.splitn(3, '-').map(str::parse::<i64>);
        let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) =
            (parts.next(), parts.next(), parts.next())
        else {
            return Err(NoDay);
        };
        let in_year = (1..=12).contains(&month) && (1..=31).contains(&day);
        if !(1970..=9999).contains(&year) || !in_year {
            return Err(NoDay);
        }
        let shifted_year = if month <= 2 { year - 1 } else { year };
        let shifted_month = if month > 2 { month - 3 } else { month + 9 };
        let year_of_era = shifted_year % 400;
        let of_year = (153 * shifted_month + 2) / 5 + day - 1;
        let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
        let read = Self::from_number(shifted_year / 400 * 146_097 + of_era - 719_468);
        // One day has one spelling, and there is no 30th of February.
        read.filter(|read| read.to_string() == text).ok_or(NoDay)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn each_day_is_read_back() {
        for number in DAYS.step_by(97).chain([0, 59, 789, 11_016, *DAYS.end()]) {
            let written = Day::from_number(number).unwrap();
            assert_eq!(day(&written.to_string()), written);
        }
        assert_eq!(day("1970-01-01").number(), 0);
        assert_eq!(day("2000-02-29").number(), 11_016);
        assert_eq!(day("2026-11-23").begins(), 1_795_392_000);
        assert_eq!(Day::of(1_795_392_000 - 1).to_string(), "2026-11-22");
        for wrong in [
            "",
            "2026-2-03",
            "2026-02-30",
            "2026-13-01",
            "1969-12-31",
            "10000-01-01",
            "2026-02-0a",
            "-026-02-03",
            "+2026-02-03",
            "2026-02-03 ",
            "2026-02-9223372036854775807",
        ] {
            assert_eq!(Day::try_from(wrong.to_owned()), Err(NoDay), "{wrong}");
        }
    }

    #[test]
    fn after_the_cut_off_and_at_the_weekend_it_is_the_next_business_day() {
        let booked = |text: &str, minutes: i64| {
            Day::booked_between_banks(day(text).begins() + minutes * 60, 16 * 60).to_string()
        };
        // 2026-11-23 is a Monday.
        assert_eq!(booked("2026-11-23", 0), "2026-11-23");
        assert_eq!(booked("2026-11-23", 16 * 60 - 1), "2026-11-23");
        assert_eq!(booked("2026-11-23", 16 * 60), "2026-11-24");
        assert_eq!(booked("2026-11-27", 16 * 60), "2026-11-30");
        assert_eq!(booked("2026-11-28", 0), "2026-11-30");
        assert_eq!(booked("2026-11-29", 23 * 60), "2026-11-30");
        assert_eq!(booked("2026-12-31", 17 * 60), "2027-01-01");
    }
}
