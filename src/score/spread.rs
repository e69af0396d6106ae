//! How wide (范围): isolated, regional, industry-wide or systemic. A first honest form of method 8: it asks what is left when the top
//! brand, or the top province, is taken away, and how many brands and provinces carry the events. The spatial scan, the heterogeneity
//! test and exposure by region come later; until then a systemic level rests on shares and tails alone.

use std::collections::BTreeMap;

use super::criteria::SpreadCriteria;
use crate::vocabulary::{RegionCode, Spread, SpreadTerms};

/// Events by brand and by province, 0 where none is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Shares {
    brands: BTreeMap<u32, u64>,
    provinces: BTreeMap<u32, u64>,
    events: u64,
    /// Events of the top province by brand: how many brands meet there.
    brands_at: BTreeMap<(u32, u32), u64>,
}

impl Shares {
    /// One event of a brand (0 = unknown) in a province of two digits (0 = unknown).
    pub(super) fn add(&mut self, brand: u32, province: u32) {
        self.events += 1;
        *self.brands.entry(brand).or_default() += 1;
        *self.provinces.entry(province).or_default() += 1;
        if brand > 0 {
            *self.brands_at.entry((province, brand)).or_default() += 1;
        }
    }

    /// The most frequent brand; the first seen when equal.
    pub(super) fn top_brand(&self) -> Option<(u32, u64)> {
        top(&self.brands)
    }

    /// The province with most events; the lower code when equal.
    pub(super) fn top_province(&self) -> Option<(u32, u64)> {
        top(&self.provinces)
    }

    /// Share of all events that the top brand carries.
    pub(super) fn top_brand_share(&self) -> f64 {
        self.top_brand().map_or(0.0, |(_, events)| events as f64 / self.events as f64)
    }

    /// Share of placed events that the top province carries.
    pub(super) fn top_province_share(&self) -> f64 {
        self.top_province().map_or(0.0, |(_, events)| events as f64 / known(&self.provinces) as f64)
    }

    /// Share of events that name no place.
    pub(super) fn unknown_region_share(&self) -> f64 {
        unknown_share(&self.provinces)
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

/// What the detector says about the whole, and about the whole without its top brand or top province.
#[derive(Debug, Clone, Copy)]
pub(super) struct Evidence {
    pub(super) crossed: bool,
    /// Whether the rest without the top brand is within the budget, with the slack of the criteria.
    pub(super) rest_in_budget: bool,
    pub(super) rate_ratio: f64,
    /// About one brand only: nothing can be left without it.
    pub(super) one_brand: bool,
    pub(super) without_top_brand: Option<f64>,
    pub(super) without_top_province: Option<f64>,
    pub(super) provinces_seen: u64,
}

/// Decides the level; what fills one province and leaves nothing unusual elsewhere is regional, however many brands meet there; then
/// systemic before industry-wide before company-wide before isolated.
pub(super) fn judge(
    shares: &Shares,
    brand_names: &[String],
    evidence: Evidence,
    criteria: &SpreadCriteria,
) -> (Spread, SpreadTerms) {
    let mut terms = SpreadTerms {
        brands: distinct(&shares.brands),
        effective_brands: effective(&shares.brands),
        top_brand: shares.top_brand().and_then(|(brand, _)| brand_names.get(brand as usize).cloned()),
        unknown_brand_share: unknown_share(&shares.brands),
        provinces: distinct(&shares.provinces),
        effective_provinces: effective(&shares.provinces),
        top_province: shares.top_province().and_then(|(province, _)| RegionCode::new(province * 10_000).ok()),
        top_province_share: shares.top_province_share(),
        unknown_region_share: unknown_share(&shares.provinces),
        p_without_top_brand: evidence.without_top_brand,
        p_without_top_province: evidence.without_top_province,
        company_wide: false,
        provisional: false,
        rule: String::new(),
    };
    let (spread, rule) = decide(shares, &mut terms, evidence, criteria);
    terms.rule = rule;
    (spread, terms)
}

fn decide(shares: &Shares, terms: &mut SpreadTerms, evidence: Evidence, criteria: &SpreadCriteria) -> (Spread, String) {
    let isolated = |rule: &str| (Spread::Isolated, rule.to_owned());
    if !evidence.crossed {
        return isolated("isolated.no_onset");
    }
    let least = f64::from(criteria.industry_brands);
    let many_brands = terms.brands as f64 >= least && terms.effective_brands >= least;
    let unusual_elsewhere = evidence.without_top_province.is_some_and(|p| p <= criteria.p_unusual);
    if let Some((province, events)) = shares.top_province() {
        let brands_there = shares.brands_at.range((province, 1)..=(province, u32::MAX)).count();
        let concentrated = terms.top_province_share >= criteria.dominant_share
            && terms.unknown_region_share <= criteria.unknown_share_max;
        let one_brand = evidence.one_brand || shares.top_brand_share() >= criteria.dominant_share;
        let several = events >= criteria.regional_events && (criteria.regional_one_brand || !one_brand);
        if concentrated && !unusual_elsewhere && (several || brands_there >= 2) {
            return (Spread::Regional, "regional".to_owned());
        }
    }
    if many_brands && evidence.rest_in_budget && !evidence.one_brand {
        terms.provisional = terms.unknown_brand_share > criteria.unknown_share_max;
        let wide = evidence.provinces_seen > 0
            && terms.provinces >= 2
            && terms.effective_provinces / evidence.provinces_seen as f64 >= criteria.systemic_province_share;
        if wide && unusual_elsewhere && evidence.rate_ratio >= criteria.systemic_rate_ratio {
            return (Spread::Systemic, format!("systemic.provinces_seen={}", evidence.provinces_seen));
        }
        return (Spread::Industry, "industry".to_owned());
    }
    let nothing_left = evidence.without_top_brand.is_none_or(|p| p > criteria.p_unusual);
    if terms.brands > 0 && nothing_left && terms.provinces >= 2 {
        terms.company_wide = true;
        return isolated("isolated.company_wide");
    }
    isolated("isolated")
}

#[cfg(test)]
mod tests {
    use super::super::criteria::shipped;
    use super::*;

    const STRONG: Evidence = Evidence {
        crossed: true,
        rest_in_budget: true,
        rate_ratio: 20.0,
        one_brand: false,
        without_top_brand: Some(1e-6),
        without_top_province: Some(1e-6),
        provinces_seen: 6,
    };

    fn level(events: &[(u32, u32)], evidence: Evidence) -> (Spread, SpreadTerms) {
        let mut shares = Shares::default();
        for (brand, province) in events {
            shares.add(*brand, *province);
        }
        let names: Vec<String> = ["", "甲", "乙", "丙", "丁"].map(str::to_owned).into();
        judge(&shares, &names, evidence, &shipped().spread)
    }

    #[test]
    fn several_brands_that_rise_without_their_top_brand_are_an_industry() {
        let events = [(1, 33), (2, 33), (3, 44), (4, 33)];
        let narrow = Evidence { provinces_seen: 30, ..STRONG };
        assert_eq!(level(&events, narrow).0, Spread::Industry);
    }

    #[test]
    fn an_industry_across_the_provinces_is_systemic() {
        let events = [(1, 33), (2, 44), (3, 11), (4, 51)];
        let (spread, terms) = level(&events, STRONG);
        assert_eq!((spread, terms.rule.as_str()), (Spread::Systemic, "systemic.provinces_seen=6"));
        assert!((terms.effective_provinces - 4.0).abs() < 1e-12);
        assert_eq!(level(&events, Evidence { rate_ratio: 1.2, ..STRONG }).0, Spread::Industry);
    }

    #[test]
    fn one_place_is_regional_and_one_company_in_many_places_is_isolated_but_flagged() {
        let at_home = Evidence { without_top_brand: Some(0.4), without_top_province: Some(0.4), ..STRONG };
        assert_eq!(level(&[(1, 33), (2, 33), (0, 33)], at_home).0, Spread::Regional);
        assert_eq!(level(&[(0, 33), (0, 33), (0, 33)], at_home).0, Spread::Regional);
        assert_eq!(level(&[(1, 33), (1, 33), (1, 33)], at_home).0, Spread::Isolated, "one company in one place");
        let (spread, terms) = level(&[(1, 33), (1, 44), (1, 51)], at_home);
        assert_eq!((spread, terms.company_wide), (Spread::Isolated, true));
    }

    #[test]
    fn many_brands_in_one_place_with_nothing_unusual_elsewhere_are_regional() {
        let events = [(1, 41), (2, 41), (3, 41), (1, 41), (4, 33)];
        let local = Evidence { without_top_province: Some(0.4), ..STRONG };
        assert_eq!(level(&events, local).0, Spread::Regional);
        assert_eq!(
            level(&events, Evidence { provinces_seen: 30, ..STRONG }).0,
            Spread::Industry,
            "it rises elsewhere too"
        );
    }

    #[test]
    fn without_an_onset_nothing_is_wide() {
        let quiet = Evidence { crossed: false, ..STRONG };
        let (spread, terms) = level(&[(1, 33), (2, 44), (3, 11), (4, 51)], quiet);
        assert_eq!((spread, terms.rule.as_str()), (Spread::Isolated, "isolated.no_onset"));
    }

    #[test]
    fn mostly_unknown_brands_make_an_industry_only_provisional() {
        let events = [(1, 33), (2, 33), (3, 33), (4, 33), (0, 33), (0, 33), (0, 33), (0, 33), (0, 33)];
        let (spread, terms) = level(&events, Evidence { provinces_seen: 30, ..STRONG });
        assert_eq!((spread, terms.provisional), (Spread::Industry, true));
    }

    #[test]
    fn mostly_unknown_places_are_never_called_regional() {
        let at_home = Evidence { without_top_brand: None, without_top_province: Some(0.4), ..STRONG };
        assert_eq!(level(&[(0, 33), (0, 33), (0, 33), (0, 0), (0, 0), (0, 0), (0, 0)], at_home).0, Spread::Isolated);
    }

    #[test]
    fn no_events_have_no_shares() {
        let (spread, terms) = level(&[], Evidence { crossed: false, ..STRONG });
        assert_eq!((spread, terms.brands, terms.effective_brands), (Spread::Isolated, 0, 0.0));
    }
}
