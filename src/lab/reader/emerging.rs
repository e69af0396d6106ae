//! What the dictionaries do not know yet (0-01): pairs of product and hazard that were never seen, hazards without a product,
//! products in alarming texts without a hazard, and words that recur beside hazards and stand in no dictionary.
//!
//! In: documents with their readings, in any number; [`observe`] is a pure look at one, [`Emerging`] adds looks up in bounded
//! memory (lossy counting: what was rare when a table was full is forgotten). Out: a [`Report`] for the analyst. Not here: I/O,
//! any change of a dictionary; a proposal is a proposal.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use jiff::civil::Date;
use serde::Serialize;

use extract::TEXT_CHARS_MAX;
use lexicon::terms::Meaning;
use lexicon::{Lexicon, fold_word};
use vocabulary::{
    Category, CharSpan, Document, Hazard, Language, Mention, MentionKind, ProductFrom, Reading, day_of, said,
};

/// Most words of one kind that are counted at a time.
pub const TABLE_MAX: usize = 200_000;
/// Most neighbours remembered of one word, to each side.
pub const NEIGHBOURS_MAX: usize = 64;
/// Examples kept of one finding.
pub const EXAMPLES_MAX: usize = 3;
/// Hazards looked at in one document.
const HAZARDS_MAX: usize = 20;
/// Characters before and behind a hazard in which words are looked at.
const BEFORE_CHARS: usize = 14;
const BEHIND_CHARS: usize = 8;
/// Longest proposed word, in characters.
const TERM_CHARS: std::ops::RangeInclusive<usize> = 2..=8;
/// Tokens of the segmenter that make one proposed word at most; it cuts what it does not know into single characters.
const TOKENS_MAX: usize = 3;
const SINGLES_MAX: usize = 6;
/// Characters of a text without hazards that are counted as background.
const BACKGROUND_CHARS: usize = 120;
/// Characters of an example.
const EXAMPLE_CHARS: usize = 60;
/// A proposed word stands in at least so many documents.
const TERM_DOCUMENTS_MIN: u64 = 3;
/// How much more frequent than elsewhere a proposed word is beside hazards.
const LIFT_MIN: f64 = 3.0;
/// How much more often than by chance the parts of a proposed word stand together (PMI, base 2).
const COHESION_MIN: f64 = 3.0;
/// How freely a proposed word changes its neighbours (entropy in bits), at the poorer side.
const FREEDOM_MIN: f64 = 0.9;
/// Days of the window when none is given.
const WINDOW_DAYS: i64 = 30;

/// An example: where it was seen, and the words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Example {
    /// The document.
    pub document_id: String,
    /// Its day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub day: Option<Date>,
    /// A piece of its text.
    pub text: String,
}

/// A word beside a hazard that no dictionary holds.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Candidate {
    word: String,
    /// The segmenter's tokens in it.
    tokens: Vec<String>,
    left: char,
    right: char,
    hazard: Hazard,
}

/// What one document adds.
#[derive(Debug, Clone)]
pub struct Observation {
    id: String,
    day: Option<Date>,
    pairs: Vec<(Category, Hazard, String)>,
    odd: Vec<(Category, Hazard, String)>,
    bare: Vec<(Hazard, String, Vec<String>, String)>,
    silent: Vec<(Category, String, String)>,
    named: Vec<(&'static str, String)>,
    candidates: Vec<Candidate>,
    tokens: Vec<String>,
    near: bool,
    example: String,
}

/// Words that are looked for and left out: `rules/structured/emerging.toml`.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    alarm: Vec<String>,
    plain: BTreeSet<String>,
}

impl Wanted {
    /// The words of the lexicon.
    #[must_use]
    pub fn of(lexicon: &Lexicon) -> Self {
        let words = lexicon.structured().emerging();
        Self { alarm: words.alarm.clone(), plain: words.plain.iter().map(|word| fold_word(word)).collect() }
    }
}

/// Looks at one document. Pure; linear in the text.
#[must_use]
pub fn observe(document: &Document, reading: &Reading, lexicon: &Lexicon, wanted: &Wanted) -> Observation {
    let chars: Vec<char> = document.text.chars().take(TEXT_CHARS_MAX).collect();
    let mut seen = Observation {
        id: document.id.to_string(),
        day: document.event_at().map(day_of),
        pairs: Vec::new(),
        odd: Vec::new(),
        bare: Vec::new(),
        silent: Vec::new(),
        named: Vec::new(),
        candidates: Vec::new(),
        tokens: Vec::new(),
        near: false,
        example: chars.iter().take(EXAMPLE_CHARS).collect(),
    };
    for signal in &reading.signals {
        seen.pairs.push((signal.product, signal.hazard, around(&chars, signal.hazard_span)));
    }
    for problem in &reading.problems {
        match problem.kind.as_str() {
            "unknown_product" => seen.named.push(("product", problem.detail.clone())),
            "unknown_test_item" => seen.named.push(("test_item", problem.detail.clone())),
            "unknown_platform_category" => {
                let name = problem.detail.split('`').nth(1).unwrap_or(&problem.detail);
                seen.named.push(("category", name.to_owned()));
            }
            _ => {}
        }
    }
    let hazards: Vec<&Mention> = reading
        .mentions
        .iter()
        .filter(|mention| mention.kind == MentionKind::Hazard && mention.stance.counts())
        .take(HAZARDS_MAX)
        .collect();
    let products: Vec<&Mention> =
        reading.mentions.iter().filter(|mention| mention.kind == MentionKind::Product).collect();
    for hazard in &hazards {
        let Ok(code) = hazard.code.parse::<Hazard>() else { continue };
        let signal = reading.signals.iter().find(|signal| signal.hazard_span.overlaps(hazard.span));
        // The product is named beside it: nothing is missing.
        if signal.is_some_and(|signal| signal.product_span.is_some() || signal.product_from == ProductFrom::Text) {
            continue;
        }
        let window = window(&chars, hazard.span);
        if signal.is_none() {
            let odd = products.iter().find(|product| {
                let inside = window.contains(product.span) && !product.span.overlaps(hazard.span);
                let category = product.code.parse::<Category>().ok();
                inside && category.is_some_and(|category| !lexicon.compatible(code).has(category))
            });
            match odd.and_then(|product| product.code.parse().ok()) {
                Some(category) => seen.odd.push((category, code, around(&chars, hazard.span))),
                None if products.is_empty() => {
                    let words = nouns(&chars, window, hazard.span, lexicon, wanted);
                    seen.bare.push((code, hazard.text.clone(), words, around(&chars, hazard.span)));
                }
                None => {}
            }
        }
        seen.near = true;
        seen.candidates.extend(candidates(&chars, window, reading, code, lexicon, wanted));
    }
    if reading.mentions.iter().all(|mention| mention.kind != MentionKind::Hazard) {
        let alarm = wanted.alarm.iter().find(|word| document.text.contains(word.as_str()));
        if let (Some(product), Some(alarm)) = (products.first(), alarm)
            && let Ok(category) = product.code.parse()
        {
            seen.silent.push((category, alarm.clone(), around(&chars, product.span)));
        }
    }
    let head: String = chars.iter().take(BACKGROUND_CHARS).collect();
    let cut = lexicon.jieba().cut(&head, false).into_iter().map(|token| token.word);
    let mut tokens: Vec<String> = cut.filter(|word| word.chars().all(char::is_alphanumeric)).map(fold_word).collect();
    tokens.sort_unstable();
    tokens.dedup();
    seen.tokens = tokens;
    seen.candidates.sort_by(|a, b| a.word.cmp(&b.word));
    seen.candidates.dedup_by(|a, b| a.word == b.word);
    seen
}

fn is_long(word: &str) -> bool {
    word.chars().nth(1).is_some()
}

fn is_word(word: &str) -> bool {
    is_long(word) && word.chars().all(char::is_alphanumeric)
}

/// The text around a span, in one line.
fn around(chars: &[char], span: CharSpan) -> String {
    let spare = EXAMPLE_CHARS.saturating_sub(span.len()) / 2;
    let from = span.from().saturating_sub(spare).min(chars.len());
    let to = (from + EXAMPLE_CHARS).min(chars.len());
    chars[from..to].iter().map(|one| if one.is_whitespace() { ' ' } else { *one }).collect()
}

/// The stretch of the sentence around a hazard in which words are looked at.
fn window(chars: &[char], span: CharSpan) -> CharSpan {
    let ends = |one: &char| matches!(one, '。' | '！' | '!' | '？' | '?' | '\n' | '；' | ';');
    let low = span.from().saturating_sub(BEFORE_CHARS);
    let from = chars[low..span.from()].iter().rposition(ends).map_or(low, |at| low + at + 1);
    let high = (span.to() + BEHIND_CHARS).min(chars.len());
    let to = chars[span.to()..high].iter().position(ends).map_or(high, |at| span.to() + at);
    CharSpan::new(from, to)
}

/// Tags of the segmenter that a name of a thing may end in.
fn is_thing(tag: &str) -> bool {
    matches!(tag, "n" | "nz" | "ng" | "eng" | "x" | "vn" | "nrt")
}

/// A token of a window: its characters and tag.
struct Tagged {
    from: usize,
    to: usize,
    word: String,
    thing: bool,
    /// May stand before the last token of a name.
    inner: bool,
    /// Has one character.
    single: bool,
}

/// Tags of tokens that may stand before the last one of a name.
const INNER: [&str; 8] = ["a", "b", "v", "j", "vn", "an", "l", "i"];

/// The tokens of a window. The segmenter may see a few more characters at each side, so that no word is torn.
fn tagged(chars: &[char], window: CharSpan, lexicon: &Lexicon) -> Vec<Tagged> {
    const MARGIN: usize = 6;
    let (low, high) = (window.from().saturating_sub(MARGIN), (window.to() + MARGIN).min(chars.len()));
    let text: String = chars[low..high].iter().collect();
    let mut at = low;
    let mut tokens = Vec::new();
    for token in lexicon.jieba().tag(&text, false) {
        let from = at;
        at += token.word.chars().count();
        if from < window.from() || at > window.to() {
            continue;
        }
        let word = fold_word(token.word);
        let letters = !word.is_empty() && word.chars().all(char::is_alphanumeric);
        let digits = word.chars().all(|one| one.is_ascii_digit());
        let (single, tag) = (!is_long(&word), token.tag);
        tokens.push(Tagged {
            from,
            to: at,
            thing: letters && !digits && (is_thing(tag) || (single && matches!(tag, "k" | "g" | "nr"))),
            inner: letters
                && (is_thing(tag) || INNER.contains(&tag) || (single && matches!(tag, "k" | "g" | "nr" | "ns" | "z"))),
            single,
            word,
        });
    }
    tokens
}

/// Whether a word is in a dictionary, a rule's word, a stop word, or left out by name.
fn is_known(word: &str, lexicon: &Lexicon, wanted: &Wanted) -> bool {
    if wanted.plain.contains(word) || lexicon.stopwords().binary_search_by(|known| known.as_str().cmp(word)).is_ok() {
        return true;
    }
    let chars: Vec<char> = word.chars().collect();
    lexicon.surfaces().all(&chars).into_iter().any(|(_, end, entry)| {
        let entry = &lexicon.entries()[entry as usize];
        if end != chars.len() {
            return false;
        }
        let whole = entry.surface.len() == word.len();
        // Whole words of any kind are known, and so is what ends in the name of a product (智能马桶盖).
        let product = entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Product(_)));
        whole || (product && entry.chars > 1)
    })
}

fn nouns(chars: &[char], window: CharSpan, hazard: CharSpan, lexicon: &Lexicon, wanted: &Wanted) -> Vec<String> {
    let inside = |token: &Tagged| hazard.overlaps(CharSpan::new(token.from, token.to));
    let tokens = tagged(chars, window, lexicon);
    let kept = tokens.into_iter().filter(|token| token.thing && is_word(&token.word) && !inside(token));
    kept.filter(|token| !wanted.plain.contains(&token.word)).map(|token| token.word).collect()
}

fn candidates(
    chars: &[char],
    window: CharSpan,
    reading: &Reading,
    hazard: Hazard,
    lexicon: &Lexicon,
    wanted: &Wanted,
) -> Vec<Candidate> {
    let tokens = tagged(chars, window, lexicon);
    let mut found = Vec::new();
    for end in 0..tokens.len() {
        if !tokens[end].thing {
            continue;
        }
        for count in 1..=SINGLES_MAX.min(end + 1) {
            let parts = &tokens[end + 1 - count..=end];
            if (count > 1 && !parts[0].inner) || (count > TOKENS_MAX && !parts.iter().all(|part| part.single)) {
                break;
            }
            let (from, to) = (parts[0].from, parts[count - 1].to);
            if !TERM_CHARS.contains(&(to - from)) {
                continue;
            }
            let span = CharSpan::new(from, to);
            let named = |mention: &&Mention| mention.kind != MentionKind::Quantity && mention.span.overlaps(span);
            if reading.mentions.iter().any(|mention| named(&mention)) {
                continue;
            }
            let word: String = parts.iter().map(|part| part.word.as_str()).collect();
            if is_known(&word, lexicon, wanted) || parts.iter().any(|part| wanted.plain.contains(&part.word)) {
                continue;
            }
            let beside = |at: Option<usize>| at.and_then(|at| chars.get(at)).copied().unwrap_or('^');
            found.push(Candidate {
                word,
                tokens: parts.iter().map(|part| part.word.clone()).collect(),
                left: beside(from.checked_sub(1)),
                right: beside(Some(to)),
                hazard,
            });
        }
    }
    found
}

/// A count with its first day and examples.
#[derive(Debug, Clone, Default)]
struct Sightings {
    count: u64,
    first: Option<Date>,
    undated: bool,
    examples: Vec<Example>,
}

impl Sightings {
    fn add(&mut self, seen: &Observation, text: &str) {
        self.count += 1;
        match seen.day {
            Some(day) => self.first = Some(self.first.map_or(day, |first| first.min(day))),
            None => self.undated = true,
        }
        let known = self.examples.iter().any(|known| known.document_id == seen.id || known.text == text);
        if !known {
            let example = Example { document_id: seen.id.clone(), day: seen.day, text: text.to_owned() };
            self.examples.push(example);
            self.examples.sort_by(|a, b| (a.day, &a.document_id).cmp(&(b.day, &b.document_id)));
            self.examples.truncate(EXAMPLES_MAX);
        }
    }
}

#[derive(Debug, Clone, Default)]
struct WordSightings {
    tally: Sightings,
    tokens: Vec<String>,
    left: BTreeMap<char, u64>,
    right: BTreeMap<char, u64>,
    hazards: BTreeMap<Hazard, u64>,
}

#[derive(Debug, Clone, Default)]
struct BareSightings {
    tally: Sightings,
    words: BTreeMap<String, u64>,
}

/// Adds looks up. Order does not matter as long as no table passes [`TABLE_MAX`].
#[derive(Debug, Clone, Default)]
pub struct Emerging {
    pairs: BTreeMap<(Category, Hazard), Sightings>,
    odd: BTreeMap<(Category, Hazard), Sightings>,
    bare: BTreeMap<(Hazard, String), BareSightings>,
    silent: BTreeMap<(Category, String), Sightings>,
    named: BTreeMap<(&'static str, String), Sightings>,
    words: BTreeMap<String, WordSightings>,
    background: BTreeMap<String, u64>,
    beside: BTreeMap<String, u64>,
    documents: u64,
    near: u64,
    last: Option<Date>,
    forgotten: bool,
}

impl Emerging {
    /// Adds one look.
    pub fn add(&mut self, seen: &Observation) {
        self.documents += 1;
        self.last = self.last.max(seen.day);
        for (table, found) in [(&mut self.pairs, &seen.pairs), (&mut self.odd, &seen.odd)] {
            for (category, hazard, text) in found {
                table.entry((*category, *hazard)).or_default().add(seen, text);
            }
        }
        for (hazard, word, words, text) in &seen.bare {
            let bare = self.bare.entry((*hazard, word.clone())).or_default();
            bare.tally.add(seen, text);
            for word in words {
                if bare.words.len() < NEIGHBOURS_MAX || bare.words.contains_key(word) {
                    *bare.words.entry(word.clone()).or_default() += 1;
                }
            }
        }
        for (category, alarm, text) in &seen.silent {
            self.silent.entry((*category, alarm.clone())).or_default().add(seen, text);
        }
        for (kind, name) in &seen.named {
            self.named.entry((kind, name.clone())).or_default().add(seen, &seen.example);
        }
        for candidate in &seen.candidates {
            let word = self.words.entry(candidate.word.clone()).or_default();
            word.tally.add(seen, &seen.example);
            word.tokens.clone_from(&candidate.tokens);
            for (side, beside) in [(&mut word.left, candidate.left), (&mut word.right, candidate.right)] {
                if side.len() < NEIGHBOURS_MAX || side.contains_key(&beside) {
                    *side.entry(beside).or_default() += 1;
                }
            }
            *word.hazards.entry(candidate.hazard).or_default() += 1;
        }
        self.near += u64::from(seen.near);
        let table = if seen.near { &mut self.beside } else { &mut self.background };
        for token in &seen.tokens {
            *table.entry(token.clone()).or_default() += 1;
        }
        self.forgotten |= prune(&mut self.words, |word| word.tally.count)
            | prune(&mut self.background, |count| *count)
            | prune(&mut self.beside, |count| *count)
            | prune(&mut self.bare, |bare| bare.tally.count)
            | prune(&mut self.named, |named| named.count);
    }

    /// What is new since `from` (by default the last `WINDOW_DAYS` days): at most `limit` rows a table.
    #[must_use]
    pub fn report(&self, from: Option<Date>, limit: usize) -> Report {
        let from =
            from.or_else(|| self.last.and_then(|last| last.checked_sub(jiff::Span::new().days(WINDOW_DAYS - 1)).ok()));
        let is_new =
            |tally: &Sightings| !tally.undated && tally.first.zip(from).is_some_and(|(first, from)| first >= from);
        let pair = |((category, hazard), tally): (&(Category, Hazard), &Sightings), odd: bool| Pair {
            product: *category,
            hazard: *hazard,
            count: tally.count,
            first: tally.first,
            incompatible: odd,
            examples: tally.examples.clone(),
        };
        let mut pairs: Vec<Pair> =
            self.pairs.iter().filter(|(_, tally)| is_new(tally)).map(|row| pair(row, false)).collect();
        pairs.extend(self.odd.iter().map(|row| pair(row, true)));
        pairs.sort_by_key(|pair| (pair.incompatible, std::cmp::Reverse(pair.count), pair.product, pair.hazard));
        let (new, odd): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(|pair| !pair.incompatible);
        let mut bare: Vec<BareHazard> = self
            .bare
            .iter()
            .map(|((hazard, word), bare)| BareHazard {
                hazard: *hazard,
                word: word.clone(),
                count: bare.tally.count,
                first: bare.tally.first,
                beside: most(&bare.words),
                examples: bare.tally.examples.clone(),
            })
            .collect();
        bare.sort_by(|a, b| {
            (b.hazard.is_safety(), b.count)
                .cmp(&(a.hazard.is_safety(), a.count))
                .then_with(|| (a.hazard, &a.word).cmp(&(b.hazard, &b.word)))
        });
        let mut silent: Vec<SilentProduct> = self
            .silent
            .iter()
            .map(|((product, alarm), tally)| SilentProduct {
                product: *product,
                alarm: alarm.clone(),
                count: tally.count,
                first: tally.first,
                examples: tally.examples.clone(),
            })
            .collect();
        silent.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (a.product, &a.alarm).cmp(&(b.product, &b.alarm))));
        let mut named: Vec<UnknownName> = self
            .named
            .iter()
            .map(|((kind, name), tally)| UnknownName {
                kind: (*kind).to_owned(),
                name: name.clone(),
                count: tally.count,
                first: tally.first,
                examples: tally.examples.clone(),
            })
            .collect();
        named.sort_by(|a, b| b.count.cmp(&a.count).then_with(|| (&a.kind, &a.name).cmp(&(&b.kind, &b.name))));
        let mut report = Report {
            documents: self.documents,
            from,
            to: self.last,
            unseen_pairs: new,
            incompatible_pairs: odd,
            hazards_without_product: bare,
            products_without_hazard: silent,
            unknown_names: named,
            candidate_terms: self.terms(),
            forgotten: self.forgotten,
        };
        report.unseen_pairs.truncate(limit);
        report.incompatible_pairs.truncate(limit);
        report.hazards_without_product.truncate(limit);
        report.products_without_hazard.truncate(limit);
        report.unknown_names.truncate(limit);
        report.candidate_terms.truncate(limit);
        report
    }

    /// Words worth a place in a dictionary, best first.
    fn terms(&self) -> Vec<Term> {
        let mut terms: Vec<Term> = Vec::new();
        for (word, seen) in &self.words {
            if seen.tally.count < TERM_DOCUMENTS_MIN {
                continue;
            }
            let lift = seen.tokens.iter().map(|token| self.lift(token)).fold(f64::NEG_INFINITY, f64::max);
            let cohesion = self.cohesion(word, seen);
            let freedom = entropy(&seen.left).min(entropy(&seen.right));
            if lift < LIFT_MIN || cohesion < COHESION_MIN || freedom < FREEDOM_MIN {
                continue;
            }
            let hazard = seen.hazards.iter().max_by_key(|(hazard, count)| (**count, std::cmp::Reverse(**hazard)));
            let Some((hazard, _)) = hazard else { continue };
            terms.push(Term {
                word: word.clone(),
                count: seen.tally.count,
                first: seen.tally.first,
                hazard: *hazard,
                lift,
                cohesion: if cohesion.is_finite() { cohesion } else { 0.0 },
                freedom,
                examples: seen.tally.examples.clone(),
            });
        }
        #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
        let weight = |term: &Term| (term.count as f64).ln_1p() * term.lift.min(64.0).log2();
        terms.sort_by(|a, b| weight(b).total_cmp(&weight(a)).then_with(|| a.word.cmp(&b.word)));
        // 婚车车队 and 车队: the longer word says what the shorter one means when it is nearly as frequent.
        let longer: Vec<(String, u64)> = terms.iter().map(|term| (term.word.clone(), term.count)).collect();
        terms.retain(|term| {
            !longer.iter().any(|(other, count)| {
                other.len() > term.word.len() && other.contains(&term.word) && count * 3 >= term.count * 2
            })
        });
        terms
    }

    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn lift(&self, token: &str) -> f64 {
        let of = |table: &BTreeMap<String, u64>| table.get(token).copied().unwrap_or(0) as f64;
        let far = (self.documents - self.near) as f64;
        ((of(&self.beside) + 0.5) / (self.near as f64 + 1.0)) / ((of(&self.background) + 0.5) / (far + 1.0))
    }

    /// Pointwise mutual information of the weakest joint of a word; infinite for a single token.
    #[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
    fn cohesion(&self, word: &str, seen: &WordSightings) -> f64 {
        if seen.tokens.len() < 2 {
            return f64::INFINITY;
        }
        let all = self.documents.max(1) as f64;
        let of = |token: &String| {
            let count = |table: &BTreeMap<String, u64>| table.get(token).copied().unwrap_or(0);
            ((count(&self.beside) + count(&self.background)).max(seen.tally.count)) as f64 / all
        };
        let together = self.words.get(word).map_or(0, |word| word.tally.count) as f64 / all;
        (together / seen.tokens.iter().map(of).product::<f64>()).log2() / (seen.tokens.len() - 1) as f64
    }
}

/// The most frequent neighbours, best first.
fn most(words: &BTreeMap<String, u64>) -> Vec<String> {
    const SHOWN: usize = 5;
    let mut list: Vec<(&String, &u64)> = words.iter().collect();
    list.sort_by(|a, b| b.1.cmp(a.1).then_with(|| a.0.cmp(b.0)));
    list.into_iter().take(SHOWN).map(|(word, count)| format!("{word}({count})")).collect()
}

/// Entropy in bits of what stands beside a word; a border of the text counts as ever another neighbour.
#[expect(clippy::cast_precision_loss, reason = "counts far below 2^52")]
fn entropy(beside: &BTreeMap<char, u64>) -> f64 {
    let total: u64 = beside.values().sum();
    let bits = beside.iter().map(|(character, count)| {
        let share = *count as f64 / total.max(1) as f64;
        if *character == '^' { share * (total as f64).log2() } else { -share * share.log2() }
    });
    bits.sum()
}

/// Forgets the rarest rows of a table that is too large; says whether anything was forgotten.
fn prune<K: Ord, V>(table: &mut BTreeMap<K, V>, count: impl Fn(&V) -> u64) -> bool {
    let mut floor = 1;
    let full = table.len() > TABLE_MAX;
    while full && table.len() > TABLE_MAX / 2 && floor < u64::MAX / 2 {
        table.retain(|_, row| count(row) > floor);
        floor *= 2;
    }
    full
}

/// A pair of product and hazard.
#[derive(Debug, Clone, Serialize)]
pub struct Pair {
    /// Product.
    pub product: Category,
    /// Hazard.
    pub hazard: Hazard,
    /// Documents.
    pub count: u64,
    /// First day.
    pub first: Option<Date>,
    /// Whether `rules/relations` says that the hazard is not about such products, so that no signal was made.
    pub incompatible: bool,
    /// Up to three.
    pub examples: Vec<Example>,
}

/// A hazard word in texts that name no known product.
#[derive(Debug, Clone, Serialize)]
pub struct BareHazard {
    /// Hazard.
    pub hazard: Hazard,
    /// The word.
    pub word: String,
    /// Documents.
    pub count: u64,
    /// First day.
    pub first: Option<Date>,
    /// Nouns beside it, with counts.
    pub beside: Vec<String>,
    /// Up to three.
    pub examples: Vec<Example>,
}

/// A product in alarming texts that name no known hazard.
#[derive(Debug, Clone, Serialize)]
pub struct SilentProduct {
    /// Product.
    pub product: Category,
    /// The alarming word.
    pub alarm: String,
    /// Documents.
    pub count: u64,
    /// First day.
    pub first: Option<Date>,
    /// Up to three.
    pub examples: Vec<Example>,
}

/// A name that a structured source gave and no dictionary holds.
#[derive(Debug, Clone, Serialize)]
pub struct UnknownName {
    /// `product`, `test_item` or `category`.
    pub kind: String,
    /// The name.
    pub name: String,
    /// Documents.
    pub count: u64,
    /// First day.
    pub first: Option<Date>,
    /// Up to three.
    pub examples: Vec<Example>,
}

/// A word proposed to the analyst.
#[derive(Debug, Clone, Serialize)]
pub struct Term {
    /// The word, folded.
    pub word: String,
    /// Documents in which it stands beside a hazard whose product is not named.
    pub count: u64,
    /// First day.
    pub first: Option<Date>,
    /// The hazard most often beside it.
    pub hazard: Hazard,
    /// How many times more frequent than in texts without hazards.
    pub lift: f64,
    /// PMI of its parts in bits; 0 for a single token.
    pub cohesion: f64,
    /// Entropy of its neighbours in bits, at the poorer side.
    pub freedom: f64,
    /// Up to three.
    pub examples: Vec<Example>,
}

/// What is emerging. Its `Display` is what `wanglou emerging` prints.
#[derive(Debug, Clone, Serialize)]
pub struct Report {
    /// Documents looked at.
    pub documents: u64,
    /// First day of the window.
    pub from: Option<Date>,
    /// Last day seen.
    pub to: Option<Date>,
    /// Pairs first seen in the window.
    pub unseen_pairs: Vec<Pair>,
    /// Pairs that the relations rule out, named side by side.
    pub incompatible_pairs: Vec<Pair>,
    /// Hazards in texts without a product.
    pub hazards_without_product: Vec<BareHazard>,
    /// Products in alarming texts without a hazard.
    pub products_without_hazard: Vec<SilentProduct>,
    /// Names of structured sources that no dictionary holds.
    pub unknown_names: Vec<UnknownName>,
    /// Words proposed for the dictionaries.
    pub candidate_terms: Vec<Term>,
    /// Whether a table was full and rare rows were forgotten.
    pub forgotten: bool,
}

impl vocabulary::Report for Report {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let day = |day: &Option<Date>| {
            day.map_or_else(|| language.pick("无日期", "no date").to_owned(), |day| day.to_string())
        };
        let seen = |count: u64, first: &Option<Date>| {
            said!(language, "{count} 篇  首见 {}", "{count} documents  first {}", day(first))
        };
        let category = |category: Category| language.pick(category.zh(), category.en());
        let hazard = |hazard: Hazard| language.pick(hazard.zh(), hazard.en());
        let head = said!(
            language,
            "看过 {} 篇；窗口 {} 至 {}",
            "{} documents were read; window {} to {}",
            self.documents,
            day(&self.from),
            day(&self.to)
        );
        writeln!(f, "{head}")?;
        for (title, pairs) in [
            (
                language
                    .pick("一、窗口内首次出现的 产品 × 隐患", "1. product × hazard for the first time in the window"),
                &self.unseen_pairs,
            ),
            (
                language.pick(
                    "二、关系表之外的 产品 × 隐患（同处提及，未计信号）",
                    "2. product × hazard that the table of relations does not have (named together, no signal)",
                ),
                &self.incompatible_pairs,
            ),
        ] {
            writeln!(f, "\n{title}")?;
            for pair in pairs {
                let seen = seen(pair.count, &pair.first);
                writeln!(f, "  {} × {}  {seen}", category(pair.product), hazard(pair.hazard))?;
                examples(f, &pair.examples)?;
            }
        }
        writeln!(f, "\n{}", language.pick("三、有隐患、无产品", "3. a hazard without a product"))?;
        for row in &self.hazards_without_product {
            let beside = row.beside.join(" ");
            let (seen, words) = (seen(row.count, &row.first), language.pick("旁边的词", "words beside"));
            writeln!(f, "  {}「{}」 {seen}  {words} {beside}", hazard(row.hazard), row.word)?;
            examples(f, &row.examples)?;
        }
        let title = language.pick("四、有产品、有警示语、无隐患", "4. a product and words of alarm without a hazard");
        writeln!(f, "\n{title}")?;
        for row in &self.products_without_hazard {
            writeln!(f, "  {} +「{}」 {}", category(row.product), row.alarm, seen(row.count, &row.first))?;
            examples(f, &row.examples)?;
        }
        let title = language.pick("五、表格里未收录的名称", "5. names of tables that no dictionary has");
        writeln!(f, "\n{title}")?;
        for row in &self.unknown_names {
            let kind = match row.kind.as_str() {
                "product" => language.pick("产品", "product"),
                "test_item" => language.pick("检验项目", "test item"),
                _ => language.pick("平台类目", "category of a platform"),
            };
            writeln!(f, "  {kind}「{}」 {}", row.name, seen(row.count, &row.first))?;
            examples(f, &row.examples)?;
        }
        let title = language.pick(
            "六、建议收录的词（隐患旁反复出现，词典里没有）",
            "6. words to take up (often beside hazards, in no dictionary)",
        );
        writeln!(f, "\n{title}")?;
        for term in &self.candidate_terms {
            let line = said!(
                language,
                "  {}  {}  多伴 {}  倍数 {:.1}  凝合 {:.1}  自由 {:.1}",
                "  {}  {}  beside {}  lift {:.1}  cohesion {:.1}  freedom {:.1}",
                term.word,
                seen(term.count, &term.first),
                hazard(term.hazard),
                term.lift,
                term.cohesion,
                term.freedom
            );
            writeln!(f, "{line}")?;
            examples(f, &term.examples)?;
        }
        if self.forgotten {
            let full =
                language.pick("词表已满，过于少见的词未保留", "the table of words is full: the rarest were not kept");
            writeln!(f, "\n{full}")?;
        }
        Ok(())
    }
}

fn examples(f: &mut fmt::Formatter<'_>, examples: &[Example]) -> fmt::Result {
    for example in examples {
        writeln!(f, "      {}  {}", example.document_id, example.text)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lexicon() -> &'static Lexicon {
        static LEXICON: std::sync::OnceLock<Lexicon> = std::sync::OnceLock::new();
        LEXICON.get_or_init(|| Lexicon::shipped().expect("the shipped lexicon loads"))
    }

    fn add(emerging: &mut Emerging, id: usize, day: &str, text: &str) {
        let document: Document = serde_json::from_value(
            serde_json::json!({"id": id.to_string(), "source": "s", "channel": "media", "text": text, "published_at": day}),
        )
        .expect("a document");
        let reading = extract::read(&document, lexicon());
        emerging.add(&observe(&document, &reading, lexicon(), &Wanted::of(lexicon())));
    }

    #[test]
    fn a_pair_is_new_only_when_nothing_of_it_was_seen_before_the_window() {
        let mut emerging = Emerging::default();
        add(&mut emerging, 1, "2024-01-05", "充电宝充电时起火了");
        add(&mut emerging, 2, "2024-03-05", "充电宝充电时起火了，幸好没人");
        add(&mut emerging, 3, "2024-03-06", "电热毯半夜漏电");
        let report = emerging.report("2024-03-01".parse().ok(), 10);
        let pairs: Vec<_> = report.unseen_pairs.iter().map(|pair| (pair.product, pair.hazard, pair.count)).collect();
        assert_eq!(pairs, [(Category::SmallAppliance, Hazard::ElectricShock, 1)]);
        assert_eq!(report.unseen_pairs[0].examples[0].document_id, "3");
    }

    #[test]
    fn an_unknown_word_that_recurs_beside_hazards_is_proposed_and_a_known_one_is_not() {
        let mut emerging = Emerging::default();
        let before = ["家里的", "新买的", "邻居那个", "昨晚", "朋友送的", "他家"];
        let behind = ["突然起火", "半夜自燃", "冒烟了", "爆炸了", "起火了", "又冒烟"];
        for (at, (before, behind)) in before.iter().zip(behind).enumerate() {
            add(&mut emerging, at, "2024-03-05", &format!("{before}暖莓泡脚锥{behind}"));
            add(&mut emerging, 100 + at, "2024-03-05", &format!("{before}充电宝{behind}"));
        }
        for at in 0..40 {
            add(&mut emerging, 200 + at, "2024-03-05", "今天天气很好，大家一起去公园散步");
        }
        let report = emerging.report(None, 50);
        let words: Vec<&str> = report.candidate_terms.iter().map(|term| term.word.as_str()).collect();
        assert!(words.iter().any(|word| word.contains("泡脚") || word.contains("脚锥")), "{words:?}");
        assert!(!words.iter().any(|word| word.contains("充电宝")), "{words:?}");
    }

    #[test]
    fn names_that_a_table_gives_and_no_dictionary_holds_are_listed() {
        let mut emerging = Emerging::default();
        add(&mut emerging, 1, "2024-03-05", "产品名称：雾化除醛仪；不合格项目：晶格系数；检验结果：不合格");
        let report = emerging.report(None, 10);
        let names: Vec<_> = report.unknown_names.iter().map(|name| (name.kind.as_str(), name.name.as_str())).collect();
        assert_eq!(names, [("product", "雾化除醛仪"), ("test_item", "晶格系数")]);
        assert!(vocabulary::Report::text(&report, Language::Chinese).contains("晶格系数"));
    }

    #[test]
    fn a_full_table_forgets_the_rare_and_says_so() {
        let mut table: BTreeMap<usize, u64> = (0..=TABLE_MAX).map(|at| (at, if at < 10 { 5 } else { 1 })).collect();
        assert!(prune(&mut table, |count| *count));
        assert_eq!(table.len(), 10);
        assert!(!prune(&mut table, |count| *count));
    }
}
