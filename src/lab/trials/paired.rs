//! Ours beside the best single peer on the same series, with an error bar.
//!
//! In: for every series, shape and method the limits at which a rise is found; the series that limits were set on. Out: a [`Paired`]. Not
//! here: the series.
//!
//! Two things make a difference of sensitivities uncertain, and both are in its interval. Which series were drawn: every series is met by
//! both methods and all shapes, so what counts is the scatter of its own difference. And where the limits came to lie: they are set on
//! other drawn series, which are drawn again (bootstrap), for both methods the same ones.
//!
//! The best of many peers is best by luck too. So the peer is chosen on one half of the series and compared on the other, and the other
//! way round: the chosen one is no luckier than any on the half that it is compared on, and no series is lost.

use rayon::prelude::*;
use serde::Serialize;

use super::Z95;
use super::onset::{Curve, Track};
use numeric::draw::Draw;

/// Draws of the series that limits are set on.
const REDRAWN: usize = 60;
/// Halves of the series: by even and odd number.
const HALVES: usize = 2;

/// Limits at which a rise is found in time: above the first and up to the second of a pair.
pub(super) type Openings = Vec<(f64, f64)>;

/// Ours minus the best single peer on one background, all shapes of a rise alike.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Paired {
    /// The peer chosen on each half of the series, compared on the other.
    pub peers: Vec<String>,
    /// Ours minus theirs, of the sensitivities within four weeks.
    pub difference: f64,
    /// Standard error by the series that rises were put into.
    pub error_series: f64,
    /// Standard error by the series that limits were set on.
    pub error_limits: f64,
    /// 95 % interval of the difference.
    pub interval: (f64, f64),
}

impl Paired {
    /// Whether ours is ahead by more than chance.
    pub fn is_ahead(&self) -> bool {
        self.interval.0 > 0.0
    }

    /// Whether ours is behind by more than chance.
    pub fn is_behind(&self) -> bool {
        self.interval.1 < 0.0
    }
}

/// All that a comparison on one background takes.
pub(super) struct Trial<'a> {
    /// By shape, series and method.
    pub(super) openings: &'a [Vec<Vec<Openings>>],
    /// By method: the tracks that limits are set on.
    pub(super) tuning: &'a [Vec<Track>],
    /// By method: name, whether it is ours, the limit.
    pub(super) methods: &'a [(String, bool, f64)],
    pub(super) quiet: usize,
    pub(super) per_week: usize,
    /// Onsets a week that limits are set to.
    pub(super) budget: f64,
    pub(super) seed: u64,
}

impl Trial<'_> {
    /// Share of the shapes found by a method at a limit, by series.
    fn found(&self, method: usize, limit: f64) -> Vec<f64> {
        let shapes = self.openings.len() as f64;
        let series = self.openings.first().map_or(0, Vec::len);
        let within = |(above, to): &(f64, f64)| *above < limit && limit <= *to;
        (0..series)
            .map(|at| self.openings.iter().filter(|shape| shape[at][method].iter().any(within)).count() as f64 / shapes)
            .collect()
    }

    /// Compares the first method of ours with the best peer; none without a peer, or with fewer than two series a half.
    pub(super) fn compare(&self) -> Option<Paired> {
        let ours = self.methods.iter().position(|(_, ours, _)| *ours)?;
        let found: Vec<Vec<f64>> =
            self.methods.iter().enumerate().map(|(at, (_, _, limit))| self.found(at, *limit)).collect();
        let series = found[ours].len();
        let peer_for = |half: usize| {
            let on_other = |method: usize| found[method].iter().skip(1 - half).step_by(HALVES).sum::<f64>();
            let peers = (0..found.len()).filter(|at| !self.methods[*at].1);
            peers.max_by(|a, b| on_other(*a).total_cmp(&on_other(*b)).then(b.cmp(a)))
        };
        let peers = [peer_for(0)?, peer_for(1)?];
        if series < 2 * HALVES {
            return None;
        }
        let differences: Vec<f64> = (0..series).map(|at| found[ours][at] - found[peers[at % HALVES]][at]).collect();
        let (difference, error_series) = mean_and_error(&differences);
        let error_limits = self.error_of_limits(ours, peers);
        let half = Z95 * error_series.hypot(error_limits);
        Some(Paired {
            peers: peers.iter().map(|at| self.methods[*at].0.clone()).collect(),
            difference,
            error_series,
            error_limits,
            interval: (difference - half, difference + half),
        })
    }

    /// Scatter of the difference over limits set on redrawn series.
    fn error_of_limits(&self, ours: usize, peers: [usize; HALVES]) -> f64 {
        let again = |number: usize| {
            let limit = |method: usize| {
                let tracks = &self.tuning[method];
                let mut draw = Draw::at(self.seed ^ 0x6c69_6d69, number as u64);
                let redrawn: Vec<&Track> = (0..tracks.len()).map(|_| &tracks[draw.below(tracks.len())]).collect();
                Curve::new(redrawn, self.quiet, self.per_week).limit(self.budget)
            };
            let ours = self.found(ours, limit(ours));
            let theirs = peers.map(|peer| self.found(peer, limit(peer)));
            ours.iter().enumerate().map(|(at, found)| found - theirs[at % HALVES][at]).sum::<f64>() / ours.len() as f64
        };
        let means: Vec<f64> = (0..REDRAWN).into_par_iter().map(again).collect();
        // Of one drawing, not of their mean.
        mean_and_error(&means).1 * (REDRAWN as f64).sqrt()
    }
}

/// Mean, and its standard error.
fn mean_and_error(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let square: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
    (mean, (square / (n - 1.0) / n).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Normal values: each method finds a series where its own value exceeds the limit.
    fn openings(seed: u64, series: usize, shifts: &[f64]) -> Vec<Vec<Openings>> {
        (0..series)
            .map(|at| {
                let mut draw = Draw::at(seed, at as u64);
                let common = draw.normal();
                shifts.iter().map(|shift| vec![(f64::NEG_INFINITY, common + 0.3 * draw.normal() + shift)]).collect()
            })
            .collect()
    }

    fn tuning(methods: usize) -> Vec<Vec<Track>> {
        let track = |method: usize, at: usize| {
            let mut draw = Draw::at(99 + method as u64, at as u64);
            Track { values: (0..60).map(|_| draw.normal()).collect(), from: 10 }
        };
        (0..methods).map(|method| (0..120).map(|at| track(method, at)).collect()).collect()
    }

    fn compared(seed: u64, shifts: &[f64]) -> Paired {
        let openings = vec![openings(seed, 400, shifts), openings(seed + 1_000, 400, shifts)];
        let tuning = tuning(shifts.len());
        let budget = 0.02;
        let methods: Vec<(String, bool, f64)> = (0..shifts.len())
            .map(|at| (format!("m{at}"), at == 0, Curve::new(&tuning[at], 8, 1).limit(budget)))
            .collect();
        let trial =
            Trial { openings: &openings, tuning: &tuning, methods: &methods, quiet: 8, per_week: 1, budget, seed };
        trial.compare().expect("compared")
    }

    #[test]
    fn the_best_of_many_equal_peers_is_not_taken_at_its_luck() {
        // Ours and twelve peers are alike: the naive best peer is ahead, the honest difference is not.
        let found: Vec<Paired> = (0..12).map(|seed| compared(seed, &[1.8; 13])).collect();
        let mean = found.iter().map(|one| one.difference).sum::<f64>() / found.len() as f64;
        let error = found.iter().map(|one| one.error_series.hypot(one.error_limits)).sum::<f64>() / found.len() as f64;
        assert!(mean.abs() < 2.5 * error, "{mean} beside {error}");
        assert!(found.iter().filter(|one| one.is_behind() || one.is_ahead()).count() <= 3, "{found:?}");
    }

    #[test]
    fn what_is_better_or_worse_is_found_to_be_so_and_the_right_peer_is_chosen() {
        let ahead = compared(5, &[3.0, 1.2, 2.0, 1.5]);
        assert!(ahead.is_ahead() && ahead.peers == ["m2", "m2"], "{ahead:?}");
        assert!(compared(5, &[1.2, 1.5, 3.0, 1.4]).is_behind());
    }

    #[test]
    fn limits_set_on_few_series_are_part_of_the_error() {
        let one = compared(7, &[1.8, 1.8]);
        assert!(one.error_limits > 0.2 * one.error_series, "{one:?}");
        assert!(one.interval.1 - one.interval.0 >= 2.0 * Z95 * one.error_series);
    }
}
