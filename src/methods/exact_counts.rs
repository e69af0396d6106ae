//! Exact tests of one count against an expected value: Poisson and negative binomial tails, interval of the rate ratio,
//! quantiles.
//!
//! In: a count and what is expected without anything new. Out: probabilities, exact far out in the tails. Not here: how
//! the expected value comes about, and any threshold.
//!
//! Source: Garwood (1936), Biometrika 28:437 (interval); Lancaster (1961), JASA 56:223 (mid-p). Two-sided: the sum over
//! outcomes that are not more likely than the observed one.

use serde::Deserialize;

use super::settings::{List, NotNegative, Share, only};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::{Continuous, Discrete, Gamma, NegativeBinomial, Poisson};

pub(super) const METHOD: Method = Method {
    name: "exact_counts",
    zh: "稀疏计数的精确检验：泊松与负二项分布的尾概率、率比区间、分位数",
    en: "Exact tests of sparse counts: Poisson and negative binomial tails, rate ratio, quantiles",
    source: "Garwood 1936, Biometrika 28:437; Lancaster 1961, JASA 56:223",
    tables: &[],
    run,
};

/// P(X ≥ x) − P(X = x)/2: the mid-p value against a rise.
pub fn mid_p(law: &impl Discrete, x: u64) -> f64 {
    law.sf(x) + 0.5 * law.pmf(x)
}

/// ln of [`mid_p`], finite where the value itself underflows.
pub fn ln_mid_p(law: &impl Discrete, x: u64) -> f64 {
    numeric::special::ln_add_exp(law.ln_sf(x), law.ln_pmf(x) - std::f64::consts::LN_2)
}

/// Two-sided p-value of a unimodal law: the probability of all outcomes with P(X = k) ≤ P(X = x)(1 + `slack`).
pub fn two_sided_p(law: &impl Discrete, x: u64, slack: f64) -> f64 {
    let limit = law.ln_pmf(x) + slack.ln_1p();
    if limit.is_nan() {
        return f64::NAN;
    }
    let unlikely = |k: u64| law.ln_pmf(k) <= limit;
    // A mode: the smallest k at which the terms no longer rise. It lies at or below the mean, x on one side of it.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a mean ≥ 0; saturates")]
    let ceiling = law.mean().min(9e15) as u64 + 1;
    let mode = first(0, ceiling, |k| law.ln_pmf(k + 1) <= law.ln_pmf(k));
    if unlikely(mode) {
        return 1.0;
    }
    // Rising side: the outcomes 0..below; falling side: from above on.
    let below = first(0, mode, |k| !unlikely(k));
    let mut reach = mode.max(x) + 1;
    while !unlikely(reach) && reach < 1 << 60 {
        reach *= 2;
    }
    let above = first(mode, reach, unlikely);
    let lower = below.checked_sub(1).map_or(0.0, |last| law.cdf(last));
    (lower + law.upper(above)).min(1.0)
}

/// The first k of low..high for which `holds`, which stays true once it is; `high` when none.
fn first(low: u64, high: u64, holds: impl Fn(u64) -> bool) -> u64 {
    let (mut low, mut high) = (low, high);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    low
}

/// Exact interval (Garwood) of a Poisson mean after a count of `x`, at confidence `level`.
pub fn poisson_interval(x: u64, level: f64) -> (f64, f64) {
    let tail = 0.5 * (1.0 - level);
    let lower = if x == 0 { 0.0 } else { Gamma { shape: x as f64, rate: 1.0 }.quantile(tail) };
    (lower, Gamma { shape: x as f64 + 1.0, rate: 1.0 }.quantile_upper(tail))
}

/// Digits of a probability as they stand in column names: 0.95 → 95, 0.999 → 999, 0.5 → 50, 0.025 → 025.
pub(super) fn digits(probability: f64) -> String {
    let text = format!("{probability}");
    let digits = text.strip_prefix("0.").unwrap_or(&text);
    if digits.len() == 1 { format!("{digits}0") } else { digits.to_owned() }
}

/// Law of the counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Law {
    Poisson,
    NegBin,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    distribution: Law,
    conf_level: Share,
    two_sided_slack: NotNegative,
    /// 0.99 and 0.999, for the negative binomial law 0.95 too, when they are not given.
    quantiles: Option<List<Share>>,
}

impl Default for Settings {
    fn default() -> Self {
        let (conf_level, two_sided_slack) = (Share(0.95), NotNegative(1e-7));
        Self { distribution: Law::Poisson, conf_level, two_sided_slack, quantiles: None }
    }
}

impl Settings {
    fn quantiles(&self, default: &[f64]) -> Vec<f64> {
        let given = self.quantiles.as_ref();
        given.map_or_else(|| default.to_vec(), |List(given)| given.iter().map(|share| share.0).collect())
    }
}

/// A number per row that must not be negative.
fn means(columns: &Columns) -> Result<Vec<f64>, MethodError> {
    let means = columns.numbers("mu")?;
    match means.iter().position(|mean| *mean < 0.0) {
        Some(row) => Err(columns.error(Some(row), format!("`mu` must be ≥ 0, not {}", means[row]))),
        None => Ok(means),
    }
}

fn quantiles(law: &impl Discrete, probabilities: &[f64], row: &mut Vec<Cell>) {
    row.extend(probabilities.iter().map(|p| Cell::from(law.quantile(*p))));
}

fn poisson_rows(settings: &Settings, columns: &Columns) -> Result<Table, MethodError> {
    let (level, slack) = (settings.conf_level.0, settings.two_sided_slack.0);
    let wanted = settings.quantiles(&[0.99, 0.999]);
    let fixed = ["x", "mu", "p_greater", "p_two_sided", "midp_greater", "rate_ratio"];
    let mut names: Vec<String> = fixed.map(str::to_owned).to_vec();
    names.extend(["lo", "hi"].map(|side| format!("rr_{side}{}", digits(level))));
    names.extend(wanted.iter().map(|p| format!("q{}", digits(*p))));
    let mut table = Table::new(&names);
    for (x, mean) in columns.counts("x")?.into_iter().zip(means(columns)?) {
        let law = Poisson { mean };
        let (lower, upper) = poisson_interval(x, level);
        // Nothing expected: a count above zero is infinitely many times that, none says nothing.
        let ratio = |value: f64| if mean > 0.0 || value > 0.0 { value / mean } else { f64::NAN };
        let mut row: Vec<Cell> = vec![
            x.into(),
            mean.into(),
            law.upper(x).into(),
            two_sided_p(&law, x, slack).into(),
            mid_p(&law, x).into(),
            ratio(x as f64).into(),
            if x == 0 { 0.0 } else { ratio(lower) }.into(),
            ratio(upper).into(),
        ];
        quantiles(&law, &wanted, &mut row);
        table.push(row);
    }
    Ok(table)
}

fn negative_binomial_rows(settings: &Settings, columns: &Columns) -> Result<Table, MethodError> {
    let wanted = settings.quantiles(&[0.95, 0.99, 0.999]);
    let mut names: Vec<String> = ["x", "mu", "size", "p_greater", "logpmf"].map(str::to_owned).to_vec();
    names.extend(wanted.iter().map(|p| format!("q{}", digits(*p))));
    let mut table = Table::new(&names);
    let sizes = columns.numbers("size")?;
    if let Some(row) = sizes.iter().position(|size| *size <= 0.0) {
        return Err(columns.error(Some(row), format!("`size` must be > 0, not {}", sizes[row])));
    }
    for ((x, mean), size) in columns.counts("x")?.into_iter().zip(means(columns)?).zip(sizes) {
        let law = NegativeBinomial::new(mean, size);
        let mut row: Vec<Cell> = vec![x.into(), mean.into(), size.into(), law.upper(x).into(), law.ln_pmf(x).into()];
        quantiles(&law, &wanted, &mut row);
        table.push(row);
    }
    Ok(table)
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let columns = Columns::read("input", &call.input)?;
    let settings = only::<Settings>(&call.config)?.settings;
    match settings.distribution {
        Law::Poisson => poisson_rows(&settings, &columns),
        Law::NegBin => negative_binomial_rows(&settings, &columns),
    }
    .map(Answer::Table)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn two_sided_values_are_the_sums_of_unlikely_outcomes() {
        // Mean 3: 0 has P = e⁻³; not more likely are 0 and 7, 8, … (P(6) = 1.0125·e⁻³ is more likely).
        let law = Poisson { mean: 3.0 };
        let want = law.pmf(0) + law.upper(7);
        assert!((two_sided_p(&law, 0, 1e-7) - want).abs() < 1e-15);
        // The two modes 2 and 3 are equally likely: all outcomes.
        assert!((two_sided_p(&law, 2, 1e-7) - 1.0).abs() < 1e-15);
        assert!((two_sided_p(&law, 3, 1e-7) - 1.0).abs() < 1e-15);
        assert!((two_sided_p(&Poisson { mean: 0.0 }, 0, 1e-7) - 1.0).abs() < 1e-15);
        assert!(two_sided_p(&Poisson { mean: 0.0 }, 2, 1e-7).abs() < 1e-15);
        let huge = Poisson { mean: 1e6 };
        assert!((two_sided_p(&huge, 1_002_000, 1e-7) - 0.045_5).abs() < 1e-3);
    }

    #[test]
    fn the_interval_of_zero_starts_at_zero_and_one_has_known_ends() {
        let (lower, upper) = poisson_interval(0, 0.95);
        assert!(lower == 0.0 && (upper + 0.025_f64.ln()).abs() < 1e-12);
        let (lower, upper) = poisson_interval(1, 0.95);
        assert!((lower + 0.975_f64.ln()).abs() < 1e-14 && (upper - 5.571_643_390_938_9).abs() < 1e-10);
    }

    #[test]
    fn nothing_expected_is_defined() {
        let call = |config: &str, input: &str| {
            let call = Call { config: config.into(), input: input.into(), ..Call::default() };
            run(&call).map(|answer| answer.to_string())
        };
        let text = call("{}", "x,mu\n0,0\n3,0\n").expect("defined");
        let rows: Vec<&str> = text.lines().skip(1).collect();
        assert_eq!(rows, ["0,0,1,1,0.5,,0,Inf,0,0", "3,0,0,0,0,Inf,Inf,Inf,0,0"]);
        assert!(call("{}", "x,mu\n0,-1\n").is_err() && call("{}", "x,mu\n0.5,1\n").is_err());
        assert!(call(r#"{"distribution":"negbin"}"#, "x,mu,size\n1,1,0\n").is_err());
        assert!(call(r#"{"distribution":"normal"}"#, "x,mu\n1,1\n").is_err());
        assert!(call(r#"{"quantiles":[1.0]}"#, "x,mu\n1,1\n").is_err());
    }

    #[test]
    fn column_names_carry_the_digits_of_a_probability() {
        assert_eq!([0.95, 0.999, 0.5, 0.025, 0.9].map(digits), ["95", "999", "50", "025", "90"]);
    }

    proptest! {
        #[test]
        fn two_sided_values_agree_with_plain_sums(mean in 0.01..60.0_f64, x in 0..120_u64) {
            let law = Poisson { mean };
            let limit = law.pmf(x) * (1.0 + 1e-7);
            let plain: f64 = (0..600).map(|k| law.pmf(k)).filter(|p| *p <= limit).sum();
            let got = two_sided_p(&law, x, 1e-7);
            prop_assert!((got - plain).abs() <= 1e-10 * plain.max(1e-12), "{got} {plain}");
        }

        #[test]
        fn mid_p_is_half_way_between_the_tails(mean in 0.01..60.0_f64, size in 0.1..50.0_f64, x in 0..120_u64) {
            let law = NegativeBinomial::new(mean, size);
            let half = 0.5 * (law.upper(x) + law.sf(x));
            prop_assert!((mid_p(&law, x) - half).abs() <= 1e-11 * half + 1e-300);
            prop_assert!(half < 1e-290 || (ln_mid_p(&law, x) - half.ln()).abs() <= 1e-10);
        }
    }
}
