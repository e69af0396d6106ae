//! Dates as they stand in a text, found by looking at its digits: no expression is run over a page. What a date leaves out stays open.

use jiff::civil::{Date, Time};

use crate::dates;

/// First and last year that four digits can mean.
const YEARS: std::ops::RangeInclusive<i16> = 1900..=2099;
/// Century of a year of two digits.
const CENTURY: i16 = 2000;
/// A leap year: it has every day that a year can have.
const LEAP_YEAR: i16 = 2000;

/// How much of a date is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// Year, month and day.
    Day(Date),
    /// Month and day with a unit or a time beside them: `8月30日`, `08-30 10:21`.
    YearLess { month: i8, day: i8 },
    /// Two numbers that may be month and day: `11-29`. Only a label makes a date of them.
    TwoNumbers { month: i8, day: i8 },
    /// A time of day alone.
    TimeOnly,
}

/// A date in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Written {
    pub(super) form: Form,
    pub(super) time: Option<Time>,
    /// Where it begins and ends, in bytes.
    pub(super) from: usize,
    pub(super) to: usize,
}

/// Whether a text may hold a date at all.
pub(super) fn may_hold_date(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit()) || may_be_in_words(text)
}

/// Whether a text may hold a date in full-width or Chinese numerals.
fn may_be_in_words(text: &str) -> bool {
    text.contains('年') && text.contains('月') || text.contains('２') && text.contains('０')
}

/// The text with full-width digits and Chinese numerals of dates as Arabic ones; the text itself where nothing is to be done.
pub(super) fn plain(text: &str) -> std::borrow::Cow<'_, str> {
    let in_words = ['〇', '○', '零', '一', '二', '三', '十', '２', '０', '１'];
    if may_be_in_words(text) && text.contains(in_words) { dates::plain_numbers(text).into() } else { text.into() }
}

/// The first date at or behind a place.
pub(super) fn next_date(text: &str, from: usize) -> Option<Written> {
    let bytes = text.as_bytes();
    let mut at = from;
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let digits = run(bytes, at);
        let before = at.checked_sub(1).map(|before| bytes[before]);
        if !matches!(before, Some(b'.' | b'/' | b':' | b'-')) || digits == 4 {
            let found = match digits {
                4 => full(text, at),
                2 => short(text, at).or_else(|| year_less(text, at)).or_else(|| time_only(text, at)),
                1 => year_less(text, at).or_else(|| time_only(text, at)),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        at += digits;
    }
    None
}

/// All dates of a text, in order.
pub(super) fn dates_in(text: &str) -> impl Iterator<Item = Written> + '_ {
    let mut from = 0;
    std::iter::from_fn(move || {
        let found = next_date(text, from)?;
        from = found.to;
        Some(found)
    })
}

/// How many digits follow one another.
fn run(bytes: &[u8], at: usize) -> usize {
    bytes[at..].iter().take_while(|byte| byte.is_ascii_digit()).count()
}

fn number<T: std::str::FromStr>(text: &str, from: usize, digits: usize) -> Option<T> {
    text.get(from..from + digits)?.parse().ok()
}

/// Behind spaces.
fn past_spaces(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    at + rest.len() - rest.trim_start().len()
}

/// What stands between the parts of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mark {
    Dash,
    Slash,
    Dot,
    /// 年, 月.
    Unit,
}

/// The mark at a place, and where it ends.
fn mark(text: &str, at: usize, unit: char) -> Option<(Mark, usize)> {
    let at = past_spaces(text, at);
    let next = text.get(at..)?.chars().next()?;
    let mark = match next {
        '-' | '－' | '–' | '—' => Mark::Dash,
        '/' | '／' => Mark::Slash,
        '.' | '．' => Mark::Dot,
        _ if next == unit => Mark::Unit,
        _ => return None,
    };
    Some((mark, at + next.len_utf8()))
}

/// One or two digits at a place, spaces before them, and where they end.
fn one_or_two(text: &str, at: usize) -> Option<(i8, usize)> {
    let at = past_spaces(text, at);
    let digits = run(text.as_bytes(), at.min(text.len()));
    (1..=2).contains(&digits).then_some(())?;
    Some((number(text, at, digits)?, at + digits))
}

/// `2024-04-10`, `2024年4月10日`, `2024.4.10`, and a time that follows without a space: `2024-04-1012:16`.
fn full(text: &str, at: usize) -> Option<Written> {
    let year: i16 = number(text, at, 4)?;
    YEARS.contains(&year).then_some(())?;
    let (first, behind) = mark(text, at + 4, '年')?;
    month_and_day(text, at, behind, first, year)
}

/// `24年4月10日`, `18-03-08 23:16`: a year of two digits needs its unit, or a time behind it.
fn short(text: &str, at: usize) -> Option<Written> {
    let year: i16 = number(text, at, 2)?;
    let (first, behind) = mark(text, at + 2, '年')?;
    let found = month_and_day(text, at, behind, first, CENTURY + year)?;
    (first == Mark::Unit || first == Mark::Dash && found.time.is_some()).then_some(found)
}

fn month_and_day(text: &str, at: usize, behind: usize, first: Mark, year: i16) -> Option<Written> {
    let bytes = text.as_bytes();
    let (month, behind) = one_or_two(text, behind)?;
    let (second, behind) = mark(text, behind, '月')?;
    (first == second).then_some(())?;
    let from = past_spaces(text, behind);
    let digits = run(bytes, from.min(bytes.len()));
    // The hour follows the day without a space: the day has two digits then.
    let (day, behind) = match digits {
        1 | 2 => (number(text, from, digits)?, from + digits),
        3 | 4 if bytes.get(from + digits) == Some(&b':') => (number(text, from, 2)?, from + 2),
        // `10 1216来源`: a time that lost its colon says nothing.
        _ => return None,
    };
    // A fourth number makes a version or an address of it.
    if second == Mark::Dot && bytes.get(behind) == Some(&b'.') && bytes.get(behind + 1).is_some_and(u8::is_ascii_digit)
    {
        return None;
    }
    let date = Date::new(year, month, day).ok()?;
    let (time, to) = time_behind(text, behind);
    Some(Written { form: Form::Day(date), time, from: at, to })
}

/// `8月30日`, `08-30 10:21`, `11-29`.
fn year_less(text: &str, at: usize) -> Option<Written> {
    let (month, behind) = one_or_two(text, at)?;
    let (mark, behind) = mark(text, behind, '月')?;
    let (day, behind) = one_or_two(text, behind)?;
    // Days of February count as in a leap year.
    Date::new(LEAP_YEAR, month, day).ok()?;
    let rest = text.get(behind..).unwrap_or_default();
    // A third number of a date, a version or a range.
    if rest.starts_with(['-', '/', '.', '%', '％']) {
        return None;
    }
    let (time, to) = time_behind(text, behind);
    let form = match mark {
        Mark::Unit if rest.trim_start().starts_with(['日', '号']) || time.is_some() => Form::YearLess { month, day },
        Mark::Dash | Mark::Slash if time.is_some() => Form::YearLess { month, day },
        // A month and a day are written with two digits each.
        Mark::Dash if behind - at == 5 => Form::TwoNumbers { month, day },
        _ => return None,
    };
    Some(Written { form, time, from: at, to })
}

fn time_only(text: &str, at: usize) -> Option<Written> {
    let (time, to) = clock(text, at)?;
    Some(Written { form: Form::TimeOnly, time: Some(time), from: at, to })
}

/// The time that stands behind a day, and where what was read ends.
fn time_behind(text: &str, behind: usize) -> (Option<Time>, usize) {
    let mut at = behind;
    let mut rest = text.get(at..).unwrap_or_default();
    if let Some(next) = rest.chars().next().filter(|next| matches!(next, '日' | '号')) {
        at += next.len_utf8();
        rest = &text[at..];
    }
    let end = at;
    let open = rest.trim_start_matches([' ', '\u{a0}', '\u{3000}', '\t', '\n', 'T', ',', '，', '-', '|', '(', '（']);
    let weekday = ["星期", "周"].iter().find_map(|week| open.strip_prefix(week));
    let weekday = weekday.and_then(|rest| rest.strip_prefix(['一', '二', '三', '四', '五', '六', '日', '天']));
    let rest = weekday.unwrap_or(open).trim_start_matches([' ', '\u{a0}', '\u{3000}', ')', '）', ',', '，']);
    let halves =
        [("凌晨", 0), ("早上", 0), ("上午", 0), ("中午", 0), ("下午", 12), ("傍晚", 12), ("晚上", 12), ("晚", 12)];
    let half = halves.iter().find_map(|(half, later)| Some((rest.strip_prefix(half)?, *later)));
    let (rest, later) = half.unwrap_or((rest, 0));
    let from = past_spaces(text, text.len() - rest.len());
    match clock(text, from) {
        Some((time, to)) if later > 0 && time.hour() < 12 => (time.with().hour(time.hour() + later).build().ok(), to),
        Some((time, to)) => (Some(time), to),
        None => (None, end),
    }
}

/// `10:21`, `10:21:07`, `10时21分` at a place.
fn clock(text: &str, at: usize) -> Option<(Time, usize)> {
    let (hour, behind) = one_or_two(text, at)?;
    let colon =
        |at: usize| text.get(at..).and_then(|rest| rest.strip_prefix([':', '：'])).map(|rest| text.len() - rest.len());
    let two = |at: usize| (run(text.as_bytes(), at) == 2).then(|| Some((number::<i8>(text, at, 2)?, at + 2))).flatten();
    if let Some(behind) = colon(behind) {
        let (minute, mut to) = two(behind)?;
        let second = colon(to).and_then(two);
        if let Some((_, behind)) = second {
            to = behind;
        }
        // 24:00 is the end of the day as some pages write it.
        return if hour == 24 {
            Some((Time::new(23, 59, 59, 0).ok()?, to))
        } else {
            Some((Time::new(hour, minute, second.map_or(0, |(second, _)| second), 0).ok()?, to))
        };
    }
    let rest = text.get(behind..)?.strip_prefix(['时', '点'])?;
    let behind = text.len() - rest.len();
    let minute = one_or_two(text, behind).filter(|(_, to)| text[*to..].starts_with('分'));
    let to = minute.map_or(behind, |(_, to)| to + '分'.len_utf8());
    Some((Time::new(hour, minute.map_or(0, |(minute, _)| minute), 0, 0).ok()?, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        let text = plain(text);
        let show = |found: Written| {
            let day = match found.form {
                Form::Day(date) => date.to_string(),
                Form::YearLess { month, day } => format!("?-{month:02}-{day:02}"),
                Form::TwoNumbers { month, day } => format!("({month:02}-{day:02})"),
                Form::TimeOnly => "?".to_owned(),
            };
            found.time.map_or(day.clone(), |time| format!("{day} {}", time.strftime("%H:%M:%S")))
        };
        dates_in(&text).map(show).collect()
    }

    #[test]
    fn dates_are_found_with_what_they_hold() {
        for (text, expected) in [
            ("发布时间：2024年4月10日 12:16 来源：本站", &["2024-04-10 12:16:00"][..]),
            ("2024-04-1012:16来源", &["2024-04-10 12:16:00"]),
            ("2024-4-1 9:05:07", &["2024-04-01 09:05:07"]),
            ("2024.04.10", &["2024-04-10"]),
            ("2024/4/10　上午9:30", &["2024-04-10 09:30:00"]),
            ("2024年4月10日（星期三）下午3时20分", &["2024-04-10 15:20:00"]),
            ("2007-08-20-23:59:59", &["2007-08-20 23:59:59"]),
            ("二〇一四年六月三日", &["2014-06-03"]),
            ("２０１４年６月３日", &["2014-06-03"]),
            ("24年4月10日", &["2024-04-10"]),
            ("18-03-08 23:16", &["2018-03-08 23:16:00"]),
            ("08-30 10:21", &["?-08-30 10:21:00"]),
            ("8月30日 10:21", &["?-08-30 10:21:00"]),
            ("11-29", &["(11-29)"]),
            ("今天 10:21", &["? 10:21:00"]),
            ("发布 2024-04-10 10:00 更新 2024-04-11", &["2024-04-10 10:00:00", "2024-04-11"]),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_no_dates() {
        for text in [
            "版本 3.4.40",
            "2024.1.2.3",
            "192.168.1.20",
            "2024-13-40",
            "上涨 12-15%",
            "第3-4页",
            "编号 20240410",
            "12345:67",
            "满 3/4 杯",
            "2024年",
        ] {
            assert_eq!(shown(text), [""; 0], "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn no_text_breaks_the_search(text in "\\PC{0,40}|[0-9０-９年月日:：. /-]{0,40}") {
            let text = plain(&text);
            for found in dates_in(&text) {
                proptest::prop_assert!(found.from < found.to && text.is_char_boundary(found.from) && text.is_char_boundary(found.to));
            }
        }
    }
}
