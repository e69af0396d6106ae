//! Time and exposure: intervals of a study period, people living through them, and expected counts standardised over
//! covariates.

use std::fmt;

use jiff::ToSpan as _;
use jiff::civil::Date;
use serde::Deserialize;
use serde_json::Value;

use super::super::MethodError;
use super::super::settings::{Config, CountFrom};
use super::Settings;
use vocabulary::{MEAN_YEAR_DAYS, SHOWN_CHARS, excerpt};

/// Unit of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Calendar years.
    Year,
    /// Calendar months.
    Month,
    /// Days.
    Day,
}

impl Unit {
    /// Its name: `year`, `month` or `day`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Year => "year",
            Self::Month => "month",
            Self::Day => "day",
        }
    }

    /// Its mean length in days.
    fn days(self) -> f64 {
        match self {
            Self::Year => MEAN_YEAR_DAYS,
            Self::Month => MEAN_YEAR_DAYS / 12.0,
            Self::Day => 1.0,
        }
    }
}

/// The study period, cut into intervals of equal length counted back from its end; the earliest may be shorter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// First days of the intervals, in order.
    starts: Vec<Date>,
    /// The day after the last.
    end: Date,
    unit: Unit,
    length: usize,
}

/// A date as it is printed: 2001/11/22.
struct Slashed(Date);

impl fmt::Display for Slashed {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(to, "{}/{}/{}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl Calendar {
    /// Intervals of `length` units from `first` to `last`, both included; one interval of all when `whole`.
    ///
    /// # Errors
    /// When the last day lies before the first, the length is 0, or dates beyond the year 9999 would be needed.
    pub fn new(first: Date, last: Date, unit: Unit, length: usize, whole: bool) -> Result<Self, String> {
        if last < first {
            return Err(format!("the study period ends ({}) before it starts ({})", Slashed(last), Slashed(first)));
        }
        let step = i32::try_from(length).ok().filter(|&step| step > 0).ok_or("a length of 0, or too long")?;
        let end = last.checked_add(1.day()).map_err(|error| error.to_string())?;
        let mut starts = Vec::new();
        for back in 1_i32.. {
            let many = back.checked_mul(step);
            // Beyond the reach of dates is before any study.
            let start = many.and_then(|many| {
                let span = match unit {
                    Unit::Year => jiff::Span::new().try_years(many),
                    Unit::Month => jiff::Span::new().try_months(many),
                    Unit::Day => jiff::Span::new().try_days(many),
                };
                end.checked_sub(span.ok()?).ok()
            });
            let start = start.filter(|&start| start > first && !whole).unwrap_or(first);
            starts.push(start);
            if start == first {
                break;
            }
        }
        starts.reverse();
        Ok(Self { starts, end, unit, length })
    }

    /// Number of intervals.
    pub fn len(&self) -> usize {
        self.starts.len()
    }

    /// Never: a study period has at least one day.
    pub fn is_empty(&self) -> bool {
        self.starts.is_empty()
    }

    /// The unit of the intervals.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// Units per interval.
    pub fn length(&self) -> usize {
        self.length
    }

    /// Length of the study period in units; a unit begun counts.
    pub fn units(&self) -> f64 {
        let first = self.starts[0];
        let months = || {
            let whole =
                i32::from(self.end.year() - first.year()) * 12 + i32::from(self.end.month()) - i32::from(first.month());
            f64::from(whole + i32::from(self.end.day() > first.day()))
        };
        match self.unit {
            Unit::Day => (day_number(self.end) - day_number(first)) as f64,
            Unit::Month => months(),
            Unit::Year => (months() / 12.0).ceil(),
        }
    }

    /// Mean length of an interval in days.
    pub fn interval_days(&self) -> f64 {
        self.length as f64 * self.unit.days()
    }

    /// First day of an interval, as `2001/11/22`.
    pub fn start(&self, interval: usize) -> String {
        Slashed(self.starts[interval]).to_string()
    }

    /// Last day of an interval, likewise.
    pub fn end(&self, interval: usize) -> String {
        let after = self.starts.get(interval + 1).copied().unwrap_or(self.end);
        Slashed(after.yesterday().unwrap_or(after)).to_string()
    }

    /// The interval of a day; none outside the study period.
    pub fn interval(&self, day: Date) -> Option<usize> {
        if day >= self.end { None } else { self.starts.partition_point(|&start| start <= day).checked_sub(1) }
    }

    /// First day of the study period and the day after its last.
    pub(super) fn bounds(&self) -> (Date, Date) {
        (self.starts[0], self.end)
    }

    /// Days of an interval, as day numbers: first, and one after the last.
    pub(super) fn days(&self, interval: usize) -> (i64, i64) {
        let after = self.starts.get(interval + 1).copied().unwrap_or(self.end);
        (day_number(self.starts[interval]), day_number(after))
    }
}

/// Days since 1970-01-01.
pub(super) fn day_number(date: Date) -> i64 {
    date.duration_since(jiff::civil::date(1970, 1, 1)).as_hours() / 24
}

/// A date of one, two or three parts: `1977`, `1977/5`, `1977/5/3` (or with `-`); a year below 100 is 19xx. What is not
/// told is taken from `month` and `day`, when these are beyond the month its last day.
pub(super) fn parse_date(text: &str, month: i8, day: i8) -> Option<Date> {
    let parts: Vec<i16> = text.split(['/', '-']).map(|part| part.parse().ok()).collect::<Option<_>>()?;
    let (year, rest) = parts.split_first()?;
    let year = if (0..100).contains(year) && text.split(['/', '-']).next()?.len() <= 2 { year + 1900 } else { *year };
    let month = rest.first().map_or(Ok(month), |&month| i8::try_from(month)).ok()?;
    let first = Date::new(year, month, 1).ok()?;
    match rest {
        [_, day] => Date::new(year, month, i8::try_from(*day).ok()?).ok(),
        [] | [_] => Date::new(year, month, day.min(first.days_in_month())).ok(),
        _ => None,
    }
}

/// `study_period`: first and last day; a year alone begins on 1 January and ends on 31 December.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "[Value; 2]")]
pub(super) struct StudyPeriod {
    first: Date,
    last: Date,
}

impl TryFrom<[Value; 2]> for StudyPeriod {
    type Error = String;
    fn try_from([first, last]: [Value; 2]) -> Result<Self, String> {
        let text = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        match (parse_date(&text(&first), 1, 1), parse_date(&text(&last), 12, 31)) {
            (Some(first), Some(last)) => Ok(Self { first, last }),
            _ => Err(format!("expected two dates, as [\"1973/1/1\", \"1991/12/31\"], found [{first}, {last}]")),
        }
    }
}

/// `case_time_precision`: how exactly the times of cases are known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Precision {
    /// Not at all.
    None,
    Year,
    Month,
    Day,
}

impl Precision {
    fn unit(self) -> Option<Unit> {
        match self {
            Self::None => None,
            Self::Year => Some(Unit::Year),
            Self::Month => Some(Unit::Month),
            Self::Day => Some(Unit::Day),
        }
    }
}

/// `time_aggregation`: length of the intervals.
#[derive(Debug, Clone, Copy, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(super) struct Aggregation {
    /// That of `case_time_precision` when it is not given, else years.
    unit: Option<Unit>,
    /// 1 when it is not given.
    length: Option<CountFrom<1>>,
}

/// `population_date`: month and day at which the population of a year is taken, 1 July by default.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct DayOfYear(pub(super) (i8, i8));

impl Default for DayOfYear {
    fn default() -> Self {
        Self((7, 1))
    }
}

impl TryFrom<String> for DayOfYear {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        let date = parse_date(&format!("1999-{text}"), 7, 1);
        date.map(|date| Self((date.month(), date.day())))
            .ok_or_else(|| format!("expected a month and day as 07-01, found `{}`", excerpt(&text, SHOWN_CHARS)))
    }
}

/// The calendar of a config; one interval for a purely spatial analysis.
pub(super) fn calendar(config: &Config<Settings>, whole: bool) -> Result<Calendar, MethodError> {
    let settings = &config.settings;
    let period = settings.study_period.ok_or_else(|| config.error("missing field `study_period`"))?;
    let Aggregation { unit, length } = settings.time_aggregation;
    let unit = unit.or(settings.case_time_precision.and_then(Precision::unit)).unwrap_or(Unit::Year);
    Calendar::new(period.first, period.last, unit, length.map_or(1, |length| length.0), whole)
        .map_err(|what| config.error(format!("`study_period`, `time_aggregation`: {what}")))
}

/// Person-days from day `from` up to but not including `to`: the area under a population that is as counted at the
/// beginning of the days counted, (day, population) in order of days, changes evenly between them and stays as it is
/// outside. 0 when nothing is counted.
pub fn person_days(counted: &[(i64, f64)], from: i64, to: i64) -> f64 {
    let (Some(&(first, before)), Some(&(last, after))) = (counted.first(), counted.last()) else { return 0.0 };
    let days = |from: i64, to: i64| (to - from).max(0) as f64;
    let mut sum = before * days(from, to.min(first)) + after * days(from.max(last), to);
    for pair in counted.windows(2) {
        let ((left, people), (right, then)) = (pair[0], pair[1]);
        let (a, b) = (from.max(left), to.min(right));
        if a < b {
            let at = |day: i64| people + (then - people) * (day - left) as f64 / (right - left) as f64;
            sum += days(a, b) * f64::midpoint(at(a), at(b));
        }
    }
    sum
}

/// Expected counts, indirectly standardised: each category's cases spread over all cells in proportion to its
/// person-time there. `strata` holds for each category its cases and its person-time in each cell; a category without
/// person-time expects nothing.
pub fn standardised(strata: &[(u64, Vec<f64>)], cells: usize) -> Vec<f64> {
    let mut expected = vec![0.0; cells];
    for (cases, exposure) in strata {
        let all: f64 = exposure.iter().sum();
        if all > 0.0 {
            let rate = *cases as f64 / all;
            expected.iter_mut().zip(exposure).for_each(|(expected, exposure)| *expected += rate * exposure);
        }
    }
    expected
}
