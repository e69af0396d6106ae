//! Likelihood-ratio test of a product-hazard table: which pairs are reported more often than their margins say.
//!
//! Per pair ln LR = n ln(n/E) − (n − E) where n > E, else 0, with E = row total × column total / total; the test
//! statistic of a hazard is the largest over the products, and its p-value comes from multinomial draws with the
//! products' shares. Not here: shrinkage (`gps_ebgm`), ratios of one pair (`disproportionality`).
//!
//! Source: Huang, Zalkikar & Tiwari (2011), J. Am. Stat. Assoc. 106:1230.

use serde::Deserialize;

use super::pairs::PairTable;
use super::settings::{PartBelowOne, only};
use super::{Answer, Call, Cell, Columns, Method, MethodError, Table, pairs};
use numeric::draw::Draw;
use numeric::multinomial::multinomial;
use numeric::special::deviance_part;

pub(super) const METHOD: Method = Method {
    name: "lrt_huang2011",
    zh: "产品×危害列联表的似然比检验：哪些组合报得比边际预期多",
    en: "likelihood-ratio test of a product-hazard table: pairs reported more often than the margins say",
    source: "Huang, Zalkikar & Tiwari 2011, JASA 106:1230",
    tables: &[],
    run,
};

/// Most pairs that are printed with those without reports.
const MOST_CELLS: usize = 20_000_000;

/// ln LR of a count against its expectation: n ln(n/E) − (n − E) where n > E, else 0. A zero-inflated model with a
/// known share of structural zeros has the same ratio, because the share cancels for n > 0. Infinite for n > 0 at E =
/// 0; NaN for a negative E.
pub fn log_likelihood_ratio(count: u64, expected: f64) -> f64 {
    let n = count as f64;
    match () {
        () if expected.is_nan() || expected < 0.0 => f64::NAN,
        () if n <= expected || count == 0 => 0.0,
        () if expected == 0.0 => f64::INFINITY,
        () => deviance_part(n, expected),
    }
}

/// Monte Carlo p-value of the largest ln LR of each column: every column with its total drawn anew over the rows with
/// the rows' shares of the whole (multinomial), (1 + draws at least as large) / (1 + `replicas`). 1 for a column
/// without reports. A column's draws depend on `seed` and its position alone. Cost: cells × `replicas`.
pub fn column_p_values(table: &PairTable, replicas: u32, seed: u64) -> Vec<f64> {
    let mut largest = vec![0.0_f64; table.columns.len()];
    for cell in &table.cells {
        let ratio = log_likelihood_ratio(cell.count, table.expected(cell.row, cell.column));
        largest[cell.column] = largest[cell.column].max(ratio);
    }
    let weights: Vec<f64> = table.rows.iter().map(|&row| row as f64).collect();
    let mut counts = vec![0.0; weights.len()];
    let mut p_value = |(column, &seen): (usize, &f64)| {
        let mut draw = Draw::at(seed, column as u64);
        let mut reached = 0_u32;
        for _ in 0..if seen > 0.0 { replicas } else { 0 } {
            multinomial(&mut draw, table.columns[column] as f64, &weights, &mut counts);
            let ratios = counts.iter().enumerate().map(|(row, &count)| {
                let expected = table.expected(row, column);
                if count > expected { deviance_part(count, expected) } else { 0.0 }
            });
            // A hair below counts as reached: ties are ties of counts, not of last bits.
            reached += u32::from(ratios.fold(0.0, f64::max) >= seen * (1.0 - 1e-12));
        }
        if seen > 0.0 { (1.0 + f64::from(reached)) / (1.0 + f64::from(replicas)) } else { 1.0 }
    };
    largest.iter().enumerate().map(&mut p_value).collect()
}

/// What a config says.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    /// Whether pairs without reports are printed too.
    all_cells: bool,
    /// Share of pairs that cannot have reports: cancels out of the ratio of a pair.
    #[serde(rename = "zero_inflation")]
    _zero_inflation: PartBelowOne,
}

impl Default for Settings {
    fn default() -> Self {
        Self { all_cells: true, _zero_inflation: PartBelowOne(0.0) }
    }
}

fn run(call: &Call) -> Result<Answer, MethodError> {
    let config = only::<Settings>(&call.config)?;
    let input = Columns::read("input", &call.input)?;
    let (products, hazards, table) = pairs::read(&input)?;
    let mut answer = Table::new(&["product", "hazard", "n", "E", "log_lrt"]);
    let mut push = |row: usize, column: usize, count: u64| {
        let expected = table.expected(row, column);
        let ratio = log_likelihood_ratio(count, expected);
        let (product, hazard): (Cell, Cell) = (products.words()[row].into(), hazards.words()[column].into());
        answer.push(vec![product, hazard, count.into(), expected.into(), ratio.into()]);
    };
    if config.settings.all_cells {
        let width = table.columns.len();
        if table.rows.len().saturating_mul(width) > MOST_CELLS {
            let what = format!("{} × {width} pairs are too many to print", table.rows.len());
            return Err(config.error(format!("{what}; `all_cells` false prints those with reports")));
        }
        let mut counts = vec![0; table.rows.len() * width];
        for cell in &table.cells {
            counts[cell.row * width + cell.column] = cell.count;
        }
        for (at, &count) in counts.iter().enumerate() {
            push(at / width, at % width, count);
        }
    } else {
        for cell in table.cells.iter().filter(|cell| cell.count > 0) {
            push(cell.row, cell.column, cell.count);
        }
    }
    Ok(Answer::Table(answer))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answer(config: &str, input: &str) -> String {
        let call = Call { config: config.into(), input: input.into(), ..Call::default() };
        run(&call).unwrap().to_string()
    }

    #[test]
    fn ratio_is_the_poisson_one_above_expectation_and_zero_below() {
        assert!((log_likelihood_ratio(4, 2.0) - (4.0 * 2_f64.ln() - 2.0)).abs() < 1e-15);
        for (count, expected) in [(1, 2.0), (2, 2.0), (0, 0.0), (0, 1e6)] {
            assert!(log_likelihood_ratio(count, expected).abs() < 1e-300);
        }
        assert!(log_likelihood_ratio(1, 0.0).is_infinite());
        assert!(log_likelihood_ratio(1, -1.0).is_nan());
        let huge = log_likelihood_ratio(1_000_001, 1_000_000.0);
        assert!((huge * 2e6 - 1.0).abs() < 1e-6, "{huge}");
    }

    #[test]
    fn all_pairs_that_could_occur_are_printed_in_order() {
        let got = answer("{}", "product,hazard,n11\nb,y,3\na,x,1\n");
        let keys: Vec<_> = got.lines().skip(1).map(|line| &line[..5]).collect();
        assert_eq!(keys, ["b,y,3", "b,x,0", "a,y,0", "a,x,1"]);
        assert_eq!(answer(r#"{"all_cells": false}"#, "product,hazard,n11\nb,y,3\na,x,1\n").lines().count(), 3);
    }

    #[test]
    fn empty_and_all_zero_tables_are_defined() {
        assert_eq!(answer("{}", "product,hazard,n11\n"), "product,hazard,n,E,log_lrt\n");
        assert_eq!(answer("{}", "product,hazard,n11\na,x,0\n").lines().nth(1), Some("a,x,0,0,0"));
    }

    #[test]
    fn p_values_tell_a_rise_from_none_and_repeat() {
        let rise = PairTable::new([(0, 0, 30), (1, 0, 2), (2, 0, 2), (0, 1, 40), (1, 1, 50), (2, 1, 50), (0, 2, 0)]);
        let p = column_p_values(&rise, 199, 7);
        assert!((p[0] - 0.005).abs() < 1e-12 && (p[2] - 1.0).abs() < 1e-12, "{p:?}");
        assert_eq!(p, column_p_values(&rise, 199, 7));
        let even = column_p_values(&PairTable::new([(0, 0, 10), (1, 0, 10), (0, 1, 10), (1, 1, 10)]), 99, 1);
        assert_eq!(even, [1.0, 1.0]);
        assert!(column_p_values(&PairTable::default(), 99, 1).is_empty());
    }

    #[test]
    fn p_values_meet_the_exact_law() {
        // A column of 3 reports on two rows of shares ½: ln LR ≥ that of (3, 0) has probability 2/8.
        let table = PairTable::new([(0, 0, 3), (0, 1, 497), (1, 1, 500)]);
        let p = column_p_values(&table, 20_000, 3)[0];
        assert!((p - 0.25).abs() < 4.0 * (0.25 * 0.75 / 20_000.0_f64).sqrt() + 1e-4, "{p}");
    }

    #[test]
    fn a_structural_share_of_one_is_refused() {
        let call =
            Call { config: r#"{"zero_inflation": 1}"#.into(), input: "product,hazard,n11\n".into(), ..Call::default() };
        assert!(run(&call).unwrap_err().to_string().contains("zero_inflation"));
    }
}
