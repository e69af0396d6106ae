//! What the scanner asks of an entry, in one word: a text meets dozens of surfaces, and most are set aside by these bits
//! alone. Derived from the entry; nothing is decided here.

use super::anchor::Anchors;
use super::pattern::ClassId;
use super::terms::{Entry, Meaning};

/// Length and kinds of meaning of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief {
    /// Length in characters.
    pub chars: u16,
    /// The constants below, put together.
    pub bits: u16,
    /// Where its word classes stand in [`super::Lexicon::classes_of`]'s table, and how many there are.
    classes: (u32, u32),
}

impl Brief {
    /// Belongs to a word class.
    pub const CLASS: u16 = 1;
    /// Names a product.
    pub const PRODUCT: u16 = 1 << 1;
    /// Names a brand.
    pub const BRAND: u16 = 1 << 2;
    /// Names a place.
    pub const REGION: u16 = 1 << 3;
    /// Names a platform, material, mark or group, or only looks like a place.
    pub const NAME: u16 = 1 << 4;
    /// States a hazard alone.
    pub const HAZARD: u16 = 1 << 5;
    /// Is an idiom.
    pub const IDIOM: u16 = 1 << 6;
    /// Is a cue, or a word in which a cue is none.
    pub const CUE: u16 = 1 << 7;
    /// Begins with a Latin letter.
    pub const LATIN_FIRST: u16 = 1 << 8;
    /// Ends with a Latin letter.
    pub const LATIN_LAST: u16 = 1 << 9;
    /// Belongs to a word class that patterns ask for beside their rarest element.
    pub const ASKED: u16 = 1 << 10;
    /// Belongs to a word class at which patterns are looked for.
    pub const ANCHOR: u16 = 1 << 11;
    /// Belongs to a word class that the learned judge weighs.
    pub const JUDGED: u16 = 1 << 12;
    /// Belongs to a word class that patterns ask for first of all.
    pub const FIRST_ASKED: u16 = 1 << 13;

    /// The briefs of all entries, and the word classes of all entries one behind the other.
    pub(super) fn table(entries: &[Entry], anchors: &Anchors) -> (Vec<Self>, Vec<ClassId>) {
        let mut classes = Vec::new();
        let briefs = entries
            .iter()
            .zip(0..)
            .map(|(entry, at)| {
                let from = u32::try_from(classes.len()).unwrap_or(u32::MAX);
                classes.extend_from_slice(&entry.classes);
                let mut brief = Self::of(entry, from);
                brief.bits |= if anchors.asked_of(at).is_empty() { 0 } else { Self::ASKED };
                brief.bits |= if anchors.first_asked_of(at).is_empty() { 0 } else { Self::FIRST_ASKED };
                brief.bits |= if anchors.of_entry(at).is_empty() { 0 } else { Self::ANCHOR };
                brief
            })
            .collect();
        (briefs, classes)
    }

    /// Its word classes, out of that table.
    #[inline]
    pub(super) fn classes(self, table: &[ClassId]) -> &[ClassId] {
        &table[self.classes.0 as usize..][..self.classes.1 as usize]
    }

    fn of(entry: &Entry, from: u32) -> Self {
        let mut bits = 0;
        let mut set = |bit: u16, holds: bool| bits |= if holds { bit } else { 0 };
        set(Self::CLASS, !entry.classes.is_empty());
        set(Self::LATIN_FIRST, entry.latin.0);
        set(Self::LATIN_LAST, entry.latin.1);
        for meaning in &entry.meanings {
            set(
                match meaning {
                    Meaning::Product(_) => Self::PRODUCT,
                    Meaning::Brand(_) => Self::BRAND,
                    Meaning::Region(_) => Self::REGION,
                    Meaning::Name(_) | Meaning::NoPlace => Self::NAME,
                    Meaning::Hazard(_) => Self::HAZARD,
                    Meaning::Idiom(_) => Self::IDIOM,
                    Meaning::Cue(_) | Meaning::NoCue => Self::CUE,
                },
                true,
            );
        }
        let classes = (from, u32::try_from(entry.classes.len()).unwrap_or(u32::MAX));
        Self { chars: u16::try_from(entry.chars).unwrap_or(u16::MAX), bits, classes }
    }

    /// Whether any of the given bits is set.
    #[inline]
    #[must_use]
    pub fn any(self, bits: u16) -> bool {
        self.bits & bits != 0
    }
}
