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

use super::excess::{Counts, ln_both};
use super::field::Field;
use super::provinces;
use crate::criteria::SpreadCriteria;
use methods::scan::Zones;
use numeric::special::ln_poisson_term;

/// Least expectation of a province: nothing is impossible.
const LEAST_EXPECTED: f64 = 1e-9;
/// Least excess that is looked for, events.
const LEAST_EXCESS: f64 = 1.0;
/// Classes of zones: of one, two, three, and more provinces.
const CLASSES: usize = 4;
/// Least probability that is shown, and its complement the largest: beyond it two models say nothing of the world.
const LEAST_TOLD: f64 = 0.001;

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
    // Each province is worth as much: regions with as many of them have the same terms.
    let mut within: Vec<(f64, Region)> = Vec::new();
    let mut each = Vec::with_capacity(criteria.region_concentrations.len());
    for class in &classes {
        let prior = (class.len() as f64 * filled).ln();
        for alike in class.chunk_by(|a, b| a.len() == b.len()) {
            let worths = criteria.region_concentrations.iter().map(|worth| worth * alike[0].len() as f64);
            let inside: Vec<Inside> = worths.map(|worth| model.inside(worth)).collect();
            for region in alike {
                each.clear();
                each.extend(inside.iter().map(|inside| model.within(*region, inside)));
                within.push((ln_mean(&each) - prior, *region));
            }
        }
    }
    let (_, likeliest) =
        within.iter().max_by(|a, b| a.0.total_cmp(&b.0).then_with(|| b.1.members().cmp(a.1.members())))?;
    let region = ln_sum(&within.iter().map(|(ln, _)| *ln).collect::<Vec<_>>());
    Some(Reach {
        weeks,
        one_region: odds(region - ln_mean(&across)),
        even: odds(even - patchy),
        members: likeliest.members().collect(),
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

/// Provinces of a zone: the bits of their positions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Region(u64);

const _: () = assert!(provinces::COUNT <= u64::BITS as usize, "a bit for each province");

impl Region {
    fn of(members: impl Iterator<Item = usize>) -> Self {
        Self(members.fold(0, |bits, at| bits | 1 << at))
    }

    /// Number of provinces.
    fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Their positions, in order.
    fn members(self) -> impl Iterator<Item = usize> {
        let next = |rest: &u64| Some(rest & (rest - 1)).filter(|rest| *rest > 0);
        std::iter::successors(Some(self.0).filter(|bits| *bits > 0), next).map(|rest| rest.trailing_zeros() as usize)
    }

    /// Those that are in both.
    fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Sum over its provinces.
    fn sum(self, of: &[f64]) -> f64 {
        self.members().map(|at| of[at]).sum()
    }
}

/// Zones with at most `share_max` of the exposure, each once, by number of provinces, also within a class.
fn classes(zones: &Zones, shares: &[f64], share_max: f64) -> Vec<Vec<Region>> {
    let mut classes = vec![Vec::new(); CLASSES];
    for zone in 0..zones.len() {
        let region = Region::of(zones.members(zone).iter().map(|member| *member as usize));
        let share = region.sum(shares);
        if share > 0.0 && share <= share_max {
            classes[region.len().min(CLASSES) - 1].push(region);
        }
    }
    for class in &mut classes {
        class.sort_unstable_by_key(|region| (region.len(), *region));
        class.dedup();
    }
    classes
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
    /// Log likelihood of each province that has no part in the excess but what is misplaced, and of all of them together.
    outside: Vec<f64>,
    all_outside: f64,
    /// Provinces with an event.
    hit: Region,
    tabulated: Counts,
}

/// What the likelihoods of all regions whose excess is worth as much have in common.
struct Inside {
    worth: f64,
    /// How many times as likely each further event of the excess is, below 1.
    stay: f64,
    /// Terms of the sums of each province.
    terms: Vec<Vec<f64>>,
    /// Log likelihood of the total, and that there is no event of the excess.
    total: f64,
    none: f64,
}

impl<'a> Model<'a> {
    fn new(counts: &'a [u64], usual: &'a [f64], shares: &'a [f64], misplaced_share: f64) -> Option<Self> {
        let (events, mean) = (counts.iter().sum::<u64>(), usual.iter().sum::<f64>());
        let excess = (events as f64 - mean).max(LEAST_EXCESS);
        let misplaced = misplaced_share * excess;
        let hit = Region::of((0..counts.len()).filter(|at| counts[*at] > 0));
        let usual_outside = |at: usize| (usual[at] + misplaced * shares[at]).max(LEAST_EXPECTED);
        let outside: Vec<f64> =
            (0..counts.len()).map(|at| ln_poisson_term(counts[at] as f64, usual_outside(at))).collect();
        let (all_outside, tabulated) = (outside.iter().sum(), Counts::new(counts, usual_outside));
        let model =
            Self { counts, usual, shares, events, mean, excess, misplaced, outside, all_outside, hit, tabulated };
        (events > 0).then_some(model)
    }

    /// Log likelihood, given the total, of an excess across the country whose parts are worth `worth` events of the exposure.
    fn across(&self, worth: f64) -> f64 {
        let each = (0..self.counts.len()).map(|at| {
            let share = self.shares[at];
            ln_both(self.counts[at], self.usual[at].max(LEAST_EXPECTED), self.excess * share, worth * share)
        });
        each.sum::<f64>() - ln_both(self.events, self.mean.max(LEAST_EXPECTED), self.excess, worth)
    }

    /// What does not hang on the region of an excess whose parts are worth `worth` events of the exposure.
    fn inside(&self, worth: f64) -> Inside {
        let excess = self.excess - self.misplaced;
        let stay = excess / (excess + worth);
        let usual = (self.mean + self.misplaced).max(LEAST_EXPECTED);
        Inside {
            worth,
            stay,
            terms: self.tabulated.terms(stay),
            total: ln_both(self.events, usual, excess, worth),
            none: -worth * (excess / worth).ln_1p(),
        }
    }

    /// Log likelihood, given the total, of an excess within a region. The chances that no event of it falls on each of its provinces are
    /// that of none at all together, however it is shared out; provinces without an event need no more.
    fn within(&self, region: Region, Inside { worth, stay, terms, total, none }: &Inside) -> f64 {
        let each = worth / region.sum(self.shares);
        let hit = region.and(self.hit).members();
        let inside = hit.map(|at| self.tabulated.ln(at, &terms[at], *stay, each * self.shares[at]) - self.outside[at]);
        self.all_outside + inside.sum::<f64>() + none - total
    }
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
    use super::*;
    use crate::criteria::shipped;
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
    fn a_region_names_its_provinces_in_order() {
        let region = Region::of([33, 0, 7].into_iter());
        assert_eq!((region.members().collect::<Vec<_>>(), region.len()), (vec![0, 7, 33], 3));
        assert_eq!(Region::of(std::iter::empty()).members().count(), 0);
    }

    #[test]
    fn provinces_without_an_event_are_summed_as_they_are_one_by_one() {
        let (mut counts, usual, shares) =
            (vec![0; provinces::COUNT], vec![0.2; provinces::COUNT], provinces::shares(|_| 0, 1.0));
        (counts[3], counts[9], counts[20]) = (4, 1, 2);
        let model = Model::new(&counts, &usual, &shares, 0.05).expect("events");
        let members = [3, 4, 5, 9, 30];
        let all: f64 = members.iter().map(|at| shares[*at]).sum();
        for worth in [0.5, 4.0, 60.0] {
            let part = |at: &usize| {
                let share = shares[*at] / all;
                let usual = usual[*at] + model.misplaced * shares[*at];
                ln_both(counts[*at], usual, (model.excess - model.misplaced) * share, worth * share)
                    - model.outside[*at]
            };
            let slow = model.outside.iter().sum::<f64>() + members.iter().map(part).sum::<f64>();
            let inside = model.inside(worth);
            let fast = model.within(Region::of(members.into_iter()), &inside) + inside.total;
            assert!((fast - slow).abs() < 1e-10, "{fast} {slow}");
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
