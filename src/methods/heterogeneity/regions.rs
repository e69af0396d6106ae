//! Do counts differ between regions by more than chance? Observed against expected, and empirical Bayes smoothing.
//!
//! In: observed counts and expected counts of the same regions. Out: dispersion tests, moments of the relative risk, a
//! gamma prior and the smoothed risks. A region that expects nothing and has nothing says nothing and is left out; one
//! that has events where nothing is expected makes the question senseless (`None`). Not here: where the excess lies
//! (the scans).
//!
//! Sources: Potthoff & Whittinghill (1966), Biometrika 53:183; Marshall (1991), Appl. Stat. 40:283; Clayton & Kaldor
//! (1987), Biometrics 43:671.

use crate::exact_counts::two_sided_p;
use numeric::draw::{Alias, Draw};
use numeric::multinomial::multinomial;
use numeric::solve::brent_root;
use numeric::special::deviance_part;
use numeric::{ChiSquare, Continuous, Discrete, Gamma, Poisson};

/// Counts whose probabilities differ by less than this share are equally probable, as in the usual program.
const TIES: f64 = 1e-7;

/// Draws at least as dispersed as what was seen that are enough to tell how many of them are: so many, and a tenth of all.
const ENOUGH_DRAWS: u32 = 20;

/// Observed counts beside expected ones, with something expected in every region kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Regions {
    /// (observed, expected > 0).
    pairs: Vec<(f64, f64)>,
    observed: f64,
    expected: f64,
}

/// Dispersion of the counts around a common relative risk.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dispersion {
    /// Pearson's Σ (O−E)²/E with E scaled to the total observed.
    pub chi_square: f64,
    /// Regions − 1.
    pub df: usize,
    /// P(χ² ≥ `chi_square`), asymptotic; 1 for a single region.
    pub p: f64,
    /// Deviance 2 Σ O ln(O/E), E scaled likewise.
    pub deviance: f64,
}

/// Moments of the relative risks between regions (Marshall 1991).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Moments {
    /// Variance between regions by moments; below zero when they differ by less than chance.
    pub variance: f64,
    /// Mean: total observed / total expected.
    pub mean: f64,
}

impl Regions {
    /// From observed and expected counts of the same regions. `None` when the lengths differ, an expectation is
    /// negative or not finite, or something was observed where nothing was expected.
    pub fn new(observed: &[u64], expected: &[f64]) -> Option<Self> {
        let fits = |(&count, &mean): (&u64, &f64)| mean.is_finite() && (mean > 0.0 || (mean == 0.0 && count == 0));
        if observed.len() != expected.len() || !observed.iter().zip(expected).all(fits) {
            return None;
        }
        let pairs: Vec<_> = observed.iter().zip(expected).map(|(&count, &mean)| (count as f64, mean)).collect();
        let pairs: Vec<_> = pairs.into_iter().filter(|(_, mean)| *mean > 0.0).collect();
        let (observed, expected) = pairs.iter().fold((0.0, 0.0), |sum, pair| (sum.0 + pair.0, sum.1 + pair.1));
        Some(Self { pairs, observed, expected })
    }

    /// Number of regions that expect something.
    pub fn len(&self) -> usize {
        self.pairs.len()
    }

    /// Whether no region expects anything.
    pub fn is_empty(&self) -> bool {
        self.pairs.is_empty()
    }

    /// Total observed / total expected; `None` without regions.
    pub fn relative_risk(&self) -> Option<f64> {
        (!self.is_empty()).then(|| self.observed / self.expected)
    }

    /// Pearson's chi-square and the deviance of a common relative risk; `None` without regions or without events.
    pub fn dispersion(&self) -> Option<Dispersion> {
        let risk = self.relative_risk().filter(|risk| *risk > 0.0)?;
        let (mut chi_square, mut deviance) = (0.0, 0.0);
        for &(count, mean) in &self.pairs {
            let scaled = risk * mean;
            chi_square += (count - scaled).powi(2) / scaled;
            // The terms −(O−E) sum to zero; with them every term is ≥ 0 and exact.
            deviance += if count > 0.0 { deviance_part(count, scaled) } else { scaled };
        }
        let df = self.len() - 1;
        let p = if df == 0 { 1.0 } else { ChiSquare { df: df as f64 }.sf(chi_square) };
        Some(Dispersion { chi_square, df, p, deviance: 2.0 * deviance })
    }

    /// Monte Carlo p-value of Pearson's chi-square, for regions that expect little (below 5): the total observed falls
    /// anew on the regions by their expectations, (1 + draws at least as large) / (1 + `replicas`). Once twenty of them, and
    /// a tenth of `replicas`, are at least as large it is their share of the draws made so far: what is so plainly chance
    /// needs no more of them (Besag & Clifford 1991, Biometrika 78:301). So what is below a tenth rests on all draws. They
    /// depend on `seed` alone. `None` where [`Self::dispersion`] is. Cost: the lesser of regions and events × draws.
    pub fn dispersion_p_by_draws(&self, replicas: u32, seed: u64) -> Option<f64> {
        self.dispersion()?;
        let weights: Vec<f64> = self.pairs.iter().map(|pair| pair.1).collect();
        // With the total given, Pearson's chi-square is Σ O²/E but for what all draws share.
        let squares = |counts: &[f64]| counts.iter().zip(&weights).map(|(count, weight)| count * count / weight).sum();
        let seen: f64 = squares(&self.pairs.iter().map(|pair| pair.0).collect::<Vec<f64>>());
        let mut counts = vec![0.0; weights.len()];
        let mut draw = Draw::at(seed, 0);
        let (mut reached, enough) = (0_u32, ENOUGH_DRAWS.max(replicas.div_ceil(10)));
        let few = Alias::suits(self.observed, weights.len()).then(|| Alias::new(&weights));
        for drawn in 1..=replicas {
            if let Some(table) = &few {
                counts.fill(0.0);
                table.each(&mut draw, self.observed, |region| counts[region] += 1.0);
            } else {
                multinomial(&mut draw, self.observed, &weights, &mut counts);
            }
            // A hair below counts as reached: ties are ties of counts, not of last bits.
            reached += u32::from(squares(&counts) >= seen * (1.0 - 1e-12));
            if reached == enough {
                return Some(f64::from(reached) / f64::from(drawn));
            }
        }
        Some((1.0 + f64::from(reached)) / (1.0 + f64::from(replicas)))
    }

    /// T = E₊ Σ O(O−1)/E of Potthoff & Whittinghill; `None` without regions.
    pub fn potthoff_whittinghill(&self) -> Option<f64> {
        let sum: f64 = self.pairs.iter().map(|(count, mean)| count * (count - 1.0) / mean).sum();
        (!self.is_empty()).then_some(self.expected * sum)
    }

    /// Moments of the relative risk, weighted by expectation; `None` without regions.
    pub fn moments(&self) -> Option<Moments> {
        let mean = self.relative_risk()?;
        let spread: f64 = self.pairs.iter().map(|(count, size)| size * (count / size - mean).powi(2)).sum();
        let by_chance = mean * self.len() as f64 / self.expected;
        Some(Moments { variance: spread / self.expected - by_chance, mean })
    }

    /// Gamma prior of the relative risks (shape ν, rate α) by the moments of Clayton & Kaldor: the mean of the smoothed
    /// risks (O+ν)/(E+α) is ν/α, and Σ (1+α/E)((O+ν)/(E+α) − ν/α)²/(n−1) is ν/α². `None` when the regions differ by no
    /// more than chance: then α has no end, and every smoothed risk is the common one.
    pub fn gamma_prior(&self) -> Option<Gamma> {
        if self.len() < 2 || self.observed <= 0.0 {
            return None;
        }
        // With μ = ν/α the first equation is μ = Σ O/(E+α) / Σ E/(E+α), and the second
        // Σ (O−μE)² α/(μ E (E+α)) = n−1, whose left side grows with α to Pearson's chi-square.
        let mean = |alpha: f64| {
            let sums = self
                .pairs
                .iter()
                .fold((0.0, 0.0), |sum, (count, size)| (sum.0 + count / (size + alpha), sum.1 + size / (size + alpha)));
            sums.0 / sums.1
        };
        let excess = |ln_alpha: f64| {
            let alpha = ln_alpha.exp();
            let mean = mean(alpha);
            let part =
                |(count, size): &(f64, f64)| (count - mean * size).powi(2) / (mean * size) / (1.0 + size / alpha);
            self.pairs.iter().map(part).sum::<f64>() - (self.len() - 1) as f64
        };
        let sizes = self.pairs.iter().map(|pair| pair.1);
        let (least, most) = sizes.fold((f64::INFINITY, 0.0_f64), |ends, size| (ends.0.min(size), ends.1.max(size)));
        let (low, high) = ((least * 1e-12).max(1e-300).ln(), (most * 1e12).min(1e300).ln());
        if excess(high) <= 0.0 {
            return None;
        }
        let rate = brent_root(excess, low, high, 1e-13)?.exp();
        Some(Gamma { shape: mean(rate) * rate, rate })
    }

    /// Exact Poisson tests of the total observed against the total expected (not scaled): the two-sided p-value, which
    /// adds all counts that are no more probable, and P(X ≥ observed). `None` without regions.
    pub fn total_p_values(&self) -> Option<(f64, f64)> {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a sum of counts; saturates")]
        let count = self.observed as u64;
        let law = Poisson { mean: self.expected };
        let greater = law.upper(count);
        (!self.is_empty()).then(|| (two_sided_p(&law, count, TIES), greater))
    }
}

/// A count's smoothed relative risk under a gamma prior, or the common risk where there is none.
pub fn smoothed_risk(observed: u64, expected: f64, prior: Option<Gamma>, common: f64) -> f64 {
    prior.map_or(common, |prior| (observed as f64 + prior.shape) / (expected + prior.rate))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use numeric::Binomial;

    fn near(got: f64, want: f64, relative: f64) {
        assert!((got - want).abs() <= relative * want.abs().max(1e-300), "{got:e} is not {want:e}");
    }

    #[test]
    fn dispersion_meets_hand_values() {
        let regions = Regions::new(&[2, 6, 4], &[1.0, 1.0, 2.0]).unwrap();
        let dispersion = regions.dispersion().unwrap();
        near(dispersion.chi_square, 1.0 / 3.0 + 9.0 / 3.0 + 4.0 / 6.0, 1e-14);
        near(
            dispersion.deviance,
            2.0 * (2.0 * f64::ln(2.0 / 3.0) + 6.0 * 2_f64.ln() + 4.0 * f64::ln(4.0 / 6.0)),
            1e-13,
        );
        near(dispersion.p, (-2.0_f64).exp(), 1e-13); // χ² with 2 df is exponential
        near(regions.potthoff_whittinghill().unwrap(), 4.0 * (2.0 + 30.0 + 6.0), 1e-14);
        let moments = regions.moments().unwrap();
        near(moments.mean, 3.0, 1e-14);
        near(moments.variance, (1.0 + 9.0 + 2.0) / 4.0 - 3.0 / (4.0 / 3.0), 1e-13);
    }

    #[test]
    fn the_gamma_prior_solves_both_moment_equations() {
        let (observed, expected) = ([55, 12, 3, 90, 0, 31], [40.0, 20.0, 1.5, 60.0, 4.0, 30.0]);
        let regions = Regions::new(&observed, &expected).unwrap();
        let prior = regions.gamma_prior().unwrap();
        let risks: Vec<f64> = observed
            .iter()
            .zip(&expected)
            .map(|(&count, &mean)| smoothed_risk(count, mean, Some(prior), f64::NAN))
            .collect();
        let mean = prior.shape / prior.rate;
        near(risks.iter().sum::<f64>() / 6.0, mean, 1e-10);
        let spread: f64 =
            risks.iter().zip(&expected).map(|(risk, size)| (1.0 + prior.rate / size) * (risk - mean).powi(2)).sum();
        near(spread / 5.0, prior.shape / prior.rate.powi(2), 1e-9);
    }

    #[test]
    fn alike_regions_have_no_prior_and_a_common_risk() {
        let regions = Regions::new(&[12, 15, 19], &[10.0, 12.5, 15.8]).unwrap();
        assert_eq!(regions.gamma_prior(), None);
        assert!(regions.moments().unwrap().variance < 0.0);
        near(smoothed_risk(12, 10.0, None, 1.2), 1.2, 1e-15);
    }

    #[test]
    fn draws_that_stop_early_are_right_on_average_and_what_is_rare_rests_on_all() {
        // Six events on two equal regions: as uneven as 5 and 1 are 14 of 64 outcomes, as 6 and 0 two of 64.
        let of = |observed: [u64; 2]| Regions::new(&observed, &[1.0, 1.0]).unwrap();
        let mean = |regions: &Regions, replicas: u32| {
            let p = |seed: u64| regions.dispersion_p_by_draws(replicas, seed).unwrap();
            (0..400).map(p).sum::<f64>() / 400.0
        };
        assert!((mean(&of([5, 1]), 199) / (14.0 / 64.0) - 1.0).abs() < 0.08, "{}", mean(&of([5, 1]), 199));
        let rare = of([6, 0]);
        assert!((mean(&rare, 199) - (1.0 + 199.0 * 2.0 / 64.0) / 200.0).abs() < 0.003, "{}", mean(&rare, 199));
        for seed in 0..9 {
            let reached = rare.dispersion_p_by_draws(199, seed).unwrap() * 200.0;
            near(reached, reached.round(), 1e-12);
        }
        // Many events fall by one binomial draw after the other, few one by one: both as the law has it.
        for (less, more, few) in [(6, 9, true), (290, 310, false)] {
            let (n, half) = (less + more, 0.5 * (less + more) as f64);
            let regions = Regions::new(&[less, more], &[half, half]).unwrap();
            assert_eq!(Alias::suits(regions.observed, regions.len()), few);
            near(mean(&regions, 199) / (2.0 * Binomial { n, p: 0.5 }.cdf(less)), 1.0, 0.08);
        }
    }

    #[test]
    fn drawn_p_values_agree_with_the_law_and_repeat() {
        let dense = Regions::new(&[120, 95, 140, 100, 88], &[100.0, 100.0, 120.0, 110.0, 90.0]).unwrap();
        let (drawn, law) = (dense.dispersion_p_by_draws(4000, 1).unwrap(), dense.dispersion().unwrap().p);
        assert!((drawn - law).abs() < 4.0 * (law * (1.0 - law) / 4000.0).sqrt() + 0.01, "{drawn} {law}");
        assert_eq!(dense.dispersion_p_by_draws(50, 9), dense.dispersion_p_by_draws(50, 9));
        // One event on two equal regions: every draw is as uneven as what was seen.
        let one = Regions::new(&[1, 0], &[0.5, 0.5]).unwrap();
        near(one.dispersion_p_by_draws(99, 1).unwrap(), 1.0, 0.0);
        assert_eq!(Regions::new(&[0, 0], &[1.0, 1.0]).unwrap().dispersion_p_by_draws(99, 1), None);
    }

    #[test]
    fn edges_are_defined() {
        let none = Regions::new(&[], &[]).unwrap();
        assert!(none.is_empty() && none.dispersion().is_none() && none.moments().is_none());
        assert!(none.total_p_values().is_none() && none.potthoff_whittinghill().is_none());
        let quiet = Regions::new(&[0, 0], &[1.0, 3.0]).unwrap();
        assert!(quiet.dispersion().is_none() && quiet.gamma_prior().is_none());
        near(quiet.total_p_values().unwrap().1, 1.0, 0.0);
        let one = Regions::new(&[3], &[1.0]).unwrap();
        let dispersion = one.dispersion().unwrap();
        assert!(dispersion.chi_square.abs() < 1e-300 && dispersion.df == 0);
        near(dispersion.p, 1.0, 0.0);
        assert_eq!(one.gamma_prior(), None);
        assert_eq!(Regions::new(&[1], &[0.0]), None);
        assert_eq!(Regions::new(&[1], &[-1.0]), None);
        assert_eq!(Regions::new(&[1], &[f64::NAN]), None);
        assert_eq!(Regions::new(&[1, 2], &[1.0]), None);
        assert_eq!(Regions::new(&[0, 4], &[0.0, 2.0]).unwrap().len(), 1);
        let huge = Regions::new(&[1_000_000, 4_000_000, 0], &[1e6, 1e6, 1e-9]).unwrap();
        assert!(huge.gamma_prior().is_some() && huge.dispersion().unwrap().p < 1e-300);
    }

    proptest! {
        #[test]
        fn a_prior_shrinks_towards_its_mean(counts in prop::collection::vec(0_u64..60, 2..12), size in 0.5..30.0_f64) {
            let expected: Vec<f64> = (0..counts.len()).map(|at| size * (1.0 + at as f64 / 3.0)).collect();
            let regions = Regions::new(&counts, &expected).unwrap();
            if let Some(prior) = regions.gamma_prior() {
                let mean = prior.shape / prior.rate;
                prop_assert!(mean.is_finite() && mean > 0.0);
                for (&count, &expected) in counts.iter().zip(&expected) {
                    let (raw, smooth) = (count as f64 / expected, smoothed_risk(count, expected, Some(prior), 0.0));
                    let (low, high) = (raw.min(mean), raw.max(mean));
                    prop_assert!(smooth >= low * (1.0 - 1e-12) && smooth <= high * (1.0 + 1e-12));
                }
            }
        }
    }
}
