//! Chance that is the same for the same seed (splitmix64).

/// Draws.
#[derive(Debug, Clone)]
pub(super) struct Draw(u64);

impl Draw {
    /// Draws of a seed, other ones for each purpose.
    pub(super) fn of(seed: u64, purpose: u64) -> Self {
        let mut draw = Self(seed ^ purpose.wrapping_mul(0x9E37_79B9_7F4A_7C15));
        draw.next();
        draw
    }

    /// Any number.
    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`.
    pub(super) fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// True in `of` of `all` cases.
    pub(super) fn chance(&mut self, of: u64, all: u64) -> bool {
        self.below(all) < of
    }

    /// One of these.
    pub(super) fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[usize::try_from(self.below(of.len() as u64)).expect("a place")]
    }
}
