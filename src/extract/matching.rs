//! Applies compiled patterns to the hits of a text, clause by clause, in time linear in the text: every gap is bounded.

use crate::lexicon::pattern::{Atom, Step, Variant};
use crate::lexicon::terms::{Around, Meaning, Owner};
use crate::lexicon::{Lexicon, Reach};

use crate::vocabulary::Stance;

use super::clauses::Clause;
use super::normalise::Folded;
use super::scan::{Hit, Hits, accepts};
use super::stance::CueHit;

/// How near `not_before` and `not_after` look, in characters.
pub(super) const NEAR_CHARS: usize = 4;
/// Longest run of characters that counts as one number.
const NUMBER_CHARS_MAX: usize = 12;

/// A pattern found in a clause, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Find {
    /// First character of the find, products in front left out.
    pub(super) from: usize,
    /// One past the last.
    pub(super) to: usize,
    /// Index of the clause.
    pub(super) clause: usize,
    /// Index of the pattern's owner.
    pub(super) owner: u32,
    /// Whether the owner is an injury.
    pub(super) injury: bool,
}

/// All finds of all patterns, in text order.
pub(super) fn find(folded: &Folded, clauses: &[Clause], hits: &Hits, cues: &[CueHit], lexicon: &Lexicon) -> Vec<Find> {
    let mut finds = Vec::new();
    let denies = |cue: &&CueHit| {
        let cue = &lexicon.cues()[cue.cue as usize];
        cue.stance == Stance::Negated && cue.reach == Reach::Before
    };
    let denials = cues.iter().filter(denies).map(|cue| cue.from).collect();
    let search = Search { folded, hits, lexicon, denials };
    for (index, clause) in clauses.iter().enumerate() {
        for hit in hits.between(clause.from, clause.to) {
            if hit.to as usize > clause.to {
                continue;
            }
            let entry = &lexicon.entries()[hit.entry as usize];
            let product = entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Product(_)));
            let brand = entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Brand(_)));
            let starts = entry.classes.iter().flat_map(|class| lexicon.patterns_from_class(*class));
            let starts = starts.chain(if product { lexicon.patterns_from_product() } else { &[] }).chain(if brand {
                lexicon.patterns_from_brand()
            } else {
                &[]
            });
            for pattern in starts.filter(|pattern| hits.may_find(**pattern)) {
                let compiled = &lexicon.patterns()[*pattern as usize];
                let Some((from, to)) = search.variant(&compiled.variant, hit, clause) else { continue };
                let (owner, injury) = match compiled.owner {
                    Owner::Rule(rule) => {
                        if !search.around(&lexicon.rules()[rule as usize].around, from, to, clause) {
                            continue;
                        }
                        (rule, false)
                    }
                    Owner::Injury(injury) => (injury, true),
                };
                finds.push(Find { from, to, clause: index, owner, injury });
            }
        }
    }
    finds.sort_unstable();
    finds.dedup();
    finds
}

struct Search<'a> {
    folded: &'a Folded,
    hits: &'a Hits,
    lexicon: &'a Lexicon,
    /// Characters at which a denial begins, sorted: no gap reaches over one (洗了不缩水 is no 洗…缩水).
    denials: Vec<usize>,
}

impl Search<'_> {
    /// Where the variant stands when its first element is `hit`.
    fn variant(&self, variant: &Variant, hit: &Hit, clause: &Clause) -> Option<(usize, usize)> {
        let (first, rest) = variant.steps.split_first()?;
        let (from, to) = (hit.from as usize, hit.to as usize);
        let entry = &self.lexicon.entries()[hit.entry as usize];
        if !first.accepts.iter().any(|atom| accepts(self.lexicon, entry, atom)) {
            return None;
        }
        if variant.at_start && self.folded.chars[clause.from..from].iter().any(|c| c.is_alphanumeric()) {
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
            for hit in self.hits.starting_at(from) {
                let entry = &self.lexicon.entries()[hit.entry as usize];
                let to = hit.to as usize;
                if to <= clause.to
                    && step.accepts.iter().any(|atom| accepts(self.lexicon, entry, atom))
                    && let Some(end) = self.rest(rest, to, clause, at_end)
                {
                    return Some(end);
                }
            }
            if step.accepts.contains(&Atom::Number)
                && let Some(to) = self.number(from, clause)
                && let Some(end) = self.rest(rest, to, clause, at_end)
            {
                return Some(end);
            }
        }
        None
    }

    fn number(&self, from: usize, clause: &Clause) -> Option<usize> {
        let ahead = &self.folded.chars[from..clause.to.min(from + NUMBER_CHARS_MAX)];
        let length = ahead.iter().take_while(|character| is_number(**character)).count();
        (length > 0).then_some(from + length)
    }

    /// Whether the words around a find allow it.
    fn around(&self, around: &Around, from: usize, to: usize, clause: &Clause) -> bool {
        let any = |atoms: &[Atom], hits: &[Hit], keep: &dyn Fn(&Hit) -> bool| {
            !atoms.is_empty()
                && hits.iter().any(|hit| {
                    let entry = &self.lexicon.entries()[hit.entry as usize];
                    keep(hit) && atoms.iter().any(|atom| accepts(self.lexicon, entry, atom))
                })
        };
        let [before, after, in_clause, in_text] = &around.not;
        let [needs_clause, needs_text] = &around.needs;
        let low = from.saturating_sub(NEAR_CHARS + 6).max(clause.from);
        let near_before = |hit: &Hit| hit.to as usize <= from && hit.to as usize + NEAR_CHARS >= from;
        let inside = |hit: &Hit| hit.to as usize <= clause.to;
        let in_clause_hits = self.hits.between(clause.from, clause.to);
        !(any(before, self.hits.between(low, from), &near_before)
            || any(after, self.hits.between(to, (to + NEAR_CHARS).min(clause.to)), &inside)
            || any(in_clause, in_clause_hits, &inside)
            || any(in_text, &self.hits.all, &|_| true))
            && (needs_clause.is_empty() || any(needs_clause, in_clause_hits, &inside))
            && (needs_text.is_empty() || any(needs_text, &self.hits.all, &|_| true))
    }
}

/// Digits, separators inside them, and Chinese numerals.
pub(super) fn is_number(character: char) -> bool {
    character.is_ascii_digit()
        || matches!(
            character,
            '.' | '%'
                | '一'
                | '二'
                | '三'
                | '四'
                | '五'
                | '六'
                | '七'
                | '八'
                | '九'
                | '十'
                | '百'
                | '千'
                | '万'
                | '亿'
                | '两'
                | '几'
                | '半'
                | '多'
                | '余'
                | '数'
        )
}
