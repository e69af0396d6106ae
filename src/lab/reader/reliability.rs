//! Whether confidence is what it says: of signals with confidence 0.7, seven in ten should be real.
//!
//! In: confidence, truth and weight of each signal. Out: a table of ten bins and the expected calibration error.

use std::fmt;

use serde::Serialize;
use vocabulary::{Language, Report, said};

use super::tally::share;

/// Bins of equal width between 0 and 1.
const BINS: usize = 10;

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
    /// Mean squared error of the confidence (Brier score), by weight.
    pub brier: f64,
}

impl Reliability {
    /// Of the signals of a set of texts.
    pub fn of(told: &[Told]) -> Self {
        let mut bins = [Bin::default(); BINS];
        let mut squares = 0.0;
        for Told { confidence, right, weight } in told {
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a confidence is in 0 to 1")]
            let bin = &mut bins[((confidence * BINS as f64) as usize).min(BINS - 1)];
            let truth = f64::from(u8::from(*right));
            bin.signals += 1;
            bin.weight += weight;
            bin.confidence += weight * confidence;
            bin.right += weight * truth;
            squares += weight * (confidence - truth).powi(2);
        }
        let whole: f64 = bins.iter().map(|bin| bin.weight).sum();
        let apart: f64 = bins.iter().map(|bin| (bin.confidence - bin.right).abs()).sum();
        for bin in bins.iter_mut().filter(|bin| bin.signals > 0) {
            bin.confidence = share(bin.confidence, bin.weight);
            bin.right = share(bin.right, bin.weight);
        }
        let mean = |sum: f64| if whole > 0.0 { sum / whole } else { 0.0 };
        Self { bins: bins.to_vec(), ece: mean(apart), brier: mean(squares) }
    }
}

impl Report for Reliability {
    fn write(&self, f: &mut fmt::Formatter<'_>, language: Language) -> fmt::Result {
        let head = said!(
            language,
            "可信度：期望校准误差 {:.3}，Brier {:.3}\n可信度        信号      权重  平均可信度  属实比例",
            "confidence: expected calibration error {:.3}, Brier {:.3}\nconfidence    signals   weight  mean        right",
            self.ece,
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
    fn surely_right_is_in_the_last_bin_and_nothing_is_no_error() {
        assert_eq!(Reliability::of(&[told(1.0, true, 1.0)]).bins[BINS - 1].signals, 1);
        assert!(Reliability::of(&[]).ece.abs() < 1e-12);
    }
}
