//! ESSENCE detectors of daily series: moving average, adaptive regression, and the switch between them.
//!
//! In: daily counts, for the regression with their dates. Out: for every day an expected count, a test statistic, a
//! p-value and a colour. Not here: sparse series (below about 3 a day the statistics do not hold their level).
//!
//! Source: Burkom, Murphy & Shmueli (2007), "Automated time series forecasting for biosurveillance", Stat Med 26:4202;
//! Burkom (2003), J Urban Health 80:i57; the correction of the moving average's deviation after the ESSENCE/NSSP user
//! notes.

use jiff::civil::Date;

use serde::Deserialize;

use super::settings::{Config, Count, CountFrom, Ignored, Number, Range, Weight, configs};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::least_squares::least_squares;
use numeric::{Continuous, StudentT};

pub(super) const METHOD: Method = Method {
    name: "essence_ewma_switch",
    zh: "ESSENCE 日序列检测：指数加权移动平均、自适应回归及二者切换",
    en: "ESSENCE detectors of daily series: EWMA, adaptive regression, and the switch between them",
    source: "Burkom, Murphy & Shmueli 2007, Stat Med 26:4202; Burkom 2003, J Urban Health 80:i57",
    tables: &[],
    run,
};

/// Fewest days in the baseline of the moving average.
const FEWEST_EWMA: usize = 7;
/// Fewest days in the baseline of the regression: 8 coefficients and 3 degrees of freedom.
const FEWEST_REGRESSION: usize = 11;
/// Coefficients of the regression: intercept, day, six weekdays.
const COEFFICIENTS: f64 = 8.0;

/// Days of history used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Baseline {
    /// Most days in the baseline; at the start of a series it grows up to here.
    pub longest: usize,
    /// Days between the baseline and the tested day.
    pub guard: usize,
}

impl Baseline {
    /// The baseline of day `at`, when it has at least `fewest` days.
    fn of(self, at: usize, fewest: usize) -> Option<std::ops::Range<usize>> {
        let end = at.checked_sub(self.guard)?;
        let start = end.saturating_sub(self.longest);
        (end - start >= fewest).then_some(start..end)
    }
}

/// What a detector says of a day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding {
    /// Expected count.
    pub expected: f64,
    /// Test statistic, about Student's t.
    pub statistic: f64,
    /// Upper tail of the statistic.
    pub p_value: f64,
}

impl Finding {
    /// Red below 0.01, yellow below 0.05, else blue.
    pub fn colour(&self) -> &'static str {
        match self.p_value {
            p if p < 0.01 => "red",
            p if p < 0.05 => "yellow",
            _ => "blue",
        }
    }
}

/// A finding of the regression.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RegressionFinding {
    /// Expected count, statistic, p-value.
    pub finding: Finding,
    /// Share of variance explained, adjusted for the coefficients; `None` for a baseline without variance.
    pub adjusted_r2: Option<f64>,
}

/// Moving averages of two weights, the smaller p-value of the two; one entry per day, `None` before there is a baseline
/// of 7 days.
pub fn ewma(counts: &[u64], baseline: Baseline, weights: [f64; 2]) -> Vec<Option<Finding>> {
    let [slow, quick] = weights.map(|weight| one_ewma(counts, baseline, weight));
    slow.into_iter()
        .zip(quick)
        .map(|(slow, quick)| match (slow, quick) {
            (Some(slow), Some(quick)) => Some(if quick.p_value < slow.p_value { quick } else { slow }),
            _ => None,
        })
        .collect()
}

/// The quantiles that one length of the baseline needs, rounded to five decimals as in the detector's own table.
#[derive(Debug, Clone, Copy)]
struct Quantiles {
    t95: f64,
    t99: f64,
}

fn one_ewma(counts: &[u64], baseline: Baseline, w: f64) -> Vec<Option<Finding>> {
    let keep = 1.0 - w;
    let mut average = counts.first().map_or(0.0, |count| *count as f64);
    let mut known: (usize, Option<Quantiles>) = (0, None);
    let mut findings = Vec::with_capacity(counts.len());
    for (at, count) in counts.iter().enumerate() {
        if at > 0 {
            average = w * *count as f64 + keep * average;
        }
        let Some(window) = baseline.of(at, FEWEST_EWMA) else {
            findings.push(None);
            continue;
        };
        let days = window.len();
        let law = StudentT { df: days as f64 - 1.0 };
        let quantiles = match known {
            (length, Some(quantiles)) if length == days => quantiles,
            _ => {
                let rounded = |quantile: f64| (quantile * 1e5).round() / 1e5;
                Quantiles { t95: rounded(law.quantile_upper(0.05)), t99: rounded(law.quantile_upper(0.01)) }
            }
        };
        known = (days, Some(quantiles));
        let m = days as f64;
        let values = &counts[window];
        let mean = values.iter().map(|count| *count as f64).sum::<f64>() / m;
        let squares: f64 = values.iter().map(|count| (*count as f64 - mean).powi(2)).sum();
        let sd = (squares / (m - 1.0)).sqrt();
        let scale = w / quantiles.t95;
        let smallest = scale * (0.01 + 0.05 * keep * keep);
        let correction = scale * (0.1289 - (0.2414 - 0.1826 * keep.powi(4)) * (10.0 * 0.05_f64).ln());
        let gap = i32::try_from(baseline.guard.saturating_add(1)).unwrap_or(i32::MAX);
        let variance = w / (2.0 - w) + 1.0 / m - 2.0 * keep.powi(gap) * (1.0 - keep.powf(m)) / m;
        let sigma = smallest.max(sd * variance.sqrt() + correction);
        let statistic = (average - mean) / sigma;
        findings.push(Some(Finding { expected: mean, statistic, p_value: law.sf(statistic) }));
        // So that one large day does not mask the next ones.
        if statistic.abs() > quantiles.t99 {
            average = mean + (quantiles.t99 * sigma).copysign(statistic);
        }
    }
    findings
}

/// Linear regression on day and weekday (0 = Monday … 6 = Sunday, one per count); one entry per day, `None` before
/// there is a baseline of 11 days.
pub fn regression(counts: &[u64], weekdays: &[u8], baseline: Baseline) -> Vec<Option<RegressionFinding>> {
    (0..counts.len().min(weekdays.len())).map(|at| regression_at(counts, weekdays, baseline, at)).collect()
}

fn regression_at(counts: &[u64], weekdays: &[u8], baseline: Baseline, at: usize) -> Option<RegressionFinding> {
    let window = baseline.of(at, FEWEST_REGRESSION)?;
    let m = window.len() as f64;
    let row = |day: usize| {
        let mut row = vec![1.0, day as f64 - window.start as f64 + 1.0];
        row.extend((0..6).map(|weekday| f64::from(u8::from(weekdays[day] == weekday))));
        row
    };
    let rows: Vec<Vec<f64>> = window.clone().map(row).collect();
    let columns: Vec<Vec<f64>> = (0..8).map(|column| rows.iter().map(|row| row[column]).collect()).collect();
    let y: Vec<f64> = counts[window.clone()].iter().map(|count| *count as f64).collect();
    let fit = least_squares(&columns, &y);
    let mean = y.iter().sum::<f64>() / m;
    let total: f64 = y.iter().map(|y| (y - mean).powi(2)).sum();
    let rest = fit.residual_squares();
    let adjusted_r2 = (total > 0.0).then(|| 1.0 - rest / total * (m - 1.0) / (m - fit.rank as f64));
    let df = m - COEFFICIENTS;
    let law = StudentT { df };
    let expected = fit.predict(&row(at)).max(0.0);
    let spread = (rest / df * (m + 7.0) * (m - 4.0) / (m * (m - 7.0))).sqrt();
    let sigma = spread.max(0.01 / law.quantile_upper(0.05));
    let statistic = (counts[at] as f64 - expected) / sigma;
    Some(RegressionFinding { finding: Finding { expected, statistic, p_value: law.sf(statistic) }, adjusted_r2 })
}

/// Weekday of a date as [`regression`] takes it.
pub fn weekday(date: Date) -> u8 {
    u8::try_from(date.weekday().to_monday_zero_offset()).unwrap_or(0)
}

/// Which detector a config asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Detector {
    Ewma,
    Regression,
    Switch,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    detector: Detector,
    #[serde(rename = "B")]
    longest: Count,
    #[serde(rename = "g")]
    guard: Count,
    w1: Weight,
    w2: Weight,
    min_adjusted_r2: Number,
    range: Option<Range>,
    #[serde(rename = "start")]
    _start: Ignored,
    #[serde(rename = "freq")]
    _freq: Ignored,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            detector: Detector::Switch,
            longest: CountFrom(28),
            guard: CountFrom(2),
            w1: Weight(0.4),
            w2: Weight(0.9),
            min_adjusted_r2: Number(0.6),
            range: None,
            _start: Ignored,
            _freq: Ignored,
        }
    }
}

fn baseline(config: &Config<Settings>, fewest: usize) -> Result<Baseline, MethodError> {
    let CountFrom(longest) = config.settings.longest;
    if longest < fewest {
        return Err(config.error(format!("`B`: expected at least {fewest} days, found {longest}")));
    }
    Ok(Baseline { longest, guard: config.settings.guard.0 })
}

fn read_weekdays(columns: &Columns) -> Result<Vec<u8>, MethodError> {
    let parse = |(row, text): (usize, &&str)| match text.parse::<Date>() {
        Ok(date) => Ok(weekday(date)),
        Err(_) => Err(columns.error(Some(row), format!("`date` must be a day like 2024-12-31, not `{text}`"))),
    };
    columns.words("date")?.iter().enumerate().map(parse).collect()
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let columns = Columns::read("input", &call.input)?;
    let counts = columns.counts("count")?;
    let dates = columns.words("date")?;
    let mut table =
        Table::new(&["config", "date", "count", "expected", "statistic", "pvalue", "alert", "adjusted_r2", "detector"]);
    for config in configs::<Settings>(&call.config)? {
        let settings = &config.settings;
        let averages = if settings.detector == Detector::Regression {
            vec![None; counts.len()]
        } else {
            ewma(&counts, baseline(&config, FEWEST_EWMA)?, [settings.w1.0, settings.w2.0])
        };
        let regressions = if settings.detector == Detector::Ewma {
            vec![None; counts.len()]
        } else {
            regression(&counts, &read_weekdays(&columns)?, baseline(&config, FEWEST_REGRESSION)?)
        };
        let least_r2 = settings.min_adjusted_r2.0;
        for at in config.points(settings.range, counts.len())? {
            let line = regressions[at].as_ref();
            let good = line.filter(|line| line.adjusted_r2.is_some_and(|share| share >= least_r2));
            let (finding, share, name) = match settings.detector {
                Detector::Ewma => (averages[at], None, Cell::Empty),
                Detector::Regression => {
                    (line.map(|line| line.finding), line.and_then(|line| line.adjusted_r2), Cell::Empty)
                }
                Detector::Switch => match good {
                    Some(line) => (Some(line.finding), None, "Adaptive Multiple Regression".into()),
                    None => (averages[at], None, averages[at].map(|_| "EWMA").into()),
                },
            };
            table.push(vec![
                config.id().into(),
                dates[at].into(),
                counts[at].into(),
                finding.map(|finding| finding.expected).into(),
                finding.map(|finding| finding.statistic).into(),
                finding.map(|finding| finding.p_value).into(),
                finding.map_or("grey", |finding| finding.colour()).into(),
                share.into(),
                name,
            ]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: Baseline = Baseline { longest: 28, guard: 2 };

    fn week(days: usize) -> Vec<u8> {
        (0..7).cycle().take(days).collect()
    }

    #[test]
    fn baselines_grow_from_seven_days_and_stop_at_the_longest() {
        assert_eq!(SHORT.of(8, 7), None);
        assert_eq!(SHORT.of(9, 7), Some(0..7));
        assert_eq!(SHORT.of(40, 7), Some(10..38));
        assert_eq!(SHORT.of(0, 7), None);
    }

    #[test]
    fn a_quiet_series_stays_blue_and_a_jump_turns_red() {
        let mut counts = vec![5; 40];
        counts[30] = 50;
        let findings = ewma(&counts, SHORT, [0.4, 0.9]);
        assert!(findings[..9].iter().all(Option::is_none));
        assert_eq!(findings[20].expect("baseline").colour(), "blue");
        assert!((findings[20].expect("baseline").statistic).abs() < 1e-9);
        assert_eq!(findings[30].expect("baseline").colour(), "red");
        // The average is reset after the jump: the next quiet day is not red on its account for long.
        assert!(findings.iter().flatten().all(|finding| finding.statistic.is_finite()));
    }

    #[test]
    fn a_pure_weekday_pattern_is_explained_by_the_regression() {
        let pattern = [3, 9, 4, 8, 5, 1, 2];
        let counts: Vec<u64> = pattern.iter().copied().cycle().take(60).collect();
        let findings = regression(&counts, &week(60), SHORT);
        assert!(findings[12].is_none() && findings[13].is_some());
        let last = findings[59].expect("baseline");
        assert!((last.finding.expected - counts[59] as f64).abs() < 1e-9);
        assert!((last.adjusted_r2.expect("variance") - 1.0).abs() < 1e-12);
    }

    #[test]
    fn series_without_variance_are_defined() {
        let zeros = vec![0; 60];
        let line = regression(&zeros, &week(60), SHORT)[50].expect("baseline");
        assert_eq!(line.adjusted_r2, None);
        assert!((line.finding.p_value - 0.5).abs() < 1e-12);
        assert!((ewma(&zeros, SHORT, [0.4, 0.9])[50].expect("baseline").p_value - 0.5).abs() < 1e-12);
        assert!(ewma(&[], SHORT, [0.4, 0.9]).is_empty());
        // Weekdays that never occur in the baseline are left out of the model.
        assert!(regression(&zeros, &[3; 60], SHORT)[50].is_some());
    }

    #[test]
    fn wrong_settings_and_dates_are_told() {
        let call =
            |config: &str, input: &str| run(&Call { config: config.into(), input: input.into(), ..Call::default() });
        let input = "date,count\n2024-01-01,3\n";
        assert!(call("{}", input).is_ok());
        for wrong in [r#"{"detector":"x"}"#, r#"{"B":6}"#, r#"{"w1":0}"#, r#"{"g":-1}"#] {
            assert!(call(wrong, input).is_err(), "{wrong}");
        }
        assert!(call("{}", "date,count\n1 May,3\n").is_err());
        assert!(call(r#"{"detector":"ewma"}"#, "date,count\nday 1,3\n").is_ok());
    }
}
