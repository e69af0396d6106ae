//! Matches over time, in as few bars as a screen can show.

use std::collections::BTreeMap;

use jiff::ToSpan;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::bounds::HISTOGRAM_BARS_MAX;
use super::filter::day_of_number;

/// How long a bar lasts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "HistogramUnit")]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// One day.
    #[default]
    Day,
    /// Monday to Sunday.
    Week,
    /// One month.
    Month,
    /// Three months.
    Quarter,
    /// One year.
    Year,
}

impl Unit {
    /// From fine to coarse.
    const ALL: [Self; 5] = [Self::Day, Self::Week, Self::Month, Self::Quarter, Self::Year];

    /// Its Chinese name.
    #[must_use]
    pub fn zh(self) -> &'static str {
        match self {
            Self::Day => "日",
            Self::Week => "周",
            Self::Month => "月",
            Self::Quarter => "季",
            Self::Year => "年",
        }
    }

    /// First day of the bar that a day lies in.
    fn start(self, day: Date) -> Date {
        let first = day.first_of_month();
        match self {
            Self::Day => day,
            Self::Week => day.saturating_sub(i64::from(day.weekday().to_monday_zero_offset()).days()),
            Self::Month => first,
            Self::Quarter => first.saturating_sub(i64::from((day.month() - 1) % 3).months()),
            Self::Year => day.first_of_year(),
        }
    }

    /// First day of the bar behind the one that begins with `start`.
    fn next(self, start: Date) -> Date {
        start.saturating_add(match self {
            Self::Day => 1.day(),
            Self::Week => 1.week(),
            Self::Month => 1.month(),
            Self::Quarter => 3.months(),
            Self::Year => 1.year(),
        })
    }
}

/// Documents of one stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
#[schemars(rename = "HistogramBar")]
pub struct Bar {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
    /// Documents of these days.
    pub count: u64,
}

/// Documents over time, without gaps between the bars.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Histogram {
    /// How long a bar lasts: the finest that needs at most [`HISTOGRAM_BARS_MAX`] bars.
    pub unit: Unit,
    /// In order of time.
    pub bars: Vec<Bar>,
    /// Documents before the first bar.
    pub earlier: u64,
}

impl Histogram {
    /// From documents by day.
    pub(super) fn of(days: &BTreeMap<i64, u64>) -> Self {
        let days: BTreeMap<Date, u64> =
            days.iter().filter_map(|(day, count)| Some((day_of_number(*day)?, *count))).collect();
        let (Some((&first, _)), Some((&last, _))) = (days.first_key_value(), days.last_key_value()) else {
            return Self::default();
        };
        let fits = |unit: &Unit| starts(*unit, first, last).nth(HISTOGRAM_BARS_MAX).is_none();
        let unit = Unit::ALL.into_iter().find(fits).unwrap_or(Unit::Year);
        // Even years can be too many: then the latest are shown.
        let mut bars: Vec<Bar> =
            starts(unit, first, last).map(|from| Bar { from, to: end(unit, from), count: 0 }).collect();
        bars.drain(..bars.len().saturating_sub(HISTOGRAM_BARS_MAX));
        let mut earlier = 0;
        for (day, count) in days {
            match bars.binary_search_by(|bar| bar.from.cmp(&day)) {
                Ok(at) => bars[at].count += count,
                Err(0) => earlier += count,
                Err(at) => bars[at - 1].count += count,
            }
        }
        Self { unit, bars, earlier }
    }
}

fn starts(unit: Unit, first: Date, last: Date) -> impl Iterator<Item = Date> {
    std::iter::successors(Some(unit.start(first)), move |start| {
        let next = unit.next(*start);
        (next > *start && next <= last).then_some(next)
    })
}

fn end(unit: Unit, start: Date) -> Date {
    unit.next(start).saturating_sub(1.day())
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::super::filter::day_number;
    use super::*;

    fn of(days: &[(Date, u64)]) -> Histogram {
        Histogram::of(&days.iter().map(|(day, count)| (day_number(*day), *count)).collect())
    }

    #[test]
    fn bars_are_as_fine_as_they_fit_and_have_no_gaps() {
        let days = of(&[(date(2024, 1, 30), 2), (date(2024, 2, 2), 1)]);
        assert_eq!(
            (days.unit, days.bars.iter().map(|bar| bar.count).collect::<Vec<_>>()),
            (Unit::Day, vec![2, 0, 0, 1])
        );
        let weeks = of(&[(date(2024, 1, 3), 1), (date(2024, 6, 1), 1)]);
        assert_eq!(
            (weeks.unit, weeks.bars[0].from, weeks.bars[0].to),
            (Unit::Week, date(2024, 1, 1), date(2024, 1, 7))
        );
        assert_eq!(of(&[(date(2020, 2, 3), 1), (date(2024, 6, 1), 1)]).unit, Unit::Month);
        let quarters = of(&[(date(2012, 2, 3), 1), (date(2024, 6, 1), 1)]);
        assert_eq!((quarters.unit, quarters.bars[0].from), (Unit::Quarter, date(2012, 1, 1)));
        assert_eq!(of(&[(date(1980, 2, 3), 1), (date(2024, 6, 1), 1)]).unit, Unit::Year);
    }

    #[test]
    fn nothing_is_lost_over_long_times() {
        let long = of(&[(date(-100, 1, 1), 3), (date(1960, 5, 5), 1), (date(2024, 6, 1), 2)]);
        assert_eq!((long.bars.len(), long.earlier), (HISTOGRAM_BARS_MAX, 4));
        assert_eq!(long.bars.iter().map(|bar| bar.count).sum::<u64>(), 2);
        assert_eq!(of(&[(date(9999, 12, 31), 1)]).bars.len(), 1);
        assert_eq!(of(&[]), Histogram::default());
    }
}
