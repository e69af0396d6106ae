//! PRIV-1: personal data is overwritten with `*` before a document leaves the room, one star a character, so that
//! positions in the text stay what they were. Authors become stable pseudonyms: countable, not readable.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Match, Regex};
use serde_json::Value;

use crate::vocabulary::Document;

/// Domain of the keyed hash over author names. Changing it makes every actor a new one.
const ACTOR_DOMAIN: &str = "wanglou 2026 collect actor pseudonym v1";
/// How a pseudonym begins.
const ACTOR_PREFIX: &str = "actor:";
/// Bytes of the hash that are kept: 2^32 actors per source, enough to count and too few to look up.
const ACTOR_BYTES: usize = 4;

struct Pattern {
    regex: Regex,
    /// Which capture is overwritten; 0 is the whole match.
    group: usize,
    /// A digit or letter right before or after the match makes it something else (an order number, a product code).
    stands_alone: bool,
    holds: fn(&str) -> bool,
}

/// Expression, group, stands alone, further test.
type Row = (&'static str, usize, bool, fn(&str) -> bool);

static PATTERNS: LazyLock<Vec<Pattern>> = LazyLock::new(|| {
    let always: fn(&str) -> bool = |_| true;
    let table: &[Row] = &[
        // E-mail.
        (r"[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9\-]{1,63}(?:\.[A-Za-z0-9\-]{1,63}){1,4}", 0, false, always),
        // Identity card: region, birthday, serial, check character.
        (r"[1-8]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]", 0, true, always),
        // Bank card, 16 to 19 digits in a row or in fours.
        (r"[3-6]\d{3}(?:[ \-]?\d{4}){3}(?:[ \-]?\d{1,3})?", 0, true, luhn),
        // Mobile, with or without country code, in one piece or in groups.
        (r"(?:[+＋]?86[ \-]?)?[1１][3-9３-９]\d[ \-]?\d{4}[ \-]?\d{4}", 0, true, always),
        // Landline with area code.
        (r"0\d{2,3}[ \-—]\d{7,8}", 0, true, always),
        // Licence plate, new-energy ones included.
        (
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼使领][A-HJ-NP-Z][·•\- ]?[A-HJ-NP-Z0-9]{4,5}[A-HJ-NP-Z0-9挂学警港澳]",
            0,
            true,
            plate,
        ),
        // QQ number.
        (r"(?i)(?:QQ|扣扣|企鹅)(?:群|号|号码)?[是为:：\s]{0,3}([1-9]\d{4,11})", 1, false, always),
        // WeChat handle: a name after a word that means WeChat.
        (
            r"(?i)(?:微信|薇信|威信|wechat|weixin|\bv信|\bvx|\bwx|加v|加微)(?:号|号码)?[是为:：\s]{0,3}([a-z][a-z0-9_\-]{5,19}|\d{5,11})",
            1,
            false,
            always,
        ),
        // Address to the door: at least two of its parts in a row.
        (
            r"(?:[0-9０-９]{1,5}(?:[-—][0-9]{1,4})?[A-Za-z]?(?:号院|号楼|弄|栋|幢|座|单元|层|楼|室|号|房)){2,8}",
            0,
            false,
            always,
        ),
    ];
    table
        .iter()
        .filter_map(|&(pattern, group, stands_alone, holds)| {
            Regex::new(pattern).ok().map(|regex| Pattern { regex, group, stands_alone, holds })
        })
        .collect()
});

/// The text with personal data overwritten. Borrowed when there was none.
#[must_use]
pub fn mask(text: &str) -> Cow<'_, str> {
    let mut masked = Cow::Borrowed(text);
    for pattern in PATTERNS.iter() {
        let spans: Vec<(usize, usize)> = pattern
            .regex
            .captures_iter(&masked)
            .filter_map(|found| found.get(pattern.group))
            .filter(|found| !pattern.stands_alone || stands_alone(&masked, found))
            .filter(|found| (pattern.holds)(found.as_str()))
            .map(|found| (found.start(), found.end()))
            .collect();
        if spans.is_empty() {
            continue;
        }
        let mut out = String::with_capacity(masked.len());
        let mut at = 0;
        for (from, to) in spans {
            out.push_str(&masked[at..from]);
            out.extend(std::iter::repeat_n('*', masked[from..to].chars().count()));
            at = to;
        }
        out.push_str(&masked[at..]);
        masked = Cow::Owned(out);
    }
    masked
}

/// The pseudonym of an author: the same name on the same source gives the same one. A pseudonym stays itself.
#[must_use]
pub fn pseudonym(source: &str, name: &str) -> String {
    let name = name.trim();
    let is_pseudonym = name
        .strip_prefix(ACTOR_PREFIX)
        .is_some_and(|rest| rest.len() == ACTOR_BYTES * 2 && rest.bytes().all(|byte| byte.is_ascii_hexdigit()));
    if is_pseudonym {
        return name.to_owned();
    }
    let key = blake3::derive_key(ACTOR_DOMAIN, source.as_bytes());
    let hash = blake3::keyed_hash(&key, name.as_bytes());
    format!("{ACTOR_PREFIX}{}", data_encoding::HEXLOWER.encode(&hash.as_bytes()[..ACTOR_BYTES]))
}

/// Masks a document that did not come through a recipe: an imported one, or one of an archive. Masking twice changes nothing.
pub fn mask_document(document: &mut Document) {
    let over = |text: &mut String| {
        if let Cow::Owned(masked) = mask(text) {
            *text = masked;
        }
    };
    over(&mut document.text);
    document.title.as_mut().map(over);
    for (name, value) in &mut document.meta {
        mask_value(document.source.as_str(), name, value);
    }
}

fn mask_value(source: &str, name: &str, value: &mut Value) {
    match value {
        Value::Null | Value::Bool(_) => {}
        Value::String(text) => *text = mask_field(source, name, text),
        Value::Number(number) => {
            // A phone number is one without quotation marks, too.
            let digits = number.to_string();
            let masked = mask_field(source, name, &digits);
            if masked != digits {
                *value = Value::String(masked);
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| mask_value(source, name, value)),
        Value::Object(fields) => fields.iter_mut().for_each(|(name, value)| mask_value(source, name, value)),
    }
}

/// One named fact about a document, masked as its name demands.
pub(super) fn mask_field(source: &str, name: &str, value: &str) -> String {
    match name {
        "author" | "complainant" | "buyer" if !value.trim().is_empty() => pseudonym(source, value),
        // Ids, moments and addresses of things, not of people.
        "published_at" | "url" | "external_id" | "item_id" | "price" | "sold" | "rating" | "reviews" => {
            value.to_owned()
        }
        _ => mask(value).into_owned(),
    }
}

fn stands_alone(text: &str, found: &Match<'_>) -> bool {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c.is_numeric();
    !text[..found.start()].chars().next_back().is_some_and(is_word)
        && !text[found.end()..].chars().next().is_some_and(is_word)
}

fn luhn(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(at, digit)| if at % 2 == 0 { *digit } else { digit * 2 / 10 + digit * 2 % 10 })
        .sum();
    (16..=19).contains(&digits.len()) && sum.is_multiple_of(10)
}

/// A plate has digits; `新SERIES` has none.
fn plate(text: &str) -> bool {
    text.chars().filter(char::is_ascii_digit).count() >= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &str) {
        assert_eq!(mask(text), expected);
        assert_eq!(mask(text).chars().count(), text.chars().count(), "positions moved in {text}");
    }

    #[test]
    fn personal_data_is_overwritten_in_place() {
        check("联系电话13800138000，谢谢", "联系电话***********，谢谢");
        check("电话：138 0013 8000", "电话：*************");
        check("+86-13800138000打不通", "***************打不通");
        check("１３８００１３８０００", "***********");
        check("身份证11010519900307123X办理", "身份证******************办理");
        check("邮箱zhang.san@example.com.cn。", "邮箱************************。");
        check("卡号6222021234567890128", "卡号*******************");
        check("车牌浙A12345和浙AD12345", "车牌*******和********");
        check("加QQ：12345678详聊", "加QQ：********详聊");
        check("微信号abc_12345", "微信号*********");
        check("家住3栋2单元501室", "家住*********");
        check("座机0571-88888888", "座机*************");
    }

    #[test]
    fn every_pattern_compiles() {
        assert_eq!(PATTERNS.len(), 9);
    }

    #[test]
    fn product_facts_are_left_alone() {
        for text in [
            "型号A13800138000B的充电宝",
            "订单号2024070213800138000123",
            "GB 31241-2022、GB/T 2260",
            "条形码6901234567892",
            "功率1800W，2024年7月2日购买，价格13999元",
            "新SERIES系列",
            "京东平台10000mAh",
            "3号线地铁站",
        ] {
            check(text, text);
        }
    }

    #[test]
    fn a_document_is_masked_in_text_title_and_meta_and_masking_again_changes_nothing() {
        let line = r#"{"id":"1","text":"致电13800138000","title":"QQ：12345678","source":"s",
            "meta":{"author":"张三","phone":13800138000,"item_id":"13800138000","tags":["a@b.cn",{"author":"李四"}],"brand":"云鹊"}}"#;
        let line = crate::vocabulary::DocumentLine::parse(line).expect("good");
        let mut document = line.into_document(&"s".into(), crate::vocabulary::Channel::Complaint);
        mask_document(&mut document);
        assert_eq!(document.text, "致电***********");
        assert_eq!(document.title.as_deref(), Some("QQ：********"));
        assert_eq!(document.meta_str("author"), Some(pseudonym("s", "张三").as_str()));
        assert_eq!(document.meta_str("phone"), Some("***********"));
        assert_eq!((document.meta_str("item_id"), document.meta_str("brand")), (Some("13800138000"), Some("云鹊")));
        assert_eq!(document.meta["tags"], serde_json::json!(["******", {"author": pseudonym("s", "李四")}]));
        let once = document.clone();
        mask_document(&mut document);
        assert_eq!(document, once);
    }

    #[test]
    fn an_author_is_stable_per_source_and_unreadable() {
        let actor = pseudonym("board", "张三");
        assert_eq!(actor, pseudonym("board", " 张三 "));
        assert_ne!(actor, pseudonym("other", "张三"));
        assert_eq!(actor, pseudonym("board", &actor));
        assert_eq!(actor.len(), "actor:".len() + 8);
    }
}
