//! Sequential likelihood-ratio detectors of counts with a known expectation: CUSUM for one rate ratio, generalised
//! likelihood ratio (GLR) for an unknown one, Poisson and negative binomial (Höhle & Paul 2008, Comput. Stat. Data
//! Anal. 52:4357), and CUSUM of transformed counts (Rossi, Lampugnani & Marchi 1999, Stat. Med. 18:2111).
//!
//! Streaming: one push per count. Not here: where the expectation comes from, and how rare an alarm is (`cusum_arl`).

use std::collections::VecDeque;

use serde::Deserialize;

use super::settings::{Config, Count, Ignored, NotNegative, Number, Range, configs};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::solve::newton_increasing;

/// As it is listed.
pub(super) const METHOD: Method = Method {
    name: "glr_cusum",
    zh: "泊松/负二项广义似然比与累积和检测（已知期望值）",
    en: "Poisson and negative binomial likelihood-ratio CUSUM and GLR; CUSUM of transformed counts",
    source: "Höhle & Paul 2008, Comput. Stat. Data Anal. 52:4357; Rossi et al. 1999, Stat. Med. 18:2111; Page 1954",
    tables: &[],
    run,
};

/// Which change is looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Direction {
    /// Higher rates.
    #[serde(rename = "inc")]
    Increase,
    /// Lower rates.
    #[serde(rename = "dec")]
    Decrease,
}

/// A detector.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Chart {
    /// ln of the rate ratio that is looked for: likelihood-ratio CUSUM. `None`: maximised over all ratios in
    /// `direction`, and over the beginning of the change (GLR).
    pub known: Option<f64>,
    /// Looked for when the ratio is not known.
    pub direction: Direction,
    /// Dispersion α of the negative binomial law, Var = mu + α·mu²; 0: Poisson.
    pub dispersion: f64,
    /// Alarm at a statistic of at least this; then everything starts afresh.
    pub limit: f64,
    /// GLR: shortest and longest stretch (in counts, up to now) that the change may have lasted; at least 1.
    pub shortest: usize,
    /// `None`: since the last alarm.
    pub longest: Option<usize>,
}

impl Chart {
    /// Poisson GLR for a higher rate over the last `longest` counts.
    pub fn glr(limit: f64, longest: usize) -> Self {
        Self {
            known: None,
            direction: Direction::Increase,
            dispersion: 0.0,
            limit,
            shortest: 1,
            longest: Some(longest),
        }
    }

    /// Poisson CUSUM for the rate ratio `ratio` > 0.
    pub fn cusum(limit: f64, ratio: f64) -> Self {
        Self { known: Some(ratio.ln()), longest: None, ..Self::glr(limit, 1) }
    }
}

/// A detector at work.
#[derive(Debug, Clone)]
pub struct Detector {
    chart: Chart,
    /// The CUSUM, when the ratio is known.
    sum: f64,
    /// Counts and expectations since the last alarm, as far back as they can matter, oldest first.
    recent: VecDeque<(f64, f64)>,
}

/// What a detector says after a count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Verdict {
    /// The statistic, at least 0; infinite when a count came where nothing was possible.
    pub statistic: f64,
    /// Whether it reached the limit.
    pub alarm: bool,
}

impl Detector {
    /// Before the first count.
    pub fn new(chart: Chart) -> Self {
        Self { chart, sum: 0.0, recent: VecDeque::new() }
    }

    /// Takes the next count, with its expectation under "nothing new" (at least 0).
    pub fn push(&mut self, count: u64, mu: f64) -> Verdict {
        let count = count as f64;
        let alpha = self.chart.dispersion;
        let statistic = if let Some(theta) = self.chart.known {
            self.sum = (self.sum + gain(count, mu, theta, alpha)).max(0.0);
            self.sum
        } else {
            self.recent.push_back((count, mu));
            if self.chart.longest.is_some_and(|longest| self.recent.len() > longest) {
                self.recent.pop_front();
            }
            if alpha > 0.0 { self.glr_negative_binomial(alpha) } else { self.glr_poisson() }
        };
        let alarm = statistic >= self.chart.limit;
        if alarm {
            self.sum = 0.0;
            self.recent.clear();
        }
        Verdict { statistic, alarm }
    }

    /// max over stretches of x·ln(x/m) − (x − m), x and m the sums, where x lies on the side of m that is looked for.
    fn glr_poisson(&self) -> f64 {
        let (mut x, mut m, mut best) = (0.0, 0.0, 0.0_f64);
        for (at, (count, mu)) in self.recent.iter().rev().enumerate() {
            x += count;
            m += mu;
            let sought = match self.chart.direction {
                Direction::Increase => x > m,
                Direction::Decrease => x < m,
            };
            if at + 1 >= self.chart.shortest && sought {
                best = best.max(if x > 0.0 { x * (x / m).ln() - (x - m) } else { m });
            }
        }
        best
    }

    /// The same with negative binomial counts: the best ln ratio of each stretch is where the score vanishes (the
    /// log-likelihood is concave in it).
    fn glr_negative_binomial(&self, alpha: f64) -> f64 {
        let recent: Vec<(f64, f64)> = self.recent.iter().rev().copied().collect();
        let sign = if self.chart.direction == Direction::Increase { 1.0 } else { -1.0 };
        let (mut score_at_0, mut best, mut start) = (0.0, 0.0_f64, 0.0);
        let (mut x, mut m) = (0.0, 0.0);
        for (at, &(count, mu)) in recent.iter().enumerate() {
            score_at_0 += (count - mu) / (1.0 + alpha * mu);
            x += count;
            m += mu;
            if at + 1 < self.chart.shortest || score_at_0 * sign <= 0.0 {
                continue;
            }
            let stretch = &recent[..=at];
            let value = if m == 0.0 {
                f64::INFINITY
            } else if x == 0.0 {
                // Best ratio 0: (1/α)·ln(1 + α·mu) in place of mu.
                stretch.iter().map(|(_, mu)| (alpha * mu).ln_1p() / alpha).sum()
            } else {
                let theta = newton_increasing(|theta| score(stretch, theta, alpha), start);
                start = theta;
                stretch.iter().map(|(count, mu)| gain(*count, *mu, theta, alpha)).sum()
            };
            // No number: counts where nothing was expected outweigh all others, so that every higher ratio is better
            // still.
            best = if value.is_nan() { f64::INFINITY } else { best.max(value) };
        }
        best
    }
}

/// ln likelihood ratio of a count between means mu·e^theta and mu: y·θ − mu(e^θ − 1), or with dispersion
/// y·θ + (y + 1/α)·ln((1 + α·mu)/(1 + α·mu·e^θ)).
fn gain(count: f64, mu: f64, theta: f64, alpha: f64) -> f64 {
    let lost = if alpha > 0.0 {
        let (before, after) = (alpha * mu, alpha * mu * theta.exp());
        (count + 1.0 / alpha) * ((after - before) / (1.0 + before)).ln_1p()
    } else {
        mu * theta.exp_m1()
    };
    count * theta - lost
}

/// Minus the score of a stretch in theta, and its slope.
fn score(stretch: &[(f64, f64)], theta: f64, alpha: f64) -> (f64, f64) {
    let ratio = theta.exp();
    stretch.iter().fold((0.0, 0.0), |(value, slope), (count, mu)| {
        let mean = mu * ratio;
        let spread = 1.0 / (1.0 + alpha * mean);
        (value - (count - mean) * spread, slope + (1.0 + alpha * count) * mean * spread * spread)
    })
}

/// How a count becomes a number of about unit variance (m: its mean in control).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Transformation {
    /// (y − m)/√m.
    Standard,
    /// (y − 3m + 2√(ym))/(2√m), Rossi et al. 1999.
    Rossi,
    /// 1.5(y^⅔ − m^⅔)/m^(1/6), Anscombe.
    Anscombe,
    /// y.
    None,
}

impl Transformation {
    /// The number for a count. Not defined (NaN) for m = 0, but for [`Transformation::None`].
    pub fn apply(self, count: f64, m: f64) -> f64 {
        if self != Self::None && m <= 0.0 {
            return f64::NAN;
        }
        match self {
            Self::Standard => (count - m) / m.sqrt(),
            Self::Rossi => (count - 3.0 * m + 2.0 * (count * m).sqrt()) / (2.0 * m.sqrt()),
            Self::Anscombe => 1.5 * ((count * count).cbrt() - (m * m).cbrt()) / m.powf(1.0 / 6.0),
            Self::None => count,
        }
    }

    /// The count for a number, not below 0.
    pub fn invert(self, number: f64, m: f64) -> f64 {
        if number.is_nan() || (self != Self::None && m <= 0.0) {
            return f64::NAN;
        }
        match self {
            Self::Standard => (m + m.sqrt() * number).max(0.0),
            Self::Rossi => {
                let root = (4.0 * m + 2.0 * m.sqrt() * number).max(0.0).sqrt() - m.sqrt();
                root.max(0.0).powi(2)
            }
            Self::Anscombe => ((m * m).cbrt() + number * m.powf(1.0 / 6.0) / 1.5).max(0.0).powf(1.5),
            Self::None => number.max(0.0),
        }
    }
}

/// A CUSUM of transformed counts: S = max(0, S + g(y) − k), alarm at S ≥ h; S goes on after an alarm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TransformedCusum {
    /// g.
    pub transformation: Transformation,
    /// Mean in control.
    pub m: f64,
    /// Reference value.
    pub k: f64,
    /// Limit.
    pub h: f64,
    /// S.
    pub sum: f64,
}

impl TransformedCusum {
    /// Takes the next count: the count at which S would have reached the limit (at least 0), and whether it has. Not
    /// defined (NaN, no alarm, S stays) when the transformation is not.
    pub fn push(&mut self, count: u64) -> (f64, bool) {
        let number = self.transformation.apply(count as f64, self.m);
        let threshold = self.transformation.invert(self.h + self.k - self.sum, self.m);
        if number.is_nan() {
            return (f64::NAN, false);
        }
        self.sum = (self.sum + number - self.k).max(0.0);
        (threshold, self.sum >= self.h)
    }
}

/// `f`: the law of the counts of a GLR chart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Law {
    GlrPois,
    GlrNb,
}

/// `change`: what changes.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Change {
    Intercept,
}

/// What a config says: with `f` of a GLR chart, without of a CUSUM.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    range: Option<Range>,
    // GLR
    f: Option<Law>,
    #[serde(rename = "c.ARL")]
    limit: Option<Number>,
    #[serde(rename = "Mtilde")]
    shortest: Option<Count>,
    /// -1: no window.
    #[serde(rename = "M")]
    longest: Option<Number>,
    #[serde(rename = "change")]
    _change: Option<Change>,
    #[serde(rename = "dir")]
    direction: Option<Direction>,
    theta: Option<Number>,
    alpha: Option<NotNegative>,
    // CUSUM
    k: Option<Number>,
    h: Option<Number>,
    m: Option<NotNegative>,
    #[serde(rename = "trans")]
    transformation: Option<Transformation>,
    #[serde(rename = "start", default)]
    _start: Ignored,
    #[serde(rename = "freq", default)]
    _freq: Ignored,
}

/// A setting that this kind of chart needs.
fn needed<T>(config: &Config<Settings>, key: &str, value: Option<T>) -> Result<T, MethodError> {
    value.ok_or_else(|| config.error(format!("missing field `{key}`")))
}

fn chart(config: &Config<Settings>, law: Law) -> Result<Chart, MethodError> {
    let settings = &config.settings;
    let dispersion = match law {
        Law::GlrPois => 0.0,
        Law::GlrNb => needed(config, "alpha", settings.alpha)?.0,
    };
    // A window of M looks for changes that began M to Mtilde counts ago, so that last M + 1 to Mtilde + 1 counts;
    // without a window any that lasts Mtilde counts.
    let shortest = settings.shortest.map_or(1, |shortest| shortest.0);
    let (shortest, longest) = match settings.longest.map_or(-1.0, |longest| longest.0) {
        -1.0 => (shortest.max(1), None),
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: whole and small")]
        longest if longest.fract() == 0.0 && (0.0..9e15).contains(&longest) => {
            (shortest + 1, Some(longest as usize + 1))
        }
        longest => return Err(config.error(format!("`M`: expected a whole number ≥ 0, or -1, found {longest}"))),
    };
    Ok(Chart {
        known: settings.theta.map(|theta| theta.0),
        direction: settings.direction.unwrap_or(Direction::Increase),
        dispersion,
        limit: needed(config, "c.ARL", settings.limit)?.0,
        shortest,
        longest,
    })
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let input = Columns::read("input", &call.input)?;
    let counts = input.counts("count")?;
    let all = configs::<Settings>(&call.config)?;
    let transformed = all.first().is_some_and(|config| config.settings.f.is_none());
    if let Some(other) = all.iter().find(|config| config.settings.f.is_none() != transformed) {
        return Err(
            other.error("GLR settings (`f`) and CUSUM settings (`trans`) must not be mixed: one table is printed")
        );
    }
    if transformed { cusum_table(&input, &counts, &all) } else { glr_table(&input, &counts, &all) }
}

fn glr_table(input: &Columns, counts: &[u64], all: &[Config<Settings>]) -> Result<Answer, MethodError> {
    let mu0 = input.numbers("mu0")?;
    if let Some(row) = mu0.iter().position(|mu| *mu < 0.0) {
        return Err(input.error(Some(row), format!("`mu0` must be at least 0, not {}", mu0[row])));
    }
    let mut table = Table::new(&["config", "index", "count", "stat", "alarm"]);
    for config in all {
        let law = needed(config, "f", config.settings.f)?;
        let mut detector = Detector::new(chart(config, law)?);
        for at in config.points(config.settings.range, counts.len())? {
            let verdict = detector.push(counts[at], mu0[at]);
            table.push(vec![
                Cell::from(config.id()),
                (at + 1).into(),
                counts[at].into(),
                verdict.statistic.into(),
                verdict.alarm.into(),
            ]);
        }
    }
    Ok(Answer::Table(table))
}

fn cusum_table(input: &Columns, counts: &[u64], all: &[Config<Settings>]) -> Result<Answer, MethodError> {
    let mut table = Table::new(&["config", "index", "count", "cusum", "threshold", "alarm"]);
    for config in all {
        let settings = &config.settings;
        let transformation = settings.transformation.unwrap_or(Transformation::Standard);
        let range = config.points(settings.range, counts.len())?;
        let history = &counts[..range.start];
        let m = match settings.m {
            Some(NotNegative(m)) => m,
            None if history.is_empty() && transformation != Transformation::None => {
                let first = range.start + 1;
                return Err(
                    input.error(None, format!("no count before the range (from {first}) to take the mean `m` from"))
                );
            }
            None => history.iter().map(|&count| count as f64).sum::<f64>() / history.len() as f64,
        };
        let (k, h) = (needed(config, "k", settings.k)?.0, needed(config, "h", settings.h)?.0);
        let mut cusum = TransformedCusum { transformation, m, k, h, sum: 0.0 };
        for at in range {
            let (threshold, alarm) = cusum.push(counts[at]);
            let sum = if threshold.is_nan() { Cell::Empty } else { cusum.sum.into() };
            let id = Cell::from(config.id());
            table.push(vec![id, (at + 1).into(), counts[at].into(), sum, threshold.into(), alarm.into()]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
#[expect(clippy::float_cmp, reason = "exact by construction")]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn statistics(chart: Chart, counts: &[u64], mu: f64) -> Vec<f64> {
        let mut detector = Detector::new(chart);
        counts.iter().map(|&count| detector.push(count, mu).statistic).collect()
    }

    const NEVER: f64 = f64::INFINITY;

    #[test]
    fn a_known_ratio_is_summed_from_zero_up() {
        let double = 2.0_f64.ln();
        let found = statistics(Chart::cusum(NEVER, 2.0), &[0, 3, 2], 1.0);
        let expected = [0.0, 3.0 * double - 1.0, 5.0 * double - 2.0];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?}");
    }

    #[test]
    fn an_unknown_ratio_takes_the_best_stretch() {
        let llr = |x: f64, m: f64| x * (x / m).ln() - (x - m);
        let found = statistics(Chart::glr(NEVER, 12), &[1, 4, 3, 0], 1.0);
        let expected = [0.0, llr(4.0, 1.0), llr(7.0, 2.0), llr(7.0, 3.0)];
        assert!(found.iter().zip(expected).all(|(a, b)| (a - b).abs() < 1e-14), "{found:?}");
        // Only the last two counts.
        assert!((statistics(Chart::glr(NEVER, 2), &[1, 4, 3, 0], 1.0)[3] - llr(3.0, 2.0)).abs() < 1e-14);
        // At least two counts.
        let found = statistics(Chart { shortest: 2, ..Chart::glr(NEVER, 12) }, &[4, 1], 1.0);
        assert_eq!(found[0], 0.0);
        assert!((found[1] - llr(5.0, 2.0)).abs() < 1e-14);
    }

    #[test]
    fn after_an_alarm_everything_starts_afresh() {
        for chart in [Chart::glr(3.0, 99), Chart::cusum(3.0, 2.0), Chart { dispersion: 0.2, ..Chart::glr(3.0, 99) }] {
            let mut detector = Detector::new(chart);
            assert!(detector.push(20, 1.0).alarm);
            assert_eq!(detector.push(1, 1.0), Verdict { statistic: 0.0, alarm: false });
        }
    }

    #[test]
    fn a_decrease_is_seen_and_an_increase_is_not() {
        let down = Chart { direction: Direction::Decrease, ..Chart::glr(NEVER, 9) };
        assert_eq!(statistics(down, &[9, 9], 3.0), [0.0, 0.0]);
        assert!((statistics(down, &[0, 0], 3.0)[1] - 6.0).abs() < 1e-14);
        let spread = Chart { dispersion: 0.5, ..down };
        assert!((statistics(spread, &[0, 0], 3.0)[1] - 4.0 * 2.5_f64.ln()).abs() < 1e-12);
        assert_eq!(statistics(spread, &[9, 9], 3.0), [0.0, 0.0]);
        assert!(statistics(spread, &[1, 1], 3.0)[1] > 0.1);
        assert_eq!(statistics(Chart { known: Some(-1.0), ..down }, &[9], 3.0), [0.0]);
    }

    #[test]
    fn an_event_where_nothing_was_expected_is_infinitely_telling_but_for_a_known_ratio() {
        for dispersion in [0.0, 0.3] {
            let glr = Chart { dispersion, ..Chart::glr(5.0, 9) };
            assert_eq!(statistics(glr, &[0, 0, 1, 0], 0.0), [0.0, 0.0, f64::INFINITY, 0.0]);
            let known = Chart { dispersion, ..Chart::cusum(5.0, 2.0) };
            assert_eq!(statistics(known, &[0, 1, 0], 0.0), [0.0, 2.0_f64.ln(), 2.0_f64.ln()]);
            let mut mixed = Detector::new(Chart { dispersion, shortest: 2, ..Chart::glr(5.0, 9) });
            mixed.push(0, 0.5);
            let statistic = mixed.push(1_000, 0.0).statistic;
            assert!(statistic > 1_000.0, "{statistic}");
        }
    }

    #[test]
    fn huge_counts_and_spreads_stay_numbers() {
        for dispersion in [1e-12, 1e-3, 1.0, 1e6] {
            let chart = Chart { dispersion, ..Chart::glr(NEVER, 50) };
            let found = statistics(chart, &[0, 1_000_000, 0, 5, 1_000_000], 0.01);
            assert!(found.iter().all(|value| value.is_finite() && *value >= 0.0), "{dispersion} {found:?}");
            assert!(found[1] > 0.0);
        }
    }

    #[test]
    fn transformations_have_their_inverse_and_vanish_at_the_mean() {
        for transformation in
            [Transformation::Standard, Transformation::Rossi, Transformation::Anscombe, Transformation::None]
        {
            for count in [0.0, 1.0, 7.0, 1e6] {
                let back = transformation.invert(transformation.apply(count, 2.5), 2.5);
                assert!((back - count).abs() < 1e-9 * (1.0 + count), "{transformation:?} {count} {back}");
            }
            assert_eq!(transformation.invert(-1e3, 2.5), 0.0);
            if transformation != Transformation::None {
                assert!(transformation.apply(2.5, 2.5).abs() < 1e-15);
                assert!(transformation.apply(1.0, 0.0).is_nan());
            }
        }
    }

    #[test]
    fn the_threshold_is_the_count_that_reaches_the_limit_and_the_sum_goes_on() {
        let mut cusum = TransformedCusum { transformation: Transformation::None, m: 0.0, k: 2.0, h: 3.0, sum: 0.0 };
        assert_eq!(cusum.push(4), (5.0, false));
        assert_eq!(cusum.push(3), (3.0, true));
        assert_eq!(cusum.push(2), (2.0, true));
        let mut cusum = TransformedCusum { transformation: Transformation::Rossi, m: 0.0, k: 1.0, h: 2.0, sum: 0.0 };
        assert!(cusum.push(4).0.is_nan() && cusum.sum == 0.0);
    }

    #[test]
    fn a_history_is_needed_for_the_mean_and_one_kind_of_table_is_printed() {
        let input = "index,date,count,mu0\n1,,3,1\n2,,0,1\n".to_owned();
        let answer = |config: &str| run(&Call { config: config.to_owned(), input: input.clone(), ..Call::default() });
        assert!(answer(r#"{"k": 1, "h": 2, "m": null, "trans": "rossi"}"#).is_err());
        assert!(answer(r#"{"k": 1, "h": 2, "m": null, "trans": "rossi", "range": [2, 2]}"#).is_ok());
        assert!(answer(r#"{"f": "glrnb", "c.ARL": 5}"#).is_err());
        assert!(answer(r#"{"configs": {"a": {"f": "glrpois", "c.ARL": 5}, "b": {"k": 1, "h": 2, "m": 1}}}"#).is_err());
        assert!(answer(r#"{"f": "glrpois", "c.ARL": 5, "change": "epi"}"#).is_err());
    }

    proptest! {
        #[test]
        fn a_negative_binomial_with_no_spread_is_poisson(
            series in prop::collection::vec((0_u64..12, 0.1_f64..6.0), 1..25), down in any::<bool>(),
        ) {
            let direction = if down { Direction::Decrease } else { Direction::Increase };
            let chart = Chart { direction, shortest: 1, ..Chart::glr(4.0, 8) };
            let mut poisson = Detector::new(chart);
            let mut spread = Detector::new(Chart { dispersion: 1e-10, ..chart });
            for (count, mu) in series {
                let (a, b) = (poisson.push(count, mu).statistic, spread.push(count, mu).statistic);
                prop_assert!((a - b).abs() < 1e-6 * (1.0 + a), "{} {}", a, b);
            }
        }

        #[test]
        fn no_ratio_on_a_grid_beats_the_maximum(series in prop::collection::vec((0_u64..9, 0.1_f64..4.0), 1..10)) {
            let mut detector = Detector::new(Chart { dispersion: 0.4, ..Chart::glr(NEVER, 99) });
            let mut last = 0.0;
            for &(count, mu) in &series {
                last = detector.push(count, mu).statistic;
            }
            let mut best = 0.0_f64;
            for from in 0..series.len() {
                for step in 0..400 {
                    let theta = f64::from(step) * 0.02;
                    let sum: f64 = series[from..].iter().map(|&(count, mu)| gain(count as f64, mu, theta, 0.4)).sum();
                    best = best.max(sum);
                }
            }
            prop_assert!(last >= best - 1e-10 && last <= best + 0.05 * series.len() as f64);
        }
    }
}
