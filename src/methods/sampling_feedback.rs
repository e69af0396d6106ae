//! What sampling says: failure fraction by beta-binomial updating, exact intervals, sample size, correction for an
//! imperfect test.
//!
//! In: failures among samples, prior, test quality, size of a lot. Out: posterior, intervals, probabilities, sample
//! sizes. Not here: which products to sample, and what follows from the answer.
//!
//! Sources: Clopper & Pearson (1934), Biometrika 26:404; Wilson (1927), JASA 22:209; Rogan & Gladen (1978), Am J
//! Epidemiol 107:71; MacDiarmid (1988), Prev Vet Med 6:91 and Cameron & Baldock (1998), Prev Vet Med 34:1 (freedom from
//! a defect).

use serde::Deserialize;

use super::exact_counts::digits;
use super::settings::{Count, CountFrom, List, Number, Share, only};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table};
use numeric::{Beta, Continuous, Normal, ln_beta};

pub(super) const METHOD: Method = Method {
    name: "sampling_feedback",
    zh: "抽检反馈：贝塔-二项更新、精确区间、样本量、检测误差校正",
    en: "Sampling feedback: beta-binomial updating, exact intervals, sample size, imperfect tests",
    source: "Clopper & Pearson 1934; Wilson 1927; Rogan & Gladen 1978; MacDiarmid 1988; Cameron & Baldock 1998",
    tables: &[],
    run,
};

/// Law of the failure fraction after `failures` of `n` samples, with prior Beta(a, b).
pub fn posterior(prior: Beta, failures: u64, n: u64) -> Beta {
    Beta { a: prior.a + failures as f64, b: prior.b + n.saturating_sub(failures) as f64 }
}

/// Mean and standard deviation of a beta law; NaN when both shapes are zero.
pub fn moments(law: Beta) -> (f64, f64) {
    let sum = law.a + law.b;
    let mean = law.a / sum;
    (mean, (mean * (law.b / sum) / (sum + 1.0)).sqrt())
}

/// Probability of at least one failure among the next `n` samples.
pub fn at_least_one(law: Beta, n: f64) -> f64 {
    match (law.a, law.b) {
        (0.0, 0.0) => f64::NAN,
        _ if n == 0.0 => 0.0,
        (0.0, _) => 0.0,
        (_, 0.0) => 1.0,
        (a, b) => -(ln_beta(a, b + n) - ln_beta(a, b)).exp_m1(),
    }
}

/// Exact interval (Clopper & Pearson) of a fraction after `x` of `n`; everything from 0 to 1 when n is 0.
pub fn clopper_pearson(x: u64, n: u64, level: f64) -> (f64, f64) {
    let tail = 0.5 * (1.0 - level);
    let (x, rest) = (x as f64, n.saturating_sub(x) as f64);
    let lower = if x == 0.0 { 0.0 } else { Beta { a: x, b: rest + 1.0 }.quantile(tail) };
    let upper = if rest == 0.0 { 1.0 } else { Beta { a: x + 1.0, b: rest }.quantile_upper(tail) };
    (lower, upper)
}

/// Score interval (Wilson) of a fraction after `x` of `n`; NaN when n is 0.
pub fn wilson(x: u64, n: u64, level: f64) -> (f64, f64) {
    let z = Normal::STANDARD.quantile_upper(0.5 * (1.0 - level));
    let (x, n) = (x as f64, n as f64);
    let share = x / n;
    let square = z * z;
    let scale = 1.0 / (1.0 + square / n);
    let centre = share + square / (2.0 * n);
    let half = z * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
    let lower = if x == 0.0 && n > 0.0 { 0.0 } else { scale * (centre - half) };
    let upper = if share >= 1.0 { 1.0 } else { scale * (centre + half) };
    (lower, upper)
}

/// True fraction from an apparent one (Rogan & Gladen), by a test of sensitivity `se` and specificity `sp`, not clipped
/// to 0..1; NaN for a test that is no better than chance (se + sp ≤ 1).
pub fn rogan_gladen(apparent: f64, se: f64, sp: f64) -> f64 {
    let quality = se + sp - 1.0;
    if quality > 0.0 { (apparent + sp - 1.0) / quality } else { f64::NAN }
}

/// How a lot is sampled to find a defect.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Survey {
    /// Items in the lot; `None`: as good as endless.
    pub lot: Option<f64>,
    /// Share of bad items to be found, above 0, at most 1.
    pub design_prevalence: f64,
    /// Probability that the test sees a bad item, above 0, at most 1.
    pub unit_sensitivity: f64,
}

impl Survey {
    /// Probability that at least one of `n` samples is found bad when the share of bad items is the design prevalence:
    /// 1 − (1 − p·Se)ⁿ, or 1 − (1 − n·Se/N)^(p·N) in a lot of N; NaN for more samples than items.
    pub fn sensitivity(&self, n: f64) -> f64 {
        let seen = match self.lot {
            None => n * (-self.design_prevalence * self.unit_sensitivity).ln_1p(),
            Some(lot) if n > lot => return f64::NAN,
            Some(_) if n == 0.0 => 0.0,
            Some(lot) => self.design_prevalence * lot * (-n * self.unit_sensitivity / lot).ln_1p(),
        };
        if seen.is_nan() || seen == 0.0 { 0.0 } else { -seen.exp_m1() }
    }

    /// Samples, not rounded, for a probability of `target` (between 0 and 1); NaN when even the whole lot is not
    /// enough.
    pub fn required(&self, target: f64) -> f64 {
        let miss = (-target).ln_1p();
        match self.lot {
            None => miss / (-self.design_prevalence * self.unit_sensitivity).ln_1p(),
            Some(lot) => {
                let needed = -(lot / self.unit_sensitivity) * (miss / (self.design_prevalence * lot)).exp_m1();
                if rounded_up(needed) > lot { f64::NAN } else { needed }
            }
        }
    }
}

/// The next whole number, a rounding error above one counting as that number.
fn rounded_up(needed: f64) -> f64 {
    (needed * (1.0 - 1e-12)).ceil()
}

fn share(columns: &Columns, name: &str, open_below: bool) -> Result<Vec<f64>, MethodError> {
    let shares = columns.numbers(name)?;
    let wrong = |share: &f64| !(0.0..=1.0).contains(share) || open_below && *share == 0.0;
    match shares.iter().position(wrong) {
        Some(row) => {
            let from = if open_below { "above 0 and at most 1" } else { "between 0 and 1" };
            Err(columns.error(Some(row), format!("`{name}` must be {from}, not {}", shares[row])))
        }
        None => Ok(shares),
    }
}

/// Columns `x` and `n` with x ≤ n.
fn fractions(columns: &Columns) -> Result<Vec<(u64, u64)>, MethodError> {
    let pairs: Vec<(u64, u64)> = columns.counts("x")?.into_iter().zip(columns.counts("n")?).collect();
    match pairs.iter().position(|(x, n)| x > n) {
        Some(row) => Err(columns.error(Some(row), format!("`x` is {}, more than `n`, {}", pairs[row].0, pairs[row].1))),
        None => Ok(pairs),
    }
}

/// What is computed for each row of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Task {
    BetaBinomial,
    RoganGladen,
    SampleSize,
}

/// An interval of a share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Interval {
    #[serde(rename = "wilson")]
    Wilson,
    #[serde(rename = "c-p", alias = "clopper", alias = "clopper-pearson", alias = "exact")]
    ClopperPearson,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Settings {
    task: Task,
    #[serde(default = "Settings::conf_level")]
    conf_level: Share,
    #[serde(default = "Settings::thresholds")]
    thresholds: List<Number>,
    #[serde(default = "Settings::predictive_n")]
    predictive_n: Count,
    #[serde(default = "Settings::interval")]
    interval: Interval,
    #[serde(default)]
    clip: bool,
}

impl Settings {
    const fn conf_level() -> Share {
        Share(0.95)
    }

    fn thresholds() -> List<Number> {
        List([0.01, 0.05, 0.1].map(Number).to_vec())
    }

    const fn predictive_n() -> Count {
        CountFrom(10)
    }

    const fn interval() -> Interval {
        Interval::Wilson
    }
}

fn beta_binomial(settings: &Settings, columns: &Columns) -> Result<Table, MethodError> {
    let (level, next) = (settings.conf_level.0, settings.predictive_n.0);
    let thresholds: Vec<f64> = settings.thresholds.0.iter().map(|threshold| threshold.0).collect();
    let quantiles = [0.025, 0.05, 0.5, 0.95, 0.975];
    let mut names: Vec<String> = ["x", "n", "a0", "b0", "post_mean", "post_sd"].map(str::to_owned).to_vec();
    names.extend(quantiles.iter().map(|p| format!("q{}", digits(*p))));
    // Percent as it is written: 0.01 → 1, 0.005 → 0.5, without the digits that 100·0.07 gains.
    names.extend(thresholds.iter().map(|threshold| format!("P_gt_{}pct", (threshold * 1e10).round() / 1e8)));
    names.push(format!("predictive_P_ge1_in_{next}"));
    names.extend(["clopper_lo", "clopper_hi", "wilson_lo", "wilson_hi"].map(str::to_owned));
    let mut table = Table::new(&names);
    let (first, second) = (columns.numbers("a0")?, columns.numbers("b0")?);
    for (row, (x, n)) in fractions(columns)?.into_iter().enumerate() {
        let prior = Beta { a: first[row], b: second[row] };
        if prior.a < 0.0 || prior.b < 0.0 {
            return Err(columns.error(Some(row), format!("`a0` and `b0` must be ≥ 0, not {} and {}", prior.a, prior.b)));
        }
        let law = posterior(prior, x, n);
        let (mean, sd) = moments(law);
        let mut cells: Vec<Cell> = vec![x.into(), n.into(), prior.a.into(), prior.b.into(), mean.into(), sd.into()];
        cells.extend(quantiles.iter().map(|p| Cell::from(law.quantile(*p))));
        cells.extend(thresholds.iter().map(|threshold| Cell::from(law.sf(*threshold))));
        cells.push(at_least_one(law, next as f64).into());
        for (lower, upper) in [clopper_pearson(x, n, level), wilson(x, n, level)] {
            cells.extend([lower.into(), upper.into()]);
        }
        table.push(cells);
    }
    Ok(table)
}

fn imperfect_test(settings: &Settings, columns: &Columns) -> Result<Table, MethodError> {
    let (level, clip) = (settings.conf_level.0, settings.clip);
    let interval = match settings.interval {
        Interval::Wilson => wilson,
        Interval::ClopperPearson => clopper_pearson,
    };
    let (sensitivities, specificities) = (share(columns, "se", false)?, share(columns, "sp", false)?);
    let mut table = Table::new(&["x", "n", "se", "sp", "ap", "ap_lo", "ap_hi", "tp", "tp_lo", "tp_hi"]);
    for (row, (x, n)) in fractions(columns)?.into_iter().enumerate() {
        let (se, sp) = (sensitivities[row], specificities[row]);
        let (lower, upper) = interval(x, n, level);
        let apparent = [x as f64 / n as f64, lower, upper];
        let mut cells: Vec<Cell> = vec![x.into(), n.into(), se.into(), sp.into()];
        cells.extend(apparent.map(Cell::from));
        cells.extend(apparent.map(|share| {
            let corrected = rogan_gladen(share, se, sp);
            Cell::from(if clip && !corrected.is_nan() { corrected.clamp(0.0, 1.0) } else { corrected })
        }));
        table.push(cells);
    }
    Ok(table)
}

fn sample_size(columns: &Columns) -> Result<Table, MethodError> {
    let names = ["N", "pstar", "se_target", "se_unit", "n", "required_n", "required_n_raw", "surveillance_sensitivity"];
    let mut table = Table::new(&names);
    let (prevalences, units) = (share(columns, "pstar", true)?, share(columns, "se_unit", true)?);
    let (targets, taken) = (columns.numbers("se_target")?, columns.counts("n")?);
    for (row, word) in columns.words("N")?.into_iter().enumerate() {
        let lot = match (word, word.parse::<f64>()) {
            ("" | "Inf", _) => None,
            (_, Ok(lot)) if lot.is_finite() && lot >= 1.0 && lot.fract() == 0.0 => Some(lot),
            _ => {
                return Err(columns.error(Some(row), format!("`N` must be a whole number ≥ 1 or empty, not `{word}`")));
            }
        };
        let target = targets[row];
        if !(0.0..1.0).contains(&target) {
            return Err(columns.error(Some(row), format!("`se_target` must be at least 0 and below 1, not {target}")));
        }
        let survey = Survey { lot, design_prevalence: prevalences[row], unit_sensitivity: units[row] };
        let required = survey.required(target);
        table.push(vec![
            lot.into(),
            survey.design_prevalence.into(),
            target.into(),
            survey.unit_sensitivity.into(),
            taken[row].into(),
            rounded_up(required).into(),
            required.into(),
            survey.sensitivity(taken[row] as f64).into(),
        ]);
    }
    Ok(table)
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let columns = Columns::read("input", &call.input)?;
    let settings = only::<Settings>(&call.config)?.settings;
    match settings.task {
        Task::BetaBinomial => beta_binomial(&settings, &columns),
        Task::RoganGladen => imperfect_test(&settings, &columns),
        Task::SampleSize => sample_size(&columns),
    }
    .map(Answer::Table)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() < 1e-12, "{got} is not {want}");
    }

    #[test]
    fn a_uniform_prior_gives_laplaces_rule() {
        let law = posterior(Beta { a: 1.0, b: 1.0 }, 3, 10);
        near(moments(law).0, 4.0 / 12.0);
        near(moments(law).1, (4.0 * 8.0 / (144.0 * 13.0_f64)).sqrt());
        near(at_least_one(law, 1.0), 4.0 / 12.0);
        near(at_least_one(law, 2.0), 1.0 - 8.0 * 9.0 / (12.0 * 13.0));
        near(at_least_one(Beta { a: 0.0, b: 3.0 }, 10.0), 0.0);
    }

    #[test]
    fn exact_intervals_have_closed_ends_at_none_and_all() {
        let (lower, upper) = clopper_pearson(0, 8, 0.95);
        near(lower, 0.0);
        near(upper, 1.0 - 0.025_f64.powf(0.125));
        near(clopper_pearson(8, 8, 0.95).0, 0.025_f64.powf(0.125));
        assert_eq!(clopper_pearson(0, 0, 0.95), (0.0, 1.0));
        let (lower, upper) = wilson(0, 8, 0.95);
        near(lower, 0.0);
        let square = 1.959_963_984_540_054_f64.powi(2);
        near(upper, square / (8.0 + square));
        assert!(wilson(0, 0, 0.95).0.is_nan());
    }

    #[test]
    fn an_imperfect_test_is_corrected() {
        near(rogan_gladen(0.15, 0.95, 0.98), 0.13 / 0.93);
        assert!(rogan_gladen(0.15, 0.5, 0.5).is_nan() && rogan_gladen(0.0, 0.9, 0.9) < 0.0);
    }

    #[test]
    fn sample_sizes_reach_their_target_and_not_a_sample_less() {
        let endless = Survey { lot: None, design_prevalence: 0.1, unit_sensitivity: 0.9 };
        let n = rounded_up(endless.required(0.95));
        assert!(endless.sensitivity(n) >= 0.95 && endless.sensitivity(n - 1.0) < 0.95);
        let lot = Survey { lot: Some(200.0), ..endless };
        let n = rounded_up(lot.required(0.95));
        assert!(lot.sensitivity(n) >= 0.95 && lot.sensitivity(n - 1.0) < 0.95);
        // 1 − (1 − 27/200)²⁰.
        near(lot.sensitivity(30.0), 1.0 - 0.865_f64.powi(20));
        // One bad item in ten, seen in half of the cases: not even the whole lot is enough.
        let hopeless = Survey { lot: Some(10.0), design_prevalence: 0.1, unit_sensitivity: 0.5 };
        assert!(hopeless.required(0.9).is_nan() && hopeless.sensitivity(11.0).is_nan());
        let certain = Survey { lot: Some(10.0), design_prevalence: 1.0, unit_sensitivity: 1.0 };
        near(certain.sensitivity(10.0), 1.0);
        near(Survey { lot: None, ..certain }.sensitivity(0.0), 0.0);
    }

    #[test]
    fn edges_print_empty_cells_and_wrong_rows_are_told() {
        let call = |config: &str, input: &str| {
            let call = Call { config: config.into(), input: input.into(), ..Call::default() };
            run(&call).map(|answer| answer.to_string())
        };
        let text =
            call(r#"{"task":"beta_binomial"}"#, "x,n,a0,b0\n0,0,0,0\n0,5,0,0\n1000000,2000000,1,1\n").expect("ok");
        assert!(!text.contains("NaN"), "{text}");
        assert_eq!(text.lines().nth(1), Some("0,0,0,0,,,,,,,,,,,,0,1,,"));
        let text = call(r#"{"task":"rogan_gladen"}"#, "x,n,se,sp\n0,0,0.9,0.9\n1,2,0.5,0.4\n").expect("ok");
        assert!(!text.contains("NaN"), "{text}");
        assert!(call(r#"{"task":"beta_binomial"}"#, "x,n,a0,b0\n3,2,1,1\n").is_err());
        assert!(call(r#"{"task":"sample_size"}"#, "N,pstar,se_target,se_unit,n\n-5,0.1,0.9,1,3\n").is_err());
        assert!(call("{}", "x\n1\n").is_err());
    }

    proptest! {
        #[test]
        fn exact_intervals_contain_the_share_and_the_score_interval_nearly(x in 0..50_u64, more in 0..50_u64) {
            let n = x + more;
            prop_assume!(n > 0);
            let share = x as f64 / n as f64;
            for (lower, upper) in [clopper_pearson(x, n, 0.95), wilson(x, n, 0.95)] {
                prop_assert!(0.0 <= lower && lower <= share && share <= upper && upper <= 1.0);
            }
        }
    }
}
