//! Dictionary words found in a text: where each stands, and what stands at a place.
//!
//! Not here: how they are found and which are dropped (`scan`), which rules they make possible (`possible`).

use std::cell::RefCell;

use lexicon::pattern::Atom;
use lexicon::terms::Meaning;
use lexicon::{Brief, Lexicon};

/// Most hits kept for one text. Later ones are dropped, and the reading says so (`too_many_hits`).
pub const HITS_MAX: usize = 100_000;

/// A surface found in the text, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hit {
    /// First character.
    pub from: u32,
    /// One past the last.
    pub to: u32,
    /// Index into [`Lexicon::entries`].
    pub entry: u32,
    /// Kinds of the entry, as flags of [`Brief`].
    pub(super) bits: u16,
}

impl Hit {
    /// Whether the entry is of any of these kinds (flags of [`Brief`]).
    #[inline]
    pub(super) fn any(&self, bits: u16) -> bool {
        self.bits & bits != 0
    }

    /// Length in characters.
    #[inline]
    pub(super) fn chars(&self) -> u32 {
        self.to - self.from
    }
}

/// All hits of a text, by first character, longest first.
#[derive(Debug, Default)]
pub struct Hits {
    /// The hits.
    pub all: Vec<Hit>,
    /// Idioms that were recognised.
    pub(super) idioms: Vec<Hit>,
    /// Index of the first hit that begins at or after each character.
    first: Vec<u32>,
    /// Kinds of all hits together, as flags of [`Brief`]. May include kinds that only dropped hits had.
    pub(super) bits: u16,
    /// Whether hits were left out.
    pub(super) overflow: bool,
    /// Whether no rule can find a hazard or an injury in the text.
    pub(super) hopeless: bool,
    /// Whether matching, relating and judging are left out, because the text is hopeless.
    pub(super) quiet: bool,
    /// Patterns that can match, as (clause, pattern), sorted: no other pattern can. `None` when this was not computed.
    pub(super) possible: Option<Vec<(u32, u32)>>,
    /// Surfaces before any is dropped, for the learned judge: its input must not depend on what rules leave out early. For a
    /// reading only those that it weighs; for training all.
    pub(super) surfaces: Vec<Hit>,
}

thread_local! {
    /// Vectors of hits that are no longer used, kept with their capacity.
    static SPARE: RefCell<Vec<Hits>> = const { RefCell::new(Vec::new()) };
}

/// Largest capacity, in hits, that is kept for reuse.
const SPARE_HITS_MAX: usize = 10_000;

impl Hits {
    /// An empty value with capacity for a text of `chars` characters.
    pub(super) fn with_room(chars: usize) -> Self {
        let mut hits = SPARE.with_borrow_mut(Vec::pop).unwrap_or_default();
        hits.all.reserve(chars);
        hits
    }

    /// Keeps the allocations for the next text of this thread, unless they exceed [`SPARE_HITS_MAX`].
    pub(super) fn give_back(self) {
        let Self { mut all, mut first, mut surfaces, .. } = self;
        if all.capacity() <= SPARE_HITS_MAX && first.capacity() <= SPARE_HITS_MAX {
            all.clear();
            first.clear();
            surfaces.clear();
            SPARE.with_borrow_mut(|spare| spare.push(Self { all, first, surfaces, ..Self::default() }));
        }
    }

    /// Patterns that can match in a clause, as (clause, pattern), sorted. `None` when this was not computed.
    pub(super) fn possible_in(&self, clause: usize) -> Option<&[(u32, u32)]> {
        let possible = self.possible.as_deref()?;
        let from = possible.partition_point(|(known, _)| (*known as usize) < clause);
        let count = possible[from..].partition_point(|(known, _)| *known as usize == clause);
        Some(&possible[from..from + count])
    }

    /// Whether a hit of any of these kinds (flags of [`Brief`]) may exist.
    pub(super) fn any(&self, bits: u16) -> bool {
        self.bits & bits != 0
    }

    /// Prepares [`starting_at`](Self::starting_at) and [`between`](Self::between) for a text of `len` characters.
    pub(super) fn index(&mut self, len: usize) {
        self.first.clear();
        self.first.reserve(len + 2);
        let mut next = 0_u32;
        for at in 0..=len {
            while self.all.get(next as usize).is_some_and(|hit| (hit.from as usize) < at) {
                next += 1;
            }
            self.first.push(next);
        }
        self.first.push(u32::try_from(self.all.len()).unwrap_or(u32::MAX));
    }

    /// Hits that begin at a character, longest first.
    pub(super) fn starting_at(&self, at: usize) -> &[Hit] {
        match (self.first.get(at), self.first.get(at + 1)) {
            (Some(from), Some(to)) => &self.all[*from as usize..*to as usize],
            _ => &[],
        }
    }

    /// Hits that begin in `[from, to)`.
    pub(super) fn between(&self, from: usize, to: usize) -> &[Hit] {
        let last = self.first.len().saturating_sub(1);
        match (self.first.get(from.min(last)), self.first.get(to.min(last))) {
            (Some(from), Some(to)) if from < to => &self.all[*from as usize..*to as usize],
            _ => &[],
        }
    }
}

/// Whether an element of a pattern accepts a hit.
pub(super) fn accepts(lexicon: &Lexicon, hit: &Hit, atom: &Atom) -> bool {
    match atom {
        Atom::Class(class) => hit.any(Brief::CLASS) && lexicon.classes_of(hit.entry).contains(class),
        Atom::Product(set) => {
            let in_set = |meaning: &Meaning| match meaning {
                Meaning::Product(at) => set.has(lexicon.products()[*at as usize].category),
                _ => false,
            };
            hit.any(Brief::PRODUCT) && lexicon.entries()[hit.entry as usize].meanings.iter().any(in_set)
        }
        Atom::Brand => hit.any(Brief::BRAND),
        Atom::Count(_) => false,
    }
}
