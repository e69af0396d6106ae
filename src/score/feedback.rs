//! What came back: verdicts of analysts and results of sampling, and what they say about the matters of a day.
//!
//! In: outcomes, each with the moment it was known. Out: terms of an assessment. Not here: I/O, counts of events (a weight never
//! enters a count).

/// Outcomes of earlier alerts.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Feedback {}

impl Feedback {
    /// Nothing has come back yet.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }
}
