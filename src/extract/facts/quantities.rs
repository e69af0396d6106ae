//! Numbers with a unit: 12,345辆, 3.2万件, 4800多辆, 三万余件, 10000mAh, 37.5元, 3个月. The code is the plain number and the unit.

use lexicon::Lexicon;
use vocabulary::MentionKind;

use super::Fact;
use super::rough::Rough;
use crate::normalise::Folded;

/// Units in Chinese, longest first where one begins another.
const UNITS: &[&str] = &[
    "毫安时",
    "安时",
    "平方厘米",
    "平方米",
    "立方米",
    "立方厘米",
    "摄氏度",
    "个批次",
    "个月",
    "个小时",
    "批次",
    "公斤",
    "千克",
    "毫克",
    "微克",
    "毫升",
    "厘米",
    "毫米",
    "微米",
    "公里",
    "千米",
    "分米",
    "英寸",
    "小时",
    "分钟",
    "分贝",
    "千瓦",
    "毫安",
    "毫伏",
    "美元",
    "欧元",
    "港元",
    "英镑",
    "日元",
    "块钱",
    "元",
    "块",
    "台",
    "辆",
    "件",
    "套",
    "部",
    "支",
    "瓶",
    "盒",
    "袋",
    "包",
    "箱",
    "批",
    "款",
    "种",
    "双",
    "条",
    "片",
    "张",
    "把",
    "罐",
    "桶",
    "份",
    "颗",
    "粒",
    "枚",
    "根",
    "顶",
    "床",
    "架",
    "艘",
    "只",
    "个",
    "例",
    "起",
    "家",
    "户",
    "名",
    "人",
    "吨",
    "斤",
    "克",
    "升",
    "米",
    "寸",
    "度",
    "瓦",
    "伏",
    "安",
    "秒",
    "天",
    "周",
    "岁",
    "年",
    "倍",
    "毛",
    "角",
    "℃",
    "单",
    "匹",
];
/// Units in Latin letters, as they stand folded behind the number, and how they are written.
const LATIN: &[(&str, &str)] = &[
    ("mah", "mAh"),
    ("ah", "Ah"),
    ("wh", "Wh"),
    ("kwh", "kWh"),
    ("w", "W"),
    ("kw", "kW"),
    ("v", "V"),
    ("kv", "kV"),
    ("ma", "mA"),
    ("a", "A"),
    ("hz", "Hz"),
    ("khz", "kHz"),
    ("mhz", "MHz"),
    ("ghz", "GHz"),
    ("g", "g"),
    ("kg", "kg"),
    ("mg", "mg"),
    ("ug", "µg"),
    ("μg", "µg"),
    ("l", "L"),
    ("ml", "mL"),
    ("cm", "cm"),
    ("mm", "mm"),
    ("m", "m"),
    ("km", "km"),
    ("nm", "nm"),
    ("db", "dB"),
    ("dba", "dB"),
    ("ppm", "ppm"),
    ("rpm", "rpm"),
    ("kpa", "kPa"),
    ("mpa", "MPa"),
    ("pa", "Pa"),
    ("gb", "GB"),
    ("tb", "TB"),
    ("mb", "MB"),
    ("n", "N"),
    ("kn", "kN"),
    ("lx", "lx"),
    ("mg/kg", "mg/kg"),
    ("μg/kg", "µg/kg"),
    ("ug/kg", "µg/kg"),
    ("mg/l", "mg/L"),
    ("mg/m3", "mg/m³"),
    ("g/100g", "g/100g"),
    ("g/kg", "g/kg"),
    ("cfu/g", "CFU/g"),
    ("cfu/ml", "CFU/mL"),
    ("g/l", "g/L"),
    ("km/h", "km/h"),
    ("kj", "kJ"),
    ("kcal", "kcal"),
    ("min", "min"),
    ("h", "h"),
    ("mv", "mV"),
    ("kbq", "kBq"),
];
/// Words behind a small number of `g` that make it a generation of mobile network.
const NETWORK: &[&str] = &["手机", "网", "信号", "基站", "套餐", "时代", "版"];
/// Longest number, in characters.
const NUMBER_CHARS_MAX: usize = 18;

/// What a number in Chinese numerals may hold, or a word that stands for a rough one.
pub(super) const NUMERALS: [char; 19] =
    ['一', '二', '两', '三', '四', '五', '六', '七', '八', '九', '十', '百', '千', '万', '零', '半', '几', '数', '上'];

/// Whether a number in Chinese numerals may begin here, or a word that stands for a rough one.
#[inline]
pub(super) fn is_numeral(character: char) -> bool {
    NUMERALS.contains(&character)
}

/// The quantity that begins at a run of digits `[from, to)`.
pub(super) fn quantity(folded: &Folded, _: &Lexicon, from: usize, to: usize) -> Option<Fact> {
    let chars = &folded.chars;
    if !chars[from].is_ascii_digit() || from > 0 && matches!(chars[from - 1], '.' | '-' | '*' | '_') {
        return None;
    }
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let mut at = from;
    while digit(at) {
        at += 1;
    }
    let plain = at;
    // Thousands: groups of exactly three.
    while at - from <= NUMBER_CHARS_MAX
        && plain - from <= 3
        && chars.get(at) == Some(&',')
        && digit(at + 1)
        && digit(at + 2)
        && digit(at + 3)
        && !digit(at + 4)
    {
        at += 4;
    }
    if chars.get(at) == Some(&'.') && digit(at + 1) {
        at += 1;
        while digit(at) {
            at += 1;
        }
    }
    let mut number = folded.slice(from, at).replace(',', "");
    // 5-8元, 10~20台
    if matches!(chars.get(at), Some('-' | '~' | '—')) && digit(at + 1) {
        let second = at + 1;
        let mut end = second;
        while digit(end) || chars.get(end) == Some(&'.') && digit(end + 1) {
            end += 1;
        }
        number = format!("{number}-{}", folded.slice(second, end));
        at = end;
    }
    if at - from > NUMBER_CHARS_MAX {
        return None;
    }
    let money = from > 0 && matches!(chars[from - 1], '¥' | '$' | '€');
    if let Some((end, unit)) = latin(folded, at, to) {
        return Some(put(if money { from - 1 } else { from }, end, &number, unit));
    }
    if at < to && chars[at].is_ascii_alphabetic() && !(chars[at] == 'w' && at + 1 == to) {
        return None;
    }
    let (scaled, end) = scale(folded, &number, at);
    if let Some((end, unit)) = unit(folded, end) {
        let small = number.len() <= 2;
        let year = unit == "年" && (!small || chars.get(end) == Some(&'月') || chars.get(end) == Some(&'代'));
        return (!year).then(|| put(if money { from - 1 } else { from }, end, &scaled, unit));
    }
    if money {
        let unit = if chars[from - 1] == '$' {
            "美元"
        } else if chars[from - 1] == '€' {
            "欧元"
        } else {
            "元"
        };
        return Some(put(from - 1, end, &scaled, unit));
    }
    (chars.get(at) == Some(&'%')).then(|| put(from, at + 1, &number, "%"))
}

/// The quantity in Chinese numerals that begins at `from`, when it is more than a bare 一个: gives where to go on.
pub(super) fn numeral(folded: &Folded, from: usize, found: &mut Vec<Fact>) -> usize {
    let chars = &folded.chars;
    let run = chars[from..].iter().take(NUMBER_CHARS_MAX).take_while(|c| is_numeral(**c) || **c == '亿').count();
    let mut at = from + run;
    let rough = matches!(chars.get(at), Some('余' | '多' | '来'));
    at += usize::from(rough);
    let Some((end, unit)) = unit(folded, at) else { return from + run };
    let strict = unit == "岁" || unit.len() > 3 && !unit.starts_with('个');
    let word = folded.slice(from, from + run);
    let rounded = word.contains(['十', '百', '千', '万', '亿']);
    if !(strict
        || rounded && (run >= 2 || rough)
        || rounded && run == 1 && matches!(unit, "台" | "辆" | "件" | "瓶" | "盒" | "袋"))
    {
        return from + run;
    }
    let Some(value) = value(word) else { return from + run };
    found.push(put(from, end, &value, unit));
    end
}

fn put(from: usize, to: usize, number: &str, unit: &str) -> Fact {
    Fact::new(from, to, MentionKind::Quantity, format!("{number} {unit}"), "shape:quantity")
}

/// The number times 万, 千, 亿 and the like, with 多, 余 behind it left out: and where it ends.
fn scale(folded: &Folded, number: &str, at: usize) -> (String, usize) {
    let chars = &folded.chars;
    let mut end = at;
    let mut zeros = 0;
    let skip = |end: &mut usize| {
        while matches!(chars.get(*end), Some('多' | '余' | '来' | ' ' | '+')) {
            *end += 1;
        }
    };
    let before = end;
    skip(&mut end);
    for _ in 0..2 {
        zeros += match chars.get(end) {
            Some('万' | 'w') => 4,
            Some('亿') => 8,
            Some('千') if chars.get(end + 1).is_none_or(|c| !matches!(c, '克' | '瓦' | '米')) => 3,
            Some('百') => 2,
            _ => break,
        };
        end += 1;
        skip(&mut end);
    }
    if zeros == 0 && end == before {
        return (number.to_owned(), at);
    }
    (shift(number, zeros), end)
}

/// A decimal number times a power of ten, exactly.
fn shift(number: &str, zeros: usize) -> String {
    if zeros == 0 || number.contains('-') {
        return number.to_owned() + if zeros == 4 { "万" } else { "" };
    }
    let (whole, part) = number.split_once('.').unwrap_or((number, ""));
    let moved: String = part.chars().chain(std::iter::repeat('0')).take(zeros).collect();
    let rest: String = part.chars().skip(zeros).collect();
    let whole = format!("{whole}{moved}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    if rest.is_empty() { whole.to_owned() } else { format!("{whole}.{rest}") }
}

/// What a unit may begin with.
const UNIT_HEADS: Rough = {
    let mut heads = ['\0'; UNITS.len()];
    let mut at = 0;
    while at < UNITS.len() {
        let [a, b, c] =
            *UNITS[at].as_bytes().first_chunk::<3>().expect("a unit begins with a character of three bytes");
        let code = (a as u32 & 0x0f) << 12 | (b as u32 & 0x3f) << 6 | c as u32 & 0x3f;
        heads[at] = char::from_u32(code).expect("three bytes are a character");
        at += 1;
    }
    Rough::new(&[&heads])
};

/// The Chinese unit at a position.
fn unit(folded: &Folded, at: usize) -> Option<(usize, &'static str)> {
    let at = at + usize::from(folded.chars.get(at) == Some(&' '));
    if !UNIT_HEADS.may_be(*folded.chars.get(at)?) {
        return None;
    }
    let rest = folded.slice(at.min(folded.len()), (at + 4).min(folded.len()));
    // Units begin with a character of three bytes: comparing those first is quicker than comparing words.
    let head = rest.as_bytes().first_chunk::<3>()?;
    let alike = |unit: &&&str| unit.as_bytes().first_chunk::<3>() == Some(head);
    let unit = *UNITS.iter().filter(alike).find(|unit| rest.starts_with(**unit))?;
    // 3个人, 12只: 个 says less than what follows.
    let end = at + unit.chars().count();
    let next = folded.chars.get(end);
    let torn = match unit {
        "年" => matches!(next, Some('级' | '度' | '轻' | '代')),
        "人" => matches!(next, Some('民' | '造' | '工' | '才' | '生' | '家' | '们')),
        "名" => matches!(next, Some('牌' | '称' | '字' | '为' | '叫')),
        "家" => matches!(next, Some('里' | '人' | '长' | '庭' | '电' | '具')),
        "元" => matches!(next, Some('素' | '件' | '旦')),
        "天" => matches!(next, Some('然' | '气' | '猫')),
        "克" => matches!(next, Some('拉')),
        "安" => matches!(next, Some('全' | '装')),
        "度" => matches!(next, Some('假')),
        "单" => matches!(next, Some('品' | '位' | '独')),
        _ => false,
    };
    (!torn).then_some((end, unit))
}

/// The Latin unit behind a number that ends at `at`, in the run that ends at `to`.
fn latin(folded: &Folded, at: usize, to: usize) -> Option<(usize, &'static str)> {
    let from = at + usize::from(at >= to && folded.chars.get(at) == Some(&' '));
    let letters = folded.chars.get(from..)?.iter().take(8);
    let length = letters.take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | 'μ')).count();
    let word = folded.slice(from, from + length);
    let (folded_unit, unit) = LATIN.iter().find(|(known, _)| *known == word)?;
    let end = from + length;
    let spaced = from > at;
    if spaced && folded_unit.len() == 1 && *folded_unit != "g" {
        return None;
    }
    let network = *folded_unit == "g" && {
        let rest = folded.slice(end, (end + 3).min(folded.len()));
        let number = folded.slice(at.saturating_sub(1), at);
        at.checked_sub(2).is_none_or(|before| !folded.chars[before].is_ascii_digit())
            && matches!(number, "2" | "3" | "4" | "5" | "6")
            && (rest.is_empty() || NETWORK.iter().any(|word| rest.starts_with(word)))
    };
    (!network).then_some((end, unit))
}

/// A number in Chinese numerals as digits: 三万, 一百二十, 十几 (10), 数百 (100).
fn value(word: &str) -> Option<String> {
    let (mut total, mut section, mut digit): (u64, u64, Option<u64>) = (0, 0, None);
    for character in word.chars() {
        let unit = match character {
            '十' => 10,
            '百' => 100,
            '千' => 1_000,
            '万' | '亿' => {
                let high = if character == '万' { 10_000 } else { 100_000_000 };
                let part = section + digit.unwrap_or(u64::from(section == 0));
                total = total.saturating_add(part).saturating_mul(high);
                (section, digit) = (0, None);
                continue;
            }
            '半' => return None,
            '几' | '数' | '上' | '零' => {
                digit = if character == '零' { None } else { digit };
                continue;
            }
            other => {
                let at = "一二三四五六七八九".chars().position(|known| known == other);
                digit = Some(if other == '两' { 2 } else { at? as u64 + 1 });
                continue;
            }
        };
        section += digit.unwrap_or(1) * unit;
        digit = None;
    }
    let all = total.saturating_add(section).saturating_add(digit.unwrap_or(0));
    (all > 0).then(|| all.to_string())
}
