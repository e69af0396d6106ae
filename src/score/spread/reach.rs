//! Does one region hold the excess, or does it fall across the country? Two models of where it lies, weighed against one another
//! (decision 0013).
//!
//! In: placed events and their expectation by province, zones, the criteria. Out: the probability of each model given the events, the
//! likeliest region. Not here: what level follows, and whether anything has risen at all: how many events there are is given.
//!
//! Counts of a province are Poisson(usual) + Poisson(x), x its part of the excess. Across the country the parts are Dirichlet with mean
//! as the exposure and a concentration: large ones fall evenly, small ones in a few provinces anywhere. In one region they are Dirichlet
//! over its provinces alone, each of which is worth as much (the more of them, the more evenly they must be hit, else a smaller region
//! would tell it better), and everywhere else only the share is found that is always written to a wrong place. A Dirichlet share of a
//! Gamma total is a Gamma part, so that a province's count is the sum of a Poisson and a negative binomial one, and the likelihood given
//! the total is the product over provinces over that of the total. Zones of one, two, three and more provinces have a quarter of the prior
//! each, whatever their number: a region is no likelier for being drawn in many ways (Occam's factor; Neill, Moore & Cooper 2006, "A
//! Bayesian spatial scan statistic", which conditions on rates as we do on the total).

use std::collections::BTreeSet;

use super::field::Field;
use crate::score::criteria::SpreadCriteria;
use crate::score::methods::scan::Zones;
use crate::score::numeric::special::ln_poisson_term;
use crate::score::numeric::{Discrete, NegativeBinomial};

/// Least expectation of a province: nothing is impossible.
const LEAST_EXPECTED: f64 = 1e-9;
/// Least excess that is looked for, events.
const LEAST_EXCESS: f64 = 1.0;
/// Classes of zones: of one, two, three, and more provinces.
const CLASSES: usize = 4;
/// Deviations of the usual events, and events beside them, beyond which terms of a sum are left out.
const DEVIATIONS: f64 = 10.0;
const BESIDE: f64 = 20.0;
/// Least probability that is told, and its complement the largest: beyond it two models say nothing of the world.
const LEAST_TOLD: f64 = 0.001;
/// A running sum is scaled down from here.
const SCALE_FROM: f64 = 1e200;

/// What the placed events say of where their excess lies.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Reach {
    /// Newest weeks that were looked at: those in which all places together have risen most.
    pub(super) weeks: usize,
    /// Probability that one region holds the excess, given the events; one half beforehand.
    pub(super) one_region: f64,
    /// Probability that it falls as evenly as the largest concentration says, and not as patchily as the smallest, given that it falls
    /// across the country; one half beforehand.
    pub(super) even: f64,
    /// Positions of the provinces of the likeliest region.
    pub(super) members: Vec<usize>,
}

/// Weighs the models; none without placed events, a zone, or a concentration.
pub(super) fn weigh(field: &Field, zones: &Zones, criteria: &SpreadCriteria) -> Option<Reach> {
    let (weeks, counts, usual) = newest(field);
    let model = Model::new(&counts, &usual, &field.shares, criteria.misplaced_share)?;
    let across: Vec<f64> = criteria.wide_concentrations.iter().map(|worth| model.across(*worth)).collect();
    let (patchy, even) = (
        least_of(&criteria.wide_concentrations).map(|at| across[at])?,
        least_of(&criteria.wide_concentrations.iter().map(|worth| -worth).collect::<Vec<_>>()).map(|at| across[at])?,
    );
    let classes = classes(zones, &field.shares, criteria.cluster_exposure_max);
    let filled = classes.iter().filter(|class| !class.is_empty()).count() as f64;
    // Of zones with one, two, … provinces, by concentration: each province is worth as much.
    let largest = classes.iter().flatten().map(Vec::len).max()?;
    let worths: Vec<Vec<(f64, f64)>> = (0..=largest)
        .map(|provinces| {
            let worths = criteria.region_concentrations.iter().map(|worth| worth * provinces.max(1) as f64);
            worths.map(|worth| (worth, model.total_within(worth))).collect()
        })
        .collect();
    let mut within: Vec<(f64, &Vec<usize>)> = Vec::new();
    for class in &classes {
        for zone in class {
            let each = worths[zone.len()].iter().map(|(worth, total)| model.within(zone, *worth) - total);
            within.push((ln_mean(&each.collect::<Vec<_>>()) - (class.len() as f64 * filled).ln(), zone));
        }
    }
    let (_, members) = within.iter().max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.cmp(a.1)))?;
    let region = ln_sum(&within.iter().map(|(ln, _)| *ln).collect::<Vec<_>>());
    Some(Reach {
        weeks,
        one_region: odds(region - ln_mean(&across)),
        even: odds(even - patchy),
        members: (*members).clone(),
    })
}

/// The newest weeks in which all places together exceed their expectation by most (likelihood ratio, expectation-based), with counts and
/// expectations by province; the whole window where nothing exceeds.
fn newest(field: &Field) -> (usize, Vec<u64>, Vec<f64>) {
    let of = |weeks: usize| -> (Vec<u64>, Vec<f64>) {
        let from = field.weeks - weeks;
        (
            field.counts.chunks(field.weeks).map(|row| row[from..].iter().sum()).collect(),
            field.expected.chunks(field.weeks).map(|row| row[from..].iter().sum()).collect(),
        )
    };
    let ratio = |weeks: usize| {
        let (counts, usual) = of(weeks);
        let (events, mean) = (counts.iter().sum::<u64>() as f64, usual.iter().sum::<f64>().max(LEAST_EXPECTED));
        if events > mean { events * (events / mean).ln() - (events - mean) } else { 0.0 }
    };
    let mut best = (field.weeks, 0.0);
    for weeks in 1..=field.weeks {
        let found = ratio(weeks);
        if found > best.1 {
            best = (weeks, found);
        }
    }
    let (counts, usual) = of(best.0);
    (best.0, counts, usual)
}

/// Zones with at most `share_max` of the exposure, each once, by number of provinces.
fn classes(zones: &Zones, shares: &[f64], share_max: f64) -> Vec<Vec<Vec<usize>>> {
    let mut classes = vec![BTreeSet::new(); CLASSES];
    for zone in 0..zones.len() {
        let mut members: Vec<usize> = zones.members(zone).iter().map(|member| *member as usize).collect();
        members.sort_unstable();
        let share: f64 = members.iter().map(|at| shares[*at]).sum();
        if share > 0.0 && share <= share_max {
            classes[members.len().min(CLASSES) - 1].insert(members);
        }
    }
    classes.into_iter().map(|class| class.into_iter().collect()).collect()
}

/// Counts, what is usual, and how much is not.
struct Model<'a> {
    counts: &'a [u64],
    usual: &'a [f64],
    shares: &'a [f64],
    events: u64,
    mean: f64,
    excess: f64,
    /// Excess that is written to a wrong place.
    misplaced: f64,
    /// Log likelihood of each province that has no part in the excess but what is misplaced.
    outside: Vec<f64>,
}

impl<'a> Model<'a> {
    fn new(counts: &'a [u64], usual: &'a [f64], shares: &'a [f64], misplaced_share: f64) -> Option<Self> {
        let (events, mean) = (counts.iter().sum::<u64>(), usual.iter().sum::<f64>());
        let excess = (events as f64 - mean).max(LEAST_EXCESS);
        let misplaced = misplaced_share * excess;
        let mut model = Self { counts, usual, shares, events, mean, excess, misplaced, outside: Vec::new() };
        model.outside =
            (0..counts.len()).map(|at| ln_poisson_term(counts[at] as f64, model.usual_outside(at))).collect();
        (events > 0).then_some(model)
    }

    fn usual_outside(&self, at: usize) -> f64 {
        (self.usual[at] + self.misplaced * self.shares[at]).max(LEAST_EXPECTED)
    }

    /// Log likelihood, given the total, of an excess across the country whose parts are worth `worth` events of the exposure.
    fn across(&self, worth: f64) -> f64 {
        let each = (0..self.counts.len()).map(|at| {
            let share = self.shares[at];
            ln_both(self.counts[at], self.usual[at].max(LEAST_EXPECTED), self.excess * share, worth * share)
        });
        each.sum::<f64>() - ln_both(self.events, self.mean.max(LEAST_EXPECTED), self.excess, worth)
    }

    /// Log likelihood of an excess within a zone.
    fn within(&self, zone: &[usize], worth: f64) -> f64 {
        let all: f64 = zone.iter().map(|at| self.shares[*at]).sum();
        let excess = self.excess - self.misplaced;
        let inside = zone.iter().map(|at| {
            let share = self.shares[*at] / all;
            ln_both(self.counts[*at], self.usual_outside(*at), excess * share, worth * share) - self.outside[*at]
        });
        self.outside.iter().sum::<f64>() + inside.sum::<f64>()
    }

    /// Log likelihood of the total where the excess is within a zone.
    fn total_within(&self, worth: f64) -> f64 {
        let usual = (self.mean + self.misplaced).max(LEAST_EXPECTED);
        ln_both(self.events, usual, self.excess - self.misplaced, worth)
    }
}

/// `ln P(A + B = count)`, A Poisson of mean `usual` > 0, B negative binomial of a mean and a size. Terms in which A is ten deviations
/// from its mean are left out.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "bounded below by 0, above by the count")]
fn ln_both(count: u64, usual: f64, mean: f64, size: f64) -> f64 {
    if mean <= 0.0 || size <= 0.0 {
        return ln_poisson_term(count as f64, usual);
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

/// Where the least of some numbers stands, the first when equal.
fn least_of(numbers: &[f64]) -> Option<usize> {
    (0..numbers.len()).min_by(|a, b| numbers[*a].total_cmp(&numbers[*b]))
}

/// ln Σ exp.
fn ln_sum(lns: &[f64]) -> f64 {
    let most = lns.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    if most.is_finite() { most + lns.iter().map(|ln| (ln - most).exp()).sum::<f64>().ln() } else { most }
}

/// ln of the mean of exp.
fn ln_mean(lns: &[f64]) -> f64 {
    ln_sum(lns) - (lns.len() as f64).ln()
}

/// Probability of log odds.
fn odds(ln: f64) -> f64 {
    (1.0 / (1.0 + (-ln).exp())).clamp(LEAST_TOLD, 1.0 - LEAST_TOLD)
}

#[cfg(test)]
mod tests {
    use super::super::provinces;
    use super::*;
    use crate::score::criteria::shipped;
    use proptest::prelude::*;

    fn weighed(placed: &[(u32, u32)], expected: f64) -> Reach {
        let field = Field::new(placed.iter().copied(), &[expected / 8.0; 8], provinces::shares(|_| 0, 1.0));
        let criteria = shipped().spread;
        let (zones, _) = provinces::zones(&field.shares, criteria.cluster_exposure_max, &[]);
        weigh(&field, &zones, &criteria).expect("events and zones")
    }

    fn codes(reach: &Reach) -> Vec<u32> {
        reach.members.iter().filter_map(|at| provinces::region(*at)).map(|region| region.number() / 10_000).collect()
    }

    fn times(code: u32, n: u32) -> impl Iterator<Item = (u32, u32)> {
        (0..n).map(move |at| (code, at % 20))
    }

    #[test]
    fn a_region_among_everyday_events_is_found() {
        // Eleven in two neighbours, and thirteen where some nine are usual.
        let everyday = [22, 23, 31, 32, 32, 34, 35, 41, 41, 43, 44, 51, 53];
        let placed: Vec<(u32, u32)> = times(36, 8)
            .chain(times(33, 3))
            .chain(everyday.iter().zip(0..).map(|(code, at)| (*code, at * 4)))
            .collect();
        let reach = weighed(&placed, 8.6);
        assert!(reach.one_region > 0.5, "{reach:?}");
        assert_eq!(codes(&reach), [33, 36]);
    }

    #[test]
    fn far_provinces_are_no_region_however_large_the_circle() {
        let placed: Vec<(u32, u32)> =
            times(51, 7).chain(times(62, 3)).chain(times(13, 4)).chain(times(45, 1)).collect();
        let reach = weighed(&placed, 2.0);
        assert!(reach.one_region < 0.5 && reach.even < 0.5, "{reach:?}");
    }

    #[test]
    fn what_falls_as_people_live_is_even_and_no_region() {
        let country = [44, 37, 41, 51, 32, 13, 43, 34, 42, 33, 45, 53, 36, 21, 61, 35, 44, 37, 41, 51];
        let placed: Vec<(u32, u32)> = country.iter().map(|code| (*code, 3)).collect();
        let reach = weighed(&placed, 0.5);
        assert!(reach.one_region < 0.05 && reach.even > 0.9, "{reach:?}");
        assert_eq!(reach.weeks, 1);
    }

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
        fn probabilities_are_probabilities_and_do_not_depend_on_the_order(
            placed in prop::collection::vec((0..provinces::COUNT, 0_u32..56), 1..40), expected in 0.0_f64..30.0
        ) {
            let code = |at: usize| provinces::region(at).map_or(0, |region| region.number() / 10_000);
            let placed: Vec<(u32, u32)> = placed.iter().map(|(at, age)| (code(*at), *age)).collect();
            let turned: Vec<(u32, u32)> = placed.iter().rev().copied().collect();
            let reach = weighed(&placed, expected);
            prop_assert!((0.0..=1.0).contains(&reach.one_region) && (0.0..=1.0).contains(&reach.even));
            prop_assert!(!reach.members.is_empty() && (1..=8).contains(&reach.weeks));
            prop_assert_eq!(reach, weighed(&turned, expected));
        }
    }
}
