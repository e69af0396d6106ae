//! The tail of one window of the multi-window Gamma-Poisson statistic for sparse and medium series: how unlikely are the events
//! of the last 1, 2, 4, 8 … points together, when the rate is known only as well as the past tells (scoring methods,
//! section 3.1).
//!
//! A library function without a method of its own. The best of several windows is *not* a p-value: it is looked at again at
//! every point; how often it crosses a limit by chance must be tabulated. Not here: which windows, exposures from data, limits.

use super::exact_counts::ln_mid_p;
use numeric::{Gamma, NegativeBinomial};

/// Size of the predictive law of a window: the rate's own uncertainty (`shape` of its law), and the scatter of independent points
/// where it exceeds Poisson (`dispersion`: size of the law of one point, variance m + m²/size; a window of w points has w
/// times that size).
pub fn window_size(shape: f64, dispersion: Option<f64>, points: f64) -> f64 {
    dispersion.map_or(shape, |size| 1.0 / (1.0 / shape + 1.0 / (size * points)))
}

/// ln mid-p value P(X > count) + P(X = count)/2 of `count` events in `points` points with the total `exposure`; finite where the
/// value underflows. `rate`: law of the rate, events per unit of exposure. `dispersion`: see [`window_size`]; `None`: Poisson.
/// `None` comes back when nothing can be expected (no exposure, or a rate that is 0 for certain): such a window is not tested.
pub fn ln_window_p(count: u64, points: usize, exposure: f64, rate: Gamma, dispersion: Option<f64>) -> Option<f64> {
    let expected = rate.shape * exposure / rate.rate;
    if !(expected > 0.0 && expected.is_finite()) {
        return None;
    }
    let size = window_size(rate.shape, dispersion, points as f64);
    let ln_p = ln_mid_p(&NegativeBinomial::new(expected, size), count);
    (!ln_p.is_nan()).then_some(ln_p)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rate(shape: f64, rate: f64) -> Gamma {
        Gamma { shape, rate }
    }

    #[test]
    fn of_size_one_the_tail_is_geometric() {
        // NB of size 1: P(X > x) = q^(x+1), P(X = x) = p q^x with q = e/(b + e).
        for (count, exposure) in [(3, 1.0), (5, 2.0), (5, 4.0), (5, 8.0)] {
            let q: f64 = exposure / (10.0 + exposure);
            let p = q.powi(count + 1) + (1.0 - q) * q.powi(count) / 2.0;
            let told = ln_window_p(u64::from(count.unsigned_abs()), 1, exposure, rate(1.0, 10.0), None).unwrap();
            assert!((told - p.ln()).abs() < 1e-12, "{count} in {exposure}: {told}");
        }
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
        let surprise = -ln_window_p(1, 1, 1.0, rate(0.5, 154.0), None).unwrap() / std::f64::consts::LN_10;
        assert!(surprise > 2.0 && surprise < 3.5, "{surprise}");
    }

    #[test]
    fn no_exposure_and_no_rate_are_no_test() {
        assert_eq!(ln_window_p(5, 2, 0.0, rate(1.0, 100.0), None), None);
        assert_eq!(ln_window_p(5, 1, 1.0, rate(0.0, 100.0), None), None);
    }

    #[test]
    fn a_huge_count_keeps_its_surprise() {
        let ln_p = ln_window_p(1_000_000, 1, 1.0, rate(100.0, 100.0), None).unwrap();
        assert!(ln_p < -2e5 && ln_p.is_finite(), "{ln_p}");
    }

    proptest! {
        #[test]
        fn one_more_event_is_never_less_surprising(
            count in 0_u64..40,
            shape in 0.3_f64..80.0,
            weeks in 5.0_f64..200.0,
        ) {
            let ln_p = |count| ln_window_p(count, 4, 4.0, rate(shape, weeks), None).unwrap();
            prop_assert!(ln_p(count + 1) <= ln_p(count));
            prop_assert!(ln_p(count) <= 0.0);
        }
    }
}
