//! Sums of weights of what was found, wrongly found and missed, their shares, and 95 % intervals by resampling texts.
//!
//! In: what each text adds. Out: figures and the lines that show them. Not here: what counts as found (`quality`, `stream`,
//! `articles`).

use std::fmt;

use serde::Serialize;
use vocabulary::{Language, said};

/// Resamples behind every interval.
pub const RESAMPLES: usize = 1_000;
/// Seed of the resampling.
const SEED: u64 = 20_261_121;

/// Found, wrongly found, missed: sums of the weights of texts.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Tally {
    /// Found and labelled.
    pub hit: f64,
    /// Found, not labelled.
    pub extra: f64,
    /// Labelled, not found.
    pub missed: f64,
}

impl Tally {
    /// Share of finds that are labelled; 1 when nothing was found.
    pub fn precision(self) -> f64 {
        share(self.hit, self.hit + self.extra)
    }

    /// Share of labels that are found; 1 when nothing is labelled.
    pub fn recall(self) -> f64 {
        share(self.hit, self.hit + self.missed)
    }

    /// Harmonic mean of the two.
    pub fn f1(self) -> f64 {
        share(2.0 * self.hit, 2.0 * self.hit + self.extra + self.missed)
    }

    /// One text's tally with the text's weight.
    pub(super) fn times(self, weight: f64) -> Self {
        Self { hit: self.hit * weight, extra: self.extra * weight, missed: self.missed * weight }
    }

    fn add(&mut self, other: &Self) {
        self.hit += other.hit;
        self.extra += other.extra;
        self.missed += other.missed;
    }
}

/// A part of a whole; 1 when there is nothing.
pub(super) fn share(part: f64, whole: f64) -> f64 {
    if whole == 0.0 { 1.0 } else { part / whole }
}

/// A figure with its 95 % interval.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Estimate {
    /// The figure, 0 to 1.
    pub value: f64,
    /// Its interval, resampling texts.
    pub interval: [f64; 2],
}

impl fmt::Display for Estimate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, high] = self.interval;
        write!(f, "{:.3} [{low:.3}, {high:.3}]", self.value)
    }
}

/// Precision, recall and F1 with their intervals.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Rated {
    /// Found and labelled: a sum of weights, as are the next two.
    pub hit: f64,
    /// Found, not labelled.
    pub extra: f64,
    /// Labelled, not found.
    pub missed: f64,
    /// Share of finds that are labelled.
    pub precision: Estimate,
    /// Share of labels that are found.
    pub recall: Estimate,
    /// Harmonic mean of the two.
    pub f1: Estimate,
}

impl Rated {
    /// Of what each text adds.
    pub fn of(tallies: &[Tally]) -> Self {
        let sum = |picked: &mut dyn Iterator<Item = usize>| {
            picked.fold(Tally::default(), |mut sum, at| {
                sum.add(&tallies[at]);
                sum
            })
        };
        let Tally { hit, extra, missed } = sum(&mut (0..tallies.len()));
        let figures = |tally: Tally| [tally.precision(), tally.recall(), tally.f1()];
        let [precision, recall, f1] = estimates(
            tallies.len(),
            |picked| figures(sum(&mut picked.iter().copied())),
            figures(Tally { hit, extra, missed }),
        );
        Self { hit, extra, missed, precision, recall, f1 }
    }

    /// Its line of a table: see [`Rated::head`].
    pub(super) fn line(&self, name: &str) -> String {
        let Self { hit, extra, missed, precision, recall, f1 } = self;
        format!("{}  {precision}  {recall}  {f1}  {hit:>8.0}{extra:>8.0}{missed:>8.0}", padded(name, NAME_COLUMNS))
    }

    /// The head of the lines of a table.
    pub(super) fn head() -> String {
        let columns = ["P 95 %", "R 95 %", "F1 95 %"].map(|name| format!("  {name:<20}"));
        format!("{:<NAME_COLUMNS$}{}  {:>8}{:>8}{:>8}", "", columns.concat(), "hit", "extra", "miss")
    }
}

/// Several readers on the same texts: figures of pairs and of risk, and the expected calibration error of each.
pub(super) fn side_by_side<'a>(
    readers: impl IntoIterator<Item = (&'a str, Rated, Rated, f64)>,
    language: Language,
) -> String {
    let mut text = format!("{}\n", Rated::head());
    for (name, pair, risk, ece) in readers {
        text += &pair.line(&said!(language, "{name}，产品+隐患", "{name}, pair"));
        text.push('\n');
        text += &risk.line(&said!(language, "{name}，有无风险", "{name}, risk"));
        text += &said!(language, "  校准误差 {ece:.3}\n", "  calibration error {ece:.3}\n");
    }
    text
}

/// Columns of the names of rows.
pub(super) const NAME_COLUMNS: usize = 24;

/// A name in so many columns of a terminal: Chinese characters take two.
pub(super) fn padded(name: &str, columns: usize) -> String {
    let taken: usize = name.chars().map(|letter| if letter >= '\u{2e80}' { 2 } else { 1 }).sum();
    format!("{name}{}", " ".repeat(columns.saturating_sub(taken)))
}

/// Figures of all texts with the intervals of their values over resamples.
fn estimates<const N: usize>(len: usize, statistic: impl Fn(&[usize]) -> [f64; N], values: [f64; N]) -> [Estimate; N] {
    let intervals = intervals(len, statistic);
    std::array::from_fn(|at| Estimate { value: values[at], interval: intervals[at] })
}

/// The 2.5 % and 97.5 % points of statistics over seeded resamples of the texts.
pub(super) fn intervals<const N: usize>(len: usize, statistic: impl Fn(&[usize]) -> [f64; N]) -> [[f64; 2]; N] {
    let mut state = SEED;
    let mut picked = vec![0; len];
    let drawn: Vec<[f64; N]> = (0..RESAMPLES)
        .map(|_| {
            for slot in &mut picked {
                *slot = below(&mut state, len);
            }
            statistic(&picked)
        })
        .collect();
    std::array::from_fn(|at| {
        let mut values: Vec<f64> = drawn.iter().map(|figures| figures[at]).collect();
        values.sort_by(f64::total_cmp);
        [values[RESAMPLES / 40], values[RESAMPLES - 1 - RESAMPLES / 40]]
    })
}

/// SplitMix64: small, seeded, the same everywhere.
pub(super) fn below(state: &mut u64, len: usize) -> usize {
    *state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut value = *state;
    value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^= value >> 31;
    #[expect(clippy::cast_possible_truncation, reason = "below `len`, which is a usize")]
    let at = ((u128::from(value) * len as u128) >> 64) as usize;
    at
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_counts_as_often_as_its_weight_says() {
        let right = Tally { hit: 1.0, ..Tally::default() };
        let wrong = Tally { extra: 1.0, missed: 1.0, ..Tally::default() };
        let rated = Rated::of(&[right.times(3.0), wrong]);
        assert!((rated.precision.value - 0.75).abs() < 1e-12 && (rated.recall.value - 0.75).abs() < 1e-12);
        assert!((rated.f1.value - 0.75).abs() < 1e-12);
        let [low, high] = rated.f1.interval;
        assert!(low.abs() < 1e-12 && (high - 1.0).abs() < 1e-12, "one of the two texts alone is drawn now and then");
    }

    #[test]
    fn nothing_found_and_nothing_to_find_is_no_mistake() {
        let rated = Rated::of(&[Tally::default()]);
        assert!((rated.precision.value - 1.0).abs() < 1e-12 && (rated.recall.value - 1.0).abs() < 1e-12);
    }
}
