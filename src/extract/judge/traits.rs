//! What speaks for and against a find where no platform tells the product: the words beside it, its product and hazard, how the two
//! lie to one another, and what else its sentence holds.
//!
//! Traits are of the sentence, not of the text. Their names stand in the model (`lexicon::judge`). What is written in a name is at most
//! [`WORDS_CHARS_MAX`] characters long.

use std::fmt::Write as _;
use std::ops::Range;

use lexicon::Lexicon;
use lexicon::judge::{Answers, Question};
use vocabulary::{Category, Hazard};

use crate::analysis::{Analysis, FoundHazard};
use crate::clauses::Clause;
use crate::products::Choice;

/// Longest words that a trait names, in characters: words of dictionaries and short phrases, never a sentence.
pub(super) const WORDS_CHARS_MAX: usize = 6;
/// Characters to each side of a find, and between it and its product.
const BESIDE_CHARS: usize = 3;
const BETWEEN_CHARS: usize = 4;
/// Clauses to each side that still count as the sentence of a find.
const CLAUSES_EACH_SIDE: usize = 6;
/// Things of one kind in a sentence that are looked at.
const THINGS_MAX: usize = 24;
/// Products, hazards or signals of a sentence: more are as many.
const COUNT_MAX: usize = 4;
/// Characters of a sentence that make its length one; more than twice as many are as many.
const LENGTH_CHARS: usize = 20;
/// Upper ends of the steps of distance between product and find, in characters.
const DISTANCES: [usize; 5] = [0, 2, 6, 15, usize::MAX];
/// The size of what always holds: it is held back less than the others.
const ALWAYS: f64 = 2.0;

/// What the traits of a find are taken from.
#[derive(Clone, Copy)]
pub(super) struct View<'a> {
    pub(super) analysis: &'a Analysis,
    pub(super) answers: &'a Answers,
    pub(super) questions: &'a [Question],
    pub(super) lexicon: &'a Lexicon,
}

/// Names traits one after another.
struct Named<F> {
    name: String,
    put: F,
}

impl<F: FnMut(&str, f64)> Named<F> {
    fn holds(&mut self, kind: &str, what: &str) {
        self.sized(kind, what, 1.0);
    }

    fn sized(&mut self, kind: &str, what: &str, size: f64) {
        self.name.clear();
        let _ = write!(self.name, "{kind}:{what}");
        (self.put)(&self.name, size);
    }

    fn words(&mut self, kind: &str, chars: &[char]) {
        if chars.len() <= WORDS_CHARS_MAX {
            self.name.clear();
            let _ = write!(self.name, "{kind}:");
            self.name.extend(chars.iter().map(|character| match character {
                digit if digit.is_ascii_digit() => '0',
                space if space.is_whitespace() || space.is_control() => ' ',
                other => *other,
            }));
            (self.put)(&self.name, 1.0);
        }
    }
}

/// Puts name and size of every trait of a find that has its product.
pub(super) fn each(found: &FoundHazard, choice: Choice, view: View<'_>, put: impl FnMut(&str, f64)) {
    let View { analysis, lexicon, .. } = view;
    let mut traits = Named { name: String::new(), put };
    let effect = &lexicon.effects()[found.effect as usize];
    let (hazard, product) = (effect.hazard.code(), choice.category.code());
    let chars = &analysis.folded.chars;
    let sentence = Sentence::of(found.clause, &analysis.clauses);
    traits.sized("always", "", ALWAYS);
    for length in 1..=BESIDE_CHARS {
        traits.words("left", &chars[found.from.saturating_sub(length)..found.from]);
        traits.words("right", &chars[found.to..(found.to + length).min(chars.len())]);
    }
    traits.words("words", &chars[found.from..found.to]);
    traits.holds("hazard", hazard);
    traits.holds("product", product);
    traits.holds(hazard, product);
    let stance = found.judged.stance.code();
    traits.holds("stance", stance);
    traits.holds(hazard, stance);
    let rule = effect.id.as_str();
    traits.holds("rule", rule.split_once('/').map_or(rule, |(kind, _)| kind));
    if let Some(cue) = found.judged.cue {
        traits.holds("cue", lexicon.cues()[cue.cue as usize].id.as_str());
    }
    tie(found, choice, hazard, &sentence, analysis, &mut traits);
    company(found, choice, &sentence, view, &mut traits);
    evidence(found, effect.hazard, view, &mut traits);
}

/// How product and find lie to one another.
fn tie<F: FnMut(&str, f64)>(
    found: &FoundHazard,
    choice: Choice,
    hazard: &str,
    sentence: &Sentence,
    analysis: &Analysis,
    traits: &mut Named<F>,
) {
    let chars = &analysis.folded.chars;
    traits.holds("why", &format!("{:?}", choice.why));
    let named = choice.named.map(|at| &analysis.products[at]).filter(|named| sentence.clauses.contains(&named.clause));
    let Some(named) = named else {
        traits.holds("away", hazard);
        return;
    };
    traits.words("name", &chars[named.from..named.to]);
    let (side, between) = if named.to <= found.from {
        ("before", named.to..found.from)
    } else if named.from >= found.to {
        ("after", found.to..named.from)
    } else {
        traits.holds("tie", "inside");
        return;
    };
    let step = DISTANCES.iter().position(|most| between.len() <= *most).unwrap_or(0);
    traits.holds("tie", &format!("{side} {step}"));
    traits.words("between", &chars[between.start..between.end.min(between.start + BETWEEN_CHARS)]);
}

/// What else stands in the sentence.
fn company<F: FnMut(&str, f64)>(
    found: &FoundHazard,
    choice: Choice,
    sentence: &Sentence,
    view: View<'_>,
    traits: &mut Named<F>,
) {
    let View { analysis, lexicon, .. } = view;
    let hazard_of = |other: &FoundHazard| lexicon.effects()[other.effect as usize].hazard;
    let products = within(&analysis.products, sentence, |named| named.from).iter().filter(|named| !named.brand);
    let categories: Vec<_> = products.filter_map(|named| named.categories.iter().next()).collect();
    let finds = within(&analysis.found, sentence, |other| other.from);
    let mut kinds: Vec<_> = categories.clone();
    kinds.sort_unstable();
    kinds.dedup();
    let mut hazards: Vec<Hazard> = finds.iter().map(hazard_of).collect();
    hazards.sort_unstable();
    hazards.dedup();
    let counting = finds.iter().filter(|other| other.judged.stance.counts());
    let mut signals: Vec<_> = counting.filter_map(|other| Some((other.choice?.category, hazard_of(other)))).collect();
    signals.sort_unstable();
    signals.dedup();
    for (kind, count) in [("products", kinds.len()), ("hazards", hazards.len()), ("signals", signals.len())] {
        traits.holds(kind, &count.min(COUNT_MAX).to_string());
    }
    let often = |category: Category| categories.iter().filter(|other| **other == category).count();
    if kinds.iter().all(|kind| often(*kind) <= often(choice.category)) {
        traits.holds("product", "salient");
    }
    if categories.first() == Some(&choice.category) {
        traits.holds("product", "first");
    }
    for other in finds.iter().filter(|other| !other.judged.stance.counts()) {
        traits.holds("beside", other.judged.stance.code());
    }
    let cues = within(&analysis.cues, sentence, |cue| cue.from).iter();
    let mut said: Vec<_> = cues.map(|cue| lexicon.cues()[cue.cue as usize].stance).collect();
    said.sort_unstable();
    said.dedup();
    for stance in &said {
        traits.holds("said", stance.code());
    }
    let mut facts: Vec<_> = within(&analysis.facts, sentence, |fact| fact.from).iter().map(|fact| fact.kind).collect();
    facts.sort_unstable();
    facts.dedup();
    for kind in &facts {
        traits.holds("fact", &format!("{kind:?}"));
    }
    let hurt = within(&analysis.hurts, sentence, |hurt| hurt.from);
    let clauses = &analysis.clauses[sentence.clauses.clone()];
    let digits = analysis.folded.chars[sentence.chars.clone()].iter().any(char::is_ascii_digit);
    for (what, holds) in [
        ("injury", !hurt.is_empty()),
        ("question", clauses.iter().any(|clause| clause.question)),
        ("digits", digits),
        ("severe", found.severity >= 2),
    ] {
        if holds {
            traits.holds("sentence", what);
        }
    }
    traits.sized("sentence", "length", (sentence.chars.len() as f64 / LENGTH_CHARS as f64).min(2.0));
}

/// What the letters of the clause say.
fn evidence<F: FnMut(&str, f64)>(found: &FoundHazard, hazard: Hazard, view: View<'_>, traits: &mut Named<F>) {
    let View { answers, questions, .. } = view;
    let place = |wanted: Question| questions.iter().position(|question| *question == wanted);
    let any = place(Question::Any).map_or(0.0, |any| answers.of(found.clause, any));
    traits.sized("evidence", "any", any);
    match place(Question::Hazard(hazard)) {
        Some(at) => traits.sized("evidence", "hazard", answers.of(found.clause, at)),
        None => traits.holds("evidence", "unasked"),
    }
}

/// The sentence of a clause, as far as it is looked at.
struct Sentence {
    clauses: Range<usize>,
    chars: Range<usize>,
}

impl Sentence {
    fn of(clause: usize, clauses: &[Clause]) -> Self {
        let same = |at: &usize| clauses[*at].sentence == clauses[clause].sentence;
        let before = (clause.saturating_sub(CLAUSES_EACH_SIDE)..clause).rev().take_while(same).last();
        let after = (clause + 1..clauses.len().min(clause + 1 + CLAUSES_EACH_SIDE)).take_while(same).last();
        let (first, last) = (before.unwrap_or(clause), after.unwrap_or(clause));
        Self { clauses: first..last + 1, chars: clauses[first].from..clauses[last].to }
    }
}

/// What of a list in text order begins in a sentence.
fn within<'a, T>(list: &'a [T], sentence: &Sentence, from: impl Fn(&T) -> usize) -> &'a [T] {
    let low = list.partition_point(|one| from(one) < sentence.chars.start);
    let high = list.partition_point(|one| from(one) < sentence.chars.end);
    &list[low..high.min(low + THINGS_MAX)]
}
