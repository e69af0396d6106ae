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

use serde_json::{Map, Value, json};

pub use exposure::{Calendar, Unit, person_days, standardised};

use super::kulldorff_spatial::{EARTH_KM, finite};
use super::scan::{
    Direction, Found, Limits, Null, Places, Scan, Statistic, Window, Zones, combined_p_value, p_value,
    recurrence_interval, separate,
};
use super::spacetime_scan::{independent_baseline, zone_sets};
use super::{Answer, Call, Method, MethodError, Settings, configs};

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

/// What a config asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Analysis {
    Spatial,
    Retrospective,
    Prospective,
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let all = configs(&call.config)?;
    if let [settings] = &all[..]
        && settings.id().is_empty()
    {
        return scan_one(settings, call).map(Answer::Json);
    }
    let mut answers = Map::new();
    for settings in &all {
        answers.insert(settings.id().to_owned(), scan_one(settings, call)?);
    }
    Ok(Answer::Json(Value::Object(answers)))
}

fn scan_one(settings: &Settings, call: &Call) -> Result<Value, MethodError> {
    let analysis = match settings.word_if_any("analysis")?.unwrap_or("spatial") {
        "spatial" | "purely spatial" => Analysis::Spatial,
        "retrospective space-time" => Analysis::Retrospective,
        "prospective space-time" => Analysis::Prospective,
        other => {
            let known = "spatial, retrospective space-time or prospective space-time";
            return Err(settings.error(format!("`analysis` must be {known}, not `{other}`")));
        }
    };
    let permutation = match settings.word_if_any("model")?.unwrap_or("poisson") {
        "poisson" => false,
        "permutation" | "space-time permutation" if analysis != Analysis::Spatial => true,
        "permutation" | "space-time permutation" => {
            return Err(settings.error("the permutation model needs time: a space-time `analysis`"));
        }
        other => return Err(settings.error(format!("`model` must be poisson or permutation, not `{other}`"))),
    };
    let calendar = exposure::calendar(settings, analysis == Analysis::Spatial)?;
    let latlong = match settings.word_if_any("coordinates")?.unwrap_or("cartesian") {
        "cartesian" => false,
        "latlong" => true,
        other => return Err(settings.error(format!("`coordinates` must be cartesian or latlong, not `{other}`"))),
    };
    let coords = call.coords.as_deref().ok_or_else(|| settings.error("--coords is needed"))?;
    let geography = files::coordinates(coords, latlong)?;
    let dated = settings.word_if_any("case_time_precision")? != Some("none");
    if !dated && analysis != Analysis::Spatial {
        return Err(settings.error("`case_time_precision` none leaves no time to scan: `analysis` must be spatial"));
    }
    let cases = files::cases(&call.input, &geography, &calendar, dated)?;
    let periods = calendar.len();
    if geography.len().saturating_mul(periods) > MOST_CELLS {
        let what =
            format!("{} locations in {periods} intervals: too many; make `time_aggregation` longer", geography.len());
        return Err(settings.error(what));
    }
    let mut counts = vec![0; geography.len() * periods];
    for case in &cases {
        counts[case.location * periods + case.period] += case.count;
    }
    let strata = if permutation { files::strata(&cases, periods, counts.len()) } else { Vec::new() };
    let expected = if permutation {
        stratified_baseline(&strata, periods, counts.len())
    } else {
        let text = call.population.as_deref().ok_or_else(|| settings.error("the Poisson model needs --population"))?;
        let day = exposure::population_day(settings)?;
        files::expected(text, &geography, &calendar, &cases, day)?
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
    let zones = zones(settings, call, &geography, latlong, &exposure)?;
    let windows = windows(settings, analysis, &calendar)?;
    let options = Options {
        direction: match settings.word_if_any("scan")?.unwrap_or("high") {
            "high" => Direction::High,
            "low" => Direction::Low,
            "both" | "high or low" | "high and low" => Direction::Both,
            other => return Err(settings.error(format!("`scan` must be high, low or both, not `{other}`"))),
        },
        min_cases: settings.count_if_any("min_cases")?.unwrap_or(2) as u64,
        replicas: settings.count_if_any("replications")?.unwrap_or(999),
        seed: call.seed,
        share_places: match settings.word_if_any("secondary")?.unwrap_or("no shared location in a shared period") {
            "no shared location in a shared period" => true,
            "no shared location" => false,
            other => {
                let known = "`no shared location` or `no shared location in a shared period`";
                return Err(settings.error(format!("`secondary` must be {known}, not `{other}`")));
            }
        },
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
    settings: &Settings,
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
    let limit = |key: &str| {
        let number = settings.get("max_spatial").and_then(|limits| limits.get(key)).filter(|value| !value.is_null());
        let wrong = |value: &Value| settings.error(format!("`max_spatial.{key}` must be a number > 0, not {value}"));
        number.map(|value| value.as_f64().filter(|&number| number > 0.0).ok_or_else(|| wrong(value))).transpose()
    };
    let percent = limit("percent_at_risk")?.unwrap_or(50.0);
    let radius = limit("radius_km")?.or(limit("radius")?).unwrap_or(f64::INFINITY);
    let places = if latlong { Places::sphere(&geography.at, EARTH_KM) } else { Places::plane(&geography.at) };
    Ok(Zones::circles(&places, &Limits { exposure, share: percent / 100.0, distance: radius, together: true }))
}

fn windows(settings: &Settings, analysis: Analysis, calendar: &Calendar) -> Result<Vec<Window>, MethodError> {
    let periods = calendar.len();
    if analysis == Analysis::Spatial {
        return Ok(Window::trailing(1, 1));
    }
    let given = settings.get("max_temporal");
    let number = |key: &str| given.and_then(|given| given.get(key)).and_then(Value::as_f64);
    let units = match (number("percent_of_study_period"), number("units")) {
        (_, Some(units)) => {
            let unit = given.and_then(|given| given.get("unit")).and_then(Value::as_str);
            if unit.is_some_and(|unit| unit != calendar.unit().name()) {
                let what = "`max_temporal.unit` must be that of `time_aggregation`";
                return Err(settings.error(format!("{what}, {}", calendar.unit().name())));
            }
            units
        }
        (percent, None) => calendar.units() * percent.unwrap_or(50.0) / 100.0,
    };
    if !(0.0..1e9).contains(&units) {
        return Err(settings.error("`max_temporal` must be a positive percentage or number of units"));
    }
    let length = calendar.length() as f64;
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
    let longest = ((units / length + 1e-9).floor() as usize).max(1);
    let shortest = settings.count_if_any("min_temporal")?.unwrap_or(1).div_ceil(calendar.length()).max(1);
    if shortest > longest.min(periods) {
        return Err(settings.error(format!(
            "the shortest window has {shortest} intervals, the longest {}: no window is left",
            longest.min(periods)
        )));
    }
    if analysis == Analysis::Prospective {
        return Ok(Window::trailing(periods, longest).split_off(shortest - 1));
    }
    if periods.saturating_mul(longest.min(periods)) > 2 * MOST_WINDOWS {
        return Err(settings.error(format!(
            "{periods} intervals with windows of up to {longest}: too many; make `time_aggregation` longer or \
             `max_temporal` shorter"
        )));
    }
    Ok(Window::within(periods, shortest, longest))
}

#[cfg(test)]
mod tests;
