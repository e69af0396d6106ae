//! Multi-window Gamma-Poisson statistic for sparse and medium series: how unlikely are the events of the last 1, 2, 4,
//! 8 … points together, when the rate is known only as well as the past tells (scoring methods, section
//! 3.1).
//!
//! A library function without a method of its own. The statistic is *not* a p-value: the best of several windows is
//! taken, and it is looked at again at every point; how often it crosses a limit by chance must be tabulated. Not here:
//! exposures from data, delay corrections (multiply the exposure of a point by the share of its events that is already
//! known), limits.

use super::exact_counts::ln_mid_p;
use crate::score::numeric::{Gamma, NegativeBinomial};

/// The rate (events per unit of exposure) after `events` in `exposure`, from a Gamma prior: shape + events, rate +
/// exposure.
pub fn posterior(prior: Gamma, events: u64, exposure: f64) -> Gamma {
    Gamma { shape: prior.shape + events as f64, rate: prior.rate + exposure }
}

/// One window: the last points up to now, taken together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct WindowScore {
    /// Number of points.
    pub points: usize,
    /// Events in them.
    pub count: u64,
    /// Expected events, by the mean of the rate.
    pub expected: f64,
    /// ln of the mid-p value P(X > count) + P(X = count)/2; finite where the value underflows.
    pub ln_p: f64,
}

impl WindowScore {
    /// −log₁₀ of the mid-p value.
    pub fn surprise(&self) -> f64 {
        // 0 rather than −0 for a p of 1.
        (-self.ln_p / std::f64::consts::LN_10).max(0.0)
    }
}

/// ln mid-p value of `count` events in `points` points with the total `exposure`. `rate`: law of the rate.
/// `dispersion`: size of the negative binomial law of one point (variance m + m²/size), beyond the uncertainty of the
/// rate; points are taken as independent, so a window of w has w times that size. `None`: Poisson. `None` comes back
/// when nothing can be expected (no exposure, or a rate that is 0 for certain): such a window is not tested.
pub fn ln_window_p(count: u64, points: usize, exposure: f64, rate: Gamma, dispersion: Option<f64>) -> Option<f64> {
    let expected = rate.shape * exposure / rate.rate;
    if !(expected > 0.0 && expected.is_finite()) {
        return None;
    }
    let size = dispersion.map_or(rate.shape, |size| 1.0 / (1.0 / rate.shape + 1.0 / (size * points as f64)));
    let ln_p = ln_mid_p(&NegativeBinomial::new(expected, size), count);
    (!ln_p.is_nan()).then_some(ln_p)
}

/// The windows that end now, one for each of `lengths` (in points, at least 1) that the series is long enough for and
/// whose exposure is above 0. `counts` and `exposures` by point, the last one is now.
///
/// # Panics
/// When `counts` and `exposures` differ in length.
pub fn window_scores(
    counts: &[u64],
    exposures: &[f64],
    rate: Gamma,
    dispersion: Option<f64>,
    lengths: &[usize],
) -> Vec<WindowScore> {
    assert_eq!(counts.len(), exposures.len(), "an exposure for every count");
    let score = |&points: &usize| {
        let from = counts.len().checked_sub(points).filter(|_| points > 0)?;
        let count = counts[from..].iter().sum();
        let exposure: f64 = exposures[from..].iter().sum();
        let ln_p = ln_window_p(count, points, exposure, rate, dispersion)?;
        Some(WindowScore { points, count, expected: rate.shape * exposure / rate.rate, ln_p })
    };
    lengths.iter().filter_map(score).collect()
}

/// The statistic h = max −log₁₀ p over the windows, and the window that gives it (of equal ones the first). Windows
/// with fewer than `min_count` events do not count: h is 0 when none has as many. `None`: no window was tested, which
/// is not the same as no alarm.
pub fn statistic(scores: &[WindowScore], min_count: u64) -> Option<(f64, Option<WindowScore>)> {
    if scores.is_empty() {
        return None;
    }
    let mut best: (f64, Option<WindowScore>) = (0.0, None);
    for score in scores.iter().filter(|score| score.count >= min_count) {
        if best.1.is_none() || score.surprise() > best.0 {
            best = (score.surprise(), Some(*score));
        }
    }
    Some(best)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const WEEKS: [usize; 4] = [1, 2, 4, 8];

    fn rate(shape: f64, rate: f64) -> Gamma {
        Gamma { shape, rate }
    }

    #[test]
    fn the_window_with_the_most_surprise_is_taken() {
        // NB of size 1: P(X > x) = q^(x+1), P(X = x) = p q^x with q = e/(b + e).
        let counts = [0, 0, 0, 0, 0, 0, 2, 3];
        let scores = window_scores(&counts, &[1.0; 8], rate(1.0, 10.0), None, &WEEKS);
        for (score, (count, exposure)) in scores.iter().zip([(3, 1.0), (5, 2.0), (5, 4.0), (5, 8.0)]) {
            let q: f64 = exposure / (10.0 + exposure);
            let p = q.powi(count + 1) + (1.0 - q) * q.powi(count) / 2.0;
            assert!((score.ln_p - p.ln()).abs() < 1e-12, "{score:?}");
            assert!((score.expected - exposure / 10.0).abs() < 1e-12);
        }
        let (h, best) = statistic(&scores, 2).unwrap();
        assert_eq!(best.unwrap().points, 2);
        assert!((h + scores[1].ln_p / 10.0_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn extra_dispersion_makes_the_same_count_less_surprising() {
        let plain = ln_window_p(9, 1, 1.0, rate(50.0, 25.0), None).unwrap();
        let spread = ln_window_p(9, 1, 1.0, rate(50.0, 25.0), Some(2.0)).unwrap();
        assert!(plain < spread - 1.0);
        // Variance m + m²(1/a + 1/(s·w)).
        let (size, mean): (f64, f64) = (1.0 / (1.0 / 50.0 + 1.0 / 8.0), 8.0);
        let window = ln_window_p(12, 4, 4.0, rate(50.0, 25.0), Some(2.0)).unwrap();
        assert!((window - ln_mid_p(&NegativeBinomial::new(mean, size), 12)).abs() < 1e-12);
    }

    #[test]
    fn nothing_in_the_past_and_one_event_now_is_a_finite_surprise() {
        let after = posterior(rate(0.5, 50.0), 0, 104.0);
        assert_eq!(after, rate(0.5, 154.0));
        let (h, _) = statistic(&window_scores(&[0, 0, 1], &[1.0; 3], after, None, &WEEKS), 1).unwrap();
        assert!(h > 2.0 && h < 3.5, "{h}");
    }

    #[test]
    fn too_few_events_are_no_surprise_and_no_exposure_is_no_test() {
        let scores = window_scores(&[0, 1], &[1.0; 2], rate(1.0, 100.0), None, &WEEKS);
        assert_eq!(scores.len(), 2);
        assert_eq!(statistic(&scores, 2), Some((0.0, None)));
        assert!(statistic(&scores, 1).unwrap().0 > 1.9);
        assert_eq!(statistic(&window_scores(&[5, 5], &[0.0; 2], rate(1.0, 100.0), None, &WEEKS), 2), None);
        assert_eq!(statistic(&window_scores(&[], &[], rate(1.0, 100.0), None, &WEEKS), 2), None);
        assert_eq!(statistic(&window_scores(&[5], &[1.0], rate(0.0, 100.0), None, &WEEKS), 2), None);
        assert!(window_scores(&[5], &[1.0], rate(1.0, 1.0), None, &[0]).is_empty());
    }

    #[test]
    fn a_huge_count_keeps_its_surprise() {
        let (h, _) = statistic(&window_scores(&[1_000_000], &[1.0], rate(100.0, 100.0), None, &WEEKS), 3).unwrap();
        assert!(h > 1e5 && h.is_finite(), "{h}");
    }

    proptest! {
        #[test]
        fn one_more_event_is_never_less_surprising(
            counts in prop::collection::vec(0_u64..6, 8),
            at in 0_usize..8,
            shape in 0.3_f64..80.0,
            weeks in 5.0_f64..200.0,
        ) {
            let scores = |counts: &[u64]| window_scores(counts, &[1.0; 8], rate(shape, weeks), None, &WEEKS);
            let h = |counts: &[u64]| statistic(&scores(counts), 0).unwrap().0;
            let mut more = counts.clone();
            more[at] += 1;
            prop_assert!(h(&more) >= h(&counts));
            prop_assert!(h(&counts) >= 0.0);
        }
    }
}
