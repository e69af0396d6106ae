//! Product and brand names by a learned tagger: for names that no dictionary holds.
//!
//! In: sentences whose characters carry a BIOES tag (`HC` product, `HP` brand), a [`Lexicon`] for its dictionary and
//! segmenter. Out: a [`Tagger`] and name spans, and their quality beside the dictionary alone. Not here: hazards,
//! categories (a tagger says *that* something is a product, never which), files. Training is deterministic: fixed order,
//! fixed seed, no threads.
//!
//! The method is the averaged structured perceptron of Collins (EMNLP 2002) over a first-order chain, decoded by Viterbi.

mod features;
mod tagger;

use std::collections::BTreeSet;
use std::fmt;

use lexicon::Lexicon;
use vocabulary::{Language, Report, SHOWN_CHARS, Said, excerpt};

use crate::reader::quality::HitCounts;

pub use tagger::Tagger;

/// Longest sentence that is tagged, in characters; the rest of a longer one is left untagged.
pub const SENTENCE_CHARS_MAX: usize = 1_000;

/// What a name names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Named {
    /// A product.
    Product,
    /// A brand.
    Brand,
}

/// A name, in characters of its sentence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct NameSpan {
    /// First character.
    pub from: usize,
    /// One past the last.
    pub to: usize,
    /// What it names.
    pub named: Named,
}

/// A sentence with its labelled names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sentence {
    /// Its characters.
    pub chars: Vec<char>,
    /// One tag a character.
    tags: Vec<Tag>,
}

/// A BIOES tag: 0 outside, then begin, inside, end, single of a product, and of a brand.
type Tag = u8;
/// Number of tags.
const TAGS: usize = 9;

/// A line of a tagged file that cannot be read.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error(
    "line {line}: found `{found}`; expected a character, a tab and one of O, B-HC, I-HC, E-HC, S-HC, B-HP, I-HP, E-HP, S-HP"
)]
pub struct TagError {
    /// The line, from 1.
    pub line: usize,
    /// The line as it stands, at most 40 characters.
    pub found: String,
}

impl Said for TagError {
    fn zh(&self) -> String {
        format!(
            "第 {} 行：现为 `{}`；应为一个字、一个制表符和 O、B-HC、I-HC、E-HC、S-HC、B-HP、I-HP、E-HP、S-HP 之一",
            self.line, self.found
        )
    }
}

/// Reads sentences: one character and its tag a line, an empty line between sentences.
///
/// # Errors
/// The first line that holds no character and known tag.
pub fn parse(text: &str) -> Result<Vec<Sentence>, TagError> {
    let mut sentences = Vec::new();
    let mut open = Sentence { chars: Vec::new(), tags: Vec::new() };
    for (at, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            if !open.chars.is_empty() {
                sentences.push(std::mem::replace(&mut open, Sentence { chars: Vec::new(), tags: Vec::new() }));
            }
            continue;
        }
        let read = line.rsplit_once(['\t', ' ']).and_then(|(character, tag)| {
            let mut chars = character.chars();
            let character = chars.next().unwrap_or(' ');
            chars.next().is_none().then_some((character, tag_of(tag.trim())?))
        });
        let Some((character, tag)) = read else {
            return Err(TagError { line: at + 1, found: excerpt(line, SHOWN_CHARS) });
        };
        open.chars.push(character);
        open.tags.push(tag);
    }
    if !open.chars.is_empty() {
        sentences.push(open);
    }
    Ok(sentences)
}

fn tag_of(written: &str) -> Option<Tag> {
    if written == "O" {
        return Some(0);
    }
    let (place, kind) = written.split_once('-')?;
    let place = ["B", "I", "E", "S"].iter().position(|known| *known == place)?;
    let kind = ["HC", "HP"].iter().position(|known| *known == kind)?;
    u8::try_from(1 + 4 * kind + place).ok()
}

/// The whole names that a row of tags holds; broken ones (a beginning without an end) are none.
fn spans(tags: &[Tag]) -> Vec<NameSpan> {
    let mut names = Vec::new();
    let mut at = 0;
    while at < tags.len() {
        let tag = tags[at];
        let named = if tag > 4 { Named::Brand } else { Named::Product };
        match tag {
            4 | 8 => names.push(NameSpan { from: at, to: at + 1, named }),
            1 | 5 => {
                let inside = tags[at + 1..].iter().take_while(|other| **other == tag + 1).count();
                let end = at + 1 + inside;
                if tags.get(end) == Some(&(tag + 2)) {
                    names.push(NameSpan { from: at, to: end + 1, named });
                    at = end;
                }
            }
            _ => {}
        }
        at += 1;
    }
    names
}

impl Sentence {
    /// Its labelled names.
    pub fn names(&self) -> Vec<NameSpan> {
        spans(&self.tags)
    }
}

/// Names by the dictionary alone: leftmost, longest; parts count as products, general words for goods do not.
pub fn by_dictionary(chars: &[char], lexicon: &Lexicon) -> Vec<NameSpan> {
    let found = features::dictionary(chars, lexicon);
    found.iter().filter_map(|found| Some(NameSpan { from: found.from, to: found.to, named: found.named? })).collect()
}

/// Exact spans of one way of finding names, in all and by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct NameQuality {
    /// Products and brands together.
    pub all: HitCounts,
    /// Products.
    pub product: HitCounts,
    /// Brands.
    pub brand: HitCounts,
}

/// Compares found with labelled names, sentence by sentence.
pub fn measure(sentences: &[Sentence], mut find: impl FnMut(&[char]) -> Vec<NameSpan>) -> NameQuality {
    let mut quality = NameQuality::default();
    for sentence in sentences {
        let (found, labelled) = (find(&sentence.chars), sentence.names());
        let of = |kind: Option<Named>| {
            let set = |names: &[NameSpan]| -> BTreeSet<NameSpan> {
                names.iter().copied().filter(|name| kind.is_none_or(|kind| name.named == kind)).collect()
            };
            HitCounts::of(&set(&found), &set(&labelled))
        };
        quality.all.add(of(None));
        quality.product.add(of(Some(Named::Product)));
        quality.brand.add(of(Some(Named::Brand)));
    }
    quality
}

impl fmt::Display for NameQuality {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, Language::English)
    }
}

impl Report for NameQuality {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        for (name, tally) in [
            (language.pick("全部", "all     "), self.all),
            (language.pick("产品", "product "), self.product),
            (language.pick("品牌", "brand   "), self.brand),
        ] {
            let [hit, extra, missed] = language.pick(["命中", "误报", "漏报"], ["hit", "extra", "miss"]);
            writeln!(
                f,
                "  {name} P {:.3}  R {:.3}  F1 {:.3}   {hit} {}  {extra} {}  {missed} {}",
                tally.precision(),
                tally.recall(),
                tally.f1(),
                tally.hit,
                tally.extra,
                tally.missed
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
