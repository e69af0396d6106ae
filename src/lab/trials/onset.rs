//! How often a statistic begins to alarm: false onsets as a function of the limit, and the limit for a budget.
//!
//! In: the values of a statistic, one series after the other. Out: onset rates per week. An onset at limit c is a value
//! ≥ c after a quiet stretch in which all values were below c: the step t is an onset for exactly the limits in
//! (M, s], s its value and M the largest one of the stretch before. So one sort gives the rate at every limit. Not
//! here: what the statistic is.

use std::collections::VecDeque;

/// Values of a statistic on one series; −∞ where it was not tested.
#[derive(Debug, Clone, PartialEq)]
pub struct Track {
    /// One value per step.
    pub values: Vec<f64>,
    /// First monitored step; those before it only show whether it was quiet.
    pub from: usize,
}

impl Track {
    /// The steps from `from` on with (largest value of the `quiet` steps before, own value).
    fn steps(&self, quiet: usize) -> Vec<(f64, f64)> {
        let mut largest: VecDeque<(usize, f64)> = VecDeque::new();
        let mut steps = Vec::with_capacity(self.values.len().saturating_sub(self.from));
        for (at, &value) in self.values.iter().enumerate() {
            while largest.front().is_some_and(|(old, _)| old + quiet < at) {
                largest.pop_front();
            }
            if at >= self.from {
                steps.push((largest.front().map_or(f64::NEG_INFINITY, |(_, value)| *value), value));
            }
            while largest.back().is_some_and(|(_, back)| *back <= value) {
                largest.pop_back();
            }
            largest.push_back((at, value));
        }
        steps
    }

    /// The limits at which an onset falls into the first `within` steps from `from` on: above the first and up to the second of a pair.
    pub fn openings(&self, quiet: usize, within: usize) -> Vec<(f64, f64)> {
        let mut steps = self.steps(quiet);
        steps.truncate(within);
        steps.retain(|(before, value)| before < value);
        steps
    }

    /// Steps from `from` on that are onsets at `limit`, counted from `from`.
    pub fn onsets(&self, limit: f64, quiet: usize) -> Vec<usize> {
        let steps = self.steps(quiet);
        (0..steps.len()).filter(|at| steps[*at].0 < limit && steps[*at].1 >= limit).collect()
    }
}

/// Onset rate per week at every limit, from simulated series.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    /// (limit, onsets at it), limits falling.
    points: Vec<(f64, usize)>,
    weeks: f64,
}

impl Curve {
    /// From series without a rise; `quiet` steps without an alarm come before an onset, `per_week` steps make a week.
    pub fn new<'t>(tracks: impl IntoIterator<Item = &'t Track>, quiet: usize, per_week: usize) -> Self {
        let mut changes: Vec<(f64, isize)> = Vec::new();
        let mut steps = 0_usize;
        for track in tracks {
            for (before, value) in track.steps(quiet) {
                steps += 1;
                if value > before {
                    changes.push((value, 1));
                    if before > f64::NEG_INFINITY {
                        changes.push((before, -1));
                    }
                }
            }
        }
        changes.sort_by(|a, b| b.0.total_cmp(&a.0));
        let mut points: Vec<(f64, usize)> = Vec::new();
        let mut onsets: isize = 0;
        for group in changes.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            // The limit `before` itself is no longer an onset: (before, value].
            onsets += group.iter().map(|(_, change)| change).sum::<isize>();
            points.push((group[0].0, usize::try_from(onsets).unwrap_or(0)));
        }
        Self { points, weeks: steps as f64 / per_week as f64 }
    }

    /// The limit with the most onsets that are still at most `per_week` a week, among those above which, everywhere, they
    /// are no more than that. (Far below it onsets become rare again: nothing is ever quiet there.) Infinite when there
    /// is none.
    pub fn limit(&self, per_week: f64) -> f64 {
        let most = per_week * self.weeks;
        let mut best = (f64::INFINITY, 0);
        for &(limit, onsets) in self.points.iter().take_while(|(_, onsets)| *onsets as f64 <= most) {
            if onsets > best.1 {
                best = (limit, onsets);
            }
        }
        best.0
    }

    /// Limits for falling rates, as knots of the rate as a function of the statistic: (limit, ln rate per week), limits
    /// rising and distinct. Rates seen fewer than 5 times are left out.
    pub fn knots(&self, rates: &[f64]) -> Vec<(f64, f64)> {
        let mut knots: Vec<(f64, f64)> = Vec::new();
        for &rate in rates.iter().filter(|rate| **rate * self.weeks >= 5.0) {
            let limit = self.limit(rate);
            if limit.is_finite() && knots.last().is_none_or(|(last, _)| limit > *last) {
                knots.push((limit, rate.ln()));
            }
        }
        knots
    }
}

/// ln of the onset rate at a value, straight between knots and beyond the ends on the line of the last two.
pub fn ln_rate(knots: &[(f64, f64)], value: f64) -> f64 {
    match knots {
        [] => 0.0,
        [(_, only)] => *only,
        _ if value == f64::NEG_INFINITY => 0.0,
        _ => {
            let right = knots.partition_point(|(limit, _)| *limit <= value).clamp(1, knots.len() - 1);
            let ((x0, y0), (x1, y1)) = (knots[right - 1], knots[right]);
            (y0 + (value - x0) * (y1 - y0) / (x1 - x0)).min(0.0)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use numeric::draw::Draw;

    fn uniform(seed: u64, series: usize) -> Vec<Track> {
        (0..series)
            .map(|at| {
                let mut draw = Draw::at(seed, at as u64);
                Track { values: (0..120).map(|_| draw.unit()).collect(), from: 20 }
            })
            .collect()
    }

    #[test]
    fn onsets_need_a_quiet_stretch() {
        let track = Track { values: vec![9.0, 0.0, 0.0, 5.0, 5.0, 0.0, 0.0, 5.0], from: 1 };
        assert_eq!(track.onsets(4.0, 2), vec![2, 6]);
        assert_eq!(track.onsets(4.0, 3), Vec::<usize>::new());
        assert_eq!(track.openings(2, 2), [(0.0, 0.0); 0], "nothing exceeds the 9 before");
        assert_eq!(track.openings(2, 3), [(0.0, 5.0)]);
        assert_eq!(track.openings(2, 9), [(0.0, 5.0), (0.0, 5.0)]);
        let curve = Curve::new(std::slice::from_ref(&track), 2, 1);
        assert!((curve.limit(2.0 / 7.0) - 5.0).abs() < 1e-12);
        assert!(curve.limit(0.01).is_infinite());
    }

    #[test]
    fn the_limit_reaches_the_rate_of_a_toy_law() {
        // Independent uniform values: an onset at c has probability (1 − c)·c^8 per step.
        let rate = 0.01;
        let limit = Curve::new(&uniform(1, 4_000), 8, 1).limit(rate);
        let exact = |c: f64| (1.0 - c) * c.powi(8);
        assert!((exact(limit) / rate - 1.0).abs() < 0.06, "{limit} {}", exact(limit));
        let fresh = uniform(2, 4_000);
        let realised = fresh.iter().map(|track| track.onsets(limit, 8).len()).sum::<usize>() as f64 / 400_000.0;
        assert!((realised / rate - 1.0).abs() < 0.08, "{realised}");
    }

    #[test]
    fn the_curve_counts_the_onsets_of_every_limit() {
        let tracks = uniform(3, 30);
        let curve = Curve::new(&tracks, 8, 1);
        for (limit, onsets) in curve.points.iter().step_by(97) {
            // Intervals are open below: a limit equal to an earlier value is quiet only above it.
            let counted: usize = tracks.iter().map(|track| track.onsets(*limit, 8).len()).sum();
            assert_eq!(counted, *onsets, "{limit}");
        }
    }
}
