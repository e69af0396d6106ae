//! Do the rates of brands (or any units) differ by more than chance, and is one of them behind most events?
//!
//! In: events and exposure of each unit. Out: log rates with their variances, Cochran's Q, the variance between units
//! by DerSimonian-Laird and by restricted maximum likelihood, the pooled log rate; the concentration of the events. A
//! unit without exposure has no rate and is left out of the pooling. Not here: levels and thresholds.
//!
//! Sources: DerSimonian & Laird (1986), Control. Clin. Trials 7:177; Higgins & Thompson (2002), Stat. Med. 21:1539 (I²,
//! H²); Raudenbush (2009) in Cooper et al., Handbook of Research Synthesis, ch. 16 (REML).

use numeric::solve::{brent_minimum, brent_root};
use numeric::{ChiSquare, Continuous, Normal};

/// A unit's log rate and its sampling variance.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Effect {
    /// ln(events / exposure).
    pub value: f64,
    /// 1 / events, > 0.
    pub variance: f64,
}

impl Effect {
    /// Of a unit; a count of zero is raised by `add_to_zero`. `None` without exposure, or when the count stays zero.
    pub fn of_rate(events: u64, exposure: f64, add_to_zero: f64) -> Option<Self> {
        let events = if events == 0 { add_to_zero } else { events as f64 };
        let effect = Self { value: (events / exposure).ln(), variance: events.recip() };
        let fits = exposure > 0.0 && effect.value.is_finite() && effect.variance.is_finite() && effect.variance > 0.0;
        fits.then_some(effect)
    }
}

/// A random-effects summary by DerSimonian & Laird.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pooled {
    /// Cochran's Q.
    pub q: f64,
    /// Units − 1.
    pub df: usize,
    /// P(χ² ≥ Q); 1 for a single unit.
    pub p: f64,
    /// Variance of the log rates between units, ≥ 0.
    pub tau2: f64,
    /// Percentage of the total variance that lies between units.
    pub i2: f64,
    /// Total variance over that within units, ≥ 1.
    pub h2: f64,
    /// Pooled log rate.
    pub mean: f64,
    /// Its standard error.
    pub error: f64,
}

impl Pooled {
    /// Normal limits of the pooled log rate, `confidence` between 0 and 1.
    pub fn limits(&self, confidence: f64) -> (f64, f64) {
        let reach = Normal::STANDARD.quantile_upper((1.0 - confidence) / 2.0) * self.error;
        (self.mean - reach, self.mean + reach)
    }
}

/// Pools effects; `None` without any.
pub fn dersimonian_laird(effects: &[Effect]) -> Option<Pooled> {
    if effects.is_empty() {
        return None;
    }
    let fixed = Weighted::at(effects, 0.0);
    let df = effects.len() - 1;
    let mut pooled =
        Pooled { q: fixed.spread, df, p: 1.0, tau2: 0.0, i2: 0.0, h2: 1.0, mean: fixed.mean, error: fixed.error() };
    if df > 0 {
        pooled.p = ChiSquare { df: df as f64 }.sf(fixed.spread);
        // Σw − Σw²/Σw, as Σ w_i (Σw − w_i)/Σw so that nothing cancels.
        let weights = effects.iter().map(|effect| effect.variance.recip());
        let scale: f64 = weights.map(|weight| weight * ((fixed.weight - weight) / fixed.weight)).sum();
        pooled.tau2 = ((fixed.spread - df as f64) / scale).max(0.0);
        let within = df as f64 / scale;
        pooled.i2 = 100.0 * pooled.tau2 / (within + pooled.tau2);
        pooled.h2 = pooled.tau2 / within + 1.0;
        let random = Weighted::at(effects, pooled.tau2);
        (pooled.mean, pooled.error) = (random.mean, random.error());
    }
    Some(pooled)
}

/// Points of the first look at the restricted likelihood.
const STEPS: u32 = 240;

/// Variance between units by restricted maximum likelihood, ≥ 0: the highest point of the restricted likelihood. 0 for
/// a single unit; `None` without any.
pub fn reml_variance(effects: &[Effect]) -> Option<f64> {
    let (first, rest) = effects.split_first()?;
    if rest.is_empty() {
        return Some(0.0);
    }
    let ends = |of: fn(&Effect) -> f64| {
        rest.iter().map(of).fold((of(first), of(first)), |(low, high), value| (low.min(value), high.max(value)))
    };
    let (lowest, highest) = ends(|effect| effect.value);
    let (finest, coarsest) = ends(|effect| effect.variance);
    // No maximum lies beyond the squared range, where the likelihood of every unit falls.
    let most = (highest - lowest).powi(2) * 2.0 + coarsest * 1e-3;
    let least = (finest * 1e-9).min(most * 1e-9);
    // In shares of `most`, so that tolerances mean the same on every scale.
    let loss = |share: f64| -restricted_likelihood(effects, share * most);
    let slope = |share: f64| score(effects, share * most);
    let grid = |step: u32| (least / most).powf(f64::from(STEPS - step) / f64::from(STEPS));
    let (best, _) = (0..=STEPS).map(|step| (step, loss(grid(step)))).min_by(|one, two| one.1.total_cmp(&two.1))?;
    let (low, high) = (if best == 0 { 0.0 } else { grid(best - 1) }, grid((best + 1).min(STEPS)));
    if low == 0.0 && slope(low) <= 0.0 {
        return Some(0.0);
    }
    let peak = if slope(low) > 0.0 && slope(high) < 0.0 {
        brent_root(slope, low, high, 1e-18)
    } else {
        Some(brent_minimum(loss, low, high, 1e-12).0)
    };
    // A peak at zero may be as high as one far from it.
    peak.map(|peak| if loss(0.0) <= loss(peak) { 0.0 } else { peak * most })
}

/// Sums with weights 1/(v + τ²).
struct Weighted {
    weight: f64,
    mean: f64,
    spread: f64,
}

impl Weighted {
    fn at(effects: &[Effect], tau2: f64) -> Self {
        let weights = || effects.iter().map(|effect| (effect, (effect.variance + tau2).recip()));
        let weight: f64 = weights().map(|(_, weight)| weight).sum();
        let mean = weights().map(|(effect, weight)| weight * effect.value).sum::<f64>() / weight;
        let spread = weights().map(|(effect, weight)| weight * (effect.value - mean).powi(2)).sum();
        Self { weight, mean, spread }
    }

    fn error(&self) -> f64 {
        self.weight.recip().sqrt()
    }
}

/// ln of the restricted likelihood of τ², up to a constant.
fn restricted_likelihood(effects: &[Effect], tau2: f64) -> f64 {
    let at = Weighted::at(effects, tau2);
    let logs: f64 = effects.iter().map(|effect| (effect.variance + tau2).ln()).sum();
    -0.5 * (logs + at.weight.ln() + at.spread)
}

/// Its derivative by τ².
fn score(effects: &[Effect], tau2: f64) -> f64 {
    let at = Weighted::at(effects, tau2);
    let part = |effect: &Effect| {
        let weight = (effect.variance + tau2).recip();
        weight * (weight * (effect.value - at.mean).powi(2) + weight / at.weight - 1.0)
    };
    0.5 * effects.iter().map(part).sum::<f64>()
}

/// How concentrated events are on a few units.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Concentration {
    /// Herfindahl-Hirschman index: the sum of the squared shares, from 1/units to 1.
    pub hhi: f64,
    /// 1 / `hhi`: how many units of equal share would be as concentrated.
    pub effective_number: f64,
    /// Shannon entropy of the shares, natural logarithm.
    pub shannon: f64,
}

/// Concentration of events over units; `None` without events.
pub fn concentration(events: &[u64]) -> Option<Concentration> {
    let total: f64 = events.iter().map(|&count| count as f64).sum();
    if total == 0.0 {
        return None;
    }
    let shares = || events.iter().filter(|count| **count > 0).map(|&count| count as f64 / total);
    let hhi: f64 = shares().map(|share| share * share).sum();
    // As a sum of terms ≥ 0: one unit alone gives 0, not −0.
    let shannon = shares().map(|share| share * share.recip().ln()).sum();
    Some(Concentration { hhi, effective_number: hhi.recip(), shannon })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs().max(1e-300), "{got:e} is not {want:e}");
    }

    fn effects(pairs: &[(f64, f64)]) -> Vec<Effect> {
        pairs.iter().map(|&(value, variance)| Effect { value, variance }).collect()
    }

    #[test]
    fn pooling_meets_hand_values_for_equal_variances() {
        // Values −1, 0, 4 with variance 1: mean 1, Q = 14, scale = 2, τ² = 6.
        let pooled = dersimonian_laird(&effects(&[(-1.0, 1.0), (0.0, 1.0), (4.0, 1.0)])).unwrap();
        near(pooled.q, 14.0, 1e-14);
        near(pooled.p, (-7.0_f64).exp(), 1e-13);
        near(pooled.tau2, 6.0, 1e-14);
        near(pooled.i2, 100.0 * 12.0 / 14.0, 1e-14);
        near(pooled.h2, 7.0, 1e-14);
        near(pooled.mean, 1.0, 1e-14);
        near(pooled.error, (7.0 / 3.0_f64).sqrt(), 1e-14);
        let (low, high) = pooled.limits(0.95);
        near(high - low, 2.0 * 1.959_963_984_540_054 * pooled.error, 1e-14);
        // With equal variances REML has the same answer: s² − v.
        near(reml_variance(&effects(&[(-1.0, 1.0), (0.0, 1.0), (4.0, 1.0)])).unwrap(), 6.0, 1e-9);
    }

    #[test]
    fn alike_units_have_no_variance_between() {
        for units in [vec![(2.0, 0.5); 4], vec![(2.0, 0.5), (2.1, 0.01), (1.9, 3.0)], vec![(1.0, 0.2)]] {
            let units = effects(&units);
            let pooled = dersimonian_laird(&units).unwrap();
            assert!(pooled.tau2.abs() < 1e-300 && pooled.i2.abs() < 1e-300 && pooled.p > 0.9, "{pooled:?}");
            near(pooled.h2, 1.0, 0.0);
            assert!(reml_variance(&units).unwrap().abs() < 1e-300);
        }
        assert_eq!((dersimonian_laird(&[]), reml_variance(&[])), (None, None));
    }

    #[test]
    fn rates_need_exposure_and_zeros_are_raised() {
        let effect = Effect::of_rate(5, 100.0, 0.5).unwrap();
        near(effect.value, 0.05_f64.ln(), 1e-15);
        near(effect.variance, 0.2, 1e-15);
        near(Effect::of_rate(0, 100.0, 0.5).unwrap().variance, 2.0, 1e-15);
        for (events, exposure, add) in [(5, 0.0, 0.5), (5, -1.0, 0.5), (0, 10.0, 0.0), (5, f64::NAN, 0.5)] {
            assert_eq!(Effect::of_rate(events, exposure, add), None);
        }
    }

    #[test]
    fn concentration_runs_from_even_to_one_unit() {
        let even = concentration(&[3, 3, 3, 3, 0]).unwrap();
        near(even.hhi, 0.25, 1e-15);
        near(even.effective_number, 4.0, 1e-15);
        near(even.shannon, 4_f64.ln(), 1e-15);
        let single = concentration(&[0, 1_000_000]).unwrap();
        near(single.hhi, 1.0, 0.0);
        assert_eq!(single.shannon.to_bits(), 0.0_f64.to_bits());
        assert_eq!((concentration(&[]), concentration(&[0, 0])), (None, None));
    }

    #[test]
    fn tiny_and_huge_scales_are_searched_alike() {
        for scale in [1e-8, 1.0, 1e8] {
            let units: Vec<_> = [(-1.0, 1.0), (0.0, 1.0), (4.0, 1.0), (0.5, 0.2)]
                .map(|(value, variance): (f64, f64)| (value * f64::sqrt(scale), variance * scale))
                .to_vec();
            let unscaled = reml_variance(&effects(&[(-1.0, 1.0), (0.0, 1.0), (4.0, 1.0), (0.5, 0.2)])).unwrap();
            near(reml_variance(&effects(&units)).unwrap(), unscaled * scale, 1e-6);
        }
    }

    proptest! {
        #[test]
        fn reml_is_a_peak(units in prop::collection::vec((-5.0..5.0_f64, 0.01..3.0_f64), 2..9)) {
            let units = effects(&units);
            let tau2 = reml_variance(&units).unwrap();
            prop_assert!(tau2 >= 0.0 && tau2.is_finite());
            let here = restricted_likelihood(&units, tau2);
            for other in [0.0, tau2 * 0.9, tau2 * 1.1, tau2 + 1e-3, tau2 + 1.0, tau2 * 10.0] {
                prop_assert!(restricted_likelihood(&units, other) <= here + 1e-9);
            }
            prop_assert!(tau2 == 0.0 || score(&units, tau2).abs() < 1e-8, "{tau2}");
        }
    }
}
