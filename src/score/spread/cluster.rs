//! The most likely cluster: an expectation-based Poisson scan over zones × last weeks (scoring methods, section 4).
//!
//! In: counts and expectations by location and week, a family of zones. Out: the zone, its likelihood ratio, the chance of one as strong
//! on a quiet map, the recurrence interval. Not here: what level follows.
//!
//! The quiet map has a common rate that is itself known only as well as the baseline tells: the total of a replica is negative binomial
//! and falls on the cells by their expectation. With a known rate that is the independent Poisson law of every cell.

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;

use super::field::Field;
use super::provinces;
use methods::scan::{Found, Null, Scan, Statistic, Window, Zones, combined_p_value, p_value, recurrence_interval};
use methods::spacetime_scan::most_likely;
use numeric::{Discrete, NegativeBinomial};
use vocabulary::ClusterTerms;

/// Smallest chance that is shown: a tail fitted to some hundred maxima says nothing of once in centuries.
const LEAST_P: f64 = 1e-5;

/// Most events that [`fewest`] counts up to: beyond, the bound is only looser.
const FEWEST_MAX: u64 = 100;

/// Replicas that are looked at first, and how many of them must exceed what was seen for it to be chance.
const LOOK_REPLICAS: usize = 39;
const ENOUGH_BEYOND: usize = 4;

/// How a scan is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Settings {
    /// Fewest events for a scan.
    pub(super) min_events: u64,
    /// Largest share of the exposure in a zone.
    pub(super) share_max: f64,
    /// Replicas at most.
    pub(super) replicas: u32,
    /// Replicas that are enough where a law can be fitted to their maxima.
    pub(super) fitted: u32,
    /// Recurrence interval in days from which a cluster holds.
    pub(super) recurrence_days: f64,
    /// Size of the law of the total.
    pub(super) size: f64,
    pub(super) seed: u64,
    /// Scans that are made of one matter: the chance of each is so many times as large (Bonferroni).
    pub(super) scans: u32,
}

/// A cluster with the locations it is made of.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Cluster {
    pub(super) terms: ClusterTerms,
    pub(super) members: Vec<usize>,
}

/// The most likely cluster of provinces among `zones` (the last of which have `names`), or the zone of exactly the `chosen` provinces in
/// its most likely weeks; its p-value is then a bound, since quiet maps are searched for any zone. They are drawn only where the cluster
/// `matters`. None when fewer events are placed than the settings ask for, or none is expected.
pub(super) fn of_provinces(
    field: &Field,
    (zones, names): (&Zones, &[&str]),
    settings: Settings,
    chosen: Option<&[usize]>,
    matters: bool,
) -> Option<Cluster> {
    if field.placed() < settings.min_events || field.expected_placed() <= 0.0 {
        return None;
    }
    let members = |zone: usize| -> Vec<usize> {
        let mut members: Vec<usize> = zones.members(zone).iter().map(|member| *member as usize).collect();
        if chosen.is_some() {
            members.sort_unstable();
        }
        members
    };
    let may =
        |zone: usize| chosen.is_none_or(|chosen| zones.members(zone).len() == chosen.len() && members(zone) == chosen);
    let (best, p) = scan(zones, field.weeks, &field.counts, &field.expected, settings, may, matters)?;
    let named = (best.zone + names.len()).checked_sub(zones.len()).and_then(|at| names.get(at));
    let members = members(best.zone);
    let regions = members.iter().filter_map(|at| provinces::region(*at)).collect();
    Some(Cluster { terms: terms(named.map(|name| (*name).to_owned()), regions, &best, p, settings), members })
}

/// The most likely single location of a table of named ones (platforms): `counts` and `expected` by location × weeks + week. Only those
/// with a share of the exposure up to the settings' are zones.
pub(super) fn of_named(
    names: &[String],
    weeks: usize,
    counts: &[u64],
    expected: &[f64],
    settings: Settings,
) -> Option<Cluster> {
    let all: f64 = expected.iter().sum();
    if names.len() < 2 || all <= 0.0 || counts.iter().sum::<u64>() < settings.min_events {
        return None;
    }
    let share = |at: usize| expected[at * weeks..(at + 1) * weeks].iter().sum::<f64>() / all;
    let small = |at: &usize| !names[*at].is_empty() && share(*at) > 0.0 && share(*at) <= settings.share_max;
    let sets: Vec<Vec<usize>> = (0..names.len()).filter(small).map(|at| vec![at]).collect();
    let zones = Zones::sets(names.len(), &sets).ok()?;
    let (best, p) = scan(&zones, weeks, counts, expected, settings, |_| true, true)?;
    let members: Vec<usize> = zones.members(best.zone).iter().map(|member| *member as usize).collect();
    let name = members.first().map(|at| names[*at].clone());
    Some(Cluster { terms: terms(name, Vec::new(), &best, p, settings), members })
}

/// The most likely cluster among zones of places: weeks, counts and expectations by place × weeks + week; `regions` of its members.
pub(super) fn of_places(
    zones: &Zones,
    (weeks, counts, expected): (usize, &[u64], &[f64]),
    settings: Settings,
    regions: impl Fn(&[usize]) -> Vec<vocabulary::RegionCode>,
) -> Option<ClusterTerms> {
    let (best, p) = scan(zones, weeks, counts, expected, settings, |_| true, true)?;
    let members: Vec<usize> = zones.members(best.zone).iter().map(|member| *member as usize).collect();
    Some(terms(None, regions(&members), &best, p, settings))
}

/// The most likely zone that `may` be it and its window, with a p-value where that `matters`. None where nothing exceeds its
/// expectation.
fn scan(
    zones: &Zones,
    weeks: usize,
    counts: &[u64],
    expected: &[f64],
    settings: Settings,
    may: impl Fn(usize) -> bool,
    matters: bool,
) -> Option<(Found, Option<f64>)> {
    if zones.is_empty() {
        return None;
    }
    let null = Null::scattered(expected, settings.size)?;
    let scan = Scan::new(zones, weeks, Window::trailing(weeks, weeks), Statistic::Expectation, expected);
    let counts: Vec<f64> = counts.iter().map(|count| *count as f64).collect();
    let best =
        *most_likely(&scan.foremost(&counts, may)).filter(|best| best.statistic > 0.0 && best.statistic.is_finite())?;
    if !matters {
        return Some((best, None));
    }
    let bound = bound(best.statistic, expected, settings.size);
    if bound <= LEAST_P {
        return Some((best, Some(of_all(LEAST_P, settings))));
    }
    let drawn = |replicas: usize| {
        remembered(zones, expected, settings, replicas, || scan.maxima(&null, replicas, settings.seed))
    };
    // What a few quiet maps already exceed needs no more of them (Besag & Clifford 1991).
    let all = settings.replicas as usize;
    let few = drawn(LOOK_REPLICAS.min(all));
    let beyond = few.iter().filter(|max| **max >= best.statistic).count();
    let enough = beyond >= ENOUGH_BEYOND || all <= LOOK_REPLICAS;
    // A law fitted to maps of which most are empty is an accident of the others: there the ranks speak, of all maps, and the bound.
    let fits = |maxima: &[f64]| maxima.get(maxima.len() / 2).is_some_and(|median| *median > 0.0);
    let mut maxima = if enough { few } else { drawn((settings.fitted as usize).min(all)) };
    if !enough && maxima.len() < all && !fits(&maxima) {
        maxima = drawn(all);
    }
    let p_value_of = if fits(&maxima) { combined_p_value } else { p_value };
    let p = p_value_of(&maxima, best.statistic);
    let p = p.min(bound).max(LEAST_P);
    Some((best, Some(of_all(p, settings))))
}

/// The chance of one of several scans of a matter.
fn of_all(p: f64, settings: Settings) -> f64 {
    (p * f64::from(settings.scans)).min(1.0)
}

/// Chance that a quiet map has events enough for a statistic this large, wherever they fall: a bound on the chance of such a cluster.
/// Where little is expected it says more than any number of replicas, most of which are empty.
fn bound(statistic: f64, expected: &[f64], size: f64) -> f64 {
    NegativeBinomial::new(expected.iter().sum(), size).upper(fewest(statistic, expected))
}

/// Fewest events whose statistic can be this large: all of them in the cell where least is expected.
fn fewest(statistic: f64, expected: &[f64]) -> u64 {
    let least = expected.iter().copied().filter(|mean| *mean > 0.0).fold(f64::INFINITY, f64::min);
    let reaches = |events: &u64| {
        let events = *events as f64;
        events > least && events * (events / least).ln() - (events - least) >= statistic * (1.0 - 1e-12)
    };
    (1..FEWEST_MAX).find(reaches).unwrap_or(FEWEST_MAX)
}

/// What the maxima of quiet maps depend on; what differs soonest comes first.
#[derive(PartialEq)]
struct Quiet {
    seed: u64,
    replicas: usize,
    size: u64,
    expected: Vec<u64>,
    zones: Zones,
}

/// Sets of maxima that are kept: a matter is looked at as a part, as a whole, and again for what would change it.
const REMEMBERED: usize = 8;

thread_local! {
    static MAXIMA: RefCell<VecDeque<(Quiet, Rc<[f64]>)>> = const { RefCell::new(VecDeque::new()) };
}

/// The maxima of these quiet maps, drawn once: they do not depend on what was seen.
fn remembered(
    zones: &Zones,
    expected: &[f64],
    settings: Settings,
    replicas: usize,
    draw: impl FnOnce() -> Vec<f64>,
) -> Rc<[f64]> {
    let quiet = Quiet {
        seed: settings.seed,
        replicas,
        size: settings.size.to_bits(),
        expected: expected.iter().map(|mean| mean.to_bits()).collect(),
        zones: zones.clone(),
    };
    let known =
        MAXIMA.with_borrow(|kept| kept.iter().find(|(known, _)| *known == quiet).map(|(_, maxima)| Rc::clone(maxima)));
    known.unwrap_or_else(|| {
        let maxima: Rc<[f64]> = draw().into();
        MAXIMA.with_borrow_mut(|kept| {
            kept.truncate(REMEMBERED - 1);
            kept.push_front((quiet, Rc::clone(&maxima)));
        });
        maxima
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
fn terms(
    zone: Option<String>,
    regions: Vec<vocabulary::RegionCode>,
    best: &Found,
    p: Option<f64>,
    settings: Settings,
) -> ClusterTerms {
    let recurrence_days = p.map(|p| recurrence_interval(1.0, p));
    ClusterTerms {
        zone,
        regions,
        weeks: u32::try_from(best.window.len()).unwrap_or(u32::MAX),
        events: best.observed as u64,
        expected: best.expected,
        llr: best.statistic,
        scanned: true,
        p,
        recurrence_days,
        held: recurrence_days.is_some_and(|days| days >= settings.recurrence_days),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SETTINGS: Settings = Settings {
        min_events: 3,
        share_max: 0.5,
        replicas: 999,
        fitted: 999,
        recurrence_days: 365.0,
        size: f64::INFINITY,
        seed: 7,
        scans: 1,
    };

    fn field(placed: &[(u32, u32)], weekly: f64) -> Field {
        Field::new(placed.iter().copied(), &[weekly; 8], provinces::shares(|_| 0, 1.0))
    }

    fn of(field: &Field, sets: &[(String, Vec<usize>)], settings: Settings) -> Option<Cluster> {
        let (zones, names) = provinces::zones(&field.shares, settings.share_max, sets);
        of_provinces(field, (&zones, &names), settings, None, true)
    }

    fn codes(cluster: &Cluster) -> Vec<u32> {
        let mut codes: Vec<u32> = cluster.terms.regions.iter().map(|region| region.number() / 10_000).collect();
        codes.sort_unstable();
        codes
    }

    #[test]
    fn one_province_is_found_in_its_weeks() {
        let placed: Vec<(u32, u32)> = (0..8).map(|age| (21, age)).chain([(44, 30), (51, 50)]).collect();
        let cluster = of(&field(&placed, 0.4), &[], SETTINGS).expect("a cluster");
        assert_eq!((codes(&cluster), cluster.terms.weeks, cluster.terms.events), (vec![21], 2, 8));
        assert!(cluster.terms.held && cluster.terms.p.expect("scanned") < 0.001, "{cluster:?}");
    }

    #[test]
    fn two_neighbours_are_joined_and_two_far_ones_are_not() {
        let at = |codes: [u32; 2]| -> Vec<(u32, u32)> { (0..10).map(|age| (codes[age as usize % 2], age)).collect() };
        let near = of(&field(&at([31, 33]), 0.4), &[], SETTINGS).expect("a cluster");
        assert_eq!(codes(&near), [31, 33]);
        let far = of(&field(&at([31, 65]), 0.4), &[], SETTINGS).expect("a cluster");
        assert_eq!(codes(&far).len(), 1, "{far:?}");
        let sets = [("一带".to_owned(), vec![8, 30])];
        let named = of(&field(&at([31, 65]), 0.4), &sets, SETTINGS).expect("a cluster");
        assert_eq!((codes(&named), named.terms.zone.as_deref()), (vec![31, 65], Some("一带")));
    }

    #[test]
    fn chance_does_not_hold() {
        // One event a week, where one a week is expected.
        let placed: Vec<(u32, u32)> =
            [44, 37, 41, 51, 32, 13, 43, 34].into_iter().zip((0..8).map(|week| week * 7)).collect();
        let cluster = of(&field(&placed, 1.0), &[], SETTINGS);
        assert!(cluster.is_none_or(|cluster| !cluster.terms.held));
    }

    #[test]
    fn few_events_and_zero_exposure_are_not_scanned() {
        assert_eq!(of(&field(&[(33, 1), (33, 2)], 0.1), &[], SETTINGS), None);
        assert_eq!(of(&field(&[(33, 1); 9], 0.0), &[], SETTINGS), None);
        assert_eq!(of_named(&["a".into()], 1, &[9], &[1.0], SETTINGS), None, "one platform only");
        assert_eq!(of_named(&["a".into(), "b".into()], 1, &[9, 0], &[0.0, 0.0], SETTINGS), None);
    }

    #[test]
    fn a_platform_that_rises_alone_is_found_and_what_is_no_platform_is_no_zone() {
        let names = [String::new(), "甲平台".to_owned(), "乙平台".to_owned()];
        let expected = [0.5, 0.5, 0.4, 0.4, 0.2, 0.2];
        let found = of_named(&names, 2, &[1, 0, 0, 9, 0, 1], &expected, SETTINGS).expect("a cluster");
        assert_eq!((found.terms.zone.as_deref(), found.terms.weeks, found.terms.held), (Some("甲平台"), 1, true));
        assert_eq!(of_named(&names, 2, &[0, 9, 0, 0, 0, 0], &expected, SETTINGS), None);
    }

    #[test]
    fn a_rate_that_is_hardly_known_makes_a_cluster_less_strange() {
        let placed: Vec<(u32, u32)> = (0..5).map(|age| (44, age)).collect();
        let p = |size: f64| {
            let settings = Settings { size, ..SETTINGS };
            of(&field(&placed, 1.5), &[], settings).and_then(|cluster| cluster.terms.p).expect("scanned")
        };
        assert!(p(0.5) > p(f64::INFINITY));
    }

    #[test]
    fn where_hardly_anything_is_expected_no_replica_is_needed() {
        // Four events in a cell, where one in ten thousand weeks is expected in the whole country: replicas are empty.
        let placed: Vec<(u32, u32)> = (0..4).map(|age| (44, age)).collect();
        let p = |weekly: f64| {
            let cluster = of(&field(&placed, weekly), &[], SETTINGS).expect("a cluster");
            cluster.terms.p.expect("scanned")
        };
        assert!(p(1e-4) <= LEAST_P && p(0.3) > LEAST_P, "{} {}", p(1e-4), p(0.3));
    }

    proptest! {
        #[test]
        fn a_quiet_map_passes_a_statistic_no_more_often_than_its_bound_says(
            weekly in 0.01_f64..0.3, size in prop_oneof![Just(f64::INFINITY), 0.5_f64..5.0], statistic in 1.0_f64..12.0,
        ) {
            let field = field(&[], weekly);
            let (zones, _) = provinces::zones(&field.shares, 0.5, &[]);
            let scan = Scan::new(&zones, 8, Window::trailing(8, 8), Statistic::Expectation, &field.expected);
            let maxima = scan.maxima(&Null::scattered(&field.expected, size).expect("a law"), 400, 3);
            let beyond = maxima.iter().filter(|max| **max >= statistic).count() as f64 / 400.0;
            let bound = bound(statistic, &field.expected, size);
            prop_assert!(beyond <= bound + 5.0 * (bound * (1.0 - bound) / 400.0).sqrt() + 1e-2, "{beyond} {bound}");
        }
    }

    #[test]
    fn the_answer_depends_on_seed_and_counts_alone() {
        let placed: Vec<(u32, u32)> = (0..6).map(|age| (44, age)).collect();
        let mut turned = placed.clone();
        turned.reverse();
        assert_eq!(of(&field(&placed, 0.6), &[], SETTINGS), of(&field(&turned, 0.6), &[], SETTINGS));
    }
}
