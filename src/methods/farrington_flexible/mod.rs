//! Flexible Farrington detector (Farrington et al. 1996, JRSS-A 159:547; Noufaily et al. 2013, Stat. Med. 32:1206;
//! Salmon, Schumacher & Höhle 2016, J. Stat. Softw. 70(10)): quasi-Poisson regression on the same season of earlier
//! years, past outbreaks weighted down, and an upper limit for the count now.
//!
//! For dense series with years of history. Pure function of a series and a position. Not here: what to do when no limit
//! is defined (no history, regression without an end): the caller falls back.

mod baseline;
mod glm;

use jiff::civil::Date;

use serde::Deserialize;

use super::settings::{Count, CountFrom, Ignored, Number, Positive, Range, Share, configs};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::{Continuous as _, Discrete as _, NegativeBinomial, Normal};

pub use baseline::{Baseline, baseline, earlier_dates, earlier_years};
use glm::{Fit, Problem};

/// As it is listed.
pub(super) const METHOD: Method = Method {
    name: "farrington_flexible",
    zh: "灵活 Farrington 检测：与往年同期比较的准泊松回归上限",
    en: "flexible Farrington detector: upper limit by quasi-Poisson regression on earlier years",
    source: "Farrington et al. 1996, JRSS-A 159:547; Noufaily et al. 2013, Stat. Med. 32:1206",
    tables: &[],
    run,
};

/// Scale on which the prediction error is taken as normal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Power {
    /// y^⅔.
    #[serde(rename = "2/3")]
    TwoThirds,
    /// √y.
    #[serde(rename = "1/2")]
    Half,
    /// y.
    #[serde(rename = "none")]
    One,
}

/// How the upper limit comes from the regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    /// Negative binomial quantile at the fitted mean (Poisson without extra dispersion).
    NbPlugin,
    /// The same at an upper confidence limit of the mean.
    Muan,
    /// Prediction interval by the delta method (Farrington 1996).
    Delta(Power),
}

/// Settings of the detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// Half width of a reference window, in points.
    pub half_window: usize,
    /// Periods of the year, at least 1.
    pub periods: usize,
    /// Points right before the monitored one that are not used.
    pub excluded: usize,
    /// Whether a linear trend may be in the model. It stays when its p-value is below `trend_p`, at least three earlier
    /// years are there, and the prediction is not above all reference counts.
    pub trend: bool,
    /// See `trend`; 1: no test.
    pub trend_p: f64,
    /// Weigh down reference counts with an Anscombe residual above this; `None`: no weights.
    pub weights_above: Option<f64>,
    /// Probability of exceeding the limit by chance, between 0 and 1.
    pub alpha: f64,
    /// The limit.
    pub limit: Limit,
    /// An alarm needs at least `min_reports.0` reports in the last `min_reports.1` points, this one included.
    pub min_reports: (u64, usize),
    /// Take the standard errors of prediction and trend with a dispersion of Σ w((y − mu)/mu)²/(n − k) when reweighted,
    /// as a widely used program does; else the Pearson dispersion. For comparison only.
    pub prior_weight_se: bool,
}

impl Default for Plan {
    /// As Noufaily et al. recommend, one-sided at 0.005.
    fn default() -> Self {
        Self {
            half_window: 3,
            periods: 10,
            excluded: 26,
            trend: true,
            trend_p: 1.0,
            weights_above: Some(2.58),
            alpha: 0.005,
            limit: Limit::NbPlugin,
            min_reports: (0, 4),
            prior_weight_se: false,
        }
    }
}

/// What is said about one point.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// Predicted mean.
    pub expected: f64,
    /// Mean of the negative binomial law of the limit; NaN for the delta method.
    pub limit_mean: f64,
    /// Dispersion, at least 1.
    pub dispersion: f64,
    /// Trend per point on the log scale, when it stayed in the model.
    pub trend: Option<f64>,
    /// Upper limit; NaN when it is not defined (for [`Limit::Muan`], when the mean has no upper bound worth the name).
    pub threshold: f64,
    /// Probability of such a count or more; NaN when the limit is not defined.
    pub p_value: f64,
    /// (count − expected)/(threshold − expected); NaN when not defined.
    pub score: f64,
    /// Whether there were enough reports for an alarm.
    pub enough: bool,
    /// Count above 0 and above the limit, and enough reports.
    pub alarm: bool,
}

/// A mean that is not below this is no bound: nearly nothing is known, as around a mean of 0 on the log scale.
const MOST: f64 = 1e9;

/// Judges `counts[at]` against earlier years; `earlier` holds the positions of the same time in these (newest first;
/// see [`earlier_years`], [`earlier_dates`]). `None`: no model (no earlier year, not more reference counts than
/// parameters, or a regression that does not settle even without a trend).
///
/// # Panics
/// When `at` is not in the series, or `earlier` not before `at`.
pub fn judge(counts: &[u64], at: usize, earlier: &[usize], plan: &Plan) -> Option<Verdict> {
    let baseline = baseline(at, earlier, plan.half_window, plan.periods, plan.excluded);
    judge_against(counts, at, &baseline, earlier.len(), plan)
}

/// [`judge`] with a baseline that the caller made or thinned out (points without data are to be left out, they are not
/// zeros); `years`: how many earlier years are in it. Windows and periods of the plan are not read, but for the number
/// of periods.
///
/// # Panics
/// When `at` or a position of the baseline is not in the series.
pub fn judge_against(counts: &[u64], at: usize, baseline: &Baseline, years: usize, plan: &Plan) -> Option<Verdict> {
    let count = counts[at] as f64;
    let model = Model::fit(counts, at, baseline, plan, years)?;
    let dispersion = model.dispersion;
    let upper = Normal::STANDARD.quantile_upper(plan.alpha);
    let from = (at + 1).saturating_sub(plan.min_reports.1);
    let enough = counts[from..=at].iter().sum::<u64>() >= plan.min_reports.0;

    let expected = model.linear.exp();
    let limit_mean = match plan.limit {
        Limit::NbPlugin => expected,
        Limit::Muan => (model.linear + upper * model.linear_se).exp(),
        Limit::Delta(_) => f64::NAN,
    };
    let (threshold, p_value) = if let Limit::Delta(power) = plan.limit {
        delta(count, expected, dispersion + expected * model.linear_se.powi(2), power, upper)
    } else if limit_mean < MOST {
        let law = count_law(limit_mean, dispersion);
        (law.quantile_upper(plan.alpha).map_or(f64::NAN, |limit| limit as f64), law.upper(counts[at]))
    } else {
        (f64::NAN, f64::NAN)
    };
    let score = (count - expected) / (threshold - expected);
    Some(Verdict {
        expected,
        limit_mean,
        dispersion,
        trend: model.trend,
        threshold,
        p_value,
        score: if score.is_finite() { score } else { f64::NAN },
        enough,
        alarm: enough && count > 0.0 && count > threshold,
    })
}

/// The law of a count with variance mean × dispersion.
fn count_law(mean: f64, dispersion: f64) -> NegativeBinomial {
    NegativeBinomial::new(mean, if dispersion > 1.0 { mean / (dispersion - 1.0) } else { f64::INFINITY })
}

/// Upper limit and p-value on a power scale; `tau` is the variance of the prediction error over the mean.
fn delta(count: f64, mean: f64, tau: f64, power: Power, upper: f64) -> (f64, f64) {
    let (scaled, sd) = match power {
        Power::TwoThirds => ((mean * mean).cbrt(), (4.0 / 9.0 * mean.cbrt() * tau).sqrt()),
        Power::Half => (mean.sqrt(), (tau / 4.0).sqrt()),
        Power::One => (mean, (mean * tau).sqrt()),
    };
    let (limit, at_count) = (
        scaled + upper * sd,
        match power {
            Power::TwoThirds => (count * count).cbrt(),
            Power::Half => count.sqrt(),
            Power::One => count,
        },
    );
    let threshold = match power {
        Power::TwoThirds => limit.max(0.0).powf(1.5),
        Power::Half => limit.max(0.0).powi(2),
        Power::One => limit,
    };
    let distance = at_count - scaled;
    let p_value = if sd > 0.0 {
        Normal::STANDARD.sf(distance / sd)
    } else if distance > 0.0 {
        0.0
    } else {
        1.0
    };
    (threshold, p_value)
}

/// The regression of one point, with its prediction.
struct Model {
    /// Linear predictor at the point, and its standard error.
    linear: f64,
    linear_se: f64,
    dispersion: f64,
    trend: Option<f64>,
}

impl Model {
    fn fit(counts: &[u64], at: usize, baseline: &Baseline, plan: &Plan, years: usize) -> Option<Self> {
        let reference: Vec<f64> = baseline.positions.iter().map(|position| counts[*position] as f64).collect();
        let most = reference.iter().copied().fold(0.0, f64::max);
        let fit = |trend: bool| Self::fit_one(&reference, at, baseline, plan, trend);
        if plan.trend
            && let Some((model, p_value)) = fit(true)
        {
            let certain = plan.trend_p >= 1.0 || p_value < plan.trend_p;
            if certain && years >= 3 && model.linear.exp() <= most {
                return Some(model);
            }
        }
        fit(false).map(|(model, _)| model)
    }

    /// The model, and the p-value of its trend (NaN without one).
    fn fit_one(reference: &[f64], at: usize, baseline: &Baseline, plan: &Plan, trend: bool) -> Option<(Self, f64)> {
        let first = *baseline.positions.first()?;
        // Columns: 1, time (in years or so since the middle, so that the matrix stays well-conditioned), one for each
        // period that occurs but the one of the point itself.
        let middle = f64::midpoint(first as f64, at as f64);
        let scale = ((at - first) as f64).max(1.0);
        let time = |position: usize| (position as f64 - middle) / scale;
        let mut periods: Vec<usize> = baseline.levels.iter().copied().filter(|level| *level != plan.periods).collect();
        periods.sort_unstable();
        periods.dedup();
        let row = |position: usize, level: usize| -> Vec<f64> {
            let mut row = vec![1.0];
            if trend {
                row.push(time(position));
            }
            row.extend(periods.iter().map(|period| f64::from(u8::from(*period == level))));
            row
        };
        let rows: Vec<f64> = baseline
            .positions
            .iter()
            .zip(&baseline.levels)
            .flat_map(|(position, level)| row(*position, *level))
            .collect();
        let here = row(at, plan.periods);
        let problem = Problem { counts: reference, rows: &rows, columns: here.len() };

        let mut fit = problem.fit(&vec![1.0; reference.len()])?;
        let usable = |fit: &Fit| fit.freedom() > 0.0 && (fit.settled || all_zero(reference));
        if !usable(&fit) {
            return None;
        }
        if let Some(above) = plan.weights_above {
            let weights = weights(&fit.anscombe(fit.pearson().max(1.0)), above);
            fit = problem.fit(&weights)?;
            if !usable(&fit) {
                return None;
            }
        }
        let pearson = fit.pearson();
        let dispersion = pearson.max(1.0);
        let (linear, variance) = fit.predict(&here);
        let se_dispersion =
            if plan.prior_weight_se && plan.weights_above.is_some() { fit.prior_weight_dispersion() } else { pearson };
        let p_value = if trend { fit.p_value(1, se_dispersion) } else { f64::NAN };
        let trend = trend.then(|| fit.coefficients[1] / scale);
        Some((Self { linear, linear_se: (variance * se_dispersion).sqrt(), dispersion, trend }, p_value))
    }
}

/// Reference counts of nothing but zeros have a fit in the limit: a mean of zero.
fn all_zero(reference: &[f64]) -> bool {
    reference.iter().all(|count| *count == 0.0)
}

/// Weights s⁻² for residuals s above a threshold, scaled to sum n (Farrington 1996, section 3.6).
fn weights(residuals: &[f64], above: f64) -> Vec<f64> {
    let raw: Vec<f64> = residuals.iter().map(|s| if *s > above { s.powi(-2) } else { 1.0 }).collect();
    let gamma = raw.len() as f64 / raw.iter().sum::<f64>();
    raw.into_iter().map(|weight| weight * gamma).collect()
}

/// `thresholdMethod`: how the limit comes from the regression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
enum LimitMethod {
    NbPlugin,
    Muan,
    Delta,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "the switches of `farringtonFlexible`, one field each")]
struct Settings {
    range: Option<Range>,
    b: Count,
    w: Count,
    freq: CountFrom<1>,
    #[serde(rename = "noPeriods")]
    periods: CountFrom<1>,
    /// `w` when it is not given.
    #[serde(rename = "pastWeeksNotIncluded")]
    excluded: Option<Count>,
    trend: bool,
    #[serde(rename = "pThresholdTrend")]
    trend_p: Number,
    reweight: bool,
    #[serde(rename = "weightsThreshold")]
    weights_above: Positive,
    alpha: Share,
    /// Reports, and points in which they must have come.
    #[serde(rename = "limit54")]
    min_reports: (Count, CountFrom<1>),
    powertrans: Power,
    #[serde(rename = "thresholdMethod")]
    limit: LimitMethod,
    #[serde(rename = "epochAsDate")]
    by_date: bool,
    #[serde(rename = "compat_prior_weight_se")]
    prior_weight_se: bool,
    #[serde(rename = "start")]
    _start: Ignored,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            range: None,
            b: CountFrom(5),
            w: CountFrom(3),
            freq: CountFrom(52),
            periods: CountFrom(1),
            excluded: None,
            trend: true,
            trend_p: Number(0.05),
            reweight: true,
            weights_above: Positive(2.58),
            alpha: Share(0.05),
            min_reports: (CountFrom(5), CountFrom(4)),
            powertrans: Power::TwoThirds,
            limit: LimitMethod::Delta,
            by_date: false,
            prior_weight_se: false,
            _start: Ignored,
        }
    }
}

impl Settings {
    fn plan(&self) -> Plan {
        Plan {
            half_window: self.w.0,
            periods: self.periods.0,
            excluded: self.excluded.unwrap_or(self.w).0,
            trend: self.trend,
            trend_p: self.trend_p.0,
            weights_above: self.reweight.then_some(self.weights_above.0),
            alpha: self.alpha.0,
            limit: match self.limit {
                LimitMethod::NbPlugin => Limit::NbPlugin,
                LimitMethod::Muan => Limit::Muan,
                LimitMethod::Delta => Limit::Delta(self.powertrans),
            },
            min_reports: (self.min_reports.0.0 as u64, self.min_reports.1.0),
            prior_weight_se: self.prior_weight_se,
        }
    }
}

/// The dates of a series that is followed by calendar, rising.
fn dates(input: &Columns) -> Result<Vec<Date>, MethodError> {
    let words = input.words("date")?;
    let parse = |(row, word): (usize, &&str)| {
        let wrong =
            || input.error(Some(row), format!("`date` must be a day like 2004-01-05, not `{word}` (`epochAsDate`)"));
        word.parse::<Date>().map_err(|_| wrong())
    };
    let dates: Vec<Date> = words.iter().enumerate().map(parse).collect::<Result<_, _>>()?;
    match dates.windows(2).position(|pair| pair[0] >= pair[1]) {
        None => Ok(dates),
        Some(row) => {
            Err(input.error(Some(row + 1), format!("dates must rise: {} after {}", dates[row + 1], dates[row])))
        }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let input = Columns::read("input", &call.input)?;
    let counts = input.counts("count")?;
    let columns = ["config", "index", "count", "expected", "mu0Vector", "phi", "trend_coef", "trend_used", "threshold"];
    let mut table = Table::new(&[&columns[..], &["pvalue", "score", "alarm"]].concat());
    for config in configs::<Settings>(&call.config)? {
        let settings = &config.settings;
        let (plan, years, year) = (settings.plan(), settings.b.0, settings.freq.0);
        let dates = if settings.by_date { Some(dates(&input)?) } else { None };
        for at in config.points(settings.range, counts.len())? {
            let earlier = match &dates {
                Some(dates) => earlier_dates(dates, at, years),
                None => earlier_years(at, year, years),
            };
            let mut row = vec![Cell::from(config.id()), (at + 1).into(), counts[at].into()];
            if let Some(verdict) = judge(&counts, at, &earlier, &plan) {
                let hidden = matches!(plan.limit, Limit::Delta(_)) && !verdict.enough;
                let shown = |value: f64| if hidden { Cell::Empty } else { value.into() };
                row.extend([
                    shown(verdict.expected),
                    verdict.limit_mean.into(),
                    verdict.dispersion.into(),
                    verdict.trend.into(),
                    verdict.trend.is_some().into(),
                    shown(verdict.threshold),
                    verdict.p_value.into(),
                    verdict.score.into(),
                    verdict.alarm.into(),
                ]);
            } else {
                row.resize(6, Cell::Empty);
                row.extend([Cell::Empty, false.into(), Cell::Empty, Cell::Empty, Cell::Empty, false.into()]);
            }
            table.push(row);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A series of five years of weeks, and the verdict on its last week.
    fn last(counts: &[u64], plan: &Plan) -> Option<Verdict> {
        let at = counts.len() - 1;
        judge(counts, at, &earlier_years(at, 52, 5), plan)
    }

    fn series(count: impl Fn(u64) -> u64) -> Vec<u64> {
        (0..300).map(count).collect()
    }

    #[test]
    fn a_constant_series_has_the_poisson_limit_of_its_mean() {
        let verdict = last(&series(|_| 4), &Plan { trend: false, ..Plan::default() }).unwrap();
        assert!((verdict.expected - 4.0).abs() < 1e-7 && (verdict.dispersion - 1.0).abs() < 1e-12);
        // P(Y > 10 | 4) = 0.0028, P(Y > 9 | 4) = 0.0081.
        assert!((verdict.threshold - 10.0).abs() < 1e-12 && !verdict.alarm);
        let delta = Plan { trend: false, limit: Limit::Delta(Power::TwoThirds), ..Plan::default() };
        let threshold = last(&series(|_| 4), &delta).unwrap().threshold;
        let (scaled, upper) = (16.0_f64.cbrt(), 2.575_829_303_548_9);
        let expected = (scaled + upper * (4.0 / 9.0 * 4.0_f64.cbrt()).sqrt()).powf(1.5);
        assert!((threshold - expected).abs() < 1e-6, "{threshold} {expected}");
    }

    #[test]
    fn after_nothing_but_zeros_any_report_is_an_alarm_and_none_is_not() {
        for limit in [Limit::NbPlugin, Limit::Delta(Power::TwoThirds), Limit::Delta(Power::One)] {
            let plan = Plan { limit, ..Plan::default() };
            let mut counts = series(|_| 0);
            let quiet = last(&counts, &plan).unwrap();
            assert!(!quiet.alarm && quiet.expected < 1e-6 && quiet.p_value > 0.4);
            *counts.last_mut().unwrap() = 1;
            let loud = last(&counts, &plan).unwrap();
            assert!(loud.alarm && loud.p_value < 1e-6, "{loud:?}");
        }
    }

    #[test]
    fn past_outbreaks_are_weighted_down() {
        let counts = series(|at| if (90..100).contains(&at) { 60 } else { 3 + at % 3 });
        let with = last(&counts, &Plan { trend: false, ..Plan::default() }).unwrap();
        let without = last(&counts, &Plan { trend: false, weights_above: None, ..Plan::default() }).unwrap();
        assert!(with.threshold < without.threshold && with.dispersion < without.dispersion);
    }

    #[test]
    fn a_falling_trend_stays_and_a_rise_beyond_all_references_does_not() {
        let falling = series(|at| 40 - at / 10);
        let verdict = last(&falling, &Plan::default()).unwrap();
        assert!(verdict.trend.is_some_and(|trend| trend < -0.003), "{verdict:?}");
        assert!((verdict.expected - 11.0).abs() < 3.0);
        let rising = series(|at| 10 + at / 10);
        assert!(last(&rising, &Plan { excluded: 60, ..Plan::default() }).unwrap().trend.is_none());
        let flat = series(|at| 10 + at % 2);
        assert!(last(&flat, &Plan { trend_p: 0.05, ..Plan::default() }).unwrap().trend.is_none());
        assert!(judge(&falling, 299, &earlier_years(299, 52, 2), &Plan::default()).unwrap().trend.is_none());
    }

    #[test]
    fn the_uncertain_mean_gives_a_higher_limit() {
        let counts = series(|at| (at * at) % 7);
        let plain = last(&counts, &Plan::default()).unwrap();
        let wide = last(&counts, &Plan { limit: Limit::Muan, ..Plan::default() }).unwrap();
        assert!(wide.limit_mean > plain.limit_mean && wide.threshold >= plain.threshold);
        assert!(wide.p_value > plain.p_value);
    }

    #[test]
    fn an_alarm_needs_enough_reports_lately() {
        let mut counts = series(|_| 0);
        counts[299] = 4;
        let strict = Plan { min_reports: (5, 4), ..Plan::default() };
        let verdict = last(&counts, &strict).unwrap();
        assert!(!verdict.enough && !verdict.alarm);
        counts[296] = 1;
        assert!(last(&counts, &strict).unwrap().alarm);
    }

    #[test]
    fn points_without_data_can_be_left_out() {
        let mut counts = series(|_| 6);
        counts[190..200].fill(99);
        let (earlier, plan) = (earlier_years(299, 52, 5), Plan { trend: false, ..Plan::default() });
        let mut thinned = baseline(299, &earlier, plan.half_window, plan.periods, plan.excluded);
        let kept: Vec<bool> = thinned.positions.iter().map(|position| !(190..200).contains(position)).collect();
        let mut keep = kept.iter();
        thinned.positions.retain(|_| *keep.next().unwrap());
        let mut keep = kept.iter();
        thinned.levels.retain(|_| *keep.next().unwrap());
        let verdict = judge_against(&counts, 299, &thinned, earlier.len(), &plan).unwrap();
        assert!((verdict.expected - 6.0).abs() < 1e-7 && (verdict.dispersion - 1.0).abs() < 1e-12);
        let whole = judge(&counts, 299, &earlier, &Plan { weights_above: None, ..plan }).unwrap();
        assert!(whole.dispersion > 1.0);
    }

    #[test]
    fn without_history_there_is_no_model() {
        assert!(last(&[3], &Plan::default()).is_none());
        assert!(last(&series(|_| 1)[..52], &Plan::default()).is_none());
        assert!(judge(&[1, 2, 3], 2, &[], &Plan::default()).is_none());
        // One reference week for one parameter leaves no degree of freedom.
        let one = Plan { half_window: 0, periods: 1, excluded: 0, trend: false, ..Plan::default() };
        assert!(judge(&[1, 2, 3], 2, &[0], &one).is_none());
    }

    #[test]
    fn an_undefined_row_is_empty_and_no_alarm() {
        let config = r#"{"configs": {"a": {"b": 2, "w": 1, "noPeriods": 1, "freq": 4, "range": [1, 12]}}}"#;
        let input = (1..=12).map(|at| format!("{at},,{}\n", at % 4)).collect::<Vec<_>>().concat();
        let call = Call { config: config.into(), input: format!("index,date,count\n{input}"), ..Call::default() };
        let answer = run(&call).unwrap().to_string();
        let rows: Vec<&str> = answer.lines().collect();
        assert_eq!(rows.len(), 13);
        assert_eq!(rows[1], "a,1,1,,,,,0,,,,0");
        assert!(!answer.contains("NaN") && rows[12].split(',').nth(5).is_some_and(|phi| !phi.is_empty()));
    }

    #[test]
    fn settings_and_dates_that_make_no_sense_are_errors() {
        let answer = |config: &str, input: &str| {
            run(&Call { config: config.into(), input: format!("index,date,count\n{input}"), ..Call::default() })
        };
        for config in [
            r#"{"noPeriods": 0}"#,
            r#"{"alpha": 1}"#,
            r#"{"limit54": [5]}"#,
            r#"{"powertrans": "1/3"}"#,
            r#"{"thresholdMethod": "x"}"#,
            r#"{"freq": 0}"#,
        ] {
            assert!(answer(config, "1,,2\n").is_err(), "{config}");
        }
        assert!(answer(r#"{"epochAsDate": true}"#, "1,2004-01-05,2\n2,2004-01-05,2\n").is_err());
        assert!(answer(r#"{"epochAsDate": true}"#, "1,5.1.2004,2\n").is_err());
        assert!(answer(r#"{"epochAsDate": true}"#, "1,2004-01-05,2\n").is_ok());
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn any_series_gives_numbers_or_nothing(
            counts in prop::collection::vec(prop_oneof![0_u64..3, 0_u64..40, Just(1_000_000)], 60..200),
            half_window in 0_usize..5, periods in 1_usize..12, excluded in 0_usize..30, which in 0_usize..5,
        ) {
            let limits = [
                Limit::NbPlugin,
                Limit::Muan,
                Limit::Delta(Power::TwoThirds),
                Limit::Delta(Power::Half),
                Limit::Delta(Power::One),
            ];
            let plan = Plan { half_window, periods, excluded, limit: limits[which], ..Plan::default() };
            let at = counts.len() - 1;
            if let Some(verdict) = judge(&counts, at, &earlier_years(at, 26, 5), &plan) {
                prop_assert!(verdict.dispersion >= 1.0 && verdict.expected >= 0.0);
                prop_assert!(verdict.p_value.is_nan() || (0.0..=1.0).contains(&verdict.p_value));
                prop_assert!(!verdict.alarm || counts[at] as f64 > verdict.threshold);
            }
        }
    }
}
