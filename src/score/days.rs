//! Days as whole numbers, so that windows are subtractions.

use jiff::ToSpan;
use jiff::civil::{Date, date};

/// A civil day in Asia/Shanghai, counted from 1970-01-01.
pub(super) type Day = i32;

/// A span that no archive reaches, short enough to be added to any day of one.
const SPAN_MAX: Day = Day::MAX / 4;

const EPOCH: Date = date(1970, 1, 1);

/// The number of a day.
pub(super) fn number(day: Date) -> Day {
    day.since(EPOCH).map_or(Day::MIN, |span| span.get_days())
}

/// The day of a number.
pub(super) fn date_of(day: Day) -> Date {
    EPOCH.saturating_add(i64::from(day).days())
}

/// A number of days as a span that can be subtracted from a day; at most some 1.4 million years.
pub(super) fn span(days: u32) -> Day {
    Day::try_from(days).map_or(SPAN_MAX, |days| days.min(SPAN_MAX))
}

/// Weeks run from Monday to Sunday; 1970-01-01 was a Thursday.
pub(super) fn week_of(day: Day) -> i32 {
    (day + 3).div_euclid(7)
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::Weekday;

    #[test]
    fn days_and_numbers_are_one_to_one_and_weeks_begin_on_monday() {
        for day in [date(1969, 12, 31), date(1970, 1, 1), date(2020, 2, 29), date(2024, 12, 31)] {
            assert_eq!(date_of(number(day)), day);
        }
        let monday = date(2024, 7, 1);
        assert_eq!(monday.weekday(), Weekday::Monday);
        assert_eq!(week_of(number(monday)), week_of(number(date(2024, 7, 7))));
        assert_eq!(week_of(number(monday)) - 1, week_of(number(date(2024, 6, 30))));
    }
}
