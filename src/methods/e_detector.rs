//! Anytime evidence for a rise: e-detectors of Shiryaev-Roberts type (Shin, Ramdas & Rinaldo 2022, arXiv:2203.03532;
//! scoring methods, section 3.10).
//!
//! R sums, over every point where a rise may have begun, the likelihood ratio of the counts since then. Without a rise
//! E(R_t) = t (or less), for any dependence on the past and any time of looking; so an alarm at R ≥ c comes, without a
//! rise, after c points or more on average. Rate ratios are kept side by side and averaged at the end.
//!
//! Library functions without a method of their own, streaming. Two forms: [`PlugIn`] for a mean that is given,
//! [`Predictive`] for a rate that is known only as a Gamma law. Not here: what c must be for a budget of false alarms.
//! Values are logarithms: R itself overflows in a real outbreak.

use std::collections::VecDeque;

use numeric::special::{ln_add_exp, ln_sum_exp};
use numeric::{Continuous as _, Gamma};

/// Rate ratios that are looked for.
pub const RATIOS: [f64; 5] = [1.5, 2.0, 3.0, 5.0, 8.0];

/// The mean of `exposure` at the upper `level` limit of the rate (0.95: 95 %): with it in the place of the mean,
/// [`PlugIn`] keeps its promise as long as the true rate lies below, so for that share of cells.
pub fn inflated_mean(rate: Gamma, exposure: f64, level: f64) -> f64 {
    rate.quantile_upper(1.0 - level) * exposure
}

/// Evidence with a given mean, Poisson or negative binomial: R ← (R + 1)·L for each ratio r, L = r^y·e^(−mu(r−1)), or
/// r^y·((s + mu)/(s + r·mu))^(y+s) with size s. E(L) = 1 at the given mean, below 1 at any lower one. Valid only if the
/// mean is: an estimate that is too low by chance breaks the promise; see [`inflated_mean`].
#[derive(Debug, Clone)]
pub struct PlugIn {
    ratios: Vec<f64>,
    ln_r: Vec<f64>,
}

impl PlugIn {
    /// Before the first count. `ratios`: rate ratios above 1, not empty.
    ///
    /// # Panics
    /// When a ratio is not above 1, or there is none.
    pub fn new(ratios: &[f64]) -> Self {
        check(ratios);
        Self { ratios: ratios.to_vec(), ln_r: vec![f64::NEG_INFINITY; ratios.len()] }
    }

    /// Takes the next count, with its mean (at least 0) and size (`None`: Poisson), and gives ln R.
    pub fn push(&mut self, count: u64, mean: f64, size: Option<f64>) -> f64 {
        for (ratio, ln_r) in self.ratios.iter().zip(&mut self.ln_r) {
            *ln_r = ln_add_exp(*ln_r, 0.0) + ln_ratio(count, mean, size, *ratio);
        }
        ln_mean_exp(&self.ln_r)
    }

    /// Starts afresh, as after an alarm.
    pub fn restart(&mut self) {
        self.ln_r.fill(f64::NEG_INFINITY);
    }
}

/// ln likelihood ratio of a count between `ratio`·mean and mean.
fn ln_ratio(count: u64, mean: f64, size: Option<f64>, ratio: f64) -> f64 {
    let count = count as f64;
    let excess = mean * (ratio - 1.0);
    match size {
        Some(size) if size.is_finite() => count * ratio.ln() - (count + size) * (excess / (size + mean)).ln_1p(),
        _ => count * ratio.ln() - excess,
    }
}

fn ln_mean_exp(logs: &[f64]) -> f64 {
    ln_sum_exp(logs) - (logs.len() as f64).ln()
}

fn check(ratios: &[f64]) {
    assert!(!ratios.is_empty(), "at least one rate ratio");
    assert!(ratios.iter().all(|ratio| *ratio > 1.0 && ratio.is_finite()), "rate ratios above 1: {ratios:?}");
}

/// Evidence with a rate that is known only as Gamma(a, b), as after a baseline. Both hypotheses learn the rate as they
/// go: the ratio of their posterior predictive laws, multiplied up since a change at k, is r^x·((b + E)/(b + E + (r −
/// 1)·E_k))^(a + X), with X and E all counts and exposures, x and E_k those from k on (the factorials and Gamma
/// functions cancel). R is their sum over k.
///
/// The promise holds on average over rates from Gamma(a, b), with no mean to be inflated. It would not hold if each
/// count were judged with the same, unlearned law: one rate is behind all of them.
#[derive(Debug, Clone)]
pub struct Predictive {
    ratios: Vec<f64>,
    longest: usize,
    /// Law of the rate after all counts: a + X, b + E.
    learnt: Gamma,
    /// Counts and exposures that a rise may have begun at, oldest first.
    recent: VecDeque<(f64, f64)>,
}

impl Predictive {
    /// Before the first count. `rate`: law of the rate (events per exposure), shape and rate above 0. `ratios`: rate
    /// ratios above 1. A rise is looked for that began within the last `longest` points; looking less far back costs
    /// power for slow rises, never validity. A step costs `longest` × ratios operations.
    ///
    /// # Panics
    /// When a ratio is not above 1 or there is none, the law of the rate is not proper, or `longest` is 0.
    pub fn new(rate: Gamma, ratios: &[f64], longest: usize) -> Self {
        check(ratios);
        assert!(rate.shape > 0.0 && rate.rate > 0.0, "a proper law of the rate: {rate:?}");
        assert!(longest > 0, "a rise may have begun at one point at least");
        Self { ratios: ratios.to_vec(), longest, learnt: rate, recent: VecDeque::new() }
    }

    /// Takes the next count, with its exposure (at least 0), and gives ln R.
    pub fn push(&mut self, count: u64, exposure: f64) -> f64 {
        if self.recent.len() == self.longest {
            self.recent.pop_front();
        }
        self.recent.push_back((count as f64, exposure));
        self.learnt = Gamma { shape: self.learnt.shape + count as f64, rate: self.learnt.rate + exposure };
        let Gamma { shape, rate } = self.learnt;
        let mut terms = Vec::with_capacity(self.recent.len() * self.ratios.len());
        for ratio in &self.ratios {
            let (ln_ratio, excess) = (ratio.ln(), ratio - 1.0);
            let (mut x, mut e) = (0.0, 0.0);
            for (count, exposure) in self.recent.iter().rev() {
                x += count;
                e += exposure;
                terms.push(x * ln_ratio - shape * (excess * e / rate).ln_1p());
            }
        }
        ln_sum_exp(&terms) - (self.ratios.len() as f64).ln()
    }

    /// Starts afresh from a law of the rate, as after an alarm.
    pub fn restart(&mut self, rate: Gamma) {
        *self = Self::new(rate, &self.ratios, self.longest);
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt as _, SeedableRng as _};
    use rand_pcg::Pcg64;

    use super::*;
    use numeric::{Discrete, NegativeBinomial, Poisson, ln_gamma};

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() < 1e-9 * (1.0 + expected.abs()), "{found} {expected}");
    }

    /// All series of three counts below 60.
    fn series() -> impl Iterator<Item = [u64; 3]> {
        (0..60_u64.pow(3)).map(|code| [code % 60, code / 60 % 60, code / 3600])
    }

    #[test]
    fn the_ratio_has_expectation_one_at_the_given_mean_and_less_below() {
        let expectation = |law: &dyn Fn(u64) -> f64, mean: f64, size: Option<f64>, ratio: f64| -> f64 {
            (0..2_000).map(|y| (law(y) + ln_ratio(y, mean, size, ratio)).exp()).sum()
        };
        for mean in [0.02, 0.7, 12.0] {
            for ratio in RATIOS {
                near(expectation(&|y| Poisson { mean }.ln_pmf(y), mean, None, ratio), 1.0);
                assert!(expectation(&|y| Poisson { mean: 0.9 * mean }.ln_pmf(y), mean, None, ratio) < 1.0);
                let law = |mean: f64| move |y: u64| NegativeBinomial::new(mean, 3.0).ln_pmf(y);
                near(expectation(&law(mean), mean, Some(3.0), ratio), 1.0);
                assert!(expectation(&law(0.9 * mean), mean, Some(3.0), ratio) < 1.0);
            }
        }
    }

    #[test]
    fn the_evidence_has_expectation_t_by_enumeration() {
        let means = [0.4, 1.1, 0.0];
        let mut sum = 0.0;
        for counts in series() {
            let mut detector = PlugIn::new(&[1.5, 3.0]);
            let mut ln_r = 0.0;
            let mut ln_p = 0.0;
            for (count, mean) in counts.into_iter().zip(means) {
                ln_r = detector.push(count, mean, None);
                ln_p += Poisson { mean }.ln_pmf(count);
            }
            sum += (ln_r + ln_p).exp();
        }
        near(sum, 3.0);
    }

    #[test]
    fn the_predictive_evidence_has_expectation_t_over_the_law_of_the_rate_by_enumeration() {
        let (prior, exposures) = (Gamma { shape: 1.7, rate: 9.0 }, [1.0, 0.5, 2.0]);
        let mut sum = 0.0;
        let mut mass = 0.0;
        for counts in series() {
            let mut detector = Predictive::new(prior, &[1.5, 3.0], 9);
            let mut ln_r = 0.0;
            // Gamma-Poisson law of the whole series: one rate behind all counts.
            let (mut shape, mut rate) = (prior.shape, prior.rate);
            let mut ln_p = shape * rate.ln() - ln_gamma(shape);
            for (count, exposure) in counts.into_iter().zip(exposures) {
                ln_r = detector.push(count, exposure);
                ln_p += count as f64 * f64::ln(exposure) - ln_gamma(count as f64 + 1.0);
                shape += count as f64;
                rate += exposure;
            }
            ln_p += ln_gamma(shape) - shape * rate.ln();
            sum += (ln_r + ln_p).exp();
            mass += ln_p.exp();
        }
        near(mass, 1.0);
        near(sum, 3.0);
    }

    fn poisson(random: &mut Pcg64, mean: f64) -> u64 {
        let (mut count, mut product) = (0, random.random::<f64>());
        while product > (-mean).exp() {
            product *= random.random::<f64>();
            count += 1;
        }
        count
    }

    /// Mean number of points to the first ln R ≥ ln 40, each of 300 runs cut at 2000.
    fn mean_run(mut first_alarm: impl FnMut(&mut Pcg64, f64) -> u32) -> f64 {
        let mut random = Pcg64::seed_from_u64(2022);
        let sum: u32 = (0..300).map(|_| first_alarm(&mut random, 40.0_f64.ln())).sum();
        f64::from(sum) / 300.0
    }

    #[test]
    fn false_alarms_are_at_least_c_points_apart_on_average() {
        for (mean, size) in [(0.05, None), (1.0, None), (1.0, Some(2.0))] {
            let run = mean_run(|random, limit| {
                let mut detector = PlugIn::new(&RATIOS);
                let law = NegativeBinomial::new(mean, size.unwrap_or(f64::INFINITY));
                let alarm = (1..2000).find(|_| {
                    let count = law.quantile(random.random::<f64>()).unwrap();
                    detector.push(count, mean, size) >= limit
                });
                alarm.unwrap_or(2000)
            });
            assert!(run >= 40.0, "{mean} {size:?}: {run}");
        }
    }

    #[test]
    fn false_alarms_with_a_learnt_rate_are_at_least_c_points_apart_on_average() {
        for rate in [Gamma { shape: 0.5, rate: 5.0 }, Gamma { shape: 4.0, rate: 8.0 }] {
            let run = mean_run(|random, limit| {
                let truth = rate.quantile(random.random::<f64>());
                let mut detector = Predictive::new(rate, &RATIOS, 30);
                (1..2000).find(|_| detector.push(poisson(random, truth), 1.0) >= limit).unwrap_or(2000)
            });
            assert!(run >= 40.0, "{rate:?}: {run}");
        }
    }

    #[test]
    fn a_mean_that_was_estimated_too_low_breaks_the_promise_and_an_inflated_one_keeps_it() {
        // 3 events in 10 weeks, a true rate of 0.6: the estimate is 0.3, its 95 % limit above the truth.
        let inflated = inflated_mean(Gamma { shape: 3.0, rate: 10.0 }, 1.0, 0.95);
        assert!(inflated > 0.6 && inflated < 0.64, "{inflated}");
        let run = |mean: f64| {
            mean_run(|random, limit| {
                let mut detector = PlugIn::new(&RATIOS);
                (1..2000).find(|_| detector.push(poisson(random, 0.6), mean, None) >= limit).unwrap_or(2000)
            })
        };
        assert!(run(0.3) < 40.0);
        assert!(run(inflated) >= 40.0);
    }

    #[test]
    fn a_rise_is_soon_beyond_doubt() {
        let mut given = PlugIn::new(&RATIOS);
        let mut learnt = Predictive::new(Gamma { shape: 52.0, rate: 104.0 }, &RATIOS, 26);
        for week in 0..60 {
            let (a, b) = (given.push(week % 2, 0.5, None), learnt.push(week % 2, 1.0));
            assert!(a < 5.0 && b < 5.0, "{week} {a} {b}");
        }
        for _ in 0..6 {
            given.push(3, 0.5, None);
            learnt.push(3, 1.0);
        }
        assert!(given.push(3, 0.5, None) > 1e4_f64.ln());
        assert!(learnt.push(3, 1.0) > 1e4_f64.ln());
        given.restart();
        learnt.restart(Gamma { shape: 52.0, rate: 104.0 });
        assert!(given.push(0, 0.5, None) < 0.0 && learnt.push(0, 1.0) < 0.0);
    }

    #[test]
    fn a_rate_known_for_certain_makes_both_forms_one() {
        let mut given = PlugIn::new(&RATIOS);
        let mut learnt = Predictive::new(Gamma { shape: 3e9, rate: 1e10 }, &RATIOS, 99);
        for count in [0, 2, 1, 0, 4, 1] {
            let (a, b) = (given.push(count, 0.3, None), learnt.push(count, 1.0));
            assert!((a - b).abs() < 1e-5, "{a} {b}");
        }
    }

    #[test]
    fn no_exposure_and_huge_counts_stay_numbers() {
        let mut given = PlugIn::new(&RATIOS);
        let mut learnt = Predictive::new(Gamma { shape: 0.5, rate: 50.0 }, &RATIOS, 4);
        for (count, exposure) in [(0, 0.0), (5, 0.0), (1_000_000, 1.0), (1_000_000, 1.0), (0, 1e6), (0, 1e6)] {
            let values = [
                given.push(count, 0.01 * exposure, None),
                given.push(count, 0.01 * exposure, Some(0.5)),
                learnt.push(count, exposure),
            ];
            assert!(values.iter().all(|value| value.is_finite()), "{count} {exposure} {values:?}");
        }
    }
}
