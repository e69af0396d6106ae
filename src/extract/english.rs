//! Foreign recall lists in English: which of our categories and hazards a record is about.
//!
//! In: a document whose text is mostly Latin, with the columns its source gave. Out: signals in our codes. A record is about one
//! product: the head of the name in its headline, or of its first sentence. Its hazards are those of a hazard column and
//! the headline; where these say nothing plain, those of the text. Not here: Chinese; words live in `rules/structured/english`.

use std::collections::BTreeMap;

use lexicon::Lexicon;
use lexicon::english::{EnglishMeaning, stem, words};
use lexicon::structured::Role;
use vocabulary::{
    Category, CharSpan, Document, Hazard, ItemNames, Mention, MentionKind, ProductFrom, Reading, RuleId, Signal,
    Stance, excerpt,
};

use super::BRAND_CHARS_MAX;
use super::structured::fields::{Field, SPAN_CHARS_MAX};

/// Characters that are looked at to tell whether a text is mostly Latin.
const PROBE_CHARS: usize = 400;
/// Latin letters to each Chinese character that make a text mostly Latin.
const LATIN_PER_HAN: usize = 6;
/// Least Latin letters of such a text.
const LATIN_MIN: usize = 4;
/// Most words of a text that are read.
const WORDS_MAX: usize = 20_000;
/// Most words of a risk type.
const RISK_TYPE_WORDS: usize = 3;
/// Words before a hazard in which a denial counts.
const DENIAL_WORDS: usize = 3;

/// Whether a text is mostly Latin.
pub(super) fn is_latin(text: &str) -> bool {
    // Most texts have no Latin letters, which is seen many bytes at a time.
    let letters = |some: &[u8]| some.iter().map(|byte| u8::from(byte.is_ascii_alphabetic())).sum::<u8>();
    if text.as_bytes().chunks(usize::from(u8::MAX)).map(|some| usize::from(letters(some))).sum::<usize>() < LATIN_MIN {
        return false;
    }
    let (mut latin, mut han) = (0, 0);
    for character in text.chars().take(PROBE_CHARS) {
        if character.is_ascii_alphabetic() {
            latin += 1;
        } else if ('\u{3400}'..='\u{9fff}').contains(&character) {
            han += 1;
            if han > PROBE_CHARS / LATIN_PER_HAN {
                return false;
            }
        }
    }
    latin >= LATIN_MIN && latin > han * LATIN_PER_HAN
}

/// A word with its place.
struct Word {
    from: usize,
    to: usize,
    stem: String,
    /// What stands between it and the word before: a mark that ends a name.
    breaks: bool,
    /// Ends a sentence before it.
    begins: bool,
}

/// A piece of the record that is read on its own.
struct Zone {
    words: Vec<Word>,
    /// First character in the document's text; none when the piece is not in it.
    at: Option<usize>,
    found: Vec<FoundTerm>,
}

/// A phrase that stands in a zone, in words.
struct FoundTerm {
    from: usize,
    to: usize,
    meaning: EnglishMeaning,
    rule: RuleId,
}

/// Words that end the name of a product.
const STOPS: [&str; 38] = [
    "and",
    "or",
    "with",
    "for",
    "in",
    "of",
    "on",
    "by",
    "from",
    "due",
    "because",
    "sold",
    "that",
    "which",
    "are",
    "is",
    "was",
    "were",
    "to",
    "the",
    "a",
    "an",
    "at",
    "including",
    "recall",
    "recalled",
    "recalling",
    "expand",
    "reannounce",
    "can",
    "violate",
    "pose",
    "posing",
    "after",
    "under",
    "manufactured",
    "imported",
    "if",
];
/// Words that deny.
const DENIALS: [&str; 7] = ["no", "not", "without", "never", "none", "neither", "nor"];
/// Words that make clothes children's clothes.
const YOUNG: [&str; 11] =
    ["children", "boy", "girl", "toddler", "infant", "baby", "youth", "junior", "newborn", "preschool", "teen"];
/// Stems that tell of something that happened.
const REPORTS: [&str; 14] = [
    "report",
    "reported",
    "received",
    "resulting",
    "resulted",
    "suffered",
    "including",
    "incident",
    "incidents",
    "treated",
    "was",
    "were",
    "one",
    "sustained",
];
/// Stems that tell of what may happen.
const WARNS: [&str; 8] = ["risk", "could", "can", "may", "potential", "hazard", "might", "danger"];

impl Zone {
    fn new(text: &str, at: Option<usize>, lexicon: &Lexicon) -> Self {
        let chars: Vec<char> = text.chars().collect();
        let mut list: Vec<Word> = Vec::new();
        for (from, to, word) in words(text).take(WORDS_MAX) {
            let before = list.last().map_or(0, |last: &Word| last.to);
            let gap = &chars[before..from];
            let begins = gap.iter().any(|one| matches!(one, '!' | '?' | '\n' | ';'))
                || gap.windows(2).any(|pair| pair[0] == '.' && pair[1].is_whitespace());
            let breaks =
                begins || gap.iter().any(|one| matches!(one, ',' | '(' | ')' | ':' | '/' | '–' | '—' | '.' | '|'));
            list.push(Word { from, to, stem: stem(&word), breaks, begins });
        }
        let mut zone = Self { words: list, at, found: Vec::new() };
        zone.find(lexicon);
        zone
    }

    fn find(&mut self, lexicon: &Lexicon) {
        let stems: Vec<&str> = self.words.iter().map(|word| word.stem.as_str()).collect();
        let mut at = 0;
        while at < stems.len() {
            match lexicon.english().longest(&stems[at..]) {
                Some((length, phrase)) => {
                    let (meaning, rule) = (phrase.meaning, phrase.rule.clone());
                    self.found.push(FoundTerm { from: at, to: at + length, meaning, rule });
                    at += length;
                }
                None => at += 1,
            }
        }
    }

    fn is_stop(&self, at: usize) -> bool {
        STOPS.contains(&self.words[at].stem.as_str())
    }

    /// The product that the zone names, from word `start` on: the last product word of the first name that has one, a name
    /// ending at a mark or a small word.
    fn subject(&self, start: usize, bound: usize) -> Option<(usize, Category)> {
        let mut best: Option<(usize, Category)> = None;
        for (index, found) in self.found.iter().enumerate() {
            let EnglishMeaning::Product(category) = found.meaning else { continue };
            if found.from < start || found.to > bound {
                continue;
            }
            if let Some((last, _)) = best {
                let between = self.found[last].to..found.from;
                let parted = between.clone().any(|at| self.is_stop(at))
                    || (between.start..=found.from).any(|at| self.words[at].breaks);
                if parted {
                    break;
                }
            }
            best = Some((index, category));
        }
        best.map(|(index, category)| (index, self.grown(category, self.found[index].from)))
    }

    /// Clothes with a word for the young in the same name are children's.
    fn grown(&self, category: Category, at: usize) -> Category {
        if !matches!(category, Category::Clothing | Category::ShoeBag) {
            return category;
        }
        let name = self.words[..=at].iter().rev().take(6).take_while(|word| !STOPS.contains(&word.stem.as_str()));
        let young = name.into_iter().any(|word| YOUNG.contains(&word.stem.as_str()));
        if young { Category::ChildWear } else { category }
    }

    fn denied(&self, at: usize) -> bool {
        let low = at.saturating_sub(DENIAL_WORDS);
        let near = (low..at).rev().take_while(|other| !self.words[other + 1].begins);
        near.into_iter().any(|other| DENIALS.contains(&self.words[other].stem.as_str()))
    }

    /// Hazards that the zone states, weak ones apart: hazard, weak, index of the find.
    fn hazards(&self) -> Vec<(Hazard, bool, usize)> {
        let stated = self.found.iter().enumerate().filter_map(|(index, found)| match found.meaning {
            EnglishMeaning::Hazard(hazard, weak) if !self.denied(found.from) => Some((hazard, weak, index)),
            _ => None,
        });
        stated.collect()
    }

    /// A risk type in a column of its own (Chemical, Entrapment) is plain, however weak the word is in a sentence.
    fn harden(&mut self) {
        for found in &mut self.found {
            if let EnglishMeaning::Hazard(hazard, weak) = &mut found.meaning
                && *hazard != Hazard::Other
            {
                *weak = false;
            }
        }
    }

    /// The worst injury that a sentence reports.
    fn severity(&self, lexicon: &Lexicon) -> u8 {
        let mut worst = 0;
        let mut from = 0;
        while from < self.words.len() {
            let to = (from + 1..self.words.len()).find(|at| self.words[*at].begins).unwrap_or(self.words.len());
            let stems: Vec<&str> = self.words[from..to].iter().map(|word| word.stem.as_str()).collect();
            let has = |list: &[&str]| stems.iter().any(|stem| list.contains(stem));
            if has(&REPORTS) && !has(&WARNS) {
                for at in 0..stems.len() {
                    let denied = stems[at.saturating_sub(DENIAL_WORDS)..at].iter().any(|stem| DENIALS.contains(stem));
                    if let Some((_, phrase)) = lexicon.english().injury(&stems[at..]).filter(|_| !denied)
                        && let EnglishMeaning::Injury(severity) = phrase.meaning
                    {
                        worst = worst.max(severity);
                    }
                }
            }
            from = to;
        }
        worst
    }

    /// The place of a find in the document's text; what is not in the text is evidenced by its beginning.
    fn span(&self, index: usize, whole: CharSpan) -> CharSpan {
        let found = &self.found[index];
        match self.at {
            Some(at) => CharSpan::new(at + self.words[found.from].from, at + self.words[found.to - 1].to),
            None => whole,
        }
    }
}

/// The category of an English product name.
pub(super) fn category_of_name(name: &str, lexicon: &Lexicon) -> Option<Category> {
    if !is_latin(name) {
        return None;
    }
    let zone = Zone::new(name, None, lexicon);
    zone.subject(0, zone.words.len()).map(|(_, category)| category)
}

/// Puts the signals of an English record into its reading.
pub(super) fn apply(document: &Document, rows: &[Vec<Field>], lexicon: &Lexicon, reading: &mut Reading) {
    let fields: Vec<&Field> = rows.iter().flatten().collect();
    let of = |role: Role| fields.iter().filter(move |field| field.role == role);
    let place = |text: &str| {
        let byte = document.text.find(text)?;
        Some(document.text[..byte].chars().count())
    };
    let zone_of = |field: &&&Field| Zone::new(&field.value, field.span.map(CharSpan::from), lexicon);
    let text = Zone::new(&document.text, Some(0), lexicon);
    let title = document.title.as_deref().map(|title| Zone::new(title, place(title), lexicon));
    let mut stated: Vec<Zone> = of(Role::Hazard).chain(of(Role::Defect)).map(|field| zone_of(&field)).collect();
    for zone in stated.iter_mut().filter(|zone| zone.words.len() <= RISK_TYPE_WORDS) {
        zone.harden();
    }
    let named: Vec<Zone> = of(Role::Product).map(|field| zone_of(&field)).collect();
    let grouped: Vec<Zone> = of(Role::Category).map(|field| zone_of(&field)).collect();

    let whole = CharSpan::new(0, document.text.chars().take(SPAN_CHARS_MAX).count());
    let Some((category, product_span)) = subject(&named, title.as_ref(), &text, &grouped, lexicon, document) else {
        return;
    };

    let mut found: BTreeMap<Hazard, (CharSpan, f64, Vec<RuleId>)> = BTreeMap::new();
    let sure = &lexicon.structured().confidence;
    let strong: Vec<&Zone> = stated.iter().chain(title.as_ref()).collect();
    let plain = |zone: &Zone, weak: bool, other: bool| -> Vec<(Hazard, usize)> {
        let fits = zone
            .hazards()
            .into_iter()
            .filter(|(hazard, is_weak, _)| if *hazard == Hazard::Other { other } else { *is_weak == weak && !other });
        fits.map(|(hazard, _, index)| (hazard, index)).collect()
    };
    // Plain words of column and headline, then of the text; then weak words in the same order; then whatever is left.
    let steps: [(bool, bool, bool, f64); 5] = [
        (true, false, false, sure.english),
        (false, false, false, sure.english_text),
        (true, true, false, sure.english_weak),
        (false, true, false, sure.english_weak),
        (true, false, true, sure.english_vague),
    ];
    for (headline, weak, other, confidence) in steps {
        let zones: Vec<&Zone> = if headline { strong.clone() } else { vec![&text] };
        for zone in zones {
            for (hazard, index) in plain(zone, weak, other) {
                let entry = found.entry(hazard).or_insert_with(|| (zone.span(index, whole), confidence, Vec::new()));
                entry.2.push(zone.found[index].rule.clone());
            }
        }
        if !found.is_empty() {
            break;
        }
    }
    let severity = text.severity(lexicon);
    let brand = document
        .meta_str("brand")
        .or_else(|| of(Role::Brand).chain(of(Role::Firm)).map(|field| field.value.as_str()).next());
    let named = |role: Role| of(role).next().map(|field| excerpt(&field.value, ItemNames::CHARS_MAX));
    let item = ItemNames {
        maker: named(Role::Firm),
        seller: named(Role::Seller),
        model: named(Role::Model),
        batch: named(Role::Batch),
    };
    for (hazard, (hazard_span, confidence, mut rules)) in found {
        rules.sort();
        rules.dedup();
        if reading.signals.iter().any(|known| known.product == category && known.hazard == hazard) {
            continue;
        }
        reading.signals.push(Signal {
            product: category,
            hazard,
            stance: Stance::Asserted,
            severity: if hazard.is_safety() { severity } else { 0 },
            product_span,
            hazard_span,
            title_span: None,
            product_from: if product_span.is_some() { ProductFrom::Text } else { ProductFrom::Meta },
            brand: brand.map(|brand| excerpt(brand, BRAND_CHARS_MAX)),
            item: item.clone(),
            region: None,
            confidence,
            rules,
        });
    }
    mentions(&text, document, reading);
}

/// The product of a record: the product column, the headline, the first sentences, the office's group.
fn subject(
    named: &[Zone],
    title: Option<&Zone>,
    text: &Zone,
    grouped: &[Zone],
    lexicon: &Lexicon,
    document: &Document,
) -> Option<(Category, Option<CharSpan>)> {
    let group = grouped.iter().find_map(|zone| zone.subject(0, zone.words.len())).map(|(_, category)| category);
    let of = |zone: &Zone, start: usize, bound: usize| {
        let (index, category) = zone.subject(start, bound)?;
        let span = zone.at.map(|_| zone.span(index, CharSpan::new(0, 0)));
        Some((category, span))
    };
    let headline = |zone: &Zone| {
        let at = |stem: &str| zone.words.iter().position(|word| word.stem == stem);
        let due = zone.words.windows(2).position(|pair| pair[0].stem == "due" && pair[1].stem == "to");
        let bound = due.or_else(|| zone.words.iter().skip(1).position(|word| word.begins).map(|at| at + 1));
        let bound = bound.unwrap_or(zone.words.len());
        let recalls = at("recall").map(|at| at + 1).filter(|at| *at < bound);
        recalls.and_then(|start| of(zone, start, bound)).or_else(|| of(zone, 0, bound))
    };
    let found = named
        .iter()
        .find_map(|zone| of(zone, 0, zone.words.len()))
        .or_else(|| title.and_then(headline))
        .or_else(|| headline(text))
        .or_else(|| of(text, 0, text.words.len()));
    match (found, group) {
        // The office's group decides where the name is only a look-alike: a toy truck in the group of toys.
        (Some((category, span)), Some(group)) if category == group => Some((category, span)),
        (Some((category, span)), Some(group)) => Some((if is_firm_group(group) { group } else { category }, span)),
        (Some(found), None) => Some(found),
        (None, Some(group)) => Some((group, None)),
        (None, None) => super::category_of_meta(document, lexicon).map(|category| (category, None)),
    }
}

/// Groups that say more than a name: what belongs to them borrows the names of other things.
fn is_firm_group(group: Category) -> bool {
    matches!(group, Category::Toy | Category::InfantProduct | Category::ChildWear)
}

/// Products and hazards named in the text.
fn mentions(text: &Zone, document: &Document, reading: &mut Reading) {
    let room = super::MENTIONS_MAX.saturating_sub(reading.mentions.len());
    let chars: Vec<char> = document.text.chars().collect();
    for (index, found) in text.found.iter().enumerate().take(room) {
        let (kind, code) = match found.meaning {
            EnglishMeaning::Product(category) => (MentionKind::Product, category.code().to_owned()),
            EnglishMeaning::Hazard(hazard, _) => (MentionKind::Hazard, hazard.code().to_owned()),
            _ => continue,
        };
        let denied = kind == MentionKind::Hazard && text.denied(found.from);
        let span = text.span(index, CharSpan::new(0, 0));
        reading.mentions.push(Mention {
            kind,
            code,
            span,
            text: chars[span.from()..span.to()].iter().collect(),
            stance: if denied { Stance::Negated } else { Stance::Asserted },
            rule: found.rule.clone(),
        });
    }
    reading.mentions.sort_by(|a, b| (a.span, a.kind, &a.code, &a.rule).cmp(&(b.span, b.kind, &b.code, &b.rule)));
    reading.mentions.dedup();
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(json: serde_json::Value) -> Vec<String> {
        static LEXICON: std::sync::OnceLock<Lexicon> = std::sync::OnceLock::new();
        let lexicon = LEXICON.get_or_init(|| Lexicon::shipped().expect("the shipped lexicon loads"));
        let document: Document = serde_json::from_value(json).expect("a document");
        let reading = super::super::read(&document, lexicon);
        for signal in &reading.signals {
            assert!(signal.hazard_span.to() <= document.text.chars().count(), "{signal:?}");
        }
        let mut pairs: Vec<String> = reading
            .signals
            .iter()
            .map(|signal| format!("{}/{}/{}", signal.product, signal.hazard, signal.severity))
            .collect();
        pairs.sort();
        pairs
    }

    fn text(title: &str, text: &str) -> Vec<String> {
        pairs(serde_json::json!({"id": "1", "source": "s", "channel": "standard", "title": title, "text": text}))
    }

    #[test]
    fn a_recall_names_its_product_by_the_head_of_the_name_in_its_headline() {
        let found = text("Acme Recalls Baby Monitor Battery Packs Due to Fire Hazard", "The packs can overheat.");
        assert_eq!(found, ["battery_charger/fire/0"]);
        let found = text(
            "Toddler Shoes with Charms Recalled Due to Choking Hazard; Sold by Bag World",
            "These shoes are pink.",
        );
        assert_eq!(found, ["child_wear/choking/0"]);
    }

    #[test]
    fn a_hazard_inside_another_name_or_denied_is_none() {
        assert_eq!(text("", "The fire pit has a smoke alarm and shock absorbers."), Vec::<String>::new());
        assert_eq!(text("", "The heater works well; there is no fire hazard."), Vec::<String>::new());
    }

    #[test]
    fn injuries_count_when_they_are_reported_not_when_they_are_feared() {
        let found =
            text("Step Stools Recalled Due to Fall Hazard", "The firm has received one report of a fractured wrist.");
        assert_eq!(found, ["furniture/collapse/2"]);
        let found = text(
            "Step Stools Recalled Due to Fall Hazard",
            "They can break, posing a risk of death. No injuries have been reported.",
        );
        assert_eq!(found, ["furniture/collapse/0"]);
    }

    #[test]
    fn the_risk_types_of_the_european_list_have_their_hazards() {
        let types = [
            ("Fire", "fire"),
            ("Burns", "burn"),
            ("Choking", "choking"),
            ("Strangulation", "suffocation"),
            ("Suffocation", "suffocation"),
            ("Asphyxiation", "suffocation"),
            ("Electric shock", "electric_shock"),
            ("Chemical", "chemical"),
            ("Environment", "chemical"),
            ("Entrapment", "entrapment"),
            ("Drowning", "drowning"),
            ("Microbiological", "microbial"),
            ("Damage to hearing", "noise"),
            ("Damage to sight", "radiation"),
            ("Cuts", "cut"),
            ("Injuries", "other"),
            ("Electromagnetic disturbance", "radiation"),
            ("Security", ""),
        ];
        for (risk, hazard) in types {
            let found = pairs(
                serde_json::json!({"id": "1", "source": "s", "channel": "standard", "text": "Plush toy in the shape of a bear",
                "meta": {"Category": "Toys", "Product": "Plush toy", "Risk type": risk}}),
            );
            let expected = if hazard.is_empty() { vec![] } else { vec![format!("toy/{hazard}/0")] };
            assert_eq!(found, expected, "{risk}");
        }
    }

    #[test]
    fn a_chinese_text_with_latin_names_is_not_english() {
        for text in ["iPhone 15 Pro Max 充电时发烫", "充电宝起火", "", "2024-01-01 3.5kg"] {
            assert!(!is_latin(text), "{text}");
        }
        assert!(is_latin("Plush toy") && is_latin("The heater (取暖器) can overheat and catch fire quickly"));
    }

    #[test]
    fn a_text_is_latin_by_its_first_letters_however_long_it_is() {
        let latin = "Recall of chargers that overheat. ";
        for (text, expected) in [
            ("abc".to_owned(), false),
            ("abcd".to_owned(), true),
            ("充电宝abcd".to_owned(), false),
            (latin.repeat(100), true),
            ("12 34 ".repeat(200) + latin, false),
            ("充电宝".repeat(100) + &latin.repeat(100), false),
        ] {
            assert_eq!(is_latin(&text), expected, "{text}");
        }
    }
}
