//! Reruns that were done by a plan of the settings.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use vocabulary::{CriteriaVersion, DateRange, LexiconVersion};

/// A rerun by a plan: running, or how it ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RerunRow {
    /// Its number; 0 until it is kept.
    #[serde(default)]
    pub seq: u64,
    /// Name of the plan.
    pub plan: String,
    /// The days asked for.
    pub asked: DateRange,
    /// The days judged: some before those asked for, so that what began earlier is not taken for new.
    pub judged: DateRange,
    /// Days between two judgements.
    pub every_days: u32,
    /// Folder of the result below the plan's own.
    pub folder: String,
    /// When it began.
    pub started_at: Timestamp,
    /// When it ended; none while it runs, or when it was killed.
    pub ended_at: Option<Timestamp>,
    /// Why it failed; none when it did not.
    pub problem: Option<String>,
    /// Whether the result is still there.
    pub kept: bool,
    /// What it read and judged by, once it is whole.
    pub versions: Option<(LexiconVersion, CriteriaVersion)>,
    /// Alerts that it opened on the days judged.
    pub alerts_opened: u64,
    /// What it says of the past that the run before did not say; none without such a run.
    pub change: Option<PastChange>,
}

/// How two runs of one plan differ over the days that both were asked for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PastChange {
    /// Number of the run before.
    pub against: u64,
    /// Alerts that only the newer opened.
    pub gained: u64,
    /// Alerts that only the run before opened.
    pub lost: u64,
    /// Alerts of both that the newer opened earlier.
    pub earlier: u64,
    /// Later.
    pub later: u64,
    /// On the same day at other levels.
    pub other_levels: u64,
}

impl PastChange {
    /// Whether an alert was gained, lost or moved.
    #[must_use]
    pub fn any(&self) -> bool {
        self.gained + self.lost + self.earlier + self.later + self.other_levels > 0
    }
}
