//! Names that stand in a dictionary: brands, platforms, materials, certification marks, groups and smart features.

use lexicon::terms::{Meaning, NameKind};
use lexicon::{Brief, Lexicon};
use vocabulary::{Category, Focus, MentionKind, RuleId};

use super::{Fact, categories};
use crate::hits::{Hit, Hits};
use crate::normalise::Folded;

/// How far behind, before an ambiguous brand its product may stand, in characters.
const PRODUCT_BEHIND: u32 = 8;
const PRODUCT_BEFORE: u32 = 4;
/// Hits that are looked at for it.
const HITS_LOOKED_AT: usize = 40;
/// Words that touch a brand and say that it is one.
const BEHIND: &[&str] = &[
    "牌",
    "官方",
    "旗舰",
    "专卖",
    "专营",
    "公司",
    "集团",
    "股份",
    "品牌",
    "厂家",
    "厂商",
    "4s",
    "客服",
    "售后",
    "商城",
    "官网",
    "科技",
    "电器",
    "召回",
    "将召回",
    "宣布",
    "回应",
    "道歉",
    "致歉",
    "发布会",
    "宣称",
];
/// The longest of these words, in characters.
const WORD_CHARS_MAX: usize = 3;
const BEFORE: &[&str] = &["品牌", "牌子", "国产", "进口", "牌:"];

/// Puts the names of a text: for each kind the longest at each place.
pub(super) fn names(folded: &Folded, hits: &Hits, lexicon: &Lexicon, meta: Option<Category>, facts: &mut Vec<Fact>) {
    if !hits.any(Brief::BRAND | Brief::NAME) {
        return;
    }
    let mut ends = [0_u32; 5];
    for (at, hit) in hits.all.iter().enumerate() {
        if !hit.any(Brief::BRAND | Brief::NAME) {
            continue;
        }
        for meaning in &lexicon.entries()[hit.entry as usize].meanings {
            let (slot, kind, code, rule) = match meaning {
                Meaning::Brand(index) => {
                    let brand = &lexicon.brands()[*index as usize];
                    if brand.ambiguous && !is_brand(folded, hits, lexicon, at, brand.categories, meta)
                        || is_in_number(folded, hit)
                        || ends_longer_word(folded, hit, lexicon)
                    {
                        continue;
                    }
                    (0, MentionKind::Brand, &brand.canonical, &brand.rule)
                }
                Meaning::Name(index) => {
                    let name = &lexicon.names()[*index as usize];
                    let (slot, kind) = match name.kind {
                        NameKind::Platform => (1, MentionKind::Platform),
                        NameKind::Material => (2, MentionKind::Material),
                        NameKind::Mark => (3, MentionKind::Certificate),
                        // 京东APP is where it was bought, not what the product does.
                        NameKind::Group(Focus::Smart) if ends[1] == hit.from && hit.from > 0 => continue,
                        NameKind::Group(_) => (4, MentionKind::Group),
                    };
                    (slot, kind, &name.code, &name.rule)
                }
                _ => continue,
            };
            if hit.from < ends[slot] {
                continue;
            }
            ends[slot] = hit.to;
            facts.push(match kind {
                MentionKind::Certificate => certificate(folded, hit, code, rule),
                _ => Fact {
                    from: hit.from as usize,
                    to: hit.to as usize,
                    kind,
                    code: code.to_string(),
                    rule: rule.clone(),
                },
            });
        }
    }
}

/// Whether a name of digits stands inside a date or a longer number: 7-11 in 2017-11-30.
fn is_in_number(folded: &Folded, hit: &Hit) -> bool {
    let (from, to) = (hit.from as usize, hit.to as usize);
    let chars = &folded.chars;
    let beside = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied().unwrap_or(' ');
    let goes_on = |c: char| c.is_ascii_digit() || matches!(c, '-' | '/' | '.' | ':' | '·' | '~');
    let digit = |at: usize| chars.get(at).is_some_and(char::is_ascii_digit);
    let (before, behind) = (beside(from.checked_sub(1)), beside(Some(to)));
    digit(from) && goes_on(before)
        || to > from
            && digit(to - 1)
            && (goes_on(behind)
                || matches!(behind, '年' | '月' | '日' | '号' | '时' | '点' | '起' | '例' | '次' | '人'))
}

/// Longest word of the segmenter that a brand may stand at the end of, in characters beyond the brand; longest such brand.
const BEYOND_CHARS: usize = 2;
const SHORT_BRAND_CHARS: u32 = 3;

/// Whether a short brand is the end of a longer word that begins before it: 莱克 in 伊莱克斯.
fn ends_longer_word(folded: &Folded, hit: &Hit, lexicon: &Lexicon) -> bool {
    let (from, to) = (hit.from as usize, hit.to as usize);
    let han = |at: usize| folded.chars.get(at).is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
    if hit.chars() > SHORT_BRAND_CHARS || from == 0 || !han(from) || !han(from - 1) {
        return false;
    }
    (1..=BEYOND_CHARS.min(from)).take_while(|back| han(from - back)).any(|back| {
        let mut ends = (0..=BEYOND_CHARS).take_while(|more| *more == 0 || han(to + more - 1));
        ends.any(|more| lexicon.jieba().has_word(folded.slice(from - back, (to + more).min(folded.len()))))
    })
}

/// Whether a brand that is also an everyday word (苹果, 大众, 小米) means the brand: its product, or a word that only brands
/// have, stands beside it.
fn is_brand(
    folded: &Folded,
    hits: &Hits,
    lexicon: &Lexicon,
    at: usize,
    makes: lexicon::CategorySet,
    meta: Option<Category>,
) -> bool {
    let hit = hits.all[at];
    let (from, to) = (hit.from as usize, hit.to as usize);
    let behind = folded.slice(to, (to + WORD_CHARS_MAX).min(folded.len()));
    let before = folded.slice(from.saturating_sub(WORD_CHARS_MAX), from);
    if BEHIND.iter().any(|word| behind.starts_with(word)) || BEFORE.iter().any(|word| before.ends_with(word)) {
        return true;
    }
    // With the platform's word for the product, a series or model number right behind is enough.
    let stated = meta.is_some_and(|meta| makes.has(meta));
    if stated && folded.chars.get(to).is_some_and(char::is_ascii_alphanumeric) {
        return true;
    }
    let product = |other: &Hit| {
        let entry = &lexicon.entries()[other.entry as usize];
        other.any(Brief::PRODUCT) && (other.entry != hit.entry) && !categories(entry, lexicon).and(makes).is_empty()
    };
    let clear = |from: usize, to: usize| {
        !folded.chars[from..to].iter().any(|c| matches!(c, ',' | '。' | '!' | '?' | ';' | '\n'))
    };
    let ahead = hits.all[at..].iter().take(HITS_LOOKED_AT).take_while(|other| other.from <= hit.to + PRODUCT_BEHIND);
    let mut ahead = ahead.filter(|other| other.from >= hit.to && clear(to, other.from as usize));
    let back = hits.all[..at].iter().rev().take(HITS_LOOKED_AT);
    let mut back = back.filter(|other| {
        other.to <= hit.from && other.to + PRODUCT_BEFORE >= hit.from && clear(other.to as usize, from)
    });
    ahead.any(product) || back.any(product)
}

/// Whether a hit names a brand, ambiguous or not.
pub(super) fn has_brand(hit: &Hit) -> bool {
    hit.any(Brief::BRAND)
}

/// A mark with the number that stands behind it: 国药准字Z20050000, 生产许可证编号:SC10633010000000.
fn certificate(folded: &Folded, hit: &Hit, code: &str, rule: &RuleId) -> Fact {
    /// Words and marks between the mark and its number, in characters.
    const BETWEEN: usize = 5;
    const NUMBER_CHARS_MAX: usize = 30;
    let (from, to) = (hit.from as usize, hit.to as usize);
    let chars = &folded.chars;
    let link =
        |c: &char| matches!(c, ':' | ' ' | '号' | '编' | '为' | '是' | '证' | '书' | '(' | '[' | '码' | 'n' | 'o');
    let gap = chars[to..].iter().take(BETWEEN).take_while(|c| link(c)).count();
    let number = |start: usize| {
        let run = chars[start..].iter().take(NUMBER_CHARS_MAX);
        let part = |c: &char| {
            c.is_ascii_alphanumeric() || matches!(c, '-' | '(' | ')' | '[' | ']' | '第' | '字' | '网' | '妆' | 'g')
        };
        let length = run.take_while(|c| part(c)).count();
        let digits = chars[start..start + length].iter().filter(|c| c.is_ascii_digit()).count();
        let length =
            length - chars[start..start + length].iter().rev().take_while(|c| !c.is_ascii_alphanumeric()).count();
        (digits >= 4).then_some(start + length)
    };
    let mut code = code.to_owned();
    let mut end = to;
    // `SC106…` begins with letters that the gap would eat, so the shortest gap that leads to a number wins.
    if let Some((start, stop)) = (0..=gap).find_map(|skip| Some((to + skip, number(to + skip)?))) {
        end = stop;
        code.push(' ');
        code.push_str(&folded.slice(start, stop).to_uppercase());
        end += usize::from(chars.get(stop) == Some(&'号'));
    }
    Fact { from, to: end, kind: MentionKind::Certificate, code, rule: rule.clone() }
}
