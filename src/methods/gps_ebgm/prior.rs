//! The prior of the gamma-Poisson shrinker, a mixture of two gamma laws, and what it makes of a count.
//!
//! Source: DuMouchel (1999), Am. Stat. 53:177, eq. 4 to 12.

use numeric::solve::brent_root;
use numeric::{Continuous, Discrete, Gamma, NegativeBinomial, digamma};

/// λ ~ P·Gamma(α₁, rate β₁) + (1−P)·Gamma(α₂, rate β₂), where a count is Poisson with mean λE.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GammaMixture {
    first: Gamma,
    second: Gamma,
    share: f64,
}

impl GammaMixture {
    /// By shapes and rates > 0 and the share P of the first component, 0 ≤ P ≤ 1; `None` outside these bounds.
    pub fn new(alpha1: f64, beta1: f64, alpha2: f64, beta2: f64, share: f64) -> Option<Self> {
        let fits = [alpha1, beta1, alpha2, beta2].iter().all(|value| value.is_finite() && *value > 0.0);
        let (first, second) = (Gamma { shape: alpha1, rate: beta1 }, Gamma { shape: alpha2, rate: beta2 });
        (fits && (0.0..=1.0).contains(&share)).then_some(Self { first, second, share })
    }

    /// The first component: its shape α₁ and rate β₁.
    pub const fn first(&self) -> Gamma {
        self.first
    }

    /// The second component: its shape α₂ and rate β₂.
    pub const fn second(&self) -> Gamma {
        self.second
    }

    /// P, the share of the first component.
    pub const fn share(&self) -> f64 {
        self.share
    }

    /// The law of λ after `count` reports where `expected` > 0 were expected; `None` for another expectation.
    pub fn posterior(&self, count: u64, expected: f64) -> Option<Posterior> {
        if !(expected.is_finite() && expected > 0.0) {
            return None;
        }
        let marginal = |part: Gamma| NegativeBinomial::new(part.shape / part.rate * expected, part.shape).ln_pmf(count);
        let odds = self.share.ln() + marginal(self.first) - (-self.share).ln_1p() - marginal(self.second);
        let after = |part: Gamma| Gamma { shape: part.shape + count as f64, rate: part.rate + expected };
        Some(Posterior {
            first: after(self.first),
            second: after(self.second),
            weight: 1.0 / (1.0 + (-odds).exp()),
            other: 1.0 / (1.0 + odds.exp()),
        })
    }
}

/// The law of the ratio λ of a pair: again a mixture of two gamma laws.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Posterior {
    first: Gamma,
    second: Gamma,
    /// Weight of the first component, and 1 − it.
    weight: f64,
    other: f64,
}

impl Posterior {
    /// Qₙ: the posterior weight of the first component.
    pub const fn weight(&self) -> f64 {
        self.weight
    }

    /// EBGM = exp(E[ln λ]).
    pub fn geometric_mean(&self) -> f64 {
        let part = |law: Gamma| digamma(law.shape) - law.rate.ln();
        (self.weight * part(self.first) + self.other * part(self.second)).exp()
    }

    /// P(λ ≤ x).
    pub fn cdf(&self, x: f64) -> f64 {
        self.weight * self.first.cdf(x) + self.other * self.second.cdf(x)
    }

    /// P(λ > x): how sure the pair's ratio is above x.
    pub fn sf(&self, x: f64) -> f64 {
        self.weight * self.first.sf(x) + self.other * self.second.sf(x)
    }

    /// x with P(λ ≤ x) = `probability`, strictly between 0 and 1, else NaN: EB05 for 0.05, EB95 for 0.95.
    pub fn quantile(&self, probability: f64) -> f64 {
        if !(probability > 0.0 && probability < 1.0) {
            return f64::NAN;
        }
        if self.other == 0.0 {
            return self.first.quantile(probability);
        }
        if self.weight == 0.0 {
            return self.second.quantile(probability);
        }
        // The answer lies between those of the components.
        let (one, two) = (self.first.quantile(probability), self.second.quantile(probability));
        let (low, high) = (one.min(two).max(f64::MIN_POSITIVE), one.max(two));
        let missed = |ln_x: f64| {
            let x = ln_x.exp();
            // From the smaller tail: a probability near 1 would drown in the other.
            if probability < 0.5 { self.cdf(x) - probability } else { (1.0 - probability) - self.sf(x) }
        };
        if low >= high {
            return high;
        }
        // A hair wider: the ends are roots of the components only up to rounding.
        brent_root(missed, low.ln() - 1e-9, high.ln() + 1e-9, 1e-14).map_or(low, f64::exp)
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
    fn one_component_is_the_conjugate_gamma_law() {
        let prior = GammaMixture::new(2.0, 3.0, 1.0, 1.0, 1.0).unwrap();
        let after = prior.posterior(4, 1.5).unwrap();
        near(after.weight(), 1.0, 1e-15);
        near(after.quantile(0.05), Gamma { shape: 6.0, rate: 4.5 }.quantile(0.05), 1e-14);
        // ψ(6) = H₅ − γ.
        let harmonic = 1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0 + 1.0 / 5.0;
        near(after.geometric_mean(), (harmonic - 0.577_215_664_901_532_9 - 4.5_f64.ln()).exp(), 1e-13);
        let twins = GammaMixture::new(2.0, 3.0, 2.0, 3.0, 0.3).unwrap().posterior(4, 1.5).unwrap();
        near(twins.weight(), 0.3, 1e-14);
        near(twins.quantile(0.95), after.quantile(0.95), 1e-12);
    }

    #[test]
    fn weight_is_bayes_rule_on_the_marginals() {
        // Shape 1: geometric, f(n) = p(1−p)ⁿ with p = β/(β+E).
        let after = GammaMixture::new(1.0, 1.0, 1.0, 3.0, 0.25).unwrap().posterior(2, 1.0).unwrap();
        let (one, two) = (0.25 * 0.5 * 0.25, 0.75 * 0.75 * 0.0625);
        near(after.weight(), one / (one + two), 1e-14);
    }

    #[test]
    fn quantiles_invert_the_law_far_apart_and_far_out() {
        for (prior, count, expected) in [
            (GammaMixture::new(0.2, 0.06, 1.4, 1.8, 0.1), 0, 1e-4),
            (GammaMixture::new(0.2, 0.06, 1.4, 1.8, 0.1), 1_000_000, 1e3),
            (GammaMixture::new(0.001, 0.001, 100.0, 100.0, 0.5), 0, 1e-6),
            (GammaMixture::new(50.0, 0.01, 50.0, 5000.0, 0.5), 1, 0.01),
        ] {
            let after = prior.unwrap().posterior(count, expected).unwrap();
            for probability in [1e-9, 0.05, 0.5, 0.95, 1.0 - 1e-9] {
                let x = after.quantile(probability);
                assert!(x >= 0.0 && x.is_finite());
                if x > 1e-300 {
                    near(after.cdf(x), probability, 1e-9);
                }
            }
        }
        let after = GammaMixture::new(1.0, 1.0, 1.0, 1.0, 0.5).unwrap().posterior(0, 1.0).unwrap();
        assert!(after.quantile(0.0).is_nan() && after.quantile(1.0).is_nan());
    }

    #[test]
    fn bounds_are_kept() {
        assert_eq!(GammaMixture::new(0.0, 1.0, 1.0, 1.0, 0.5), None);
        assert_eq!(GammaMixture::new(1.0, 1.0, f64::NAN, 1.0, 0.5), None);
        assert_eq!(GammaMixture::new(1.0, 1.0, 1.0, 1.0, 1.5), None);
        let prior = GammaMixture::new(1.0, 1.0, 1.0, 1.0, 0.5).unwrap();
        assert_eq!(prior.posterior(1, 0.0), None);
        assert_eq!(prior.posterior(1, f64::NAN), None);
    }

    proptest! {
        #[test]
        fn more_reports_raise_every_summary(
            a1 in 0.05..20.0_f64, b1 in 0.05..20.0_f64, a2 in 0.05..20.0_f64, b2 in 0.05..20.0_f64,
            share in 0.01..0.99_f64, count in 0_u64..500, expected in 1e-4..100.0_f64
        ) {
            let prior = GammaMixture::new(a1, b1, a2, b2, share).unwrap();
            let [less, more] = [count, count + 1].map(|count| prior.posterior(count, expected).unwrap());
            prop_assert!(less.geometric_mean() < more.geometric_mean());
            prop_assert!(less.quantile(0.05) <= more.quantile(0.05));
            let (low, middle, high) = (more.quantile(0.05), more.quantile(0.5), more.quantile(0.95));
            prop_assert!(low <= middle && middle <= high);
            prop_assert!((more.cdf(low) - 0.05).abs() < 1e-9 && (more.sf(high) - 0.05).abs() < 1e-9);
        }
    }
}
