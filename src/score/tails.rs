//! Upper tails of counts on the log scale, exact far out: Poisson and negative binomial, with the observed value counted half (mid-p).

use statrs::function::gamma::ln_gamma;

/// Terms that no longer change the sum, relative to it.
const NEGLIGIBLE: f64 = 1e-18;

/// A count law with a mean: negative binomial of finite size (`Var = m + m²/size`), or Poisson.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct CountLaw {
    mean: f64,
    size: Option<f64>,
}

impl CountLaw {
    /// Poisson.
    ///
    /// # Panics
    /// When the mean is not finite or negative: a bug of the caller.
    #[must_use]
    pub fn poisson(mean: f64) -> Self {
        assert!(mean.is_finite() && mean >= 0.0, "a count law needs a mean, not {mean}");
        Self { mean, size: None }
    }

    /// Negative binomial.
    ///
    /// # Panics
    /// When the mean is not finite or negative, or the size not above zero: a bug of the caller.
    #[must_use]
    pub fn negative_binomial(mean: f64, size: f64) -> Self {
        assert!(mean.is_finite() && mean >= 0.0 && size > 0.0, "no count law has mean {mean} and size {size}");
        Self { mean, size: size.is_finite().then_some(size) }
    }

    /// `ln P(X = x)`.
    #[must_use]
    pub fn ln_pmf(self, x: u64) -> f64 {
        let count = x as f64;
        if self.mean == 0.0 {
            return if x == 0 { 0.0 } else { f64::NEG_INFINITY };
        }
        match self.size {
            None => count * self.mean.ln() - self.mean - ln_gamma(count + 1.0),
            Some(size) => {
                let ratio = self.mean / size;
                ln_rising(size, x) - ln_gamma(count + 1.0) - size * ratio.ln_1p() - count * (1.0 / ratio).ln_1p()
            }
        }
    }

    /// `ln P(X ≥ x)`.
    #[must_use]
    pub fn ln_at_least(self, x: u64) -> f64 {
        self.ln_upper(x, 1.0)
    }

    /// `ln (P(X > x) + P(X = x)/2)`.
    #[must_use]
    pub fn ln_mid_p(self, x: u64) -> f64 {
        self.ln_upper(x, 0.5)
    }

    /// `P(X = k+1) / P(X = k)`.
    fn step(self, k: u64) -> f64 {
        let next = k as f64 + 1.0;
        match self.size {
            None => self.mean / next,
            Some(size) => (size + k as f64) / next * (self.mean / (size + self.mean)),
        }
    }

    /// `ln (P(X > x) + weight·P(X = x))`: above the mean by summing upwards, so that far tails keep all their digits; below it from
    /// the complement, which is then not small.
    fn ln_upper(self, x: u64, weight: f64) -> f64 {
        if self.mean == 0.0 {
            return if x == 0 { weight.ln() } else { f64::NEG_INFINITY };
        }
        let at_x = self.ln_pmf(x);
        if x as f64 > self.mean {
            let (mut sum, mut term, mut k) = (weight, 1.0, x);
            loop {
                let step = self.step(k);
                term *= step;
                sum += term;
                k += 1;
                // The steps fall towards a limit below 1; what is left is at most a geometric series with this step.
                if step < 1.0 && term * step / (1.0 - step) < NEGLIGIBLE * sum {
                    return at_x + sum.ln();
                }
            }
        }
        let (mut below, mut term) = (1.0 - weight, 1.0);
        for k in (0..x).rev() {
            term /= self.step(k);
            below += term;
            if term < NEGLIGIBLE * below {
                break;
            }
        }
        (-(at_x + below.ln()).exp()).ln_1p()
    }
}

/// `ln Γ(size + x) − ln Γ(size)`, without the cancellation that the difference of two large logarithms would bring.
pub(super) fn ln_rising(size: f64, x: u64) -> f64 {
    const SUMMED_MAX: u64 = 200;
    if x <= SUMMED_MAX {
        (0..x).map(|k| (size + k as f64).ln()).sum()
    } else {
        ln_gamma(size + x as f64) - ln_gamma(size)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the test reads reference answers where they are at hand")]
mod tests {
    use super::*;

    fn reference(name: &str) -> Option<Vec<Vec<f64>>> {
        let shared =
            std::env::var("WANGLOU_SHARED").unwrap_or_else(|_| format!("{}/../shared", env!("CARGO_MANIFEST_DIR")));
        let text = std::fs::read_to_string(format!("{shared}/reference/exact_counts/{name}")).ok();
        if text.is_none() {
            println!("skipped: no reference answers below {shared}");
        }
        let row = |line: &str| line.split(',').map(|field| field.parse().expect("a number")).collect();
        text.map(|text| text.lines().skip(1).map(row).collect())
    }

    fn close(found: f64, expected: f64, what: &str) {
        assert!((found - expected).abs() <= 1e-9 * expected.abs(), "{what}: {found} is not {expected}");
    }

    fn whole(field: f64) -> u64 {
        format!("{field}").parse().expect("a whole number")
    }

    #[test]
    fn poisson_tails_agree_with_the_reference_far_out() {
        for row in reference("poisson_expected.csv").unwrap_or_default() {
            let (x, law) = (whole(row[0]), CountLaw::poisson(row[1]));
            close(law.ln_at_least(x).exp(), row[2], &format!("P(X >= {x}) at {}", row[1]));
            close(law.ln_mid_p(x).exp(), row[4], &format!("mid-p of {x} at {}", row[1]));
        }
    }

    #[test]
    fn negative_binomial_tails_agree_with_the_reference_far_out() {
        for row in reference("negbin_expected.csv").unwrap_or_default() {
            let (x, law) = (whole(row[0]), CountLaw::negative_binomial(row[1], row[2]));
            let what = format!("{x} at mean {} size {}", row[1], row[2]);
            close(law.ln_at_least(x).exp(), row[3], &what);
            close(law.ln_pmf(x), row[4], &what);
        }
    }

    #[test]
    fn a_tail_below_the_smallest_float_keeps_its_logarithm() {
        let law = CountLaw::poisson(0.001);
        assert!(law.ln_mid_p(400).is_finite());
        assert!(law.ln_mid_p(400) < -3000.0);
    }

    #[test]
    fn nothing_expected_and_nothing_seen_is_no_news() {
        close(CountLaw::poisson(0.0).ln_mid_p(0).exp(), 0.5, "mid-p of nothing");
        assert!(CountLaw::negative_binomial(0.0, 1.0).ln_at_least(1).is_infinite());
    }

    #[test]
    fn a_large_size_is_a_poisson() {
        let (near, exact) = (CountLaw::negative_binomial(3.0, 1e9), CountLaw::poisson(3.0));
        assert!((near.ln_mid_p(9) - exact.ln_mid_p(9)).abs() < 1e-6);
    }

    proptest::proptest! {
        #[test]
        fn more_events_are_never_less_surprising(x in 0_u64..60, mean in 1e-4_f64..30.0, size in 0.05_f64..50.0) {
            let law = CountLaw::negative_binomial(mean, size);
            proptest::prop_assert!(law.ln_mid_p(x + 1) < law.ln_mid_p(x));
            proptest::prop_assert!(law.ln_mid_p(x) <= 0.0);
        }
    }
}
