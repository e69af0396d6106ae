//! Placed events and their expectation, by province and week: what the spatial terms of section 8 are computed from.
//!
//! In: province and age of every placed event of the spread window, expected placed events a week, shares of the provinces. Out: `c_r`,
//! `e_r`, `X_r`, the effective number of provinces, heterogeneity. Not here: the scan, the level.

use super::provinces::{self, COUNT};
use methods::heterogeneity::regions::Regions;
use vocabulary::RegionTerm;

/// Expected events of a province from which the chi-square law is trusted (the usual rule of five).
const TRUSTED_FROM: f64 = 5.0;

/// Counts and expectations of all provinces over the weeks of the window, cell = province × weeks + week, the newest week last.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub(super) weeks: usize,
    pub(super) counts: Vec<u64>,
    pub(super) expected: Vec<f64>,
    pub(super) shares: Vec<f64>,
}

impl Field {
    /// `placed`: province (two digits) and age in days of every placed event; what is older than the window, or in no known province,
    /// is left out. `weekly`: expected placed events of each week, the oldest first. `shares`: of the provinces, of sum 1.
    pub(crate) fn new(placed: impl Iterator<Item = (u32, u32)>, weekly: &[f64], shares: Vec<f64>) -> Self {
        let weeks = weekly.len().max(1);
        let mut counts = vec![0; COUNT * weeks];
        for (province, age) in placed {
            let back = age as usize / 7;
            if let Some(at) = provinces::position(province).filter(|_| back < weeks) {
                counts[at * weeks + weeks - 1 - back] += 1;
            }
        }
        let week = |at: usize| weekly.get(at).copied().unwrap_or(0.0);
        let expected = shares.iter().flat_map(|share| (0..weeks).map(move |at| share * week(at))).collect();
        Self { weeks, counts, expected, shares }
    }

    /// Events of each province (`c_r`).
    pub(super) fn by_province(&self) -> Vec<u64> {
        self.counts.chunks(self.weeks).map(|row| row.iter().sum()).collect()
    }

    /// Expected events of each province (`e_r`).
    pub(super) fn expected_by_province(&self) -> Vec<f64> {
        self.expected.chunks(self.weeks).map(|row| row.iter().sum()).collect()
    }

    /// All placed events.
    pub(super) fn placed(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All expected placed events.
    pub(super) fn expected_placed(&self) -> f64 {
        self.expected.iter().sum()
    }

    /// Provinces with an event, by code.
    pub(super) fn terms(&self) -> Vec<RegionTerm> {
        let expected = self.expected_by_province();
        let of = |(at, events): (usize, u64)| {
            let expected = expected[at];
            let region = provinces::region(at).filter(|_| events > 0)?;
            Some(RegionTerm { region, events, expected, excess: excess(events, expected) })
        };
        self.by_province().into_iter().enumerate().filter_map(of).collect()
    }

    /// Share of the excess that lies in these provinces (`phi`); none where nothing exceeds.
    pub(super) fn excess_share(&self, members: &[usize]) -> Option<f64> {
        let (counts, expected) = (self.by_province(), self.expected_by_province());
        let all: f64 = counts.iter().zip(&expected).map(|(count, mean)| excess(*count, *mean)).sum();
        let inside: f64 = members.iter().map(|at| excess(counts[*at], expected[*at])).sum();
        (all > 0.0).then(|| inside / all)
    }

    /// Share of the exposure in these provinces (`pi`).
    pub(super) fn exposure_share(&self, members: &[usize]) -> f64 {
        members.iter().map(|at| self.shares[*at]).sum()
    }

    /// `D_r`, weighted by exposure and free of the bias that few events have: with `n` events, `c_r` of them in a province of share
    /// `w_r`, `R · min(1, n(n−1)/Σ c_r(c_r−1)/w_r)`. It is `R` when events fall as the exposure does, however few they are, and near 1
    /// when they all are in one small province. One event reaches one province.
    pub(super) fn effective_regions(&self) -> f64 {
        let n = self.placed() as f64;
        if n < 2.0 {
            return n;
        }
        let pairs = |(count, share): (u64, &f64)| {
            let count = count as f64;
            if count > 1.0 { count * (count - 1.0) / share } else { 0.0 }
        };
        let sum: f64 = self.by_province().into_iter().zip(&self.shares).map(pairs).sum();
        COUNT as f64 * (n * (n - 1.0) / sum).min(1.0)
    }

    /// `p_het`: dispersion chi-square of the counts against a common relative risk; by draws where a province expects fewer than five.
    /// None with fewer than two events.
    pub(super) fn heterogeneity(&self, replicas: u32, seed: u64) -> Option<f64> {
        if self.placed() < 2 {
            return None;
        }
        let expected = self.expected_by_province();
        let regions = Regions::new(&self.by_province(), &expected)?;
        let risk = regions.relative_risk()?;
        if expected.iter().any(|mean| mean * risk < TRUSTED_FROM) {
            regions.dispersion_p_by_draws(replicas, seed)
        } else {
            regions.dispersion().map(|found| found.p)
        }
    }
}

fn excess(events: u64, expected: f64) -> f64 {
    (events as f64 - expected).max(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn even() -> Vec<f64> {
        vec![1.0 / COUNT as f64; COUNT]
    }

    #[test]
    fn events_fall_into_their_province_and_week() {
        let placed = [(33, 0), (33, 6), (33, 7), (44, 55), (44, 56), (99, 1)];
        let field = Field::new(placed.into_iter(), &[0.34; 8], even());
        assert_eq!(field.placed(), 4, "one is too old, one is nowhere");
        let zhejiang = provinces::position(33).expect("a province");
        assert_eq!(field.counts[zhejiang * 8..][..8], [0, 0, 0, 0, 0, 0, 1, 2]);
        let terms = field.terms();
        assert_eq!(terms.iter().map(|term| term.region.number()).collect::<Vec<_>>(), [330_000, 440_000]);
        assert!((terms[0].expected - 0.08).abs() < 1e-12 && (terms[0].excess - 2.92).abs() < 1e-12);
        assert!((field.excess_share(&[zhejiang]).expect("some") - 2.92 / 3.84).abs() < 1e-12);
        assert!((field.exposure_share(&[zhejiang, 0]) - 2.0 / 34.0).abs() < 1e-12);
    }

    #[test]
    fn without_exposure_or_events_everything_is_defined() {
        for field in
            [Field::new([].into_iter(), &[0.0; 8], even()), Field::new([(33, 1)].into_iter(), &[0.0; 8], even())]
        {
            assert_eq!(field.heterogeneity(99, 1), None);
            assert!(field.effective_regions() <= 1.0 && field.expected_placed() == 0.0);
        }
        assert_eq!(Field::new([].into_iter(), &[], even()).excess_share(&[1]), None);
    }

    #[test]
    fn an_even_rise_reaches_everywhere_and_a_local_one_does_not() {
        let codes: Vec<u32> = (0..COUNT).filter_map(provinces::region).map(|region| region.number() / 10_000).collect();
        let wide = Field::new(codes.iter().step_by(2).map(|code| (*code, 3)), &[0.1; 8], even());
        assert!((wide.effective_regions() - COUNT as f64).abs() < 1e-9);
        assert!(wide.heterogeneity(199, 1).expect("some") > 0.3);
        let local = Field::new([(33, 3); 17].into_iter(), &[0.1; 8], even());
        assert!((local.effective_regions() - 1.0).abs() < 1e-9);
        assert!(local.heterogeneity(199, 1).expect("some") < 0.01);
    }

    proptest! {
        #[test]
        fn effective_regions_stay_within_their_bounds(
            placed in prop::collection::vec((0..COUNT, 0_u32..56), 0..40), weights in prop::collection::vec(0.01_f64..1.0, COUNT)
        ) {
            let total: f64 = weights.iter().sum();
            let shares: Vec<f64> = weights.iter().map(|weight| weight / total).collect();
            let code = |at: usize| provinces::region(at).map_or(0, |region| region.number() / 10_000);
            let field = Field::new(placed.iter().map(|(at, age)| (code(*at), *age)), &[0.5; 8], shares);
            let reached = field.effective_regions();
            prop_assert!((0.0..=COUNT as f64 + 1e-9).contains(&reached));
            let all: Vec<usize> = (0..COUNT).collect();
            prop_assert!(field.excess_share(&all).is_none_or(|share| (share - 1.0).abs() < 1e-12));
            prop_assert!((field.exposure_share(&all) - 1.0).abs() < 1e-9);
        }
    }
}
