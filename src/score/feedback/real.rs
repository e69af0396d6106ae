//! Probability that an alert is real, learnt from alerts that were judged: beta-binomial among alike ones at first, logistic
//! regression once there are enough.
//!
//! In: judged alerts with what was known of them when they were raised. Out: probability, interval and the numbers behind them.
//! Law: with as many outcomes, one more of them confirmed never lowers the probability of a matter like it.

use super::settings::FeedbackCriteria;
use methods::sampling_feedback::posterior;
use numeric::{Beta, Continuous as _, Normal};
use vocabulary::{Danger, EvidenceBasis, PRealTerms, Regime, SourceMix, Spread};

/// Coefficients: intercept, regime, basis, spread, danger, official and complaint share (media is what is left).
const TERMS: usize = 7;
/// Steps of Newton's method; it is quadratic, and the ridge keeps it bounded.
const STEPS_MAX: usize = 60;
/// A step this short ends it.
const STEP_LEAST: f64 = 1e-10;
/// Tail on either side of a 90 % interval.
const TAIL: f64 = 0.05;

/// Features of an alert as it was raised.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct RaisedAs {
    pub(crate) regime: Regime,
    pub(crate) basis: EvidenceBasis,
    pub(crate) danger: Danger,
    pub(crate) spread: Spread,
    pub(crate) mix: SourceMix,
}

/// Alerts are grouped by these: regime, basis, spread, leading source class.
type Stratum = (Regime, EvidenceBasis, Spread, u8);

impl RaisedAs {
    fn stratum(&self) -> Stratum {
        let SourceMix { official, complaint, media } = self.mix;
        let leading = match () {
            () if official + complaint + media <= 0.0 => 0,
            () if official >= complaint && official >= media => 1,
            () if complaint >= media => 2,
            () => 3,
        };
        (self.regime, self.basis, self.spread, leading)
    }

    fn row(&self) -> [f64; TERMS] {
        let step = |rank: u8, of: usize| f64::from(rank) / (of.max(2) - 1) as f64;
        let place = |found: Option<usize>| u8::try_from(found.unwrap_or(0)).unwrap_or(0);
        let danger = place(Danger::ALL.iter().position(|known| *known == self.danger));
        let spread = place(Spread::ALL.iter().position(|known| *known == self.spread));
        [
            1.0,
            f64::from(u8::from(self.regime == Regime::Dense)),
            f64::from(u8::from(self.basis == EvidenceBasis::Single)),
            step(spread, Spread::ALL.len()),
            step(danger, Danger::ALL.len()),
            self.mix.official,
            self.mix.complaint,
        ]
    }
}

/// A judged alert; `look` is none when its features were not kept.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Judged {
    pub(super) look: Option<RaisedAs>,
    pub(super) confirmed: bool,
}

/// Probability that an alert is real, learnt from judged alerts.
#[derive(Debug, Clone)]
pub(super) struct RealModel<'a> {
    criteria: &'a FeedbackCriteria,
    judged: Vec<Judged>,
    confirmed: u64,
    logistic: Option<Logistic>,
}

impl<'a> RealModel<'a> {
    pub(super) fn learn(judged: Vec<Judged>, criteria: &'a FeedbackCriteria) -> Self {
        let confirmed = judged.iter().filter(|judged| judged.confirmed).count() as u64;
        let seen: Vec<([f64; TERMS], bool)> =
            judged.iter().filter_map(|judged| Some((judged.look?.row(), judged.confirmed))).collect();
        let hits = seen.iter().filter(|(_, confirmed)| *confirmed).count() as u64;
        let misses = seen.len() as u64 - hits;
        let enough = seen.len() as u64 >= criteria.logistic_from && hits.min(misses) >= criteria.logistic_each;
        let [a, b] = criteria.p_real_prior;
        let logistic = enough.then(|| Logistic::fit(&seen, (a / b).ln(), criteria.logistic_ridge));
        Self { criteria, judged, confirmed, logistic }
    }

    /// Share of all judged alerts that were confirmed, with the prior.
    pub(super) fn overall(&self) -> f64 {
        let [a, b] = self.criteria.p_real_prior;
        let law = posterior(Beta { a, b }, self.confirmed, self.judged.len() as u64);
        law.a / (law.a + law.b)
    }

    /// Probability that a matter that looks so is real.
    pub(super) fn p_real(&self, look: &RaisedAs) -> PRealTerms {
        let kind = look.stratum();
        let alike = self.judged.iter().filter(|judged| judged.look.is_some_and(|look| look.stratum() == kind));
        let (mut n, mut x) = (0, 0);
        for judged in alike {
            n += 1;
            x += u64::from(judged.confirmed);
        }
        let (all, confirmed) = (self.judged.len() as u64, self.confirmed);
        let terms = |mean: f64, interval: [f64; 2], method: &str, shape: [f64; 2]| PRealTerms {
            mean,
            interval,
            method: method.to_owned(),
            alike: n,
            alike_confirmed: x,
            judged: all,
            judged_confirmed: confirmed,
            shape,
        };
        if let Some(logistic) = &self.logistic {
            let (at, error) = logistic.predict(&look.row());
            let reach = Normal::STANDARD.quantile_upper(TAIL) * error;
            return terms(share(at), [share(at - reach), share(at + reach)], "logistic", [at, error]);
        }
        // The others say what is usual; the alike ones are added to it.
        let [a, b] = self.criteria.p_real_prior;
        let others = posterior(Beta { a, b }, confirmed - x, all - n);
        let usual = others.a / (others.a + others.b);
        let strength = self.criteria.p_real_strength;
        let prior = if all == n { Beta { a, b } } else { Beta { a: usual * strength, b: (1.0 - usual) * strength } };
        let law = posterior(prior, x, n);
        let method = if all == 0 { "prior" } else { "beta_binomial" };
        let interval = [law.quantile(TAIL), law.quantile_upper(TAIL)];
        terms(law.a / (law.a + law.b), interval, method, [law.a, law.b])
    }
}

fn share(at: f64) -> f64 {
    1.0 / (1.0 + (-at).exp())
}

/// Logistic regression with normal priors on its coefficients: the mode, and the curvature there (Laplace).
#[derive(Debug, Clone)]
struct Logistic {
    at: [f64; TERMS],
    curvature: [[f64; TERMS]; TERMS],
}

impl Logistic {
    /// The mode of the posterior by Newton's method. `start` is the prior mean of the intercept; all others have 0.
    fn fit(seen: &[([f64; TERMS], bool)], start: f64, ridge: f64) -> Self {
        let mut centre = [0.0; TERMS];
        centre[0] = start;
        let mut at = centre;
        let mut curvature = [[0.0; TERMS]; TERMS];
        for _ in 0..STEPS_MAX {
            let mut slope = [0.0; TERMS];
            curvature = [[0.0; TERMS]; TERMS];
            for k in 0..TERMS {
                slope[k] = -ridge * (at[k] - centre[k]);
                curvature[k][k] = ridge;
            }
            for (row, confirmed) in seen {
                let p = share(dot(&at, row));
                let residual = f64::from(u8::from(*confirmed)) - p;
                for k in 0..TERMS {
                    slope[k] += residual * row[k];
                    for l in 0..TERMS {
                        curvature[k][l] += p * (1.0 - p) * row[k] * row[l];
                    }
                }
            }
            let step = solve(curvature, slope);
            // A step of more than a few units on the logit scale overshoots; its direction is right.
            let longest = step.iter().fold(0.0_f64, |longest, part| longest.max(part.abs()));
            let scale = if longest > 4.0 { 4.0 / longest } else { 1.0 };
            for k in 0..TERMS {
                at[k] += scale * step[k];
            }
            if longest < STEP_LEAST {
                break;
            }
        }
        Self { at, curvature }
    }

    /// Linear predictor and its standard error.
    fn predict(&self, row: &[f64; TERMS]) -> (f64, f64) {
        (dot(&self.at, row), dot(row, &solve(self.curvature, *row)).max(0.0).sqrt())
    }
}

fn dot(a: &[f64; TERMS], b: &[f64; TERMS]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// Solves a positive definite system by elimination; the ridge on the diagonal keeps every pivot above 0.
fn solve(mut matrix: [[f64; TERMS]; TERMS], mut right: [f64; TERMS]) -> [f64; TERMS] {
    for pivot in 0..TERMS {
        for row in pivot + 1..TERMS {
            let factor = matrix[row][pivot] / matrix[pivot][pivot];
            let above = matrix[pivot];
            for (cell, above) in matrix[row].iter_mut().zip(above).skip(pivot) {
                *cell -= factor * above;
            }
            right[row] -= factor * right[pivot];
        }
    }
    for pivot in (0..TERMS).rev() {
        for column in pivot + 1..TERMS {
            right[pivot] -= matrix[pivot][column] * right[column];
        }
        right[pivot] /= matrix[pivot][pivot];
    }
    right
}
