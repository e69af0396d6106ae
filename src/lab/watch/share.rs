//! A share that is never told without its numbers, and ranks of a sorted list.

use std::fmt;

use methods::sampling_feedback::wilson;
use serde::Serialize;
use vocabulary::{Language, Report, said};

/// Level of the intervals.
const LEVEL: f64 = 0.95;

/// A share with its numbers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Share {
    /// Of `whole`, so many.
    pub part: u64,
    /// Of so many.
    pub whole: u64,
    /// The share; none of nothing.
    pub share: Option<f64>,
    /// 95 % score interval (Wilson 1927).
    pub interval: Option<[f64; 2]>,
}

impl Share {
    pub(super) fn of(part: u64, whole: u64) -> Self {
        let (low, high) = wilson(part, whole, LEVEL);
        let known = whole > 0;
        Self { part, whole, share: known.then(|| part as f64 / whole as f64), interval: known.then_some([low, high]) }
    }
}

impl Report for Share {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        match (self.share, self.interval) {
            (Some(share), Some([low, high])) => {
                let [share, low, high] = [share, low, high].map(|share| share * 100.0);
                f.write_str(&said!(
                    language,
                    "{share:.1}%（{}/{}，95%区间{low:.1}%—{high:.1}%）",
                    "{share:.1} % ({}/{}, 95 % {low:.1} %–{high:.1} %)",
                    self.part,
                    self.whole
                ))
            }
            _ => f.write_str(language.pick("—（0件）", "— (of none)")),
        }
    }
}

/// The nearest rank: the smallest of sorted values that at least this share of all does not exceed; none of nothing.
pub(super) fn nearest_rank(sorted: &[f64], percent: usize) -> Option<f64> {
    sorted.get((sorted.len() * percent).div_ceil(100).max(1) - 1).copied()
}
