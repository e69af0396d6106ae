//! EARS C1, C2, C3: the early aberration reporting system's limits from a short moving baseline.
//!
//! In: counts in equal steps of time. Out: for every monitored step a limit and whether the count is above it. Not
//! here: trend, season, exposure; for sparse counts the method is nearly blind and serves as a peer for comparison.
//!
//! Source: Hutwagner, Thompson, Seeman & Treadwell (2003), J Urban Health 80:i89; Fricker, Hegler & Dunfee (2008), Stat
//! Med 27:3407.

use std::ops::Range;

use serde::Deserialize;

use super::settings::{CountFrom, Ignored, NotNegative, Range as Points, Share, configs};
use super::{Answer, Call, Columns, Method, MethodError, Table};
use numeric::{Continuous, Normal};

pub(super) const METHOD: Method = Method {
    name: "ears",
    zh: "EARS C1、C2、C3：按短期移动基线判断计数是否异常升高",
    en: "EARS C1, C2, C3: counts above a limit from a short moving baseline",
    source: "Hutwagner et al. 2003, J Urban Health 80:i89; Fricker et al. 2008, Stat Med 27:3407",
    tables: &[],
    run,
};

/// Which of the three rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Rule {
    /// Baseline right before the tested step.
    C1,
    /// Baseline with a gap of two steps.
    C2,
    /// C2 with what the two steps before exceeded it by.
    C3,
}

/// Settings of one run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Ears {
    /// Which rule.
    pub rule: Rule,
    /// Steps in the baseline, at least 2.
    pub baseline: usize,
    /// Smallest standard deviation, in counts, ≥ 0.
    pub min_sigma: f64,
    /// Normal quantile of the limit, z = Φ⁻¹(1 − α).
    pub z: f64,
}

/// The limit of one step.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Limit {
    /// Largest count without an alarm.
    pub threshold: f64,
    /// Whether the count is above it.
    pub alarm: bool,
}

impl Ears {
    /// First step (from 0) with a full baseline.
    pub const fn first(&self) -> usize {
        self.baseline
            + match self.rule {
                Rule::C1 => 0,
                Rule::C2 => 2,
                Rule::C3 => 4,
            }
    }

    /// The limit of step `at` (from 0). `None`: no full baseline, or not defined (C3: a baseline without variance and a
    /// count equal to its mean, 0/0). Not defined means no alarm.
    pub fn limit(&self, counts: &[u64], at: usize) -> Option<Limit> {
        if at < self.first() || at >= counts.len() || self.baseline < 2 {
            return None;
        }
        let count = counts[at] as f64;
        let threshold = match self.rule {
            Rule::C1 | Rule::C2 => {
                let (mean, sd) = self.baseline_of(counts, at);
                mean + self.z * sd
            }
            Rule::C3 => {
                // The limit starts from the count: U = max(0, y + sd (z − Σ max(0, C2 − 1))).
                let (_, sd) = self.baseline_of(counts, at);
                let past = self.excess(counts, at - 1) + self.excess(counts, at - 2);
                let limit = count + sd * (self.z - past);
                if limit.is_nan() { limit } else { limit.max(0.0) }
            }
        };
        (!threshold.is_nan()).then_some(Limit { threshold, alarm: count > threshold })
    }

    /// By how many standard deviations the count of step `at` (from 0) is above its baseline: C1 of [`Rule::C1`], else C2.
    /// NaN for 0/0; `None` without a full baseline.
    pub fn score(&self, counts: &[u64], at: usize) -> Option<f64> {
        let gap = if self.rule == Rule::C1 { 0 } else { 2 };
        if at < self.baseline + gap || at >= counts.len() || self.baseline < 2 {
            return None;
        }
        let (mean, sd) = self.baseline_of(counts, at);
        Some((counts[at] as f64 - mean) / sd)
    }

    /// max(0, C2(at) − 1); NaN for 0/0.
    fn excess(&self, counts: &[u64], at: usize) -> f64 {
        let c2 = self.score(counts, at).unwrap_or(f64::NAN);
        if c2.is_nan() { c2 } else { (c2 - 1.0).max(0.0) }
    }

    /// Mean and floored standard deviation of the baseline of `at`.
    fn baseline_of(&self, counts: &[u64], at: usize) -> (f64, f64) {
        let end = if self.rule == Rule::C1 { at } else { at - 2 };
        let window = &counts[end - self.baseline..end];
        let n = self.baseline as f64;
        let mean = window.iter().map(|count| *count as f64).sum::<f64>() / n;
        let squares: f64 = window.iter().map(|count| (*count as f64 - mean).powi(2)).sum();
        (mean, (squares / (n - 1.0)).sqrt().max(self.min_sigma))
    }

    /// Limits of all steps of `range` that have a full baseline, with their positions.
    pub fn limits<'a>(
        &'a self,
        counts: &'a [u64],
        range: Range<usize>,
    ) -> impl Iterator<Item = (usize, Option<Limit>)> + 'a {
        (range.start.max(self.first())..range.end.min(counts.len())).map(|at| (at, self.limit(counts, at)))
    }
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    method: Rule,
    baseline: CountFrom<2>,
    #[serde(rename = "minSigma")]
    min_sigma: NotNegative,
    /// 0.025 for C3, else 0.001, when it is not given.
    alpha: Option<Share>,
    range: Option<Points>,
    #[serde(rename = "start")]
    _start: Ignored,
    #[serde(rename = "freq")]
    _freq: Ignored,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            method: Rule::C1,
            baseline: CountFrom(7),
            min_sigma: NotNegative(0.0),
            alpha: None,
            range: None,
            _start: Ignored,
            _freq: Ignored,
        }
    }
}

impl Settings {
    fn detector(&self) -> Ears {
        let alpha = self.alpha.map_or(if self.method == Rule::C3 { 0.025 } else { 0.001 }, |alpha| alpha.0);
        let z = Normal::STANDARD.quantile_upper(alpha);
        Ears { rule: self.method, baseline: self.baseline.0, min_sigma: self.min_sigma.0, z }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let counts = Columns::read("input", &call.input)?.counts("count")?;
    let mut table = Table::new(&["config", "index", "count", "threshold", "alarm"]);
    for config in configs::<Settings>(&call.config)? {
        let ears = config.settings.detector();
        for (at, limit) in ears.limits(&counts, config.points(config.settings.range, counts.len())?) {
            table.push(vec![
                config.id().into(),
                (at + 1).into(),
                counts[at].into(),
                limit.map(|limit| limit.threshold).into(),
                limit.map(|limit| limit.alarm).into(),
            ]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    const Z: f64 = 3.0;

    fn ears(rule: Rule) -> Ears {
        Ears { rule, baseline: 4, min_sigma: 0.0, z: Z }
    }

    #[test]
    fn c1_and_c2_are_mean_plus_z_sd_of_their_baselines() {
        // 1, 3, 1, 3: mean 2, sd √(4/3).
        let counts = [1, 3, 1, 3, 9, 9, 6];
        let want = 2.0 + Z * (4.0_f64 / 3.0).sqrt();
        let c1 = ears(Rule::C1).limit(&counts, 4).expect("defined");
        assert!((c1.threshold - want).abs() < 1e-12 && c1.alarm);
        let c2 = ears(Rule::C2).limit(&counts, 6).expect("defined");
        assert!((c2.threshold - want).abs() < 1e-12 && c2.alarm);
        assert_eq!(ears(Rule::C2).limit(&counts, 5), None);
    }

    #[test]
    fn c3_adds_what_the_two_steps_before_exceeded() {
        // Baselines of steps 7 and 8 are 3,1,3,1 and 1,3,1,3 (mean 2, sd s); step 7 has C2 = (8 − 2)/s.
        let counts = [1, 3, 1, 3, 1, 3, 2, 8, 2];
        let s = (4.0_f64 / 3.0).sqrt();
        let got = ears(Rule::C3).limit(&counts, 8).expect("defined");
        let want = (2.0 + s * (Z - (6.0 / s - 1.0))).max(0.0);
        assert!((got.threshold - want).abs() < 1e-12 && got.alarm);
    }

    #[test]
    fn a_baseline_without_variance_is_not_defined_in_c3_or_gives_an_endless_excess() {
        let zeros = [0; 12];
        assert_eq!(ears(Rule::C3).limit(&zeros, 9), None);
        assert_eq!(ears(Rule::C1).limit(&zeros, 9), Some(Limit { threshold: 0.0, alarm: false }));
        // Steps 6 and 7 are above constant baselines: C2 = ∞; step 8 has a variance again: limit 0, alarm.
        let exceeded = [0, 0, 0, 0, 0, 5, 1, 3, 1];
        assert_eq!(ears(Rule::C3).limit(&exceeded, 8), Some(Limit { threshold: 0.0, alarm: true }));
        // With a floor everything is defined.
        assert!(Ears { min_sigma: 0.5, ..ears(Rule::C3) }.limit(&zeros, 9).is_some_and(|limit| !limit.alarm));
    }

    #[test]
    fn short_series_and_wrong_settings_are_told() {
        assert_eq!(ears(Rule::C1).limits(&[1, 2], 0..2).count(), 0);
        let call = |config: &str| Call { config: config.into(), input: "count\n1\n2\n".into(), ..Call::default() };
        assert!(run(&call("{}")).is_ok());
        for wrong in [
            r#"{"method":"C4"}"#,
            r#"{"baseline":1}"#,
            r#"{"minSigma":-1}"#,
            r#"{"alpha":0}"#,
            r#"{"range":[1,9]}"#,
            r#"{"basline":7}"#,
        ] {
            assert!(run(&call(wrong)).is_err(), "{wrong}");
        }
    }
}
