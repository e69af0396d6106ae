//! Standard numbers by their shape: `GB 31241-2022`, `GB/T 2260`, `DB33/T 310`, `T/CNFA 1`, `ISO 8124-1`, `ASTM F963-17`.

use lexicon::Lexicon;
use vocabulary::{MentionKind, RuleId};

use super::Fact;
use crate::normalise::Folded;

/// Bodies and industries whose documents are numbered; with `/t`, `/z` recommended, guiding.
const BODIES: &[&str] = &[
    "gb", "gbz", "gbj", "qb", "yy", "yc", "jjf", "jjg", "jt", "jb", "jc", "jg", "hj", "hg", "hy", "fz", "ny", "sn",
    "sb", "sc", "sj", "sy", "wh", "wb", "ga", "cj", "ly", "bb", "qc", "qx", "ws", "yd", "yb", "ys", "dl", "dz", "mt",
    "mz", "nb", "rb", "tb", "xf", "zy", "cy", "cb", "hb", "hs", "ld", "ty", "xb", "ccgf", "iso", "iec", "en", "din",
    "bs", "jis", "ansi", "ul", "astm", "cns", "gost",
];
/// Bodies that count only with four digits or a part, because their letters also begin models (`en 71`, `ul 94` excepted).
const WEAK: &[&str] = &[
    "bs", "hs", "hb", "cb", "cy", "ty", "ld", "zy", "xf", "tb", "rb", "nb", "mz", "mt", "dz", "sc", "sy", "hy", "xb",
    "ul",
];

/// The standard that begins at a run of letters and digits.
pub(super) fn standard(folded: &Folded, lexicon: &Lexicon, from: usize, to: usize) -> Option<Fact> {
    let word = folded.slice(from, to);
    let (body, used) = body(word)?;
    let mut start = from + used;
    // `EN ISO 12100`, `GB/T 2260`: one space, or none.
    if start == to && folded.chars.get(start) == Some(&' ') {
        start += 1;
        if let Some(rest) = ["iso ", "iec ", "f"].iter().find(|part| tail(folded, start).starts_with(**part)) {
            if *rest == "f" && body != "ASTM" {
                return None;
            }
            start += rest.len();
        }
    }
    let letter = if body == "ASTM" && start > from && folded.chars[start - 1] == 'f' { "F" } else { "" };
    let rest = tail(folded, start);
    let length = rest
        .char_indices()
        .take_while(|(at, c)| {
            let more = || rest[at + c.len_utf8()..].chars().next().is_some_and(|next| next.is_ascii_digit());
            c.is_ascii_digit() || matches!(c, '.' | '-' | '—' | '–' | ':') && more()
        })
        .count();
    let number: String =
        rest.chars().take(length).map(|c| if matches!(c, '—' | '–' | ':') { '-' } else { c }).collect();
    let digits = number.chars().take_while(char::is_ascii_digit).count();
    let weak = WEAK.contains(&word.get(..used)?.trim_end_matches("/t")) && !(digits >= 4 || number.contains('-'));
    // `EN 71`, `GBZ 2.1`: few digits need a space or a part, or they begin a model.
    let short = matches!(body.as_str(), "EN" | "UL" | "GB" | "GBZ" | "ISO" | "IEC" | "ASTM") || body.starts_with("T/");
    let apart = number.contains(['.', '-']) || start > from + used;
    let few = digits < if short && apart { 1 } else { 3 };
    if digits == 0 || digits > 6 || weak || few {
        return None;
    }
    let end = start + length;
    let code = format!("{body} {letter}{number}");
    let rule = lexicon.standard(&code).map_or_else(|| RuleId::from("shape:standard"), |known| known.rule.clone());
    Some(Fact { from, to: end, kind: MentionKind::Standard, code, rule })
}

/// Up to 24 characters from a position.
fn tail(folded: &Folded, from: usize) -> &str {
    folded.slice(from.min(folded.len()), (from + 24).min(folded.len()))
}

/// The canonical body that a run begins with, and how many characters of the run it takes.
fn body(word: &str) -> Option<(String, usize)> {
    let letters = word.bytes().take_while(u8::is_ascii_alphabetic).count();
    let head = &word[..letters];
    let rest = &word[letters..];
    // Local: DB33/T, DBS33.
    if matches!(head, "db" | "dbs") {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if !(2..=6).contains(&digits) {
            return None;
        }
        let used = letters + digits;
        return match word[used..].strip_prefix("/t") {
            Some(_) => Some((word[..used + 2].to_uppercase(), used + 2)),
            None if word.len() == used || word[used..].starts_with('/') => {
                Some((word[..used].to_uppercase(), used + usize::from(word.len() > used)))
            }
            None => None,
        };
    }
    // Group and firm standards: T/CNFA, Q/ABC.
    if matches!(head, "t" | "q") && rest.starts_with('/') {
        let name = rest[1..].bytes().take_while(u8::is_ascii_alphanumeric).count();
        let named = rest[1..=name].bytes().take_while(u8::is_ascii_alphabetic).count();
        return (named >= 2).then(|| (word[..letters + 1 + named].to_uppercase(), letters + 1 + named));
    }
    if !BODIES.contains(&head) {
        return None;
    }
    for suffix in ["/t", "/z", "/iec", "/zt"] {
        if rest.starts_with(suffix) && !rest[suffix.len()..].starts_with(|c: char| c.is_ascii_alphabetic()) {
            return Some((word[..letters + suffix.len()].to_uppercase(), letters + suffix.len()));
        }
    }
    let dash = usize::from(rest.starts_with('-'));
    rest[dash..].bytes().next().is_none_or(|byte| byte.is_ascii_digit()).then(|| (head.to_uppercase(), letters + dash))
}
