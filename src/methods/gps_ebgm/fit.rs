//! Maximum likelihood for the prior of the gamma-Poisson shrinker.
//!
//! The likelihood of counts n ≥ n* is Π [P f₁(n)/(1−F₁(n*−1)) + (1−P) f₂(n)/(1−F₂(n*−1))], f the negative binomial
//! marginals: each component is truncated on its own, as the usual program does. Shapes and rates move on a logarithmic
//! scale that ends far out, P on a logit scale, by BFGS from several starts.
//!
//! Sources: DuMouchel (1999), Am. Stat. 53:177; truncation and squashing: DuMouchel & Pregibon (2001), KDD, sections 3
//! and 4.

use super::prior::GammaMixture;
use numeric::incomplete::Tails;
use numeric::quasi_newton::bfgs;
use numeric::special::{ln_1m_exp, ln_add_exp};
use numeric::{Discrete, Gamma, NegativeBinomial, digamma, ln_factorial, ln_gamma};

/// Pairs that share a count and an expectation (or nearly, when squashed).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Group {
    /// Their count.
    pub count: u64,
    /// Their expected count, > 0.
    pub expected: f64,
    /// How many they are.
    pub pairs: u64,
}

/// How to fit.
#[derive(Debug, Clone, PartialEq)]
pub struct Fitting {
    /// n*: counts below are left out and the likelihood is truncated there. `None` takes all counts, zeros too,
    /// untruncated.
    pub least_count: Option<u64>,
    /// Where the search starts.
    pub starts: Vec<GammaMixture>,
    /// Largest shape or rate that counts as a proper estimate: beyond, a component is as good as a point.
    pub limit: f64,
    /// How many other starts must lead to the same estimate. The likelihood may have several peaks; a higher one that a
    /// single start came upon is left aside for one that more of them find, as long as there is one.
    pub agreement: usize,
}

impl Default for Fitting {
    /// Counts from 1, starts from heavy to light tails, limit 100, two starts to agree.
    fn default() -> Self {
        let starts = [
            (0.2, 0.1, 2.0, 4.0, 1.0 / 3.0), // DuMouchel's own
            (0.1, 0.1, 10.0, 10.0, 0.2),
            (0.3, 0.5, 6.0, 6.0, 0.5),
            (0.5, 0.3, 12.0, 12.0, 0.8),
            (0.2, 0.2, 5.0, 5.0, 0.4),
            (3.0, 0.5, 2.0, 2.0, 0.1),
        ];
        let start = |(a1, b1, a2, b2, share)| GammaMixture::new(a1, b1, a2, b2, share).expect("within bounds");
        Self { least_count: Some(1), starts: starts.map(start).to_vec(), limit: 100.0, agreement: 1 }
    }
}

/// A fitted prior.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fitted {
    /// The prior.
    pub prior: GammaMixture,
    /// Its negative log-likelihood over all pairs.
    pub negative_log_likelihood: f64,
    /// Whether all shapes and rates are within [`Fitting::limit`]. If not, no start led to such an estimate: the ratios
    /// hardly differ, and the prior is the most likely one with larger shapes.
    pub proper: bool,
}

/// More groups than this are squashed while searching; the last steps always take all.
const MOST_GROUPS: usize = 4000;
/// Furthest step of the search, in ln of shapes and rates.
const REACH: f64 = 0.5;
/// ln likelihoods this near are those of one peak.
const SAME_PEAK: f64 = 1e-3;
/// Evaluations per start.
const MOST_EVALUATIONS: usize = 600;
/// Where shapes and rates end while searching: a relative spread of 0.3 %, so that a component may become a point.
const END: f64 = 1e5;

/// Fits the prior to pairs (count, expected). Pairs with a count below n*, or no positive expectation, are left out.
/// `None` when nothing is left, or there is no start.
pub fn fit(pairs: impl IntoIterator<Item = (u64, f64)>, fitting: &Fitting) -> Option<Fitted> {
    let least = fitting.least_count.unwrap_or(0);
    let kept = pairs.into_iter().filter(|(count, expected)| *count >= least && expected.is_finite() && *expected > 0.0);
    fit_groups(&group(kept), fitting, MOST_GROUPS)
}

/// Fits to sorted groups, squashed while searching when they are more than `most`.
fn fit_groups(groups: &[Group], fitting: &Fitting, most: usize) -> Option<Fitted> {
    if groups.is_empty() || fitting.limit.is_nan() || fitting.limit <= 0.0 {
        return None;
    }
    let coarse;
    let search = if groups.len() > most {
        coarse = squash(groups, (2 * groups.len()).div_ceil(most), 100);
        &coarse
    } else {
        groups
    };
    let ends: Vec<_> = fitting
        .starts
        .iter()
        .map(|start| descend(search, fitting.least_count, &point(start)))
        .filter(|(_, value)| value.is_finite())
        .collect();
    let is_proper = |point: &[f64; 5]| point[..4].iter().all(|&u| value_at(u) <= fitting.limit);
    // Proper estimates first, then those that other starts agree on, then by likelihood.
    let agreed = |value: f64| ends.iter().filter(|end| (end.1 - value).abs() <= SAME_PEAK).count() > fitting.agreement;
    let rank = |(point, value): &([f64; 5], f64)| (!is_proper(point), !agreed(*value));
    let best = ends.iter().min_by(|one, two| rank(one).cmp(&rank(two)).then(one.1.total_cmp(&two.1)));
    let (mut point, mut value) = *best?;
    if groups.len() > most {
        (point, value) = descend(groups, fitting.least_count, &point);
    }
    Some(Fitted { prior: prior_at(&point)?, negative_log_likelihood: value, proper: is_proper(&point) })
}

/// −ln likelihood of a prior over pairs (count, expected), with the truncation of [`Fitting::least_count`]; infinite
/// when a pair is impossible under it. Pairs with a count below n*, or no positive expectation, are left out.
pub fn negative_log_likelihood(
    pairs: impl IntoIterator<Item = (u64, f64)>,
    prior: &GammaMixture,
    least_count: Option<u64>,
) -> f64 {
    let least = least_count.unwrap_or(0);
    let kept = pairs.into_iter().filter(|(count, expected)| *count >= least && expected.is_finite() && *expected > 0.0);
    evaluate(&group(kept), least_count, prior).0
}

/// Puts equal pairs together; by count, then expectation.
pub fn group(pairs: impl IntoIterator<Item = (u64, f64)>) -> Vec<Group> {
    let mut pairs: Vec<_> = pairs.into_iter().collect();
    pairs.sort_unstable_by(|one, two| one.0.cmp(&two.0).then(one.1.total_cmp(&two.1)));
    pairs
        .chunk_by(|one, two| one.0 == two.0 && one.1.to_bits() == two.1.to_bits())
        .map(|alike| Group { count: alike[0].0, expected: alike[0].1, pairs: alike.len() as u64 })
        .collect()
}

/// Joins groups of the same count with neighbouring expectations, `bin` at a time, into one with their mean
/// expectation; the `keep` groups of each count with the largest expectations stay as they are. Groups must be sorted
/// as by [`group`].
pub fn squash(groups: &[Group], bin: usize, keep: usize) -> Vec<Group> {
    let mut squashed = Vec::new();
    for alike in groups.chunk_by(|one, two| one.count == two.count) {
        let (near, far) = alike.split_at(alike.len().saturating_sub(keep));
        squashed.extend(near.chunks(bin.max(1)).map(|bin| {
            let pairs = bin.iter().map(|group| group.pairs).sum();
            let sum: f64 = bin.iter().map(|group| group.pairs as f64 * group.expected).sum();
            Group { count: bin[0].count, expected: sum / pairs as f64, pairs }
        }));
        squashed.extend_from_slice(far);
    }
    squashed
}

/// Coordinates of the search for a prior: ln of shapes and rates, bent so that they end at [`END`], and logit P.
fn point(prior: &GammaMixture) -> [f64; 5] {
    let bent = |value: f64| {
        let value = value.clamp(1e-8, 0.9 * END);
        (value / (1.0 - value / END)).ln()
    };
    let (first, second, share) = (prior.first(), prior.second(), prior.share().clamp(1e-6, 1.0 - 1e-6));
    [bent(first.shape), bent(first.rate), bent(second.shape), bent(second.rate), (share / (1.0 - share)).ln()]
}

/// The shape or rate at a coordinate.
fn value_at(u: f64) -> f64 {
    1.0 / ((-u).exp() + 1.0 / END)
}

/// The prior at a point; `None` where floats end.
fn prior_at(point: &[f64]) -> Option<GammaMixture> {
    let share = 1.0 / (1.0 + (-point[4]).exp());
    let within = 0.0 < share && share < 1.0;
    let [a1, b1, a2, b2] = [0, 1, 2, 3].map(|at| value_at(point[at]));
    if within { GammaMixture::new(a1, b1, a2, b2, share) } else { None }
}

fn descend(groups: &[Group], least: Option<u64>, start: &[f64; 5]) -> ([f64; 5], f64) {
    let objective = |point: &[f64], gradient: &mut [f64]| {
        let Some(prior) = prior_at(point) else { return f64::INFINITY };
        let (value, slopes) = evaluate(groups, least, &prior);
        let steps = [prior.first().shape, prior.first().rate, prior.second().shape, prior.second().rate];
        for (at, step) in steps.into_iter().enumerate() {
            gradient[at] = slopes[at] * step * (1.0 - step / END);
        }
        gradient[4] = slopes[4] * prior.share() * (1.0 - prior.share());
        value
    };
    let found = bfgs(objective, start, REACH, 1e-10, MOST_EVALUATIONS);
    ([0, 1, 2, 3, 4].map(|at| found.at[at]), found.value)
}

/// −ln likelihood and its derivatives by α₁, β₁, α₂, β₂, P.
fn evaluate(groups: &[Group], least: Option<u64>, prior: &GammaMixture) -> (f64, [f64; 5]) {
    let (ln_share, ln_other) = (prior.share().ln(), (-prior.share()).ln_1p());
    let (mut value, mut slopes) = (0.0, [0.0; 5]);
    for alike in groups.chunk_by(|one, two| one.count == two.count) {
        let terms = [prior.first(), prior.second()].map(|law| Term::new(alike[0].count, law));
        for group in alike {
            let [one, two] = [0, 1].map(|at| terms[at].at(group.expected, least));
            let (one_share, two_share) = (ln_share + one.ln_likelihood, ln_other + two.ln_likelihood);
            let both = ln_add_exp(one_share, two_share);
            let pairs = group.pairs as f64;
            value -= pairs * both;
            let (first, second) = ((one_share - both).exp(), (two_share - both).exp());
            slopes[0] -= pairs * first * one.by_shape;
            slopes[1] -= pairs * first * one.by_rate;
            slopes[2] -= pairs * second * two.by_shape;
            slopes[3] -= pairs * second * two.by_rate;
            slopes[4] -= pairs * ((one.ln_likelihood - both).exp() - (two.ln_likelihood - both).exp());
        }
    }
    (value, slopes)
}

/// The parts of one component's likelihood that depend on the count alone.
#[derive(Debug, Clone, Copy)]
struct Term {
    law: Gamma,
    count: f64,
    /// ln Γ(α+n)/(Γ(α) n!).
    ln_lead: f64,
    /// ψ(α+n) − ψ(α).
    digammas: f64,
}

/// One component at one count and expectation.
#[derive(Debug, Clone, Copy)]
struct Part {
    ln_likelihood: f64,
    by_shape: f64,
    by_rate: f64,
}

impl Term {
    fn new(n: u64, law: Gamma) -> Self {
        let (a, count) = (law.shape, n as f64);
        let (ln_lead, digammas) = if n <= 32 {
            // By products: nothing cancels for a small shape.
            (0..n).fold((-ln_factorial(n), 0.0), |(logs, sum), k| {
                let step = a + k as f64;
                (logs + step.ln(), sum + step.recip())
            })
        } else {
            (ln_gamma(a + count) - ln_gamma(a) - ln_factorial(n), digamma(a + count) - digamma(a))
        };
        Self { law, count, ln_lead, digammas }
    }

    fn at(&self, expected: f64, least: Option<u64>) -> Part {
        let (a, b, n) = (self.law.shape, self.law.rate, self.count);
        // ln (β+E)/β and ln (β+E)/E.
        let (down, up) = ((expected / b).ln_1p(), (b / expected).ln_1p());
        let mut part = Part {
            ln_likelihood: self.ln_lead - a * down - n * up,
            by_shape: self.digammas - down,
            by_rate: a / b - (a + n) / (b + expected),
        };
        match least {
            None | Some(0) => {}
            Some(1) => {
                // 1 − f(0) = 1 − e^{−t}, t = α ln((β+E)/β).
                let t = a * down;
                let slope = t.exp_m1().recip();
                part.ln_likelihood -= ln_1m_exp(-t);
                part.by_shape -= slope * down;
                part.by_rate += slope * a * expected / (b * (b + expected));
            }
            Some(least) => self.truncate(&mut part, expected, least),
        }
        part
    }

    /// Divides by P(count ≥ `least`), `least` ≥ 2.
    fn truncate(&self, part: &mut Part, expected: f64, least: u64) {
        let (a, b) = (self.law.shape, self.law.rate);
        let law = NegativeBinomial::new(a / b * expected, a);
        let Tails { ln_upper, .. } = law.tails(least - 1);
        part.ln_likelihood -= ln_upper;
        // Σ f'(k) over the counts left out is minus that over the counts kept.
        let (mut by_shape, mut by_rate) = (0.0, 0.0);
        for k in 0..least {
            let share = (law.ln_pmf(k) - ln_upper).exp();
            let term = Self::new(k, self.law).at(expected, None);
            by_shape += share * term.by_shape;
            by_rate += share * term.by_rate;
        }
        part.by_shape += by_shape;
        part.by_rate += by_rate;
    }
}

#[cfg(test)]
mod tests {
    use rand::{RngExt, SeedableRng};
    use rand_pcg::Pcg64Mcg;

    use super::*;

    fn prior(values: [f64; 5]) -> GammaMixture {
        GammaMixture::new(values[0], values[1], values[2], values[3], values[4]).unwrap()
    }

    /// Counts drawn by inversion from the marginal of a prior, zeros left out.
    fn drawn(prior: &GammaMixture, pairs: usize, seed: u64) -> Vec<(u64, f64)> {
        let mut rng = Pcg64Mcg::seed_from_u64(seed);
        let mut draw = || {
            let expected = (rng.random::<f64>() * 6.0 - 3.0).exp();
            let law = if rng.random::<f64>() < prior.share() { prior.first() } else { prior.second() };
            let marginal = NegativeBinomial::new(law.shape / law.rate * expected, law.shape);
            (marginal.quantile(rng.random()).unwrap(), expected)
        };
        (0..pairs).map(|_| draw()).filter(|(count, _)| *count > 0).collect()
    }

    #[test]
    fn likelihood_meets_hand_values() {
        // Shape 1: f(n) = p(1−p)ⁿ; without zeros p(1−p)ⁿ⁻¹.
        let mixture = prior([1.0, 1.0, 1.0, 3.0, 0.25]);
        let wanted = -(0.25 * 0.5 * 0.5 + 0.75 * 0.75 * 0.25_f64).ln();
        assert!((negative_log_likelihood([(2, 1.0)], &mixture, Some(1)) - wanted).abs() < 1e-14);
        let all = -(0.25 * 0.5 * 0.25 + 0.75 * 0.75 * 0.0625_f64).ln();
        assert!((negative_log_likelihood([(2, 1.0)], &mixture, None) - all).abs() < 1e-14);
        // From 2 on: geometric again, n − 2 steps.
        assert!((negative_log_likelihood([(2, 1.0)], &mixture, Some(2)) + (0.125 + 0.5625_f64).ln()).abs() < 1e-13);
        assert!(negative_log_likelihood([(1, 1.0), (5, 0.0)], &mixture, Some(2)).abs() < 1e-300);
    }

    #[test]
    fn derivatives_are_those_of_the_likelihood() {
        let values = [0.4, 0.2, 2.0, 3.0, 0.3];
        let groups = group([(1, 0.003), (1, 0.5), (2, 0.5), (7, 2.0), (40, 3.0), (100, 250.0)]);
        for least in [None, Some(0), Some(1)] {
            let (_, slopes) = evaluate(&groups, least, &prior(values));
            for at in 0..5 {
                let moved = |by: f64| {
                    let mut values = values;
                    values[at] += by;
                    evaluate(&groups, least, &prior(values)).0
                };
                let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
                assert!((slope - slopes[at]).abs() < 1e-5 * slope.abs().max(1.0), "{least:?} {at}: {slope} {slopes:?}");
            }
        }
        let two = group([(2, 0.003), (2, 0.5), (7, 2.0)]);
        let (_, slopes) = evaluate(&two, Some(2), &prior(values));
        for at in 0..5 {
            let moved = |by: f64| {
                let mut values = values;
                values[at] += by;
                evaluate(&two, Some(2), &prior(values)).0
            };
            let slope = (moved(1e-5) - moved(-1e-5)) / 2e-5;
            assert!((slope - slopes[at]).abs() < 1e-5 * slope.abs().max(1.0), "{at}: {slope} {slopes:?}");
        }
    }

    #[test]
    fn a_known_prior_is_found_again() {
        let truth = prior([0.4, 0.1, 3.0, 4.0, 0.2]);
        let pairs = drawn(&truth, 5000, 3);
        let found = fit(pairs.iter().copied(), &Fitting::default()).unwrap();
        let at_truth = negative_log_likelihood(pairs.iter().copied(), &truth, Some(1));
        assert!(found.proper && found.negative_log_likelihood < at_truth, "{found:?} {at_truth}");
        assert!(at_truth - found.negative_log_likelihood < 12.0); // five parameters: a few units of ln L
        let again = negative_log_likelihood(pairs.iter().copied(), &found.prior, Some(1));
        assert!((again - found.negative_log_likelihood).abs() < 1e-6);
    }

    #[test]
    fn many_groups_are_squashed_only_for_the_search() {
        let truth = prior([0.4, 0.1, 3.0, 4.0, 0.2]);
        let groups = group(drawn(&truth, 5000, 9));
        let (whole, search) =
            (fit_groups(&groups, &Fitting::default(), 5000), fit_groups(&groups, &Fitting::default(), 700));
        let (whole, search) = (whole.unwrap(), search.unwrap());
        assert!((whole.negative_log_likelihood - search.negative_log_likelihood).abs() < 1e-5, "{whole:?} {search:?}");
    }

    #[test]
    fn squashing_keeps_pairs_and_expectations() {
        let groups = group((0..1000).map(|at| (1 + at % 2, f64::from(u32::try_from(at).unwrap()) + 0.5)));
        let squashed = squash(&groups, 7, 10);
        let sums = |groups: &[Group]| {
            let pairs: u64 = groups.iter().map(|group| group.pairs).sum();
            (pairs, groups.iter().map(|group| group.pairs as f64 * group.expected).sum::<f64>())
        };
        assert_eq!(sums(&groups).0, sums(&squashed).0);
        assert!((sums(&groups).1 - sums(&squashed).1).abs() < 1e-6);
        assert_eq!(squashed.len(), 2 * (10 + 490_usize.div_ceil(7)));
        assert_eq!(squash(&groups, 1, 0), groups);
        assert!(squash(&[], 0, 0).is_empty());
    }

    #[test]
    fn poor_data_end_in_a_defined_prior() {
        for pairs in [
            vec![(1, 1.0)],
            vec![(1, 1.0); 500],
            vec![(1, 1e-9); 50],
            vec![(1_000_000, 1e-3), (1, 1e6)],
            (1..2000).map(|at| (at, at as f64)).collect::<Vec<_>>(),
        ] {
            let found = fit(pairs.iter().copied(), &Fitting::default()).unwrap();
            assert!(found.negative_log_likelihood.is_finite(), "{found:?}");
            for part in [found.prior.first(), found.prior.second()] {
                assert!(part.shape > 0.0 && part.shape <= END && part.rate > 0.0 && part.rate <= END);
            }
            assert!(found.prior.share() > 0.0 && found.prior.share() < 1.0);
        }
        assert_eq!(fit([], &Fitting::default()), None);
        assert_eq!(fit([(0, 1.0), (3, 0.0), (3, f64::NAN)], &Fitting::default()), None);
        assert_eq!(fit([(3, 1.0)], &Fitting { starts: Vec::new(), ..Fitting::default() }), None);
    }

    #[test]
    fn zeros_count_when_nothing_is_truncated() {
        let pairs: Vec<_> = (0..400).map(|at| (u64::from(at % 4 == 0), 0.25)).collect();
        let found = fit(pairs, &Fitting { least_count: None, ..Fitting::default() }).unwrap();
        let law = NegativeBinomial::new(
            found.prior.second().shape / found.prior.second().rate * 0.25,
            found.prior.second().shape,
        );
        let other = NegativeBinomial::new(
            found.prior.first().shape / found.prior.first().rate * 0.25,
            found.prior.first().shape,
        );
        let zero = found.prior.share() * other.pmf(0) + (1.0 - found.prior.share()) * law.pmf(0);
        assert!((zero - 0.75).abs() < 0.03, "{zero} {found:?}");
    }
}
