//! Whether confidence is what it says: of signals with confidence 0.7, seven in ten should be real.
//!
//! In: confidence, truth and weight of each signal. Out: a table of ten bins and the expected calibration error.

use std::fmt;

use serde::Serialize;
use vocabulary::{Language, Report, said};

use super::tally::{below, share};

/// Bins of equal width between 0 and 1.
const BINS: usize = 10;
/// Draws behind the error by chance.
const DRAWS: u32 = 200;
/// Seed of the draws.
const SEED: u64 = 20_261_124;
/// Steps between 0 and 1 in which chance is drawn.
const FINE: usize = 1 << 20;

/// A signal that was told.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Told {
    /// Its confidence, 0 to 1.
    pub confidence: f64,
    /// Whether it is labelled.
    pub right: bool,
    /// The weight of its text.
    pub weight: f64,
}

impl Told {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a confidence is in 0 to 1")]
    fn bin(&self) -> usize {
        ((self.confidence * BINS as f64) as usize).min(BINS - 1)
    }

    fn truth(&self) -> f64 {
        f64::from(u8::from(self.right))
    }
}

/// Signals whose confidence lies in one bin.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize)]
pub struct Bin {
    /// How many.
    pub signals: usize,
    /// Sum of their weights.
    pub weight: f64,
    /// Mean confidence.
    pub confidence: f64,
    /// Share that is labelled.
    pub right: f64,
}

/// A reliability table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Reliability {
    /// From 0 to 1 in ten steps.
    pub bins: Vec<Bin>,
    /// Expected calibration error: mean distance of confidence and share over the bins, by weight.
    pub ece: f64,
    /// The error that a reader whose confidence is exactly right would show on as many signals: a mean over seeded draws.
    pub by_chance: f64,
    /// Mean squared error of the confidence (Brier score), by weight.
    pub brier: f64,
}

impl Reliability {
    /// Of the signals of a set of texts.
    pub fn of(told: &[Told]) -> Self {
        let mut bins = [Bin::default(); BINS];
        for one in told {
            let bin = &mut bins[one.bin()];
            bin.signals += 1;
            bin.weight += one.weight;
            bin.confidence += one.weight * one.confidence;
            bin.right += one.weight * one.truth();
        }
        let whole: f64 = bins.iter().map(|bin| bin.weight).sum();
        for bin in bins.iter_mut().filter(|bin| bin.signals > 0) {
            bin.confidence = share(bin.confidence, bin.weight);
            bin.right = share(bin.right, bin.weight);
        }
        let squares: f64 = told.iter().map(|one| one.weight * (one.confidence - one.truth()).powi(2)).sum();
        let mut state = SEED;
        let mut drawn = told.to_vec();
        let mut by_chance = 0.0_f64;
        for _ in 0..DRAWS {
            for one in &mut drawn {
                one.right = (below(&mut state, FINE) as f64) < one.confidence * FINE as f64;
            }
            by_chance += error(&drawn) / f64::from(DRAWS);
        }
        let brier = if whole > 0.0 { squares / whole } else { 0.0 };
        Self { bins: bins.to_vec(), ece: error(told), by_chance, brier }
    }
}

/// The expected calibration error; 0 of nothing.
fn error(told: &[Told]) -> f64 {
    let mut apart = [0.0_f64; BINS];
    let mut whole = 0.0_f64;
    for one in told {
        apart[one.bin()] += one.weight * (one.confidence - one.truth());
        whole += one.weight;
    }
    let sum: f64 = apart.iter().map(|gap| gap.abs()).sum();
    if whole > 0.0 { sum / whole } else { 0.0 }
}

impl Report for Reliability {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = said!(
            language,
            "可信度：期望校准误差 {:.3}（可信度全对时，这么多信号也会有 {:.3}），Brier {:.3}\n可信度        信号      权重  平均可信度  属实比例",
            "confidence: expected calibration error {:.3} (one that is exactly right shows {:.3} on so few signals), Brier {:.3}\n\
             confidence    signals   weight  mean        right",
            self.ece,
            self.by_chance,
            self.brier
        );
        writeln!(f, "{head}")?;
        for (at, bin) in self.bins.iter().enumerate().filter(|(_, bin)| bin.signals > 0) {
            let [from, to] = [at, at + 1].map(|edge| edge as f64 / BINS as f64);
            let Bin { signals, weight, confidence, right } = bin;
            writeln!(f, "{from:.1}–{to:.1}    {signals:>10}{weight:>10.0}{confidence:>12.3}{right:>10.3}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(confidence: f64, right: bool, weight: f64) -> Told {
        Told { confidence, right, weight }
    }

    #[test]
    fn the_error_is_the_distance_of_what_was_said_and_what_was_so() {
        let table = Reliability::of(&[told(0.75, true, 1.0), told(0.75, false, 1.0), told(0.05, false, 2.0)]);
        // 0.25 in one bin, 0.05 in the other, two of weight each.
        assert!((table.ece - 0.15).abs() < 1e-12, "{}", table.ece);
        assert_eq!((table.bins[7].signals, table.bins[0].signals, table.bins[9].signals), (2, 1, 0));
        assert!((table.brier - (0.0625 + 0.5625 + 2.0 * 0.0025) / 4.0).abs() < 1e-12);
    }

    #[test]
    fn few_signals_show_an_error_by_chance_and_many_hardly_any() {
        let by_chance = |signals: usize| Reliability::of(&vec![told(0.5, true, 1.0); signals]).by_chance;
        assert!(by_chance(20) > 0.06 && by_chance(2_000) < 0.02, "{} {}", by_chance(20), by_chance(2_000));
        assert!(Reliability::of(&[told(1.0, true, 1.0)]).by_chance.abs() < 1e-12);
    }

    #[test]
    fn surely_right_is_in_the_last_bin_and_nothing_is_no_error() {
        assert_eq!(Reliability::of(&[told(1.0, true, 1.0)]).bins[BINS - 1].signals, 1);
        assert!(Reliability::of(&[]).ece.abs() < 1e-12);
    }
}
