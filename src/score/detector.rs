//! The multi-window Gamma-Poisson detector (method 3.1): how surprising are the newest days of a cell, given its own history and
//! what is usual in its category?

use super::criteria::DetectorCriteria;
use super::methods::exact_counts::ln_mid_p;
use super::numeric::NegativeBinomial;
use super::prior::{Gamma, Ground};
use crate::vocabulary::{DetectorTerms, WindowTerm};

/// Name of the method in [`DetectorTerms::method`]; with extra dispersion the weekly size is appended as `;size=…`.
pub(super) const METHOD: &str = "gamma_poisson_multi_window";

/// What a series is compared with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Base {
    pub(super) prior: Gamma,
    pub(super) events: u64,
    pub(super) dispersion: Option<f64>,
    /// Whether it is about one brand: two reports that name it have that in common.
    pub(super) one_brand: bool,
}

/// A series judged.
#[derive(Debug, Clone)]
pub(super) struct Test {
    pub(super) terms: DetectorTerms,
    /// Index of the deciding window.
    pub(super) decided: usize,
    pub(super) crossed: bool,
}

impl Test {
    pub(super) fn window(&self) -> WindowTerm {
        self.terms.windows[self.decided]
    }

    /// `10^-h`, comparable between series judged over the same windows.
    pub(super) fn tail(&self) -> f64 {
        10_f64.powf(-self.terms.h)
    }
}

/// Judges the counts of the windows (same order as the criteria's) against a base.
pub(super) fn test(
    counts: &[u64],
    base: Base,
    threshold: f64,
    ground: &Ground<'_>,
    criteria: &DetectorCriteria,
) -> Test {
    let weeks = ground.baseline_weeks;
    let rate = base.prior.after(base.events, weeks);
    let sparse = weeks <= 0.0 || base.events as f64 / weeks < criteria.sparse_below_per_week;
    let min_events = match (sparse, base.one_brand) {
        (false, _) => criteria.min_events_medium,
        (true, false) => criteria.min_events_sparse,
        (true, true) => criteria.min_events_brand,
    };
    let mut windows = Vec::with_capacity(counts.len());
    // Best window among those with enough events, else among all; the shortest when equal.
    let mut best: Option<(bool, f64, usize)> = None;
    for (index, (days, x)) in criteria.windows_days.iter().zip(counts).enumerate() {
        let mu = rate.mean() * ground.exposure.window_weeks(*days);
        let ln_p = ln_mid_p(&NegativeBinomial::new(mu, size(rate.shape, base.dispersion, *days)), *x);
        windows.push(WindowTerm { days: *days, x: *x, mu, p: ln_p.exp() });
        let h = -ln_p / std::f64::consts::LN_10;
        let enough = *x >= min_events;
        if best.is_none_or(|(had_enough, highest, _)| (enough && !had_enough) || (enough == had_enough && h > highest))
        {
            best = Some((enough, h, index));
        }
    }
    let (enough, h, decided) = best.unwrap_or((false, 0.0, 0));
    let method = base.dispersion.map_or_else(|| METHOD.to_owned(), |size| format!("{METHOD};size={size}"));
    let terms = DetectorTerms {
        method,
        h,
        h_threshold: threshold,
        windows,
        baseline_events: base.events,
        baseline_weeks: weeks,
        prior: [base.prior.shape, base.prior.rate],
    };
    Test { terms, decided, crossed: enough && h >= threshold }
}

/// Size of the predictive law: the rate's own uncertainty, and the scatter of independent weeks where it exceeds Poisson.
pub(super) fn size(shape: f64, dispersion: Option<f64>, days: u32) -> f64 {
    dispersion.map_or(shape, |weekly| 1.0 / (1.0 / shape + 7.0 / (weekly * f64::from(days))))
}

#[cfg(test)]
mod tests {
    use super::super::criteria::{Criteria, shipped};
    use super::super::days;
    use super::super::events::Events;
    use super::super::exposure::Volume;
    use super::*;
    use rand::{RngExt, SeedableRng};
    use std::fmt::Write;

    const AS_OF: i32 = 20_000;

    fn ground(criteria: &Criteria) -> Ground<'_> {
        let volume: Volume = (AS_OF - 900..=AS_OF).map(|day| (days::date_of(day), 100)).collect();
        Ground::at(AS_OF, &Events::build(&[], criteria), &volume, criteria)
    }

    fn base(events: u64) -> Base {
        Base { prior: Gamma { shape: 0.3, rate: 5.0 }, events, dispersion: None, one_brand: true }
    }

    #[test]
    fn nothing_seen_is_nothing_new() {
        let criteria = shipped();
        let test = test(&[0; 5], base(0), 3.0, &ground(&criteria), &criteria.detector);
        assert!(!test.crossed);
        assert!(test.terms.h < 0.4, "{}", test.terms.h);
    }

    #[test]
    fn one_event_never_crosses_however_rare() {
        let criteria = shipped();
        let rare = Base { prior: Gamma { shape: 0.02, rate: 500.0 }, events: 0, dispersion: None, one_brand: true };
        let test = test(&[1; 5], rare, 3.0, &ground(&criteria), &criteria.detector);
        assert!(
            !test.crossed && test.terms.h > 3.0,
            "h = {} says rare, the least number of events says wait",
            test.terms.h
        );
    }

    #[test]
    fn without_any_baseline_the_prior_judges() {
        let criteria = shipped();
        let ground = Ground::at(AS_OF, &Events::build(&[], &criteria), &Volume::new(), &criteria);
        let test = test(&[0; 5], base(0), 3.0, &ground, &criteria.detector);
        assert!((test.terms.windows[0].p - 0.5).abs() < 1e-12, "nothing read, nothing expected, nothing seen");
        assert!(!test.crossed);
    }

    #[test]
    fn a_burst_is_seen_in_the_window_it_fills() {
        let criteria = shipped();
        let test = test(&[4, 4, 4, 5, 6], base(10), 3.0, &ground(&criteria), &criteria.detector);
        assert!(test.crossed);
        assert_eq!(test.window().days, 3);
    }

    #[test]
    fn more_scatter_is_less_surprise() {
        let criteria = shipped();
        let ground = ground(&criteria);
        let plain = test(&[3, 6, 9, 14, 20], base(100), 3.0, &ground, &criteria.detector);
        let scattered = Base { dispersion: Some(0.7), ..base(100) };
        let scattered = test(&[3, 6, 9, 14, 20], scattered, 3.0, &ground, &criteria.detector);
        assert!(scattered.terms.h < plain.terms.h);
        assert_eq!(scattered.terms.method, "gamma_poisson_multi_window;size=0.7");
    }

    /// Onsets (crossings after 56 quiet days) per cell and year under the null, 104 weeks of baseline, independent Poisson days.
    fn onsets_per_year(
        mean_per_week: f64,
        threshold: f64,
        cells: u32,
        criteria: &Criteria,
        ground: &Ground<'_>,
    ) -> f64 {
        let mut rng = rand_pcg::Pcg64::seed_from_u64(7);
        let per_day = mean_per_week / 7.0;
        let mut onsets = 0_u32;
        for _ in 0..cells {
            let days = 728 + 56 + 364;
            let series: Vec<u64> = (0..days)
                .map(|_| {
                    let (mut count, mut left) = (0_u32, (-per_day).exp());
                    let draw: f64 = rng.random();
                    let mut cumulated = left;
                    while draw > cumulated {
                        count += 1;
                        left *= per_day / f64::from(count);
                        cumulated += left;
                    }
                    u64::from(count)
                })
                .collect();
            let mut quiet_from = 0;
            for day in 728 + 56..days {
                if series[day] == 0 {
                    continue; // without a new event h can only fall
                }
                let sum = |from: usize, to: usize| series[from..to].iter().sum::<u64>();
                let counts: Vec<u64> = criteria
                    .detector
                    .windows_days
                    .iter()
                    .map(|window| sum(day + 1 - *window as usize, day + 1))
                    .collect();
                let history = Base {
                    prior: Gamma { shape: 0.3, rate: 5.0 },
                    events: sum(day - 728 - 56 + 1, day - 56 + 1),
                    dispersion: None,
                    one_brand: true,
                };
                if test(&counts, history, threshold, ground, &criteria.detector).crossed {
                    if day >= quiet_from {
                        onsets += 1;
                    }
                    quiet_from = day + 56;
                }
            }
        }
        f64::from(onsets) / f64::from(cells)
    }

    #[test]
    fn false_onsets_stay_within_the_stated_rate() {
        let criteria = shipped();
        let ground = ground(&criteria);
        let mut lines = String::new();
        for mean in [0.01, 0.05, 0.2, 1.0, 4.0] {
            let cell = onsets_per_year(mean, criteria.detector.h_cell, 400, &criteria, &ground);
            let part = onsets_per_year(mean, criteria.detector.h_part, 400, &criteria, &ground);
            let _ = writeln!(lines, "{mean} a week: {cell:.3} and {part:.3} onsets per cell and year");
            assert!(cell <= 0.4, "{lines}");
            assert!(part <= 0.3, "{lines}");
        }
        println!("{lines}");
    }
}
