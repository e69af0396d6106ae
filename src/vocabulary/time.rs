//! Days and moments as people in China write them. A day is a civil day in Asia/Shanghai.

use jiff::civil::Date;
use jiff::tz::{Offset, TimeZone};
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

use super::Said;
use super::excerpt::{SHOWN_CHARS, excerpt};

/// A time text that is neither RFC 3339 nor `YYYY-MM-DD`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is no time: expected RFC 3339 (2024-07-02T08:00:00+08:00) or a date (2024-07-02)")]
pub struct TimeError {
    /// The text that was found.
    pub found: String,
}

impl Said for TimeError {
    fn zh(&self) -> String {
        format!("`{}` 不是时间：应为 RFC 3339（2024-07-02T08:00:00+08:00）或日期（2024-07-02）", self.found)
    }
}

/// Asia/Shanghai: UTC+8 without daylight saving since 1991, so a fixed offset needs no zone database.
#[must_use]
pub fn shanghai() -> TimeZone {
    TimeZone::fixed(Offset::constant(8))
}

/// The civil day of a moment in Asia/Shanghai.
#[must_use]
pub fn day_of(moment: Timestamp) -> Date {
    moment.to_zoned(shanghai()).date()
}

/// The first moment of a day in Asia/Shanghai.
#[must_use]
pub fn start_of_day(day: Date) -> Timestamp {
    day.to_zoned(shanghai()).map_or(Timestamp::MAX, |zoned| zoned.timestamp())
}

/// The last whole second of a day in Asia/Shanghai: the usual `as_of` of a daily run.
#[must_use]
pub fn end_of_day(day: Date) -> Timestamp {
    start_of_day(day).checked_add((24 * 3600 - 1).seconds()).unwrap_or(Timestamp::MAX)
}

/// Days of an average calendar year (Julian): for lifetimes and the mean length of a calendar unit. Rates of onsets refer to a year of 365
/// days, [`ONSET_YEAR_DAYS`].
pub const MEAN_YEAR_DAYS: f64 = 365.25;
/// Days of the year that rates of onsets refer to: the table counts a simulated year as 365 days, so a rate read from it, and a recurrence
/// computed from that rate, do too. An average calendar year is [`MEAN_YEAR_DAYS`].
pub const ONSET_YEAR_DAYS: f64 = 365.0;

/// Length of `YYYY-MM-DD`.
const DATE_BYTES: usize = 10;
/// The first year that is a time: RFC 3339 writes years with four digits.
const YEAR_MIN: i16 = 0;

/// Reads RFC 3339, `YYYY-MM-DD HH:MM[:SS]`, or `YYYY-MM-DD`; without an offset it means Asia/Shanghai.
///
/// # Errors
/// [`TimeError`] with the text when it is none of these, or lies before the year 0.
pub fn parse_moment(text: &str) -> Result<Timestamp, TimeError> {
    let text = text.trim();
    let read = || {
        // Ten characters are a date or nothing: asking for the longer forms first would cost most of the time.
        if text.len() == DATE_BYTES {
            return text.parse::<Date>().ok().map(start_of_day);
        }
        if let Ok(moment) = text.parse::<Timestamp>() {
            return Some(moment);
        }
        if let Ok(date_time) = text.parse::<jiff::civil::DateTime>() {
            return date_time.to_zoned(shanghai()).ok().map(|zoned| zoned.timestamp());
        }
        text.parse::<Date>().ok().map(start_of_day)
    };
    let moment = read().filter(|moment| *moment >= first_moment());
    moment.ok_or_else(|| TimeError { found: excerpt(text, SHOWN_CHARS) })
}

/// The first moment that can be written.
fn first_moment() -> Timestamp {
    start_of_day(Date::constant(YEAR_MIN, 1, 1))
}

/// RFC 3339 with the Shanghai offset, to the second: `2024-07-02T08:00:00+08:00`. A moment before the year 0 is written as the first of that
/// year, so that [`parse_moment`] reads whatever is written.
#[must_use]
pub fn show_moment(moment: Timestamp) -> String {
    moment.max(first_moment()).to_zoned(shanghai()).strftime("%Y-%m-%dT%H:%M:%S%:z").to_string()
}

/// Serde for moments: reads what [`parse_moment`] reads, writes what [`show_moment`] writes.
pub(super) mod moment {
    use std::fmt;

    use super::{Timestamp, parse_moment, show_moment};
    use serde::de::{Error, Visitor};
    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(moment: &Timestamp, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&show_moment(*moment))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Timestamp, D::Error> {
        Read::deserialize(from).map(|Read(moment)| moment)
    }

    /// A moment, read where it stands: the text of one needs no memory of its own.
    struct Read(Timestamp);

    impl<'de> Deserialize<'de> for Read {
        fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
            struct Text;

            impl Visitor<'_> for Text {
                type Value = Read;

                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a string")
                }

                fn visit_str<E: Error>(self, text: &str) -> Result<Read, E> {
                    parse_moment(text).map(Read).map_err(E::custom)
                }
            }

            from.deserialize_str(Text)
        }
    }

    /// The same for `Option<Timestamp>`.
    pub(crate) mod option {
        use super::{Deserialize, Deserializer, Read, Serializer, Timestamp, show_moment};

        #[expect(clippy::ref_option, reason = "serde's `with` passes a reference")]
        pub(crate) fn serialize<S: Serializer>(moment: &Option<Timestamp>, to: S) -> Result<S::Ok, S::Error> {
            match moment {
                Some(moment) => to.serialize_some(&show_moment(*moment)),
                None => to.serialize_none(),
            }
        }

        pub(crate) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Timestamp>, D::Error> {
            Ok(Option::<Read>::deserialize(from)?.map(|Read(moment)| moment))
        }
    }
}

/// Days from `from` to `to`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct DateRange {
    /// First day.
    pub from: Date,
    /// Last day.
    pub to: Date,
}

impl DateRange {
    /// The days in order. Empty when `to` lies before `from`.
    pub fn days(self) -> impl Iterator<Item = Date> {
        self.from.series(1.day()).take_while(move |day| *day <= self.to)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_bare_date_is_midnight_in_shanghai() {
        let moment = parse_moment("2021-01-08").expect("a date");
        assert_eq!(show_moment(moment), "2021-01-08T00:00:00+08:00");
        assert_eq!(day_of(moment), date(2021, 1, 8));
        assert_eq!(day_of(end_of_day(date(2021, 1, 8))), date(2021, 1, 8));
    }

    #[test]
    fn an_impossible_date_is_refused_with_its_text() {
        assert_eq!(parse_moment("2022-13-40").expect_err("no such day").found, "2022-13-40");
    }

    /// What was taken once and could not be read back stopped whoever read the log.
    #[test]
    fn every_moment_is_read_back_as_it_was_written() {
        let second = |second: i64| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
        let (first, last) = (Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
        let steps = (0..=2_000).map(|step| second(first + (last - first) / 2_000 * step));
        let edges = (-3..=3).map(|step| second(first_moment().as_second() + step));
        for moment in steps.chain(edges).chain([Timestamp::MIN, Timestamp::MAX]) {
            let shown = show_moment(moment);
            let read = parse_moment(&shown).unwrap_or_else(|error| panic!("{moment}: {error}"));
            assert_eq!(show_moment(read), shown);
            assert_eq!(read.as_second(), moment.max(first_moment()).as_second(), "{shown}");
        }
    }

    #[test]
    fn a_year_before_zero_is_no_time() {
        for text in ["-000001-06-01T00:00:00Z", "-009999-01-03", "-000001-12-31T15:59:59Z", "-000001-06-01 08:00:00"] {
            assert_eq!(parse_moment(text).expect_err(text).found, text);
        }
        assert!(parse_moment("0000-01-01").is_ok() && parse_moment("9999-12-30").is_ok());
    }

    #[test]
    fn a_range_counts_both_ends() {
        let range = DateRange { from: date(2020, 2, 28), to: date(2020, 3, 1) };
        assert_eq!(range.days().count(), 3);
    }
}
