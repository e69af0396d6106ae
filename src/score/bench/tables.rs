//! Null tables of the rise statistic: how often it begins to exceed a value in a cell where nothing rises, per mean and
//! dispersion, so that all cells can be alarmed at an equal onset rate (scoring methods, section 7).
//!
//! In: a seed and bins. Out: a [`NullTable`], as text for shipping (TSV, with the seed in its head and a checksum as its
//! last line) and back. Between bins the log of the rate is straight in ln mean and in 1/size; outside, the nearest bin
//! holds. Supposed: cells of a category differ by a Gamma law of shape [`CELLS`], which the prior knows. Not here: files.

use std::fmt::Write as _;

use rayon::prelude::*;
use thiserror::Error;

use super::background::{BASELINE_WEEKS, Background, GUARD_WEEKS, Known};
use super::detectors::Method;
use super::onset::{Curve, Track, ln_rate};
use super::rise::Rise;
use super::{PLAIN, QUIET_WEEKS};
use crate::score::numeric::Gamma;

/// Means per week of the bins.
pub const MEANS: [f64; 11] = [0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0];
/// Sizes of the bins, falling; infinite: Poisson.
pub const SIZES: [f64; 5] = [f64::INFINITY, 5.0, 2.0, 1.0, 0.5];
/// Shape of the Gamma law of rates over the cells of a category.
pub const CELLS: f64 = 4.0;
/// Onset rates per week of the knots, falling.
const RATES: [f64; 14] = [0.03, 0.02, 0.01, 5e-3, 2e-3, 1e-3, 5e-4, 2e-4, 1e-4, 5e-5, 2e-5, 1e-5, 5e-6, 2e-6];
/// Monitored weeks per series.
const WEEKS: usize = 208;

/// Onset rates per bin.
#[derive(Debug, Clone, PartialEq)]
pub struct NullTable {
    /// Seed it was simulated with.
    pub seed: u64,
    /// Steps in a week.
    pub per_week: usize,
    /// Series per bin.
    pub series: usize,
    means: Vec<f64>,
    sizes: Vec<f64>,
    /// By mean, then size: knots (value, ln onset rate per week).
    knots: Vec<Vec<(f64, f64)>>,
}

/// Why a text is no null table.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TableError {
    /// Something is wrong on a line.
    #[error("null table, line {line}: {what}; build the table anew")]
    Line {
        /// From 1.
        line: usize,
        /// What is wrong.
        what: &'static str,
    },
    /// The text was changed or cut.
    #[error("null table: checksum {found} where {expected} was expected; build the table anew")]
    Checksum {
        /// As written.
        found: String,
        /// As computed.
        expected: String,
    },
}

/// Simulates a table: `series` cells of four monitored years per bin. `means` rising, `sizes` falling, not empty.
pub fn build(seed: u64, series: usize, per_week: usize, means: &[f64], sizes: &[f64]) -> NullTable {
    let method = Method::Rise(Rise::new(per_week));
    let start = BASELINE_WEEKS * per_week;
    let monitored = (GUARD_WEEKS + BASELINE_WEEKS) * per_week;
    let bins = means.iter().flat_map(|mean| sizes.iter().map(move |size| (*mean, *size)));
    let knots = bins.enumerate().map(|(number, (mean, size))| {
        let background = Background { mean, size, cells: CELLS, per_week, ..PLAIN };
        let prior = Gamma { shape: CELLS, rate: CELLS * per_week as f64 / mean };
        let known = Known { prior, size: Some(size / per_week as f64).filter(|size| size.is_finite()) };
        let tracks: Vec<Track> = (0..series)
            .into_par_iter()
            .map(|at| {
                let position = (1 << 60) | ((number as u64) << 40) | at as u64;
                let series = background.series(seed, position, BASELINE_WEEKS + GUARD_WEEKS + WEEKS);
                let values = method.values(&series, &known, per_week, start).split_off(start);
                Track { values, from: monitored - start }
            })
            .collect();
        Curve::new(&tracks, QUIET_WEEKS * per_week, per_week).knots(&RATES)
    });
    NullTable { seed, per_week, series, knots: knots.collect(), means: means.to_vec(), sizes: sizes.to_vec() }
}

/// The two neighbours of a place on an axis, with the share of the second.
fn between(axis: &[f64], place: f64) -> (usize, usize, f64) {
    let right = axis.partition_point(|knot| *knot <= place);
    match (right.checked_sub(1), axis.get(right)) {
        (None, _) => (0, 0, 0.0),
        (Some(left), None) => (left, left, 0.0),
        (Some(left), Some(next)) => (left, right, (place - axis[left]) / (next - axis[left])),
    }
}

impl NullTable {
    /// ln onset rate per week of a cell with a mean per week and a size (`None`: Poisson) at a value of the statistic.
    pub fn ln_rate(&self, mean: f64, size: Option<f64>, value: f64) -> f64 {
        let means: Vec<f64> = self.means.iter().map(|mean| mean.ln()).collect();
        let inverses: Vec<f64> = self.sizes.iter().map(|size| 1.0 / size).collect();
        let (m0, m1, m) = between(&means, mean.ln());
        let (s0, s1, s) = between(&inverses, size.map_or(0.0, |size| 1.0 / size));
        let at = |mean: usize, size: usize| ln_rate(&self.knots[mean * self.sizes.len() + size], value);
        let along = |mean: usize| (1.0 - s) * at(mean, s0) + s * at(mean, s1);
        (1.0 - m) * along(m0) + m * along(m1)
    }

    /// As text.
    pub fn to_tsv(&self) -> String {
        let mut out = format!("seed\t{}\tper_week\t{}\tseries\t{}\n", self.seed, self.per_week, self.series);
        let bins = self.means.iter().flat_map(|mean| self.sizes.iter().map(move |size| (mean, size)));
        for ((mean, size), knots) in bins.zip(&self.knots) {
            let _ = write!(out, "{mean}\t{size}");
            for (value, ln_rate) in knots {
                let _ = write!(out, "\t{value}:{ln_rate}");
            }
            out.push('\n');
        }
        let sum = checksum(&out);
        let _ = writeln!(out, "checksum\t{sum}");
        out
    }

    /// From text.
    pub fn from_tsv(text: &str) -> Result<Self, TableError> {
        let lines: Vec<&str> = text.lines().collect();
        let wrong = |line: usize, what: &'static str| TableError::Line { line: line + 1, what };
        let last = lines.len().checked_sub(1).ok_or(wrong(0, "empty"))?;
        let found = lines[last].strip_prefix("checksum\t").ok_or(wrong(last, "no checksum"))?;
        let expected = checksum(&text[..text.len() - text.lines().last().map_or(0, str::len) - 1]);
        if found != expected {
            return Err(TableError::Checksum { found: found.into(), expected });
        }
        let head: Vec<&str> = lines[0].split('\t').collect();
        let number = |at: usize| head.get(at).and_then(|word| word.parse::<u64>().ok()).ok_or(wrong(0, "bad head"));
        let whole = |at: usize| number(at).and_then(|value| usize::try_from(value).map_err(|_| wrong(0, "bad head")));
        let mut table = Self {
            seed: number(1)?,
            per_week: whole(3)?,
            series: whole(5)?,
            means: Vec::new(),
            sizes: Vec::new(),
            knots: Vec::new(),
        };
        let add = |axis: &mut Vec<f64>, value: f64| {
            if !axis.iter().any(|known| known.total_cmp(&value).is_eq()) {
                axis.push(value);
            }
        };
        for (at, line) in lines.iter().enumerate().take(last).skip(1) {
            let mut words = line.split('\t');
            let mut axis = || words.next().and_then(|word| word.parse::<f64>().ok()).ok_or(wrong(at, "not a bin"));
            let (mean, size) = (axis()?, axis()?);
            add(&mut table.means, mean);
            add(&mut table.sizes, size);
            let knot = |word: &str| {
                let (value, rate) = word.split_once(':')?;
                Some((value.parse().ok()?, rate.parse().ok()?))
            };
            let knots: Option<Vec<(f64, f64)>> = words.map(knot).collect();
            table.knots.push(knots.ok_or(wrong(at, "not a knot"))?);
        }
        if table.knots.is_empty() || table.knots.len() != table.means.len() * table.sizes.len() {
            return Err(wrong(last, "bins are missing"));
        }
        Ok(table)
    }
}

/// FNV-1a, 64 bits.
fn checksum(text: &str) -> String {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{:016x}", text.bytes().fold(0xcbf2_9ce4_8422_2325, step))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn small() -> NullTable {
        build(5, 60, 1, &[0.5, 2.0], &[f64::INFINITY, 2.0])
    }

    #[test]
    fn a_table_survives_its_text_and_notices_a_change() {
        let table = small();
        let text = table.to_tsv();
        assert_eq!(NullTable::from_tsv(&text), Ok(table));
        let changed = text.replacen("0.5", "0.6", 1);
        assert!(matches!(NullTable::from_tsv(&changed), Err(TableError::Checksum { .. })));
        assert!(NullTable::from_tsv("").is_err());
    }

    #[test]
    fn higher_values_are_rarer_between_and_beyond_bins() {
        let table = small();
        for (mean, size) in [(0.1, None), (1.0, Some(4.0)), (50.0, Some(0.1))] {
            let rates: Vec<f64> = (0..40).map(|at| table.ln_rate(mean, size, f64::from(at) / 2.0)).collect();
            assert!(rates.windows(2).all(|pair| pair[1] <= pair[0]), "{mean} {rates:?}");
            assert!(rates[39] < -8.0, "{rates:?}");
        }
    }
}
