//! Nowcasting: how many events of a past day will be known in the end, given how many are known now.
//!
//! In: for every event known now its age and its reporting delay, in days. Out: the distribution of the delay, and for
//! a day the median and an interval of its final count. Not here: dates of arrival beyond now (they are ignored),
//! trends of the delay.
//!
//! Sources: Kalbfleisch & Lawless (1991), Stat Sinica 1:19; Lawless (1994), Can J Stat 22:15; Höhle & an der Heiden
//! (2014), Biometrics 70:993.

use jiff::civil::Date;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use serde_json::{Value, json};

use super::settings::{Config, Count, List, Positive, Share, only};
use super::{Answer, Call, Columns, Method, MethodError, Table};
use numeric::draw::Draw;
use numeric::{Continuous, Discrete, NegativeBinomial, Normal, Poisson, ln_beta, ln_choose};
use vocabulary::{SHOWN_CHARS, excerpt};

pub(super) const METHOD: Method = Method {
    name: "nowcast",
    zh: "即时预测：按报告延迟估计已发生而未报告的事件数",
    en: "Nowcasting: events that happened but are not yet reported, from reporting delays",
    source: "Lawless 1994, Can J Stat 22:15; Höhle & an der Heiden 2014, Biometrics 70:993",
    tables: &["delay_cdf"],
    run,
};

/// Known events by their delay: what the delay distribution is estimated from.
#[derive(Debug, Clone, PartialEq)]
pub struct Delays {
    /// Events with a delay of d days, of those at least d days old.
    with: Vec<u64>,
    /// Events with a delay of at most d days, of those at least d days old.
    within: Vec<u64>,
}

impl Delays {
    /// Counts `events`, each (age, delay) in days, for delays of 0 to `longest` days; longer ones are left out, and so
    /// are events older than `window` days if there is one. A delay longer than the age is from the future and left out
    /// too.
    pub fn new(events: impl IntoIterator<Item = (u32, u32)>, longest: u32, window: Option<u32>) -> Self {
        let length = longest as usize + 1;
        // By delay and by how many of the delays 0..=longest the event's age has shown; then summed from the oldest on.
        let mut table = vec![vec![0_u64; length]; length];
        for (age, delay) in events {
            if delay <= longest && delay <= age && window.is_none_or(|window| age <= window) {
                table[delay as usize][age.min(longest) as usize] += 1;
            }
        }
        for row in &mut table {
            for age in (1..length).rev() {
                row[age - 1] += row[age];
            }
        }
        Self {
            with: (0..length).map(|d| table[d][d]).collect(),
            within: (0..length).map(|d| table[..=d].iter().map(|row| row[d]).sum()).collect(),
        }
    }

    /// Longest delay D, in days.
    pub fn longest(&self) -> usize {
        self.with.len() - 1
    }

    /// F(d) = P(delay ≤ d) for d = 0..=D: Π_{j>d} (1 − g(j)), g(j) = n(delay = j)/n(delay ≤ j) among events old enough
    /// to have shown delay j. A delay for which no event is old enough counts as not occurring.
    pub fn distribution(&self) -> Vec<f64> {
        let mut distribution = vec![1.0; self.with.len()];
        for d in (1..self.with.len()).rev() {
            let hazard = if self.within[d] == 0 { 0.0 } else { self.with[d] as f64 / self.within[d] as f64 };
            distribution[d - 1] = distribution[d] * (1.0 - hazard);
        }
        distribution
    }

    /// Shapes of the Dirichlet posterior of the delay with prior weight `kappa` per day, summed up to and beyond delay
    /// `d`: what ignores that long delays have not been seen yet.
    fn shapes(&self, d: usize, kappa: f64) -> (f64, f64) {
        let sum = |counts: &[u64]| counts.iter().sum::<u64>() as f64 + kappa * counts.len() as f64;
        (sum(&self.with[..=d]), sum(&self.with[d + 1..]))
    }

    /// For d = 0..=D points of equal weight of the posterior law of F(d) under right truncation: the reverse-time
    /// hazards g(j) are independent Beta(κ + n(j), jκ + n(<j)), the generalised Dirichlet law.
    fn distribution_points(&self, kappa: f64, seed: u64) -> Vec<Vec<f64>> {
        const DRAWS: usize = 16_384;
        const POINTS: usize = 256;
        let mut draw = Draw::at(seed, 0);
        let mut current = vec![1.0_f64; DRAWS];
        let mut points = vec![vec![1.0]];
        for d in (1..self.with.len()).rev() {
            let now = kappa + self.with[d] as f64;
            let before = kappa * d as f64 + (self.within[d] - self.with[d]) as f64;
            for value in &mut current {
                let (x, y) = (draw.gamma(now), draw.gamma(before));
                *value *= if x + y > 0.0 { y / (x + y) } else { 0.5 };
            }
            let mut sorted = current.clone();
            sorted.sort_by(f64::total_cmp);
            let mean = |chunk: &[f64]| chunk.iter().sum::<f64>() / chunk.len() as f64;
            points.push(sorted.chunks(DRAWS / POINTS).map(mean).collect());
        }
        points.reverse();
        points
    }
}

/// What is known of a day's final count before any report.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Prior {
    /// Poisson with a gamma rate of this mean and variance.
    PoissonGamma {
        /// Mean of the rate, > 0.
        mean: f64,
        /// Variance of the rate, > 0.
        variance: f64,
    },
    /// Poisson of this mean.
    Poisson {
        /// Mean, > 0.
        mean: f64,
    },
    /// All counts alike.
    Uniform,
}

impl Prior {
    fn ln_pmf(self, count: u64) -> f64 {
        match self {
            Self::PoissonGamma { mean, variance } => NegativeBinomial::new(mean, mean * mean / variance).ln_pmf(count),
            Self::Poisson { mean } => Poisson { mean }.ln_pmf(count),
            Self::Uniform => 0.0,
        }
    }
}

/// Which nowcast.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Approach {
    /// Known count over F, normal law (Lawless).
    #[serde(rename = "lawless")]
    Lawless,
    /// Bayes, the delay's truncation ignored.
    #[serde(rename = "bayes.notrunc")]
    NoTruncation,
    /// Bayes, right truncation of the delay by the generalised Dirichlet law; by Monte Carlo.
    #[serde(rename = "bayes.trunc")]
    Truncation,
    /// Bayes, truncation ignored, no prior of the count: beta negative binomial.
    #[serde(rename = "bayes.notrunc.bnb")]
    NoTruncationBnb,
    /// No knowledge of the delay: every count from the known one up to the largest.
    #[serde(rename = "unif")]
    Uniform,
}

impl Approach {
    const fn name(self) -> &'static str {
        match self {
            Self::Lawless => "lawless",
            Self::NoTruncation => "bayes.notrunc",
            Self::Truncation => "bayes.trunc",
            Self::NoTruncationBnb => "bayes.notrunc.bnb",
            Self::Uniform => "unif",
        }
    }
}

/// Settings of a nowcast.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Setting {
    /// Level of the interval is 1 − α.
    pub alpha: f64,
    /// Largest final count considered.
    pub largest: u64,
    /// Prior of the final count.
    pub prior: Prior,
    /// Prior weight of every delay, > 0.
    pub kappa: f64,
}

/// Final count of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Estimate {
    /// Median.
    pub median: u64,
    /// α/2 quantile.
    pub lower: u64,
    /// 1 − α/2 quantile.
    pub upper: u64,
}

/// The delay distribution in the forms that the approaches need, computed once.
#[derive(Debug, Clone)]
pub struct Nowcast {
    delays: Delays,
    distribution: Vec<f64>,
    points: Option<Vec<Vec<f64>>>,
    setting: Setting,
}

impl Nowcast {
    /// Prepares nowcasts. Draws are made only if `truncation` will be asked for; the same `seed` gives the same answer.
    pub fn new(delays: Delays, setting: Setting, truncation: bool, seed: u64) -> Self {
        let points = truncation.then(|| delays.distribution_points(setting.kappa, seed));
        Self { distribution: delays.distribution(), delays, points, setting }
    }

    /// The final count of a day `age` days ago of which `known` events are known. `None`: not defined (known events,
    /// but none ever had so short a delay; or Monte Carlo that was not prepared).
    pub fn estimate(&self, approach: Approach, age: usize, known: u64) -> Option<Estimate> {
        let certain = Estimate { median: known, lower: known, upper: known };
        if approach == Approach::Uniform {
            let size = self.setting.largest.saturating_sub(known) as f64 + 1.0;
            return Some(self.quantiles(known, |above| (above + 1.0) / size, true));
        }
        if age >= self.delays.longest() {
            return Some(certain);
        }
        match approach {
            Approach::Lawless => self.lawless(self.distribution[age], known),
            Approach::NoTruncation => {
                let (a, b) = self.delays.shapes(age, self.setting.kappa);
                self.posterior(known, |count| {
                    let missing = (count - known) as f64;
                    self.setting.prior.ln_pmf(count) + ln_choose(count, known) + ln_beta(a + known as f64, b + missing)
                })
            }
            Approach::NoTruncationBnb => {
                let (a, b) = self.delays.shapes(age, self.setting.kappa);
                self.posterior(known, |count| {
                    let missing = (count - known) as f64;
                    ln_choose(count, known) + ln_beta(a + known as f64 + 1.0, b + missing)
                })
            }
            Approach::Truncation => {
                let points = &self.points.as_ref()?[age];
                let logs: Vec<(f64, f64)> =
                    points.iter().map(|share| (share.max(1e-300).ln(), (-share).ln_1p().max(-700.0))).collect();
                self.posterior(known, |count| {
                    let missing = (count - known) as f64;
                    let terms: Vec<f64> = logs.iter().map(|(seen, not)| known as f64 * seen + missing * not).collect();
                    let sum = numeric::special::ln_sum_exp(&terms);
                    self.setting.prior.ln_pmf(count) + ln_choose(count, known) + sum
                })
            }
            Approach::Uniform => None,
        }
    }

    /// Normal law of mean n/F and variance n(1 − F)/F², in whole numbers from n on: Φ at the count over the mass above
    /// n, as the published program has it.
    fn lawless(&self, share: f64, known: u64) -> Option<Estimate> {
        if known == 0 {
            return Some(Estimate { median: 0, lower: 0, upper: 0 });
        }
        if share <= 0.0 {
            return None;
        }
        let law = Normal { mean: known as f64 / share, sd: (known as f64 * (1.0 - share)).sqrt() / share };
        if law.sd <= 0.0 {
            return Some(Estimate { median: known, lower: known, upper: known });
        }
        let mass = law.sf(known as f64);
        Some(self.quantiles(known, |above| law.cdf(known as f64 + above) / mass, false))
    }

    /// Quantiles of the posterior over counts from `known` to the largest, from its logarithm up to a constant.
    fn posterior(&self, known: u64, ln_weight: impl Fn(u64) -> f64) -> Option<Estimate> {
        let weights: Vec<f64> = (known..=self.setting.largest.max(known)).map(ln_weight).collect();
        let peak = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if !peak.is_finite() {
            return None;
        }
        let mut sum = 0.0;
        let cumulated: Vec<f64> = weights
            .iter()
            .map(|weight| {
                sum += (weight - peak).exp();
                sum
            })
            .collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an index made below")]
        let at = |above: f64| cumulated.get(above as usize).map_or(1.0, |part| part / sum);
        Some(self.quantiles(known, at, false))
    }

    /// Smallest counts from `known` on at which `cdf` (of how far above `known`) reaches the wanted shares; `beyond`:
    /// exceeds them.
    fn quantiles(&self, known: u64, cdf: impl Fn(f64) -> f64, beyond: bool) -> Estimate {
        let quantile = |share: f64| {
            // A tie is decided beside rounding errors.
            let reached = |above: u64| {
                let part = cdf(above as f64);
                if beyond { part > share * (1.0 + 1e-12) } else { part >= share }
            };
            let mut step = 1_u64;
            let mut high = 0_u64;
            while !reached(high) && high < 1 << 50 {
                high += step;
                step *= 2;
            }
            let mut low = high.saturating_sub(step / 2);
            while low < high {
                let middle = low + (high - low) / 2;
                if reached(middle) {
                    high = middle;
                } else {
                    low = middle + 1;
                }
            }
            known + high
        };
        let tail = 0.5 * self.setting.alpha;
        Estimate { median: quantile(0.5), lower: quantile(tail), upper: quantile(1.0 - tail) }
    }
}

/// A day as `2024-12-31`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "String")]
struct Day(Date);

impl TryFrom<String> for Day {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
            .map(Self)
            .map_err(|_| format!("expected a day like 2024-12-31, found `{}`", excerpt(&text, SHOWN_CHARS)))
    }
}

/// `N_tInf_prior`: a prior with its settings.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "lowercase", deny_unknown_fields)]
enum PriorSettings {
    PoisGamma { mean_lambda: Positive, var_lambda: Positive },
    Pois { mean_lambda: Positive },
    Unif,
}

/// A prior; `"unif"` may stand for `{"type": "unif"}`.
fn prior<'de, D: Deserializer<'de>>(from: D) -> Result<Prior, D::Error> {
    let value = Value::deserialize(from)?;
    let value = if value.is_string() { json!({ "type": value }) } else { value };
    Ok(match PriorSettings::deserialize(value).map_err(D::Error::custom)? {
        PriorSettings::PoisGamma { mean_lambda, var_lambda } => {
            Prior::PoissonGamma { mean: mean_lambda.0, variance: var_lambda.0 }
        }
        PriorSettings::Pois { mean_lambda } => Prior::Poisson { mean: mean_lambda.0 },
        PriorSettings::Unif => Prior::Uniform,
    })
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    now: Day,
    when: List<Day>,
    #[serde(rename = "D")]
    longest: Option<Count>,
    /// Days over which the delay is learned; all when it is not given.
    m: Option<Count>,
    methods: Option<List<Approach>>,
    alpha: Option<Share>,
    #[serde(rename = "N_tInf_max")]
    largest: Option<Count>,
    #[serde(rename = "N_tInf_prior", default = "Settings::prior", deserialize_with = "prior")]
    prior: Prior,
    gd_prior_kappa: Option<Positive>,
}

/// Most days, days of delay and counts that a nowcast takes.
const DAYS_MAX: i64 = 100_000;
const DELAY_MAX: u32 = 1_000;
const COUNT_MAX: u64 = 100_000;

impl Settings {
    const fn prior() -> Prior {
        Prior::Uniform
    }
}

/// Whole days from one date to another.
fn days(from: Date, to: Date) -> i64 {
    i64::from(to.since(from).map_or(0, |span| span.get_days()))
}

/// The days to be nowcast: first and last, or one, or a list of more than two.
fn wanted_days(config: &Config<Settings>) -> Result<Vec<Date>, MethodError> {
    let (List(list), Day(now)) = (&config.settings.when, config.settings.now);
    let wanted: Vec<Date> = match list[..] {
        [] => return Err(config.error("`when`: expected at least one day")),
        [Day(first), Day(last)] if first <= last => {
            if days(first, last) > DAYS_MAX {
                return Err(
                    config.error(format!("`when`: expected at most {DAYS_MAX} days, found {}", days(first, last)))
                );
            }
            first.series(jiff::Span::new().days(1)).take_while(|date| *date <= last).collect()
        }
        [Day(first), Day(last)] => {
            return Err(config.error(format!("`when`: it ends on {last}, before it begins on {first}")));
        }
        _ => list.iter().map(|day| day.0).collect(),
    };
    match wanted.iter().find(|date| **date > now) {
        Some(late) => Err(config.error(format!("`when`: it holds {late}, after `now`, {now}"))),
        None => Ok(wanted),
    }
}

fn setting(config: &Config<Settings>) -> Result<Setting, MethodError> {
    let settings = &config.settings;
    let largest = settings.largest.map_or(300, |largest| largest.0 as u64);
    if largest > COUNT_MAX {
        return Err(config.error(format!("`N_tInf_max`: expected at most {COUNT_MAX}, found {largest}")));
    }
    let alpha = settings.alpha.map_or(0.05, |alpha| alpha.0);
    Ok(Setting { alpha, largest, prior: settings.prior, kappa: settings.gd_prior_kappa.map_or(0.1, |kappa| kappa.0) })
}

/// Events known `now`: date, age and delay in days. Reports later than `now`, or than `longest` days after the event,
/// do not count.
fn known_events(columns: &Columns, now: Date, longest: u32) -> Result<Vec<(Date, u32, u32)>, MethodError> {
    let read = |name: &str| {
        let parse = |(row, word): (usize, &&str)| {
            let wrong = || columns.error(Some(row), format!("`{name}` must be a day like 2024-12-31, not `{word}`"));
            word.parse::<Date>().map_err(|_| wrong())
        };
        columns.words(name)?.iter().enumerate().map(parse).collect::<Result<Vec<Date>, _>>()
    };
    let (events, reports) = (read("event")?, read("report")?);
    let mut known = Vec::new();
    for (row, (event, report)) in events.into_iter().zip(reports).enumerate() {
        if report > now {
            continue;
        }
        let (Ok(age), Ok(delay)) = (u32::try_from(days(event, now)), u32::try_from(days(event, report))) else {
            return Err(columns.error(Some(row), format!("`report`, {report}, is before `event`, {event}")));
        };
        if delay <= longest {
            known.push((event, age, delay));
        }
    }
    Ok(known)
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let config = only::<Settings>(&call.config)?;
    let settings = &config.settings;
    let Day(now) = settings.now;
    let longest = settings.longest.map_or(15, |longest| u32::try_from(longest.0).unwrap_or(u32::MAX));
    if longest > DELAY_MAX {
        return Err(config.error(format!("`D`: expected at most {DELAY_MAX} days, found {longest}")));
    }
    let window = settings.m.map(|window| u32::try_from(window.0).unwrap_or(u32::MAX));
    let events = known_events(&Columns::read("input", &call.input)?, now, longest)?;
    let delays = Delays::new(events.iter().map(|(_, age, delay)| (*age, *delay)), longest, window);
    match call.table.as_deref() {
        None => {}
        Some("delay_cdf") => {
            let mut table = Table::new(&["delay", "F"]);
            for (delay, share) in delays.distribution().into_iter().enumerate() {
                table.push(vec![delay.into(), share.into()]);
            }
            return Ok(Answer::Table(table));
        }
        Some(other) => {
            return Err(MethodError::Table { method: METHOD.name, table: other.to_owned(), known: "delay_cdf" });
        }
    }
    let approaches = settings.methods.as_ref().map_or(&[Approach::Lawless][..], |List(methods)| methods);
    let truncation = approaches.contains(&Approach::Truncation);
    let nowcast = Nowcast::new(delays, setting(&config)?, truncation, call.seed);
    let wanted = wanted_days(&config)?;
    let mut counts = std::collections::HashMap::new();
    for (event, ..) in &events {
        *counts.entry(*event).or_insert(0_u64) += 1;
    }
    let mut table = Table::new(&["method", "date", "observed", "estimate", "lo", "hi"]);
    for &approach in approaches {
        for date in &wanted {
            let known = counts.get(date).copied().unwrap_or(0);
            let age = usize::try_from(days(*date, now)).unwrap_or(0);
            let estimate = nowcast.estimate(approach, age, known);
            table.push(vec![
                approach.name().into(),
                date.to_string().as_str().into(),
                known.into(),
                estimate.map(|estimate| estimate.median).into(),
                estimate.map(|estimate| estimate.lower).into(),
                estimate.map(|estimate| estimate.upper).into(),
            ]);
        }
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ALL: [Approach; 5] =
        [Approach::Lawless, Approach::NoTruncation, Approach::Truncation, Approach::NoTruncationBnb, Approach::Uniform];
    const SETTING: Setting = Setting { alpha: 0.05, largest: 200, prior: Prior::Uniform, kappa: 0.1 };

    /// `count` events of an age and a delay.
    fn many(age: u32, delay: u32, count: usize) -> impl Iterator<Item = (u32, u32)> {
        std::iter::repeat_n((age, delay), count)
    }

    #[test]
    fn the_delay_distribution_is_a_product_of_reverse_hazards() {
        // Old events: 4 with delay 0, 4 with 1, 2 with 2. An event of today with delay 0 says nothing of longer delays.
        let events = many(9, 0, 4).chain(many(9, 1, 4)).chain(many(9, 2, 2)).chain(many(0, 0, 7));
        let got = Delays::new(events, 2, None).distribution();
        for (got, want) in got.iter().zip([0.4, 0.8, 1.0]) {
            assert!((got - want).abs() < 1e-15, "{got}");
        }
        // Longer delays and events older than the window are left out.
        let events = many(9, 0, 4).chain(many(9, 5, 4)).chain(many(3, 1, 1)).chain(many(3, 0, 1));
        let got = Delays::new(events, 2, Some(4)).distribution();
        assert!((got[0] - 0.5).abs() < 1e-15 && (got[1] - 1.0).abs() < 1e-15);
        assert_eq!(Delays::new([], 2, None).distribution(), [1.0, 1.0, 1.0]);
        assert_eq!(Delays::new([(3, 1)], 0, None).distribution(), [1.0]);
    }

    fn nowcast() -> Nowcast {
        let events = many(30, 0, 400).chain(many(30, 1, 400)).chain(many(30, 2, 200));
        Nowcast::new(Delays::new(events, 2, None), SETTING, true, 1)
    }

    #[test]
    fn all_approaches_agree_where_the_delay_is_well_known() {
        // F(0) = 0.4: 20 known of about 50; F(1) = 0.8: 40 of about 50.
        for approach in ALL {
            if approach == Approach::Uniform {
                continue;
            }
            for (age, known) in [(0, 20), (1, 40)] {
                let estimate = nowcast().estimate(approach, age, known).expect("defined");
                assert!(estimate.median.abs_diff(50) <= 2, "{approach:?} {estimate:?}");
                assert!(
                    estimate.lower >= known && estimate.lower < 50 && estimate.upper > 50,
                    "{approach:?} {estimate:?}"
                );
            }
            let done = nowcast().estimate(approach, 2, 33).expect("defined");
            assert_eq!((done.lower, done.median, done.upper), (33, 33, 33));
        }
    }

    #[test]
    fn the_beta_negative_binomial_of_one_delay_has_closed_form() {
        // κ → 0, 1 event within, 1 beyond: P(N = 0 | n = 0) = a/(a + b) = ½ by B(a+1, b)/B(a, b).
        let delays = Delays::new([(9, 0), (9, 1)], 1, None);
        let setting = Setting { kappa: 1e-12, largest: 1_000_000, ..SETTING };
        let nowcast = Nowcast::new(delays, setting, false, 1);
        let estimate = nowcast.estimate(Approach::NoTruncationBnb, 0, 0).expect("defined");
        // P(N ≤ k) = 1 − 1/(k + 2) of all, over what lies up to the largest: 0.975 at k = 38.
        assert_eq!((estimate.lower, estimate.upper), (0, 38));
    }

    #[test]
    fn no_knowledge_gives_the_middle_of_all_counts() {
        let estimate = nowcast().estimate(Approach::Uniform, 0, 100).expect("defined");
        assert_eq!((estimate.lower, estimate.median, estimate.upper), (102, 150, 198));
        // More known than the largest count considered: what is known.
        let estimate = nowcast().estimate(Approach::Uniform, 0, 900).expect("defined");
        assert_eq!((estimate.lower, estimate.median, estimate.upper), (900, 900, 900));
        let estimate = nowcast().estimate(Approach::NoTruncation, 0, 900).expect("defined");
        assert_eq!(estimate.median, 900);
    }

    #[test]
    fn nothing_known_at_all_is_defined() {
        let empty = || Delays::new([], 5, None);
        let nowcast = Nowcast::new(empty(), SETTING, true, 3);
        for approach in ALL {
            let estimate = nowcast.estimate(approach, 2, 0).expect("defined");
            assert!(estimate.upper <= 200, "{approach:?} {estimate:?}");
        }
        // Known, although no event ever came so early: not defined for a quotient.
        let late = Delays::new(many(30, 3, 9), 5, None);
        assert_eq!(Nowcast::new(late, SETTING, false, 3).estimate(Approach::Lawless, 1, 2), None);
    }

    #[test]
    fn the_same_seed_gives_the_same_answer() {
        let delays = || Delays::new(many(30, 0, 4).chain(many(30, 3, 5)), 5, None);
        let with = |seed| Nowcast::new(delays(), SETTING, true, seed).estimate(Approach::Truncation, 1, 6);
        assert_eq!(with(7), with(7));
    }

    #[test]
    fn wrong_calls_are_told() {
        let call = |config: &str, input: &str, table: Option<&str>| {
            let table = table.map(str::to_owned);
            run(&Call { config: config.into(), input: input.into(), table, ..Call::default() })
        };
        let config = r#"{"now":"2024-03-10","when":["2024-03-01","2024-03-10"],"D":3}"#;
        let input = "event,report\n2024-03-01,2024-03-02\n2024-03-09,2024-03-12\n";
        assert!(call(config, input, None).is_ok() && call(config, input, Some("delay_cdf")).is_ok());
        assert!(call(config, input, Some("x")).is_err());
        assert!(call(config, "event,report\n2024-03-05,2024-03-02\n", None).is_err());
        assert!(call(config, "event,report\nsoon,2024-03-02\n", None).is_err());
        for wrong in [
            r#"{"when":"2024-03-01"}"#,
            r#"{"now":"2024-03-10","when":"2024-03-11"}"#,
            r#"{"now":"2024-03-10","when":["2024-03-09","2024-03-01"]}"#,
            r#"{"now":"2024-03-10","when":"2024-03-01","methods":["x"]}"#,
            r#"{"now":"2024-03-10","when":"2024-03-01","D":99999}"#,
            r#"{"now":"2024-03-10","when":"2024-03-01","gd_prior_kappa":0}"#,
            r#"{"now":"2024-03-10","when":"2024-03-01","N_tInf_prior":{"type":"pois"}}"#,
        ] {
            assert!(call(wrong, input, None).is_err(), "{wrong}");
        }
        // A year's end and a leap day are days like others.
        let leap = r#"{"now":"2024-03-01","when":["2023-12-30","2024-03-01"]}"#;
        let rows = call(leap, "event,report\n2024-02-29,2024-02-29\n", None).expect("defined").to_string();
        assert_eq!(rows.lines().count(), 1 + 63);
    }
}
