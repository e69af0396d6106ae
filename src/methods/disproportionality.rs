//! Disproportionality of one pair in a fourfold table: reporting and odds ratio, Fisher's test, information components.
//!
//! In: how many reports name a product and a hazard, the product, the hazard, anything. Out: PRR and ROR with their
//! Wald limits and p-values, mid-p of Fisher's exact test, the Bayesian information component by its normal
//! approximation, and the shrunk one with gamma limits. These are measures of *which pair is out of line*, never rates
//! of injury. Not here: shrinkage over all pairs (`gps_ebgm`), the likelihood-ratio test (`lrt_huang2011`).
//!
//! The arithmetic is that of IEEE floats: a ratio over an empty cell is infinite, and what has no value there (0/0, ∞ −
//! ∞) is NaN, printed as empty.
//!
//! Sources: Evans, Waller & Davis (2001), Pharmacoepidemiol. Drug Saf. 10:483 (PRR); Bate et al. (1998), Eur. J. Clin.
//! Pharmacol. 54:315, with the moments of Gould (2003), Pharmacoepidemiol. Drug Saf. 12:559 (BCPNN); Norén, Hopstadius
//! & Bate (2013), Stat. Methods Med. Res. 22:57 (shrunk IC); Ahmed et al. (2010), Biometrics 66:301 (mid-p).

use std::f64::consts::LN_2;

use serde::Deserialize;

use super::settings::{Count, CountFrom, Positive, Share, only};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table, pairs};
use numeric::{Continuous, Gamma, Hypergeometric, Normal, digamma, trigamma};

pub(super) const METHOD: Method = Method {
    name: "disproportionality",
    zh: "产品×危害四格表的不相称性：PRR、ROR、信息成分、Fisher 检验",
    en: "disproportionality of product-hazard pairs: PRR, ROR, information components, Fisher's test",
    source: "Evans 2001 (PRR); Bate 1998 (BCPNN); Norén 2013, SMMR 22:57 (IC)",
    tables: &[],
    run,
};

/// A fourfold table: reports that name a row's thing, a column's thing, both, anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FourFold {
    both: u64,
    row: u64,
    column: u64,
    total: u64,
}

/// A ratio with the standard error of its logarithm.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RatioEstimate {
    /// The ratio; infinite over an empty cell, NaN for 0/0.
    pub ratio: f64,
    /// Standard error of its logarithm; infinite beside an empty cell.
    pub ln_error: f64,
}

impl RatioEstimate {
    /// One-sided Wald p-value against ratio ≤ `null`. An infinite ratio gives 0 and a ratio of zero 1, as the usual
    /// programs do, though neither says anything about its size: where a cell may be empty, use
    /// [`FourFold::fisher_greater`].
    pub fn p_greater(self, null: f64) -> f64 {
        let distance = self.ratio.ln() - null.ln();
        if distance.is_infinite() {
            return if distance > 0.0 { 0.0 } else { 1.0 };
        }
        Normal::STANDARD.sf(distance / self.ln_error)
    }

    /// Quantile of ln ratio in the Wald approximation, e.g. `probability` 0.025 for the lower limit; NaN where ∞ − ∞.
    pub fn ln_quantile(self, probability: f64) -> f64 {
        self.ratio.ln() + Normal::STANDARD.quantile(probability) * self.ln_error
    }
}

/// An information component (base 2) that is taken as normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NormalIc {
    /// Posterior mean.
    pub mean: f64,
    /// Posterior standard deviation.
    pub sd: f64,
}

impl NormalIc {
    /// P(IC ≤ log₂ `ratio`): the posterior probability of no disproportion, for `ratio` 1.
    pub fn p_at_most(self, ratio: f64) -> f64 {
        Normal { mean: self.mean, sd: self.sd }.cdf(ratio.log2())
    }

    /// Quantile, e.g. 0.025 for the lower limit.
    pub fn quantile(self, probability: f64) -> f64 {
        Normal { mean: self.mean, sd: self.sd }.quantile(probability)
    }
}

/// An observed count against an expected one, both shrunk by the same amount (Norén 2013, eq. 4).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ShrunkIc {
    law: Gamma,
}

impl ShrunkIc {
    /// Of a count and its expectation ≥ 0, with `shrinkage` > 0 added to both (½ in the paper).
    pub fn new(count: u64, expected: f64, shrinkage: f64) -> Self {
        Self { law: Gamma { shape: count as f64 + shrinkage, rate: expected + shrinkage } }
    }

    /// log₂ of the shrunk ratio.
    pub fn value(self) -> f64 {
        (self.law.shape / self.law.rate).log2()
    }

    /// log₂ of a quantile of the gamma posterior, e.g. 0.025 for IC025.
    pub fn quantile(self, probability: f64) -> f64 {
        self.law.quantile(probability).log2()
    }
}

impl FourFold {
    /// The table; `None` when its cells would be negative.
    pub fn new(both: u64, row: u64, column: u64, total: u64) -> Option<Self> {
        let fits = both <= row && both <= column && row <= total && column - both <= total - row;
        fits.then_some(Self { both, row, column, total })
    }

    /// The cells: both, the row's thing alone, the column's thing alone, neither.
    pub fn cells(self) -> [u64; 4] {
        let Self { both, row, column, total } = self;
        [both, row - both, column - both, total - row - (column - both)]
    }

    fn parts(self) -> [f64; 4] {
        self.cells().map(|count| count as f64)
    }

    /// Count expected of independent row and column; 0 for an empty table.
    pub fn expected(self) -> f64 {
        if self.total == 0 { 0.0 } else { self.row as f64 * self.column as f64 / self.total as f64 }
    }

    /// PRR = (a/(a+b))/(c/(c+d)) (Evans 2001).
    pub fn reporting_ratio(self) -> RatioEstimate {
        let [a, b, c, d] = self.parts();
        let variance = (1.0 / a - 1.0 / (a + b)) + (1.0 / c - 1.0 / (c + d));
        RatioEstimate { ratio: (a / (a + b)) / (c / (c + d)), ln_error: variance.sqrt() }
    }

    /// ROR = ad/(bc).
    pub fn odds_ratio(self) -> RatioEstimate {
        let [a, b, c, d] = self.parts();
        let variance = 1.0 / a + 1.0 / b + 1.0 / c + 1.0 / d;
        RatioEstimate { ratio: (a * d) / (b * c), ln_error: variance.sqrt() }
    }

    /// P(X ≥ both) of Fisher's exact test, or P(X > both) + P(X = both)/2 when `mid`.
    pub fn fisher_greater(self, mid: bool) -> f64 {
        // Always a law: the margins were checked when the table was built.
        Hypergeometric::new(self.total, self.row, self.column).map_or(f64::NAN, |law| {
            law.tails(self.both).upper + law.ln_pmf(self.both).exp() * if mid { 0.5 } else { 1.0 }
        })
    }

    /// Information component of the Bayesian confidence propagation network, by its exact first two moments (Gould
    /// 2003): priors Beta(1, 1) of row and column, Beta(1, γ − 1) of both, γ = (N+2)²/((n₁.+1)(n.₁+1)) so that the
    /// prior says independence.
    pub fn information_component(self) -> NormalIc {
        let (a, row, column, total) = (self.both as f64, self.row as f64, self.column as f64, self.total as f64);
        let gamma = (total + 2.0) / (row + 1.0) * ((total + 2.0) / (column + 1.0));
        let moment = |of: fn(f64) -> f64| {
            let part = |hits: f64, all: f64| of(hits) - of(all);
            (part(a + 1.0, total + gamma), part(row + 1.0, total + 2.0), part(column + 1.0, total + 2.0))
        };
        let (both, first, second) = moment(digamma);
        let (spread, of_first, of_second) = moment(trigamma);
        NormalIc { mean: (both - first - second) / LN_2, sd: (spread + of_first + of_second).sqrt() / LN_2 }
    }
}

const COLUMNS: [&str; 23] = [
    "product",
    "hazard",
    "n11",
    "n1.",
    "n.1",
    "N",
    "E",
    "PRR",
    "PRR_pvalue",
    "logPRR_lower95",
    "ROR",
    "ROR_pvalue",
    "logROR_lower95",
    "BCPNN_postH0",
    "BCPNN_IC025_normal",
    "RFET_midp",
    "UMC_IC",
    "UMC_IC025",
    "UMC_IC975",
    "pvda_PRR_lo",
    "pvda_PRR_hi",
    "pvda_ROR_lo",
    "pvda_ROR_hi",
];

/// `rfet`: which p-value of Fisher's test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Fisher {
    #[serde(rename = "mid-p, greater")]
    MidP,
    #[serde(rename = "exact, greater", alias = "greater")]
    Exact,
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    min_n11: Count,
    level_one_sided: Share,
    prr_h0: Positive,
    ror_h0: Positive,
    rfet: Fisher,
    ic_shrinkage: Positive,
    ic_level: Share,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            min_n11: CountFrom(1),
            level_one_sided: Share(0.025),
            prr_h0: Positive(1.0),
            ror_h0: Positive(1.0),
            rfet: Fisher::MidP,
            ic_shrinkage: Positive(0.5),
            ic_level: Share(0.95),
        }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let settings = only::<Settings>(&call.config)?.settings;
    let (fewest, level, tail) =
        (settings.min_n11.0 as u64, settings.level_one_sided.0, (1.0 - settings.ic_level.0) / 2.0);
    let input = Columns::read("input", &call.input)?;
    let (products, hazards, table) = pairs::read(&input)?;
    let mut answer = Table::new(&COLUMNS);
    // A pair without reports is no pair of a table of reports, whatever `min_n11` says.
    for cell in table.cells.iter().filter(|cell| cell.count >= fewest.max(1)) {
        let (row, column) = (table.rows[cell.row], table.columns[cell.column]);
        let four = FourFold::new(cell.count, row, column, table.total).expect("margins are sums over the cells");
        let (reporting, odds) = (four.reporting_ratio(), four.odds_ratio());
        let component = four.information_component();
        let shrunk = ShrunkIc::new(cell.count, four.expected(), settings.ic_shrinkage.0);
        let mut line: Vec<Cell> = vec![
            products.words()[cell.row].into(),
            hazards.words()[cell.column].into(),
            cell.count.into(),
            row.into(),
            column.into(),
            table.total.into(),
        ];
        let numbers = [
            four.expected(),
            reporting.ratio,
            reporting.p_greater(settings.prr_h0.0),
            reporting.ln_quantile(level),
            odds.ratio,
            odds.p_greater(settings.ror_h0.0),
            odds.ln_quantile(level),
            component.p_at_most(1.0),
            component.quantile(level),
            four.fisher_greater(settings.rfet == Fisher::MidP),
            shrunk.value(),
            shrunk.quantile(tail),
            shrunk.quantile(1.0 - tail),
            reporting.ln_quantile(tail).exp(),
            reporting.ln_quantile(1.0 - tail).exp(),
            odds.ln_quantile(tail).exp(),
            odds.ln_quantile(1.0 - tail).exp(),
        ];
        line.extend(numbers.map(Cell::from));
        answer.push(line);
    }
    Ok(Answer::Table(answer))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(got: f64, want: f64) {
        assert!((got - want).abs() <= 1e-12 * want.abs().max(1.0), "{got} is not {want}");
    }

    fn answer(config: &str, input: &str) -> Vec<Vec<String>> {
        let call = Call { config: config.into(), input: input.into(), ..Call::default() };
        let text = run(&call).unwrap().to_string();
        text.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
    }

    #[test]
    fn ratios_and_limits_meet_hand_values() {
        // a 10, b 90, c 20, d 880.
        let four = FourFold::new(10, 100, 30, 1000).unwrap();
        assert_eq!(four.cells(), [10, 90, 20, 880]);
        near(four.expected(), 3.0);
        near(four.reporting_ratio().ratio, 0.1 / (20.0 / 900.0));
        near(four.reporting_ratio().ln_error.powi(2), 0.1 - 0.01 + 0.05 - 1.0 / 900.0);
        near(four.odds_ratio().ratio, 10.0 * 880.0 / 1800.0);
        near(four.odds_ratio().ln_error.powi(2), 0.1 + 1.0 / 90.0 + 0.05 + 1.0 / 880.0);
        let even = RatioEstimate { ratio: 2.0, ln_error: 0.3 };
        near(even.p_greater(2.0), 0.5);
        near(even.ln_quantile(0.025) + even.ln_quantile(0.975), 2.0 * LN_2);
    }

    #[test]
    fn fisher_meets_the_tea_tasting_table() {
        // 8 cups, 4 with milk first, 4 guessed so, 3 right: P(X ≥ 3) = 17/70, mid-p = 9/70.
        let four = FourFold::new(3, 4, 4, 8).unwrap();
        near(four.fisher_greater(false), 17.0 / 70.0);
        near(four.fisher_greater(true), 9.0 / 70.0);
    }

    #[test]
    fn components_are_null_without_disproportion() {
        let shrunk = ShrunkIc::new(7, 7.0, 0.5);
        near(shrunk.value(), 0.0);
        assert!(shrunk.quantile(0.025) < 0.0 && shrunk.quantile(0.975) > 0.0);
        let component = FourFold::new(100_000, 1_000_000, 1_000_000, 10_000_000).unwrap().information_component();
        assert!(component.mean.abs() < 1e-4 && (component.p_at_most(1.0) - 0.5).abs() < 0.02, "{component:?}");
        // ψ'(x) → 1/x.
        let variance: f64 = 1.0 / 100_000.0 + 2.0 / 1_000_000.0 - 3.0 / 10_000_000.0;
        assert!((component.sd * LN_2 / variance.sqrt() - 1.0).abs() < 1e-4);
    }

    #[test]
    fn empty_cells_have_defined_answers() {
        // c = 0: nobody else has the hazard.
        let alone = FourFold::new(3, 10, 3, 100).unwrap();
        assert!(alone.reporting_ratio().ratio.is_infinite());
        assert!(alone.odds_ratio().ratio.is_infinite());
        assert!(alone.odds_ratio().ln_quantile(0.025).is_nan());
        near(alone.odds_ratio().p_greater(1.0), 0.0);
        near(alone.fisher_greater(true), 0.5 * 120.0 / 161_700.0);
        // b = 0: the product has no other hazard; PRR and its limits stand, ROR is infinite.
        let only = FourFold::new(3, 3, 10, 100).unwrap();
        assert!(only.reporting_ratio().ln_quantile(0.025).is_finite());
        assert!(only.odds_ratio().ratio.is_infinite());
        // One product alone: nothing to compare with.
        let single = FourFold::new(3, 5, 3, 5).unwrap();
        assert!(single.reporting_ratio().ratio.is_nan() && single.reporting_ratio().p_greater(1.0).is_nan());
        near(single.fisher_greater(true), 0.5);
        assert!(single.information_component().mean.is_finite());
        // Nothing at all.
        let none = FourFold::new(0, 0, 0, 0).unwrap();
        assert!(none.expected().abs() < 1e-300 && none.information_component().mean.is_finite());
    }

    #[test]
    fn impossible_tables_are_refused() {
        for (both, row, column, total) in [(2, 1, 3, 9), (2, 3, 1, 9), (0, 10, 0, 9), (0, 5, 5, 9)] {
            assert_eq!(FourFold::new(both, row, column, total), None);
        }
    }

    #[test]
    fn rare_pairs_stay_in_the_margins_and_no_cell_prints_nan() {
        let input = "product,hazard,n11\na,x,5\na,y,1\nb,y,4\nb,x,0\nc,z,1000000\na,x,2\n";
        let rows = answer(r#"{"min_n11": 2}"#, input);
        let keys: Vec<_> = rows.iter().skip(1).map(|row| row[..6].join(" ")).collect();
        assert_eq!(keys, ["a x 7 8 7 1000012", "b y 4 4 5 1000012", "c z 1000000 1000000 1000000 1000012"]);
        for row in answer(r#"{"min_n11": 0}"#, input).iter().skip(1) {
            assert!(row.iter().skip(2).all(|cell| !cell.contains("NaN")), "{row:?}");
            assert_ne!(row[2], "0");
        }
        assert_eq!(answer("{}", "product,hazard,n11\n").len(), 1);
    }

    #[test]
    fn wrong_settings_are_named() {
        for key in ["level_one_sided", "prr_h0", "ror_h0", "ic_shrinkage", "ic_level"] {
            let call =
                Call { config: format!("{{\"{key}\": -1}}"), input: "product,hazard,n11\n".into(), ..Call::default() };
            assert!(run(&call).unwrap_err().to_string().contains(key));
        }
    }

    proptest! {
        #[test]
        fn exchanging_rows_and_columns_leaves_the_symmetric_measures(
            a in 0_u64..2000, b in 0_u64..2000, c in 0_u64..2000, d in 0_u64..2000
        ) {
            let here = FourFold::new(a, a + b, a + c, a + b + c + d).unwrap();
            let there = FourFold::new(a, a + c, a + b, a + b + c + d).unwrap();
            prop_assert!((here.fisher_greater(true) - there.fisher_greater(true)).abs() < 1e-10);
            prop_assert!((here.information_component().mean - there.information_component().mean).abs() < 1e-9);
            let p = here.fisher_greater(true);
            prop_assert!((0.0..=1.0).contains(&p));
        }
    }
}
