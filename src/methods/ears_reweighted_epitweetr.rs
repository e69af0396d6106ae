//! Re-weighted EARS: Student's prediction limit of a moving baseline, with past outliers weighted down.
//!
//! In: counts in equal steps of time. Out: for every step the limit with equal weights and the one with past outliers
//! weighted down. Not here: the retrieval of the counts, exposure.
//!
//! Source: Espinosa et al. (2022), Euro Surveill 27(39):2200177; the weights after Farrington et al. (1996), J R Stat
//! Soc A 159:547.

use serde::Deserialize;

use super::settings::{CountFrom, Ignored, NotNegative, Range, Share, configs};
use super::{Answer, Call, Columns, Method, MethodError, Table};
use numeric::{Continuous, StudentT};

pub(super) const METHOD: Method = Method {
    name: "ears_reweighted_epitweetr",
    zh: "加权 EARS：t 预测限，对历史异常值降权（ECDC epitweetr）",
    en: "Re-weighted EARS: t prediction limit with past outliers weighted down (ECDC epitweetr)",
    source: "Espinosa et al. 2022, Euro Surveill 27(39):2200177",
    tables: &[],
    run,
};

/// Settings, with the quantiles already looked up.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reweighted {
    /// Steps in the baseline, n ≥ 3.
    pub baseline: usize,
    /// Distance between baseline steps: 1, or 7 for the same weekday.
    pub stride: usize,
    /// Power of the decay of an outlier's weight.
    pub decay: f64,
    /// t quantile of the limit, n − 1 degrees of freedom.
    pub limit: f64,
    /// t quantile above which a studentised residual is an outlier, n − 2 degrees of freedom.
    pub outlier: f64,
}

/// The limits of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limits {
    /// Mean of the baseline.
    pub mean: f64,
    /// Largest count without an alarm, equal weights.
    pub plain: f64,
    /// The same with outliers weighted down; `None` when the baseline has no variance at all.
    pub reweighted: Option<f64>,
}

impl Reweighted {
    /// Settings from a baseline of n ≥ 3 steps and the levels of the limit and of outliers, both between 0 and 1.
    pub fn new(baseline: usize, stride: usize, decay: f64, alpha: f64, alpha_outlier: f64) -> Self {
        let n = baseline as f64;
        Self {
            baseline,
            stride,
            decay,
            limit: StudentT { df: n - 1.0 }.quantile_upper(alpha),
            outlier: StudentT { df: n - 2.0 }.quantile_upper(alpha_outlier),
        }
    }

    /// The limits of step `at` (from 0); `None` without a full baseline.
    pub fn limits(&self, counts: &[u64], at: usize) -> Option<Limits> {
        if at >= counts.len() || at < self.baseline.checked_mul(self.stride)? {
            return None;
        }
        let values: Vec<f64> = (1..=self.baseline).map(|back| counts[at - back * self.stride] as f64).collect();
        let n = self.baseline as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
        let spread = self.limit * (1.0 + 1.0 / n).sqrt();
        let plain = mean + spread * (squares / (n - 1.0)).sqrt();
        Some(Limits { mean, plain, reweighted: self.reweighted(&values, mean, squares, spread) })
    }

    fn reweighted(&self, values: &[f64], mean: f64, squares: f64, spread: f64) -> Option<f64> {
        let n = values.len() as f64;
        let mut weights = Vec::with_capacity(values.len());
        for (at, value) in values.iter().enumerate() {
            let residual = value - mean;
            let mut others = values.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, value)| *value);
            let first = others.next()?;
            #[expect(clippy::float_cmp, reason = "counts: whether they are the same one")]
            if others.all(|value| value == first) {
                // No variance among the others: the residual is infinite, or not defined when it is zero too.
                if residual == 0.0 {
                    return None;
                }
                weights.push(if residual > 0.0 { 0.0 } else { 1.0 });
                continue;
            }
            let variance = (squares - residual * residual * n / (n - 1.0)) / (n - 2.0);
            let studentised = residual / (variance.max(f64::MIN_POSITIVE) * (1.0 - 1.0 / n)).sqrt();
            weights.push(if studentised > self.outlier { (self.outlier / studentised).powf(self.decay) } else { 1.0 });
        }
        let scale = n / weights.iter().sum::<f64>();
        let weighted = |value: &dyn Fn(f64) -> f64| {
            weights.iter().zip(values).map(|(weight, y)| scale * weight * value(*y)).sum::<f64>()
        };
        let centre = weighted(&|y| y) / n;
        let sd = (weighted(&|y| (y - centre).powi(2)) / (n - 1.0)).sqrt();
        Some(centre + spread * sd)
    }
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Three at least: residuals are studentised.
    no_historic: CountFrom<3>,
    k_decay: NotNegative,
    same_weekday_baseline: bool,
    alpha: Share,
    alpha_outlier: Share,
    range: Option<Range>,
    #[serde(rename = "start")]
    _start: Ignored,
    #[serde(rename = "freq")]
    _freq: Ignored,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            no_historic: CountFrom(7),
            k_decay: NotNegative(4.0),
            same_weekday_baseline: false,
            alpha: Share(0.025),
            alpha_outlier: Share(0.05),
            range: None,
            _start: Ignored,
            _freq: Ignored,
        }
    }
}

impl Settings {
    fn detector(&self) -> Reweighted {
        let stride = if self.same_weekday_baseline { 7 } else { 1 };
        Reweighted::new(self.no_historic.0, stride, self.k_decay.0, self.alpha.0, self.alpha_outlier.0)
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let counts = Columns::read("input", &call.input)?.counts("count")?;
    let mut table = Table::new(&["config", "time_monitored", "y0", "U0", "alarm0", "y0bar", "U0_dw", "alarm0_dw"]);
    for config in configs::<Settings>(&call.config)? {
        let detector = config.settings.detector();
        for at in config.points(config.settings.range, counts.len())? {
            let count = counts[at] as f64;
            let limits = detector.limits(&counts, at);
            let reweighted = limits.and_then(|limits| limits.reweighted);
            table.push(vec![
                config.id().into(),
                (at + 1).into(),
                counts[at].into(),
                limits.map(|limits| limits.plain).into(),
                limits.map(|limits| count > limits.plain).into(),
                limits.map(|limits| limits.mean).into(),
                reweighted.into(),
                reweighted.map(|limit| count > limit).into(),
            ]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector() -> Reweighted {
        Reweighted { baseline: 4, stride: 1, decay: 2.0, limit: 3.0, outlier: 2.0 }
    }

    #[test]
    fn without_outliers_both_limits_are_the_prediction_limit() {
        let limits = detector().limits(&[1, 3, 1, 3, 5], 4).expect("full baseline");
        let want = 2.0 + 3.0 * (4.0_f64 / 3.0).sqrt() * 1.25_f64.sqrt();
        assert!((limits.plain - want).abs() < 1e-12 && (limits.mean - 2.0).abs() < 1e-15);
        assert!((limits.reweighted.expect("defined") - want).abs() < 1e-12);
    }

    #[test]
    fn an_outlier_is_weighted_by_its_studentised_residual() {
        // Baseline 0, 1, 2, 13: mean 4; without 13 the variance is 1, so r = 9/√(3/4).
        let limits = detector().limits(&[0, 1, 2, 13, 5], 4).expect("full baseline");
        let weight = (2.0 / (9.0 / 0.75_f64.sqrt())).powi(2);
        let scale = 4.0 / (3.0 + weight);
        let mean = scale * (3.0 + 13.0 * weight) / 4.0;
        let squares =
            scale * (mean.powi(2) + (1.0 - mean).powi(2) + (2.0 - mean).powi(2) + weight * (13.0 - mean).powi(2));
        let want = mean + 3.0 * 1.25_f64.sqrt() * (squares / 3.0).sqrt();
        assert!((limits.reweighted.expect("defined") - want).abs() < 1e-12);
        assert!(limits.reweighted.expect("defined") < limits.plain);
    }

    #[test]
    fn a_baseline_without_variance_is_not_defined_and_a_lone_outlier_is_left_out() {
        let reweighted = |counts: &[u64; 5]| detector().limits(counts, 4).expect("full baseline").reweighted;
        assert_eq!(reweighted(&[3, 3, 3, 3, 1]), None);
        assert_eq!(reweighted(&[1, 1, 9, 1, 1]), Some(1.0));
        // Below the others: not an outlier, the plain limit.
        let limits = detector().limits(&[9, 9, 1, 9, 1], 4).expect("full baseline");
        assert!((limits.reweighted.expect("defined") - limits.plain).abs() < 1e-12);
        assert_eq!(detector().limits(&[0, 0, 9, 0, 1], 3), None);
        let weekly = Reweighted { stride: 7, ..detector() };
        assert!(weekly.limits(&[0; 40], 27).is_none() && weekly.limits(&[0; 40], 28).is_some());
    }
}
