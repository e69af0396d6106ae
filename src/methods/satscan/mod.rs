//! The scan statistic over dated cases: spatial, retrospective and prospective space-time; Poisson with covariates, and
//! the space-time permutation model.
//!
//! In: cases by place and date, coordinates, and for the Poisson model populations by date. Out: the most likely
//! cluster and those apart from it, with p-values and recurrence intervals. Not here: where cases come from, what a
//! place is called.
//!
//! Sources: Kulldorff 1997 (Comm Stat 26:1481); Kulldorff, Athas, Feuer, Miller & Key 1998 (Am J Public Health 88:1377;
//! space-time, covariates); Kulldorff 2001 (JRSS-A 164:61; prospective); Kulldorff et al. 2005 (PLoS Med 2:e59;
//! permutation); Abrams, Kulldorff & Kleinman 2010 (small p-values).

mod exposure;
mod files;

use serde::Deserialize;
use serde_json::{Map, Value, json};

pub use exposure::{Calendar, Unit, person_days, standardised};

use super::kulldorff_spatial::Coordinates;
use super::scan::{
    Direction, Found, Limits, Null, Places, SATSCAN_EARTH_KM, Scan, Statistic, Window, Zones, combined_p_value,
    p_value, recurrence_interval, separate,
};
use super::settings::{Config, Count, CountFrom, Number, Positive, configs};
use super::spacetime_scan::{independent_baseline, zone_sets};
use super::table::finite;
use super::{Answer, Call, Method, MethodError};

pub(super) const METHOD: Method = Method {
    name: "satscan",
    zh: "按日期的时空扫描：纯空间、回顾性与前瞻性，泊松（协变量标准化）与时空置换模型，复现间隔",
    en: "Scan of dated cases: spatial, retrospective and prospective, Poisson with covariates and permutation models",
    source: "Kulldorff 1997, Comm Stat 26:1481; 2001, JRSS-A 164:61; Kulldorff et al. 2005, PLoS Med 2:e59",
    tables: &[],
    run,
};

/// Most windows of time that are searched; more would not end in useful time.
const MOST_WINDOWS: usize = 2_000_000;

/// Most cells, location × interval, that are held.
const MOST_CELLS: usize = 50_000_000;

/// What counts are compared with.
#[derive(Debug, Clone, Copy)]
pub enum Model<'a> {
    /// Poisson, given the total; expected counts of all cells, location × periods + period, in proportion.
    Poisson {
        /// Expected counts.
        expected: &'a [f64],
    },
    /// Poisson with trusted means (Neill 2009): sees also what rises everywhere.
    Expectation {
        /// Mean of each cell.
        means: &'a [f64],
    },
    /// Place and time independent, given both totals.
    Permutation,
    /// Place and time independent within each category of cases, whose counts of all cells are given.
    StratifiedPermutation {
        /// Counts of each category; they sum to all counts.
        strata: &'a [Vec<u64>],
    },
}

/// How a scan is made.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Which clusters are looked for.
    pub direction: Direction,
    /// Fewest cases of a cluster of more than expected.
    pub min_cases: u64,
    /// Replicas of the Monte Carlo test.
    pub replicas: usize,
    /// Their seed.
    pub seed: u64,
    /// Whether reported clusters may share a location as long as they share no period of it.
    pub share_places: bool,
}

/// A cluster in space, or in space and time.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Number of the zone in its family.
    pub zone: usize,
    /// Its periods.
    pub window: Window,
    /// Cases within.
    pub observed: u64,
    /// Cases expected within.
    pub expected: f64,
    /// Rate within relative to the rate without (to the trusted one); infinite when all cases are within.
    pub relative_risk: f64,
    /// Log likelihood ratio.
    pub statistic: f64,
    /// (1 + replicas that reach the statistic)/(1 + replicas).
    pub monte_carlo_p: f64,
    /// The same, but below 10/(1 + replicas) of the Gumbel law fitted to the replicas.
    pub p_value: f64,
}

/// The most likely cluster, and after it by falling statistic the best of each group of zones (centre) that is apart
/// from those before. Empty when no window stands out at all.
///
/// # Panics
/// When there is not a count (and an expected count) for each location and period, or a window lies outside.
pub fn clusters(
    zones: &Zones,
    periods: usize,
    windows: Vec<Window>,
    counts: &[u64],
    model: &Model<'_>,
    options: &Options,
) -> Vec<Cluster> {
    assert_eq!(counts.len(), zones.locations() * periods, "a count for each location and period");
    let all: u64 = counts.iter().sum();
    let total = all as f64;
    let statistic = Statistic::Poisson { total };
    let (statistic, baseline, null) = match *model {
        Model::Poisson { expected } => (statistic, Scan::rescaled(expected, total), Null::multinomial(all, expected)),
        Model::Expectation { means } => (Statistic::Expectation, means.to_vec(), Null::Poisson(means.to_vec())),
        Model::Permutation => (statistic, independent_baseline(counts, periods), Null::permutation(counts, periods)),
        Model::StratifiedPermutation { strata } => {
            let null = strata.iter().map(|counts| Null::permutation(counts, periods)).collect();
            (statistic, stratified_baseline(strata, periods, counts.len()), Null::Sum(null))
        }
    };
    let without = |found: &Found| match *model {
        Model::Expectation { .. } => 1.0,
        _ => (total - found.observed) / (total - found.expected).max(0.0),
    };
    let scan = Scan::new(zones, periods, windows, statistic, &baseline)
        .direction(options.direction)
        .min_cases(options.min_cases);
    let counts: Vec<f64> = counts.iter().map(|&count| count as f64).collect();
    let mut best: Vec<Found> = Vec::new();
    for found in scan.best_by_zone(&counts).into_iter().filter(|found| found.statistic > 0.0) {
        match best.last_mut() {
            Some(last) if zones.group(last.zone) == zones.group(found.zone) => {
                if found.statistic > last.statistic {
                    *last = found;
                }
            }
            _ => best.push(found),
        }
    }
    if best.is_empty() {
        return Vec::new();
    }
    let maxima = scan.maxima(&null, options.replicas, options.seed);
    let meet = |a: Window, b: Window| !options.share_places || a.meets(b);
    let cluster = |found: Found| Cluster {
        zone: found.zone,
        window: found.window,
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts")]
        observed: found.observed.round() as u64,
        expected: found.expected,
        relative_risk: found.observed / found.expected / without(&found),
        statistic: found.statistic,
        monte_carlo_p: p_value(&maxima, found.statistic),
        p_value: combined_p_value(&maxima, found.statistic),
    };
    separate(zones, best, meet, |_, _| true).into_iter().map(cluster).collect()
}

/// Expected counts of independence within each category, summed.
fn stratified_baseline(strata: &[Vec<u64>], periods: usize, cells: usize) -> Vec<f64> {
    let mut sum = vec![0.0; cells];
    for counts in strata {
        sum.iter_mut().zip(independent_baseline(counts, periods)).for_each(|(sum, expected)| *sum += expected);
    }
    sum
}

/// `analysis`: over space alone, or over space and time, looking back or at what is alive at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Analysis {
    #[serde(rename = "spatial", alias = "purely spatial")]
    Spatial,
    #[serde(rename = "retrospective space-time")]
    Retrospective,
    #[serde(rename = "prospective space-time")]
    Prospective,
}

/// `model`: law of the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Law {
    #[serde(rename = "poisson")]
    Poisson,
    #[serde(rename = "permutation", alias = "space-time permutation")]
    Permutation,
}

/// `scan`: which rates are looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Rates {
    #[serde(rename = "high")]
    High,
    #[serde(rename = "low")]
    Low,
    #[serde(rename = "both", alias = "high or low", alias = "high and low")]
    Both,
}

/// `secondary`: what further clusters may not share with a more likely one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Secondary {
    #[serde(rename = "no shared location in a shared period")]
    NoSharedLocationInASharedPeriod,
    #[serde(rename = "no shared location")]
    NoSharedLocation,
}

/// `max_spatial`: how large a zone may be.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MaxSpatial {
    percent_at_risk: Option<Positive>,
    radius_km: Option<Positive>,
    /// In the unit of plane coordinates; `radius_km` wins.
    radius: Option<Positive>,
}

/// `max_temporal`: how long a window may be; `units` wins.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct MaxTemporal {
    percent_of_study_period: Option<Number>,
    units: Option<Number>,
    /// That of the time aggregation.
    unit: Option<String>,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    analysis: Analysis,
    model: Law,
    scan: Rates,
    secondary: Secondary,
    coordinates: Coordinates,
    max_spatial: MaxSpatial,
    max_temporal: MaxTemporal,
    /// Shortest window, in units of time.
    min_temporal: Count,
    min_cases: Count,
    replications: Count,
    study_period: Option<exposure::StudyPeriod>,
    case_time_precision: Option<exposure::Precision>,
    time_aggregation: exposure::Aggregation,
    population_date: exposure::DayOfYear,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            analysis: Analysis::Spatial,
            model: Law::Poisson,
            scan: Rates::High,
            secondary: Secondary::NoSharedLocationInASharedPeriod,
            coordinates: Coordinates::Cartesian,
            max_spatial: MaxSpatial::default(),
            max_temporal: MaxTemporal::default(),
            min_temporal: CountFrom(1),
            min_cases: CountFrom(2),
            replications: CountFrom(999),
            study_period: None,
            case_time_precision: None,
            time_aggregation: exposure::Aggregation::default(),
            population_date: exposure::DayOfYear::default(),
        }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let all = configs::<Settings>(&call.config)?;
    if let [config] = &all[..]
        && config.id().is_empty()
    {
        return scan_one(config, call).map(Answer::Json);
    }
    let mut answers = Map::new();
    for config in &all {
        answers.insert(config.id().to_owned(), scan_one(config, call)?);
    }
    Ok(Answer::Json(Value::Object(answers)))
}

fn scan_one(config: &Config<Settings>, call: &Call) -> Result<Value, MethodError> {
    let settings = &config.settings;
    let analysis = settings.analysis;
    let permutation = settings.model == Law::Permutation;
    if permutation && analysis == Analysis::Spatial {
        return Err(config.error("the permutation model needs time: a space-time `analysis`"));
    }
    let calendar = exposure::calendar(config, analysis == Analysis::Spatial)?;
    let latlong = settings.coordinates == Coordinates::LatLong;
    let coords = call.coords.as_deref().ok_or_else(|| config.error("--coords is needed"))?;
    let geography = files::coordinates(coords, latlong)?;
    let dated = settings.case_time_precision != Some(exposure::Precision::None);
    if !dated && analysis != Analysis::Spatial {
        return Err(config.error("`case_time_precision` none leaves no time to scan: `analysis` must be spatial"));
    }
    let cases = files::cases(&call.input, &geography, &calendar, dated)?;
    let periods = calendar.len();
    if geography.len().saturating_mul(periods) > MOST_CELLS {
        let what =
            format!("{} locations in {periods} intervals: too many; make `time_aggregation` longer", geography.len());
        return Err(config.error(what));
    }
    let mut counts = vec![0; geography.len() * periods];
    for case in &cases {
        counts[case.location * periods + case.period] += case.count;
    }
    let strata = if permutation { files::strata(&cases, periods, counts.len()) } else { Vec::new() };
    let expected = if permutation {
        stratified_baseline(&strata, periods, counts.len())
    } else {
        let text = call.population.as_deref().ok_or_else(|| config.error("the Poisson model needs --population"))?;
        files::expected(text, &geography, &calendar, &cases, settings.population_date.0)?
    };
    if let Some(cell) = (0..counts.len()).find(|&cell| counts[cell] > 0 && expected[cell] <= 0.0) {
        let what = format!(
            "{} cases at `{}` in the period from {}, where nobody lives: none can be expected",
            counts[cell],
            geography.ids[cell / periods],
            calendar.start(cell % periods)
        );
        return Err(MethodError::Input { file: "population", line: None, what });
    }
    let exposure: Vec<f64> = expected.chunks(periods).map(|row| row.iter().sum()).collect();
    let zones = zones(&settings.max_spatial, call, &geography, latlong, &exposure)?;
    let windows = windows(config, &calendar)?;
    let options = Options {
        direction: match settings.scan {
            Rates::High => Direction::High,
            Rates::Low => Direction::Low,
            Rates::Both => Direction::Both,
        },
        min_cases: settings.min_cases.0 as u64,
        replicas: settings.replications.0,
        seed: call.seed,
        share_places: settings.secondary == Secondary::NoSharedLocationInASharedPeriod,
    };
    let model = if permutation {
        Model::StratifiedPermutation { strata: &strata }
    } else {
        Model::Poisson { expected: &expected }
    };
    let told = clusters(&zones, periods, windows, &counts, &model, &options);
    let told: Vec<Value> = told
        .iter()
        .map(|cluster| {
            let ids = zones.members(cluster.zone).iter().map(|&member| &geography.ids[member as usize]);
            let mut one = json!({
                "locations": ids.collect::<Vec<_>>(),
                "test_statistic": finite(cluster.statistic),
                "p_value": cluster.p_value,
                "monte_carlo_p": cluster.monte_carlo_p,
                "observed": cluster.observed,
                "expected": cluster.expected,
                "obs_exp": finite(cluster.observed as f64 / cluster.expected),
            });
            if analysis != Analysis::Spatial {
                one["start"] = json!(calendar.start(cluster.window.first));
                one["end"] = json!(calendar.end(cluster.window.end - 1));
            }
            if !permutation {
                one["relative_risk"] = json!(finite(cluster.relative_risk));
            }
            if analysis == Analysis::Prospective {
                let days = recurrence_interval(calendar.interval_days(), cluster.p_value);
                one["recurrence_interval_days"] = json!(finite(days));
            }
            one
        })
        .collect();
    Ok(json!({"clusters": told, "replications": options.replicas}))
}

fn zones(
    max: &MaxSpatial,
    call: &Call,
    geography: &files::Geography,
    latlong: bool,
    exposure: &[f64],
) -> Result<Zones, MethodError> {
    if let Some(text) = &call.zones {
        let wrong = |what: String| MethodError::Input { file: "zones", line: None, what };
        let sets = zone_sets(text, |id| geography.ids.iter().position(|known| known == id))?;
        return Zones::sets(geography.len(), &sets).map_err(|(at, what)| wrong(format!("zone {}: {what}", at + 1)));
    }
    let percent = max.percent_at_risk.map_or(50.0, |percent| percent.0);
    let radius = max.radius_km.or(max.radius).map_or(f64::INFINITY, |radius| radius.0);
    let places = if latlong { Places::sphere(&geography.at, SATSCAN_EARTH_KM) } else { Places::plane(&geography.at) };
    Ok(Zones::circles(&places, &Limits { exposure, share: percent / 100.0, distance: radius, together: true }))
}

fn windows(config: &Config<Settings>, calendar: &Calendar) -> Result<Vec<Window>, MethodError> {
    let (settings, periods) = (&config.settings, calendar.len());
    if settings.analysis == Analysis::Spatial {
        return Ok(Window::trailing(1, 1));
    }
    let max = &settings.max_temporal;
    let units = match (max.percent_of_study_period, max.units) {
        (_, Some(Number(units))) => {
            if max.unit.as_deref().is_some_and(|unit| unit != calendar.unit().name()) {
                let what = "`max_temporal.unit` must be that of `time_aggregation`";
                return Err(config.error(format!("{what}, {}", calendar.unit().name())));
            }
            units
        }
        (percent, None) => calendar.units() * percent.map_or(50.0, |percent| percent.0) / 100.0,
    };
    if !(0.0..1e9).contains(&units) {
        return Err(config.error("`max_temporal` must be a positive percentage or number of units"));
    }
    let length = calendar.length() as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
    let longest = ((units / length + 1e-9).floor() as usize).max(1);
    let shortest = settings.min_temporal.0.div_ceil(calendar.length()).max(1);
    if shortest > longest.min(periods) {
        return Err(config.error(format!(
            "the shortest window has {shortest} intervals, the longest {}: no window is left",
            longest.min(periods)
        )));
    }
    if settings.analysis == Analysis::Prospective {
        return Ok(Window::trailing(periods, longest).split_off(shortest - 1));
    }
    if periods.saturating_mul(longest.min(periods)) > 2 * MOST_WINDOWS {
        return Err(config.error(format!(
            "{periods} intervals with windows of up to {longest}: too many; make `time_aggregation` longer or \
             `max_temporal` shorter"
        )));
    }
    Ok(Window::within(periods, shortest, longest))
}

#[cfg(test)]
mod tests;
