//! Prospective space-time scan statistics: which zone, over how many of the last periods, has more than expected.
//!
//! In: counts of locations and periods, a family of zones, and a population or a baseline. Out: the most likely
//! cluster, its p-value, and the score of every zone and duration. Not here: how a baseline comes about.
//!
//! Sources: Kulldorff 2001 (JRSS-A 164:61; population-based); Neill 2009 (Int J Forecasting 25:498; expectation-based);
//! Tango, Takahashi & Kohriyama 2011 (Biometrics 67:106; negative binomial scores); Kulldorff et al. 2005 (PLoS Med
//! 2:e59; permutation).

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::scan::{Found, Limits, Null, Places, Scan, Statistic, Window, Zones, gumbel_p_value, p_value};
use super::settings::{Config, Count, CountFrom, List, Number, Positive, configs};
use super::table::finite;
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};

pub(super) const METHOD: Method = Method {
    name: "spacetime_scan",
    zh: "前瞻性时空扫描统计量：基于人口、基于期望（泊松、负二项）与置换",
    en: "Prospective space-time scans: population-based, expectation-based (also negative binomial), permutation",
    source: "Kulldorff 2001, JRSS-A 164:61; Neill 2009, Int J Forecasting 25:498; Tango et al. 2011, Biometrics 67:106",
    tables: &["scores_pb_poisson", "scores_eb_poisson", "scores_eb_negbin", "scores_pb_perm"],
    run,
};

const TABLES: &str = "scores_pb_poisson, scores_eb_poisson, scores_eb_negbin, scores_pb_perm";

/// What counts are compared with. Cells are location × periods + period.
#[derive(Debug, Clone, Copy)]
pub enum Model<'a> {
    /// Shares of the population in each period, the same number of cases in each; given the total.
    PopulationBased {
        /// Population of each cell.
        population: &'a [f64],
    },
    /// A trusted Poisson mean of each cell.
    ExpectationBased {
        /// Baseline of each cell.
        baseline: &'a [f64],
    },
    /// A trusted mean, and variance mean + mean²/θ.
    NegativeBinomial {
        /// Baseline of each cell.
        baseline: &'a [f64],
        /// θ of each cell.
        thetas: &'a [f64],
        /// Whether a rise towards the end of the window is looked for (emerging outbreak) instead of a constant one
        /// (hot-spot).
        rising: bool,
    },
    /// Row total × column total / total: independence of place and time; given both totals.
    Permutation,
}

/// A scan of the last periods, made ready for counts.
#[derive(Debug)]
pub struct Prospective<'z> {
    scan: Scan<'z>,
    null: Null,
    total: f64,
}

impl<'z> Prospective<'z> {
    /// Prepares the scan of all zones over the last 1 to `longest` periods.
    ///
    /// # Panics
    /// When there is not a count and a baseline for each location and period.
    pub fn new(zones: &'z Zones, periods: usize, longest: usize, counts: &[u64], model: &Model<'_>) -> Self {
        assert_eq!(counts.len(), zones.locations() * periods, "a count for each location and period");
        let all: u64 = counts.iter().sum();
        let total = all as f64;
        let windows = Window::trailing(periods, longest);
        let (scan, null) = match *model {
            Model::PopulationBased { population } => {
                let baseline = population_baseline(population, periods, total);
                let null = Null::multinomial(all, &baseline);
                (Scan::new(zones, periods, windows, Statistic::Poisson { total }, &baseline), null)
            }
            Model::ExpectationBased { baseline } => {
                let scan = Scan::new(zones, periods, windows, Statistic::Expectation, baseline);
                (scan, Null::Poisson(baseline.to_vec()))
            }
            Model::NegativeBinomial { baseline, thetas, rising } => {
                let scan = Scan::negative_binomial(zones, periods, windows, baseline, thetas, rising);
                (scan, Null::NegativeBinomial(baseline.iter().copied().zip(thetas.iter().copied()).collect()))
            }
            Model::Permutation => {
                let baseline = independent_baseline(counts, periods);
                let scan = Scan::new(zones, periods, windows, Statistic::Poisson { total }, &baseline);
                (scan, Null::permutation(counts, periods))
            }
        };
        Self { scan, null, total }
    }

    /// Scores of all zones and durations: by zone, then by rising duration.
    pub fn scores(&self, counts: &[u64]) -> Vec<Found> {
        self.scan.all(&counts.iter().map(|&count| count as f64).collect::<Vec<_>>())
    }

    /// Maxima of replicas, in falling order.
    pub fn maxima(&self, replicas: usize, seed: u64) -> Vec<f64> {
        self.scan.maxima(&self.null, replicas, seed)
    }

    /// Rate without the window relative to what is expected there, (C − c)/(C − e); NaN when nothing is.
    pub fn risk_without(&self, found: &Found) -> f64 {
        let left = self.total - found.expected;
        if left > 1e-9 * self.total { (self.total - found.observed) / left } else { f64::NAN }
    }
}

/// The most likely cluster: the highest score; of equal ones (up to rounding) the shortest, then the first zone.
pub fn most_likely(scores: &[Found]) -> Option<&Found> {
    let best = scores.iter().map(|found| found.statistic).fold(f64::NEG_INFINITY, f64::max);
    let hair = 1e-12 * best.abs().max(1e-3);
    let top = scores.iter().filter(|found| found.statistic >= best - hair || found.statistic >= best);
    top.min_by_key(|found| (found.window.len(), found.zone))
}

/// Expected counts of a total: in each period the same number, spread by population. A period without population
/// expects nothing; the others then share the total.
pub fn population_baseline(population: &[f64], periods: usize, total: f64) -> Vec<f64> {
    let sums: Vec<f64> = (0..periods).map(|at| population.iter().skip(at).step_by(periods.max(1)).sum()).collect();
    let peopled = sums.iter().filter(|&&sum| sum > 0.0).count().max(1) as f64;
    let of = |(at, &here): (usize, &f64)| {
        let sum = sums[at % periods];
        if sum > 0.0 { here / sum * total / peopled } else { 0.0 }
    };
    population.iter().enumerate().map(of).collect()
}

/// Expected counts of independence: row total × column total / total; 0 without any case.
pub fn independent_baseline(counts: &[u64], periods: usize) -> Vec<f64> {
    let total = counts.iter().sum::<u64>() as f64;
    let column = |at| counts.iter().skip(at).step_by(periods.max(1)).sum::<u64>() as f64;
    let columns: Vec<f64> = (0..periods).map(column).collect();
    let row = |row: &[u64]| row.iter().sum::<u64>() as f64;
    let of = |cells: &[u64]| -> Vec<f64> {
        columns.iter().map(|column| if total > 0.0 { row(cells) * column / total } else { 0.0 }).collect()
    };
    counts.chunks(periods.max(1)).flat_map(of).collect()
}

/// A period as the files name it, and in its order: numbers by value, then other words (ISO dates) by letters.
#[derive(Debug, Clone)]
struct Time(f64, String);

impl Time {
    fn of(word: &str) -> Self {
        Self(word.parse().ok().filter(|number: &f64| number.is_finite()).unwrap_or(f64::INFINITY), word.to_owned())
    }

    fn order(&self, other: &Self) -> std::cmp::Ordering {
        let by_number = self.0.total_cmp(&other.0);
        if self.0.is_finite() { by_number } else { by_number.then_with(|| self.1.cmp(&other.1)) }
    }
}

/// Times of a file, row by row.
fn times(file: &Columns) -> Result<Vec<Time>, MethodError> {
    let words = file.words("time")?;
    match words.iter().position(|word| word.is_empty()) {
        Some(row) => Err(file.error(Some(row), "`time` is empty")),
        None => Ok(words.into_iter().map(Time::of).collect()),
    }
}

/// A table of cells by location and time.
struct Cells {
    locations: Vec<String>,
    /// Periods of the window, in their order.
    times: Vec<Time>,
    counts: Vec<u64>,
    population: Option<Vec<f64>>,
}

/// `type`: what counts are compared with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Based {
    #[serde(rename = "population-based")]
    Population,
    #[serde(rename = "expectation-based")]
    Expectation,
}

/// `distribution`: law of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Law {
    #[serde(rename = "poisson")]
    Poisson,
    #[serde(rename = "negbin", alias = "negative binomial")]
    NegativeBinomial,
    #[serde(rename = "permutation", alias = "non-parametric")]
    Permutation,
}

/// `score`: of the negative binomial scan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Score {
    Hotspot,
    Emerging,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    #[serde(rename = "type")]
    based: Based,
    #[serde(rename = "distribution")]
    law: Law,
    score: Score,
    /// Last periods of the input that are looked at; all when it is not given.
    window: Option<CountFrom<1>>,
    max_duration: Option<Count>,
    n_mcsim: Count,
    /// θ: one for all, or one for each location.
    theta: Option<List<Positive>>,
    /// Another name of `theta`, which wins.
    thetas: Option<List<Positive>>,
    pop_upper_bound: Number,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            based: Based::Population,
            law: Law::Poisson,
            score: Score::Hotspot,
            window: None,
            max_duration: None,
            n_mcsim: CountFrom(999),
            theta: None,
            thetas: None,
            pop_upper_bound: Number(0.5),
        }
    }
}

/// What one config asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    PbPoisson,
    EbPoisson,
    EbNegbin,
    PbPerm,
}

impl Kind {
    fn of(config: &Config<Settings>) -> Result<Self, MethodError> {
        let (based, law) = (config.settings.based, config.settings.law);
        match (based, law) {
            (Based::Population, Law::Poisson) => Ok(Self::PbPoisson),
            (Based::Expectation, Law::Poisson) => Ok(Self::EbPoisson),
            (Based::Expectation, Law::NegativeBinomial) => Ok(Self::EbNegbin),
            (_, Law::Permutation) => Ok(Self::PbPerm),
            (Based::Population, Law::NegativeBinomial) => Err(config.error(
                "no population-based scan of negbin counts; there are population-based poisson and permutation, \
                 expectation-based poisson and negbin",
            )),
        }
    }

    fn table(self) -> &'static str {
        match self {
            Self::PbPoisson => "scores_pb_poisson",
            Self::EbPoisson => "scores_eb_poisson",
            Self::EbNegbin => "scores_eb_negbin",
            Self::PbPerm => "scores_pb_perm",
        }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let input = Columns::read("input", &call.input)?;
    let all = configs::<Settings>(&call.config)?;
    if let Some(name) = &call.table {
        if !METHOD.tables.contains(&name.as_str()) {
            return Err(MethodError::Table { method: METHOD.name, table: name.clone(), known: TABLES });
        }
        for config in &all {
            let kind = Kind::of(config)?;
            if kind.table() == name {
                return prepare(config, kind, &input, call, |ready, _, counts| Ok(scores_table(ready, kind, counts)))
                    .map(Answer::Table);
            }
        }
        let what = format!("no config whose scores `{name}` would print");
        return Err(MethodError::Config { id: None, what });
    }
    let mut answers = Map::new();
    for config in &all {
        let kind = Kind::of(config)?;
        let answer = prepare(config, kind, &input, call, |ready, zones, counts| {
            Ok(cluster(ready, zones, kind, counts, config.settings.n_mcsim.0, call.seed))
        })?;
        answers.insert(config.id().to_owned(), answer);
    }
    Ok(Answer::Json(Value::Object(answers)))
}

/// Reads what a config needs, and hands the scan made ready to `then`.
fn prepare<T>(
    config: &Config<Settings>,
    kind: Kind,
    input: &Columns,
    call: &Call,
    then: impl FnOnce(&Prospective<'_>, &Zones, &[u64]) -> Result<T, MethodError>,
) -> Result<T, MethodError> {
    let settings = &config.settings;
    let cells = window(settings, input)?;
    let periods = cells.times.len();
    let zones = read_zones(config, &cells, call)?;
    let longest = settings.max_duration.map_or(periods, |longest| longest.0).max(1);
    let baseline = || baselines(input, &cells, call);
    let exposed = |baseline: &[f64], what: &str| match (0..baseline.len()).find(|&cell| {
        let expected = baseline[cell];
        expected.is_nan() || expected < 0.0 || (expected <= 0.0 && cells.counts[cell] > 0)
    }) {
        None => Ok(()),
        Some(cell) => {
            let (location, time) = (&cells.locations[cell / periods], &cells.times[cell % periods].1);
            let what = format!(
                "{} cases at `{location}`, time {time}, where the {what} is {}: it must be positive",
                cells.counts[cell], baseline[cell]
            );
            Err(input.error(None, what))
        }
    };
    let ready = match kind {
        Kind::PbPerm => Prospective::new(&zones, periods, longest, &cells.counts, &Model::Permutation),
        Kind::PbPoisson => {
            let population = cells.population.as_ref();
            let population = population.ok_or_else(|| input.error(None, "column `population` is missing"))?;
            exposed(population, "population")?;
            Prospective::new(&zones, periods, longest, &cells.counts, &Model::PopulationBased { population })
        }
        Kind::EbPoisson => {
            let baseline = baseline()?;
            exposed(&baseline, "baseline")?;
            let model = Model::ExpectationBased { baseline: &baseline };
            Prospective::new(&zones, periods, longest, &cells.counts, &model)
        }
        Kind::EbNegbin => {
            let baseline = baseline()?;
            exposed(&baseline, "baseline")?;
            let thetas = thetas(config, cells.locations.len(), periods)?;
            let rising = settings.score == Score::Emerging;
            let model = Model::NegativeBinomial { baseline: &baseline, thetas: &thetas, rising };
            Prospective::new(&zones, periods, longest, &cells.counts, &model)
        }
    };
    then(&ready, &zones, &cells.counts)
}

fn cluster(ready: &Prospective<'_>, zones: &Zones, kind: Kind, counts: &[u64], replicas: usize, seed: u64) -> Value {
    let scores = ready.scores(counts);
    let Some(best) = most_likely(&scores) else {
        return json!({"MLC": null, "MC_pvalue": 1.0, "n_mcsim": 0});
    };
    let maxima = ready.maxima(replicas, seed);
    let mut members: Vec<u32> = zones.members(best.zone).iter().map(|member| member + 1).collect();
    members.sort_unstable();
    let mut found = json!({
        "zone_number": best.zone + 1,
        "locations": members,
        "duration": best.window.len(),
        "score": finite(best.statistic),
    });
    match kind {
        Kind::EbPoisson => found["relative_risk"] = json!(finite(risk_within(best).max(1.0))),
        Kind::EbNegbin => {}
        Kind::PbPoisson | Kind::PbPerm => {
            found["RR_in"] = json!(finite(risk_within(best)));
            found["RR_out"] = json!(finite(ready.risk_without(best)));
        }
    }
    json!({
        "MLC": found,
        "MC_pvalue": p_value(&maxima, best.statistic),
        "Gumbel_pvalue": gumbel_p_value(&maxima, best.statistic),
        "n_mcsim": replicas,
    })
}

/// c/e; NaN when nothing is expected.
fn risk_within(found: &Found) -> f64 {
    if found.expected > 0.0 { found.observed / found.expected } else { f64::NAN }
}

fn scores_table(ready: &Prospective<'_>, kind: Kind, counts: &[u64]) -> Table {
    let mut scores = ready.scores(counts);
    scores.sort_by(|a, b| {
        b.statistic.total_cmp(&a.statistic).then((a.window.len(), a.zone).cmp(&(b.window.len(), b.zone)))
    });
    let mut table = Table::new(match kind {
        Kind::EbPoisson => &["zone", "duration", "score", "relrisk"],
        Kind::EbNegbin => &["zone", "duration", "score"],
        Kind::PbPoisson | Kind::PbPerm => &["zone", "duration", "score", "relrisk_in", "relrisk_out"],
    });
    for found in &scores {
        let mut row: Vec<Cell> = vec![(found.zone + 1).into(), found.window.len().into(), found.statistic.into()];
        match kind {
            Kind::EbPoisson => row.push(risk_within(found).max(1.0).into()),
            Kind::EbNegbin => {}
            Kind::PbPoisson | Kind::PbPerm => {
                row.push(risk_within(found).into());
                row.push(ready.risk_without(found).into());
            }
        }
        table.push(row);
    }
    table
}

/// The last `window` periods of the input (all when it is not given).
fn window(settings: &Settings, input: &Columns) -> Result<Cells, MethodError> {
    let (all, names) = (times(input)?, input.words("location")?);
    let mut times = all.clone();
    times.sort_unstable_by(Time::order);
    times.dedup_by(|a, b| a.order(b).is_eq());
    let length = settings.window.map_or(times.len(), |window| window.0);
    let times = times.split_off(times.len().saturating_sub(length));
    let mut locations: Vec<String> = Vec::new();
    let mut known: HashMap<&str, usize> = HashMap::new();
    for &name in &names {
        known.entry(name).or_insert_with(|| {
            locations.push(name.to_owned());
            locations.len() - 1
        });
    }
    let given = input.counts("count")?;
    let people = if input.has("population") { Some(input.numbers("population")?) } else { None };
    let size = locations.len() * times.len();
    let (mut counts, mut population, mut seen) = (vec![0; size], vec![0.0; size], vec![false; size]);
    for (row, (time, name)) in all.iter().zip(&names).enumerate() {
        let Ok(at) = times.binary_search_by(|known| known.order(time)) else { continue };
        let cell = known[name] * times.len() + at;
        if std::mem::replace(&mut seen[cell], true) {
            return Err(input.error(Some(row), format!("`{name}` has time {} twice", time.1)));
        }
        counts[cell] = given[row];
        population[cell] = people.as_ref().map_or(0.0, |people| people[row]);
    }
    if let Some(cell) = seen.iter().position(|&seen| !seen) {
        let (name, time) = (&locations[cell / times.len()], &times[cell % times.len()].1);
        return Err(
            input.error(None, format!("`{name}` lacks time {time}; each location needs each period of the window"))
        );
    }
    Ok(Cells { locations, times, counts, population: people.map(|_| population) })
}

/// Baselines of the window: from the file of baselines, or from the input's own column.
fn baselines(input: &Columns, cells: &Cells, call: &Call) -> Result<Vec<f64>, MethodError> {
    let own;
    let file = match &call.baselines {
        Some(text) => {
            own = Columns::read("baselines", text)?;
            &own
        }
        None if input.has("baseline") => input,
        None => {
            let what = "an expectation-based scan needs --baselines, or a column `baseline` of the input";
            return Err(input.error(None, what));
        }
    };
    let known: HashMap<&str, usize> = cells.locations.iter().map(String::as_str).zip(0..).collect();
    let mut baseline = vec![f64::NAN; cells.counts.len()];
    let (times, names, values) = (times(file)?, file.words("location")?, file.numbers("baseline")?);
    for (row, value) in values.into_iter().enumerate() {
        let at = cells.times.binary_search_by(|known| known.order(&times[row]));
        if let (Ok(at), Some(location)) = (at, known.get(names[row])) {
            baseline[location * cells.times.len() + at] = value;
        }
    }
    match baseline.iter().position(|value| value.is_nan()) {
        None => Ok(baseline),
        Some(cell) => {
            let (name, time) = (&cells.locations[cell / cells.times.len()], &cells.times[cell % cells.times.len()].1);
            Err(file.error(None, format!("no baseline of `{name}` at time {time}")))
        }
    }
}

/// θ of each cell: one for all, or one for each location.
fn thetas(config: &Config<Settings>, locations: usize, periods: usize) -> Result<Vec<f64>, MethodError> {
    let given = config.settings.theta.as_ref().or(config.settings.thetas.as_ref());
    let List(given) = given.ok_or_else(|| config.error("missing field `theta`"))?;
    match given.len() {
        1 => Ok(vec![given[0].0; locations * periods]),
        n if n == locations => Ok(given.iter().flat_map(|theta| std::iter::repeat_n(theta.0, periods)).collect()),
        n => {
            Err(config.error(format!("`theta` must be one number, or one for each of {locations} locations, not {n}")))
        }
    }
}

/// The given zones; without them circles around the places, up to half of the population (or of the locations).
fn read_zones(config: &Config<Settings>, cells: &Cells, call: &Call) -> Result<Zones, MethodError> {
    if let Some(text) = &call.zones {
        let sets = zone_sets(text, |name| cells.locations.iter().position(|known| known == name))?;
        return Zones::sets(cells.locations.len(), &sets).map_err(|(at, what)| MethodError::Input {
            file: "zones",
            line: None,
            what: format!("zone {}: {what}", at + 1),
        });
    }
    let Some(text) = &call.coords else {
        return Err(config.error("--zones, or --coords to make circles from, is needed"));
    };
    let coords = Columns::read("coords", text)?;
    let (names, x, y) = (coords.words("location")?, coords.numbers("x")?, coords.numbers("y")?);
    let known: HashMap<&str, usize> = names.into_iter().zip(0..).collect();
    let mut points = Vec::new();
    for name in &cells.locations {
        let row = known.get(name.as_str()).ok_or_else(|| coords.error(None, format!("no place of `{name}`")))?;
        points.push((x[*row], y[*row]));
    }
    let periods = cells.times.len();
    let last = |people: &Vec<f64>| people.iter().skip(periods - 1).step_by(periods).copied().collect();
    let exposure: Vec<f64> = cells.population.as_ref().map_or_else(|| vec![1.0; points.len()], last);
    let share = config.settings.pop_upper_bound.0;
    let limits = Limits { exposure: &exposure, share, distance: f64::INFINITY, together: false };
    Ok(Zones::circles(&Places::plane(&points), &limits))
}

/// Zones of a JSON list: each a list of locations, or one of them; a location is its number, counted from 1, or its
/// name, of which `named` tells the number counted from 0. Counted from 0 in the answer.
///
/// # Errors
/// When it is anything else.
pub(super) fn zone_sets(text: &str, named: impl Fn(&str) -> Option<usize>) -> Result<Vec<Vec<usize>>, MethodError> {
    let wrong = |what: String| MethodError::Input { file: "zones", line: None, what };
    let list: Vec<Value> = serde_json::from_str(text).map_err(|error| wrong(format!("not a JSON list: {error}")))?;
    let location = |zone: usize, value: &Value| {
        if let Value::String(name) = value {
            return named(name).ok_or_else(|| wrong(format!("zone {}: there is no location `{name}`", zone + 1)));
        }
        let number = value.as_u64().and_then(|number| usize::try_from(number).ok());
        let index = number.and_then(|number| number.checked_sub(1));
        index.ok_or_else(|| wrong(format!("zone {}: locations count from 1, but there is {value}", zone + 1)))
    };
    let zone = |(at, value): (usize, &Value)| match value {
        Value::Array(members) => members.iter().map(|member| location(at, member)).collect(),
        single => Ok(vec![location(at, single)?]),
    };
    list.iter().enumerate().map(zone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIGS: &str = r#"{"window": 3, "n_mcsim": 199, "configs": {
        "pb": {"type": "population-based", "distribution": "poisson"},
        "eb": {"type": "expectation-based", "distribution": "poisson"},
        "nb": {"type": "expectation-based", "distribution": "negbin", "theta": 2, "score": "hotspot"},
        "perm": {"type": "population-based", "distribution": "permutation"}}}"#;

    /// Four places, five periods; counts by place and period.
    fn call(count: impl Fn(usize, usize) -> u64) -> Call {
        let (mut input, mut baselines) =
            ("time,location,count,population\n".to_owned(), "time,location,baseline\n".to_owned());
        for (place, name) in ["d", "b", "a", "c"].into_iter().enumerate() {
            for time in 0..5 {
                input.extend([format!("{time},{name},{},100\n", count(place, time))]);
                baselines.extend([format!("{time},{name},4\n")]);
            }
        }
        Call {
            config: CONFIGS.to_owned(),
            input,
            zones: Some("[1, [1, 2], 2, [2, 3], 3, 4, [3, 4]]".to_owned()),
            baselines: Some(baselines),
            ..Call::default()
        }
    }

    fn json_of(call: &Call) -> Value {
        match run(call).expect("an answer") {
            Answer::Json(value) => value,
            Answer::Table(_) => panic!("clusters are JSON"),
        }
    }

    #[test]
    fn a_planted_rise_is_found_by_all() {
        let found = json_of(&call(|place, time| if place % 3 != 0 && time >= 3 { 20 } else { 4 }));
        for id in ["pb", "eb", "nb", "perm"] {
            let cluster = &found[id]["MLC"];
            assert_eq!((&cluster["zone_number"], &cluster["duration"]), (&json!(4), &json!(2)), "{id}: {found}");
            assert_eq!(cluster["locations"], json!([2, 3]));
            // Given both totals, little is left of so wide a rise.
            let most = if id == "perm" { 0.5 } else { 0.02 };
            assert!(found[id]["MC_pvalue"].as_f64().expect("a number") < most, "{id}: {found}");
        }
        let score = found["eb"]["MLC"]["score"].as_f64().expect("a number");
        assert!((score - (80.0 * 5.0_f64.ln() - 64.0)).abs() < 1e-9, "80 of 16 expected: {score}");
        let score = found["nb"]["MLC"]["score"].as_f64().expect("a number");
        assert!((score - (64.0 / 3.0) / (16.0_f64 / 3.0).sqrt()).abs() < 1e-9, "w = 3: {score}");
        assert_eq!(found["eb"]["MLC"]["relative_risk"], json!(5.0));
        // 80 of the 112 cases, where 4 of 12 cells expect a third.
        let inside = found["pb"]["MLC"]["RR_in"].as_f64().expect("a number");
        assert!((inside - 80.0 / (112.0 / 3.0)).abs() < 1e-9);
    }

    #[test]
    fn all_zero_counts_are_no_cluster() {
        let found = json_of(&call(|_, _| 0));
        for id in ["pb", "eb", "perm"] {
            assert_eq!(found[id]["MC_pvalue"], json!(1.0), "{id}: {found}");
            assert_eq!(found[id]["MLC"]["score"], json!(0.0));
        }
        assert_eq!(found["pb"]["MLC"]["RR_in"], Value::Null);
        assert!(found["nb"]["MC_pvalue"].as_f64().expect("a number") > 0.9);
    }

    #[test]
    fn tables_have_every_zone_and_duration_and_no_nan() {
        for name in METHOD.tables {
            let call = Call { table: Some((*name).to_owned()), ..call(|place, _| place as u64) };
            let Answer::Table(table) = run(&call).expect("an answer") else { panic!("a table") };
            assert_eq!(table.rows().len(), 7 * 3, "{name}");
            assert!(!table.to_string().contains("NaN"));
        }
        assert!(run(&Call { table: Some("scores".into()), ..call(|_, _| 1) }).is_err());
    }

    #[test]
    fn times_may_be_dates_and_zones_may_name_their_locations() {
        let named = call(|place, time| if place == 1 && time >= 3 { 30 } else { 4 });
        let dated = |text: &str| -> String {
            let line = |line: &str| match line.split_once(',') {
                Some((time, rest)) if time != "time" => {
                    format!("2026-0{}-01,{rest}\n", 1 + time.parse::<u8>().expect("a digit"))
                }
                _ => format!("{line}\n"),
            };
            text.lines().map(line).collect()
        };
        let zones = Some(r#"["a", ["d", "c"], "b"]"#.to_owned());
        let call =
            Call { input: dated(&named.input), baselines: named.baselines.as_deref().map(dated), zones, ..named };
        let found = json_of(&call);
        assert_eq!(found["eb"]["MLC"]["locations"], json!([2]), "{found}");
        assert_eq!(found["eb"]["MLC"]["duration"], json!(2));
        let unknown = run(&Call { zones: Some(r#"["x"]"#.into()), ..call }).expect_err("refused");
        assert!(unknown.to_string().contains("no location `x`"));
    }

    #[test]
    fn equal_scores_give_the_shortest_and_first() {
        let found = |zone, length: usize, statistic| Found {
            zone,
            window: Window { first: 3 - length, end: 3 },
            observed: 1.0,
            expected: 1.0,
            statistic,
        };
        let all = [found(0, 2, 5.0), found(2, 1, 5.0 - 1e-15), found(1, 1, 5.0), found(3, 1, 4.9)];
        assert_eq!(most_likely(&all).map(|best| best.zone), Some(1));
        assert!(most_likely(&[]).is_none());
    }

    #[test]
    fn wrong_inputs_are_told() {
        let good = call(|_, _| 3);
        let told = |call: Call| run(&call).expect_err("refused").to_string();
        assert!(
            told(Call { input: good.input.replace("4,a,3,100\n", ""), ..good.clone() }).contains("`a` lacks time 4")
        );
        assert!(told(Call { input: format!("{}4,a,3,100\n", good.input), ..good.clone() }).contains("twice"));
        assert!(
            told(Call { input: good.input.replace("4,a,3,100", "4,a,3,0"), ..good.clone() }).contains("population")
        );
        assert!(told(Call { zones: Some("[[0]]".into()), ..good.clone() }).contains("count from 1"));
        assert!(told(Call { zones: Some("[[5]]".into()), ..good.clone() }).contains("no location 5"));
        assert!(told(Call { baselines: None, ..good.clone() }).contains("--baselines"));
        let short = Some("time,location,baseline\n4,a,1\n".into());
        assert!(told(Call { baselines: short, ..good.clone() }).contains("no baseline"));
        assert!(told(Call { config: CONFIGS.replace("\"theta\": 2", "\"theta\": [1, 2]"), ..good }).contains("theta"));
    }

    #[test]
    fn zones_come_from_places_when_none_are_given() {
        let coords = Some("location,x,y\na,0,0\nb,1,0\nc,5,0\nd,7,0\n".to_owned());
        let found = json_of(&Call {
            zones: None,
            coords,
            ..call(|place, time| if place % 3 != 0 && time == 4 { 30 } else { 4 })
        });
        assert_eq!(found["eb"]["MLC"]["locations"], json!([2, 3]), "a and b, in the order of the input");
    }

    #[test]
    fn a_population_baseline_sums_to_the_total() {
        let baseline = population_baseline(&[1.0, 0.0, 3.0, 0.0], 2, 8.0);
        assert_eq!(baseline, [2.0, 0.0, 6.0, 0.0], "a period without people expects nothing");
        assert_eq!(independent_baseline(&[1, 2, 3, 0], 2), [2.0, 1.0, 2.0, 1.0]);
        assert_eq!(independent_baseline(&[0; 4], 2), [0.0; 4]);
    }
}
