//! Gamma-Poisson shrinker (MGPS): which pairs of product and hazard are reported more often than expected, with small
//! counts shrunk.
//!
//! In: reports that name products and hazards, perhaps with strata. Out: per pair its count N and expectation E, the
//! ratios RR and PRR, and under a prior the weight Qₙ, the geometric mean EBGM and the limits EB05 and EB95; or the
//! fitted prior. Signals are usually EB05 ≥ 2 with N ≥ 3. Not here: measures of one fourfold table
//! (`disproportionality`).
//!
//! Sources: DuMouchel (1999), Am. Stat. 53:177; DuMouchel & Pregibon (2001), KDD; the settings are those of Canida &
//! Ihrie (2017), R Journal 9:499.

pub mod counts;
pub mod fit;
pub mod prior;

use std::collections::HashMap;

use serde::Deserialize;
use serde_json::{Value, json};

use self::counts::{Mention, PairCount, count_pairs};
use self::fit::Fitting;
use self::prior::{GammaMixture, Posterior};
use super::pairs::Labels;
use super::settings::{Config, Count, CountFrom, Ignored, List, Number, Part, Positive, only};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};

pub(super) const METHOD: Method = Method {
    name: "gps_ebgm",
    zh: "伽马-泊松收缩（MGPS）：按报告数收缩后的 EBGM、EB05、EB95",
    en: "gamma-Poisson shrinker (MGPS): EBGM, EB05 and EB95 of product-hazard pairs",
    source: "DuMouchel 1999, Am. Stat. 53:177",
    tables: &["theta", "stratified"],
    run,
};

/// Most columns `strat1`, `strat2`, … that are looked for.
const STRATA_MAX: usize = 1_000;
/// The quantiles that have columns.
const QUANTILES: [f64; 2] = [0.05, 0.95];

/// The reports of the input, counted, with the words behind the positions.
struct Counted<'a> {
    first: Labels<'a>,
    second: Labels<'a>,
    pairs: Vec<PairCount>,
}

/// `stratify`: the columns whose values together make a stratum.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "Value")]
enum Stratify {
    No,
    /// All of strat1, strat2, …
    All,
    Columns(Vec<String>),
}

impl TryFrom<Value> for Stratify {
    type Error = String;
    fn try_from(value: Value) -> Result<Self, String> {
        let name = |name: &Value| name.as_str().map(str::to_owned);
        match &value {
            Value::Bool(false) => Some(Self::No),
            Value::Bool(true) => Some(Self::All),
            Value::String(name) => Some(Self::Columns(vec![name.clone()])),
            Value::Array(names) => names.iter().map(name).collect::<Option<_>>().map(Self::Columns),
            _ => None,
        }
        .ok_or_else(|| format!("expected true, false or names of columns, found {value}"))
    }
}

impl Stratify {
    fn columns(&self, input: &Columns) -> Result<Vec<String>, MethodError> {
        match self {
            Self::No => Ok(Vec::new()),
            Self::Columns(names) => Ok(names.clone()),
            Self::All => {
                let names = (1..STRATA_MAX).map(|at| format!("strat{at}"));
                let names: Vec<_> = names.take_while(|name| input.has(name)).collect();
                if names.is_empty() {
                    return Err(input.error(None, "`stratify` is true, but there is no column `strat1`"));
                }
                Ok(names)
            }
        }
    }
}

/// The five numbers of a prior; P may be written small.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(deny_unknown_fields)]
struct PriorSettings {
    alpha1: Positive,
    beta1: Positive,
    alpha2: Positive,
    beta2: Positive,
    #[serde(rename = "P", alias = "p")]
    share: Part,
}

/// A prior: numbers alpha1, beta1, alpha2, beta2 above 0 and P from 0 to 1.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "PriorSettings")]
struct Prior(GammaMixture);

impl TryFrom<PriorSettings> for Prior {
    type Error = &'static str;
    fn try_from(given: PriorSettings) -> Result<Self, &'static str> {
        GammaMixture::new(given.alpha1.0, given.beta1.0, given.alpha2.0, given.beta2.0, given.share.0)
            .map(Self)
            .ok_or("alpha1, beta1, alpha2 and beta2 must be above 0 and P from 0 to 1")
    }
}

/// `fit`: how to fit a prior.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct FitSettings {
    /// Where the search starts.
    theta_init: Option<List<Prior>>,
    /// Largest value of a proper estimate.
    param_limit: Option<Positive>,
    /// How many other starts must agree: 1 when data are to be squashed (the automatic search), else the best counts.
    min_conv: Option<Count>,
    squash: Option<Ignored>,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    stratify: Stratify,
    zeroes: bool,
    #[serde(rename = "N_star")]
    least_count: Option<Count>,
    quantiles: List<Number>,
    /// The prior; fitted when it is not given.
    theta: Option<Prior>,
    /// A second prior, for the columns `fixed_…`.
    fixed_theta: Option<Prior>,
    fit: Option<FitSettings>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            stratify: Stratify::No,
            zeroes: false,
            least_count: None,
            quantiles: List(Vec::new()),
            theta: None,
            fixed_theta: None,
            fit: None,
        }
    }
}

impl Settings {
    fn fitting(&self) -> Fitting {
        let mut fitting = Fitting::default();
        if let Some(CountFrom(least)) = self.least_count {
            fitting.least_count = Some(least as u64);
        } else if self.zeroes {
            fitting.least_count = None;
        }
        let Some(fit) = &self.fit else { return fitting };
        if let Some(List(starts)) = fit.theta_init.as_ref().filter(|List(starts)| !starts.is_empty()) {
            fitting.starts = starts.iter().map(|Prior(start)| *start).collect();
        }
        fitting.agreement = fit.min_conv.map_or_else(|| usize::from(fit.squash.is_some()), |number| number.0);
        fitting.limit = fit.param_limit.map_or(fitting.limit, |limit| limit.0);
        fitting
    }
}

fn count<'a>(settings: &Settings, input: &'a Columns) -> Result<Counted<'a>, MethodError> {
    let (ids, firsts, seconds) = (input.words("id")?, input.words("var1")?, input.words("var2")?);
    let names = settings.stratify.columns(input)?;
    let strata: Vec<_> = names.iter().map(|name| input.words(name)).collect::<Result<_, _>>()?;
    let (mut reports, mut first, mut second) = (Labels::default(), Labels::default(), Labels::default());
    let mut known: HashMap<Vec<&str>, usize> = HashMap::new();
    let mut mentions = Vec::with_capacity(ids.len());
    for row in 0..ids.len() {
        if let Some((name, _)) =
            [("id", ids[row]), ("var1", firsts[row]), ("var2", seconds[row])].iter().find(|(_, word)| word.is_empty())
        {
            return Err(input.error(Some(row), format!("`{name}` is empty; every row names a report and a pair")));
        }
        let new = known.len();
        mentions.push(Mention {
            report: reports.position(ids[row]),
            first: first.position(firsts[row]),
            second: second.position(seconds[row]),
            stratum: *known.entry(strata.iter().map(|column| column[row]).collect()).or_insert(new),
        });
    }
    let pairs = count_pairs(&mentions, settings.zeroes);
    Ok(Counted { first, second, pairs })
}

fn fitted(config: &Config<Settings>, counted: &Counted<'_>) -> Result<fit::Fitted, MethodError> {
    let fitting = config.settings.fitting();
    let pairs = counted.pairs.iter().map(|pair| (pair.count, pair.expected));
    fit::fit(pairs, &fitting).ok_or_else(|| {
        let least = fitting.least_count.unwrap_or(0);
        config.error(format!("no prior can be fitted: no pair in the input has a count of at least {least}"))
    })
}

/// Key columns and counts of a pair.
fn counts_of(counted: &Counted<'_>, pair: &PairCount) -> Vec<Cell> {
    vec![
        counted.first.words()[pair.first].into(),
        counted.second.words()[pair.second].into(),
        pair.count.into(),
        pair.expected.into(),
        pair.relative_ratio().into(),
        pair.reporting_ratio.into(),
    ]
}

/// Qₙ, EBGM, EB05, EB95, for every pair; equal pairs are computed once.
fn summaries(prior: &GammaMixture, pairs: &[PairCount]) -> Vec<[f64; 4]> {
    let mut known: HashMap<(u64, u64), [f64; 4]> = HashMap::new();
    let summary = |posterior: Posterior| {
        let [low, high] = QUANTILES.map(|probability| posterior.quantile(probability));
        [posterior.weight(), posterior.geometric_mean(), low, high]
    };
    pairs
        .iter()
        .map(|pair| {
            let key = (pair.count, pair.expected.to_bits());
            // No expectation (a pair without common stratum): nothing can be said.
            *known
                .entry(key)
                .or_insert_with(|| prior.posterior(pair.count, pair.expected).map_or([f64::NAN; 4], summary))
        })
        .collect()
}

fn theta_answer(config: &Config<Settings>, counted: &Counted<'_>) -> Result<Answer, MethodError> {
    let found = fitted(config, counted)?;
    let (first, second) = (found.prior.first(), found.prior.second());
    Ok(Answer::Json(json!({
        "theta": {
            "alpha1": first.shape,
            "beta1": first.rate,
            "alpha2": second.shape,
            "beta2": second.rate,
            "P": found.prior.share(),
        },
        "negative_log_likelihood": found.negative_log_likelihood,
        "within_limits": found.proper,
    })))
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let config = only::<Settings>(&call.config)?;
    let settings = &config.settings;
    let input = Columns::read("input", &call.input)?;
    let counted = count(settings, &input)?;
    match call.table.as_deref() {
        None => {}
        Some("theta") => return theta_answer(&config, &counted),
        Some("stratified") => {
            let mut answer = Table::new(&["var1", "var2", "N", "E", "RR", "PRR"]);
            for pair in &counted.pairs {
                answer.push(counts_of(&counted, pair));
            }
            return Ok(Answer::Table(answer));
        }
        Some(other) => {
            return Err(MethodError::Table { method: METHOD.name, table: other.into(), known: "theta, stratified" });
        }
    }
    if let Some(Number(other)) = settings.quantiles.0.iter().find(|quantile| !QUANTILES.contains(&quantile.0)) {
        return Err(config.error(format!("`quantiles`: expected 0.05 and 0.95 (EB05, EB95), found {other}")));
    }
    let prior = match settings.theta {
        Some(Prior(prior)) => prior,
        None => fitted(&config, &counted)?.prior,
    };
    let own = summaries(&prior, &counted.pairs);
    let fixed = settings.fixed_theta.map(|Prior(prior)| summaries(&prior, &counted.pairs));
    let mut answer = Table::new(&[
        "var1",
        "var2",
        "N",
        "E",
        "RR",
        "PRR",
        "Qn",
        "EBGM",
        "EB05",
        "EB95",
        "fixed_Qn",
        "fixed_EBGM",
        "fixed_EB05",
        "fixed_EB95",
    ]);
    for (at, pair) in counted.pairs.iter().enumerate() {
        let mut line = counts_of(&counted, pair);
        line.extend(own[at].map(Cell::from));
        line.extend(
            fixed
                .as_ref()
                .map_or([Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty], |fixed| fixed[at].map(Cell::from)),
        );
        answer.push(line);
    }
    Ok(Answer::Table(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    const INPUT: &str = "id,var1,var2,strat1\n1,a,x,f\n1,a,x,f\n2,a,x,m\n2,b,y,m\n3,b,x,m\n4,c,z,f\n";

    fn answer(config: &str, input: &str, table: Option<&str>) -> Result<String, MethodError> {
        let call =
            Call { config: config.into(), input: input.into(), table: table.map(str::to_owned), ..Call::default() };
        run(&call).map(|answer| answer.to_string())
    }

    #[test]
    fn given_priors_are_used_side_by_side() {
        let theta = r#"{"alpha1": 0.2, "beta1": 0.1, "alpha2": 2, "beta2": 4, "P": 0.3}"#;
        let text = answer(&format!(r#"{{"theta": {theta}, "fixed_theta": {theta}}}"#), INPUT, None).unwrap();
        let lines: Vec<Vec<_>> = text.lines().map(|line| line.split(',').collect()).collect();
        assert_eq!(lines.len(), 5);
        assert_eq!(lines[1][..6].join(" "), "a x 2 1.5 1.3333333333333333 2");
        for line in &lines[1..] {
            assert_eq!(line[6..10], line[10..14]);
        }
        let one = answer(&format!(r#"{{"theta": {theta}}}"#), INPUT, None).unwrap();
        assert!(one.lines().nth(1).unwrap().ends_with(",,,,"));
    }

    #[test]
    fn strata_change_expectations_alone() {
        let plain = answer("{}", INPUT, Some("stratified")).unwrap();
        for config in [r#"{"stratify": ["strat1"]}"#, r#"{"stratify": true}"#, r#"{"stratify": "strat1"}"#] {
            let text = answer(config, INPUT, Some("stratified")).unwrap();
            // f: 2 reports, a 1, x 1; m: 2 reports, a 1, x 2.
            assert!(text.contains("a,x,2,1.5,"), "{text}");
            assert!(text.contains("b,y,1,1,"), "{text}");
            assert!(plain.contains("b,y,1,0.5,"), "{plain}");
        }
        assert!(answer(r#"{"stratify": 3}"#, INPUT, None).is_err());
        assert!(answer(r#"{"stratify": true}"#, "id,var1,var2\n", None).is_err());
    }

    #[test]
    fn a_fit_is_printed_with_all_its_numbers() {
        let text = answer("{}", INPUT, Some("theta")).unwrap();
        let value: Value = serde_json::from_str(&text).unwrap();
        for key in ["alpha1", "beta1", "alpha2", "beta2", "P"] {
            assert!(value["theta"][key].as_f64().unwrap() > 0.0);
        }
        assert!(value["negative_log_likelihood"].as_f64().unwrap().is_finite());
        let text = answer("{}", INPUT, None).unwrap();
        assert!(text.lines().skip(1).all(|line| line.ends_with(",,,,") && !line.contains("NaN")));
    }

    #[test]
    fn what_cannot_be_answered_is_named() {
        for (config, input, table, said) in [
            ("{}", "id,var1,var2\n", Some("theta"), "no prior can be fitted"),
            ("{}", "id,var1,var2\n1,,x\n", None, "`var1` is empty"),
            ("{}", INPUT, Some("squashed"), "theta, stratified"),
            (r#"{"theta": {"alpha1": 1}}"#, INPUT, None, "missing field `beta1`"),
            (r#"{"quantiles": [0.5]}"#, INPUT, None, "quantiles"),
            (r#"{"fit": {"theta_init": 4}}"#, INPUT, Some("theta"), "theta_init"),
            (r#"{"fit": {"min_conv": -1}}"#, INPUT, Some("theta"), "min_conv"),
            (r#"{"fit": {"param_limit": -1}}"#, INPUT, Some("theta"), "param_limit"),
        ] {
            let error = answer(config, input, table).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        let theta = r#"{"theta": {"alpha1": 1, "beta1": 1, "alpha2": 1, "beta2": 1, "P": 0.5}}"#;
        assert_eq!(answer(theta, "id,var1,var2\n", None).unwrap().lines().count(), 1);
    }

    #[test]
    fn zeros_are_pairs_on_demand() {
        let text = answer(r#"{"zeroes": true, "N_star": null}"#, INPUT, None).unwrap();
        assert_eq!(text.lines().count(), 1 + 9);
        assert!(text.contains("a,y,0,0.5,0,0,"), "{text}");
    }
}
