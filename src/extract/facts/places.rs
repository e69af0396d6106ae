//! Place names, settled by what stands around them: 朝阳 is a district of Beijing, a city of Liaoning, or the rising sun.
//!
//! Every occurrence of a name of `regions.tsv` is a candidate. A name that means one place and nothing else is certain. Any
//! other needs evidence: a place that contains it, lies in it or beside it, weighed by how near it stands (touching, in
//! the same clause, sentence, text), or what the platform and the publisher say. Not here: addresses below the county.

use std::collections::BTreeSet;

use lexicon::terms::{Entry, Meaning, PlaceWord, RegionTerm};
use lexicon::{Brief, Lexicon};
use vocabulary::{Document, MentionKind, RegionCode};

use super::Fact;
use crate::hits::Hits;
use crate::normalise::Folded;
use crate::scan;

/// How near a place stands in the same clause, in characters.
const NEAR_CHARS: usize = 14;
/// Candidates to each side that are looked at.
const BESIDE: usize = 8;
/// Certain places of the whole text that are kept as evidence.
const TEXT_PLACES_MAX: usize = 32;
/// Rounds in which a settled place may settle its neighbours.
const ROUNDS: usize = 3;
/// Longest word of `place_words.tsv` that is looked up beside a place, in characters.
const BESIDE_WORD_CHARS: usize = 4;
/// Keys of `meta` that may name the publisher's place, with the weight of that evidence.
const TOLD: &[(&str, u32)] = &[("region", 300), ("source_region", 250), ("author", 250), ("source_name", 200)];

/// Weights of evidence, in hundredths, before they are scaled by how the places are related.
const TOUCHING: u32 = 1_000;
const NEAR: u32 = 600;
const SENTENCE: u32 = 400;
const TEXT: u32 = 200;
/// Ahead of its namesakes: the meaning that the table leaves unflagged (西安 is the city before it is a district).
const PRIOR: u32 = 500;
/// Least evidence that settles a name shared by several places, a name that is also an everyday word.
const SETTLES: u32 = 80;
const SETTLES_WORD: u32 = 410;

/// An occurrence of a place name.
struct Candidate {
    from: usize,
    to: usize,
    entry: u32,
    /// The place it means, once settled: index into [`Lexicon::regions`].
    settled: Option<u32>,
    /// What stands beside it.
    frame: Option<PlaceWord>,
}

/// Puts the places of a text.
pub(super) fn places(folded: &Folded, hits: &Hits, lexicon: &Lexicon, document: &Document, facts: &mut Vec<Fact>) {
    let stated = |key: &str| document.meta_str(key);
    settle(folded, hits, lexicon, &stated, document.title.as_deref(), facts);
}

/// The finest place of a text that stands alone, such as `meta.region`.
pub(super) fn place_of(text: &str, lexicon: &Lexicon) -> Option<RegionCode> {
    // A name is known by its first byte: the error that parsing it gives would be written for nobody.
    let code = text.trim();
    if code.starts_with(|first: char| first.is_ascii_digit())
        && let Ok(code) = code.parse()
    {
        return Some(code);
    }
    let folded = Folded::new(text);
    let hits = scan::scan_for_reading(&folded, &[], lexicon);
    let mut found = Vec::new();
    settle(&folded, &hits, lexicon, &|_| None, None, &mut found);
    hits.give_back();
    folded.give_back();
    found.iter().filter_map(|fact| fact.code.parse::<RegionCode>().ok()).max_by_key(|code| fineness(*code))
}

/// 0 province, 1 prefecture, 2 county.
pub(super) fn fineness(code: RegionCode) -> u8 {
    match code.number() {
        number if number.is_multiple_of(10_000) => 0,
        number if number.is_multiple_of(100) => 1,
        _ => 2,
    }
}

fn settle<'a>(
    folded: &Folded,
    hits: &Hits,
    lexicon: &Lexicon,
    stated: &dyn Fn(&str) -> Option<&'a str>,
    title: Option<&str>,
    facts: &mut Vec<Fact>,
) {
    let mut candidates = collect(folded, hits, lexicon);
    if candidates.is_empty() {
        return;
    }
    for candidate in &mut candidates {
        candidate.settled = certain(lexicon, candidate.entry);
    }
    if candidates.iter().any(|candidate| !is_fixed(lexicon, candidate)) {
        let outside = outside(lexicon, stated, title);
        for _ in 0..ROUNDS {
            let places = text_places(lexicon, &candidates);
            let mut changed = false;
            for at in 0..candidates.len() {
                if is_fixed(lexicon, &candidates[at]) {
                    continue;
                }
                let chosen = choose(folded, lexicon, &candidates, at, &places, &outside);
                changed |= chosen != candidates[at].settled;
                candidates[at].settled = chosen;
            }
            if !changed {
                break;
            }
        }
    }
    facts.extend(candidates.iter().filter_map(|candidate| {
        let term = &lexicon.regions()[candidate.settled? as usize];
        Some(Fact {
            from: candidate.from,
            to: candidate.to,
            kind: MentionKind::Region,
            code: term.code.to_string(),
            rule: term.rule.clone(),
        })
    }));
}

fn regions(entry: &Entry) -> impl Iterator<Item = u32> {
    entry.meanings.iter().filter_map(|meaning| match meaning {
        Meaning::Region(at) => Some(*at),
        _ => None,
    })
}

/// The one meaning that the table leaves unflagged.
fn certain(lexicon: &Lexicon, entry: u32) -> Option<u32> {
    let mut plain = regions(&lexicon.entries()[entry as usize]).filter(|at| !lexicon.regions()[*at as usize].ambiguous);
    plain.next().filter(|_| plain.next().is_none())
}

/// Whether nothing around the name can change what it means.
fn is_fixed(lexicon: &Lexicon, candidate: &Candidate) -> bool {
    let mut all = regions(&lexicon.entries()[candidate.entry as usize]);
    all.next().is_some_and(|first| !lexicon.regions()[first as usize].ambiguous) && all.next().is_none()
}

/// Names in text order, the longest at each place; what a longer word of another kind holds is none (北京现代, 青岛啤酒).
fn collect(folded: &Folded, hits: &Hits, lexicon: &Lexicon) -> Vec<Candidate> {
    let mut candidates = Vec::new();
    if !hits.any(Brief::REGION) {
        return candidates;
    }
    let mut end = 0;
    for hit in &hits.all {
        let (from, to) = (hit.from as usize, hit.to as usize);
        let names = Brief::REGION | Brief::PRODUCT | Brief::BRAND | Brief::NAME;
        if from < end || !hit.any(names) {
            continue;
        }
        let entry = &lexicon.entries()[hit.entry as usize];
        let (mut place, mut other) = (None, false);
        for meaning in &entry.meanings {
            match meaning {
                Meaning::Region(at) => place = Some(&lexicon.regions()[*at as usize]),
                Meaning::Product(_) | Meaning::Brand(_) | Meaning::Name(_) | Meaning::NoPlace => {
                    other = entry.chars > 1;
                }
                _ => {}
            }
        }
        match place {
            Some(term) => {
                if borrows_its_end(folded, hits, entry, to, lexicon) {
                    continue;
                }
                end = to;
                let frame = frame(folded, from, to, lexicon);
                let full = entry.chars > 2 && ends_as_place(entry);
                // 南京路 is a street anywhere; 南京市路政 is Nanjing.
                if full || frame != Some(PlaceWord::After) && !is_torn(folded, from, to, term, lexicon) {
                    candidates.push(Candidate { from, to, entry: hit.entry, settled: None, frame });
                }
            }
            None if other => end = to,
            None => {}
        }
    }
    candidates
}

/// 济南市中区 is 济南 and 市中区, 兰州市民 is 兰州 and its people: the shorter name at the same place is the right one.
fn borrows_its_end(folded: &Folded, hits: &Hits, entry: &Entry, to: usize, lexicon: &Lexicon) -> bool {
    entry.surface.ends_with('市')
        && (matches!(folded.chars.get(to), Some('民' | '场' | '面' | '值'))
            || super::between(hits, to - 1, to).iter().any(|hit| {
                let other = &lexicon.entries()[hit.entry as usize];
                other.chars == 3 && regions(other).next().is_some()
            }))
}

fn ends_as_place(entry: &Entry) -> bool {
    entry.surface.ends_with(['省', '市', '区', '县', '州', '盟', '旗'])
}

/// What the longest known word behind, else in front of, a name says about it.
fn frame(folded: &Folded, from: usize, to: usize, lexicon: &Lexicon) -> Option<PlaceWord> {
    let behind = (1..=BESIDE_WORD_CHARS.min(folded.len() - to)).rev();
    let behind = behind
        .filter_map(|chars| lexicon.place_word(folded.slice(to, to + chars)).filter(|word| *word != PlaceWord::Before));
    let before = (1..=BESIDE_WORD_CHARS.min(from)).rev();
    let mut before = before.filter_map(|chars| {
        lexicon.place_word(folded.slice(from - chars, from)).filter(|word| *word == PlaceWord::Before)
    });
    behind.take(1).next().or_else(|| before.next())
}

/// A name of two characters that its neighbours tear apart: 大连 is not in 最大连续, 河北 not in 黄河北岸. An everyday word
/// must stand whole between words of the segmenter.
fn is_torn(folded: &Folded, from: usize, to: usize, term: &RegionTerm, lexicon: &Lexicon) -> bool {
    /// Characters to each side that the segmenter sees.
    const SIDE: usize = 8;
    let han = |at: usize| folded.chars.get(at).is_some_and(|c| ('\u{4e00}'..='\u{9fff}').contains(c));
    if to - from != 2 {
        return false;
    }
    let word = |from: usize, to: usize| lexicon.jieba().has_word(folded.slice(from, to));
    let left = from > 0 && han(from - 1) && word(from - 1, from + 1);
    let right = han(to) && word(to - 1, to + 1);
    let suspicious = if term.word { left || right } else { left && right };
    if !suspicious {
        return false;
    }
    let low =
        from - folded.chars[from.saturating_sub(SIDE)..from].iter().rev().take_while(|c| c.is_alphanumeric()).count();
    let high = (to + SIDE).min(folded.len());
    let high = to + folded.chars[to..high].iter().take_while(|c| c.is_alphanumeric()).count();
    let (mut starts, mut ends, mut at) = (false, false, low);
    for token in lexicon.jieba().cut(folded.slice(low, high), false) {
        starts |= at == from;
        at += token.word.chars().count();
        ends |= at == to;
    }
    if term.word { !(starts && ends) } else { !(starts || ends) }
}

/// Distinct settled places of the text, the first ones.
fn text_places(lexicon: &Lexicon, candidates: &[Candidate]) -> Vec<RegionCode> {
    let mut seen = BTreeSet::new();
    let codes = candidates.iter().filter_map(|candidate| Some(lexicon.regions()[candidate.settled? as usize].code));
    codes.filter(|code| seen.insert(*code)).take(TEXT_PLACES_MAX).collect()
}

/// Places that the platform, the publisher and the headline name.
fn outside<'a>(
    lexicon: &Lexicon,
    stated: &dyn Fn(&str) -> Option<&'a str>,
    title: Option<&str>,
) -> Vec<(RegionCode, u32)> {
    /// A publisher's name or a headline is no longer than this, in bytes.
    const BYTES_MAX: usize = 400;
    let meta = TOLD.iter().filter_map(|(key, weight)| Some((stated(key)?, *weight)));
    let all = meta.chain(title.map(|title| (title, TEXT)));
    all.filter(|(text, _)| text.len() <= BYTES_MAX)
        .filter_map(|(text, weight)| Some((place_of(text, lexicon)?, weight)))
        .collect()
}

/// How strongly a place speaks for another, in percent: 0 when they have nothing in common.
fn relation(place: RegionCode, other: RegionCode) -> u32 {
    crate::work::done(1);
    let (a, b) = (place.number(), other.number());
    if a / 10_000 != b / 10_000 {
        return 0;
    }
    let municipality = matches!(a / 10_000, 11 | 12 | 31 | 50);
    match () {
        () if a == b => 100,
        // The place contains the other.
        () if fineness(place) == 1 && place.prefecture() == other.prefecture() => 100,
        () if fineness(place) == 0 => 80 + if municipality { 20 } else { 0 },
        // The other contains the place.
        () if fineness(other) == 0 => 80,
        () if fineness(other) == 1 && place.prefecture() == other => 95,
        () if place.prefecture() == other.prefecture() || municipality => 70,
        () => 40,
    }
}

/// The place that an unsettled name most probably means; none without enough evidence, or with as much for another.
fn choose(
    folded: &Folded,
    lexicon: &Lexicon,
    candidates: &[Candidate],
    at: usize,
    places: &[RegionCode],
    outside: &[(RegionCode, u32)],
) -> Option<u32> {
    let candidate = &candidates[at];
    let entry = &lexicon.entries()[candidate.entry as usize];
    let beside = at.saturating_sub(BESIDE)..(at + BESIDE + 1).min(candidates.len());
    let beside: Vec<(Option<RegionCode>, u32, u32)> = beside
        .filter(|other| *other != at)
        .map(|other| {
            let other = &candidates[other];
            let code = other.settled.map(|settled| lexicon.regions()[settled as usize].code);
            (code, nearness(folded, candidate, other), other.entry)
        })
        .collect();
    // The best evidence for each meaning, then all of it, so that a tie is broken by the rest.
    let mut scored: Vec<((u32, u32), u32)> = Vec::new();
    for meaning in regions(entry) {
        let term = &lexicon.regions()[meaning as usize];
        let (mut best, mut sum) = (if term.ambiguous { 0 } else { PRIOR }, 0);
        let mut add = |weight: u32| {
            best = best.max(weight);
            sum += weight;
        };
        for (code, near, other) in &beside {
            let weight = if let Some(code) = code {
                near * relation(*code, term.code) / 100
            } else {
                // Two open names that share a prefecture speak a little for each other.
                let mut namesakes = regions(&lexicon.entries()[*other as usize]);
                let same = |at: u32| lexicon.regions()[at as usize].code.prefecture() == term.code.prefecture();
                if namesakes.any(same) { near / 8 } else { 0 }
            };
            add(weight);
        }
        for code in places {
            add(TEXT * relation(*code, term.code) / 100);
        }
        for (code, weight) in outside {
            add(weight * relation(*code, term.code) / 100);
        }
        scored.push(((best, sum), meaning));
    }
    scored.sort_unstable_by_key(|(score, meaning)| (std::cmp::Reverse(*score), *meaning));
    let ((best, sum), meaning) = *scored.first()?;
    if scored.get(1).is_some_and(|(second, _)| *second == (best, sum)) {
        return None;
    }
    let term = &lexicon.regions()[meaning as usize];
    let alone = scored.len() == 1;
    let enough = match candidate.frame {
        Some(PlaceWord::Office) if alone => 0,
        Some(PlaceWord::Before | PlaceWord::People) if alone && fineness(term.code) < 2 => 0,
        Some(PlaceWord::Office | PlaceWord::Before | PlaceWord::People) => SETTLES,
        _ if term.word => SETTLES_WORD,
        _ => SETTLES,
    };
    (best >= enough).then_some(meaning)
}

/// How near two names stand to one another.
fn nearness(folded: &Folded, one: &Candidate, other: &Candidate) -> u32 {
    crate::work::done(1);
    let (from, to) = if one.from < other.from { (one.to, other.from) } else { (other.to, one.from) };
    let between = &folded.chars[from.min(to)..to];
    if between.len() > 120 {
        return TEXT;
    }
    let (mut clause, mut touching) = (true, true);
    for character in between {
        match character {
            '。' | '!' | '?' | ';' | '\n' => return TEXT,
            ',' | ':' => clause = false,
            ' ' | '·' | '-' | '(' | ')' | '/' | '【' | '】' | '[' | ']' | '|' => continue,
            _ => {}
        }
        touching = false;
    }
    match (touching && between.len() <= 2, clause && between.len() <= NEAR_CHARS) {
        (true, _) => TOUCHING,
        (false, true) => NEAR,
        (false, false) => SENTENCE,
    }
}

/// Provinces by the character on their number plates.
const PLATES: &[(char, u32)] = &[
    ('京', 110_000),
    ('津', 120_000),
    ('冀', 130_000),
    ('晋', 140_000),
    ('蒙', 150_000),
    ('辽', 210_000),
    ('吉', 220_000),
    ('黑', 230_000),
    ('沪', 310_000),
    ('苏', 320_000),
    ('浙', 330_000),
    ('皖', 340_000),
    ('闽', 350_000),
    ('赣', 360_000),
    ('鲁', 370_000),
    ('豫', 410_000),
    ('鄂', 420_000),
    ('湘', 430_000),
    ('粤', 440_000),
    ('桂', 450_000),
    ('琼', 460_000),
    ('渝', 500_000),
    ('川', 510_000),
    ('贵', 520_000),
    ('云', 530_000),
    ('藏', 540_000),
    ('陕', 610_000),
    ('甘', 620_000),
    ('青', 630_000),
    ('宁', 640_000),
    ('新', 650_000),
];

/// A number plate (豫A12345, 鲁B牌照) or a telephone number with its area code (0571-8123…) as a place.
pub(super) fn phone_or_plate(folded: &Folded, lexicon: &Lexicon, from: usize, to: usize) -> Option<Fact> {
    let chars = &folded.chars;
    let fact = |from: usize, to: usize, code: RegionCode, rule: &str| {
        Fact::new(from, to, MentionKind::Region, code.to_string(), rule)
    };
    if chars[from].is_ascii_alphabetic() {
        let (_, province) = *PLATES.iter().find(|(sign, _)| from > 0 && chars[from - 1] == *sign)?;
        let digits = chars[from + 1..to].iter().filter(|c| c.is_ascii_digit()).count();
        let rest = folded.slice(to, (to + 2).min(folded.len()));
        let plate = (5..=7).contains(&(to - from)) && digits >= 3
            || to - from == 1 && (rest.starts_with('牌') || rest.starts_with('*') || rest.starts_with('·'));
        // A is the capital everywhere.
        let capital = chars[from] == 'a' && !matches!(province / 10_000, 11 | 12 | 31 | 50);
        let code = RegionCode::new(province + if capital { 100 } else { 0 }).ok()?;
        return plate.then(|| fact(from - 1, to, code, "shape:plate"));
    }
    let digits = chars[from..to].iter().take_while(|c| c.is_ascii_digit()).count();
    let open = matches!(chars.get(from + digits), Some('-' | ')'));
    let number = chars[(from + digits + 1).min(chars.len())..].iter().take(8);
    let number = number.take_while(|c| c.is_ascii_digit() || **c == '*').count();
    if chars[from] != '0' || !(3..=4).contains(&digits) || !open || number < 7 {
        return None;
    }
    let code = lexicon.area_code(folded.slice(from, from + digits))?;
    Some(fact(from, (from + digits + 1 + number).max(to), code, "shape:phone"))
}
