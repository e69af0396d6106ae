//! The numbers of the spread axis: how each is filled, and what is said of it.
//!
//! In: shares and evidence; for sentences, stored terms alone. Out: [`SpreadTerms`] and the sentence on them. Not here: the level.

use super::cluster::{self, Cluster, Settings};
use super::{Shares, SpreadCase, brands, prefectures, provinces, raised, reach};
use crate::criteria::Zone;
use crate::{common_cause, disproportion};
use vocabulary::{
    Cluster as ShownCluster, ClusterTerms, Place, RegionCode, Sentence, Spread, SpreadFinding, SpreadTerms, Variety,
    Zone as ShownZone,
};

/// The numbers that need no expectation.
pub(super) fn counted(shares: &Shares, brand_names: &[String]) -> SpreadTerms {
    let ((brands, provinces), (effective_brands, effective_provinces)) = (shares.distinct(), shares.effective());
    SpreadTerms {
        events: shares.events(),
        brands,
        effective_brands,
        effective_brands_unbiased: shares.effective_brands_unbiased(),
        top_brand: shares.top_brand().and_then(|(brand, _)| brand_names.get(brand as usize).cloned()),
        unknown_brand_share: shares.unknown_brand_share(),
        provinces,
        effective_provinces,
        top_province: shares.top_province().and_then(|(province, _)| RegionCode::new(province * 10_000).ok()),
        top_province_share: shares.top_province_share(),
        unknown_region_share: shares.unknown_region_share(),
        ..SpreadTerms::default()
    }
}

/// Placed events outside of a cluster.
struct Elsewhere {
    events: u64,
    expected: f64,
    p: f64,
}

impl SpreadCase<'_> {
    /// Fills in every number that rests on an expectation. `levels_only`: numbers that decide nothing are left out.
    pub(super) fn measure(&self, terms: &mut SpreadTerms, zones: &[Zone], one_brand: bool, levels_only: bool) {
        let Self { evidence, criteria, .. } = self;
        let field = &evidence.field;
        terms.p_national = Some(evidence.p_national);
        terms.rate_ratio = Some(evidence.rate_ratio);
        terms.p_without_top_brand = evidence.without_top_brand;
        terms.p_without_top_province = evidence.without_top_province;
        terms.expected_placed = field.expected_placed();
        terms.regions = field.terms();
        if !levels_only || self.evenness_decides() {
            terms.p_heterogeneity = field.heterogeneity(evidence.replicas, evidence.seed);
        }
        terms.effective_regions = (field.placed() > 0).then(|| field.effective_regions());
        terms.exposed_regions = if evidence.one_province { 1 } else { provinces::COUNT as u64 };
        let of_brand =
            |(brand, events): (u32, u64)| (events, evidence.brand_expected.get(&brand).copied().unwrap_or(0.0));
        terms.raised_brands = raised(self.shares, evidence, criteria).len() as u64;
        terms.brand_i2 = brands::i2(self.shares.named().map(of_brand));
        terms.shared = evidence.shared.as_ref().map(|shared| shared.terms.clone());

        let platforms = &evidence.platforms;
        // A rise of one company is not regional, wherever it is.
        let may = !one_brand || criteria.regional_one_brand;
        terms.scans = self.scans(may);
        let settings = Settings {
            min_events: criteria.scan_min_events,
            share_max: criteria.cluster_exposure_max,
            replicas: evidence.replicas,
            fitted: evidence.replicas,
            recurrence_days: criteria.cluster_recurrence_days,
            size: evidence.size,
            seed: evidence.seed,
            scans: terms.scans,
        };
        let found = if may {
            let settings = Settings { seed: !evidence.seed, ..settings };
            cluster::of_named(&platforms.names, field.weeks, &platforms.counts, &platforms.expected, settings)
        } else {
            None
        };
        terms.platform_cluster = found.map(|cluster| cluster.terms);
        let scanned = if evidence.one_province {
            None
        } else {
            let sets = sets(zones);
            let (zones, names) = provinces::zones(&field.shares, criteria.cluster_exposure_max, &sets);
            let reach = reach::weigh(field, &zones, criteria);
            terms.one_region_probability = reach.as_ref().map(|reach| reach.one_region);
            terms.even_probability = reach.as_ref().map(|reach| reach.even);
            terms.reach_weeks = reach.as_ref().map(|reach| u32::try_from(reach.weeks).unwrap_or(u32::MAX));
            let region = reach.filter(|reach| self.is_one_region(Some(reach.one_region))).map(|reach| reach.members);
            let decides = |members: &[usize]| may && self.names_several(members, true, terms.unknown_region_share);
            // The p-value of the cluster is only shown; where it lies decides.
            let matters = !levels_only && region.as_deref().is_some_and(decides);
            cluster::of_provinces(field, (&zones, &names), settings, region.as_deref(), matters)
        };
        let Some(cluster) = scanned.or_else(|| self.top_province_as_cluster()) else { return };
        terms.cluster_excess_share = field.excess_share(&cluster.members);
        terms.cluster_exposure_share = Some(field.exposure_share(&cluster.members));
        if !evidence.one_province {
            let elsewhere = self.elsewhere(&cluster.members);
            terms.events_without_cluster = Some(elsewhere.events);
            terms.expected_without_cluster = Some(elsewhere.expected);
            terms.p_without_cluster = Some(elsewhere.p);
        }
        terms.cluster = Some(cluster.terms);
    }

    /// Number of scans made of the part: of provinces, of platforms, of prefectures; at least 1.
    fn scans(&self, platforms_too: bool) -> u32 {
        let Self { evidence, criteria, .. } = self;
        let least = criteria.scan_min_events;
        let of_provinces = !evidence.one_province && evidence.field.placed() >= least;
        let counted: u64 = evidence.platforms.counts.iter().sum();
        let of_platforms = platforms_too && evidence.platforms.names.len() >= 2 && counted >= least;
        let of_prefectures = evidence.in_prefectures >= least;
        [of_provinces, of_platforms, of_prefectures].into_iter().map(u32::from).sum::<u32>().max(1)
    }

    /// Where no scan is made: the province with most events, over the whole window.
    fn top_province_as_cluster(&self) -> Option<Cluster> {
        let at = self.shares.top_province().and_then(|(province, _)| provinces::position(province))?;
        let (events, expected) =
            (self.evidence.field.by_province()[at], self.evidence.field.expected_by_province()[at]);
        let ratio = events as f64 / expected;
        let llr = if ratio.is_finite() && ratio > 1.0 {
            events as f64 * ratio.ln() - (events as f64 - expected)
        } else {
            0.0
        };
        let terms = ClusterTerms {
            zone: None,
            regions: provinces::region(at).into_iter().collect(),
            weeks: u32::try_from(self.evidence.field.weeks).unwrap_or(u32::MAX),
            events,
            expected,
            llr,
            scanned: false,
            p: None,
            recurrence_days: None,
            held: false,
        };
        Some(Cluster { terms, members: vec![at] })
    }

    /// Events outside of a cluster against their expectation; a share of the cluster's events is taken to be misplaced.
    fn elsewhere(&self, members: &[usize]) -> Elsewhere {
        let field = &self.evidence.field;
        let (counts, usual) = (field.by_province(), field.expected_by_province());
        let inside: u64 = members.iter().map(|at| counts[*at]).sum();
        let usual: f64 = members.iter().map(|at| usual[*at]).sum();
        let events = field.placed() - inside;
        let expected = (field.expected_placed() - usual).max(0.0) + self.criteria.misplaced_share * inside as f64;
        let p = self.mid_p(events, expected);
        Elsewhere { events, expected, p }
    }
}

/// Predefined zones as positions of provinces.
fn sets(zones: &[Zone]) -> Vec<(String, Vec<usize>)> {
    let positions = |zone: &Zone| {
        zone.provinces.iter().filter_map(|region| provinces::position(region.number() / 10_000)).collect()
    };
    zones.iter().map(|zone| (zone.name.clone(), positions(zone))).collect()
}

/// The sentence on how wide a part is. `spread`: its level.
pub(crate) fn sentence(spread: Spread, s: &SpreadTerms) -> Sentence {
    let mut findings = findings(s);
    if let (Some(brand), Some(p)) = (&s.top_brand, s.p_without_top_brand) {
        findings.push(SpreadFinding::WithoutBrand { brand: brand.clone(), p });
    }
    if let (Some(province), Some(p)) = (s.top_province, s.p_without_top_province) {
        findings.push(SpreadFinding::WithoutProvince { province: place(province), p });
    }
    if s.company_wide {
        findings.push(SpreadFinding::CompanyWide);
    }
    if s.provisional {
        let regional = spread == Spread::Regional;
        findings.push(if regional { SpreadFinding::ProvisionalRegion } else { SpreadFinding::ProvisionalIndustry });
    }
    Sentence::Spread {
        spread,
        brands: Variety { named: s.brands, effective: s.effective_brands, unknown_share: s.unknown_brand_share },
        provinces: Variety {
            named: s.provinces,
            effective: s.effective_provinces,
            unknown_share: s.unknown_region_share,
        },
        findings,
        rule: s.rule.clone(),
    }
}

/// What was measured; empty for a part that did not cross.
fn findings(s: &SpreadTerms) -> Vec<SpreadFinding> {
    let mut findings = Vec::new();
    if let Some(terms) = &s.cluster {
        findings.push(SpreadFinding::Cluster {
            cluster: shown(terms),
            shares: s.cluster_excess_share.zip(s.cluster_exposure_share).map(|(excess, exposure)| [excess, exposure]),
            outside: s.events_without_cluster.zip(s.p_without_cluster),
        });
    }
    if let Some(terms) = &s.prefecture_cluster {
        findings.push(SpreadFinding::Prefectures { cluster: shown(terms) });
    }
    if let (Some(weeks), Some(one_region), Some(even)) = (s.reach_weeks, s.one_region_probability, s.even_probability) {
        findings.push(SpreadFinding::Reach { weeks, one_region, even });
    }
    if let Some(terms) = s.platform_cluster.as_ref().filter(|platform| platform.held) {
        let zone = ShownZone::Named(terms.zone.clone().unwrap_or_default());
        findings.push(SpreadFinding::Platform { cluster: ShownCluster { zone, ..shown(terms) } });
    }
    if s.raised_brands > 0 {
        findings.push(SpreadFinding::RaisedBrands { brands: s.raised_brands });
    }
    if let Some(p) = s.p_heterogeneity {
        findings.push(SpreadFinding::Heterogeneity { p });
    }
    findings.extend(s.shared.as_ref().map(common_cause::finding));
    findings.extend(disproportion::findings(&s.out_of_line));
    findings
}

fn shown(terms: &ClusterTerms) -> ShownCluster {
    let places = || ShownZone::Places(terms.regions.iter().copied().map(place).collect());
    ShownCluster {
        zone: terms.zone.clone().map_or_else(places, ShownZone::Named),
        weeks: terms.weeks,
        events: terms.events,
        expected: terms.expected,
        recurrence_days: terms.recurrence_days,
    }
}

/// A region with the name of its prefecture, when it is one.
pub(crate) fn place(region: RegionCode) -> Place {
    Place { region, city: prefectures::name(region).map(ToOwned::to_owned) }
}
