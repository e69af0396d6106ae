//! What the scanner asks of an entry, in one word: a text meets dozens of surfaces, and most are set aside by these bits
//! alone. Derived from the entry; nothing is decided here.

use super::terms::{Entry, Meaning};

/// Length and kinds of meaning of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Brief {
    /// Length in characters.
    pub chars: u16,
    bits: u16,
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
    /// Names a platform, material, standard or group.
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

    pub(super) fn of(entry: &Entry) -> Self {
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
                    Meaning::Name(_) => Self::NAME,
                    Meaning::Hazard(_) => Self::HAZARD,
                    Meaning::Idiom(_) => Self::IDIOM,
                    Meaning::Cue(_) | Meaning::NoCue => Self::CUE,
                },
                true,
            );
        }
        Self { chars: u16::try_from(entry.chars).unwrap_or(u16::MAX), bits }
    }

    /// Whether any of the given bits is set.
    #[inline]
    #[must_use]
    pub fn any(self, bits: u16) -> bool {
        self.bits & bits != 0
    }
}
