//! Numbers, amounts and spans of time as people write them: 30, 三十多, 半个月, 不到一周, 第二天, 2.5公里.
//!
//! In: folded characters. Out: how many of them are such an expression, and its value. Used twice: by the pattern compiler for the
//! bounds of an element, by the reader for the text. Not here: calendar dates (3月, 2023年 are none), and anything that is no quantity.
//!
//! Vague words have one agreed value, so that bounds are predictable: 几 and 数 are five, 多 and 余 add nothing, 半 is a half, a value
//! after 不到 or before 不到 lies just below what is written, 多年 is five years, 没多久 a week, 很久 a year.

use vocabulary::{Refused, refused};

/// Most characters that one expression may have, its prefix included.
pub const COUNT_CHARS_MAX: usize = 16;
/// Longest unit of an amount, in characters.
pub const UNIT_CHARS_MAX: usize = 4;
/// What numbers and amounts are counted in: thousandths, so that 1.5 is exact.
const ONE: u64 = 1_000;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counted {
    /// A bare number; its value in thousandths.
    Number,
    /// A number with this unit behind it, `\0` behind a shorter one; its value in thousandths.
    Amount([char; UNIT_CHARS_MAX]),
    /// A span of time; its value in seconds.
    Duration,
}

/// An element that accepts a quantity between two bounds, both inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Count {
    /// What is counted.
    pub counted: Counted,
    /// Least value.
    pub least: u64,
    /// Greatest value.
    pub most: u64,
}

impl Count {
    /// Any value of its kind.
    pub(super) const fn any(counted: Counted) -> Self {
        Self { counted, least: 0, most: u64::MAX }
    }

    /// How many characters at the beginning are such a quantity.
    pub fn length_of(&self, chars: &[char]) -> Option<usize> {
        let (length, value) = read(chars, self.counted)?;
        // A run that is a number in form only (多) has no value; without bounds it counts all the same.
        let unbounded = self.least == 0 && self.most == u64::MAX;
        (unbounded || value.is_some_and(|value| (self.least..=self.most).contains(&value))).then_some(length)
    }

    /// Narrows the bounds by `>=30`, `<=半年`, `<2`, `>2`, `=3`, several in a row.
    pub(super) fn bound(mut self, written: &str) -> Result<Self, Refused> {
        let mut rest = written;
        while !rest.is_empty() {
            let operator = [">=", "<=", ">", "<", "="]
                .into_iter()
                .find(|operator| rest.starts_with(operator))
                .ok_or_else(|| {
                    refused!(
                        "`{rest}` 不是界限：请写 `>=`、`<=`、`>`、`<` 或 `=` 加一个值",
                        "`{rest}` is no bound: write `>=`, `<=`, `>`, `<` or `=` and a value"
                    )
                })?;
            let behind = &rest[operator.len()..];
            let end = behind.find(['<', '>', '=']).unwrap_or(behind.len());
            let (value, after) = behind.split_at(end);
            rest = after;
            let chars: Vec<char> = super::fold_word(value).chars().collect();
            let counted = match self.counted {
                Counted::Amount(_) => Counted::Number,
                other => other,
            };
            let value = read(&chars, counted)
                .filter(|(length, _)| *length == chars.len())
                .and_then(|(_, value)| value)
                .ok_or_else(|| match counted {
                    Counted::Duration => refused!(
                        "`{value}` 不是时长：请写例如 `3天`、`1月`、`半年`",
                        "`{value}` is no span of time: write e.g. `3天`, `1月`, `半年`"
                    ),
                    _ => refused!("`{value}` 不是数", "`{value}` is no number"),
                })?;
            match operator {
                ">=" => self.least = self.least.max(value),
                "<=" => self.most = self.most.min(value),
                ">" => self.least = self.least.max(value.saturating_add(1)),
                "<" => self.most = self.most.min(value.saturating_sub(1)),
                _ => (self.least, self.most) = (value, value),
            }
        }
        if self.least > self.most {
            return Err(refused!("`{written}` 没有留下任何可能的值", "`{written}` leaves no value"));
        }
        Ok(self)
    }
}

/// Digits, separators inside them, and Chinese numerals.
pub fn is_number(character: char) -> bool {
    matches!(
        character,
        '0'..='9'
            | '.'
            | '%'
            | '〇'
            | '零'
            | '一'
            | '二'
            | '三'
            | '四'
            | '五'
            | '六'
            | '七'
            | '八'
            | '九'
            | '十'
            | '百'
            | '千'
            | '万'
            | '亿'
            | '两'
            | '几'
            | '半'
            | '多'
            | '余'
            | '数'
    )
}

/// The unit of an amount as an array; none when it is empty or too long.
pub(super) fn unit(word: &str) -> Option<[char; UNIT_CHARS_MAX]> {
    let mut unit = ['\0'; UNIT_CHARS_MAX];
    let chars: Vec<char> = super::fold_word(word).chars().collect();
    if chars.is_empty() || chars.len() > UNIT_CHARS_MAX {
        return None;
    }
    unit[..chars.len()].copy_from_slice(&chars);
    Some(unit)
}

/// How many characters are such a quantity, and its value when it has one.
fn read(chars: &[char], counted: Counted) -> Option<(usize, Option<u64>)> {
    let chars = &chars[..chars.len().min(COUNT_CHARS_MAX)];
    match counted {
        Counted::Number => {
            let length = run(chars);
            (length > 0).then(|| (length, value(&chars[..length])))
        }
        Counted::Amount(unit) => {
            let unit = unit.split(|character| *character == '\0').next().unwrap_or_default();
            let number = run(chars);
            if number == 0 {
                return None;
            }
            let mut at = number;
            for filler in ['来', '个'] {
                if chars.get(at) == Some(&filler) && !chars[at..].starts_with(unit) {
                    at += 1;
                }
            }
            chars[at..].starts_with(unit).then(|| (at + unit.len(), value(&chars[..number])))
        }
        Counted::Duration => duration(chars),
    }
}

/// Characters of a number at the beginning.
fn run(chars: &[char]) -> usize {
    let length = chars.iter().take_while(|character| is_number(**character)).count();
    // A full stop behind a number is none of it.
    length - usize::from(length > 0 && chars[length - 1] == '.')
}

/// The value of a number, in thousandths: 30, 1.5, 三十五, 两三 (three), 十几 (fifteen), 半.
fn value(run: &[char]) -> Option<u64> {
    let (mut total, mut section) = (0_u64, 0_u64);
    let mut current: Option<u64> = None;
    let (mut at, mut before) = (0, None);
    while at < run.len() {
        let character = run[at];
        if character.is_ascii_digit() {
            let length = run[at..].iter().take_while(|c| c.is_ascii_digit() || **c == '.').count();
            let text: String = run[at..at + length].iter().collect();
            let (whole, part) = text.split_once('.').unwrap_or((&text, ""));
            let thousandths: String = part.chars().filter(char::is_ascii_digit).chain("000".chars()).take(3).collect();
            let whole = whole.parse::<u64>().unwrap_or(u64::MAX / ONE).min(u64::MAX / ONE);
            current = Some(whole.saturating_mul(ONE).saturating_add(thousandths.parse().unwrap_or(0)));
            at += length;
            before = None;
            continue;
        }
        let digit = match character {
            '〇' | '零' => Some(0),
            '两' => Some(2),
            _ => "一二三四五六七八九".chars().position(|known| known == character).map(|at| at as u64 + 1),
        };
        let multiple = match character {
            '十' => 10,
            '百' => 100,
            '千' => 1_000,
            '万' => 10_000,
            '亿' => 100_000_000,
            _ => 0,
        };
        match (digit, multiple) {
            (Some(digit), _) => {
                current = Some(match (current, before) {
                    // 两三天: the greater; 二零二三: digits in a row.
                    (Some(_), Some(earlier)) if earlier + 1 == digit && run.len() == 2 => digit * ONE,
                    (Some(known), Some(_)) => known.saturating_mul(10).saturating_add(digit * ONE),
                    _ => digit * ONE,
                });
            }
            (None, 10_000..) => {
                let lower = section.saturating_add(current.take().unwrap_or(0));
                total = total.saturating_add(if lower == 0 { ONE } else { lower }.saturating_mul(multiple));
                section = 0;
            }
            (None, 1..) => section = section.saturating_add(current.take().unwrap_or(ONE).saturating_mul(multiple)),
            _ => match character {
                '几' | '数' if current.is_none() => current = Some(5 * ONE),
                '半' => current = Some(current.unwrap_or(0).saturating_add(ONE / 2)),
                _ => {}
            },
        }
        before = digit;
        at += 1;
    }
    let sum = total.saturating_add(section).saturating_add(current.unwrap_or(0));
    (sum > 0 || current.is_some()).then_some(sum)
}

/// Seconds of the units of time, longer names first.
const UNITS: [(&str, u64); 22] = [
    ("个小时", HOUR),
    ("小时", HOUR),
    ("个钟头", HOUR),
    ("钟头", HOUR),
    ("分钟", 60),
    ("秒钟", 1),
    ("秒", 1),
    ("个星期", 7 * DAY),
    ("星期", 7 * DAY),
    ("个礼拜", 7 * DAY),
    ("礼拜", 7 * DAY),
    ("周年", YEAR),
    ("周", 7 * DAY),
    ("个月", 30 * DAY),
    ("月", 30 * DAY),
    ("个季度", 91 * DAY),
    ("季度", 91 * DAY),
    ("个年头", YEAR),
    ("年", YEAR),
    ("天", DAY),
    ("个晚上", DAY / 2),
    ("晚上", DAY / 2),
];
const HOUR: u64 = 3_600;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;

/// Whole expressions that hold no number.
const WORDS: [(&str, u64); 18] = [
    ("没过多久", 7 * DAY),
    ("没用多久", 7 * DAY),
    ("没多久", 7 * DAY),
    ("不久", 7 * DAY),
    ("一会儿", HOUR),
    ("一会", HOUR),
    ("当天", HOUR),
    ("当日", HOUR),
    ("当晚", HOUR),
    ("次日", DAY),
    ("翌日", DAY),
    ("隔天", DAY),
    ("隔日", DAY),
    ("转天", DAY),
    ("好多年", 5 * YEAR),
    ("很久", YEAR),
    ("好久", YEAR),
    ("常年", 5 * YEAR),
];

/// Words in front that leave the value, and those that put it just below.
const ABOUT: [&str; 14] =
    ["将近", "大约", "大概", "差不多", "整整", "仅仅", "第", "才", "刚", "近", "约", "好", "大", "小"];
const BELOW: [&str; 9] = ["还没到", "不到", "没到", "未到", "不满", "未满", "不足", "没过", "没"];
const BELOW_BEHIND: [&str; 4] = ["都不到", "还不到", "不到", "未满"];

/// Whether a span of time may begin with a character. Asked at every character of a clause, and mostly denied.
#[inline]
fn may_begin(character: char) -> bool {
    is_number(character)
        || matches!(
            character,
            '没' | '不'
                | '当'
                | '次'
                | '翌'
                | '隔'
                | '转'
                | '好'
                | '很'
                | '常'
                | '将'
                | '大'
                | '差'
                | '整'
                | '仅'
                | '第'
                | '才'
                | '刚'
                | '近'
                | '约'
                | '小'
                | '还'
                | '未'
        )
}

/// A span of time at the beginning, and its seconds.
fn duration(chars: &[char]) -> Option<(usize, Option<u64>)> {
    if !chars.first().is_some_and(|first| may_begin(*first)) {
        return None;
    }
    let begins = |at: usize, word: &str| -> Option<usize> {
        let mut length = 0;
        for character in word.chars() {
            if chars.get(at + length) != Some(&character) {
                return None;
            }
            length += 1;
        }
        Some(length)
    };
    let any = |at: usize, words: &[&str]| words.iter().find_map(|word| begins(at, word));
    if let Some((length, seconds)) =
        WORDS.iter().find_map(|(word, seconds)| begins(0, word).map(|length| (length, *seconds)))
    {
        return Some((length, Some(seconds)));
    }
    let mut at = any(0, &ABOUT).unwrap_or(0);
    let mut below = false;
    if at == 0
        && let Some(length) = any(0, &BELOW)
    {
        (at, below) = (length, true);
    }
    let number = run(&chars[at..]);
    if number == 0 {
        return None;
    }
    let digits = &chars[at..at + number];
    at += number;
    let mut thousandths = value(digits).or_else(|| digits.contains(&'多').then_some(5 * ONE))?;
    at += usize::from(chars.get(at) == Some(&'来'));
    // 两个半月
    if begins(at, "个半").is_some() {
        thousandths = thousandths.saturating_add(ONE / 2);
        at += 2;
    }
    let (length, seconds) =
        UNITS.iter().find_map(|(word, seconds)| begins(at, word).map(|length| (length, *seconds)))?;
    let (unit, behind) = (chars[at + length - 1], chars.get(at + length).copied().unwrap_or(' '));
    let arabic = digits.iter().all(char::is_ascii_digit);
    let dated = match (unit, length) {
        // 3月, 三月份, 5月1日: a month of the calendar, unless something says that it lasted.
        ('月', 1) => is_number(behind) || "份底初中末,，".contains(behind) || (arabic && !lasts(behind)),
        // 2023年, 21年买的: a year of the calendar.
        ('年', 1) => {
            thousandths >= ONE * ONE
                || (arabic
                    && digits.len() == 2
                    && (is_number(behind) || "买购款产新初底末中春夏秋冬的".contains(behind)))
        }
        _ => false,
    };
    if dated {
        return None;
    }
    at += length;
    let mut total = (u128::from(thousandths) * u128::from(seconds) / u128::from(ONE)).min(u128::from(u64::MAX));
    if chars.get(at) == Some(&'半') {
        (total, at) = (total + u128::from(seconds / 2), at + 1);
    } else if matches!(chars.get(at), Some('多' | '余')) {
        at += 1;
    }
    if let Some(length) = any(at, &BELOW_BEHIND) {
        (at, below) = (at + length, true);
    }
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    Some((at, Some(if below { total.saturating_sub(1) } else { total })))
}

/// Whether what stands behind `3月` says that three months are meant; the end of the text does.
fn lasts(behind: char) -> bool {
    " 不就多内后来了,都还".contains(behind)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_that_begins_a_span_of_time_may_begin_one() {
        let words = WORDS.iter().map(|(word, _)| *word).chain(ABOUT).chain(BELOW);
        for word in words {
            assert!(word.chars().next().is_some_and(may_begin), "{word}");
        }
    }

    fn seconds(text: &str) -> Option<(usize, u64)> {
        let chars: Vec<char> = text.chars().collect();
        duration(&chars).and_then(|(length, value)| Some((length, value?)))
    }

    fn number(text: &str) -> Option<u64> {
        value(&text.chars().collect::<Vec<_>>())
    }

    #[test]
    fn numbers_are_read_in_digits_and_numerals() {
        for (text, thousandths) in [
            ("30", 30_000),
            ("1.5", 1_500),
            ("三十五", 35_000),
            ("十", 10_000),
            ("十几", 15_000),
            ("几十", 50_000),
            ("两三", 3_000),
            ("一百二十", 120_000),
            ("3万", 30_000_000),
            ("半", 500),
            ("二零二三", 2_023_000),
        ] {
            assert_eq!(number(text), Some(thousandths), "{text}");
        }
        assert_eq!(number("多"), None);
    }

    #[test]
    fn spans_of_time_are_read_with_what_narrows_them() {
        for (text, length, value) in [
            ("三天就坏", 2, 3 * DAY),
            ("不到一周就坏", 4, 7 * DAY - 1),
            ("一个月不到就坏", 5, 30 * DAY - 1),
            ("半个月", 3, 15 * DAY),
            ("两个半月", 4, 75 * DAY),
            ("一年半", 3, YEAR + YEAR / 2),
            ("一年多", 3, YEAR),
            ("第二天脸红", 3, 2 * DAY),
            ("没几天", 3, 5 * DAY - 1),
            ("好几年", 3, 5 * YEAR),
            ("多年", 2, 5 * YEAR),
            ("10年了", 3, 10 * YEAR),
            ("次日", 2, DAY),
            ("24小时", 4, DAY),
            ("3月不到", 4, 90 * DAY - 1),
        ] {
            assert_eq!(seconds(text), Some((length, value)), "{text}");
        }
    }

    #[test]
    fn dates_are_no_spans_of_time() {
        for text in ["2023年", "3月15日", "三月份", "21年买的", "5日", "年", "多"] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }

    #[test]
    fn bounds_narrow_and_say_what_is_wrong_with_them() {
        let accepts = |count: Count, text: &str| count.length_of(&text.chars().collect::<Vec<_>>()).is_some();
        let short = Count::any(Counted::Duration).bound("<=1月").expect("a bound");
        assert!(accepts(short, "不到一周") && accepts(short, "30天") && !accepts(short, "三年"));
        let some = Count::any(Counted::Amount(unit("次").expect("a unit"))).bound(">=3<10").expect("bounds");
        assert!(accepts(some, "五次") && !accepts(some, "两次") && !accepts(some, "10次") && !accepts(some, "五天"));
        for (bound, why) in [(">=x", "is no number"), ("~3", "is no bound"), (">3<2", "leaves no value")] {
            let error = Count::any(Counted::Number).bound(bound).expect_err("must be refused");
            assert!(error.en.contains(why), "{bound}: {error}");
        }
    }
}
