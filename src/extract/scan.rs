//! One pass of the automaton over the folded text: every surface that is there, with words inside idioms left out.

use crate::lexicon::Lexicon;
use crate::lexicon::pattern::Atom;
use crate::lexicon::terms::{Entry, Meaning};

use super::normalise::Folded;

/// Most hits that are kept of one text; later ones are left out with a problem.
pub const HITS_MAX: usize = 100_000;

/// A surface found in the text, in folded characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hit {
    /// First character.
    pub(super) from: u32,
    /// One past the last.
    pub(super) to: u32,
    /// Index into [`Lexicon::entries`].
    pub(super) entry: u32,
}

/// All hits of a text, by first character, longest first.
#[derive(Debug, Default)]
pub(super) struct Hits {
    /// The hits.
    pub(super) all: Vec<Hit>,
    /// Idioms that were recognised.
    pub(super) idioms: Vec<Hit>,
    /// Index of the first hit that begins at or after each character.
    first: Vec<u32>,
    /// Whether hits were left out.
    pub(super) overflow: bool,
}

impl Hits {
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

/// Finds all surfaces.
pub(super) fn scan(folded: &Folded, lexicon: &Lexicon) -> Hits {
    let mut hits = Hits::default();
    for found in lexicon.automaton().find_overlapping_iter(&folded.text) {
        let entry = &lexicon.entries()[found.value() as usize];
        let to = folded.char_at_byte(found.end());
        let from = to - entry.chars as usize;
        if !latin_borders(folded, entry, from, to) {
            continue;
        }
        if hits.all.len() >= HITS_MAX {
            hits.overflow = true;
            break;
        }
        #[expect(clippy::cast_possible_truncation, reason = "bounded by TEXT_CHARS_MAX")]
        hits.all.push(Hit { from: from as u32, to: to as u32, entry: found.value() });
    }
    hits.all.sort_unstable_by_key(|hit| (hit.from, std::cmp::Reverse(hit.to), hit.entry));
    drop_what_idioms_cover(&mut hits, lexicon);
    drop_torn_characters(&mut hits, folded, lexicon);
    drop_torn_words(&mut hits, folded, lexicon);
    index(&mut hits, folded.len());
    hits
}

fn index(hits: &mut Hits, len: usize) {
    hits.first = Vec::with_capacity(len + 2);
    let mut next = 0_u32;
    for at in 0..=len {
        while hits.all.get(next as usize).is_some_and(|hit| (hit.from as usize) < at) {
            next += 1;
        }
        hits.first.push(next);
    }
    hits.first.push(u32::try_from(hits.all.len()).unwrap_or(u32::MAX));
}

/// A Latin word is found only whole: `led` is not in `sealed`.
fn latin_borders(folded: &Folded, entry: &Entry, from: usize, to: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| folded.chars.get(at)).is_some_and(char::is_ascii_alphabetic);
    !(entry.latin.0 && letter(from.checked_sub(1)) || entry.latin.1 && letter(Some(to)))
}

fn is_idiom(entry: &Entry) -> bool {
    entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Idiom(_)))
}

/// Whether a surface is a product, hazard, brand or rule word, so that a longer one beats an idiom inside or beside it.
fn is_content(entry: &Entry) -> bool {
    entry.chars >= 2
        && (!entry.classes.is_empty()
            || entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Product(_) | Meaning::Hazard(_))))
}

/// Longest-leftmost among idioms and content words; what begins inside a winning idiom is no hit (乐坏 is not 坏了).
fn drop_what_idioms_cover(hits: &mut Hits, lexicon: &Lexicon) {
    let entries = lexicon.entries();
    if !hits.all.iter().any(|hit| is_idiom(&entries[hit.entry as usize])) {
        return;
    }
    let mut end = 0;
    let mut winners: Vec<Hit> = Vec::new();
    for hit in &hits.all {
        let entry = &entries[hit.entry as usize];
        let idiom = is_idiom(entry);
        if hit.from < end || !(idiom || is_content(entry)) {
            continue;
        }
        end = hit.to;
        if idiom {
            winners.push(*hit);
        }
    }
    hits.all.retain(|hit| {
        let at = winners.partition_point(|idiom| idiom.to <= hit.from);
        !winners.get(at).is_some_and(|idiom| {
            let itself = (idiom.from, idiom.to) == (hit.from, hit.to);
            idiom.from <= hit.from && !(itself && is_product(&entries[hit.entry as usize]))
        })
    });
    hits.idioms = winners;
}

/// A single character is a word of a class only when the segmenter does not see it inside a longer word (灿烂 is not 烂).
/// Segments only the stretches around such characters.
fn drop_torn_characters(hits: &mut Hits, folded: &Folded, lexicon: &Lexicon) {
    let entries = lexicon.entries();
    let single = |hit: &Hit| {
        let entry = &entries[hit.entry as usize];
        entry.chars == 1
            && !GLUE.contains(&*entry.surface)
            && (!entry.classes.is_empty()
                || entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Product(_) | Meaning::Hazard(_))))
    };
    let Some(first) = hits.all.iter().position(single) else { return };
    let mut tokens = Tokens::default();
    let mut kept = Vec::with_capacity(hits.all.len());
    kept.extend_from_slice(&hits.all[..first]);
    for hit in &hits.all[first..] {
        if single(hit) {
            let at = hit.from as usize;
            let word = tokens.word(at, folded, lexicon);
            if !word.filter(|other| *other != at).all(|other| GLUE.contains(folded.chars[other])) {
                continue;
            }
        }
        kept.push(*hit);
    }
    hits.all = kept;
}

/// A word of two or more characters is none when the segmenter tears it at both ends: 起火 is not in 今起/火车票,
/// 火车 not in 起火/车辆. Hazards, products and words of rules are looked at; brands and places may stand anywhere.
fn drop_torn_words(hits: &mut Hits, folded: &Folded, lexicon: &Lexicon) {
    let entries = lexicon.entries();
    let words = |hit: &Hit| {
        let entry = &entries[hit.entry as usize];
        (2..=3).contains(&entry.chars)
            && (!entry.classes.is_empty()
                || entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Hazard(_) | Meaning::Product(_))))
    };
    let mut tokens = Tokens::default();
    hits.all.retain(|hit| {
        if !words(hit) {
            return true;
        }
        let (from, to) = (hit.from as usize, hit.to as usize);
        !(tokens.is_inside(from, folded, lexicon) && to < folded.len() && tokens.is_inside(to, folded, lexicon))
    });
}

/// The segmenter's words in the stretch that was looked at last; hits come in text order, so each stretch is cut once.
#[derive(Default)]
struct Tokens {
    /// First character of the stretch and one past its last.
    stretch: (usize, usize),
    /// Where its words begin, and its end.
    starts: Vec<usize>,
}

impl Tokens {
    fn cut(&mut self, at: usize, folded: &Folded, lexicon: &Lexicon) {
        if self.stretch.0 <= at && at < self.stretch.1 {
            return;
        }
        self.stretch = stretch_around(folded, at);
        self.starts.clear();
        let mut start = self.stretch.0;
        for token in lexicon.jieba().cut(folded.slice(self.stretch.0, self.stretch.1), false) {
            self.starts.push(start);
            start += token.word.chars().count();
        }
        self.starts.push(self.stretch.1);
    }

    /// The word that holds a character.
    fn word(&mut self, at: usize, folded: &Folded, lexicon: &Lexicon) -> std::ops::Range<usize> {
        self.cut(at, folded, lexicon);
        let token = self.starts.partition_point(|start| *start <= at);
        self.starts[token - 1]..self.starts[token]
    }

    /// Whether a character stands inside a word, not at its beginning.
    fn is_inside(&mut self, at: usize, folded: &Folded, lexicon: &Lexicon) -> bool {
        self.word(at, folded, lexicon).start != at
    }
}

/// Adverbs and verb endings that the segmenter may glue to a single character without changing what it says (很烂, 坏了).
const GLUE: &str = "很太不没有好更都全了的着过到出还就又在是真巨超";

/// The stretch of letters around a character, at most a few dozen characters to each side.
fn stretch_around(folded: &Folded, at: usize) -> (usize, usize) {
    const SIDE: usize = 24;
    let is_letter = |character: &char| character.is_alphanumeric();
    let from = at - folded.chars[at.saturating_sub(SIDE)..at].iter().rev().take_while(|c| is_letter(c)).count();
    let ahead = &folded.chars[at..(at + SIDE).min(folded.len())];
    (from, at + ahead.iter().take_while(|c| is_letter(c)).count().max(1))
}

/// Whether a hit is what an element of a pattern accepts.
pub(super) fn accepts(lexicon: &Lexicon, entry: &Entry, atom: &Atom) -> bool {
    match atom {
        Atom::Class(class) => entry.classes.binary_search(class).is_ok(),
        Atom::Product(set) => entry.meanings.iter().any(|meaning| match meaning {
            Meaning::Product(at) => set.has(lexicon.products()[*at as usize].category),
            _ => false,
        }),
        Atom::Brand => entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Brand(_))),
        Atom::Number => false,
    }
}

/// Whether an entry names a product.
fn is_product(entry: &Entry) -> bool {
    entry.meanings.iter().any(|meaning| matches!(meaning, Meaning::Product(_)))
}
