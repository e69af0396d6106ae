//! What a page leaves in its text and no reader sees or wants: invisible characters, marks of word processors, entities that
//! were escaped twice, tags that were text, pinyin put into words (`召(zhao)回`). Pure; never adds a character.

use std::borrow::Cow;
use std::sync::LazyLock;

use regex::{Captures, Regex};

/// Longest mark of a word processor, in bytes.
const MARK_BYTES_MAX: usize = 120;
/// How often entities may have been escaped over one another.
const ESCAPES_MAX: usize = 3;

fn pattern(expression: &str) -> Option<Regex> {
    Regex::new(expression).ok()
}

/// `[bookmark: _Toc123]`, and what stays of Word's fields.
static MARK: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)[\[【［]\s*(?:bookmark|toc|ole_link|endif|if\s+[!a-z]|shape|hyperlink)[^\[\]【】［］\n]{0,100}[\]】］]|\{\s*(?:PAGEREF|HYPERLINK|TOC|REF|SEQ)\s[^{}\n]{0,100}\}|\bMERGEFORMAT\b",
    )
});
static ENTITY: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"&(?:#(?<dec>[0-9]{1,7})|#[xX](?<hex>[0-9a-fA-F]{1,6})|(?<name>nbsp|ensp|emsp|thinsp|zwnj|zwj|lt|gt|amp|quot|apos|ldquo|rdquo|lsquo|rsquo|mdash|ndash|hellip|middot|bull|times|deg|copy|reg|trade|yen|permil|laquo|raquo|sect|plusmn|le|ge|ne));",
    )
});
/// A tag that a page shows as text. Only names of HTML: `<A1>` is a product.
static TAG: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?i)<(?<close>/)?(?<name>p|br|div|span|b|i|u|strong|em|font|a|td|th|tr|tbody|thead|table|ul|ol|li|h[1-6]|sup|sub|img|center|section|o:p|st1:[a-z]+|v:[a-z]+)(?:\s[^<>]{0,400})?\s*/?>",
    )
});
/// A syllable in brackets between two characters.
static PINYIN: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"(?<before>\p{Han})\s?[(（]\s?(?<syllable>[a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜüńňǹ]{1,6}[1-5]?)\s?[)）](?<after>\p{Han})",
    )
});
/// What a syllable of Mandarin can be, without its tone.
static SYLLABLE: LazyLock<Option<Regex>> = LazyLock::new(|| {
    pattern(
        r"^(?:(?:[bpmf]|[dtnl]|[gkh]|[zcs]h?|r)(?:a|ai|an|ang|ao|e|ei|en|eng|o|ong|ou|u|ua|uai|uan|uang|ui|un|uo|i|ia|ian|iang|iao|ie|in|ing|iong|iu|ue|v|ve)|[jqx](?:i|ia|ian|iang|iao|ie|in|ing|iong|iu|u|uan|ue|un)|y(?:a|an|ang|ao|e|i|in|ing|o|ong|ou|u|uan|ue|un)|w(?:a|ai|an|ang|ei|en|eng|o|u)|a|ai|an|ang|ao|e|ei|en|er|o|ou)$",
    )
});

/// The text without debris. Line breaks stay; a block tag that was text becomes one. Borrowed when there was none.
#[must_use]
pub(crate) fn clean(text: &str) -> Cow<'_, str> {
    let mut out = clean_of_marks(text);
    // Twice: in 召(zhao)回(hui)了 the character between belongs to both.
    for _ in 0..2 {
        if !out.contains(['(', '（']) {
            break;
        }
        match replace(&PINYIN, &out, |found| {
            let plain: String = found["syllable"].chars().filter_map(toneless).collect();
            let is_pinyin = SYLLABLE.as_ref().is_some_and(|syllable| syllable.is_match(&plain));
            is_pinyin.then(|| format!("{}{}", &found["before"], &found["after"]))
        }) {
            Some(cleaned) => out = Cow::Owned(cleaned),
            None => break,
        }
    }
    out
}

/// The same, but pinyin stays: the reader reads over it, and looking for it costs more than all the rest.
#[must_use]
pub(crate) fn clean_of_marks(text: &str) -> Cow<'_, str> {
    let mut out = Cow::Borrowed(text);
    for _ in 0..ESCAPES_MAX {
        if !out.contains('&') {
            break;
        }
        match replace(&ENTITY, &out, entity) {
            Some(cleaned) => out = Cow::Owned(cleaned),
            None => break,
        }
    }
    if out.contains('<')
        && let Some(cleaned) = replace(&TAG, &out, |found| {
            let name = found["name"].to_ascii_lowercase();
            let inline = matches!(
                name.as_str(),
                "span" | "b" | "i" | "u" | "strong" | "em" | "font" | "a" | "sup" | "sub" | "img"
            ) || name.contains(':');
            Some(if inline { "" } else { "\n" }.to_owned())
        })
    {
        out = Cow::Owned(cleaned);
    }
    if out.contains(is_invisible) {
        out = Cow::Owned(out.chars().filter(|c| !is_invisible(*c)).collect());
    }
    if (out.contains(['[', '【', '［', '{']) || out.contains("MERGEFORMAT"))
        && let Some(cleaned) = replace(&MARK, &out, |found| (found[0].len() <= MARK_BYTES_MAX).then(String::new))
    {
        out = Cow::Owned(cleaned);
    }
    out
}

/// Replaces what is found by what `by` says, where it says something; none when nothing changed.
fn replace(
    regex: &LazyLock<Option<Regex>>,
    text: &str,
    by: impl Fn(&Captures<'_>) -> Option<String>,
) -> Option<String> {
    let regex = regex.as_ref()?;
    let (mut out, mut at, mut changed) = (String::new(), 0, false);
    for found in regex.captures_iter(text) {
        let (Some(whole), Some(new)) = (found.get(0), by(&found)) else { continue };
        out.push_str(&text[at..whole.start()]);
        out.push_str(&new);
        at = whole.end();
        changed = true;
    }
    out.push_str(&text[at..]);
    changed.then_some(out)
}

fn entity(found: &Captures<'_>) -> Option<String> {
    let code = |digits: &str, radix: u32| u32::from_str_radix(digits, radix).ok().and_then(char::from_u32);
    if let Some(c) = found
        .name("dec")
        .and_then(|d| code(d.as_str(), 10))
        .or_else(|| found.name("hex").and_then(|h| code(h.as_str(), 16)))
    {
        return Some(if c.is_control() { ' ' } else { c }.to_string());
    }
    let text = match found.name("name")?.as_str() {
        "nbsp" | "ensp" | "emsp" | "thinsp" => " ",
        "zwnj" | "zwj" => "",
        "lt" => "<",
        "gt" => ">",
        "amp" => "&",
        "quot" => "\"",
        "apos" => "'",
        "ldquo" => "“",
        "rdquo" => "”",
        "lsquo" => "‘",
        "rsquo" => "’",
        "mdash" => "—",
        "ndash" => "–",
        "hellip" => "…",
        "middot" => "·",
        "bull" => "•",
        "times" => "×",
        "deg" => "°",
        "copy" => "©",
        "reg" => "®",
        "trade" => "™",
        "yen" => "¥",
        "permil" => "‰",
        "laquo" => "«",
        "raquo" => "»",
        "sect" => "§",
        "plusmn" => "±",
        "le" => "≤",
        "ge" => "≥",
        "ne" => "≠",
        _ => return None,
    };
    Some(text.to_owned())
}

/// Joiners, marks of direction, soft hyphens, and the glyphs of icon fonts (private use).
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}' | '\u{e000}'..='\u{f8ff}' | '\u{fff9}'..='\u{fffc}')
}

fn toneless(c: char) -> Option<char> {
    Some(match c {
        'ā' | 'á' | 'ǎ' | 'à' => 'a',
        'ē' | 'é' | 'ě' | 'è' => 'e',
        'ī' | 'í' | 'ǐ' | 'ì' => 'i',
        'ō' | 'ó' | 'ǒ' | 'ò' => 'o',
        'ū' | 'ú' | 'ǔ' | 'ù' => 'u',
        'ǖ' | 'ǘ' | 'ǚ' | 'ǜ' | 'ü' => 'v',
        'ń' | 'ň' | 'ǹ' => 'n',
        '1'..='5' => return None,
        c => c,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debris_goes_and_words_stay() {
        for (text, expected) in [
            ("召(zhao)回充电(dian)宝", "召回充电宝"),
            ("召（zhào）回（huí）了", "召回了"),
            ("充\u{200b}电\u{feff}宝", "充电宝"),
            ("消费[bookmark: OLE_LINK1]品质量[bookmark: _GoBack]安全", "消费品质量安全"),
            ("A&amp;amp;B &ldquo;起火&rdquo;&#20805;&#x7535;", "A&B “起火”充电"),
            ("姓名<br/>张三</td><td>电<b>话</b>", "姓名\n张三\n\n电话"),
            ("图标\u{e61a}分享", "图标分享"),
        ] {
            assert_eq!(clean(text), expected);
        }
    }

    #[test]
    fn what_was_brought_keeps_its_pinyin_for_the_reader() {
        assert_eq!(clean_of_marks("召(zhào)回&amp;充\u{200b}电宝<br>起火"), "召(zhào)回&充电宝\n起火");
    }

    #[test]
    fn what_looks_like_debris_and_is_none_stays() {
        for text in [
            "锂(Li)电池",
            "充电宝(A1)起火",
            "型号 <A1> 与 a<b",
            "见附件(pdf)下载",
            "【召回】某品牌充电宝",
            "[图片]起火",
            "质量(kg)超标",
            "AT&T、R&D",
            "{\"a\":1}",
        ] {
            assert!(matches!(clean(text), Cow::Borrowed(_)), "{text} became {}", clean(text));
        }
    }
}
