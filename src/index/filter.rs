//! Facts that a query can ask for: the fields, what their values mean, and the words of the errors.

use std::ops::Bound;

use jiff::ToSpan;
use jiff::civil::{Date, date};

use super::analysis::normalise;
use super::thesaurus::{CATEGORY_GROUPS, Thesaurus};
use vocabulary::{Category, Channel, Hazard, Refused, RegionCode, Stance, refused};

/// Worst severity there is.
const SEVERITY_MAX: u64 = 4;
/// Shortest beginning of a Chinese name that stands for the name.
const BEGINNING_CHARS_MIN: usize = 2;
/// What `signal:` takes for any asserted signal.
pub(super) const SIGNAL_ANY: &str = "any";

/// A fact about the document.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    /// One of these names, normalised.
    Name(NameField, Vec<String>),
    /// One of these ids, as written.
    Id(Vec<String>),
    /// One of these stories.
    Story(Vec<u64>),
    /// From and to, both included.
    Severity(u64, u64),
    /// A number that the source or the reader gives.
    Number(NumberField, Bound<f64>, Bound<f64>),
    /// From and to, both included.
    Days(DayField, Option<Date>, Option<Date>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NameField {
    Category,
    Hazard,
    Signal,
    Channel,
    Stance,
    Region,
    Brand,
    Source,
    Platform,
    Seller,
    Maker,
    Model,
    Batch,
    Item,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberField {
    Rating,
    Price,
    Confidence,
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
    Story,
    Severity,
    Number(NumberField),
    Day(DayField),
}

impl Field {
    /// Whether its values have an order.
    pub(super) fn compares(self) -> bool {
        matches!(self, Field::Severity | Field::Number(_) | Field::Day(_))
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
    /// What it finds, for the help.
    means: &'static str,
}

impl KnownField {
    const fn new(field: Field, en: &'static str, zh: &'static str, example: &'static str, means: &'static str) -> Self {
        Self { field, en, zh, example, means }
    }

    /// By either name, whatever the case.
    pub(super) fn called(name: &str) -> Option<&'static Self> {
        FIELDS.iter().find(|known| name.eq_ignore_ascii_case(known.en) || name == known.zh)
    }
}

/// Every field there is.
#[rustfmt::skip] // a table: one field a line
pub(super) static FIELDS: [KnownField; 22] = [
    KnownField::new(Field::Name(NameField::Hazard), "hazard", "隐患", "hazard:fire", "读出的隐患；safety（安全隐患）、quality（质量问题）连同所属各类"),
    KnownField::new(Field::Name(NameField::Category), "category", "类别", "category:battery_charger", "产品类别，连同其下的细类；也可写大类（食品）或产品名（充电宝）"),
    KnownField::new(Field::Name(NameField::Signal), "signal", "信号", "signal:battery_charger/fire", "断言的风险信号：产品类别、隐患或“类别/隐患”；any 为任意"),
    KnownField::new(Field::Name(NameField::Channel), "channel", "渠道", "channel:complaint", "渠道"),
    KnownField::new(Field::Name(NameField::Region), "region", "地区", "region:浙江", "地区连同所辖：名称或 GB/T 2260 代码"),
    KnownField::new(Field::Name(NameField::Brand), "brand", "品牌", "brand:华为", "品牌，连同其外文名与别名"),
    KnownField::new(Field::Name(NameField::Source), "source", "来源", "source:weibo", "来源编号"),
    KnownField::new(Field::Name(NameField::Platform), "platform", "平台", "platform:京东", "电商平台"),
    KnownField::new(Field::Name(NameField::Seller), "seller", "卖家", "seller:小熊电器旗舰店", "店铺或经营者的全名"),
    KnownField::new(Field::Name(NameField::Item), "item", "商品", "item:100012043978", "平台上的商品编号"),
    KnownField::new(Field::Name(NameField::Maker), "maker", "生产者", "maker:某某电器有限公司", "生产企业、委托方或召回者的全名"),
    KnownField::new(Field::Name(NameField::Model), "model", "型号", "model:KD-15A", "规格型号，整个相同"),
    KnownField::new(Field::Name(NameField::Batch), "batch", "批次", "batch:20230815A", "批号或作批次用的生产日期，整个相同"),
    KnownField::new(Field::Name(NameField::Stance), "stance", "断言", "stance:asserted", "文中对隐患的说法"),
    KnownField::new(Field::Severity, "severity", "伤害", "severity>=2", "伤害程度 0 到 4"),
    KnownField::new(Field::Number(NumberField::Rating), "rating", "评分", "rating<=2", "来源给出的评分"),
    KnownField::new(Field::Number(NumberField::Price), "price", "价格", "price:50..200", "来源给出的价格，元"),
    KnownField::new(Field::Number(NumberField::Confidence), "confidence", "置信度", "confidence>=0.8", "信号置信度，0 到 1，取最高"),
    KnownField::new(Field::Day(DayField::Event), "date", "日期", "date:2024-01-01..2024-02-01", "发布日期（没有时为采集日期），北京时间"),
    KnownField::new(Field::Day(DayField::Seen), "seen", "收录", "seen:2024-01", "采集日期"),
    KnownField::new(Field::Story, "story", "同源", "story:1024", "转述同一文本的各条信息"),
    KnownField::new(Field::Id, "id", "编号", "id:weibo-123", "信息编号"),
];

/// The fields of the query language for help texts: English name, Chinese name, an example, what it finds.
pub fn query_fields() -> impl Iterator<Item = (&'static str, &'static str, &'static str, &'static str)> {
    FIELDS.iter().map(|known| (known.en, known.zh, known.example, known.means))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Is,
    AtLeast,
    AtMost,
    Above,
    Below,
}

/// A filter, and what whoever asked should know about how it was understood.
pub(super) type Understood = (Filter, Option<Refused>);

impl Filter {
    /// Reads the values of a field; an error tells which value it is about and what to do.
    pub(super) fn new(
        field: Field,
        operator: Operator,
        values: &[&str],
        thesaurus: &Thesaurus,
    ) -> Result<Understood, (usize, Refused)> {
        let first = values.first().copied().unwrap_or_default();
        let about_first = |message| (0, message);
        let plain = |filter| (filter, None);
        match field {
            Field::Severity => {
                severity(operator, first).map(|(from, to)| plain(Self::Severity(from, to))).map_err(about_first)
            }
            Field::Number(field) => {
                number(operator, first).map(|(from, to)| plain(Self::Number(field, from, to))).map_err(about_first)
            }
            Field::Day(day) => {
                days(operator, first).map(|(from, to)| plain(Self::Days(day, from, to))).map_err(about_first)
            }
            Field::Id => Ok(plain(Self::Id(values.iter().map(|&value| value.to_owned()).collect()))),
            Field::Story => {
                let story = |(at, value): (usize, &&str)| {
                    let message = || {
                        let why = refused!(
                            "“{value}”不是同源编号；请用检索结果里给出的数字，例如 story:1024",
                            "`{value}` is no story: use the number that search results give, e.g. story:1024"
                        );
                        (at, why)
                    };
                    normalise(value).parse::<u64>().map_err(|_| message())
                };
                Ok(plain(Self::Story(values.iter().enumerate().map(story).collect::<Result<_, _>>()?)))
            }
            Field::Name(field) => {
                let (mut names, mut notes) = (Vec::new(), Vec::new());
                for (at, value) in values.iter().enumerate() {
                    let (found, note) = names_of(field, value, thesaurus).map_err(|message| (at, message))?;
                    names.extend(found);
                    notes.extend(note);
                }
                names.sort();
                names.dedup();
                Ok((Self::Name(field, names), (!notes.is_empty()).then(|| joined(&notes))))
            }
        }
    }
}

/// Several notes as one.
fn joined(notes: &[Refused]) -> Refused {
    let all = |of: fn(&Refused) -> &str, between: &str| notes.iter().map(of).collect::<Vec<_>>().join(between);
    Refused::new(all(|note| &note.zh, "；"), all(|note| &note.en, "; "))
}

/// Why an empty value is refused.
pub(super) fn empty_value() -> Refused {
    refused!("这个值是空的，请补上或去掉", "this value is empty: fill it in or delete it")
}

/// From and to, both included.
fn severity(operator: Operator, value: &str) -> Result<(u64, u64), Refused> {
    let number = |text: &str| {
        let found = normalise(text).parse::<u64>().ok().filter(|number| *number <= SEVERITY_MAX);
        let message = || {
            refused!(
                "“{text}”不是伤害程度；应为 0 到 {SEVERITY_MAX}，例如 severity>=2",
                "`{text}` is no severity: expected 0 to {SEVERITY_MAX}, e.g. severity>=2"
            )
        };
        found.ok_or_else(message)
    };
    let nothing = || {
        refused!(
            "没有这样的伤害程度；应在 severity:0 到 severity:4 之间",
            "there is no such severity: expected severity:0 to severity:4"
        )
    };
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

/// A range of numbers.
fn number(operator: Operator, value: &str) -> Result<(Bound<f64>, Bound<f64>), Refused> {
    let read = |text: &str| {
        let found = normalise(text).parse::<f64>().ok().filter(|number| number.is_finite());
        found.ok_or_else(|| {
            refused!(
                "“{text}”不是数；请写成 100、99.9，范围写成 50..200",
                "`{text}` is no number: write 100 or 99.9, and a range as 50..200"
            )
        })
    };
    Ok(match operator {
        Operator::AtLeast => (Bound::Included(read(value)?), Bound::Unbounded),
        Operator::Above => (Bound::Excluded(read(value)?), Bound::Unbounded),
        Operator::AtMost => (Bound::Unbounded, Bound::Included(read(value)?)),
        Operator::Below => (Bound::Unbounded, Bound::Excluded(read(value)?)),
        Operator::Is => match value.split_once("..") {
            Some((from, to)) => {
                let end = |text: &str| {
                    if text.is_empty() { Ok(Bound::Unbounded) } else { read(text).map(Bound::Included) }
                };
                if let (Ok(from), Ok(to)) = (read(from), read(to))
                    && from > to
                {
                    return Err(refused!(
                        "范围的终点（{to}）小于起点（{from}），请对调",
                        "the range ends at {to}, below its beginning {from}: swap them"
                    ));
                }
                (end(from)?, end(to)?)
            }
            None => (Bound::Included(read(value)?), Bound::Included(read(value)?)),
        },
    })
}

/// First and last day; none where the range is open.
fn days(operator: Operator, value: &str) -> Result<(Option<Date>, Option<Date>), Refused> {
    let read = |text: &str| {
        period(&normalise(text)).ok_or_else(|| {
            refused!(
                "“{text}”不是日期；请写成 2024-01-31、2024-01 或 2024，范围写成 2024-01-01..2024-02-01",
                "`{text}` is no date: write 2024-01-31, 2024-01 or 2024, and a range as 2024-01-01..2024-02-01"
            )
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
        return Err(refused!(
            "范围的终点（{to}）早于起点（{from}），请对调",
            "the range ends on {to}, before its beginning {from}: swap them"
        ));
    }
    Ok((from, to))
}

/// The normalised terms of a field's value, and how it was understood when that is not plain.
type Names = (Vec<String>, Option<Refused>);

fn names_of(field: NameField, value: &str, thesaurus: &Thesaurus) -> Result<Names, Refused> {
    let name = normalise(value);
    let one = |name: String| (vec![name], None);
    match field {
        NameField::Category => categories(&name, thesaurus).map(|codes| (codes, None)),
        NameField::Hazard => hazards(&name).map(|codes| (codes, None)),
        NameField::Signal => signals(&name).map(|codes| (codes, None)),
        NameField::Channel => code(Channel::ALL, Channel::code, Channel::zh, &name).map(one),
        NameField::Stance => code(Stance::ALL, Stance::code, Stance::zh, &name).map(one),
        NameField::Region => regions(&name, value, thesaurus),
        NameField::Brand
        | NameField::Source
        | NameField::Platform
        | NameField::Seller
        | NameField::Maker
        | NameField::Model
        | NameField::Batch
        | NameField::Item
            if name.is_empty() =>
        {
            Err(empty_value())
        }
        NameField::Brand => {
            let names = thesaurus.brand_names(&name);
            let note = (names.len() > 1).then(|| {
                let others = |between| listed(&names, &name, between);
                Refused::new(
                    format!("品牌“{value}”连同 {}", others("、")),
                    format!("brand `{value}` with {}", others(", ")),
                )
            });
            Ok((names, note))
        }
        NameField::Source
        | NameField::Platform
        | NameField::Seller
        | NameField::Maker
        | NameField::Model
        | NameField::Batch
        | NameField::Item => Ok(one(name)),
    }
}

fn listed(names: &[String], but: &str, between: &str) -> String {
    names.iter().filter(|name| *name != but).map(String::as_str).collect::<Vec<_>>().join(between)
}

/// Codes of categories, or `category/leaf`.
fn categories(name: &str, thesaurus: &Thesaurus) -> Result<Vec<String>, Refused> {
    if let Some((.., members)) = CATEGORY_GROUPS.iter().find(|(code, zh, _)| name == *code || name == *zh) {
        return Ok(members.iter().map(|category| category.code().to_owned()).collect());
    }
    if let Some(category) = member(Category::ALL, Category::code, Category::zh, name) {
        return Ok(vec![category.code().to_owned()]);
    }
    let leaves = thesaurus.leaves_called(name);
    if let (true, Some(category)) = (leaves.is_empty(), beginning(Category::ALL, Category::zh, name)) {
        return Ok(vec![category.code().to_owned()]);
    }
    if leaves.is_empty() {
        let groups: Vec<&str> = CATEGORY_GROUPS.iter().map(|(_, zh, _)| *zh).collect();
        let codes: Vec<&str> = CATEGORY_GROUPS.iter().map(|(code, ..)| *code).collect();
        let known = known(Category::ALL, Category::code, Category::zh);
        return Err(Refused::new(
            format!("没有“{name}”这个类别；大类：{}；类别：{}", groups.join("、"), known.zh),
            format!("there is no category `{name}`; groups: {}; categories: {}", codes.join(", "), known.en),
        ));
    }
    Ok(leaves)
}

fn hazards(name: &str) -> Result<Vec<String>, Refused> {
    let safety = match name {
        "safety" | "安全隐患" => Some(true),
        "quality" | "质量问题" => Some(false),
        _ => None,
    };
    match safety {
        Some(safety) => {
            let members = Hazard::ALL.iter().filter(|hazard| hazard.is_safety() == safety);
            Ok(members.map(|hazard| hazard.code().to_owned()).collect())
        }
        None => code(Hazard::ALL, Hazard::code, Hazard::zh, name).map(|code| vec![code]),
    }
}

/// `any`, a category, a hazard, or both with a stroke between.
fn signals(name: &str) -> Result<Vec<String>, Refused> {
    let category = |name: &str| {
        let exact = member(Category::ALL, Category::code, Category::zh, name);
        exact.or_else(|| beginning(Category::ALL, Category::zh, name)).map(Category::code)
    };
    if name == SIGNAL_ANY || name == "任意" {
        return Ok(vec![SIGNAL_ANY.to_owned()]);
    }
    if let Some((product, hazard)) = name.split_once('/') {
        let Some(product) = category(product.trim()) else {
            return Err(refused!(
                "“{product}”不是产品类别；请写成 signal:battery_charger/fire 或 信号:电池与充电器/起火爆炸",
                "`{product}` is no category of products: write signal:battery_charger/fire"
            ));
        };
        let hazards = hazards(hazard.trim())?;
        return Ok(hazards.iter().map(|hazard| format!("{product}/{hazard}")).collect());
    }
    if let Some(category) = category(name) {
        return Ok(vec![category.to_owned()]);
    }
    hazards(name).map_err(|_| {
        refused!(
            "“{name}”不是产品类别，也不是隐患；请写成 signal:fire、signal:battery_charger/fire 或 signal:{SIGNAL_ANY}",
            "`{name}` is no category of products and no hazard: write signal:fire, signal:battery_charger/fire or signal:{SIGNAL_ANY}"
        )
    })
}

fn regions(name: &str, value: &str, thesaurus: &Thesaurus) -> Result<Names, Refused> {
    if name.bytes().all(|byte| byte.is_ascii_digit()) {
        let whole = matches!(name.len(), 2 | 4 | 6);
        let region = format!("{name:0<6}").parse::<RegionCode>().ok().filter(|_| whole);
        let message = || {
            refused!(
                "“{value}”不是地区代码；请写地名，或 GB/T 2260 的 2、4、6 位代码，例如浙江省 region:330000",
                "`{value}` is no code of a place: write its name, or 2, 4 or 6 digits of GB/T 2260, e.g. region:330000 for Zhejiang"
            )
        };
        return region.map(|region| (vec![region.to_string()], None)).ok_or_else(message);
    }
    let Some(places) = thesaurus.places(name) else {
        return Err(refused!(
            "不认识地名“{value}”；请写省、市、县的名称（浙江、杭州市、杭州西湖区），或 GB/T 2260 代码，例如 region:330000",
            "no place is called `{value}`: write the Chinese name of a province, prefecture or county, or its code of GB/T 2260, e.g. region:330000"
        ));
    };
    let several = (places.codes.len() > 1).then(|| {
        let all: Vec<String> =
            places.codes.iter().map(|code| format!("{}（{code}）", thesaurus.place_name(*code))).collect();
        let codes: Vec<String> = places.codes.iter().map(ToString::to_string).collect();
        Refused::new(
            format!("“{value}”有 {} 处，一并检索：{}；只要其中一处，请写全名或代码", all.len(), all.join("、")),
            format!(
                "`{value}` is the name of {} places, all of them are searched: {}; for one of them write its whole name or its code",
                all.len(),
                codes.join(", ")
            ),
        )
    });
    Ok((places.codes.iter().map(ToString::to_string).collect(), several))
}

/// The member of a closed set by code or Chinese name.
fn member<T: Copy>(all: &[T], code: fn(T) -> &'static str, zh: fn(T) -> &'static str, name: &str) -> Option<T> {
    all.iter().copied().find(|&member| code(member) == name || normalise(zh(member)) == name)
}

/// The one member whose Chinese name begins so: 起火 for 起火爆炸.
fn beginning<T: Copy>(all: &[T], zh: fn(T) -> &'static str, name: &str) -> Option<T> {
    if name.chars().count() < BEGINNING_CHARS_MIN {
        return None;
    }
    let mut found = all.iter().copied().filter(|&member| normalise(zh(member)).starts_with(name));
    found.next().filter(|_| found.next().is_none())
}

/// The members of a closed set as an error lists them.
fn known<T: Copy>(all: &[T], code: fn(T) -> &'static str, zh: fn(T) -> &'static str) -> Refused {
    let known: Vec<String> = all.iter().map(|&member| format!("{}（{}）", zh(member), code(member))).collect();
    let codes: Vec<&str> = all.iter().map(|&member| code(member)).collect();
    Refused::new(known.join("、"), codes.join(", "))
}

/// The code of a closed set by code or Chinese name.
fn code<T: Copy>(
    all: &[T],
    code: fn(T) -> &'static str,
    zh: fn(T) -> &'static str,
    name: &str,
) -> Result<String, Refused> {
    let found = member(all, code, zh, name).or_else(|| beginning(all, zh, name));
    found.map(|member| code(member).to_owned()).ok_or_else(|| {
        let known = known(all, code, zh);
        Refused::new(
            format!("没有“{name}”这个取值；可用：{}", known.zh),
            format!("there is no value `{name}`; there are {}", known.en),
        )
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

/// The day of a number that [`day_number`] gave.
pub(super) fn day_of_number(number: i64) -> Option<Date> {
    date(1970, 1, 1).checked_add(i64::clamp(number, -4_000_000, 4_000_000).days()).ok()
}
