//! Which rules may find something in a text, asked before the dear steps: a coarse test over the surfaces that may say yes
//! for nothing, but never no for something (a test compares readings with and without it).

use std::cell::RefCell;

use lexicon::pattern::{Atom, ClassId, Step};
use lexicon::terms::{Compiled, Owner};
use lexicon::{Anchored, Brief, Lexicon, Other};

use super::clauses::{CLAUSE_CHARS_MAX, Clause};
use super::hits::Hit;

/// The classes of the rules that may find something in a text.
pub(super) struct Live<'a>(&'a Last);

impl Live<'_> {
    /// The patterns that may find something, each with the index of the clause in which it may, sorted by clause.
    pub(super) fn patterns(&self) -> Vec<(u32, u32)> {
        let mut patterns = self.0.found.clone();
        patterns.sort_unstable();
        patterns
    }

    /// Whether a rule that may find something asks for a word of any of these classes.
    pub(super) fn any(&self, classes: &[ClassId]) -> bool {
        classes.iter().any(|class| self.0.live[usize::from(class.0)] == self.0.text)
    }
}

/// Calls `then` with the classes that matter in a text, or with none when no hazard and no injury can be found in it: no
/// hazard word stands there, and of no pattern do all elements stand in one clause in the pattern's order.
pub(super) fn with_live<T>(
    hits: &mut Vec<Hit>,
    clauses: &[Clause],
    lexicon: &Lexicon,
    then: impl FnOnce(&mut Vec<Hit>, Option<&Live<'_>>) -> T,
) -> T {
    LAST.with_borrow_mut(|last| {
        last.begin(lexicon);
        let mut found = hits.iter().any(|hit| hit.any(Brief::HAZARD));
        let mut rest = hits.as_slice();
        for clause in clauses {
            let before = rest.partition_point(|hit| (hit.from as usize) < clause.from);
            let inside = rest[before..].partition_point(|hit| (hit.from as usize) < clause.to);
            let (own, behind) = rest[before..].split_at(inside);
            rest = behind;
            found |= last.clause(own, clause, lexicon);
        }
        then(hits, found.then_some(&Live(last)))
    })
}

/// Where a word of each kind was seen last in the clause that is looked at. Kept between texts: clearing it for every
/// clause would cost more than the test.
#[derive(Default)]
pub(super) struct Last {
    /// Number of the clause that is looked at, never 0.
    clause: u32,
    /// Number of the clause that the text begins with.
    text: u32,
    /// The last clause of which was noted what patterns ask for first of all, and all that they ask for.
    noted_first: u32,
    noted: u32,
    /// Per class that patterns ask for first of all, by its number: the last clause in which it was.
    there: Vec<u32>,
    /// Per class, then product, then brand: where it was seen.
    seen: Vec<SeenInClause>,
    /// Per pattern: the clause in which it was last found possible.
    possible: Vec<u32>,
    /// The patterns that were found possible in the text, behind the index of the clause.
    found: Vec<(u32, u32)>,
    /// Per class: the text in which a possible pattern last asked for it.
    live: Vec<u32>,
}

/// Where words of one kind were seen.
#[derive(Debug, Clone, Copy, Default)]
struct SeenInClause {
    /// The last clause in which they were.
    clause: u32,
    /// The first end of one there, from the clause's first character.
    first_to: u16,
    /// The last beginning of one there, from the clause's first character.
    last_from: u16,
}

/// The hits of a clause that end in it too.
fn own<'a>(hits: &'a [Hit], clause: &Clause) -> impl Iterator<Item = &'a Hit> + use<'a> {
    let to = clause.to;
    hits.iter().filter(move |hit| hit.to as usize <= to)
}

/// A character of a clause, counted from its first one; a clause is never longer than [`CLAUSE_CHARS_MAX`].
#[inline]
fn inside(clause: &Clause, at: u32) -> u16 {
    const { assert!(CLAUSE_CHARS_MAX < u16::MAX as usize) };
    u16::try_from(at as usize - clause.from).unwrap_or(u16::MAX)
}

thread_local! {
    static LAST: RefCell<Last> = RefCell::default();
}

/// Numbers of clauses at which all is forgotten and counting begins again; far more than the clauses of one text below it.
const CLAUSES_MAX: u32 = u32::MAX - (1 << 24);

impl Last {
    fn begin(&mut self, lexicon: &Lexicon) {
        let (classes, patterns) = (lexicon.class_count(), lexicon.patterns().len());
        if (self.live.len(), self.possible.len()) != (classes, patterns) || self.clause > CLAUSES_MAX {
            (self.clause, self.noted_first, self.noted) = (0, 0, 0);
            self.there = vec![0; classes];
            self.seen = vec![SeenInClause::default(); classes + 2];
            self.possible = vec![0; patterns];
            self.live = vec![0; classes];
        }
        self.text = self.clause + 1;
        self.found.clear();
    }

    fn clause(&mut self, hits: &[Hit], clause: &Clause, lexicon: &Lexicon) -> bool {
        self.clause += 1;
        let mut found = false;
        for hit in own(hits, clause) {
            if hit.any(Brief::ANCHOR) {
                found |= self.patterns(lexicon.patterns_at(hit.entry), hit, (hits, clause), lexicon);
            }
            if hit.any(Brief::PRODUCT) {
                found |= self.patterns(lexicon.patterns_at_product(), hit, (hits, clause), lexicon);
            }
            if hit.any(Brief::BRAND) {
                found |= self.patterns(lexicon.patterns_at_brand(), hit, (hits, clause), lexicon);
            }
        }
        found
    }

    /// Whether any of some patterns may find something when its rarest element is `hit`; notes those that may. What else
    /// stands in the clause is noted only when it is asked for: many clauses have no rare word.
    fn patterns(
        &mut self,
        patterns: &[Anchored],
        hit: &Hit,
        (hits, clause): (&[Hit], &Clause),
        lexicon: &Lexicon,
    ) -> bool {
        let mut found = false;
        for anchored in patterns {
            if let Other::First(class) = anchored.other {
                if self.noted_first != self.clause {
                    self.noted_first = self.clause;
                    own(hits, clause).for_each(|hit| self.note_first(hit, lexicon));
                }
                // Nearly all patterns end here: what they ask for first of all is not in the clause.
                if self.there[usize::from(class)] != self.clause {
                    continue;
                }
            }
            if self.noted != self.clause && anchored.other != Other::Nothing {
                self.noted = self.clause;
                own(hits, clause).for_each(|hit| self.note(hit, clause, lexicon));
            }
            found |= self.whole(anchored, hit, clause, lexicon);
        }
        found
    }

    fn note_first(&mut self, hit: &Hit, lexicon: &Lexicon) {
        if hit.any(Brief::FIRST_ASKED) {
            for class in lexicon.first_asked_of(hit.entry) {
                self.there[usize::from(*class)] = self.clause;
            }
        }
    }

    fn note(&mut self, hit: &Hit, clause: &Clause, lexicon: &Lexicon) {
        let number = self.clause;
        let (from, to) = (inside(clause, hit.from), inside(clause, hit.to));
        let mut see = |kind: usize| {
            let seen = &mut self.seen[kind];
            let first_to = if seen.clause == number { seen.first_to.min(to) } else { to };
            *seen = SeenInClause { clause: number, first_to, last_from: from };
        };
        if hit.any(Brief::ASKED) {
            for class in lexicon.asked_of(hit.entry) {
                see(usize::from(class.0));
            }
        }
        if hit.any(Brief::PRODUCT) {
            see(lexicon.class_count());
        }
        if hit.any(Brief::BRAND) {
            see(lexicon.class_count() + 1);
        }
    }

    /// Whether a pattern may find something when its rarest element is `hit`; notes it when it may.
    fn whole(&mut self, anchored: &Anchored, hit: &Hit, clause: &Clause, lexicon: &Lexicon) -> bool {
        let pattern = anchored.pattern;
        let last = self.possible[pattern as usize];
        if last == self.clause {
            return true;
        }
        let compiled = &lexicon.patterns()[pattern as usize];
        let steps = &compiled.variant.steps;
        let at = usize::from(anchored.step);
        let (from, to) = (inside(clause, hit.from), inside(clause, hit.to));
        let found = steps[..at].iter().all(|step| self.stands(step, |seen| seen.first_to <= from))
            && steps[at + 1..].iter().all(|step| self.stands(step, |seen| seen.last_from >= to));
        if found {
            self.possible[pattern as usize] = self.clause;
            self.found.push((self.clause - self.text, pattern));
            if last < self.text {
                self.ask_for(compiled, lexicon);
            }
        }
        found
    }

    /// Notes the classes that a pattern and the conditions of its rule ask for.
    fn ask_for(&mut self, compiled: &Compiled, lexicon: &Lexicon) {
        let rule = match compiled.owner {
            Owner::Rule(rule) => Some(&lexicon.rules()[rule as usize]),
            Owner::Injury(_) => None,
        };
        let around = rule.into_iter().flat_map(|rule| rule.around.not.iter().chain(&rule.around.needs)).flatten();
        let beyond = rule.into_iter().flat_map(|rule| rule.beyond.iter().flatten()).flat_map(|beyond| {
            let steps = beyond.variants.iter().flat_map(|variant| &variant.steps).flat_map(|step| &step.accepts);
            steps.chain(&beyond.link).chain(&beyond.unless)
        });
        let own = compiled.variant.steps.iter().flat_map(|step| &step.accepts);
        for atom in own.chain(around).chain(beyond) {
            if let Atom::Class(class) = atom {
                self.live[usize::from(class.0)] = self.text;
            }
        }
    }

    /// Whether something that a step accepts stands in the clause where `place` wants it.
    fn stands(&self, step: &Step, place: impl Fn(SeenInClause) -> bool) -> bool {
        let seen = |kind: usize| self.seen[kind].clause == self.clause && place(self.seen[kind]);
        step.accepts.iter().any(|atom| match atom {
            Atom::Class(class) => seen(usize::from(class.0)),
            Atom::Product(_) => seen(self.live.len()),
            Atom::Brand => seen(self.live.len() + 1),
            Atom::Count(_) => true,
        })
    }
}
