//! Names beside products and hazards: brands, firms, shops, places, platforms, standards, marks, materials, groups,
//! quantities, dates, models.
//!
//! In: the folded text and the automaton's hits. Out: [`Fact`]s in text order. Each kind has its file. What stands in a
//! dictionary is found from the hits; what has a shape (numbers, firms) from one scan over the characters that stops only
//! where a digit, a numeral or the last character of a suffix stands. Not here: what a name means for a signal's product.

mod dates;
mod firms;
mod models;
mod names;
mod places;
mod quantities;
mod rough;
mod standards;

use lexicon::Lexicon;
use lexicon::terms::Meaning;
use vocabulary::{Category, Document, Focus, ItemNames, MentionKind, RegionCode, RuleId, excerpt};

use super::clauses::{self, Clause};
use super::hits::Hits;
use super::normalise::Folded;

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

impl Fact {
    fn new(from: usize, to: usize, kind: MentionKind, code: String, rule: &str) -> Self {
        Self { from, to, kind, code, rule: RuleId::from(rule) }
    }
}

/// All names of a text, in text order. `meta` is what the platform says the product is.
pub(super) fn facts(
    folded: &Folded,
    hits: &Hits,
    lexicon: &Lexicon,
    document: &Document,
    meta: Option<Category>,
) -> Vec<Fact> {
    let mut facts = Vec::new();
    names::names(folded, hits, lexicon, meta, &mut facts);
    places::places(folded, hits, lexicon, document, &mut facts);
    shapes(folded, hits, lexicon, document, &mut facts);
    let marks: Vec<_> =
        facts.iter().filter(|fact| fact.kind == MentionKind::Certificate).map(|fact| fact.from..fact.to).collect();
    // The number of a mark is no model.
    facts.retain(|fact| {
        let mark = marks.partition_point(|mark| mark.end <= fact.from);
        fact.kind != MentionKind::Model || !marks.get(mark).is_some_and(|mark| mark.contains(&fact.from))
    });
    facts.sort_by(|a, b| (a.from, a.to, a.kind, &a.code).cmp(&(b.from, b.to, b.kind, &b.code)));
    facts
}

/// Places by the platform's own word for it.
pub(super) fn meta_region(document: &Document, lexicon: &Lexicon) -> Option<RegionCode> {
    places::place_of(document.meta_str("region")?, lexicon)
}

/// The vulnerable group that a text names, when it does.
pub fn is_vulnerable(focus: &str) -> bool {
    [Focus::Children, Focus::Elderly, Focus::Students].iter().any(|group| group.code() == focus)
}

/// What a shape may begin or end with: the others are passed over.
const SHAPED: rough::Rough = rough::Rough::new(&[
    &['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l', 'm', 'n', 'o', 'p', 'q', 'r', 's', 't', 'u', 'v'],
    &['w', 'x', 'y', 'z', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
    &quantities::NUMERALS,
    &firms::ENDS,
]);

/// One scan for what has a shape.
fn shapes(folded: &Folded, hits: &Hits, lexicon: &Lexicon, document: &Document, facts: &mut Vec<Fact>) {
    let chars = &folded.chars;
    let named = facts.len();
    let mut firms = firms::Firms::new(folded, hits, lexicon, document, &facts[..named]);
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(character) = chars.get(at) {
        match character {
            _ if !SHAPED.may_be(*character) => at += 1,
            'a'..='z' | '0'..='9' => {
                let from = at;
                while chars.get(at).is_some_and(|c| in_word(*c, chars.get(at + 1))) {
                    at += 1;
                }
                at = word(folded, lexicon, from, at, &mut found).max(at);
            }
            _ if quantities::is_numeral(*character) => at = quantities::numeral(folded, at, &mut found).max(at + 1),
            _ => {
                firms.at(at, &mut found);
                at += 1;
            }
        }
    }
    facts.append(&mut found);
}

/// Whether a character belongs to a run of Latin letters and digits such as `gb/t`, `1.5`, `cks301-b`.
fn in_word(character: char, next: Option<&char>) -> bool {
    character.is_ascii_alphanumeric()
        || (matches!(character, '.' | '-' | '/' | '+') && next.is_some_and(char::is_ascii_alphanumeric))
}

/// Longest run of Latin letters and digits that is read by its shape, in characters.
const WORD_CHARS_MAX: usize = 60;

/// Reads a run of Latin letters and digits as one kind of fact.
type Reader = fn(&Folded, &Lexicon, usize, usize) -> Option<Fact>;

/// What a run of Latin letters and digits `[from, to)` is; gives the end of what was read.
fn word(folded: &Folded, lexicon: &Lexicon, from: usize, to: usize, found: &mut Vec<Fact>) -> usize {
    if to - from > WORD_CHARS_MAX {
        return to;
    }
    let readers: [Reader; 7] = [
        models::batch,
        standards::standard,
        dates::date,
        places::phone_or_plate,
        models::numbered,
        quantities::quantity,
        models::model,
    ];
    for read in readers {
        if let Some(fact) = read(folded, lexicon, from, to) {
            let end = fact.to;
            found.push(fact);
            return end;
        }
    }
    to
}

/// The place for a hazard at `[from, to)`: nearest in its sentence, else the nearest before it in the text, else the next.
/// A place inside the name of a firm stands behind every other of its sentence.
pub(super) fn region_for(facts: &[Fact], clauses: &[Clause], clause: usize, from: usize) -> Option<RegionCode> {
    let firm = |fact: &Fact, near: &[Fact]| {
        near.iter().any(|other| other.kind == MentionKind::Firm && other.from <= fact.from && fact.to <= other.to)
    };
    let near = near(facts, from);
    let sentence = clauses.get(clause)?.sentence;
    let places = near.iter().enumerate().filter(|(_, fact)| fact.kind == MentionKind::Region);
    let (at, nearest) = places.min_by_key(|(_, fact)| {
        let other = clauses[clauses::at(clauses, fact.from)].sentence != sentence;
        let after = fact.from > from;
        (other, firm(fact, near), other && after, fact.from.abs_diff(from))
    })?;
    let code = |fact: &Fact| fact.code.parse::<RegionCode>().ok();
    // 浙江杭州西湖区: of places that touch, the finest.
    let mut best = code(nearest)?;
    let mut end = nearest.to;
    for fact in near[at..].iter().skip(1).filter(|fact| fact.kind == MentionKind::Region) {
        if fact.from < end || fact.from - end > 1 {
            break;
        }
        if let Some(finer) = code(fact).filter(|finer| finer.province() == best.province()) {
            best = if places::fineness(finer) >= places::fineness(best) { finer } else { best };
        }
        end = fact.to;
    }
    Some(best)
}

/// The brand nearest to a hazard in its sentence, else the text's first.
pub(super) fn brand_for<'a>(facts: &'a [Fact], clauses: &[Clause], clause: usize, from: usize) -> Option<&'a str> {
    let sentence = clauses.get(clause)?.sentence;
    let brands = near(facts, from).iter().filter(|fact| fact.kind == MentionKind::Brand);
    let best = brands.min_by_key(|fact| {
        let other = clauses[clauses::at(clauses, fact.from)].sentence != sentence;
        (other, if other { fact.from } else { fact.from.abs_diff(from) })
    });
    best.map(|fact| fact.code.as_str())
}

/// What the goods of a hazard are called: firm and shop of the sentence, else the text's first; model and batch of the sentence. What the
/// platform's or the office's columns say (`meta`) comes first.
pub(super) fn item_for(
    facts: &[Fact],
    clauses: &[Clause],
    clause: usize,
    from: usize,
    document: &Document,
) -> ItemNames {
    let sentence = clauses.get(clause).map(|clause| clause.sentence);
    let nearest = |wanted: &dyn Fn(&Fact) -> bool, anywhere: bool| {
        let other = |fact: &Fact| Some(clauses[clauses::at(clauses, fact.from)].sentence) != sentence;
        let named = near(facts, from).iter().filter(|fact| wanted(fact) && (anywhere || !other(fact)));
        let best = named.min_by_key(|fact| {
            let other = other(fact);
            (other, if other { fact.from } else { fact.from.abs_diff(from) })
        });
        best.map(|fact| excerpt(&fact.code, ItemNames::CHARS_MAX))
    };
    let is = |kind: MentionKind| move |fact: &Fact| fact.kind == kind;
    // 开发商旗下公司, 某加工厂: what prose calls a firm in passing names none.
    let is_full_firm = |fact: &Fact| {
        fact.kind == MentionKind::Firm
            && ["有限公司", "责任公司", "股份公司", "集团"].iter().any(|end| fact.code.ends_with(end))
    };
    let is_batch = |fact: &Fact| fact.kind == MentionKind::Model && fact.rule.as_str() == models::BATCH;
    let is_model = |fact: &Fact| fact.kind == MentionKind::Model && fact.rule.as_str() != models::BATCH;
    let stated = |key: &str| document.meta_str(key).map(|name| excerpt(name, ItemNames::CHARS_MAX));
    ItemNames {
        maker: stated("producer").or_else(|| nearest(&is_full_firm, true)),
        seller: stated("seller").or_else(|| nearest(&is(MentionKind::Shop), true)),
        model: stated("model").or_else(|| nearest(&is_model, false)),
        batch: stated("batch").or_else(|| nearest(&is_batch, false)),
    }
}

/// The facts around a character: enough for any sentence, bounded whatever the text.
fn near(facts: &[Fact], from: usize) -> &[Fact] {
    const FACTS_MAX: usize = 200;
    let at = facts.partition_point(|fact| fact.from < from);
    &facts[at.saturating_sub(FACTS_MAX)..(at + FACTS_MAX).min(facts.len())]
}

/// Hits that begin in `[from, to)`. Looked up by halving: the index of [`Hits`] is not there for a text without hazards.
fn between(hits: &Hits, from: usize, to: usize) -> &[super::hits::Hit] {
    let at = |place: usize| hits.all.partition_point(|hit| (hit.from as usize) < place);
    &hits.all[at(from)..at(to.max(from))]
}

/// The product categories that a surface names plainly, for what stands beside it.
fn categories(entry: &lexicon::terms::Entry, lexicon: &Lexicon) -> lexicon::CategorySet {
    entry.meanings.iter().fold(lexicon::CategorySet::NONE, |set, meaning| match meaning {
        Meaning::Product(at) => {
            let product = &lexicon.products()[*at as usize];
            if product.generic || product.ambiguous || product.brand { set } else { set.or(product.category.into()) }
        }
        _ => set,
    })
}

#[cfg(test)]
mod tests;
