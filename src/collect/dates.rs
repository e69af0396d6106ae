//! Dates as Chinese pages write them. `now` is a parameter: "3 minutes ago" means before the moment we looked.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Timestamp};
use regex::Regex;
use std::sync::LazyLock;

use crate::vocabulary::{parse_moment, shanghai};

/// Dates that lie further ahead of `now` are mistakes.
const AHEAD_HOURS_MAX: i64 = 36;
/// Longest text that is searched for a date.
const DATE_CHARS_MAX: usize = 200;

/// Formats tried on a civil date, most specific first; a time may follow.
static WRITTEN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    Regex::new(
        r"(?x)(?:(?<year>(?:19|20)\d{2})\s*[-/.年]\s*)?(?<month>\d{1,2})\s*[-/.月]\s*(?<day>\d{1,2})\s*日?
          (?:[\sT]*(?<pm>上午|下午|晚上)?\s*(?<hour>\d{1,2})\s*[:：时点]\s*(?<minute>\d{1,2})(?:\s*[:：分]\s*(?<second>\d{1,2}))?)?",
    )
    .ok()
});
static AGO: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?<count>\d{1,5})\s*(?<unit>秒|分钟|小时|天|周)(?:钟)?(?:之)?前").ok());
static NAMED_DAY: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"(?<day>今天|昨天|前天)(?:\s*(?<hour>\d{1,2})[:：](?<minute>\d{1,2}))?").ok());

/// Reads a date by the recipe's format, or by everything a page is likely to write. None when it is no date or lies
/// further ahead than a day and a half.
#[must_use]
pub(crate) fn read_date(text: &str, format: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let text: String = text.trim().chars().take(DATE_CHARS_MAX).collect();
    let moment = match format {
        Some(format) => by_format(&text, format),
        None => by_habit(&text, now),
    }?;
    (moment <= now.saturating_add(SignedDuration::from_hours(AHEAD_HOURS_MAX)).unwrap_or(Timestamp::MAX))
        .then_some(moment)
}

fn by_format(text: &str, format: &str) -> Option<Timestamp> {
    match format {
        "epoch_s" => return Timestamp::from_second(text.parse().ok()?).ok(),
        "epoch_ms" => return Timestamp::from_millisecond(text.parse().ok()?).ok(),
        _ => {}
    }
    if let Ok(moment) = Timestamp::strptime(format, text) {
        return Some(moment);
    }
    let civil = DateTime::strptime(format, text)
        .or_else(|_| Date::strptime(format, text).map(|date| date.to_datetime(Time::midnight())))
        .ok()?;
    in_shanghai(civil)
}

fn by_habit(text: &str, now: Timestamp) -> Option<Timestamp> {
    if let Ok(moment) = parse_moment(text) {
        return Some(moment);
    }
    if let Ok(zoned) = jiff::fmt::rfc2822::parse(text) {
        return Some(zoned.timestamp());
    }
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.len() {
            10 => Timestamp::from_second(text.parse().ok()?).ok(),
            13 => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            8 => Date::strptime("%Y%m%d", text).ok().and_then(|date| in_shanghai(date.to_datetime(Time::midnight()))),
            _ => None,
        };
    }
    let today = now.to_zoned(shanghai()).datetime();
    if text.contains("刚刚") {
        return Some(now);
    }
    if let Some(found) = AGO.as_ref()?.captures(text) {
        let count: i64 = found["count"].parse().ok()?;
        let seconds = match &found["unit"] {
            "秒" => 1,
            "分钟" => 60,
            "小时" => 3_600,
            "天" => 86_400,
            _ => 7 * 86_400,
        };
        return now.checked_sub(SignedDuration::from_secs(count * seconds)).ok();
    }
    if let Some(found) = NAMED_DAY.as_ref()?.captures(text) {
        let days_back = match &found["day"] {
            "今天" => 0,
            "昨天" => 1,
            _ => 2,
        };
        let day = today.date().checked_sub(SignedDuration::from_hours(24 * days_back)).ok()?;
        let part = |name: &str| found.name(name).map_or(Some(0), |m| m.as_str().parse::<i8>().ok());
        return in_shanghai(day.to_datetime(Time::new(part("hour")?, part("minute")?, 0, 0).ok()?));
    }
    WRITTEN.as_ref()?.captures_iter(text).find_map(|found| {
        let part = |name: &str| found.name(name).map_or(Some(0), |m| m.as_str().parse::<i8>().ok());
        let mut hour = part("hour")?;
        if matches!(found.name("pm").map(|m| m.as_str()), Some("下午" | "晚上")) && hour < 12 {
            hour += 12;
        }
        let time = Time::new(hour, part("minute")?, part("second")?, 0).ok()?;
        let on = |year: i16| Date::new(year, part("month")?, part("day")?).ok();
        let date = match found.name("year") {
            Some(year) => on(year.as_str().parse().ok()?)?,
            // Without a year it is the latest such day that is not ahead of today.
            None => on(today.year()).filter(|date| *date <= today.date()).or_else(|| on(today.year() - 1))?,
        };
        in_shanghai(date.to_datetime(time))
    })
}

fn in_shanghai(civil: DateTime) -> Option<Timestamp> {
    civil.to_zoned(shanghai()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vocabulary::show_moment;

    fn check(text: &str, format: Option<&str>, expected: &str) {
        let now = parse_moment("2024-07-02 12:00:00").unwrap();
        let found = read_date(text, format, now).map(|moment| show_moment(moment).replace("+08:00", ""));
        assert_eq!(found.as_deref().unwrap_or("none"), expected, "{text}");
    }

    #[test]
    fn dates_are_read_as_pages_write_them() {
        check("发布时间：2024年7月1日 08:30 来源：本站", None, "2024-07-01T08:30:00");
        check("2024/07/01", None, "2024-07-01T00:00:00");
        check("2024.6.30", None, "2024-06-30T00:00:00");
        check("2024-06-30 9:05:07", None, "2024-06-30T09:05:07");
        check("07-01 下午3:05", None, "2024-07-01T15:05:00");
        check("12-31", None, "2023-12-31T00:00:00");
        check("3分钟前", None, "2024-07-02T11:57:00");
        check("昨天 08:30", None, "2024-07-01T08:30:00");
        check("Tue, 02 Jul 2024 03:00:00 GMT", None, "2024-07-02T11:00:00");
        check("1719878400", None, "2024-07-02T08:00:00");
        check("1719878400000", None, "2024-07-02T08:00:00");
        check("20240701", None, "2024-07-01T00:00:00");
        check("01/07/2024", Some("%d/%m/%Y"), "2024-07-01T00:00:00");
    }

    #[test]
    fn what_is_no_date_or_lies_ahead_is_none() {
        check("昨日重现", None, "none");
        check("2024-13-40", None, "none");
        check("2034-01-01", None, "none");
        check("2024-07-01", Some("%d/%m/%Y"), "none");
        check("", None, "none");
    }
}
