//! COUNT-1: what became of everything that a source gave.

use serde::{Deserialize, Serialize};

/// Counts of one source, or of all. The law: `collected = kept + duplicate + unchanged + rejected` ([`Intake::reconciles`]).
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[derive(schemars::JsonSchema)]
pub struct Intake {
    /// Items met.
    pub collected: u64,
    /// New documents and new revisions.
    pub kept: u64,
    /// Met twice in one batch, or on one page.
    pub duplicate: u64,
    /// Known, same text.
    pub unchanged: u64,
    /// Set aside, each with a reason.
    pub rejected: u64,
}

impl Intake {
    /// Whether the counts add up (COUNT-1).
    #[must_use]
    pub fn reconciles(&self) -> bool {
        let parts = [self.kept, self.duplicate, self.unchanged, self.rejected];
        parts.iter().try_fold(0_u64, |sum, part| sum.checked_add(*part)) == Some(self.collected)
    }

    /// Adds another run's counts.
    pub fn add(&mut self, other: Self) {
        self.collected += other.collected;
        self.kept += other.kept;
        self.duplicate += other.duplicate;
        self.unchanged += other.unchanged;
        self.rejected += other.rejected;
    }

    /// Counts a document that was kept: new, or a new revision.
    pub fn keep(&mut self) {
        self.collected += 1;
        self.kept += 1;
    }

    /// Counts an item that was met twice.
    pub fn repeat(&mut self) {
        self.collected += 1;
        self.duplicate += 1;
    }

    /// Counts an item whose text is known.
    pub fn know(&mut self) {
        self.collected += 1;
        self.unchanged += 1;
    }

    /// Counts an item that was met but set aside.
    pub fn reject(&mut self) {
        self.collected += 1;
        self.rejected += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_add_up_whatever_is_counted_and_added() {
        let mut counts = Intake::default();
        for step in [Intake::keep, Intake::repeat, Intake::know, Intake::reject] {
            step(&mut counts);
            assert!(counts.reconciles(), "{counts:?}");
        }
        counts.add(counts);
        assert_eq!((counts.collected, counts.kept, counts.duplicate), (8, 2, 2));
        assert!(counts.reconciles());
        counts.kept += 1;
        assert!(!counts.reconciles(), "a document that was counted nowhere else");
    }
}
