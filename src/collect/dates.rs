//! Dates as Chinese pages write them. `now` is a parameter: "3 minutes ago" means before the moment we looked.

use jiff::civil::{Date, DateTime, Time};
use jiff::{SignedDuration, Span, Timestamp};
use regex::{Captures, Regex};
use std::sync::LazyLock;

use super::bounds::{AHEAD_MAX, DATE_CHARS_MAX, DATE_YEAR_MIN};
use super::schedule::later;
use vocabulary::{parse_moment, shanghai};

/// Years that are looked back for a day without a year: 29 February comes every fourth.
const YEARS_BACK_MAX: i16 = 4;

fn pattern(expression: &str) -> Option<Regex> {
    Regex::new(expression).ok()
}

/// A day with its year.
static DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?x)(?:^|[^\d.])(?:(?<year>(?:19|20)\d{2})\s*[-/.年]|(?<short>\d{2})\s*年)\s*(?<month>\d{1,2})\s*[-/.月]\s*(?<day>\d{1,2})(?:[日号T\s]|[^\d.]|$)",
    )
});
/// A day without its year; dots alone (`1.2`) are a version or a price.
static DAY_OF_YEAR: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(r"(?:^|[^\d.\-/])(?<month>\d{1,2})\s*(?:月|-|/)\s*(?<day>\d{1,2})(?:[日号\s]|[^\d.\-/]|$)")
});
static ENGLISH: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)\b(?:(?<day>\d{1,2})(?:st|nd|rd|th)?\s+)?(?<month>jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?
          (?:\s+(?<day2>\d{1,2})(?:st|nd|rd|th)?)?,?\s+(?<year>(?:19|20)\d{2})\b",
    )
});
/// The time right behind a day.
static TIME: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)^[\sT,，日号]*(?:[(（]?(?:周|星期)[一二三四五六日天][)）]?\s*)?
          (?<half>凌晨|清晨|早上|早|上午|中午|下午|傍晚|晚上|晚间|晚|深夜|夜里|am|pm)?\s*
          (?<hour>\d{1,2})(?:\s*[:：]\s*(?<minute>\d{1,2})(?:\s*[:：]\s*(?<second>\d{1,2}))?
            |\s*[时点](?:\s*(?<minute2>\d{1,2})\s*分?(?:\s*(?<second2>\d{1,2})\s*秒)?)?)
          \s*(?<after>am|pm|a\.m\.|p\.m\.)?",
    )
});
static AGO: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?ix)(?<count>\d{1,5})\s*(?<unit>秒钟?|分钟?|个?小时|个?钟头|天|日|周|个?星期|个?月|年|seconds?|minutes?|mins?|hours?|days?|weeks?|months?|years?)\s*(?:之前|以前|前|\s*ago)",
    )
});
static NAMED_DAY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)(?<day>今天|今日|今早|今晚|大前天|昨天|昨日|昨晚|昨夜|前天|前日|today|yesterday)|(?<week>上上?周|上上?个?星期|这?本?周|这?本?星期|周|星期)(?<weekday>[一二三四五六日天])",
    )
});

/// Reads a date by the recipe's format, or by everything a page is likely to write. None when it is no date, lies further
/// ahead than a day and a half, or before 1900.
#[must_use]
pub(crate) fn read_date(text: &str, format: Option<&str>, now: Timestamp) -> Option<Timestamp> {
    let text: String = text.trim().chars().take(DATE_CHARS_MAX).collect();
    let moment = match format {
        Some(format) => by_format(&text, format),
        None => by_habit(&text, now),
    }?;
    let year = u64::try_from(moment.to_zoned(shanghai()).year()).unwrap_or(0);
    (year >= DATE_YEAR_MIN && moment <= later(now, AHEAD_MAX)).then_some(moment)
}

/// A time counted back from `now`: `3分钟前`, `昨天 14:20`. None when the text holds none, or a written day.
pub(crate) fn relative(text: &str, now: Timestamp) -> Option<Timestamp> {
    let text = &plain_numbers(text);
    let just_now = || ["刚刚", "刚才", "just now"].iter().any(|word| text.contains(word)).then_some(now);
    ago(text, now).or_else(|| named(text, now)).or_else(just_now).filter(|moment| *moment <= now)
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
    let text = &plain_numbers(text);
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        return match text.len() {
            10 => Timestamp::from_second(text.parse().ok()?).ok(),
            13 => Timestamp::from_millisecond(text.parse().ok()?).ok(),
            8 => Date::strptime("%Y%m%d", text).ok().and_then(|date| in_shanghai(date.to_datetime(Time::midnight()))),
            _ => None,
        };
    }
    // A written day says more than a word: "昨天（3月14日）".
    written(text, now).or_else(|| ago(text, now)).or_else(|| named(text, now)).or_else(|| {
        let moment = ["刚刚", "刚才", "片刻前", "just now"].iter().any(|word| text.contains(word));
        moment.then_some(now)
    })
}

fn written(text: &str, now: Timestamp) -> Option<Timestamp> {
    let number = |found: &Captures<'_>, name: &str| -> Option<i8> { found.name(name)?.as_str().parse().ok() };
    let with_year = DAY.as_ref()?.captures_iter(text).find_map(|found| {
        let year: i16 = match found.name("year") {
            Some(year) => year.as_str().parse().ok()?,
            None => 2000 + i16::from(number(&found, "short")?),
        };
        let day = found.name("day")?;
        Some((Date::new(year, number(&found, "month")?, number(&found, "day")?).ok()?, day.end()))
    });
    let english = || {
        ENGLISH.as_ref()?.captures_iter(text).find_map(|found| {
            const MONTHS: [&str; 12] =
                ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
            let name = found["month"].to_ascii_lowercase();
            let month = i8::try_from(MONTHS.iter().position(|known| *known == name)? + 1).ok()?;
            let day = number(&found, "day").or_else(|| number(&found, "day2"))?;
            Some((Date::new(found["year"].parse().ok()?, month, day).ok()?, found.get(0)?.end()))
        })
    };
    let today = now.to_zoned(shanghai()).date();
    let without = || {
        DAY_OF_YEAR.as_ref()?.captures_iter(text).find_map(|found| {
            let (month, day) = (number(&found, "month")?, number(&found, "day")?);
            // Without a year it is the latest such day that is not ahead of today.
            let date = (0..=YEARS_BACK_MAX)
                .find_map(|back| Date::new(today.year() - back, month, day).ok().filter(|date| *date <= today))?;
            Some((date, found.name("day")?.end()))
        })
    };
    let (date, end) = with_year.or_else(english).or_else(without)?;
    in_shanghai(date.to_datetime(time_at(&text[end..], None)))
}

/// The time that a text begins with; midnight when it begins with none. `half` is what the day's name says already (今晚).
fn time_at(text: &str, half: Option<&str>) -> Time {
    let read = || -> Option<Time> {
        let found = TIME.as_ref()?.captures(text)?;
        let part =
            |a: &str, b: &str| found.name(a).or_else(|| found.name(b)).map_or(Some(0), |m| m.as_str().parse().ok());
        let mut hour: i8 = found["hour"].parse().ok()?;
        let said = found.name("half").or_else(|| found.name("after")).map(|half| half.as_str().to_ascii_lowercase());
        match said.as_deref().or(half) {
            Some("下午" | "傍晚" | "晚上" | "晚间" | "晚" | "pm" | "p.m.") if hour < 12 => hour += 12,
            Some("深夜" | "夜里") if (6..12).contains(&hour) => hour += 12,
            Some("中午") if hour < 3 => hour += 12,
            Some("am" | "a.m." | "凌晨") if hour == 12 => hour = 0,
            _ => {}
        }
        // 24:00 is the end of the day as some pages write it; the day's last second stays in it.
        if hour == 24 {
            return Time::new(23, 59, 59, 0).ok();
        }
        Time::new(hour, part("minute", "minute2")?, part("second", "second2")?, 0).ok()
    };
    read().unwrap_or(Time::midnight())
}

fn ago(text: &str, now: Timestamp) -> Option<Timestamp> {
    let found = AGO.as_ref()?.captures(text)?;
    let count: i64 = found["count"].parse().ok()?;
    let unit = found["unit"].to_ascii_lowercase();
    let unit = unit.trim_start_matches('个');
    let seconds = |each: i64| now.checked_sub(SignedDuration::from_secs(count * each)).ok();
    let calendar = |span: Span| now.to_zoned(shanghai()).checked_sub(span).ok().map(|zoned| zoned.timestamp());
    if unit.starts_with('秒') || unit.starts_with("sec") {
        seconds(1)
    } else if unit.starts_with('分') || unit.starts_with("min") {
        seconds(60)
    } else if unit.starts_with("小时") || unit.starts_with("钟头") || unit.starts_with("hour") {
        seconds(3_600)
    } else if unit.starts_with(['天', '日']) || unit.starts_with("day") {
        seconds(86_400)
    } else if unit.starts_with('周') || unit.starts_with("星期") || unit.starts_with("week") {
        seconds(7 * 86_400)
    } else if unit.starts_with('月') || unit.starts_with("month") {
        calendar(Span::new().try_months(count).ok()?)
    } else {
        calendar(Span::new().try_years(count).ok()?)
    }
}

fn named(text: &str, now: Timestamp) -> Option<Timestamp> {
    let found = NAMED_DAY.as_ref()?.captures(text)?;
    let today = now.to_zoned(shanghai()).date();
    let mut half = None;
    let back = if let Some(day) = found.name("day") {
        // 昨日重现 is a song, 今日头条 a paper.
        let bound = text[day.end()..].chars().next().is_some_and(|c| c.is_alphabetic() && !"上下中早晚凌".contains(c));
        if day.as_str().ends_with('日') && bound {
            return None;
        }
        let day = day.as_str().to_ascii_lowercase();
        if day.ends_with(['晚', '夜']) {
            half = Some("晚");
        }
        match day.as_str() {
            "今天" | "今日" | "今早" | "今晚" | "today" => 0,
            "昨天" | "昨日" | "昨晚" | "昨夜" | "yesterday" => 1,
            "大前天" => 3,
            _ => 2,
        }
    } else {
        let wanted = "一二三四五六日".find(&found["weekday"].replace('天', "日")).map_or(0, |at| at / '一'.len_utf8());
        let is_on = i64::from(today.weekday().to_monday_zero_offset());
        let ahead = is_on - i64::try_from(wanted).unwrap_or(0);
        let week = &found["week"];
        let lasts = week.chars().filter(|c| *c == '上').count();
        match lasts {
            // A bare weekday is the latest one.
            0 => ahead.rem_euclid(7),
            lasts => ahead + 7 * i64::try_from(lasts).unwrap_or(1),
        }
    };
    let day = today.checked_sub(SignedDuration::from_hours(24 * back)).ok()?;
    in_shanghai(day.to_datetime(time_at(&text[found.get(0)?.end()..], half)))
}

/// Full-width digits and Chinese numbers before a unit of time as Arabic ones; 半 spelled out.
pub(crate) fn plain_numbers(text: &str) -> String {
    let narrow = |c: char| match c {
        '０'..='９' => char::from_digit(u32::from(c) - u32::from('０'), 10).unwrap_or(c),
        '：' => ':',
        '／' => '/',
        '－' | '–' | '—' => '-',
        '．' => '.',
        '\u{3000}' | '\u{a0}' => ' ',
        c => c,
    };
    let chars: Vec<char> = text.chars().map(narrow).collect();
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let count = chars[at..].iter().take_while(|c| numeral(**c).is_some()).count();
        if count == 0 {
            out.push(chars[at]);
            at += 1;
            continue;
        }
        let run = &chars[at..at + count];
        let unit = chars[at + count..].iter().find(|c| **c != ' ');
        // 周一、星期三 name a weekday, no number.
        let is_weekday = out.ends_with('周') || out.ends_with("星期");
        match (unit, value(run)) {
            (
                Some('年' | '月' | '日' | '号' | '时' | '点' | '分' | '秒' | '天' | '周' | '个' | '小' | '星'),
                Some(value),
            ) if !is_weekday => {
                out.push_str(&value.to_string());
            }
            _ => out.extend(run),
        }
        at += count;
    }
    out.replace("半个小时", "30分钟").replace("半小时", "30分钟").replace("点半", "点30分").replace("时半", "时30分")
}

fn numeral(c: char) -> Option<u32> {
    Some(match c {
        '〇' | '零' | '○' | 'Ｏ' => 0,
        '一' | '元' => 1,
        '二' | '两' => 2,
        '三' => 3,
        '四' => 4,
        '五' => 5,
        '六' => 6,
        '七' => 7,
        '八' => 8,
        '九' => 9,
        '十' => 10,
        '廿' => 20,
        '卅' => 30,
        _ => return None,
    })
}

/// 二〇二四 digit by digit, 二十三 and 廿三 by tens.
fn value(run: &[char]) -> Option<u32> {
    let digits: Vec<u32> = run.iter().filter_map(|c| numeral(*c)).collect();
    if digits.iter().all(|digit| *digit < 10) {
        return (digits.len() <= 4).then(|| digits.iter().fold(0, |sum, digit| sum * 10 + digit));
    }
    match *digits.as_slice() {
        [tens] => Some(tens),
        [tens, ones @ 0..=9] if tens >= 10 => Some(tens + ones),
        [times @ 1..=9, 10] => Some(times * 10),
        [times @ 1..=9, 10, ones @ 1..=9] => Some(times * 10 + ones),
        _ => None,
    }
}

pub(crate) fn in_shanghai(civil: DateTime) -> Option<Timestamp> {
    civil.to_zoned(shanghai()).ok().map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;
    use vocabulary::show_moment;

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
    fn chinese_forms_are_read_relative_to_the_moment_seen() {
        // Tuesday, noon.
        for (text, expected) in [
            ("刚刚", "2024-07-02T12:00:00"),
            ("30秒前", "2024-07-02T11:59:30"),
            ("2小时前", "2024-07-02T10:00:00"),
            ("半小时前", "2024-07-02T11:30:00"),
            ("一个小时前", "2024-07-02T11:00:00"),
            ("三天前", "2024-06-29T12:00:00"),
            ("1个月前", "2024-06-02T12:00:00"),
            ("2 hours ago", "2024-07-02T10:00:00"),
            ("今天 09:05", "2024-07-02T09:05:00"),
            ("今早8点", "2024-07-02T08:00:00"),
            ("昨天 14:20", "2024-07-01T14:20:00"),
            ("昨晚8点半", "2024-07-01T20:30:00"),
            ("前天", "2024-06-30T00:00:00"),
            ("大前天 7:01", "2024-06-29T07:01:00"),
            ("周一 10:00", "2024-07-01T10:00:00"),
            ("星期三", "2024-06-26T00:00:00"),
            ("上周五 18:30", "2024-06-28T18:30:00"),
            ("3月15日", "2024-03-15T00:00:00"),
            ("3月15日 14:20", "2024-03-15T14:20:00"),
            ("8月3日", "2023-08-03T00:00:00"),
            ("2月29日", "2024-02-29T00:00:00"),
            ("二〇二四年三月十五日", "2024-03-15T00:00:00"),
            ("二零二三年十二月三十一日", "2023-12-31T00:00:00"),
            ("二○二四年五月廿三日", "2024-05-23T00:00:00"),
            ("２０２４年３月１５日　１４：２０", "2024-03-15T14:20:00"),
            ("24年3月15日", "2024-03-15T00:00:00"),
            ("2024年3月15日（星期五）下午3时20分", "2024-03-15T15:20:00"),
            ("2024-03-15 上午 9:05", "2024-03-15T09:05:00"),
            ("2024年3月15日凌晨12点5分", "2024-03-15T00:05:00"),
            ("2024年3月15日中午12点", "2024-03-15T12:00:00"),
            ("更新于 2024/3/15 23:59:58", "2024-03-15T23:59:58"),
            ("昨天（3月14日）发布", "2024-03-14T00:00:00"),
            ("July 2, 2024", "2024-07-02T00:00:00"),
            ("2 Jan. 2024 3:15 PM", "2024-01-02T15:15:00"),
            ("浏览 12.5 万 2024-06-30", "2024-06-30T00:00:00"),
        ] {
            check(text, None, expected);
        }
    }

    #[test]
    fn what_is_no_date_or_lies_ahead_is_none() {
        check("昨日重现", None, "none");
        check("来源：今日头条", None, "none");
        check("2024-13-40", None, "none");
        check("2034-01-01", None, "none");
        for absurd in [
            "0000-01-01",
            "0001-01-01T00:00:00Z",
            "-009999-01-01",
            "1899-12-31",
            "9999-12-31T23:59:59Z",
            "+275760-09-13",
        ] {
            check(absurd, None, "none");
        }
        for number in ["-9999999999999", "9223372036854775807", "-9223372036854775808", "1e300", "NaN"] {
            check(number, Some("epoch_s"), "none");
            check(number, Some("epoch_ms"), "none");
        }
        check("2024-07-01", Some("%d/%m/%Y"), "none");
        check("", None, "none");
        check("版本 1.2.3", None, "none");
        check("一日千里", None, "none");
        check("价格 12.5 元，3.5折", None, "none");
        check("阅读 3/4", None, "2024-03-04T00:00:00"); // read as a day: nothing distinguishes the two
    }

    proptest::proptest! {
        /// Whatever a page writes and whenever it is read, a date is none or lies within its bounds.
        #[test]
        fn no_text_and_no_moment_makes_a_date_absurd(
            text in "\\PC{0,60}|[-+]?[0-9]{1,25}|[-+]?[0-9]{1,7}[-/.年][0-9]{1,3}[-/.月][0-9]{1,3}日? ?[0-9:]{0,12}|[0-9]{1,6} ?(年|个月|周|天|小时|weeks|years) ?(前|ago)",
            format in proptest::option::of(proptest::sample::select(vec!["epoch_s", "epoch_ms", "%Y-%m-%d", "%s", "%d/%m/%y"])),
            now in proptest::sample::select(vec![Timestamp::MIN, Timestamp::UNIX_EPOCH, Timestamp::MAX]),
        ) {
            if let Some(moment) = read_date(&text, format, now) {
                let year = moment.to_zoned(shanghai()).year();
                proptest::prop_assert!(year >= 1900 && moment <= later(now, AHEAD_MAX), "{}", moment);
            }
        }
    }
}
