//! The table of clocks: how long each party has, by which source.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use vocabulary::{Refused, refused};

use super::calendar::Calendar;

/// Which days a clock counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counting {
    /// Every day.
    Calendar,
    /// Working days alone.
    Working,
}

/// What becomes of a last day that is not worked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Holiday {
    Keep,
    Shift,
}

/// A clock.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clock {
    /// Its id.
    pub id: String,
    /// Its Chinese name.
    pub zh: String,
    /// Its English name.
    pub en: String,
    /// How many days.
    pub days: u32,
    /// Of which kind.
    pub kind: Counting,
    holiday: Holiday,
    /// What it rests on, in Chinese.
    pub source: String,
    /// Whether somebody has checked that.
    pub verified: bool,
    /// First day on which a clock that begins goes by this row.
    #[serde(default)]
    pub valid_from: Option<Date>,
    /// Last such day.
    #[serde(default)]
    pub valid_to: Option<Date>,
}

/// When a clock runs out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The last day that is in time.
    pub last_day: Date,
    /// Whether the working days of all years that it runs over are known, as far as it counts them.
    pub calendar_known: bool,
}

impl Clock {
    /// When the clock runs out that begins on a day, which itself does not count.
    #[must_use]
    pub fn due(&self, since: Date, calendar: &Calendar) -> Due {
        let counted = match self.kind {
            Counting::Working => calendar.add_working(since, self.days),
            Counting::Calendar => since.checked_add(i64::from(self.days).days()).unwrap_or(Date::MAX),
        };
        let last_day = if self.holiday == Holiday::Shift { calendar.next_working(counted) } else { counted };
        let asks = self.kind == Counting::Working || self.holiday == Holiday::Shift;
        let known = || (since.year()..=last_day.year()).all(|year| calendar.knows(year));
        Due { last_day, calendar_known: !asks || known() }
    }

    fn holds_on(&self, day: Date) -> bool {
        self.valid_from.is_none_or(|from| from <= day) && self.valid_to.is_none_or(|to| day <= to)
    }
}

/// All clocks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Clocks {
    rows: BTreeMap<String, Vec<Clock>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    clock: Vec<Clock>,
}

/// Most days of a clock.
const DAYS_MAX: u32 = 3_660;

impl Clocks {
    /// Reads a table of clocks.
    ///
    /// # Errors
    /// [`Refused`] naming the clock: no source, no days, rows of one id that hold on the same day.
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let file: File = toml::from_str(text).map_err(|error| Refused::quoted(error.message()))?;
        let mut rows: BTreeMap<String, Vec<Clock>> = BTreeMap::new();
        for clock in file.clock {
            let id = clock.id.clone();
            if clock.source.trim().is_empty() {
                return Err(refused!("时限 {id} 没有写来源", "clock `{id}` names no source"));
            }
            if clock.days == 0 || clock.days > DAYS_MAX {
                return Err(refused!("时限 {id} 应为1至{DAYS_MAX}天", "clock `{id}` must be 1 to {DAYS_MAX} days"));
            }
            let (from, to) = (clock.valid_from.unwrap_or(Date::MIN), clock.valid_to.unwrap_or(Date::MAX));
            let others = rows.entry(id.clone()).or_default();
            let both = |other: &Clock| {
                other.valid_from.unwrap_or(Date::MIN) <= to && from <= other.valid_to.unwrap_or(Date::MAX)
            };
            if from > to || others.iter().any(both) {
                return Err(refused!(
                    "时限 {id} 的有效期重叠或颠倒",
                    "the rows of clock `{id}` overlap, or end before they begin"
                ));
            }
            others.push(clock);
        }
        Ok(Self { rows })
    }

    /// The row of a clock that holds on a day.
    #[must_use]
    pub fn at(&self, id: &str, day: Date) -> Option<&Clock> {
        self.rows.get(id)?.iter().find(|clock| clock.holds_on(day))
    }

    /// All rows.
    pub fn all(&self) -> impl Iterator<Item = &Clock> {
        self.rows.values().flatten()
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;
    use vocabulary::{day_of, parse_moment};

    use super::super::Handling;
    use super::*;

    fn last_day(id: &str, since: Date) -> Date {
        let handling = Handling::shipped();
        handling.clocks.at(id, since).expect("a clock").due(since, &handling.calendar).last_day
    }

    #[test]
    fn clause_3_48_a_platform_reports_in_time_on_the_fifth_day_and_late_on_the_sixth() {
        assert_eq!(last_day("platform_report", date(2026, 3, 1)), date(2026, 3, 6));
        assert_eq!(last_day("platform_report", date(2024, 2, 26)), date(2024, 3, 2), "over a leap day");
        assert_eq!(last_day("platform_report", date(2025, 12, 29)), date(2026, 1, 3), "over the end of a year");
        assert_eq!(last_day("platform_report", date(2026, 9, 28)), date(2026, 10, 3), "days (日) are not working days");
    }

    #[test]
    fn clause_3_49_an_authority_reports_within_five_days_of_closing_the_case() {
        assert_eq!(last_day("authority_report", date(2026, 2, 14)), date(2026, 2, 19));
    }

    #[test]
    fn working_days_and_shifted_last_days_go_by_the_calendar() {
        assert_eq!(last_day("acknowledge", date(2026, 9, 30)), date(2026, 10, 9));
        assert_eq!(
            last_day("objection", date(2026, 9, 18)),
            date(2026, 10, 8),
            "3 October is off: the next working day"
        );
        assert_eq!(last_day("objection", date(2026, 3, 2)), date(2026, 3, 17));
    }

    #[test]
    fn a_day_begins_at_midnight_in_shanghai() {
        let moment = |text: &str| parse_moment(text).expect("a moment");
        assert_eq!(day_of(moment("2026-03-06T15:59:59Z")), date(2026, 3, 6));
        assert_eq!(day_of(moment("2026-03-06T16:00:00Z")), date(2026, 3, 7));
    }

    #[test]
    fn a_clock_that_runs_over_an_unknown_year_says_so() {
        let handling = Handling::shipped();
        let since = date(2031, 3, 3);
        let due = |id: &str| handling.clocks.at(id, since).expect("a clock").due(since, &handling.calendar);
        assert!(!due("acknowledge").calendar_known);
        assert!(due("platform_report").calendar_known, "it counts every day");
    }

    #[test]
    fn a_row_holds_on_its_days_and_rows_must_not_overlap() {
        let row = |days: u32, more: &str| {
            format!(
                "[[clock]]\nid = \"a\"\nzh = \"甲\"\nen = \"a\"\ndays = {days}\nkind = \"calendar\"\nholiday = \"keep\"\n\
                 source = \"s\"\nverified = false\n{more}\n"
            )
        };
        let before = row(5, "valid_to = \"2026-11-30\"");
        let clocks = Clocks::parse(&(before.clone() + &row(7, "valid_from = \"2026-12-01\""))).expect("good");
        let days = |day| clocks.at("a", day).map(|clock| clock.days);
        assert_eq!((days(date(2026, 11, 30)), days(date(2026, 12, 1))), (Some(5), Some(7)));
        assert!(Clocks::parse(&(before + &row(7, ""))).expect_err("overlap").en.contains("overlap"));
        assert!(Clocks::parse(&row(0, "")).is_err());
    }
}
