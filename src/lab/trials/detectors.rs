//! The methods under comparison, each as a statistic per step: the higher, the more unusual.
//!
//! In: a series and what is known of its regime. Out: a value per step; −∞ where the method says nothing (the source
//! failed, or no baseline yet). Methods that take only counts get the series without its failed steps: the detector is
//! told. Not here: limits.

use super::background::{RegimeLaw, Series};
use methods::bayes_predictive::{BayesPredictive, predictive};
use methods::e_detector::{PlugIn, RATIOS};
use methods::ears::{Ears, Rule};
use methods::ears_reweighted_epitweetr::Reweighted;
use methods::essence_ewma_switch::{Baseline, ewma};
use methods::exact_counts::ln_mid_p;
use methods::farrington_flexible::{Plan, earlier_years, judge};
use methods::glr_cusum::{Chart, Detector};
use methods::multi_window::ln_window_p;
use numeric::Gamma;
use score::rise::{Rise, Window};

/// Smallest standard deviation of the methods with a short moving baseline.
const FLOOR: f64 = 0.5;

/// A method.
#[derive(Debug, Clone, PartialEq)]
pub enum Method {
    /// EARS C1, C2, C3.
    Ears(u8),
    /// Re-weighted EARS.
    Reweighted,
    /// ESSENCE moving average, weight 0.4, its own floor of the deviation.
    Essence,
    /// Moving average, weight 0.4, against the 28 steps before a gap of 2, deviation at least 0.5.
    Ewma,
    /// Bayes predictive law of the last 6 steps and of the same season in up to two earlier years.
    Bayes,
    /// Flexible Farrington with the years there are.
    Farrington,
    /// Mid-p value of one step.
    OneStep,
    /// CUSUM for a rate ratio.
    Cusum(f64),
    /// GLR over the last 12 weeks.
    Glr,
    /// Plug-in e-detector with mixed ratios.
    EDetector,
    /// Multi-window Gamma-Poisson.
    MultiWindow,
    /// Evidence for a rise of unknown size and beginning: ours.
    Rise(Rise),
}

impl Method {
    /// Its name in tables.
    pub fn name(&self) -> String {
        match self {
            Self::Ears(rule) => format!("EARS C{rule}"),
            Self::Reweighted => "re-weighted EARS".into(),
            Self::Essence => "ESSENCE EWMA .4".into(),
            Self::Ewma => "EWMA .4, sd >= .5".into(),
            Self::Bayes => "Bayes predictive".into(),
            Self::Farrington => "flexible Farrington".into(),
            Self::OneStep => "one-step exact p".into(),
            Self::Cusum(ratio) => format!("CUSUM r={ratio}"),
            Self::Glr => "GLR 12".into(),
            Self::EDetector => "mixed e-detector".into(),
            Self::MultiWindow => "multi-window".into(),
            Self::Rise(_) => "rise evidence".into(),
        }
    }

    /// Whether all counts since it started may matter now.
    pub fn remembers(&self) -> bool {
        matches!(self, Self::Cusum(_) | Self::Glr | Self::EDetector)
    }

    /// The statistic from step `from` to the end (in a vector as long as the series, −∞ before). `from` is where
    /// detectors with a memory start.
    pub fn values(&self, series: &Series, known: &RegimeLaw, per_week: usize, from: usize) -> Vec<f64> {
        match self {
            Self::Ears(_) | Self::Reweighted | Self::Essence | Self::Ewma | Self::Bayes | Self::Farrington => {
                self.by_counts(series, per_week, from)
            }
            _ => self.by_expectation(series, known, per_week, from),
        }
    }

    fn by_counts(&self, series: &Series, per_week: usize, from: usize) -> Vec<f64> {
        let seen: Vec<usize> = (0..series.len()).filter(|at| series.exposures[*at] > 0.0).collect();
        let counts: Vec<u64> = seen.iter().map(|at| u64::from(series.counts[*at])).collect();
        let first = seen.partition_point(|at| *at < from);
        let mut values = vec![f64::NEG_INFINITY; series.len()];
        if *self == Self::Essence {
            // It forgets within some dozen steps.
            let begin = first.saturating_sub(90);
            let findings = ewma(&counts[begin..], Baseline { longest: 28, guard: 2 }, [0.4, 0.4]);
            for (at, finding) in findings.iter().enumerate().skip(first - begin) {
                values[seen[begin + at]] = finding.map_or(f64::NEG_INFINITY, |finding| finding.statistic);
            }
            return values;
        }
        let mut average = 0.0;
        let unit = Reweighted { limit: 1.0, ..Reweighted::new(7, 1, 4.0, 0.025, 0.05) };
        for at in first.saturating_sub(30)..counts.len() {
            average = 0.4 * counts[at] as f64 + 0.6 * average;
            if at < first {
                continue;
            }
            let value = match self {
                Self::Ears(rule) => ears(&counts, at, *rule),
                Self::Reweighted => unit.limits(&counts, at).map(|limits| {
                    let centred = Reweighted { limit: 0.0, ..unit }.limits(&counts, at);
                    let centre = centred.and_then(|limits| limits.reweighted).unwrap_or(limits.mean);
                    let spread = limits.reweighted.unwrap_or(limits.plain) - centre;
                    (counts[at] as f64 - centre) / spread.max(FLOOR)
                }),
                Self::Ewma => at.checked_sub(30).map(|begin| {
                    let (mean, sd) = moments(&counts[begin..at - 2]);
                    (average - mean) / sd
                }),
                Self::Bayes => {
                    let plan = BayesPredictive {
                        years: 2,
                        half_width: 6,
                        current_year: true,
                        alpha: 0.05,
                        period: 52 * per_week,
                    };
                    let (sum, number) = plan.reference(&counts, at);
                    predictive(sum, number as f64).map(|law| -ln_mid_p(&law, counts[at]))
                }
                _ => {
                    let earlier = earlier_years(at, 52 * per_week, 5);
                    let plan = Plan { periods: 5, ..Plan::default() };
                    judge(&counts, at, &earlier, &plan)
                        .filter(|verdict| !verdict.p_value.is_nan())
                        .map(|verdict| if counts[at] > 0 { -verdict.p_value.max(1e-300).ln() } else { 0.0 })
                }
            };
            values[seen[at]] = value.filter(|value| !value.is_nan()).unwrap_or(f64::NEG_INFINITY);
        }
        values
    }

    fn by_expectation(&self, series: &Series, known: &RegimeLaw, per_week: usize, from: usize) -> Vec<f64> {
        let mut values = vec![f64::NEG_INFINITY; series.len()];
        let dispersion = known.size.map_or(0.0, |size| 1.0 / size);
        let chart = match self {
            Self::Cusum(ratio) => Chart { dispersion, ..Chart::cusum(f64::INFINITY, *ratio) },
            // The negative binomial ratio of a stretch has no closed form; its Poisson form is calibrated instead.
            _ => Chart::glr(f64::INFINITY, 12 * per_week),
        };
        let mut detector = Detector::new(chart);
        let mut evidence = PlugIn::new(&RATIOS);
        for (at, value_now) in values.iter_mut().enumerate().skip(from) {
            let exposure = series.exposures[at];
            if exposure <= 0.0 {
                continue;
            }
            let rate = series.rate(at, per_week, known.prior);
            let count = u64::from(series.counts[at]);
            let mean = rate.shape / rate.rate * exposure;
            let value = match self {
                Self::OneStep => ln_window_p(count, 1, exposure, rate, known.size).map(|ln_p| -ln_p),
                Self::Cusum(_) | Self::Glr => Some(detector.push(count, mean).statistic),
                Self::EDetector => Some(evidence.push(count, mean, known.size)),
                Self::MultiWindow => Some(multi_window(series, at, rate, known, per_week)),
                Self::Rise(rise) => rise_evidence(rise, series, at, rate, known.size),
                _ => None,
            };
            *value_now = value.filter(|value| !value.is_nan()).unwrap_or(f64::NEG_INFINITY);
        }
        values
    }
}

/// Lengths of the windows, in steps.
fn lengths(per_week: usize) -> &'static [usize] {
    if per_week == 7 { &[3, 7, 14, 28, 56] } else { &[1, 2, 4, 8] }
}

/// max −ln p over the windows; a window with no more than expected, or fewer than two events, says nothing.
fn multi_window(series: &Series, at: usize, rate: Gamma, known: &RegimeLaw, per_week: usize) -> f64 {
    let fewest = if rate.shape / rate.rate * (per_week as f64) < 0.5 { 2.0 } else { 3.0 };
    let mut best = 0.0_f64;
    for &length in lengths(per_week) {
        let from = (at + 1).saturating_sub(length);
        let (x, e) = (series.count(from, at + 1), series.exposure(from, at + 1));
        if x < fewest || x <= e * rate.shape / rate.rate {
            continue;
        }
        let points = series.exposures[from..=at].iter().filter(|exposure| **exposure > 0.0).count();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a whole number of events")]
        let count = x.round() as u64;
        best = best.max(ln_window_p(count, points, e, rate, known.size).map_or(0.0, |ln_p| -ln_p));
    }
    best
}

/// ln evidence at step `at` of a series.
fn rise_evidence(rise: &Rise, series: &Series, at: usize, rate: Gamma, size: Option<f64>) -> Option<f64> {
    if series.exposures[at] <= 0.0 {
        return None;
    }
    let window = |length: usize| {
        let from = (at + 1).saturating_sub(length);
        let steps = series.exposures[from..=at].iter().filter(|exposure| **exposure > 0.0).count() as f64;
        Window { count: series.count(from, at + 1), exposure: series.exposure(from, at + 1), steps }
    };
    let windows: Vec<Window> = rise.windows.iter().map(|(length, _)| window(*length)).collect();
    rise.ln_evidence(&windows, rate, size)
}

fn moments(window: &[u64]) -> (f64, f64) {
    let n = window.len() as f64;
    let mean = window.iter().sum::<u64>() as f64 / n;
    let squares: f64 = window.iter().map(|count| (*count as f64 - mean).powi(2)).sum();
    (mean, (squares / (n - 1.0)).sqrt().max(FLOOR))
}

/// C1, C2 and C3 of seven steps, as statistics; C3 as the paper has it, newest step included.
fn ears(counts: &[u64], at: usize, rule: u8) -> Option<f64> {
    let rule_of_score = if rule == 1 { Rule::C1 } else { Rule::C2 };
    let plan = Ears { rule: rule_of_score, baseline: 7, min_sigma: FLOOR, z: 0.0 };
    let newest = plan.score(counts, at)?;
    if rule < 3 {
        return Some(newest);
    }
    let past = |back: usize| Some((plan.score(counts, at.checked_sub(back)?)? - 1.0).max(0.0));
    Some(newest + past(1)? + past(2)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_statistics_of_ears_alarm_where_its_limits_do() {
        let counts: Vec<u64> =
            (0..200_u64).map(|at| (at * at * 7 + at * 3) % 11 + u64::from(at % 31 == 0) * 9).collect();
        // C3 is taken as the paper has it, newest step included; the reference program's limit leaves it out.
        for (number, rule) in [(1, Rule::C1), (2, Rule::C2)] {
            let plan = Ears { rule, baseline: 7, min_sigma: FLOOR, z: 2.0 };
            for at in 20..counts.len() {
                let alarm = plan.limit(&counts, at).is_some_and(|limit| limit.alarm);
                assert_eq!(alarm, ears(&counts, at, number).is_some_and(|score| score > 2.0), "{number} {at}");
            }
        }
    }

    #[test]
    fn an_outage_says_nothing() {
        let exposures: Vec<f64> = (0..200).map(|at| if (150..153).contains(&at) { 0.0 } else { 1.0 }).collect();
        let counts = exposures.iter().map(|exposure| if *exposure > 0.0 { 2 } else { 0 }).collect();
        let series = Series::new(counts, exposures);
        let known = RegimeLaw::fit(std::slice::from_ref(&series), 1);
        for method in crate::trials::methods(1, true) {
            let values = method.values(&series, &known, 1, 130);
            assert!(values[150..153].iter().all(|value| *value == f64::NEG_INFINITY), "{}", method.name());
            let before = values[149];
            assert!(values[153..156].iter().all(|value| *value <= before + 2.0), "{} {values:?}", method.name());
        }
    }
}
