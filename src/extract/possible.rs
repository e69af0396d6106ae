//! Which rules may find something in a text, asked before the dear steps: a coarse test over the surfaces that may say yes
//! for nothing, but never no for something (a test compares readings with and without it).

use std::cell::RefCell;

use crate::lexicon::pattern::{Atom, ClassId, Step};
use crate::lexicon::terms::{Compiled, Owner};
use crate::lexicon::{Brief, Lexicon, Next};

use super::clauses::Clause;
use super::scan::Hit;

/// The classes of the rules that may find something in a text.
pub(super) struct Live<'a>(&'a Last);

impl Live<'_> {
    /// The patterns that may find something, sorted.
    pub(super) fn patterns(&self) -> Vec<u32> {
        let mut patterns = self.0.found.clone();
        patterns.sort_unstable();
        patterns
    }

    /// Whether a rule that may find something asks for a word of any of these classes.
    pub(super) fn any(&self, classes: &[ClassId]) -> bool {
        classes.iter().any(|class| self.0.live[usize::from(class.0)] == self.0.text)
    }
}

/// Calls `then` with the hits and the classes that matter in a text, or with none when no hazard and no injury can be found in it: no
/// hazard word stands there, and of no pattern do all elements stand in one clause in the pattern's order.
pub(super) fn with_live<T>(
    hits: &mut Vec<Hit>,
    clauses: &[Clause],
    lexicon: &Lexicon,
    then: impl FnOnce(&mut Vec<Hit>, Option<&Live<'_>>) -> T,
) -> T {
    LAST.with_borrow_mut(|last| {
        last.begin(lexicon);
        let mut found = hits.iter().any(|hit| lexicon.briefs()[hit.entry as usize].any(Brief::HAZARD));
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
    /// Per class, then product, then brand: the clause in which it was seen last, and the last place there.
    seen: Vec<(u32, u32)>,
    /// Per pattern: the text in which it was last found possible.
    possible: Vec<u32>,
    /// The patterns that were found possible in the text.
    found: Vec<u32>,
    /// Per class: the text in which a possible pattern last asked for it.
    live: Vec<u32>,
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
            self.clause = 0;
            self.seen = vec![(0, 0); classes + 2];
            self.possible = vec![0; patterns];
            self.live = vec![0; classes];
        }
        self.text = self.clause + 1;
        self.found.clear();
    }

    fn clause(&mut self, hits: &[Hit], clause: &Clause, lexicon: &Lexicon) -> bool {
        let briefs = lexicon.briefs();
        let classes = self.live.len();
        self.clause += 1;
        let own = |hit: &&Hit| hit.to as usize <= clause.to;
        for hit in hits.iter().filter(own) {
            let brief = briefs[hit.entry as usize];
            for class in lexicon.classes_of(hit.entry) {
                self.seen[usize::from(class.0)] = (self.clause, hit.from);
            }
            if brief.any(Brief::PRODUCT) {
                self.seen[classes] = (self.clause, hit.from);
            }
            if brief.any(Brief::BRAND) {
                self.seen[classes + 1] = (self.clause, hit.from);
            }
        }
        let mut found = false;
        for hit in hits.iter().filter(own) {
            let brief = briefs[hit.entry as usize];
            for class in lexicon.classes_of(hit.entry) {
                let patterns = lexicon.patterns_from_class(*class).iter().zip(lexicon.next_from_class(*class));
                for (pattern, next) in patterns {
                    // Nearly all patterns end here: what they ask for next is not in the clause.
                    if let Next::Class(class) = next
                        && self.seen[usize::from(class.0)] < (self.clause, hit.to)
                    {
                        continue;
                    }
                    found |= self.pattern(*pattern, hit.to, lexicon);
                }
            }
            if brief.any(Brief::PRODUCT) {
                for pattern in lexicon.patterns_from_product() {
                    found |= self.pattern(*pattern, hit.to, lexicon);
                }
            }
            if brief.any(Brief::BRAND) {
                for pattern in lexicon.patterns_from_brand() {
                    found |= self.pattern(*pattern, hit.to, lexicon);
                }
            }
        }
        found
    }

    /// Whether a pattern may find something when its first element ends at `to`; notes it.
    fn pattern(&mut self, pattern: u32, to: u32, lexicon: &Lexicon) -> bool {
        if self.possible[pattern as usize] == self.text {
            return true;
        }
        let compiled = &lexicon.patterns()[pattern as usize];
        let found = compiled.variant.steps[1..].iter().all(|step| self.behind(step, to));
        if found {
            self.possible[pattern as usize] = self.text;
            self.found.push(pattern);
            self.ask_for(compiled, lexicon);
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

    /// Whether something that a step accepts begins at or behind a place of the clause.
    fn behind(&self, step: &Step, at: u32) -> bool {
        let seen = |kind: usize| self.seen[kind].0 == self.clause && self.seen[kind].1 >= at;
        step.accepts.iter().any(|atom| match atom {
            Atom::Class(class) => seen(usize::from(class.0)),
            Atom::Product(_) => seen(self.live.len()),
            Atom::Brand => seen(self.live.len() + 1),
            Atom::Count(_) => true,
        })
    }
}
