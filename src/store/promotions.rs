//! Rules that were put in force: who, why, and what counts now.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use vocabulary::{CriteriaVersion, LexiconVersion};

/// An edition of the rules that somebody promoted: asked for, in force, or failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Promotion {
    /// Its number; 0 until it is kept.
    #[serde(default)]
    pub seq: u64,
    /// Its folder below the data folder's `rules`.
    pub folder: String,
    /// What reads.
    pub lexicon: LexiconVersion,
    /// What judges.
    pub criteria: CriteriaVersion,
    /// Whether lexicon and criteria are those built into the program, whichever program it is: they are not copied.
    #[serde(default)]
    pub shipped: (bool, bool),
    /// What read and judged when it was asked for.
    pub before: (LexiconVersion, CriteriaVersion),
    /// Who asked.
    pub by: String,
    /// Why.
    pub why: String,
    /// BLAKE3 of the report that was approved (`report.html` in its folder); none without one.
    pub report: Option<String>,
    /// When it was asked for.
    pub asked_at: Timestamp,
    /// Since when it counts; none while the log is read again, or when that failed.
    pub in_force_at: Option<Timestamp>,
    /// Documents that were read again before it counted.
    pub documents: u64,
    /// Why it could not be put in force.
    pub problem: Option<String>,
}

impl Promotion {
    /// The code of its state: `asked`, `in_force` or `failed`.
    pub(crate) fn state(&self) -> &'static str {
        match (&self.problem, self.in_force_at) {
            (Some(_), _) => "failed",
            (None, Some(_)) => "in_force",
            (None, None) => "asked",
        }
    }
}
