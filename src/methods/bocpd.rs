//! Bayesian online change-point detection (Adams & MacKay 2007, arXiv:0710.3742) of counts: Poisson with a Gamma prior
//! on the rate, constant hazard.
//!
//! Used only to date an onset for an explanation ("the rise began in week 31"), not to alarm. Streaming: one
//! [`Detector::push`] per count, memory for the run lengths that are still possible. Not here: exposures; feed counts
//! of equal exposure.

use serde::Deserialize;
use serde_json::json;

use super::settings::{Number, only};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::{Discrete as _, NegativeBinomial};

/// As it is listed.
pub(super) const METHOD: Method = Method {
    name: "bocpd",
    zh: "贝叶斯在线变点检测（泊松-伽马）：用于给出上升起点",
    en: "Bayesian online change-point detection (Poisson-Gamma), to date an onset",
    source: "Adams & MacKay 2007, arXiv:0710.3742",
    tables: &["runlength", "final"],
    run,
};

/// What is assumed before the first count.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Model {
    /// Expected length of a run: the hazard is 1/`expected_run`. At least 1.
    pub expected_run: f64,
    /// Shape of the Gamma prior of the rate, above 0.
    pub shape: f64,
    /// Rate of the Gamma prior, above 0.
    pub rate: f64,
    /// The longest runs are forgotten as long as they have less than this probability together; 0: none. At least 0,
    /// below 1.
    pub truncation: f64,
}

/// A setting of a model that is out of range; the message says which.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("`{name}` must be {expected}, not {value}")]
pub struct ModelError {
    name: &'static str,
    expected: &'static str,
    value: f64,
}

/// The run-length posterior after some counts.
#[derive(Debug, Clone)]
pub struct Detector {
    model: Model,
    /// Number of counts so far.
    seen: usize,
    /// By run length: probability, and sum of the counts of that run.
    runs: Vec<(f64, f64)>,
}

impl Detector {
    /// Before the first count: run length 0.
    ///
    /// # Errors
    /// [`ModelError`].
    pub fn new(model: Model) -> Result<Self, ModelError> {
        let wrong = |name, expected, value| Err(ModelError { name, expected, value });
        let Model { expected_run, shape, rate, truncation } = model;
        if !(expected_run >= 1.0 && expected_run.is_finite()) {
            return wrong("hazard_lambda", "at least 1", expected_run);
        }
        if !(shape > 0.0 && shape.is_finite()) {
            return wrong("prior_shape", "above 0", shape);
        }
        if !(rate > 0.0 && rate.is_finite()) {
            return wrong("prior_rate", "above 0", rate);
        }
        if !(0.0..1.0).contains(&truncation) {
            return wrong("truncation", "at least 0 and below 1", truncation);
        }
        Ok(Self { model, seen: 0, runs: vec![(1.0, 0.0)] })
    }

    /// Takes the next count. The run length 0 afterwards means that the *next* count begins a new run.
    pub fn push(&mut self, count: u64) {
        let Model { expected_run, shape, rate, truncation } = self.model;
        // ln of probability × predictive (negative binomial), up to a constant, so that nothing underflows.
        let ln_weight: Vec<f64> = self
            .runs
            .iter()
            .enumerate()
            .map(|(length, (probability, sum))| {
                let rate = rate + length as f64;
                let predictive = NegativeBinomial::from_success(shape + sum, rate / (rate + 1.0));
                probability.ln() + predictive.ln_pmf(count)
            })
            .collect();
        let most = ln_weight.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let total: f64 = ln_weight.iter().map(|ln| (ln - most).exp()).sum();
        let hazard = 1.0 / expected_run;
        let grown = ln_weight
            .iter()
            .zip(&self.runs)
            .map(|(ln, (_, sum))| ((ln - most).exp() / total * (1.0 - hazard), sum + count as f64));
        self.runs = std::iter::once((hazard, 0.0)).chain(grown).collect();
        self.seen += 1;
        // What is left is scaled to 1 by the next count.
        let mut tail = 0.0;
        while let Some((probability, _)) = self.runs.last().filter(|_| self.runs.len() > 1) {
            tail += probability;
            if tail >= truncation {
                break;
            }
            self.runs.pop();
        }
    }

    /// Number of counts so far.
    pub fn seen(&self) -> usize {
        self.seen
    }

    /// Probability of each run length 0, 1, …; forgotten ones are missing at the end.
    pub fn run_lengths(&self) -> impl ExactSizeIterator<Item = f64> + '_ {
        self.runs.iter().map(|(probability, _)| *probability)
    }

    /// The most probable run length, and its probability; of equal ones the shortest.
    pub fn most_probable(&self) -> (usize, f64) {
        let mut best = (0, 0.0);
        for (length, probability) in self.run_lengths().enumerate() {
            if probability > best.1 {
                best = (length, probability);
            }
        }
        best
    }
}

/// The most probable segmentation of the counts so far: the one whose runs have the largest product of run-length
/// posteriors, each taken at the end of its run. Unlike the most probable run length of each single count it does not
/// fall apart where many run lengths share the posterior.
#[derive(Debug, Clone, Default)]
pub struct Segmentation {
    /// After each count: ln of that product, and the length of the last run.
    best: Vec<(f64, usize)>,
}

impl Segmentation {
    /// Takes the posterior after the next count; one call for every count. Of equal segmentations the one with the
    /// shorter last run.
    pub fn push(&mut self, detector: &Detector) {
        let seen = self.best.len() + 1;
        // The last run holds this count at least.
        let mut best = (f64::NEG_INFINITY, 1);
        for (length, probability) in detector.run_lengths().enumerate().skip(1) {
            let before = seen.checked_sub(length + 1).map_or(0.0, |last| self.best[last].0);
            let product = probability.ln() + before;
            if product > best.0 {
                best = (product, length);
            }
        }
        self.best.push(best);
    }

    /// Positions (from 0) at which its runs begin, rising.
    pub fn starts(&self) -> Vec<usize> {
        let mut starts = Vec::new();
        let mut end = self.best.len();
        while end > 0 {
            end = end.saturating_sub(self.best[end - 1].1);
            starts.push(end);
        }
        starts.reverse();
        starts
    }
}

/// Positions (from 0) at which the runs of a whole series begin, by its [`Segmentation`].
///
/// # Errors
/// [`ModelError`].
pub fn change_points(model: Model, counts: &[u64]) -> Result<Vec<usize>, ModelError> {
    let mut detector = Detector::new(model)?;
    let mut segmentation = Segmentation::default();
    for &count in counts {
        detector.push(count);
        segmentation.push(&detector);
    }
    Ok(segmentation.starts())
}

/// Law of the counts and of their rate.
#[derive(Debug, Clone, Copy, Deserialize)]
enum Law {
    #[serde(rename = "poisson-gamma")]
    PoissonGamma,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    #[serde(rename = "model")]
    _model: Option<Law>,
    hazard_lambda: Number,
    prior_shape: Option<Number>,
    prior_rate: Option<Number>,
    truncation: Option<Number>,
}

impl Settings {
    fn model(&self) -> Model {
        let or = |number: Option<Number>, default: f64| number.map_or(default, |number| number.0);
        Model {
            expected_run: self.hazard_lambda.0,
            shape: or(self.prior_shape, 1.0),
            rate: or(self.prior_rate, 1.0),
            truncation: or(self.truncation, 0.0),
        }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let counts = Columns::read("input", &call.input)?.counts("count")?;
    let config = only::<Settings>(&call.config)?;
    let model = config.settings.model();
    let wrong = |error: ModelError| config.error(error.to_string());
    match call.table.as_deref() {
        None => {
            let starts: Vec<usize> =
                change_points(model, &counts).map_err(wrong)?.iter().map(|start| start + 1).collect();
            Ok(Answer::Json(json!({
                "hazard_lambda": model.expected_run,
                "prior_shape": model.shape,
                "prior_rate": model.rate,
                "maxCPs": starts,
            })))
        }
        Some("runlength") => {
            let mut detector = Detector::new(model).map_err(wrong)?;
            let mut table = Table::new(&["column", "map_runlength_row", "map_prob", "p_row1", "colsum"]);
            let mut row = |detector: &Detector| {
                let (length, probability) = detector.most_probable();
                let first = detector.run_lengths().next();
                let sum: f64 = detector.run_lengths().sum();
                table.push(vec![
                    Cell::from(detector.seen() + 1),
                    (length + 1).into(),
                    probability.into(),
                    first.into(),
                    sum.into(),
                ]);
            };
            row(&detector);
            for &count in &counts {
                detector.push(count);
                row(&detector);
            }
            Ok(Answer::Table(table))
        }
        Some("final") => {
            let mut detector = Detector::new(model).map_err(wrong)?;
            for &count in &counts {
                detector.push(count);
            }
            let mut table = Table::new(&["row", "prob"]);
            let forgotten = std::iter::repeat(0.0);
            for (length, probability) in detector.run_lengths().chain(forgotten).take(counts.len() + 1).enumerate() {
                table.push(vec![Cell::from(length + 1), probability.into()]);
            }
            Ok(Answer::Table(table))
        }
        Some(other) => {
            Err(MethodError::Table { method: METHOD.name, table: other.to_owned(), known: "runlength, final" })
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MODEL: Model = Model { expected_run: 100.0, shape: 1.0, rate: 1.0, truncation: 0.0 };

    #[test]
    fn one_count_leaves_the_hazard_and_the_rest() {
        let mut detector = Detector::new(MODEL).unwrap();
        detector.push(3);
        let probabilities: Vec<f64> = detector.run_lengths().collect();
        assert!((probabilities[0] - 0.01).abs() < 1e-15 && (probabilities[1] - 0.99).abs() < 1e-15);
    }

    #[test]
    fn two_counts_agree_with_bayes_by_hand() {
        // Predictive with Gamma(1, 1): P(y) = 2^-(y+1); after a 4, Gamma(5, 2): P(0) = (2/3)^5.
        let mut detector = Detector::new(MODEL).unwrap();
        detector.push(4);
        detector.push(0);
        let (fresh, going) = (0.01 * 0.5, 0.99 * (2.0_f64 / 3.0).powi(5));
        let probabilities: Vec<f64> = detector.run_lengths().collect();
        let expected = [0.01, 0.99 * fresh / (fresh + going), 0.99 * going / (fresh + going)];
        for (found, expected) in probabilities.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-14, "{probabilities:?}");
        }
    }

    #[test]
    fn a_step_is_dated_to_where_it_is() {
        let counts: Vec<u64> = (0..40).map(|at| at % 2).chain((0..20).map(|at| 9 + at % 3)).chain([0; 30]).collect();
        assert_eq!(change_points(MODEL, &counts).unwrap(), vec![0, 40, 60]);
        let truncated = Model { truncation: 1e-6, ..MODEL };
        assert_eq!(change_points(truncated, &counts).unwrap(), vec![0, 40, 60]);
    }

    #[test]
    fn a_steady_series_stays_one_run_where_no_run_length_stands_out() {
        // Less spread than Poisson: after some thousand counts the posterior is flat.
        let counts: Vec<u64> = (0..6000_u64).map(|at| at * at % 7 % 2).collect();
        let mut detector = Detector::new(MODEL).unwrap();
        for &count in &counts {
            detector.push(count);
        }
        assert!(detector.most_probable().1 < 0.3, "{:?}", detector.most_probable());
        assert_eq!(change_points(MODEL, &counts).unwrap(), vec![0]);
    }

    #[test]
    fn none_one_constant_and_huge_counts_have_an_answer() {
        assert!(change_points(MODEL, &[]).unwrap().is_empty());
        assert_eq!(change_points(MODEL, &[0]).unwrap(), vec![0]);
        assert_eq!(change_points(MODEL, &[0; 200]).unwrap(), vec![0]);
        assert_eq!(change_points(MODEL, &[1_000_000; 50]).unwrap(), vec![0]);
        let steps: Vec<u64> = [[0; 30], [4_000_000_000; 30]].concat();
        assert_eq!(change_points(MODEL, &steps).unwrap(), vec![0, 30]);
    }

    #[test]
    fn a_hazard_of_one_begins_a_run_with_every_count() {
        let model = Model { expected_run: 1.0, ..MODEL };
        assert_eq!(change_points(model, &[3, 1, 4]).unwrap(), vec![0, 1, 2]);
    }

    #[test]
    fn settings_out_of_range_are_errors() {
        for model in [
            Model { expected_run: 0.5, ..MODEL },
            Model { shape: 0.0, ..MODEL },
            Model { rate: f64::NAN, ..MODEL },
            Model { truncation: 1.0, ..MODEL },
        ] {
            assert!(Detector::new(model).is_err(), "{model:?}");
        }
    }

    proptest! {
        #[test]
        fn probabilities_sum_to_one_and_the_first_is_the_hazard(
            counts in prop::collection::vec(0_u64..50, 1..80), expected_run in 1.5_f64..500.0,
        ) {
            let mut detector = Detector::new(Model { expected_run, ..MODEL }).unwrap();
            for count in counts {
                detector.push(count);
                prop_assert!((detector.run_lengths().sum::<f64>() - 1.0).abs() < 1e-12);
                prop_assert!((detector.run_lengths().next().unwrap() * expected_run - 1.0).abs() < 1e-12);
            }
        }

        #[test]
        fn truncation_loses_little_and_never_all(counts in prop::collection::vec(0_u64..9, 1..120)) {
            let truncated = &mut Detector::new(Model { truncation: 1e-9, ..MODEL }).unwrap();
            let full = &mut Detector::new(MODEL).unwrap();
            for count in counts {
                truncated.push(count);
                full.push(count);
                prop_assert!(truncated.run_lengths().zip(full.run_lengths()).all(|(a, b)| (a - b).abs() < 1e-5));
            }
        }
    }
}
