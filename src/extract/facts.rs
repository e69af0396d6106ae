//! Names beside products and hazards: brands, places, platforms, standards, materials, groups, quantities, models.

use crate::lexicon::Lexicon;
use crate::lexicon::terms::{Meaning, NameKind, NameTerm};
use crate::vocabulary::{Document, Focus, MentionKind, RegionCode, RuleId};

use super::normalise::Folded;
use super::scan::Hits;

/// A name in the text, in folded characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Fact {
    /// First character.
    pub(super) from: usize,
    /// One past the last.
    pub(super) to: usize,
    /// What it names.
    pub(super) kind: MentionKind,
    /// Code in the set of its kind.
    pub(super) code: String,
    /// The entry behind it.
    pub(super) rule: RuleId,
}

/// Units that make a number a quantity.
const UNITS: [&str; 40] = [
    "毫安时",
    "mah",
    "公斤",
    "千克",
    "毫克",
    "毫升",
    "厘米",
    "毫米",
    "公里",
    "小时",
    "分钟",
    "平方米",
    "kg",
    "mg",
    "ml",
    "cm",
    "mm",
    "km",
    "斤",
    "克",
    "升",
    "米",
    "度",
    "瓦",
    "伏",
    "w",
    "v",
    "g",
    "l",
    "℃",
    "%",
    "台",
    "辆",
    "件",
    "批次",
    "批",
    "人",
    "岁",
    "元",
    "寸",
];
/// Longest model name, in characters.
const MODEL_CHARS_MAX: usize = 20;
/// How near a place must stand to another that settles which one is meant, in characters.
const PLACE_NEAR_CHARS: usize = 12;

/// All names of a text, in text order.
pub(super) fn facts(folded: &Folded, hits: &Hits, lexicon: &Lexicon, document: &Document) -> Vec<Fact> {
    let mut facts = Vec::new();
    names(hits, lexicon, &mut facts);
    places(hits, lexicon, document, &mut facts);
    numbers(folded, &mut facts);
    facts.sort_by_key(|fact| (fact.from, fact.to, fact.kind));
    facts
}

/// Places by the platform's own word for it.
pub(super) fn meta_region(document: &Document, lexicon: &Lexicon) -> Option<RegionCode> {
    let text = document.meta_str("region")?;
    if let Ok(code) = text.parse() {
        return Some(code);
    }
    let folded = Folded::new(text);
    let hits = super::scan::scan(&folded, lexicon);
    let mut found = Vec::new();
    places(&hits, lexicon, document, &mut found);
    found.iter().filter_map(|fact| fact.code.parse::<RegionCode>().ok()).max_by_key(|code| fineness(*code))
}

/// The vulnerable group that a text names, when it does.
pub fn is_vulnerable(focus: &str) -> bool {
    [Focus::Children, Focus::Elderly, Focus::Students].iter().any(|group| group.code() == focus)
}

fn names(hits: &Hits, lexicon: &Lexicon, facts: &mut Vec<Fact>) {
    let mut ends = [0_u32; 5];
    for hit in &hits.all {
        for meaning in &lexicon.entries()[hit.entry as usize].meanings {
            let (slot, kind, code, rule) = match meaning {
                Meaning::Brand(at) => {
                    let brand = &lexicon.brands()[*at as usize];
                    if brand.ambiguous {
                        continue;
                    }
                    (0, MentionKind::Brand, brand.canonical.to_string(), &brand.rule)
                }
                Meaning::Name(at) => {
                    let NameTerm { kind, code, rule } = &lexicon.names()[*at as usize];
                    let (slot, kind) = match kind {
                        NameKind::Platform => (1, MentionKind::Platform),
                        NameKind::Material => (2, MentionKind::Material),
                        NameKind::Standard => (3, MentionKind::Standard),
                        NameKind::Group(_) => (4, MentionKind::Group),
                    };
                    (slot, kind, code.to_string(), rule)
                }
                _ => continue,
            };
            if hit.from >= ends[slot] {
                ends[slot] = hit.to;
                facts.push(Fact { from: hit.from as usize, to: hit.to as usize, kind, code, rule: rule.clone() });
            }
        }
    }
}

/// 0 province, 1 prefecture, 2 county.
fn fineness(code: RegionCode) -> u8 {
    match code.number() {
        number if number.is_multiple_of(10_000) => 0,
        number if number.is_multiple_of(100) => 1,
        _ => 2,
    }
}

/// Whether one place lies in the other.
fn related(a: RegionCode, b: RegionCode) -> bool {
    a == b || a.prefecture() == b || b.prefecture() == a || a.province() == b || b.province() == a
}

/// Place names, settled by the places beside them: a name that several places share, or that is also a common word,
/// counts only with a related place near it or in `meta.region`.
fn places(hits: &Hits, lexicon: &Lexicon, document: &Document, facts: &mut Vec<Fact>) {
    struct Candidate {
        from: usize,
        to: usize,
        codes: Vec<(RegionCode, bool, RuleId)>,
    }
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut end = 0;
    for hit in &hits.all {
        let (from, to) = (hit.from as usize, hit.to as usize);
        if from < end {
            continue;
        }
        let entry = &lexicon.entries()[hit.entry as usize];
        let mut codes = Vec::new();
        let mut other = false;
        for meaning in &entry.meanings {
            match meaning {
                Meaning::Region(at) => {
                    let region = &lexicon.regions()[*at as usize];
                    codes.push((region.code, region.ambiguous, region.rule.clone()));
                }
                Meaning::Product(_) | Meaning::Brand(_) | Meaning::Name(_) => other = entry.chars > 1,
                _ => {}
            }
        }
        if codes.is_empty() {
            // A longer name of another kind swallows the place inside it (北京现代, 青岛啤酒).
            end = if other { to } else { end };
        } else {
            end = to;
            candidates.push(Candidate { from, to, codes });
        }
    }
    let told: Option<RegionCode> = document.meta_str("region").and_then(|text| text.parse().ok());
    let certain = |candidate: &Candidate| match candidate.codes.as_slice() {
        [(code, false, _)] => Some(*code),
        _ => None,
    };
    for (at, candidate) in candidates.iter().enumerate() {
        let beside = [at.checked_sub(1), Some(at + 1)];
        let near = beside.into_iter().flatten().filter_map(|other| candidates.get(other)).filter(|other| {
            other.to.max(candidate.to) - other.from.min(candidate.from)
                <= PLACE_NEAR_CHARS + (other.to - other.from) + (candidate.to - candidate.from)
        });
        let settled: Vec<RegionCode> = near.filter_map(certain).chain(told).collect();
        let chosen = match candidate.codes.as_slice() {
            [(code, false, rule)] => Some((*code, rule)),
            several => several
                .iter()
                .find(|(code, ..)| settled.iter().any(|other| related(*code, *other)))
                .map(|(code, _, rule)| (*code, rule)),
        };
        if let Some((code, rule)) = chosen {
            facts.push(Fact {
                from: candidate.from,
                to: candidate.to,
                kind: MentionKind::Region,
                code: code.to_string(),
                rule: rule.clone(),
            });
        }
    }
}

/// Standard numbers, quantities and model names: runs of Latin letters and digits, read by their shape.
fn numbers(folded: &Folded, facts: &mut Vec<Fact>) {
    let chars = &folded.chars;
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_ascii_alphanumeric() {
            at += 1;
            continue;
        }
        let from = at;
        while chars.get(at).is_some_and(|c| {
            c.is_ascii_alphanumeric()
                || (matches!(c, '.' | '-' | '/' | '+') && chars.get(at + 1).is_some_and(char::is_ascii_alphanumeric))
        }) {
            at += 1;
        }
        let word = folded.slice(from, at);
        if let Some((to, code)) = standard(folded, from, at) {
            facts.push(Fact { from, to, kind: MentionKind::Standard, code, rule: RuleId::from("shape:standard") });
            at = to.max(at);
            continue;
        }
        let digits = word.bytes().take_while(|byte| byte.is_ascii_digit() || *byte == b'.').count();
        let rest = folded.slice(from + digits, (at + 3).min(chars.len()).max(from + digits));
        if digits > 0 && word.as_bytes()[0] != b'.' {
            let letters = at - from - digits;
            let unit = UNITS.iter().find(|unit| rest.starts_with(**unit) && (letters == 0 || unit.len() == letters));
            if let Some(unit) = unit {
                let to = from + digits + unit.chars().count();
                let code = folded.slice(from, to).to_owned();
                facts.push(Fact { from, to, kind: MentionKind::Quantity, code, rule: RuleId::from("shape:quantity") });
                at = at.max(to);
                continue;
            }
        }
        let mixed =
            word.bytes().any(|byte| byte.is_ascii_alphabetic()) && word.bytes().any(|byte| byte.is_ascii_digit());
        if mixed && (2..=MODEL_CHARS_MAX).contains(&(at - from)) {
            let code = word.to_uppercase();
            facts.push(Fact { from, to: at, kind: MentionKind::Model, code, rule: RuleId::from("shape:model") });
        }
    }
}

/// A standard number such as `GB 31241-2022`, `GB/T 2260`, `QB/T 2954` that begins at `from`: its end and canonical form.
fn standard(folded: &Folded, from: usize, to: usize) -> Option<(usize, String)> {
    const BODIES: [&str; 12] =
        ["gb", "gb/t", "gb/z", "qb/t", "qb", "db33/t", "iso", "iec", "en", "ccgf", "jt/t", "yy/t"];
    let word = folded.slice(from, to);
    let letters = word.bytes().take_while(|byte| !byte.is_ascii_digit()).count();
    let body = if BODIES.contains(&word) { word } else { word[..letters].trim_end_matches('-') };
    if !BODIES.contains(&body) {
        return None;
    }
    let mut number_from = from + body.len();
    if folded.chars.get(number_from) == Some(&' ') {
        number_from += 1;
    }
    let tail = &folded.chars[number_from..(number_from + 16).min(folded.len())];
    let length = tail.iter().take_while(|c| c.is_ascii_digit() || matches!(c, '.' | '-')).count();
    let number = folded.slice(number_from, number_from + length).trim_end_matches(['.', '-']);
    if !number.bytes().next()?.is_ascii_digit() || number.len() < 3 {
        return None;
    }
    Some((number_from + number.len(), format!("{} {number}", body.to_uppercase())))
}
