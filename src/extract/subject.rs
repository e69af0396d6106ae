//! What a sentence is about that names no product itself: the thing that the words before it spoke of.
//!
//! 买了一台洗衣机。它用了三天就漏水: a word that points back (它, 该产品, 后者), or no subject at all, takes the product of the
//! nearest clause before that names one, a few sentences back at most. A new place (隔壁工厂), another thing or another matter
//! (另外) in between ends that. The words stand in `rules/forms/subjects.toml`. Not here: products of the same clause.

use lexicon::terms::Subjects;
use lexicon::{CategorySet, Lexicon};
use vocabulary::Category;

use super::clauses::Clause;
use super::normalise::Folded;
use super::products::{Choice, Named, Why};
use super::work;

/// How far back a subject may stand.
const SENTENCES_BACK: usize = 3;
const CLAUSES_BACK: usize = 10;
/// Products of one clause that are looked at.
const PRODUCTS_MAX: usize = 12;

/// A text as far as subjects need it.
#[derive(Clone, Copy)]
pub(super) struct Text<'a> {
    pub(super) folded: &'a Folded,
    pub(super) clauses: &'a [Clause],
    pub(super) products: &'a [Named],
    pub(super) lexicon: &'a Lexicon,
}

/// What the words before a hazard spoke of.
#[derive(Debug, Clone, Copy)]
pub(super) enum Before {
    /// This product.
    Thing(Choice),
    /// Another subject, of which the hazard is said.
    Other,
    /// Nothing near.
    Nothing,
}

/// A word that points back, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Pointer {
    pub(super) from: usize,
    pub(super) to: usize,
    which: Which,
}

/// Which of the things before it a word means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Which {
    Nearest,
    First,
    Last,
}

/// Whether a product can be what a later sentence is about: a whole thing by its own name.
fn plain(named: &Named) -> bool {
    !(named.part || named.generic || named.ambiguous) && (!named.brand || named.categories.iter().nth(1).is_none())
}

impl Text<'_> {
    /// What a hazard at `from` of `clause` is said of, when nothing in its clause says it. `sure`: only of a thing that is
    /// pointed back to, or that somebody is said to have.
    pub(super) fn before(
        &self,
        (from, clause): (usize, usize),
        sure: bool,
        allowed: impl Fn(&Named) -> CategorySet,
    ) -> Before {
        let subjects = self.lexicon.subjects();
        let mut pointer: Option<Pointer> = None;
        let (mut sentence, mut sentences) = (self.clauses[clause].sentence, 0);
        for at in (clause.saturating_sub(CLAUSES_BACK)..=clause).rev() {
            let frame = &self.clauses[at];
            work::done(frame.to - frame.from);
            if frame.sentence != sentence {
                (sentence, sentences) = (frame.sentence, sentences + 1);
                if sentences > SENTENCES_BACK {
                    break;
                }
            }
            let to = if at == clause { from.max(frame.from) } else { frame.to };
            let things = self.things(at, from);
            let other = || self.other_subject(frame.from, to, subjects);
            if at == clause && !things.is_empty() {
                return if other() { Before::Other } else { Before::Nothing };
            }
            if !things.is_empty() {
                let chosen = match pointer.map_or(Which::Nearest, |pointer| pointer.which) {
                    Which::Nearest => self.first_fit(&things, &allowed),
                    which => self.one_of(at, from, which, &allowed),
                };
                if let Some((named, category)) = chosen {
                    let has = || self.says(at, |chars| subjects.has.at(chars).is_some());
                    return match (pointer.is_some(), sure && !has()) {
                        (true, _) => Before::Thing(Choice { category, named: Some(named), why: Why::Referred }),
                        (false, false) => Before::Thing(Choice { category, named: Some(named), why: Why::Inherited }),
                        (false, true) => Before::Nothing,
                    };
                }
                // A shop or a hall is where things happen, seldom what they happen to.
                if things.iter().any(|thing| !self.products[*thing].categories.has(Category::OtherProduct)) {
                    return if sure { Before::Other } else { Before::Nothing };
                }
            }
            if sentences == 0 {
                pointer = pointer.or_else(|| self.pointer(frame.from, to));
            }
            if other() {
                return Before::Other;
            }
        }
        Before::Nothing
    }

    /// The word before a hazard that points back, in the hazard's sentence, and the sentences and clauses between the hazard
    /// and its product.
    pub(super) fn way_back(&self, (from, clause): (usize, usize), named: usize) -> (Option<Pointer>, usize, usize) {
        let thing = &self.products[named];
        let (mut sentence, mut sentences, mut pointer) = (self.clauses[clause].sentence, 0, None);
        for at in (thing.clause.min(clause)..=clause).rev() {
            let frame = &self.clauses[at];
            if frame.sentence != sentence {
                (sentence, sentences) = (frame.sentence, sentences + 1);
            }
            if sentences == 0 && at != thing.clause {
                let to = if at == clause { from.max(frame.from) } else { frame.to };
                pointer = pointer.or_else(|| self.pointer(frame.from, to));
            }
        }
        (pointer, sentences, clause.saturating_sub(thing.clause))
    }

    /// Plain products of a clause before `from`, heads only.
    fn things(&self, clause: usize, from: usize) -> Vec<usize> {
        let frame = &self.clauses[clause];
        let low = self.products.partition_point(|named| named.from < frame.from);
        let here = self.products[low..].iter().take(PRODUCTS_MAX).enumerate();
        let here = here.take_while(|(_, named)| named.from < frame.to.min(from));
        let head = |at: usize, named: &Named| {
            let next = self.products.get(at + 1);
            next.is_none_or(|next| next.from != named.to || next.part || next.brand || next.generic)
        };
        here.map(|(at, named)| (low + at, named))
            .filter(|(at, named)| plain(named) && head(*at, named))
            .map(|(at, _)| at)
            .collect()
    }

    /// The first thing that fits; a name before a brand.
    fn first_fit(&self, things: &[usize], allowed: &impl Fn(&Named) -> CategorySet) -> Option<(usize, Category)> {
        let of = |brand: bool| {
            let mut named = things.iter().filter(move |at| self.products[**at].brand == brand);
            named.find_map(|at| Some((*at, allowed(&self.products[*at]).iter().next()?)))
        };
        of(false).or_else(|| of(true))
    }

    /// The first or last thing of a sentence, when it names several.
    fn one_of(
        &self,
        clause: usize,
        from: usize,
        which: Which,
        allowed: &impl Fn(&Named) -> CategorySet,
    ) -> Option<(usize, Category)> {
        let sentence = self.clauses[clause].sentence;
        let first = (clause.saturating_sub(CLAUSES_BACK)..=clause)
            .rev()
            .take_while(|at| self.clauses[*at].sentence == sentence)
            .last()?;
        let things: Vec<usize> = (first..=clause).flat_map(|at| self.things(at, from)).collect();
        let thing = if which == Which::First { things.first() } else { things.last() };
        let thing = *thing.filter(|_| things.len() > 1)?;
        Some((thing, allowed(&self.products[thing]).iter().next()?))
    }

    /// Whether a clause's sentence holds a word, up to the clause's end.
    fn says(&self, clause: usize, holds: impl Fn(&[char]) -> bool) -> bool {
        let sentence = self.clauses[clause].sentence;
        let clauses = (clause.saturating_sub(CLAUSES_BACK)..=clause).rev().map(|at| &self.clauses[at]);
        clauses
            .take_while(|frame| frame.sentence == sentence)
            .any(|frame| (frame.from..frame.to).any(|at| holds(&self.folded.chars[at..frame.to])))
    }

    /// The last word of a stretch that points back.
    fn pointer(&self, from: usize, to: usize) -> Option<Pointer> {
        let subjects = self.lexicon.subjects();
        let mut found = None;
        let mut at = from;
        while at < to {
            let chars = &self.folded.chars[at..to];
            let none = subjects.none.at(chars);
            let kinds = [
                (&subjects.former, Which::First),
                (&subjects.latter, Which::Last),
                (&subjects.pointers, Which::Nearest),
            ];
            let hit = kinds.into_iter().find_map(|(words, which)| Some((words.at(chars)?, which)));
            at += match (none, hit) {
                (Some(none), hit) if hit.is_none_or(|(length, _)| none >= length) => none,
                (_, Some((length, which))) => {
                    found = Some(Pointer { from: at, to: at + length, which });
                    length
                }
                _ => 1,
            };
        }
        found
    }

    /// Whether a clause begins with another matter, or a place is its subject: 隔壁工厂起火, but not 在隔壁工厂起火.
    fn other_subject(&self, from: usize, to: usize, subjects: &Subjects) -> bool {
        let chars = &self.folded.chars;
        if subjects.topics.at(&chars[from..to]).is_some() {
            return true;
        }
        // End of the last word that only says where, and of a 的 behind it.
        let mut placed = None;
        let mut at = from;
        while at < to {
            let Some(length) = subjects.others.at(&chars[at..to]) else {
                at += 1;
                continue;
            };
            let joined = placed.is_some_and(|end| end == at || (end + 1 == at && chars[end] == '的'));
            if !joined && !subjects.places.ends(&chars[from..at]) {
                return true;
            }
            at += length;
            placed = Some(at);
        }
        false
    }
}
