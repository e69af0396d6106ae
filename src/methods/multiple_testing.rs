//! Adjusted p-values for many tests at once: false discovery rates and family-wise error rates.
//!
//! In: p-values, or e-values. Out: for each the smallest level at which its test is rejected. Not here: what was tested.
//!
//! Sources: Benjamini & Hochberg (1995), J R Stat Soc B 57:289; Benjamini & Yekutieli (2001), Ann Stat 29:1165; Holm
//! (1979), Scand J Stat 6:65; Hochberg (1988), Biometrika 75:800; Dalmasso, Broët & Moreau (2005), Bioinformatics
//! 21:660 (LBE); Wang & Ramdas (2022), J R Stat Soc B 84:822 (e-BH).

use serde::Deserialize;

use super::settings::{Number, OneOrMore, only};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::{ln_gamma, solve};

pub(super) const METHOD: Method = Method {
    name: "multiple_testing",
    zh: "多重检验的 p 值校正：BH、BY、Holm、Hochberg、Bonferroni、LBE",
    en: "Adjusted p-values for many tests: BH, BY, Holm, Hochberg, Bonferroni, LBE",
    source: "Benjamini & Hochberg 1995; Benjamini & Yekutieli 2001; Holm 1979; Hochberg 1988; Dalmasso et al. 2005",
    tables: &[],
    run,
};

/// Positions from the smallest p-value to the largest.
fn order(p_values: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..p_values.len()).collect();
    order.sort_by(|one, other| p_values[*one].total_cmp(&p_values[*other]));
    order
}

/// min over all larger or equal p of p·factor(rank), at most 1; ranks from 1.
fn step_up(p_values: &[f64], factor: impl Fn(f64) -> f64) -> Vec<f64> {
    let mut adjusted = vec![1.0; p_values.len()];
    let mut smallest = 1.0_f64;
    for (rank, at) in order(p_values).into_iter().enumerate().rev() {
        smallest = smallest.min(p_values[at] * factor((rank + 1) as f64));
        adjusted[at] = smallest;
    }
    adjusted
}

/// Benjamini & Hochberg: false discovery rate of independent (or positively dependent) tests.
pub fn benjamini_hochberg(p_values: &[f64]) -> Vec<f64> {
    benjamini_hochberg_among(p_values, p_values.len() as u64)
}

/// The same where these are some of `tests` tests, and all others have p = 1.
pub fn benjamini_hochberg_among(p_values: &[f64], tests: u64) -> Vec<f64> {
    let m = (tests as f64).max(p_values.len() as f64);
    step_up(p_values, |rank| m / rank)
}

/// e-BH: false discovery rate under any dependence, from logarithms of e-values (of expectation at most 1 where there is nothing); they
/// are some of `tests` tests, and all others have e = 0.
pub fn e_benjamini_hochberg_among(ln_e_values: &[f64], tests: u64) -> Vec<f64> {
    let inverse: Vec<f64> = ln_e_values.iter().map(|ln_e| (-ln_e).exp()).collect();
    benjamini_hochberg_among(&inverse, tests)
}

/// Benjamini & Yekutieli: false discovery rate under any dependence.
pub fn benjamini_yekutieli(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len() as f64;
    let harmonic: f64 = (1..=p_values.len()).map(|rank| 1.0 / rank as f64).sum();
    step_up(p_values, |rank| harmonic * m / rank)
}

/// Hochberg: family-wise error rate, step-up.
pub fn hochberg(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len() as f64;
    step_up(p_values, |rank| m - rank + 1.0)
}

/// Holm: family-wise error rate under any dependence, step-down.
pub fn holm(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len();
    let mut adjusted = vec![1.0; m];
    let mut largest = 0.0_f64;
    for (rank, at) in order(p_values).into_iter().enumerate() {
        largest = largest.max(p_values[at] * (m - rank) as f64).min(1.0);
        adjusted[at] = largest;
    }
    adjusted
}

/// Bonferroni: family-wise error rate under any dependence.
pub fn bonferroni(p_values: &[f64]) -> Vec<f64> {
    let m = p_values.len() as f64;
    p_values.iter().map(|p| (p * m).min(1.0)).collect()
}

/// Power a ≥ 1 of the location-based estimator for `tests` tests: the largest with √((Γ(2a+1)/Γ(a+1)² − 1)/m) ≤
/// `deviation`, the bound of its standard deviation; 1 when none is.
pub fn location_power(tests: usize, deviation: f64) -> f64 {
    let wanted = (tests as f64 * deviation * deviation).ln_1p();
    let excess = |a: f64| ln_gamma(2.0 * a + 1.0) - 2.0 * ln_gamma(a + 1.0) - wanted;
    solve::brent_root(excess, 1.0, 600.0, 1e-15).unwrap_or(1.0)
}

/// Share of true null hypotheses by the location-based estimator: mean((−ln(1 − p))^a)/Γ(a + 1), at most 1. A p-value
/// of 1 makes it 1. No p-values: 1.
pub fn location_null_share(p_values: &[f64], power: f64) -> f64 {
    if p_values.is_empty() {
        return 1.0;
    }
    let norm = ln_gamma(power + 1.0);
    let terms = p_values.iter().map(|p| (power * (-(-p).ln_1p()).ln() - norm).exp());
    (terms.sum::<f64>() / p_values.len() as f64).min(1.0)
}

/// q-values: Benjamini & Hochberg times the `null_share`.
pub fn q_values(p_values: &[f64], null_share: f64) -> Vec<f64> {
    let m = p_values.len() as f64;
    step_up(p_values, |rank| null_share * m / rank)
}

/// An adjustment of p-values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Adjustment {
    #[serde(rename = "BH")]
    BenjaminiHochberg,
    /// BH under R's other name: the column keeps the name that was asked for.
    #[serde(rename = "fdr")]
    Fdr,
    #[serde(rename = "BY")]
    BenjaminiYekutieli,
    #[serde(rename = "holm")]
    Holm,
    #[serde(rename = "hochberg")]
    Hochberg,
    #[serde(rename = "bonferroni")]
    Bonferroni,
    #[serde(rename = "LBE_qvalue")]
    LocationBased,
}

impl Adjustment {
    /// All that are printed when none is named.
    const USUAL: [Self; 6] = [
        Self::BenjaminiHochberg,
        Self::BenjaminiYekutieli,
        Self::Holm,
        Self::Hochberg,
        Self::Bonferroni,
        Self::LocationBased,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::BenjaminiHochberg => "BH",
            Self::Fdr => "fdr",
            Self::BenjaminiYekutieli => "BY",
            Self::Holm => "holm",
            Self::Hochberg => "hochberg",
            Self::Bonferroni => "bonferroni",
            Self::LocationBased => "LBE_qvalue",
        }
    }

    fn apply(self, p_values: &[f64], settings: &Settings) -> Vec<f64> {
        match self {
            Self::BenjaminiHochberg | Self::Fdr => benjamini_hochberg(p_values),
            Self::BenjaminiYekutieli => benjamini_yekutieli(p_values),
            Self::Holm => holm(p_values),
            Self::Hochberg => hochberg(p_values),
            Self::Bonferroni => bonferroni(p_values),
            Self::LocationBased => {
                let power = settings.a.map_or_else(|| location_power(p_values.len(), settings.l.0), |power| power.0);
                q_values(p_values, location_null_share(p_values, power))
            }
        }
    }
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    methods: Vec<Adjustment>,
    /// Of the location-based estimator: the deviation that its power is chosen for.
    l: Number,
    /// Of the location-based estimator: its power, in place of `l`.
    a: Option<OneOrMore>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { methods: Adjustment::USUAL.to_vec(), l: Number(0.05), a: None }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let columns = Columns::read("input", &call.input)?;
    let settings = only::<Settings>(&call.config)?.settings;
    let mut names = vec!["index", "p"];
    names.extend(settings.methods.iter().map(|method| method.name()));
    // An empty p-value is a test that was not made: it has no adjusted value and does not count.
    let mut tested = Vec::new();
    let mut p_values = Vec::new();
    for (row, word) in columns.words("p")?.into_iter().enumerate() {
        if word.is_empty() {
            continue;
        }
        match word.parse::<f64>() {
            Ok(p) if (0.0..=1.0).contains(&p) => {
                tested.push(row);
                p_values.push(p);
            }
            _ => return Err(columns.error(Some(row), format!("`p` must be between 0 and 1, not `{word}`"))),
        }
    }
    let adjusted: Vec<Vec<f64>> = settings.methods.iter().map(|method| method.apply(&p_values, &settings)).collect();
    let index = if columns.has("index") { Some(columns.words("index")?) } else { None };
    let mut places = vec![None; columns.len()];
    for (place, row) in tested.iter().enumerate() {
        places[*row] = Some(place);
    }
    let mut table = Table::new(&names);
    for (row, place) in places.into_iter().enumerate() {
        let first = index.as_ref().map_or_else(|| Cell::from(row + 1), |index| Cell::from(index[row]));
        let mut cells = vec![first, place.map(|place| p_values[place]).into()];
        cells.extend(adjusted.iter().map(|list| Cell::from(place.map(|place| list[place]))));
        table.push(cells);
    }
    Ok(Answer::Table(table))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const P: [f64; 4] = [0.01, 0.04, 0.03, 0.5];

    fn near(got: &[f64], want: &[f64]) {
        assert!(got.iter().zip(want).all(|(got, want)| (got - want).abs() < 1e-14), "{got:?} is not {want:?}");
    }

    #[test]
    fn hand_computed_adjustments() {
        near(&benjamini_hochberg(&P), &[0.04, 0.16 / 3.0, 0.16 / 3.0, 0.5]);
        near(&holm(&P), &[0.04, 0.09, 0.09, 0.5]);
        near(&hochberg(&P), &[0.04, 0.08, 0.08, 0.5]);
        near(&bonferroni(&P), &[0.04, 0.16, 0.12, 1.0]);
        let factor = 25.0 / 12.0;
        near(&benjamini_yekutieli(&P), &[0.04 * factor, 0.16 / 3.0 * factor, 0.16 / 3.0 * factor, 1.0]);
    }

    #[test]
    fn tests_that_show_nothing_count_all_the_same() {
        let all = [0.01, 0.04, 0.03, 0.5, 1.0, 1.0, 1.0, 1.0];
        near(&benjamini_hochberg_among(&P, 8), &benjamini_hochberg(&all)[..4]);
        near(&benjamini_hochberg_among(&P, 2), &benjamini_hochberg(&P));
        assert!(benjamini_hochberg_among(&[], 9).is_empty());
    }

    #[test]
    fn e_values_are_rejected_at_their_level_and_below_it_are_not() {
        // Of ten tests the k largest are rejected at α where the k-th is at least 10/(k·α): 100 ≥ 10/α, 30 ≥ 5/α, 2 ≥ 10/(3α).
        let ln_e = [2.0_f64.ln(), 100.0_f64.ln(), 30.0_f64.ln(), f64::NEG_INFINITY];
        near(&e_benjamini_hochberg_among(&ln_e, 10), &[1.0, 0.1, 1.0 / 6.0, 1.0]);
        near(&e_benjamini_hochberg_among(&[0.0; 3], 3), &[1.0; 3]);
    }

    #[test]
    fn the_location_estimator_meets_its_definition() {
        // Γ(2a+1)/Γ(a+1)² − 1 = 5 at a = 2: 2000 · 0.05² = 5.
        assert!((location_power(2000, 0.05) - 2.0).abs() < 1e-12);
        assert!((location_power(10, 0.05) - 1.0).abs() < 1e-15);
        let want = (0.7_f64.ln().powi(2) + 0.1_f64.ln().powi(2)) / 4.0;
        assert!((location_null_share(&[0.3, 0.9], 2.0) - want.min(1.0)).abs() < 1e-14);
        assert!((location_null_share(&[0.3, 1.0], 2.0) - 1.0).abs() < 1e-15);
        assert!(location_null_share(&[0.0, 0.0], 2.0).abs() < 1e-15);
    }

    #[test]
    fn none_one_and_missing_tests_are_defined() {
        assert!(benjamini_hochberg(&[]).is_empty() && holm(&[]).is_empty());
        near(&holm(&[0.2]), &[0.2]);
        let call = Call { config: "{}".into(), input: "index,p\na,0.01\nb,\nc,0.04\n".into(), ..Call::default() };
        let text = run(&call).expect("defined").to_string();
        assert_eq!(text.lines().nth(2), Some("b,,,,,,,"));
        assert!(text.lines().nth(3).is_some_and(|line| line.starts_with("c,0.04,0.04,")), "{text}");
        for wrong in ["p\n1.1\n", "p\nx\n", "q\n1\n"] {
            assert!(run(&Call { input: wrong.into(), ..call.clone() }).is_err());
        }
        assert!(run(&Call { config: r#"{"methods":["x"]}"#.into(), ..call }).is_err());
    }

    proptest! {
        #[test]
        fn adjustments_keep_the_order_and_their_ranking(p in proptest::collection::vec(0.0..=1.0_f64, 0..40)) {
            let (bh, by, step_down, step_up, all) =
                (benjamini_hochberg(&p), benjamini_yekutieli(&p), holm(&p), hochberg(&p), bonferroni(&p));
            for at in 0..p.len() {
                prop_assert!(p[at] <= bh[at] && bh[at] <= by[at] + 1e-15);
                prop_assert!(bh[at] <= step_up[at] + 1e-15 && step_up[at] <= step_down[at] + 1e-15);
                prop_assert!(step_down[at] <= all[at] + 1e-15);
                prop_assert!((0..p.len()).all(|other| p[other] > p[at] || bh[other] <= bh[at]));
            }
        }
    }
}
