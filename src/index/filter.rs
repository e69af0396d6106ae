//! Facts that a query can ask for: the fields, what their values mean, and the words of the errors.

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::analysis::normalise;
use crate::vocabulary::{Category, Channel, Hazard, RegionCode, Stance};

/// Worst severity there is.
const SEVERITY_MAX: u64 = 4;

/// A fact about the document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Filter {
    /// One of these names, normalised.
    Name(NameField, Vec<String>),
    /// One of these ids, as written.
    Id(Vec<String>),
    /// From and to, both included.
    Severity(u64, u64),
    /// From and to, both included.
    Days(DayField, Option<Date>, Option<Date>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameField {
    Category,
    Hazard,
    Channel,
    Stance,
    Region,
    Brand,
    Source,
    Platform,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DayField {
    Event,
    Seen,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    Name(NameField),
    Id,
    Severity,
    Day(DayField),
}

impl Field {
    /// Whether its values have an order.
    pub(super) fn compares(self) -> bool {
        matches!(self, Field::Severity | Field::Day(_))
    }
}

/// A field of the query language.
pub(super) struct KnownField {
    pub(super) field: Field,
    /// Its English name.
    pub(super) en: &'static str,
    /// Its Chinese name.
    pub(super) zh: &'static str,
    /// How to use it.
    pub(super) example: &'static str,
}

impl KnownField {
    const fn new(field: Field, en: &'static str, zh: &'static str, example: &'static str) -> Self {
        Self { field, en, zh, example }
    }

    /// By either name, whatever the case.
    pub(super) fn called(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|known| name.eq_ignore_ascii_case(known.en) || name == known.zh)
    }
}

/// Every field there is.
pub(super) static FIELDS: [KnownField; 12] = [
    KnownField::new(Field::Name(NameField::Hazard), "hazard", "隐患", "hazard:fire"),
    KnownField::new(Field::Name(NameField::Category), "category", "类别", "category:battery_charger"),
    KnownField::new(Field::Name(NameField::Channel), "channel", "渠道", "channel:complaint"),
    KnownField::new(Field::Name(NameField::Region), "region", "地区", "region:330000"),
    KnownField::new(Field::Name(NameField::Brand), "brand", "品牌", "brand:华为"),
    KnownField::new(Field::Name(NameField::Source), "source", "来源", "source:weibo"),
    KnownField::new(Field::Name(NameField::Platform), "platform", "平台", "platform:京东"),
    KnownField::new(Field::Name(NameField::Stance), "stance", "断言", "stance:asserted"),
    KnownField::new(Field::Severity, "severity", "伤害", "severity>=2"),
    KnownField::new(Field::Day(DayField::Event), "date", "日期", "date:2024-01-01..2024-02-01"),
    KnownField::new(Field::Day(DayField::Seen), "seen", "收录", "seen:2024-01"),
    KnownField::new(Field::Id, "id", "编号", "id:weibo-123"),
];

/// The fields of the query language for help texts: English name, Chinese name, an example.
pub fn query_fields() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    FIELDS.iter().map(|known| (known.en, known.zh, known.example))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Is,
    AtLeast,
    AtMost,
    Above,
    Below,
}

impl Filter {
    /// Reads the values of a field; an error tells which value it is about and what to do.
    pub(super) fn new(field: Field, operator: Operator, values: &[&str]) -> Result<Self, (usize, String)> {
        let first = values.first().copied().unwrap_or_default();
        let about_first = |message| (0, message);
        match field {
            Field::Severity => {
                severity(operator, first).map(|(from, to)| Self::Severity(from, to)).map_err(about_first)
            }
            Field::Day(day) => days(operator, first).map(|(from, to)| Self::Days(day, from, to)).map_err(about_first),
            Field::Id => Ok(Self::Id(values.iter().map(|&value| value.to_owned()).collect())),
            Field::Name(field) => {
                let named =
                    values.iter().enumerate().map(|(at, value)| name_of(field, value).map_err(|message| (at, message)));
                Ok(Self::Name(field, named.collect::<Result<_, _>>()?))
            }
        }
    }
}

/// From and to, both included.
fn severity(operator: Operator, value: &str) -> Result<(u64, u64), String> {
    let number = |text: &str| {
        let found = normalise(text).parse::<u64>().ok().filter(|number| *number <= SEVERITY_MAX);
        let message = || format!("“{text}”不是伤害程度；应为 0 到 {SEVERITY_MAX}，例如 severity>=2");
        found.ok_or_else(message)
    };
    let nothing = || "没有这样的伤害程度；应在 severity:0 到 severity:4 之间".to_owned();
    let (from, to) = match operator {
        Operator::AtLeast => (number(value)?, SEVERITY_MAX),
        Operator::Above => (number(value)? + 1, SEVERITY_MAX),
        Operator::AtMost => (0, number(value)?),
        Operator::Below => (0, number(value)?.checked_sub(1).ok_or_else(nothing)?),
        Operator::Is => match value.split_once("..") {
            Some((from, to)) => (
                if from.is_empty() { 0 } else { number(from)? },
                if to.is_empty() { SEVERITY_MAX } else { number(to)? },
            ),
            None => (number(value)?, number(value)?),
        },
    };
    if from > to { Err(nothing()) } else { Ok((from, to)) }
}

/// First and last day; none where the range is open.
fn days(operator: Operator, value: &str) -> Result<(Option<Date>, Option<Date>), String> {
    let read = |text: &str| {
        period(&normalise(text)).ok_or_else(|| {
            format!("“{text}”不是日期；请写成 2024-01-31、2024-01 或 2024，范围写成 2024-01-01..2024-02-01")
        })
    };
    let (from, to) = match operator {
        Operator::AtLeast => (Some(read(value)?.0), None),
        Operator::Above => (Some(read(value)?.1.saturating_add(1.day())), None),
        Operator::AtMost => (None, Some(read(value)?.1)),
        Operator::Below => (None, Some(read(value)?.0.saturating_sub(1.day()))),
        Operator::Is => match value.split_once("..") {
            Some((from, to)) => (
                (!from.is_empty()).then(|| read(from)).transpose()?.map(|(first, _)| first),
                (!to.is_empty()).then(|| read(to)).transpose()?.map(|(_, last)| last),
            ),
            None => read(value).map(|(first, last)| (Some(first), Some(last)))?,
        },
    };
    if let (Some(from), Some(to)) = (from, to)
        && from > to
    {
        return Err(format!("范围的终点（{to}）早于起点（{from}），请对调"));
    }
    Ok((from, to))
}

/// The normalised term of a field's value.
fn name_of(field: NameField, value: &str) -> Result<String, String> {
    let name = normalise(value);
    match field {
        NameField::Category => code(Category::ALL, Category::code, Category::zh, &name),
        NameField::Hazard => code(Hazard::ALL, Hazard::code, Hazard::zh, &name),
        NameField::Channel => code(Channel::ALL, Channel::code, Channel::zh, &name),
        NameField::Stance => code(Stance::ALL, Stance::code, Stance::zh, &name),
        NameField::Region => {
            let digits = format!("{name:0<6}");
            let whole = matches!(name.len(), 2 | 4 | 6);
            let region = digits.parse::<RegionCode>().ok().filter(|_| whole);
            let message = || format!("“{value}”不是地区代码；请写 GB/T 2260 的数字代码，例如浙江省 region:330000");
            region.map(|region| region.to_string()).ok_or_else(message)
        }
        NameField::Brand | NameField::Source | NameField::Platform if name.is_empty() => {
            Err("这个值是空的，请补上或去掉".to_owned())
        }
        NameField::Brand | NameField::Source | NameField::Platform => Ok(name),
    }
}

/// The code of a closed set by code or Chinese name.
fn code<T: Copy>(
    all: &[T],
    code: fn(T) -> &'static str,
    zh: fn(T) -> &'static str,
    name: &str,
) -> Result<String, String> {
    let found = all.iter().find(|&&member| code(member) == name || zh(member) == name);
    found.map(|&member| code(member).to_owned()).ok_or_else(|| {
        let known: Vec<String> = all.iter().map(|&member| format!("{}（{}）", zh(member), code(member))).collect();
        format!("没有“{name}”这个取值；可用：{}", known.join("、"))
    })
}

/// First and last day of `2024`, `2024-01` or `2024-01-31`.
fn period(text: &str) -> Option<(Date, Date)> {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let number = |part: &str, digits: std::ops::RangeInclusive<usize>| {
        let plain = digits.contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| part.parse::<i16>().ok()).flatten()
    };
    let small = |part: &str| number(part, 1..=2).and_then(|number| i8::try_from(number).ok());
    let year = number(parts.first()?, 4..=4)?;
    match parts[1..] {
        [] => Some((Date::new(year, 1, 1).ok()?, Date::new(year, 12, 31).ok()?)),
        [month] => {
            let first = Date::new(year, small(month)?, 1).ok()?;
            Some((first, first.last_of_month()))
        }
        [month, day] => Date::new(year, small(month)?, small(day)?).ok().map(|day| (day, day)),
        _ => None,
    }
}

/// Days since 1970-01-01, as the index counts them.
pub(super) fn day_number(day: Date) -> i64 {
    day.duration_since(date(1970, 1, 1)).as_hours() / 24
}
