//! Bayesian predictive detector: the count against the posterior predictive law of comparable steps.
//!
//! In: counts in equal steps of time. Out: for every monitored step the (1 − α) quantile of the predictive law and
//! whether the count is above it. Not here: trend, dispersion beyond that of an uncertain rate.
//!
//! Source: Riebler (2004), "Empirischer Vergleich von statistischen Methoden zur Ausbruchserkennung bei Surveillance
//! Daten"; Höhle (2007), Comput Stat 22:571. Poisson counts, Jeffreys' prior Gamma(½, 0) of the rate: NB(size S + ½,
//! prob n/(n + 1)).

use serde::Deserialize;

use super::settings::{Config, Count, CountFrom, Ignored, Range, Share, configs};
use super::{Answer, Call, Columns, Method, MethodError, Table};
use numeric::{Discrete, NegativeBinomial};

pub(super) const METHOD: Method = Method {
    name: "bayes_predictive",
    zh: "贝叶斯预测检测：与可比时段的后验预测分布比较",
    en: "Bayesian predictive detector: counts against the predictive law of comparable steps",
    source: "Riebler 2004; Höhle 2007, Comput Stat 22:571",
    tables: &[],
    run,
};

/// Which steps a step is compared with, and the level.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct BayesPredictive {
    /// Past years used.
    pub years: usize,
    /// Half-width of the windows, in steps.
    pub half_width: usize,
    /// Whether the steps right before count too.
    pub current_year: bool,
    /// Level α, between 0 and 1.
    pub alpha: f64,
    /// Steps in a year.
    pub period: usize,
}

impl BayesPredictive {
    /// Sum and number of the reference values of step `at` (from 0): the `half_width` steps before it if
    /// `current_year`, and the windows around the same step of each past year; steps before the series began do not
    /// count.
    pub fn reference(&self, counts: &[u64], at: usize) -> (u64, usize) {
        let mut sum = 0;
        let mut number = 0;
        let mut add = |from: usize, to: usize| {
            let window = &counts[from.min(counts.len())..to.min(counts.len())];
            sum += window.iter().sum::<u64>();
            number += window.len();
        };
        if self.current_year {
            add(at.saturating_sub(self.half_width), at);
        }
        for year in 1..=self.years {
            let Some(end) = (at + self.half_width + 1).checked_sub(year.saturating_mul(self.period)) else { break };
            // A window wider than a year ends before the tested step.
            add(end.saturating_sub(2 * self.half_width + 1), end.min(at));
        }
        (sum, number)
    }

    /// Largest count without an alarm at step `at`; `None` without reference values.
    pub fn threshold(&self, counts: &[u64], at: usize) -> Option<u64> {
        let (sum, number) = self.reference(counts, at);
        predictive(sum, number as f64)?.quantile_upper(self.alpha)
    }
}

/// Posterior predictive law of one step after `sum` events in `steps` comparable steps; `None` without any.
pub fn predictive(sum: u64, steps: f64) -> Option<NegativeBinomial> {
    (steps > 0.0).then(|| {
        let size = sum as f64 + 0.5;
        NegativeBinomial::new(size / steps, size)
    })
}

/// Most past years, and most steps to each side, that a config may ask for.
const COUNT_MAX: usize = 1_000_000;

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    b: Count,
    w: Count,
    #[serde(rename = "actY")]
    current_year: bool,
    alpha: Share,
    freq: CountFrom<1>,
    range: Option<Range>,
    #[serde(rename = "start")]
    _start: Ignored,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            b: CountFrom(0),
            w: CountFrom(6),
            current_year: true,
            alpha: Share(0.05),
            freq: CountFrom(52),
            range: None,
            _start: Ignored,
        }
    }
}

fn detector(config: &Config<Settings>) -> Result<BayesPredictive, MethodError> {
    let settings = &config.settings;
    for (key, CountFrom(count)) in [("b", settings.b), ("w", settings.w)] {
        if count > COUNT_MAX {
            return Err(config.error(format!("`{key}`: expected at most {COUNT_MAX}, found {count}")));
        }
    }
    Ok(BayesPredictive {
        years: settings.b.0,
        half_width: settings.w.0,
        current_year: settings.current_year,
        alpha: settings.alpha.0,
        period: settings.freq.0,
    })
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let counts = Columns::read("input", &call.input)?.counts("count")?;
    let mut table = Table::new(&["config", "index", "count", "threshold", "alarm"]);
    for config in configs::<Settings>(&call.config)? {
        let detector = detector(&config)?;
        for at in config.points(config.settings.range, counts.len())? {
            let threshold = detector.threshold(&counts, at);
            let alarm = threshold.map(|threshold| counts[at] > threshold);
            table.push(vec![config.id().into(), (at + 1).into(), counts[at].into(), threshold.into(), alarm.into()]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn detector(years: usize, half_width: usize, current_year: bool) -> BayesPredictive {
        BayesPredictive { years, half_width, current_year, alpha: 0.05, period: 4 }
    }

    #[test]
    fn reference_values_are_the_steps_before_and_the_windows_of_past_years() {
        let counts = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512];
        assert_eq!(detector(0, 2, true).reference(&counts, 9), (128 + 256, 2));
        assert_eq!(detector(1, 1, false).reference(&counts, 9), (16 + 32 + 64, 3));
        assert_eq!(detector(2, 1, false).reference(&counts, 9), (16 + 32 + 64 + 1 + 2 + 4, 6));
        // The window of the second year is cut at the beginning of the series.
        assert_eq!(detector(2, 1, false).reference(&counts, 8), (8 + 16 + 32 + 1 + 2, 5));
        assert_eq!(detector(3, 1, true).reference(&counts, 0), (0, 0));
    }

    #[test]
    fn the_threshold_of_an_empty_past_of_zeros_is_the_first_quantile() {
        // S = 0, n = 1: NB(size ½, prob ½): P(0) = 0.7071, P(≤1) = 0.8839, P(≤2) = 0.9501.
        assert_eq!(detector(0, 1, true).threshold(&[0, 7], 1), Some(2));
        assert_eq!(detector(0, 1, true).threshold(&[0, 7], 0), None);
        assert_eq!(detector(0, 0, true).threshold(&[0, 7], 1), None);
    }

    #[test]
    fn wrong_settings_are_told() {
        let call = |config: &str| Call { config: config.into(), input: "count\n1\n2\n".into(), ..Call::default() };
        for wrong in [r#"{"alpha":1}"#, r#"{"freq":0}"#, r#"{"w":-1}"#, r#"{"actY":"yes"}"#, r#"{"b":1e9}"#] {
            assert!(run(&call(wrong)).is_err(), "{wrong}");
        }
    }
}
