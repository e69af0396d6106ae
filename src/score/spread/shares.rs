//! Events of the spread window by brand and by province: the shares and effective numbers of section 8.
//!
//! In: brand and province of every event, 0 where none is known. Out: counts, shares, `D_b`. Not here: expectations, the level.

use std::collections::{BTreeMap, BTreeSet};

/// Events by brand and by province, 0 where none is known.
#[derive(Debug, Clone, Default)]
pub(crate) struct Shares {
    brands: BTreeMap<u32, u64>,
    provinces: BTreeMap<u32, u64>,
    events: u64,
    /// Events by province and named brand: how many brands meet there.
    brands_at: BTreeMap<(u32, u32), u64>,
}

impl Shares {
    /// One event of a brand (0 = unknown) in a province of two digits (0 = unknown).
    pub(crate) fn add(&mut self, brand: u32, province: u32) {
        self.events += 1;
        *self.brands.entry(brand).or_default() += 1;
        *self.provinces.entry(province).or_default() += 1;
        if brand > 0 {
            *self.brands_at.entry((province, brand)).or_default() += 1;
        }
    }

    /// The most frequent brand; the first seen when equal.
    pub(crate) fn top_brand(&self) -> Option<(u32, u64)> {
        top(&self.brands)
    }

    /// The province with most events; the lower code when equal.
    pub(crate) fn top_province(&self) -> Option<(u32, u64)> {
        top(&self.provinces)
    }

    /// Share of all events that the top brand carries.
    pub(crate) fn top_brand_share(&self) -> f64 {
        self.top_brand().map_or(0.0, |(_, events)| events as f64 / self.events as f64)
    }

    /// Share of placed events that the top province carries.
    pub(crate) fn top_province_share(&self) -> f64 {
        self.top_province().map_or(0.0, |(_, events)| events as f64 / known(&self.provinces) as f64)
    }

    /// Share of events that name no place.
    pub(crate) fn unknown_region_share(&self) -> f64 {
        unknown_share(&self.provinces)
    }

    /// Share of events that name no brand.
    pub(super) fn unknown_brand_share(&self) -> f64 {
        unknown_share(&self.brands)
    }

    /// All events.
    pub(super) fn events(&self) -> u64 {
        self.events
    }

    /// Named brands with their events, by number.
    pub(crate) fn named(&self) -> impl Iterator<Item = (u32, u64)> + '_ {
        self.brands.iter().filter(|(name, _)| **name > 0).map(|(name, events)| (*name, *events))
    }

    /// Events that name a brand.
    pub(super) fn named_events(&self) -> u64 {
        known(&self.brands)
    }

    /// Distinct brands, and provinces, that are named.
    pub(super) fn distinct(&self) -> (u64, u64) {
        (distinct(&self.brands), distinct(&self.provinces))
    }

    /// Effective numbers `1/Σ share²` of brands and provinces.
    pub(super) fn effective(&self) -> (f64, f64) {
        (effective(&self.brands), effective(&self.provinces))
    }

    /// Events in these provinces (two digits), and distinct brands that they name.
    pub(super) fn within(&self, provinces: &[u32]) -> (u64, usize) {
        let events = provinces.iter().filter_map(|province| self.provinces.get(province)).sum();
        let inside = |province: &u32| self.brands_at.range((*province, 1)..=(*province, u32::MAX));
        let brands: BTreeSet<u32> = provinces.iter().flat_map(inside).map(|((_, brand), _)| *brand).collect();
        (events, brands.len())
    }

    /// Share of the events in these provinces (two digits) that hang together: provinces that share a brand are one matter, those that
    /// share none may be two. 1 for a single province, 0 without events.
    pub(super) fn joint_share(&self, provinces: &[u32]) -> f64 {
        let brands =
            |province: u32| self.brands_at.range((province, 1)..=(province, u32::MAX)).map(|((_, brand), _)| *brand);
        let events = |province: &u32| self.provinces.get(province).copied().unwrap_or(0);
        let mut left: BTreeSet<u32> = provinces.iter().copied().filter(|province| events(province) > 0).collect();
        let all: u64 = left.iter().map(events).sum();
        let mut most = 0;
        while let Some(first) = left.pop_first() {
            let (mut joint, mut known) = (events(&first), brands(first).collect::<BTreeSet<u32>>());
            while let Some(next) = left.iter().copied().find(|other| brands(*other).any(|brand| known.contains(&brand)))
            {
                left.remove(&next);
                joint += events(&next);
                known.extend(brands(next));
            }
            most = most.max(joint);
        }
        if all > 0 { most as f64 / all as f64 } else { 0.0 }
    }

    /// The same with the brands of other matters counted in: what a shared cause has done in several categories.
    pub(super) fn pooled(&self, others: &BTreeMap<u32, u64>) -> Self {
        let mut pooled = self.clone();
        for (brand, events) in others {
            *pooled.brands.entry(*brand).or_default() += events;
        }
        pooled
    }

    /// `D_b` without the bias of few events, `n(n−1)/Σ n_b(n_b−1)` (Simpson's index of pairs drawn without replacement), at most the
    /// number of named brands; 0 when none is named.
    pub(super) fn effective_brands_unbiased(&self) -> f64 {
        let n = self.named_events() as f64;
        let pairs: f64 = self.named().map(|(_, events)| events as f64 * (events as f64 - 1.0)).sum();
        let brands = distinct(&self.brands) as f64;
        if pairs > 0.0 { (n * (n - 1.0) / pairs).min(brands) } else { brands }
    }
}

fn top(counts: &BTreeMap<u32, u64>) -> Option<(u32, u64)> {
    let named = counts.iter().filter(|(name, _)| **name > 0);
    named.max_by_key(|(name, events)| (**events, std::cmp::Reverse(**name))).map(|(name, events)| (*name, *events))
}

fn known(counts: &BTreeMap<u32, u64>) -> u64 {
    counts.iter().filter(|(name, _)| **name > 0).map(|(_, events)| events).sum()
}

fn distinct(counts: &BTreeMap<u32, u64>) -> u64 {
    counts.keys().filter(|name| **name > 0).count() as u64
}

/// `1/Σ share²`, 0 when nothing is known.
fn effective(counts: &BTreeMap<u32, u64>) -> f64 {
    let total = known(counts) as f64;
    let squares: f64 =
        counts.iter().filter(|(name, _)| **name > 0).map(|(_, events)| (*events as f64 / total).powi(2)).sum();
    if total > 0.0 { 1.0 / squares } else { 0.0 }
}

fn unknown_share(counts: &BTreeMap<u32, u64>) -> f64 {
    let total: u64 = counts.values().sum();
    if total == 0 { 1.0 } else { counts.get(&0).copied().unwrap_or(0) as f64 / total as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shares(events: &[(u32, u32)]) -> Shares {
        let mut shares = Shares::default();
        for (brand, province) in events {
            shares.add(*brand, *province);
        }
        shares
    }

    #[test]
    fn provinces_hang_together_by_the_brands_they_share() {
        let apart = shares(&[(1, 33), (1, 33), (2, 44), (2, 44)]);
        assert!((apart.joint_share(&[33, 44, 51]) - 0.5).abs() < 1e-12);
        assert!((apart.joint_share(&[33]) - 1.0).abs() < 1e-12 && apart.joint_share(&[51]) == 0.0);
        let chained = shares(&[(1, 33), (2, 33), (2, 35), (3, 35), (3, 44), (0, 44)]);
        assert!((chained.joint_share(&[33, 35, 44]) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn effective_brands_are_free_of_the_bias_of_few_events() {
        let even = shares(&[
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (1, 0),
            (2, 0),
            (2, 0),
            (2, 0),
            (2, 0),
            (3, 0),
            (3, 0),
            (3, 0),
            (3, 0),
        ]);
        assert!(even.effective().0 < 3.0 && (even.effective_brands_unbiased() - 3.0).abs() < 1e-12);
        let one = shares(&[(1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (1, 0), (2, 0)]);
        assert!(one.effective_brands_unbiased() < 1.5);
        assert!(shares(&[]).effective_brands_unbiased() == 0.0 && shares(&[(0, 1)]).effective_brands_unbiased() == 0.0);
    }
}
