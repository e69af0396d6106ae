//! Hypergeometric law: marked items in a draw without replacement, as in Fisher's exact test.
//!
//! Source of the term: Loader (2000), "Fast and accurate computation of binomial probabilities", as a ratio of binomial
//! terms.

use super::incomplete::Tails;
use super::special::ln_binomial_term;

/// Number of marked items among `drawn` of `all`, of which `marked` are marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Hypergeometric {
    all: u64,
    marked: u64,
    drawn: u64,
}

impl Hypergeometric {
    /// The law; `None` when more are marked or drawn than there are.
    pub fn new(all: u64, marked: u64, drawn: u64) -> Option<Self> {
        (marked <= all && drawn <= all).then_some(Self { all, marked, drawn })
    }

    /// Fewest and most marked items that a draw can hold.
    pub fn support(self) -> (u64, u64) {
        (self.marked.saturating_sub(self.all - self.drawn), self.marked.min(self.drawn))
    }

    /// ln P(X = x); −∞ outside the support.
    pub fn ln_pmf(self, x: u64) -> f64 {
        let (fewest, most) = self.support();
        if x < fewest || x > most {
            return f64::NEG_INFINITY;
        }
        if fewest == most {
            return 0.0;
        }
        let (drawn, left) = (self.drawn as f64, (self.all - self.drawn) as f64);
        let (p, q) = (drawn / self.all as f64, left / self.all as f64);
        let term = |hits: u64, of: u64| ln_binomial_term(hits as f64, (of - hits) as f64, p, q);
        let among_marked = term(x, self.marked);
        let among_others = term(self.drawn - x, self.all - self.marked);
        (among_marked + among_others - ln_binomial_term(drawn, left, p, q)).min(0.0)
    }

    /// P(X ≤ x) and P(X > x), the smaller one by summing its terms outwards, so that it keeps its digits. About √(all)
    /// steps.
    pub fn tails(self, x: u64) -> Tails {
        let (fewest, most) = self.support();
        if x < fewest {
            return Tails::ABOVE;
        }
        if x >= most {
            return Tails::BELOW;
        }
        let mode = (self.marked as f64 + 1.0) * (self.drawn as f64 + 1.0) / (self.all as f64 + 2.0);
        if (x as f64) < mode.floor() {
            let down = (fewest..x).rev().map(|k| self.ratio_to_next(k).recip());
            Tails::from_ln_lower(self.ln_pmf(x) + series(down).ln())
        } else {
            let first = x + 1;
            Tails::from_ln_upper(self.ln_pmf(first) + series((first..most).map(|k| self.ratio_to_next(k))).ln())
        }
    }

    /// P(X = k+1)/P(X = k).
    fn ratio_to_next(self, k: u64) -> f64 {
        let others = (self.all - self.marked) + k + 1 - self.drawn;
        ((self.marked - k) as f64 * (self.drawn - k) as f64) / ((k + 1) as f64 * others as f64)
    }
}

/// 1 + r₁ + r₁r₂ + …, up to the term that no longer counts.
fn series(ratios: impl Iterator<Item = f64>) -> f64 {
    let (mut sum, mut term) = (1.0, 1.0);
    for ratio in ratios {
        term *= ratio;
        sum += term;
        if ratio < 1.0 && term < sum * 1e-17 * (1.0 - ratio) {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn terms_and_tails_meet_hand_counts() {
        // 10 items, 4 marked, 3 drawn: 20, 60, 36, 4 of 120.
        let law = Hypergeometric::new(10, 4, 3).unwrap();
        for (x, ways, upto) in [(0, 20.0, 20.0), (1, 60.0, 80.0), (2, 36.0, 116.0), (3, 4.0, 120.0)] {
            assert!((law.ln_pmf(x).exp() * 120.0 - ways).abs() < 1e-12);
            let tails = law.tails(x);
            assert!((tails.lower * 120.0 - upto).abs() < 1e-12, "{x}");
            assert!((tails.upper * 120.0 - (120.0 - upto)).abs() < 1e-12, "{x}");
        }
    }

    #[test]
    fn far_tails_keep_their_digits() {
        // All 50 of 50 marked drawn in 50 of 100: 1/C(100, 50).
        let ways: f64 = (1..=50).map(|k| f64::ln(f64::from(50 + k) / f64::from(k))).sum();
        let tails = Hypergeometric::new(100, 50, 50).unwrap().tails(49);
        assert!((tails.ln_upper + ways).abs() < 1e-12);
        let law = Hypergeometric::new(4_000_000_000_000, 2_000_000, 1_000_000_000).unwrap();
        assert!(law.tails(500).upper > 0.4 && law.tails(500).upper < 0.5);
        assert!(law.tails(5000).ln_upper < -1000.0);
    }

    #[test]
    fn edges_are_defined() {
        assert_eq!(Hypergeometric::new(3, 4, 0), None);
        assert_eq!(Hypergeometric::new(3, 0, 4), None);
        let sure = Hypergeometric::new(5, 5, 3).unwrap();
        assert_eq!((sure.support(), sure.ln_pmf(3), sure.ln_pmf(2)), ((3, 3), 0.0, f64::NEG_INFINITY));
        assert_eq!((sure.tails(2), sure.tails(3)), (Tails::ABOVE, Tails::BELOW));
        assert_eq!(Hypergeometric::new(0, 0, 0).unwrap().tails(0), Tails::BELOW);
    }

    proptest! {
        #[test]
        fn tails_are_the_sums_of_the_terms(all in 0_u64..60, marked in 0_u64..60, drawn in 0_u64..60, x in 0_u64..60) {
            prop_assume!(marked <= all && drawn <= all);
            let law = Hypergeometric::new(all, marked, drawn).unwrap();
            let upto: f64 = (0..=x).map(|k| law.ln_pmf(k).exp()).sum();
            let beyond: f64 = (x + 1..=60).map(|k| law.ln_pmf(k).exp()).sum();
            let tails = law.tails(x);
            prop_assert!((tails.lower - upto).abs() < 1e-12 * upto.max(1e-3));
            prop_assert!((tails.upper - beyond).abs() < 1e-12 * beyond.max(1e-3));
        }
    }
}
