//! How likely is a count of which a part is usual and a part belongs to an excess? The sum of a Poisson and a negative binomial law.
//!
//! In: counts with what is usual of each, parts of an excess. Out: log likelihoods. Not here: which provinces an excess lies in.
//!
//! `P(A + B = n) = Σ_j P(A = n − j) (1 − stay)^size stay^j (size)_j / j!`, where `(size)_j` is the rising factorial and
//! `stay = mean/(mean + size)` of B. The models that are weighed give every place a mean and a size in proportion to its share, so that
//! `stay` is the same for all of them: what hangs on the counts alone is tabulated, and the sum is evaluated by Horner's rule in the size.

use numeric::special::ln_poisson_term;
use numeric::{Discrete, NegativeBinomial};

/// Deviations of the usual events, and events beside them, beyond which terms of a sum are left out.
const DEVIATIONS: f64 = 10.0;
const BESIDE: f64 = 20.0;
/// A running sum is scaled down from here.
const SCALE_FROM: f64 = 1e200;
/// Largest count that is tabulated, and largest size it is summed with: rising factorials lift a term by less than 1e110 then, so that of a
/// sum from [`SUM_MIN`] on nothing is lost that underflowed.
const TABULATED_MAX: u64 = 400;
const SIZE_MAX: f64 = 100.0;
const SUM_MIN: f64 = 1e-150;

/// Counts above zero, with how likely each number of usual events up to it is.
pub(super) struct Counts {
    all: Vec<Count>,
    /// `j` and `1/(j + 1)`.
    steps: Vec<(f64, f64)>,
}

struct Count {
    events: u64,
    usual: f64,
    /// Probability of 0, 1, … usual events, relative to the likeliest of them.
    chances: Vec<f64>,
    /// Logarithm of the likeliest.
    ln_scale: f64,
}

impl Counts {
    /// Of places; `usual` > 0.
    pub(super) fn new(counts: &[u64], usual: impl Fn(usize) -> f64) -> Self {
        let of = |(at, count): (usize, &u64)| Count::new(*count, usual(at));
        let all: Vec<Count> = counts.iter().enumerate().map(of).collect();
        let most = all.iter().map(|count| count.chances.len()).max().unwrap_or(0);
        Self { all, steps: (0..most).map(|j| (j as f64, 1.0 / (j as f64 + 1.0))).collect() }
    }

    /// The terms of each sum but for the rising factorial, where each further event of the excess is `stay` times as likely.
    pub(super) fn terms(&self, stay: f64) -> Vec<Vec<f64>> {
        let of = |count: &Count| {
            let powers = std::iter::successors(Some(1.0), |power| Some(power * stay));
            count.chances.iter().rev().zip(powers).map(|(chance, power)| chance * power).collect()
        };
        self.all.iter().map(of).collect()
    }

    /// Log likelihood of the count of a place, `ln (1 − stay)^size` left out; `terms` are those of [`Counts::terms`] of this place.
    pub(super) fn ln(&self, at: usize, terms: &[f64], stay: f64, size: f64) -> f64 {
        let count = &self.all[at];
        let each = terms.iter().zip(&self.steps).rev();
        let sum = each.fold(0.0, |sum, (term, (j, inverse))| term + (size + j) * inverse * sum);
        if sum > SUM_MIN && sum.is_finite() && size <= SIZE_MAX {
            count.ln_scale + sum.ln()
        } else {
            ln_both(count.events, count.usual, size * stay / (1.0 - stay), size) - size * (-stay).ln_1p()
        }
    }
}

impl Count {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded by the count")]
    fn new(events: u64, usual: f64) -> Self {
        if events > TABULATED_MAX {
            return Self { events, usual, chances: Vec::new(), ln_scale: f64::NAN };
        }
        let likeliest = usual.min(events as f64) as usize;
        let mut chances = vec![1.0; events as usize + 1];
        for k in (0..likeliest).rev() {
            chances[k] = chances[k + 1] * (k as f64 + 1.0) / usual;
        }
        for k in likeliest + 1..chances.len() {
            chances[k] = chances[k - 1] * usual / k as f64;
        }
        Self { events, usual, chances, ln_scale: ln_poisson_term(likeliest as f64, usual) }
    }
}

/// `ln P(A + B = count)`, A Poisson of mean `usual` > 0, B negative binomial of a mean and a size. Terms in which A is ten deviations
/// from its mean are left out.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded below by 0, above by the count")]
pub(super) fn ln_both(count: u64, usual: f64, mean: f64, size: f64) -> f64 {
    if mean <= 0.0 || size <= 0.0 {
        return ln_poisson_term(count as f64, usual);
    }
    if count == 0 {
        return -usual - size * (mean / size).ln_1p();
    }
    let reach = DEVIATIONS * usual.sqrt() + BESIDE;
    let most = count.min((usual + reach).ceil() as u64);
    let least = ((usual - reach).max(0.0) as u64).min(most.saturating_sub(BESIDE as u64));
    let law = NegativeBinomial::new(mean, size);
    // From the fewest events of B on, each term from the one before.
    let mut ln_scale = ln_poisson_term(most as f64, usual) + law.ln_pmf(count - most);
    let (mut term, mut sum) = (1.0, 1.0);
    let stay = mean / (mean + size);
    for usual_events in (least..most).rev() {
        let more = (count - usual_events) as f64;
        term *= (more - 1.0 + size) / more * stay * (usual_events as f64 + 1.0) / usual;
        sum += term;
        if sum > SCALE_FROM {
            ln_scale += sum.ln();
            term /= sum;
            sum = 1.0;
        }
    }
    ln_scale + sum.ln()
}

#[cfg(test)]
mod tests {
    use super::*;
    use numeric::special::ln_sum_exp;
    use proptest::prelude::*;

    #[test]
    fn a_count_is_the_sum_of_both_laws_and_of_any_size() {
        let (usual, mean, size) = (1.3, 4.0, 0.7);
        let law = NegativeBinomial::new(mean, size);
        for count in 0..30_u64 {
            let slow: f64 =
                (0..=count).map(|more| (ln_poisson_term((count - more) as f64, usual) + law.ln_pmf(more)).exp()).sum();
            let fast = ln_both(count, usual, mean, size);
            assert!((fast - slow.ln()).abs() < 1e-9, "{count}: {fast} {}", slow.ln());
        }
        for (count, usual, mean) in [(1_000_000, 1e-9, 1e6), (1_000_000, 9e5, 1e5), (0, 1e6, 10.0), (3, 1e-9, 1e-7)] {
            assert!(ln_both(count, usual, mean, 0.01).is_finite(), "{count} {usual} {mean}");
        }
    }

    proptest! {
        #[test]
        fn tabulated_counts_are_as_likely_as_summed_ones(
            counts in prop::collection::vec((prop_oneof![4 => 0_u64..60, 1 => 0_u64..500], -9.0_f64..6.0), 1..6),
            ln_stay in -9.0_f64..-0.001, ln_size in -6.0_f64..4.6,
        ) {
            let (events, usual): (Vec<u64>, Vec<f64>) = counts.iter().map(|(count, ln)| (*count, ln.exp())).unzip();
            let (stay, size) = (ln_stay.exp(), ln_size.exp());
            let tabulated = Counts::new(&events, |at| usual[at]);
            let terms = tabulated.terms(stay);
            let law = NegativeBinomial::new(size * stay / (1.0 - stay), size);
            for (at, count) in events.iter().enumerate() {
                let fast = tabulated.ln(at, &terms[at], stay, size) + size * (-stay).ln_1p();
                let term = |more: u64| ln_poisson_term((count - more) as f64, usual[at]) + law.ln_pmf(more);
                let slow = ln_sum_exp(&(0..=*count).map(term).collect::<Vec<f64>>());
                // Far out in the tails, where it decides nothing, what is not tabulated leaves out most of little.
                let near = (fast - slow).abs() <= 1e-9 * slow.abs().max(1.0);
                let far = slow < if *count > TABULATED_MAX { -50.0 } else { -340.0 };
                prop_assert!(near || far, "{count} of {}: {fast} {slow}", usual[at]);
            }
        }
    }
}
