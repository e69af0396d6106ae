//! Evidence for a rise of unknown size, beginning and shape: the likelihood ratio of the last weeks, averaged over how
//! long the rise may have lasted and how large it may be.
//!
//! For a window with x events where m are expected under a rate known as Gamma(a, b), both laws negative binomial with
//! size n, 1/n = 1/a + 1/s (s: extra dispersion of the window), the ratio for r times the rate is
//! r^x·((n + m)/(n + r·m))^(x+n): with s = ∞ the ratio of the two predictive laws. The rate ratios are those that make
//! the rise of four weeks just visible: z standard deviations of the count of four weeks, for a few z, so that they are
//! large in sparse cells and near 1 in dense ones. A Shiryaev–Roberts statistic (see `methods::e_detector`) with a
//! mixture of ratios and finite memory, which the scorer does not use yet; streaming, no state but the counts and exposures of the last eight weeks and
//! the law of the rate. Not a p-value: how often a limit is crossed is tabulated (`tables`).

use super::background::Series;
use crate::score::numeric::Gamma;
use crate::score::numeric::special::ln_sum_exp;

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

impl Rise {
    /// The default for weekly (1) or daily (7) steps.
    pub fn new(per_week: usize) -> Self {
        let windows = if per_week == 7 {
            vec![(3, 1.0), (7, 1.0), (14, 1.0), (21, 1.0), (28, 1.0), (42, 1.0), (56, 1.0)]
        } else {
            vec![(1, 1.0), (2, 1.0), (3, 1.0), (4, 1.0), (6, 1.0), (8, 1.0)]
        };
        Self { windows, sizes: vec![2.0, 3.0, 4.5, 7.0], per_week }
    }

    /// ln evidence now; `windows` in the order of `self.windows`. `size`: of the law of one step with exposure 1. `None`:
    /// nothing was exposed, so nothing is tested.
    pub fn ln_evidence(&self, windows: &[Window], rate: Gamma, size: Option<f64>) -> Option<f64> {
        let month = 4.0 * self.per_week as f64;
        let per_exposure = rate.shape / rate.rate;
        let usual = per_exposure * month;
        let spread = (1.0 / usual + 1.0 / rate.shape + size.map_or(0.0, |size| 1.0 / (size * month))).sqrt();
        let mut terms = Vec::with_capacity(self.sizes.len() * windows.len());
        for (window, (_, weight)) in windows.iter().zip(&self.windows) {
            let mean = per_exposure * window.exposure;
            if mean <= 0.0 || !mean.is_finite() {
                continue;
            }
            let inverse = 1.0 / rate.shape + size.map_or(0.0, |size| 1.0 / (size * window.steps.max(1.0)));
            let n = 1.0 / inverse;
            for z in &self.sizes {
                let excess = z * spread;
                let lost = (window.count + n) * (excess * mean / (n + mean)).ln_1p();
                terms.push(weight.ln() + window.count * excess.ln_1p() - lost);
            }
        }
        (!terms.is_empty()).then(|| ln_sum_exp(&terms))
    }

    /// ln evidence at step `at` of a series.
    pub fn at(&self, series: &Series, at: usize, rate: Gamma, size: Option<f64>) -> Option<f64> {
        if series.exposures[at] <= 0.0 {
            return None;
        }
        let windows: Vec<Window> = self
            .windows
            .iter()
            .map(|(length, _)| {
                let from = (at + 1).saturating_sub(*length);
                let steps = series.exposures[from..=at].iter().filter(|exposure| **exposure > 0.0).count() as f64;
                Window { count: series.count(from, at + 1), exposure: series.exposure(from, at + 1), steps }
            })
            .collect();
        self.ln_evidence(&windows, rate, size)
    }
}
