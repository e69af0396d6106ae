//! Working days of China, as dated data.

use std::collections::{BTreeMap, BTreeSet};

use jiff::ToSpan;
use jiff::civil::{Date, Weekday};
use serde::Deserialize;
use vocabulary::{Refused, refused};

/// Longest stretch of days off in one entry.
const STRETCH_DAYS_MAX: usize = 31;
/// Days looked ahead for the next working day: no stretch off is longer.
const AHEAD_DAYS_MAX: usize = 366;

/// Which days are worked.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Calendar {
    off: BTreeSet<Date>,
    work: BTreeSet<Date>,
    /// Years that are known, with what they rest on and whether somebody has checked it.
    years: BTreeMap<i16, (String, bool)>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    year: Vec<Year>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Year {
    #[serde(rename = "year")]
    number: i16,
    source: String,
    verified: bool,
    off: Vec<String>,
    work: Vec<String>,
}

impl Calendar {
    /// Reads a table of years.
    ///
    /// # Errors
    /// [`Refused`] naming the entry: not TOML, a day that is none, a year twice, a day that is both off and worked.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let file: File = toml::from_str(text).map_err(|error| Refused::quoted(error.message()))?;
        let mut calendar = Self::default();
        for year in file.year {
            if calendar.years.insert(year.number, (year.source, year.verified)).is_some() {
                return Err(refused!("年份{}出现两次", "year {} is there twice", year.number));
            }
            for entry in &year.off {
                calendar.off.extend(days(entry)?);
            }
            for entry in &year.work {
                calendar.work.extend(days(entry)?);
            }
        }
        if let Some(day) = calendar.off.intersection(&calendar.work).next() {
            return Err(refused!("{day}既是休息日又是工作日", "{day} is both off and worked"));
        }
        Ok(calendar)
    }

    /// Whether the arrangements of a year are known.
    #[must_use]
    pub fn knows(&self, year: i16) -> bool {
        self.years.contains_key(&year)
    }

    /// The years that are known, with what they rest on and whether somebody has checked it.
    pub fn years(&self) -> impl Iterator<Item = (i16, &str, bool)> {
        self.years.iter().map(|(year, (source, verified))| (*year, source.as_str(), *verified))
    }

    /// Whether a day is worked.
    #[must_use]
    pub fn is_working(&self, day: Date) -> bool {
        let weekend = matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday);
        self.work.contains(&day) || !(weekend || self.off.contains(&day))
    }

    /// The day itself when it is worked, else the next one that is.
    #[must_use]
    pub fn next_working(&self, day: Date) -> Date {
        let ahead = std::iter::successors(Some(day), |day| day.tomorrow().ok());
        ahead.take(AHEAD_DAYS_MAX).find(|day| self.is_working(*day)).unwrap_or(day)
    }

    /// The `n`-th working day after a day, which itself does not count; the day itself for 0.
    #[must_use]
    pub fn add_working(&self, day: Date, n: u32) -> Date {
        (0..n).fold(day, |day, _| day.tomorrow().map_or(day, |next| self.next_working(next)))
    }
}

/// The days of an entry: `2026-01-01` or `2026-02-15..2026-02-23`.
fn days(entry: &str) -> Result<Vec<Date>, Refused> {
    let (first, last) = entry.split_once("..").unwrap_or((entry, entry));
    let day = |text: &str| {
        text.trim()
            .parse::<Date>()
            .map_err(|_| refused!("“{entry}”不是日期，也不是 起..止", "`{entry}` is neither a day nor `first..last`"))
    };
    let (first, last) = (day(first)?, day(last)?);
    let stretch: Vec<Date> = std::iter::successors(Some(first), |day| day.checked_add(1.day()).ok())
        .take_while(|day| *day <= last)
        .take(STRETCH_DAYS_MAX + 1)
        .collect();
    if stretch.is_empty() || stretch.len() > STRETCH_DAYS_MAX {
        return Err(refused!("“{entry}”应为1至{STRETCH_DAYS_MAX}天", "`{entry}` must be 1 to {STRETCH_DAYS_MAX} days"));
    }
    Ok(stretch)
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::Handling;
    use super::*;

    #[test]
    fn holidays_make_up_days_and_weekends_are_told_apart() {
        let calendar = Handling::shipped().calendar;
        for (day, worked) in [
            (date(2026, 2, 13), true),  // Friday before the holiday
            (date(2026, 2, 14), true),  // Saturday, made up
            (date(2026, 2, 16), false), // Monday, off
            (date(2026, 2, 24), true),
            (date(2026, 2, 28), true), // Saturday, made up
            (date(2026, 3, 1), false),
            (date(2024, 2, 29), true), // leap day, a Thursday
        ] {
            assert_eq!(calendar.is_working(day), worked, "{day}");
        }
    }

    #[test]
    fn working_days_are_counted_over_holidays_and_the_end_of_a_year() {
        let calendar = Handling::shipped().calendar;
        assert_eq!(calendar.add_working(date(2026, 2, 13), 2), date(2026, 2, 24), "14th is made up, then the holiday");
        assert_eq!(calendar.add_working(date(2025, 12, 31), 1), date(2026, 1, 4), "a Sunday that is worked");
        assert_eq!(calendar.add_working(date(2026, 9, 30), 1), date(2026, 10, 8));
        assert_eq!(calendar.add_working(date(2026, 3, 6), 0), date(2026, 3, 6));
    }

    #[test]
    fn a_year_that_is_not_listed_counts_monday_to_friday_and_says_so() {
        let calendar = Handling::shipped().calendar;
        assert!(!calendar.knows(2031) && calendar.knows(2026));
        assert_eq!(calendar.add_working(date(2031, 10, 3), 1), date(2031, 10, 6));
    }

    #[test]
    fn a_table_that_contradicts_itself_is_refused() {
        let refused = |off: &str, work: &str| {
            let text =
                format!("[[year]]\nyear = 2030\nsource = \"s\"\nverified = false\noff = [{off}]\nwork = [{work}]\n");
            Calendar::parse(&text).expect_err("refused").en
        };
        assert_eq!(refused("\"2030-01-01\"", "\"2030-01-01\""), "2030-01-01 is both off and worked");
        assert!(refused("\"2030-01-05..2030-01-01\"", "").contains("1 to 31 days"));
        assert!(refused("\"New Year\"", "").contains("neither a day"));
    }
}
