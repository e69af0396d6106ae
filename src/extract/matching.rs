//! Applies compiled patterns to the hits of a text, clause by clause, in time linear in the text: every gap is bounded.

use std::collections::BTreeMap;

use lexicon::count::{COUNT_CHARS_MAX, Count, is_number};
use lexicon::pattern::{Atom, Step, Variant};
use lexicon::terms::{Around, Beyond, Owner};
use lexicon::{Brief, Lexicon, Reach};
use vocabulary::Stance;

use super::clauses::Clause;
use super::hits::{Hit, Hits, accepts};
use super::normalise::Folded;
use super::stance::CueHit;
use super::work;

/// How near `not_before` and `not_after` look, in characters.
pub(super) const NEAR_CHARS: usize = 4;
/// How far from its clause a sentence is looked at, in characters, whatever its length.
const SENTENCE_SIDE: usize = 200;
/// A denial this near in front of what another clause must hold takes it away, in characters.
const DENIED_CHARS: usize = 3;

/// Patterns that may find something in a clause, up to which asking each of them at every hit is quicker than asking those
/// that may begin there.
const FEW: usize = 24;

/// A pattern found in a clause, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Find {
    /// First character of the find, products in front left out.
    pub from: usize,
    /// One past the last.
    pub to: usize,
    /// Index of the clause.
    pub clause: usize,
    /// Index of the pattern's owner.
    pub owner: u32,
    /// Whether the owner is an injury.
    pub injury: bool,
}

/// All finds of all patterns, in text order.
pub fn find(folded: &Folded, clauses: &[Clause], hits: &Hits, cues: &[CueHit], lexicon: &Lexicon) -> Vec<Find> {
    let mut finds = Vec::new();
    let denies = |cue: &&CueHit| {
        let cue = &lexicon.cues()[cue.cue as usize];
        let shields = cue.reach != Reach::Text && cue.reach != Reach::Sentence && cue.reach != Reach::After;
        match cue.stance {
            Stance::Negated => cue.reach == Reach::Before,
            Stance::Generic => shields && cue.hazards == u32::MAX && cue.platform.is_none(),
            _ => false,
        }
    };
    let denials = cues.iter().filter(denies).map(|cue| cue.from).collect();
    let search = Search { folded, clauses, hits, lexicon, denials };
    let mut elsewhere = Elsewhere::default();
    for (index, clause) in clauses.iter().enumerate() {
        let possible = hits.possible_in(index);
        if possible.is_some_and(<[_]>::is_empty) {
            continue;
        }
        for hit in hits.between(clause.from, clause.to) {
            if hit.to as usize > clause.to {
                continue;
            }
            let mut try_one = |pattern: u32| finds.extend(search.find(pattern, hit, (index, clause), &mut elsewhere));
            if let Some(few) = possible.filter(|possible| possible.len() <= FEW) {
                for (_, pattern) in few {
                    try_one(*pattern);
                }
                continue;
            }
            let starts = lexicon.classes_of(hit.entry).iter().flat_map(|class| lexicon.patterns_from_class(*class));
            let products = if hit.any(Brief::PRODUCT) { lexicon.patterns_from_product() } else { &[] };
            let brands = if hit.any(Brief::BRAND) { lexicon.patterns_from_brand() } else { &[] };
            let may_find = |pattern: &&u32| {
                possible.is_none_or(|possible| possible.binary_search_by_key(*pattern, |(_, known)| *known).is_ok())
            };
            starts.chain(products).chain(brands).filter(may_find).for_each(|pattern| try_one(*pattern));
        }
    }
    finds.sort_unstable();
    finds.dedup();
    finds
}

/// What was found out for rules that look beyond the clause of a find, so that nothing is searched twice (READ-3).
#[derive(Default)]
struct Elsewhere {
    /// Where the side of a rule stands in a clause.
    sides: BTreeMap<(u32, usize, usize), Vec<(usize, usize)>>,
    /// Whether the whole text allows a rule.
    texts: BTreeMap<u32, bool>,
}

/// Finds of one side that are kept for a clause.
const SIDE_FINDS_MAX: usize = 8;

struct Search<'a> {
    folded: &'a Folded,
    clauses: &'a [Clause],
    hits: &'a Hits,
    lexicon: &'a Lexicon,
    /// Characters at which a denial, a protection or a condition begins, sorted: no gap reaches over one (洗了不缩水 is no
    /// 洗…缩水, 插座防漏电 no 插座…漏电).
    denials: Vec<usize>,
}

impl Search<'_> {
    /// What a pattern finds when its first element is `hit`.
    fn find(
        &self,
        pattern: u32,
        hit: &Hit,
        (index, clause): (usize, &Clause),
        elsewhere: &mut Elsewhere,
    ) -> Option<Find> {
        let compiled = &self.lexicon.patterns()[pattern as usize];
        let (from, to) = self.variant(&compiled.variant, hit, clause)?;
        let (owner, injury) = match compiled.owner {
            Owner::Rule(rule) => {
                let written = &self.lexicon.rules()[rule as usize];
                let allowed = self.around(&written.around, from, to, clause)
                    && self.text_allows(rule, &written.around, elsewhere)
                    && self.beyond(&written.beyond, (rule, from, to, index), elsewhere);
                (allowed.then_some(rule)?, false)
            }
            Owner::Injury(injury) => (injury, true),
        };
        Some(Find { from, to, clause: index, owner, injury })
    }

    /// Where the variant stands when its first element is `hit`.
    fn variant(&self, variant: &Variant, hit: &Hit, clause: &Clause) -> Option<(usize, usize)> {
        work::done(1);
        let (first, rest) = variant.steps.split_first()?;
        let (from, to) = (hit.from as usize, hit.to as usize);
        if !first.accepts.iter().any(|atom| accepts(self.lexicon, hit, atom)) {
            return None;
        }
        let begins = match variant.lead {
            None => from,
            Some((count, gap)) => self.led(&count, usize::from(gap), from, clause)?,
        };
        if variant.at_start && self.folded.chars[clause.from..begins].iter().any(|c| c.is_alphanumeric()) {
            return None;
        }
        let end = self.rest(rest, to, clause, variant.at_end)?;
        // The product that a pattern begins with is shown as the product, not as part of the hazard.
        let is_product = |step: &Step| step.accepts.iter().all(|atom| matches!(atom, Atom::Product(_) | Atom::Brand));
        let from = if is_product(first) && end > to {
            to + self.folded.chars[to..end].iter().take_while(|c| !c.is_alphanumeric()).count()
        } else {
            from
        };
        Some((from.min(end), end))
    }

    fn rest(&self, steps: &[Step], at: usize, clause: &Clause, at_end: bool) -> Option<usize> {
        let Some((step, rest)) = steps.split_first() else {
            let ended = !self.folded.chars[at..clause.to].iter().any(|character| character.is_alphanumeric());
            return (!at_end || ended).then_some(at);
        };
        let denied = self.denials.get(self.denials.partition_point(|denial| *denial < at)).copied();
        let reach = (at + usize::from(step.gap)).min(clause.to).min(denied.unwrap_or(usize::MAX));
        for from in at..=reach {
            work::done(1 + self.hits.starting_at(from).len());
            for hit in self.hits.starting_at(from) {
                let to = hit.to as usize;
                if to <= clause.to
                    && step.accepts.iter().any(|atom| accepts(self.lexicon, hit, atom))
                    && let Some(end) = self.rest(rest, to, clause, at_end)
                {
                    return Some(end);
                }
            }
            for atom in &step.accepts {
                let Atom::Count(count) = atom else { continue };
                // No gap ends inside a number: 30天 is not 0天.
                let torn = from > at && is_number(self.folded.chars[from - 1]);
                if !torn
                    && let Some(length) = count.length_of(&self.folded.chars[from..clause.to])
                    && let Some(end) = self.rest(rest, from + length, clause, at_end)
                {
                    return Some(end);
                }
            }
        }
        None
    }

    /// Where a quantity begins that ends at most `gap` characters before `at`.
    fn led(&self, count: &Count, gap: usize, at: usize, clause: &Clause) -> Option<usize> {
        let low = at.saturating_sub(gap + COUNT_CHARS_MAX).max(clause.from);
        (low..at).find(|from| {
            let torn = *from > clause.from && is_number(self.folded.chars[from - 1]);
            !torn && count.length_of(&self.folded.chars[*from..at]).is_some_and(|length| at - (from + length) <= gap)
        })
    }

    /// Whether any element stands in a stretch: as a word that `keep` accepts, or as a quantity.
    fn any(&self, atoms: &[Atom], (from, to): (usize, usize), keep: &dyn Fn(&Hit) -> bool) -> bool {
        let counts = || atoms.iter().filter_map(|atom| if let Atom::Count(count) = atom { Some(count) } else { None });
        work::done(self.hits.between(from, to).len());
        let chars = &self.folded.chars;
        let counted = |count: &Count| {
            (from..to).any(|at| !(at > 0 && is_number(chars[at - 1])) && count.length_of(&chars[at..to]).is_some())
        };
        !atoms.is_empty()
            && (self
                .hits
                .between(from, to)
                .iter()
                .any(|hit| keep(hit) && atoms.iter().any(|atom| accepts(self.lexicon, hit, atom)))
                || counts().any(counted))
    }

    /// The characters of a clause's sentence, at most [`SENTENCE_SIDE`] to each side of the clause.
    fn sentence(&self, clause: &Clause) -> (usize, usize) {
        let same = |other: &&Clause| other.sentence == clause.sentence;
        let at = super::clauses::at(self.clauses, clause.from);
        let near = |other: &&Clause| {
            other.from + SENTENCE_SIDE >= clause.from && other.to <= clause.to + SENTENCE_SIDE && same(other)
        };
        let from = self.clauses[..at].iter().rev().take_while(near).last().map_or(clause.from, |first| first.from);
        let to = self.clauses[at..].iter().take_while(near).last().map_or(clause.to, |last| last.to);
        (from, to.max(clause.to))
    }

    /// Whether the words around a find allow it.
    fn around(&self, around: &Around, from: usize, to: usize, clause: &Clause) -> bool {
        let [before, after, in_clause, in_sentence, _] = &around.not;
        let [needs_clause, needs_sentence, _] = &around.needs;
        let low = from.saturating_sub(NEAR_CHARS + 6).max(clause.from);
        let high = (to + NEAR_CHARS).min(clause.to);
        let near_before = |hit: &Hit| hit.to as usize <= from && hit.to as usize + NEAR_CHARS >= from;
        let inside = |hit: &Hit| hit.to as usize <= clause.to;
        let whole = (clause.from, clause.to);
        let wide = |atoms: &[Atom]| {
            !atoms.is_empty() && {
                let sentence = self.sentence(clause);
                self.any(atoms, sentence, &|hit| hit.to as usize <= sentence.1)
            }
        };
        !(self.any(before, (low, from), &near_before)
            || self.any(after, (to, high), &inside)
            || self.any(in_clause, whole, &inside)
            || wide(in_sentence))
            && (needs_clause.is_empty() || self.any(needs_clause, whole, &inside))
            && (needs_sentence.is_empty() || wide(needs_sentence))
    }

    /// Whether the whole text allows a rule.
    fn text_allows(&self, rule: u32, around: &Around, elsewhere: &mut Elsewhere) -> bool {
        let [.., not] = &around.not;
        let [.., needs] = &around.needs;
        (not.is_empty() && needs.is_empty())
            || *elsewhere.texts.entry(rule).or_insert_with(|| {
                let text = (0, self.folded.len());
                !self.any(not, text, &|_| true) && (needs.is_empty() || self.any(needs, text, &|_| true))
            })
    }

    /// Whether what must stand earlier and what must follow do.
    fn beyond(
        &self,
        [after, then]: &[Option<Beyond>; 2],
        (rule, from, to, clause): (u32, usize, usize, usize),
        elsewhere: &mut Elsewhere,
    ) -> bool {
        let sentence = self.clauses[clause].sentence;
        let mut holds = |side: usize, beyond: &Beyond| {
            let range = if side == 0 {
                clause.saturating_sub(beyond.clauses)..clause + 1
            } else {
                clause..(clause + beyond.clauses + 1).min(self.clauses.len())
            };
            range.into_iter().any(|other| {
                self.clauses[other].sentence.abs_diff(sentence) <= beyond.sentences && {
                    let stands = elsewhere
                        .sides
                        .entry((rule, side, other))
                        .or_insert_with(|| self.stands(&beyond.variants, &self.clauses[other]));
                    stands.iter().any(|(begin, end)| {
                        let between = if side == 0 { (*end, from) } else { (to, *begin) };
                        let inside = |hit: &Hit| hit.to as usize <= between.1;
                        between.0 <= between.1
                            && (beyond.link.is_empty() || self.any(&beyond.link, between, &inside))
                            && !self.any(&beyond.unless, between, &inside)
                    })
                }
            })
        };
        after.as_ref().is_none_or(|beyond| holds(0, beyond)) && then.as_ref().is_none_or(|beyond| holds(1, beyond))
    }

    /// The first places of a clause where any of the sequences stands, undenied.
    fn stands(&self, variants: &[Variant], clause: &Clause) -> Vec<(usize, usize)> {
        let mut found = Vec::new();
        for hit in self.hits.between(clause.from, clause.to) {
            let denied = self.denials.partition_point(|denial| *denial < hit.from as usize);
            let near = denied.checked_sub(1).map(|at| self.denials[at]);
            if hit.to as usize > clause.to
                || near.is_some_and(|denial| denial >= clause.from && denial + DENIED_CHARS >= hit.from as usize)
            {
                continue;
            }
            found.extend(variants.iter().filter_map(|variant| self.variant(variant, hit, clause)));
            if found.len() >= SIDE_FINDS_MAX {
                break;
            }
        }
        found
    }
}
