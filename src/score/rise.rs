//! Evidence for a rise of unknown size, beginning and shape: the likelihood ratio of the last weeks, averaged over how
//! long the rise may have lasted and how large it may be.
//!
//! For a window with x events where m are expected under a rate known as Gamma(a, b), both laws negative binomial with
//! size n, 1/n = 1/a + 1/s (s: extra dispersion of the window), the ratio for r times the rate is
//! r^x·((n + m)/(n + r·m))^(x+n): with s = ∞ the ratio of the two predictive laws. The rate ratios are those that make
//! the rise of four weeks just visible: z standard deviations of the count of four weeks, for a few z, so that they are
//! large in sparse cells and near 1 in dense ones. A Shiryaev–Roberts statistic (see `methods::e_detector`) with a
//! mixture of ratios and finite memory; streaming, no state but the counts and exposures of the last eight weeks and
//! the law of the rate. Not a p-value: how often a value is reached is tabulated (`onsets`).

use numeric::Gamma;
use numeric::special::ln_sum_exp;

/// The last steps up to now, taken together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Window {
    /// Events.
    pub count: f64,
    /// Exposure.
    pub exposure: f64,
    /// Steps with an exposure.
    pub steps: f64,
}

/// Which rises are looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Rise {
    /// Lengths of the windows, in steps, each with its weight.
    pub windows: Vec<(usize, f64)>,
    /// Sizes of a rise, in standard deviations of the count of four weeks.
    pub sizes: Vec<f64>,
    /// Steps in a week.
    pub per_week: usize,
}

/// Sizes of a rise that are looked for.
const SIZES: [f64; 4] = [2.0, 3.0, 4.5, 7.0];

impl Rise {
    /// The default for weekly (1) or daily (7) steps.
    pub fn new(per_week: usize) -> Self {
        let windows: &[usize] = if per_week == 7 { &[7, 14, 21, 28, 42, 56] } else { &[1, 2, 3, 4, 6, 8] };
        Self::over(windows, per_week)
    }

    /// Over windows of these lengths, equally weighted.
    pub fn over(windows: &[usize], per_week: usize) -> Self {
        Self { windows: windows.iter().map(|length| (*length, 1.0)).collect(), sizes: SIZES.to_vec(), per_week }
    }

    /// The rate ratios that are looked for in a cell: 1 + each.
    fn excesses(&self, rate: Gamma, size: Option<f64>) -> impl Iterator<Item = f64> {
        let month = 4.0 * self.per_week as f64;
        let usual = rate.shape / rate.rate * month;
        let spread = (1.0 / usual + 1.0 / rate.shape + size.map_or(0.0, |size| 1.0 / (size * month))).sqrt();
        self.sizes.iter().map(move |z| z * spread)
    }

    /// ln of the likelihood ratio of one window, averaged over the sizes of the rise; `size`: of the law of one step with
    /// exposure 1. `None` where nothing was exposed.
    pub fn ln_window(&self, window: &Window, rate: Gamma, size: Option<f64>) -> Option<f64> {
        let mean = rate.shape / rate.rate * window.exposure;
        if mean <= 0.0 || !mean.is_finite() {
            return None;
        }
        let n = 1.0 / (1.0 / rate.shape + size.map_or(0.0, |size| 1.0 / (size * window.steps.max(1.0))));
        let terms = self.excesses(rate, size).map(|excess| {
            let lost = (window.count + n) * (excess * mean / (n + mean)).ln_1p();
            window.count * excess.ln_1p() - lost
        });
        let terms: Vec<f64> = terms.collect();
        Some(ln_sum_exp(&terms) - (self.sizes.len() as f64).ln())
    }

    /// ln evidence from the terms of the windows, in the order of `self.windows`: their weighted mean over those with an
    /// exposure. `None`: nothing was exposed, so nothing is tested.
    pub fn ln_mean(&self, terms: &[Option<f64>]) -> Option<f64> {
        let known = terms.iter().zip(&self.windows).filter_map(|(term, (_, weight))| Some(((*term)?, *weight)));
        let weights: f64 = known.clone().map(|(_, weight)| weight).sum();
        let terms: Vec<f64> = known.map(|(term, weight)| term + weight.ln()).collect();
        (!terms.is_empty()).then(|| ln_sum_exp(&terms) - weights.ln())
    }

    /// ln evidence now; `windows` in the order of `self.windows`.
    pub fn ln_evidence(&self, windows: &[Window], rate: Gamma, size: Option<f64>) -> Option<f64> {
        let terms: Vec<Option<f64>> = windows.iter().map(|window| self.ln_window(window, rate, size)).collect();
        self.ln_mean(&terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence(counts: [f64; 6], exposed: f64) -> Option<f64> {
        let rise = Rise::new(1);
        let windows: Vec<Window> = (rise.windows.iter().zip(counts))
            .map(|((length, _), count)| Window { count, exposure: *length as f64 * exposed, steps: *length as f64 })
            .collect();
        rise.ln_evidence(&windows, Gamma { shape: 20.0, rate: 40.0 }, None)
    }

    #[test]
    fn what_is_usual_speaks_against_a_rise_and_many_for_it() {
        let usual = evidence([0.0, 1.0, 1.0, 2.0, 3.0, 4.0], 1.0).expect("exposed");
        let many = evidence([4.0, 6.0, 8.0, 9.0, 10.0, 11.0], 1.0).expect("exposed");
        assert!(usual < 0.0 && many > 3.0, "{usual} {many}");
        assert_eq!(evidence([0.0; 6], 0.0), None, "nothing read, nothing said");
    }

    #[test]
    fn one_more_event_is_never_less_evidence() {
        let mut last = f64::NEG_INFINITY;
        for more in 0..2_000 {
            let now = evidence([f64::from(more) * 500.0; 6], 1.0).expect("exposed");
            assert!(now.is_finite() && now >= last, "{more}");
            last = now;
        }
    }
}
