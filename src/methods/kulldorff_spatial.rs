//! The spatial scan statistic: where cases cluster among regions, given their population or expected counts.
//!
//! In: cases and exposure of each region, and a family of zones (circles, ellipses, or given sets). Out: the most
//! likely cluster and the significant ones apart from it. Not here: time, and what a case is.
//!
//! Source: Kulldorff 1997 (Comm Stat 26:1481; Poisson and Bernoulli models); Kulldorff, Huang, Pickle & Duczmal 2006
//! (Stat Med 25:3929; ellipses and their penalty).

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::scan::{
    Ellipses, Limits, Null, Places, SATSCAN_EARTH_KM, Scan, Statistic, Window, Zones, p_value, separate,
};
use super::settings::{Config, Count, CountFrom, List, Number, Part, configs};
use super::spacetime_scan::zone_sets;
use super::table::finite;
use super::{Answer, Call, Columns, Method, MethodError};

pub(super) const METHOD: Method = Method {
    name: "kulldorff_spatial",
    zh: "空间扫描统计量：圆形、椭圆或给定区域集合内的病例聚集",
    en: "Spatial scan statistic: clusters of cases in circles, ellipses or given sets of regions",
    source: "Kulldorff 1997, Comm Stat 26:1481; Kulldorff et al. 2006, Stat Med 25:3929",
    tables: &[],
    run,
};

/// Cases and what they are compared with, an entry per region.
#[derive(Debug, Clone, Copy)]
pub enum Model<'a> {
    /// Cases Poisson with means proportional to the expected counts (≥ 0), given their total.
    Poisson {
        /// Cases.
        cases: &'a [u64],
        /// Expected counts; only their proportions matter.
        expected: &'a [f64],
    },
    /// Every person is a case or not (cases ≤ population).
    Bernoulli {
        /// Cases.
        cases: &'a [u64],
        /// Persons, cases among them.
        population: &'a [u64],
    },
}

/// A cluster of regions.
#[derive(Debug, Clone, PartialEq)]
pub struct Cluster {
    /// Regions, from 0; of circles and ellipses the most central first.
    pub members: Vec<usize>,
    /// Cases within.
    pub cases: u64,
    /// Cases expected within, when all expected counts sum to all cases.
    pub expected: f64,
    /// Rate within relative to the rate without; infinite when all cases are within.
    pub relative_risk: f64,
    /// Log likelihood ratio.
    pub log_likelihood_ratio: f64,
    /// The same times the penalty of the ellipse.
    pub statistic: f64,
    /// Monte Carlo p-value, adjusted for the search.
    pub p_value: f64,
}

/// The most likely cluster, then by falling statistic those that share no region with one before and whose p-value is
/// below `alpha`. Empty when no zone with at least `min_cases` has more cases than expected.
///
/// # Panics
/// When there is not an entry per location of the zones.
pub fn clusters(
    zones: &Zones,
    model: &Model<'_>,
    min_cases: u64,
    replicas: usize,
    alpha: f64,
    seed: u64,
) -> Vec<Cluster> {
    let (&cases, weights): (_, Vec<f64>) = match model {
        Model::Poisson { cases, expected } => (cases, expected.to_vec()),
        Model::Bernoulli { cases, population } => (cases, population.iter().map(|&n| n as f64).collect()),
    };
    let all: u64 = cases.iter().sum();
    let total = all as f64;
    let (statistic, null) = match model {
        Model::Poisson { expected, .. } => (Statistic::Poisson { total }, Null::multinomial(all, expected)),
        Model::Bernoulli { population, .. } => (
            Statistic::Bernoulli { cases: total, population: weights.iter().sum() },
            Null::Hypergeometric { total: all, population: population.to_vec() },
        ),
    };
    let baseline = Scan::rescaled(&weights, total);
    let scan = Scan::new(zones, 1, Window::trailing(1, 1), statistic, &baseline).min_cases(min_cases);
    let counts: Vec<f64> = cases.iter().map(|&count| count as f64).collect();
    let candidates = scan.best_by_zone(&counts);
    if candidates.iter().all(|found| found.statistic <= 0.0) {
        return Vec::new();
    }
    let maxima = scan.maxima(&null, replicas, seed);
    let told =
        separate(zones, candidates, |_, _| true, |at, found| at == 0 || p_value(&maxima, found.statistic) < alpha);
    let cluster = |found: super::scan::Found| {
        let (within, without) = (found.observed / found.expected, (total - found.observed) / (total - found.expected));
        Cluster {
            members: zones.members(found.zone).iter().map(|&member| member as usize).collect(),
            cases: zones.members(found.zone).iter().map(|&member| cases[member as usize]).sum(),
            expected: found.expected,
            relative_risk: within / without,
            log_likelihood_ratio: found.statistic / zones.factor(found.zone),
            statistic: found.statistic,
            p_value: p_value(&maxima, found.statistic),
        }
    };
    told.into_iter().map(cluster).collect()
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let input = Columns::read("input", &call.input)?;
    let mut answers = Map::new();
    for config in configs::<Settings>(&call.config)? {
        let told = scan_one(&config, &input, call)?;
        answers.insert(config.id().to_owned(), Value::Array(told));
    }
    Ok(Answer::Json(Value::Object(answers)))
}

/// Law of the cases.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Law {
    Poisson,
    #[serde(alias = "binomial", alias = "binomial(Bernoulli)")]
    Bernoulli,
}

/// What the coordinates are: on a plane, or longitude and latitude.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Coordinates {
    Cartesian,
    LatLong,
}

/// Shape of the zones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Circle,
    Ellipse,
}

/// Names of the input's columns; a column that is not named has the name of its key, `expected` none.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct ColumnNames {
    x: Option<String>,
    y: Option<String>,
    cases: Option<String>,
    population: Option<String>,
    expected: Option<String>,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    model: Law,
    columns: ColumnNames,
    floor_cases: bool,
    coordinates: Coordinates,
    pop_upper_bound: Part,
    shape: Shape,
    /// Ratios of the axes, and for each the number of directions.
    ellipse_shapes: Option<List<Number>>,
    ellipse_angles: Option<List<Number>>,
    ellipse_first_angle: Number,
    penalty_a: Number,
    min_cases: Count,
    n_simulations: Count,
    alpha_level: Number,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            model: Law::Poisson,
            columns: ColumnNames::default(),
            floor_cases: false,
            coordinates: Coordinates::Cartesian,
            pop_upper_bound: Part(0.5),
            shape: Shape::Circle,
            ellipse_shapes: None,
            ellipse_angles: None,
            ellipse_first_angle: Number(90.0),
            penalty_a: Number(0.0),
            min_cases: CountFrom(2),
            n_simulations: CountFrom(999),
            alpha_level: Number(0.05),
        }
    }
}

fn scan_one(config: &Config<Settings>, input: &Columns, call: &Call) -> Result<Vec<Value>, MethodError> {
    let settings = &config.settings;
    let names = &settings.columns;
    let or_key = |named: &Option<String>, key: &str| named.clone().unwrap_or_else(|| key.to_owned());
    let cases_column = or_key(&names.cases, "cases");
    let cases = if settings.floor_cases { floored(input, &cases_column)? } else { input.counts(&cases_column)? };
    let not_negative = |name: &str| -> Result<Vec<f64>, MethodError> {
        let numbers = input.numbers(name)?;
        match numbers.iter().position(|&number| number < 0.0) {
            Some(row) => Err(input.error(Some(row), format!("`{name}` must not be negative, but is {}", numbers[row]))),
            None => Ok(numbers),
        }
    };
    let population_column = or_key(&names.population, "population");
    let with_population = names.population.is_some() || input.has(&population_column);
    let population = if with_population { Some(not_negative(&population_column)?) } else { None };
    let given = names.expected.as_deref().map(not_negative).transpose()?;
    let bernoulli = settings.model == Law::Bernoulli;
    let total = cases.iter().sum::<u64>() as f64;
    let expected = match (&given, &population) {
        (Some(given), _) if !bernoulli => given.clone(),
        (_, Some(population)) => Scan::rescaled(population, total),
        (Some(_), None) => return Err(config.error("the bernoulli model needs a `population` column")),
        (None, None) => return Err(config.error("`columns` must name a `population` or an `expected` column")),
    };
    if let Some(row) = (0..cases.len()).find(|&row| cases[row] > 0 && expected[row] <= 0.0) {
        return Err(input.error(Some(row), format!("{} cases where none can be expected (no exposure)", cases[row])));
    }
    let exposure = population.as_ref().unwrap_or(&expected);
    let zones = zones(config, input, call, exposure)?;
    let persons = if bernoulli {
        let persons = input.counts(&population_column)?;
        if let Some(row) = (0..cases.len()).find(|&row| cases[row] > persons[row]) {
            return Err(input.error(Some(row), format!("{} cases among {} persons", cases[row], persons[row])));
        }
        Some(persons)
    } else {
        None
    };
    let model = match &persons {
        Some(population) => Model::Bernoulli { cases: &cases, population },
        None => Model::Poisson { cases: &cases, expected: &expected },
    };
    let (min_cases, replicas) = (settings.min_cases.0 as u64, settings.n_simulations.0);
    let told = clusters(&zones, &model, min_cases, replicas, settings.alpha_level.0, call.seed);
    Ok(told
        .iter()
        .map(|cluster| {
            // Against the given standard, whose sum need not be the number of cases.
            let expected: f64 = cluster.members.iter().map(|&member| expected[member]).sum();
            let within = |exposure: &Vec<f64>| cluster.members.iter().map(|&member| exposure[member]).sum::<f64>();
            json!({
                "locids": cluster.members.iter().map(|member| member + 1).collect::<Vec<_>>(),
                "population": population.as_ref().map(within),
                "cases": cluster.cases,
                "expected": expected,
                "smr": finite(cluster.cases as f64 / expected),
                "rr": finite(cluster.relative_risk),
                "loglikrat": finite(cluster.log_likelihood_ratio),
                "test_statistic": finite(cluster.statistic),
                "pvalue": cluster.p_value,
            })
        })
        .collect())
}

fn floored(input: &Columns, name: &str) -> Result<Vec<u64>, MethodError> {
    let numbers = input.numbers(name)?;
    let floor = |(row, number): (usize, f64)| {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked: not negative and small")]
        match number {
            number if (0.0..9e15).contains(&number) => Ok(number as u64),
            _ => Err(input.error(Some(row), format!("`{name}` must be a number ≥ 0, not {number}"))),
        }
    };
    numbers.into_iter().enumerate().map(floor).collect()
}

fn zones(config: &Config<Settings>, input: &Columns, call: &Call, exposure: &[f64]) -> Result<Zones, MethodError> {
    let settings = &config.settings;
    if let Some(text) = &call.zones {
        let sets = zone_sets(text, |_| None)?;
        return Zones::sets(input.len(), &sets).map_err(|(at, what)| MethodError::Input {
            file: "zones",
            line: None,
            what: format!("zone {}: {what}", at + 1),
        });
    }
    let (x, y) = (settings.columns.x.as_deref().unwrap_or("x"), settings.columns.y.as_deref().unwrap_or("y"));
    let points: Vec<(f64, f64)> = input.numbers(x)?.into_iter().zip(input.numbers(y)?).collect();
    let latlong = settings.coordinates == Coordinates::LatLong;
    let places = if latlong {
        Places::sphere(&points.iter().map(|&(x, y)| (y, x)).collect::<Vec<_>>(), SATSCAN_EARTH_KM)
    } else {
        Places::plane(&points)
    };
    let share = settings.pop_upper_bound.0;
    let limits = Limits { exposure, share, distance: f64::INFINITY, together: false };
    match settings.shape {
        Shape::Circle => Ok(Zones::circles(&places, &limits)),
        Shape::Ellipse if latlong => Err(config.error("ellipses need `coordinates` cartesian")),
        Shape::Ellipse => {
            let list = |given: &Option<List<Number>>, key: &str| {
                let given = given.as_ref().ok_or_else(|| config.error(format!("missing field `{key}`")))?;
                Ok(given.0.iter().map(|number| number.0).collect::<Vec<f64>>())
            };
            let shapes = list(&settings.ellipse_shapes, "ellipse_shapes")?;
            let angles = list(&settings.ellipse_angles, "ellipse_angles")?;
            if shapes.len() != angles.len() || shapes.iter().any(|&shape| shape < 1.0) {
                return Err(config.error("`ellipse_shapes` must be ≥ 1, with as many `ellipse_angles`"));
            }
            if angles.iter().any(|&angles| angles < 1.0 || angles.fract() != 0.0 || angles > 3600.0) {
                return Err(config.error("`ellipse_angles` must be whole numbers of directions within 1..3600"));
            }
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "checked just above")]
            let angles: Vec<usize> = angles.into_iter().map(|angles| angles as usize).collect();
            let ellipses = Ellipses {
                shapes: &shapes,
                angles: &angles,
                first_angle: settings.ellipse_first_angle.0,
                penalty: settings.penalty_a.0,
            };
            Ok(Zones::ellipses(&places, &ellipses, &limits))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(config: &str, input: &str, zones: Option<&str>) -> Result<Value, MethodError> {
        let call = Call {
            config: format!(r#"{{"n_simulations": 199, "configs": {{"a": {config}}}}}"#),
            input: input.to_owned(),
            zones: zones.map(str::to_owned),
            ..Call::default()
        };
        match run(&call)? {
            Answer::Json(value) => Ok(value["a"].clone()),
            Answer::Table(_) => panic!("clusters are JSON"),
        }
    }

    const LINE: &str = "x,y,cases,population\n0,0,2,100\n1,0,3,100\n2,0,30,100\n3,0,31,100\n9,0,2,100\n12,0,4,100\n";

    #[test]
    fn a_planted_cluster_has_its_numbers() {
        let found = answer(r#"{"pop_upper_bound": 0.5}"#, LINE, None).expect("an answer");
        let first = &found[0];
        assert_eq!(
            (&first["locids"], &first["cases"], &first["population"]),
            (&json!([4, 3]), &json!(61), &json!(200.0))
        );
        let near = |key: &str, value: f64| {
            let found = first[key].as_f64().expect("a number");
            assert!((found - value).abs() < 1e-9, "{key}: {found}");
        };
        near("expected", 24.0);
        near("smr", 61.0 / 24.0);
        near("rr", (61.0 / 24.0) / (11.0 / 48.0));
        near("loglikrat", 61.0 * (61.0_f64 / 24.0).ln() + 11.0 * (11.0_f64 / 48.0).ln());
        near("pvalue", 1.0 / 200.0);
        assert_eq!(found.as_array().map(Vec::len), Some(1));
    }

    #[test]
    fn given_sets_take_the_place_of_circles() {
        let found = answer("{}", LINE, Some("[[1, 3], 5, [4, 6]]")).expect("an answer");
        assert_eq!(found[0]["locids"], json!([4, 6]));
        assert!(answer("{}", LINE, Some("[[1, 7]]")).is_err());
    }

    #[test]
    fn bernoulli_is_near_poisson_for_rare_cases_and_above_for_common_ones() {
        let value = |model: &str, persons: &str| {
            let input = LINE.replace(",100\n", &format!(",{persons}\n"));
            let config = format!(r#"{{"model": "{model}"}}"#);
            answer(&config, &input, None).expect("an answer")[0]["loglikrat"].as_f64().expect("a number")
        };
        assert!((value("bernoulli", "1000000") / value("poisson", "1000000") - 1.0).abs() < 1e-4);
        assert!(value("bernoulli", "40") > 1.5 * value("poisson", "40"));
    }

    #[test]
    fn nothing_beyond_expectation_gives_an_empty_list() {
        for cases in ["0", "5"] {
            let rows: Vec<String> = (0..4).map(|at| format!("{at},0,{cases},10")).collect();
            let found = answer("{}", &format!("x,y,cases,population\n{}", rows.join("\n")), None).expect("an answer");
            assert_eq!(found, json!([]));
        }
        assert_eq!(answer("{}", "x,y,cases,population\n", None).expect("an answer"), json!([]), "no region");
        assert_eq!(answer("{}", "x,y,cases,population\n1,1,5,10\n", None).expect("an answer"), json!([]), "one region");
        let zero = answer("{}", "x,y,cases,population\n1,1,0,0\n2,2,0,0\n", None).expect("an answer");
        assert_eq!(zero, json!([]), "no exposure");
    }

    #[test]
    fn wrong_inputs_are_told() {
        let none_exposed = "x,y,cases,population\n0,0,1,0\n1,0,2,10\n";
        let half = "x,y,cases,population\n0,0,1.5,10\n1,0,2,10\n";
        let many = "x,y,cases,population\n0,0,11,10\n1,0,2,10\n";
        assert!(answer("{}", none_exposed, None).expect_err("refused").to_string().contains("line 2"));
        assert!(answer("{}", half, None).is_err());
        assert!(answer(r#"{"floor_cases": true}"#, half, None).is_ok());
        assert!(answer(r#"{"model": "bernoulli"}"#, many, None).is_err());
        for config in [
            r#"{"shape": "square"}"#,
            r#"{"model": "normal"}"#,
            r#"{"pop_upper_bound": 7}"#,
            r#"{"shape": "ellipse", "ellipse_shapes": [2], "ellipse_angles": [1.5]}"#,
        ] {
            assert!(answer(config, LINE, None).is_err(), "{config}");
        }
    }

    #[test]
    fn counts_of_millions_are_no_trouble() {
        let input = LINE.replace(",100\n", ",90000000\n").replace(",0,3", ",0,3000003");
        let found = answer("{}", &input, None).expect("an answer");
        assert!(found[0]["pvalue"].as_f64().expect("a number") <= 0.005);
    }
}
