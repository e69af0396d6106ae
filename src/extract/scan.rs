//! One pass over the folded text: every surface that is there, with words inside idioms left out.

use std::cell::RefCell;

use lexicon::{Brief, Lexicon};

use super::clauses::Clause;
use super::hits::{HITS_MAX, Hit, Hits};
use super::normalise::{Folded, is_letter};
use super::possible::{self, Live};

thread_local! {
    /// The numbers of the characters of the text that is scanned, for [`Lexicon::surfaces`].
    static NUMBERS: RefCell<Vec<u32>> = const { RefCell::new(Vec::new()) };
    /// Where the segmenter's words begin in the run of letters that is looked at.
    static STARTS: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// Finds all surfaces.
pub fn scan(folded: &Folded, clauses: &[Clause], lexicon: &Lexicon) -> Hits {
    let mut hits = look_in_full(folded, clauses, lexicon);
    settle(&mut hits, folded, lexicon);
    hits
}

/// Finds what matters for a reading.
pub(super) fn scan_for_reading(folded: &Folded, clauses: &[Clause], lexicon: &Lexicon) -> Hits {
    let mut hits = look(folded, clauses, lexicon);
    settle(&mut hits, folded, lexicon);
    hits
}

/// All surfaces, before what the segmenter sees otherwise is dropped ([`settle`]).
pub(super) fn look_in_full(folded: &Folded, clauses: &[Clause], lexicon: &Lexicon) -> Hits {
    let mut hits = surfaces(folded, lexicon);
    hits.hopeless = possible::with_live(&mut hits.all, clauses, lexicon, |_, live| live.is_none());
    hits.surfaces.clone_from(&hits.all);
    hits
}

/// What matters for a reading, before [`settle`]: of the surfaces that only rules know, those that a rule asks for which may find
/// something here. Most texts hold no such rule, and most surfaces are single characters of rules.
pub(super) fn look(folded: &Folded, clauses: &[Clause], lexicon: &Lexicon) -> Hits {
    let mut hits = surfaces(folded, lexicon);
    let Hits { all, surfaces, .. } = &mut hits;
    hits.possible = possible::with_live(all, clauses, lexicon, |all, live| {
        if live.is_some() {
            surfaces.extend(all.iter().filter(|hit| hit.any(Brief::JUDGED)));
        }
        drop_what_nobody_asks_for(all, live, lexicon);
        live.map(Live::patterns)
    });
    hits.hopeless = hits.possible.is_none();
    hits.quiet = hits.hopeless;
    hits
}

/// Drops what the segmenter sees otherwise, and makes the rest ready to be asked for by place, unless nobody will.
pub(super) fn settle(hits: &mut Hits, folded: &Folded, lexicon: &Lexicon) {
    drop_torn(hits, folded, lexicon);
    if !hits.quiet {
        hits.index(folded.len());
    }
}

/// All surfaces, idioms settled, nothing else dropped yet.
fn surfaces(folded: &Folded, lexicon: &Lexicon) -> Hits {
    let mut hits = Hits::with_room(folded.len());
    NUMBERS.with_borrow_mut(|numbers| {
        lexicon.surfaces().number(&folded.chars, numbers);
        words(folded, numbers, lexicon, &mut hits);
    });
    if hits.any(Brief::IDIOM) {
        drop_what_idioms_cover(&mut hits);
    }
    hits
}

/// Puts all surfaces, longest first at each place.
fn words(folded: &Folded, numbers: &[u32], lexicon: &Lexicon, hits: &mut Hits) {
    let briefs = lexicon.briefs();
    #[expect(clippy::cast_possible_truncation, reason = "texts are bounded far below 2^32 characters")]
    for from in 0..numbers.len() {
        let before = hits.all.len();
        lexicon.surfaces().beginning(&numbers[from..], |chars, entry| {
            let (bits, to) = (briefs[entry as usize].bits, from + chars);
            if bits & (Brief::LATIN_FIRST | Brief::LATIN_LAST) != 0 && !latin_borders(folded, bits, from, to) {
                return;
            }
            hits.bits |= bits;
            hits.all.push(Hit { from: from as u32, to: to as u32, entry, bits });
        });
        if hits.all.len() > before + 1 {
            hits.all[before..].reverse();
        }
        if hits.all.len() >= HITS_MAX {
            hits.overflow = hits.all.len() > HITS_MAX || from + 1 < folded.len();
            hits.all.truncate(HITS_MAX);
            break;
        }
    }
}

/// A Latin word is found only whole: `led` is not in `sealed`.
fn latin_borders(folded: &Folded, bits: u16, from: usize, to: usize) -> bool {
    let letter = |at: Option<usize>| at.and_then(|at| folded.chars.get(at)).is_some_and(char::is_ascii_alphabetic);
    !(bits & Brief::LATIN_FIRST != 0 && letter(from.checked_sub(1))
        || bits & Brief::LATIN_LAST != 0 && letter(Some(to)))
}

/// What names a thing, a place, a firm: part of every reading.
const NAMES: u16 = Brief::PRODUCT | Brief::BRAND | Brief::REGION | Brief::NAME;
/// What covers a product's name inside it: words of hazards and rules.
const COVERS: u16 = Brief::CLASS | Brief::HAZARD;

/// Keeps names, longer words that cover one, and where a rule may find something, what it asks for and what speaks against it.
fn drop_what_nobody_asks_for(all: &mut Vec<Hit>, live: Option<&Live<'_>>, lexicon: &Lexicon) {
    let asked = |hit: &Hit| {
        live.is_some_and(|live| {
            hit.any(Brief::HAZARD | Brief::CUE) || hit.any(Brief::CLASS) && live.any(lexicon.classes_of(hit.entry))
        })
    };
    // From the end: `nearest` is the first end of a name that begins at or behind the place.
    let mut nearest = u32::MAX;
    let mut kept = all.len();
    for at in (0..all.len()).rev() {
        let hit = all[at];
        if hit.any(NAMES) {
            nearest = nearest.min(hit.to);
        } else if !(hit.any(COVERS) && nearest <= hit.to || asked(&hit)) {
            continue;
        }
        kept -= 1;
        all[kept] = hit;
    }
    all.drain(..kept);
}

/// Longest-leftmost among idioms and content words; what begins inside a winning idiom is no hit (乐坏 is not 坏了).
fn drop_what_idioms_cover(hits: &mut Hits) {
    // A product, hazard, brand or rule word that is longer beats an idiom inside or beside it.
    let is_content = |hit: &Hit| hit.chars() >= 2 && hit.any(Brief::CLASS | Brief::PRODUCT | Brief::HAZARD);
    let mut end = 0;
    let mut winners: Vec<Hit> = Vec::new();
    for hit in &hits.all {
        let idiom = hit.any(Brief::IDIOM);
        if hit.from < end || !(idiom || is_content(hit)) {
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
            // 假如 holds no 假 and is a condition all the same.
            idiom.from <= hit.from && !(itself && hit.any(Brief::PRODUCT | Brief::CUE))
        })
    });
    hits.idioms = winners;
}

/// Drops words that the segmenter sees otherwise. Hazards, products and words of rules are looked at; brands and places may
/// stand anywhere.
///
/// - A single character is a word only when it stands alone (灿烂 is not 烂).
/// - A word of two or three characters is none when it is torn at both ends: 起火 is not in 今起/火车票, 火车 not in 起火/车辆.
fn drop_torn(hits: &mut Hits, folded: &Folded, lexicon: &Lexicon) {
    STARTS.with_borrow_mut(|starts| {
        starts.clear();
        drop_torn_with(Tokens { run: (0, 0), starts }, hits, folded, lexicon);
    });
}

fn drop_torn_with(mut tokens: Tokens<'_>, hits: &mut Hits, folded: &Folded, lexicon: &Lexicon) {
    hits.all.retain(|hit| {
        let chars = hit.chars();
        if chars > 3 || !hit.any(Brief::CLASS | Brief::PRODUCT | Brief::HAZARD) {
            return true;
        }
        let (from, to) = (hit.from as usize, hit.to as usize);
        if chars == 1 {
            is_glue(folded.chars[from])
                || tokens.word(from, folded, lexicon).all(|at| at == from || is_glue(folded.chars[at]))
        } else {
            // Where letters do not go on at both ends nothing is torn there: no need to cut the run.
            let letter = |at: usize| folded.chars.get(at).is_some_and(|c| is_letter(*c));
            let goes_on = |at: usize| at > 0 && letter(at - 1) && letter(at);
            !(goes_on(from)
                && goes_on(to)
                && tokens.is_inside(from, folded, lexicon)
                && tokens.is_inside(to, folded, lexicon))
        }
    });
}

/// Whether a character is an adverb or a verb ending that the segmenter may glue to a single character without changing what it
/// says (很烂, 坏了).
#[inline]
fn is_glue(character: char) -> bool {
    matches!(
        character,
        '很' | '太'
            | '不'
            | '没'
            | '有'
            | '好'
            | '更'
            | '都'
            | '全'
            | '了'
            | '的'
            | '着'
            | '过'
            | '到'
            | '出'
            | '还'
            | '就'
            | '又'
            | '在'
            | '是'
            | '真'
            | '巨'
            | '超'
    )
}

/// The segmenter's words in the run of letters that was looked at last; hits come in text order, so each run is cut once.
struct Tokens<'a> {
    /// First character of the run and one past its last.
    run: (usize, usize),
    /// Where its words begin, and its end; empty until it is cut.
    starts: &'a mut Vec<usize>,
}

impl Tokens<'_> {
    /// Turns to the run of letters that holds a character.
    fn turn(&mut self, at: usize, folded: &Folded) {
        if self.run.0 <= at && at < self.run.1 {
            return;
        }
        let from = at - folded.chars[self.run.1.min(at)..at].iter().rev().take_while(|c| is_letter(**c)).count();
        let to = at + folded.chars[at..].iter().take_while(|c| is_letter(**c)).count();
        self.run = (from, to.max(at + 1));
        self.starts.clear();
    }

    fn cut(&mut self, folded: &Folded, lexicon: &Lexicon) {
        if self.starts.is_empty() {
            let mut start = self.run.0;
            for token in lexicon.jieba().cut(folded.slice(self.run.0, self.run.1), false) {
                self.starts.push(start);
                start += token.end - token.start;
            }
            self.starts.push(self.run.1);
        }
    }

    /// The word that holds a character.
    fn word(&mut self, at: usize, folded: &Folded, lexicon: &Lexicon) -> std::ops::Range<usize> {
        self.turn(at, folded);
        if self.run == (at, at + 1) {
            return at..at + 1;
        }
        self.cut(folded, lexicon);
        let token = self.starts.partition_point(|start| *start <= at);
        self.starts[token - 1]..self.starts[token]
    }

    /// Whether a character stands inside a word, not at its beginning; past the end of a run nothing does.
    fn is_inside(&mut self, at: usize, folded: &Folded, lexicon: &Lexicon) -> bool {
        if at == self.run.1 || !folded.chars.get(at).is_some_and(|c| is_letter(*c)) {
            return false;
        }
        self.turn(at, folded);
        if at == self.run.0 {
            return false;
        }
        self.cut(folded, lexicon);
        self.starts.binary_search(&at).is_err()
    }
}
