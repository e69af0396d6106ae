//! Counting laws: Poisson, negative binomial, binomial. Tails through the incomplete gamma and beta functions (A&S
//! 26.4.21, 26.5.24, 26.5.26); quantiles exact.

use super::incomplete::{Tails, beta_tails, gamma_tails};
use super::special::{ln_binomial_term, ln_poisson_term};

/// A law on 0, 1, 2, …
pub trait Discrete {
    /// Mean.
    fn mean(&self) -> f64;

    /// ln P(X = k).
    fn ln_pmf(&self, k: u64) -> f64;

    /// P(X ≤ k) and P(X > k).
    fn tails(&self, k: u64) -> Tails;

    /// P(X = k).
    fn pmf(&self, k: u64) -> f64 {
        self.ln_pmf(k).exp()
    }

    /// P(X ≤ k).
    fn cdf(&self, k: u64) -> f64 {
        self.tails(k).lower
    }

    /// P(X > k).
    fn sf(&self, k: u64) -> f64 {
        self.tails(k).upper
    }

    /// P(X ≥ k).
    fn upper(&self, k: u64) -> f64 {
        k.checked_sub(1).map_or(1.0, |below| self.sf(below))
    }

    /// ln P(X ≤ k).
    fn ln_cdf(&self, k: u64) -> f64 {
        self.tails(k).ln_lower
    }

    /// ln P(X > k).
    fn ln_sf(&self, k: u64) -> f64 {
        self.tails(k).ln_upper
    }

    /// ln P(X ≥ k).
    fn ln_upper(&self, k: u64) -> f64 {
        k.checked_sub(1).map_or(0.0, |below| self.ln_sf(below))
    }

    /// The smallest k with P(X ≤ k) ≥ `p`, 0 ≤ p < 1 (for a bounded law ≤ 1); `None` when there is none.
    fn quantile(&self, p: f64) -> Option<u64> {
        self.quantile_pair(p, 1.0 - p)
    }

    /// The smallest k with P(X > k) ≤ `q`: the upper quantile, exact also for tiny q.
    fn quantile_upper(&self, q: f64) -> Option<u64> {
        self.quantile_pair(1.0 - q, q)
    }

    /// The smallest k with P(X ≤ k) ≥ `p` = 1 − `q`, both given. A tail within 10⁻¹⁴ of the wanted one counts as
    /// reached, so that a probability meant to be met exactly is met.
    fn quantile_pair(&self, p: f64, q: f64) -> Option<u64> {
        if !((0.0..=1.0).contains(&p) && (0.0..=1.0).contains(&q) && self.mean().is_finite()) {
            return None;
        }
        let reached = |k: u64| {
            let tails = self.tails(k);
            if p <= q { tails.lower >= p * (1.0 - 1e-14) } else { tails.upper <= q * (1.0 + 1e-14) }
        };
        if reached(0) {
            return Some(0);
        }
        // From the mean outwards in doubling steps, then bisection: (low, high] holds the answer.
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "finite, ≥ 0; saturates")]
        let centre = self.mean().max(1.0) as u64;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "finite, ≥ 0; saturates")]
        let mut step = self.mean().sqrt().max(1.0) as u64;
        let (mut low, mut high);
        if reached(centre) {
            high = centre;
            loop {
                low = high.saturating_sub(step);
                if low == 0 || !reached(low) {
                    break;
                }
                high = low;
                step = step.saturating_mul(2);
            }
        } else {
            low = centre;
            loop {
                high = low.saturating_add(step);
                if reached(high) {
                    break;
                }
                if high >= 1 << 62 {
                    return None;
                }
                low = high;
                step = step.saturating_mul(2);
            }
        }
        while high - low > 1 {
            let middle = low + (high - low) / 2;
            if reached(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        Some(high)
    }
}

/// Poisson law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Poisson {
    /// Mean, ≥ 0; 0 sits at 0.
    pub mean: f64,
}

impl Discrete for Poisson {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn ln_pmf(&self, k: u64) -> f64 {
        ln_poisson_term(k as f64, self.mean)
    }

    fn tails(&self, k: u64) -> Tails {
        if self.mean >= 0.0 { gamma_tails(k as f64 + 1.0, self.mean).swap() } else { Tails::UNDEFINED }
    }
}

/// Largest count, mean, and least chance of a further event and size for which a negative binomial term is had from the one at zero: as exact as by
/// the saddle point, and many times quicker.
const SMALL_COUNT: f64 = 9.0;
const SMALL_MEAN: f64 = 100.0;
const SMALL_CHANCE: f64 = 1e-30;

/// Negative binomial law: Var = mean + mean²/size.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct NegativeBinomial {
    size: f64,
    mean: f64,
    /// Success probability size/(size + mean), and 1 − it.
    p: f64,
    q: f64,
}

impl NegativeBinomial {
    /// By mean ≥ 0 and size > 0; size = ∞ is Poisson.
    pub fn new(mean: f64, size: f64) -> Self {
        let ratio = mean / size;
        Self { size, mean, p: 1.0 / (1.0 + ratio), q: if mean == 0.0 { 0.0 } else { 1.0 / (1.0 + size / mean) } }
    }

    /// By size > 0 and success probability 0 < p ≤ 1: mean = size (1 − p)/p.
    pub fn from_success(size: f64, p: f64) -> Self {
        Self { size, mean: size * (1.0 - p) / p, p, q: 1.0 - p }
    }

    /// Whether the law cannot be told from Poisson's up to `k`: its terms differ by less than 10⁻¹³ relative.
    fn is_poisson(&self, k: f64) -> bool {
        let reach = k.max(self.mean).max(1.0);
        self.size > 1e13 * reach * reach
    }

    /// ln P(X = 0), of a size above 0.
    fn ln_none(&self) -> f64 {
        -self.size * (self.mean / self.size).ln_1p()
    }

    /// Whether a term is quickly had from the one at zero, none of its factors lost.
    fn is_small(&self, k: f64) -> bool {
        k <= SMALL_COUNT && self.mean <= SMALL_MEAN && self.q >= SMALL_CHANCE && self.size >= SMALL_CHANCE
    }

    /// P(X = k)/P(X = 0), one factor after the other.
    fn over_none(&self, k: f64) -> f64 {
        let (mut product, mut j) = (1.0, 0.0);
        while j < k {
            product *= self.q * (j + self.size) / (j + 1.0);
            j += 1.0;
        }
        product
    }

    /// Whether every term from the one at `k` on is at most a quarter of the one before it.
    fn falls_from(&self, k: f64) -> bool {
        self.q * ((k + self.size) / (k + 1.0)).max(1.0) <= 0.25
    }

    /// Tails at `k` by the sum of all terms beyond it, each much smaller than the one before.
    fn small_upper(&self, k: f64) -> Tails {
        let (mut term, mut sum, mut j) = (1.0, 1.0, k + 1.0);
        while term > sum * f64::EPSILON * 0.1 {
            term *= self.q * (j + self.size) / (j + 1.0);
            sum += term;
            j += 1.0;
        }
        Tails::from_ln_upper(self.ln_none() + (self.over_none(k + 1.0) * sum).ln())
    }

    /// Size (the shape of the gamma law of rates behind it).
    pub const fn size(&self) -> f64 {
        self.size
    }
}

impl Discrete for NegativeBinomial {
    fn mean(&self) -> f64 {
        self.mean
    }

    fn ln_pmf(&self, k: u64) -> f64 {
        let k = k as f64;
        match self.size {
            _ if self.mean.is_nan() || self.mean < 0.0 => f64::NAN,
            _ if self.is_poisson(k) => ln_poisson_term(k, self.mean),
            size if size > 0.0 && self.is_small(k) => self.ln_none() + self.over_none(k).ln(),
            size if size > 0.0 => ln_binomial_term(size, k, self.p, self.q) + (size / (size + k)).ln(),
            _ => f64::NAN,
        }
    }

    fn tails(&self, k: u64) -> Tails {
        match self.size {
            _ if self.mean.is_nan() || self.mean < 0.0 => Tails::UNDEFINED,
            _ if self.is_poisson(k as f64) => Poisson { mean: self.mean }.tails(k),
            size if size > 0.0 && k == 0 => Tails::from_ln_lower(self.ln_none()),
            size if size > 0.0 && self.is_small(k as f64 + 1.0) && self.falls_from(k as f64 + 1.0) => {
                self.small_upper(k as f64)
            }
            size if size > 0.0 => beta_tails(size, k as f64 + 1.0, self.p, self.q),
            _ => Tails::UNDEFINED,
        }
    }
}

/// Binomial law.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Binomial {
    /// Trials.
    pub n: u64,
    /// Success probability, 0 ≤ p ≤ 1.
    pub p: f64,
}

impl Discrete for Binomial {
    fn mean(&self) -> f64 {
        self.n as f64 * self.p
    }

    fn ln_pmf(&self, k: u64) -> f64 {
        if k > self.n {
            return f64::NEG_INFINITY;
        }
        ln_binomial_term(k as f64, (self.n - k) as f64, self.p, 1.0 - self.p)
    }

    fn tails(&self, k: u64) -> Tails {
        if !(0.0..=1.0).contains(&self.p) {
            return Tails::UNDEFINED;
        }
        if k >= self.n {
            return Tails::BELOW;
        }
        beta_tails((self.n - k) as f64, k as f64 + 1.0, 1.0 - self.p, self.p)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs(), "{got:e} is not {want:e}");
    }

    #[test]
    fn poisson_tails_are_sums_of_terms() {
        let law = Poisson { mean: 3.0 };
        near(law.cdf(2), (-3.0_f64).exp() * 8.5, 1e-14);
        near(law.upper(3), 1.0 - (-3.0_f64).exp() * 8.5, 1e-14);
        near(law.upper(0), 1.0, 0.0);
        // P(X ≥ 50) for mean 0.01: the first term and a correction of 0.01/51.
        near(
            Poisson { mean: 0.01 }.ln_upper(50),
            50.0 * 0.01_f64.ln() - 0.01 - super::super::ln_factorial(50)
                + (0.01 / 51.0 * (1.0 + 0.01 / 52.0_f64)).ln_1p(),
            1e-11,
        );
        assert!(Poisson { mean: 0.0 }.upper(1) == 0.0 && Poisson { mean: -1.0 }.upper(1).is_nan());
    }

    #[test]
    fn far_tails_stay_finite_as_logarithms() {
        let ln = Poisson { mean: 1.0 }.ln_upper(1_000_000);
        assert!(ln < -1e7 && ln.is_finite());
        let ln = NegativeBinomial::new(1.0, 2.0).ln_upper(1_000_000);
        assert!(ln < -1e5 && ln.is_finite());
    }

    #[test]
    fn negative_binomial_of_size_one_is_geometric() {
        let law = NegativeBinomial::from_success(1.0, 0.25);
        near(law.pmf(3), 0.25 * 0.75_f64.powi(3), 1e-14);
        near(law.upper(40), 0.75_f64.powi(40), 1e-13);
        assert_eq!(law.quantile(1.0 - 0.75_f64.powi(7)), Some(6));
        near(NegativeBinomial::new(4.0, f64::INFINITY).sf(9), Poisson { mean: 4.0 }.sf(9), 0.0);
        near(NegativeBinomial::new(4.0, 1e14).sf(9), Poisson { mean: 4.0 }.sf(9), 1e-12);
        assert!(NegativeBinomial::new(0.0, 3.0).sf(0) == 0.0 && NegativeBinomial::new(1.0, 0.0).cdf(0).is_nan());
    }

    #[test]
    fn binomial_meets_hand_values_and_edges() {
        let law = Binomial { n: 4, p: 0.5 };
        near(law.cdf(1), 5.0 / 16.0, 1e-14);
        near(law.pmf(4), 1.0 / 16.0, 1e-14);
        assert_eq!(law.quantile(5.0 / 16.0), Some(1));
        assert_eq!(law.quantile(1.0), Some(4));
        assert_eq!(Binomial { n: 4, p: 1.0 }.quantile(0.3), Some(4));
        assert_eq!(Binomial { n: 0, p: 0.3 }.quantile(0.9), Some(0));
        assert!(Binomial { n: 4, p: 0.0 }.sf(0) == 0.0 && Binomial { n: 4, p: 1.0 }.cdf(3) == 0.0);
    }

    #[test]
    fn quantiles_without_an_answer_say_so() {
        assert_eq!(Poisson { mean: 2.0 }.quantile(1.5), None);
        assert_eq!(Poisson { mean: f64::INFINITY }.quantile(0.5), None);
        assert_eq!(Poisson { mean: f64::NAN }.quantile(0.5), None);
        assert_eq!(Poisson { mean: 0.0 }.quantile(0.999), Some(0));
        assert_eq!(Poisson { mean: 2.0 }.quantile(0.0), Some(0));
    }

    proptest! {
        #[test]
        fn quantiles_are_the_first_to_reach(
            ln_mean in -6.0..14.0_f64, ln_size in -4.0..8.0_f64, p in 1e-6..0.999_999_9_f64,
        ) {
            let law = NegativeBinomial::new(ln_mean.exp(), ln_size.exp());
            let k = law.quantile(p).expect("finite");
            prop_assert!(law.cdf(k) >= p * (1.0 - 1e-12));
            prop_assert!(k == 0 || law.cdf(k - 1) < p * (1.0 + 1e-12));
        }

        #[test]
        fn small_counts_are_as_exact_as_by_the_beta_function(
            ln_mean in -25.0..5.0_f64, ln_size in -4.0..12.0_f64, k in 0..10_u64,
        ) {
            let law = NegativeBinomial::new(ln_mean.exp(), ln_size.exp());
            let (got, want) = (law.tails(k), beta_tails(law.size, k as f64 + 1.0, law.p, law.q));
            // The logarithm of a tail near 1 has as few digits as its complement lets it have.
            prop_assert!((got.ln_upper - want.ln_upper).abs() <= 1e-11 * want.ln_upper.abs() + 1e-13, "{got:?} {want:?}");
            prop_assert!((got.lower - want.lower).abs() <= 1e-12 * want.lower, "{got:?} {want:?}");
            let term = ln_binomial_term(law.size, k as f64, law.p, law.q) + (law.size / (law.size + k as f64)).ln();
            prop_assert!((law.ln_pmf(k) - term).abs() <= 1e-11 * term.abs() + 1e-13, "{} {term}", law.ln_pmf(k));
        }

        #[test]
        fn terms_are_differences_of_tails(mean in 0.01..300.0_f64, size in 0.05..100.0_f64, k in 1..600_u64) {
            let law = NegativeBinomial::new(mean, size);
            let difference = law.sf(k - 1) - law.sf(k);
            prop_assert!((difference - law.pmf(k)).abs() <= 2e-11 * law.sf(k - 1) + 1e-300);
        }
    }
}
